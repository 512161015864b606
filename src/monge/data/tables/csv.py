"""Tables in text files of separated values.

Arrow reads them, fast and in blocks. Where it stumbles, the file is walked through cell by cell to
say which one is wrong.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.csv as pc

from monge._types import NDArray
from monge.data.tables.arrow import matrix
from monge.data.tables.base import Table, check_names, refuse

__all__ = ["CsvTable"]

BLOCK_BYTES = 1 << 22
HEADER_BYTES = 1 << 24
SHOWN = 60
BINARY = {b"PAR1": "a Parquet file", b"PK\x03\x04": "a zip file", b"\x93NUM": "a NumPy file"}
UTF16 = (b"\xff\xfe", b"\xfe\xff")
MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None")
ENCODING = "save the file as UTF-8 throughout"


class CsvTable(Table):
    """A text file with a header; comma, semicolon or tab separate, told by the header.

    Raises
    ------
    DataError
        If it is no such file.
    """

    reads_text = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.n_rows = None
        line = _header(path)
        self._separator = max(",;\t", key=line.count)
        # A second line is read only where a quote of the first is still open.
        names = csv.reader([line, ""], delimiter=self._separator)
        self.columns = tuple(next(names, ()))
        if names.line_num > 1:
            got = f"a quote in it that is not closed in that line: {line[-SHOWN:]!r}"
            remedy = "take the line break out of the column's name, or close the quote"
            refuse(path, "all column names in the first line", got, remedy)
        check_names(path, self.columns)
        if all(_is_number(name) for name in self.columns):
            got = f"numbers ({', '.join(self.columns)})"
            refuse(path, "a table with names in its first row", got, "add a row of column names")

    def _numbers(self, names: tuple[str, ...], rows: int) -> Iterator[NDArray]:
        kind = pa.float64()
        for batch in self._read(dict.fromkeys(names, kind), MISSING):
            for start in range(0, batch.num_rows, rows):
                yield matrix(batch.slice(start, rows), names, kind)

    def _labels(self, name: str) -> Iterator[NDArray]:
        for batch in self._read({name: pa.string()}, ("",)):
            yield batch.column(name).to_numpy(zero_copy_only=False)

    def _read(self, kinds: dict[str, Any], missing: tuple[str, ...]) -> Iterator[Any]:
        try:
            yield from pc.open_csv(
                self.path,
                read_options=pc.ReadOptions(use_threads=True, block_size=BLOCK_BYTES),
                parse_options=pc.ParseOptions(delimiter=self._separator, newlines_in_values=True),
                convert_options=pc.ConvertOptions(
                    column_types=kinds,
                    include_columns=list(kinds),
                    null_values=list(missing),
                    strings_can_be_null=True,
                ),
            )
        except (pa.ArrowException, OSError) as error:
            numbers = {name for name, kind in kinds.items() if kind != pa.string()}
            self._diagnose(set(kinds), numbers, error)

    def _diagnose(self, names: set[str], numbers: set[str], error: Exception) -> NoReturn:
        """Find the first row that cannot be read, and say what is wrong with it.

        Raises
        ------
        DataError
            Always.
        """
        width = len(self.columns)
        for row, cells in enumerate(self._rows(), start=1):
            if len(cells) != width:
                got = f"{len(cells)} in row {row}"
                refuse(self.path, f"{width} cells in every row", got, "correct that row")
            for name, cell in zip(self.columns, cells, strict=True):
                if name in names and not cell.isprintable() and _is_broken(cell):
                    got = f"other bytes in column {name!r}, row {row}"
                    refuse(self.path, "text in UTF-8", got, ENCODING)
                if name in numbers and not (_is_number(cell) or cell.strip() in MISSING):
                    got = f"{cell!r} in column {name!r}, row {row}"
                    refuse(self.path, "numbers", got, "correct the cell, or leave the column out")
        said = str(error).splitlines()[0].rstrip(".")
        refuse(self.path, "a table of separated values", said, "correct the file")

    def _rows(self) -> Iterator[list[str]]:
        """Read the cells of every row; bytes that are not UTF-8 become lone surrogates."""
        with self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            rows = (cells for cells in csv.reader(stream, delimiter=self._separator) if cells)
            yield from islice(rows, 1, None)


def _header(path: Path) -> str:
    """Return the first line that is not empty.

    Raises
    ------
    DataError
        If there is none, or the file is no text in UTF-8.
    """
    remedy = "write the file again, or give it the ending of what it is"
    try:
        with path.open("rb") as stream:
            begin = stream.read(4)
            stream.seek(0)
            line = b""
            while not line.strip() and (line := stream.readline(HEADER_BYTES)):
                pass
    except OSError as error:
        refuse(path, "a file that can be read", error.strerror or str(error), "check its rights")
    if begin in BINARY:
        refuse(path, "a text file of separated values", BINARY[begin], remedy)
    if begin[:2] in UTF16:
        refuse(path, "text in UTF-8", "text in UTF-16", ENCODING)
    if not line.strip():
        refuse(path, "a table with a header and rows", "an empty file", remedy)
    if b"\x00" in line:
        refuse(path, "a text file of separated values", "zero bytes in its first line", remedy)
    try:
        return line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        refuse(path, "text in UTF-8", "other bytes in its header", ENCODING)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _is_broken(cell: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in cell)
