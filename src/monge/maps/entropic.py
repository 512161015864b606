"""The entropic map: the barycentric formula, continued to every point by the target potential.

    T(x) = sum_j w_j(x) y_j,   w(x) = softmax_j((g_j - c(x, y_j)) / eps + log b_j)

(Pooladian and Niles-Weed 2021, equation 7). At a source point of the plan it equals the barycentre;
elsewhere it needs only (y, g).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from monge._types import ArrayLike, CostName, Tensor
from monge.errors import InputError, UnsupportedCostError, sentence
from monge.geometry import PointCloud
from monge.geometry.costs import CostFunction
from monge.maps.base import Map, PlanFit, check_points, check_solution, cloud_of
from monge.maps.independence import warn_of_independence
from monge.numerics import row_slices
from monge.plans import EntropicPlan, GibbsKernel
from monge.solvers import Solution

__all__ = ["EntropicMap", "SoftAssignment"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SoftAssignment(Map):
    """``T(x) = softmax(bias - |x - y|^2 / eps) y``.

    The softmax subtracts its largest score first, so it is finite for every point and epsilon.

    Attributes
    ----------
    y
        Target points, (m, d).
    bias
        ``log b + g / eps``, (m,) float64.
    epsilon
        In the units of the squared distance.

    Examples
    --------
    >>> moved = SoftAssignment(
    ...     y=torch.tensor([[0.0], [10.0]]), bias=torch.zeros(2).double(), epsilon=5.0
    ... )
    >>> moved(torch.tensor([[4.0], [5.0], [99.0]]))
    tensor([[ 0.1799],
            [ 5.0000],
            [10.0000]])
    """

    y: Tensor
    bias: Tensor
    epsilon: float

    @property
    def width(self) -> int:
        """Features d of the points it takes and gives."""
        return int(self.y.shape[1])

    def __call__(self, points: ArrayLike) -> Tensor:
        """Move points, (k, d) -> (k, d)."""
        moving = check_points(points, self.width, "SoftAssignment").to(self.y)
        moved = torch.empty_like(moving)
        if len(moving) == 0:
            return moved
        kernel = GibbsKernel(PointCloud(moving, self.y), self.epsilon)
        for rows in row_slices(len(moving), len(self.y)):
            moved[rows] = torch.softmax(kernel.scores(rows, self.bias), 1) @ self.y
        return moved


@dataclass(frozen=True, kw_only=True)
class EntropicMap(PlanFit):
    """Continue the barycentres of an entropic plan to every point in closed form.

    Examples
    --------
    >>> from monge import PointCloud, Problem, Sinkhorn
    >>> x = torch.tensor([[0.0], [1.0], [2.0]])
    >>> moved = EntropicMap().fit(Sinkhorn(epsilon=0.05).solve(Problem(PointCloud(x, x + 3))))
    >>> moved(torch.tensor([[0.0], [0.5], [99.0]])).numpy().round(2)  # never beyond the target
    array([[3.12],
           [3.5 ],
           [5.  ]], dtype=float32)
    """

    def takes(self, cost: CostName | CostFunction) -> bool:
        """Whether the image of a point is a mean for this cost."""
        return cost == "sqeuclidean"

    def fit(self, solution: Solution) -> SoftAssignment:
        """Make the map of an entropic plan.

        Raises
        ------
        InputError
            If it is no solution, or the plan is not entropic: only such a plan has a smooth
            potential. Or if its cost has a table by class on top: it has no value at a new point,
            whose class is not known.
        UnsupportedCostError
            If the cost is not the squared Euclidean one.

        Warns
        -----
        MongeWarning
            If the plan is nearly independent, so that all images are nearly one point.
        """
        check_solution(solution, "EntropicMap")
        cloud, plan = cloud_of(solution.problem, "EntropicMap"), solution.plan
        if not isinstance(plan, EntropicPlan) or not isinstance(plan.geometry, PointCloud):
            required, got = "an entropic plan of the points' own cost", type(plan).__name__
            if isinstance(plan, EntropicPlan):
                got = "one whose cost has a table by class on top, which says nothing of new points"
            remedy = "solve with Sinkhorn without labels, or use Barycentric for this plan"
            raise InputError(sentence("EntropicMap", "solution", required, got, remedy))
        if not self.takes(cloud.cost):
            required, got = "'sqeuclidean'", repr(cloud.cost)
            remedy = "use PointCloud(x, y), or carry labels through the plan with plan.push"
            raise UnsupportedCostError(sentence("EntropicMap", "cost", required, got, remedy))
        warn_of_independence(solution, "EntropicMap")
        bias = plan.b.log() + plan.g / plan.epsilon
        return SoftAssignment(y=cloud.y.to(plan.dtype), bias=bias, epsilon=plan.epsilon)
