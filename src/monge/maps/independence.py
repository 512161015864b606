"""Whether a plan says anything: where nearly all rows feed the targets alike, a map is one point.

It comes of an epsilon that is large beside the differences between the costs: one far row does it,
for epsilon is relative to the mean cost and the far row raises that. The solve converges all the
same. Images are no measure: one far target stretches them along a line. So the shares themselves
are compared, with a median that the far row has no say in.
"""

from __future__ import annotations

import warnings
from math import ceil

import torch

from monge._types import Tensor
from monge.errors import MongeWarning
from monge.maps.base import cloud_of
from monge.numerics import BLOCK_ELEMENTS
from monge.plans import EntropicPlan
from monge.solvers import Solution

__all__ = ["warn_of_independence"]

_ROWS, _FEWEST = 64, 8
"""Rows that are looked at, and how many there must be to tell anything."""

_ALIKE = 0.02
"""Rows that send less than this part of their mass elsewhere than the others do are alike."""

_NEARLY_ALL = 0.95
"""Part of the rows that must be alike; the rest may be far off."""


def warn_of_independence(solution: Solution, caller: str) -> None:
    """Warn where an entropic plan is nearly independent, so that its map gives nearly one point.

    Plans of other kinds are sharp, or alike on purpose, and equal points are sent alike by right.

    Warns
    -----
    MongeWarning
        With the remedies.
    """
    cloud, plan = cloud_of(solution.problem, caller), solution.plan
    if not isinstance(plan, EntropicPlan):
        return
    fed = (plan.a > 0).nonzero()[:, 0]
    count = min(_ROWS, len(fed), max(_FEWEST, BLOCK_ELEMENTS // plan.shape[1]))
    some = fed[torch.arange(count, device=fed.device) * len(fed) // max(count, 1)]
    if count < _FEWEST or _is_one_point(cloud.x[some]) or _is_one_point(cloud.y[plan.b > 0]):
        return
    mass = torch.cat([plan.rows(row, row + 1) for row in some.tolist()])
    if _nearly_all_alike(mass):
        warnings.warn(
            f"{caller}: the plan is nearly independent, nearly all source rows feed the targets in "
            "the same shares and so go to nearly the same place; pass a smaller epsilon, with "
            "epsilon_scale='absolute' where a few far rows make the mean cost large, or remove "
            "outliers.",
            MongeWarning,
            stacklevel=3,
        )


def _is_one_point(points: Tensor) -> bool:
    """Whether more than half of the points are one, up to rounding."""
    step = max(1, len(points) // 1000)
    points = points[::step]
    centre = points.median(0).values
    away = torch.linalg.vector_norm(points - centre, dim=1).median()
    rounding = 10 * torch.finfo(points.dtype).eps * torch.linalg.vector_norm(centre)
    return bool(away <= rounding)


def _nearly_all_alike(mass: Tensor) -> bool:
    """Whether rows of a plan (r, m) have nearly the same shares, of two targets at least."""
    total = mass.sum(1, keepdim=True)
    kept = total[:, 0] > 0
    if int(kept.sum()) < _FEWEST:
        return False
    share = mass[kept] / total[kept]
    usual = share.median(0).values
    if int((usual > 0).sum()) <= 1:
        return False
    elsewhere = (share - usual).abs().sum(1, dtype=torch.float64) / 2
    return float(elsewhere.kthvalue(ceil(_NEARLY_ALL * len(elsewhere))).values) < _ALIKE
