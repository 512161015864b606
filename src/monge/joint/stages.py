"""Retraining, then votes on the target from the new features, then self-training on the votes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import nn

from monge._types import Tensor
from monge.joint.network import Retraining
from monge.joint.self_training import SelfTraining
from monge.joint.views import Views
from monge.joint.votes import GraphVotes
from monge.nets import evaluating
from monge.progress import Progress, Report, silent
from monge.training.checks import Checks
from monge.training.layers import hearing, layer_name
from monge.training.state import History, TrainingState

__all__ = ["Staged", "Stages", "StagesState"]

BLOCK = 1024


@dataclass(frozen=True, kw_only=True)
class StagesState:
    """How far the stages are: the last state of each one that was begun.

    Examples
    --------
    >>> from monge.training import TrainingOptions
    >>> state = TrainingState(tensors={}, history=History(), options=TrainingOptions())
    >>> StagesState(retraining=state).self_training is None
    True
    """

    retraining: TrainingState
    self_training: TrainingState | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Staged:
    """A network after all stages.

    Attributes
    ----------
    model
        The network, in evaluation mode.
    votes
        What it was taught in the last stage, (m, L) or (m,).
    retraining, self_training
        The history of each training.

    Examples
    --------
    >>> staged = Staged(
    ...     model=nn.Identity(),
    ...     votes=torch.tensor([0, 1]),
    ...     retraining=History(),
    ...     self_training=History(),
    ... )
    >>> len(staged.votes)
    2
    """

    model: nn.Module
    votes: Tensor
    retraining: History
    self_training: History


@dataclass(frozen=True, kw_only=True)
class Stages:
    """Retrain on both domains, let the target's rows be voted on, and train on the votes.

    Parameters
    ----------
    votes
        Takes `Views`, returns classes (m,) int64 or how much speaks for each class (m, L); by
        default `GraphVotes`.
    retraining, self_training
        The first and the last stage.

    Examples
    --------
    >>> from monge.joint import RetrainingOptions
    >>> from monge.training import TrainingOptions
    >>> stages = Stages(
    ...     votes=lambda views: torch.softmax(views.scores, dim=1),
    ...     retraining=Retraining(options=RetrainingOptions(epochs=1, steps=2, batch_size=8)),
    ...     self_training=SelfTraining(augment=None, options=TrainingOptions(epochs=1)),
    ... )
    >>> net = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2))
    >>> x, labels = torch.randn(20, 2), torch.arange(20) % 2
    >>> stages.fit(net, (x, labels), torch.randn(10, 2)).votes.shape
    torch.Size([10, 2])
    """

    votes: Callable[[Views], Tensor] = field(default_factory=GraphVotes)
    retraining: Retraining = field(default_factory=Retraining)
    self_training: SelfTraining = field(default_factory=SelfTraining)

    def fit(
        self,
        model: nn.Module,
        source: tuple[Tensor, Tensor],
        target: Tensor,
        *,
        state: StagesState | None = None,
        on_epoch: Callable[[StagesState], None] | None = None,
        report: Report = silent,
    ) -> Staged:
        """Run all stages on a copy of a network.

        Parameters
        ----------
        model
            Maps rows to logits (n, L).
        source
            Rows (n, ...) of the dtype of the model, and classes (n,) int64.
        target
            Rows (m, ...).
        state
            Where to go on from. Votes are not kept: they are made again, from the same features.
        on_epoch
            Called with the state after every epoch of either training.
        report
            Told the steps of the stage at work.

        Returns
        -------
        Staged
            The network, the votes and both histories.

        Raises
        ------
        InputError
            If source, target, model, votes or state do not fit each other.
        ConvergenceError
            If a loss stops being finite.
        """
        _check(source, target)
        last: list[TrainingState] = [] if state is None else [state.retraining]

        def keep_first(reached: TrainingState) -> None:
            last[:] = [reached]
            if on_epoch is not None:
                on_epoch(StagesState(retraining=reached))

        def keep_last(reached: TrainingState) -> None:
            if on_epoch is not None:
                on_epoch(StagesState(retraining=last[0], self_training=reached))

        first = self.retraining.fit(
            model,
            source,
            target,
            state=last[0] if last else None,
            on_epoch=keep_first,
            report=report,
        )
        report(Progress(task="Voting on the target", done=0, total=1))
        votes = self.votes(self._views(model, first.model, source, target))
        report(Progress(task="Voting on the target", done=1, total=1))
        second = self.self_training.fit(
            first.model,
            target,
            votes,
            state=None if state is None else state.self_training,
            on_epoch=keep_last,
            report=report,
        )
        return Staged(
            model=second.model,
            votes=votes,
            retraining=first.history,
            self_training=second.history,
        )

    def _views(
        self, given: nn.Module, model: nn.Module, source: tuple[Tensor, Tensor], target: Tensor
    ) -> Views:
        layer, caller = self.retraining.layer, "Stages.fit"
        name = None if layer is None else layer_name(given, layer, caller)
        device = next(model.parameters()).device
        both: list[tuple[Tensor, Tensor]] = []
        with (
            hearing(model, name, self.retraining.pool, caller) as hear,
            evaluating(model),
            torch.no_grad(),
        ):
            for rows in (source[0], target):
                parts = [hear(block.to(device)) for block in torch.split(rows, BLOCK)]
                features, scores = (torch.cat(side).cpu() for side in zip(*parts, strict=True))
                both.append((features, scores))
        return Views(
            source=both[0][0],
            target=both[1][0],
            labels=source[1].cpu(),
            scores=both[1][1],
            rows=target.cpu(),
        )


def _check(source: object, target: object) -> None:
    """Refuse loaders: votes are on the rows of the target in their order."""
    checks = Checks("Stages.fit")
    if not isinstance(source, tuple) or len(source) != 2:  # noqa: PLR2004 - x and labels
        remedy = "pass for example (x, labels)"
        checks.refuse("source", "a pair of tensors", type(source).__name__, remedy)
    if not isinstance(target, torch.Tensor):
        remedy = "collect its batches in one tensor"
        checks.refuse("target", "a tensor", type(target).__name__, remedy)
