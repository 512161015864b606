"""The rows of the table: every method as a function from features to predicted target classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

import numpy as np
import torch
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from monge._types import NDArray, Tensor
from monge.adapters import Adapter
from monge.adapters.named import Transport
from monge.experiments.network import Network
from monge.experiments.options import FULL_TOLERANCE, RunOptions
from monge.progress import Report
from monge.solvers import Solution

__all__ = [
    "FULL_METHODS",
    "METHODS",
    "Cell",
    "Method",
    "Task",
    "chosen_methods",
    "fit_the_post",
    "nearest_neighbour",
    "predict_all",
    "standardised_neighbour",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """What a method is given: labelled source features, unlabelled target features.

    Attributes
    ----------
    source, labels
        (n, d) float32 and (n,) int64.
    target
        (m, d) float32.
    head
        The network's own classes of the target, (m,) int64.
    seed
        Of every random choice.
    """

    source: NDArray
    labels: NDArray
    target: NDArray
    head: NDArray
    seed: int
    options: RunOptions

    @classmethod
    def of(cls, network: Network, labels: Tensor, seed: int, options: RunOptions) -> Task:
        """State the task of one seed."""
        return cls(
            source=network.source.numpy(),
            labels=labels.numpy(),
            target=network.target.numpy(),
            head=network.target_predicted.numpy(),
            seed=seed,
            options=options,
        )


def nearest_neighbour() -> KNeighborsClassifier:
    """Return the classifier of the post: the nearest labelled row."""
    return KNeighborsClassifier(n_neighbors=1, algorithm="brute")


def standardised_neighbour() -> Pipeline:
    """Return the nearest labelled row after each feature is standardised.

    A source that was moved to the target's moments has the scale of both domains.
    """
    return make_pipeline(StandardScaler(), nearest_neighbour())


def _adapted(adapter: Adapter, task: Task) -> NDArray:
    predicted: NDArray = adapter.fit(task.source, task.labels, X_target=task.target).predict(
        task.target
    )
    return predicted


def _head(task: Task) -> NDArray:
    return task.head


def _source_neighbour(task: Task) -> NDArray:
    classifier = nearest_neighbour().fit(task.source, task.labels)
    predicted: NDArray = classifier.predict(task.target)
    return predicted


def _standardise(task: Task) -> NDArray:
    return _adapted(Adapter("standardise", classifier=standardised_neighbour()), task)


def _moments(name: str, task: Task) -> NDArray:
    return _adapted(Adapter(name), task)


def _planned(task: Task, transport: str | Transport, plan_map: str = "barycentric") -> Adapter:
    return Adapter(
        transport, map=plan_map, subsample=task.options.plan_rows, random_state=task.seed
    )


def _entropic(task: Task, plan_map: str = "barycentric") -> Adapter:
    """Return the post's own method: the entropic plan of random rows of each side."""
    return _planned(task, task.options.solver(), plan_map)


def fit_the_post(task: Task, report: Report) -> tuple[Adapter, Solution]:
    """Fit the post's own method, and return it with its plan."""
    adapter = _entropic(task)
    adapter.fit(task.source, task.labels, X_target=task.target, report=report)
    if adapter.solution_ is None:
        raise AssertionError("unreachable: Sinkhorn has a plan")
    return adapter, adapter.solution_


def _exact(task: Task) -> NDArray:
    return _adapted(_planned(task, "exact"), task)


def _sinkhorn(plan_map: str, task: Task) -> NDArray:
    return _adapted(_entropic(task, plan_map), task)


def _propagate(task: Task) -> NDArray:
    """Label the target rows of the plan by its votes, and the rest by their nearest such row."""
    adapter = _entropic(task).fit(task.source, task.labels, X_target=task.target)
    votes = adapter.classes_[adapter.propagate().argmax(1)]
    classifier = nearest_neighbour().fit(task.target[adapter.target_rows_], votes)
    predicted: NDArray = classifier.predict(task.target)
    return predicted


def _full(task: Task) -> Adapter:
    """Return the post's method on all rows of both sides.

    The entropic map equals the barycentre at every row of the plan, and here every row is in it.
    """
    solver = replace(task.options.solver(), tolerance=FULL_TOLERANCE)
    return Adapter(solver, map="entropic")


def _full_plan(task: Task) -> NDArray:
    return _adapted(_full(task), task)


def _full_propagate(task: Task) -> NDArray:
    """Label every target row by the votes of the plan of all rows."""
    adapter = _full(task).fit(task.source, task.labels, X_target=task.target)
    votes: NDArray = adapter.classes_[adapter.propagate().argmax(1)]
    return votes


@dataclass(frozen=True)
class Method:
    """One row of the table: what a person calls it, and how it predicts."""

    title: str
    predict: Callable[[Task], NDArray]


METHODS = {
    "source_head": Method("Source network as it is", _head),
    "nearest_neighbour": Method("1-NN on source features", _source_neighbour),
    "standardise": Method("1-NN, each domain standardised", _standardise),
    "coral": Method("1-NN after CORAL", partial(_moments, "coral")),
    "linear": Method("1-NN after the linear Monge map", partial(_moments, "linear")),
    "exact": Method("1-NN after the exact plan", _exact),
    "sinkhorn": Method(
        "1-NN after the Sinkhorn plan (the post)", partial(_sinkhorn, "barycentric")
    ),
    "sinkhorn_entropic_map": Method("1-NN after the entropic map", partial(_sinkhorn, "entropic")),
    "sinkhorn_propagate": Method("Labels propagated by the plan, 1-NN", _propagate),
}

FULL_METHODS = {
    "sinkhorn_full": Method("1-NN after the Sinkhorn plan of all rows", _full_plan),
    "sinkhorn_full_propagate": Method("Labels propagated by the plan of all rows", _full_propagate),
}


def chosen_methods(options: RunOptions) -> dict[str, Method]:
    """Return the rows of the table: with ``full`` those of the plan of all rows too."""
    return METHODS | FULL_METHODS if options.full else dict(METHODS)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cell:
    """One method on one seed: predicted classes (m,) int64 and the wall time.

    `reused` says that it was taken from the cache.
    """

    method: str
    predicted: Tensor
    seconds: float
    reused: bool = False


def predict_all(task: Task, kept: Callable[[str], Cell | None]) -> Iterator[Cell]:
    """Run the methods in the order of the table, but for those that are kept."""
    for name, method in chosen_methods(task.options).items():
        cell = kept(name)
        if cell is not None:
            yield replace(cell, method=name, reused=True)
            continue
        began = perf_counter()
        predicted = np.asarray(method.predict(task), dtype=np.int64)
        yield Cell(
            method=name, predicted=torch.as_tensor(predicted), seconds=perf_counter() - began
        )
