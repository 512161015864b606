"""Candidates tried one after the other, and what is learned of each without a target label.

What does not depend on the candidate is worked out once. What is fitted again (the other way round,
and on parts of the rows) is fitted on at most 2,000 rows a side, and rows beyond 4,000 a side
bear no witness: the candidate itself is fitted on all.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone

from monge._types import NDArray
from monge.adapters.candidates import SOURCE_ONLY, Candidate, Unmoved
from monge.adapters.domains import drawn
from monge.adapters.speaking import Speaker, left_out, speaker_of
from monge.adapters.telling import domain_odds, folds_of
from monge.progress import Progress, Report, silent
from monge.solvers import Solution
from monge.solvers.options import Rule, check_options, is_number
from monge.verdict import DomainOdds, Evidence, PlanHealth, scores_of
from monge.verdict.evidence import neighbours_of, standardised

__all__ = ["Both", "Effort", "Trial", "try_all"]

logger = logging.getLogger("monge")

_WITNESSES = 4000
"""Rows of each side that the evidence is taken from."""

_AGAIN = 2000
"""Rows of each side that a candidate is fitted on again."""


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is done to know a candidate.

    Attributes
    ----------
    folds
        In which the rows of the source are left out of its classifiers.
    resamples
        Fits on parts of the rows: with k of them each leaves out another k-th of the source, and a
        k-th of the target drawn at random. 0 makes none.
    circular
        Whether to fit the other way round.

    Examples
    --------
    >>> Effort(resamples=0, circular=False).folds
    5
    """

    folds: int = 5
    resamples: int = 2
    circular: bool = True

    def __post_init__(self) -> None:
        least = Rule(
            holds=lambda value: is_number(value, Integral) and value >= 2,  # noqa: PLR2004 - one is left out
            required="a whole number, 2 or more",
            remedy="pass for example folds=5",
        )
        some = Rule(
            holds=lambda value: is_number(value, Integral) and value >= 0,
            required="a whole number, 0 or more",
            remedy="pass for example resamples=2",
        )
        check_options(self, folds=least, resamples=some)


@dataclass(frozen=True, kw_only=True, eq=False)
class Both:
    """Both domains, checked: X (n, d), codes (n,) from 0, classes (L,), X_target (m, d), views."""

    X: NDArray
    codes: NDArray
    classes: NDArray
    X_target: NDArray
    views: tuple[NDArray, ...] = ()


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


@dataclass(frozen=True, kw_only=True, eq=False)
class _Common:
    """What all candidates share."""

    both: Both
    rows: NDArray
    columns: NDArray
    folds: NDArray
    parts: NDArray
    held: NDArray
    baseline: NDArray
    odds: DomainOdds
    near: NDArray
    near_views: tuple[NDArray, ...]

    @property
    def X(self) -> NDArray:  # noqa: N802 - scikit-learn's letter
        return self.both.X[self.rows]

    @property
    def codes(self) -> NDArray:
        return self.both.codes[self.rows]

    @property
    def Xt(self) -> NDArray:  # noqa: N802 - the same
        return self.both.X_target[self.columns]


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
    common = _common(estimator, both, effort, seed)
    everyone = {SOURCE_ONLY: Candidate(transport=Unmoved()), **candidates}
    trials = []
    for done, (name, candidate) in enumerate(everyone.items()):
        report(Progress(task="Trying candidates", done=done, total=len(everyone), detail=name))
        fitted = (ready or {}).get(name)
        trials.append(
            _try(estimator, name, candidate, common, effort=effort, seed=seed, fitted=fitted)
        )
    report(Progress(task="Trying candidates", done=len(everyone), total=len(everyone)))
    return _introduced(trials)


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
            ),
        )
        for trial in trials
    ]


