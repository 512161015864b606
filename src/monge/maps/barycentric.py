"""The barycentric map of the post, and its extension by the nearest fitted row.

Each source point goes where the plan-weighted cost to the targets that it feeds is least,

    T(x_i) = argmin_y sum_j P_ij c(y, y_j),

which for the squared Euclidean cost is the mean ``sum_j P_ij y_j / sum_j P_ij`` (Courty et al.
2016, equations 13 and 14), and so lies in the convex hull of the targets. Points that were not in
the plan follow their nearest fitted row (Ferradans et al. 2014, equation 6 there):

    T(x) = T(x_i*) + x - x_i*,   i* = argmin_i |x - x_i|.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch

from monge._types import ArrayLike, CostName, Tensor
from monge.errors import ConvergenceError, UnsupportedCostError, sentence
from monge.geometry.costs import CostFunction
from monge.maps.base import Map, PlanFit, check_points, check_solution, cloud_of
from monge.maps.independence import warn_of_independence
from monge.neighbors import nearest
from monge.solvers import Solution

__all__ = ["Barycentric", "Images", "NearestExtension"]


class Images(NamedTuple):
    """Rows of a plan that feed anyone: points (n, d), barycentres (n, d), mass (n,) float64."""

    anchors: Tensor
    places: Tensor
    mass: Tensor


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class NearestExtension(Map):
    """``T(x) = image_i* + x - x_i*`` with i* the nearest anchor.

    On an anchor this is its image; of equal anchors the first counts.

    Attributes
    ----------
    anchors
        Fitted points, (n, d).
    images
        Where they go, (n, d).

    Examples
    --------
    >>> moved = NearestExtension(
    ...     anchors=torch.tensor([[0.0], [10.0]]), images=torch.tensor([[1.0], [20.0]])
    ... )
    >>> moved(torch.tensor([[0.0], [2.0], [9.0]]))
    tensor([[ 1.],
            [ 3.],
            [19.]])
    """

    anchors: Tensor
    images: Tensor

    @property
    def width(self) -> int:
        """Features d of the points it takes and gives."""
        return int(self.anchors.shape[1])

    def __call__(self, points: ArrayLike) -> Tensor:
        """Move points, (k, d) -> (k, d)."""
        moving = check_points(points, self.width, "NearestExtension").to(self.anchors)
        index = nearest(moving, self.anchors)
        return self.images[index] + (moving - self.anchors[index])


@dataclass(frozen=True, kw_only=True)
class Barycentric(PlanFit):
    """Move each source point to the barycentre of the targets that it feeds.

    A source row without mass feeds nobody and has no image: it is no anchor, and its own image is
    that of any other unseen point.

    Examples
    --------
    >>> from monge import Exact, PointCloud, Problem
    >>> x = torch.tensor([[0.0], [1.0]])
    >>> moved = Barycentric().fit(Exact().solve(Problem(PointCloud(x, x + 3))))
    >>> moved(torch.tensor([[0.0], [1.5]]))
    tensor([[3.0000],
            [4.5000]])
    """

    def fit(self, solution: Solution) -> NearestExtension:
        """Make the map of a plan.

        Raises
        ------
        InputError
            If it is no solution, or one of a problem without points.
        UnsupportedCostError
            If the cost is not the squared Euclidean one: the mean is then not the argmin.
        ConvergenceError
            If an image is not finite.

        Warns
        -----
        MongeWarning
            If the plan is nearly independent, so that all images are nearly one point.
        """
        images = self.images(solution, "Barycentric")
        warn_of_independence(solution, "Barycentric")
        return NearestExtension(anchors=images.anchors, images=images.places)

    def takes(self, cost: CostName | CostFunction) -> bool:
        """Whether the barycentre of a plan of this cost is a mean."""
        return cost == "sqeuclidean"

    def images(self, solution: Solution, caller: str) -> Images:
        """Find where the rows that feed anyone go; errors, as of `fit`, name the caller."""
        check_solution(solution, caller)
        cloud = cloud_of(solution.problem, caller)
        if not self.takes(cloud.cost):
            required = "'sqeuclidean', for which the mean of the targets is the barycentre"
            got = repr(cloud.cost)
            remedy = "use PointCloud(x, y), or carry labels through the plan with plan.push"
            raise UnsupportedCostError(sentence(caller, "cost", required, got, remedy))
        # In the type of the points: some plans are worked out in float64 whatever these are.
        # One pull gives sums and mass: `Plan.barycentre` would walk over the plan once more.
        pulled = solution.plan.pull(torch.cat([cloud.y, cloud.y.new_ones(len(cloud.y), 1)], dim=1))
        mass = pulled[:, -1]
        places = (pulled[:, :-1] / mass[:, None]).to(cloud.dtype)
        anchors, mass = cloud.x, mass.double()
        fed = mass > 0
        if not bool(fed.all()):
            anchors, places, mass = anchors[fed], places[fed], mass[fed]
        if len(places) == 0 or not bool(torch.isfinite(places).all()):
            raise ConvergenceError(
                f"{caller}: the plan gives no finite image; look at solution.status and "
                "solution.marginal_error, and raise epsilon.",
                solution,
            )
        return Images(anchors, places, mass)
