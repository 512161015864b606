"""Further beginnings of synthetic shifts: clouds in many features, and shapes in the plane."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from monge._types import NDArray
from monge.data.changes import Draw, Sides

__all__ = ["bars", "corners", "line", "moons", "rings", "wide"]

WIDE_CLASSES, WIDE_FEATURES, WIDE_ROWS = 6, 20, 480
PLANE_ROWS = 400


def wide(draw: Draw) -> Sides:
    """Draw six classes in 20 features, all of one covariance, its deviations from 0.5 to 1.5."""
    centres = draw.normal(scale=0.8, size=(WIDE_CLASSES, WIDE_FEATURES))
    ways = np.linalg.qr(draw.normal(size=(WIDE_FEATURES, WIDE_FEATURES)))[0]
    spread = ways * np.linspace(0.5, 1.5, WIDE_FEATURES)[:, None]
    return _around(centres, WIDE_ROWS, draw, spread)


def line(draw: Draw) -> Sides:
    """Draw three classes of deviation 1 in a row, 2.5 apart: neighbours touch."""
    centres = np.zeros((3, 4))
    centres[:, 0] = -2.5, 0.0, 2.5
    return _around(centres, PLANE_ROWS, draw)


def corners(draw: Draw) -> Sides:
    """Draw four classes of deviation 0.7 around the corners of a square: it has its symmetries."""
    return _around(2.0 * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]), PLANE_ROWS, draw, 0.7)


def bars(draw: Draw) -> Sides:
    """Draw two long classes side by side: 1.5 apart, where each is 6 long."""
    centres = np.array([[0.0, -0.75], [0.0, 0.75]])
    return _around(centres, PLANE_ROWS, draw, np.diag([3.0, 0.35]))


def moons(draw: Draw) -> Sides:
    """Draw two half circles that reach into one another."""
    from sklearn.datasets import make_moons  # noqa: PLC0415 - slow to import, rarely used

    return _planar(lambda seed: make_moons(PLANE_ROWS, noise=0.12, random_state=seed), draw)


def rings(draw: Draw) -> Sides:
    """Draw two rings, one half as wide within the other, around the origin."""
    from sklearn.datasets import make_circles  # noqa: PLC0415 - slow to import, rarely used

    return _planar(
        lambda seed: make_circles(PLANE_ROWS, noise=0.06, factor=0.5, random_state=seed), draw
    )


def _around(centres: NDArray, rows: int, draw: Draw, spread: NDArray | float = 1.0) -> Sides:
    """Draw both sides around the centres (L, d): deviations ``spread``, or rows times it (d, d)."""
    labels = np.arange(rows) % len(centres)
    truth = draw.permutation(labels)
    shape = rows, centres.shape[1]

    def cloud(classes: NDArray) -> NDArray:
        noise = draw.normal(size=shape)
        moved: NDArray = centres[classes] + (
            noise @ spread if isinstance(spread, np.ndarray) else spread * noise
        )
        return moved

    return Sides(x=cloud(labels), labels=labels, y=cloud(truth), truth=truth)


def _planar(make: Callable[[int], tuple[NDArray, NDArray]], draw: Draw) -> Sides:
    """Make both sides by a function of a seed, in the plane, two classes."""
    x, labels = make(int(draw.integers(1 << 31)))
    y, truth = make(int(draw.integers(1 << 31)))
    return Sides(x=x, labels=labels, y=y, truth=truth)
