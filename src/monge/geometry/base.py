"""The geometry's protocol: a cost between n source and m target points, given in blocks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch

from monge._types import Tensor
from monge.numerics import row_slices

__all__ = ["Factors", "Geometry"]


@dataclass(frozen=True, kw_only=True)
class Factors:
    """A cost that is a product: ``C[i, j] = row[i] + column[j] - <left[i], right[j]>``.

    The squared Euclidean and the cosine cost are of this kind. ``row`` cancels in every softmax
    over the target, so a solver needs only the product and ``column``.

    Attributes
    ----------
    left, right
        (n, k) and (m, k).
    row, column
        (n,) and (m,).

    Examples
    --------
    >>> x, y = torch.tensor([[1.0], [2.0]]), torch.tensor([[4.0]])
    >>> cost = Factors(left=2 * x, right=y, row=x[:, 0] ** 2, column=y[:, 0] ** 2)
    >>> cost.row[:, None] + cost.column - cost.left @ cost.right.T  # (x - y)^2
    tensor([[9.],
            [4.]])
    """

    left: Tensor
    right: Tensor
    row: Tensor
    column: Tensor


class Geometry(ABC):
    """What it costs to move each of n source points to each of m target points.

    A geometry knows no epsilon and no weights. Write `shape`, `dtype`, `device`, `block`, `select`,
    `transpose` and `to`; the rest follows.

    Examples
    --------
    What every geometry can do, here a point cloud:

    >>> from monge.geometry import PointCloud
    >>> cloud = PointCloud(torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0]]), cost="sqeuclidean")
    >>> isinstance(cloud, Geometry), cloud.shape, cloud.max()
    (True, (2, 1), 1.0)
    >>> cloud.mean(torch.tensor([0.5, 0.5]), torch.tensor([1.0]))
    1.0
    """

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """Source rows n and target rows m."""

    @property
    @abstractmethod
    def dtype(self) -> torch.dtype:
        """The floating type that costs come in."""

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Where the blocks are made."""

    def __repr__(self) -> str:
        n, m = self.shape
        return f"{type(self).__name__}({n} x {m}, {self._held})"

    @property
    def _held(self) -> str:
        """Type and place of the costs, to be read."""
        return f"{str(self.dtype).removeprefix('torch.')} on {self.device}"

    @abstractmethod
    def block(self, rows: slice) -> Tensor:
        """Return the costs of some source rows to all targets, (r, m)."""

    @abstractmethod
    def select(self, rows: Tensor | None, columns: Tensor | None) -> Geometry:
        """Return the geometry of some source rows and target columns; ``None`` keeps all."""

    @abstractmethod
    def transpose(self) -> Geometry:
        """Return the geometry with source and target exchanged."""

    @abstractmethod
    def to(self, dtype: torch.dtype) -> Geometry:
        """Return the same geometry in another floating type."""

    def factors(self) -> Factors | None:
        """Return the cost as a product, or ``None`` where it is not one."""
        return None

    def mean(self, a: Tensor, b: Tensor) -> float:
        """Return the mean cost of the independent plan, ``sum_ij a_i b_j C_ij / (sum a sum b)``."""
        a, b = a.double() / a.double().sum(), b.double() / b.double().sum()
        total = 0.0
        for rows in row_slices(*self.shape):
            total += float(a[rows] @ (self.block(rows).double() @ b))
        return total

    def max(self) -> float:
        """Return the largest cost."""
        return max(float(self.block(rows).max()) for rows in row_slices(*self.shape))
