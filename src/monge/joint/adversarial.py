"""Domain-adversarial training: features from which a critic cannot tell the domains apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.training.objectives import CrossEntropy, Objective, Seen, require_number

__all__ = ["DANN", "reversed_gradient"]


@dataclass(frozen=True, kw_only=True)
class DANN(Objective):
    """Gradient reversal (Ganin et al. 2016): the adversarial reference, no transport in it.

    A critic learns to tell source from target by the features; its gradient reaches the network
    with the opposite sign, times ``lambda = 2 / (1 + exp(-speed p)) - 1``, where p goes from 0 to 1
    over the training (equation 14 there). The step size of Adam stays as it is.

    Parameters
    ----------
    weight
        What the critic's loss is multiplied by, at least 0.
    speed
        How fast the reversal sets in, at least 0: 10 in the paper.
    hidden
        Width of the critic's one hidden layer, at least 1: 100 in the paper.
    source_weight
        What the cross-entropy of the source is multiplied by, at least 0.

    Raises
    ------
    InputError
        If a number is out of range.

    Examples
    --------
    >>> round(DANN().reversal(0.0), 3), round(DANN().reversal(0.5), 3)
    (0.0, 0.987)
    """

    weight: float = 1.0
    speed: float = 10.0
    hidden: int = 100
    source_weight: float = 1.0

    def __post_init__(self) -> None:
        for name in ("weight", "speed", "source_weight"):
            require_number("DANN", name, getattr(self, name))
        width: object = self.hidden
        if isinstance(width, bool) or not isinstance(width, int) or width < 1:
            required, remedy = "a positive integer", "pass for example hidden=100"
            raise InputError(sentence("DANN", "hidden", required, repr(width), remedy))

    def companion(self, n_features: int) -> nn.Module:
        """Return the critic, from features (n, d) to a logit (n, 1) of being target."""
        return nn.Sequential(
            nn.Linear(n_features, self.hidden), nn.ReLU(), nn.Linear(self.hidden, 1)
        )

    def reversal(self, done: float) -> float:
        """Return ``lambda`` at a share `done` of the training."""
        return 2 / (1 + math.exp(-self.speed * done)) - 1

    def losses(self, seen: Seen) -> dict[str, Tensor]:
        """Return the cross-entropy of the source and the critic's loss.

        Raises
        ------
        InputError
            If there is no critic.
        """
        source, target, _ = seen.two_domains
        critic = seen.companion
        if critic is None:
            required, remedy = "trained with its companion", "train by monge.joint.Retraining"
            raise InputError(sentence("DANN", "companion", required, "none", remedy))
        features = reversed_gradient(torch.cat([source, target]), self.reversal(seen.done))
        logits = critic(features).squeeze(1)
        domain = torch.zeros_like(logits)
        domain[len(source) :] = 1
        loss = nn.functional.binary_cross_entropy_with_logits(logits, domain)
        return CrossEntropy(weight=self.source_weight).losses(seen) | {"domain": self.weight * loss}


def reversed_gradient(x: Tensor, strength: float) -> Tensor:
    """Return `x`, whose gradient is multiplied by ``-strength`` on its way back.

    Examples
    --------
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> (3 * reversed_gradient(x, 0.5)).backward()
    >>> float(x.grad)
    -1.5
    """
    reversed_: Tensor = _Reverse.apply(x, strength)  # type: ignore[no-untyped-call] # autograd's
    return reversed_


class _Reverse(torch.autograd.Function):
    """The identity forward, a negative multiple backward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: float) -> Tensor:
        """Pass the rows on."""
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """Turn the gradient round."""
        return -ctx.strength * gradients[0], None
