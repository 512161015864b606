"""Shifts drawn at random, as many as are wanted: what the rule of the verdict is learned on.

No row of them is one of the suite, on which the verdict is measured: all are drawn.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from monge._types import NDArray
from monge.data.changes import Draw, Sides
from monge.errors import InputError, sentence
from monge.experiments.verdict.case import Case, Domains, domains
from monge.experiments.verdict.random_changes import CHANGES, ODDS, OF_IMAGES
from monge.experiments.verdict.random_clouds import BEGINNINGS, Rows, even, now_and_then

__all__ = ["KINDS", "random_case"]

_SIZES = 120, 700
_LEAST = 8
"""Rows of a domain at least, and of the rarest class of the source one in four of these."""

KINDS = ("identical", "cut", *CHANGES, *OF_IMAGES)
"""What is done first: nothing, a cut along a covariate, or a change."""

_SHARES = {"mixture": 0.4, "planar": 0.15, "table": 0.25, "images": 0.2}
_CUT = {"mixture": 0.15, "planar": 0.1, "table": 0.45, "images": 0.1}
_SAME, _CUT_ALONE = 0.06, 0.8
"""Share of each beginning, and of those that are cut; of shifts to which nothing is done, and of
cut ones that lose one of their changes."""


def random_case(number: int) -> Case:
    """Return the random shift of a number: the same for everyone, whatever the seed it is drawn by.

    Where rows are cut along a covariate the domains differ as the parts of a measured table do;
    else they are halves at random. Up to three changes are then made.

    Parameters
    ----------
    number
        0 or more.

    Raises
    ------
    InputError
        If it is no such number.

    Examples
    --------
    >>> case = random_case(3)
    >>> case.name, case.kind
    ('random-3', 'synthetic')
    >>> source, target, _ = case.make(0)
    >>> source.x.shape[1] == target.x.shape[1]
    True
    """
    whole: object = number
    if not isinstance(whole, int) or isinstance(whole, bool) or whole < 0:
        required, remedy = "a whole number, 0 or more", "pass for example 0"
        raise InputError(sentence("random_case", "number", required, repr(number), remedy))
    draw = np.random.default_rng([number, 3])
    beginning = str(draw.choice(list(_SHARES), p=list(_SHARES.values())))
    cut = now_and_then(draw, _CUT[beginning])
    told = 0 if now_and_then(draw, _SAME) else int(draw.choice([1, 2, 3], p=[0.6, 0.28, 0.12]))
    told = max(0, told - 1) if cut and now_and_then(draw, _CUT_ALONE) else told
    odds = ODDS | (dict.fromkeys(OF_IMAGES, 5.0) if beginning == "images" else {})
    chance = np.array(list(odds.values()))
    found = draw.choice(list(odds), size=told, replace=False, p=chance / chance.sum())
    kinds = sorted(map(str, found), key=lambda kind: kind in OF_IMAGES, reverse=True)
    first = "cut" if cut else kinds[0] if kinds else "identical"
    done = [*(["cut"] if cut else []), *kinds]
    return Case(
        name=f"random-{number}",
        family=f"{beginning}, {first}",
        kind="synthetic",
        about=f"{beginning}: {', '.join(done) or 'two random halves'}.",
        build=partial(_build, number, beginning, tuple(done)),
    )


def _build(
    number: int, beginning: str, done: tuple[str, ...], draw: Draw, _: Path | None
) -> Domains:
    while True:
        n, m = (round(even(draw, *_SIZES)) for _ in range(2))
        rows = BEGINNINGS[beginning](n + m, draw)
        source = _below(rows, n, draw) if "cut" in done else draw.permutation(n + m) < n
        sides = Sides(
            x=rows.x[source],
            labels=rows.labels[source],
            y=rows.x[~source],
            truth=rows.labels[~source],
        )
        for kind in done:
            if kind == "cut":
                continue
            sides = (CHANGES | OF_IMAGES)[kind](sides, draw)
        known = _known(sides)
        if known is not None:
            name = f"random-{number}"
            return domains(_standardised(known, draw), name, name)


def _below(rows: Rows, n: int, draw: Draw) -> NDArray:
    """Tell which n rows come first along a feature or a random direction, blurred by some noise."""
    d = rows.x.shape[1]
    if now_and_then(draw, 0.5):
        height = rows.x[:, draw.integers(d)]
    else:
        deviation = np.where(rows.x.std(0) > 0, rows.x.std(0), 1.0)
        height = rows.x / deviation @ draw.normal(size=d)
    rank = height.argsort().argsort() / len(height)
    blurred = rank + draw.normal(scale=draw.uniform(0.03, 0.5), size=len(rank))
    below: NDArray = blurred.argsort().argsort() < n
    return below


def _known(sides: Sides) -> Sides | None:
    """Leave out target rows of classes that the source lacks; ``None`` where too little is left."""
    names, counts = np.unique(sides.labels, return_counts=True)
    names = names[counts >= _LEAST // 2]
    if len(names) <= 1:
        return None
    kept, scored = np.isin(sides.labels, names), np.isin(sides.truth, names)
    if min(kept.sum(), scored.sum()) < 2 * _LEAST:
        return None
    return Sides(
        x=sides.x[kept],
        labels=np.searchsorted(names, sides.labels[kept]),
        y=sides.y[scored],
        truth=np.searchsorted(names, sides.truth[scored]),
    )


def _standardised(sides: Sides, draw: Draw) -> Sides:
    """Standardise both sides by the source, as often as people do."""
    if now_and_then(draw, 0.5):
        return sides
    mean, deviation = sides.x.mean(0), sides.x.std(0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    return Sides(
        x=(sides.x - mean) / deviation,
        labels=sides.labels,
        y=(sides.y - mean) / deviation,
        truth=sides.truth,
    )
