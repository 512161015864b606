"""Exact nearest neighbours in blocks, ties broken by index."""

from __future__ import annotations

import torch

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.numerics import resolve_dtype, row_slices

__all__ = ["nearest"]

_QUERY_ROWS = 512
_REFERENCE_ROWS = 8192


def nearest(queries: Tensor, reference: Tensor) -> Tensor:
    """Find the nearest reference row of each query by Euclidean distance; a tie goes to the first.

    The search compares ``|r|^2 / 2 - q.r`` in blocks of the input's type. That expression rounds:
    where the best two differ by less than its rounding can account for, the query is settled in
    float64, every row that might be the nearest measured as ``|q - r|^2``. So the answer depends
    neither on the other queries nor on how far from the origin the points lie.

    Parameters
    ----------
    queries
        (q, d).
    reference
        (n, d), at least one row.

    Returns
    -------
    Tensor
        (q,) int64, an index into ``reference``.

    Raises
    ------
    InputError
        If the widths differ or there is no reference row.

    Examples
    --------
    >>> nearest(torch.tensor([[0.9]]), torch.tensor([[0.0], [1.0], [1.0]]))
    tensor([1])
    """
    if len(reference) == 0 or queries.shape[1:] != reference.shape[1:]:
        required = f"non-empty, with {queries.shape[1]} features as the queries have"
        got = f"shape {tuple(reference.shape)}"
        raise InputError(
            sentence("nearest", "reference", required, got, "pass points of the same features")
        )
    dtype = resolve_dtype(queries, reference)
    queries, reference = queries.to(dtype), reference.to(dtype)
    centre = reference.double().mean(0).to(dtype)
    centred = reference - centre
    half = (centred * centred).sum(1) / 2
    found = torch.empty(len(queries), dtype=torch.int64, device=queries.device)
    doubtful = torch.zeros(len(queries), dtype=torch.bool, device=queries.device)
    for start in range(0, len(queries), _QUERY_ROWS):
        rows = slice(start, start + _QUERY_ROWS)
        block = queries[rows] - centre
        score, index = _best_two(block, centred, half)
        found[rows] = index[:, 0]
        if score.shape[1] > 1:
            gap = score[:, 1] - score[:, 0]
            doubtful[rows] = ~(gap > 2 * _rounding(block, half))  # overflow is doubt as well
    unsure = doubtful.nonzero()[:, 0]
    if len(unsure) > 0:
        found[unsure] = _settle(queries[unsure].double(), reference.double())
    return found


def _rounding(queries: Tensor, half: Tensor) -> Tensor:
    """Bound the error of a score ``half - q.r`` of each centred query, (q,).

    A sum of d products is off by at most d units of rounding times the sum of their sizes (Higham
    2002, section 3.1), here at most ``|q| |r| + |r|^2``; centring and the last sum add a few.
    """
    radius = (2 * half.max()).sqrt()
    length = torch.linalg.vector_norm(queries, dim=1)
    unit = (queries.shape[1] + 4) * torch.finfo(queries.dtype).eps
    bound: Tensor = unit * radius * (length + radius)
    return bound


def _best_two(queries: Tensor, reference: Tensor, half: Tensor) -> tuple[Tensor, Tensor]:
    """Return the two least scores ``half - q.r`` of each query and their rows, (q, 2 or 1)."""
    score, index = None, None
    for start in range(0, len(reference), _REFERENCE_ROWS):
        part = slice(start, start + _REFERENCE_ROWS)
        scores = torch.addmm(half[part], queries, reference[part].T, alpha=-1)
        best, at = scores.topk(min(2, scores.shape[1]), dim=1, largest=False)
        at += start
        if score is not None and index is not None:
            best, at = torch.cat([score, best], 1), torch.cat([index, at], 1)
            best, order = best.topk(2, dim=1, largest=False)
            at = at.gather(1, order)
        score, index = best, at
    if score is None or index is None:
        raise AssertionError("unreachable: reference has rows")
    return score, index


def _settle(queries: Tensor, reference: Tensor) -> Tensor:
    """Measure in float64 every row within rounding of the best score; the nearest rows, (q,)."""
    centre = reference.mean(0)
    centred = reference - centre
    half = (centred * centred).sum(1) / 2
    found = torch.empty(len(queries), dtype=torch.int64, device=queries.device)
    for rows in row_slices(len(queries), len(reference)):
        block = queries[rows]
        scores = torch.addmm(half, block - centre, centred.T, alpha=-1)
        least = scores.amin(1) + 2 * _rounding(block - centre, half)
        query, row = (scores <= least[:, None]).nonzero(as_tuple=True)
        square = torch.cat(
            [
                (block[query[some]] - reference[row[some]]).square().sum(1)
                for some in row_slices(len(query), reference.shape[1])
            ]
        )
        nearest_square = scores.new_full((len(block),), torch.inf)
        nearest_square.scatter_reduce_(0, query, square, "amin")
        tied = square == nearest_square[query]
        first = torch.full_like(found[rows], len(reference))
        found[rows] = first.scatter_reduce_(0, query[tied], row[tied], "amin")
    return found
