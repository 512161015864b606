"""Maps fitted by least squares to where a plan sends its rows: what they share.

    T = argmin sum_i a_i |T(x_i) - B_i|^2 + eta R(T),   B_i = sum_j P_ij y_j / a_i,

over a class of maps that is linear in its coefficients (Perrot et al. 2016, equation 3 with the
plan held). The class and R are those of `monge.maps.Ridge` and `monge.maps.Kernel`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from monge._types import CostName, Tensor
from monge.geometry.costs import CostFunction
from monge.maps.barycentric import Barycentric
from monge.maps.base import Map, PlanFit
from monge.maps.independence import warn_of_independence
from monge.solvers import Solution

__all__ = ["Fit", "Regression", "Regressor"]


class Fit(NamedTuple):
    """A map fitted to images: itself, its values at the rows (n, d) float64, and eta R of it."""

    map: Map
    values: Tensor
    penalty: float


class Regressor(ABC):
    """A regression on given rows, ready for images: what it takes to factorise is done once."""

    @abstractmethod
    def fit(self, images: Tensor) -> Fit:
        """Fit the map that sends the rows to images, (n, d) float64."""


class Regression(PlanFit):
    """Options of a map that is fitted by least squares."""

    @abstractmethod
    def prepare(self, x: Tensor, weights: Tensor) -> Regressor:
        """Make the regression on rows, (n, d), with positive weights (n,) float64 of sum one."""

    def takes(self, cost: CostName | CostFunction) -> bool:
        """Whether the images of a plan of this cost are means."""
        return Barycentric().takes(cost)

    def fit(self, solution: Solution) -> Map:
        """Make the map that follows a plan.

        Raises
        ------
        InputError
            If it is no solution, or one of a problem without points.
        UnsupportedCostError
            If the cost is not the squared Euclidean one: the mean of the targets is then not the
            place to go to.
        ConvergenceError
            If an image is not finite.

        Warns
        -----
        MongeWarning
            If the plan is nearly independent, so that all images are nearly one point.
        """
        images = Barycentric().images(solution, type(self).__name__)
        warn_of_independence(solution, type(self).__name__)
        weights = images.mass / images.mass.sum()
        return self.prepare(images.anchors, weights).fit(images.places.double()).map
