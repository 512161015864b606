"""The yardstick of the peers: epsilon, the true marginal error, and Sinkhorn without any trick.

Everything here is written for this benchmark alone and shares no code with `monge`: the error of
every method, `monge` included, is measured by the same independent lines, in float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log

import numpy as np
import torch

BLOCK = 2**21
"""Entries of one block."""


def _blocks(n: int, m: int) -> Iterator[slice]:
    rows = max(1, BLOCK // m)
    for start in range(0, n, rows):
        yield slice(start, min(start + rows, n))


def _costs(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Squared distances of a block, by the expanded square: (r, d), (m, d) -> (r, m)."""
    squares = (x * x).sum(1)[:, None] + (y * y).sum(1)
    return torch.addmm(squares, x, y.T, alpha=-2).clamp_min_(0)


def _centred(x: np.ndarray, y: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Both clouds in float64, shifted by the target mean: distances stay, rounding shrinks."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    centre = y.mean(0)
    return torch.from_numpy(x - centre), torch.from_numpy(y - centre)


def cost_scale(x: np.ndarray, y: np.ndarray, scale: str) -> float:
    """Return the mean or the largest squared distance between the clouds, in float64."""
    x, y = _centred(x, y)
    if scale == "mean":
        squares = (x * x).sum(1).mean() + (y * y).sum(1).mean()
        return float(squares - 2 * x.mean(0) @ y.mean(0))
    return max(float(_costs(x[rows], y).max()) for rows in _blocks(len(x), len(y)))


def true_error(
    x: np.ndarray, y: np.ndarray, epsilon: float, log_u: np.ndarray, log_v: np.ndarray
) -> float:
    """Return the larger L1 error of both marginals of ``exp(log_u + log_v - C / epsilon)``.

    Uniform weights of sum one; costs, exponentials and sums in float64.
    """
    x, y = _centred(x, y)
    u, v = torch.from_numpy(log_u).double(), torch.from_numpy(log_v).double()
    rows_off, column = 0.0, torch.zeros(len(y), dtype=torch.float64)
    for rows in _blocks(len(x), len(y)):
        mass = _costs(x[rows], y).div_(-epsilon).add_(u[rows, None]).add_(v).exp_()
        rows_off += float((mass.sum(1) - 1 / len(x)).abs().sum())
        column += mass.sum(0)
    return max(rows_off, float((column - 1 / len(y)).abs().sum()))


class PlainSinkhorn:
    """Sinkhorn as in the textbook, streamed in blocks: no acceleration, no warm start.

    It starts from a source potential of zero and updates the target first, as POT and OTT do, so
    its number of iterations is theirs. Both updates of an iteration share one pass over the costs
    (the row-normalised kernel gives the row potential, and its column sums the next step), which is
    already two to three times cheaper than what the usual lazy solvers do.

    Parameters
    ----------
    x, y
        (n, d), (m, d).
    epsilon
        Absolute.
    double
        Whether to compute in float64 (else float32, with sums in float64).
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, epsilon: float, *, double: bool) -> None:
        dtype = torch.float64 if double else torch.float32
        x, y = _centred(x, y)
        self.x, self.y, self.epsilon = x, y, epsilon
        # Shares below exp(-80) carry nothing, and subnormal numbers would slow it down tenfold.
        self.least = -600.0 if double else -80.0
        self.left = x.to(dtype)
        self.right = (2 / epsilon * y).to(dtype).T.contiguous()
        self.row = (x * x).sum(1) / epsilon
        self.column = (y * y).sum(1) / epsilon

    def run(self, tolerance: float, iterations: int) -> tuple[int, float, np.ndarray, np.ndarray]:
        """Iterate until the L1 error; iterations made, error, ``log_u`` (n,) and ``log_v`` (m,)."""
        n, m = len(self.x), len(self.y)
        log_u, log_v, error = torch.full((n,), -log(n)), self._first(), 1.0
        for done in range(1, iterations + 1):
            bias = (log_v - self.column).to(self.left.dtype)
            norm = torch.empty(n, dtype=torch.float64)
            received = torch.zeros(m, dtype=torch.float64)
            for rows in _blocks(n, m):
                scores = torch.addmm(bias, self.left[rows], self.right)
                top = scores.amax(1, keepdim=True)
                share = scores.sub_(top).clamp_min_(self.least).exp_()
                total = share.sum(1, keepdim=True)
                norm[rows] = (top.double() + total.double().log())[:, 0]
                received += ((1 / total[:, 0]) @ share).double() / n
            log_u = self.row - norm - log(n)
            error = float((received - 1 / m).abs().sum())
            if error <= tolerance or done == iterations:
                return done, error, log_u.numpy(), log_v.numpy()
            log_v = log_v - log(m) - received.log()
        raise ValueError("iterations must be positive")

    def _first(self) -> torch.Tensor:
        """Update the target from a source potential of zero: one pass."""
        n, m = len(self.x), len(self.y)
        first = torch.empty(m, dtype=torch.float64)
        for rows in _blocks(m, n):
            scores = _costs(self.y[rows], self.x).div_(-self.epsilon)
            first[rows] = -torch.logsumexp(scores, 1) + log(n) - log(m)
        return first
