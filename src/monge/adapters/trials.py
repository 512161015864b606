"""Candidates tried on two domains: what there is to judge them by, without target labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from monge.adapters.adapter import Adapter
from monge.adapters.candidates import named_candidates
from monge.adapters.domains import read_source, read_target
from monge.adapters.trying import Trial, try_all
from monge.adapters.witnesses import Both, Effort
from monge.memory import DEFAULT_BUDGET
from monge.progress import Report, silent

__all__ = ["both_of", "collect"]


def both_of(adapter: Adapter, X: Any, y: Any, X_target: Any, views: Any) -> Both:
    """Check two domains as a fit of the adapter does.

    Raises
    ------
    InputError
        If rows, labels or views cannot be worked with.
    """
    source = read_source(adapter, X, y, None, regression=False, memory=DEFAULT_BUDGET)
    target = read_target(
        adapter, X_target, None, None, views, classes=source.classes, memory=DEFAULT_BUDGET
    )
    if source.classes is None:
        raise AssertionError("unreachable: there are classes where there is no regression")
    codes = np.searchsorted(source.classes, source.y)
    return Both(
        X=source.X, codes=codes, classes=source.classes, X_target=target.X, views=target.views
    )


def collect(
    candidates: Any,
    X: Any,
    y: Any,
    X_target: Any,
    *,
    classifier: Any = None,
    views: Sequence[Any] = (),
    random_state: int = 0,
    effort: Effort | None = None,
    report: Report = silent,
) -> list[Trial]:
    """Try candidates on two domains and gather the evidence of each.

    Parameters
    ----------
    candidates
        Transports, by name or by options: a dict, such as `monge.adapters.candidates` returns, a
        list, or one alone.
    X, y
        Source, (n, d), and its labels, (n,).
    X_target
        Target, (m, d).
    classifier
        See `monge.Adapter`.
    views
        What else is known of the target rows, (m, k) each: neighbours are sought there, and
        candidates that ask for views are given them.
    random_state
        Seed of every draw.
    effort
        How much is done to know each candidate; as much as the verdict asks for by default.
    report
        Told which candidate is tried.

    Returns
    -------
    list of Trial
        The source as it is, under ``"source_only"``, then the candidates in their order. One that
        failed says why and has no evidence.

    Raises
    ------
    InputError
        If the data cannot be worked with, or one of the candidates is none.

    Examples
    --------
    >>> draw = np.random.default_rng(0)
    >>> X = draw.normal(size=(60, 2)) + np.repeat([[0, 0], [6, 0]], 30, axis=0)
    >>> y = np.repeat(["left", "right"], 30)
    >>> trials = collect(["coral", "sinkhorn"], X, y, X + [4, 1])
    >>> [trial.name for trial in trials]
    ['source_only', 'coral', 'sinkhorn']
    >>> [round(trial.scores["cot"], 2) for trial in trials]
    [0.61, 1.0, 1.0]
    """
    adapter = Adapter(classifier=classifier)
    both = both_of(adapter, X, y, X_target, list(views))
    tried = named_candidates(candidates)
    effort = Effort() if effort is None else effort
    return try_all(adapter, tried, both, effort=effort, seed=random_state, report=report)
