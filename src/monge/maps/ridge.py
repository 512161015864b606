"""The affine map that follows a plan, kept near a shift (Perrot et al. 2016, linear case)."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from monge._types import Tensor
from monge.maps.affine import AffineMap
from monge.maps.regression import Fit, Regression, Regressor
from monge.numerics import moments
from monge.solvers.options import check_options, positive

__all__ = ["Ridge"]


@dataclass(frozen=True, kw_only=True)
class Ridge(Regression):
    """Fit ``T(x) = (x - centre) M + offset`` to the images of a plan, M near the identity.

    ``R(T) = s |M - I|^2`` with s the mean variance of the source features, so that eta has no unit;
    the offset is free. Directions in which the source does not vary are left alone.

    Parameters
    ----------
    eta
        Strength of the regularisation, positive.

    Raises
    ------
    InputError
        If eta is not positive.

    Examples
    --------
    >>> from monge import Exact, PointCloud, Problem
    >>> x = torch.tensor([[0.0], [1.0], [2.0]])
    >>> moved = Ridge(eta=1e-6).fit(Exact().solve(Problem(PointCloud(x, 3 * x + 1))))
    >>> moved(torch.tensor([[5.0]])).round(decimals=3)
    tensor([[16.]])
    """

    eta: float = 0.01

    def __post_init__(self) -> None:
        check_options(self, eta=positive("pass for example eta=0.01"))

    def prepare(self, x: Tensor, weights: Tensor) -> Regressor:
        """Make the regression on rows, (n, d), with positive weights (n,) float64 of sum one."""
        centre, covariance = moments(x, weights)
        variance = float(covariance.diagonal().mean())
        strength = self.eta * variance if variance > 0 else 1.0
        size = torch.eye(len(centre), dtype=torch.float64, device=x.device)
        return _Affine(
            centred=x.double() - centre,
            weights=weights,
            centre=centre,
            strength=strength,
            root=torch.linalg.cholesky(covariance + strength * size),
            dtype=x.dtype,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Affine(Regressor):
    """Ridge regression of displacements on centred rows (n, d), by the Cholesky root (d, d)."""

    centred: Tensor
    weights: Tensor
    centre: Tensor
    strength: float
    root: Tensor
    dtype: torch.dtype

    def fit(self, images: Tensor) -> Fit:
        """Fit the map that sends the rows to images, (n, d) float64."""
        offset = self.weights @ images
        way = images - offset - self.centred
        change = torch.cholesky_solve((self.centred * self.weights[:, None]).T @ way, self.root)
        matrix = change + torch.eye(len(change), dtype=change.dtype, device=change.device)
        return Fit(
            AffineMap(
                matrix=matrix.to(self.dtype),
                centre=self.centre.to(self.dtype),
                offset=offset.to(self.dtype),
            ),
            self.centred @ matrix + offset,
            self.strength * float(change.square().sum()),
        )
