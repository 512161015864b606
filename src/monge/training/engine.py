"""The one training loop: Adam on an objective, batch by batch, resumable after every epoch."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NoReturn

import torch
from torch import nn

from monge._types import Tensor
from monge.errors import ConvergenceError, InputError, sentence
from monge.progress import Progress, Report, silent
from monge.training.objectives import CrossEntropy, Minibatch, Objective, Seen
from monge.training.sampling import Draws
from monge.training.seeds import scoped_randomness, spawn
from monge.training.state import (
    BEST,
    History,
    TrainingOptions,
    TrainingState,
    capture,
    copied,
    restore,
)
from monge.training.watch import Watch

__all__ = ["Course", "train"]

BATCHES_PER_REPORT = 8

See = Callable[[nn.Module, Minibatch], Seen]
"""Runs the network over a batch, already on its device."""


def look(model: nn.Module, batch: Minibatch) -> Seen:
    """Run the network over the labelled rows alone."""
    return Seen(scores=model(batch.rows), labels=batch.labels, weights=batch.weights)


@dataclass(frozen=True, kw_only=True, eq=False)
class Course:
    """All that decides a training, the first weights included.

    Attributes
    ----------
    model
        Trained in place. Its parameters lie on one device.
    draws
        Gives the batches of an epoch.
    options
        Epochs, step size and seed; the size of a batch is the business of `draws`.
    objective
        What is minimised.
    see
        How a batch passes through the network.
    companion
        What is learned beside the network, such as a critic.
    watch
        Chooses the weights that are kept; without it the last ones are.
    caller
        For the error sentences.
    task
        What is minimised on which batches, in words: a state of another task is refused.
    """

    model: nn.Module
    draws: Draws
    options: TrainingOptions
    objective: Objective = field(default_factory=CrossEntropy)
    see: See = look
    companion: nn.Module | None = None
    watch: Watch | None = None
    caller: str = "fit"
    task: str = ""


def train(
    course: Course,
    *,
    state: TrainingState | None = None,
    on_epoch: Callable[[TrainingState], None] | None = None,
    report: Report = silent,
) -> History:
    """Run the course, from `state` if there is one, and leave the model in evaluation mode.

    The batches of epoch ``e``, and any other chance in it, depend on ``(options.seed, e)`` alone,
    so that a training resumed from a state ends with the weights of an uninterrupted one, bit for
    bit on the same machine. Torch's global generators are left as they were.

    Raises
    ------
    InputError
        If the state is of another training.
    ConvergenceError
        If the loss stops being finite; its ``solution`` is the history up to there.
    """
    parts = {"model": course.model}
    if course.companion is not None:
        parts["companion"] = course.companion
    learner = nn.ModuleDict(parts)
    options = course.options
    optimiser = torch.optim.Adam(learner.parameters(), lr=options.learning_rate)
    history, best = History(), {}
    asked = state is not None or on_epoch is not None
    rows = course.draws.fingerprint() if asked else ""
    if state is not None:
        _check_resumable(state, course, rows)
        restore(state, learner, optimiser, course.caller)
        history = state.history
        best = {name: one for name, one in state.tensors.items() if name.startswith(BEST)}
    run = _Run(course=course, learner=learner, optimiser=optimiser, report=report)
    watch = course.watch
    try:
        for epoch in range(len(history), options.epochs):
            if watch is not None and watch.satisfied(history.score):
                break
            with scoped_randomness(spawn(options.seed, epoch), run.device), torch.enable_grad():
                history = run.epoch(history)
            if watch is not None:
                history = history.scored(watch.score(course.model))
                if history.best == epoch:
                    weights = course.model.state_dict()
                    best = copied({BEST + name: one for name, one in weights.items()})
            if on_epoch is not None:
                tensors = capture(learner, optimiser) | best
                on_epoch(
                    TrainingState(
                        tensors=tensors,
                        history=history,
                        options=options,
                        task=course.task,
                        rows=rows,
                    )
                )
        if watch is not None and best:
            course.model.load_state_dict({k.removeprefix(BEST): one for k, one in best.items()})
    finally:
        learner.eval()
        optimiser.zero_grad()
    return history


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What stays the same from epoch to epoch."""

    course: Course
    learner: nn.ModuleDict
    optimiser: torch.optim.Optimizer
    report: Report

    @property
    def device(self) -> torch.device:
        return next(p.device for p in self.course.model.parameters() if p.requires_grad)

    def epoch(self, history: History) -> History:
        """Pass once over the batches and return the longer history."""
        self.learner.train()
        device, batches = self.device, self.course.draws.steps or 0
        sums = _Sums(device)
        for index, drawn in enumerate(self.course.draws.draw()):
            batch = drawn.to(device)
            self.optimiser.zero_grad(set_to_none=True)
            done = (len(history) + index / batches) / self.course.options.epochs
            seen = self._see(batch, done)
            losses = self.course.objective.losses(seen)
            loss = _total(losses)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            sums.add(loss, losses, seen)
            if index % BATCHES_PER_REPORT == BATCHES_PER_REPORT - 1 or index == batches - 1:
                self._say(index + 1, batches, float(sums.loss) / sums.rows, history)
        if not all(torch.isfinite(p).all() for p in self.course.model.parameters()):
            self._give_up("weights stay finite", history)
        return sums.extend(history)

    def _see(self, batch: Minibatch, done: float) -> Seen:
        seen = self.course.see(self.course.model, batch)
        return replace(seen, companion=self.course.companion, done=done)

    def _say(self, done: int, batches: int, loss: float, history: History) -> None:
        epoch, epochs = len(history), self.course.options.epochs
        if not math.isfinite(loss):
            self._give_up("loss stays finite", history)
        self.report(
            Progress(
                task=f"Training {type(self.course.model).__name__}",
                done=epoch * batches + done,
                total=epochs * batches,
                detail=f"epoch {epoch + 1} of {epochs}, loss {loss:.3g}",
            )
        )

    def _give_up(self, wish: str, history: History) -> NoReturn:
        required = f"so small that the {wish} (lost in epoch {len(history) + 1})"
        rate, remedy = self.course.options.learning_rate, "pass a smaller one in the options"
        text = sentence(self.course.caller, "learning_rate", required, rate, remedy)
        raise ConvergenceError(text, history)


