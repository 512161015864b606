"""A rule of linear functions of the scores: what was learned, without what is done with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Line", "Rule"]


class Line(NamedTuple):
    """A linear function of the scores of a candidate, its fills where scores are missing.

    Attributes
    ----------
    bias
        The number where every score is 0.
    own, base
        Weight of a score of the candidate, and of the same score of the source as it is.
    own_fill, base_fill
        What stands for a score that does not apply.

    Examples
    --------
    >>> line = Line(0.1, {"cot": 0.5}, {"cot": 0.2}, {"cot": 0.0}, {"cot": 1.0})
    >>> round(line({"cot": 0.8}, {}), 3)
    0.7
    """

    bias: float
    own: Mapping[str, float]
    base: Mapping[str, float]
    own_fill: Mapping[str, float]
    base_fill: Mapping[str, float]

    def __call__(self, own: Mapping[str, float], base: Mapping[str, float]) -> float:
        """Return the number for the scores of a candidate and of the source as it is."""
        parts = [
            weight * _known(values.get(name), fills[name])
            for values, weights, fills in (
                (own, self.own, self.own_fill),
                (base, self.base, self.base_fill),
            )
            for name, weight in weights.items()
        ]
        return self.bias + sum(parts)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What was learned on shifts whose truth is known: see ``benchmarks/learn_verdict.py``.

    Attributes
    ----------
    accuracy
        Of a candidate on the target, from its scores and those of the source as it is.
    gain
        Over the source as it is, from the differences of the scores and those of the source.
    harm
        Log-odds that it is over a point below the source, from the same.
    caution
        What the probability of harm costs, in units of accuracy.
    accuracy_spread, gain_spread
        What is added to an estimate for the ends of its interval: the quantiles at 5 % and 95 % of
        the errors on families of shifts that the learning never saw.

    Examples
    --------
    >>> from monge.verdict.learned import LEARNED
    >>> LEARNED.caution
    0.4
    """

    accuracy: Line
    gain: Line
    harm: Line
    caution: float
    accuracy_spread: tuple[float, float]
    gain_spread: tuple[float, float]


def _known(value: float | None, fill: float) -> float:
    return fill if value is None else value
