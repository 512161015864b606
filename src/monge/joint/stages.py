"""Retraining, then by turns: votes on the target by its features, and training on the votes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from torch import nn

from monge._types import Tensor
from monge.joint.network import Retraining
from monge.joint.self_training import SelfTraining
from monge.joint.views import Views
from monge.joint.votes import GraphVotes
from monge.nets import evaluating
from monge.progress import Progress, Report, silent
from monge.solvers.options import Rule, check_options, whole
from monge.training.checks import Checks
from monge.training.layers import hearing, layer_name
from monge.training.seeds import scoped_randomness
from monge.training.state import History, TrainingState

__all__ = ["Staged", "Stages", "StagesState"]

BLOCK = 1024


@dataclass(frozen=True, kw_only=True)
class StagesState:
    """How far the stages are: the last state of each training that was begun.

    Attributes
    ----------
    retraining
        Of the first stage.
    self_training
        Of each round of the last, so far.

    Examples
    --------
    >>> from monge.training import TrainingOptions
    >>> state = TrainingState(tensors={}, history=History(), options=TrainingOptions())
    >>> StagesState(retraining=state).self_training
    ()
    """

    retraining: TrainingState
    self_training: tuple[TrainingState, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Staged:
    """A network after all stages.

    Attributes
    ----------
    model
        The network, in evaluation mode.
    votes
        What it was taught in the last round, (m, L) or (m,).
    retraining
        The history of the first training.
    self_training
        That of each round of the last.

    Examples
    --------
    >>> staged = Staged(
    ...     model=nn.Identity(),
    ...     votes=torch.tensor([0, 1]),
    ...     retraining=History(),
    ...     self_training=(History(),),
    ... )
    >>> len(staged.votes)
    2
    """

    model: nn.Module
    votes: Tensor
    retraining: History
    self_training: tuple[History, ...]


@dataclass(frozen=True, kw_only=True)
class Stages:
    """Retrain on both domains, let the target's rows be voted on, train on the votes, vote again.

    A network that has learned the target's own look draws its classes further apart, so that the
    next votes are better than what it was taught.

    Parameters
    ----------
    votes
        Takes `Views`, returns classes (m,) int64 or how much speaks for each class (m, L); by
        default `GraphVotes`.
    retraining, self_training
        The first stage, and a round of the last.
    rounds
        How often it is voted and trained on the votes, 1 or more.

    Raises
    ------
    InputError
        If the number of rounds is none.

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
    rounds: int = 3

    def __post_init__(self) -> None:
        check_options(
            self,
            votes=Rule(
                holds=callable,
                required="a function of Views",
                remedy="pass for example GraphVotes()",
            ),
            retraining=Rule(
                holds=lambda value: isinstance(value, Retraining),
                required="a Retraining",
                remedy="pass for example Retraining()",
            ),
            self_training=Rule(
                holds=lambda value: isinstance(value, SelfTraining),
                required="a SelfTraining",
                remedy="pass for example SelfTraining(augment=None)",
            ),
            rounds=whole("pass for example rounds=3"),
        )

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
            Where to go on from. Votes are not kept: they are made again, from the same features,
            round by round.
        on_epoch
            Called with the state after every epoch of either training.
        report
            Told the steps of the stage at work.

        Returns
        -------
        Staged
            The network, the votes and all histories.

        Raises
        ------
        InputError
            If source, target, model, votes or state do not fit each other.
        ConvergenceError
            If a loss stops being finite.
        """
        _check(source, target)
        if self.self_training.augment is not None:
            with scoped_randomness(0):
                self.self_training.augment(target[:1])  # what it refuses, it refuses now
        reached: list[TrainingState] = []
        begun = [] if state is None else [state.retraining, *state.self_training]

        def keep(stage: int, last: TrainingState) -> None:
            reached[stage:] = [last]
            if on_epoch is not None:
                on_epoch(StagesState(retraining=reached[0], self_training=tuple(reached[1:])))

        def before(stage: int) -> TrainingState | None:
            """Return where a stage goes on from, and count it as reached."""
            if stage >= len(begun):
                return None
            reached[stage:] = [begun[stage]]
            return begun[stage]

        first = self.retraining.fit(
            model, source, target, state=before(0), on_epoch=partial(keep, 0), report=report
        )
        network, histories = first.model, []
        for turn in range(1, self.rounds + 1):
            report(Progress(task="Voting on the target", done=turn - 1, total=self.rounds))
            votes = self.votes(self._views(model, network, source, target))
            report(Progress(task="Voting on the target", done=turn, total=self.rounds))
            trained = self._training(turn).fit(
                network,
                target,
                votes,
                state=before(turn),
                on_epoch=partial(keep, turn),
                report=report,
            )
            network = trained.model
            histories.append(trained.history)
        return Staged(
            model=network,
            votes=votes,
            retraining=first.history,
            self_training=tuple(histories),
        )

    def _training(self, turn: int) -> SelfTraining:
        """Return the training of one round, which draws as no other does."""
        options = self.self_training.options
        return replace(self.self_training, options=replace(options, seed=options.seed + turn - 1))

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
