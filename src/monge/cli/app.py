"""`monge`: the commands, and the last line of defence."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

import monge
from monge.cli.applying import predict, transform
from monge.cli.bars import Bars
from monge.cli.benching import bench
from monge.cli.checking import check
from monge.cli.ending import EXIT_CODES, code_of, print_json
from monge.cli.fitting import fit
from monge.cli.judging import evaluate, info
from monge.cli.reporting import report
from monge.cli.screen import complain, print_finished, print_network, print_step, print_warning
from monge.cli.signals import stopped
from monge.cli.spreading import spread_lists
from monge.errors import InputError, MongeError
from monge.experiments import EXPERIMENTS, Experiment, Finished, RunOptions, run
from monge.nets import LeNet5, summarize

__all__ = ["app", "main"]

app = typer.Typer(
    name="monge",
    help="Carry a classifier to data that looks different, without labels there, by optimal "
    "transport.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # the boxes cut long option names at 80 columns
    context_settings={"help_option_names": ["-h", "--help"]},
)

Seeds = Annotated[
    list[int] | None,
    typer.Option(
        "--seeds",
        help="One training and one draw of rows each: --seeds 0 1 2.",
        metavar="NUMBERS",
        min=0,
    ),
]
Out = Annotated[
    Path,
    typer.Option("--out", help="Folder under which the run's folder is made.", metavar="FOLDER"),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        "--epochs", help="Passes over the source (mnist-usps 10, demo 30).", metavar="NUMBER", min=1
    ),
]
DoubleSoftmax = Annotated[
    bool | None,
    typer.Option(
        "--double-softmax/--no-double-softmax",
        help="Give the softmax output to the cross-entropy, as the post does, or plain logits.",
    ),
]
Channels = Annotated[
    int | None,
    typer.Option(
        "--channels", help="Input channels: 1 (as usual), or 3 by replication.", metavar="NUMBER"
    ),
]
PlanRows = Annotated[
    int | None,
    typer.Option(
        "--plan-rows", help="Random rows of each side in the plan.", metavar="NUMBER", min=1
    ),
]
Full = Annotated[
    bool | None,
    typer.Option("--full", help="Add the plan of all rows of both sides to the table."),
]
Retrain = Annotated[
    bool | None,
    typer.Option(
        "--retrain/--no-retrain",
        help="Add the rows that train the network again, on both domains: minutes a seed.",
    ),
]
Epsilon = Annotated[
    float | None,
    typer.Option(
        "--epsilon",
        help="Entropy of the plan, relative to --epsilon-scale (0.01).",
        metavar="NUMBER",
    ),
]
EpsilonScale = Annotated[
    str | None,
    typer.Option(
        "--epsilon-scale",
        help="What epsilon is relative to: max, mean or absolute.",
        metavar="WORD",
    ),
]


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"monge {monge.__version__}")
        raise typer.Exit


@app.callback()
def _monge(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that every command shares."""
    del version


@app.command("demo", epilog=EXIT_CODES)
def demo(
    *,
    seeds: Seeds = None,
    out: Out = Path("runs"),
) -> None:
    """Run the post on small data that comes with the packages.

    5,000 MNIST digits to 1,797 UCI digits: no download, under two minutes. Writes
    runs/demo/report.html.
    """
    _run("demo", {"seeds": seeds}, out, None)


@app.command("run", epilog=EXIT_CODES)
def run_experiment(
    experiment: Annotated[
        str, typer.Argument(help=f"One of: {', '.join(EXPERIMENTS)}.", metavar="EXPERIMENT")
    ],
    *,
    seeds: Seeds = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir",
            help="Folder of the raw files; left out, they are fetched.",
            metavar="FOLDER",
        ),
    ] = None,
    out: Out = Path("runs"),
    epochs: Epochs = None,
    double_softmax: DoubleSoftmax = None,
    channels: Channels = None,
    plan_rows: PlanRows = None,
    full: Full = None,
    retrain: Retrain = None,
    epsilon: Epsilon = None,
    epsilon_scale: EpsilonScale = None,
) -> None:
    """Run a named experiment from raw files to pictures.

    mnist-usps is the post, step by step. An interrupted run goes on from the last finished epoch
    and method.
    """
    if experiment not in EXPERIMENTS:
        raise typer.BadParameter(
            f"{experiment!r} is not one of {', '.join(EXPERIMENTS)}.", param_hint="EXPERIMENT"
        )
    told = {
        "seeds": seeds,
        "epochs": epochs,
        "double_softmax": double_softmax,
        "n_channels": channels,
        "plan_rows": plan_rows,
        "full": full,
        "retrain": retrain,
        "epsilon": epsilon,
        "epsilon_scale": epsilon_scale,
    }
    _run(experiment, told, out, data_dir)


for _command in (check, fit, predict, transform, evaluate, info, report):
    app.command(epilog=EXIT_CODES)(_command)
app.add_typer(bench, name="bench", epilog=EXIT_CODES)


def _run(name: str, told: dict[str, Any], out: Path, data_dir: Path | None) -> None:
    """Run an experiment with its own options, but for those that were told."""
    experiment = EXPERIMENTS[name]
    given = {key: value for key, value in told.items() if value is not None}
    if "seeds" in given:
        given["seeds"] = tuple(given["seeds"])
    try:
        options = replace(experiment.options, **given)
    except InputError as error:
        complain(str(error))
        raise typer.Exit(2) from error
    try:
        finished = _finish(experiment, options, out, data_dir)
    except MongeError as error:
        complain(str(error))
        raise typer.Exit(code_of(error)) from error
    except KeyboardInterrupt as error:
        word, code = stopped(error)
        complain(f"monge: {word}; what was finished is kept, run the same command to go on.")
        raise typer.Exit(code) from error
    print_finished(finished)


def _finish(
    experiment: Experiment, options: RunOptions, out: Path, data_dir: Path | None
) -> Finished:
    print_step(experiment)
    model = LeNet5(n_channels=options.n_channels, double_softmax=options.double_softmax)
    print_network(summarize(model, (options.n_channels, 32, 32)))
    with Bars() as bars:
        return run(experiment, options=options, out=out, data_dir=data_dir, report=bars)


def _for_machines(arguments: list[str]) -> int:
    """Run a command whose wrong usage is to be told as JSON as well."""
    try:
        code = app(args=arguments, prog_name="monge", standalone_mode=False)
    except Exception as error:
        wrong: Any = error  # the parser's own errors, which newer versions of typer bring along
        if not (hasattr(wrong, "show") and hasattr(wrong, "format_message")):
            raise
        wrong.show()
        print_json({"error": {"kind": "UsageError", "message": wrong.format_message()}})
        return int(wrong.exit_code)
    return code if isinstance(code, int) else 0


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    words
        The arguments; those of the process by default.
    """
    arguments = spread_lists(sys.argv[1:] if words is None else list(words))
    try:
        with warnings.catch_warnings():
            warnings.showwarning = print_warning
            if "--json" in arguments:
                return _for_machines(arguments)
            app(args=arguments, prog_name="monge")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    except OSError as error:  # of what is read and written a command speaks itself
        # what is left in the buffer is not written at the end either
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        said = error.strerror or error
        if error.filename is None:
            complain(f"monge: standard output could not be written: {said}.")
        else:
            complain(f"monge: {error.filename}: {said}.")
        return 1
    return 0
