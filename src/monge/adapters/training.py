"""The classifier, trained on the moved source and on what is known of the target."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from monge._types import NDArray
from monge.adapters.centring import settled
from monge.adapters.classifiers import classifier_of
from monge.adapters.domains import Source, Target, weights_or_even
from monge.adapters.finding import Found
from monge.adapters.moving import move
from monge.adapters.prior import TargetPrior, class_weights
from monge.adapters.votes import plan_votes
from monge.solvers import GraphPlan

__all__ = ["Lesson", "Trained", "in_columns", "lesson_of", "taught", "trained"]


class Trained(NamedTuple):
    """A fitted classifier, what is taken off the rows that it sees (`settled`), and its votes.

    Votes are those of the plan that it was taught by, (m, L), where it was taught by these.
    """

    classifier: Any
    centre: NDArray | None
    votes: NDArray | None = None


def trained(
    classifier: Any,
    moved: NDArray,
    source: Source,
    target: Target | None,
    prior: TargetPrior | None,
) -> Trained:
    """Train a clone of the classifier where the target is.

    Weights reach it if its ``fit`` takes ``sample_weight``. Rows of a class that the target is
    given no share of are left out.

    Parameters
    ----------
    classifier
        See `classifier_of`.
    moved
        The source where it was moved to, (n, d).
    source, target
        The domains; target rows of known label join the training as they are.
    prior
        Class proportions of the target that the source is weighted by.
    """
    model = clone(classifier_of(classifier))
    X, y, weight = moved, source.y, weights_or_even(source.weight, len(moved))
    weighted = source.weight is not None or prior is not None
    if prior is not None:
        weight = class_weights(weight, y, prior)
    if target is not None and len(target.known.rows) > 0:
        rows = target.known.rows
        X = np.concatenate([X, target.X[rows].astype(X.dtype, copy=False)])
        y = np.concatenate([y, target.known.labels])
        weight = np.append(weight, weights_or_even(target.weight, len(target.X))[rows])
        weighted |= target.weight is not None
    counts = weight > 0
    if not counts.all():
        X, y, weight = X[counts], y[counts], weight[counts]
    X, centre = settled(model, X)
    if weighted and has_fit_parameter(model, "sample_weight"):
        return Trained(model.fit(X, y, sample_weight=weight), centre)
    return Trained(model.fit(X, y), centre)


class Lesson(NamedTuple):
    """What a classifier is trained on, see `trained`; votes where the plan labels the target.

    Votes are (m, L), of the target rows in the plan.
    """

    moved: NDArray
    source: Source
    target: Target | None
    prior: TargetPrior | None
    votes: NDArray | None = None


def lesson_of(found: Found, source: Source, target: Target | None) -> Lesson:
    """Return the moved source, or the target where the plan labels it by its graph."""
    solution, rows = found.solution, found.rows
    if target is None or solution is None or not isinstance(solution.plan, GraphPlan):
        return Lesson(move(found.map, source.X), source, target, found.prior)
    votes = plan_votes(solution.plan, source.y[rows.source], source.classes, found.prior)
    labels = source.classes[votes.argmax(1)]  # type: ignore[index] # a graph is for classes alone
    weight = None if target.weight is None else target.weight[rows.target]
    X = target.X[rows.target]
    return Lesson(X, Source(X, labels, weight, rows.target, source.classes), None, None, votes)


def taught(classifier: Any, found: Found, source: Source, target: Target | None) -> Trained:
    """Train on the moved source, or on the target where the plan labels it by its graph.

    Parameters
    ----------
    classifier
        See `classifier_of`.
    found
        What was found out about the domains.
    source, target
        The domains.
    """
    lesson = lesson_of(found, source, target)
    learned = trained(classifier, *lesson[:4])
    return learned._replace(votes=lesson.votes)


def in_columns(shares: NDArray, classes: NDArray, seen: NDArray) -> NDArray:
    """Spread class columns (k, S) of the classes seen over all classes, (k, L)."""
    if len(seen) == len(classes):
        return shares
    spread = np.zeros((len(shares), len(classes)), dtype=shares.dtype)
    spread[:, np.searchsorted(classes, seen)] = shares
    return spread
