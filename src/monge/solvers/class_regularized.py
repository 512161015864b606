"""Class-regularised entropic transport: targets that are fed by one class (Courty et al. 2016).

Two forms of the class term, with ``P_cj`` the entries that class c sends to target j:

- ``"half"``: ``eta sum_j sum_c (sum P_cj)^(1/2)``, concave, by majorisation-minimisation. Each
  round is an entropic problem with the tangent added to the cost: an (L, m) table, no n x m array.
- ``"group"``: ``eta sum_j sum_c |P_cj|_2``, convex, by generalised conditional gradient
  (Rakotomamonjy, Flamary and Courty 2015). Its gradient needs the plan as a matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch

from monge._types import EpsilonScale, Tensor
from monge.errors import InputError, sentence
from monge.geometry import DenseCost, OffsetCost
from monge.memory import DEFAULT_BUDGET, require_memory
from monge.plans import DensePlan, Plan
from monge.progress import Progress, Report, silent
from monge.solvers.base import Solver, check_question, raise_unless_converged
from monge.solvers.options import at_least, check_options, one_of, shared, whole
from monge.solvers.problem import Problem
from monge.solvers.sinkhorn import Sinkhorn
from monge.solvers.solution import MarginalError, Solution, Status
from monge.solvers.support import Support

__all__ = ["ClassRegularized"]

Form = Literal["half", "group"]

_FLOOR = 1e-3
"""Added to the mass of a class before its root, as in the reference implementation of the paper."""

_COLLAPSED = 0.25
"""A plan that has given up so much of the way from the entropic plan's cost to that of the
independent plan no longer follows the cost."""

_DESCENT, _LINE_SEARCH = 1e-4, 20
"""Armijo's constant, and the halvings of a step after which there is no descent left."""


@dataclass(frozen=True, kw_only=True)
class ClassRegularized(Solver):
    """Entropic transport that prefers targets fed by a single source class.

    Parameters
    ----------
    epsilon, epsilon_scale
        Of the entropic plan, see `Sinkhorn`.
    eta
        Strength of the class term, at least 0, on the same scale.
    form
        ``"half"`` or ``"group"``, see above.
    rounds
        Majorisations, or conditional gradients, at the most.
    tolerance
        Marginal error of every round; the rounds end when the plan's cost settles to as much.
    memory
        Budget of a stored kernel, and of the matrix that ``"group"`` needs.

    Raises
    ------
    InputError
        If an option is out of its range.

    Examples
    --------
    >>> import torch
    >>> from monge import PointCloud, Problem, Sinkhorn
    >>> x, labels = torch.tensor([[0.0], [1.0], [2.0], [3.0]]), torch.tensor([0, 0, 1, 1])
    >>> problem = Problem(PointCloud(x, x + 0.4), source_labels=labels)
    >>> for solver in (Sinkhorn(epsilon=0.2), ClassRegularized(epsilon=0.2, eta=0.4)):
    ...     sent = solver.solve(problem).plan.dense()
    ...     print((4 * sent[labels == 0].sum(0)).numpy().round(2))  # of each target, from class 0
    [1.   0.88 0.12 0.  ]
    [1. 1. 0. 0.]
    """

    epsilon: float = 0.05
    epsilon_scale: EpsilonScale = "mean"
    eta: float = 0.1
    form: Form = "half"
    rounds: int = 10
    tolerance: float = 1e-4
    memory: str | int = DEFAULT_BUDGET

    def __post_init__(self) -> None:
        shared(self, Sinkhorn)
        check_options(
            self,
            eta=at_least(0, "pass for example eta=0.1", finite=True),
            rounds=whole("pass for example rounds=10"),
            form=one_of(get_args(Form), "'half' streams"),
        )

    def solve(
        self,
        problem: Problem,
        *,
        start: Solution | None = None,
        throw: bool = True,
        report: Report = silent,
    ) -> Solution:
        """Find the class-regularised plan; see `Solver.solve`.

        Raises
        ------
        InputError
            If the problem has no source labels.
        ConvergenceError
            If a round did not converge or the plan collapsed, and ``throw``.
        MemoryBudgetError
            If ``form="group"`` and the plan does not fit the budget as a matrix.
        """
        check_question("ClassRegularized", problem, start)
        labels = problem.source_labels
        if labels is None or not problem.balanced:
            required = "balanced and to have source_labels"
            remedy = "pass Problem(geometry, source_labels=labels)"
            raise InputError(
                sentence("ClassRegularized", "problem", required, "another problem", remedy)
            )
        absolute = Support(problem, self.epsilon, self.epsilon_scale, self.tolerance).absolute
        inner = replace(shared(self, Sinkhorn), epsilon=absolute, epsilon_scale="absolute")
        eta = self.eta * absolute / self.epsilon
        first = inner.solve(problem, start=start, throw=throw)
        rounds = self._majorise if self.form == "half" else self._descend
        solution = rounds(problem, labels, inner, eta, first, report)
        solution = self._judge(solution, first)
        if throw:
            raise_unless_converged("ClassRegularized", solution)
        return solution

    def _judge(self, solution: Solution, first: Solution) -> Solution:
        """State a plan that no longer follows the cost as collapsed."""
        problem = solution.problem
        independent = problem.geometry.mean(problem.a, problem.b) * float(problem.a.sum())
        given_up = solution.cost - first.cost
        if given_up > _COLLAPSED * (independent - first.cost) > 0:
            return replace(solution, status=Status.COLLAPSED)
        return solution

    def _majorise(
        self,
        problem: Problem,
        labels: Tensor,
        inner: Sinkhorn,
        eta: float,
        first: Solution,
        report: Report,
    ) -> Solution:
        """Run the rounds of the concave form: add the tangent of the root, solve, repeat."""
        one_hot = torch.nn.functional.one_hot(labels)
        solution, cost = first, first.cost
        for done in range(1, self.rounds + 1):
            mass = solution.plan.push(one_hot).T
            table = eta / 2 * (mass + _FLOOR).rsqrt()
            geometry = OffsetCost.by_class(problem.geometry, table, labels)
            step = replace(problem, geometry=geometry)
            solution = inner.solve(step, start=solution, throw=False)
            self._say(report, done, solution)
            solution = replace(solution, problem=problem)
            settled = abs(solution.cost - cost) <= self.tolerance * abs(cost)
            cost = solution.cost
            if settled or not solution.converged:
                break
        return solution

    def _descend(
        self,
        problem: Problem,
        labels: Tensor,
        inner: Sinkhorn,
        eta: float,
        first: Solution,
        report: Report,
    ) -> Solution:
        """Run the rounds of the convex form: linearise the class term, solve, search the line."""
        n, m = problem.geometry.shape
        need, remedy = 5 * n * m * 8, "use form='half', which streams, or raise memory"
        require_memory("ClassRegularized", need, self.memory, remedy)
        cost = problem.geometry.block(slice(0, n)).double()
        value = _group_objective(cost, problem, labels, inner.epsilon, eta)
        plan, solution = first.plan.dense(memory=self.memory).double(), first
        best = value(plan)
        for done in range(1, self.rounds + 1):
            gradient = eta * _group_gradient(plan, labels)
            step = replace(problem, geometry=DenseCost(cost + gradient))
            solution = inner.solve(step, start=None if done == 1 else solution, throw=False)
            self._say(report, done, solution)
            direction = solution.plan.dense(memory=self.memory).double() - plan
            reference = problem.a[:, None] * problem.b
            slope = cost + gradient + inner.epsilon * _safe_log(plan / reference)
            plan, following = _armijo(
                plan, direction, value, best, float((slope * direction).sum())
            )
            settled = best - following <= self.tolerance * abs(best)
            best = following
            if settled or not solution.converged:
                break
        return _dense_solution(DensePlan(plan), problem, solution, best)

    def _say(self, report: Report, done: int, solution: Solution) -> None:
        detail = f"marginal error {max(solution.marginal_error):.1e}, {solution.sweeps} sweeps"
        report(Progress(task="Class-regularised plan", done=done, total=self.rounds, detail=detail))


