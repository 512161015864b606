"""One setting of the bench: what the judge is given, and what it says. Truth is no part of it.

This is the one place where the bench asks the library to try candidates and to decide.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
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

__all__ = [
    "Decide",
    "Given",
    "Opinion",
    "Scores",
    "Trials",
    "Tried",
    "decide",
    "rule_in_words",
    "try_candidates",
]


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
    adapters: Any = import_module("monge.adapters")  # by name: they say nothing of their types here
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
        scores = trial.scores  # worked out when they are asked for
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


Scores = Mapping[str, Mapping[str, float | None]]
"""Of each candidate by name, ``"source_only"`` first, every score by name."""

Decide = Callable[[Scores, str], Opinion]
"""From the scores of a setting, and the family of its shift, to an opinion. A rule that was learned
on the suite is to be one that never saw the family."""


def decide(scores: Scores, family: str) -> Opinion:
    """Decide by the rule of the library.

    Parameters
    ----------
    scores
        Of the candidates that did not fail.
    family
        Of the shift: not used, as the library has one rule for all.
    """
    del family
    return by_rule(scores)


def by_rule(scores: Scores, rule: Any = None) -> Opinion:
    """Decide by a `monge.verdict.Rule`, that of the library by default."""
    told = {
        name: {score: value for score, value in each.items() if value is not None}
        for name, each in scores.items()
    }
    ruling = import_module("monge.verdict").decide(told, rule)
    estimates = {name: _estimated(found) for name, found in ruling.estimates.items()}
    return Opinion(
        decision=ruling.decision,
        choice=ruling.choice,
        source_only=estimates[SOURCE_ONLY],
        chosen=estimates[ruling.choice],
    )


def _estimated(found: Any) -> Estimated:
    return Estimated(value=float(found.value), low=float(found.low), high=float(found.high))


def rule_in_words(rule: Decide) -> str:
    """Return what is said of a rule where it is written: all before its parameters."""
    told = import_module("monge.verdict").decide if rule is decide else rule
    words = (inspect.getdoc(told) or "not described").partition("\n\nParameters")[0]
    return " ".join(words.split())
