"""What may be known of one candidate without a label of the target."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from monge._types import NDArray
from monge.errors import InputError, sentence
from monge.verdict.nearest import neighbours_of
from monge.verdict.once import Once

__all__ = [
    "DomainOdds",
    "Evidence",
    "PlanHealth",
    "frequencies",
    "standardised",
]


class DomainOdds(NamedTuple):
    """How much more likely each row is one of the target than of the source, as a logarithm.

    From classifiers that tell the two domains apart and were not trained on the row. Each domain
    counts alike, however many rows it has: the exponential is a ratio of densities.

    Attributes
    ----------
    source
        Of the source rows, (n,).
    target
        Of the target rows, (m,).

    Examples
    --------
    >>> odds = DomainOdds(source=np.array([-1.0, -2.0]), target=np.array([0.5]))
    >>> np.exp(odds.source).round(2)
    array([0.37, 0.14])
    """

    source: NDArray
    target: NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class PlanHealth:
    """How a plan looks from outside.

    Attributes
    ----------
    status
        How the solve ended, e.g. ``"CONVERGED"``.
    marginal_error
        The larger of the two sides, L1 over the total mass.
    perplexity
        Mean number of target rows that a source row feeds, over m: from about 0 to 1.
    effective_source
        Number of source rows that give mass, ``(sum g)^2 / sum g^2``, over n.
    same_class
        Share of the mass that joins a source row of a class and a target row predicted as such.
    same_class_independent
        The same if source and target row were independent.
    class_mass
        Share of the mass that target rows predicted as each class receive, (L,).

    Examples
    --------
    >>> health = PlanHealth(
    ...     status="CONVERGED",
    ...     marginal_error=1e-4,
    ...     perplexity=0.02,
    ...     effective_source=0.97,
    ...     same_class=0.9,
    ...     same_class_independent=0.5,
    ...     class_mass=np.array([0.5, 0.5]),
    ... )
    >>> health.same_class > health.same_class_independent
    True
    """

    status: str
    marginal_error: float
    perplexity: float
    effective_source: float
    same_class: float
    same_class_independent: float
    class_mass: NDArray


def standardised(points: NDArray) -> NDArray:
    """Return rows (m, d) float64, each feature of mean 0 and deviation 1; constant ones stay 0."""
    rows = np.asarray(points, dtype=np.float64)
    deviation = rows.std(0)
    scaled: NDArray = (rows - rows.mean(0)) / np.where(deviation > 0, deviation, 1.0)
    return scaled


def frequencies(labels: NDArray, size: int) -> NDArray:
    """Return the share of each class from 0 among labels, (L,)."""
    return np.bincount(labels, minlength=size) / len(labels)


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """Everything that a judge may know of one candidate; no label of the target is in it.

    Probabilities are float64, a row of sum one for each row of data, and the class of the largest
    is what is predicted. Of `returned` and `resampled` nothing but that is read: zeros and ones do.

    Parameters
    ----------
    labels
        Classes of the source rows, (n,) integers from 0.
    n_classes
        L.
    held
        (n, L) of source rows by the classifier trained on the source as it is, without the row.
    baseline
        (m, L) of target rows by the classifier trained on the source as it is.
    chosen
        (m, L) of target rows by the candidate.
    source, target
        Rows, (n, d) and (m, d).
    moved
        The source rows where the candidate moved them, (n, d).
    moved_held
        (n, L) of moved source rows by the candidate's classifier, trained on the moved source
        without the row; the plan knew the row.
    unseen
        (n, L) of source rows by the candidate fitted without them, plan and all.
    returned
        (n, L) of source rows by the candidate fitted the other way round: the target with the
        candidate's labels as source, the source as target.
    resampled
        (m, L) each, of target rows by the candidate fitted on some of the rows of both sides.
    others, named
        (m, L) each, of target rows by the other candidates; and the name of each, where they have
        any.
    name
        Of the candidate itself, if it has one.
    views
        What else is known of the target rows, (m, k) each.
    odds, odds_moved
        Of the domains before and after the source was moved.
    plan
        ``None`` for transports without a plan.
    near, near_views
        Nearest other rows of each target row, (m, k), in the features and in each view; worked out
        where they are asked for, if not given.
    once
        Keeps what several scores need; candidates of the same domains may share one.

    Raises
    ------
    InputError
        If rows or classes do not fit together.

    Examples
    --------
    >>> shares = np.array([[0.9, 0.1], [0.2, 0.8]])
    >>> evidence = Evidence(
    ...     labels=np.array([0, 1]),
    ...     n_classes=2,
    ...     held=shares,
    ...     baseline=shares,
    ...     chosen=shares[::-1],
    ...     source=np.zeros((2, 1)),
    ...     target=np.ones((2, 1)),
    ... )
    >>> evidence.predicted
    array([1, 0])
    """

    labels: NDArray
    n_classes: int
    held: NDArray
    baseline: NDArray
    chosen: NDArray
    source: NDArray
    target: NDArray
    moved: NDArray | None = None
    moved_held: NDArray | None = None
    unseen: NDArray | None = None
    returned: NDArray | None = None
    resampled: tuple[NDArray, ...] = ()
    others: tuple[NDArray, ...] = ()
    named: tuple[str, ...] = ()
    name: str = ""
    views: tuple[NDArray, ...] = ()
    odds: DomainOdds | None = None
    odds_moved: DomainOdds | None = None
    plan: PlanHealth | None = None
    near: NDArray | None = None
    near_views: tuple[NDArray, ...] = ()
    once: Once = field(default_factory=Once, repr=False)

    def __post_init__(self) -> None:
        n, m, size = len(self.labels), len(self.target), self.n_classes
        of_source = {name: getattr(self, name) for name in _OF_SOURCE}
        of_target = {
            "baseline": self.baseline,
            "chosen": self.chosen,
            **{f"resampled[{i}]": shares for i, shares in enumerate(self.resampled)},
            **{f"others[{i}]": shares for i, shares in enumerate(self.others)},
        }
        for length, group in ((n, of_source), (m, of_target)):
            for name, shares in group.items():
                if shares is not None and shares.shape != (length, size):
                    required, got = f"of shape ({length}, {size})", f"shape {shares.shape}"
                    remedy = "pass one probability for each row and class"
                    raise InputError(sentence("Evidence", name, required, got, remedy))

    @cached_property
    def predicted(self) -> NDArray:
        """Classes that the candidate gives the target rows, (m,)."""
        classes: NDArray = self.chosen.argmax(1)
        return classes

    @cached_property
    def proportions(self) -> NDArray:
        """Share of each class in the source, (L,)."""
        return frequencies(self.labels, self.n_classes)

    @cached_property
    def predicted_shares(self) -> NDArray:
        """Share of the target rows that are predicted as each class, (L,)."""
        return frequencies(self.predicted, self.n_classes)

    @cached_property
    def neighbours(self) -> NDArray:
        """Nearest other rows of each target row in the standardised features, (m, k)."""
        return neighbours_of(standardised(self.target)) if self.near is None else self.near

    @cached_property
    def view_neighbours(self) -> tuple[NDArray, ...]:
        """Nearest other rows of each target row in each view, (m, k) each."""
        if self.near_views:
            return self.near_views
        return tuple(neighbours_of(view) for view in self.views)


_OF_SOURCE = ("held", "moved_held", "unseen", "returned")
