"""Classifiers of the two domains, cross-fitted: how like a row of the target is each row."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning as SolverWarning
from sklearn.linear_model import LogisticRegression

from monge._types import NDArray
from monge.adapters.domains import drawn
from monge.verdict import DomainOdds
from monge.verdict.evidence import standardised

__all__ = ["domain_odds", "folds_of"]

_ROWS = 2000
"""Rows of each side that a classifier of domains is trained on."""

_FOLDS = 2
_STRENGTH = 0.1
"""Inverse of the ridge: odds are to be cautious where there are many features."""


def folds_of(labels: NDArray, folds: int, draw: np.random.RandomState) -> NDArray:
    """Deal the rows of each class into folds as evenly as can be, (n,) from 0; none stays empty.

    Where a class has fewer rows than there are folds, some folds have none of it.
    """
    order = draw.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    dealt = np.empty(len(labels), dtype=np.int64)
    dealt[order] = np.arange(len(labels)) % folds
    return dealt


def domain_odds(X: NDArray, X_target: NDArray, draw: np.random.RandomState) -> DomainOdds:
    """Tell how much likelier each row is one of the target than of the source.

    By a logistic classifier on standardised features, trained on other rows than those it is asked
    about, at most 2,000 of each side.

    Parameters
    ----------
    X, X_target
        (n, d) and (m, d).
    draw
        Where the folds come from.
    """
    rows = standardised(np.concatenate([X, X_target]))
    side = np.repeat([0, 1], [len(X), len(X_target)])
    folds = folds_of(side, _FOLDS, draw)
    odds = np.zeros(len(rows))
    for fold in range(_FOLDS):
        parts = [np.flatnonzero((folds != fold) & (side == which)) for which in (0, 1)]
        if not all(map(len, parts)):
            continue  # a domain of one row: nothing is known of it
        kept = [part[drawn(draw, len(part), _ROWS)] for part in parts]
        train, out = np.concatenate(kept), folds == fold
        model = LogisticRegression(C=_STRENGTH, tol=1e-2, max_iter=100)
        with warnings.catch_warnings():
            # One that is not quite at its optimum tells the domains apart well enough.
            warnings.simplefilter("ignore", SolverWarning)
            model.fit(rows[train], side[train])
        odds[out] = model.decision_function(rows[out]) + np.log(len(kept[0]) / len(kept[1]))
    return DomainOdds(source=odds[: len(X)], target=odds[len(X) :])
