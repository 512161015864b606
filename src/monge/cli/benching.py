"""`monge bench`: measuring, as the library itself is measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monge.cli.bars import Bars
from monge.cli.ending import EXIT_CODES, ending, print_json
from monge.cli.screen import complain, print_accuracy, print_verdicts
from monge.cli.words import AsJson
from monge.errors import InputError
from monge.experiments import (
    AccuracyOptions,
    VerdictOptions,
    Where,
    bench_accuracy,
    bench_verdict,
)

__all__ = ["bench"]

KEPT = "what was finished is kept, run the same command to go on"

bench = typer.Typer(
    help="Measure methods against each other.", no_args_is_help=True, rich_markup_mode=None
)


@bench.callback()
def _bench() -> None:
    """Measure methods against each other."""


@bench.command("accuracy", epilog=EXIT_CODES)
def accuracy(
    *,
    pairs: Annotated[
        list[str] | None,
        typer.Option(
            "--pairs",
            help="Pairs or groups (digits, office, synthetic): --pairs office mnist5k-uci.",
            metavar="NAMES",
        ),
    ] = None,
    methods: Annotated[
        list[str] | None,
        typer.Option("--methods", help="Methods: --methods linear sinkhorn.", metavar="NAMES"),
    ] = None,
    seeds: Annotated[
        list[int] | None,
        typer.Option(
            "--seeds",
            help="One training or draw of the domains each (0 1 2).",
            metavar="NUMBERS",
            min=0,
        ),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir",
            help="Folder of the raw files; left out, what can be fetched is.",
            metavar="FOLDER",
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", help="Folder that is written.", metavar="FOLDER")
    ] = Path("runs/bench-accuracy"),
    as_json: AsJson = False,
) -> None:
    """Run methods on pairs of domains, with frozen options.

    Writes result.json, table.md and accuracy.png. An interrupted bench goes on where it was, and a
    method whose code has changed is run again. A name that is none is answered by all that are.
    """
    try:
        options = AccuracyOptions(
            pairs=tuple(pairs or ()),
            methods=tuple(methods or ()),
            **({} if seeds is None else {"seeds": tuple(seeds)}),
        )
    except InputError as error:
        complain(str(error))
        raise typer.Exit(2) from error
    with ending(as_json=as_json, interrupted=KEPT), Bars() as bars:
        result = bench_accuracy(options, out=out, data_dir=data_dir, report=bars)
    if as_json:
        print_json(result.to_json())
    else:
        print_accuracy(result, out)


@bench.command("verdict", epilog=EXIT_CODES)
def verdict(
    *,
    shifts: Annotated[
        list[str] | None,
        typer.Option(
            "--shifts", help="Shifts: --shifts blobs-noise wine-alcohol-up (all).", metavar="NAMES"
        ),
    ] = None,
    families: Annotated[
        list[str] | None,
        typer.Option(
            "--families", help="Families of shifts: --families office 'wine cuts'.", metavar="NAMES"
        ),
    ] = None,
    classifiers: Annotated[
        list[str] | None,
        typer.Option(
            "--classifiers",
            help="What is trained on the source, a setting each (nearest logistic).",
            metavar="NAMES",
        ),
    ] = None,
    seeds: Annotated[
        list[int] | None,
        typer.Option("--seeds", help="One draw of the domains each (0).", metavar="NUMBERS", min=0),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir",
            help="Folder of the raw files; shifts whose files are missing are skipped.",
            metavar="FOLDER",
        ),
    ] = None,
    scores: Annotated[
        Path | None,
        typer.Option(
            "--scores",
            help="Write every score of every candidate, as JSON lines.",
            metavar="FILE",
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder that is written.", metavar="FOLDER")
    ] = Path("runs/bench-verdict"),
    as_json: AsJson = False,
) -> None:
    """Judge a suite of shifts without target labels, then compare with the truth.

    Writes verdict.json, verdict.md and verdict.png. An interrupted bench goes on where it was. A
    name that is none is answered by all that are.
    """
    told = {
        "shifts": shifts,
        "families": families,
        "classifiers": classifiers,
        "seeds": seeds,
    }
    try:
        options = VerdictOptions(**{key: tuple(words) for key, words in told.items() if words})  # type: ignore[arg-type] # typer has checked them
    except InputError as error:
        complain(str(error))
        raise typer.Exit(2) from error
    where = Where(out=out, data_dir=data_dir, scores=scores)
    with ending(as_json=as_json, interrupted=KEPT), Bars() as bars:
        result = bench_verdict(options, where=where, report=bars)
    if as_json:
        print_json(result.to_json())
    else:
        print_verdicts(result, out)
