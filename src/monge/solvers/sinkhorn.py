"""Entropic transport: the semi-dual, one sweep an iteration, accelerated and certified.

min <P, C> + eps KL(P | a b') over the plans with marginals a and b. With the source potential
solved for in closed form, its dual is a concave function of the target potential g alone (Cuturi
and Peyre 2018); its gradient and the next Sinkhorn iterate both come from the column sums of one
sweep.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from time import perf_counter
from typing import get_args

from monge._types import EpsilonScale
from monge.errors import Cancelled
from monge.memory import DEFAULT_BUDGET, parse_bytes
from monge.numerics import full_precision
from monge.progress import Progress, Report, silent
from monge.solvers.base import Solver, check_question, raise_unless_converged
from monge.solvers.certificate import certify
from monge.solvers.climb import Ascent
from monge.solvers.options import check_options, one_of, positive, whole
from monge.solvers.problem import Problem
from monge.solvers.semidual import SemiDual
from monge.solvers.solution import Solution, Status
from monge.solvers.support import Support

__all__ = ["Sinkhorn"]

_MARGIN = 0.9
"""Share of the tolerance that sweeps must reach: the last word is the certificate's, and the two
round differently."""


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
        What a stored kernel may take above the data: one that fits is kept, else it is recomputed
        in blocks in every sweep. The blocks come on top: 24 MiB, or as much as a smaller budget
        says, but not less than 384 KiB, nor than one row. `Solution.planned_bytes` is the sum.

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
        check_options(
            self,
            epsilon=positive("pass for example 0.05"),
            tolerance=positive("pass for example tolerance=1e-4"),
            max_sweeps=whole("pass for example max_sweeps=2000"),
            epsilon_scale=one_of(get_args(EpsilonScale), "pass the scale that you mean"),
        )
        parse_bytes(self.memory, caller="Sinkhorn")

    @full_precision()
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
            If the costs or epsilon are too large or too small for the floating type.
        """
        check_question("Sinkhorn", problem, start)
        support = Support(problem, self.epsilon, self.epsilon_scale, self.tolerance)
        memory = parse_bytes(self.memory)
        semi = support.semidual(memory, _Monitor(self, report))
        try:
            if start is None:
                h = semi.warm_up(support.relative, self.max_sweeps)
            else:
                h = support.started(start, semi.zeros())
            ascent = semi.solve(h, _MARGIN * self.tolerance, self.max_sweeps, fresh=start is None)
        except Cancelled:
            ascent = semi.cut_short()
        solution = self._certify(support, semi, ascent)
        if throw:
            raise_unless_converged("Sinkhorn", solution)
        return solution

    def _certify(self, support: Support, semi: SemiDual, ascent: Ascent) -> Solution:
        """Build the plan of a potential and measure it on the true kernel."""
        potentials = support.potentials(ascent)
        plan = support.plan(potentials)
        certificate = certify(
            support.problem,
            plan,
            support.reached(ascent),
            (potentials.source, potentials.target),
            support.relaxations,
        )
        status = ascent.status
        if status is Status.CONVERGED and not max(certificate.marginal_error) <= self.tolerance:
            status = Status.STALLED
        return Solution(
            problem=support.problem,
            plan=plan,
            objective=certificate.objective,
            dual_gap=certificate.dual_gap,
            status=status,
            marginal_error=certificate.marginal_error,
            sweeps=len(semi.history),
            full_sweeps=semi.full_sweeps,
            operator=semi.operator,
            planned_bytes=semi.planned_bytes,
            epsilon=support.absolute,
            history=tuple(semi.history),
        )


class _Monitor:
    """Turns sweeps into progress, with an estimate of the time left."""

    def __init__(self, options: Sinkhorn, report: Report) -> None:
        self.tolerance, self.report, self.began = options.tolerance, report, perf_counter()
        self.first: tuple[int, float] | None = None

    def __call__(self, sweeps: int, error: float) -> None:
        """Report one sweep."""
        took = perf_counter() - self.began
        detail = f"marginal error {error:.1e}, to reach {self.tolerance:.0e}, {took:.1f} s"
        left = self._sweeps_left(sweeps, error)
        if left is not None:
            detail += f", about {left * took / sweeps:.0f} s left"
        self.report(Progress(task="Sinkhorn plan", done=sweeps, detail=detail))

    def _sweeps_left(self, sweeps: int, error: float) -> float | None:
        """Guess how many sweeps are left: the error falls by a like factor in each."""
        if self.first is None or error > self.first[1]:
            self.first = (sweeps, error)
            return None
        begun, at = self.first
        if not 0 < error < at:
            return None
        per_sweep = log(at / error) / (sweeps - begun)
        return max(0.0, log(error / self.tolerance)) / per_sweep