def _safe_log(ratio: Tensor) -> Tensor:
    """Return the logarithm, of the smallest number where there is no mass."""
    return ratio.clamp_min(torch.finfo(ratio.dtype).tiny).log()


def _class_norms(plan: Tensor, labels: Tensor) -> Tensor:
    """Return ``|P_cj|_2`` for every class and target, (L, m)."""
    squares = plan.new_zeros(int(labels.max()) + 1, plan.shape[1])
    return squares.index_add_(0, labels, plan * plan).sqrt()


def _group_gradient(plan: Tensor, labels: Tensor) -> Tensor:
    """Return the gradient of ``sum_j sum_c |P_cj|_2``, (n, m); zero where a class sends nothing."""
    norms = _class_norms(plan, labels)[labels]
    return torch.where(norms > 0, plan / norms, 0.0)


def _group_objective(
    cost: Tensor, problem: Problem, labels: Tensor, epsilon: float, eta: float
) -> Callable[[Tensor], float]:
    """Return the function ``<P, C> + eps sum P log(P / ab') + eta sum |P_cj|_2`` of a matrix."""
    reference = problem.a[:, None] * problem.b

    def value(plan: Tensor) -> float:
        entropy = torch.special.xlogy(plan, plan / reference).sum()
        return float(
            (plan * cost).sum() + epsilon * entropy + eta * _class_norms(plan, labels).sum()
        )

    return value


def _armijo(
    plan: Tensor, direction: Tensor, value: Callable[[Tensor], float], best: float, slope: float
) -> tuple[Tensor, float]:
    """Step along a direction as far as it pays, halving from the whole step."""
    step = 1.0
    for _ in range(_LINE_SEARCH):
        candidate = plan + step * direction
        reached = value(candidate)
        if reached <= best + _DESCENT * step * slope:
            return candidate, reached
        step /= 2
    return plan, best


def _dense_solution(plan: Plan, problem: Problem, last: Solution, objective: float) -> Solution:
    """State the certificate of a plan that is a matrix."""
    reached, total = plan.marginals(), float(problem.a.sum())
    error = MarginalError(
        float((reached.source - problem.a).abs().sum()) / total,
        float((reached.target - problem.b).abs().sum()) / total,
    )
    return replace(
        last, problem=problem, plan=plan, objective=objective, marginal_error=error, dual_gap=0.0
    )
