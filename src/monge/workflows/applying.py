"""A fitted adapter applied to a table of any length, a batch at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from monge._types import NDArray
from monge.adapters import Adapter
from monge.adapters.classifiers import votes_decide
from monge.data.tables import BATCH_ROWS, Table, frame, write_table
from monge.data.tables.base import refuse, require_columns
from monge.progress import Progress, Report, silent

__all__ = [
    "Applied",
    "batches",
    "features_of",
    "ignored_in",
    "plain",
    "predict_table",
    "transform_table",
]

Columns: TypeAlias = Mapping[str, NDArray]


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What was written.

    Attributes
    ----------
    rows
        How many.
    columns
        Names of the columns.
    far
        Rows beyond ``far_`` of the target; ``None`` where that was not asked.

    Examples
    --------
    >>> applied = Applied(rows=1_000, columns=("label", "distance", "far"), far=40)
    >>> f"{applied.far / applied.rows:.0%} of the rows are far from the target of the fit"
    '4% of the rows are far from the target of the fit'
    """

    rows: int
    columns: tuple[str, ...]
    far: int | None


def features_of(adapter: Adapter, table: Table) -> tuple[str, ...]:
    """Return the columns of a table that are the adapter's features, in its order.

    An adapter that was fitted on arrays knows no names: the columns are then taken as they stand.

    Raises
    ------
    DataError
        If one is missing, or their number differs where there are no names.
    """
    names = getattr(adapter, "feature_names_in_", None)
    if names is not None:
        features = tuple(map(str, names))
        require_columns(table, features)
        return features
    count = adapter.n_features_in_
    if len(table.columns) != count:
        required = f"a table of {count} columns, as the adapter was fitted without names"
        remedy = "keep the features alone, in their order"
        refuse(table.path, required, f"{len(table.columns)}", remedy)
    return table.columns


def ignored_in(adapter: Adapter, table: Table) -> tuple[str, ...]:
    r"""Return the columns of a table that are no features of an adapter.

    Raises
    ------
    DataError
        If a feature is missing.

    Examples
    --------
    >>> import tempfile
    >>> from monge.data.tables import open_table
    >>> X = frame(np.array([[0.0], [6.0]]), ["width"])
    >>> adapter = Adapter("exact").fit(X, ["small", "large"], X_target=X + 3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "new.csv").write_text("day,width\n1,3\n")
    ...     ignored_in(adapter, open_table(f"{folder}/new.csv"))
    ('day',)
    """
    features = features_of(adapter, table)
    return tuple(name for name in table.columns if name not in set(features))


def batches(adapter: Adapter, table: Table, rows: int = BATCH_ROWS) -> Iterator[Any]:
    """Read the adapter's features as it takes them, in the precision of its fit.

    Mixed precisions cost scikit-learn's searches ten times the time and a gigabyte.
    """
    features = features_of(adapter, table)
    named = hasattr(adapter, "feature_names_in_")
    precision = adapter.target_sample_.dtype
    for read in table.numbers(features, rows):
        batch = read.astype(precision, copy=False)
        yield frame(batch, features) if named else batch


def predict_table(
    adapter: Adapter, table: Table, out: str | os.PathLike[str], *, report: Report = silent
) -> Applied:
    r"""Write the class of each row, its probabilities, and how far it is from the fitted target.

    Columns: ``label`` (``value`` of a regressor), ``probability_<class>`` where the classifier
    gives them, and ``distance`` and ``far`` where the adapter has seen a target. The table is
    streamed; the file is whole or not there.

    Parameters
    ----------
    adapter
        Fitted.
    table
        Rows like those of the target, matched by column name.
    out
        File to write, see `monge.data.tables.write_table`.
    report
        Told the rows that are done.

    Raises
    ------
    DataError
        If a column is missing or a cell is no finite number, with column and row.
    OutputError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from monge.data.tables import open_table
    >>> adapter = Adapter("exact").fit([[0], [6]], ["small", "large"], X_target=[[3], [9]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "new.csv").write_text("width\n3\n99\n")
    ...     applied = predict_table(adapter, open_table(f"{folder}/new.csv"), f"{folder}/out.csv")
    ...     print(Path(folder, "out.csv").read_text().rstrip())
    "label","probability_large","probability_small","distance","far"
    "small",0,1,0,false
    "large",1,0,90,true
    >>> applied.rows, applied.far
    (2, 1)
    """

    def answer(X: Any) -> Columns:
        columns = _answers(adapter, X)
        if adapter.map_ is not None:
            distance = adapter.target_distance(X)
            columns |= {"distance": distance, "far": distance > adapter.far_}
        return columns

    return _stream(adapter, table, out, answer, report)


