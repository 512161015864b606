"""Scores of how far the two domains are apart, before and after the source was moved."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from scipy.stats import norm

from monge._types import NDArray
from monge.verdict.evidence import DomainOdds, Evidence
from monge.verdict.nearest import neighbours_of
from monge.verdict.score import Score

__all__ = ["TWO_SAMPLE", "Apart", "apart", "area", "area_chance"]

_ROWS = 500
"""Rows of each side that are compared with each other, at even steps."""

_SHARE = 0.99


def area(source: NDArray, target: NDArray, weight: NDArray | None = None) -> float:
    """Return the chance that a target row has a larger value than a source row, ties count half.

    The area under the ROC curve of a classifier of domains (Lopez-Paz and Oquab 2017).

    Parameters
    ----------
    source, target
        A value for each row, (n,) and (m,).
    weight
        Of the source rows, (n,); equal by default.

    Examples
    --------
    >>> area(np.array([0.0, 1.0]), np.array([2.0, 3.0])), area(np.ones(3), np.ones(2))
    (1.0, 0.5)
    >>> area(np.array([0.0, 9.0]), np.array([2.0, 3.0]), weight=np.array([3.0, 1.0]))
    0.75
    """
    order = np.argsort(source)
    weights = np.ones(len(source)) if weight is None else weight[order]
    below = np.concatenate([[0.0], np.cumsum(weights)])
    left, right = (np.searchsorted(source[order], target, side) for side in ("left", "right"))
    return float((below[left] + below[right]).mean() / 2 / below[-1])


def area_chance(value: float, n: float, m: float) -> float:
    """Return the chance of such an area, or a larger one, where the domains are the same.

    The normal approximation to the rank-sum test; that rows of one fold share a classifier is left
    out of account.

    Examples
    --------
    >>> round(area_chance(0.5, 100, 100), 2), area_chance(0.7, 100, 100) < 1e-5
    (0.5, True)
    """
    deviation = np.sqrt((n + m + 1) / (12 * n * m))
    return float(norm.sf((value - 0.5) / deviation))


def even_steps(length: int, most: int = _ROWS) -> NDArray:
    """Return at most so many places from 0 to the length, at even steps, ascending."""
    steps: NDArray = np.linspace(0, length - 1, min(most, length)).round().astype(np.int64)
    return steps


def _some(rows: NDArray) -> NDArray:
    return rows[even_steps(len(rows))].astype(np.float64)


def _clouds(source: NDArray, target: NDArray) -> tuple[NDArray, NDArray]:
    """Return some rows of both sides, in units of the features' deviation within both."""
    x, y = _some(source), _some(target)
    both = np.concatenate([x, y])
    deviation = both.std(0)
    scale = np.where(deviation > 0, deviation, 1.0)
    return (x - both.mean(0)) / scale, (y - both.mean(0)) / scale


def _both_clouds(evidence: Evidence, part: str) -> tuple[NDArray, NDArray]:
    """Return some rows of the source, as it is or moved, and of the target, in common units."""
    return evidence.once(_clouds, getattr(evidence, part), evidence.target)


def _linear(evidence: Evidence, part: str) -> float:
    odds: DomainOdds = getattr(evidence, part)
    return evidence.once(area, odds.source, odds.target)


def _linear_chance(evidence: Evidence, part: str) -> float:
    odds: DomainOdds = getattr(evidence, part)
    return area_chance(_linear(evidence, part), len(odds.source), len(odds.target))


def near_votes(evidence: Evidence, part: str) -> DomainOdds:
    """Return the share of the nearest other rows that are of the target, of some rows."""
    return evidence.once(_near_votes, *_both_clouds(evidence, part))


def _near_votes(x: NDArray, y: NDArray) -> DomainOdds:
    is_target = np.repeat([0.0, 1.0], [len(x), len(y)])
    votes = is_target[neighbours_of(np.concatenate([x, y]))].mean(1)
    return DomainOdds(source=votes[: len(x)], target=votes[len(x) :])


