"""An adapter fitted on two tables: one with a column of labels, one without a use for it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from monge._types import NDArray
from monge.adapters import Adapter
from monge.adapters.classifiers import is_regression
from monge.adapters.judging import judge_fitted
from monge.data.tables import Table, frame
from monge.data.tables.base import refuse, require_columns
from monge.errors import ConvergenceError, InputError, MongeWarning, sentence
from monge.progress import Progress, Report, silent

__all__ = ["Sizes", "fit_tables", "read_matrix", "sizes_of"]


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What a fit on two tables reads.

    Attributes
    ----------
    features
        Names of the columns that are features, in the order of the source.
    ignored
        Columns of the target that are none.
    need
        Bytes that both tables take in memory; from the size of the file where it does not say how
        many rows it has.

    Examples
    --------
    >>> sizes = Sizes(features=("width", "height"), ignored=("id",), need=3_200)
    >>> f"{len(sizes.features)} features, {sizes.need / 1000:g} kB"
    '2 features, 3.2 kB'
    """

    features: tuple[str, ...]
    ignored: tuple[str, ...]
    need: int


def sizes_of(source: Table, target: Table, label: str, drop: Sequence[str]) -> Sizes:
    r"""Match two tables by the names of their columns.

    Parameters
    ----------
    source, target
        The labelled table, and the one to adapt to. Every column of the source but the label and
        those dropped is a feature, and the target must have it; its other columns are ignored, one
        that is named like the label too.
    label
        The column of labels in the source.
    drop
        Columns of the source that are no features.

    Raises
    ------
    DataError
        If a column is missing.
    InputError
        If no feature is left, or the label is dropped.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from monge.data.tables import open_table
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source, target = Path(folder, "source.csv"), Path(folder, "target.csv")
    ...     _ = source.write_text("id,width,kind\n1,0.5,small\n2,7.5,large\n")
    ...     _ = target.write_text("width,day\n3.5,mon\n9.5,tue\n")
    ...     sizes = sizes_of(open_table(source), open_table(target), label="kind", drop=["id"])
    >>> sizes.features, sizes.ignored
    (('width',), ('day',))
    """
    require_columns(source, [label, *drop])
    if label in drop:
        required, remedy = "of columns that are no labels", "leave it out: labels are no features"
        raise InputError(sentence("fit", "drop", required, repr(label), remedy))
    features = tuple(name for name in source.columns if name not in {label, *drop})
    if not features:
        required, got = (
            "a choice that leaves features",
            ", ".join(drop) or "no column but the label",
        )
        raise InputError(sentence("fit", "drop", required, got, "drop fewer columns"))
    require_columns(target, features)
    ignored = tuple(name for name in target.columns if name not in features)
    need = sum(bytes_of(table, len(features)) for table in (source, target))
    return Sizes(features=features, ignored=ignored, need=need)


def bytes_of(table: Table, width: int) -> int:
    """Return what some columns take in memory; about what they take on disk if rows are unknown."""
    if table.n_rows is None:
        return table.path.stat().st_size
    return table.n_rows * width * np.dtype(np.float64).itemsize


def fit_tables(
    adapter: Adapter,
    source: Table,
    target: Table,
    *,
    label: str,
    features: Sequence[str],
    check: bool = False,
    report: Report = silent,
) -> Adapter:
    r"""Fit an adapter on a labelled source and an unlabelled target.

    Parameters
    ----------
    adapter
        Unfitted.
    source, target
        The tables; of the target only the features are read.
    label, features
        Names of columns, see `sizes_of`.
    check
        Whether to judge if adapting helps: the verdict is then in ``verdict_``, where it is anyway
        if the transport was chosen by one.
    report
        Told how far reading and the plan are.

    Raises
    ------
    DataError
        If a cell is no number, or a label is missing or no class, with column and row.
    InputError, ConvergenceError, MemoryBudgetError
        From `Adapter.fit`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from monge.data.tables import open_table
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source, target = Path(folder, "source.csv"), Path(folder, "target.csv")
    ...     _ = source.write_text("width,kind\n0.5,small\n1.5,small\n7.5,large\n")
    ...     _ = target.write_text("width\n10.5\n11.5\n17.5\n")
    ...     tables = open_table(source), open_table(target)
    ...     adapter = fit_tables(Adapter("exact"), *tables, label="kind", features=["width"])
    >>> adapter.predict(frame(np.array([[11.0], [18.0]]), ["width"])).tolist()
    ['small', 'large']
    """
    X, labels, X_target = read_both(
        source,
        target,
        label=label,
        features=features,
        classes=not is_regression(adapter.classifier),
        report=report,
    )
    adapter.fit(X, labels, X_target=X_target, report=report)
    if check and not hasattr(adapter, "verdict_"):
        try:
            adapter.verdict_ = judge_fitted(adapter, X, labels, X_target, report=report)
        except (ConvergenceError, InputError) as error:  # said in passing, it stops no fit
            warnings.warn(f"The adapter is not judged. {error}", MongeWarning, stacklevel=2)
    return adapter


def read_both(
    source: Table,
    target: Table,
    *,
    label: str,
    features: Sequence[str],
    classes: bool,
    report: Report,
) -> tuple[Any, NDArray, Any]:
    """Read both tables whole: source and target as data frames, and the labels, (n,).

    Raises
    ------
    DataError
        If a cell is no number, or ``classes`` are asked for and a label is none.
    """
    labels = source.labels(label)
    if classes:
        _require_classes(source, label, labels)
    X = read_matrix(source, features, report)
    X_target = read_matrix(target, features, report)
    return frame(X, features), labels, frame(X_target, features)


def _require_classes(table: Table, name: str, labels: NDArray) -> None:
    """Refuse a column of numbers that are no classes, in text too, as `Adapter.fit` does arrays.

    Raises
    ------
    DataError
        With the first row that is no whole number, where every row is a number.
    """
    if labels.dtype.kind not in "fO":
        return
    try:
        numbers = labels.astype(np.float64)
    except ValueError:  # text that is no number is a class
        return
    broken = np.isfinite(numbers) & (numbers != np.round(numbers))
    if broken.any():
        row = int(broken.argmax())
        got = f"{labels.tolist()[row]} in column {name!r}, row {row + 1}"
        remedy = "name the column that holds the labels, or give the classes names"
        refuse(table.path, "labels: text, whole numbers or booleans", got, remedy)


def read_matrix(table: Table, names: Sequence[str], report: Report) -> NDArray:
    """Read columns of numbers whole, (n, d); errors as in `Table.numbers`."""
    parts, done = [], 0
    for batch in table.numbers(names):
        parts.append(batch)
        done += len(batch)
        if table.n_rows is None or done < table.n_rows:
            tell(report, table, done)
    report(Progress(task=f"Reading {table.path.name}", done=done, total=done))
    return np.concatenate(parts)


def tell(report: Report, table: Table, done: int) -> None:
    """Report rows that were read."""
    detail = f"{done:,} rows"
    name = f"Reading {table.path.name}"
    report(Progress(task=name, done=done, total=table.n_rows, detail=detail))
