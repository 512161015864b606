"""Rows with the names of their columns, as scikit-learn knows them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from monge._types import NDArray

__all__ = ["frame"]


def frame(values: NDArray, names: Sequence[str]) -> pd.DataFrame:
    """Return a matrix (rows, columns) as a data frame, without a copy."""
    return pd.DataFrame(values, columns=list(names), copy=False)
