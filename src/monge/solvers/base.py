"""The solver's protocol: a frozen bag of options with one verb."""

from __future__ import annotations

from abc import ABC, abstractmethod

from monge.errors import ConvergenceError
from monge.progress import Report, silent
from monge.solvers.problem import Problem
from monge.solvers.solution import Solution

__all__ = ["Solver", "raise_unless_converged"]


class Solver(ABC):
    """Options of one way to find a plan.

    Examples
    --------
    >>> import torch
    >>> from monge import Exact, PointCloud, Problem, Sinkhorn
    >>> x = torch.tensor([[0.0], [1.0], [2.0]])
    >>> problem = Problem(PointCloud(x, x + 1))
    >>> for solver in (Exact(), Sinkhorn(epsilon=0.01), Sinkhorn(epsilon=0.5)):
    ...     print(type(solver).__name__, round(solver.solve(problem).cost, 2))
    Exact 1.0
    Sinkhorn 1.0
    Sinkhorn 1.4
    """

    @abstractmethod
    def solve(
        self,
        problem: Problem,
        *,
        start: Solution | None = None,
        throw: bool = True,
        report: Report = silent,
    ) -> Solution:
        """Find the plan.

        Parameters
        ----------
        problem
            The geometry and its marginals.
        start
            An earlier solution of a problem of the same shape to go on from.
        throw
            Whether not to converge is an error; if not, it is a status.
        report
            Called after every sweep; it may raise `monge.errors.Cancelled`.

        Raises
        ------
        ConvergenceError
            If the tolerance was not reached and ``throw``; it carries the solution so far.
        """


def raise_unless_converged(caller: str, solution: Solution) -> None:
    """Raise what a solve that did not converge has to say.

    Raises
    ------
    ConvergenceError
        Carrying the solution, with the error reached and the remedy.
    """
    if not solution.converged:
        error = max(solution.marginal_error)
        raise ConvergenceError(
            f"{caller}: {solution.status.value} (marginal error {error:.1e} after "
            f"{solution.sweeps} sweeps).",
            solution,
        )
