"""A file that comes into being piece by piece and gets its name only when it is whole."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from monge.errors import MongeError, OutputError, sentence

if sys.platform != "win32":
    import fcntl

__all__ = ["Checksum", "PartialFile"]

POLL_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True)
class Checksum:
    """What a file's bytes must hash to: the algorithm and the lower-case hexadecimal digest."""

    algorithm: Literal["md5", "sha256"]
    digest: str

    def fits(self, stream: FileIO) -> bool:
        """Hash the stream from its beginning and compare."""
        stream.seek(0)
        found = hashlib.file_digest(
            stream,
            lambda: hashlib.new(self.algorithm, usedforsecurity=False),
        )
        return found.hexdigest() == self.digest


class PartialFile:
    """The ``.part`` file beside ``path``, open for appending, and by one process at a time.

    What is in it when the block is left stays there for a later resumption, unless it is empty.
    A second process waits until the first is done (not on Windows, and not on file systems
    without locks: there the checksum alone guards).

    Parameters
    ----------
    path
        The final name; its folder is made.
    waiting
        Called while another process holds the file.

    Raises
    ------
    OutputError
        From every method, if the folder or the disk does not take what is written.
    """

    def __init__(self, path: Path, waiting: Callable[[], None]) -> None:
        self.path = path
        self.part = path.with_name(path.name + ".part")
        self.pieces = 0
        """How many transfers the bytes so far are from."""
        self._waiting = waiting
        self._stream: FileIO

    def __enter__(self) -> Self:
        with self._disk_errors():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self._open_alone()
            self.pieces = int(self.size > 0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._stream.closed:
            empty = os.fstat(self._stream.fileno()).st_size == 0
            if empty and sys.platform != "win32":
                self.part.unlink(missing_ok=True)
            self._stream.close()

    @property
    def size(self) -> int:
        """Bytes so far."""
        return os.fstat(self._stream.fileno()).st_size

    def begin(self, *, afresh: bool) -> None:
        """Begin a transfer, after dropping the bytes so far where it starts ``afresh``."""
        if afresh:
            self.drop()
        self.pieces += 1

    def drop(self) -> None:
        """Drop the bytes so far."""
        with self._disk_errors():
            if self.size:
                self._stream.truncate(0)
        self.pieces = 0

    def append(self, chunk: bytes) -> None:
        """Write the chunk to the end, whole."""
        rest = memoryview(chunk)
        with self._disk_errors():
            while rest:
                rest = rest[self._stream.write(rest) :]

    def fits(self, checksum: Checksum) -> bool:
        """Say whether the bytes so far are the file asked for."""
        with self._disk_errors():
            return checksum.fits(self._stream)

    def publish(self) -> None:
        """Give the bytes their final name, in one step and after they are on the disk."""
        with self._disk_errors():
            os.fsync(self._stream.fileno())
            if sys.platform == "win32":
                self._stream.close()
            self.part.replace(self.path)
            self._stream.close()

    def _open_alone(self) -> FileIO:
        """Open the part file under a lock; open again where it was renamed in the meantime."""
        while True:
            stream = FileIO(self.part, "a+")
            try:
                self._lock(stream)
                with suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(stream.fileno()), self.part.stat()):
                        return stream
            except BaseException:
                stream.close()
                raise
            stream.close()

    def _lock(self, stream: FileIO) -> None:
        """Take the lock that the system drops when the stream is closed or the process ends."""
        if sys.platform != "win32":
            while True:
                try:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    self._waiting()
                    time.sleep(POLL_SECONDS)
                except OSError as error:
                    if error.errno in {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}:
                        return
                    raise
                else:
                    return

    @contextmanager
    def _disk_errors(self) -> Iterator[None]:
        """Turn what the operating system says into the one sentence of the house."""
        try:
            yield
        except OSError as error:
            if isinstance(error, MongeError):
                raise
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                remedy = "free some space and run again: what is there is resumed"
            else:
                remedy = "make the folder writable, or set XDG_CACHE_HOME to one that is"
            got = error.strerror or str(error)
            raise OutputError(
                sentence("fetch", str(self.part), "a file that can be written", got, remedy),
            ) from error
