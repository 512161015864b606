"""The arrays behind the pictures, made from the first seed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from monge._types import NDArray, Tensor
from monge.adapters import Adapter, explore
from monge.adapters.plan_reading import read_view
from monge.adapters.plane import Plane
from monge.experiments.evaluate import accuracy, confusion
from monge.experiments.methods import FULL_METHODS, METHODS, Task
from monge.experiments.network import Images
from monge.report.findings import percent
from monge.results import Evidence, Explorer, PlanView
from monge.solvers import Solution

__all__ = ["Viewed", "gather_evidence", "gather_explorer"]

_SAMPLES = 8
"""Pictures shown of each class."""
_POINTS = 1500


@dataclass(frozen=True, kw_only=True, eq=False)
class Viewed:
    """What the pictures of one seed are made from.

    Attributes
    ----------
    images
        Of both domains.
    task
        The features.
    adapter, solution
        The fitted post's method and its plan.
    whole
        The same method fitted on all rows, where the run has it: the page then shows its plan.
    looked_at
        Predicted classes (m,) of the row of the table that the page shows the plan of.
    target_labels
        (m,) int64: used to sort and colour, not to fit.
    before, after
        Predicted classes (m,) of 1-NN without and with transport.
    curves
        Loss and accuracy, each (seeds, epochs).
    """

    images: Images
    task: Task
    adapter: Adapter
    solution: Solution
    target_labels: Tensor
    before: Tensor
    after: Tensor
    curves: tuple[NDArray, NDArray]
    looked_at: Tensor
    whole: Adapter | None = None


def gather_evidence(viewed: Viewed, view: PlanView | None = None) -> Evidence:
    """Make the arrays of every picture; `view` is the post's plan where it was read already."""
    task, adapter, labels = viewed.task, viewed.adapter, viewed.target_labels
    draw = np.random.default_rng(task.seed)
    classes = int(max(task.labels.max(), int(labels.max()))) + 1
    if view is None:
        sides = task.labels[adapter.source_rows_], labels.numpy()[adapter.target_rows_]
        view = read_view(viewed.solution.plan, sides, classes, "true class")
    some = (
        draw.permutation(len(task.source))[:_POINTS],
        draw.permutation(len(task.target))[:_POINTS],
    )
    project = Plane(task.source, task.target)
    pictures = [_some_of_each(draw, side) for side in (task.labels, labels.numpy())]
    return Evidence(
        source_images=_grey(viewed.images.prepared_source[pictures[0]]),
        source_image_labels=task.labels[pictures[0]],
        target_images=_grey(viewed.images.prepared_target[pictures[1]]),
        target_image_labels=labels.numpy()[pictures[1]],
        training_loss=viewed.curves[0],
        training_accuracy=viewed.curves[1],
        log_plan=view.log_plan,
        log_plan_sorted=view.log_plan_sorted,
        row_borders=view.row_borders,
        column_borders=view.column_borders,
        class_mass=view.class_mass,
        source_before=project(task.source[some[0]]),
        source_after=project(adapter.transform(task.source[some[0]])),
        target=project(task.target[some[1]]),
        source_labels=task.labels[some[0]],
        target_labels=labels.numpy()[some[1]],
        confusion_before=confusion(viewed.before, labels, classes),
        confusion_after=confusion(viewed.after, labels, classes),
    )


def gather_explorer(viewed: Viewed) -> Explorer:
    """Gather what the page lets a person look at, with the pictures of the rows themselves."""
    task, images = viewed.task, viewed.images
    explorer = explore(
        viewed.whole or viewed.adapter,
        task.source,
        task.labels,
        task.target,
        target_labels=viewed.target_labels.numpy(),
        random_state=task.seed,
    )
    clouds = explorer.clouds
    return replace(
        explorer,
        notes=(_subject(viewed), *explorer.notes),
        source_images=_grey(images.prepared_source[clouds.source_rows]),
        target_images=_grey(images.prepared_target[clouds.target_rows]),
    )


def _subject(viewed: Viewed) -> str:
    """Say which row of the table is looked at."""
    shown = FULL_METHODS["sinkhorn_full"] if viewed.whole else METHODS["sinkhorn"]
    rows, columns = viewed.solution.plan.shape
    right, before = (
        percent(accuracy(predicted, viewed.target_labels))
        for predicted in (viewed.looked_at, viewed.before)
    )
    text = (
        f"Looked at here is the row “{shown.title}” of seed {viewed.task.seed}: it reads {right} "
        f"of the target right, and 1-NN without transport {before}."
    )
    if viewed.whole is None:
        return text
    return (
        f"{text} The first sentence of this page, the table seed by seed and the still pictures "
        f"are of the post's own plan, of {rows:,} by {columns:,} rows."
    )


def _some_of_each(draw: np.random.Generator, labels: NDArray) -> NDArray:
    """Draw up to eight rows of every class."""
    order = draw.permutation(len(labels))
    rows: NDArray = np.concatenate(
        [order[labels[order] == label][:_SAMPLES] for label in np.unique(labels)]
    )
    return rows


def _grey(images: Tensor) -> NDArray:
    """Return the first channel as uint8, (k, 32, 32)."""
    grey: NDArray = (images[:, 0] * 255).round().to(torch.uint8).numpy()
    return grey
