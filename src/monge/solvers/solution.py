"""What a solver answers: always the same type, with its certificate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from monge.numerics import row_slices
from monge.plans import Plan
from monge.solvers.problem import Problem

__all__ = ["MarginalError", "Solution", "Status"]


class Status(Enum):
    """How a solve ended; the text is the remedy.

    Examples
    --------
    >>> import numpy as np
    >>> from monge import PointCloud, Problem, Sinkhorn
    >>> x = np.random.default_rng(0).normal(size=(50, 2))
    >>> hasty = Sinkhorn(epsilon=0.001, max_sweeps=2)
    >>> status = hasty.solve(Problem(PointCloud(x, x**2)), throw=False).status
    >>> status.name
    'MAX_SWEEPS'
    >>> status.value.split(": ")[1]
    'allow more, raise epsilon (or lower eta), or loosen tolerance'
    """

    CONVERGED = "converged"
    MAX_SWEEPS = (
        "not converged within the sweeps or rounds allowed: allow more, raise epsilon (or lower "
        "eta), or loosen tolerance"
    )
    MAX_PIVOTS = "the simplex stopped before the optimum: raise max_iterations"
    STALLED = (
        "not converged and no longer improving: raise epsilon, loosen tolerance, drop rows that "
        "lie far from all others, or pass float64 points if they are not"
    )
    COLLAPSED = (
        "converged to a plan that no longer follows the cost: lower eta, or raise epsilon with it"
    )
    CANCELLED = "cancelled by the caller: pass start=solution to go on from here"


class MarginalError(NamedTuple):
    """L1 distance of the plan's marginals to those asked for, over the total mass.

    Examples
    --------
    >>> import torch
    >>> from monge import PointCloud, Problem, Sinkhorn
    >>> x = torch.tensor([[0.0], [1.0], [2.0]])
    >>> error = Sinkhorn(tolerance=1e-3).solve(Problem(PointCloud(x, 2 * x))).marginal_error
    >>> error.source < 1e-3, error.target < 1e-3
    (True, True)
    """

    source: float
    target: float


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Solution:
    """A plan with its certificate.

    Attributes
    ----------
    problem
        What was asked.
    plan
        Who sends mass to whom.
    objective
        The value that the solver minimises: the cost, with its entropic term where there is one.
    status
        How the solve ended; its text says what to do where it did not converge.
    marginal_error
        Of the plan returned, on the true kernel, both sides.
    sweeps
        Passes over a kernel of any size: the whole, some of its rows, or its main entries.
    full_sweeps
        Passes over the whole kernel, that of the certificate included.
    operator
        How the kernel was held: ``"stored"`` whole, ``"stream"`` (recomputed in every sweep), the
        same with a stand-in of some rows, ``"sampled"``, or of the main entries, ``"sparse"``, or
        ``"exact"`` where there was none.
    epsilon
        The absolute epsilon in units of the cost; 0 for an exact plan.
    dual_gap
        Objective less the dual value, in units of the cost; 0 for an exact plan. It may be a little
        below 0: the sums round, and only a plan that meets its marginals exactly cannot be cheaper
        than the dual value, while this one misses them by `marginal_error`.
    planned_bytes
        Memory that the solve planned to take above the data.
    history
        Marginal error after each sweep, warm start included.

    Examples
    --------
    >>> import torch
    >>> from monge import PointCloud, Problem, Sinkhorn
    >>> x = torch.tensor([[0.0], [1.0], [2.0]])
    >>> solution = Sinkhorn(epsilon=0.01).solve(Problem(PointCloud(x, x + 3)))
    >>> solution.converged, round(solution.cost, 2)
    (True, 9.0)
    >>> solution.plan.barycentre(x + 3).numpy().round(2)
    array([[3.],
           [4.],
           [5.]], dtype=float32)
    """

    problem: Problem
    plan: Plan
    objective: float
    status: Status
    marginal_error: MarginalError
    sweeps: int
    operator: str
    epsilon: float
    full_sweeps: int = 0
    dual_gap: float = 0.0
    planned_bytes: int = 0
    history: tuple[float, ...] = ()

    def __repr__(self) -> str:
        n, m = self.plan.shape
        source, target = self.marginal_error
        return (
            f"Solution({n} x {m}, {self.status.name}, marginal errors {source:.1e} of the source "
            f"and {target:.1e} of the target,\n         {self.sweeps} sweeps ({self.operator}), "
            f"epsilon {self.epsilon:.3g}, dual gap {self.dual_gap:.1e})"
        )

    @cached_property
    def cost(self) -> float:
        """``sum_ij P_ij C_ij``; one pass over the cost, made when first asked for."""
        geometry, total = self.problem.geometry, 0.0
        for rows in row_slices(*geometry.shape):
            mass = self.plan.rows(rows.start, rows.stop).double()
            total += float((mass * geometry.block(rows)).sum())
        return total

    @property
    def converged(self) -> bool:
        """Whether the tolerance was reached."""
        return self.status is Status.CONVERGED