def _common(estimator: Any, both: Both, effort: Effort, seed: int) -> _Common:
    draw, size = np.random.RandomState(seed), len(both.classes)
    first = np.unique(both.codes, return_index=True)[1]
    rows = np.union1d(drawn(draw, len(both.X), _WITNESSES), first)
    columns = drawn(draw, len(both.X_target), _WITNESSES)
    X, codes, Xt = both.X[rows], both.codes[rows], both.X_target[columns]
    folds = folds_of(codes, effort.folds, draw)
    speaker = Speaker.taught(estimator.classifier, both.X, both.codes, size)
    return _Common(
        both=both,
        rows=rows,
        columns=columns,
        folds=folds,
        parts=folds_of(codes, max(effort.resamples, 2), draw),
        held=left_out(estimator.classifier, X, codes, folds, size),
        baseline=speaker(Xt),
        odds=domain_odds(X, Xt, draw),
        near=neighbours_of(standardised(Xt)),
        near_views=tuple(neighbours_of(view[columns]) for view in both.views),
    )


def _made(estimator: Any, candidate: Candidate, seed: int) -> Any:
    """Return the unfitted adapter of a candidate."""
    return clone(estimator).set_params(**candidate.parameters, random_state=seed)


def _try(
    estimator: Any,
    name: str,
    candidate: Candidate,
    common: _Common,
    *,
    effort: Effort,
    seed: int,
    fitted: Any = None,
) -> Trial:
    both, began = common.both, time.perf_counter()
    views = list(both.views) if candidate.views else None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            adapter = fitted
            if adapter is None:
                adapter = _made(estimator, candidate, seed).fit(
                    both.X, both.classes[both.codes], X_target=both.X_target, target_views=views
                )
            done = time.perf_counter()
            evidence = _evidence(adapter, candidate, common, effort=effort, seed=seed)
        except Exception as error:  # noqa: BLE001 - no candidate may stop the others
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            logger.info("judge: %s failed: %s", name, reason)
            seconds = time.perf_counter() - began
            return Trial(name=name, candidate=candidate, reason=reason, seconds=seconds)
    return Trial(
        name=name,
        candidate=candidate,
        adapter=adapter,
        seconds=done - began,
        judging=time.perf_counter() - done,
        evidence=evidence,
        said=tuple(dict.fromkeys(str(warning.message) for warning in caught)),
    )


def _evidence(
    adapter: Any, candidate: Candidate, common: _Common, *, effort: Effort, seed: int
) -> Evidence:
    both, size = common.both, len(common.both.classes)
    X, codes, Xt = common.X, common.codes, common.Xt
    speaker = speaker_of(adapter, both.X, both.codes, both.X_target)
    still = isinstance(candidate.transport, Unmoved)
    chosen = common.baseline if still else speaker(Xt)
    moved = X if still else adapter.transform(X)
    held = common.held
    odds = common.odds
    if not still:
        held = left_out(adapter.classifier, moved, codes, common.folds, size)
        odds = domain_odds(moved, Xt, np.random.RandomState(seed))
    unseen, resampled = _again(adapter, candidate, common, effort.resamples, seed)
    return Evidence(
        labels=codes,
        n_classes=size,
        held=common.held,
        baseline=common.baseline,
        chosen=chosen,
        source=X,
        target=Xt,
        moved=moved,
        moved_held=held,
        unseen=unseen,
        returned=_returned(adapter, candidate, common, chosen, seed) if effort.circular else None,
        resampled=resampled,
        views=tuple(view[common.columns] for view in both.views),
        odds=common.odds,
        odds_moved=odds,
        plan=_health(adapter, both),
        near=common.near,
        near_views=common.near_views,
    )


