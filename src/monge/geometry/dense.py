"""A cost matrix that is given, not computed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from monge._types import Tensor
from monge.geometry.base import Geometry
from monge.geometry.cloud import as_points

__all__ = ["DenseCost"]


@dataclass(frozen=True, eq=False, repr=False)
class DenseCost(Geometry):
    """A given cost matrix (n, m): the geometry of problems that have no points.

    Raises
    ------
    InputError
        If the matrix is not finite, empty, or not two-dimensional.

    Examples
    --------
    >>> cost = DenseCost(torch.tensor([[0.0, 1.0, 4.0], [1.0, 0.0, 1.0]]))
    >>> cost.shape, cost.max()
    ((2, 3), 4.0)
    >>> cost.block(slice(0, 1))
    tensor([[0., 1., 4.]])
    """

    matrix: Tensor

    def __post_init__(self) -> None:
        object.__setattr__(self, "matrix", as_points(self.matrix, "DenseCost", "matrix"))

    @property
    def shape(self) -> tuple[int, int]:
        """Source rows n and target rows m."""
        return int(self.matrix.shape[0]), int(self.matrix.shape[1])

    @property
    def dtype(self) -> torch.dtype:
        """The floating type of the matrix."""
        return self.matrix.dtype

    @property
    def device(self) -> torch.device:
        """Where the matrix lies."""
        return self.matrix.device

    def block(self, rows: slice) -> Tensor:
        """Return the costs of some source rows to all targets, (r, m)."""
        return self.matrix[rows]

    def select(self, rows: Tensor | None, columns: Tensor | None) -> DenseCost:
        """Return the cost of some source rows and target columns; ``None`` keeps all."""
        matrix = self.matrix if rows is None else self.matrix[rows]
        return replace(self, matrix=matrix if columns is None else matrix[:, columns])

    def transpose(self) -> DenseCost:
        """Return the cost with source and target exchanged."""
        return replace(self, matrix=self.matrix.T)

    def to(self, dtype: torch.dtype) -> DenseCost:
        """Return the same cost in another floating type."""
        return replace(self, matrix=self.matrix.to(dtype))
