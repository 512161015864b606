"""The pictures of the plan: unsorted, sorted by class, and summed over classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from monge._types import NDArray
from monge.report.findings import NAME_CHARACTERS, percent, right_share, seeds_phrase, shorten
from monge.report.style import (
    Drawing,
    house_style,
    label_classes,
    new_figure,
    square_root,
    write_cells,
)
from monge.results import Evidence, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "colour_scale",
    "draw_class_mass",
    "draw_plan",
    "draw_plan_sorted",
    "log_colour_scale",
    "worst_pairs",
]

LOWEST_COLOUR = "#440154"
"""The dark end of viridis: bins without any mass are no less dark than those with hardly any."""

MOST_DECADES = 6.0
THINNEST_NAMED_BAND = 0.018


def colour_scale(evidence: Evidence) -> tuple[float, float]:
    """Return one colour scale for both pictures of the plan, its few extreme bins left out."""
    return log_colour_scale(evidence.log_plan, evidence.log_plan_sorted)


def log_colour_scale(*log_plans: NDArray) -> tuple[float, float]:
    """Return one colour scale for some pictures (r, c), see `colour_scale`."""
    values = np.concatenate([log_plan.ravel() for log_plan in log_plans])
    values = values[np.isfinite(values)]
    if not values.size:
        return -1.0, 1.0
    low, high = (float(value) for value in np.percentile(values, [2.0, 99.8]))
    low = max(low, high - MOST_DECADES)
    return (low, high) if high - low > 1e-6 else (low - 0.5, high + 0.5)  # noqa: PLR2004 - flat


def show_plan(
    figure: Figure, array: NDArray, extent: tuple[float, float], evidence: Evidence
) -> Axes:
    """Draw a log-plan (r, c) as a heat map with its colour bar.

    Parameters
    ----------
    figure
        An empty figure.
    array
        The log-plan.
    extent
        How far the vertical and the horizontal axis run.
    evidence
        What the common colour scale is read from.
    """
    axes = figure.subplots()
    low, high = colour_scale(evidence)
    axes.set_facecolor(LOWEST_COLOUR)
    image = axes.imshow(
        array,
        cmap="viridis",
        vmin=low,
        vmax=high,
        aspect="auto",
        interpolation="nearest",
        extent=(0, extent[1], extent[0], 0),
    )
    figure.colorbar(
        image,
        ax=axes,
        label="mass against independence, log10",
        extend="both",
        extendfrac=0.02,
        pad=0.02,
    )
    return axes


def mass_against_independence(result: Result) -> str:
    """Say what share of the mass joins equal classes, in the seed that is drawn."""
    joined, independent = result.plan.class_mass[0], result.plan.class_mass_independent[0]
    return (
        f"{percent(joined)} of the mass joins equal classes, "
        f"{percent(independent)} under independence"
    )


@house_style()
def draw_plan(result: Result, evidence: Evidence) -> Drawing:
    """Draw the log-plan with rows and columns in the order they came."""
    rows, columns = result.plan.shape
    title = (
        f"The plan of {rows:,} by {columns:,}, rows in no order: "
        f"{mass_against_independence(result)} ({seeds_phrase(result, 1)})"
    )
    figure = new_figure(title, 5.9)
    axes = show_plan(figure, evidence.log_plan, (rows, columns), evidence)
    axes.set(
        ylabel=f"row of {shorten(result.source_name, NAME_CHARACTERS)} (source)",
        xlabel=f"row of {shorten(result.target_name, NAME_CHARACTERS)} (target)",
    )
    return Drawing(
        name="plan",
        title=title,
        alt_text=(
            "A heat map of the transport plan, source rows against target rows in the order of "
            f"the data; {mass_against_independence(result)}."
        ),
        figure=figure,
    )


def _brightest_diagonals(evidence: Evidence) -> tuple[int, int]:
    """Count the source classes whose mass, against independence, goes most to their own class."""
    mass = evidence.class_mass
    present = mass.sum(axis=1) > 0
    received = mass.sum(axis=0)
    density = mass / np.where(received > 0, received, 1)
    own = density.argmax(axis=1) == np.arange(len(mass))
    return int((own & present).sum()), int(present.sum())


@house_style()
def draw_plan_sorted(result: Result, evidence: Evidence) -> Drawing:
    """Draw the log-plan sorted by class, with class borders and names at both axes."""
    brightest, classes = _brightest_diagonals(evidence)
    title = (
        f"Sorted by class, the diagonal block is the brightest in {brightest} of {classes} rows: "
        f"{mass_against_independence(result)} ({seeds_phrase(result, 1)})"
    )
    figure = new_figure(title, 5.9)
    array = evidence.log_plan_sorted
    axes = show_plan(figure, array, (float(array.shape[0]), float(array.shape[1])), evidence)
    for axis, borders, line in (
        (axes.yaxis, evidence.row_borders, axes.axhline),
        (axes.xaxis, evidence.column_borders, axes.axvline),
    ):
        for border in borders[1:-1]:
            line(float(border), color="white", linewidth=0.8, alpha=0.9)
        middles = (borders[1:] + borders[:-1]) / 2
        named = np.diff(borders) > THINNEST_NAMED_BAND * (borders[-1] - borders[0])
        label_classes(axis, middles[named], [str(k) for k in np.flatnonzero(named)])
    axes.set(
        ylabel=f"class in {shorten(result.source_name, NAME_CHARACTERS)} (source)",
        xlabel=f"class in {shorten(result.target_name, NAME_CHARACTERS)} (target)",
    )
    return Drawing(
        name="plan_sorted",
        title=title,
        alt_text=(
            "The same heat map with rows and columns sorted by class and lines between the "
            f"classes; {mass_against_independence(result)}."
        ),
        figure=figure,
    )


def worst_pairs(class_mass: NDArray, count: int = 2) -> list[tuple[int, int, float]]:
    """Return the pairs of unequal classes that take most mass: source, target, mass; at most two.

    Parameters
    ----------
    class_mass
        (L, L), mass from source class to target class.
    count
        How many pairs at most; pairs without mass are left out.
    """
    off = np.array(class_mass, dtype=np.float64)
    np.fill_diagonal(off, 0.0)
    order = np.argsort(-off, axis=None, kind="stable")[:count]
    pairs = [(int(i), int(j)) for i, j in zip(*np.unravel_index(order, off.shape), strict=True)]
    return [(i, j, float(off[i, j])) for i, j in pairs if off[i, j] > 0]


@house_style()
def draw_class_mass(result: Result, evidence: Evidence) -> Drawing:
    """Draw the mass from each source class to each target class, with the numbers in the cells."""
    mass = 100 * evidence.class_mass
    classes = len(mass)
    worst = " and ".join(
        f"{i} to {j} ({percent(share)})" for i, j, share in worst_pairs(evidence.class_mass)
    )
    title = f"{percent(right_share(evidence.class_mass))} of the mass stays in its class"
    title += f"; most strays from {worst}" if worst else "; none strays"
    title += f" ({seeds_phrase(result, 1)})"
    figure = new_figure(title, 5.7)
    axes = figure.subplots()
    image = axes.imshow(mass, cmap="cividis", norm=square_root(float(mass.max())))
    figure.colorbar(image, ax=axes, label="share of all mass (%), square-root colours", pad=0.02)
    texts = [[f"{value:.1f}" if value >= 0.05 else "" for value in row] for row in mass]  # noqa: PLR2004 - what one decimal shows
    write_cells(axes, mass, texts, float(mass.max()) / 4)
    names = [str(k) for k in range(classes)]
    label_classes(axes.yaxis, np.arange(classes), names)
    label_classes(axes.xaxis, np.arange(classes), names)
    axes.set(
        ylabel=f"from class of {shorten(result.source_name, NAME_CHARACTERS)} (source)",
        xlabel=f"to class of {shorten(result.target_name, NAME_CHARACTERS)} (target)",
    )
    return Drawing(
        name="class_mass",
        title=title,
        alt_text=(
            f"A table of {classes} by {classes} cells: the mass that goes from each source class "
            f"to each target class, in percent of all. {title}."
        ),
        figure=figure,
    )
