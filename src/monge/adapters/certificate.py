"""What is known of a plan when the plan itself is gone: plain numbers."""

from __future__ import annotations

from dataclasses import dataclass

from monge.solvers import Solution

__all__ = ["Certificate"]


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """The certificate of a plan, without the plan.

    Attributes
    ----------
    status
        How the solve ended, e.g. ``"CONVERGED"``.
    shape
        Source and target rows in the plan.
    objective, dual_gap
        The value reached, and its distance to the dual value, in units of the cost.
    marginal_error_source, marginal_error_target
        L1 distance of the plan's marginals to those asked for, over the total mass.
    epsilon
        In units of the cost; 0 for an exact plan.
    sweeps
        Passes over the kernel.

    Examples
    --------
    >>> import numpy as np
    >>> from monge import Adapter
    >>> X = np.array([[0.0], [1.0], [8.0], [9.0]])
    >>> adapter = Adapter("exact").fit(X, ["low", "low", "high", "high"], X_target=X + 2)
    >>> adapter.certificate_.status, adapter.certificate_.shape, adapter.certificate_.objective
    ('CONVERGED', (4, 4), 4.0)
    """

    status: str
    shape: tuple[int, int]
    objective: float
    dual_gap: float
    marginal_error_source: float
    marginal_error_target: float
    epsilon: float
    sweeps: int

    @classmethod
    def of(cls, solution: Solution) -> Certificate:
        """Take the numbers of a solution."""
        n, m = solution.plan.shape
        return cls(
            status=solution.status.name,
            shape=(n, m),
            objective=float(solution.objective),
            dual_gap=float(solution.dual_gap),
            marginal_error_source=float(solution.marginal_error[0]),
            marginal_error_target=float(solution.marginal_error[1]),
            epsilon=float(solution.epsilon),
            sweeps=int(solution.sweeps),
        )
