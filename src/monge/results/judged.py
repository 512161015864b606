"""One verdict beside the truth, and how good many of them are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Any

from monge.results.accuracy import POINT

__all__ = ["SOURCE_ONLY", "Estimated", "Figures", "Judged", "Tried", "figures_of"]

SOURCE_ONLY = "source_only"
"""The candidate that adapts nothing."""


@dataclass(frozen=True, kw_only=True)
class Estimated:
    """An accuracy as it was estimated without target labels.

    Attributes
    ----------
    value
        In [0, 1].
    low, high
        Ends of its interval at 90 %; none where none was given.

    Examples
    --------
    >>> Estimated(value=0.8, low=0.7, high=0.85).holds(0.75)
    True
    """

    value: float
    low: float | None = None
    high: float | None = None

    def holds(self, truth: float) -> bool | None:
        """Whether the interval holds a value; ``None`` where there is no interval."""
        if self.low is None or self.high is None:
            return None
        return self.low <= truth <= self.high


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One candidate in one setting.

    Attributes
    ----------
    accuracy
        The truth, in [0, 1]: for the bench alone; ``None`` where the candidate failed.
    seconds
        Of its fit.
    judging
        Seconds that its evidence took on top.
    reason
        Why it failed.
    scores
        By name; ``None`` where one does not apply.

    Examples
    --------
    >>> Tried(accuracy=0.8, seconds=0.1, judging=0.2, scores={"cot": 0.78}).scores["cot"]
    0.78
    """

    accuracy: float | None
    seconds: float
    judging: float = 0.0
    reason: str = ""
    scores: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One verdict: a shift, a seed and a classifier.

    Attributes
    ----------
    shift, seed, classifier
        The setting.
    tried
        By name, ``"source_only"`` among them.
    decision
        ``"adapt"``, ``"abstain"`` or ``"undecided"``.
    choice
        The candidate that the verdict would adapt with.
    source_only, chosen
        Estimated accuracies of the classifier as it is, and of the choice.
    seconds
        Of all that the verdict took, the fits of all candidates among them.
    warnings
        Sentences.

    Examples
    --------
    >>> judged = Judged(
    ...     shift="blobs-scaling",
    ...     seed=0,
    ...     classifier="nearest",
    ...     tried={
    ...         "source_only": Tried(accuracy=0.70, seconds=0.1),
    ...         "coral": Tried(accuracy=0.95, seconds=0.1),
    ...         "linear": Tried(accuracy=0.60, seconds=0.1),
    ...     },
    ...     decision="adapt",
    ...     choice="linear",
    ...     source_only=Estimated(value=0.72),
    ...     chosen=Estimated(value=0.88),
    ...     seconds=1.0,
    ... )
    >>> judged.harmed, round(judged.gain, 2), round(judged.best, 2)
    (True, -0.1, 0.25)
    """

    shift: str
    seed: int
    classifier: str
    tried: dict[str, Tried]
    decision: str
    choice: str
    source_only: Estimated
    chosen: Estimated
    seconds: float
    warnings: tuple[str, ...] = ()

    @property
    def adapts(self) -> bool:
        """Whether who follows the verdict adapts: undecided means no."""
        return self.decision == "adapt" and self.choice != SOURCE_ONLY

    @property
    def followed(self) -> str:
        """The candidate that who follows the verdict ends with."""
        return self.choice if self.adapts else SOURCE_ONLY

    @property
    def estimate(self) -> Estimated:
        """The estimated accuracy of what is followed."""
        return self.chosen if self.adapts else self.source_only

    def accuracy(self, name: str) -> float:
        """Return the true accuracy with a candidate; one that failed leaves things as they are."""
        found = self.tried[name].accuracy if name in self.tried else None
        kept = self.tried[SOURCE_ONLY].accuracy
        return found if found is not None else kept if kept is not None else 0.0

    @property
    def truth(self) -> float:
        """The true accuracy of what is followed."""
        return self.accuracy(self.followed)

    @property
    def gain(self) -> float:
        """True accuracy of what is followed less that without adapting, in [-1, 1]."""
        return self.truth - self.accuracy(SOURCE_ONLY)

    @property
    def best(self) -> float:
        """What an oracle would gain that chose by target labels, 0 or more."""
        return max(self.accuracy(name) for name in self.tried) - self.accuracy(SOURCE_ONLY)

    @property
    def harmed(self) -> bool:
        """Whether who follows the verdict ends over a point below source-only."""
        return self.gain < -POINT

    @property
    def cost(self) -> float | None:
        """Seconds to judge one candidate alone over those to fit it, the median of all tried.

        What all candidates share counts in full for each.
        """
        fitted = {name: each for name, each in self.tried.items() if name != SOURCE_ONLY}
        spent = sum(each.seconds + each.judging for each in self.tried.values())
        source = self.tried[SOURCE_ONLY]
        shared = max(0.0, self.seconds - spent) + source.seconds + source.judging
        ratios = [
            (shared + each.seconds + each.judging) / each.seconds
            for each in fitted.values()
            if each.accuracy is not None and each.seconds > 0
        ]
        return median(ratios) if ratios else None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How good verdicts are, all together.

    Attributes
    ----------
    verdicts
        How many.
    harmed
        Share that end over a point below source-only.
    kept
        Gain over that of an oracle, both summed; ``None`` where there is nothing to gain.
    error
        Mean absolute error of the estimated accuracy of what is followed.
    covered
        Share of intervals that hold the truth; ``None`` where there are none.
    cost
        Median time to judge one candidate in units of its fit.
    adapted
        Share that adapt.

    Examples
    --------
    >>> figures_of([]).verdicts
    0
    """

    verdicts: int
    harmed: float | None
    kept: float | None
    error: float | None
    covered: float | None
    cost: float | None
    adapted: float | None

    def to_json(self) -> dict[str, Any]:
        """Return the figures by name."""
        return dict(vars(self))


