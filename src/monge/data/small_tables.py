"""Small labelled tables that come with scikit-learn and mlxtend: no network needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from monge._types import NDArray
from monge.errors import DataError, InputError, sentence

__all__ = ["SmallTable", "load_small_table", "small_table_names"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SmallTable:
    """Rows with the names of their columns, and one class each.

    Attributes
    ----------
    name
        Of the table.
    x
        (n, d) float64 in the units of the source, no value missing.
    labels
        (n,) int64 from 0 on.
    columns
        d names.
    about
        What a row is, and what its class.

    Examples
    --------
    >>> load_small_table("iris").about
    'flowers; the species, one of three'
    """

    name: str
    x: NDArray
    labels: NDArray
    columns: tuple[str, ...]
    about: str


def _bundled(about: str) -> Callable[[str], SmallTable]:
    """Read one of scikit-learn's own classifications."""

    def read(name: str) -> SmallTable:
        from sklearn.datasets import (  # noqa: PLC0415 - slow to import, rarely used
            load_breast_cancer,
            load_iris,
            load_wine,
        )

        loaders = {"wine": load_wine, "cancer": load_breast_cancer, "iris": load_iris}
        found = loaders[name]()
        columns = tuple(str(column).partition(" (")[0] for column in found.feature_names)
        return _table(name, found.data, found.target, columns, about)

    return read


def _diabetes(name: str) -> SmallTable:
    from sklearn.datasets import load_diabetes  # noqa: PLC0415 - slow to import, rarely used

    found = load_diabetes(scaled=False)
    about = "patients; whether the disease went further in a year than in half of them"
    return _table(name, found.data, _upper_half(found.target), tuple(found.feature_names), about)


def _mlxtend(
    reader: str, columns: tuple[str, ...], about: str, *, number: bool
) -> Callable[[str], SmallTable]:
    """Read one of mlxtend's tables, the columns named; those named ``""`` are left out.

    ``number`` says that what is told of a row is a number, and its class the half it is in.
    """

    def read(name: str) -> SmallTable:
        try:
            from mlxtend import data  # noqa: PLC0415 - an optional dependency
        except ImportError as error:
            remedy = "run: pip install 'monge[demo]'"
            raise DataError(
                sentence("load_small_table", "mlxtend", "installed", "no such package", remedy)
            ) from error
        x, told = getattr(data, reader)()
        if x.shape[1] != len(columns):
            required, got = f"a version with {len(columns)} columns in {reader}", f"{x.shape[1]}"
            remedy = "run: pip install --upgrade 'monge[demo]'"
            raise DataError(sentence("load_small_table", "mlxtend", required, got, remedy))
        kept = [at for at, column in enumerate(columns) if column]
        labels = _upper_half(told) if number else told
        return _table(name, x[:, kept], labels, tuple(columns[at] for at in kept), about)

    return read


def _upper_half(values: NDArray) -> NDArray:
    above: NDArray = (values > np.median(values)).astype(np.int64)
    return above


def _table(
    name: str, x: NDArray, labels: NDArray, columns: tuple[str, ...], about: str
) -> SmallTable:
    return SmallTable(
        name=name,
        x=np.array(x, dtype=np.float64),
        labels=np.array(labels, dtype=np.int64),
        columns=columns,
        about=about,
    )


_CARS = ("cylinders", "displacement", "horsepower", "weight", "acceleration", "year", "origin", "")
_HOMES = (
    *("crime", "large lots", "industry", "river", "nitric oxides", "rooms", "age", "distance"),
    *("highways", "tax", "pupils", "", "poverty"),  # a column built on race is left out
)

_READERS: dict[str, Callable[[str], SmallTable]] = {
    "wine": _bundled("wines; the grower, one of three"),
    "cancer": _bundled("tumours; whether one is benign"),
    "iris": _bundled("flowers; the species, one of three"),
    "diabetes": _diabetes,
    "cars": _mlxtend(
        "autompg_data",
        _CARS,
        "cars from 1970 to 1982; whether one goes further on a gallon than half of them",
        number=True,
    ),
    "homes": _mlxtend(
        "boston_housing_data",
        _HOMES,
        "districts of Boston; whether its homes cost more than in half of them",
        number=True,
    ),
    "three-blobs": _mlxtend(
        "three_blobs_data", ("first", "second"), "points; the blob, one of three", number=False
    ),
}


def small_table_names() -> tuple[str, ...]:
    """Return the names that `load_small_table` knows.

    Examples
    --------
    >>> "wine" in small_table_names()
    True
    """
    return tuple(_READERS)


def load_small_table(name: str) -> SmallTable:
    """Read a small table by name.

    Parameters
    ----------
    name
        ``"wine"``, ``"cancer"`` (Breast Cancer Wisconsin), ``"iris"`` or ``"diabetes"`` of
        scikit-learn; ``"cars"`` (Auto MPG), ``"homes"`` (Boston Housing, without the column that
        was built on race) or ``"three-blobs"`` of mlxtend. What is told of a row as a number
        becomes two classes, above the median and not.

    Raises
    ------
    InputError
        If there is no such table.
    DataError
        If mlxtend is needed and missing, or holds something else.

    Examples
    --------
    >>> table = load_small_table("wine")
    >>> table.x.shape, table.columns[0], np.bincount(table.labels).tolist()
    ((178, 13), 'alcohol', [59, 71, 48])
    """
    if name not in _READERS:
        required = f"one of {', '.join(map(repr, _READERS))}"
        raise InputError(
            sentence("load_small_table", "name", required, repr(name), "pass for example 'wine'")
        )
    return _READERS[name](name)
