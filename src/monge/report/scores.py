"""The pictures of how well it works: accuracy by method, and confusion matrices."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from monge._types import NDArray
from monge.report.findings import change, compare, headline, percent, right_share, seeds_phrase
from monge.report.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    Drawing,
    house_style,
    label_classes,
    new_figure,
    square_root,
    write_cells,
)
from monge.results import Evidence, MethodResult, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["POST_AFTER", "POST_BEFORE", "draw_accuracy", "draw_confusion"]

POST_EXPERIMENT = "mnist-usps"
POST_BEFORE, POST_AFTER = 71.51, 78.60
"""Accuracy in percent that the post "Optimal Transport for Domain Adaptation" states."""

NAME_CHARACTERS = 31


def draw_reference(axes: Axes, value: float, text: str, align: str) -> None:
    """Draw one vertical line, its label above the axes and ending or beginning at the line."""
    axes.axvline(value, color=GREY, linestyle="--", linewidth=1.2, zorder=0)
    axes.annotate(
        text,
        (value, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(-3 if align == "right" else 3, 4),
        textcoords="offset points",
        ha=align,
        fontsize=9.5,
        color="#444444",
    )


def draw_dots(axes: Axes, methods: list[MethodResult], rows: NDArray, baseline: float) -> None:
    """Draw a row for each method: every seed a small dot, the mean a large one, its value beside.

    Parameters
    ----------
    axes
        Where to draw.
    methods
        From the top down.
    rows
        (methods,), how far down each stands.
    baseline
        Accuracy of 1-NN without transport; colours say on which side of it a method lies.
    """
    for row, method in zip(rows.tolist(), methods, strict=True):
        mean = method.accuracy.mean
        seeds = 100 * np.array(method.accuracy.values)
        same = abs(mean - baseline) < 5e-4  # noqa: PLR2004 - what one decimal shows
        colour = BLACK if same else BLUE if mean > baseline else ORANGE
        axes.plot([seeds.min(), seeds.max()], [row, row], color=colour, linewidth=1.4, alpha=0.5)
        axes.plot(100 * mean, row, "o", color=colour, markersize=11)
        if len(seeds) > 1:
            axes.plot(
                seeds, [row] * len(seeds), "o", color=colour, markersize=5, markerfacecolor="white"
            )
        axes.annotate(
            f"{100 * mean:.1f}",
            (1.0, row),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontweight="bold",
            color=colour,
        )


@house_style()
def draw_accuracy(result: Result, evidence: Evidence) -> Drawing:
    """Draw the accuracy of every method on the target, best first."""
    methods = sorted(result.methods.values(), key=lambda method: -method.accuracy.mean)
    names = [
        textwrap.fill(
            method.title, NAME_CHARACTERS, max_lines=3, placeholder="…", break_on_hyphens=False
        )
        for method in methods
    ]
    heights = np.array([max(name.count("\n") + 1.4, 1.7) for name in names])
    rows = np.cumsum(heights) - heights / 2
    title = headline(result, evidence)
    figure = new_figure(title, 1.35 + 0.185 * heights.sum())
    axes = figure.subplots()
    baseline = compare(result, evidence).before.mean
    draw_dots(axes, methods, rows, baseline)
    if result.experiment == POST_EXPERIMENT:
        draw_reference(axes, POST_BEFORE, f"post, 1-NN before {POST_BEFORE:.2f} %", "right")
        draw_reference(axes, POST_AFTER, f"post, 1-NN after {POST_AFTER:.2f} %", "left")
    axes.set_ylim(heights.sum(), 0)
    axes.margins(x=0.06)
    axes.set_yticks(rows, labels=names)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", alpha=0.3)
    axes.set(xlabel=f"accuracy on {result.target_n:,} target rows (%)", ylabel="method")
    handles = [
        axes.plot([], [], "o", color=colour, markersize=8)[0] for colour in (BLUE, BLACK, ORANGE)
    ]
    figure.legend(
        handles,
        ["better than 1-NN without transport", "the same", "worse"],
        loc="outside lower right",
        ncols=3,
        columnspacing=1.2,
        handletextpad=0.2,
    )
    listed = "; ".join(f"{method.title} {percent(method.accuracy.mean)}" for method in methods)
    return Drawing(
        name="accuracy",
        title=title,
        alt_text=f"Mean accuracy of each method on the target, best first: {listed}.",
        figure=figure,
    )


def row_percentages(confusion: NDArray) -> NDArray:
    """Divide each row of a confusion matrix (L, L) by its sum, in percent; empty rows stay 0."""
    rows = confusion.sum(axis=1, keepdims=True)
    return np.asarray(100 * confusion / np.maximum(rows, 1))


def largest_change(before: NDArray, after: NDArray) -> str:
    """Name the class whose share of rows read right changes most; (L, L) row percentages."""
    change_by_class = np.diag(after) - np.diag(before)
    label = int(np.argmax(np.abs(change_by_class)))
    if not change_by_class.any():
        return "no class changes"
    verb = "gains" if change_by_class[label] > 0 else "loses"
    return (
        f"class {label} {verb} most, from {before[label, label]:.0f}\u00a0% to "
        f"{after[label, label]:.0f}\u00a0%"
    )


@house_style()
def draw_confusion(result: Result, evidence: Evidence) -> Drawing:
    """Draw the confusion matrices of 1-NN before and after transport, rows normalised."""
    counts = evidence.confusion_before, evidence.confusion_after
    before, after = (row_percentages(matrix) for matrix in counts)
    text = change("Transport", "1-NN", right_share(counts[0]), right_share(counts[1]))
    title = f"{text}; {largest_change(before, after)} ({seeds_phrase(result, 1)})"
    classes = len(before)
    names = [str(k) for k in range(classes)]
    figure = new_figure(title, 4.5)
    grid = figure.add_gridspec(2, 2, height_ratios=[1.0, 0.05])
    panels = [figure.add_subplot(grid[0, column]) for column in range(2)]
    for axes, matrix, name in zip(
        panels, (before, after), ("before transport", "after transport"), strict=True
    ):
        image = axes.imshow(matrix, cmap="cividis", norm=square_root(100.0))
        texts = [[f"{value:.0f}" if value >= 0.5 else "" for value in row] for row in matrix]  # noqa: PLR2004 - rounds to 0
        write_cells(axes, matrix, texts, 25.0)
        label_classes(axes.xaxis, np.arange(classes), names)
        label_classes(axes.yaxis, np.arange(classes), names)
        for row in np.flatnonzero(counts[0].sum(axis=1) == 0):
            axes.text(
                classes / 2 - 0.5, float(row), "no rows", color="white", ha="center", va="center"
            )
        axes.set(title=name, xlabel="predicted class")
    panels[0].set_ylabel("true class")
    figure.colorbar(
        image,
        cax=figure.add_subplot(grid[1, :]),
        label="share of the true class (%), square-root colours",
        orientation="horizontal",
    )
    return Drawing(
        name="confusion",
        title=title,
        alt_text=(
            "Two confusion matrices, true class by row and predicted class by column, in percent "
            f"of the row, before and after transport. {title}."
        ),
        figure=figure,
    )
