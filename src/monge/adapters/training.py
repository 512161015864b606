"""The classifier, trained on the moved source and on what is known of the target."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone, is_regressor
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.validation import has_fit_parameter

from monge._types import NDArray
from monge.adapters.domains import Source, Target, weights_or_even
from monge.adapters.prior import TargetPrior, class_weights

__all__ = ["in_columns", "is_regression", "trained"]


def is_regression(classifier: Any) -> bool:
    """Say whether what is to be trained is a regressor; the default one is not."""
    return hasattr(classifier, "__sklearn_tags__") and bool(is_regressor(classifier))


def trained(
    classifier: Any,
    moved: NDArray,
    source: Source,
    target: Target | None,
    prior: TargetPrior | None,
) -> Any:
    """Train a clone of the classifier where the target is.

    Weights reach it if its ``fit`` takes ``sample_weight``. Rows of a class that the target is
    given no share of are left out.

    Parameters
    ----------
    classifier
        Any scikit-learn classifier or regressor; ``None`` is the nearest neighbour.
    moved
        The source where it was moved to, (n, d).
    source, target
        The domains; target rows of known label join the training as they are.
    prior
        Class proportions of the target that the source is weighted by.
    """
    default = KNeighborsClassifier(n_neighbors=1, algorithm="brute")
    model = clone(default if classifier is None else classifier)
    X, y, weight = moved, source.y, weights_or_even(source.weight, len(moved))
    weighted = source.weight is not None or prior is not None
    if prior is not None:
        weight = class_weights(weight, y, prior)
    if target is not None and len(target.known.rows) > 0:
        rows = target.known.rows
        X = np.concatenate([X, target.X[rows].astype(X.dtype, copy=False)])
        y = np.concatenate([y, target.known.labels])
        weight = np.append(weight, weights_or_even(target.weight, len(target.X))[rows])
        weighted |= target.weight is not None
    counts = weight > 0
    if not counts.all():
        X, y, weight = X[counts], y[counts], weight[counts]
    if weighted and has_fit_parameter(model, "sample_weight"):
        return model.fit(X, y, sample_weight=weight)
    return model.fit(X, y)


def in_columns(shares: NDArray, classes: NDArray, seen: NDArray) -> NDArray:
    """Spread class columns (k, S) of the classes seen over all classes, (k, L)."""
    if len(seen) == len(classes):
        return shares
    spread = np.zeros((len(shares), len(classes)), dtype=shares.dtype)
    spread[:, np.searchsorted(classes, seen)] = shares
    return spread
