"""What is done to random shifts: changes by their kind, how strong they are drawn anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from monge._types import NDArray
from monge.data.changes import Draw, Sides, missing, outlying, redrawn
from monge.data.harder_changes import (
    blurred,
    contrasted,
    covered,
    dead,
    drifted,
    exchanged,
    gained,
    shared,
)
from monge.experiments.verdict.random_clouds import even, now_and_then

__all__ = ["CHANGES", "ODDS", "OF_IMAGES"]


def _width(sides: Sides) -> float:
    """Return the deviation of the source within its classes, the mean over classes and features."""
    names = np.unique(sides.labels)
    own = [sides.x[sides.labels == name].var(0).mean() for name in names]
    return float(np.sqrt(np.mean(own)))


def _translated(sides: Sides, draw: Draw) -> Sides:
    way = draw.normal(size=sides.y.shape[1])
    if now_and_then(draw, 0.5):  # along the way in which classes differ
        means = [sides.x[sides.labels == name].mean(0) for name in np.unique(sides.labels)]
        way = np.tensordot(draw.normal(size=len(means)), np.array(means) - np.mean(means, 0), 1)
    reach = np.sqrt(np.square(sides.x - sides.x.mean(0)).sum(1).mean())
    way *= even(draw, 0.25, 4.0) * reach / max(float(np.linalg.norm(way)), 1e-9)
    return replace(sides, y=sides.y + way)


def _rotated(sides: Sides, draw: Draw) -> Sides:
    d = sides.y.shape[1]
    angle = np.deg2rad(draw.choice([-1, 1]) * draw.uniform(5, 90))
    pairs = d // 2 if now_and_then(draw, 0.5) else 1
    ways = np.linalg.qr(draw.normal(size=(d, d)))[0]
    turn = np.eye(d)
    for pair in range(max(1, pairs)):
        at = slice(2 * pair, 2 * pair + 2)
        turn[at, at] = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    return replace(sides, y=sides.y @ ways @ turn @ ways.T)


def _scaled(sides: Sides, draw: Draw) -> Sides:
    return replace(sides, y=sides.y * np.exp(draw.choice([-1, 1]) * draw.uniform(0.15, 1.5)))


def _worn(sides: Sides, draw: Draw) -> Sides:
    return gained(sides, draw, gain=draw.uniform(0.0, 1.0), offset=draw.uniform(0.0, 2.5))


def _mixed(sides: Sides, draw: Draw) -> Sides:
    d = sides.y.shape[1]
    mixing = np.eye(d) + draw.normal(scale=even(draw, 0.1, 0.8) * d**-0.5, size=(d, d))
    return replace(sides, y=sides.y @ mixing)


def _curved(sides: Sides, draw: Draw) -> Sides:
    """Give some features of the target another curve, or add the square of one to another."""
    deviation = np.where(sides.x.std(0) > 0, sides.x.std(0), 1.0)
    unit = (sides.y - sides.y.mean(0)) / deviation
    d = sides.y.shape[1]
    if now_and_then(draw, 0.5):
        bend = draw.uniform(0.1, 0.8) * np.square(unit)[:, draw.permutation(d)]
        return replace(sides, y=sides.y + deviation * bend * draw.integers(2, size=d))
    power = np.exp(draw.normal(scale=0.5, size=d))
    return replace(sides, y=sides.y.mean(0) + deviation * np.sign(unit) * np.abs(unit) ** power)


def _noisy(sides: Sides, draw: Draw) -> Sides:
    noise = draw.normal(scale=even(draw, 0.2, 2.5) * _width(sides), size=sides.y.shape)
    return replace(sides, y=sides.y + noise)


def _quieter(sides: Sides, draw: Draw) -> Sides:
    """Add noise to the source instead: the target is clearer."""
    noise = draw.normal(scale=even(draw, 0.2, 2.0) * _width(sides), size=sides.x.shape)
    return replace(sides, x=sides.x + noise)


def _other_shares(sides: Sides, draw: Draw) -> Sides:
    count = len(np.unique(sides.truth))
    shares = np.maximum(draw.dirichlet(np.full(count, even(draw, 0.5, 5.0))), 0.03)
    found = shared(sides, draw, shares=tuple(shares))
    if now_and_then(draw, 0.3):
        names = len(np.unique(found.labels))
        theirs = np.maximum(draw.dirichlet(np.full(names, 2.0)), 0.05)
        found = shared(found, draw, shares=tuple(theirs), of_source=True)
    return found


def _lacking(sides: Sides, draw: Draw) -> Sides:
    names = np.unique(sides.truth)
    if len(names) <= 2:  # noqa: PLR2004 - two would leave one
        return _other_shares(sides, draw)
    gone = draw.permutation(names)[: int(draw.integers(1, len(names) // 2 + 1))]
    return missing(sides, draw, classes=tuple(map(int, gone)))


def _outliers(sides: Sides, draw: Draw) -> Sides:
    share, of_source = even(draw, 0.01, 0.12), now_and_then(draw, 0.4)
    return outlying(sides, draw, share=share, of_source=of_source)


def _drifting(sides: Sides, draw: Draw) -> Sides:
    """Move each class its own way, or one class alone."""
    way = even(draw, 0.3, 2.5) * _width(sides) * np.sqrt(sides.y.shape[1])
    moved = drifted(sides, draw, way=way)
    if now_and_then(draw, 0.5):
        return moved
    alone = sides.truth == draw.choice(np.unique(sides.truth))
    return replace(sides, y=np.where(alone[:, None], moved.y, sides.y))


def _closer(sides: Sides, draw: Draw) -> Sides:
    if len(np.unique(sides.truth)) == 1:
        return sides
    return exchanged(sides, draw, share=draw.uniform(0.1, 0.5))


def _dead(sides: Sides, draw: Draw) -> Sides:
    return dead(sides, draw, share=draw.uniform(0.1, 0.5))


def _clipped(sides: Sides, draw: Draw) -> Sides:
    low, high = np.quantile(sides.x, [draw.uniform(0, 0.3), draw.uniform(0.7, 1)], axis=0)
    return replace(sides, y=np.clip(sides.y, low, high))


def _permuted(sides: Sides, draw: Draw) -> Sides:
    """Have some features of the target exchange their places."""
    d = sides.y.shape[1]
    some = draw.permutation(d)[: max(2, round(draw.uniform(0.1, 1.0) * d))]
    y = sides.y.copy()
    y[:, some] = sides.y[:, draw.permutation(some)]
    return replace(sides, y=y)


def _mislabelled(sides: Sides, draw: Draw) -> Sides:
    """Deal a share of the labels out anew, on both sides: what is right is less sure."""
    names, share = np.unique(sides.labels), draw.uniform(0.03, 0.3)

    def dealt(labels: NDArray) -> NDArray:
        wrong = draw.uniform(size=len(labels)) < share
        return np.where(wrong, draw.choice(names, len(labels)), labels)

    return replace(sides, labels=dealt(sides.labels), truth=dealt(sides.truth))


CHANGES: dict[str, Callable[[Sides, Draw], Sides]] = {
    "translation": _translated,
    "rotation": _rotated,
    "scaling": _scaled,
    "worn": _worn,
    "mixing": _mixed,
    "curves": _curved,
    "noise": _noisy,
    "quieter": _quieter,
    "shares": _other_shares,
    "lacking": _lacking,
    "outliers": _outliers,
    "drift": _drifting,
    "closer": _closer,
    "dead": _dead,
    "clipped": _clipped,
    "permuted": _permuted,
    "mislabelled": _mislabelled,
}
"""By kind."""


def _drawn_again(sides: Sides, draw: Draw) -> Sides:
    """Turn, magnify and move images a little."""
    degrees, right = draw.normal(scale=15), draw.normal(scale=0.8)
    return redrawn(
        sides, draw, degrees=degrees, zoom=float(np.exp(draw.normal(scale=0.15))), right=right
    )


def _contrasted(sides: Sides, draw: Draw) -> Sides:
    return contrasted(sides, draw, factor=draw.uniform(0.25, 0.9), offset=draw.uniform(0, 0.4))


def _covered(sides: Sides, draw: Draw) -> Sides:
    return covered(sides, draw, edge="left", pixels=int(draw.integers(1, 4)))


OF_IMAGES: dict[str, Callable[[Sides, Draw], Sides]] = {
    "redrawn": _drawn_again,
    "blurred": blurred,
    "contrast": _contrasted,
    "covered": _covered,
}
"""By kind: what is done to images alone."""

_SELDOM = ("closer", "clipped", "dead", "mislabelled", "permuted", "quieter")
_OFTEN = ("curves", "mixing", "rotation", "scaling", "translation", "worn")

ODDS = {name: 0.5 if name in _SELDOM else 2.0 if name in _OFTEN else 1.0 for name in CHANGES}
"""How often each of `CHANGES` is made: those which transport can mend more often."""
