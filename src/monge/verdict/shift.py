"""Whether there is a shift between two domains, and of which kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monge._types import NDArray
from monge.verdict.evidence import DomainOdds, Evidence
from monge.verdict.proportions import black_box_shares, likeliest_shares, total_variation
from monge.verdict.scores import SCORES
from monge.verdict.two_sample import area, area_chance, even_steps, near_votes

__all__ = ["ClassShare", "Shift", "beyond_chance", "shift_of"]

_LEVEL = 0.01
"""Chance at which a difference counts as one, shared by the two tests."""

_AREA = 0.55
"""Area from which a difference that is certain is worth a word."""

_SHARES = 0.05
_NOISE = 2.5
"""Total variation of the proportions that counts: at least, and in units of its noise."""

_OUTSIDE = 0.05
_RARE = 0.01


@dataclass(frozen=True, kw_only=True)
class ClassShare:
    """A class and how frequent it is.

    Attributes
    ----------
    label
        As it was given.
    source
        Share of the source rows.
    target
        Estimated share of the target rows.

    Examples
    --------
    >>> ClassShare(label="cat", source=0.5, target=0.0).missing
    True
    """

    label: object
    source: float
    target: float

    @property
    def missing(self) -> bool:
        """Whether the target seems to hold none: below 1 %, and a tenth of its source share."""
        return self.target < min(_RARE, self.source / 10)


@dataclass(frozen=True, kw_only=True)
class Shift:
    """How the two domains differ.

    Attributes
    ----------
    kinds
        Some of ``"covariate"``, ``"label"`` and ``"support"``; none where nothing is seen.
    area
        Of the classifier that tells the domains apart best: 0.5 where nothing does, 1 at most.
    chance
        Of such an area where the domains are the same.
    area_weighted
        The same where source rows are weighted by the estimated proportions: what label shift alone
        does not explain.
    label_shift
        Total variation of the class proportions, the smaller of two estimates.
    outside
        Share of target rows farther from the source than 99 % of its own rows are.
    classes
        Every class with its shares.

    Examples
    --------
    >>> shift = Shift(
    ...     kinds=("label",),
    ...     area=0.7,
    ...     chance=1e-9,
    ...     area_weighted=0.51,
    ...     label_shift=0.3,
    ...     outside=0.01,
    ...     classes=(ClassShare(label=1, source=0.5, target=0.8),),
    ... )
    >>> shift.words
    'label shift (30 % of the mass changes its class)'
    """

    kinds: tuple[str, ...]
    area: float
    chance: float
    area_weighted: float
    label_shift: float
    outside: float
    classes: tuple[ClassShare, ...]

    @property
    def words(self) -> str:
        """The kinds of shift in words."""
        said = {
            "covariate": f"covariate shift (the domains are told apart with area {self.area:.2f}, "
            "1 is perfect)",
            "label": f"label shift ({100 * self.label_shift:.0f} % of the mass changes its class)",
            "support": f"support mismatch ({100 * self.outside:.0f} % of the target rows lie "
            "outside the source)",
        }
        return "; ".join(said[kind] for kind in self.kinds) or "no shift is seen"


def shift_of(
    evidence: Evidence, classes: Sequence[object], adapted: Evidence | None = None
) -> Shift:
    """Look at the domains as they are.

    The class proportions are the likeliest under label shift. Where the domains differ by more than
    that, they are those that the adapted classifier predicts, if there is one. Where the classifier
    is no better than chance on the source, they are left at those of the source.

    Parameters
    ----------
    evidence
        Of any candidate.
    classes
        Labels, L of them.
    adapted
        Of the candidate that is thought to be the best.

    Examples
    --------
    >>> import numpy as np
    >>> draw, labels = np.random.default_rng(0), np.arange(200) % 2
    >>> shares = np.where(np.eye(2)[labels], 0.9, 0.1)
    >>> x = draw.normal(size=(200, 2)) + 5 * labels[:, None]
    >>> evidence = Evidence(
    ...     labels=labels,
    ...     n_classes=2,
    ...     held=shares,
    ...     baseline=shares,
    ...     chosen=shares,
    ...     source=x,
    ...     target=draw.normal(size=(200, 2)) + 5 * labels[:, None] + [2, 0],
    ... )
    >>> "covariate" in shift_of(evidence, ["left", "right"]).kinds
    True
    """
    own, shares = evidence.proportions, likeliest_shares(evidence)
    label_shift = min(
        total_variation(shares, own), total_variation(black_box_shares(evidence), own)
    )
    steps = even_steps(len(evidence.labels))
    told = [(near_votes(evidence, "source"), evidence.labels[steps])]
    if evidence.odds is not None:
        told.append((evidence.odds, evidence.labels))
    plain = min((_test(odds, None) for odds, _ in told), key=lambda found: found[1])
    ratio = shares / own.clip(min=1e-12)
    weighted = min((_test(odds, ratio[labels]) for odds, labels in told), key=lambda f: f[1])
    tests = len(told)
    able = beyond_chance(evidence)
    outside = SCORES["support"](evidence)
    shifted = plain[1] * tests < _LEVEL and plain[0] > _AREA
    beyond = weighted[1] * tests < _LEVEL and weighted[0] > _AREA
    if beyond and adapted is not None:
        shares = adapted.predicted_shares
        label_shift = min(label_shift, total_variation(shares, own))
    if not able:  # who does not know the classes at home cannot count them elsewhere
        shares, label_shift = own, 0.0
    label = label_shift > max(_SHARES, _NOISE * _noise(own, len(evidence.labels), evidence.target))
    support = outside > _OUTSIDE
    found = {
        "covariate": beyond or (shifted and not label),
        "label": label,
        "support": support,
    }
    return Shift(
        kinds=tuple(kind for kind, there in found.items() if there),
        area=plain[0],
        chance=min(1.0, plain[1] * tests),
        area_weighted=weighted[0],
        label_shift=label_shift,
        outside=outside,
        classes=tuple(
            ClassShare(label=label, source=float(before), target=float(after))
            for label, before, after in zip(classes, own, shares, strict=True)
        ),
    )


def beyond_chance(evidence: Evidence) -> bool:
    """Whether the classifier is right on source rows left out more often than who names one class.

    By two deviations of that share.
    """
    right = float((evidence.held.argmax(1) == evidence.labels).mean())
    largest = float(evidence.proportions.max())
    deviation = np.sqrt(largest * (1 - largest) / len(evidence.labels))
    return bool(right > largest + 2 * deviation)


def _test(odds: DomainOdds, weight: NDArray | None) -> tuple[float, float]:
    """Return area and chance; weights make the source as small as they are uneven."""
    value = area(odds.source, odds.target, weight)
    n: float = len(odds.source)
    if weight is not None:
        n = float(weight.sum() ** 2 / np.square(weight).sum())
    return value, area_chance(value, n, len(odds.target))


def _noise(own: NDArray, n: int, target: NDArray) -> float:
    """Return the mean total variation of the proportions of n and m rows drawn alike."""
    spread = own * (1 - own) * (1 / n + 1 / len(target))
    return float(np.sqrt(2 * spread / np.pi).sum() / 2)
