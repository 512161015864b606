"""One sweep over the entropic kernel: the operators that it can run on.

At a dimensionless potential ``h = g / eps`` of the columns, a sweep finds for every row the soft
minimum ``z_i = log sum_j b_j exp(h_j - C_ij / eps)``, from it the row's own best potential and so
its mass (`monge.solvers.relaxation`), and adds up what every column receives. These are the plan's
rows, the gradient of the dual and the next Sinkhorn iterate, all from one product and one
exponential (the semi-dual; Cuturi and Peyre 2018).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

import torch

from monge._types import Tensor
from monge.numerics import row_slices
from monge.plans import GibbsKernel
from monge.plans.gibbs import ShiftedScores, exponentials
from monge.solvers.relaxation import Relaxation

__all__ = [
    "ENTRY_BYTES",
    "KernelOperator",
    "Rows",
    "StoredKernel",
    "StreamedKernel",
    "Sweep",
    "Take",
    "block_elements",
    "block_slices",
    "choose_operator",
]

_DRIFT = 12.0
"""How far ``h`` may move from the reference of a stored kernel before it is rebuilt."""

_SHIFT = 30.0
"""How far ``h`` may move before a streamed sweep guesses the shift of each row again."""

_GUESS = 16
"""Every so many columns are enough to guess a row's largest score."""
_GUESS_COLUMNS = 64
"""Fewer columns than this guess nothing worth having."""

_LARGEST_TOTAL = 1e30
"""Where a row adds up to more, its shift was too small to trust its sums."""

_BLOCK, _TILE = 2**20, 64
"""Scores of one block: few enough to stay near the processor from product to column sums."""
_LEAST_BLOCK = 2**14
"""Scores of the smallest block: below, a sweep would spend its time between the blocks."""
ENTRY_BYTES = 3 * 8
"""What one score of a block takes, with what is made of it on the way."""


class Sweep(NamedTuple):
    """What one pass over the kernel gives.

    Attributes
    ----------
    soft_minimum
        ``z`` (n,) float64.
    column
        Mass received by each column (m,) float64.
    """

    soft_minimum: Tensor
    column: Tensor


Take = Callable[[slice, Tensor, Tensor], None]
"""Told of each block of a sweep: its rows, its exponentials (m, r), their column sums (r,)."""