def transform_table(
    adapter: Adapter,
    table: Table,
    out: str | os.PathLike[str],
    *,
    label: str | None = None,
    report: Report = silent,
) -> Applied:
    r"""Write the rows where the transport moves them, under the names they had.

    Parameters
    ----------
    adapter, table, out, report
        As for `predict_table`; the rows are like those of the source.
    label
        Column that is carried along as it is: looked through first, then read batch by batch.

    Raises
    ------
    DataError, OutputError
        As `predict_table` does.

    Examples
    --------
    >>> import tempfile
    >>> from monge.data.tables import open_table
    >>> adapter = Adapter("exact").fit([[0], [6]], ["small", "large"], X_target=[[3], [9]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "old.csv").write_text("width\n0\n6\n7\n")
    ...     _ = transform_table(adapter, open_table(f"{folder}/old.csv"), f"{folder}/out.csv")
    ...     Path(folder, "out.csv").read_text().split()
    ['"width"', '3', '9', '10']
    """
    features = features_of(adapter, table)
    labels = None
    if label is not None:
        kind = table.label_kind(label, report=report)
        labels = _Feed(parts=table.label_batches(label, kind))

    def answer(X: Any) -> Columns:
        moved = np.asarray(adapter.transform(X))
        columns = {name: moved[:, place] for place, name in enumerate(features)}
        if labels is not None and label is not None:
            columns[label] = labels.take(len(moved))
        return columns

    return _stream(adapter, table, out, answer, report)


@dataclass(kw_only=True)
class _Feed:
    """A column whose rows are taken in other pieces than it is read in."""

    parts: Iterator[NDArray]
    left: NDArray = field(default_factory=lambda: np.empty(0))

    def take(self, count: int) -> NDArray:
        """Return the next rows, (count,)."""
        pieces = []
        while count > 0:
            if len(self.left) == 0:
                self.left = next(self.parts)
            pieces.append(self.left[:count])
            self.left = self.left[count:]
            count -= len(pieces[-1])
        return np.concatenate(pieces)


def _stream(
    adapter: Adapter,
    table: Table,
    out: str | os.PathLike[str],
    answer: Callable[[Any], Columns],
    report: Report,
) -> Applied:
    """Write what is answered to each batch."""
    done, far = 0, 0
    columns: Columns = {}
    task = f"Writing {Path(out).name}"
    with write_table(out) as write:
        for X in batches(adapter, table):
            columns = answer(X)
            write(columns)
            done += len(X)
            if "far" in columns:
                far += int(columns["far"].sum())
            if done != table.n_rows:
                detail = f"{done:,} rows"
                report(Progress(task=task, done=done, total=table.n_rows, detail=detail))
    report(Progress(task=task, done=done, total=done, detail=f"{done:,} rows"))
    return Applied(rows=done, columns=tuple(columns), far=far if "far" in columns else None)


def _answers(adapter: Adapter, X: Any) -> dict[str, NDArray]:
    """Return what the classifier, or the regressor, says."""
    if not hasattr(adapter, "classes_"):
        return {"value": adapter.predict(X)}
    classes = plain(adapter.classes_)
    if not hasattr(adapter, "predict_proba"):
        return {"label": adapter.predict(X).astype(classes.dtype, copy=False)}
    shares = adapter.predict_proba(X)
    decided = votes_decide(adapter.classifier_)
    labels = classes[shares.argmax(1)] if decided else adapter.predict(X)
    columns = {"label": labels.astype(classes.dtype, copy=False)}
    for place, name in enumerate(classes.tolist()):
        columns[f"probability_{name}"] = shares[:, place]
    return columns


def plain(labels: NDArray) -> NDArray:
    """Return labels with text of one width instead of objects, as files have them."""
    return labels.astype(np.str_) if labels.dtype.kind == "O" else labels
