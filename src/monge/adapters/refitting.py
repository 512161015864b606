"""A candidate fitted again on other rows, for what it says and nothing else.

As `monge.Adapter.fit` does it, on rows that were checked before, and without what only an adapter
needs that is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from monge._types import CostName, NDArray
from monge.adapters.candidates import Candidate, Unmoved
from monge.adapters.checks import device_of
from monge.adapters.domains import Source, Target
from monge.adapters.finding import asked_of, find
from monge.adapters.labels import Known, classes_of
from monge.adapters.moving import move
from monge.adapters.prior import check_prior
from monge.adapters.speaking import Speaker
from monge.adapters.training import lesson_of, trained
from monge.geometry.costs import CostFunction
from monge.maps import Barycentric, Map, NearestExtension, PlanFit
from monge.progress import silent
from monge.solvers import Solution

__all__ = ["Refit", "made", "refit"]


def made(estimator: Any, candidate: Candidate, seed: int) -> Any:
    """Return the unfitted adapter of a candidate; the source as it is takes no proportions."""
    adapter = clone(estimator).set_params(**candidate.parameters, random_state=seed)
    if isinstance(candidate.transport, Unmoved):
        adapter.set_params(target_prior=None)
    return adapter


@dataclass(frozen=True, kw_only=True)
class _Unsaid(PlanFit):
    """The barycentric map without a look at whether the plan says anything: a fit has warned."""

    def fit(self, solution: Solution) -> Map:
        images = Barycentric().images(solution, "Barycentric")
        return NearestExtension(anchors=images.anchors, images=images.places)

    def takes(self, cost: CostName | CostFunction) -> bool:
        return Barycentric().takes(cost)


@dataclass(frozen=True, kw_only=True, eq=False)
class Refit:
    """What was fitted: the map, ``None`` where nothing is moved, and who speaks of target rows."""

    map: Map | None
    speaker: Speaker

    def move(self, X: NDArray) -> NDArray:
        """Move source rows, (k, d) -> (k, d)."""
        return move(self.map, X)

    def say(self, X: NDArray, size: int) -> NDArray:
        """Return what is said of rows in the columns of all classes, (k, L)."""
        said = np.zeros((len(X), size))
        said[:, self.speaker.classes] = self.speaker(X)
        return said

    def predict(self, X: NDArray, size: int) -> NDArray:
        """Return one for the class that is predicted of a row and zero for the others, (k, L)."""
        return np.eye(size)[self.speaker.classes[self.speaker.predict(X)]]


def refit(
    estimator: Any, candidate: Candidate, X: NDArray, codes: NDArray, X_target: NDArray, seed: int
) -> Refit:
    """Fit a candidate.

    Parameters
    ----------
    estimator
        The adapter that it is made of.
    candidate
        The transport with its options.
    X, codes
        Source rows that were checked, (n, d), and their classes from 0, (n,); some may be missing.
    X_target
        Target rows that were checked, (m, d).
    seed
        Of every draw.

    Raises
    ------
    MongeError
        As a fit does.
    """
    adapter, classes = made(estimator, candidate, seed), classes_of(codes)
    if isinstance(candidate.transport, Unmoved):
        places = np.searchsorted(classes, codes)
        return Refit(map=None, speaker=Speaker.taught(adapter.classifier, X, places, classes))
    asked = asked_of(adapter, semi_supervised=False)
    if isinstance(asked.map, Barycentric):
        asked = asked._replace(map=_Unsaid())
    source = Source(X, codes, None, np.arange(len(X)), classes)
    none = Known(np.arange(0), np.arange(0))
    target = Target(X_target, none, None, np.arange(len(X_target)))
    prior = check_prior(adapter.target_prior, classes)
    device = device_of(X, adapter.device)
    found = find(adapter, asked, source, target, prior, device, silent)
    lesson = lesson_of(found, source, target)
    places = np.searchsorted(classes, lesson.source.y)
    speaker = Speaker(trained(adapter.classifier, *lesson[:4]), lesson.moved, places, classes)
    return Refit(map=found.map, speaker=speaker)
