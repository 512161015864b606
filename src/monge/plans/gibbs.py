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
        """Return the scores of a block of rows, see `at`."""
        return self.at(bias).block(rows)

    def at(self, bias: Tensor) -> Scores:
        """Fix the bias of the columns, (m,) float64; ``-inf`` shuts a column out."""
        dtype = self.geometry.dtype
        if self._product is None:
            return Scores(self, bias, None)
        return Scores(self, (bias - self._column).to(dtype), self._product)


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores of a kernel at one bias: ``bias_j - C_ij / eps``, without the row's offset."""

    kernel: GibbsKernel
    bias: Tensor
    product: tuple[Tensor, Tensor] | None

    def block(self, rows: slice, shift: Tensor | None = None) -> Tensor:
        """Return the scores of a block of rows, less a number for each row where given.

        Parameters
        ----------
        rows
            Source rows.
        shift
            (r,) in the geometry's type.

        Returns
        -------
        Tensor
            (r, m) in the geometry's type.
        """
        if self.product is None:
            geometry = self.kernel.geometry
            block = self.bias - geometry.block(rows).double() / self.kernel.epsilon
            if shift is not None:
                block -= shift.double()[:, None]
            return block.to(geometry.dtype)
        left, right = self.product
        if shift is None:
            return torch.addmm(self.bias, left[rows], right)
        # The bias and the shift ride along in the product: no pass of their own.
        one = torch.ones_like(shift)[:, None]
        return torch.cat([left[rows], one, -shift[:, None]], 1) @ self._augmented

    @cached_property
    def _augmented(self) -> Tensor:
        """The right side of the product with the bias and a row of ones below it, (k + 2, m)."""
        if self.product is None:
            raise AssertionError("unreachable: only a product is augmented")
        right = self.product[1]
        return torch.cat([right, self.bias[None], torch.ones_like(self.bias)[None]])
