"""Exact nearest neighbours in blocks, ties broken by index."""

from __future__ import annotations

from typing import NamedTuple

import torch

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.numerics import full_precision, resolve_dtype, row_slices

__all__ = ["Neighbours", "nearest", "nearest_others"]

_QUERY_ROWS = 1024
_GROUP = 16
"""Reference rows of a group, of which only the least score is kept: the best group is measured."""
_REFERENCE_ROWS = 256 * _GROUP
_SPARE = 8
"""Rows measured beyond those asked for, so that rounding leaves none of these out."""
_UNSURE = 64
"""Rows whose neighbours are within rounding of others, measured together."""
_COARSE = 16
"""Groups looked at together when those that may hold the nearest row are sought."""


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
    groups = _Groups(reference, centre)
    found = torch.empty(len(queries), dtype=torch.int64, device=queries.device)
    for start in range(0, len(queries), _QUERY_ROWS):
        rows = slice(start, start + _QUERY_ROWS)
        block = queries[rows] - centre
        score = groups.least(block)
        group, query = _within(score, 2 * _rounding(block, groups.radius))
        found[rows] = _first_nearest(queries[rows], reference, query, groups.members(group))
    return found


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
        limit = value[:, k - 1] + 2 * _rounding(centred[rows], radius)
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


class _Groups:
    """Reference rows in groups: of a tile of t rows, group j holds those at j, j + t / 16, ...

    Parameters
    ----------
    reference
        (n, d).
    centre
        What the queries are taken from, (d,).
    """

    def __init__(self, reference: Tensor, centre: Tensor) -> None:
        self.size, d = reference.shape
        # Minus the centred row, and |r|^2 / 2, which rides along as one more feature.
        self.table = reference.new_empty(self.size, d + 1)
        opposite = torch.sub(centre, reference, out=self.table[:, :d])
        length = torch.linalg.vector_norm(opposite, dim=1)
        self.table[:, d] = length.square() / 2
        self.radius = length.max()
        self._scores = reference.new_empty(min(self.size, _REFERENCE_ROWS) * _QUERY_ROWS)
        self._tiles = torch.split(self.table, _REFERENCE_ROWS)
        self._counts = [-(-height // _GROUP) for height in map(len, self._tiles)]
        self._least = reference.new_empty(sum(self._counts) * _QUERY_ROWS)

    def least(self, queries: Tensor) -> Tensor:
        """Return the least score of each group for each query, (groups, q); the next call's too."""
        lifted = torch.cat([queries, torch.ones_like(queries[:, :1])], 1).T.contiguous()
        least = self._least[: sum(self._counts) * len(queries)].view(-1, len(queries))
        parts = torch.split(least, self._counts)
        for table, part in zip(self._tiles, parts, strict=True):
            out = self._scores[: len(table) * len(queries)].view(len(table), -1)
            _least_of_groups(torch.mm(table, lifted, out=out), part)
        return least

    def members(self, group: Tensor) -> Tensor:
        """Return the rows of one group for each query, (q, 16) ascending; -1 fills a short one."""
        width = _REFERENCE_ROWS // _GROUP
        start = torch.div(group, width, rounding_mode="floor") * _REFERENCE_ROWS
        height = (self.size - start).clamp_max(_REFERENCE_ROWS)
        step = torch.div(height + _GROUP - 1, _GROUP, rounding_mode="floor")
        within = (group - torch.div(group, width, rounding_mode="floor") * width)[:, None]
        offset = within + step[:, None] * torch.arange(_GROUP, device=group.device)
        return torch.where(offset < height[:, None], start[:, None] + offset, -1)


def _least_of_groups(scores: Tensor, out: Tensor) -> None:
    """Write the least of rows j, j + g, j + 2g, ... of (t, q) scores into row j of the g of out."""
    rows, step = len(scores), len(out)
    whole = rows // step * step
    torch.amin(scores[:whole].view(-1, step, scores.shape[1]), 0, out=out)
    if whole < rows:
        torch.minimum(out[: rows - whole], scores[whole:], out=out[: rows - whole])


def _within(score: Tensor, margin: Tensor) -> tuple[Tensor, Tensor]:
    """Return the pairs of group and query whose (groups, q) score is within a margin of the best.

    A score that overflowed counts as within.
    """
    step = -(-len(score) // _COARSE)
    coarse = torch.empty_like(score[:step])
    _least_of_groups(score, coarse)
    limit = coarse.amin(0) + margin
    some, query = (~(coarse > limit)).nonzero(as_tuple=True)
    group = some[:, None] + step * torch.arange(_COARSE, device=score.device)
    inside = group < len(score)
    inside &= ~(score[group.clamp_max(len(score) - 1), query[:, None]] > limit[query][:, None])
    pair, _ = inside.nonzero(as_tuple=True)
    return group[inside], query[pair]


def _first_nearest(queries: Tensor, reference: Tensor, query: Tensor, members: Tensor) -> Tensor:
    """Return the first nearest row of each query, measured in float64, (q,).

    Parameters
    ----------
    queries, reference
        (q, d) and (n, d).
    query, members
        For each of k pairs the query (k,) and the rows that may be its nearest, (k, 16).
    """
    pair, place = _close(queries, reference, query, members)
    row, query = members[pair, place], query[pair]
    square = torch.empty(len(row), dtype=torch.float64, device=queries.device)
    for some in row_slices(len(row), reference.shape[1]):
        gap = reference[row[some]].double() - queries[query[some]].double()
        square[some] = gap.square_().sum(1)
    least = square.new_full((len(queries),), torch.inf)
    least.scatter_reduce_(0, query, square, "amin")
    tied = torch.where(square == least[query], row, len(reference))
    first = torch.full((len(queries),), len(reference), device=queries.device)
    return first.scatter_reduce_(0, query, tied, "amin")


def _close(
    queries: Tensor, reference: Tensor, query: Tensor, members: Tensor
) -> tuple[Tensor, Tensor]:
    """Return pair and place of the members that the input's type cannot tell from the nearest.

    A difference is rounded once and a sum of d squares at most d + 2 times (Higham 2002, section
    3.1); squares too small for the type are lost whole. What overflowed counts as close.
    """
    kind, d = torch.finfo(queries.dtype), reference.shape[1]
    square = queries.new_empty(members.shape)
    for some in row_slices(len(query), members.shape[1] * d):
        gap = reference[members[some].clamp_min(0)] - queries[query[some]][:, None]
        square[some] = gap.square_().sum(2)
    square[members < 0] = torch.nan
    nearest_of = square.nan_to_num(torch.inf, torch.inf).amin(1)
    least = square.new_full((len(queries),), torch.inf)
    least.scatter_reduce_(0, query, nearest_of, "amin")
    limit = least * (1 + 4 * (d + 4) * kind.eps) + 2 * d * kind.tiny
    pair, place = (square <= limit[query][:, None]).nonzero(as_tuple=True)
    return pair, place


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


def _rounding(queries: Tensor, radius: Tensor) -> Tensor:
    """Bound the error of a score ``|r|^2 / 2 - q.r`` of each centred query, (q,), for |r| < radius.

    A sum of d products is off by at most d units of rounding times the sum of their sizes (Higham
    2002, section 3.1), here at most ``|q| |r| + |r|^2``; centring and the last sum add a few.
    Products too small for the type are lost whole.
    """
    kind, terms = torch.finfo(queries.dtype), queries.shape[1] + 4
    length = torch.linalg.vector_norm(queries, dim=1)
    bound: Tensor = terms * (kind.eps * radius * (length + radius) + kind.tiny)
    return bound
