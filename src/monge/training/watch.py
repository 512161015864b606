"""Which weights to keep, and when to stop, told without a single target label."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.nets import evaluating

__all__ = ["InfoMax", "Watch", "information"]

BLOCK = 2048


@dataclass(frozen=True, kw_only=True, eq=False)
class Watch:
    """Look at the network after every epoch; the weights of the highest score are kept.

    Attributes
    ----------
    score
        Takes the network, gives a number, higher for better. It must not look at target labels:
        `InfoMax` is one that cannot.
    patience
        Epochs without a better score after which the training ends; ``None`` never ends it early.

    Raises
    ------
    InputError
        If the patience is no positive integer.

    Examples
    --------
    >>> Watch(score=InfoMax(torch.zeros(3, 2)), patience=2).patience
    2
    """

    score: Callable[[nn.Module], float]
    patience: int | None = None

    def __post_init__(self) -> None:
        given: object = self.patience
        if given is None:
            return
        if isinstance(given, bool) or not isinstance(given, int) or given < 1:
            required, remedy = "a positive integer or None", "pass for example patience=3"
            raise InputError(sentence("Watch", "patience", required, repr(given), remedy))

    def satisfied(self, scores: tuple[float, ...]) -> bool:
        """Whether the last `patience` scores brought nothing better."""
        if self.patience is None or not scores:
            return False
        return len(scores) - 1 - scores.index(max(scores)) >= self.patience


@dataclass(frozen=True, eq=False)
class InfoMax:
    """Mutual information between rows and predicted classes, ``H(mean p) - mean H(p)`` in nats.

    High where the network is sure of each row and does not put all of them into one class (Bridle,
    Heading and MacKay 1991; as a validator of adaptation Musgrave, Belongie and Lim 2022). It sees
    rows of the target, never their labels. Being sure is not being right: it ranks checkpoints of
    one training, and says little between methods.

    Parameters
    ----------
    rows
        Rows of the target (m, ...), best such as no step is trained on.

    Examples
    --------
    >>> net = nn.Linear(1, 2, bias=False)
    >>> _ = net.weight.data.copy_(torch.tensor([[50.0], [-50.0]]))
    >>> round(InfoMax(torch.tensor([[1.0], [-1.0]]))(net), 4)  # sure of both, one in each class
    0.6931
    >>> abs(round(InfoMax(torch.tensor([[1.0], [2.0]]))(net), 4))  # sure, and all in one class
    0.0
    """

    rows: Tensor

    def __call__(self, model: nn.Module) -> float:
        """Return the information in nats, from 0 to ``log L``."""
        device = next((p.device for p in model.parameters()), self.rows.device)
        with evaluating(model), torch.no_grad():
            parts = [model(block.to(device)) for block in torch.split(self.rows, BLOCK)]
        return float(information(torch.cat(parts)))


def information(scores: Tensor) -> Tensor:
    """Return ``H(mean p) - mean H(p)`` of logits (n, L), in nats, with its gradient.

    Examples
    --------
    >>> float(information(torch.zeros(5, 3)))
    0.0
    """
    logs = torch.log_softmax(scores.double(), dim=1)
    shares = logs.exp().mean(dim=0)
    sure = (logs.exp() * logs).sum(dim=1).mean()
    gained: Tensor = sure - torch.special.xlogy(shares, shares).sum()
    return gained
