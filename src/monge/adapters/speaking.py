"""What a fitted classifier says of rows, as probabilities, whether it has any or not."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from monge._types import NDArray
from monge.adapters.centring import settled, taken_off
from monge.adapters.classifiers import classifier_of, votes_decide
from monge.adapters.training import Trained, in_columns
from monge.solvers import GraphPlan
from monge.verdict.votes import agreeing, is_hard, soft_votes

__all__ = ["Speaker", "left_out", "speaker_of"]


class Speaker(NamedTuple):
    """A fitted classifier with the rows that it was trained on.

    Attributes
    ----------
    trained
        The classifier, and what is taken off the rows that it sees.
    rows, codes
        Rows (n, d) and their classes from 0, (n,).
    classes
        Labels (L,) sorted.
    """

    trained: Trained
    rows: NDArray
    codes: NDArray
    classes: NDArray

    @classmethod
    def taught(cls, classifier: Any, rows: NDArray, codes: NDArray, classes: NDArray) -> Speaker:
        """Train a clone of a classifier on rows, by codes that are places in the classes."""
        model = clone(classifier_of(classifier))
        seen, centre = settled(model, rows)

        return cls(Trained(model.fit(seen, classes[codes]), centre), rows, codes, classes)

    def __call__(self, X: NDArray) -> NDArray:
        """Return the probabilities of rows, (k, d) -> (k, L), whose largest is the prediction.

        Where the classifier gives none, or only zeros and ones, the nearest training rows vote.
        """
        shares, predicted = self._heard(X)
        if shares is None or is_hard(shares):
            seen, rows = (taken_off(part, self.trained.centre) for part in (X, self.rows))
            shares = soft_votes(seen, rows, self.codes, len(self.classes))
        return agreeing(shares, predicted)

    def predict(self, X: NDArray) -> NDArray:
        """Return the predictions for rows, (k, d) -> (k,), places in the classes."""
        return self._heard(X, shares=False)[1]

    def _heard(self, X: NDArray, *, shares: bool = True) -> tuple[NDArray | None, NDArray]:
        """Return the classifier's own probabilities, where there are any, and its predictions."""
        model, centre, _ = self.trained
        seen, said = taken_off(X, centre), None
        decides = votes_decide(model)
        if hasattr(model, "predict_proba") and (shares or decides):
            said = in_columns(model.predict_proba(seen), self.classes, model.classes_)
            if decides:
                return said, said.argmax(1)
        return said, np.searchsorted(self.classes, model.predict(seen))


def speaker_of(adapter: Any, moved: NDArray, codes: NDArray, X_target: NDArray) -> Speaker:
    """Return the classifier of a fitted adapter.

    Parameters
    ----------
    adapter
        Fitted on these rows.
    moved, codes
        The source where it was moved, (n, d), and its classes from 0, (n,).
    X_target
        Target, (m, d).
    """
    trained, classes = Trained(adapter.classifier_, adapter.centre_), adapter.classes_
    if adapter.solution_ is not None and isinstance(adapter.solution_.plan, GraphPlan):
        told = adapter.propagate().argmax(1)
        return Speaker(trained, X_target[adapter.target_rows_], told, classes)
    return Speaker(trained, moved, codes, classes)


def left_out(classifier: Any, rows: NDArray, codes: NDArray, folds: NDArray, size: int) -> NDArray:
    """Return the probabilities of rows by a classifier that was trained without them, (n, L).

    Parameters
    ----------
    classifier
        See `classifier_of`.
    rows, codes
        (n, d), and classes from 0, (n,).
    folds
        Which fold each row is in, (n,).
    size
        L.
    """
    said, classes = np.empty((len(rows), size)), np.arange(size)
    for fold in np.unique(folds):
        out = folds == fold
        said[out] = Speaker.taught(classifier, rows[~out], codes[~out], classes)(rows[out])
    return said
