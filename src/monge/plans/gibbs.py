"""The Gibbs kernel exp(-C/eps), as scores in blocks: what every entropic formula is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch

from monge._types import Tensor
from monge.geometry import Geometry

__all__ = ["GibbsKernel"]


@dataclass(frozen=True, eq=False)
class GibbsKernel:
    """Scores ``bias_j - C_ij / eps + offset_i`` of a geometry at one epsilon.

    Where the cost is a product (`Geometry.factors`), the offset is the part of the cost that
    depends on the source row alone: it cancels in every softmax over the target and is never added,
    which saves a pass and, in float32, the digits that its size would cost. Elsewhere it is zero.

    Attributes
    ----------
    geometry
        The cost, (n, m).
    epsilon
        Positive, in the units of the cost.
    """

    geometry: Geometry
    epsilon: float

    @cached_property
    def _product(self) -> tuple[Tensor, Tensor] | None:
        """The two sides of the product, the right one divided by epsilon: (n, k) and (k, m)."""
        factors = self.geometry.factors()
        if factors is None:
            return None
        right = (factors.right.double() / self.epsilon).to(self.geometry.dtype)
        return factors.left, right.T.contiguous()

    @cached_property
    def _column(self) -> Tensor:
        """The part of the cost that depends on the target alone, over epsilon: (m,) float64."""
        factors = self.geometry.factors()
        if factors is None:
            shape = self.geometry.shape[1]
            return torch.zeros(shape, dtype=torch.float64, device=self.geometry.device)
        return factors.column.double() / self.epsilon

    @cached_property
    def offset(self) -> Tensor:
        """What each row's scores leave out, (n,) float64."""
        factors = self.geometry.factors()
        if factors is None:
            shape = self.geometry.shape[0]
            return torch.zeros(shape, dtype=torch.float64, device=self.geometry.device)
        return factors.row.double() / self.epsilon

    def scores(self, rows: slice, bias: Tensor) -> Tensor:
        """Return the scores of a block of rows.

        Parameters
        ----------
        rows
            Source rows.
        bias
            (m,) float64, added to every row; ``-inf`` shuts a column out.

        Returns
        -------
        Tensor
            (r, m) in the geometry's type.
        """
        dtype = self.geometry.dtype
        if self._product is None:
            block = self.geometry.block(rows)
            return (bias - block.double() / self.epsilon).to(dtype)
        left, right = self._product
        return torch.addmm((bias - self._column).to(dtype), left[rows], right)
