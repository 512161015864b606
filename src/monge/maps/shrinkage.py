"""Covariances of few rows, shrunk towards a ball (Ledoit and Wolf 2004).

A sample covariance of n rows has eigenvalues that are too wide apart, and zeros where n <= d. Mixed
with the multiple of the identity of equal trace it is nearer to the truth; the share that is best
in mean square can be read from the rows.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch

from monge._types import Tensor
from monge.numerics import moments, row_slices
from monge.solvers.options import Rule, between

__all__ = ["Shrinkage", "ledoit_wolf", "share_rule", "shared_share", "shrunk"]

Shrinkage: TypeAlias = float | Literal["ledoit-wolf"]
"""Share of the identity in [0, 1], or ``"ledoit-wolf"`` to read it from the rows."""


def share_rule() -> Rule:
    """Ask for a share, or for the name of the estimate."""
    share = between(0, 1, "pass for example shrinkage=0.01")
    return Rule(
        holds=lambda value: (
            share.holds(value) or (isinstance(value, str) and value == "ledoit-wolf")
        ),
        required=f"{share.required}, or 'ledoit-wolf'",
        remedy=share.remedy,
    )


def ledoit_wolf(x: Tensor, weights: Tensor) -> float:
    """Estimate the share of the identity that brings a covariance nearest to the truth.

    Parameters
    ----------
    x
        Points, (n, d).
    weights
        Non-negative, (n,); their sum is divided out.

    Returns
    -------
    float
        ``min(b, c) / c`` in [0, 1] with ``b = sum_i w_i^2 |x_i x_i' - S|^2``, the variance of the
        covariance S, and ``c = |S - tr(S) / d I|^2`` (Ledoit and Wolf 2004, lemma 3.2 to 3.4; for
        equal weights as there). Zero where S is a ball already.

    Examples
    --------
    >>> x = torch.randn(6, 40, generator=torch.Generator().manual_seed(0))
    >>> ledoit_wolf(x, torch.ones(6)) > 0.5
    True
    """
    share = weights.double() / weights.double().sum()
    mean, covariance = moments(x, weights)
    square = float(covariance.square().sum())
    spread = square - float(covariance.trace()) ** 2 / len(covariance)
    variance = 0.0
    for rows in row_slices(*x.shape):
        centred = x[rows].double() - mean
        along = ((centred @ covariance) * centred).sum(1)
        distance = centred.square().sum(1).square() - 2 * along + square
        variance += float(share[rows].square() @ distance)
    # Below rounding S is a ball, and every share gives the same.
    return min(variance / spread, 1.0) if spread > 1e-14 * square else 0.0


def shared_share(
    shrinkage: Shrinkage, source: tuple[Tensor, Tensor], target: tuple[Tensor, Tensor]
) -> float:
    """Return the one share that both covariances of a map are mixed with.

    One for both: each by its own would reshape a target that merely has fewer rows. The estimate is
    the mean of the two.

    Parameters
    ----------
    shrinkage
        The share, or ``"ledoit-wolf"``.
    source, target
        Points and weights of each side, ((n, d), (n,)).
    """
    if shrinkage == "ledoit-wolf":
        return (ledoit_wolf(*source) + ledoit_wolf(*target)) / 2
    return float(shrinkage)


def shrunk(covariance: Tensor, share: float) -> Tensor:
    """Mix a covariance (d, d) with the multiple of the identity that has the same trace."""
    size = len(covariance)
    ball = torch.eye(size, dtype=covariance.dtype, device=covariance.device)
    return (1 - share) * covariance + share * covariance.trace() / size * ball
