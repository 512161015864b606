"""The training loop: Adam on the cross-entropy, the same weights from the same seed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import torch
from torch import nn

from monge._types import Tensor
from monge.errors import ConvergenceError, InputError, sentence
from monge.nets import evaluating
from monge.progress import Progress, Report, silent
from monge.training.seeds import scoped_randomness, spawn
from monge.training.state import History, TrainingOptions, TrainingState, capture, restore

__all__ = ["fit"]

BATCHES_PER_REPORT = 8


def fit(
    model: nn.Module,
    x: Tensor,
    labels: Tensor,
    *,
    options: TrainingOptions | None = None,
    state: TrainingState | None = None,
    on_epoch: Callable[[TrainingState], None] | None = None,
    report: Report = silent,
) -> History:
    """Train `model` in place on labelled rows, and leave it in evaluation mode.

    Batches of epoch ``e`` are drawn in an order that depends on ``(options.seed, e)`` alone, so a
    training resumed from a state ends with the weights of an uninterrupted one, bit for bit on the
    same machine. Torch's global generators are left as they were.

    Parameters
    ----------
    model
        Maps rows to scores (n, L), which the cross-entropy is given as logits. Its parameters may
        lie on any one device; the batches are brought there.
    x
        Rows (n, ...), of the dtype of the model, as one tensor: images (n, c, 32, 32) for LeNet5.
    labels
        Classes (n,) int64, from 0 to ``L - 1``.
    options
        How to train; by default ``TrainingOptions()``.
    state
        Where to go on from: a state of the same model, data and options, though ``epochs`` may have
        grown. The weights of `model` are replaced by those of the state.
    on_epoch
        Called with the state after every epoch.
    report
        Told the batches done and in all.

    Returns
    -------
    History
        Loss and accuracy of every epoch, those before `state` included.

    Raises
    ------
    InputError
        If rows, labels, model or state do not fit each other, or hold NaN or infinity.
    ConvergenceError
        If the loss stops being finite; its ``solution`` is the history up to there.

    Examples
    --------
    >>> from monge.nets import LeNet5
    >>> from monge.training import seeded
    >>> x, labels = torch.rand(8, 1, 32, 32), torch.arange(8) % 2
    >>> len(fit(seeded(0, LeNet5), x, labels, options=TrainingOptions(epochs=2)))
    2
    """
    options = TrainingOptions() if options is None else options
    device = _check(model, x, labels)
    optimiser = torch.optim.Adam(model.parameters(), lr=options.learning_rate)
    history = History()
    if state is not None:
        _check_resumable(state, options)
        restore(state, model, optimiser)
        history = state.history
    run = _Run(model=model, optimiser=optimiser, options=options, device=device, report=report)
    try:
        for epoch in range(len(history), options.epochs):
            with scoped_randomness(spawn(options.seed, epoch), device), torch.enable_grad():
                history = run.epoch(x, labels, history)
            if on_epoch is not None:
                on_epoch(capture(model, optimiser, history, options))
    finally:
        model.eval()
        optimiser.zero_grad()
    return history


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What stays the same from epoch to epoch."""

    model: nn.Module
    optimiser: torch.optim.Optimizer
    options: TrainingOptions
    device: torch.device
    report: Report

    def epoch(self, x: Tensor, labels: Tensor, history: History) -> History:
        """Pass once over the rows, in a random order, and return the longer history."""
        self.model.train()
        n, size = len(x), self.options.batch_size
        batches = math.ceil(n / size)
        order = torch.randperm(n)
        loss_sum = torch.zeros((), dtype=torch.float64, device=self.device)
        right = torch.zeros((), dtype=torch.int64, device=self.device)
        for index in range(batches):
            rows = order[index * size : (index + 1) * size]
            batch = x[rows.to(x.device)].to(self.device)
            truth = labels[rows.to(labels.device)].to(self.device)
            self.optimiser.zero_grad(set_to_none=True)
            scores = self.model(batch)
            loss = nn.functional.cross_entropy(scores, truth)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            loss_sum += loss.detach() * len(rows)
            right += (scores.detach().argmax(dim=1) == truth).sum()
            if index % BATCHES_PER_REPORT == BATCHES_PER_REPORT - 1 or index == batches - 1:
                self._say(index + 1, batches, float(loss_sum) / min((index + 1) * size, n), history)
        if not all(torch.isfinite(p).all() for p in self.model.parameters()):
            self._give_up("weights stay finite", history)
        return history.extended(float(loss_sum) / n, int(right) / n)

    def _say(self, done: int, batches: int, loss: float, history: History) -> None:
        epoch, epochs = len(history), self.options.epochs
        if not math.isfinite(loss):
            self._give_up("loss stays finite", history)
        self.report(
            Progress(
                task=f"Training {type(self.model).__name__}",
                done=epoch * batches + done,
                total=epochs * batches,
                detail=f"epoch {epoch + 1} of {epochs}, loss {loss:.3g}",
            )
        )

    def _give_up(self, wish: str, history: History) -> NoReturn:
        required = f"so small that the {wish} (lost in epoch {len(history) + 1})"
        rate, remedy = self.options.learning_rate, "pass a smaller one in TrainingOptions"
        raise ConvergenceError(sentence("fit", "learning_rate", required, rate, remedy), history)


