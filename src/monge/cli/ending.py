"""How a command ends: its exit code, its one sentence, its JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import typer

from monge.cli.screen import complain
from monge.cli.signals import stopped
from monge.errors import DataError, DownloadError, MongeError, StoreError

__all__ = ["EXIT_CODES", "code_of", "ending", "print_json"]

EXIT_CODES = (
    "Exit codes: 0 done; 1 refused or failed with one sentence; 2 wrong usage; 3 a table or an "
    "adapter that cannot be used; 10 and 11, of check alone, do not adapt and undecided; 130 "
    "interrupted; 143 terminated."
)


def code_of(error: MongeError) -> int:
    """Return the exit code that an error stands for."""
    if isinstance(error, DataError | StoreError) and not isinstance(error, DownloadError):
        return 3
    return 1


@contextmanager
def ending(*, as_json: bool, interrupted: str = "nothing was written") -> Iterator[None]:
    """End a command that fails with one sentence and its code.

    With ``as_json`` the sentence goes to standard output as well, as JSON. ``interrupted`` says
    what an interrupt leaves behind.
    """
    try:
        yield
    except MongeError as error:
        complain(str(error))
        if as_json:
            print_json({"error": {"kind": type(error).__name__, "message": str(error)}})
        raise typer.Exit(code_of(error)) from error
    except KeyboardInterrupt as error:
        word, code = stopped(error)
        complain(f"monge: {word}; {interrupted}.")
        raise typer.Exit(code) from error


def print_json(content: Mapping[str, Any]) -> None:
    """Print JSON on standard output, on one line."""
    typer.echo(json.dumps(content, allow_nan=False))