class _Sums:
    """Losses and right answers of an epoch, added up where they lie."""

    def __init__(self, device: torch.device) -> None:
        self.loss = torch.zeros((), dtype=torch.float64, device=device)
        self.right = torch.zeros((), dtype=torch.int64, device=device)
        self.terms: dict[str, Tensor] = {}
        self.rows = 0

    def add(self, loss: Tensor, losses: dict[str, Tensor], seen: Seen) -> None:
        """Count one batch, each row alike."""
        n = len(seen.scores)
        self.rows += n
        self.loss += loss.detach() * n
        truth = seen.labels if seen.labels.ndim == 1 else seen.labels.argmax(dim=1)
        self.right += (seen.scores.detach().argmax(dim=1) == truth).sum()
        if len(losses) > 1:
            for name, term in losses.items():
                self.terms[name] = self.terms.get(name, torch.zeros_like(self.loss)) + (
                    term.detach() * n
                )

    def extend(self, history: History) -> History:
        """Return the history with the means of this epoch."""
        terms = {name: float(total) / self.rows for name, total in self.terms.items()}
        return history.extended(float(self.loss) / self.rows, int(self.right) / self.rows, terms)


def _total(losses: dict[str, Tensor]) -> Tensor:
    first, *others = losses.values()
    for other in others:
        first = first + other
    return first


def _check_resumable(state: TrainingState, course: Course, rows: str) -> None:
    told, options = state.options, course.options

    def refuse(required: str, got: object, remedy: str) -> NoReturn:
        raise InputError(sentence(course.caller, "state", required, got, remedy))

    for name in ("batch_size", "learning_rate", "seed"):
        if getattr(told, name) != getattr(options, name):
            required = f"of a training with {name}={getattr(options, name)}"
            refuse(required, getattr(told, name), "keep the options, or start afresh")
    if state.task != course.task:
        required = f"of a training by {course.task or 'the cross-entropy alone'}"
        refuse(required, state.task or "the cross-entropy alone", "keep them, or start afresh")
    if state.rows and rows and state.rows != rows:
        refuse(f"of a training on these rows ({rows})", state.rows, "pass the same rows and labels")
    if len(state.history) > options.epochs:
        refuse(
            f"at most {options.epochs} epochs old", f"{len(state.history)} epochs", "raise epochs"
        )
