"""One setting of the bench: what the judge is given, and what it says. Truth is no part of it.

This is the one place where the bench asks the library to try candidates and to decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from math import isfinite
from time import perf_counter
from typing import Any

import numpy as np
import torch

from monge._types import NDArray
from monge.experiments.network import digest
from monge.results import Estimated
from monge.results.judged import SOURCE_ONLY

__all__ = ["RULE", "Given", "Opinion", "Trials", "Tried", "decide", "try_candidates"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Given:
    """What the judge knows: labelled source rows, and target rows without labels.

    Attributes
    ----------
    source, labels
        (n, d) and (n,) int64.
    target
        (m, d).
    views
        Of the target rows, each (m, p).
    classifier
        By its name among `monge.adapters.CLASSIFIERS`.
    seed
        Of every draw.
    """

    source: NDArray
    labels: NDArray
    target: NDArray
    views: tuple[NDArray, ...]
    classifier: str
    seed: int

    def fingerprint(self) -> str:
        """Return one hash of the rows."""
        return digest(*map(torch.as_tensor, (self.source, self.labels, self.target, *self.views)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Tried:
    """One candidate: the classes that it predicts, (m,) int64, none where it failed."""

    predicted: NDArray | None
    seconds: float
    judging: float = 0.0
    reason: str = ""
    scores: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Trials:
    """Every candidate by name, ``"source_only"`` first, and the seconds of all of it."""

    tried: dict[str, Tried]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What is decided; see `monge.results.Judged`."""

    decision: str
    choice: str
    source_only: Estimated
    chosen: Estimated
    warnings: tuple[str, ...] = ()


def try_candidates(given: Given) -> Trials:
    """Try every candidate of the library, and score each without target labels."""
    adapters: Any = import_module("monge.adapters")
    scores_of = import_module("monge.verdict").scores_of
    began = perf_counter()
    n, d = given.source.shape
    found = adapters.collect(
        adapters.candidates(
            n, len(given.target), d, len(np.unique(given.labels)), len(given.views)
        ),
        given.source,
        given.labels,
        given.target,
        classifier=given.classifier,
        views=given.views,
        random_state=given.seed,
    )
    tried, predicting = {}, 0.0
    for trial in found:
        scored = perf_counter()
        scores = {} if trial.evidence is None else scores_of(trial.evidence)
        predicted, said = None, perf_counter()
        if trial.adapter is not None:
            predicted = np.asarray(trial.adapter.predict(given.target), dtype=np.int64)
        predicting += perf_counter() - said
        tried[trial.name] = Tried(
            predicted=predicted,
            seconds=trial.seconds,
            judging=trial.judging + said - scored,
            reason=trial.reason,
            scores={name: value if isfinite(value) else None for name, value in scores.items()},
        )
    return Trials(tried=tried, seconds=perf_counter() - began - predicting)


RULE = (
    "Circular validation alone, until the library has a rule of its own: the candidate with which "
    "adapting back predicts most source labels right, the source as it is where none is better; "
    "that share is taken for the accuracy on the target, without an interval."
)


def decide(scores: Mapping[str, Mapping[str, float | None]]) -> Opinion:
    """Decide by the scores of every candidate, by name: `RULE`."""
    told = {name: each.get("circular_accuracy") for name, each in scores.items()}
    known = {name: value for name, value in told.items() if value is not None}
    kept = known.get(SOURCE_ONLY)
    best = max(known, key=lambda name: (known[name], name == SOURCE_ONLY), default=SOURCE_ONLY)
    stays = best == SOURCE_ONLY or kept is None
    source_only = Estimated(value=0.0 if kept is None else kept)
    return Opinion(
        decision="undecided" if kept is None else "abstain" if stays else "adapt",
        choice=SOURCE_ONLY if stays else best,
        source_only=source_only,
        chosen=source_only if stays else Estimated(value=known[best]),
    )
