"""Array aliases and literal option names, shared by every room.

Shape letters, fixed everywhere: ``n`` source rows, ``m`` target rows, ``d`` features, ``L``
classes, ``k`` columns carried along. Source ``x`` (n, d), weights ``a`` (n,), potential ``f`` (n,);
target ``y`` (m, d), weights ``b`` (m,), potential ``g`` (m,); labels are always ``labels``.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
import torch

__all__ = ["ArrayLike", "CostName", "EpsilonScale", "NDArray", "Tensor"]

Tensor: TypeAlias = torch.Tensor
NDArray: TypeAlias = np.ndarray[Any, np.dtype[Any]]
ArrayLike: TypeAlias = NDArray | torch.Tensor
"""What the border accepts: arrays and tensors (data frames are turned into arrays there)."""

CostName: TypeAlias = Literal["sqeuclidean", "euclidean", "cosine"]
EpsilonScale: TypeAlias = Literal["mean", "max", "absolute"]
"""What epsilon is relative to: the mean cost, the largest cost, or nothing."""
