"""What an adapter is given, checked before any work starts."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from monge._types import NDArray
from monge.errors import InputError, sentence

__all__ = ["check_rows", "check_source", "check_subsample", "check_target"]

_TYPES = [np.float64, np.float32]


def check_source(estimator: BaseEstimator, X: Any, y: Any) -> tuple[NDArray, NDArray, NDArray]:
    """Return the labelled source (n, d), (n,) and its classes (L,); the width is noted.

    Raises
    ------
    InputError
        If X is not finite or there is one class only.
    ValueError
        From scikit-learn's checks of shapes and types.
    """
    X, y = validate_data(estimator, _array(X), _array(y), dtype=_TYPES, ensure_all_finite=False)
    _require_finite(X, "Adapter.fit", "X")
    check_classification_targets(y)
    classes = np.unique(y)
    if len(classes) < 2:  # noqa: PLR2004 - there is something to tell apart
        required, got = "of at least two classes", "one class"
        remedy = "add source rows of another class"
        raise InputError(sentence("Adapter.fit", "y", required, got, remedy))
    return X, y, classes


def check_target(estimator: BaseEstimator, X_target: Any) -> NDArray:
    """Return the unlabelled target (m, d), with the features of the source.

    Raises
    ------
    InputError
        If it is empty, not finite, no table of numbers, or of other features.
    """
    caller, name = "Adapter.fit", "X_target"
    X_target = _array(X_target)
    try:
        checked: NDArray = validate_data(
            estimator, X_target, reset=False, dtype=_TYPES, ensure_all_finite=False
        )
    except ValueError as error:
        width, shape = estimator.n_features_in_, getattr(X_target, "shape", None)
        fits = shape is None or (len(shape) == 2 and shape[0] > 0 and shape[1] == width)  # noqa: PLR2004 - rows and columns
        required = f"a table of numbers, at least one row of the {width} features of X"
        got = str(error).splitlines()[0].rstrip(".") if fits else f"shape {shape}"
        remedy = "pass one row a sample, with the features of X in their order"
        raise InputError(sentence(caller, name, required, got, remedy)) from error
    _require_finite(checked, caller, name)
    return checked


def check_rows(estimator: BaseEstimator, X: Any, verb: str) -> NDArray:
    """Return rows to move or classify, (k, d).

    Raises
    ------
    InputError
        If they are not finite.
    ValueError
        From scikit-learn's checks of shapes and types.
    """
    X = validate_data(estimator, _array(X), reset=False, dtype=_TYPES, ensure_all_finite=False)
    _require_finite(X, f"Adapter.{verb}", "X")
    checked: NDArray = X
    return checked


def check_subsample(subsample: Any) -> int | None:
    """Return how many rows are drawn, or ``None`` for all.

    Raises
    ------
    InputError
        If it is neither a positive whole number nor ``None``.
    """
    if subsample is None:
        return None
    number = isinstance(subsample, Integral) and not isinstance(subsample, bool)
    if not (number and subsample >= 1):
        required, remedy = "a positive whole number of rows or None", "pass for example 2560"
        raise InputError(sentence("Adapter", "subsample", required, repr(subsample), remedy))
    return int(subsample)


def _array(values: Any) -> Any:
    """Bring a tensor to where scikit-learn can look at it: out of any gradient, on the CPU."""
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else values


def _require_finite(X: NDArray, caller: str, name: str) -> None:
    wrong = ~np.isfinite(X).all(axis=1)
    if wrong.any():
        got = f"NaN or infinity (inf) in row {int(wrong.argmax())}"
        raise InputError(sentence(caller, name, "finite", got, "drop or impute such rows first"))
