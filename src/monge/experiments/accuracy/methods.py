"""The methods of the bench of accuracy, by name: what adapts nothing, and every transport."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import nn

from monge._types import NDArray, Tensor
from monge.data import gradient_view
from monge.experiments.accuracy.frozen import FROZEN, RETRAINED, Frozen, FrozenTraining
from monge.experiments.accuracy.task import Predicted, Task
from monge.experiments.neighbour import nearest_neighbour
from monge.training import extract_features, predict_probabilities

__all__ = ["METHODS", "REFERENCES", "Method", "by_head"]


@dataclass(frozen=True, kw_only=True)
class Method:
    """One row of the bench.

    Attributes
    ----------
    title
        What a person calls it.
    predict
        From a task to the classes of its target rows, and a way to classify others.
    options
        Its hyperparameters in words.
    rule
        How they were chosen.
    needs
        The part of a task without which there is nothing to do, if there is one.
    """

    title: str
    predict: Callable[[Task], Predicted]
    options: str = ""
    rule: str = "no hyperparameter"
    needs: Literal["head", "network"] | None = None

    def applies(self, task: Task) -> bool:
        """Whether the method can do anything with a task."""
        return self.needs is None or getattr(task, self.needs) is not None


def _by_features(
    classify: Callable[[NDArray], NDArray], task: Task
) -> Callable[[Tensor], NDArray] | None:
    """Classify images by what the source network makes of them, where there is a network."""
    network = task.network
    if network is None:
        return None
    return lambda images: classify(extract_features(network.model(), images).x.numpy())


def by_head(model: nn.Module, images: Tensor) -> NDArray:
    """Return the classes that a network itself gives images."""
    predicted: NDArray = predict_probabilities(model, images).argmax(1).numpy()
    return predicted


def _nearest(task: Task) -> Predicted:
    classify = nearest_neighbour().fit(task.source, task.labels).predict
    return Predicted(classes=classify(task.target), unseen=_by_features(classify, task))


def _head(task: Task) -> Predicted:
    if task.head is None:
        raise AssertionError("unreachable: `applies` was asked")
    network = task.network
    if network is None:
        return Predicted(classes=task.head)
    return Predicted(classes=task.head, unseen=lambda images: by_head(network.model(), images))


def _adapted(frozen: Frozen, task: Task) -> Predicted:
    """Fit the adapter of a frozen row, and read the classes of the target in its way.

    What a plan was not told of has the class of the nearest target row that it holds.
    """
    adapter = frozen.adapter(task.seed)
    source_views, target_views = _views(frozen, task)
    adapter.fit(
        task.source,
        task.labels,
        X_target=task.target,
        target_views=target_views,
        source_views=source_views,
    )
    if frozen.reading != "plan":
        classify = adapter.predict
        return Predicted(classes=classify(task.target), unseen=_by_features(classify, task))
    votes: NDArray = adapter.classes_[adapter.propagate().argmax(1)]
    rows = adapter.target_rows_
    classify = nearest_neighbour().fit(task.target[rows], votes).predict
    everyone = votes if len(rows) == len(task.target) else classify(task.target)
    return Predicted(classes=everyone, unseen=_by_features(classify, task))


def _views(frozen: Frozen, task: Task) -> tuple[list[NDArray] | None, list[NDArray] | None]:
    """Return the views of the source and of the target that a row is given."""
    if not frozen.gradients:
        return None, [view[1] for view in task.views.values()] if frozen.views else None
    if task.network is None:
        raise AssertionError("unreachable: `applies` was asked")
    images = (task.network.source, task.network.target)
    source, target = (
        [gradient_view(x, signed=signed).numpy() for signed in (True, False)] for x in images
    )
    return source, target


def _retrained(frozen: FrozenTraining, task: Task) -> Predicted:
    """Train the network of a task again, and read its classes of the target."""
    network = task.network
    if network is None:
        raise AssertionError("unreachable: `applies` was asked")
    source = network.source, torch.as_tensor(task.labels)
    model = frozen.seeded(task.seed).fit(network.model(), source, network.target).model
    return Predicted(classes=by_head(model, network.target), unseen=partial(by_head, model))


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
        needs="network" if frozen.gradients else None,
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