def _near(evidence: Evidence, part: str) -> float:
    return area(*near_votes(evidence, part))


def _near_chance(evidence: Evidence, part: str) -> float:
    votes = near_votes(evidence, part)
    return area_chance(area(*votes), len(votes.source), len(votes.target))


class Apart(NamedTuple):
    """How far two clouds are apart: both numbers need the same distances.

    Attributes
    ----------
    energy
        Energy coefficient, 0 for equal distributions and at most 1.
    outside
        Share of the target rows that lie farther from the source than 99 % of the source rows do
        from their nearest other row.
    """

    energy: float
    outside: float


def _energy(evidence: Evidence, part: str) -> float:
    return evidence.once(apart, *_both_clouds(evidence, part)).energy


def _support(evidence: Evidence, part: str) -> float:
    return evidence.once(apart, *_both_clouds(evidence, part)).outside


def apart(source: NDArray, target: NDArray) -> Apart:
    """Compare a source (n, d) and a target (m, d) by the distances of all their rows.

    Those are in float32: the origin is to be among the rows.

    The energy coefficient is ``(2 E|x - y| - E|x - x'| - E|y - y'|) / (2 E|x - y|)``, Szekely and
    Rizzo 2013, section 4.

    Examples
    --------
    >>> line = np.arange(10.0)[:, None]
    >>> apart(line, line), apart(line, line + 5).outside
    (Apart(energy=0.0, outside=0.0), 0.4)
    """
    x, y = (torch.from_numpy(rows).float() for rows in (source, target))
    # One matrix of distances at a time: each takes the memory of the one before.
    within = float(torch.cdist(y, y).mean())
    own = torch.cdist(x, x)
    within += float(own.mean())
    near = own.fill_diagonal_(torch.inf).numpy().argmin(1)
    del own
    across = torch.cdist(y, x)
    twice = 2 * float(across.mean())
    energy = (twice - within) / twice if twice > 0 else 0.0
    nearest = across.numpy().argmin(1)
    # The distances tell who is the nearest; how near it is, their rounding would not.
    limit = np.quantile(np.linalg.norm(source - source[near], axis=1), _SHARE)
    far = np.linalg.norm(target - source[nearest], axis=1)
    outside = float((far > limit * (1 + 1e-9)).mean()) if len(source) > 1 else 0.0
    return Apart(energy=energy, outside=outside)


_KINDS: tuple[tuple[str, str, str, Callable[..., float]], ...] = (
    ("domain_linear", "Area of a linear classifier of the domains", "LopezPaz2017", _linear),
    ("domain_linear_p", "Chance of such an area", "LopezPaz2017", _linear_chance),
    (
        "domain_near",
        "Area of neighbours as classifier of the domains",
        "LopezPaz2017",
        _near,
    ),
    ("domain_near_p", "Chance of such an area of neighbours", "LopezPaz2017", _near_chance),
    ("energy", "Energy distance of the domains, 0 to 1", "Szekely2013", _energy),
    ("support", "Target rows farther from the source than its own rows", "", _support),
)


def _both(name: str, title: str, source: str, number: Callable[..., float]) -> tuple[Score, ...]:
    """Return a score of the domains as they are, and of the source where it was moved."""
    before, after = ("odds", "odds_moved") if "linear" in name else ("source", "moved")
    # Neighbours are asked again where the linear classifier is.
    again = ("moved", "odds_moved") if "near" in name else (after,)
    better = name.endswith("_p")
    return tuple(
        Score(
            name=f"{name}{suffix}",
            title=f"{title}, {when}",
            source=source,
            needs=needs,
            formula=partial(number, part=part),
            higher_is_better=better,
        )
        for suffix, when, part, needs in (
            ("", "before", before, (before,)),
            ("_moved", "after", after, again),
        )
    )


TWO_SAMPLE = tuple(score for kind in _KINDS for score in _both(*kind))
"""The scores of this file."""
