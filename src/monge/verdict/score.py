"""What a score is: a number for a candidate, worked out from its evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite, nan
from typing import Literal

from monge.verdict.evidence import Evidence

__all__ = ["Score"]

_ABSENT = {
    "moved": "no rows were moved",
    "moved_held": "no rows were moved",
    "unseen": "the candidate was not fitted again on parts of the rows",
    "returned": "the candidate could not be fitted the other way round",
    "resampled": "the candidate was not fitted again on parts of the rows",
    "others": "there is no other candidate",
    "views": "no other view of the target rows was given",
    "odds": "no classifier of the domains was trained",
    "odds_moved": "the domains were not told apart again after the move",
    "plan": "the transport has no plan",
}


@dataclass(frozen=True, kw_only=True)
class Score:
    """A number that says something of a candidate.

    Attributes
    ----------
    name
        Unique among `monge.verdict.SCORES`.
    title
        What it is, in a few words.
    source
        Key in ``docs/references.bib``; empty where it is the house's own.
    formula
        The number, where what it needs is there; NaN where it is not defined.
    needs
        The parts of the evidence without which it says nothing.
    unit
        ``"accuracy"`` where it estimates the accuracy on the target, else ``"score"``.
    higher_is_better
        Whether more is better news.

    Examples
    --------
    >>> import numpy as np
    >>> shares = np.array([[0.9, 0.1], [0.2, 0.8]])
    >>> evidence = Evidence(
    ...     labels=np.array([0, 1]),
    ...     n_classes=2,
    ...     held=shares,
    ...     baseline=shares,
    ...     chosen=shares,
    ...     source=np.zeros((2, 1)),
    ...     target=np.ones((2, 1)),
    ... )
    >>> from monge.verdict import SCORES
    >>> round(SCORES["mean_confidence"](evidence), 2)
    0.85
    >>> SCORES["circular_accuracy"](evidence), SCORES["circular_accuracy"].why(evidence)
    (nan, 'the candidate could not be fitted the other way round')
    """

    name: str
    title: str
    formula: Callable[[Evidence], float]
    source: str = ""
    needs: tuple[str, ...] = ()
    unit: Literal["accuracy", "score"] = "score"
    higher_is_better: bool = True

    def __call__(self, evidence: Evidence) -> float:
        """Return the number, or NaN where it does not apply; `why` says why."""
        if self._missing(evidence):
            return nan
        value = float(self.formula(evidence))
        return value if isfinite(value) else nan

    def why(self, evidence: Evidence) -> str:
        """Return why the score does not apply, or nothing where it does."""
        missing = self._missing(evidence)
        if missing:
            return _ABSENT[missing]
        return "" if isfinite(float(self.formula(evidence))) else "it is not defined here"

    def _missing(self, evidence: Evidence) -> str:
        for name in self.needs:
            part = getattr(evidence, name)
            if part is None or (isinstance(part, tuple) and len(part) == 0):
                return name
        return ""
