"""Train a classifier on labelled rows: the same weights from the same seed."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from monge._types import Tensor
from monge.progress import Report, silent
from monge.training.checks import Checks
from monge.training.engine import Course, train
from monge.training.sampling import Shuffled
from monge.training.state import History, TrainingOptions, TrainingState

__all__ = ["fit"]


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
    >>> import torch
    >>> from monge.nets import LeNet5
    >>> from monge.training import seeded
    >>> x, labels = torch.rand(8, 1, 32, 32), torch.arange(8) % 2
    >>> len(fit(seeded(0, LeNet5), x, labels, options=TrainingOptions(epochs=2)))
    2
    """
    options = TrainingOptions() if options is None else options
    checks = Checks("fit")
    example = checks.example(model)
    checks.rows(x, example.dtype, "x")
    checks.labels(labels, len(x))
    checks.within(labels, checks.classes(model, x[:1].to(example.device), "x"))
    draws = Shuffled(rows=x, labels=labels, size=options.batch_size)
    course = Course(model=model, draws=draws, options=options)
    return train(course, state=state, on_epoch=on_epoch, report=report)
