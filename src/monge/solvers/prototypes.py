"""Transport of class prototypes: one place per class, moved to where the target holds that class.

Points become directions: standardised by the moments of their own domain, then of length one. A
class is the mean direction c of its source rows. By turns, the classes are sent to the target and
each moves to the mean direction of what it feeds,

    G = argmin <G, 1 - cos(c, y)> + eps KL(G | A b') + tau KL(G 1 | A)   over G' 1 = b,
    c = G y / |G y|,

with A the mass of the classes in the source, held loosely, because the target may hold them in
other shares. Both steps lower one objective: spherical k-means from the source's centroids
(Liang, Hu and Feng 2020, section 3.3, without training) with the class shares kept in sight.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

import torch

from monge._types import ArrayLike, Tensor
from monge.errors import InputError, sentence
from monge.geometry import DenseCost, PointCloud
from monge.memory import DEFAULT_BUDGET, parse_bytes, require_memory
from monge.numerics import row_slices
from monge.plans import Plan
from monge.plans.base import Marginals
from monge.progress import Progress, Report, silent
from monge.solvers.base import Solver, check_question, raise_unless_converged
from monge.solvers.directions import directions, unit
from monge.solvers.options import at_least, check_options, positive, whole
from monge.solvers.problem import Problem
from monge.solvers.sinkhorn import Sinkhorn
from monge.solvers.solution import Solution, Status

__all__ = ["ClassPlan", "Prototypes"]

_TABLES = 4
"""Tables of L x m in float64 that a round holds: cost, kernel, plan and one to spare."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ClassPlan(Plan):
    """A plan in which the rows of a class all send alike: ``P_ij = share_i G_cj``, c of row i.

    Attributes
    ----------
    classes
        Who of the classes sends mass to whom, the plan G of shape (L, m).
    labels
        Class of each source row, (n,) int64.
    share
        Part of the mass of its class that each row has, (n,) float64; one in sum for each class.
    """

    classes: Plan
    labels: Tensor
    share: Tensor

    @property
    def shape(self) -> tuple[int, int]:
        """Source rows n and target rows m."""
        return len(self.labels), self.classes.shape[1]

    @property
    def dtype(self) -> torch.dtype:
        """The floating type of the mass."""
        return self.classes.dtype

    @property
    def device(self) -> torch.device:
        """Where the blocks are made."""
        return self.classes.device

    def rows(self, start: int, stop: int) -> Tensor:
        """Return the mass sent by the source rows ``start`` to ``stop``, (stop - start, m)."""
        table = self.classes.rows(0, self.classes.shape[0])
        rows = slice(start, stop)
        return self.share[rows, None].to(self.dtype) * table[self.labels[rows]]

    def push(self, v: ArrayLike) -> Tensor:
        """Carry columns from the source to the target, ``P' v``: (n, k) -> (m, k)."""
        v = self._columns(v, self.shape[0], "push")
        return self.classes.push(_by_class(v, self.share, self.labels, self.classes.shape[0]))

    def pull(self, v: ArrayLike) -> Tensor:
        """Carry columns from the target to the source, ``P v``: (m, k) -> (n, k)."""
        v = self._columns(v, self.shape[1], "pull")
        return self.share[:, None].to(self.dtype) * self.classes.pull(v)[self.labels]

    def marginals(self) -> Marginals:
        """Return what each source row gives and each target row gets, summed in float64."""
        given, got = self.classes.marginals()
        return Marginals(self.share * given[self.labels], got)