def block_elements(memory: int) -> int:
    """Return the scores of one block within a budget: fewer only where the budget asks for it."""
    return min(_BLOCK, max(memory // ENTRY_BYTES, _LEAST_BLOCK))


def block_slices(kernel: GibbsKernel, elements: int | None = None) -> Iterator[slice]:
    """Cut the rows of a kernel into blocks that stay near the processor.

    Their height is a multiple of 64 where it can be: a product that leaves a rest of its tiles runs
    a third longer.

    Parameters
    ----------
    kernel
        The scores, (n, m).
    elements
        Of one block, see `block_elements`; by default as many as pay.
    """
    n, m = kernel.geometry.shape
    elements = _BLOCK if elements is None else elements
    tiles = max(elements // (m * _TILE), 1) * _TILE * m
    return row_slices(n, m, elements=tiles if tiles <= 2 * elements else elements)


class Rows(NamedTuple):
    """The rows' side of a problem: weights (n,) float64 and how their marginal is held."""

    weights: Tensor
    relaxation: Relaxation


class KernelOperator(Protocol):
    """A way to run sweeps; ``name`` says which."""

    name: str

    def sweep(self, h: Tensor) -> Sweep:
        """Pass once over the kernel at the potential ``h`` (m,) float64."""

    def verify(self, h: Tensor, sweep: Sweep) -> Sweep:
        """Return the sweep of the true kernel at ``h``, of which ``sweep`` is this operator's."""


class StreamedKernel:
    """Recompute the scores in every sweep: works at any size, and is the true kernel.

    A row's scores are shifted by its last soft minimum before the exponential. That moves by no
    more than ``h`` does, so nothing overflows while ``h`` has moved little; where it has moved
    further, the shift is guessed from some of the columns, and a block for which the guess proves
    too small is done again with the largest score of every row.

    Parameters
    ----------
    kernel
        The scores, (n, m).
    rows
        The side of the n rows.
    b
        Positive weights (m,), float64.
    elements
        Scores of one block, see `block_slices`.
    """

    name = "stream"

    def __init__(
        self, kernel: GibbsKernel, rows: Rows, b: Tensor, elements: int | None = None
    ) -> None:
        self.kernel, self.rows, self.log_b = kernel, rows, b.log()
        self.elements = elements
        self.scores = ShiftedScores(kernel)
        self.weights = rows.weights.to(kernel.geometry.dtype)
        self._last: tuple[Tensor, Tensor] | None = None

    def sweep(
        self, h: Tensor, *, take: Take | None = None, room: list[Tensor] | None = None
    ) -> Sweep:
        """Pass once over the kernel at the potential ``h`` (m,) float64.

        Parameters
        ----------
        h
            Potential of the columns.
        take
            Told of each block.
        room
            Where the blocks are to be made, one tensor (m, r) each; by default all of them in one
            place, so that each is gone when the next is made.
        """
        column, shift = torch.zeros_like(h), self._shift(h)
        totals = torch.empty_like(shift)
        ones = shift.new_ones(1, len(h))
        self.scores.set(self.log_b + h, shift)
        for number, rows in enumerate(self.blocks()):
            out = None if room is None else room[number]
            block = exponentials(self.scores.block(rows, out))
            # By a product: the fastest way to add up columns that there is.
            total = torch.mm(ones, block, out=totals[None, rows])[0]
            if not float(total.max()) < _LARGEST_TOTAL:
                block = self.scores.block(rows, out)
                more = block.amax(0)
                block -= more
                shift[rows] += more
                total = torch.mm(ones, exponentials(block), out=totals[None, rows])[0]
            column += torch.mv(block, self._scaling(rows, shift, total)).double()
            if take is not None:
                take(rows, block, total)
        log_norm = shift.double() + totals.double().log()
        self._last = (h.clone(), log_norm)
        return Sweep(log_norm - self.kernel.offset, column)

    def blocks(self) -> Iterator[slice]:
        """Cut the rows into the blocks of a sweep."""
        return block_slices(self.kernel, self.elements)

    def verify(self, h: Tensor, sweep: Sweep) -> Sweep:
        """Return the sweep as it is: it is the true kernel's."""
        del h
        return sweep

    def _scaling(self, rows: slice, shift: Tensor, total: Tensor) -> Tensor:
        """Return what each row of a block is multiplied by to have its mass."""
        weights, relaxation = self.rows
        if relaxation.exact:
            return self.weights[rows] / total
        log_norm = shift[rows].double() + total.double().log()
        mass = relaxation.mass(weights[rows], log_norm - self.kernel.offset[rows])
        return (mass / total).to(total.dtype)

    def _shift(self, h: Tensor) -> Tensor:
        """Return what to take off each row's scores (n,): the last normalisers, or a guess."""
        dtype = self.kernel.geometry.dtype
        if self._last is not None and float((h - self._last[0]).abs().max()) <= _SHIFT:
            return self._last[1].to(dtype, copy=True)
        n, m = self.kernel.geometry.shape
        step = _GUESS if m >= _GUESS * _GUESS_COLUMNS else 1
        guess = torch.empty(n, dtype=dtype, device=h.device)
        for rows in row_slices(n, m // step, elements=self.elements or _BLOCK):
            guess[rows] = self.kernel.scores(rows, self.log_b + h, step=step).amax(1)
        return guess


class StoredKernel:
    """Keep the kernel at a reference potential; a sweep reads it once.

    A sweep at ``h`` is two products of each block with a vector while the block is near the
    processor: ``t = K w`` with ``w = exp(h - h0)``, then ``w * (K' (mass / t))``. Where ``h``
    drifts far from the reference the kernel is rebuilt, so nothing overflows and nothing is lost.
    """

    name = "stored"

    def __init__(
        self, kernel: GibbsKernel, rows: Rows, b: Tensor, elements: int | None = None
    ) -> None:
        self.stream = StreamedKernel(kernel, rows, b, elements)
        self.blocks: list[Tensor] = []
        self.reference: Tensor | None = None
        self.soft_minimum = torch.empty_like(rows.weights)
        self.total = torch.empty_like(rows.weights)

    @staticmethod
    def need(kernel: GibbsKernel) -> int:
        """Bytes that the stored kernel takes."""
        n, m = kernel.geometry.shape
        return n * m * torch.finfo(kernel.geometry.dtype).bits // 8

    def sweep(self, h: Tensor) -> Sweep:
        """Pass once over the kernel at the potential ``h`` (m,) float64."""
        if self.reference is None or float((h - self.reference).abs().max()) > _DRIFT:
            return self._rebuild(h)
        weights, relaxation = self.stream.rows
        soft_minimum, column = torch.empty_like(weights), torch.zeros_like(h)
        weight = (h - self.reference).exp()
        factor = weight.to(self.blocks[0].dtype)[None]
        for rows, block in zip(self.stream.blocks(), self.blocks, strict=True):
            total = factor.mm(block)[0].double()
            soft_minimum[rows] = self.soft_minimum[rows] + (total / self.total[rows]).log()
            mass = relaxation.mass(weights[rows], soft_minimum[rows])
            column += torch.mv(block, (mass / total).to(block.dtype)).double()
        return Sweep(soft_minimum, weight * column)

    def verify(self, h: Tensor, sweep: Sweep) -> Sweep:
        """Pass once over the true kernel at ``h``."""
        del sweep
        return self.stream.sweep(h)

    def _rebuild(self, h: Tensor) -> Sweep:
        """Make the stored kernel anew, at ``h``."""
        kernel = self.stream.kernel
        if not self.blocks:
            m, dtype = kernel.geometry.shape[1], kernel.geometry.dtype
            self.blocks = [
                h.new_empty(m, rows.stop - rows.start, dtype=dtype) for rows in self.stream.blocks()
            ]
        self.reference = h.clone()
        sweep = self.stream.sweep(h, take=self._take, room=self.blocks)
        self.soft_minimum = sweep.soft_minimum
        return sweep

    def _take(self, rows: slice, block: Tensor, total: Tensor) -> None:
        del block  # it was made in its place
        self.total[rows] = total.double()


def choose_operator(kernel: GibbsKernel, rows: Rows, b: Tensor, memory: int) -> KernelOperator:
    """Store the kernel where the budget allows it, stream it elsewhere."""
    elements = block_elements(memory)
    if StoredKernel.need(kernel) <= memory:
        return StoredKernel(kernel, rows, b, elements)
    return StreamedKernel(kernel, rows, b, elements)
