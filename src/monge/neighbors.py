"""Exact nearest neighbours in blocks, ties broken by index."""

from __future__ import annotations

import torch

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.numerics import full_precision, resolve_dtype, row_slices

__all__ = ["nearest"]

_QUERY_ROWS = 512
_GROUP = 24
"""Reference rows of a group, of which only the least score is kept: the best group is measured."""
_REFERENCE_ROWS = 384 * _GROUP


@full_precision()
def nearest(queries: Tensor, reference: Tensor) -> Tensor:
    """Find the nearest reference row of each query by Euclidean distance; a tie goes to the first.

    The search compares ``|r|^2 / 2 - q.r`` in blocks of the input's type and keeps the least of
    every few rows. That expression rounds: the rows of each group whose least is within rounding of
    the best are measured as ``|q - r|^2`` in float64. So the answer depends neither on the other
    queries nor on how far from the origin the points lie.

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
    centre = reference.mean(0)  # any would do: it cancels but for rounding
    centred = reference - centre
    half = torch.linalg.vector_norm(centred, dim=1).square_() / 2
    groups = _Groups(centred, half)
    found = torch.empty(len(queries), dtype=torch.int64, device=queries.device)
    for start in range(0, len(queries), _QUERY_ROWS):
        rows = slice(start, start + _QUERY_ROWS)
        block = queries[rows] - centre
        score = groups.least(block)
        limit = score.amin(0) + 2 * _rounding(block, half)
        group, query = (~(score > limit)).nonzero(as_tuple=True)  # overflow is within rounding
        found[rows] = _first_nearest(queries[rows], reference, query, groups.members(group))
    return found


class _Groups:
    """Reference rows in groups: of a tile of t rows, group j holds those at j, j + t / 24, ...

    Parameters
    ----------
    reference
        Centred, (n, d).
    half
        ``|r|^2 / 2``, (n,).
    """

    def __init__(self, reference: Tensor, half: Tensor) -> None:
        self.size = len(reference)
        # The halves ride along in the product as one more feature.
        self.table = torch.cat([-reference, half[:, None]], 1)
        self._scores = reference.new_empty(min(self.size, _REFERENCE_ROWS) * _QUERY_ROWS)

    def least(self, queries: Tensor) -> Tensor:
        """Return the least score of each group for each query, (groups, q)."""
        lifted = torch.cat([queries, torch.ones_like(queries[:, :1])], 1).T.contiguous()
        parts = []
        for start in range(0, self.size, _REFERENCE_ROWS):
            table = self.table[start : start + _REFERENCE_ROWS]
            out = self._scores[: len(table) * len(queries)].view(len(table), -1)
            parts.append(self._least(torch.mm(table, lifted, out=out)))
        return torch.cat(parts)

    def members(self, group: Tensor) -> Tensor:
        """Return the rows of one group for each query, (q, 24) ascending; -1 fills a short one."""
        width = _REFERENCE_ROWS // _GROUP
        start = torch.div(group, width, rounding_mode="floor") * _REFERENCE_ROWS
        height = (self.size - start).clamp_max(_REFERENCE_ROWS)
        step = torch.div(height + _GROUP - 1, _GROUP, rounding_mode="floor")
        within = (group - torch.div(group, width, rounding_mode="floor") * width)[:, None]
        offset = within + step[:, None] * torch.arange(_GROUP, device=group.device)
        return torch.where(offset < height[:, None], start[:, None] + offset, -1)

    @staticmethod
    def _least(scores: Tensor) -> Tensor:
        """Return the least score of each group of a tile, (t, q) -> (ceil(t / 24), q)."""
        rows, step = len(scores), -(-len(scores) // _GROUP)
        whole = rows // step * step
        least = scores[:whole].view(-1, step, scores.shape[1]).amin(0)
        if whole < rows:
            rest = scores[whole:]
            torch.minimum(least[: len(rest)], rest, out=least[: len(rest)])
        return least


def _first_nearest(queries: Tensor, reference: Tensor, query: Tensor, members: Tensor) -> Tensor:
    """Return the first nearest row of each query, measured in float64, (q,).

    Parameters
    ----------
    queries, reference
        (q, d) and (n, d).
    query, members
        For each of k pairs the query (k,) and the rows that may be its nearest, (k, 24).
    """
    square = torch.empty(members.shape, dtype=torch.float64, device=queries.device)
    for some in row_slices(len(query), members.shape[1] * reference.shape[1]):
        gap = (
            reference[members[some].clamp_min(0)].double() - queries[query[some]].double()[:, None]
        )
        square[some] = gap.square_().sum(2)
    square[members < 0] = torch.inf
    least = square.new_full((len(queries),), torch.inf)
    least.scatter_reduce_(0, query, square.amin(1), "amin")
    tied = torch.where(square == least[query][:, None], members, len(reference)).amin(1)
    first = torch.full((len(queries),), len(reference), device=queries.device)
    return first.scatter_reduce_(0, query, tied, "amin")


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
