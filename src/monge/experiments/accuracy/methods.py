"""The methods of the bench of accuracy, by name: what adapts nothing, and every transport."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch

from monge._types import NDArray
from monge.experiments.accuracy.frozen import FROZEN, RETRAINED, Frozen, FrozenTraining
from monge.experiments.accuracy.task import Task
from monge.experiments.methods import nearest_neighbour
from monge.training import predict_probabilities

__all__ = ["METHODS", "REFERENCES", "Method"]


@dataclass(frozen=True, kw_only=True)
class Method:
    """One row of the bench.

    Attributes
    ----------
    title
        What a person calls it.
    predict
        From a task to the classes of its target rows, (m,) int64.
    options
        Its hyperparameters in words.
    rule
        How they were chosen.
    needs
        The part of a task without which there is nothing to do, if there is one.
    """

    title: str
    predict: Callable[[Task], NDArray]
    options: str = ""
    rule: str = "no hyperparameter"
    needs: Literal["head", "network"] | None = None

    def applies(self, task: Task) -> bool:
        """Whether the method can do anything with a task."""
        return self.needs is None or getattr(task, self.needs) is not None


def _nearest(task: Task) -> NDArray:
    predicted: NDArray = nearest_neighbour().fit(task.source, task.labels).predict(task.target)
    return predicted


def _head(task: Task) -> NDArray:
    if task.head is None:
        raise AssertionError("unreachable: `applies` was asked")
    return task.head


def _adapted(frozen: Frozen, task: Task) -> NDArray:
    """Fit the adapter of a frozen row, and read the classes of the target in its way."""
    adapter = frozen.adapter(task.seed)
    views = [view[1] for view in task.views.values()] if frozen.views else None
    adapter.fit(task.source, task.labels, X_target=task.target, target_views=views)
    if frozen.reading != "plan":
        predicted: NDArray = adapter.predict(task.target)
        return predicted
    votes: NDArray = adapter.classes_[adapter.propagate().argmax(1)]
    rows = adapter.target_rows_
    if len(rows) == len(task.target):
        return votes
    everyone: NDArray = nearest_neighbour().fit(task.target[rows], votes).predict(task.target)
    return everyone


def _retrained(frozen: FrozenTraining, task: Task) -> NDArray:
    """Train the network of a task again, and read its classes of the target."""
    network = task.network
    if network is None:
        raise AssertionError("unreachable: `applies` was asked")
    source = network.source, torch.as_tensor(task.labels)
    trained = frozen.seeded(task.seed).fit(network.model(), source, network.target)
    scores = predict_probabilities(trained.model, network.target)
    predicted: NDArray = scores.argmax(1).numpy()
    return predicted


REFERENCES = ("source_only", "source_head")
"""The methods that adapt nothing; every bench runs them."""

METHODS: dict[str, Method] = {
    "source_only": Method(title="1-NN on the source as it is", predict=_nearest),
    "source_head": Method(title="Source network as it is", predict=_head, needs="head"),
} | {
    name: Method(
        title=frozen.title,
        predict=partial(_adapted, frozen),
        options=frozen.options,
        rule=frozen.rule,
    )
    for name, frozen in FROZEN.items()
}
METHODS |= {
    name: Method(
        title=training.title,
        predict=partial(_retrained, training),
        options=repr(training.training),
        rule=training.rule,
        needs="network",
    )
    for name, training in RETRAINED.items()
}
"""Every method by name, in the order of the table."""
