"""From the scores of all candidates to a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from monge._types import NDArray
from monge.verdict.estimate import Estimate
from monge.verdict.scores import SCORES

__all__ = ["Decision", "Ruling", "decide"]

Decision = Literal["adapt", "abstain", "undecided"]

_NINETY = 1.645
"""Standard deviations to either side that hold nine in ten of a normal distribution."""


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """What the rule says.

    Attributes
    ----------
    decision
        Whether to adapt.
    choice
        The candidate that is thought to be the best of those that adapt; the source as it is, where
        none could be fitted.
    estimates
        Accuracy on the target, of every candidate that was fitted.
    gains
        Of every candidate over the source as it is.

    Examples
    --------
    See `decide`.

    >>> even = Estimate(value=0.5, low=0.4, high=0.6)
    >>> Ruling(decision="abstain", choice="a", estimates={"a": even}, gains={}).decision
    'abstain'
    """

    decision: Decision
    choice: str
    estimates: Mapping[str, Estimate]
    gains: Mapping[str, Estimate]


def decide(scores: Mapping[str, Mapping[str, float]]) -> Ruling:
    """Decide whether to adapt, and how.

    A simple rule: the accuracy of a candidate is the mean of the scores that estimate it, its gain
    the mean of their differences to those of the source as it is. The intervals are those of a mean
    of independent numbers, which the scores are not. The candidate of the largest gain is taken if
    the interval lies above 0; where it is the other way round nothing is, and in between the rule
    does not know. A candidate whose predictions collapse is not taken.

    Parameters
    ----------
    scores
        Of each candidate by name, as `monge.verdict.scores_of` gives them; the first is the source
        as it is.

    Examples
    --------
    >>> moved = {"cot": 0.9, "atc": 0.95, "doc": 0.92}
    >>> ruling = decide({"source_only": {"cot": 0.7, "atc": 0.8, "doc": 0.7}, "coral": moved})
    >>> ruling.decision, ruling.choice, round(ruling.gains["coral"].value, 2)
    ('adapt', 'coral', 0.19)
    """
    table = {name: _accuracies(values) for name, values in scores.items()}
    base, *rest = table
    estimates = {name: _mean(values, 0.0, 1.0) for name, values in table.items()}
    gains = {name: _mean(table[name] - table[base], -1.0, 1.0) for name in rest}
    sound = [name for name in rest if not scores[name].get("collapsed", 0.0)]
    if not rest:
        return Ruling(decision="abstain", choice=base, estimates=estimates, gains=gains)
    choice = max(sound or rest, key=lambda name: gains[name].value)
    decision: Decision = "undecided"
    if sound and gains[choice].low > 0:
        decision = "adapt"
    elif not sound or gains[choice].value <= 0:
        decision = "abstain"
    return Ruling(decision=decision, choice=choice, estimates=estimates, gains=gains)


def _accuracies(values: Mapping[str, float]) -> NDArray:
    """Return the scores that estimate the accuracy, in their order, NaN where there is none."""
    names = [name for name, score in SCORES.items() if score.unit == "accuracy"]
    return np.array([values.get(name, np.nan) for name in names])


def _mean(numbers: NDArray, least: float, most: float) -> Estimate:
    """Return the mean of those that are there, with an interval as of independent ones."""
    known = numbers[np.isfinite(numbers)]
    if len(known) == 0:
        return Estimate(value=(least + most) / 2, low=least, high=most)
    mean, count = float(known.mean()), len(known)
    width = _NINETY * float(known.std(ddof=1)) / np.sqrt(count) if count > 1 else most - least
    return Estimate(value=mean, low=max(mean - width, least), high=min(mean + width, most))
