"""Train a network on the target itself, on the labels that a transport gave it."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace

import torch
from torch import nn

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.joint.network import Retrained, said
from monge.progress import Report, silent
from monge.solvers.options import Rule, check_options
from monge.training.augment import Affine
from monge.training.checks import Checks, kind
from monge.training.engine import Course, look, train
from monge.training.objectives import Minibatch, Seen
from monge.training.sampling import Shuffled
from monge.training.state import TrainingOptions, TrainingState

__all__ = ["SelfTraining"]


NOTHING = 1e-9
"""Weight of a row below which it is left out: an even vote rounds to a little above zero."""


def _default_options() -> TrainingOptions:
    return TrainingOptions(epochs=15, batch_size=128, learning_rate=5e-4)


@dataclass(frozen=True, kw_only=True)
class SelfTraining:
    """Learn the target's own look from votes on its labels (Lee 2013: pseudo-labels).

    A vote that is right on the average teaches what is right nearly everywhere: a network cannot
    learn by heart which rows were voted on wrongly, least of all when it never sees a row twice in
    the same place.

    Parameters
    ----------
    augment
        Moves the rows by chance at each step, such as `monge.training.Affine` for images; ``None``
        leaves them.
    soft
        Whether the network is taught the shares of the votes, not the class with the most.
    options
        How long and how fast; an epoch is one pass over the rows that count.

    Raises
    ------
    InputError
        If a value is of another kind.

    Examples
    --------
    >>> x, votes = torch.randn(20, 2), torch.rand(20, 3)
    >>> options = TrainingOptions(epochs=2, batch_size=8)
    >>> trained = SelfTraining(augment=None, options=options).fit(nn.Linear(2, 3), x, votes)
    >>> len(trained.history)
    2
    """

    augment: Callable[[Tensor], Tensor] | None = field(default_factory=Affine)
    soft: bool = False
    options: TrainingOptions = field(default_factory=_default_options)

    def __post_init__(self) -> None:
        check_options(
            self,
            augment=Rule(
                holds=lambda value: value is None or callable(value),
                required="a function of rows, or None",
                remedy="pass for example augment=Affine()",
            ),
            soft=Rule(
                holds=lambda value: isinstance(value, bool),
                required="True or False",
                remedy="leave it out",
            ),
        )
        given: object = self.options
        if not isinstance(given, TrainingOptions):
            remedy = "pass for example options=TrainingOptions(epochs=3)"
            text = sentence("SelfTraining", "options", "TrainingOptions", repr(given), remedy)
            raise InputError(text)

    def fit(
        self,
        model: nn.Module,
        target: Tensor,
        votes: Tensor,
        *,
        weights: Tensor | None = None,
        state: TrainingState | None = None,
        on_epoch: Callable[[TrainingState], None] | None = None,
        report: Report = silent,
    ) -> Retrained:
        """Train a copy of a network on target rows and the votes on them.

        Parameters
        ----------
        model
            Maps rows to logits (m, L).
        target
            Rows (m, ...), of the dtype of the model.
        votes
            Classes (m,) int64, or how much speaks for each class (m, L), not negative; rows are
            divided by their sum, and a row of zeros is left out.
        weights
            How much each row counts, (m,), not negative. By default ``1 - H(vote) / log L``: 1 for
            a row that is agreed on, 0 for one on which all classes have a like share.
        state, on_epoch, report
            As in `monge.training.fit`.

        Returns
        -------
        Retrained
            The trained copy and its history, whose accuracy is the agreement with the votes.

        Raises
        ------
        InputError
            If rows, votes, weights, model or state do not fit each other, or nothing counts.
        ConvergenceError
            If the loss stops being finite.
        """
        checks = Checks("SelfTraining.fit")
        example = checks.example(model)
        rows = checks.rows(target, example.dtype, "target")
        classes = checks.classes(model, rows[:1].to(example.device), "target")
        shares = _shares(votes, len(rows), classes, checks)
        counts = _confidence(shares) if weights is None else _weights(weights, len(rows), checks)
        counts = counts * (shares.sum(dim=1) > 0)
        kept = counts > NOTHING
        if not bool(kept.any()):
            remedy = "pass votes or weights that are positive somewhere"
            checks.refuse("weights", "positive for some row that has a vote", "none", remedy)
        labels = shares.to(example.dtype) if self.soft else shares.argmax(dim=1)
        network = deepcopy(model)
        at = kept.to(rows.device)
        draws = Shuffled(
            rows=rows if bool(at.all()) else rows[at],
            labels=labels[kept],
            weights=counts[kept].to(example.dtype),
            size=self.options.batch_size,
        )
        course = Course(
            model=network,
            draws=draws,
            options=self.options,
            see=self._see,
            caller="SelfTraining.fit",
            task=f"self-training, augment={said(self.augment)}, soft={self.soft}",
        )
        history = train(course, state=state, on_epoch=on_epoch, report=report)
        return Retrained(model=network, history=history)

    def _see(self, model: nn.Module, batch: Minibatch) -> Seen:
        if self.augment is None:
            return look(model, batch)
        return look(model, replace(batch, rows=self.augment(batch.rows)))


def _shares(votes: object, m: int, classes: int, checks: Checks) -> Tensor:
    """Return the share of each class in each row, (m, L) float64; zero rows stay."""
    if not isinstance(votes, torch.Tensor):
        checks.refuse("votes", "a tensor", kind(votes), "convert it")
    votes = votes.detach().cpu()
    if votes.dtype == torch.int64 and tuple(votes.shape) == (m,):
        checks.within(votes, classes)
        hard: Tensor = nn.functional.one_hot(votes, classes)
        return hard.double()
    if not votes.is_floating_point() or tuple(votes.shape) != (m, classes):
        required = f"classes ({m},) int64, or floats ({m}, {classes})"
        checks.refuse("votes", required, kind(votes), "pass one vote per row")
    votes = votes.double()
    if not bool(torch.isfinite(votes).all()) or bool((votes < 0).any()):
        got = f"values from {float(votes.min())} to {float(votes.max())}"
        checks.refuse("votes", "finite and not negative", got, "clamp or exponentiate them")
    total = votes.sum(dim=1, keepdim=True).clamp_min(torch.finfo(torch.float64).tiny)
    shares: Tensor = votes / total
    return shares


def _confidence(shares: Tensor) -> Tensor:
    """Return ``1 - H / log L`` of each row, (m,)."""
    entropy = -torch.special.xlogy(shares, shares).sum(dim=1)
    sure: Tensor = 1 - entropy / math.log(shares.shape[1])
    return sure.clamp(0, 1)


def _weights(weights: object, m: int, checks: Checks) -> Tensor:
    if not isinstance(weights, torch.Tensor) or tuple(weights.shape) != (m,):
        checks.refuse("weights", f"a tensor of shape ({m},)", kind(weights), "pass one per row")
    given = weights.detach().cpu().double()
    if not bool(torch.isfinite(given).all()) or bool((given < 0).any()):
        got = f"values from {float(given.min())} to {float(given.max())}"
        checks.refuse("weights", "finite and not negative", got, "drop such rows")
    return given
