"""What the commands print: tables and sentences, drawn by rich."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from monge.experiments import Experiment, Finished
from monge.experiments.accuracy.table import summary
from monge.experiments.verdict.table import FIGURES, figure_rows
from monge.nets import LayerSummary
from monge.report import exceptions_sentence, verdict_sentence
from monge.results import AccuracyResult, VerdictResult

__all__ = [
    "complain",
    "print_accuracy",
    "print_evaluation",
    "print_finished",
    "print_network",
    "print_pairs",
    "print_step",
    "print_verdicts",
    "print_warning",
    "say",
]


def complain(text: str) -> None:
    """Print an error on standard error."""
    Console(stderr=True).print(
        text, style="bold red", highlight=False, markup=False, soft_wrap=True
    )


def say(text: str, *, quiet: bool = False) -> None:
    """Print a sentence on standard output, unless it is to be kept for JSON."""
    if not quiet:
        Console().print(text, highlight=False, markup=False, soft_wrap=True)


def print_pairs(pairs: Mapping[str, str]) -> None:
    """Print names and what they stand for, one a line."""
    width = max(map(len, pairs))
    for name, text in pairs.items():
        say(f"{name:<{width}}  {text}")


def print_evaluation(evaluation: Any) -> None:
    """Print the accuracy before and after, each class, and the confusion.

    Parameters
    ----------
    evaluation
        A `monge.workflows.Evaluation`; that room is not imported before it is needed.
    """
    after, before = evaluation.after, evaluation.before
    rows = int(after.confusion.sum())
    for name, score in (("before", before), ("after", after)):
        if score is not None:
            accuracy, balanced = 100 * score.accuracy, 100 * score.balanced_accuracy
            say(f"{name:<7}accuracy {accuracy:.2f} %, balanced {balanced:.2f} % ({rows:,} rows)")
    table = Table(title="Rows of each class (down) by what they were given", title_justify="left")
    table.add_column("class")
    for name in ("rows", "recall %", "precision %", *map(str, evaluation.classes.tolist())):
        table.add_column(Text(name), justify="right")
    parts = zip(evaluation.classes, after.confusion, after.recall, after.precision, strict=True)
    for name, counts, recall, precision in parts:
        shares = ("-" if share != share else f"{100 * share:.1f}" for share in (recall, precision))  # noqa: PLR0124 - NaN
        table.add_row(Text(str(name)), f"{counts.sum():,}", *shares, *map(str, counts))
    Console().print(table)


def print_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning as one sentence, without the place in the code."""
    del category, filename, lineno, file, line
    Console(stderr=True).print(
        f"{message}", style="yellow", highlight=False, markup=False, soft_wrap=True
    )


def print_step(experiment: Experiment) -> None:
    """Say which experiment runs, under which protocol."""
    console = Console()
    console.print(f"[bold]{experiment.source_name} to {experiment.target_name}[/bold]")
    console.print(experiment.protocol, highlight=False)


def print_network(layers: Sequence[LayerSummary]) -> None:
    """Print the summary of a network: layers, output shapes, parameters."""
    table = Table(title="LeNet5", title_justify="left", show_footer=True)
    table.add_column("layer", footer="all")
    table.add_column("kind")
    table.add_column("output shape")
    total = sum(layer.parameters for layer in layers)
    table.add_column("parameters", justify="right", footer=f"{total:,}")
    for layer in layers:
        shape = " x ".join(map(str, layer.output_shape))
        table.add_row(layer.name, layer.kind, shape, f"{layer.parameters:,}")
    Console().print(table)


def print_finished(finished: Finished) -> None:
    """Print the table of methods, the plan's certificate, and where everything lies."""
    result, console = finished.result, Console()
    seeds = len(result.seeds)
    title = f"Accuracy on {result.target_n:,} {result.target_name} rows, {seeds} seed"
    table = Table(title=title + ("s" if seeds > 1 else ""), title_justify="left")
    table.add_column("method")
    table.add_column("accuracy %", justify="right")
    table.add_column("deviation", justify="right")
    table.add_column("seconds", justify="right")
    for method in result.methods.values():
        spread = method.accuracy
        deviation = f"{100 * spread.std:.2f}" if seeds > 1 else "-"
        seconds = sum(method.seconds) / len(method.seconds)
        table.add_row(method.title, f"{100 * spread.mean:.2f}", deviation, f"{seconds:.1f}")
    console.print(table)
    plan = result.plan
    console.print(
        f"Source accuracy {100 * result.source_accuracy.mean:.2f} %. Plan of {plan.shape[0]:,} x "
        f"{plan.shape[1]:,} rows: {plan.status[0]}, marginal error {max(plan.marginal_error):.1e}; "
        f"{100 * sum(plan.class_mass) / seeds:.0f} % of its mass joins equal classes "
        f"({100 * sum(plan.class_mass_independent) / seeds:.0f} % if independent).",
        highlight=False,
    )
    if result.experiment == "mnist-usps":
        console.print("The post: 71.51 % before, 78.60 % after transport.", highlight=False)
    console.print(f"Report: {finished.page}", highlight=False, soft_wrap=True)


def print_accuracy(result: AccuracyResult, out: Path) -> None:
    """Print a row for each method, the count of exceptions, what was skipped, and where it lies."""
    if result.pairs:
        table = Table(title=f"Accuracy on {len(result.pairs)} pairs", title_justify="left")
        table.add_column("method")
        for name in ("pairs", "accuracy %", "gain", "over a point below", "seconds"):
            table.add_column(name, justify="right")
        for row in summary(result):
            table.add_row(*row)
        Console().print(table)
        say(exceptions_sentence(result).replace("`", ""))
    for pair, reason in result.skipped.items():
        say(f"Skipped {pair}: {reason}")
    refusals = sum(len(pair.refused) for pair in result.pairs.values())
    if refusals:
        say(f"Refused, with the reasons in the table: {refusals}.")
    say(f"Table: {out / 'table.md'}")


def print_verdicts(result: VerdictResult, out: Path) -> None:
    """Print the figures beside their goals, what was skipped, and where the rest lies."""
    if result.judged:
        title = f"{len(result.judged)} verdicts on {len(result.shifts)} shifts"
        table = Table(title=title, title_justify="left")
        for name in FIGURES:
            table.add_column(name, justify="left" if name == FIGURES[0] else "right")
        for row in figure_rows(result):
            table.add_row(*row)
        Console().print(table)
    say(verdict_sentence(result))
    for shift, reason in result.skipped.items():
        say(f"Skipped {shift}: {reason}")
    if result.refused:
        say(f"Not judged, with the reasons in the report: {len(result.refused)}.")
    say(f"Report: {out / 'verdict.md'}")
