"""What a training is told, what it records, and how far it has got."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.training.seeds import require_seed

__all__ = ["History", "TrainingOptions", "TrainingState"]

OPTIMISER = "optimiser."
BEST = "best."


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """How to train: with the data and the first weights, these decide the result.

    Attributes
    ----------
    epochs
        Passes over the data, at least 1.
    batch_size
        Rows per step of Adam, at least 1; the last batch of an epoch may be smaller.
    learning_rate
        Step size of Adam, positive.
    seed
        Decides the order of the batches and any dropout. The first weights come with the model:
        see `monge.training.seeded`.

    Raises
    ------
    InputError
        If a value is out of range.

    Examples
    --------
    >>> TrainingOptions(epochs=2)
    TrainingOptions(epochs=2, batch_size=256, learning_rate=0.001, seed=0)
    """

    epochs: int = 10
    batch_size: int = 256
    learning_rate: float = 1e-3
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InputError(
                    sentence("TrainingOptions", name, "a positive integer", value, "pass 1 or more")
                )
        rate: object = self.learning_rate
        if not isinstance(rate, int | float) or not (math.isfinite(rate) and rate > 0):
            raise InputError(
                sentence(
                    "TrainingOptions",
                    "learning_rate",
                    "a positive number",
                    rate,
                    "pass for example 1e-3",
                )
            )
        require_seed("TrainingOptions", self.seed)


@dataclass(frozen=True, kw_only=True)
class History:
    """The course of a training, one value per epoch.

    Attributes
    ----------
    loss
        Mean loss over the rows, taken while the weights were moving: the cross-entropy in nats, or
        the sum of the `terms`.
    accuracy
        Share of labelled rows classified right, in [0, 1], taken likewise: it lags behind the
        accuracy of the final weights.
    terms
        The parts of the loss by name, where it has more than one.
    score
        What a `Watch` said after each epoch, where there was one.

    Examples
    --------
    >>> history = History().extended(loss=2.3, accuracy=0.1).extended(loss=1.1, accuracy=0.6)
    >>> history.loss, history.accuracy
    ((2.3, 1.1), (0.1, 0.6))
    """

    loss: tuple[float, ...] = ()
    accuracy: tuple[float, ...] = ()
    terms: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    score: tuple[float, ...] = ()

    def __len__(self) -> int:
        """Return the number of epochs."""
        return len(self.loss)

    def extended(
        self, loss: float, accuracy: float, terms: Mapping[str, float] | None = None
    ) -> History:
        """Return the history with one more epoch, its score still to come."""
        longer = {key: (*self.terms.get(key, ()), value) for key, value in (terms or {}).items()}
        return replace(
            self, loss=(*self.loss, loss), accuracy=(*self.accuracy, accuracy), terms=longer
        )

    def scored(self, score: float) -> History:
        """Return the history with the score of its last epoch."""
        return replace(self, score=(*self.score, score))

    @property
    def best(self) -> int:
        """The first epoch of the highest score, counted from 0; the last where none was given."""
        return self.score.index(max(self.score)) if self.score else len(self) - 1


@dataclass(frozen=True, kw_only=True)
class TrainingState:
    """A training after a whole epoch: enough to go on as if it had never stopped.

    Attributes
    ----------
    tensors
        Copies on the CPU: the model's weights and buffers as ``model.<name>``, those of what is
        learned beside it as ``companion.<name>``, what Adam remembers of each parameter as
        ``optimiser.<index>.<name>``, and the best weights so far as ``best.<name>`` where a `Watch`
        keeps them.
    history
        Loss and accuracy so far; its length is the number of finished epochs.
    options
        What the training was told.
    task
        What was minimised on which batches, in words; empty for the plain cross-entropy of `fit`.
    rows
        Fingerprint of the rows that it was trained on; empty where they came from a loader.

    Examples
    --------
    >>> from monge.training import fit
    >>> states, model = [], nn.Linear(2, 2)
    >>> x, labels = torch.rand(8, 2), torch.arange(8) % 2
    >>> history = fit(
    ...     model, x, labels, options=TrainingOptions(epochs=3), on_epoch=states.append
    ... )
    >>> again = nn.Linear(2, 2)
    >>> fit(again, x, labels, options=TrainingOptions(epochs=3), state=states[0]) == history
    True
    >>> torch.equal(again.weight, model.weight)
    True
    """

    tensors: dict[str, Tensor]
    history: History
    options: TrainingOptions
    task: str = ""
    rows: str = ""

    def to_config(self) -> dict[str, Any]:
        """Return everything but the tensors, as numbers and lists that JSON keeps exactly."""
        return {
            "options": dataclasses.asdict(self.options),
            "loss": list(self.history.loss),
            "accuracy": list(self.history.accuracy),
            "terms": {name: list(values) for name, values in self.history.terms.items()},
            "score": list(self.history.score),
            "task": self.task,
            "rows": self.rows,
        }

    @classmethod
    def from_config(cls, tensors: dict[str, Tensor], config: dict[str, Any]) -> TrainingState:
        """Rebuild a state from its `tensors` and what `to_config` returned.

        Raises
        ------
        InputError
            If `config` is not of that form.
        """
        try:
            history = History(
                loss=tuple(config["loss"]),
                accuracy=tuple(config["accuracy"]),
                terms={name: tuple(each) for name, each in config.get("terms", {}).items()},
                score=tuple(config.get("score", ())),
            )
            options = TrainingOptions(**config["options"])
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(
                sentence(
                    "TrainingState",
                    "config",
                    "what TrainingState.to_config returned",
                    config,
                    "train again from the start",
                )
            ) from error
        task, rows = str(config.get("task", "")), str(config.get("rows", ""))
        return cls(tensors=dict(tensors), history=history, options=options, task=task, rows=rows)


def capture(learner: nn.ModuleDict, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Copy to the CPU what a training needs in order to go on: weights and Adam's memory."""
    tensors = dict(learner.state_dict())
    for index, memory in optimiser.state_dict()["state"].items():
        tensors.update({f"{OPTIMISER}{index}.{name}": value for name, value in memory.items()})
    return copied(tensors)


def copied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copy tensors to the CPU."""
    return {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}


def restore(
    state: TrainingState, learner: nn.ModuleDict, optimiser: torch.optim.Optimizer, caller: str
) -> None:
    """Put `state` into `learner` and `optimiser`, in the memory layout of the learner."""
    kept = {name: one for name, one in state.tensors.items() if not name.startswith(BEST)}
    weights = {name: one for name, one in kept.items() if not name.startswith(OPTIMISER)}
    parameters = list(learner.parameters())
    memory: dict[int, dict[str, Tensor]] = {}
    try:
        learner.load_state_dict(weights)
        for name, tensor in kept.items():
            if name.startswith(OPTIMISER):
                index, key = name.removeprefix(OPTIMISER).split(".", 1)
                like = parameters[int(index)]
                value = torch.empty_like(like).copy_(tensor) if tensor.ndim else tensor.clone()
                memory.setdefault(int(index), {})[key] = value.detach()
    except (RuntimeError, ValueError, IndexError) as error:
        raise InputError(
            sentence(
                caller,
                "state",
                "a state of the same model",
                str(error).splitlines()[0],
                "build the model as it was when the state was taken",
            )
        ) from error
    optimiser.load_state_dict({**optimiser.state_dict(), "state": memory})
