"""The target's class proportions, estimated without one of its labels.

A classifier is trained on the source and calibrated on rows that it was not trained on; expectation
maximisation then finds the proportions under which its probabilities on the target are the
likeliest (Saerens, Latinne and Decaestecker 2002, equations 4 and 5; calibration by temperature
makes it better than the alternatives, Alexandari, Kundaje and Shrikumar 2020). It assumes label
shift: that the rows of one class look alike in both domains. Where the features shift as well, the
estimate is off by more than its interval says.
"""

from __future__ import annotations

import warnings

import numpy as np
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning as SolverWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from monge._types import NDArray
from monge.adapters.domains import drawn
from monge.adapters.prior import TargetPrior
from monge.verdict.calibration import LEAST, sharpness
from monge.verdict.proportions import expectation_maximisation

__all__ = ["estimate_prior"]

_METHOD = "EM on calibrated logistic probabilities (Saerens et al. 2002)"
_RESAMPLES = 100
_QUANTILES = 0.025, 0.975
_FOLDS = 5
_ROWS = 20_000
"""Rows of each side that an estimate is made from: more would move it by less than its interval."""


def estimate_prior(
    source: tuple[NDArray, NDArray, NDArray],
    target: tuple[NDArray, NDArray],
    classes: NDArray,
    draw: np.random.RandomState,
) -> TargetPrior:
    """Estimate the class proportions of the target.

    Parameters
    ----------
    source
        Rows (n, d), their labels (n,) and weights (n,).
    target
        Rows (m, d) and their weights (m,).
    classes
        Labels, (L,) sorted.
    draw
        Where the resamples of the target rows come from, and the rows of large domains.
    """
    X, y, weight = source
    # The first row of every class is among them, however rare it is.
    first = np.unique(y, return_index=True)[1]
    rows = np.union1d(drawn(draw, len(X), _ROWS), first)
    X, y, weight = X[rows], y[rows], weight[rows]
    target_rows = drawn(draw, len(target[0]), _ROWS)
    index = np.searchsorted(classes, y)
    own = np.bincount(index, weight, minlength=len(classes)) / weight.sum()
    with warnings.catch_warnings():
        # A classifier that is not quite at its optimum is good enough: it is calibrated after.
        warnings.simplefilter("ignore", SolverWarning)
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        temperature = _temperature(model, X, index)
        model.fit(X, index, logisticregression__sample_weight=weight)
        logits = model.predict_log_proba(target[0][target_rows]).clip(min=LEAST)
    probabilities = softmax(temperature * logits, axis=1)
    weights = target[1][target_rows] / target[1][target_rows].sum()
    counts = draw.multinomial(len(weights), weights, size=_RESAMPLES) / len(weights)
    shares = expectation_maximisation(probabilities, own, np.vstack([weights, counts]))
    low, high = np.quantile(shares[1:], _QUANTILES, axis=0)
    return TargetPrior(classes=classes, share=shares[0], low=low, high=high, method=_METHOD)


def _temperature(model: object, X: NDArray, index: NDArray) -> float:
    """Find by how much to multiply log-probabilities so that they fit rows left out.

    One where a class has a single row, and nothing can be left out.
    """
    folds = min(_FOLDS, int(np.bincount(index).min()))
    if folds < 2:  # noqa: PLR2004 - one to train on and one to look at
        return 1.0
    split = StratifiedKFold(folds, shuffle=True, random_state=0)
    logits = cross_val_predict(model, X, index, cv=split, method="predict_log_proba")
    return sharpness(logits, index)
