"""Affine maps that match moments: standardise, CORAL, and the Gaussian Monge map.

No plan: these are the baselines that every method is shown beside, and the Gaussian map is the
strongest of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from monge._types import ArrayLike, Tensor
from monge.maps.base import CloudFit, Map, check_points, cloud_of
from monge.maps.shrinkage import Shrinkage, share_rule, shared_share, shrunk
from monge.numerics import moments, symmetric_power
from monge.solvers import Problem
from monge.solvers.options import check_options

__all__ = ["AffineMap", "Coral", "LinearMonge", "Standardise"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class AffineMap(Map):
    """``T(x) = (x - centre) matrix + offset``.

    Attributes
    ----------
    matrix
        (d, d).
    centre, offset
        (d,), the source mean and the target mean.

    Examples
    --------
    >>> turn = AffineMap(
    ...     matrix=torch.tensor([[0.0, 1.0], [-1.0, 0.0]]),
    ...     centre=torch.tensor([1.0, 1.0]),
    ...     offset=torch.tensor([5.0, 5.0]),
    ... )
    >>> turn(torch.tensor([[1.0, 1.0], [3.0, 1.0]]))
    tensor([[5., 5.],
            [5., 7.]])
    """

    matrix: Tensor
    centre: Tensor
    offset: Tensor

    @property
    def width(self) -> int:
        """Features d of the points it takes and gives."""
        return len(self.offset)

    def __call__(self, points: ArrayLike) -> Tensor:
        """Move points, (k, d) -> (k, d)."""
        moving = check_points(points, self.width, "AffineMap").to(self.matrix)
        moved: Tensor = (moving - self.centre) @ self.matrix + self.offset
        return moved


def _map(problem: Problem, matrix: Tensor, source_mean: Tensor, target_mean: Tensor) -> AffineMap:
    """Bring the parts, (d, d), (d,), (d,) float64, to the problem's type."""
    dtype = problem.geometry.dtype
    return AffineMap(
        matrix=matrix.to(dtype), centre=source_mean.to(dtype), offset=target_mean.to(dtype)
    )


@dataclass(frozen=True, kw_only=True)
class Standardise(CloudFit):
    """Give each source feature the target's mean and deviation.

    A feature that is constant in the source has no deviation to scale: it is shifted alone.

    Examples
    --------
    >>> from monge import PointCloud, Problem
    >>> x, y = torch.tensor([[-1.0, 0.0], [1.0, 2.0]]), torch.tensor([[4.0, 0.0], [6.0, 20.0]])
    >>> Standardise().fit(Problem(PointCloud(x, y)))(x)
    tensor([[ 4.,  0.],
            [ 6., 20.]])
    """

    def fit(self, problem: Problem) -> AffineMap:
        """Make the map that moves the source of a problem to its target."""
        cloud = cloud_of(problem, "Standardise")
        source_mean, source = moments(cloud.x, problem.a)
        target_mean, target = moments(cloud.y, problem.b)
        spread, wanted = source.diagonal().sqrt(), target.diagonal().sqrt()
        # Read from the points: the deviation of equal numbers is rounding, not zero.
        present = cloud.x[problem.a > 0]
        varies = present.amax(0) > present.amin(0)
        scale = torch.where(varies, wanted / spread.clamp_min(1e-300), 1.0)
        return _map(problem, scale.diag(), source_mean, target_mean)


def _unspanned(covariance: Tensor) -> Tensor:
    """Return the projector onto the directions in which a covariance (d, d) is zero."""
    whole = torch.eye(len(covariance), dtype=covariance.dtype, device=covariance.device)
    return whole - symmetric_power(covariance, 0.0)


def _covariances(
    problem: Problem, shrinkage: Shrinkage, caller: str
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return mean (d,) and shrunk covariance (d, d) of the source, then of the target."""
    cloud = cloud_of(problem, caller)
    share = shared_share(shrinkage, (cloud.x, problem.a), (cloud.y, problem.b))
    source_mean, source = moments(cloud.x, problem.a)
    target_mean, target = moments(cloud.y, problem.b)
    return (source_mean, shrunk(source, share)), (target_mean, shrunk(target, share))


@dataclass(frozen=True, kw_only=True)
class Coral(CloudFit):
    """Whiten the source and colour it like the target (CORAL; Sun, Feng and Saenko 2016).

    ``A = Cs^(-1/2) Ct^(1/2)``, both means moved onto the target's. Directions in which the source
    does not vary are left alone.

    Parameters
    ----------
    shrinkage
        Share of a multiple of the identity mixed into both covariances, in [0, 1]; by default it
        is estimated (Ledoit and Wolf 2004), which is right for fewer rows than features too.

    Raises
    ------
    InputError
        If the shrinkage is no such share.

    Examples
    --------
    >>> from monge import PointCloud, Problem
    >>> x = torch.tensor([[-1.0, 0.0], [1.0, 0.0], [0.0, -1.0], [0.0, 1.0]])
    >>> Coral(shrinkage=0).fit(Problem(PointCloud(x, 2 * x + 5)))(x)[0]
    tensor([3., 5.])
    """

    shrinkage: Shrinkage = "ledoit-wolf"

    def __post_init__(self) -> None:
        check_options(self, shrinkage=share_rule())

    def fit(self, problem: Problem) -> AffineMap:
        """Make the map that moves the source of a problem to its target."""
        (source_mean, source), (target_mean, target) = _covariances(
            problem, self.shrinkage, "Coral"
        )
        matrix = symmetric_power(source, -0.5) @ symmetric_power(target, 0.5)
        return _map(problem, matrix + _unspanned(source), source_mean, target_mean)


@dataclass(frozen=True, kw_only=True)
class LinearMonge(CloudFit):
    """The optimal map between the Gaussians of both clouds.

    ``A = Cs^(-1/2) (Cs^(1/2) Ct Cs^(1/2))^(1/2) Cs^(-1/2)`` (Knott and Smith 1984; Flamary, Lounici
    and Ferrari 2019), symmetric and positive: of all affine maps onto the target's moments the one
    that moves the points the least. Directions in which the source does not vary have no moments to
    match and are left alone: A is the identity there.

    Parameters
    ----------
    shrinkage
        Share of a multiple of the identity mixed into both covariances, in [0, 1]; by default it
        is estimated (Ledoit and Wolf 2004), which is right for fewer rows than features too.

    Raises
    ------
    InputError
        If the shrinkage is no such share.

    Examples
    --------
    >>> from monge import PointCloud, Problem
    >>> x = torch.tensor([[-1.0, 7.0], [1.0, 7.0]])
    >>> moved = LinearMonge(shrinkage=0).fit(Problem(PointCloud(x, 2 * x)))
    >>> moved(torch.tensor([[1.0, 7.0], [1.0, 8.0]]))
    tensor([[ 2., 14.],
            [ 2., 15.]])
    """

    shrinkage: Shrinkage = "ledoit-wolf"

    def __post_init__(self) -> None:
        check_options(self, shrinkage=share_rule())

    def fit(self, problem: Problem) -> AffineMap:
        """Make the map that moves the source of a problem to its target."""
        (source_mean, source), (target_mean, target) = _covariances(
            problem, self.shrinkage, "LinearMonge"
        )
        root, inverse = symmetric_power(source, 0.5), symmetric_power(source, -0.5)
        matrix = inverse @ symmetric_power(root @ target @ root, 0.5) @ inverse
        return _map(problem, matrix + _unspanned(source), source_mean, target_mean)
