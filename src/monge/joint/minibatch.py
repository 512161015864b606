"""The unbalanced entropic plan between two minibatches: small, dense, and made at every step.

min <P, C> + eps KL(P | a b') + tau KL(P 1 | a) + tau KL(P' 1 | b) with uniform a and b (Chizat et
al. 2018; Fatras et al. 2021, section 3). Everything over epsilon, the potentials obey
``f = -rate log sum_j b_j exp(g_j - C_ij)`` with ``rate = tau / (tau + eps)``, and g likewise: a
contraction by ``rate^2`` a sweep. `monge.Sinkhorn` solves the same problem and certifies it; here a
few hundred rows are solved a thousand times, and its checks would take longer than the sweeps.
"""

from __future__ import annotations

import torch

from monge._types import Tensor
from monge.errors import ConvergenceError, sentence

__all__ = ["unbalanced_plan"]

TOLERANCE = 1e-3
"""Largest move of a potential, over epsilon, in the last sweep."""
MAX_SWEEPS = 5000
NEAR = 30.0
"""Move of a potential, over epsilon, below which sweeps are products instead of maxima."""
LEAST = 1e-150
"""What u and v are at the least: a product of two does not vanish yet."""
SWEEPS_PER_CHECK = 8


@torch.no_grad()
def unbalanced_plan(cost: Tensor, *, epsilon: float, tau: float) -> Tensor:
    """Return the plan (n, m) between uniform weights, of the dtype of the cost.

    A cost that is not finite gives a plan that is not finite: the loss then says so.

    Parameters
    ----------
    cost
        (n, m), on any device.
    epsilon, tau
        Strength of the entropy and firmness of both marginals, in units of the cost.

    Raises
    ------
    ConvergenceError
        If the potentials still move after 5,000 sweeps, as they do where `tau` is a thousand times
        `epsilon`.

    Examples
    --------
    The far row of the target receives almost nothing:

    >>> cost = torch.tensor([[0.0, 9.0], [0.0, 9.0]])
    >>> plan = unbalanced_plan(cost, epsilon=0.1, tau=1.0)
    >>> bool(plan[:, 1].sum() < 0.01), bool(plan[:, 0].sum() > 0.5)
    (True, True)
    """
    n, m = cost.shape
    rate = tau / (tau + epsilon)
    scores = cost / -epsilon
    g = scores.new_zeros(m)
    move, sweeps = float("inf"), 0
    while move > NEAR:
        # The largest term stands for the sum, which is at most log m above it.
        before = g
        f = -rate * (scores + g).amax(dim=1)
        g = -rate * (scores + f[:, None]).amax(dim=0)
        move, sweeps = float((g - before).abs().max()), sweeps + 1
        _require_end(sweeps, tau / epsilon)
    scores = scores.double()
    # Offsets p and q with a largest entry of one in each row and column of the kernel; sweeps then
    # go on with u = exp(f - p) and v = exp(g - q), which vanish where a row is left alone.
    p = -(scores + g).amax(dim=1)
    q = -(scores + p[:, None]).amax(dim=0)
    kernel = (scores + p[:, None] + q).exp_()
    back_p, back_q = ((rate - 1) * p).exp_(), ((rate - 1) * q).exp_()
    u = torch.ones_like(p)
    v = (g - q).exp_().clamp_min_(LEAST)
    move = float("inf")
    while move > TOLERANCE:
        for _ in range(SWEEPS_PER_CHECK):
            before = u
            u = ((kernel @ v) / m).pow_(-rate).mul_(back_p).clamp_min_(LEAST)
            v = ((u @ kernel) / n).pow_(-rate).mul_(back_q).clamp_min_(LEAST)
        sweeps += SWEEPS_PER_CHECK
        move = float((u.log() - before.log()).abs().max())
        _require_end(sweeps, tau / epsilon)
    return (kernel.mul_(u[:, None]).mul_(v).div_(n * m)).to(cost.dtype)


def _require_end(sweeps: int, ratio: float) -> None:
    if sweeps > MAX_SWEEPS:
        required = f"solved within {MAX_SWEEPS} sweeps"
        got = f"one that still moves at {ratio:.3g} epsilon"
        remedy = "raise epsilon or lower tau"
        raise ConvergenceError(sentence("unbalanced_plan", "tau", required, got, remedy))
