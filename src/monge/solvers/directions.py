"""Points as directions: standardised by the moments of their own domain, then of length one."""

from __future__ import annotations

import torch

from monge._types import Tensor
from monge.numerics import moments

__all__ = ["directions", "standardised", "unit"]


def unit(rows: Tensor) -> Tensor:
    """Divide each row by its length; a row of zeros has no direction and stays.

    Examples
    --------
    >>> unit(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
    tensor([[0.6000, 0.8000],
            [0.0000, 0.0000]])
    """
    length = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    return torch.where(length > 0, rows / length, 0.0)


def standardised(points: Tensor, weights: Tensor) -> Tensor:
    """Give each feature of weighted points (n, d) mean zero and variance one, float64.

    A feature that is constant where there is mass says nothing and becomes zero.

    Examples
    --------
    >>> standardised(torch.tensor([[1.0, 7.0], [3.0, 7.0]]), torch.ones(2))
    tensor([[-1.,  0.],
            [ 1.,  0.]], dtype=torch.float64)
    """
    mean, covariance = moments(points, weights)
    present = points[weights > 0]
    varies = present.amax(0) > present.amin(0)
    scale = torch.where(varies, covariance.diagonal().clamp_min(1e-300).rsqrt(), 0.0)
    return (points.double() - mean) * scale


def directions(points: Tensor, weights: Tensor) -> Tensor:
    """Standardise weighted points (n, d) by their own moments and make each of length one, float64.

    Examples
    --------
    >>> directions(torch.tensor([[1.0, 7.0], [4.0, 7.0]]), torch.ones(2))
    tensor([[-1.,  0.],
            [ 1.,  0.]], dtype=torch.float64)
    """
    return unit(standardised(points, weights))
