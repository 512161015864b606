"""A table on disk, read in batches, and what is asked of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, NoReturn

import numpy as np

from monge._types import NDArray
from monge.data.tables.labels import LabelKind
from monge.errors import DataError, sentence
from monge.progress import Progress, Report, silent

__all__ = ["BATCH_ROWS", "Table", "check_names", "refuse", "require_columns"]

BATCH_ROWS = 1 << 16
"""Rows read in one piece unless told otherwise."""


class Table(ABC):
    """The columns of a file, matched by name.

    Rows are counted from 1 in every message, the header of a text file not counted.

    Attributes
    ----------
    path
        The file.
    columns
        The names of its columns, in their order, each once.
    n_rows
        Rows, or ``None`` where the file does not say.
    reads_text
        Whether labels are text that may stand for numbers, see `LabelKind`.
    """

    path: Path
    columns: tuple[str, ...]
    n_rows: int | None
    reads_text: ClassVar[bool] = False

    def numbers(self, names: Sequence[str], rows: int = BATCH_ROWS) -> Iterator[NDArray]:
        """Read columns of numbers.

        Parameters
        ----------
        names
            Columns, in the order in which they are wanted; others are not read.
        rows
            The most rows of a batch.

        Yields
        ------
        NDArray
            (at most rows, columns), float32 where every column fits it and float64 otherwise, all
            finite.

        Raises
        ------
        DataError
            If a column is missing or holds something else than numbers, or there are no rows; with
            the column and the row.
        """
        require_columns(self, names)
        done = 0
        for batch in self._numbers(tuple(names), rows):
            wrong = ~np.isfinite(batch)
            if wrong.any():
                row, column = (int(place) for place in np.argwhere(wrong)[0])
                value = batch[row, column]
                got = "a missing value" if np.isnan(value) else str(value)
                got += f" in column {names[column]!r}, row {done + row + 1}"
                refuse(self.path, "finite numbers", got, "drop or impute such rows first")
            done += len(batch)
            if len(batch) > 0:
                yield batch
        if done == 0:
            refuse(self.path, "a table with rows", "none", "check that it is the file you mean")

    def labels(self, name: str) -> NDArray:
        """Read a column of labels whole, (n,): text as objects, whole numbers or booleans.

        Raises
        ------
        DataError
            If the column is missing, lacks a label, or holds no labels; with the row.
        """
        kind, parts = LabelKind(reads_text=self.reads_text), []
        for part in self._whole_labels(name):
            kind.see(part)
            parts.append(part)
        values = np.concatenate(parts)
        return values if kind.dtype.kind == "U" else kind.bring(values)

    def label_kind(self, name: str, *, report: Report = silent) -> LabelKind:
        """Look through a column of labels, of which nothing is kept; errors as in `labels`."""
        kind, done = LabelKind(reads_text=self.reads_text), 0
        task = f"Looking through column {name!r} of {self.path.name}"
        for part in self._whole_labels(name):
            kind.see(part)
            done += len(part)
            if done != self.n_rows:
                report(Progress(task=task, done=done, total=self.n_rows, detail=f"{done:,} rows"))
        report(Progress(task=task, done=done, total=done, detail=f"{done:,} rows"))
        return kind

    def label_batches(self, name: str, kind: LabelKind) -> Iterator[NDArray]:
        """Read a column of labels by pieces (k,) of the one type that `label_kind` found."""
        for part in self._whole_labels(name):
            yield kind.bring(part)

    def _whole_labels(self, name: str) -> Iterator[NDArray]:
        """Read a column of labels by pieces, and refuse one that lacks a label."""
        require_columns(self, [name])
        done, lost, present = 0, None, False
        for part in self._labels(name):
            missing = _missing(part)
            if lost is None and missing.any():
                lost = done + int(missing.argmax()) + 1
            present = present or not missing.all()
            if present and lost is not None:
                got = f"a missing value in column {name!r}, row {lost}"
                refuse(self.path, "a label in every row", got, "drop the rows without a label")
            done += len(part)
            if lost is None:
                yield part
        if done == 0:
            refuse(self.path, "a table with rows", "none", "check that it is the file you mean")
        if not present:
            required, got = f"labels in column {name!r}", "missing values alone"
            refuse(self.path, required, got, "name the column that holds the labels")

    @abstractmethod
    def _numbers(self, names: tuple[str, ...], rows: int) -> Iterator[NDArray]:
        """Read columns that are there; NaN where a value is missing."""

    @abstractmethod
    def _labels(self, name: str) -> Iterator[NDArray]:
        """Read a column that is there by pieces; ``None`` or NaN where a value is missing."""


def refuse(path: Path, required: str, got: str, remedy: str) -> NoReturn:
    """Raise the sentence about a file.

    Raises
    ------
    DataError
        Always.
    """
    raise DataError(sentence("monge.data", str(path), required, got, remedy))


def check_names(path: Path, columns: Sequence[str]) -> None:
    """Refuse a table without columns, or with two of one name.

    Raises
    ------
    DataError
        Naming the column.
    """
    if not columns:
        refuse(path, "a table with columns", "none", "check that it is the file you mean")
    name, count = Counter(columns).most_common(1)[0]
    if count > 1:
        got = f"{count} columns {name!r}"
        refuse(path, "a table whose columns have different names", got, "rename all but one")
    if "" in columns:
        got = f"none for column {columns.index('') + 1}"
        refuse(path, "a table with a name for every column", got, "name it")


def require_columns(table: Table, names: Sequence[str]) -> None:
    """Refuse a table that lacks a column.

    Raises
    ------
    DataError
        Naming what is missing and what is there.
    """
    missing = [name for name in names if name not in table.columns]
    if missing:
        listed = ", ".join(map(repr, missing[:5])) + (", ..." if len(missing) > 5 else "")  # noqa: PLR2004 - enough to see which
        required = f"a table with the column{'s' if len(missing) > 1 else ''} {listed}"
        got = f"the columns {', '.join(table.columns)}"
        refuse(table.path, required, got, "rename or add what is missing")


def _missing(values: NDArray) -> NDArray:
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind == "O":
        return np.array([value is None for value in values], dtype=bool)
    return np.zeros(len(values), dtype=bool)
