"""A cost with a table by class on top: what class-aware transports add to a geometry."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.geometry.base import Factors, Geometry

__all__ = ["OffsetCost"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class OffsetCost(Geometry):
    """``C = base + left right'``, never made whole.

    With ``left`` the memberships of the source rows and ``right`` a table by class (`by_class`),
    each source row pays at each target what its class pays there.

    Attributes
    ----------
    base
        The cost, (n, m).
    left, right
        (n, L) and (m, L).

    Raises
    ------
    InputError
        If the shapes do not fit or a value is not finite.

    Examples
    --------
    >>> from monge.geometry import DenseCost
    >>> base, table = DenseCost(torch.zeros(3, 2)), torch.tensor([[0.0, 5.0], [7.0, 0.0]])
    >>> OffsetCost.by_class(base, table, torch.tensor([0, 1, 1])).block(slice(0, 3))
    tensor([[0., 5.],
            [7., 0.],
            [7., 0.]])
    """

    base: Geometry
    left: Tensor
    right: Tensor

    def __post_init__(self) -> None:
        n, m = self.base.shape
        left, right = self.left.to(self.base.dtype), self.right.to(self.base.dtype)
        fits = left.ndim == 2 and left.shape[0] == n and right.shape == (m, left.shape[1])  # noqa: PLR2004 - matrices
        if not fits or not bool(torch.isfinite(left).all() and torch.isfinite(right).all()):
            required = f"finite, of shapes ({n}, L) and ({m}, L)"
            got = f"shapes {tuple(left.shape)} and {tuple(right.shape)}"
            remedy = "pass one row per point on each side"
            raise InputError(sentence("OffsetCost", "left, right", required, got, remedy))
        object.__setattr__(self, "left", left)
        object.__setattr__(self, "right", right)

    @classmethod
    def by_class(cls, base: Geometry, table: Tensor, labels: Tensor) -> OffsetCost:
        """Add ``table[labels[i], j]`` to a cost: ``table`` (L, m), ``labels`` (n,) from 0."""
        member = torch.nn.functional.one_hot(labels.to(base.device), len(table))
        return cls(base=base, left=member, right=table.T.to(base.device))

    @property
    def shape(self) -> tuple[int, int]:
        """Source rows n and target rows m."""
        return self.base.shape

    @property
    def dtype(self) -> torch.dtype:
        """The floating type that costs come in."""
        return self.base.dtype

    @property
    def device(self) -> torch.device:
        """Where the blocks are made."""
        return self.base.device

    def block(self, rows: slice) -> Tensor:
        """Return the costs of some source rows to all targets, (r, m)."""
        return torch.addmm(self.base.block(rows), self.left[rows], self.right.T)

    def factors(self) -> Factors | None:
        """Return the cost as a product with L more columns, where the base is a product."""
        base = self.base.factors()
        if base is None:
            return None
        return Factors(
            left=torch.cat([base.left, self.left], dim=1),
            right=torch.cat([base.right, -self.right], dim=1),
            row=base.row,
            column=base.column,
        )

    def select(self, rows: Tensor | None, columns: Tensor | None) -> OffsetCost:
        """Return the geometry of some source rows and target columns; ``None`` keeps all."""
        return OffsetCost(
            base=self.base.select(rows, columns),
            left=self.left if rows is None else self.left[rows],
            right=self.right if columns is None else self.right[columns],
        )

    def transpose(self) -> OffsetCost:
        """Return the geometry with source and target exchanged."""
        return OffsetCost(base=self.base.transpose(), left=self.right, right=self.left)

    def to(self, dtype: torch.dtype) -> OffsetCost:
        """Return the same geometry in another floating type."""
        return replace(self, base=self.base.to(dtype))
