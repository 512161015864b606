"""`monge check`: two tables in, a verdict on the screen."""

from __future__ import annotations

from typing import Annotated

import typer

from monge.adapters.named import CHOICES
from monge.cli.bars import Bars
from monge.cli.ending import ending, print_json
from monge.cli.fitting import Classifier, Drop, Label, Memory, Option, Source, Target, adapter_of
from monge.cli.rooms import say_ignored, tables, workflows
from monge.cli.screen import say
from monge.cli.words import AsJson
from monge.memory import DEFAULT_BUDGET, require_memory

__all__ = ["check"]

CODES = {"adapt": 0, "abstain": 10, "undecided": 11}
"""The exit code of each decision."""


def check(
    source: Source,
    target: Target,
    *,
    label: Label,
    transport: Annotated[
        str, typer.Option("--transport", help=f"{', '.join(CHOICES)}.", metavar="NAME")
    ] = "auto",
    classifier: Classifier = "nearest",
    option: Option = None,
    drop: Drop = None,
    memory: Memory = DEFAULT_BUDGET,
    as_json: AsJson = False,
) -> None:
    """Judge whether adapting helps, without a label of TARGET.

    Says whether there is a shift and of which kind, which accuracy to expect before and after, and
    what to do. Exit code 0: adapt; 10: do not; 11: undecided.
    """
    adapter = adapter_of(transport, classifier, option or [])
    with ending(as_json=as_json):
        rooms, open_table = workflows(), tables().open_table
        left, right = open_table(source), open_table(target)
        sizes = rooms.sizes_of(left, right, label, drop or [])
        require_memory("monge check", sizes.need, memory, "pass a larger --memory, or fewer rows")
        say_ignored(target, sizes.ignored, quiet=as_json)
        with Bars() as bars:
            verdict = rooms.check_tables(
                adapter, left, right, label=label, features=sizes.features, report=bars
            )
    if as_json:
        print_json(verdict.to_json())
    else:
        say(str(verdict))
    raise typer.Exit(CODES[verdict.decision])
