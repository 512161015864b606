"""Anderson acceleration of a fixed-point iteration, with a safeguard.

Sinkhorn's update h <- h + r(h), with r the log ratio of the marginal asked for to the one reached,
is a fixed-point iteration. Anderson (1965), type II, replaces it by the combination of the last
iterates whose residuals, combined alike, are least (Walker and Ni 2011, problem (1.2)).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import torch

from monge._types import Tensor

__all__ = ["Anderson"]

_REGULARISE = 1e-10
"""Tikhonov weight of the least-squares problem, relative to its mean diagonal."""

_WORSE = 2.0
"""A merit so many times the best one means that the extrapolation did not pay."""


@dataclass
class Anderson:
    """The memory of one accelerated iteration.

    Attributes
    ----------
    weight
        (m,) non-negative: the least-squares problem weighs residual j by it.
    memory
        How many differences of iterates are kept.
    """

    weight: Tensor
    memory: int = 20
    _iterates: deque[Tensor] = field(default_factory=deque, init=False)
    _residuals: deque[Tensor] = field(default_factory=deque, init=False)
    _best: tuple[float, Tensor, Tensor] | None = field(default=None, init=False)

    def step(self, h: Tensor, residual: Tensor, merit: float) -> Tensor:
        """Return the next iterate.

        Parameters
        ----------
        h, residual
            The iterate and its residual, (m,).
        merit
            What should fall, here the marginal error. Where it rose to twice its best, the
            extrapolation is taken back: the plain step is made from the best iterate and the
            memory starts anew.
        """
        if self._best is not None and merit > _WORSE * self._best[0]:
            _, best, step = self._best
            self._iterates.clear()
            self._residuals.clear()
            self._best = None
            return best + step
        if self._best is None or merit < self._best[0]:
            self._best = (merit, h, residual)
        self._iterates.append(h)
        self._residuals.append(residual)
        if len(self._iterates) > self.memory + 1:
            self._iterates.popleft()
            self._residuals.popleft()
        if len(self._iterates) == 1:
            return h + residual
        residuals = torch.stack(list(self._residuals)).diff(dim=0)
        iterates = torch.stack(list(self._iterates)).diff(dim=0)
        weighted = residuals * self.weight
        gram = weighted @ residuals.T
        gram.diagonal().add_(_REGULARISE * gram.diagonal().mean() + torch.finfo(gram.dtype).tiny)
        coefficients = torch.linalg.solve(gram, weighted @ residual)
        following: Tensor = h + residual - coefficients @ (iterates + residuals)
        return following
