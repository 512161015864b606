"""The rows of the table: every method as a function from features to predicted target classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from time import perf_counter

import numpy as np
import torch

from monge._types import NDArray, Tensor
from monge.adapters import Adapter
from monge.adapters.named import Transport
from monge.experiments.accuracy.methods import METHODS as BENCH
from monge.experiments.accuracy.task import Task as BenchTask
from monge.experiments.neighbour import nearest_neighbour, standardised_neighbour
from monge.experiments.options import FULL_TOLERANCE, RunOptions
from monge.experiments.retraining import Trail
from monge.progress import Report
from monge.solvers import Solution

__all__ = [
    "FULL_METHODS",
    "METHODS",
    "RETRAINED_METHODS",
    "Cell",
    "Method",
    "Task",
    "Whole",
    "chosen_methods",
    "fit_the_post",
    "predict_all",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class Whole:
    """An adapter fitted on all rows of both sides, and the seconds that it took."""

    adapter: Adapter
    seconds: float


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
    options
        Of the run.
    shared
        The same as the bench of accuracy states it, with the pixels and the network.
    trail
        Keeps the trainings of the network on both domains.
    """

    source: NDArray
    labels: NDArray
    target: NDArray
    head: NDArray
    seed: int
    options: RunOptions
    shared: BenchTask
    trail: Trail

    @cached_property
    def whole(self) -> Whole:
        """The post's method on all rows of both sides, fitted when it is first asked for.

        Two rows of the table and the page's explorer need it. The entropic map equals the
        barycentre at every row of the plan, and here every row is in it.
        """
        began = perf_counter()
        solver = replace(self.options.solver(), tolerance=FULL_TOLERANCE)
        adapter = Adapter(solver, map="entropic")
        adapter.fit(self.source, self.labels, X_target=self.target, report=self.trail.report)
        return Whole(adapter=adapter, seconds=perf_counter() - began)

    @classmethod
    def of(cls, shared: BenchTask, options: RunOptions, trail: Trail) -> Task:
        """State the task of one seed."""
        if shared.head is None:
            raise AssertionError("unreachable: images come with a network")
        return cls(
            source=shared.source,
            labels=shared.labels,
            target=shared.target,
            head=shared.head,
            seed=shared.seed,
            options=options,
            shared=shared,
            trail=trail,
        )


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


def _full_plan(task: Task) -> NDArray:
    predicted: NDArray = task.whole.adapter.predict(task.target)
    return predicted


def _full_propagate(task: Task) -> NDArray:
    """Label every target row by the votes of the plan of all rows."""
    adapter = task.whole.adapter
    votes: NDArray = adapter.classes_[adapter.propagate().argmax(1)]
    return votes


def _full_spent(task: Task) -> float:
    """Count the fit for every row that stands on it, whichever came first."""
    return task.whole.seconds if "whole" in vars(task) else 0.0


def _benched(name: str, task: Task) -> NDArray:
    """Predict as the row of the bench of accuracy does, with its frozen options."""
    return BENCH[name].predict(task.shared).classes


def _retrained(name: str, task: Task) -> NDArray:
    return task.trail.predict(name, task.shared)


def _spent(name: str, task: Task) -> float:
    return task.trail.spent(name, task.seed)


def _nothing(_: Task) -> float:
    return 0.0


@dataclass(frozen=True)
class Method:
    """One row of the table: what a person calls it, and how it predicts.

    `spent` says how many seconds went into what is kept of it already.
    """

    title: str
    predict: Callable[[Task], NDArray]
    spent: Callable[[Task], float] = _nothing


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
} | {
    "prototypes_plan": Method(
        "Labels by the plan of class prototypes", partial(_benched, "prototypes_plan")
    ),
    "graph": Method("Labels by the target's own graph", partial(_benched, "graph")),
    "graph_gradients": Method(
        "Labels by the graph, gradients as views", partial(_benched, "graph_gradients")
    ),
}

FULL_METHODS = {
    "sinkhorn_full": Method("1-NN after the Sinkhorn plan of all rows", _full_plan, _full_spent),
    "sinkhorn_full_propagate": Method(
        "Labels propagated by the plan of all rows", _full_propagate, _full_spent
    ),
}

RETRAINED_METHODS = {
    name: Method(title, partial(_retrained, name), partial(_spent, name))
    for name, title in (
        ("jumbot", "Retrained: JUMBOT"),
        ("stages", "Retrained: JUMBOT, votes, self-training"),
    )
}


def chosen_methods(options: RunOptions) -> dict[str, Method]:
    """Return the rows of the table.

    With ``full`` those of the plan of all rows too, with ``retrain`` those that train the network
    again.
    """
    chosen = METHODS | FULL_METHODS if options.full else dict(METHODS)
    return chosen | RETRAINED_METHODS if options.retrain else chosen


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
        spent, began = method.spent(task), perf_counter()
        predicted = np.asarray(method.predict(task), dtype=np.int64)
        yield Cell(
            method=name,
            predicted=torch.as_tensor(predicted),
            seconds=spent + perf_counter() - began,
        )
