"""The nearest row of another cloud."""

from __future__ import annotations

import torch

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.neighbors.sieve import QUERIES, Sieve, principal_axes
from monge.numerics import full_precision, resolve_dtype, row_slices

__all__ = ["nearest"]


@full_precision()
def nearest(queries: Tensor, reference: Tensor) -> Tensor:
    """Find the nearest reference row of each query by Euclidean distance; a tie goes to the first.

    The search compares ``|r|^2 / 2 - q.r``, or a lower bound of it where the points spread along a
    few directions, in blocks of the input's type and keeps the least of every few rows. Both round:
    the rows whose score may be the least but for rounding are measured as ``|q - r|^2`` in float64.
    So the answer depends neither on the other queries nor on how far from the origin
    the points lie.

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
    centre = reference.mean(0)
    sieve = Sieve(reference, centre, principal_axes(queries, reference, centre))
    found = torch.empty(len(queries), dtype=torch.int64, device=queries.device)
    for start in range(0, len(queries), QUERIES):
        block = queries[start : start + QUERIES]
        found[start : start + QUERIES] = _first_nearest(block, reference, *sieve.sift(block))
    return found


def _first_nearest(queries: Tensor, reference: Tensor, query: Tensor, row: Tensor) -> Tensor:
    """Return the first nearest row of each query, measured in float64, (q,).

    Parameters
    ----------
    queries, reference
        (q, d) and (n, d).
    query, row
        Pairs among which that of each query is, (k,) each.
    """
    square = torch.empty(len(row), dtype=torch.float64, device=queries.device)
    for some in row_slices(len(row), reference.shape[1]):
        gap = reference[row[some]].double() - queries[query[some]].double()
        square[some] = gap.square_().sum(1)
    least = square.new_full((len(queries),), torch.inf)
    least.scatter_reduce_(0, query, square, "amin")
    tied = torch.where(square == least[query], row, len(reference))
    first = torch.full((len(queries),), len(reference), device=queries.device)
    return first.scatter_reduce_(0, query, tied, "amin")
