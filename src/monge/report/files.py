"""Writing one file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from monge.errors import OutputError, sentence

__all__ = ["write_whole"]


def write_whole(path: Path, content: bytes, caller: str) -> None:
    """Write a file under a temporary name beside its place, then move it there.

    Parameters
    ----------
    path
        Where the file will be; its folder is made if it is missing.
    content
        The whole file.
    caller
        Who writes, for the error sentence.

    Raises
    ------
    OutputError
        If the folder or the file cannot be written; nothing half-written stays behind.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            sentence(
                caller,
                "folder",
                "a folder that can be written, with room on its disk",
                f"{error.strerror or error} at {path}",
                "free some space or choose another folder",
            )
        ) from error
