"""The picture of a bench of a few pairs: the methods one below the other, a panel for each pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from monge.report.style import BLACK, BLUE, GREY, ORANGE, Drawing, new_figure
from monge.results import AccuracyResult, Spread
from monge.results.accuracy import POINT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FEW", "LEGEND", "MARKS", "draw_few", "headline_of_pairs", "kind_of"]

FEW = 4
"""As many pairs have a panel each; of more, each method has one."""

MARKS = {"better": (BLUE, ">"), "alike": (BLACK, "o"), "worse": (ORANGE, "<")}
"""Colour and shape, either of which is enough."""

LEGEND = {
    "better": "better than source-only by over a point",
    "alike": "within a point",
    "worse": "worse by over a point",
}

ROW_INCHES, NAMES_INCHES, PANEL_INCHES = 0.24, 1.9, 2.4
LEAST_SPAN = 4.0
"""Points of accuracy that an axis shows at least."""


def kind_of(gain: float) -> str:
    """Say on which side of source-only a method lies.

    Examples
    --------
    >>> kind_of(0.02), kind_of(0.01), kind_of(-0.02)
    ('better', 'alike', 'worse')
    """
    return "better" if gain > POINT else "worse" if gain < -POINT else "alike"


def headline_of_pairs(result: AccuracyResult) -> str:
    """Say which method is best on each pair, and what it gains."""
    parts = []
    for name, pair in result.pairs.items():
        best = max(pair.methods, key=lambda key: pair.methods[key].accuracy.mean)
        over = 100 * (result.gain(name, best) or 0.0)
        mean = 100 * pair.methods[best].accuracy.mean
        parts.append((name, f"{best} {mean:.1f}\u00a0%", f"{over:+.1f}"))
    if len(parts) == 1:
        name, found, gain = parts[0]
        return f"{name}: {found}, {gain} points over source-only"
    listed = "; ".join(f"{name} {found} ({gain})" for name, found, gain in parts)
    return f"Best, and points over source-only: {listed}"


def draw_few(result: AccuracyResult) -> Drawing:
    """Draw a row for each method and a panel for each pair, on an axis of its own."""
    pairs = list(result.pairs)
    methods = sorted(result.titles, key=lambda key: -_mean_gain(result, key))
    title = headline_of_pairs(result)
    figure = new_figure(
        title,
        ROW_INCHES * len(methods) + 1.7,
        width=max(7.0, NAMES_INCHES + PANEL_INCHES * len(pairs)),
    )
    panels = figure.subplots(1, len(pairs), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, pairs, strict=True):
        _draw_pair(axes, result, name, methods)
    first = panels[0]
    first.set_ylim(len(methods) - 0.5, -0.5)
    first.set_yticks(range(len(methods)), labels=methods, fontsize=9)
    first.set_ylabel("method", fontsize=9)
    handles = [
        first.plot([], [], mark, color=colour, markersize=6)[0] for colour, mark in MARKS.values()
    ]
    handles.append(first.plot([], [], color=GREY, linestyle="--", linewidth=1.2)[0])
    handles.append(first.plot([], [], color=BLUE, linewidth=1.2)[0])
    figure.legend(
        handles,
        [*LEGEND.values(), "source-only", "worst to best seed"],
        loc="outside lower center",
        ncols=2,
        fontsize=9,
        columnspacing=1.2,
        handletextpad=0.4,
    )
    return Drawing(name="accuracy", title=title, alt_text=_in_words(result, methods), figure=figure)


def _mean_gain(result: AccuracyResult, method: str) -> float:
    return float(np.mean(list(result.gains(method).values())))


def _draw_pair(axes: Axes, result: AccuracyResult, name: str, methods: list[str]) -> None:
    pair = result.pairs[name]
    line = 100 * pair.source_only(result.references).mean
    axes.axvline(line, color=GREY, linestyle="--", linewidth=1.2, zorder=1)
    ends = [line]
    for row, method in enumerate(methods):
        record = pair.methods.get(method)
        if record is not None:
            ends += _draw_row(axes, row, record.accuracy, line)
    low, high = min(ends), max(ends)
    spare = max(0.0, LEAST_SPAN - (high - low)) / 2 + 0.06 * (high - low)
    axes.set_xlim(max(-1.0, low - spare), min(101.0, high + spare))
    seeds = len(pair.seeds)
    axes.set_title(f"{name}, {seeds} seed{'s' if seeds > 1 else ''}", loc="left", fontsize=9.5)
    axes.set_xlabel(f"accuracy on {pair.target_n:,} target rows (%)", fontsize=9)
    axes.grid(axis="x", alpha=0.3)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8.5)


def _draw_row(axes: Axes, row: int, spread: Spread, line: float) -> list[float]:
    """Draw one method, its value beside the panel; return what the axis must hold."""
    colour, mark = MARKS[kind_of(spread.mean - line / 100)]
    seeds = 100 * np.array(spread.values)
    axes.plot([seeds.min(), seeds.max()], [row, row], color=colour, linewidth=1.2, zorder=2)
    axes.plot(100 * spread.mean, row, mark, color=colour, markersize=6, zorder=3)
    axes.annotate(
        f"{100 * spread.mean:.1f}",
        (1.0, row),
        xycoords=("axes fraction", "data"),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
        color=colour,
    )
    return [float(seeds.min()), float(seeds.max())]


def _in_words(result: AccuracyResult, methods: list[str]) -> str:
    parts = []
    for name, pair in result.pairs.items():
        found = [
            f"{key} {100 * pair.methods[key].accuracy.mean:.1f} per cent"
            for key in methods
            if key in pair.methods
        ]
        parts.append(f"{name}: {', '.join(found)}")
    return f"Accuracy of each method on each pair, beside source-only. {'; '.join(parts)}."
