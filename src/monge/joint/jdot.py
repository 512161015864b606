"""Joint distribution transport: the plan and the target's classifier, each made for the other.

    min over P, f of  sum_ij P_ij (alpha d(x_i, y_j) / D + L(l_i, f(y_j))) + Omega(f)

(Courty et al. 2017, equation 6) by turns: the plan for f held, then f for the plan held, trained on
each target row with the labels that the plan sends there (algorithm 1 there). A turn never raises
the objective, if f is trained to the minimum of its own. D is the mean d; the paper's is the
largest, which a single far row decides.

The loss is a product of what a source row says (n, k), such as its class, and of what f pays for
it at each target row (m, k), so that nothing of size n x m is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import torch

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.geometry import OffsetCost, PointCloud
from monge.memory import DEFAULT_BUDGET, parse_bytes
from monge.numerics import moments
from monge.plans import EntropicPlan
from monge.progress import Progress, Report, silent
from monge.solvers import Exact, Problem, Sinkhorn, Solution, Solver, Status
from monge.solvers.base import check_question, raise_unless_converged
from monge.solvers.options import at_least, check_options, positive, whole

__all__ = ["JointTransport", "Learn"]

Learn: TypeAlias = Callable[[Tensor], Tensor]
"""Trains f on what a plan tells the target rows, (m, k), and returns what f pays there, (m, k)."""

_LAST = 1e-4
"""Marginal error of the plan that is returned, as of `monge.Sinkhorn`; or less, if asked for."""

_LEAST = 1e-9
"""Marginal error below which a plan is not asked for on the way."""


@dataclass(frozen=True, kw_only=True)
class JointTransport(Solver):
    """Find a plan together with a linear classifier of the target (JDOT; Courty et al. 2017).

    The classifier is ridge regression of the one-hot labels on the standardised target, of which
    each turn finds the minimum in closed form. `monge.adapters.JDOT` does the same with any
    classifier or regressor of scikit-learn.

    Parameters
    ----------
    epsilon
        Strength of the entropy, in units of the mean cost between the points; 0 asks for the exact
        plan, which is that of the paper.
    alpha
        What the mean cost between two points weighs beside a loss of one, positive.
    eta
        Regularisation of the classifier, positive, per target row and feature: the penalty is
        ``eta d / m`` times the squared coefficients, beside the mean loss of the rows.
    rounds
        Turns of plan and classifier at the most.
    tolerance
        Share of the labels, by mass, that still changes in a turn when the turns end.
    memory
        See `monge.Sinkhorn`.

    Raises
    ------
    InputError
        If an option is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from monge import PointCloud, Problem
    >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [4.0, 0.0], [4.0, 1.0]])
    >>> labels = torch.tensor([0, 0, 1, 1])
    >>> problem = Problem(PointCloud(x, x + [1.5, 3.0]), source_labels=labels)
    >>> solution = JointTransport(epsilon=0).solve(problem)
    >>> solution.plan.push(torch.nn.functional.one_hot(labels)).argmax(1)
    tensor([0, 0, 1, 1])
    """

    epsilon: float = 0.1
    alpha: float = 1.0
    eta: float = 1.0
    rounds: int = 200
    tolerance: float = 3e-3
    memory: str | int = DEFAULT_BUDGET

    def __post_init__(self) -> None:
        usual = "leave it at its default"
        check_options(
            self,
            epsilon=at_least(0, "pass for example epsilon=0.1", finite=True),
            alpha=positive(usual),
            eta=positive(usual),
            rounds=whole(usual),
            tolerance=positive(usual),
        )
        parse_bytes(self.memory, caller="JointTransport")
        self._solver(1.0)

    def _solver(self, mean: float) -> Solver:
        """Return the solver of the plans; the loss comes and goes and is no part of the unit."""
        if self.epsilon == 0:
            return Exact()
        return Sinkhorn(
            epsilon=self.epsilon * mean,
            epsilon_scale="absolute",
            tolerance=max(self.tolerance, _LEAST),
            memory=self.memory,
        )

    def solve(
        self,
        problem: Problem,
        *,
        start: Solution | None = None,
        throw: bool = True,
        report: Report = silent,
    ) -> Solution:
        """Find the plan; see `Solver.solve`. ``start`` gives the labels that f is first trained on.

        Returns
        -------
        Solution
            Its objective is that of the last plan: with the loss, in units of the cost between the
            points, and without Omega.

        Raises
        ------
        InputError
            If the problem has no source labels or no points.
        ConvergenceError
            If the labels did not settle and ``throw``.
        """
        check_question("JointTransport", problem, start, shaped=True)
        cloud, labels = problem.geometry, problem.source_labels
        if not isinstance(cloud, PointCloud) or labels is None:
            required = "on points (PointCloud), with source_labels"
            remedy = "pass Problem(PointCloud(x, y), source_labels=labels)"
            got = "another problem"
            raise InputError(sentence("JointTransport", "problem", required, got, remedy))
        said = torch.nn.functional.one_hot(labels).to(cloud.dtype)
        learn = _Linear.on(cloud.y, problem.b, self.eta)
        return self.alternate(problem, said, learn, start=start, throw=throw, report=report)

    def alternate(
        self,
        problem: Problem,
        said: Tensor,
        learn: Learn,
        *,
        start: Solution | None = None,
        throw: bool = True,
        report: Report = silent,
    ) -> Solution:
        """Make plan and classifier by turns until the plan tells the target what it told before.

        Parameters
        ----------
        problem
            The points and their weights.
        said
            What each source row says, (n, k): its class as one-hot, say. The loss of source row i
            at target row j is the product of this row i and of row j of what is paid.
        learn
            Trains f on what a plan tells the target rows, ``P' said`` (m, k), and returns what f
            pays there, (m, k). It is called once in a turn.
        start, throw, report
            See `Solver.solve`.

        Raises
        ------
        ConvergenceError
            If a plan did not converge, or the turns did not settle, and ``throw``.
        """
        geometry = problem.geometry
        mean = geometry.mean(problem.a, problem.b)
        mean = mean if mean > 0 else 1.0
        solver = self._solver(mean)
        warm: Solution | None
        step, sweeps, settled = problem, 0, False
        if start is None:
            solution = warm = solver.solve(problem, throw=False)
            sweeps = solution.sweeps
        else:
            solution = start
            warm = start if isinstance(start.plan, EntropicPlan) else None
        told = solution.plan.push(said)
        for done in range(1, self.rounds + 1):
            paid = (mean / self.alpha * learn(told).to(geometry.device)).to(geometry.dtype)
            step = replace(problem, geometry=OffsetCost(base=geometry, left=said, right=paid))
            solution = warm = solver.solve(step, start=warm, throw=False)
            sweeps += solution.sweeps
            following = solution.plan.push(said)
            changed = float((following - told).abs().sum() / (2 * following.abs().sum()))
            told = following
            detail = f"{changed:.1e} of the labels changed, to reach {self.tolerance:.0e}"
            report(Progress(task="JointTransport", done=done, total=self.rounds, detail=detail))
            settled = changed <= self.tolerance
            if settled or not solution.converged:
                break
        if isinstance(solver, Sinkhorn) and solution.converged and self.tolerance > _LAST:
            last = replace(solver, tolerance=_LAST)
            solution = last.solve(step, start=solution, throw=False)
            sweeps += solution.sweeps
        status = solution.status if settled or not solution.converged else Status.MAX_SWEEPS
        # The maps are of the points: the loss has done its work.
        solution = replace(solution, problem=problem, status=status, sweeps=sweeps)
        if throw:
            raise_unless_converged("JointTransport", solution)
        return solution


@dataclass(frozen=True, kw_only=True, eq=False)
class _Linear:
    """Ridge regression of the labels on standardised points (m, d) float64, with a free offset.

    It minimises ``sum_j sum_c V_jc |e_c - f(y_j)|^2 + penalty |B|^2`` over ``f(y) = y B + offset``,
    with V of sum one what each target row is told.
    """

    points: Tensor
    penalty: float

    @classmethod
    def on(cls, y: Tensor, weights: Tensor, eta: float) -> _Linear:
        """Standardise the points; a feature that is constant where there is mass is left out."""
        mean, covariance = moments(y, weights)
        present = y[weights > 0]
        varies = present.amax(0) > present.amin(0)
        scale = torch.where(varies, covariance.diagonal().clamp_min(1e-300).rsqrt(), 0.0)
        # One over the number of rows, if all weigh the same.
        per_row = float(weights.square().sum() / weights.sum().square())
        penalty = eta * per_row * max(int(varies.sum()), 1)
        return cls(points=(y.double() - mean) * scale, penalty=penalty)

    def __call__(self, told: Tensor) -> Tensor:
        """Fit the regression to what the rows are told (m, L), and return |e_c - f|^2, (m, L)."""
        told = told.double() / told.double().sum()
        mass = told.sum(1)
        centred = self.points - mass @ self.points
        own = torch.eye(centred.shape[1], dtype=told.dtype, device=told.device)
        root = torch.linalg.cholesky((centred * mass[:, None]).T @ centred + self.penalty * own)
        scores = centred @ torch.cholesky_solve(centred.T @ told, root) + told.sum(0)
        return 1 - 2 * scores + scores.square().sum(1, keepdim=True)
