"""An estimator of scikit-learn as the f of joint transport: trained on votes, asked for its losses.

What a plan tells a target row are the labels of the source rows that feed it, by their mass: the
row is trained on once for each of them, with that weight. The loss is the estimator's own: the
cross-entropy of one that gives probabilities, the hinge of one that gives scores, else the share of
wrong answers; of a regressor the squared error, in units of the variance of the source.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from monge._types import NDArray, Tensor
from monge.adapters.training import in_columns

__all__ = ["Learner", "fit_weighted"]

_LEAST = 1e-3
"""Share of a row's mass below which a label is not worth a row to train on."""

_LEAST_SHARE = 0.01
"""A smaller probability pays no more than this one: a classifier that is too sure of itself would
decide the plan alone, and ask more of it than a solve can give."""


def fit_weighted(model: Any, X: NDArray, y: NDArray, weight: NDArray | None) -> Any:
    """Fit a model, or the last step of a pipeline, with weights where it takes them."""
    if weight is None:
        return model.fit(X, y)
    name = _weight_name(model)
    return model.fit(X, y, **{name: weight}) if name else model.fit(X, y)


def _weight_name(model: Any) -> str | None:
    """Return the name under which ``fit`` takes weights, if it does."""
    if isinstance(model, Pipeline):
        step, last = model.steps[-1]
        return f"{step}__sample_weight" if has_fit_parameter(last, "sample_weight") else None
    return "sample_weight" if has_fit_parameter(model, "sample_weight") else None


class Learner:
    """An estimator on the rows of a target.

    Parameters
    ----------
    model
        Not fitted; cloned for each training.
    X
        Target rows, (m, d).
    y
        Of the source rows, (n,): labels, or numbers for a regressor.
    classes
        Labels (L,) sorted, or ``None`` for a regressor.
    total
        What the weights of the training rows add up to; by default m, one for each target row.

    Attributes
    ----------
    said
        What the source rows say, (n, k): the class as one-hot, or of a number l ``[l^2, l, 1]``,
        centred and of variance one.
    fitted
        The model as it was trained last.
    """

    def __init__(
        self,
        model: Any,
        X: NDArray,
        y: NDArray,
        classes: NDArray | None,
        *,
        total: float | None = None,
    ) -> None:
        self.model, self.X, self.classes = model, X, classes
        self.fitted: Any = None
        self._total = len(X) if total is None else total
        self._centre, self._scale = 0.0, 1.0
        if classes is not None:
            index = torch.as_tensor(np.searchsorted(classes, y))
            said = torch.nn.functional.one_hot(index, len(classes)).double()
        else:
            self._centre, self._scale = float(y.mean()), float(y.std()) or 1.0
            level = torch.as_tensor((y - self._centre) / self._scale)
            said = torch.stack([level.square(), level, torch.ones_like(level)], 1)
        self.said = said.to(torch.float64 if X.dtype == np.float64 else torch.float32)

    def __call__(self, told: Tensor) -> Tensor:
        """Train on what a plan tells the target, (m, k), and return what it pays there, (m, k)."""
        votes = told.double().cpu().numpy()
        if self.classes is None:
            return self._regressed(votes)
        votes = np.maximum(votes, 0)
        mass = votes.sum(1, keepdims=True)
        shares = np.divide(votes, mass, out=np.zeros_like(votes), where=mass > 0)
        kept = shares > _LEAST
        kept[votes.argmax(0), np.arange(len(self.classes))] = True  # no class is forgotten
        kept &= mass > 0
        model = clone(self.model)
        if _weight_name(model):
            rows, columns = np.nonzero(kept)
            weight = votes[rows, columns] * (self._total / votes.sum())
            self.fitted = fit_weighted(model, self.X[rows], self.classes[columns], weight)
        else:
            rows = np.flatnonzero(mass[:, 0] > 0)
            self.fitted = model.fit(self.X[rows], self.classes[shares[rows].argmax(1)])
        return torch.as_tensor(self._losses())

    def _regressed(self, told: NDArray) -> Tensor:
        fed = told[:, 2] > 0
        values = self._centre + self._scale * told[fed, 1] / told[fed, 2]
        weight = told[fed, 2] * (self._total / told[fed, 2].sum())
        self.fitted = fit_weighted(clone(self.model), self.X[fed], values, weight)
        level = (np.asarray(self.fitted.predict(self.X), dtype=np.float64) - self._centre).ravel()
        level /= self._scale
        return torch.as_tensor(np.stack([np.ones_like(level), -2 * level, level**2], 1))

    def _losses(self) -> NDArray:
        """Return what the classifier pays for each class at each target row, (m, L)."""
        model, classes = self.fitted, self.classes
        if classes is None:
            raise AssertionError("unreachable: a regressor has no classes")
        if hasattr(model, "predict_proba"):
            shares = np.asarray(model.predict_proba(self.X), dtype=np.float64)
            shares = in_columns(shares, classes, model.classes_)
            return -np.log(np.clip(shares, _LEAST_SHARE, None))
        if hasattr(model, "decision_function"):
            scores = np.asarray(model.decision_function(self.X), dtype=np.float64)
            if scores.ndim == 1 and len(classes) == 2:  # noqa: PLR2004 - one score for both
                return np.maximum(0, 1 + np.stack([scores, -scores], 1))
            if scores.ndim == 1:
                scores = np.stack([-scores, scores], 1)
            if scores.shape[1] == len(model.classes_):
                spread = np.full((len(scores), len(classes)), -1.0)
                spread[:, np.searchsorted(classes, model.classes_)] = scores
                # sum_k max(0, 1 - s_k f_k), s the class as 1 among -1 (Courty et al. 2017, sec. 4)
                wrong, right = np.maximum(0, 1 + spread), np.maximum(0, 1 - spread)
                hinge: NDArray = wrong.sum(1, keepdims=True) - wrong + right
                return hinge
        wrong_answer: NDArray = model.predict(self.X)[:, None] != classes
        return wrong_answer.astype(np.float64)
