"""What a training minimises: a sum of named losses of what the network said about one batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from math import isfinite

import torch
from torch import nn

from monge._types import Tensor
from monge.errors import InputError, sentence

__all__ = ["CrossEntropy", "Minibatch", "Objective", "Seen", "Sum", "require_number"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Minibatch:
    """The rows of one step.

    Attributes
    ----------
    rows
        Labelled rows (b, ...).
    labels
        Their classes (b,) int64, or the share of each class (b, L).
    weights
        How much each row counts, (b,); ``None`` for rows that count alike.
    target
        Unlabelled rows (c, ...), where there are some.

    Examples
    --------
    >>> Minibatch(rows=torch.zeros(4, 2), labels=torch.tensor([0, 1, 1, 0])).target is None
    True
    """

    rows: Tensor
    labels: Tensor
    weights: Tensor | None = None
    target: Tensor | None = None

    def to(self, device: torch.device) -> Minibatch:
        """Return the same rows on a device."""
        return Minibatch(
            rows=self.rows.to(device),
            labels=self.labels.to(device),
            weights=None if self.weights is None else self.weights.to(device),
            target=None if self.target is None else self.target.to(device),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """What the network said about a batch: all that an objective may look at.

    Attributes
    ----------
    scores
        Logits of the labelled rows, (b, L).
    labels, weights
        As in `Minibatch`.
    features
        The labelled rows at the layer that is listened to, (b, d).
    target_scores, target_features
        The same of the unlabelled rows, (c, L) and (c, d).
    companion
        What the objective asked for in `Objective.companion`.
    done
        How far the training is, from 0 at its first step to nearly 1 at its last.

    Examples
    --------
    >>> seen = Seen(scores=torch.zeros(1, 2), labels=torch.tensor([1]))
    >>> round(float(CrossEntropy().losses(seen)["cross-entropy"]), 4)
    0.6931
    """

    scores: Tensor
    labels: Tensor
    weights: Tensor | None = None
    features: Tensor | None = None
    target_scores: Tensor | None = None
    target_features: Tensor | None = None
    companion: nn.Module | None = None
    done: float = 0.0

    @property
    def two_domains(self) -> tuple[Tensor, Tensor, Tensor]:
        """Features of both domains and scores of the target, for objectives that need them.

        Raises
        ------
        InputError
            If the batch had no target rows, or no layer was listened to.
        """
        if self.features is None or self.target_scores is None or self.target_features is None:
            required, got = "trained on two domains", "a batch of labelled rows alone"
            remedy = "train by monge.joint.Retraining"
            raise InputError(sentence("Objective", "objective", required, got, remedy))
        return self.features, self.target_features, self.target_scores


class Objective(ABC):
    """A sum of named losses. Options alone: what is learned lies in the network or its companion.

    Examples
    --------
    An objective of one's own, here beside the cross-entropy:

    >>> class Small(Objective):
    ...     def losses(self, seen):
    ...         return {"size": 0.1 * seen.scores.square().mean()}
    >>> seen = Seen(scores=torch.ones(1, 2), labels=torch.tensor([1]))
    >>> sorted(Sum(CrossEntropy(), Small()).losses(seen))
    ['cross-entropy', 'size']
    """

    @abstractmethod
    def losses(self, seen: Seen) -> dict[str, Tensor]:
        """Return the losses, each a number with its gradient; their sum is minimised."""

    def companion(self, n_features: int) -> nn.Module | None:  # noqa: ARG002 - most need none
        """Return what is learned beside the network and thrown away in the end, or nothing."""
        return None


@dataclass(frozen=True, kw_only=True)
class CrossEntropy(Objective):
    """The cross-entropy of labelled rows.

    Parameters
    ----------
    weight
        What the loss is multiplied by, at least 0.

    Raises
    ------
    InputError
        If the weight is out of range.

    Examples
    --------
    >>> seen = Seen(scores=torch.zeros(2, 4), labels=torch.tensor([1, 3]))
    >>> round(float(CrossEntropy(weight=2.0).losses(seen)["cross-entropy"]), 4)  # 2 log 4
    2.7726
    """

    weight: float = 1.0

    def __post_init__(self) -> None:
        require_number("CrossEntropy", "weight", self.weight, least=0.0)

    def losses(self, seen: Seen) -> dict[str, Tensor]:
        """Return the mean cross-entropy in nats, weighted where the rows are."""
        if seen.weights is None:
            loss = nn.functional.cross_entropy(seen.scores, seen.labels)
        else:
            each = nn.functional.cross_entropy(seen.scores, seen.labels, reduction="none")
            loss = (each * seen.weights).sum() / seen.weights.sum().clamp_min(1e-12)
        return {"cross-entropy": loss if self.weight == 1.0 else self.weight * loss}


@dataclass(frozen=True)
class Sum(Objective):
    """Several objectives at once; losses of one name are added up.

    Parameters
    ----------
    parts
        The objectives.

    Raises
    ------
    InputError
        If a part is no objective.

    Examples
    --------
    >>> seen = Seen(scores=torch.zeros(1, 2), labels=torch.tensor([1]))
    >>> both = Sum(CrossEntropy(), CrossEntropy(weight=0.5))
    >>> round(float(both.losses(seen)["cross-entropy"]), 4)  # 1.5 log 2
    1.0397
    """

    parts: tuple[Objective, ...]

    def __init__(self, *parts: Objective) -> None:
        given: tuple[object, ...] = parts
        strange = [part for part in given if not isinstance(part, Objective)]
        if strange or not parts:
            required, got = "objectives", type(strange[0]).__name__ if strange else "none"
            remedy = "pass for example CrossEntropy()"
            raise InputError(sentence("Sum", "parts", required, got, remedy))
        object.__setattr__(self, "parts", parts)

    def losses(self, seen: Seen) -> dict[str, Tensor]:
        """Return the losses of all parts."""
        total: dict[str, Tensor] = {}
        own = dict(seen.companion.named_children()) if seen.companion is not None else {}
        for index, part in enumerate(self.parts):
            companion = own.get(str(index))
            for key, loss in part.losses(replace(seen, companion=companion)).items():
                total[key] = total[key] + loss if key in total else loss
        return total

    def companion(self, n_features: int) -> nn.Module | None:
        """Return the companions of the parts, by their place in the sum."""
        made = {str(at): part.companion(n_features) for at, part in enumerate(self.parts)}
        kept = {name: module for name, module in made.items() if module is not None}
        return nn.ModuleDict(kept) if kept else None


def require_number(
    caller: str, name: str, value: object, *, least: float = 0.0, strict: bool = False
) -> None:
    """Refuse what is no finite number of at least `least`, or above it where `strict`."""
    fits = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    if not fits or value < least or (strict and value == least):  # type: ignore[operator] # a number
        required = f"a finite number {'above' if strict else 'of at least'} {least:g}"
        raise InputError(sentence(caller, name, required, repr(value), "pass such a number"))
