"""Scores by validation on source rows: left out, weighted like the target, or there and back."""

from __future__ import annotations

from functools import partial

import numpy as np

from monge._types import NDArray
from monge.verdict.evidence import DomainOdds, Evidence
from monge.verdict.score import Score

__all__ = ["VALIDATION"]

_MOST = 5.0
"""Logarithm of the largest weight of a row: a ratio of densities beyond 150 is a guess."""


def _accuracy(evidence: Evidence, part: str) -> float:
    said: NDArray = getattr(evidence, part)
    return float((said.argmax(1) == evidence.labels).mean())


def _macro(evidence: Evidence, part: str) -> float:
    """Return the mean recall of the classes."""
    said: NDArray = getattr(evidence, part)
    size = evidence.n_classes
    right = np.bincount(evidence.labels, said.argmax(1) == evidence.labels, minlength=size)
    count = np.bincount(evidence.labels, minlength=size)
    return float((right[count > 0] / count[count > 0]).mean())


def _weights(odds: DomainOdds) -> NDArray:
    weights: NDArray = np.exp(np.clip(odds.source, -_MOST, _MOST))
    weights /= weights.sum()
    return weights


def _weighted(evidence: Evidence, part: str, odds: str) -> float:
    """Return the held accuracy under weights of the target's density (Sugiyama et al. 2007)."""
    said: NDArray = getattr(evidence, part)
    right = said.argmax(1) == evidence.labels
    return float(_weights(getattr(evidence, odds)) @ right)


def _effective(evidence: Evidence) -> float:
    """Return how many rows count under the weights, over n (Kish's effective sample size)."""
    if evidence.odds is None:
        raise AssertionError("unreachable: the score needs odds")
    return float(1 / np.square(_weights(evidence.odds)).sum() / len(evidence.labels))


VALIDATION = (
    Score(
        name="held_accuracy",
        title="Source accuracy of the source-only classifier, on rows left out",
        unit="accuracy",
        formula=partial(_accuracy, part="held"),
    ),
    Score(
        name="moved_accuracy",
        title="Accuracy on moved source rows that the classifier did not know",
        needs=("moved_held",),
        unit="accuracy",
        formula=partial(_accuracy, part="moved_held"),
    ),
    Score(
        name="unseen_accuracy",
        title="Accuracy on moved source rows that neither plan nor classifier knew",
        needs=("unseen",),
        unit="accuracy",
        formula=partial(_accuracy, part="unseen"),
    ),
    Score(
        name="circular_accuracy",
        title="Circular validation: source accuracy there and back",
        source="Bruzzone2010",
        needs=("returned",),
        unit="accuracy",
        formula=partial(_accuracy, part="returned"),
    ),
    Score(
        name="circular_macro",
        title="Circular validation, mean recall of the classes",
        source="Zhong2010",
        needs=("returned",),
        unit="accuracy",
        formula=partial(_macro, part="returned"),
    ),
    Score(
        name="importance_weighted",
        title="Importance-weighted validation",
        source="Sugiyama2007",
        needs=("moved_held", "odds_moved"),
        unit="accuracy",
        formula=partial(_weighted, part="moved_held", odds="odds_moved"),
    ),
    Score(
        name="importance_weighted_unseen",
        title="Importance-weighted validation, rows that the plan did not know",
        source="Sugiyama2007",
        needs=("unseen", "odds"),
        unit="accuracy",
        formula=partial(_weighted, part="unseen", odds="odds"),
    ),
    Score(
        name="importance_size",
        title="Share of the source rows that count under the target's density",
        source="Sugiyama2007",
        needs=("odds",),
        formula=_effective,
    ),
)
"""The scores of this file."""
