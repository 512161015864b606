"""The entropic plan: two potentials and a geometry, nothing of size n x m."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch

from monge._types import Tensor
from monge.geometry import Geometry
from monge.plans.base import Plan
from monge.plans.gibbs import GibbsKernel

__all__ = ["EntropicPlan"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class EntropicPlan(Plan):
    """``P_ij = a_i b_j exp((f_i + g_j - C_ij) / eps)``.

    Attributes
    ----------
    geometry
        The cost, (n, m).
    epsilon
        Positive, in the units of the cost.
    a, b
        Reference weights, (n,) and (m,); zero weights send and receive nothing.
    f, g
        Potentials, (n,) and (m,) float64, in the units of the cost.

    Examples
    --------
    >>> from monge.geometry import DenseCost
    >>> half, zero = torch.tensor([0.5, 0.5]), torch.zeros(2, dtype=torch.float64)
    >>> cost = DenseCost(torch.zeros(2, 2))
    >>> EntropicPlan(geometry=cost, epsilon=1.0, a=half, b=half, f=zero, g=zero).dense()
    tensor([[0.2500, 0.2500],
            [0.2500, 0.2500]])
    """

    geometry: Geometry
    epsilon: float
    a: Tensor
    b: Tensor
    f: Tensor
    g: Tensor

    def __repr__(self) -> str:
        return f"EntropicPlan({self.geometry!r}, epsilon={self.epsilon:.3g})"

    @property
    def shape(self) -> tuple[int, int]:
        """Source rows n and target rows m."""
        return self.geometry.shape

    @property
    def dtype(self) -> torch.dtype:
        """The floating type of the mass."""
        return self.geometry.dtype

    @property
    def device(self) -> torch.device:
        """Where the blocks are made."""
        return self.geometry.device

    @cached_property
    def _kernel(self) -> GibbsKernel:
        return GibbsKernel(self.geometry, self.epsilon)

    @cached_property
    def _row_bias(self) -> Tensor:
        """``log a + f / eps`` less the kernel's offset, (n,) float64."""
        bias = self.a.double().log() + self.f.double() / self.epsilon - self._kernel.offset
        return bias.to(self.dtype)

    @cached_property
    def _column_bias(self) -> Tensor:
        """``log b + g / eps``, (m,) float64."""
        return self.b.double().log() + self.g.double() / self.epsilon

    def rows(self, start: int, stop: int) -> Tensor:
        """Return the mass sent by the source rows ``start`` to ``stop``, (stop - start, m)."""
        rows = slice(start, stop)
        scores = self._kernel.scores(rows, self._column_bias)
        return scores.add_(self._row_bias[rows][:, None]).exp_()
