"""Names beside marks, so placed that none covers another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from monge._types import NDArray
from monge.report.style import GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LABEL_POINTS", "Mark", "name_marks", "spread_out"]

LABEL_POINTS = 8.5
"""Size of a name."""

WIDE, TALL, MARK_POINTS = 0.56, 1.25, 5.0
"""A letter and a line in units of the size of a name, and half a mark in points."""

FAR = 13.0
"""Points from which on a name has a line to its mark."""

NEARNESS = 0.2
"""What a point of distance costs, in square points of overlap."""

PLACES = [
    (side, dx, dy)
    for dy in (0.0, 9.0, -9.0, 12.0, -12.0, 22.0, -22.0, 33.0, -33.0, 45.0, -45.0)
    for side, dx in (("left", 7.0), ("right", -7.0), ("center", 0.0))
    if dy or side != "center"
]
"""Where a name may stand: which of its ends, and how far from the mark in points."""

Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in pixels."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A mark in the units of the axes, and its name."""

    text: str
    x: float
    y: float
    colour: str


def spread_out(wanted: NDArray, gap: float) -> NDArray:
    """Move places (k,), sorted upwards, as little as makes each a gap above the one before.

    Examples
    --------
    >>> spread_out(np.array([0.0, 0.0, 9.0]), 2.0).tolist()
    [-1.0, 1.0, 9.0]
    """
    clusters: list[tuple[float, int]] = []  # centre and size of each run of touching labels
    for place in wanted.tolist():
        clusters.append((place, 1))
        while len(clusters) > 1:
            (low, few), (high, more) = clusters[-2:]
            if high - low >= gap * (few + more) / 2:
                break
            clusters[-2:] = [((low * few + high * more) / (few + more), few + more)]
    return np.concatenate(
        [centre + gap * (np.arange(size) - (size - 1) / 2) for centre, size in clusters]
    )


def name_marks(axes: Axes, marks: list[Mark]) -> None:
    """Write each name where it covers the least of the marks and of the names before it.

    The figure must have been laid out, and its axes must not move afterwards.
    """
    from matplotlib.patheffects import withStroke  # noqa: PLC0415 - an extra, loaded only to draw

    scale = axes.figure.dpi / 72
    points = axes.transData.transform([(mark.x, mark.y) for mark in marks]).tolist()
    half = MARK_POINTS * scale
    taken: list[Box] = [(x - half, y - half, x + half, y + half) for x, y in points]
    edge = axes.bbox
    inside: Box = (edge.x0, edge.y0, edge.x1, edge.y1)
    for mark, (x, y) in zip(marks, points, strict=True):
        boxes = [_box(mark.text, x, y, place, scale) for place in PLACES]
        costs = [
            _cost(box, taken, inside) + NEARNESS * scale * scale * (abs(dx) + 2 * abs(dy))
            for box, (_, dx, dy) in zip(boxes, PLACES, strict=True)
        ]
        best = int(np.argmin(costs))
        taken.append(boxes[best])
        side, dx, dy = PLACES[best]
        axes.annotate(
            mark.text,
            (mark.x, mark.y),
            xytext=(dx, dy),
            textcoords="offset points",
            ha=side,
            va="center",
            fontsize=LABEL_POINTS,
            color=mark.colour,
            zorder=4,
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.5}
            if abs(dy) > FAR
            else None,
            path_effects=[withStroke(linewidth=2.2, foreground="white")],
        ).set_in_layout(False)


def _box(text: str, x: float, y: float, place: tuple[str, float, float], scale: float) -> Box:
    """Return what a text takes at a place beside a point in pixels, by its number of letters."""
    side, dx, dy = place
    wide, tall = WIDE * LABEL_POINTS * len(text) * scale, TALL * LABEL_POINTS * scale
    left = x + dx * scale - {"left": 0.0, "center": wide / 2, "right": wide}[side]
    middle = y + dy * scale
    return left, middle - tall / 2, left + wide, middle + tall / 2


def _cost(box: Box, taken: list[Box], inside: Box) -> float:
    """Return the area that is covered, and what lies outside of the axes as if it covered."""
    covered = sum(_overlap(box, other) for other in taken)
    outside = sum(
        max(0.0, inside[k] - box[k]) + max(0.0, box[k + 2] - inside[k + 2]) for k in (0, 1)
    )
    return covered + outside * (box[3] - box[1])


def _overlap(one: Box, other: Box) -> float:
    """Return the area that two boxes share."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    return max(wide, 0.0) * max(tall, 0.0)
