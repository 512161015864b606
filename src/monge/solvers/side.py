"""One side of a semi-dual problem: its weights, how they are held, and draws from it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import torch

from monge._types import Tensor
from monge.solvers.relaxation import Relaxation

__all__ = ["Side"]


@dataclass(frozen=True, eq=False)
class Side:
    """One side of the problem.

    Attributes
    ----------
    weights
        Positive, float64.
    tau
        How firmly they are held, in units of the cost.
    capped
        Whether they are ceilings.
    labels
        Class of each point, int64 from 0, where known.
    """

    weights: Tensor
    tau: float = inf
    capped: bool = False
    labels: Tensor | None = None

    def relaxation(self, epsilon: float) -> Relaxation:
        """State how the marginal is held at one epsilon."""
        return Relaxation.of(self.tau, epsilon, capped=self.capped)

    def draw(self, divisor: int) -> Tensor:
        """Draw one row of `divisor`, alike from each class where classes are known.

        The generator is its own: which rows warm a solve up is no choice of the caller's.
        """
        order = torch.randperm(len(self.weights), generator=torch.Generator().manual_seed(0))
        if self.labels is not None:
            order = order[torch.argsort(self.labels.cpu()[order], stable=True)]
        return order[::divisor].to(self.weights.device)
