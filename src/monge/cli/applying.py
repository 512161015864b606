"""`monge predict` and `monge transform`: a table of any length through an adapter."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from monge.adapters import describe, load
from monge.cli.bars import Bars
from monge.cli.ending import ending, print_json
from monge.cli.rooms import require_free, say_ignored, tables, workflows
from monge.cli.screen import say
from monge.cli.words import AdapterFolder, AsJson, Force, Out
from monge.memory import format_bytes

__all__ = ["predict", "transform"]

COPIES = 6
"""Copies of a batch that are alive at once: read, framed, in float64, moved, answered, written."""

BUFFERS = 64 << 20
"""Bytes of the readers, the writers and what allocators keep, whatever a batch has."""


def predict(
    adapter: AdapterFolder,
    new: Annotated[Path, typer.Argument(help="Table like the target.", metavar="NEW")],
    *,
    out: Out,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Classify the rows of a table, however long.

    Writes a row for each: label, probability of each class, distance to the fitted target, and
    whether that is far: about one row in a hundred of the same target is.
    """
    with ending(as_json=as_json):
        table = _opened(new, out, force=force)
        fitted = load(adapter)
        ignored = workflows().ignored_in(fitted, table)
        _say_memory(table, fitted.n_features_in_, quiet=as_json)
        say_ignored(new, ignored, quiet=as_json)
        with Bars() as bars:
            done = workflows().predict_table(fitted, table, out, report=bars)
    _tell(done, out, as_json=as_json)


def transform(
    adapter: AdapterFolder,
    source: Annotated[Path, typer.Argument(help="Table like the source.", metavar="SOURCE")],
    *,
    out: Out,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Move the rows of a source table to the target.

    Writes the features where the transport puts them, under their names, and the label column as it
    is where the table has one.
    """
    with ending(as_json=as_json):
        table = _opened(source, out, force=force)
        fitted = load(adapter)
        label = describe(adapter)["notes"].get("label")
        ignored = [name for name in workflows().ignored_in(fitted, table) if name != label]
        _say_memory(table, fitted.n_features_in_, quiet=as_json)
        say_ignored(source, ignored, quiet=as_json)
        with Bars() as bars:
            done = workflows().transform_table(
                fitted, table, out, label=label if label in table.columns else None, report=bars
            )
    _tell(done, out, as_json=as_json)


def _opened(path: Path, out: Path, *, force: bool) -> Any:
    """Open a table, once it is sure that there is a place for what is written."""
    tables().check_written(out)
    require_free(out, force=force)
    return tables().open_table(path)


def _say_memory(table: Any, width: int, *, quiet: bool) -> None:
    rows = tables().BATCH_ROWS
    count = "rows not known" if table.n_rows is None else f"{table.n_rows:,} rows"
    need = COPIES * 8 * width * min(rows, table.n_rows or rows) + BUFFERS
    say(
        f"{table.path.name} ({count}) in batches of {rows:,}: about {format_bytes(need)} of memory "
        "above the libraries.",
        quiet=quiet,
    )


def _tell(done: Any, out: Path, *, as_json: bool) -> None:
    if as_json:
        content = {"out": str(out), "rows": done.rows, "columns": list(done.columns)}
        print_json(content | ({} if done.far is None else {"far": done.far}))
        return
    far = "" if done.far is None else f", {done.far:,} of them far from the target"
    say(f"{out}: {done.rows:,} rows{far}")
