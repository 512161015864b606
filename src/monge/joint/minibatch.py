"""The unbalanced entropic plan between two minibatches: small, dense, and made at every step.

min <P, C> + eps KL(P | a b') + tau KL(P 1 | a) + tau KL(P' 1 | b) with uniform a and b (Chizat et
al. 2018; Fatras et al. 2021, section 3). Everything over epsilon, the potentials obey
``f = -rate log sum_j b_j exp(g_j - C_ij)`` with ``rate = tau / (tau + eps)``, and g likewise: a
contraction by ``rate^2`` a sweep. `monge.Sinkhorn` solves the same problem and certifies it; here a
few hundred rows are solved a thousand times, and its checks would take longer than the sweeps.
"""

from __future__ import annotations

from math import log

import torch

from monge._types import Tensor
from monge.errors import ConvergenceError, sentence

__all__ = ["unbalanced_plan"]

TOLERANCE = 1e-4
"""Largest move of a potential, over epsilon, in the last sweep."""
MAX_SWEEPS = 5000
NEAR = 30.0
"""Move of a potential, over epsilon, below which sweeps are products instead of log-sum-exps."""
FAR = 200.0
"""Move since the kernel was made, over epsilon, at which it is made anew: float64 ends at 700."""
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
    scores = cost.double() / -epsilon
    f, g = scores.new_zeros(n), scores.new_zeros(m)
    move, sweeps = float("inf"), 0
    while move > NEAR and sweeps < MAX_SWEEPS:
        before = f
        f = -rate * (torch.logsumexp(scores + g, dim=1) - log(m))
        g = -rate * (torch.logsumexp(scores + f[:, None], dim=0) - log(n))
        move, sweeps = float((f - before).abs().max()), sweeps + 1
    while move > TOLERANCE:
        # The kernel at (f, g): sweeps go on with u = exp(f' - f) and v = exp(g' - g).
        kernel = (scores + f[:, None] + g).exp_()
        back_f, back_g = ((rate - 1) * f).exp_(), ((rate - 1) * g).exp_()
        u, v = torch.ones_like(f), torch.ones_like(g)
        while move > TOLERANCE:
            for _ in range(SWEEPS_PER_CHECK):
                before = u
                u = ((kernel @ v) / m).pow_(-rate).mul_(back_f)
                v = ((u @ kernel) / n).pow_(-rate).mul_(back_g)
            sweeps += SWEEPS_PER_CHECK
            move = float((u.log() - before.log()).abs().max())
            if sweeps > MAX_SWEEPS and move > TOLERANCE:
                _give_up(sweeps, tau / epsilon)
            if float(u.log().abs().max()) > FAR:
                break
        f, g = f + u.log(), g + v.log()
    return (scores + f[:, None] + g).exp_().div_(n * m).to(cost.dtype)


def _give_up(sweeps: int, ratio: float) -> None:
    required, got = f"solved within {sweeps} sweeps", f"one that still moves at {ratio:.3g} epsilon"
    remedy = "raise epsilon or lower tau"
    raise ConvergenceError(sentence("unbalanced_plan", "tau", required, got, remedy))
