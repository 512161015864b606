"""The rows that an adapter is given, checked before any work starts.

NumPy arrays, data frames, tensors on any device and SciPy's sparse matrices become one floating
array (rows, features). A sparse matrix is made dense, within a budget: every cost and every map
needs all features of a row.
"""

from __future__ import annotations

import logging
import math
from numbers import Integral
from typing import Any, Literal

import numpy as np
import torch
from scipy.sparse import sparray, spmatrix
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from monge._types import NDArray
from monge.adapters.columns import require_same_names
from monge.adapters.words import first_line
from monge.errors import InputError, sentence
from monge.memory import DEFAULT_BUDGET, format_bytes, require_memory

__all__ = [
    "check_rows",
    "check_subsample",
    "check_target",
    "check_weights",
    "device_of",
    "require_no_target",
    "seed_of",
]

_TYPES = [np.float64, np.float32]

_LARGEST = {np.float64: 1e50, np.float32: 1e15}
"""Well below where squares overflow, as costs and moments multiply and add up several; one over it
is as well above where they vanish."""

logger = logging.getLogger("monge")


def check_rows(
    estimator: BaseEstimator,
    X: Any,
    verb: str,
    *,
    reset: bool = False,
    memory: str | int = DEFAULT_BUDGET,
) -> NDArray:
    """Return rows to fit, move or classify, (k, d).

    Parameters
    ----------
    estimator
        Whose features they must have; with ``reset`` it notes theirs.
    X
        The rows.
    verb
        The method that asks, for the error sentence.
    reset
        Whether the estimator learns its features from X.
    memory
        Budget of a sparse matrix made dense.

    Raises
    ------
    InputError
        If they are no table of finite numbers of these features, the columns of a data frame have
        other names or another order than those of `fit`, or a number is too large to be squared.
    MemoryBudgetError
        If a sparse matrix does not fit the budget, before it is made dense.
    """
    caller = f"Adapter.{verb}"
    if not reset:
        require_same_names(estimator, X, caller, "X")
    array = _array(X, caller, "X", memory)
    if getattr(array, "ndim", 2) == 1:
        required, got = "a table of rows and features", f"shape {tuple(array.shape)}"
        # scikit-learn's contract asks for these very words.
        remedy = "Reshape your data: array.reshape(1, -1) is one row, array.reshape(-1, 1) a column"
        raise InputError(sentence(caller, "X", required, got, remedy))
    try:
        checked: NDArray = validate_data(
            estimator, array, reset=reset, dtype=_TYPES, ensure_all_finite=False
        )
    except ValueError as error:
        required = "a table of numbers, at least one row"
        remedy = "pass one row a sample, with the features that fit was given"
        raise InputError(sentence(caller, "X", required, first_line(error), remedy)) from error
    _require_usable(estimator, checked, caller, "X")
    return checked


def check_target(
    estimator: BaseEstimator, X_target: Any, *, memory: str | int = DEFAULT_BUDGET
) -> NDArray:
    """Return the unlabelled target (m, d), with the features of the source.

    Raises
    ------
    InputError
        If it is empty, not finite, no table of numbers, of other features, or too large.
    MemoryBudgetError
        If a sparse matrix does not fit the budget, before it is made dense.
    """
    caller, name = "Adapter.fit", "X_target"
    require_same_names(estimator, X_target, caller, name)
    array = _array(X_target, caller, name, memory)
    try:
        checked: NDArray = validate_data(
            estimator, array, reset=False, dtype=_TYPES, ensure_all_finite=False
        )
    except ValueError as error:
        width, shape = estimator.n_features_in_, getattr(array, "shape", None)
        fits = shape is None or (len(shape) == 2 and shape[0] > 0 and shape[1] == width)  # noqa: PLR2004 - rows and columns
        required = f"a table of numbers, at least one row of the {width} features of X"
        got = first_line(error) if fits else f"shape {tuple(shape or ())}"
        remedy = "pass one row a sample, with the features of X in their order"
        raise InputError(sentence(caller, name, required, got, remedy)) from error
    _require_usable(estimator, checked, caller, name)
    return checked


def check_views(views: Any, length: int, side: Literal["source", "target"]) -> list[NDArray]:
    """Return other views of the rows of a side as finite arrays, (length, k) each.

    Raises
    ------
    InputError
        If one is not of the rows, or not of finite numbers.
    """
    checked: list[NDArray] = []
    if views is None:
        return checked
    name, of = f"{side}_views", {"source": "X", "target": "X_target"}[side]
    remedy = f"pass for example {name}=[pixels], a row for each row of {of}"
    if not isinstance(views, list | tuple):
        required, got = "a list of matrices", type(views).__name__
        raise InputError(sentence("Adapter.fit", name, required, got, remedy))
    for view in views:
        rows = np.asarray(view.detach().cpu() if isinstance(view, torch.Tensor) else view)
        numbers = rows.dtype.kind in "biuf"
        if rows.ndim != 2 or len(rows) != length or not numbers or not np.isfinite(rows).all():  # noqa: PLR2004 - a matrix
            required = f"a list of matrices of finite numbers, each of {length} rows"
            got = f"one of {rows.dtype} of shape {rows.shape}"
            raise InputError(sentence("Adapter.fit", name, required, got, remedy))
        checked.append(rows if rows.dtype == np.float32 else rows.astype(np.float64))
    return checked


