"""Probabilities where a classifier gives none: the votes of the rows nearest to each row."""

from __future__ import annotations

import numpy as np
import torch

from monge._types import NDArray
from monge.errors import InputError, sentence
from monge.verdict.nearest import NEIGHBOURS, nearest_rows

__all__ = ["agreeing", "is_hard", "soft_votes"]

_SURE = 1 - 1e-6
_LEAD = 1e-9


def soft_votes(
    queries: NDArray, reference: NDArray, labels: NDArray, n_classes: int, k: int = NEIGHBOURS
) -> NDArray:
    """Let the nearest rows of each query vote, the nearer the more.

    A row at distance D counts ``exp(-D^2 / r^2)``, with ``r^2`` the mean square distance of those
    that vote, as in `monge.graphs.affinity_graph`.

    Parameters
    ----------
    queries
        (q, d).
    reference
        (n, d), where a classifier was trained.
    labels
        Of the reference rows, (n,) integers from 0.
    n_classes
        L.
    k
        Rows that vote; all where there are fewer.

    Returns
    -------
    ndarray
        (q, L) float64, rows of sum one.

    Raises
    ------
    InputError
        If there is no reference row, or the widths differ.

    Examples
    --------
    >>> rows = np.array([[0.0], [1.0], [5.0]])
    >>> soft_votes(np.array([[0.0]]), rows, np.array([0, 0, 1]), 2, k=2)
    array([[1., 0.]])
    """
    if len(reference) == 0 or queries.shape[1:] != reference.shape[1:]:
        required, got = "rows of the queries' width, at least one", f"shape {reference.shape}"
        remedy = "pass the rows that the classifier was trained on"
        raise InputError(sentence("soft_votes", "reference", required, got, remedy))
    square, row = nearest_rows(queries, reference, min(k, len(reference)))
    mean = square.mean(1, keepdim=True)
    weight = torch.where(mean > 0, square / mean, 0.0).neg().exp()
    votes = torch.zeros(len(queries), n_classes, dtype=torch.float64)
    votes.scatter_add_(1, torch.from_numpy(np.asarray(labels, dtype=np.int64))[row], weight)
    shares: NDArray = (votes / votes.sum(1, keepdim=True)).numpy()
    return shares


def agreeing(probabilities: NDArray, predicted: NDArray) -> NDArray:
    """Make the largest probability of each row that of the class which is predicted.

    Where votes and prediction differ, as much of the prediction is mixed in as makes it the
    largest: such a row is an unsure one.

    Parameters
    ----------
    probabilities
        (k, L).
    predicted
        Classes from 0, (k,).

    Examples
    --------
    >>> agreeing(np.array([[0.7, 0.3], [0.9, 0.1]]), np.array([1, 0])).round(3)
    array([[0.5, 0.5],
           [0.9, 0.1]])
    """
    shares = np.array(probabilities, dtype=np.float64)
    rows = np.flatnonzero(shares.argmax(1) != predicted)
    gap = shares[rows].max(1) - shares[rows, predicted[rows]]
    part = gap / (1 + gap) + _LEAD
    shares[rows] *= 1 - part[:, None]
    shares[rows, predicted[rows]] += part
    return shares


def is_hard(probabilities: NDArray) -> bool:
    """Whether a classifier says one class of nearly every row, as the nearest neighbour does.

    Examples
    --------
    >>> is_hard(np.array([[1.0, 0.0], [0.0, 1.0]])), is_hard(np.array([[0.8, 0.2]]))
    (True, False)
    """
    return bool((probabilities.max(1) >= _SURE).mean() > 0.99)  # noqa: PLR2004 - nearly every
