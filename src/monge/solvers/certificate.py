"""From a potential to a plan, and what can be sworn about it on the true kernel."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from monge._types import Tensor
from monge.numerics import row_slices
from monge.plans import EntropicPlan, GibbsKernel
from monge.plans.base import Marginals
from monge.solvers.problem import Problem
from monge.solvers.relaxation import Relaxation
from monge.solvers.solution import MarginalError

__all__ = ["Certificate", "certify", "soft_minimum"]


def soft_minimum(kernel: GibbsKernel, bias: Tensor) -> Tensor:
    """Find ``z_i = log sum_j exp(bias_j - C_ij / eps)`` for every row, whatever its weight.

    Parameters
    ----------
    kernel
        Scores, (n, m).
    bias
        ``log b + g / eps``, (m,) float64.

    Returns
    -------
    Tensor
        (n,) float64.
    """
    log_norm = torch.empty_like(kernel.offset)
    for rows in row_slices(*kernel.geometry.shape):
        log_norm[rows] = torch.logsumexp(kernel.scores(rows, bias), 1).double()
    return log_norm - kernel.offset


@dataclass(frozen=True)
class Certificate:
    """What one pass over the true kernel says of a plan.

    Attributes
    ----------
    marginal_error
        L1 distance of both marginals to those that are asked for (where a marginal is relaxed: to
        the one that its potential calls for), over the total mass.
    objective
        ``<P, C> + eps sum P log(P / ab')``, and the penalties of relaxed marginals.
    dual_gap
        Objective less the dual value; zero at the solution.
    """

    marginal_error: MarginalError
    objective: float
    dual_gap: float


def certify(
    problem: Problem,
    plan: EntropicPlan,
    reached: Marginals,
    potentials: tuple[Tensor, Tensor],
    relaxations: tuple[Relaxation, Relaxation],
) -> Certificate:
    """Judge what a plan's marginals are on the true kernel; sums in float64.

    Parameters
    ----------
    problem, plan
        What was asked, and the answer.
    reached
        What each row gives and each column gets, from a pass over the true kernel.
    potentials
        Of both sides over epsilon, (n,) and (m,), without the multiplier of the total mass.
    relaxations
        How both marginals are held.
    """
    mass = float(reached.source.sum())
    scale = mass if problem.mass is None else problem.mass
    scale = float(problem.a.sum()) if problem.balanced else scale
    errors, objective, gap = [], float(reached.source @ plan.f + reached.target @ plan.g), 0.0
    for weights, potential, marginal, relaxation in zip(
        (problem.a, problem.b), potentials, reached, relaxations, strict=True
    ):
        wanted = relaxation.wanted(weights, potential, marginal)
        errors.append(float((marginal - wanted).abs().sum()) / scale)
        some = weights > 0
        gap += relaxation.gap(weights[some], potential[some], marginal[some])
        objective += plan.epsilon * relaxation.penalty(weights[some], marginal[some])
    if problem.mass is not None:
        errors[0] += abs(mass - problem.mass) / scale
    return Certificate(MarginalError(*errors), objective, plan.epsilon * gap)