def check_draws(random_state: Any) -> np.random.RandomState:
    """Return the source of random draws.

    Raises
    ------
    InputError
        If it is none.
    """
    try:
        draw: np.random.RandomState = check_random_state(random_state)
    except ValueError as error:
        required, got = "a whole number from 0, a RandomState or None", repr(random_state)
        remedy = "pass for example random_state=0"
        raise InputError(sentence("Adapter", "random_state", required, got, remedy)) from error
    return draw


def seed_of(random_state: Any) -> int:
    """Return a seed: the whole number that is given, or one drawn; errors as in `check_draws`."""
    draw = check_draws(random_state)
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(draw.randint(2**31 - 1))


def check_weights(weights: Any, length: int, name: str) -> NDArray | None:
    """Return one weight a row, (k,) float64, or ``None`` where none are given.

    Raises
    ------
    InputError
        If they are not finite and non-negative, of another length, or all zero.
    """
    if weights is None:
        return None
    caller, remedy = "Adapter.fit", "pass one number a row, 0 for rows that are not to count"
    try:
        array = np.array(_array(weights, caller, name, DEFAULT_BUDGET), dtype=np.float64)
    except (TypeError, ValueError) as error:
        got = first_line(error)
        raise InputError(sentence(caller, name, "numbers", got, remedy)) from error
    if array.shape != (length,):
        required, got = f"of shape ({length},), one a row", f"shape {array.shape}"
    elif not np.isfinite(array).all() or (array < 0).any():
        wrong = int((~(np.isfinite(array) & (array >= 0))).argmax())
        required, got = "finite and at least 0", f"{array[wrong]} in row {wrong}"
    elif not array.any():
        required, got = "a weight above zero somewhere", "only zeros"
    else:
        return array
    raise InputError(sentence(caller, name, required, got, remedy))


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


def device_of(X: Any, asked: str | torch.device | None) -> torch.device:
    """Return where the work is done: as asked, else where a tensor lies, else on the CPU.

    Raises
    ------
    InputError
        If there is no such device here.
    """
    if asked is None:
        return X.device if isinstance(X, torch.Tensor) else torch.device("cpu")
    try:
        return torch.zeros(0, device=asked).device
    except (RuntimeError, AssertionError, TypeError) as error:
        required, remedy = "a device that is here", "pass device='cpu', or None"
        raise InputError(sentence("Adapter", "device", required, repr(asked), remedy)) from error


def _array(values: Any, caller: str, name: str, memory: str | int) -> Any:
    """Bring tensors and sparse matrices to where scikit-learn can look at them."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        halved = values.dtype in (torch.float16, torch.bfloat16)
        return (values.float() if halved else values).numpy()
    if not isinstance(values, sparray | spmatrix):
        return values
    sparse: Any = values
    need = math.prod(sparse.shape) * (4 if sparse.dtype == np.float32 else 8)
    remedy = "pass fewer rows, reduce the features (TruncatedSVD), or give the transport memory"
    require_memory(f"{caller}, dense {name}", need, memory, remedy)
    logger.info("%s: the sparse %s takes %s dense.", caller, name, format_bytes(need))
    return sparse.toarray()


def _require_usable(estimator: BaseEstimator, X: NDArray, caller: str, name: str) -> None:
    """Refuse numbers that are not finite, or whose squares would overflow or vanish."""
    wrong = ~np.isfinite(X).all(axis=1)
    if wrong.any():
        row = int(wrong.argmax())
        got = f"{'NaN' if np.isnan(X[row]).any() else 'infinity (inf)'} in row {row}"
        raise InputError(sentence(caller, name, "finite", got, "drop or impute such rows first"))
    size = np.maximum(X.max(axis=0), -X.min(axis=0))
    most = _LARGEST[X.dtype.type]
    if size.max() > most:
        column = int(size.argmax())
        title = getattr(estimator, "feature_names_in_", range(X.shape[1]))[column]
        required = f"at most {most:.0e} in size as {X.dtype}, so that its squares are finite"
        got = f"{size[column]:.3g} in column {str(title)!r}"
        remedy = "rescale that column, or correct its wrong values"
        raise InputError(sentence(caller, name, required, got, remedy))
    if 0 < size.max() < 1 / most:
        required = f"at least {1 / most:.0e} in size as {X.dtype}, so that squares are above 0"
        got = f"{size.max():.3g} at most"
        raise InputError(sentence(caller, name, required, got, "multiply all by one number"))


def require_no_target(y_target: Any, target_weight: Any, target_prior: Any) -> None:
    """Refuse what says something of a target that is not there.

    Raises
    ------
    InputError
        Naming the parameter.
    """
    for name, value in (("y_target", y_target), ("target_weight", target_weight)):
        if value is not None:
            required, remedy = "left out without X_target", "pass X_target=... as well"
            raise InputError(sentence("Adapter.fit", name, required, "a value", remedy))
    if isinstance(target_prior, str):
        required, remedy = "no estimate without X_target", "pass X_target=... as well"
        raise InputError(
            sentence("Adapter.fit", "target_prior", required, repr(target_prior), remedy)
        )
