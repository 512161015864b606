"""Entropic transport: the semi-dual, one sweep an iteration, accelerated and certified.

min <P, C> + eps KL(P | a b') over the plans with marginals a and b. With the source potential
solved for in closed form, its dual is a concave function of the target potential g alone (Cuturi
and Peyre 2018); its gradient and the next Sinkhorn iterate both come from the column sums of one
sweep.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from numbers import Integral, Real
from time import perf_counter
from typing import get_args

import torch

from monge._types import EpsilonScale, Tensor
from monge.errors import Cancelled, InputError, sentence
from monge.geometry import Geometry
from monge.memory import DEFAULT_BUDGET, parse_bytes
from monge.plans import EntropicPlan, GibbsKernel
from monge.progress import Progress, Report, silent
from monge.solvers.base import Solver, raise_unless_converged
from monge.solvers.certificate import marginal_error, soft_transform
from monge.solvers.problem import Problem
from monge.solvers.semidual import Ascent, SemiDual
from monge.solvers.solution import Solution, Status

__all__ = ["Sinkhorn"]

_FLOAT32_TOLERANCE = 1e-5
"""Marginal errors below this are computed in float64."""

_FLOAT32_SCORE = 5e-7
"""Rounding of a float32 score, relative to the mean cost: float64 where epsilon makes it matter."""


_SMALLEST, _LARGEST = 1e-290, 1e290
"""Epsilon in units of the cost, beyond which a cost over epsilon is no number."""


@dataclass(frozen=True, kw_only=True)
class Sinkhorn(Solver):
    """Entropic optimal transport.

    Parameters
    ----------
    epsilon
        Strength of the entropy, positive. 0.05 with ``epsilon_scale="mean"`` lets a source point
        tell costs apart that differ by 5 % of the mean cost.
    epsilon_scale
        What epsilon is relative to: the ``"mean"`` cost (of the independent plan), the ``"max"``
        cost, or ``"absolute"``.
    tolerance
        L1 marginal error at which the solve ends, over the total mass. Below 1e-5 the work is done
        in float64 whatever the points are.
    max_sweeps
        Passes over the full kernel before the solve gives up.
    memory
        What the solve may take above the data: a kernel that fits is stored, else it is recomputed
        in blocks in every sweep.

    Raises
    ------
    InputError
        If an option is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from monge import PointCloud, Problem
    >>> x = np.random.default_rng(0).normal(size=(30, 2))
    >>> solution = Sinkhorn(epsilon=0.1).solve(Problem(PointCloud(x, x + 1)))
    >>> solution.status.value
    'converged'
    """

    epsilon: float = 0.05
    epsilon_scale: EpsilonScale = "mean"
    tolerance: float = 1e-4
    max_sweeps: int = 2000
    memory: str | int = DEFAULT_BUDGET

    def __post_init__(self) -> None:
        for name, kind, remedy in (
            ("epsilon", Real, "pass for example epsilon=0.05, 5 % of the mean cost"),
            ("tolerance", Real, "pass for example tolerance=1e-4"),
            ("max_sweeps", Integral, "pass for example max_sweeps=2000"),
        ):
            value = getattr(self, name)
            number = isinstance(value, kind) and not isinstance(value, bool)
            if not (number and isfinite(value) and value > 0):
                required = f"a positive {'finite' if kind is Real else 'whole'} number"
                raise InputError(sentence("Sinkhorn", name, required, repr(value), remedy))
        scales = get_args(EpsilonScale)
        if self.epsilon_scale not in scales:
            required = f"one of {', '.join(map(repr, scales))}"
            got = repr(self.epsilon_scale)
            remedy = "'mean' is the default"
            raise InputError(sentence("Sinkhorn", "epsilon_scale", required, got, remedy))
        parse_bytes(self.memory, caller="Sinkhorn")

    def solve(
        self,
        problem: Problem,
        *,
        start: Solution | None = None,
        throw: bool = True,
        report: Report = silent,
    ) -> Solution:
        """Find the entropic plan; see `Solver.solve`.

        Raises
        ------
        ConvergenceError
            If the tolerance was not reached and ``throw``; it carries the solution so far.
        InputError
            If the problem relaxes a marginal, or its costs or epsilon are too large or too small
            for the floating type.
        """
        if not problem.balanced:
            required, got = "balanced", f"tau {problem.tau_source:g} and {problem.tau_target:g}"
            remedy = "leave tau_source and tau_target at infinity"
            raise InputError(sentence("Sinkhorn", "problem", required, got, remedy))
        support = _Support(problem, self)
        semi = support.semidual(_Monitor(self, report))
        try:
            if start is None:
                h = semi.warm_up(support.relative, self.max_sweeps)
            else:
                h = support.started(start)
            ascent = semi.solve(h, self.tolerance, self.max_sweeps)
        except Cancelled:
            kernel = GibbsKernel(semi.geometry, semi.epsilon)
            transform = soft_transform(kernel, semi.b.log() + semi.best)
            ascent = Ascent(semi.best, kernel.offset - transform, Status.CANCELLED)
        solution = self._certify(problem, support, semi, ascent)
        if throw:
            raise_unless_converged("Sinkhorn", solution)
        return solution

    def _certify(
        self, problem: Problem, support: _Support, semi: SemiDual, ascent: Ascent
    ) -> Solution:
        """Build the plan of a potential and measure it on the true kernel."""
        plan = support.plan(ascent, GibbsKernel(semi.geometry, semi.epsilon).offset)
        error = marginal_error(plan, problem)
        status = ascent.status
        if status is Status.CONVERGED and not max(error) <= 2 * self.tolerance:
            status = Status.STALLED
        f_mass, g_mass = float(plan.f @ problem.a), float(plan.g @ problem.b)
        return Solution(
            problem=problem,
            plan=plan,
            objective=f_mass + g_mass,
            status=status,
            marginal_error=error,
            sweeps=len(semi.history) + 1,
            operator=semi.operator,
            epsilon=support.epsilon,
            history=tuple(semi.history),
        )


class _Monitor:
    """Turns sweeps into progress."""

    def __init__(self, options: Sinkhorn, report: Report) -> None:
        self.tolerance, self.report, self.began = options.tolerance, report, perf_counter()

    def __call__(self, sweeps: int, error: float) -> None:
        """Report one sweep."""
        took = perf_counter() - self.began
        detail = f"marginal error {error:.1e}, to reach {self.tolerance:.0e}, {took:.1f} s"
        self.report(Progress(task="Sinkhorn plan", done=sweeps, detail=detail))


class _Support:
    """The part of a problem that has mass, turned so that the smaller side holds the potential."""

    def __init__(self, problem: Problem, options: Sinkhorn) -> None:
        self.problem, self.options = problem, options
        self.rows, self.columns = (w.nonzero()[:, 0] for w in (problem.a, problem.b))
        geometry = self._select(problem.geometry, self.rows, self.columns)
        mean = geometry.mean(problem.a[self.rows], problem.b[self.columns])
        self._check_costs(geometry, mean)
        self.epsilon = float(options.epsilon) * self._scale(geometry, mean)
        if not _SMALLEST < self.epsilon < _LARGEST:
            required = f"between {_SMALLEST:g} and {_LARGEST:g} in units of the cost"
            remedy = "pass for example epsilon=0.05, 5 % of the mean cost"
            raise InputError(sentence("Sinkhorn", "epsilon", required, self.epsilon, remedy))
        self.relative = self.epsilon / mean if mean > 0 else 1.0
        exact = min(
            options.tolerance / _FLOAT32_TOLERANCE,
            options.tolerance * self.relative / _FLOAT32_SCORE,
        )
        self.dtype = torch.float64 if exact < 1 else geometry.dtype
        self.swapped = geometry.shape[1] > geometry.shape[0]

    def _select(self, geometry: Geometry, rows: Tensor, columns: Tensor) -> Geometry:
        """Leave out the rows and columns that have no mass, if there are any."""
        n, m = geometry.shape
        if len(rows) == n and len(columns) == m:
            return geometry
        return geometry.select(rows, columns)

    def _check_costs(self, geometry: Geometry, mean: float) -> None:
        """Refuse costs that overflow the floating type, or that have no digits left in it."""
        least = torch.finfo(geometry.dtype).tiny / torch.finfo(geometry.dtype).eps
        if isfinite(mean) and abs(mean) > least:
            return
        a, b = self.problem.a[self.rows], self.problem.b[self.columns]
        if mean == 0 and geometry.to(torch.float64).mean(a, b) == 0:
            return  # not lost: all costs are zero
        required, got = "of costs that the floating type can hold", f"a mean cost of {mean:g}"
        remedy = "multiply the points by a constant, or pass them as float64"
        raise InputError(sentence("Sinkhorn", "problem", required, got, remedy))

    def _scale(self, geometry: Geometry, mean: float) -> float:
        """Return what epsilon is relative to; one where all costs are zero and any would do."""
        if self.options.epsilon_scale == "absolute":
            return 1.0
        scale = mean if self.options.epsilon_scale == "mean" else geometry.max()
        return scale if scale > 0 and mean != 0 else 1.0

    def semidual(self, monitor: _Monitor) -> SemiDual:
        """State the concave problem of this support."""
        geometry = self._select(self.problem.geometry, self.rows, self.columns).to(self.dtype)
        a, b = self.problem.a[self.rows], self.problem.b[self.columns]
        if self.swapped:
            geometry, a, b = geometry.transpose(), b, a
        memory = parse_bytes(self.options.memory)
        return SemiDual(geometry, a / a.sum(), b / b.sum(), self.epsilon, memory, monitor)

    def started(self, start: Solution) -> Tensor:
        """Take the potential of an earlier solution.

        Raises
        ------
        InputError
            If that solution is of another kind or shape.
        """
        plan, shape = start.plan, self.problem.geometry.shape
        if not isinstance(plan, EntropicPlan) or plan.shape != shape:
            required = f"an entropic solution of shape {shape}"
            got = f"a {type(plan).__name__} of shape {plan.shape}"
            raise InputError(sentence("Sinkhorn", "start", required, got, "leave it out"))
        potential = plan.f[self.rows] if self.swapped else plan.g[self.columns]
        return potential / self.epsilon

    def plan(self, ascent: Ascent, offset: Tensor) -> EntropicPlan:
        """Extend the potential to every row and column, those without mass too.

        ``offset`` (rows with mass,) is what the ascent's normalisers leave out. It is that of the
        geometry solved on: the whole one is centred on all targets and has another.
        """
        geometry = self.problem.geometry.to(self.dtype)
        a, b, rows, columns = self.problem.a, self.problem.b, self.rows, self.columns
        if self.swapped:
            geometry, a, b, rows, columns = geometry.transpose(), b, a, columns, rows
        n, m = geometry.shape
        f, g = torch.zeros_like(a), torch.zeros_like(b)
        g[columns] = ascent.h
        f[rows] = offset - ascent.log_norm
        if len(rows) < n:
            idle = (a == 0).nonzero()[:, 0]
            beside = GibbsKernel(geometry.select(idle, None), self.epsilon)
            f[idle] = soft_transform(beside, (b / b.sum()).log() + g)
        if len(columns) < m:
            idle = (b == 0).nonzero()[:, 0]
            beside = GibbsKernel(geometry.select(None, idle).transpose(), self.epsilon)
            g[idle] = soft_transform(beside, (a / a.sum()).log() + f)
        # Weights of total M instead of one: the reference a b' has mass M^2, so g takes up log M.
        g -= a.sum().log()
        f, g = f * self.epsilon, g * self.epsilon
        if self.swapped:
            f, g = g, f
        return EntropicPlan(
            geometry=self.problem.geometry.to(self.dtype),
            epsilon=self.epsilon,
            a=self.problem.a,
            b=self.problem.b,
            f=f,
            g=g,
        )