def _check(model: nn.Module, x: object, labels: object) -> torch.device:
    """Refuse what cannot be trained on, and return the device of `model`."""
    example = next((p for p in model.parameters() if p.requires_grad), None)
    if example is None:
        _refuse("model", "a network with parameters to learn", type(model).__name__, "unfreeze it")
    if not isinstance(x, torch.Tensor) or x.ndim < 2 or x.dtype != example.dtype:  # noqa: PLR2004 - (n, ...)
        _refuse("x", f"a tensor (n, ...) of {example.dtype}, as the model", _kind(x), "convert it")
    if not torch.isfinite(x).all():
        _refuse("x", "finite", "NaN or infinity", "remove or fill those entries")
    if not isinstance(labels, torch.Tensor) or labels.dtype != torch.int64:
        _refuse("labels", "a tensor of torch.int64", _kind(labels), "pass labels.to(torch.int64)")
    if tuple(labels.shape) != (len(x),):
        _refuse("labels", f"of shape ({len(x)},)", tuple(labels.shape), "pass one label per row")
    if len(torch.unique(labels)) < 2:  # noqa: PLR2004 - a classifier tells two classes apart
        _refuse("labels", "of at least two classes", "fewer", "pass rows of another class too")
    classes = _count_classes(model, x[:1].to(example.device))
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= classes:
        required = f"from 0 to {classes - 1}, as the model has {classes} classes"
        _refuse("labels", required, f"labels from {low} to {high}", "renumber the classes")
    return example.device


def _count_classes(model: nn.Module, row: Tensor) -> int:
    with evaluating(model), torch.no_grad():
        try:
            scores: object = model(row)
        except RuntimeError as error:
            got = f"{tuple(row.shape[1:])} ({error})"
            required = "made of rows that the model takes"
            raise InputError(sentence("fit", "x", required, got, "reshape the rows")) from error
    if not isinstance(scores, torch.Tensor) or scores.ndim != 2:  # noqa: PLR2004 - a matrix
        _refuse("model", "a network that returns scores (n, L)", _kind(scores), "flatten them")
    return scores.shape[1]


def _kind(value: object) -> str:
    if isinstance(value, torch.Tensor):
        return f"{value.dtype} of shape {tuple(value.shape)}"
    return type(value).__name__


def _check_resumable(state: TrainingState, options: TrainingOptions) -> None:
    told = state.options
    for name in ("batch_size", "learning_rate", "seed"):
        if getattr(told, name) != getattr(options, name):
            required = f"of a training with {name}={getattr(options, name)}"
            _refuse("state", required, getattr(told, name), "keep the options, or start afresh")
    if len(state.history) > options.epochs:
        got = f"{len(state.history)} epochs"
        _refuse("state", f"at most {options.epochs} epochs old", got, "raise epochs")


def _refuse(parameter: str, required: str, got: object, remedy: str) -> NoReturn:
    raise InputError(sentence("fit", parameter, required, got, remedy))
