"""Scores of the classes as clouds: whether those that are predicted lie as the source's own do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from scipy.spatial.distance import pdist

from monge._types import NDArray
from monge.verdict.evidence import Evidence, standardised
from monge.verdict.nearest import neighbours_of
from monge.verdict.score import Score
from monge.verdict.two_sample import even_steps

__all__ = ["CLASSES", "Clouds", "clouds_of"]

_ROWS = 120
"""Rows of a class that are compared with each other, at even steps."""

_FEW = 4
"""Rows below which a class is not compared."""

_FLOOR = 1e-9


class Clouds(NamedTuple):
    """The classes of one domain, each feature in units of its deviation.

    Attributes
    ----------
    means
        (L, d), NaN for a class without rows.
    spread
        Share of the variance that is within each class, (L,), NaN for one of fewer than 3 rows.

    Examples
    --------
    >>> rows = np.array([[0.0], [0.0], [2.0], [2.0]])
    >>> clouds_of(rows, np.array([0, 0, 1, 1]), 2).means.ravel()
    array([-1.,  1.])
    """

    means: NDArray
    spread: NDArray


def clouds_of(points: NDArray, labels: NDArray, size: int) -> Clouds:
    """Describe the classes of rows (k, d) whose classes from 0 are given, (k,)."""
    rows = np.asarray(points, np.float64)
    centred = rows - rows.mean(0)
    square, deviation = np.square(centred), rows.std(0)
    whole, count = square.mean(0).sum(), np.bincount(labels, minlength=size)
    own = np.zeros((size, len(rows)))
    own[labels, np.arange(len(rows))] = 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = own @ centred / count[:, None]
        within = (own @ square / count[:, None]).sum(1) - np.square(middle).sum(1)
        # of two rows the spread is a matter of luck
        spread = np.where(count > 2, within.clip(min=0), np.nan) / (whole if whole > 0 else np.nan)  # noqa: PLR2004 - see above
    return Clouds(middle / np.where(deviation > 0, deviation, 1.0), spread)


def _both(evidence: Evidence) -> tuple[Clouds, Clouds]:
    """Return the classes of the source as it is, and those that are predicted in the target."""
    size = evidence.n_classes
    return (
        evidence.once(clouds_of, evidence.source, evidence.labels, size),
        evidence.once(clouds_of, evidence.target, evidence.predicted, size),
    )


def _alike(one: NDArray, other: NDArray) -> float:
    """Return the cosine of two arrays, 0 where one is all zeros."""
    length = np.linalg.norm(one) * np.linalg.norm(other)
    return float((one * other).sum() / length) if length > 0 else 0.0


def _places(evidence: Evidence) -> float:
    """Return how alike the classes lie around their middle: 1 where a scale is all that differs."""
    own, told = (clouds.means for clouds in _both(evidence))
    there = np.isfinite(own).all(1) & np.isfinite(told).all(1)
    if there.sum() < 2:  # noqa: PLR2004 - one class has no place among others
        return np.nan
    return _alike(own[there] - own[there].mean(0), told[there] - told[there].mean(0))


def _distances(evidence: Evidence) -> float:
    """Return the correlation of the distances between classes, which turning leaves alone."""
    own, told = (clouds.means for clouds in _both(evidence))
    there = np.isfinite(own).all(1) & np.isfinite(told).all(1)
    if there.sum() < 3:  # noqa: PLR2004 - two classes have one distance
        return np.nan
    one, other = (pdist(means[there]) for means in (own, told))
    return _alike(one - one.mean(), other - other.mean())


def _spreads(evidence: Evidence) -> NDArray:
    """Return the logarithm of how much wider each predicted class is than the source's, (L,)."""
    own, told = (clouds.spread for clouds in _both(evidence))
    ratio: NDArray = np.log((told + _FLOOR) / (own + _FLOOR))
    return ratio[np.isfinite(ratio)]


def _spread(evidence: Evidence, number: Callable[[NDArray], NDArray]) -> float:
    ratio = _spreads(evidence)
    return float(number(ratio).mean()) if ratio.size else np.nan


def _apart(clouds: Clouds, shares: NDArray) -> float:
    """Return the share of the variance that is between classes rather than within them."""
    return 1 - float(np.nansum(clouds.spread * shares))


def _units(evidence: Evidence) -> NDArray:
    """Return the deviation of each feature over both domains, 1 where it never changes, (d,)."""
    return evidence.once(_deviations, evidence.source, evidence.target)


def _deviations(source: NDArray, target: NDArray) -> NDArray:
    both = np.concatenate([source, target]).astype(np.float64)
    reach = np.abs(both).max(0)
    deviation = both.std(0)
    return np.where(deviation > _FLOOR * reach, deviation, 1.0)


