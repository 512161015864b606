"""One sweep over the entropic kernel: the operators that it can run on.

At a dimensionless potential ``h = g / eps`` of the columns, a sweep finds for every row the soft
minimum ``z_i = log sum_j b_j exp(h_j - C_ij / eps)``, from it the row's own best potential and so
its mass (`monge.solvers.relaxation`), and adds up what every column receives. These are the plan's
rows, the gradient of the dual and the next Sinkhorn iterate, all from one product and one
exponential (the semi-dual; Cuturi and Peyre 2018).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import torch

from monge._types import Tensor
from monge.numerics import row_slices
from monge.plans import GibbsKernel
from monge.plans.gibbs import ShiftedScores, exponentials
from monge.solvers.relaxation import Relaxation

__all__ = ["KernelOperator", "Rows", "StoredKernel", "StreamedKernel", "Sweep", "choose_operator"]

_DRIFT = 12.0
"""How far ``h`` may move from the reference of a stored kernel before it is rebuilt."""

_SHIFT = 30.0
"""How far ``h`` may move before a streamed sweep looks for each row's largest score again."""

_BLOCK = 2**20
BLOCK_BYTES = 3 * 8 * _BLOCK
"""Scores of one block: few enough to stay near the processor from product to column sums."""


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


def block_slices(kernel: GibbsKernel) -> Iterator[slice]:
    """Cut the rows of a kernel into blocks that stay near the processor."""
    return row_slices(*kernel.geometry.shape, elements=_BLOCK)


class Rows(NamedTuple):
    """The rows' side of a problem: weights (n,) float64 and how their marginal is held."""

    weights: Tensor
    relaxation: Relaxation


class KernelOperator(Protocol):
    """A way to run sweeps; ``name`` says which."""

    name: str

    def sweep(self, h: Tensor) -> Sweep:
        """Pass once over the kernel at the potential ``h`` (m,) float64."""


class StreamedKernel:
    """Recompute the scores in every sweep: works at any size.

    A row's scores are shifted by its last soft minimum before the exponential. That moves by no
    more than ``h`` does, so nothing overflows while ``h`` has moved little; where it has moved
    further, each row's largest score is found first.

    Parameters
    ----------
    kernel
        The scores, (n, m).
    rows
        The side of the n rows.
    b
        Positive weights (m,), float64.
    """

    name = "stream"

    def __init__(self, kernel: GibbsKernel, rows: Rows, b: Tensor) -> None:
        self.kernel, self.rows, self.log_b = kernel, rows, b.log()
        self.scores = ShiftedScores(kernel)
        self._last: tuple[Tensor, Tensor] | None = None

    def sweep(self, h: Tensor) -> Sweep:
        """Pass once over the kernel at the potential ``h`` (m,) float64."""
        return self.sweep_into(h, None)

    def sweep_into(self, h: Tensor, blocks: list[Tensor] | None) -> Sweep:
        """Pass once over the kernel, and keep the exponentials of each block (m, r) if asked.

        What is kept is normalised: the shares that each row sends to each column.
        """
        column, log_norm = torch.zeros_like(h), torch.empty_like(self.rows.weights)
        shift = self._shift(h)
        self.scores.set(self.log_b + h, shift)
        for rows in block_slices(self.kernel):
            block = self.scores.block(rows)
            if shift is None:
                top = block.amax(0)
                block -= top
            else:
                top = shift[rows]
            exponentials(block)
            total = block.new_ones(1, len(block)).mm(block)[0]
            log_norm[rows] = top.double() + total.double().log()
            scaling = self._scaling(rows, log_norm[rows], total)
            column += torch.mv(block, scaling).double()
            if blocks is not None:
                blocks.append(block / total)
        self._last = (h.clone(), log_norm)
        return Sweep(log_norm - self.kernel.offset, column)

    def _scaling(self, rows: slice, log_norm: Tensor, total: Tensor) -> Tensor:
        """Return what each row of a block is multiplied by to have its mass."""
        weights, relaxation = self.rows
        mass = weights[rows]
        if not relaxation.exact:
            mass = relaxation.mass(mass, log_norm - self.kernel.offset[rows])
        return (mass / total).to(total.dtype)

    def _shift(self, h: Tensor) -> Tensor | None:
        """Return the last normalisers, if ``h`` has not moved too far for them to serve."""
        if self._last is None or float((h - self._last[0]).abs().max()) > _SHIFT:
            return None
        return self._last[1].to(self.kernel.geometry.dtype)


class StoredKernel:
    """Keep the row-normalised kernel at a reference potential; a sweep reads it once.

    A sweep at ``h`` is two products of each block with a vector while the block is near the
    processor: ``t = K w`` with ``w = exp(h - h0)``, then ``w * (K' (mass / t))``. Where ``h``
    drifts far from the reference the kernel is rebuilt, so nothing overflows and nothing is lost.
    """

    name = "stored"

    def __init__(self, kernel: GibbsKernel, rows: Rows, b: Tensor) -> None:
        self.stream = StreamedKernel(kernel, rows, b)
        self.blocks: list[Tensor] = []
        self.reference: Tensor | None = None
        self.soft_minimum = torch.empty_like(rows.weights)

    @staticmethod
    def need(kernel: GibbsKernel) -> int:
        """Bytes that the stored kernel takes."""
        n, m = kernel.geometry.shape
        return n * m * torch.finfo(kernel.geometry.dtype).bits // 8

    def sweep(self, h: Tensor) -> Sweep:
        """Pass once over the kernel at the potential ``h`` (m,) float64."""
        if self.reference is None or float((h - self.reference).abs().max()) > _DRIFT:
            self.blocks.clear()
            sweep = self.stream.sweep_into(h, self.blocks)
            self.reference, self.soft_minimum = h.clone(), sweep.soft_minimum
            return sweep
        weights, relaxation = self.stream.rows
        soft_minimum, column = torch.empty_like(weights), torch.zeros_like(h)
        weight = (h - self.reference).exp()
        factor = weight.to(self.blocks[0].dtype)[None]
        for rows, block in zip(block_slices(self.stream.kernel), self.blocks, strict=True):
            total = factor.mm(block)[0].double()
            soft_minimum[rows] = self.soft_minimum[rows] + total.log()
            mass = relaxation.mass(weights[rows], soft_minimum[rows])
            column += torch.mv(block, (mass / total).to(block.dtype)).double()
        return Sweep(soft_minimum, weight * column)


def choose_operator(kernel: GibbsKernel, rows: Rows, b: Tensor, memory: int) -> KernelOperator:
    """Store the kernel where the budget allows it, stream it elsewhere."""
    if StoredKernel.need(kernel) <= memory:
        return StoredKernel(kernel, rows, b)
    return StreamedKernel(kernel, rows, b)
