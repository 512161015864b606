"""The plan of a loaded adapter, found again on the rows of its fit."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from sklearn.base import clone

from monge.adapters.adapter import Adapter
from monge.adapters.named import transport_of
from monge.errors import InputError, sentence
from monge.progress import Report, silent

__all__ = ["SAME_OBJECTIVE", "find_again"]

SAME_OBJECTIVE = 1e-3
"""Relative difference of two objectives up to which they are those of one plan."""


def find_again(
    adapter: Adapter, X: Any, y: Any, X_target: Any, *, report: Report = silent
) -> Adapter:
    """Find the plan of a loaded adapter again: it is not in the artifact.

    The rows that the plan was made of are known, so that the same problem is solved; map and
    classifier stay those that were loaded. Weights of rows and known labels of the target are not
    kept: an adapter that was fitted with them gets another plan, as its objective shows.

    Parameters
    ----------
    adapter
        Loaded; one that has its plan, or never had any, is returned as it is.
    X, y, X_target
        What it was fitted on: (n, d), (n,) and (m, d) arrays.
    report
        Told the progress of the plan.

    Returns
    -------
    Adapter
        A copy with its ``solution_``.

    Raises
    ------
    InputError
        If there are fewer rows than the plan was made of.
    ConvergenceError
        If the plan did not converge.

    Examples
    --------
    >>> import tempfile
    >>> from monge import load
    >>> X, y = np.array([[0.0], [1.0], [8.0]]), np.array(["low", "low", "high"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Adapter("exact").fit(X, y, X_target=X + 2).save(f"{folder}/adapter")
    ...     loaded = load(f"{folder}/adapter")
    >>> loaded.solution_ is None, find_again(loaded, X, y, X + 2).solution_.objective
    (True, 4.0)
    """
    kept = adapter.certificate_
    if kept is None or adapter.solution_ is not None:
        return adapter
    for name, rows, part in (
        ("X", adapter.source_rows_, X),
        ("X_target", adapter.target_rows_, X_target),
    ):
        if len(part) <= int(rows.max()):
            required, got = f"the rows of the fit, {rows.max() + 1} at least", f"{len(part)}"
            raise InputError(sentence("find_again", name, required, got, "pass what fit was given"))
    prior = adapter.target_prior_
    shares = (
        None if prior is None else dict(zip(adapter.classes_.tolist(), prior.share, strict=True))
    )
    again = clone(adapter).set_params(
        transport=transport_of(adapter), subsample=None, classifier="centroid", target_prior=shares
    )
    source, target = (
        np.asarray(part)[rows]
        for part, rows in ((X, adapter.source_rows_), (X_target, adapter.target_rows_))
    )
    again.fit(source, np.asarray(y)[adapter.source_rows_], X_target=target, report=report)
    whole = copy(adapter)
    whole.__dict__.pop("_kept", None)
    whole.solution_ = again.solution_
    return whole
