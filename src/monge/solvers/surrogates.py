"""Cheap stand-ins for a large kernel, corrected so that they agree with it where it was last swept.

A large solve spends its time in sweeps over all n x m entries. Its Hessian is far simpler than
that: some of the rows, or the main entries of all of them, tell nearly as much about how the column
sums answer to a change of the potential. So a pass over the true kernel at ``h0`` is followed by a
solve on a stand-in whose column sums are multiplied by the ratio of the true ones to its own at
``h0``. Its answer is the next ``h0``. The error shrinks by the stand-in's relative error in each
such round, not by Sinkhorn's rate (the full approximation scheme of multigrid: Brandt 1977;
subsampled Newton methods: Roosta-Khorasani and Mahoney 2019).
"""

from __future__ import annotations

from math import inf
from typing import Protocol

import torch

from monge._types import Tensor
from monge.geometry import Geometry
from monge.plans import GibbsKernel
from monge.solvers.entries import Found, SparseMatrix, joined
from monge.solvers.kernels import Rows, StoredKernel, StreamedKernel, Sweep

__all__ = ["Correction", "MainEntries", "SampledRows", "Surrogate"]

LEAST_SHARE = 3e-4
"""Entries below this share of their row are left out: together they hold 1 % of the mass at epsilon
0.01 of the mean cost and 7 % at 0.05, on the features of a network."""

_BACKGROUND, _LEAST_REST = 0.1, 1e-4
"""Part of what a row lacks that is spread over all columns, and the least that a row lacks."""


class Surrogate(Protocol):
    """A cheap kernel that stands in for the true one near a potential.

    Attributes
    ----------
    name
        Says which.
    accuracy
        Share of the true error that a solve on it is to reach: it knows no better.
    reach
        Marginal error above which it is no guide: what is small there says nothing of the solution.
    rows, columns
        Both its sides.
    """

    name: str
    accuracy: float
    reach: float
    rows: Rows
    columns: Rows

    def truth(self, h: Tensor, *, look: bool) -> Sweep:
        """Pass over the true kernel at ``h``; ``look`` to be made anew from what is seen."""

    def correct(self, h: Tensor, truth: Sweep) -> None:
        """Agree with the true sweep at ``h`` from now on."""

    def sweep(self, h: Tensor) -> Sweep:
        """Pass over the stand-in at ``h``."""

    def verify(self, h: Tensor, sweep: Sweep) -> Sweep:
        """Return the sweep as it is: nobody swears by a stand-in."""


class Correction:
    """What makes the column sums of a stand-in those of the true kernel at one potential.

    Each is multiplied by the ratio of the two. A column that the stand-in has lost altogether is
    taken to answer as one of many small shares does: by the exponential of its own potential.

    Parameters
    ----------
    h
        The potential (m,).
    true, own
        Column sums there (m,), float64.
    rows, columns
        Both sides of the stand-in.
    """

    def __init__(self, h: Tensor, true: Tensor, own: Tensor, rows: Rows, columns: Rows) -> None:
        self.h = h
        self.lost = ~((true > 0) & (own > 0))
        factor, scale = torch.where(self.lost, 1.0, true / own), 1.0
        if columns.relaxation.exact and rows.relaxation.exact:
            # What held columns ask of the stand-in must add up to what its rows have.
            asked = torch.where(self.lost, 0.0, columns.weights / factor)
            scale = float(asked.sum() / columns.weights.sum())
        self.factor, self.true = factor * scale, true * scale

    def of(self, h: Tensor, column: Tensor) -> Tensor:
        """Return the corrected column sums at ``h``."""
        alone = self.true * (h - self.h).exp()
        return torch.where(self.lost, alone, column * self.factor)


class SampledRows:
    """Some of the rows, stored, each with the weight of those that it stands for.

    Parameters
    ----------
    stream
        The true kernel.
    geometry
        The cost of the sampled rows, (s, m).
    rows
        Their side: weights (s,) that add up to those of all rows.
    columns
        The side of the columns.
    """

    name, accuracy, reach = "sampled", 0.05, inf

    def __init__(
        self, stream: StreamedKernel, geometry: Geometry, rows: Rows, columns: Rows
    ) -> None:
        self.stream, self.rows, self.columns = stream, rows, columns
        kernel = GibbsKernel(geometry, stream.kernel.epsilon)
        self.kernel = StoredKernel(kernel, rows, columns.weights, stream.elements)
        self._last: tuple[Tensor, Sweep] | None = None
        self.correction: Correction | None = None

    def truth(self, h: Tensor, *, look: bool) -> Sweep:
        """Pass over the true kernel at ``h``."""
        del look
        return self.stream.sweep(h)

    def correct(self, h: Tensor, truth: Sweep) -> None:
        """Agree with the true sweep at ``h`` from now on."""
        own = self._swept(h).column
        self.correction = Correction(h, truth.column, own, self.rows, self.columns)

    def sweep(self, h: Tensor) -> Sweep:
        """Pass over the sampled rows at ``h``."""
        soft_minimum, column = self._swept(h)
        if self.correction is not None:
            column = self.correction.of(h, column)
        return Sweep(soft_minimum, column)

    def verify(self, h: Tensor, sweep: Sweep) -> Sweep:
        """Return the sweep as it is."""
        del h
        return sweep

    def _swept(self, h: Tensor) -> Sweep:
        """Pass over the sampled rows, unless the last pass was at this very potential."""
        if self._last is None or self._last[0] is not h:
            self._last = h, self.kernel.sweep(h)
        return self._last[1]


