"""`monge report`: the page of an adapter."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from monge.adapters import Adapter, describe, load
from monge.cli.bars import Bars
from monge.cli.ending import ending, print_json
from monge.cli.rooms import require_free, tables, workflows
from monge.cli.screen import say
from monge.cli.words import AdapterFolder, AsJson, Force
from monge.errors import InputError, OutputError, sentence
from monge.experiments.environment import describe_environment
from monge.memory import format_bytes
from monge.report import write_fit_page
from monge.report.filling import require_libraries

__all__ = ["check_page", "command", "report", "write"]


def report(
    adapter: AdapterFolder,
    source: Annotated[Path, typer.Argument(help="Labelled table of the fit.", metavar="SOURCE")],
    target: Annotated[Path, typer.Argument(help="Table that it was adapted to.", metavar="TARGET")],
    *,
    label: Annotated[
        str | None,
        typer.Option("--label", help="Column of labels (as in the fit).", metavar="COLUMN"),
    ] = None,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="File to write: .html.", metavar="FILE")
    ] = Path("report.html"),
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write the page of an adapter.

    What was moved where, and how sure it is: one HTML file that opens offline. The plan is not in
    the adapter: it is found again on the tables of the fit.
    """
    with ending(as_json=as_json):
        check_page(out, force=force, read=(source, target))
        open_table = tables().open_table
        sides = open_table(source), open_table(target)
        fitted, column = load(adapter), label or describe(adapter)["notes"].get("label")
        if column is None:
            required, got = "named", "none, as the adapter was not fitted by `monge fit`"
            raise InputError(
                sentence("monge report", "label", required, got, "pass --label COLUMN")
            )
        again = command(adapter, sides, out, label)
        write(fitted, sides, label=column, out=out, again=again)
    size = out.stat().st_size
    if as_json:
        print_json({"page": str(out), "bytes": size})
    else:
        say(f"Page: {out} ({format_bytes(size)})")


def command(adapter: Path, sides: tuple[Any, Any], out: Path, label: str | None = None) -> str:
    """Return the command that makes a page again."""
    words = ["monge", "report", str(adapter), *(str(side.path) for side in sides), "-o", str(out)]
    return shlex.join(words + (["--label", label] if label else []))


def check_page(out: Path, *, force: bool, read: Iterable[Path]) -> None:
    """Refuse a page that cannot be written, before any work starts.

    Raises
    ------
    OutputError
        If it is not named as a page, or is one of the files that are read, forced or not; if
        something is there, the folder cannot be written, or a library is missing.
    """
    remedy = "choose another name, such as report.html"
    if out.suffix.lower() not in {".html", ".htm"}:
        raise OutputError(sentence("monge", "page", "a name that ends in .html", str(out), remedy))
    if any(part.exists() and out.exists() and out.samefile(part) for part in read):
        got = f"{out}, which is read"
        raise OutputError(sentence("monge", "page", "a file of its own", got, remedy))
    require_free(out, force=force)
    require_libraries()


def write(adapter: Adapter, sides: tuple[Any, Any], *, label: str, out: Path, again: str) -> None:
    """Write the page of an adapter and the tables of its fit."""
    with Bars() as bars:
        looked = workflows().look_at(adapter, *sides, label=label, report=bars)
    fitted = replace(looked.fitted, command=again, environment=describe_environment())
    write_fit_page(fitted, looked.explorer, out, verdict=looked.verdict)