def _returned(
    adapter: Any, candidate: Candidate, common: _Common, chosen: NDArray, seed: int
) -> NDArray | None:
    """Go back: the target with its predicted labels as source, the source as target."""
    draw = np.random.RandomState(seed)
    columns = drawn(draw, len(common.Xt), _AGAIN)
    rows = drawn(draw, len(common.X), _AGAIN)
    told = chosen.argmax(1)
    # A class that is predicted of a single row is not to be lost on the way.
    columns = np.union1d(columns, np.unique(told, return_index=True)[1])
    back = replace(candidate, subsample=None, views=False)
    found = _fitted(adapter, back, (common.Xt[columns], told[columns], common.X[rows]), seed)
    return None if found is None else _spread(found, common.X, len(common.both.classes))


def _again(
    adapter: Any, candidate: Candidate, common: _Common, resamples: int, seed: int
) -> tuple[NDArray | None, tuple[NDArray, ...]]:
    """Fit on parts of the rows: what is said of the source rows left out, and of the target."""
    size, said, unseen = len(common.both.classes), [], None
    draw = np.random.RandomState(seed)
    if resamples:
        unseen = np.full((len(common.X), size), np.nan)
    for part in range(resamples):
        out = common.parts == part
        inside = np.flatnonzero(~out)
        rows = inside[drawn(draw, len(inside), _AGAIN)]
        share = max(1, round(len(common.Xt) * (1 - 1 / max(resamples, 2))))
        columns = drawn(draw, len(common.Xt), min(share, _AGAIN))
        again = replace(candidate, subsample=None, views=False)
        given = common.X[rows], common.codes[rows], common.Xt[columns]
        found = _fitted(adapter, again, given, seed)
        if found is None:
            return None, ()
        said.append(_spread(found, common.Xt, size))
        if unseen is not None:
            moved = found.adapter.transform(common.X[out])
            unseen[out] = _spread(found, moved, size)
    complete = unseen is not None and bool(np.isfinite(unseen).all())
    return unseen if complete else None, tuple(said)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Fitted:
    adapter: Any
    speaker: Speaker


def _fitted(
    adapter: Any, candidate: Candidate, given: tuple[NDArray, NDArray, NDArray], seed: int
) -> _Fitted | None:
    """Fit a candidate on source rows, their codes and target rows; ``None`` where it fails."""
    rows, codes, columns = given
    try:
        again = _made(adapter, candidate, seed).fit(rows, codes, X_target=columns)
        return _Fitted(adapter=again, speaker=speaker_of(again, rows, _own(again, codes), columns))
    except Exception as error:  # noqa: BLE001 - a score that is missing stops nothing
        logger.info("judge: a fit on other rows failed: %s", error)
        return None


def _own(adapter: Any, codes: NDArray) -> NDArray:
    """Return codes as places in the classes that the adapter has seen."""
    places: NDArray = np.searchsorted(adapter.classes_, codes)
    return places


def _spread(found: _Fitted, X: NDArray, size: int) -> NDArray:
    """Return what is said of rows in the columns of all classes, (k, L)."""
    said = np.zeros((len(X), size))
    said[:, found.adapter.classes_] = found.speaker(X)
    return said


def _health(adapter: Any, both: Both) -> PlanHealth | None:
    """Look at the plan from outside."""
    solution: Solution | None = adapter.solution_
    if solution is None:
        return None
    plan, size = solution.plan, len(both.classes)
    told = np.searchsorted(both.classes, adapter.predict(both.X_target[adapter.target_rows_]))
    given = plan.marginals().source.cpu().numpy()
    mass = np.zeros((size, size))
    joined = plan.class_mass(both.codes[adapter.source_rows_], told).cpu().numpy()
    mass[: len(joined), : len(joined)] = joined / joined.sum()
    return PlanHealth(
        status=solution.status.name,
        marginal_error=float(max(solution.marginal_error)),
        perplexity=float(plan.row_perplexity().double().mean()) / plan.shape[1],
        effective_source=float(given.sum() ** 2 / np.square(given).sum() / len(given)),
        same_class=float(mass.trace()),
        same_class_independent=float(mass.sum(0) @ mass.sum(1)),
        class_mass=mass.sum(0),
    )
