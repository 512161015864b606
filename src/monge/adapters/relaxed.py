"""Transports that do not move all mass: relaxed marginals, and a share of the whole.

The Problem says how firmly a marginal is held; here that becomes an option of a transport, so that
it has a name, a default and a place in a grid search.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from monge._types import EpsilonScale
from monge.errors import InputError, sentence
from monge.memory import DEFAULT_BUDGET
from monge.progress import Report, silent
from monge.solvers import Exact, Problem, Sinkhorn, Solution, Solver
from monge.solvers.base import check_question
from monge.solvers.options import Rule, at_least, check_options, is_number, shared

__all__ = ["Partial", "Unbalanced", "cost_unit"]


def cost_unit(problem: Problem, scale: EpsilonScale) -> float:
    """Return what an option of this scale is multiplied by: a cost, or one."""
    if scale == "absolute":
        return 1.0
    geometry = problem.geometry
    unit = geometry.mean(problem.a, problem.b) if scale == "mean" else geometry.max()
    return unit if unit > 0 else 1.0


@dataclass(frozen=True, kw_only=True)
class Unbalanced(Solver):
    """Entropic transport whose marginals may give way, at a price (Chizat et al. 2018).

    min <P, C> + eps KL(P | a b') + tau_source KL(P 1 | a) + tau_target KL(P' 1 | b). The remedy for
    outliers, and for classes that are rarer or more frequent in the target.

    Parameters
    ----------
    epsilon, epsilon_scale, tolerance, max_sweeps, memory
        See `monge.Sinkhorn`.
    tau_source, tau_target
        How firmly each marginal is held, at least 0 and on the scale of epsilon; infinity holds it.

    Raises
    ------
    InputError
        If an option is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from monge import Adapter
    >>> X = np.array([[0.0], [1.0], [8.0], [99.0]])  # the last has no counterpart
    >>> y = ["low", "low", "high", "high"]
    >>> adapter = Adapter(Unbalanced(tau_source=0.1, tau_target=0.1))
    >>> adapter.fit(X, y, X_target=X[:3] + 2).solution_.plan.marginals().source.numpy().round(1)
    array([0.3, 0.3, 0.3, 0. ])
    """

    epsilon: float = 0.05
    epsilon_scale: EpsilonScale = "mean"
    tau_source: float = 1.0
    tau_target: float = 1.0
    tolerance: float = 1e-4
    max_sweeps: int = 2000
    memory: str | int = DEFAULT_BUDGET

    def __post_init__(self) -> None:
        shared(self, Sinkhorn)
        hold = "pass infinity to hold the marginal"
        check_options(self, tau_source=at_least(0, hold), tau_target=at_least(0, hold))

    def solve(
        self,
        problem: Problem,
        *,
        start: Solution | None = None,
        throw: bool = True,
        report: Report = silent,
    ) -> Solution:
        """Relax the marginals of a balanced problem and find the plan; see `Solver.solve`.

        Raises
        ------
        InputError
            If it is no problem, or one that says itself how its marginals are held.
        ConvergenceError
            If the tolerance was not reached and ``throw``.
        """
        _check_question("Unbalanced", problem, start)
        unit = cost_unit(problem, self.epsilon_scale)
        relaxed = replace(
            problem, tau_source=self.tau_source * unit, tau_target=self.tau_target * unit
        )
        return shared(self, Sinkhorn).solve(relaxed, start=start, throw=throw, report=report)


@dataclass(frozen=True, kw_only=True)
class Partial(Solver):
    """Move only the share of the mass that is the cheapest to move (Chapel et al. 2020).

    Source rows that are left behind feed no target and have no barycentre: the barycentric map
    treats them as unseen points, which follow their nearest row that was moved.

    Parameters
    ----------
    share
        Of the total mass, above 0 and at most 1.
    epsilon
        See `monge.Sinkhorn`; 0 asks for the exact plan, which leaves rows behind entirely, while
        an entropic one moves a little of every row.
    epsilon_scale, tolerance, max_sweeps, memory
        See `monge.Sinkhorn`; the exact plan does not use them.

    Raises
    ------
    InputError
        If an option is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from monge import Adapter
    >>> X = np.array([[0.0], [1.0], [8.0], [99.0]])  # the last has no counterpart
    >>> y = ["low", "low", "high", "high"]
    >>> adapter = Adapter(Partial(share=0.75, epsilon=0)).fit(X, y, X_target=X[:3] + 2)
    >>> adapter.solution_.plan.marginals().source.numpy().round(2)
    array([0.25, 0.25, 0.25, 0.  ])
    """

    share: float = 0.9
    epsilon: float = 0.05
    epsilon_scale: EpsilonScale = "mean"
    tolerance: float = 1e-4
    max_sweeps: int = 2000
    memory: str | int = DEFAULT_BUDGET

    def __post_init__(self) -> None:
        share = Rule(
            holds=lambda value: is_number(value) and 0 < value <= 1,
            required="above 0 and at most 1",
            remedy="pass for example share=0.9",
        )
        check_options(self, share=share)
        self._solver()

    def _solver(self) -> Solver:
        exact = is_number(self.epsilon) and self.epsilon == 0
        return Exact() if exact else shared(self, Sinkhorn)

    def solve(
        self,
        problem: Problem,
        *,
        start: Solution | None = None,
        throw: bool = True,
        report: Report = silent,
    ) -> Solution:
        """Find the plan of the share of a balanced problem; see `Solver.solve`.

        Raises
        ------
        InputError
            If it is no problem, or one that says itself how its marginals are held.
        ConvergenceError
            If the plan did not converge and ``throw``.
        """
        _check_question("Partial", problem, start)
        part = replace(problem, mass=self.share * float(problem.a.sum()))
        return self._solver().solve(part, start=start, throw=throw, report=report)


def _check_question(caller: str, problem: Problem, start: Solution | None) -> None:
    """Refuse what is no problem, no start, or a problem that is relaxed already.

    Raises
    ------
    InputError
        Naming the parameter.
    """
    check_question(caller, problem, start)
    if not problem.balanced:
        required, got = "balanced: its marginals are relaxed here", "relaxed marginals"
        remedy = "leave tau and mass of the Problem alone, or use Sinkhorn"
        raise InputError(sentence(caller, "problem", required, got, remedy))
