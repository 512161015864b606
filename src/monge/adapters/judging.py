"""Does adapting help? The verdict on two domains, without a label of the target."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import clone

from monge.adapters.adapter import Adapter
from monge.adapters.auto import Auto, seconds_of
from monge.adapters.candidates import Candidate, named_candidates
from monge.adapters.checks import seed_of
from monge.adapters.choosing import judged
from monge.adapters.classifiers import classifier_of, is_regression
from monge.adapters.finding import asked_of
from monge.adapters.trials import both_of
from monge.errors import InputError, sentence
from monge.progress import Report, silent
from monge.solvers import Graph
from monge.verdict import Verdict

__all__ = ["judge", "judge_fitted"]


def judge(
    candidates: Any,
    X: Any,
    y: Any,
    X_target: Any,
    views: Any = None,
    *,
    random_state: Any = 0,
    budget: str | float | None = None,
    report: Report = silent,
) -> Verdict:
    """Judge whether adapting helps, and which way of several is the best.

    Every candidate is fitted, and fitted again the other way round; what is learned is put into
    scores, and these into an estimate of the accuracy on the target. The classifier trained on the
    source as it is always takes part.

    Parameters
    ----------
    candidates
        An `Adapter`, fitted or not, whose options are taken and which is left as it is; or
        transports, by name or by options: a list, a dict by name, or one alone; or ``"auto"`` for
        all that are worth a try.
    X, y
        Source, (n, d), and its labels, (n,).
    X_target
        Target, (m, d).
    views
        What else is known of the target rows, such as the pixels behind their features: a list of
        matrices (m, k), where neighbours are sought too: by the scores, and by graphs.
    random_state
        Seed of every draw: a whole number, a RandomState, or ``None`` for another at each call.
    budget
        Time, such as ``"60 s"``, or seconds; see `monge.adapters.Auto`. ``None`` cuts nothing.
    report
        Told which candidate is tried.

    Raises
    ------
    InputError
        If the data cannot be worked with, one of the candidates is none, or the classifier is a
        regressor.

    Examples
    --------
    >>> import numpy as np
    >>> import monge
    >>> draw = np.random.default_rng(0)
    >>> X = draw.normal(size=(60, 2)) + np.repeat([[0, 0], [6, 0]], 30, axis=0)
    >>> y = np.repeat(["left", "right"], 30)
    >>> monge.judge(monge.Adapter("linear"), X, y, X + [4, 1]).decision
    'adapt'
    """
    seed = seed_of(random_state)
    seconds = None if budget is None else seconds_of(budget, "judge")
    estimator = candidates if isinstance(candidates, Adapter) else Adapter()
    options = asked_of(estimator, semi_supervised=False).transport
    named = candidates if not isinstance(candidates, Adapter) else options
    if isinstance(named, str) and named == "auto":
        named = Auto()
    if isinstance(named, Auto):
        given = None
        seconds = seconds_of(named.budget, "Auto") if seconds is None else seconds
    elif isinstance(candidates, Adapter):
        given = named_candidates(_candidate(candidates, options))
    else:
        given = {
            name: replace(one, views=one.views or isinstance(one.transport, Graph))
            for name, one in named_candidates(named).items()
        }
        if not given:
            required, remedy = "one transport at least", "pass 'auto' for all worth a try"
            raise InputError(sentence("judge", "candidates", required, "none", remedy))
    if is_regression(classifier_of(estimator.classifier)):
        required, got = "a classifier", repr(estimator.classifier)
        remedy = "judge with a classifier: the scores are of classes"
        raise InputError(sentence("judge", "classifier", required, got, remedy))
    both = both_of(clone(estimator), X, y, X_target, views)
    verdict, _ = judged(estimator, given, both, seed=seed, budget=seconds, report=report)
    return verdict


def judge_fitted(
    adapter: Adapter, X: Any, y: Any, X_target: Any, *, report: Report = silent
) -> Verdict:
    """Judge an adapter on the rows that it was just fitted on, without fitting it again.

    Parameters
    ----------
    adapter
        Fitted, a classifier.
    X, y, X_target
        What it was fitted on.
    report
        Told what is tried.
    """
    transport = asked_of(adapter, semi_supervised=False).chosen
    given = _candidate(adapter, transport)
    seed = adapter.random_state
    verdict, _ = judged(
        adapter,
        given,
        both_of(clone(adapter), X, y, X_target, None),
        seed=int(seed) if isinstance(seed, int | np.integer) else 0,
        budget=None,
        report=report,
        ready=dict.fromkeys(given, adapter),
    )
    return verdict


def _candidate(adapter: Adapter, transport: Any) -> dict[str, Candidate]:
    """Return the one candidate that an adapter is, under the name of its transport."""
    kind = type(transport).__name__
    name = adapter.transport if isinstance(adapter.transport, str) else kind
    return {
        name: Candidate(
            transport=transport,
            target_prior=adapter.target_prior,
            subsample=adapter.subsample,
            views=kind == "Graph",
        )
    }
