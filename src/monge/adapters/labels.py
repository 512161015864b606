"""Labels as people have them: of any kind, and of the target only some, if any."""

from __future__ import annotations

from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from monge._types import NDArray
from monge.adapters.words import first_line
from monge.errors import InputError, sentence

__all__ = ["Known", "class_labels", "classes_of", "continuous", "known_rows"]


class Known(NamedTuple):
    """Rows of the target whose label is known, (k,) ascending, and these labels, (k,)."""

    rows: NDArray
    labels: NDArray


def class_labels(y: Any, *, caller: str = "Adapter.fit") -> NDArray:
    """Return the labels of the source, (n,).

    Text, whole numbers of any sign, booleans and whole floats are labels; objects (of a data frame,
    say) are read as what they are.

    Raises
    ------
    InputError
        If a label is missing or continuous, or kinds are mixed.
    """
    values = _column(y, "y", caller)
    missing = _missing(values)
    if missing.any():
        required, remedy = "known in every source row", "drop the rows without a label"
        got = f"a missing value in row {int(missing.argmax())} (y contains NaN or None)"
        raise InputError(sentence(caller, "y", required, got, remedy))
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        # scikit-learn's contract asks for these very words.
        got = f"Input y contains infinity or a value too large for {values.dtype!r}"
        raise InputError(sentence(caller, "y", "finite", got, "drop such rows first"))
    required = "labels: text, whole numbers or booleans"
    remedy = "pass one label a row, or a regressor as classifier for numbers to predict"
    try:
        labels = _of_one_kind(values, caller)
        check_classification_targets(labels)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(sentence(caller, "y", required, first_line(error), remedy)) from error
    return labels


def classes_of(labels: NDArray) -> NDArray:
    """Return the classes (L,) of labels (n,), sorted.

    Raises
    ------
    InputError
        If there are not two of them.
    """
    classes = np.unique(labels)
    if len(classes) < 2:  # noqa: PLR2004 - there is something to tell apart
        required, got = "of at least two classes", "one class"
        remedy = "add source rows of another class"
        raise InputError(sentence("Adapter.fit", "y", required, got, remedy))
    return classes


def continuous(y: Any) -> NDArray:
    """Return the numbers that a regressor is to predict, (n,) float64.

    Raises
    ------
    InputError
        If they are not finite numbers.
    """
    values = _column(y, "y")
    numbers = _numbers(values, "y")
    wrong = ~np.isfinite(numbers)
    if wrong.any():
        required, remedy = "finite", "drop the rows without a value"
        value = numbers[wrong.argmax()]
        got = f"{value} in row {int(wrong.argmax())} (y contains NaN or infinity)"
        raise InputError(sentence("Adapter.fit", "y", required, got, remedy))
    return numbers


def known_rows(y_target: Any, classes: NDArray | None, length: int) -> Known:
    """Find the target rows whose label is known.

    Parameters
    ----------
    y_target
        (m,) with ``None``, NaN or ``pandas.NA`` where it is not known, or a NumPy masked array. No
        label is special: -1 is a class like any other.
    classes
        Of the source (L,), or ``None`` for a regressor.
    length
        Target rows m.

    Raises
    ------
    InputError
        If the length differs, or a label is none of the source's.
    """
    mask = np.ma.getmaskarray(y_target) if isinstance(y_target, np.ma.MaskedArray) else None
    values = _column(np.ma.getdata(y_target) if mask is not None else y_target, "y_target")
    if len(values) != length:
        required, remedy = f"of {length} rows, as X_target", "pass None or NaN for unknown labels"
        raise InputError(
            sentence("Adapter.fit", "y_target", required, f"{len(values)} rows", remedy)
        )
    present = ~(_missing(values) if mask is None else mask.ravel() | _missing(values))
    rows = np.flatnonzero(present)
    if classes is None:
        return Known(rows, _numbers(values[rows], "y_target"))
    place = {label: index for index, label in enumerate(classes.tolist())}
    found = [place.get(value) for value in values[rows].tolist()]
    if None in found:
        row = int(rows[found.index(None)])
        required = f"of the classes of y ({', '.join(map(repr, classes.tolist()))})"
        got = f"{_plain(values[row])!r} in row {row}"
        remedy = "mark unknown labels by None, NaN or a mask, and label the source with every class"
        raise InputError(sentence("Adapter.fit", "y_target", required, got, remedy))
    return Known(rows, classes[np.array(found, dtype=np.int64)])


def _plain(value: object) -> object:
    """Return a scalar of NumPy's as Python writes it."""
    return value.item() if isinstance(value, np.generic) else value


def _column(y: Any, name: str, caller: str = "Adapter.fit") -> NDArray:
    """Return one value a row; a list keeps its kinds, which NumPy would make all text."""
    if y is None:
        required = "given: the estimator requires y to be passed, but the target y is None"
        raise InputError(sentence(caller, name, required, "None", "pass a label a row"))
    if hasattr(y, "detach"):
        y = y.detach().cpu().numpy()
    if isinstance(y, list | tuple):
        flat = all(np.ndim(value) == 0 for value in y)
        y = np.array(y, dtype=object) if flat else np.asarray(y)
    try:
        column: NDArray = column_or_1d(y, warn=True)
    except ValueError as error:
        required, remedy = "one label a row, of shape (rows,)", "pass a single column"
        raise InputError(sentence(caller, name, required, first_line(error), remedy)) from error
    return column


def _missing(values: NDArray) -> NDArray:
    """Say of each value whether it is None, NaN or pandas.NA, (k,) booleans."""
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind != "O":
        return np.zeros(len(values), dtype=bool)
    return np.fromiter(map(_is_missing, values), dtype=bool, count=len(values))


def _is_missing(value: object) -> bool:
    try:
        return value is None or bool(value != value)  # noqa: PLR0124 - NaN alone differs from itself
    except TypeError:  # pandas.NA refuses to be true or false
        return True


def _of_one_kind(values: NDArray, caller: str) -> NDArray:
    """Read objects as text, booleans or numbers; text stays an array of objects."""
    if values.dtype.kind != "O":
        return values
    kinds = {_kind(value) for value in values}
    if len(kinds) > 1:
        required, remedy = "of one kind", "write all labels as text, or all as numbers"
        raise InputError(sentence(caller, "y", required, " and ".join(sorted(kinds)), remedy))
    return values if kinds == {"text"} else np.array(values.tolist())


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool | np.bool_):
        return "booleans"
    return "numbers" if isinstance(value, Real) else type(value).__name__


def _numbers(values: NDArray, name: str) -> NDArray:
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError) as error:
        required, got = "numbers, as the classifier is a regressor", first_line(error)
        remedy = "pass numbers, or a classifier for labels"
        raise InputError(sentence("Adapter.fit", name, required, got, remedy)) from error
