"""Candidates tried one after the other."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from sklearn import config_context

from monge.adapters.candidates import SOURCE_ONLY, Candidate, Unmoved
from monge.adapters.gathering import gather
from monge.adapters.refitting import made
from monge.adapters.witnesses import Both, Common, Effort, common_of
from monge.progress import Progress, Report, silent
from monge.verdict import Evidence, scores_of

__all__ = ["Trial", "try_all"]

logger = logging.getLogger("monge")


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """A candidate that was tried.

    Attributes
    ----------
    name
        Unique among those tried.
    candidate
        The transport with its options.
    adapter
        Fitted on all rows; ``None`` where it failed.
    reason
        Why it failed; empty where it did not.
    seconds
        That the fit took.
    judging
        Seconds that the evidence took on top.
    evidence
        ``None`` where the candidate failed.
    said
        What the fit warned of.

    Examples
    --------
    >>> candidate = Candidate(transport=Unmoved())
    >>> Trial(name="nothing", candidate=candidate, reason="too few rows").scores
    {}
    """

    name: str
    candidate: Candidate
    adapter: Any = None
    reason: str = ""
    seconds: float = 0.0
    judging: float = 0.0
    evidence: Evidence | None = None
    said: tuple[str, ...] = ()

    @cached_property
    def scores(self) -> dict[str, float]:
        """Every score by name, see `monge.verdict.SCORES`; none where the candidate failed."""
        return {} if self.evidence is None else scores_of(self.evidence)


def try_all(
    estimator: Any,
    candidates: Mapping[str, Candidate],
    both: Both,
    *,
    effort: Effort,
    seed: int,
    report: Report = silent,
    ready: Mapping[str, Any] | None = None,
) -> list[Trial]:
    """Try the source as it is, then each candidate; see `monge.adapters.collect`.

    Parameters
    ----------
    estimator
        The adapter that the candidates are made of: a clone with their parameters is fitted.
    candidates
        By name.
    both
        The domains.
    effort
        What is done.
    seed
        Of every draw, the candidates' own too.
    report
        Told which candidate is tried.
    ready
        Adapters that were fitted on these very rows, by name: they are not fitted again.
    """
    everyone = {SOURCE_ONLY: Candidate(transport=Unmoved()), **candidates}
    known = {name: _Fit(adapter, 0.0) for name, adapter in (ready or {}).items()}
    known[SOURCE_ONLY] = _fit(estimator, everyone[SOURCE_ONLY], both, seed)
    with _checked_before():
        common = common_of(known[SOURCE_ONLY].adapter, both, effort, seed)
    trials = []
    for done, (name, candidate) in enumerate(everyone.items()):
        report(Progress(task="Trying candidates", done=done, total=len(everyone), detail=name))
        trials.append(
            _try(estimator, name, candidate, common, effort, seed, fitted=known.get(name))
        )
    report(Progress(task="Trying candidates", done=len(everyone), total=len(everyone)))
    return _introduced(trials)


def _checked_before() -> AbstractContextManager[None]:
    """Spare scikit-learn's looks at rows and parameters: both were looked at when they came."""
    context: AbstractContextManager[None] = config_context(
        assume_finite=True, skip_parameter_validation=True
    )
    return context


def _introduced(trials: list[Trial]) -> list[Trial]:
    """Show each candidate what the others say."""
    said = {trial.name: trial.evidence.chosen for trial in trials if trial.evidence is not None}
    return [
        trial
        if trial.evidence is None
        else replace(
            trial,
            evidence=replace(
                trial.evidence,
                others=tuple(shares for name, shares in said.items() if name != trial.name),
                named=tuple(name for name in said if name != trial.name),
                name=trial.name,
            ),
        )
        for trial in trials
    ]


class _Fit(NamedTuple):
    """A fitted adapter, the seconds that it took, and what it warned of."""

    adapter: Any
    seconds: float
    said: tuple[str, ...] = ()


def _fit(estimator: Any, candidate: Candidate, both: Both, seed: int) -> _Fit:
    began = time.perf_counter()
    views = list(both.views) if candidate.views else None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        adapter = made(estimator, candidate, seed).fit(
            both.X, both.classes[both.codes], X_target=both.X_target, target_views=views
        )
    said = tuple(dict.fromkeys(str(warning.message) for warning in caught))
    return _Fit(adapter, time.perf_counter() - began, said)


def _try(
    estimator: Any,
    name: str,
    candidate: Candidate,
    common: Common,
    effort: Effort,
    seed: int,
    *,
    fitted: _Fit | None,
) -> Trial:
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a fit warns of is kept with it
        try:
            fit = _fit(estimator, candidate, common.both, seed) if fitted is None else fitted
            done = time.perf_counter()
            with _checked_before():
                evidence = gather(fit.adapter, candidate, common, effort=effort, seed=seed)
        except Exception as error:  # noqa: BLE001 - no candidate may stop the others
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            logger.info("judge: %s failed: %s", name, reason)
            seconds = time.perf_counter() - began
            return Trial(name=name, candidate=candidate, reason=reason, seconds=seconds)
    return Trial(
        name=name,
        candidate=candidate,
        adapter=fit.adapter,
        seconds=fit.seconds,
        judging=time.perf_counter() - done,
        evidence=evidence,
        said=fit.said,
    )
