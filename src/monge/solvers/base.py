"""The solver's protocol: a frozen bag of options with one verb."""

from __future__ import annotations

from abc import ABC, abstractmethod

from monge.errors import ConvergenceError, InputError, sentence
from monge.progress import Report, silent
from monge.solvers.problem import Problem
from monge.solvers.solution import Solution

__all__ = ["Solver", "check_question", "raise_unless_converged"]


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
        InputError
            If the problem or the start is none.
        ConvergenceError
            If the tolerance was not reached and ``throw``; it carries the solution so far.
        """


def check_question(caller: str, problem: object, start: object, *, shaped: bool = False) -> None:
    """Refuse what is no problem, or no solution to start from.

    Parameters
    ----------
    caller
        The solver, for the error sentence.
    problem, start
        As given to `Solver.solve`.
    shaped
        Whether the shape of the start is looked at here too.

    Raises
    ------
    InputError
        Naming the parameter.
    """
    if not isinstance(problem, Problem):
        required, got = "a Problem", type(problem).__name__
        remedy = "pass for example Problem(PointCloud(x, y))"
        raise InputError(sentence(f"{caller}.solve", "problem", required, got, remedy))
    if start is None:
        return
    shape = problem.geometry.shape
    if not isinstance(start, Solution):
        required, got = "an earlier Solution or None", repr(start)
    elif shaped and start.plan.shape != shape:
        required, got = f"a solution of shape {shape}", f"one of shape {start.plan.shape}"
    else:
        return
    raise InputError(sentence(f"{caller}.solve", "start", required, got, "leave it out"))


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
