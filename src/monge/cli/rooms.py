"""What the commands on tables need first: the libraries, and a free place for what they write."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from monge.cli.screen import say
from monge.errors import InputError, OutputError, sentence
from monge.files import require_writable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

__all__ = ["require_free", "say_ignored", "tables", "workflows"]


def workflows() -> ModuleType:
    """Return `monge.workflows`; errors as in `tables`."""
    tables()
    return import_module("monge.workflows")


def tables() -> ModuleType:
    """Return `monge.data.tables`.

    Raises
    ------
    InputError
        If pandas or pyarrow is not installed.
    """
    try:
        return import_module("monge.data.tables")
    except ModuleNotFoundError as error:
        required, got = "readable with pandas and pyarrow", f"no {error.name}"
        remedy = "pip install 'monge[tables]'"
        raise InputError(sentence("monge", "tables", required, got, remedy)) from error


def require_free(out: Path, *, force: bool) -> None:
    """Refuse to write where something is, unless told to replace it, or where nothing can be.

    Raises
    ------
    OutputError
        Naming the place.
    """
    if out.exists() and not force:
        remedy = "choose another name, or pass --force to replace it"
        raise OutputError(sentence("monge", "out", "a new name", f"{out}, which exists", remedy))
    require_writable(out)


def say_ignored(path: Path, columns: Sequence[str], *, quiet: bool) -> None:
    """Say which columns of a table are not read, if there are any."""
    if columns:
        say(f"Not read in {path.name}: {', '.join(columns)}.", quiet=quiet)
