"""Which few reference rows may be the nearest of a query: a sieve that looks at all of them.

The score ``|r|^2 / 2 - q.r`` of a row orders the rows as their distance does. Where the points
spread along a few directions only, a lower bound of it is as good and costs a fraction: the product
over those directions and, as one more, the lengths of what is left (Cauchy and Schwarz). A row
whose bound is above the score of another is not the nearest. What passes is measured by `across`.
"""

from __future__ import annotations

import torch

from monge._types import Tensor
from monge.numerics import row_slices

GROUP = 8
"""Reference rows of a group, of which only the least score is kept."""
TILE = 512 * GROUP
"""Reference rows of one product."""
QUERIES = 1024
"""Query rows of one product, at most."""
_COARSE = 16
"""Groups looked at together when those that may hold the nearest row are sought."""
_HELD = 0.99
"""Share of the spread that the directions of the bound hold."""
_TRIAL_ROWS = 4096
"""Rows of each cloud by which the directions are chosen."""
_MANY = 16
"""Groups a query that pass the bound, on average, above which the whole product is cheaper."""


class Sieve:
    """Reference rows in groups: of a tile of t rows, group j holds those at j, j + t / 8, ...

    Parameters
    ----------
    reference
        (n, d).
    centre
        What every row is taken from, (d,): any would do but for rounding.
    axes
        Orthonormal directions of the bound and of all the rest, (d, d), and how many of them the
        bound reads; without them the scores themselves are compared.

    Attributes
    ----------
    bounds
        Whether lower bounds are compared.
    """

    def __init__(
        self, reference: Tensor, centre: Tensor, axes: tuple[Tensor, int] | None = None
    ) -> None:
        self.bounds = axes is not None
        self._reference, self._centre, self._axes = reference, centre, axes
        self._size, d = reference.shape
        width = d if axes is None else axes[1] + 1
        # Minus the centred row, and |r|^2 / 2, which rides along as one more feature.
        self._table = reference.new_empty(self._size, width + 1)
        if axes is None:
            opposite = torch.sub(centre, reference, out=self._table[:, :d])
            length = torch.linalg.vector_norm(opposite, dim=1)
        else:
            length = reference.new_empty(self._size)
            for rows in row_slices(self._size, d):
                gap = centre - reference[rows]
                torch.linalg.vector_norm(gap, dim=1, out=length[rows])
                self._table[rows, :width] = self._turned(gap)
            self._table[:, -2].neg_()
        self._table[:, -1] = length.square() / 2
        self._radius = length.max()
        self._scores = reference.new_empty(min(self._size, TILE) * QUERIES)
        self._tiles = torch.split(self._table, TILE)
        self._counts = [-(-height // GROUP) for height in map(len, self._tiles)]
        self._least = reference.new_empty(sum(self._counts) * QUERIES)

    def sift(self, queries: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rows that may be the nearest of some queries.

        Where bounds let so many groups through that scores would be cheaper, the sieve compares
        scores from then on.

        Parameters
        ----------
        queries
            (q, d), at most `QUERIES` rows.

        Returns
        -------
        query, row
            Of each of k pairs, (k,) int64; every query has one at least.
        """
        centred = queries - self._centre
        known = self._turned(centred) if self.bounds else centred
        lifted = torch.cat([known, torch.ones_like(known[:, :1])], 1)
        score = self._least_of_each(lifted)
        step = -(-len(score) // _COARSE)
        coarse = torch.empty_like(score[:step])
        least_of_groups(score, coarse)
        best = self._best(score, coarse, centred) if self.bounds else coarse.amin(0)
        limit = best + 2 * self._rounding(centred)
        query, group = _within(score, coarse, limit)
        if self.bounds and len(query) > _MANY * len(queries):
            Sieve.__init__(self, self._reference, self._centre)
            return self.sift(queries)
        return self._one_by_one(lifted, limit, query, self._members(group))

    def _turned(self, rows: Tensor) -> Tensor:
        """Return centred rows along the axes of the bound, and the length of what is left."""
        assert self._axes is not None
        axes, count = self._axes
        turned = rows @ axes
        left = torch.linalg.vector_norm(turned[:, count:], dim=1, keepdim=True)
        return torch.cat([turned[:, :count], left], 1)

    def _least_of_each(self, lifted: Tensor) -> Tensor:
        """Return the least score of each group for each query, (groups, q); the next call's too."""
        turned = lifted.T.contiguous()
        least = self._least[: sum(self._counts) * len(lifted)].view(-1, len(lifted))
        parts = torch.split(least, self._counts)
        for table, part in zip(self._tiles, parts, strict=True):
            out = self._scores[: len(table) * len(lifted)].view(len(table), -1)
            least_of_groups(torch.mm(table, turned, out=out), part)
        return least

    def _best(self, score: Tensor, coarse: Tensor, queries: Tensor) -> Tensor:
        """Return the least true score in the group of the least bound of each query, (q,).

        Where that group is short, any other row will do: its score too is one that is reached.
        """
        step, query = len(coarse), torch.arange(len(queries), device=score.device)
        group = coarse.argmin(0) + step * torch.arange(_COARSE, device=score.device)[:, None]
        inside = score[group.clamp_max(len(score) - 1), query]
        members = self._members(group[inside.argmin(0), query])
        rows = self._reference[members.clamp_min(0)] - self._centre
        true = rows.square().sum(2) / 2 - torch.einsum("qgd,qd->qg", rows, queries)
        return true.amin(1)

    def _one_by_one(
        self, lifted: Tensor, limit: Tensor, query: Tensor, members: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the pairs of query and row, of all members (k, 8) of groups, within the limit."""
        inside = members >= 0
        for some in row_slices(len(query), members.shape[1] * lifted.shape[1]):
            rows, asked = self._table[members[some].clamp_min(0)], query[some]
            score = torch.einsum("kgd,kd->kg", rows, lifted[asked])
            inside[some] &= ~(score > limit[asked][:, None])
        pair, _ = inside.nonzero(as_tuple=True)
        return query[pair], members[inside]

    def _members(self, group: Tensor) -> Tensor:
        """Return the rows of one group for each query, (q, 8) ascending; -1 fills a short one."""
        width = TILE // GROUP
        start = torch.div(group, width, rounding_mode="floor") * TILE
        height = (self._size - start).clamp_max(TILE)
        step = torch.div(height + GROUP - 1, GROUP, rounding_mode="floor")
        within = (group - torch.div(group, width, rounding_mode="floor") * width)[:, None]
        offset = within + step[:, None] * torch.arange(GROUP, device=group.device)
        return torch.where(offset < height[:, None], start[:, None] + offset, -1)

    def _rounding(self, queries: Tensor) -> Tensor:
        """Bound the error of the score of each centred query, (q,).

        Turning a row of d features moves it by at most sqrt(d) times the rounding of one sum, and
        so does turning the other.
        """
        turns = 2 * queries.shape[1] ** 0.5 if self.bounds else 0
        return (1 + turns) * rounding(queries, self._radius)


def principal_axes(queries: Tensor, reference: Tensor, centre: Tensor) -> tuple[Tensor, int] | None:
    """Return the directions of both clouds by their spread, and how many hold nearly all of it.

    Parameters
    ----------
    queries, reference
        (q, d) and (n, d).
    centre
        (d,).

    Returns
    -------
    axes, count
        (d, d) orthonormal, the widest first; or None where bounds along them would not pay: few
        rows, or a spread over more than half of the features.
    """
    d = len(centre)
    if len(reference) < TILE or len(queries) == 0:
        return None
    some = [cloud[:: -(-len(cloud) // _TRIAL_ROWS)] - centre for cloud in (queries, reference)]
    spread = sum(rows.T @ rows / len(rows) for rows in some)
    assert isinstance(spread, torch.Tensor)
    total = spread.trace()
    kind = torch.finfo(spread.dtype)
    smallest = kind.tiny / kind.eps
    if not (total.isfinite() and total > smallest):
        return None
    size, axes = torch.linalg.eigh(spread.double() / total.double())
    count = int((size.flip(0).cumsum(0) < _HELD).sum()) + 1
    return (axes.flip(1).to(reference.dtype).contiguous(), count) if 2 * count < d else None


def rounding(queries: Tensor, radius: Tensor) -> Tensor:
    """Bound the error of a score ``|r|^2 / 2 - q.r`` of each centred query, (q,), for |r| < radius.

    A sum of d products is off by at most d units of rounding times the sum of their sizes (Higham
    2002, section 3.1), here at most ``|q| |r| + |r|^2``; centring and the last sum add a few.
    Products too small for the type are lost whole.
    """
    kind, terms = torch.finfo(queries.dtype), queries.shape[1] + 4
    length = torch.linalg.vector_norm(queries, dim=1)
    bound: Tensor = terms * (kind.eps * radius * (length + radius) + kind.tiny)
    return bound


def least_of_groups(scores: Tensor, out: Tensor) -> None:
    """Write the least of rows j, j + g, j + 2g, ... of (t, q) scores into row j of the g of out."""
    rows, step = len(scores), len(out)
    whole = rows // step * step
    torch.amin(scores[:whole].view(-1, step, scores.shape[1]), 0, out=out)
    if whole < rows:
        torch.minimum(out[: rows - whole], scores[whole:], out=out[: rows - whole])


def _within(score: Tensor, coarse: Tensor, limit: Tensor) -> tuple[Tensor, Tensor]:
    """Return the pairs of query and group whose (groups, q) score is not above the query's limit.

    A score that overflowed counts as within. `coarse` holds the least of every few groups.
    """
    some, query = (~(coarse > limit)).nonzero(as_tuple=True)
    group = some[:, None] + len(coarse) * torch.arange(_COARSE, device=score.device)
    inside = group < len(score)
    inside &= ~(score[group.clamp_max(len(score) - 1), query[:, None]] > limit[query][:, None])
    pair, _ = inside.nonzero(as_tuple=True)
    return query[pair], group[inside]
