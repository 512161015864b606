"""Transport that keeps neighbours together (Courty et al. 2016, section 4.3).

min <P, C> + eta [alpha / n tr(X' Ls X) + (1 - alpha) / m tr(Y' Lt Y)] over the plans, with
``X = diag(a)^-1 P y`` where the source rows go, ``Y = diag(b)^-1 P' x`` where the target rows come
from, and L the Laplacians of the neighbour graphs. A convex quadratic: conditional gradient with
exact transport as the linear problem and an exact line search.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.geometry import DenseCost, PointCloud
from monge.graphs import graph_laplacian, neighbour_graph
from monge.memory import DEFAULT_BUDGET, parse_bytes, require_memory
from monge.plans import DensePlan
from monge.progress import Progress, Report, silent
from monge.solvers.base import Solver, check_question, raise_unless_converged
from monge.solvers.exact import Exact
from monge.solvers.options import at_least, between, check_options, positive, whole
from monge.solvers.problem import Problem
from monge.solvers.solution import Solution, Status

__all__ = ["Laplacian"]


@dataclass(frozen=True, kw_only=True)
class Laplacian(Solver):
    """Exact transport with neighbours kept together.

    Parameters
    ----------
    eta
        Strength of the smoothness, at least 0; in units of squared distance both terms are alike.
    alpha
        Share of the source graph, in [0, 1]; the rest is the target graph's.
    neighbours
        Of each point in the graphs.
    rounds
        Conditional gradients at the most.
    tolerance
        Duality gap of a round, relative to the objective, at which the solve ends.
    memory
        Budget of the matrices, five of size n x m.

    Raises
    ------
    InputError
        If an option is out of its range.

    Examples
    --------
    >>> import torch
    >>> from monge import Exact, PointCloud, Problem
    >>> x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [3.0, 0.0], [3.0, 1.0]])
    >>> y = torch.tensor([[0.0, 0.5], [1.4, 0.5], [1.6, 0.5], [3.0, 0.5]])
    >>> problem = Problem(PointCloud(x, y))
    >>> for solver in (Exact(), Laplacian(eta=5.0, neighbours=1)):
    ...     place = solver.solve(problem).plan.barycentre(y)[:, 0]
    ...     print((place[1] - place[0]).abs().numpy().round(1))  # of two neighbours
    1.4
    0.0
    """

    eta: float = 0.1
    alpha: float = 0.5
    neighbours: int = 3
    rounds: int = 500
    tolerance: float = 5e-3
    memory: str | int = DEFAULT_BUDGET

    def __post_init__(self) -> None:
        usual = "leave it at its default"
        check_options(
            self,
            eta=at_least(0, usual, finite=True),
            alpha=between(0, 1, usual),
            neighbours=whole(usual),
            rounds=whole(usual),
            tolerance=positive(usual),
        )
        parse_bytes(self.memory, caller="Laplacian")

    def solve(
        self,
        problem: Problem,
        *,
        start: Solution | None = None,
        throw: bool = True,
        report: Report = silent,
    ) -> Solution:
        """Find the plan; see `Solver.solve`. ``start`` is the plan to begin from.

        Raises
        ------
        InputError
            If the problem relaxes a marginal, has idle points, or has a cost matrix and no points.
        MemoryBudgetError
            If the matrices do not fit.
        ConvergenceError
            If the gap was not reached and ``throw``.
        """
        check_question("Laplacian", problem, start, shaped=True)
        cloud = problem.geometry
        idle = bool((problem.a == 0).any() or (problem.b == 0).any())
        if not isinstance(cloud, PointCloud) or not problem.balanced or idle:
            required = "balanced, on points (PointCloud), all with mass"
            remedy = "drop points without mass and leave tau and mass alone"
            raise InputError(sentence("Laplacian", "problem", required, "another problem", remedy))
        n, m = problem.geometry.shape
        require_memory("Laplacian", 5 * n * m * 8, self.memory, "use fewer points, or raise memory")
        terms = _Terms.of(self, problem, cloud)
        solution = Exact().solve(problem, throw=throw) if start is None else start
        plan = solution.plan.dense(memory=self.memory).double()
        status = Status.MAX_SWEEPS
        for done in range(1, self.rounds + 1):
            gradient = terms.gradient(plan)
            step = Exact().solve(replace(problem, geometry=DenseCost(gradient)), throw=throw)
            direction = step.plan.dense(memory=self.memory).double() - plan
            gap = -float((gradient * direction).sum())
            value = terms.value(plan)
            detail = f"gap {gap / max(abs(value), 1e-300):.1e}, to reach {self.tolerance:.0e}"
            report(Progress(task="Laplacian plan", done=done, total=self.rounds, detail=detail))
            if gap <= self.tolerance * abs(value):
                status = Status.CONVERGED
                break
            curvature = 2 * terms.smoothness(direction)
            plan = plan + min(1.0, gap / curvature if curvature > 0 else 1.0) * direction
        answer = replace(
            solution,
            problem=problem,
            plan=DensePlan(plan),
            objective=terms.value(plan),
            dual_gap=gap,
            status=status,
            sweeps=done,
        )
        if throw:
            raise_unless_converged("Laplacian", answer)
        return answer


@dataclass(frozen=True, eq=False)
class _Terms:
    """The objective: cost (n, m), both clouds, weights, graphs, strengths."""

    cost: Tensor
    x: Tensor
    y: Tensor
    a: Tensor
    b: Tensor
    graphs: tuple[Tensor, Tensor]
    strengths: tuple[float, float]

    @classmethod
    def of(cls, options: Laplacian, problem: Problem, cloud: PointCloud) -> _Terms:
        n, m = problem.geometry.shape
        graphs = [neighbour_graph(points, options.neighbours) for points in (cloud.x, cloud.y)]
        shares = options.eta * options.alpha / n, options.eta * (1 - options.alpha) / m
        # Smoothness does not change when a cloud is shifted; small numbers keep its digits.
        x, y = (points.double() - points.double().mean(0) for points in (cloud.x, cloud.y))
        cost = problem.geometry.block(slice(0, n)).double()
        return cls(cost, x, y, problem.a, problem.b, (graphs[0], graphs[1]), shares)

    def smoothness(self, plan: Tensor) -> float:
        """Return the quadratic part at a plan or a direction (n, m)."""
        moved, origin = plan @ self.y / self.a[:, None], plan.T @ self.x / self.b[:, None]
        source = float((moved * graph_laplacian(self.graphs[0], moved)).sum())
        target = float((origin * graph_laplacian(self.graphs[1], origin)).sum())
        return self.strengths[0] * source + self.strengths[1] * target

    def value(self, plan: Tensor) -> float:
        """Return the objective."""
        return float((self.cost * plan).sum()) + self.smoothness(plan)

    def gradient(self, plan: Tensor) -> Tensor:
        """Return the gradient of the objective, (n, m)."""
        moved, origin = plan @ self.y / self.a[:, None], plan.T @ self.x / self.b[:, None]
        source = graph_laplacian(self.graphs[0], moved) / self.a[:, None] @ self.y.T
        target = graph_laplacian(self.graphs[1], origin) / self.b[:, None] @ self.x.T
        both: Tensor = self.cost + 2 * self.strengths[0] * source + 2 * self.strengths[1] * target.T
        return both
