"""Beginnings of random shifts: classes whose number, width, shape and overlap are drawn anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter, shift

from monge._types import NDArray
from monge.data.changes import Draw

__all__ = ["BEGINNINGS", "Rows", "even", "now_and_then"]

_SIDE = 8
"""Pixels of a side of an image."""


class Rows(NamedTuple):
    """Rows of one distribution, before they are cut in two: x (n, d) and classes (n,)."""

    x: NDArray
    labels: NDArray


def even(draw: Draw, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform."""
    return float(np.exp(draw.uniform(np.log(low), np.log(high))))


def now_and_then(draw: Draw, share: float) -> bool:
    """Say yes in a share of all cases."""
    return bool(draw.uniform() < share)


def _spread(draw: Draw, d: int) -> NDArray:
    """Draw a matrix (d, d) whose rows are ways of unequal length, the mean square of which is 1."""
    ways = np.linalg.qr(draw.normal(size=(d, d)))[0]
    lengths = np.exp(draw.normal(scale=draw.uniform(0.0, 1.0), size=d))
    lengths /= np.sqrt(np.square(lengths).mean())
    spread: NDArray = ways * lengths[:, None] @ np.linalg.qr(draw.normal(size=(d, d)))[0]
    return spread


def mixture(n: int, draw: Draw) -> Rows:
    """Draw classes of one to three Gaussian clouds each, alike or each of its own shape."""
    d, count = round(even(draw, 2, 64)), int(draw.integers(2, 12))
    apart = even(draw, 1.8, 7.0)
    modes = int(draw.integers(1, 4)) if now_and_then(draw, 0.4) else 1
    way = draw.normal(size=(count, modes, d))
    way /= np.linalg.norm(way, axis=2, keepdims=True)
    centres = apart * way * draw.uniform(0.6, 1.4, (count, modes, 1))
    alike = now_and_then(draw, 0.5)
    common = _spread(draw, d) * d**-0.25  # wide clouds are as hard to tell as narrow ones
    labels = draw.integers(count, size=n)
    mode = draw.integers(modes, size=n)
    x = centres[labels, mode]
    for name in range(count):
        rows = labels == name
        own = common if alike else _spread(draw, d) * d**-0.25
        x[rows] += draw.normal(size=(int(rows.sum()), d)) @ own
    return Rows(x, labels)


def planar(n: int, draw: Draw) -> Rows:
    """Draw arcs, rings, spirals or fields of a board in a plane, some features of noise beside."""
    kind, count = draw.choice(["arcs", "rings", "spirals", "board"]), int(draw.integers(2, 4))
    labels = draw.integers(count, size=n)
    along, noise = draw.uniform(size=n), even(draw, 0.02, 0.2)
    if kind == "board":
        x = draw.uniform(0, 3, size=(n, 2))
        labels = np.floor(x).astype(int).sum(1) % count
    elif kind == "arcs":
        angle = np.pi * (along + labels)
        x = np.stack([np.cos(angle) + labels, np.sin(angle) + 0.5 * labels], axis=1)
    elif kind == "rings":
        angle, far = 2 * np.pi * along, (labels + 1.0) / count
        x = far[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    else:
        angle = 1.2 * np.pi * along + 2 * np.pi * labels / count
        x = (0.3 + along)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x = x + draw.normal(scale=noise, size=x.shape)
    beside = int(draw.integers(0, 5)) if now_and_then(draw, 0.4) else 0
    if beside:
        x = np.hstack([x, draw.normal(scale=0.2, size=(n, beside))])
        x = x @ np.linalg.qr(draw.normal(size=(x.shape[1],) * 2))[0]
    return Rows(x, labels)


def table(n: int, draw: Draw) -> Rows:
    """Draw a table whose columns and classes are both consequences of a few hidden causes."""
    causes, d = int(draw.integers(2, 8)), round(even(draw, 3, 32))
    count = int(draw.choice([2, 2, 2, 3, 4]))
    cause = draw.normal(size=(n, causes))
    hidden = np.tanh(cause @ draw.normal(scale=causes**-0.5, size=(causes, 12)) * 1.5)
    x = np.hstack([cause, hidden]) @ draw.normal(scale=0.4, size=(causes + 12, d))
    x += draw.normal(scale=even(draw, 0.1, 1.0), size=x.shape)
    shape = draw.integers(5, size=d)
    x[:, shape == 0] = np.exp(0.7 * x[:, shape == 0])  # as amounts are
    x[:, shape == 1] = np.round(2 * x[:, shape == 1])  # as counts are
    score = hidden @ draw.normal(scale=0.5, size=12) + draw.normal(
        scale=even(draw, 0.01, 0.4), size=n
    )
    levels = np.quantile(score, np.sort(draw.dirichlet(np.full(count, 6.0)).cumsum()[:-1]))
    labels = np.searchsorted(levels, score)
    return Rows((x - x.mean(0)) / np.where(x.std(0) > 0, x.std(0), 1.0), labels)


def images(n: int, draw: Draw) -> Rows:
    """Draw blurred figures of 8 x 8 pixels, each a little displaced, fainter and bent."""
    count, modes = int(draw.integers(3, 11)), int(draw.integers(1, 4))
    forms = gaussian_filter(
        draw.normal(size=(count, modes, _SIDE, _SIDE)), (0, 0, 1.1, 1.1), mode="constant"
    )
    forms = np.clip(forms / forms.std((2, 3), keepdims=True), 0, None)
    labels, mode = draw.integers(count, size=n), draw.integers(modes, size=n)
    far, noise = draw.uniform(0.1, 0.7), draw.uniform(0.03, 0.3)
    drawn = np.stack(
        [
            shift(forms[name, which], draw.normal(scale=far, size=2), order=1)
            for name, which in zip(labels, mode, strict=True)
        ]
    )
    drawn *= np.exp(draw.normal(scale=0.25, size=(n, 1, 1)))
    drawn += draw.normal(scale=noise, size=drawn.shape)
    return Rows(np.clip(drawn.reshape(n, -1) / 2.5, 0, 1), labels)


BEGINNINGS: dict[str, Callable[[int, Draw], Rows]] = {
    "mixture": mixture,
    "planar": planar,
    "table": table,
    "images": images,
}
"""By name; each draws as many rows as it is told."""
