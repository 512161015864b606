"""Further changes of synthetic shifts: to classes, to columns and to images."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import torch
from torch.nn.functional import avg_pool2d, pad

from monge._types import NDArray
from monge.data.changes import DIGIT_PIXELS, Draw, Sides

__all__ = [
    "bent",
    "blurred",
    "contrasted",
    "covered",
    "dead",
    "drifted",
    "exchanged",
    "gained",
    "half_renamed",
    "merged",
    "mirrored",
    "shared",
    "shuffled",
    "spun",
]


def spun(sides: Sides, _: Draw, *, degrees: float) -> Sides:
    """Turn the target in the planes of its features 1 and 2, 3 and 4, and so on."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    even = sides.y.shape[1] // 2 * 2
    y = sides.y.copy()
    y[:, :even] = (y[:, :even].reshape(-1, 2) @ turn).reshape(len(y), even)
    return replace(sides, y=y)


def mirrored(sides: Sides, _: Draw) -> Sides:
    """Mirror the target in its first feature, around the mean."""
    y = sides.y.copy()
    y[:, 0] = 2 * y[:, 0].mean() - y[:, 0]
    return replace(sides, y=y)


def bent(sides: Sides, _: Draw, *, strength: float) -> Sides:
    """Add to the target's second feature the square of its first, measured from the mean."""
    y = sides.y.copy()
    y[:, 1] += strength * np.square(y[:, 0] - y[:, 0].mean())
    return replace(sides, y=y)


def drifted(sides: Sides, draw: Draw, *, way: float) -> Sides:
    """Move each class of the target in a random direction of its own."""
    names = np.unique(sides.truth)
    steps = draw.normal(size=(len(names), sides.y.shape[1]))
    steps *= way / np.linalg.norm(steps, axis=1, keepdims=True)
    return replace(sides, y=sides.y + steps[np.searchsorted(names, sides.truth)])


def exchanged(sides: Sides, _: Draw, *, share: float) -> Sides:
    """Move the first two classes of the target towards one another's place by a share of the way.

    Half the way brings both to one place, all of it exchanges them.
    """
    first, second = (sides.truth == name for name in np.unique(sides.truth)[:2])
    step = share * (sides.y[second].mean(0) - sides.y[first].mean(0))
    y = sides.y + first[:, None] * step - second[:, None] * step
    return replace(sides, y=y)


def merged(sides: Sides, draw: Draw) -> Sides:
    """Bring the first two classes of the target to one place."""
    return exchanged(sides, draw, share=0.5)


def shared(
    sides: Sides, draw: Draw, *, shares: tuple[float, ...], of_source: bool = False
) -> Sides:
    """Leave out rows at random until the classes of the target stand in these shares.

    Parameters
    ----------
    shares
        One positive number for each class, in any unit; the class of the largest loses no row if
        all classes are equally large.
    of_source
        Whether rows of the source are left out.
    """
    classes = sides.labels if of_source else sides.truth
    names, counts = np.unique(classes, return_counts=True)
    wanted = np.asarray(shares, dtype=np.float64)
    keep = np.maximum(1, np.rint(wanted * (counts / wanted).min())).astype(int)
    order = draw.permutation(len(classes))
    kept = [order[classes[order] == name][:k] for name, k in zip(names, keep, strict=True)]
    rows = np.sort(np.concatenate(kept))
    if of_source:
        return replace(sides, x=sides.x[rows], labels=sides.labels[rows])
    return replace(sides, y=sides.y[rows], truth=sides.truth[rows])


def shuffled(sides: Sides, draw: Draw) -> Sides:
    """Deal the source's labels out anew, at random."""
    return replace(sides, labels=draw.permutation(sides.labels))


def half_renamed(sides: Sides, _: Draw) -> Sides:
    """Exchange the names of the first two classes where the target's first feature is large."""
    names = np.arange(sides.truth.max() + 1)
    names[:2] = 1, 0
    high = sides.y[:, 0] > np.median(sides.y[:, 0])
    return replace(sides, truth=np.where(high, names[sides.truth], sides.truth))


def gained(sides: Sides, draw: Draw, *, gain: float, offset: float) -> Sides:
    """Give each feature of the target a gain and an offset of its own, as worn sensors do.

    Parameters
    ----------
    gain
        Deviation of the logarithm of the factors.
    offset
        Deviation of the offsets, in deviations of the source's feature.
    """
    width = sides.y.shape[1]
    factors = np.exp(draw.normal(scale=gain, size=width))
    offsets = draw.normal(scale=offset, size=width) * sides.x.std(0)
    return replace(sides, y=sides.y * factors + offsets)


def dead(sides: Sides, draw: Draw, *, share: float) -> Sides:
    """Have a share of the target's features, at least one, stand still at the source's mean."""
    width = sides.y.shape[1]
    columns = draw.permutation(width)[: max(1, round(share * width))]
    y = sides.y.copy()
    y[:, columns] = sides.x[:, columns].mean(0)
    return replace(sides, y=y)


def _images(rows: NDArray) -> torch.Tensor:
    return torch.from_numpy(rows).reshape(-1, 1, DIGIT_PIXELS, DIGIT_PIXELS)


def blurred(sides: Sides, _: Draw) -> Sides:
    """Replace each pixel of the target's images by the mean of the 3 x 3 around it."""
    images = avg_pool2d(pad(_images(sides.y), (1, 1, 1, 1)), 3, stride=1)
    return replace(sides, y=images.reshape(len(sides.y), -1).numpy())


def contrasted(sides: Sides, _: Draw, *, factor: float, offset: float) -> Sides:
    """Multiply the target's pixels by a factor and add an offset; a negative factor inverts."""
    return replace(sides, y=factor * sides.y + offset)


def covered(sides: Sides, _: Draw, *, edge: Literal["left", "top"], pixels: int) -> Sides:
    """Cover some columns at the left, or rows at the top, of the target's images with ground."""
    images = _images(sides.y).clone()
    if edge == "left":
        images[:, :, :, :pixels] = 0
    else:
        images[:, :, :pixels] = 0
    return replace(sides, y=images.reshape(len(sides.y), -1).numpy())
