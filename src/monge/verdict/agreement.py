"""Scores from who says the same: neighbours, other candidates, and the candidate fitted again."""

from __future__ import annotations

from functools import partial
from itertools import combinations

import numpy as np

from monge._types import NDArray
from monge.verdict.evidence import Evidence
from monge.verdict.score import Score

__all__ = ["AGREEMENT", "collapsed"]

_USUAL = (
    *("standardise", "coral", "linear", "prototypes", "sinkhorn_1", "sinkhorn_0.1"),
    *("sinkhorn_0.03", "graph", "sinkhorn_shares", "unbalanced", "partial", "class_regularized"),
)
"""Candidates that are tried unless others are asked for."""

_RARE = 0.01
_LARGE = 0.5


def collapsed(evidence: Evidence) -> bool:
    """Whether a class holds under 1 % of the predictions, or over half of them.

    With many classes less than a tenth of the even share is too little, with few classes two and a
    half even shares are too much; a class that is as rare or as frequent in the source is not held
    against the candidate, and neither is a class of two.
    """
    shares, own, size = evidence.predicted_shares, evidence.proportions, evidence.n_classes
    rare = shares < np.minimum(min(_RARE, 0.1 / size), own / 2)
    large = shares > np.maximum(max(_LARGE, 2.5 / size), 1.5 * own)
    return bool(rare.any() or large.any())


def _neighbours(evidence: Evidence, near: NDArray) -> float:
    """Return the share of neighbours (m, k) that are given the same class."""
    said = evidence.predicted
    return float((said[near] == said[:, None]).mean()) if near.size else np.nan


def _beyond_chance(evidence: Evidence, near: NDArray) -> float:
    """Return the same less what independent neighbours would give, over what is left to gain."""
    chance = float(np.square(evidence.predicted_shares).sum())
    return (_neighbours(evidence, near) - chance) / (1 - chance) if chance < 1 else 0.0


def _view(evidence: Evidence) -> float:
    return float(np.mean([_neighbours(evidence, near) for near in evidence.view_neighbours]))


def _view_beyond_chance(evidence: Evidence) -> float:
    return float(np.mean([_beyond_chance(evidence, near) for near in evidence.view_neighbours]))


def _classes(shares: NDArray) -> NDArray:
    told: NDArray = shares.argmax(1)
    return told


def _others(evidence: Evidence) -> float:
    said = evidence.predicted
    told = [evidence.once(_classes, other) for other in evidence.others]
    return float(np.mean([(other == said).mean() for other in told]))


def _majority(evidence: Evidence) -> float:
    """Return how often the majority of all candidates, this one included, says the same.

    Two have none.
    """
    if len(evidence.others) < 2:  # noqa: PLR2004 - this one and another
        return np.nan
    votes = np.zeros_like(evidence.chosen)
    rows = np.arange(len(votes))
    for shares in (evidence.chosen, *evidence.others):
        votes[rows, evidence.once(_classes, shares)] += 1
    # of classes with as many votes the mean probability decides
    votes += np.mean([evidence.chosen, *evidence.others], axis=0) / 2
    return float((votes.argmax(1) == evidence.predicted).mean())


def _with(evidence: Evidence, name: str) -> float:
    """Return the agreement with the candidate of a name, NaN where it was not tried."""
    if name == evidence.name:
        return 1.0
    if name not in evidence.named:
        return np.nan
    other = evidence.once(_classes, evidence.others[evidence.named.index(name)])
    return float((other == evidence.predicted).mean())


def _stability(evidence: Evidence) -> float:
    said = evidence.predicted
    return float(np.mean([(again.argmax(1) == said).mean() for again in evidence.resampled]))


def _disagreement(evidence: Evidence) -> float:
    """Return how often two fits on different rows agree (Jiang et al. 2022).

    Where the classifiers are calibrated as an ensemble, that is the accuracy of each.
    """
    said = [again.argmax(1) for again in evidence.resampled]
    pairs = [float((one == other).mean()) for one, other in combinations(said, 2)]
    return float(np.mean(pairs)) if pairs else np.nan


AGREEMENT = (
    Score(
        name="own_agreement",
        title="Neighbours in the features that are given the same class",
        formula=lambda e: _neighbours(e, e.neighbours),
    ),
    Score(
        name="own_beyond_chance",
        title="Neighbours in the features that are given the same class, beyond chance",
        formula=lambda e: _beyond_chance(e, e.neighbours),
    ),
    Score(
        name="view_agreement",
        title="Neighbours in another view that are given the same class",
        needs=("views",),
        formula=_view,
    ),
    Score(
        name="view_beyond_chance",
        title="Neighbours in another view that are given the same class, beyond chance",
        needs=("views",),
        formula=_view_beyond_chance,
    ),
    Score(
        name="view_guarded",
        title="Neighbours in another view that are given the same class, 0 for collapse",
        needs=("views",),
        formula=lambda e: 0.0 if collapsed(e) else _view(e),
    ),
    Score(
        name="own_guarded",
        title="Neighbours in the features that are given the same class, 0 for collapse",
        formula=lambda e: 0.0 if collapsed(e) else _neighbours(e, e.neighbours),
    ),
    Score(
        name="collapsed",
        title="A class is hardly predicted, or nearly always",
        formula=lambda e: float(collapsed(e)),
        higher_is_better=False,
    ),
    Score(
        name="agreement_others",
        title="Mean agreement with the other candidates",
        source="Baek2022",
        needs=("others",),
        formula=_others,
    ),
    Score(
        name="agreement_majority",
        title="Agreement with the majority of the candidates",
        source="Baek2022",
        needs=("others",),
        formula=_majority,
    ),
    Score(
        name="agreement_baseline",
        title="Agreement with the source-only classifier",
        formula=lambda e: float((e.baseline.argmax(1) == e.predicted).mean()),
    ),
    Score(
        name="stability",
        title="Agreement with the candidate fitted on parts of the rows",
        needs=("resampled",),
        formula=_stability,
    ),
    Score(
        name="disagreement",
        title="Agreement of the candidate fitted on different rows",
        source="Jiang2022",
        needs=("resampled",),
        unit="accuracy",
        formula=_disagreement,
    ),
    *(
        Score(
            name=f"agreement_{name}",
            title=f"Agreement with {name}",
            source="Baek2022",
            needs=("others",),
            formula=partial(_with, name=name),
        )
        for name in _USUAL
    ),
)
"""The scores of this file."""