@dataclass(frozen=True, kw_only=True)
class Prototypes(Solver):
    """Send each source class as one to the target rows in its direction.

    The cost is the cosine between standardised points, whatever the cost of the problem is; every
    number here is in its units, 0 for the same direction and 2 for the opposite one.

    Parameters
    ----------
    epsilon
        Strength of the entropy, positive.
    tau
        How firmly the class shares of the source are held, at least 0; infinity holds them, which
        does harm where the target has others.
    rounds
        Moves of the prototypes at the most.
    tolerance
        Root mean square move of the prototypes, weighted by their mass, at which the rounds end.
    memory
        Budget of the tables, four of size L x m in float64.

    Raises
    ------
    InputError
        If an option is out of its range.

    Examples
    --------
    >>> x = torch.tensor([[5.0, 0.1], [4.0, -0.1], [0.1, 5.0], [-0.1, 4.0]])
    >>> y = torch.tensor([[6.0, 1.0], [1.0, 6.0], [0.8, 7.0]])
    >>> labels = torch.tensor([0, 0, 1, 1])
    >>> solution = Prototypes().solve(Problem(PointCloud(x, y), source_labels=labels))
    >>> solution.plan.push(torch.nn.functional.one_hot(labels)).argmax(1)
    tensor([0, 1, 1])
    """

    epsilon: float = 0.05
    tau: float = 0.1
    rounds: int = 1000
    tolerance: float = 1e-3
    memory: str | int = DEFAULT_BUDGET

    def __post_init__(self) -> None:
        check_options(
            self,
            epsilon=positive("pass for example epsilon=0.05"),
            tau=at_least(0, "pass for example tau=0.1"),
            rounds=whole("leave it at its default"),
            tolerance=positive("pass for example tolerance=1e-3"),
        )
        parse_bytes(self.memory, caller="Prototypes")

    def solve(
        self,
        problem: Problem,
        *,
        start: Solution | None = None,
        throw: bool = True,
        report: Report = silent,
    ) -> Solution:
        """Find the plan; see `Solver.solve`. ``start`` is any plan to take the prototypes from.

        Returns
        -------
        Solution
            Its plan is a `ClassPlan`; objective and duality gap are those of the last round, in
            units of the cosine cost, and its problem holds the source by `tau`.

        Raises
        ------
        InputError
            If the problem has no source labels or no points, or relaxes a marginal itself.
        MemoryBudgetError
            If the tables do not fit.
        ConvergenceError
            If the prototypes did not settle and ``throw``.
        """
        check_question("Prototypes", problem, start, shaped=True)
        cloud, labels = problem.geometry, problem.source_labels
        if not isinstance(cloud, PointCloud) or labels is None or not problem.balanced:
            required = "balanced, on points (PointCloud), with source_labels"
            remedy = "pass Problem(PointCloud(x, y), source_labels=labels); tau is an option here"
            raise InputError(sentence("Prototypes", "problem", required, "another problem", remedy))
        size = int(labels.max()) + 1
        need = _TABLES * size * len(cloud.y) * 8
        require_memory("Prototypes", need, self.memory, "use fewer target rows, or raise memory")
        mass = problem.a.new_zeros(size).index_add_(0, labels, problem.a)
        y = directions(cloud.y, problem.b)
        if start is None:
            x = directions(cloud.x, problem.a)
            places = unit(_by_class(x, problem.a, labels, size))
        else:
            one_hot = torch.nn.functional.one_hot(labels, size)
            places = unit(start.plan.push(one_hot).T.double() @ y)
        inner = self._settle(places, y, (mass, problem.b), report)
        plan = ClassPlan(
            classes=inner.plan, labels=labels, share=problem.a / mass.clamp_min(1e-300)[labels]
        )
        solution = replace(inner, problem=replace(problem, tau_source=self.tau), plan=plan)
        if throw:
            raise_unless_converged("Prototypes", solution)
        return solution

    def _settle(
        self, places: Tensor, y: Tensor, weights: tuple[Tensor, Tensor], report: Report
    ) -> Solution:
        """Send and move prototypes (L, d) among directions (m, d) by turns until they stay."""
        sinkhorn = Sinkhorn(
            epsilon=self.epsilon, epsilon_scale="absolute", tolerance=1e-6, memory=self.memory
        )
        solution, sweeps = None, 0
        for done in range(1, self.rounds + 1):
            cost = DenseCost((1 - places @ y.T).clamp_min(0))
            step = Problem(cost, *weights, tau_source=self.tau)
            solution = sinkhorn.solve(step, start=solution, throw=False)
            sweeps += solution.sweeps
            moved = unit(solution.plan.pull(y))
            given = solution.plan.marginals().source
            way = sqrt(float(given @ (moved - places).square().sum(1)) / float(given.sum()))
            detail = f"prototypes moved {way:.1e}, to reach {self.tolerance:.0e}"
            report(Progress(task="Prototypes", done=done, total=self.rounds, detail=detail))
            if way <= self.tolerance or not solution.converged:
                break
            places = moved
        if solution is None:
            raise AssertionError("unreachable: there is at least one round")
        settled = way <= self.tolerance or not solution.converged
        status = solution.status if settled else Status.MAX_SWEEPS
        return replace(solution, status=status, sweeps=sweeps)


def _by_class(v: Tensor, weights: Tensor, labels: Tensor, size: int) -> Tensor:
    """Add up weighted rows (n, k) by class, (L, k)."""
    total = v.new_zeros(size, v.shape[1])
    for rows in row_slices(*v.shape):
        total.index_add_(0, labels[rows], v[rows] * weights[rows, None].to(v.dtype))
    return total
