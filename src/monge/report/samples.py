"""The pictures of what goes in: samples of both domains, and the training of the source model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from monge._types import NDArray
from monge.report.findings import NAME_CHARACTERS, percent, shorten
from monge.report.style import BLUE, GREY, Drawing, house_style, label_classes, new_figure
from monge.results import Evidence, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_samples", "draw_training"]

MOST_COLUMNS = 8
MOST_CLASSES = 20


def mosaic(images: NDArray, labels: NDArray, classes: int, columns: int) -> NDArray:
    """Lay images out in one: a row for each class, as many of its samples as there are columns.

    Parameters
    ----------
    images
        (k, h, w).
    labels
        (k,).
    classes, columns
        Rows and columns of the mosaic.

    Returns
    -------
    numpy.ndarray
        (classes * h, columns * w); places without a sample are 0.
    """
    height, width = images.shape[1:]
    canvas = np.zeros((classes * height, columns * width), dtype=images.dtype)
    for label in range(classes):
        for column, image in enumerate(images[labels == label][:columns]):
            canvas[label * height : (label + 1) * height, column * width : (column + 1) * width] = (
                image
            )
    return canvas


@house_style()
def draw_samples(result: Result, evidence: Evidence) -> Drawing:
    """Draw samples of both domains side by side, a row for each class."""
    source, target = (
        shorten(name, NAME_CHARACTERS) for name in (result.source_name, result.target_name)
    )
    sides = (
        (f"source: {source}", evidence.source_images, evidence.source_image_labels),
        (f"target: {target}", evidence.target_images, evidence.target_image_labels),
    )
    classes = min(int(max(labels.max() for _, _, labels in sides)) + 1, MOST_CLASSES)
    columns = min(max(int(np.bincount(labels).max()) for _, _, labels in sides), MOST_COLUMNS)
    title = (
        f"The model learns from {result.source_n:,} labelled samples of {source} and "
        f"must read {result.target_n:,} of {target} without a label"
    )
    figure = new_figure(title, 0.75 + 3.05 * classes / columns)
    for axes, (name, images, labels) in zip(figure.subplots(1, 2), sides, strict=True):
        height, width = images.shape[1:]
        axes.imshow(mosaic(images, labels, classes, columns), cmap="gray", vmin=0, vmax=255)
        label_classes(
            axes.yaxis, (np.arange(classes) + 0.5) * height, [str(k) for k in range(classes)]
        )
        label_classes(axes.xaxis, (np.arange(columns) + 0.5) * width, [""] * columns)
        axes.set_title(name)
        axes.set(ylabel="class", xlabel=f"up to {columns} samples a class")
    return Drawing(
        name="samples",
        title=title,
        alt_text=(
            f"Two grids of small grey images, {result.source_name} on the left and "
            f"{result.target_name} on the right, one row for each of {classes} classes."
        ),
        figure=figure,
    )


def draw_curves(axes: Axes, values: NDArray, label: str) -> None:
    """Draw one thin line for each seed and a thick one for their mean; values (seeds, epochs)."""
    epochs = np.arange(1, values.shape[1] + 1)
    several = len(values) > 1
    for index, one in enumerate(values):
        axes.plot(
            epochs,
            one,
            color=GREY if several else BLUE,
            linewidth=1.0 if several else 2.2,
            marker=".",
            alpha=0.7 if several else 1.0,
            label=("each seed" if several else "one seed") if index == 0 else None,
        )
    if several:
        axes.plot(epochs, values.mean(axis=0), color=BLUE, linewidth=2.4, label="mean")
    axes.set(xlabel="epoch", ylabel=label)
    axes.locator_params(axis="x", integer=True)
    axes.grid(axis="y", alpha=0.3)


@house_style()
def draw_training(result: Result, evidence: Evidence) -> Drawing:
    """Draw loss and accuracy over the epochs of training, all seeds."""
    accuracy = evidence.training_accuracy
    seeds, epochs = accuracy.shape
    reached = float(accuracy[:, -1].mean())
    title = (
        f"After {epochs} epoch{'s' if epochs > 1 else ''} the source model reads "
        f"{percent(reached)} of its training data, {shorten(result.source_name, NAME_CHARACTERS)} "
        f"({f'mean of {seeds} seeds' if seeds > 1 else 'one seed'})"
    )
    figure = new_figure(title, 3.2)
    left, right = figure.subplots(1, 2)
    draw_curves(left, evidence.training_loss, "training loss (nats)")
    draw_curves(right, 100 * accuracy, "training accuracy (%)")
    right.legend(loc="lower right")
    return Drawing(
        name="training",
        title=title,
        alt_text=(
            f"Two line charts over {epochs} epochs: the training loss ends at "
            f"{evidence.training_loss[:, -1].mean():.3f}, the accuracy at {percent(reached)}."
        ),
        figure=figure,
    )