def _gap(evidence: Evidence) -> float:
    """Return how far the middles of moved classes are from those predicted, in deviations."""
    if evidence.moved is None:
        raise AssertionError("unreachable: the score needs moved rows")
    units = _units(evidence)
    far = [
        np.square((evidence.moved[own].mean(0) - evidence.target[told].mean(0)) / units).mean()
        for own, told in (
            (evidence.labels == c, evidence.predicted == c) for c in range(evidence.n_classes)
        )
        if own.any() and told.any()
    ]
    return float(np.sqrt(np.mean(far))) if far else np.nan


def _energies(evidence: Evidence) -> NDArray:
    """Compare each class where it was moved with the target rows that are predicted as it.

    Returns the energy coefficients (see `two_sample.apart`) and the shares of the rows, (2, k).
    """
    return evidence.once(
        _compared,
        evidence.moved,
        evidence.labels,
        evidence.target,
        evidence.predicted,
        _units(evidence),
    )


def _compared(
    moved: NDArray, labels: NDArray, target: NDArray, told: NDArray, units: NDArray
) -> NDArray:
    found = []
    for name in np.unique(told):
        places = np.flatnonzero(labels == name), np.flatnonzero(told == name)
        if min(map(len, places)) < _FEW:
            continue
        own, other = (part[even_steps(len(part), _ROWS)] for part in places)
        # all in one: three matrices of so few rows would take longer
        rows = torch.from_numpy(np.concatenate([moved[own], target[other]]) / units)
        far, k = torch.cdist(rows, rows), len(own)
        within = float(far[:k, :k].mean() + far[k:, k:].mean())
        twice = 2 * float(far[:k, k:].mean())
        share = len(places[1]) / len(told)
        found.append(((twice - within) / twice if twice > 0 else 0.0, share))
    return np.array(found).T.reshape(2, -1)


def _energy(evidence: Evidence) -> float:
    energies, shares = _energies(evidence)
    return float(energies @ shares / shares.sum()) if energies.size else np.nan


def _largest_energy(evidence: Evidence) -> float:
    energies, _ = _energies(evidence)
    return float(energies.max()) if energies.size else np.nan


def _purity(evidence: Evidence) -> float:
    """Return the share of a source row's neighbours that are of its class, beyond chance."""
    return evidence.once(_pure, evidence.source, evidence.labels)


def _pure(points: NDArray, labels: NDArray) -> float:
    near = neighbours_of(standardised(points))
    shares = np.bincount(labels) / len(labels)
    chance = float(np.square(shares).sum())
    if not near.size or chance >= 1:
        return np.nan
    same = float((labels[near] == labels[:, None]).mean())
    return (same - chance) / (1 - chance)


CLASSES = (
    Score(
        name="class_places",
        title="Predicted classes lie around their middle as those of the source do",
        formula=_places,
    ),
    Score(
        name="class_distances",
        title="Predicted classes are as far from each other as those of the source are",
        formula=_distances,
    ),
    Score(
        name="class_width",
        title="How much wider predicted classes are than those of the source, as a logarithm",
        formula=partial(_spread, number=np.asarray),
        higher_is_better=False,
    ),
    Score(
        name="class_shape",
        title="How much wider or narrower predicted classes are than those of the source",
        formula=partial(_spread, number=np.abs),
        higher_is_better=False,
    ),
    Score(
        name="class_gap",
        title="Middles of the moved classes from those predicted, in deviations",
        needs=("moved",),
        formula=_gap,
        higher_is_better=False,
    ),
    Score(
        name="class_energy",
        title="Energy distance of each moved class and the rows predicted as it, the mean",
        source="Szekely2013",
        needs=("moved",),
        formula=_energy,
        higher_is_better=False,
    ),
    Score(
        name="class_energy_largest",
        title="Energy distance of each moved class and the rows predicted as it, the largest",
        source="Szekely2013",
        needs=("moved",),
        formula=_largest_energy,
        higher_is_better=False,
    ),
    Score(
        name="class_apart",
        title="Share of the target's variance that is between the predicted classes",
        formula=lambda e: _apart(_both(e)[1], e.predicted_shares),
    ),
    Score(
        name="source_apart",
        title="Share of the source's variance that is between its classes",
        formula=lambda e: _apart(_both(e)[0], e.proportions),
    ),
    Score(
        name="source_beyond_chance",
        title="Neighbours of source rows that are of the same class, beyond chance",
        formula=_purity,
    ),
)
"""The scores of this file."""
