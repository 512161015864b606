"""The first picture: how well every method does, seed by seed, or how the classes are given out."""

from __future__ import annotations

import textwrap

import numpy as np

from monge.report.live.base import CARD, FONT, INK, TEXT, Figure, new_plot
from monge.report.style import BLUE, GREY, ORANGE
from monge.results import Fitted, MethodResult, Result

__all__ = ["MOST_CLASSES", "SAME_POINTS", "plot_accuracy", "plot_given"]

SAME_POINTS = 5e-4
"""Accuracies nearer than this are written alike."""

NAME_CHARACTERS = 46
ROW_PIXELS, LINE_PIXELS = 52, 16
MOST_CLASSES = 25
"""Classes in the picture of shares, those of the largest."""


def plot_accuracy(result: Result, baseline: float) -> Figure:
    """Draw every method's seeds and mean, best first, its name above them.

    Parameters
    ----------
    result
        The finished run.
    baseline
        Accuracy of 1-NN without transport: a dashed line, and what colours and shapes compare with.
    """
    methods = sorted(result.methods.values(), key=lambda method: -method.accuracy.mean)
    names = [wrapped(method.title) for method in methods]
    heights = np.array([ROW_PIXELS + LINE_PIXELS * name.count("\n") for name in names], float)
    rows = heights.cumsum() - 14
    low = 100 * min(min(m.accuracy.values) for m in methods)
    high = 100 * max(max(m.accuracy.values) for m in methods)
    span = max(high - low, 5.0)
    left, right = low - 0.06 * span, high + 0.16 * span
    plot = new_plot(
        "accuracy",
        int(heights.sum()) + 70,
        x_range=(left, right),
        y_range=(float(heights.sum()) + 8, -6),
    )
    plot.yaxis.visible = False
    plot.ygrid.visible = False
    plot.xaxis.axis_label = f"accuracy on {result.target_n:,} target rows (%)"
    plot.line([100 * baseline] * 2, [-6, heights.sum() + 8], color=GREY, dash="dashed", width=2)
    for name, row, method in zip(names, rows.tolist(), methods, strict=True):
        draw_method(plot, row, method, baseline)
        plot.text(
            [left + 0.01 * span],
            [row - 11],
            [name],
            name=INK,
            background_fill_color=CARD,
            text_color=TEXT,
            text_font=FONT,
            text_font_size="13px",
            text_baseline="bottom",
        )
    return plot


def wrapped(title: str) -> str:
    """Break a name into lines that fit a narrow screen."""
    return textwrap.fill(
        title, NAME_CHARACTERS, max_lines=3, placeholder="…", break_on_hyphens=False
    )


def draw_method(plot: Figure, row: float, method: MethodResult, baseline: float) -> None:
    """Draw one row: seeds, the line between them, the mean and its value."""
    mean = method.accuracy.mean
    seeds = [100 * value for value in method.accuracy.values]
    same = abs(mean - baseline) < SAME_POINTS
    marker = "circle" if same else "triangle" if mean > baseline else "inverted_triangle"
    colour = GREY if same else BLUE if mean > baseline else ORANGE
    plot.line([min(seeds), max(seeds)], [row, row], color=colour, width=4, alpha=0.45)
    plot.line([100 * baseline, 100 * mean], [row, row], color=colour, width=1, alpha=0.5)
    plot.scatter([100 * mean], [row], marker=marker, color=colour, size=13)
    if len(seeds) > 1:
        plot.scatter(
            seeds,
            [row] * len(seeds),
            size=6,
            name=INK,
            line_color=TEXT,
            fill_color=None,
            line_width=1.5,
        )
    plot.text(
        [max(100 * mean, *seeds) if len(seeds) > 1 else 100 * mean],
        [row],
        [f"{100 * mean:.1f}"],
        x_offset=11,
        name=INK,
        text_color=TEXT,
        text_font=FONT,
        text_font_size="13px",
        text_font_style="bold",
        background_fill_color=CARD,
        text_baseline="middle",
    )


def plot_given(fitted: Fitted) -> Figure:
    """Draw the share of each class: in the source, and given to the target before and after."""
    most = sorted(fitted.given.items(), key=lambda item: -max(item[1]))[:MOST_CLASSES]
    names = [wrapped(label) for label, _ in most]
    heights = np.array([52.0 + LINE_PIXELS * name.count("\n") for name in names])
    rows = heights.cumsum() - 18
    shares = 100 * np.array([values for _, values in most])
    left, right = -0.02 * shares.max(), 1.12 * shares.max()
    bottom = float(heights.sum())
    plot = new_plot("accuracy", int(bottom) + 70, x_range=(left, right), y_range=(bottom, 0))
    plot.yaxis.visible = False
    plot.ygrid.visible = False
    plot.xaxis.axis_label = "share of the rows (%)"
    lows, highs = shares.min(1).tolist(), shares.max(1).tolist()
    plot.segment(lows, rows, highs, rows, color=GREY, line_width=2, alpha=0.6)
    for column, (marker, colour, name) in enumerate(GIVEN.values()):
        dots = plot.scatter(
            shares[:, column].tolist(), rows, marker=marker, size=12, line_width=2, color=colour
        )
        if name:
            dots.name, dots.glyph.fill_color = name, None
            dots.glyph.line_color = TEXT
    plot.text(
        [left] * len(most),
        rows - 11,
        names,
        name=INK,
        background_fill_color=CARD,
        text_color=TEXT,
        text_font=FONT,
        text_font_size="13px",
        text_baseline="bottom",
    )
    return plot


GIVEN = {
    "share of the source": ("square", GREY, INK),
    "given to the target without transport": ("circle", ORANGE, ""),
    "given to it with transport": ("triangle", BLUE, ""),
}
"""Marker, colour and whether it is in the colour of the text, of each of the three shares."""
