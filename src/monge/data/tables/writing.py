"""Tables written batch by batch, whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from numpy.lib import format as npy

from monge._types import NDArray
from monge.errors import InputError, sentence
from monge.files import writing

__all__ = ["WRITTEN", "Write", "check_written", "write_table"]

Write: TypeAlias = Callable[[Mapping[str, NDArray]], None]
"""Takes the columns of a batch, (rows,) each: in every batch of the same names and types."""


@contextmanager
def write_table(path: str | os.PathLike[str]) -> Iterator[Write]:
    """Write a table in the format of its ending; it is there when all went well.

    Raises
    ------
    InputError
        If the ending is none of those that are written.
    OutputError
        If the file cannot be written.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with write_table(f"{folder}/out.csv") as write:
    ...         write({"label": np.array(["a", "b"]), "far": np.array([True, False])})
    ...     Path(f"{folder}/out.csv").read_text().split()
    ['"label","far"', '"a",true', '"b",false']
    """
    check_written(path)
    sink = WRITTEN[Path(path).suffix.lower()]
    with writing(path) as temporary, sink(temporary) as write:
        yield write


def check_written(path: str | os.PathLike[str]) -> None:
    """Refuse a name whose ending says no format that is written; errors as in `write_table`."""
    if Path(path).suffix.lower() not in WRITTEN:
        required = f"a name that ends in {', '.join(WRITTEN)}"
        remedy = "name it for example out.parquet"
        raise InputError(sentence("monge.data", "path", required, repr(str(path)), remedy))


@contextmanager
def _arrow(kind: type[pq.ParquetWriter | pc.CSVWriter], path: Path) -> Iterator[Write]:
    """Write with a writer of Arrow, which wants the columns before it opens the file."""
    with ExitStack() as stack:
        opened: list[pq.ParquetWriter | pc.CSVWriter] = []

        def write(columns: Mapping[str, NDArray]) -> None:
            table = _table(columns)
            if not opened:
                opened.append(stack.enter_context(kind(path, table.schema)))
            opened[0].write_table(table)

        yield write


@contextmanager
def _npz(path: Path) -> Iterator[Write]:
    """Gather each column in a file of its own, as its header needs the count, then pack them."""
    with ExitStack() as stack:
        prefix = f"{path.name}."
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=path.parent, prefix=prefix))
        parts: dict[str, tuple[IO[bytes], np.dtype[np.generic]]] = {}
        count = 0

        def write(columns: Mapping[str, NDArray]) -> None:
            nonlocal count
            for place, (name, values) in enumerate(columns.items()):
                if name not in parts:
                    part = Path(folder) / str(place)
                    parts[name] = (stack.enter_context(part.open("w+b")), values.dtype)
                stream, dtype = parts[name]
                if values.dtype != dtype or values.dtype.hasobject:
                    raise TypeError(f"column {name!r} of {dtype} is given {values.dtype}")
                stream.write(np.ascontiguousarray(values).tobytes())
            count += len(values)

        yield write
        with zipfile.ZipFile(path, "w", allowZip64=True) as archive:
            for name, (stream, dtype) in parts.items():
                stream.seek(0)
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    descr = npy.dtype_to_descr(dtype)
                    head = {"descr": descr, "fortran_order": False, "shape": (count,)}
                    npy.write_array_header_1_0(member, head)
                    shutil.copyfileobj(stream, member, 1 << 20)


def _table(columns: Mapping[str, NDArray]) -> pa.Table:
    return pa.table({name: pa.array(values) for name, values in columns.items()})


WRITTEN: Mapping[str, Callable[[Path], AbstractContextManager[Write]]] = {
    ".parquet": partial(_arrow, pq.ParquetWriter),
    ".csv": partial(_arrow, pc.CSVWriter),
    ".npz": _npz,
}
"""The formats that are written, by ending."""
