"""The arrays behind the pictures, made from the first seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from monge._types import NDArray, Tensor
from monge.adapters import Adapter
from monge.experiments.evaluate import confusion, matched_mass
from monge.experiments.methods import Task
from monge.experiments.network import Images
from monge.numerics import moments
from monge.plans import Plan
from monge.results import Evidence
from monge.solvers import Solution

__all__ = ["Viewed", "gather_evidence"]

_SAMPLES = 8
"""Pictures shown of each class."""
_POINTS = 1500
_BINS = 256


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


def gather_evidence(viewed: Viewed) -> Evidence:
    """Make the arrays of every picture."""
    task, adapter, labels = viewed.task, viewed.adapter, viewed.target_labels
    draw = np.random.default_rng(task.seed)
    plan = viewed.solution.plan
    source_classes = torch.as_tensor(task.labels[adapter.source_rows_])
    target_classes = labels[torch.as_tensor(adapter.target_rows_)]
    shuffled = [torch.as_tensor(draw.permutation(size)) for size in plan.shape]
    by_class = [torch.argsort(c, stable=True) for c in (source_classes, target_classes)]
    classes = int(max(task.labels.max(), int(labels.max()))) + 1
    sides = (source_classes, target_classes)
    row_borders, column_borders = (_borders(side, classes) for side in sides)
    some = (
        draw.permutation(len(task.source))[:_POINTS],
        draw.permutation(len(task.target))[:_POINTS],
    )
    project = _projection(task)
    pictures = [_some_of_each(draw, side) for side in (task.labels, labels.numpy())]
    return Evidence(
        source_images=_grey(viewed.images.prepared_source[pictures[0]]),
        source_image_labels=task.labels[pictures[0]],
        target_images=_grey(viewed.images.prepared_target[pictures[1]]),
        target_image_labels=labels.numpy()[pictures[1]],
        training_loss=viewed.curves[0],
        training_accuracy=viewed.curves[1],
        log_plan=_log_density(plan, *shuffled),
        log_plan_sorted=_log_density(plan, *by_class),
        row_borders=row_borders,
        column_borders=column_borders,
        class_mass=matched_mass(plan, *sides)[2],
        source_before=project(task.source[some[0]]),
        source_after=project(adapter.transform(task.source[some[0]])),
        target=project(task.target[some[1]]),
        source_labels=task.labels[some[0]],
        target_labels=labels.numpy()[some[1]],
        confusion_before=confusion(viewed.before, labels, classes),
        confusion_after=confusion(viewed.after, labels, classes),
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


def _bins(size: int) -> int:
    return min(size, _BINS)


def _log_density(plan: Plan, row_order: Tensor, column_order: Tensor) -> NDArray:
    """Return log10 of the binned plan over the binned independent plan, (r, c) float32."""
    groups = []
    for order in (row_order, column_order):
        group = torch.empty(len(order), dtype=torch.int64)
        group[order] = torch.arange(len(order)) * _bins(len(order)) // len(order)
        groups.append(group)
    mass = plan.grouped_mass(*groups)
    independent = mass.sum(1)[:, None] * mass.sum(0) / mass.sum()
    density: NDArray = (mass / independent).log10().float().numpy()
    return density


def _borders(classes: Tensor, count: int) -> NDArray:
    """Return where each class begins in a sorted picture, in bins, (L + 1,)."""
    sizes = torch.bincount(classes, minlength=count).double()
    starts = torch.cat([torch.zeros(1, dtype=torch.float64), sizes.cumsum(0)])
    borders: NDArray = (starts * _bins(len(classes)) / len(classes)).numpy()
    return borders


class _projection:  # noqa: N801 - a function with a memory
    """Two principal directions of both domains together, fitted once."""

    def __init__(self, task: Task) -> None:
        both = torch.as_tensor(np.concatenate([task.source, task.target]))
        # Each domain weighs one half, however many rows it has.
        sizes = len(task.source), len(task.target)
        weights = torch.cat([torch.full((k,), 1 / k, dtype=torch.float64) for k in sizes])
        self.mean, covariance = moments(both, weights)
        self.axes = torch.linalg.eigh(covariance).eigenvectors[:, -2:].flip(1)

    def __call__(self, points: NDArray) -> NDArray:
        """Project points, (k, d) -> (k, 2) float32."""
        plane: NDArray = (
            ((torch.as_tensor(points).double() - self.mean) @ self.axes).float().numpy()
        )
        return plane
