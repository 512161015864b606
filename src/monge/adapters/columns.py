"""The columns of a data frame, which must be those of the fit."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from sklearn.base import BaseEstimator

from monge.errors import InputError, sentence

__all__ = ["require_same_names"]


def require_same_names(estimator: BaseEstimator, X: Any, caller: str, name: str) -> None:
    """Refuse a data frame whose columns are not those of `fit` in their order.

    scikit-learn refuses them too, over several lines.

    Raises
    ------
    InputError
        Naming the first column that differs.
    """
    names, columns = getattr(estimator, "feature_names_in_", None), getattr(X, "columns", None)
    if names is None or columns is None or not all(isinstance(title, str) for title in columns):
        return
    differing = (pair for pair in enumerate(zip_longest(columns, names)) if len(set(pair[1])) > 1)
    place, pair = next(differing, (0, None))
    if pair is None:
        return
    title, wanted = ("nothing" if one is None else repr(str(one)) for one in pair)
    # The last words are scikit-learn's own.
    required = "of the columns of fit in their order, as the feature names should match"
    order = "frame[list(adapter.feature_names_in_)]" if name == "X" else "X_target[X.columns]"
    got, remedy = f"{title} where fit had {wanted}, column {place}", f"pass {order}, or rename them"
    raise InputError(sentence(caller, name, required, got, remedy))
