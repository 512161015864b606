"""Opening a table by what its name ends in."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from monge.data.tables.arrays import ArrayTable
from monge.data.tables.base import Table, refuse
from monge.data.tables.csv import CsvTable
from monge.data.tables.parquet import ParquetTable

__all__ = ["READ", "open_table"]

READ: Mapping[str, Callable[[Path], Table]] = {
    ".csv": CsvTable,
    ".tsv": CsvTable,
    ".parquet": ParquetTable,
    ".npz": ArrayTable,
    ".npy": ArrayTable,
}
"""The formats that are read, by ending."""


def open_table(path: str | os.PathLike[str]) -> Table:
    """Open a table; its header is read and checked, its rows are not.

    Raises
    ------
    DataError
        If there is no such file, or it is not what its ending says.
    """
    file = Path(path)
    if file.is_dir():
        refuse(file, "a file", "a folder", "name one of its files")
    if not file.exists():
        refuse(file, "a file", "nothing of that name", "check the path")
    if file.suffix.lower() not in READ:
        required = f"a file that ends in {', '.join(READ)}"
        refuse(file, required, repr(file.suffix), "convert it, or give it the ending of what it is")
    return READ[file.suffix.lower()](file)
