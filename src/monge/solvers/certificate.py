"""From a potential to a plan, and what can be sworn about it on the true kernel."""

from __future__ import annotations

import torch

from monge._types import Tensor
from monge.numerics import row_slices
from monge.plans import EntropicPlan, GibbsKernel
from monge.solvers.problem import Problem
from monge.solvers.solution import MarginalError

__all__ = ["marginal_error", "soft_transform"]


def soft_transform(kernel: GibbsKernel, bias: Tensor) -> Tensor:
    """Find the potential that is best against another one: the soft c-transform.

    Parameters
    ----------
    kernel
        Scores, (n, m).
    bias
        ``log b + g / eps``, (m,) float64.

    Returns
    -------
    Tensor
        ``f / eps = -log sum_j exp(bias_j - C_ij / eps)``, (n,) float64; defined for every row,
        whatever its weight.
    """
    log_norm = torch.empty_like(kernel.offset)
    for rows in row_slices(*kernel.geometry.shape):
        log_norm[rows] = torch.logsumexp(kernel.scores(rows, bias), 1).double()
    return kernel.offset - log_norm


def marginal_error(plan: EntropicPlan, problem: Problem) -> MarginalError:
    """L1 distance of both marginals of the plan to those asked for, over the total mass.

    One pass over the true kernel; sums in float64.
    """
    source, target = plan.marginals()
    total = float(problem.a.sum())
    return MarginalError(
        float((source - problem.a).abs().sum()) / total,
        float((target - problem.b).abs().sum()) / total,
    )
