"""Tables in NumPy's files: one matrix (.npy), or named arrays (.npz).

The arrays are read as a stream, a few rows at a time, from the file or from the archive, so that
neither must fit the memory. Arrays of objects are pickle and are refused unread.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.lib import format as npy

from monge._types import NDArray
from monge.data.tables.base import BATCH_ROWS, Table, check_names, refuse
from monge.errors import MongeError

__all__ = ["ArrayTable"]

_REMEDY = "write the file again, or give it the ending of what it is"
_TROUBLE = (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError)


class _Member(NamedTuple):
    """One array: its name in the archive, its rows, and the names of its columns."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    columns: tuple[str, ...]


class ArrayTable(Table):
    """The arrays of a file as columns.

    A vector is the column of its name; a matrix ``X`` is the columns ``X0``, ``X1``, ...; the one
    array of an .npy file is called ``X``, and so is a matrix ``x`` beside which there is no ``X``.
    Fields of a structured vector are its columns.

    Raises
    ------
    DataError
        If the file cannot be read, holds objects, or its arrays differ in length.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._names = ["X"]
        if path.suffix.lower() == ".npz":
            with self._speaking("an .npz archive"), zipfile.ZipFile(path) as archive:
                self._names = [name for name in archive.namelist() if name.endswith(".npy")]
        self._members = [self._look(name) for name in self._names]
        self.columns = tuple(c for member in self._members for c in member.columns)
        check_names(path, self.columns)
        lengths = {member.name.removesuffix(".npy"): member.shape[0] for member in self._members}
        if len(set(lengths.values())) > 1:
            got = ", ".join(f"{count} of {name!r}" for name, count in lengths.items())
            refuse(path, "arrays of equally many rows", got, "save what belongs together")
        self.n_rows = self._members[0].shape[0]

    def _numbers(self, names: tuple[str, ...], rows: int) -> Iterator[NDArray]:
        kinds = [self._kind(name) for name in names]
        for name, kind in zip(names, kinds, strict=True):
            if kind.kind not in "biuf":
                got = f"{_words(kind)} in column {name!r}"
                refuse(self.path, "numbers", got, "convert that array, or leave it out")
        small = all(np.can_cast(kind, np.float32) for kind in kinds)
        wanted = np.dtype(np.float32 if small else np.float64)
        for batch in self._read(names, rows):
            values = np.empty((len(batch[names[0]]), len(names)), dtype=wanted)
            for place, name in enumerate(names):
                values[:, place] = batch[name]
            yield values

    def _labels(self, name: str) -> Iterator[NDArray]:
        kind = self._kind(name)
        if kind.kind not in "biufU":
            required = f"labels in column {name!r}: text, whole numbers or booleans"
            refuse(self.path, required, _words(kind), "name another array, or convert this one")
        for batch in self._read((name,), BATCH_ROWS):
            values = batch[name]
            if kind.kind == "U":
                values = np.array([value or None for value in values.tolist()], dtype=object)
            yield values

    def _kind(self, column: str) -> np.dtype[Any]:
        member = next(member for member in self._members if column in member.columns)
        return member.dtype[column] if member.dtype.names else member.dtype

    def _look(self, name: str) -> _Member:
        """Read the header of an array."""
        with self._open(name) as stream:
            shape, fortran, dtype = self._head(stream)
        plain = name.removesuffix(".npy")
        if dtype.hasobject:
            got = f"objects in {plain!r}, which are pickle"
            refuse(self.path, "arrays of numbers or text", got, "save them as numbers or text")
        if dtype.names and len(shape) == 1:
            return _Member(name, shape, dtype, tuple(dtype.names))
        if len(shape) == 1:
            return _Member(name, shape, dtype, (plain,))
        if len(shape) != 2:  # noqa: PLR2004 - rows and columns
            got = f"shape {shape} of {plain!r}"
            refuse(self.path, "vectors and matrices", got, "save one row a sample")
        if fortran and shape[0] > 1 and shape[1] > 1:
            got = f"{plain!r} column by column"
            remedy = "save numpy.ascontiguousarray of it"
            refuse(self.path, "stored row by row", got, remedy)
        title = "X" if plain == "x" and "X.npy" not in self._names else plain
        return _Member(name, shape, dtype, tuple(f"{title}{i}" for i in range(shape[1])))

    def _head(self, stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
        version = npy.read_magic(stream)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(stream)
        return shape, fortran, dtype

    def _read(self, names: tuple[str, ...], rows: int) -> Iterator[dict[str, NDArray]]:
        """Read the arrays of some columns side by side."""
        needed = [member for member in self._members if set(names) & set(member.columns)]
        with ExitStack() as stack:
            streams = [stack.enter_context(self._open(member.name)) for member in needed]
            for stream in streams:
                self._head(stream)
            for start in range(0, self.n_rows or 0, rows):
                count = min(rows, (self.n_rows or 0) - start)
                batch: dict[str, NDArray] = {}
                for member, stream in zip(needed, streams, strict=True):
                    batch |= self._columns(member, stream, count)
                yield batch

    def _columns(self, member: _Member, stream: IO[bytes], count: int) -> dict[str, NDArray]:
        width = int(np.prod(member.shape[1:], dtype=np.int64))
        size = count * width * member.dtype.itemsize
        content = stream.read(size)
        if len(content) < size:
            refuse(self.path, "whole", f"too few bytes of {member.name!r}", _REMEDY)
        values = np.frombuffer(content, dtype=member.dtype).reshape(count, *member.shape[1:])
        if member.dtype.names:
            return {name: values[name] for name in member.columns}
        columns = values[:, None] if values.ndim == 1 else values
        return {name: columns[:, place] for place, name in enumerate(member.columns)}

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        """Open an array of the file, and speak of what is wrong with it."""
        with self._speaking(f"a whole {self.path.suffix.lower()} file"), ExitStack() as stack:
            if self.path.suffix.lower() == ".npz":
                archive = stack.enter_context(zipfile.ZipFile(self.path))
                yield stack.enter_context(archive.open(name))
            else:
                yield stack.enter_context(self.path.open("rb"))

    @contextmanager
    def _speaking(self, required: str) -> Iterator[None]:
        try:
            yield
        except MongeError:
            raise
        except _TROUBLE as error:
            said = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
            refuse(self.path, required, said, _REMEDY)


def _words(kind: np.dtype[Any]) -> str:
    """Say what an array of this type holds."""
    known = {"U": "text", "S": "bytes", "M": "times", "m": "times", "c": "complex numbers"}
    return known.get(kind.kind, str(kind))
