"""Exact nearest neighbours in blocks, ties broken by index."""

from __future__ import annotations

import torch

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.numerics import resolve_dtype

__all__ = ["nearest"]

_QUERY_ROWS = 512
_REFERENCE_ROWS = 8192


def nearest(queries: Tensor, reference: Tensor) -> Tensor:
    """Find the nearest reference row of each query by Euclidean distance.

    The search compares ``|r|^2 - 2 q.r`` in blocks of the input's type. That expression rounds, so
    the best two of every query are measured again in float64 as ``|q - r|^2``; at equal distance
    the lower index wins.

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
    for start in range(0, len(queries), _QUERY_ROWS):
        block = queries[start : start + _QUERY_ROWS]
        candidates = _candidates(block - centre, centred, half)
        found[start : start + _QUERY_ROWS] = _settle(block, reference, candidates)
    return found


def _candidates(queries: Tensor, reference: Tensor, half: Tensor) -> Tensor:
    """Return the best two rows of ``half - q.r`` for each query, (q, 2 or 1)."""
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
    if index is None:
        raise AssertionError("unreachable: reference has rows")
    return index


def _settle(queries: Tensor, reference: Tensor, candidates: Tensor) -> Tensor:
    """Measure the candidates in float64 and return the nearest, the lower index at a tie."""
    candidates = candidates.sort(1).values
    gap = queries.double()[:, None] - reference.double()[candidates]
    return candidates.gather(1, (gap * gap).sum(2).argmin(1, keepdim=True))[:, 0]
