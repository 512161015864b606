"""The smooth map that follows a plan, a sum of Gaussian bumps (Perrot et al. 2016, kernel case)."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import torch

from monge._types import ArrayLike, Tensor
from monge.maps.base import Map, check_points
from monge.maps.regression import Fit, Regression, Regressor
from monge.memory import DEFAULT_BUDGET, parse_bytes, require_memory
from monge.numerics import moments, row_slices
from monge.solvers.options import check_options, or_none, positive

__all__ = ["Kernel", "KernelMap"]

_SQUARES = 3
"""Matrices of n x n in float64 that a fit holds: the kernel, its regularised form, the root."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class KernelMap(Map):
    """``T(x) = offset + sum_i exp(-|x - x_i|^2 / (2 bandwidth^2)) coefficients_i``.

    Far from every anchor it is the offset.

    Attributes
    ----------
    anchors
        Fitted points x_i, (n, d).
    coefficients
        (n, d) float64.
    offset
        (d,) float64.
    bandwidth
        In the units of the points.

    Examples
    --------
    >>> bump = KernelMap(
    ...     anchors=torch.tensor([[0.0]]),
    ...     coefficients=torch.tensor([[2.0]]).double(),
    ...     offset=torch.tensor([1.0]).double(),
    ...     bandwidth=1.0,
    ... )
    >>> bump(torch.tensor([[0.0], [1.0], [9.0]]))
    tensor([[3.0000],
            [2.2131],
            [1.0000]])
    """

    anchors: Tensor
    coefficients: Tensor
    offset: Tensor
    bandwidth: float

    @property
    def width(self) -> int:
        """Features d of the points it takes and gives."""
        return int(self.anchors.shape[1])

    def __call__(self, points: ArrayLike) -> Tensor:
        """Move points, (k, d) -> (k, d)."""
        moving = check_points(points, self.width, "KernelMap").to(self.anchors)
        moved = torch.empty_like(moving)
        for rows in row_slices(len(moving), len(self.anchors)):
            bumps = _gaussian(moving[rows], self.anchors, self.bandwidth)
            moved[rows] = (bumps @ self.coefficients + self.offset).to(moved.dtype)
        return moved


@dataclass(frozen=True, kw_only=True)
class Kernel(Regression):
    """Fit a sum of Gaussian bumps, one at each source row, and an offset to the images of a plan.

    ``R(T)`` is the squared norm of the sum in the space of the kernel; the offset is free.

    Parameters
    ----------
    eta
        Strength of the regularisation, positive.
    bandwidth
        Deviation of a bump in the units of the points; by default the root mean square distance of
        two source rows.
    memory
        Budget of the matrices, three of size n x n.

    Raises
    ------
    InputError
        If an option is out of its range.

    Examples
    --------
    >>> from monge import Exact, PointCloud, Problem
    >>> x = torch.tensor([[0.0], [1.0], [2.0]])
    >>> moved = Kernel(eta=1e-6).fit(Exact().solve(Problem(PointCloud(x, x + 1))))
    >>> moved(x).round(decimals=3)
    tensor([[1.],
            [2.],
            [3.]])
    """

    eta: float = 1e-3
    bandwidth: float | None = None
    memory: str | int = DEFAULT_BUDGET

    def __post_init__(self) -> None:
        width = positive("leave it out to take the spread of the source")
        check_options(self, eta=positive("pass for example eta=0.01"), bandwidth=or_none(width))
        parse_bytes(self.memory, caller="Kernel")

    def prepare(self, x: Tensor, weights: Tensor) -> Regressor:
        """Make the regression on rows, (n, d), with positive weights (n,) float64 of sum one.

        Raises
        ------
        MemoryBudgetError
            If the matrices do not fit.
        """
        remedy = "use fewer source rows (Adapter: subsample), or raise memory"
        require_memory("Kernel", _SQUARES * len(x) ** 2 * 8, self.memory, remedy)
        bandwidth = self.bandwidth
        if bandwidth is None:
            # Two independent rows are 2 tr(cov) apart in mean square.
            spread = sqrt(2 * float(moments(x, weights)[1].trace()))
            bandwidth = spread if spread > 0 else 1.0
        gram = _gaussian(x, x, bandwidth)
        root = torch.linalg.cholesky(gram + (self.eta / weights).diag())
        ones = torch.ones(len(x), 1, dtype=torch.float64, device=x.device)
        return _Bumps(
            anchors=x,
            eta=self.eta,
            bandwidth=bandwidth,
            gram=gram,
            root=root,
            level=torch.cholesky_solve(ones, root),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Bumps(Regressor):
    """Kernel ridge regression with a free offset, by the Cholesky root of K + eta diag(1 / w).

    The least squares ask for ``(K + eta diag(1 / w)) L + 1 o' = B`` and ``1' L = 0``.
    """

    anchors: Tensor
    eta: float
    bandwidth: float
    gram: Tensor
    root: Tensor
    level: Tensor

    def fit(self, images: Tensor) -> Fit:
        """Fit the map that sends the rows to images, (n, d) float64."""
        offset = (self.level.T @ images / self.level.sum())[0]
        coefficients = torch.cholesky_solve(images - offset, self.root)
        bumps = self.gram @ coefficients
        return Fit(
            KernelMap(
                anchors=self.anchors,
                coefficients=coefficients,
                offset=offset,
                bandwidth=self.bandwidth,
            ),
            bumps + offset,
            self.eta * float((coefficients * bumps).sum()),
        )


def _gaussian(x: Tensor, anchors: Tensor, bandwidth: float) -> Tensor:
    """Return ``exp(-|x - x_i|^2 / (2 bandwidth^2))`` in float64, (k, n)."""
    centre = anchors.double().mean(0)
    square = torch.cdist(x.double() - centre, anchors.double() - centre).square()
    return square.mul_(-0.5 / bandwidth**2).exp_()
