"""The map's protocol, and the ways to fit one: on a plan, on the clouds alone, or with a plan."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch

from monge._types import ArrayLike, CostName, Tensor
from monge.errors import InputError, sentence
from monge.geometry import PointCloud
from monge.geometry.cloud import as_tensor
from monge.geometry.costs import CostFunction
from monge.solvers import Problem, Solution, Solver

__all__ = [
    "CloudFit",
    "JointFit",
    "Map",
    "PlanFit",
    "check_points",
    "check_solution",
    "cloud_of",
]


class Map(ABC):
    """A function on points, defined everywhere.

    One definition in and out of sample: ``T(X)[i] == T(X[i:i+1])[0]`` for every row.

    Examples
    --------
    >>> from monge import Barycentric, Exact, PointCloud, Problem
    >>> x = torch.tensor([[0.0], [1.0], [2.0]])
    >>> moved = Barycentric().fit(Exact().solve(Problem(PointCloud(x, x + 3))))
    >>> moved(torch.tensor([[0.0], [2.5]]))
    tensor([[3.0000],
            [5.5000]])
    >>> moved(torch.tensor([[2.5]]))  # alone, a point goes where it went in company
    tensor([[5.5000]])
    """

    @property
    @abstractmethod
    def width(self) -> int:
        """Features d of the points it takes and gives."""

    @abstractmethod
    def __call__(self, points: ArrayLike) -> Tensor:
        """Move points, (k, d) -> (k, d); arrays and data frames are taken as tensors."""

    def __repr__(self) -> str:
        parts = (_shown(name, value) for name, value in vars(self).items())
        return f"{type(self).__name__}({', '.join(parts)})"


class PlanFit(ABC):
    """Options of a map that is fitted on a plan.

    Examples
    --------
    >>> from monge import Barycentric, EntropicMap, PointCloud, Problem, Sinkhorn
    >>> x = torch.tensor([[0.0], [1.0], [2.0]])
    >>> solution = Sinkhorn(epsilon=0.05).solve(Problem(PointCloud(x, x + 3)))
    >>> for fit in (Barycentric(), EntropicMap()):
    ...     moved = fit.fit(solution)(torch.tensor([[1.0], [9.0]]))
    ...     print(type(fit).__name__, moved[:, 0].numpy().round(1))
    Barycentric [ 4.  11.9]
    EntropicMap [4. 5.]
    """

    @abstractmethod
    def fit(self, solution: Solution) -> Map:
        """Make the map of a solution."""

    def takes(self, cost: CostName | CostFunction) -> bool:
        """Whether it makes a map of a plan of this cost; of any, unless a class says otherwise."""
        del cost
        return True


class CloudFit(ABC):
    """Options of a map that is fitted on the two clouds and their weights alone.

    Examples
    --------
    >>> from monge import Coral, PointCloud, Problem, Standardise
    >>> x = torch.tensor([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    >>> problem = Problem(PointCloud(x, 2 * x + 3))
    >>> for fit in (Standardise(), Coral(shrinkage=0)):
    ...     print(type(fit).__name__, fit.fit(problem)(x[:1]))
    Standardise tensor([[1., 1.]])
    Coral tensor([[1., 1.]])
    """

    @abstractmethod
    def fit(self, problem: Problem) -> Map:
        """Make the map that moves the source of a problem to its target."""


class JointFit(Solver, CloudFit):
    """Options of a plan and a map that are found together.

    As a solver it gives the plan, as a fit the map; the map is what `follower` makes of the plan.

    Examples
    --------
    >>> from monge import MappingEstimation, PointCloud, Problem
    >>> x = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    >>> problem, joint = Problem(PointCloud(x, x + 4)), MappingEstimation()
    >>> joint.solve(problem).plan.dense().argmax(1)
    tensor([0, 1, 2])
    >>> joint.fit(problem)(torch.tensor([[10.0, 10.0]]))
    tensor([[14., 14.]])
    """

    @property
    @abstractmethod
    def follower(self) -> PlanFit:
        """What makes the map of a plan that was found here."""

    def fit(self, problem: Problem) -> Map:
        """Make the map that moves the source of a problem to its target."""
        return self.follower.fit(self.solve(problem))


def cloud_of(problem: object, caller: str) -> PointCloud:
    """Return the points of a problem.

    Raises
    ------
    InputError
        If it is no problem, or one that has a cost matrix and no points.
    """
    if not isinstance(problem, Problem):
        required, got = "a Problem", type(problem).__name__
        remedy = "pass for example Problem(PointCloud(x, y))"
        raise InputError(sentence(caller, "problem", required, got, remedy))
    geometry = problem.geometry
    if isinstance(geometry, PointCloud):
        return geometry
    required, got = "stated on points (PointCloud)", type(geometry).__name__
    remedy = "a map needs the points: pass PointCloud(x, y)"
    raise InputError(sentence(caller, "problem", required, got, remedy))


def check_solution(solution: object, caller: str) -> None:
    """Refuse what is no solution, such as the problem of one.

    Raises
    ------
    InputError
        Naming what it is.
    """
    if not isinstance(solution, Solution):
        required, got = "a Solution", type(solution).__name__
        remedy = "pass what a solver gives, for example Sinkhorn().solve(problem)"
        raise InputError(sentence(caller, "solution", required, got, remedy))


def check_points(points: ArrayLike, width: int, caller: str) -> Tensor:
    """Take points as a tensor, and refuse another width than the map's, and what is no number.

    Raises
    ------
    InputError
        Naming both widths, or the row that is not finite.
    """
    if not isinstance(points, torch.Tensor):
        points = as_tensor(points, caller, "points")
    if points.ndim != 2 or points.shape[1] != width:  # noqa: PLR2004 - rows and columns
        required, got = f"of shape (rows, {width})", f"shape {tuple(points.shape)}"
        remedy = "pass the same features that the map was fitted on"
    else:
        finite = torch.isfinite(points).all(1)
        if bool(finite.all()):
            return points
        required, got = "finite", f"NaN or infinity at row {int((~finite).nonzero()[0])}"
        remedy = "drop or impute such rows first"
    raise InputError(sentence(caller, "points", required, got, remedy))


def _shown(name: str, value: object) -> str:
    """Write a part of a map: a tensor by its shape and type, anything else as it is."""
    if isinstance(value, torch.Tensor):
        shape, dtype = " x ".join(map(str, value.shape)), str(value.dtype).removeprefix("torch.")
        return f"{name}: {shape} {dtype}"
    return f"{name}={value:.3g}" if isinstance(value, float) else f"{name}={value!r}"
