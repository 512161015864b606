"""Anderson acceleration of a fixed-point iteration, with a safeguard.

Sinkhorn's update h <- h + r(h), with r the log ratio of the marginal asked for to the one reached,
is a fixed-point iteration. Anderson (1965), type II, replaces it by the combination of the last
iterates whose residuals, combined alike, are least (Walker and Ni 2011, problem (1.2)).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

import torch

from monge._types import Tensor

__all__ = ["Anderson"]

_REGULARISE = 1e-10
"""Tikhonov weight of the least-squares problem, relative to its mean diagonal."""

_WORSE = 2.0
"""A merit so many times the best one means that the extrapolation did not pay."""

_LOST = 0.1
"""A dual value lower by this much than at the best iterate, relative to one more than its size,
means the same. It is far above rounding: close to the end the merit alone decides."""

_LONGEST_STEP = 10.0
"""The most that a component is extrapolated by, in units of epsilon. On a plateau of the dual the
residuals hardly differ and the least-squares problem asks for steps of any length."""

_PATIENCE, _PLAIN_STEPS = 50, 20
"""Steps without a better merit after which that many plain ones are made from the best iterate."""


class _Best(NamedTuple):
    """The iterate of least merit since the last restart."""

    merit: float
    value: float
    h: Tensor
    residual: Tensor


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
    _best: _Best | None = field(default=None, init=False)
    _idle: int = field(default=0, init=False)
    _plain: int = field(default=0, init=False)

    def step(self, h: Tensor, residual: Tensor, *, merit: float, value: float) -> Tensor:
        """Return the next iterate.

        Parameters
        ----------
        h, residual
            The iterate and its residual, (m,).
        merit
            What should fall, here the marginal error. Where it rose to twice its best, the
            extrapolation is taken back: the plain step is made from the best iterate and the
            memory starts anew.
        value
            What the plain step never lowers, here the dual value. Where it fell far below that of
            the best iterate, the extrapolation is taken back as well: on a plateau, an iterate that
            is far off can have the better merit.
        """
        best = self._best
        if best is not None and (
            merit > _WORSE * best.merit or value < best.value - _LOST * (1 + abs(best.value))
        ):
            return self._restart(best)
        if best is None or merit < best.merit:
            self._best, self._idle = _Best(merit, value, h, residual), 0
        else:
            self._idle += 1
            if self._idle > _PATIENCE:
                self._plain = _PLAIN_STEPS
                return self._restart(best)
        if self._plain > 0:
            self._plain -= 1
            return h + residual
        return self._extrapolate(h, residual)

    def _restart(self, best: _Best) -> Tensor:
        """Make the plain step from the best iterate, and forget all others."""
        self._iterates.clear()
        self._residuals.clear()
        self._best, self._idle = None, 0
        return best.h + best.residual

    def _extrapolate(self, h: Tensor, residual: Tensor) -> Tensor:
        """Combine the iterates kept so that their residuals, combined alike, are least."""
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
        move = residual - coefficients @ (iterates + residuals)
        longest = float(move.abs().max())
        following: Tensor = h + move * (_LONGEST_STEP / max(longest, _LONGEST_STEP))
        return following
