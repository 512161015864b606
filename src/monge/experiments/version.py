"""Which code made a prediction, as one hash: what is kept serves the same code alone."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path

import monge

__all__ = ["code_version"]

_LIBRARIES = ("torch", "numpy", "scipy", "scikit-learn", "POT")

_APART = ("cli", "report", "results", "workflows")
"""Rooms that show or record what was predicted, or predict for others: no prediction of an
experiment passes through them."""


@cache
def code_version() -> str:
    """Return the SHA-256 of monge's own source files and of the versions of what they compute with.

    A method that is changed in any room is so made again, and whatever is only drawn or printed in
    another way is not. Files are read once in a process.

    Examples
    --------
    >>> len(code_version())
    64
    """
    return source_hash(Path(monge.__file__).parent)


def source_hash(folder: Path, apart: tuple[str, ...] = _APART) -> str:
    """Hash the sources under a folder, name by name, with the versions of the libraries.

    Rooms and files that ``apart`` names, by their path inside the folder, are left out.
    """
    running = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        inside = path.relative_to(folder)
        named = {inside.as_posix(), *(parent.as_posix() for parent in inside.parents)}
        if not named & set(apart):
            content = path.read_bytes()
            running.update(f"{inside.as_posix()} {len(content)}\n".encode())
            running.update(content)
    for name in _LIBRARIES:
        running.update(f"{name} {metadata.version(name)}\n".encode())
    return running.hexdigest()
