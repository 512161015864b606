"""A plan that is a matrix."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from monge._types import Tensor
from monge.plans.base import Plan

__all__ = ["DensePlan"]


@dataclass(frozen=True, eq=False, repr=False)
class DensePlan(Plan):
    """Mass given as a matrix (n, m).

    Examples
    --------
    >>> plan = DensePlan(torch.tensor([[0.5, 0.0], [0.0, 0.5]]))
    >>> plan.push(torch.tensor([[1.0], [3.0]]))
    tensor([[0.5000],
            [1.5000]])
    """

    matrix: Tensor

    @property
    def shape(self) -> tuple[int, int]:
        """Source rows n and target rows m."""
        return int(self.matrix.shape[0]), int(self.matrix.shape[1])

    @property
    def dtype(self) -> torch.dtype:
        """The floating type of the mass."""
        return self.matrix.dtype

    @property
    def device(self) -> torch.device:
        """Where the matrix lies."""
        return self.matrix.device

    def rows(self, start: int, stop: int) -> Tensor:
        """Return the mass sent by the source rows ``start`` to ``stop``, (stop - start, m)."""
        return self.matrix[start:stop]
