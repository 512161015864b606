"""Exact transport by the network simplex of POT, the only place that imports it."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass

import numpy as np
import ot
import torch

from monge._types import NDArray
from monge.errors import ConvergenceError, InputError, LargeProblemWarning, sentence
from monge.memory import format_bytes
from monge.plans import SparsePlan
from monge.progress import Progress, Report, silent
from monge.solvers.base import Solver, check_question, raise_unless_converged
from monge.solvers.options import check_options, whole
from monge.solvers.problem import Problem
from monge.solvers.solution import MarginalError, Solution, Status

__all__ = ["Exact", "least_cost"]

_LARGE = 25_000_000
"""Entries of the cost above which a warning is given: 5,000 x 5,000 takes about half a minute."""
_SECONDS_PER_ENTRY = 1.2e-6
_BYTES_PER_ENTRY = 40

logger = logging.getLogger("monge")


@dataclass(frozen=True, kw_only=True)
class Exact(Solver):
    """The plan of least cost, without entropy (Bonneel et al. 2011, as POT implements it).

    Parameters
    ----------
    max_iterations
        Pivots of the simplex before it gives up.

    Raises
    ------
    InputError
        If ``max_iterations`` is not positive.

    Examples
    --------
    >>> import torch
    >>> from monge import PointCloud, Problem
    >>> x, y = torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([[2.5], [0.5], [1.5]])
    >>> solution = Exact().solve(Problem(PointCloud(x, y)))
    >>> solution.plan.dense().argmax(1).tolist()
    [1, 2, 0]
    >>> round(solution.cost, 2)
    0.25
    """

    max_iterations: int = 10_000_000

    def __post_init__(self) -> None:
        usual, required = "leave it at its default", "a positive whole number of pivots"
        check_options(self, max_iterations=whole(usual, required))

    def solve(
        self,
        problem: Problem,
        *,
        start: Solution | None = None,
        throw: bool = True,
        report: Report = silent,
    ) -> Solution:
        """Find the plan of least cost; see `Solver.solve`.

        ``start`` is taken and not used: the simplex has no warm start. It cannot be cancelled.

        Raises
        ------
        InputError
            If the problem relaxes a marginal, or its costs are too large for the floating type.
        ConvergenceError
            If the simplex gave up and ``throw``.
        """
        check_question("Exact", problem, start)
        if not problem.balanced and problem.mass is None:
            required, got = "balanced", f"tau {problem.tau_source:g} and {problem.tau_target:g}"
            raise InputError(sentence("Exact", "problem", required, got, "leave both at infinity"))
        n, m = problem.geometry.shape
        if n * m > _LARGE:
            minutes = n * m * _SECONDS_PER_ENTRY / 60
            warnings.warn(
                f"Exact: {n} x {m} points take about {max(minutes, 1):.0f} minutes or more and "
                f"{format_bytes(n * m * _BYTES_PER_ENTRY)}; use Sinkhorn(epsilon=0.01), or fewer "
                "points.",
                LargeProblemWarning,
                stacklevel=2,
            )
        report(Progress(task="Exact plan", done=0, total=1, detail="network simplex"))
        cost = problem.geometry.block(slice(0, n)).double().cpu().numpy()
        largest = float(np.abs(cost).max())
        if not np.isfinite(largest):
            required, got = "of costs that the floating type can hold", f"a cost of {largest}"
            remedy = "divide the points by a constant, or pass them as float64"
            raise InputError(sentence("Exact", "problem", required, got, remedy))
        # The simplex compares reduced costs with an absolute threshold: it wants costs of size one.
        unit = cost / largest if largest > 0 else cost
        total, mass = float(problem.a.sum()), problem.mass
        a, b = (w.cpu().numpy() / total for w in (problem.a, problem.b))
        with warnings.catch_warnings():
            # POT warns where the simplex gives up; the status says it here.
            warnings.simplefilter("ignore")
            matrix, finished = self._simplex(a, b, unit, None if mass is None else mass / total)
        report(Progress(task="Exact plan", done=1, total=1))
        row, column = np.nonzero(matrix)
        device, dtype = problem.geometry.device, problem.geometry.dtype
        plan = SparsePlan(
            row=torch.as_tensor(row, device=device),
            column=torch.as_tensor(column, device=device),
            mass=torch.as_tensor(matrix[row, column] * total, device=device).to(dtype),
            size=(n, m),
        )
        missed = [matrix.sum(1) - a, matrix.sum(0) - b]
        if mass is not None:
            missed = [np.maximum(side, 0) for side in missed]
        error = MarginalError(*(float(np.abs(side).sum()) for side in missed))
        solution = Solution(
            problem=problem,
            plan=plan,
            objective=float((matrix[row, column] * cost[row, column]).sum()) * total,
            status=Status.CONVERGED if finished else Status.MAX_PIVOTS,
            marginal_error=error,
            sweeps=0,
            operator="exact",
            epsilon=0.0,
        )
        if throw:
            raise_unless_converged("Exact", solution)
        return solution

    def _simplex(
        self, a: NDArray, b: NDArray, cost: NDArray, mass: float | None
    ) -> tuple[NDArray, bool]:
        """Return the plan (n, m) and whether the simplex finished.

        A mass below the total is moved by an idle point on each side (Chapel, Alaya and Gasso
        2020, proposition 1): idle points take what need not move, at no cost.
        """
        if mass is not None:
            n, m = cost.shape
            # More than twice the largest cost, which is one, keeps mass off the idle pair.
            wide = np.pad(cost, ((0, 1), (0, 1)))
            wide[n, m] = 3.0
            idle = max(float(b.sum()) - mass, 0.0), max(float(a.sum()) - mass, 0.0)
            a, b, cost = np.append(a, idle[0]), np.append(b, idle[1]), wide
            b = b * (a.sum() / b.sum())
        matrix, log = ot.emd(a, b, cost, numItermax=int(self.max_iterations), log=True)
        if mass is not None:
            matrix = matrix[:-1, :-1]
        return matrix, log["warning"] is None


def least_cost(cost: NDArray, a: NDArray, b: NDArray) -> float:
    """Return what the plan of least cost comes to, without the plan, of small problems.

    Parameters
    ----------
    cost
        (n, m) float64, of size one: the simplex compares with an absolute threshold.
    a, b
        Weights of sum one, (n,) and (m,) float64.

    Raises
    ------
    ConvergenceError
        If the simplex gave up.

    Examples
    --------
    >>> least_cost(np.array([[0.0, 1.0], [1.0, 0.5]]), np.full(2, 0.5), np.full(2, 0.5))
    0.25
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as in Exact.solve
        found, log = ot.emd2(a, b, cost, numItermax=Exact.max_iterations, log=True)
    if log["warning"] is not None:
        raise ConvergenceError(f"least_cost: the simplex gave up: {log['warning']}")
    return float(found)
