"""Tables in Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from monge._types import NDArray
from monge.data.tables.arrow import is_number, kind_of, matrix, precision, to_labels
from monge.data.tables.base import BATCH_ROWS, Table, check_names, refuse

__all__ = ["ParquetTable"]

_REMEDY = "write the file again, or give it the ending of what it is"


class ParquetTable(Table):
    """A Parquet file, read by batches within its row groups.

    Raises
    ------
    DataError
        If it cannot be read as such.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = pq.ParquetFile(path, pre_buffer=False)
        except (pa.ArrowException, OSError) as error:
            refuse(path, "a Parquet file", _said(error), _REMEDY)
        self._schema = self._file.schema_arrow
        self.columns = tuple(self._schema.names)
        self.n_rows = self._file.metadata.num_rows
        check_names(path, self.columns)

    def _numbers(self, names: tuple[str, ...], rows: int) -> Iterator[NDArray]:
        kinds = [self._schema.field(name).type for name in names]
        for name, kind in zip(names, kinds, strict=True):
            if not is_number(kind):
                got = f"{kind_of(kind)} in column {name!r}{self._first(name)}"
                refuse(self.path, "numbers", got, "convert that column, or leave it out")
        wanted = precision(kinds)
        for batch in self._read(names, rows):
            yield matrix(batch, names, wanted)

    def _labels(self, name: str) -> Iterator[NDArray]:
        for batch in self._read((name,), BATCH_ROWS):
            yield to_labels(batch.column(name), self.path, name)

    def _read(self, names: tuple[str, ...], rows: int) -> Iterator[Any]:
        try:
            yield from self._file.iter_batches(batch_size=rows, columns=list(names))
        except (pa.ArrowException, OSError) as error:
            refuse(self.path, "a whole Parquet file", _said(error), _REMEDY)

    def _first(self, name: str) -> str:
        """Say what stands in the first row, if there is one."""
        for batch in self._read((name,), 1):
            value = batch.column(name)[0].as_py()
            shown = repr(value) if isinstance(value, str | bytes) else str(value)
            return f" ({shown} in row 1)"
        return ""


def _said(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
