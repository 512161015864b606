"""A plan with few entries: an exact plan has at most n + m - 1 of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from monge._types import ArrayLike, Tensor
from monge.plans.base import Plan

__all__ = ["SparsePlan"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SparsePlan(Plan):
    """Mass given by its entries; they are kept sorted by row.

    Attributes
    ----------
    row, column
        (e,) int64, in any order.
    mass
        (e,) non-negative.
    size
        Source rows n and target rows m.

    Examples
    --------
    >>> entry = torch.tensor([0, 1])
    >>> plan = SparsePlan(row=entry, column=entry, mass=torch.tensor([0.25, 0.75]), size=(2, 2))
    >>> plan.dense()
    tensor([[0.2500, 0.0000],
            [0.0000, 0.7500]])
    """

    row: Tensor
    column: Tensor
    mass: Tensor
    size: tuple[int, int]

    def __post_init__(self) -> None:
        order = torch.argsort(self.row, stable=True)
        for name in ("row", "column", "mass"):
            object.__setattr__(self, name, getattr(self, name)[order])

    @property
    def shape(self) -> tuple[int, int]:
        """Source rows n and target rows m."""
        return self.size

    @property
    def dtype(self) -> torch.dtype:
        """The floating type of the mass."""
        return self.mass.dtype

    @property
    def device(self) -> torch.device:
        """Where the entries lie."""
        return self.mass.device

    def rows(self, start: int, stop: int) -> Tensor:
        """Return the mass sent by the source rows ``start`` to ``stop``, (stop - start, m)."""
        bounds = torch.tensor([start, stop], device=self.device)
        first, last = (int(v) for v in torch.searchsorted(self.row, bounds))
        block = self.mass.new_zeros(stop - start, self.size[1])
        place = (self.row[first:last] - start, self.column[first:last])
        return block.index_put_(place, self.mass[first:last], accumulate=True)

    def push(self, v: ArrayLike) -> Tensor:
        """Carry columns from the source to the target, ``P' v``: (n, k) -> (m, k)."""
        v = self._columns(v, self.size[0], "push")
        moved = v.new_zeros(self.size[1], v.shape[1])
        return moved.index_add_(0, self.column, self.mass[:, None] * v[self.row])

    def pull(self, v: ArrayLike) -> Tensor:
        """Carry columns from the target to the source, ``P v``: (m, k) -> (n, k)."""
        v = self._columns(v, self.size[1], "pull")
        moved = v.new_zeros(self.size[0], v.shape[1])
        return moved.index_add_(0, self.row, self.mass[:, None] * v[self.column])
