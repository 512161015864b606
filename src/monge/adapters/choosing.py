"""A fit whose transport is chosen: candidates tried, judged, and the chosen one taken over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import clone

from monge.adapters.auto import Auto, Sizes, seconds_of, within
from monge.adapters.candidates import Candidate, candidates
from monge.adapters.checks import seed_of
from monge.adapters.concluding import conclude
from monge.adapters.domains import Source, Target
from monge.adapters.trying import try_all
from monge.adapters.witnesses import Both, Effort
from monge.progress import Report
from monge.solvers import Graph
from monge.verdict import Verdict

__all__ = ["choose", "judged"]

_OWN = (
    "classes_",
    "classifier_",
    "centre_",
    "far_",
    "map_",
    "solution_",
    "target_prior_",
    "target_sample_",
    "_plan_map",
    "_plan_labels",
    "_votes",
)
"""What is taken over from the chosen fit, beside the rows of its plan."""


def judged(
    estimator: Any,
    given: Mapping[str, Candidate] | None,
    both: Both,
    *,
    seed: int,
    budget: float | None,
    report: Report,
    ready: Mapping[str, Any] | None = None,
) -> tuple[Verdict, dict[str, Any]]:
    """Try candidates and judge them.

    Parameters
    ----------
    estimator
        The adapter that they are made of.
    given
        By name; ``None`` for all that are worth a try.
    both
        The domains.
    seed
        Of every draw.
    budget
        Seconds, see `within`; ``None`` cuts none.
    report
        Told which candidate is tried.
    ready
        See `try_all`.

    Returns
    -------
    tuple
        The verdict, and the fitted adapters by name.
    """
    (n, d), m = both.X.shape, len(both.X_target)
    if given is None:
        given = candidates(n, m, d, len(both.classes), len(both.views))
    kept, cut = dict(given), dict[str, float]()
    if budget is not None:
        kept, cut = within(given, Sizes(n=n, m=m, d=d), budget)
    trials = try_all(estimator, kept, both, effort=Effort(), seed=seed, report=report, ready=ready)
    verdict = conclude(trials, both, cut)
    return verdict, {trial.name: trial.adapter for trial in trials}


def choose(adapter: Any, options: Auto, source: Source, target: Target, report: Report) -> None:
    """Fit an adapter with the transport that the verdict chooses.

    With weights of the rows the chosen transport is fitted again with them; the candidates are
    judged without.
    """
    if source.classes is None:
        raise AssertionError("unreachable: a regressor is refused before")
    both = Both(
        X=source.X,
        codes=np.searchsorted(source.classes, source.y),
        classes=source.classes,
        X_target=target.X,
        views=target.views,
    )
    seed = seed_of(adapter.random_state)
    budget = seconds_of(options.budget, "Auto")
    verdict, fitted = judged(adapter, None, both, seed=seed, budget=budget, report=report)
    chosen = fitted[verdict.followed.name]
    if source.weight is not None or target.weight is not None:
        takes_views = isinstance(chosen.transport, Graph) and target.views
        chosen = clone(chosen).fit(
            source.X,
            source.y,
            X_target=target.X,
            sample_weight=source.weight,
            target_weight=target.weight,
            target_views=list(target.views) if takes_views else None,
        )
    found = vars(chosen)
    vars(adapter).pop("_kept", None)  # of a fit that was loaded
    vars(adapter).update({name: found[name] for name in _OWN})
    adapter.source_rows_ = source.rows[found["source_rows_"]]
    adapter.target_rows_ = target.rows[found["target_rows_"]]
    adapter.transport_ = chosen.transport
    adapter.verdict_ = verdict
