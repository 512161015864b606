"""The methods of the bench of accuracy, by name: what adapts nothing, and every transport."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import torch
from torch import nn

from monge._types import NDArray, Tensor
from monge.adapters import Adapter
from monge.adapters.domains import drawn
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
    if frozen.gradients:
        return _by_gradients(adapter.set_params(subsample=None), frozen.subsample, task)
    views = [view[1] for view in task.views.values()] if frozen.views else None
    adapter.fit(task.source, task.labels, X_target=task.target, target_views=views)
    if frozen.reading != "plan":
        classify = adapter.predict
        return Predicted(classes=classify(task.target), unseen=_by_features(classify, task))
    return _read(adapter, adapter.target_rows_, task)


def _by_gradients(adapter: Adapter, subsample: int | None, task: Task) -> Predicted:
    """Fit an adapter with the gradients of the images of both domains as views.

    Rows are drawn here, not by the adapter: gradients are worked out of these alone.
    """
    network = task.network
    if network is None:
        raise AssertionError("unreachable: `applies` was asked")
    draw = np.random.RandomState(task.seed)
    rows = [drawn(draw, len(side), subsample) for side in (task.source, task.target)]
    views = [
        [gradient_view(images[some], signed=signed).numpy() for signed in (True, False)]
        for images, some in zip((network.source, network.target), rows, strict=True)
    ]
    source, target = rows
    adapter.fit(
        task.source[source],
        task.labels[source],
        X_target=task.target[target],
        source_views=views[0],
        target_views=views[1],
    )
    return _read(adapter, target, task)


def _read(adapter: Adapter, rows: NDArray, task: Task) -> Predicted:
    """Read the votes of the target rows of a plan, and give any other those of the nearest."""
    votes: NDArray = adapter.classes_[adapter.propagate().argmax(1)]
    classify = nearest_neighbour().fit(task.target[rows], votes).predict
    everyone = votes if len(rows) == len(task.target) else classify(task.target)
    return Predicted(classes=everyone, unseen=_by_features(classify, task))


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
