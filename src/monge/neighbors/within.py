"""The nearest other rows of each row of one cloud."""

from __future__ import annotations

from typing import NamedTuple

import torch

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.neighbors.sieve import rounding
from monge.numerics import full_precision, resolve_dtype, row_slices

__all__ = ["Neighbours", "nearest_others"]

_SPARE = 8
"""Rows measured beyond those asked for, so that rounding leaves none of these out."""
_UNSURE = 64
"""Rows whose neighbours are within rounding of others, measured together."""


class Neighbours(NamedTuple):
    """The nearest rows of each row, nearest first.

    Attributes
    ----------
    row
        (n, k) int64.
    square
        Squared Euclidean distance to each, (n, k) float64.

    Examples
    --------
    >>> nearest_others(torch.tensor([[0.0], [1.0], [3.0]]), 1).square
    tensor([[1.],
            [1.],
            [4.]], dtype=torch.float64)
    """

    row: Tensor
    square: Tensor


@full_precision()
def nearest_others(points: Tensor, k: int) -> Neighbours:
    """Find the k nearest other rows of each row by Euclidean distance; ties go to the first.

    The search is by a product in blocks of the input's type. A few more rows than asked for are
    measured in float64, and where more than those are within rounding, all that are.

    Parameters
    ----------
    points
        (n, d), more than ``k`` rows. A row is no neighbour of itself; its double is.
    k
        At least 1.

    Raises
    ------
    InputError
        If there are no ``k`` other rows.

    Examples
    --------
    >>> nearest_others(torch.tensor([[0.0], [1.0], [3.0]]), 1).row
    tensor([[1],
            [0],
            [1]])
    """
    n = len(points)
    if not 1 <= k < n:
        required, remedy = f"from 1 to {n - 1}, one less than there are rows", "pass fewer"
        raise InputError(sentence("nearest_others", "k", required, k, remedy))
    points = points.to(resolve_dtype(points))
    centred = points - points.mean(0)
    length = torch.linalg.vector_norm(centred, dim=1)
    half, radius, taken = length.square() / 2, length.max(), min(k + _SPARE, n - 1)
    index = torch.empty(n, k, dtype=torch.int64, device=points.device)
    square = torch.empty(n, k, dtype=torch.float64, device=points.device)
    for rows in row_slices(n, n):
        own = torch.arange(rows.start, rows.stop, device=points.device)
        score = torch.addmm(half, centred[rows], centred.T, alpha=-1)
        score.scatter_(1, own[:, None], torch.inf)
        value, found = score.topk(taken, largest=False)
        index[rows], square[rows] = _in_order(points[rows], points, found, k)
        limit = value[:, k - 1] + 2 * rounding(centred[rows], radius)
        unsure = ~value[:, -1].isfinite()  # overflow, and the row itself may be among them
        if taken < n - 1:
            unsure |= ~(value[:, -1] > limit)
        unsure_rows = unsure.nonzero()[:, 0]
        for start in range(0, len(unsure_rows), _UNSURE):
            some = unsure_rows[start : start + _UNSURE]
            near = ~(score[some] > limit[some, None])
            near.scatter_(1, own[some, None], torch.zeros_like(near))
            at = own[some]
            index[at], square[at] = _in_order(points[at], points, _places(near), k)
    return Neighbours(index, square)


def _places(mask: Tensor) -> Tensor:
    """Return where each row of a mask (q, n) holds, ascending, filled up with -1, (q, c)."""
    row, place = mask.nonzero(as_tuple=True)
    count = mask.sum(1)
    found = torch.full((len(mask), int(count.max())), -1, device=mask.device)
    first = count.cumsum(0) - count
    found[row, torch.arange(len(row), device=mask.device) - first[row]] = place
    return found


def _in_order(queries: Tensor, reference: Tensor, found: Tensor, k: int) -> Neighbours:
    """Measure the found rows (q, c) of each query in float64 and return the first k in order.

    Those below 0 are none.
    """
    found = found.sort(1).values  # so that of equals the first comes first
    square = torch.empty(found.shape, dtype=torch.float64, device=queries.device)
    for some in row_slices(len(found), found.shape[1] * reference.shape[1]):
        gap = reference[found[some].clamp_min(0)].double() - queries[some].double()[:, None]
        square[some] = gap.square_().sum(2)
    square[found < 0] = torch.inf
    order = square.argsort(dim=1, stable=True)[:, :k]
    return Neighbours(found.gather(1, order), square.gather(1, order))
