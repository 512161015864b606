"""What a marginal is held to, as the one function that a semi-dual needs of it.

With the other side's potential fixed, a side's best potential is a function of the soft minimum
``z_i = log sum_j b_j exp(g_j - C_ij)`` alone (everything over epsilon): ``f = phi(z)``. Held
exactly, ``phi(z) = -z``; relaxed by ``tau KL``, ``phi(z) = -tau / (tau + eps) z`` (Chizat et al.
2018, table 1); capped from above, ``phi(z) = min(0, -z)`` (Benamou et al. 2015, proposition 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import torch

from monge._types import Tensor

__all__ = ["Relaxation"]


@dataclass(frozen=True, kw_only=True)
class Relaxation:
    """How one marginal is held.

    Attributes
    ----------
    rate
        ``tau / (tau + eps)``: 1 holds the marginal, 0 lets it go.
    capped
        Whether the marginal is a ceiling, not a value.
    """

    rate: float = 1.0
    capped: bool = False

    @classmethod
    def of(cls, tau: float, epsilon: float, *, capped: bool = False) -> Relaxation:
        """State how firmly a marginal is held at one epsilon, both in units of the cost."""
        return cls(rate=1.0 if tau == inf else tau / (tau + epsilon), capped=capped)

    @property
    def exact(self) -> bool:
        """Whether the marginal is held to its value."""
        return self.rate == 1.0 and not self.capped

    def potential(self, soft_minimum: Tensor) -> Tensor:
        """Return the best potential against a soft minimum, both over epsilon."""
        potential = -self.rate * soft_minimum
        return potential.clamp_max(0.0) if self.capped else potential

    def mass(self, weights: Tensor, soft_minimum: Tensor) -> Tensor:
        """Return the mass of each point at its best potential: its weight where it is held."""
        if self.exact:
            return weights
        return weights * (self.potential(soft_minimum) + soft_minimum).exp()

    def wanted(self, weights: Tensor, potential: Tensor, reached: Tensor) -> Tensor:
        """Return the marginal that a potential (over epsilon) calls for; zero rate takes any."""
        if self.capped:
            return torch.where(potential < 0, weights, torch.minimum(weights, reached))
        if self.rate == 0.0:
            return reached
        return weights * (potential * (1 - 1 / self.rate)).exp()

    def value(self, weights: Tensor, potential: Tensor) -> float:
        """Return this side's part of the dual, over epsilon.

        ``<a, f>`` where the marginal is held or capped, ``-rho sum a (exp(-f / rho) - 1)`` with
        ``rho = tau / eps`` where it is relaxed, nothing where it is let go.
        """
        if self.rate == 1.0:
            return float(weights @ potential)
        if self.rate == 0.0:
            return 0.0
        rho = self.rate / (1 - self.rate)
        return float(-rho * (weights @ torch.expm1(-potential / rho)))

    def penalty(self, weights: Tensor, reached: Tensor) -> float:
        """Return ``tau / eps KL(reached | weights)``, what missing a relaxed marginal costs."""
        if not 0.0 < self.rate < 1.0:
            return 0.0
        ratio = torch.special.xlogy(reached, reached / weights).sum()
        divergence = float(ratio - reached.sum() + weights.sum())
        return self.rate / (1 - self.rate) * divergence

    def gap(self, weights: Tensor, potential: Tensor, reached: Tensor) -> float:
        """Return this side's part of the duality gap over epsilon, for the marginal reached."""
        linear = float(reached @ potential) + self.penalty(weights, reached)
        return linear - self.value(weights, potential)