def figures_of(judged: Iterable[Judged], follow: Callable[[Judged], str] | None = None) -> Figures:
    """Sum up verdicts, or what following something else would have come to.

    Parameters
    ----------
    judged
        What was judged.
    follow
        Names the candidate that is followed instead of the verdict's, source-only where it was not
        tried or failed; then nothing is estimated.

    Examples
    --------
    >>> tried = {
    ...     "source_only": Tried(accuracy=0.7, seconds=0.1),
    ...     "coral": Tried(accuracy=0.9, seconds=0.1),
    ... }
    >>> one = Judged(
    ...     shift="noise",
    ...     seed=0,
    ...     classifier="nearest",
    ...     tried=tried,
    ...     decision="abstain",
    ...     choice="source_only",
    ...     source_only=Estimated(value=0.75, low=0.65, high=0.8),
    ...     chosen=Estimated(value=0.75, low=0.65, high=0.8),
    ...     seconds=1.0,
    ... )
    >>> figures_of([one]).kept, round(figures_of([one]).error, 2), figures_of([one]).covered
    (0.0, 0.05, 1.0)
    >>> figures_of([one], lambda judged: "coral").kept
    1.0
    """
    rows = list(judged)
    name = (lambda each: each.followed) if follow is None else follow
    gains = [each.accuracy(name(each)) - each.accuracy(SOURCE_ONLY) for each in rows]
    best = sum(each.best for each in rows)
    costs = [each.cost for each in rows if each.cost is not None]
    held = [each.estimate.holds(each.truth) for each in rows]
    told = [inside for inside in held if inside is not None]
    own = follow is None
    moved = [
        name(each) != SOURCE_ONLY and each.tried[name(each)].accuracy is not None
        for each in rows
        if name(each) in each.tried
    ]
    return Figures(
        verdicts=len(rows),
        harmed=fmean(gain < -POINT for gain in gains) if rows else None,
        kept=sum(gains) / best if best > 0 else None,
        error=fmean(abs(e.estimate.value - e.truth) for e in rows) if rows and own else None,
        covered=fmean(told) if told and own else None,
        cost=median(costs) if costs and own else None,
        adapted=sum(moved) / len(rows) if rows else None,
    )
