"""Probabilities made to fit rows whose class is known, by one temperature for all.

Log-probabilities are multiplied by one number, so that the classes keep their order (Guo et al.
2017, section 4.2).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import softmax

from monge._types import NDArray

__all__ = ["calibrated", "sharpness", "told_right"]

LEAST = np.log(1e-12)
"""Log-probability below which a classifier is surer than any data makes it."""


def sharpness(logits: NDArray, labels: NDArray) -> float:
    """Find by how much to multiply log-probabilities so that they fit the labels best.

    Parameters
    ----------
    logits
        Log-probabilities (n, L).
    labels
        Classes from 0, (n,).

    Examples
    --------
    >>> sure = np.log([[0.99, 0.01], [0.99, 0.01], [0.99, 0.01], [0.01, 0.99]])
    >>> sharpness(sure, np.array([0, 0, 1, 1])) < 0.5  # one of four is wrong
    True
    """
    logits, rows = logits.clip(min=LEAST), np.arange(len(labels))

    def loss(log_sharpness: float) -> float:
        scaled = np.exp(log_sharpness) * logits  # -553 at least: its exponential is no 0
        told = scaled[rows, labels] - np.log(np.exp(scaled).sum(1))  # log_softmax, where it is read
        return -float(told.mean())

    found = minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded")
    return float(np.exp(found.x))


def calibrated(probabilities: NDArray, held: NDArray, labels: NDArray) -> NDArray:
    """Scale probabilities (m, L) so that those of held rows (n, L) fit their labels (n,).

    Examples
    --------
    >>> held = np.array([[0.99, 0.01], [0.99, 0.01], [0.99, 0.01], [0.01, 0.99]])
    >>> calibrated(held[:1], held, np.array([0, 0, 1, 1])).round(2)
    array([[0.75, 0.25]])
    """
    logs, scale = (np.log(shares.clip(min=np.exp(LEAST))) for shares in (probabilities, held))
    scaled: NDArray = softmax(sharpness(scale, labels) * logs, axis=1)
    return scaled


def told_right(probabilities: NDArray, accuracy: float) -> NDArray:
    """Return how likely each prediction is right, (m,), if so many are in all.

    The largest probability of each row, after all log-probabilities were multiplied by the number
    that makes the mean of these the accuracy.

    Parameters
    ----------
    probabilities
        (m, L).
    accuracy
        From 0 to 1; nearest to it where no number gives it.

    Examples
    --------
    >>> told_right(np.array([[0.9, 0.1], [0.6, 0.4]]), 0.9).round(2)
    array([1. , 0.8])
    """
    logs = np.log(probabilities.clip(min=np.exp(LEAST)))

    def largest(log_sharpness: float) -> NDArray:
        shares: NDArray = softmax(np.exp(log_sharpness) * logs, axis=1).max(1)
        return shares

    low, high = -5.0, 5.0
    if largest(low).mean() >= accuracy:
        return largest(low)
    if largest(high).mean() <= accuracy:
        return largest(high)
    return largest(brentq(lambda at: float(largest(at).mean()) - accuracy, low, high))
