"""Files that are whole or absent: written under another name beside, then renamed."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monge.errors import MongeError, OutputError, sentence

__all__ = [
    "flush_folder",
    "name_beside",
    "require_writable",
    "speaking",
    "write_bytes",
    "write_text",
    "write_through",
    "writing",
]


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` as UTF-8 to `path`; the rest as in `write_bytes`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_text(f"{folder}/words.txt", "déjà vu")
    ...     Path(f"{folder}/words.txt").read_text(encoding="utf-8")
    'déjà vu'
    """
    write_bytes(path, text.encode())


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file that is either the old one or the whole new one, at every moment.

    The bytes go to a temporary file in the same folder, are flushed to the disk, and take the name
    in one step. Missing folders are made.

    Raises
    ------
    OutputError
        If the disk is full, the folder cannot be written, or `path` is no regular file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_bytes(f"{folder}/new/numbers.bin", b"1 2 3")
    ...     Path(f"{folder}/new/numbers.bin").read_bytes()
    b'1 2 3'
    """
    with _replacing(path) as temporary:
        write_through(temporary, content)


@contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give the name of a temporary file beside `path`, which takes that name when all went well.

    For files that are written piece by piece. Whatever ends the block early, an interrupt too,
    leaves the old file and nothing of the new one. Missing folders are made.

    Raises
    ------
    OutputError
        If the disk is full, the folder cannot be written, or `path` is no regular file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with writing(f"{folder}/numbers.txt") as temporary:
    ...         _ = temporary.write_text("1 2 3")
    ...     os.listdir(folder)
    ['numbers.txt']
    """
    with _replacing(path) as temporary:
        yield temporary
        _flush_file(temporary)


@contextmanager
def _replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Do what `writing` does, for a writer that has the disk keep the file itself."""
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        got = f"the folder {target}" if target.is_dir() else f"the special file {target}"
        raise OutputError(sentence("write", "path", "a file", got, "choose another name"))
    with speaking(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = name_beside(target)
        try:
            yield temporary
            temporary.replace(target)
            flush_folder(target.parent)
        finally:
            temporary.unlink(missing_ok=True)


def name_beside(target: Path) -> Path:
    """Return a new hidden name in the folder of `target`.

    Examples
    --------
    >>> name = name_beside(Path("models/adapter.json"))
    >>> name.parent == Path("models"), name.name.startswith(".adapter.json."), name.suffix
    (True, True, '.tmp')
    """
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")


def require_writable(path: str | os.PathLike[str]) -> None:
    """Refuse a name that nothing could be written under, before there is something to write.

    A new name is tried and taken away again in the folder of `path`, or, where that is yet to be
    made, in the nearest one above it.

    Raises
    ------
    OutputError
        If the folder cannot be written, or is none.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     require_writable(f"{folder}/new/numbers.bin")
    ...     os.listdir(folder)
    []
    """
    target = Path(os.path.realpath(path))
    with speaking(target):
        above = next(folder for folder in target.parents if folder.exists())
        tried = name_beside(above / target.name)
        tried.mkdir()
        tried.rmdir()


def write_through(path: Path, content: bytes) -> None:
    """Write a new file and have the disk keep it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "numbers.txt")
    ...     write_through(path, b"1 2 3")
    ...     path.read_bytes()
    b'1 2 3'
    """
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _flush_file(path: Path) -> None:
    with path.open("r+b") as stream:
        os.fsync(stream.fileno())


def flush_folder(folder: Path) -> None:
    """Have the disk keep the names in `folder`, where the system can (Windows cannot).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     kept = Path(folder, "old.txt").resolve()
    ...     _ = kept.write_text("1 2 3")
    ...     kept = kept.rename(kept.with_name("new.txt"))
    ...     flush_folder(kept.parent)  # from here on the new name outlives a power cut
    ...     os.listdir(folder)
    ['new.txt']
    """
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def speaking(target: Path) -> Iterator[None]:
    """Turn an error of the system into one sentence; what monge itself says passes.

    Raises
    ------
    OutputError
        Naming `target` and what the system said.

    Examples
    --------
    >>> with speaking(Path("numbers.txt")):
    ...     raise PermissionError(errno.EACCES, "Permission denied")
    Traceback (most recent call last):
        ...
    monge.errors.OutputError: write: 'path' must be in a folder that can be written, got ...
    """
    try:
        yield
    except MongeError:  # some of them are OSErrors as well
        raise
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        required = "on a disk with room" if full else "in a folder that can be written"
        remedy = "free some space, or choose another disk" if full else "choose another folder"
        got = f"{error.strerror or error} for {target}"
        raise OutputError(sentence("write", "path", required, got, remedy)) from error