class MainEntries:
    """The main entries of all rows as one sparse matrix, and a thin background.

    Relative to the true kernel's rows at a reference potential, entries of at least a least share
    are kept. What a row lacks at the potential of the last correction is mostly put on the entries
    that it has; a part is spread over all columns as a product ``r_i c_j``, for a sparse pattern
    alone may admit no plan at all. Then the column sums are corrected.

    Parameters
    ----------
    stream
        The true kernel.
    columns
        The side of the columns.
    """

    name, accuracy, reach = "sparse", 0.02, 0.3

    def __init__(self, stream: StreamedKernel, columns: Rows) -> None:
        self.stream, self.rows, self.columns = stream, stream.rows, columns
        self.correction: Correction | None = None
        self.reference = torch.zeros_like(columns.weights)
        self.soft_minimum = torch.zeros_like(self.rows.weights)
        self.scale = torch.ones_like(self.rows.weights)
        self.row_rest = torch.zeros_like(self.rows.weights)
        self.column_rest = torch.zeros_like(columns.weights)
        self._found: list[Found] = []
        self._matrix: SparseMatrix | None = None

    def truth(self, h: Tensor, *, look: bool) -> Sweep:
        """Pass over the true kernel at ``h``, and find the main entries again if asked."""
        if not look:
            return self.stream.sweep(h)
        self._matrix = None
        sweep = self.stream.sweep(h, take=self._take)
        self.reference, self.soft_minimum = h.clone(), sweep.soft_minimum
        self._matrix = joined(self._found, len(h))
        self._found.clear()
        return sweep

    def correct(self, h: Tensor, truth: Sweep) -> None:
        """Agree with the true sweep at ``h`` from now on."""
        weight = (h - self.reference).exp()
        total = (truth.soft_minimum - self.soft_minimum).exp()
        kept = self._entries.times(weight)
        self.row_rest = _BACKGROUND * (total - kept).clamp_min(_LEAST_REST * total)
        self.scale = (total - self.row_rest) / kept
        self.column_rest = self.columns.weights / weight / self.columns.weights.sum()
        self.correction = None
        own = self.sweep(h).column
        self.correction = Correction(h, truth.column, own, self.rows, self.columns)

    def sweep(self, h: Tensor) -> Sweep:
        """Pass over the main entries at ``h``."""
        weights, relaxation = self.rows
        weight = (h - self.reference).exp()
        total = self.scale * self._entries.times(weight)
        total += self.row_rest * (self.column_rest @ weight)
        soft_minimum = self.soft_minimum + total.log()
        scaling = relaxation.mass(weights, soft_minimum) / total
        column = self._entries.transposed_times(scaling * self.scale)
        column = weight * (column + self.column_rest * (self.row_rest @ scaling))
        if self.correction is not None:
            column = self.correction.of(h, column)
        return Sweep(soft_minimum, column)

    def verify(self, h: Tensor, sweep: Sweep) -> Sweep:
        """Return the sweep as it is."""
        del h
        return sweep

    @property
    def _entries(self) -> SparseMatrix:
        if self._matrix is None:
            raise AssertionError("unreachable: the first pass over the true kernel looks")
        return self._matrix

    def _take(self, rows: slice, block: Tensor, total: Tensor) -> None:
        """Keep the main entries of one block (m, r) of exponentials, as shares of their row."""
        del rows  # they come in order
        height, width = block.shape
        main = (block >= LEAST_SHARE * total).t().contiguous()
        flat = main.view(-1).nonzero()[:, 0]
        row = torch.div(flat, height, rounding_mode="floor")
        column = flat - row * height
        value = block.reshape(-1)[column * width + row] / total[row]
        ends = torch.arange(1, width + 1, device=flat.device) * height
        self._found.append(Found(torch.searchsorted(flat, ends), column.int(), value))
