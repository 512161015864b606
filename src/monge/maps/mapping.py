"""A plan and a map that follow each other (mapping estimation; Perrot et al. 2016).

    min over P and T of  sum_i a_i |T(x_i) - B_i|^2 + eta R(T) + mu <P, C>,
    B_i = sum_j P_ij y_j / a_i,  P 1 = a,  P' 1 = b.

The plan is bent towards targets that one smooth map can reach. Divided by the mean variance and
with equal weights this is equation 3 there; mu is POT's. For a held plan the best T is a least
squares fit, linear in B, so what is left is a convex quadratic in P alone. Its gradient is that of
the whole at the best T (the envelope theorem), so one conditional gradient with an exact line
search moves plan and map together, where the block coordinate descent of the paper moves them by
turns; and the gap of its linear problem bounds the distance from the joint optimum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from monge._types import Tensor
from monge.errors import InputError, UnsupportedCostError, sentence
from monge.geometry import DenseCost, PointCloud
from monge.maps.base import JointFit, cloud_of
from monge.maps.regression import Fit, Regression
from monge.maps.ridge import Ridge
from monge.memory import DEFAULT_BUDGET, parse_bytes, require_memory
from monge.plans import DensePlan
from monge.progress import Progress, Report, silent
from monge.solvers import Exact, Problem, Solution, Status
from monge.solvers.base import check_question, raise_unless_converged
from monge.solvers.options import Rule, check_options, positive, whole

__all__ = ["MappingEstimation"]

_MATRICES = 6
"""Matrices of n x m in float64 that a round holds."""

_ROUNDING = 1e-12
"""Gap, relative to the cost of the independent plan, that is zero."""


@dataclass(frozen=True, kw_only=True)
class MappingEstimation(JointFit):
    """Find an exact plan together with the map that follows it.

    Parameters
    ----------
    regression
        The class of maps: `Ridge` or `Kernel`.
    mu
        Weight of the transport cost beside the fit of the map, positive.
    rounds
        Conditional gradients at the most.
    tolerance
        Duality gap, relative to the objective less the cost of shifting one mean onto the other,
        at which the rounds end.
    memory
        Budget of the matrices, six of size n x m in float64.

    Raises
    ------
    InputError
        If an option is out of its range.

    Examples
    --------
    >>> import torch
    >>> x = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    >>> moved = MappingEstimation().fit(Problem(PointCloud(x, x + 4)))
    >>> moved(torch.tensor([[10.0, 10.0]]))
    tensor([[14., 14.]])
    """

    regression: Regression = field(default_factory=Ridge)
    mu: float = 1.0
    rounds: int = 500
    tolerance: float = 5e-3
    memory: str | int = DEFAULT_BUDGET

    def __post_init__(self) -> None:
        usual = "leave it at its default"
        check_options(
            self,
            regression=Rule(
                holds=lambda value: isinstance(value, Regression),
                required="Ridge() or Kernel()",
                remedy="pass regression=Ridge()",
            ),
            mu=positive("pass for example mu=1"),
            rounds=whole(usual),
            tolerance=positive(usual),
        )
        parse_bytes(self.memory, caller="MappingEstimation")

    @property
    def follower(self) -> Regression:
        """What makes the map of a plan that was found here."""
        return self.regression

    def solve(
        self,
        problem: Problem,
        *,
        start: Solution | None = None,
        throw: bool = True,
        report: Report = silent,
    ) -> Solution:
        """Find the plan; see `Solver.solve`. ``start`` is the plan to begin from.

        Its objective is that of plan and map together, and so is its duality gap.

        Raises
        ------
        InputError
            If the problem relaxes a marginal, or has a cost matrix and no points.
        UnsupportedCostError
            If the cost is not the squared Euclidean one.
        MemoryBudgetError
            If the matrices do not fit.
        ConvergenceError
            If the gap was not reached and ``throw``.
        """
        check_question("MappingEstimation", problem, start, shaped=True)
        cloud = _check(problem)
        n, m = cloud.shape
        remedy = "use fewer points (Adapter: subsample), or raise memory"
        require_memory("MappingEstimation", _MATRICES * n * m * 8, self.memory, remedy)
        solution = Exact().solve(problem, throw=throw) if start is None else start
        total = float(problem.a.sum())
        rows = (problem.a > 0).nonzero()[:, 0]
        step = Problem(cloud.select(rows, None), problem.a[rows] / total, problem.b / total)
        terms = _Terms.of(self, step)
        plan = solution.plan.dense(memory=self.memory).double()[rows] / total
        plan, value, gap, done = self._descend(plan, step, terms, report)
        whole = plan.new_zeros(n, m)
        whole[rows] = total * plan
        settled = gap <= self._enough(value, terms)
        answer = replace(
            solution,
            problem=problem,
            plan=DensePlan(whole.to(cloud.dtype)),
            objective=(value + terms.shift) * total,
            dual_gap=gap * total,
            status=Status.CONVERGED if settled else Status.MAX_SWEEPS,
            sweeps=done,
        )
        if throw:
            raise_unless_converged("MappingEstimation", answer)
        return answer

    def _enough(self, value: float, terms: _Terms) -> float:
        return self.tolerance * value + _ROUNDING * terms.unit

    def _descend(
        self, plan: Tensor, step: Problem, terms: _Terms, report: Report
    ) -> tuple[Tensor, float, float, int]:
        """Run the conditional gradients; plan, objective, gap, rounds."""
        value, fit = terms.value(plan)
        for done in range(1, self.rounds + 1):
            gradient = terms.gradient(plan, fit)
            corner = Exact().solve(replace(step, geometry=DenseCost(gradient)))
            direction = corner.plan.dense(memory=self.memory).double() - plan
            gap = -float((gradient * direction).sum())
            detail = f"gap {gap / max(value, 1e-300):.1e}, to reach {self.tolerance:.0e}"
            report(Progress(task="Mapping estimation", done=done, total=self.rounds, detail=detail))
            if gap <= self._enough(value, terms) or done == self.rounds:
                break
            # A quadratic along the way: from its value, slope and the value at the corner.
            curvature = terms.value(plan + direction)[0] - value + gap
            length = min(1.0, gap / (2 * curvature)) if curvature > 0 else 1.0
            plan = plan + length * direction
            value, fit = terms.value(plan)
        return plan, value, gap, done


def _check(problem: Problem) -> PointCloud:
    """Return the points of a problem that mapping estimation can solve."""
    cloud = cloud_of(problem, "MappingEstimation")
    if cloud.cost != "sqeuclidean":
        required, got = "'sqeuclidean', for which the mean is the place to go to", repr(cloud.cost)
        remedy = "use PointCloud(x, y)"
        raise UnsupportedCostError(sentence("MappingEstimation", "cost", required, got, remedy))
    if not problem.balanced:
        required, got = "balanced", "one with a relaxed marginal or a ceiling"
        remedy = "leave tau and mass alone"
        raise InputError(sentence("MappingEstimation", "problem", required, got, remedy))
    return cloud


@dataclass(frozen=True, eq=False, kw_only=True)
class _Terms:
    """The objective as a function of the plan (n, m) of rows that all have mass.

    Attributes
    ----------
    cost
        ``mu C`` between the centred clouds, (n, m) float64.
    shift
        What every plan pays on top of it for the shift between their means.
    y, centre
        Target points less their mean, (m, d) float64, and that mean (d,).
    a
        Weights of the rows, (n,).
    fit
        From images (n, d) to the best map.
    unit
        Cost of the independent plan between the centred clouds, times mu.
    """

    cost: Tensor
    shift: float
    y: Tensor
    centre: Tensor
    a: Tensor
    fit: Callable[[Tensor], Fit]
    unit: float

    @classmethod
    def of(cls, options: MappingEstimation, problem: Problem) -> _Terms:
        cloud = cloud_of(problem, "MappingEstimation")
        source, target = cloud.x.double(), cloud.y.double()
        between = problem.b @ target - problem.a @ source
        # Every plan pays for the shift between the means alike: without it, small numbers keep
        # their digits, and the tolerance is of what can be gained.
        centred = PointCloud(source - problem.a @ source, target - problem.b @ target)
        cost = options.mu * centred.block(slice(0, len(source)))
        return cls(
            cost=cost,
            shift=options.mu * float(between @ between),
            y=centred.y,
            centre=problem.b @ target,
            a=problem.a,
            fit=options.regression.prepare(cloud.x, problem.a).fit,
            unit=float(problem.a @ cost @ problem.b),
        )

    def images(self, plan: Tensor) -> Tensor:
        """Return where the plan sends its rows, (n, d)."""
        return plan @ self.y / self.a[:, None] + self.centre

    def value(self, plan: Tensor) -> tuple[float, Fit]:
        """Return the objective at the best map, less the shift, and that map."""
        images = self.images(plan)
        fit = self.fit(images)
        missed = float(self.a @ (fit.values - images).square().sum(1))
        return missed + fit.penalty + float((self.cost * plan).sum()), fit

    def gradient(self, plan: Tensor, fit: Fit) -> Tensor:
        """Return the gradient at the best map, (n, m)."""
        gradient: Tensor = self.cost - 2 * (fit.values - self.images(plan)) @ self.y.T
        return gradient
