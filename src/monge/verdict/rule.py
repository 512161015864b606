"""From the scores of all candidates to a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, log10
from statistics import median
from typing import Literal

from monge.verdict.estimate import Estimate
from monge.verdict.learned import learned
from monge.verdict.network import Rule, told

__all__ = ["Decision", "Ruling", "decide", "plain"]

Decision = Literal["adapt", "abstain", "undecided"]

_LEAST_P = 1e-12
"""Below it a p-value says no more."""


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


def decide(scores: Mapping[str, Mapping[str, float]], rule: Rule | None = None) -> Ruling:
    """Decide whether to adapt, and how, by a rule that was learned on other shifts.

    Small networks estimate from the scores the accuracy of each candidate, its gain over the source
    as it is, and the probability that it is over a point below. No gain, and no interval of one,
    exceeds the share of the target rows that the candidate gives another class. What the source as
    it is comes to is the median of all accuracies less their gains; nothing is gained beyond what
    that leaves, and the accuracy of a candidate is that of the source with its gain. The candidate
    whose gain, less a price for the probability of harm, is the largest is taken if this is
    positive. If it is not, but the gain is, the rule does not know; else nothing is to be adapted.
    A candidate whose predictions collapse is not taken. Intervals are the quantiles of the errors
    on families of shifts that the learning never saw.

    Parameters
    ----------
    scores
        Of each candidate by name, as `monge.verdict.scores_of` gives them; the first is the source
        as it is.
    rule
        The one that the library ships by default.

    Examples
    --------
    >>> alone = decide({"source_only": {"cot": 0.7, "atc": 0.8, "doc": 0.7}})
    >>> alone.decision, alone.choice
    ('abstain', 'source_only')
    """
    rule = learned() if rule is None else rule
    known = {name: plain(values) for name, values in scores.items()}
    said = rule(told(list(known.values()), rule.names))
    first, *rest = known
    most = {name: 1 - known[name].get("agreement_baseline", 0.0) for name in rest}
    hoped = {
        name: max(-most[name], min(float(gain), most[name]))
        for name, gain in zip(rest, said.gain[1:], strict=True)
    }
    start = median(
        float(right) - hoped.get(name, 0.0)
        for name, right in zip(known, said.accuracy, strict=True)
    )
    source = _interval(start, rule.accuracy_spread, (0.0, 1.0))
    estimates, gains, worth = {first: source}, {}, {}
    for name, harm in zip(rest, said.harm[1:], strict=True):
        gain = min(hoped[name], 1 - source.value)
        gains[name] = _interval(gain, rule.gain_spread, (-most[name], most[name]))
        estimates[name] = _interval(source.value + gain, rule.accuracy_spread, (0.0, 1.0))
        worth[name] = gain - rule.caution * float(harm)
    if not rest:
        return Ruling(decision="abstain", choice=first, estimates=estimates, gains=gains)
    sound = [name for name in worth if not known[name].get("collapsed", 0.0)]
    choice = max(sound or worth, key=lambda name: worth[name])
    decision: Decision = "undecided"
    if sound and worth[choice] > 0:
        decision = "adapt"
    elif not sound or gains[choice].value <= 0:
        decision = "abstain"
    return Ruling(decision=decision, choice=choice, estimates=estimates, gains=gains)


def plain(values: Mapping[str, float]) -> dict[str, float]:
    """Return the scores that apply, p-values by their logarithm."""
    return {
        name: log10(max(value, _LEAST_P)) if name.endswith(("_p", "_p_moved")) else float(value)
        for name, value in values.items()
        if isfinite(value)
    }


def _interval(value: float, spread: tuple[float, float], within: tuple[float, float]) -> Estimate:
    """Return an estimate and the interval around it, both within a range."""
    least, most = within
    # a zero is added so that none is a negative one
    ends = (min(max(value + part, least), most) + 0.0 for part in (0.0, *spread))
    middle, low, high = ends
    return Estimate(value=middle, low=min(low, middle), high=max(high, middle))
