"""One sweep over the entropic kernel: the operators that it can run on.

With dimensionless potential ``h = g / eps`` a sweep gives, for the row-normalised plan
``p_ij = b_j exp(h_j - C_ij / eps - l_i)``, the log-normalisers ``l_i`` and the column sums
``sum_i a_i p_ij``. These are the plan's rows, the dual value and its gradient, and the next
Sinkhorn iterate, all from one product and one exponential (the semi-dual; Cuturi and Peyre 2018).
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch

from monge._types import Tensor
from monge.numerics import row_slices
from monge.plans import GibbsKernel

__all__ = ["KernelOperator", "StoredKernel", "StreamedKernel", "Sweep", "choose_operator"]

_DRIFT = 12.0
"""How far ``h`` may move from the reference of a stored kernel before it is rebuilt."""


class Sweep(NamedTuple):
    """What one pass over the kernel gives.

    Attributes
    ----------
    log_norm
        ``l`` (n,) float64, without the kernel's offset.
    column
        Column sums (m,) float64.
    """

    log_norm: Tensor
    column: Tensor


class KernelOperator(Protocol):
    """A way to run sweeps; ``name`` says which, ``a`` (n,) are the weights of its rows."""

    name: str
    a: Tensor

    def sweep(self, h: Tensor) -> Sweep:
        """Pass once over the kernel at the potential ``h`` (m,) float64."""


class StreamedKernel:
    """Recompute the scores in every sweep: works at any size.

    Parameters
    ----------
    kernel
        The scores, (n, m).
    a, b
        Positive weights (n,) and (m,), float64.
    """

    name = "stream"

    def __init__(self, kernel: GibbsKernel, a: Tensor, b: Tensor) -> None:
        self.kernel, self.a, self.log_b = kernel, a, b.log()

    def sweep(self, h: Tensor) -> Sweep:
        """Pass once over the kernel at the potential ``h`` (m,) float64."""
        log_norm, column = torch.empty_like(self.a), torch.zeros_like(h)
        bias = self.log_b + h
        for rows in row_slices(*self.kernel.geometry.shape):
            share, log_norm[rows] = _softmax(self.kernel.scores(rows, bias))
            column += (self.a[rows].to(share.dtype) @ share).double()
        return Sweep(log_norm, column)


class StoredKernel:
    """Keep the row-normalised kernel at a reference potential; a sweep reads it once.

    A sweep at ``h`` is two products of each block with a vector while the block is near the
    processor: ``t = K w`` with ``w = exp(h - h0)``, then ``w * (K' (a / t))``. Where ``h`` drifts
    far from the reference the kernel is rebuilt, so nothing overflows and nothing is lost.
    """

    name = "stored"

    def __init__(self, kernel: GibbsKernel, a: Tensor, b: Tensor) -> None:
        self.stream = StreamedKernel(kernel, a, b)
        self.kernel, self.a = kernel, a
        geometry = kernel.geometry
        self.matrix = torch.empty(geometry.shape, dtype=geometry.dtype, device=geometry.device)
        self.reference: Tensor | None = None
        self.log_norm = torch.empty_like(a)

    @staticmethod
    def need(kernel: GibbsKernel) -> int:
        """Bytes that the stored kernel takes."""
        n, m = kernel.geometry.shape
        return n * m * torch.finfo(kernel.geometry.dtype).bits // 8

    def sweep(self, h: Tensor) -> Sweep:
        """Pass once over the kernel at the potential ``h`` (m,) float64."""
        if self.reference is None or float((h - self.reference).abs().max()) > _DRIFT:
            return self._rebuild(h)
        log_norm, column = torch.empty_like(self.a), torch.zeros_like(h)
        weight = (h - self.reference).exp()
        factor = weight.to(self.matrix.dtype)
        for rows in row_slices(*self.matrix.shape):
            block = self.matrix[rows]
            norm = block @ factor
            log_norm[rows] = self.log_norm[rows] + norm.double().log()
            column += ((self.a[rows] / norm.double()).to(block.dtype) @ block).double()
        return Sweep(log_norm, weight * column)

    def _rebuild(self, h: Tensor) -> Sweep:
        """Normalise the kernel at ``h`` and keep it: one streamed sweep."""
        column = torch.zeros_like(h)
        bias = self.stream.log_b + h
        for rows in row_slices(*self.matrix.shape):
            share, self.log_norm[rows] = _softmax(self.kernel.scores(rows, bias))
            column += (self.a[rows].to(share.dtype) @ share).double()
            self.matrix[rows] = share
        self.reference = h.clone()
        return Sweep(self.log_norm.clone(), column)


def _softmax(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Normalise rows in place: (r, m) shares, and the log-normalisers (r,) float64.

    Shares far below the rounding of their row are set to zero: they carry nothing, and numbers near
    the smallest representable one make a processor ten times slower.
    """
    top = scores.amax(1, keepdim=True)
    scores.sub_(top)
    least = -60.0 if scores.dtype == torch.float32 else -250.0
    share = torch.where(scores > least, scores, -torch.inf).exp_()
    total = share.sum(1, keepdim=True)
    log_norm = top[:, 0].double() + total[:, 0].double().log()
    return share.div_(total), log_norm


def choose_operator(kernel: GibbsKernel, a: Tensor, b: Tensor, memory: int) -> KernelOperator:
    """Store the kernel where the budget allows it, stream it elsewhere."""
    if StoredKernel.need(kernel) <= memory:
        return StoredKernel(kernel, a, b)
    return StreamedKernel(kernel, a, b)
