"""The two domains as a fit sees them: checked, and without the rows that do not count."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_consistent_length

from monge._types import NDArray
from monge.adapters.checks import check_rows, check_target, check_views, check_weights
from monge.adapters.labels import Known, class_labels, classes_of, continuous, known_rows
from monge.adapters.words import first_line
from monge.errors import InputError, MongeWarning, sentence

__all__ = ["Source", "Target", "drawn", "read_source", "read_target", "weights_or_even"]


class Source(NamedTuple):
    """The labelled source.

    Attributes
    ----------
    X
        Rows of positive weight, (n, d).
    y
        Their labels, or numbers for a regressor, (n,).
    weight
        Their weights (n,), or ``None`` where none were given.
    rows
        Where they stood in what was given, (n,) ascending.
    classes
        Labels (L,) sorted, or ``None`` for a regressor.
    views
        What else is known of the rows, each (n, k).
    """

    X: NDArray
    y: NDArray
    weight: NDArray | None
    rows: NDArray
    classes: NDArray | None
    views: tuple[NDArray, ...] = ()


class Target(NamedTuple):
    """The target, of which some labels may be known; `X`, `weight` and `rows` as in `Source`.

    `views` are what else is known of its rows, each (m, k).
    """

    X: NDArray
    known: Known
    weight: NDArray | None
    rows: NDArray
    views: tuple[NDArray, ...] = ()


def read_source(
    estimator: BaseEstimator,
    X: Any,
    y: Any,
    weight: Any,
    views: Any = None,
    *,
    regression: bool,
    memory: str | int,
) -> Source:
    """Check the source and leave out its rows of zero weight.

    Raises
    ------
    InputError
        If rows, labels or weights cannot be worked with.
    MemoryBudgetError
        If X is sparse and does not fit the budget as a dense array.
    """
    X = check_rows(estimator, X, "fit", reset=True, memory=memory)
    labels = continuous(y) if regression else class_labels(y)
    try:
        check_consistent_length(X, labels)
    except ValueError as error:
        required, remedy = f"of {len(X)} rows, as X", "pass one label a row"
        raise InputError(
            sentence("Adapter.fit", "y", required, first_line(error), remedy)
        ) from error
    length = len(X)
    weight = check_weights(weight, length, "sample_weight")
    rows = _counting(weight, length)
    X, labels, weight = X[rows], labels[rows], None if weight is None else weight[rows]
    classes = None if regression else classes_of(labels)
    seen = tuple(view[rows] for view in check_views(views, length, "source"))
    return Source(X, labels, weight, rows, classes, seen)


def read_target(
    estimator: BaseEstimator,
    X_target: Any,
    y_target: Any,
    weight: Any,
    views: Any,
    *,
    classes: NDArray | None,
    memory: str | int,
) -> Target:
    """Check the target and leave out its rows of zero weight, with what is known of them.

    Raises
    ------
    InputError
        If rows, labels or weights cannot be worked with.
    MemoryBudgetError
        If X_target is sparse and does not fit the budget as a dense array.

    Warns
    -----
    MongeWarning
        If all rows that count are one point.
    """
    X = check_target(estimator, X_target, memory=memory)
    caller = f"{type(estimator).__name__}.fit"
    nothing = Known(np.arange(0), np.arange(0))
    known = nothing if y_target is None else known_rows(y_target, classes, len(X))
    weight = check_weights(weight, len(X), "target_weight")
    rows = _counting(weight, len(X))
    counts = np.isin(known.rows, rows)
    known = Known(np.searchsorted(rows, known.rows[counts]), known.labels[counts])
    views = tuple(view[rows] for view in check_views(views, len(X), "target"))
    if (X[rows] == X[rows[0]]).all():
        warnings.warn(
            f"{caller}: all rows of X_target are one point, so that nothing tells its classes "
            "apart; pass more rows of the target.",
            MongeWarning,
            stacklevel=3,
        )
    return Target(X[rows], known, None if weight is None else weight[rows], rows, views)


def drawn(draw: np.random.RandomState, length: int, subsample: int | None) -> NDArray:
    """Return the rows that take part in the plan, ascending."""
    if subsample is None:
        return np.arange(length)
    return np.sort(draw.permutation(length)[:subsample])


def weights_or_even(weight: NDArray | None, length: int) -> NDArray:
    """Return the weights, or one for each row where none were given, (k,) float64."""
    return np.ones(length) if weight is None else weight


def _counting(weight: NDArray | None, length: int) -> NDArray:
    return np.arange(length) if weight is None else np.flatnonzero(weight)
