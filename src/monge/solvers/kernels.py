"""One sweep over the entropic kernel: the operators that it can run on.

At a dimensionless potential ``h = g / eps`` of the columns, a sweep finds for every row the soft
minimum ``z_i = log sum_j b_j exp(h_j - C_ij / eps)``, from it the row's own best potential and so
its mass (`monge.solvers.relaxation`), and adds up what every column receives. These are the plan's
rows, the gradient of the dual and the next Sinkhorn iterate, all from one product and one
exponential (the semi-dual; Cuturi and Peyre 2018).
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch

from monge._types import Tensor
from monge.numerics import row_slices
from monge.plans import GibbsKernel
from monge.solvers.relaxation import Relaxation

__all__ = ["KernelOperator", "Rows", "StoredKernel", "StreamedKernel", "Sweep", "choose_operator"]

_DRIFT = 12.0
"""How far ``h`` may move from the reference of a stored kernel before it is rebuilt."""

_SHIFT = 30.0
"""How far ``h`` may move before a streamed sweep looks for each row's largest score again."""

_BLOCK = 2**21
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


class Rows(NamedTuple):
    """The rows' side of a problem: weights (n,) float64 and how their marginal is held."""

    weights: Tensor
    relaxation: Relaxation


class KernelOperator(Protocol):
    """A way to run sweeps; ``name`` says which."""

    name: str

    def sweep(self, h: Tensor) -> Sweep:
        """Pass once over the kernel at the potential ``h`` (m,) float64."""


LEAST_SCORE = {torch.float32: -80.0, torch.float64: -600.0}
"""Scores this far below their row's carry nothing; far smaller exponentials cost ten times more,
being too small for the processor's usual numbers."""


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
        self._last: tuple[Tensor, Tensor] | None = None

    def sweep(self, h: Tensor) -> Sweep:
        """Pass once over the kernel at the potential ``h`` (m,) float64."""
        return self.sweep_into(h, None)

    def sweep_into(self, h: Tensor, matrix: Tensor | None) -> Sweep:
        """Pass once over the kernel, and keep its normalised rows in ``matrix`` (n, m) if given."""
        scores, column = self.kernel.at(self.log_b + h), torch.zeros_like(h)
        log_norm = torch.empty_like(self.rows.weights)
        shift = self._shift(h)
        for rows in row_slices(*self.kernel.geometry.shape, elements=_BLOCK):
            if shift is None:
                block = scores.block(rows)
                top = block.amax(1)
                block -= top[:, None]
            else:
                top = shift[rows]
                block = scores.block(rows, top)
            block.clamp_(min=LEAST_SCORE[block.dtype]).exp_()
            total = block @ block.new_ones(block.shape[1])
            log_norm[rows] = top.double() + total.double().log()
            column += (self._scaling(rows, log_norm[rows], total) @ block).double()
            if matrix is not None:
                torch.div(block, total[:, None], out=matrix[rows])
        self._last = (h.clone(), log_norm)
        return Sweep(log_norm - self.kernel.offset, column)

    def _scaling(self, rows: slice, log_norm: Tensor, total: Tensor) -> Tensor:
        """Return what each row of a block is multiplied by to have its mass."""
        weights, relaxation = self.rows
        if relaxation.exact:
            return (weights[rows] / total).to(total.dtype)
        mass = relaxation.mass(weights[rows], log_norm - self.kernel.offset[rows])
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
        geometry = kernel.geometry
        self.matrix = torch.empty(geometry.shape, dtype=geometry.dtype, device=geometry.device)
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
            sweep = self.stream.sweep_into(h, self.matrix)
            self.reference, self.soft_minimum = h.clone(), sweep.soft_minimum
            return sweep
        weights, relaxation = self.stream.rows
        soft_minimum, column = torch.empty_like(weights), torch.zeros_like(h)
        weight = (h - self.reference).exp()
        factor = weight.to(self.matrix.dtype)
        for rows in row_slices(*self.matrix.shape, elements=_BLOCK):
            block = self.matrix[rows]
            total = (block @ factor).double()
            soft_minimum[rows] = self.soft_minimum[rows] + total.log()
            mass = relaxation.mass(weights[rows], soft_minimum[rows])
            column += ((mass / total).to(block.dtype) @ block).double()
        return Sweep(soft_minimum, weight * column)


def choose_operator(kernel: GibbsKernel, rows: Rows, b: Tensor, memory: int) -> KernelOperator:
    """Store the kernel where the budget allows it, stream it elsewhere."""
    if StoredKernel.need(kernel) <= memory:
        return StoredKernel(kernel, rows, b)
    return StreamedKernel(kernel, rows, b)
