"""What synthetic shifts are made of: draws of two like domains, and what can be done to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import torch
from torch.nn.functional import affine_grid, grid_sample

from monge._types import NDArray
from monge.data.digits import load_uci_digits

__all__ = [
    "Begin",
    "Change",
    "Draw",
    "Sides",
    "blobs",
    "digits",
    "missing",
    "moved",
    "noisy",
    "outlying",
    "rarer",
    "redrawn",
    "renamed",
    "scaled",
    "turned",
]

BLOB_CLASSES, BLOB_ROWS, BLOB_WIDTH = 4, 400, 5
DIGIT_ROWS, DIGIT_PIXELS = 500, 8

Draw: TypeAlias = np.random.Generator


@dataclass(frozen=True, kw_only=True, eq=False)
class Sides:
    """Both domains while they are made.

    Attributes
    ----------
    x, labels
        Source rows (n, d) float64 and their classes (n,).
    y, truth
        The same of the target, (m, d) and (m,).
    """

    x: NDArray
    labels: NDArray
    y: NDArray
    truth: NDArray


Begin: TypeAlias = Callable[[Draw], Sides]
Change: TypeAlias = Callable[[Sides, Draw], Sides]


def blobs(draw: Draw) -> Sides:
    """Draw four classes of deviation 1 around places about 4 from the origin, all in one plane."""
    count = BLOB_CLASSES
    around = draw.uniform() + (np.arange(count) + draw.uniform(-0.1, 0.1, count)) / count
    centres = np.zeros((count, BLOB_WIDTH))
    places = np.stack([np.cos(2 * np.pi * around), np.sin(2 * np.pi * around)], axis=1)
    centres[:, :2] = draw.uniform(3.5, 4.5, (count, 1)) * places
    labels = np.arange(BLOB_ROWS) % count
    shape = BLOB_ROWS, BLOB_WIDTH
    truth = draw.permutation(labels)
    x, y = (centres[classes] + draw.normal(size=shape) for classes in (labels, truth))
    return Sides(x=x, labels=labels, y=y, truth=truth)


def digits(draw: Draw) -> Sides:
    """Cut a random thousand of the UCI digits in two: pixels in [0, 1], (500, 64) each."""
    read = load_uci_digits()
    pixels = read.x.numpy().reshape(len(read), -1) / np.float64(255)
    order = draw.permutation(len(read))
    source, target = order[:DIGIT_ROWS], order[DIGIT_ROWS : 2 * DIGIT_ROWS]
    classes = read.labels.numpy()
    return Sides(x=pixels[source], labels=classes[source], y=pixels[target], truth=classes[target])


def turned(sides: Sides, _: Draw, *, degrees: float) -> Sides:
    """Turn the target counter-clockwise in the plane of its first two features."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    y = sides.y.copy()
    y[:, :2] = y[:, :2] @ turn
    return replace(sides, y=y)


def scaled(sides: Sides, _: Draw, *, factors: tuple[float, float]) -> Sides:
    """Multiply the target's features by one factor and the other in turn."""
    return replace(sides, y=sides.y * np.resize(factors, sides.y.shape[1]))


def moved(sides: Sides, draw: Draw, *, way: float) -> Sides:
    """Move the target in a random direction of the plane of its first two features."""
    angle = draw.uniform(0, 2 * np.pi)
    step = np.zeros(sides.y.shape[1])
    step[:2] = way * np.cos(angle), way * np.sin(angle)
    return replace(sides, y=sides.y + step)


def redrawn(
    sides: Sides, _: Draw, *, degrees: float = 0.0, zoom: float = 1.0, right: float = 0.0
) -> Sides:
    """Turn the target's images counter-clockwise, magnify them, move them by pixels."""
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
    # From a place in the result to the place it is taken from; an image is two units wide.
    back = [[cos, -sin, -2 * right / DIGIT_PIXELS], [sin, cos, 0.0]]
    images = torch.from_numpy(sides.y).reshape(-1, 1, DIGIT_PIXELS, DIGIT_PIXELS)
    theta = torch.tensor([back], dtype=images.dtype).expand(len(images), 2, 3)
    grid = affine_grid(theta, list(images.shape), align_corners=False)
    drawn = grid_sample(images, grid, align_corners=False)
    return replace(sides, y=drawn.reshape(len(images), -1).numpy())


def noisy(sides: Sides, draw: Draw, *, deviation: float, both: bool = False) -> Sides:
    """Add Gaussian noise to the target, or to ``both``."""
    y = sides.y + draw.normal(scale=deviation, size=sides.y.shape)
    x = sides.x + draw.normal(scale=deviation, size=sides.x.shape) if both else sides.x
    return replace(sides, x=x, y=y)


def rarer(sides: Sides, draw: Draw, *, least: float, of_source: bool = False) -> Sides:
    """Keep all target rows of the first class, ``least`` of the last, and in between by steps."""
    classes = sides.labels if of_source else sides.truth
    order = draw.permutation(len(classes))
    names = np.unique(classes)
    kept = []
    for name, share in zip(names, np.linspace(1, least, len(names)), strict=True):
        rows = order[classes[order] == name]
        kept.append(rows[: max(1, round(share * len(rows)))])
    chosen = np.sort(np.concatenate(kept))
    if of_source:
        return replace(sides, x=sides.x[chosen], labels=sides.labels[chosen])
    return replace(sides, y=sides.y[chosen], truth=sides.truth[chosen])


def missing(sides: Sides, _: Draw, *, classes: tuple[int, ...]) -> Sides:
    """Take classes out of the target."""
    rows = ~np.isin(sides.truth, classes)
    return replace(sides, y=sides.y[rows], truth=sides.truth[rows])


def outlying(sides: Sides, draw: Draw, *, share: float, of_source: bool = False) -> Sides:
    """Throw a share of the target out to ten times the distance that rows have from the mean."""
    points = sides.x if of_source else sides.y
    rows = draw.permutation(len(points))[: round(share * len(points))]
    ways = draw.normal(size=(len(rows), points.shape[1]))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    mean = points.mean(0)
    out = points.copy()
    out[rows] = mean + 10 * np.sqrt(np.square(points - mean).sum(1).mean()) * ways
    return replace(sides, x=out) if of_source else replace(sides, y=out)


def renamed(sides: Sides, _: Draw) -> Sides:
    """Exchange the names of the first two classes in the target."""
    names = np.arange(sides.truth.max() + 1)
    names[:2] = 1, 0
    return replace(sides, truth=names[sides.truth])
