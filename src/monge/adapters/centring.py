"""Rows far from the origin, brought near it for a classifier that measures distances.

scikit-learn's searches expand ``|x - y|^2`` into ``|x|^2 - 2 x.y + |y|^2``. Beside an offset like
that of seconds since 1970, 1.7e9, the squares leave no digit of the distance. It stays what it is
when all rows are moved alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestCentroid,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)

from monge._types import NDArray

__all__ = ["settled", "taken_off"]

_KINDS = (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestCentroid,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)
_METRICS = frozenset(
    {"chebyshev", "cityblock", "euclidean", "l1", "l2", "manhattan", "minkowski", "sqeuclidean"}
)
"""Distances of differences: moving both rows alike changes none of them."""

_FAR = 10.0
"""How many times farther from the origin than from their mean the rows must lie: the expansion then
costs two of sixteen digits. Other rows are left as they are, and stored once with the map's."""


def settled(classifier: Any, rows: NDArray) -> tuple[NDArray, NDArray | None]:
    """Return the rows (n, d) as a classifier is to see them, and what is taken off them, (d,).

    Nothing is, ``None``, where the rows lie near the origin or the classifier does not measure
    distances alone.

    Examples
    --------
    >>> rows = np.array([[1.7e9, 1.0], [1.7e9 + 2, 3.0]])
    >>> settled(KNeighborsClassifier(1), rows)
    (array([[-1., -1.],
           [ 1.,  1.]]), array([1.7e+09, 2.0e+00]))
    >>> settled(KNeighborsClassifier(1), rows - [1.7e9, 0])[1] is None
    True
    """
    if not isinstance(classifier, _KINDS) or classifier.metric not in _METRICS:
        return rows, None
    centre = rows.mean(axis=0, dtype=np.float64).astype(rows.dtype)
    apart = rows - centre
    spread = np.sqrt(np.vdot(apart, apart) / len(apart))
    if np.linalg.norm(centre) <= _FAR * spread:
        return rows, None
    return apart, centre


def taken_off(rows: NDArray, centre: NDArray | None) -> NDArray:
    """Return rows (k, d) as `settled` has made the classifier see them, in their own precision."""
    if centre is None:
        return rows
    apart: NDArray = (rows - centre).astype(rows.dtype, copy=False)
    return apart
