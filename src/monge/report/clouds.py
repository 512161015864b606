"""The picture of the features of both domains in two dimensions, before and after transport."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from monge._types import NDArray
from monge.report.findings import seeds_phrase, shorten
from monge.report.style import Drawing, class_colours, house_style, new_figure
from monge.results import Evidence, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["centre_gap", "draw_clouds"]

LEGEND_CHARACTERS = 16


def centre_gap(
    source: NDArray, source_labels: NDArray, target: NDArray, target_labels: NDArray
) -> float:
    """Return the mean distance between the centres of the same class in both clouds.

    Parameters
    ----------
    source, target
        (k, 2), points as drawn.
    source_labels, target_labels
        (k,).

    Returns
    -------
    float
        In the units of the picture; NaN if the clouds share no class.
    """
    shared = np.intersect1d(source_labels, target_labels)
    gaps = [
        np.linalg.norm(
            source[source_labels == label].mean(axis=0, dtype=np.float64)
            - target[target_labels == label].mean(axis=0, dtype=np.float64)
        )
        for label in shared
    ]
    return float(np.mean(gaps)) if gaps else float("nan")


def scatter(axes: Axes, source: NDArray, evidence: Evidence, colours: list[str]) -> None:
    """Draw source dots under target crosses, and each class number at its source centre."""
    palette = np.array(colours)
    axes.scatter(
        source[:, 0],
        source[:, 1],
        c=palette[evidence.source_labels].tolist(),
        s=9,
        alpha=0.45,
        linewidths=0,
        label="source",
    )
    axes.scatter(
        evidence.target[:, 0],
        evidence.target[:, 1],
        c=palette[evidence.target_labels].tolist(),
        s=13,
        marker="x",
        alpha=0.75,
        linewidths=0.8,
        label="target",
    )
    for label in np.unique(evidence.source_labels):
        centre = source[evidence.source_labels == label].mean(axis=0)
        axes.text(
            float(centre[0]),
            float(centre[1]),
            str(label),
            ha="center",
            va="center",
            fontsize=10,
            fontweight="bold",
            bbox={
                "boxstyle": "circle,pad=0.18",
                "facecolor": "white",
                "edgecolor": colours[label],
                "linewidth": 1.8,
            },
        )


@house_style()
def draw_clouds(result: Result, evidence: Evidence) -> Drawing:
    """Draw features before and after transport in two panels with the same axes."""
    before, after = (
        centre_gap(source, evidence.source_labels, evidence.target, evidence.target_labels)
        for source in (evidence.source_before, evidence.source_after)
    )
    if np.isnan(before):
        finding = "The two domains share no class in this plane"
    elif f"{before:.3g}" == f"{after:.3g}":
        finding = f"Transport keeps the centres of equal classes {after:.3g} apart in this plane"
    else:
        verb = "narrows" if after < before else "widens"
        finding = (
            f"Transport {verb} the gap between the centres of equal classes from {before:.3g} to "
            f"{after:.3g} in this plane"
        )
    title = f"{finding} ({seeds_phrase(result, 1)})"
    figure = new_figure(title, 4.4)
    classes = int(max(evidence.source_labels.max(), evidence.target_labels.max())) + 1
    colours = class_colours(classes)
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    sides = (evidence.source_before, "before transport"), (evidence.source_after, "after transport")
    for axes, (source, name) in zip(panels, sides, strict=True):
        scatter(axes, source, evidence, colours)
        axes.set(title=name, xlabel="principal direction 1 (feature units)")
    panels[0].set_ylabel("principal direction 2 (feature units)")
    handles = [
        panels[0].plot([], [], marker, color="black", markerfacecolor=face, markersize=size)[0]
        for marker, face, size in ((".", "black", 6), ("x", "black", 6), ("o", "white", 10))
    ]
    figure.legend(
        handles,
        [
            f"source: {shorten(result.source_name, LEGEND_CHARACTERS)}",
            f"target: {shorten(result.target_name, LEGEND_CHARACTERS)}",
            "class, at its source centre",
        ],
        loc="outside lower left",
        ncols=3,
        columnspacing=1.2,
        handletextpad=0.1,
    )
    return Drawing(
        name="clouds",
        title=title,
        alt_text=(
            f"Two scatter plots of features, {result.source_name} as dots and "
            f"{result.target_name} as crosses, coloured by {classes} classes: before transport on "
            "the left, after it on the right."
        ),
        figure=figure,
    )
