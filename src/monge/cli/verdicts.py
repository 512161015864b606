"""What `monge bench verdict` prints."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from monge.cli.screen import say
from monge.experiments.verdict.table import FIGURES, figure_rows
from monge.report import verdict_sentence
from monge.results import VerdictResult

__all__ = ["print_verdicts"]


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
