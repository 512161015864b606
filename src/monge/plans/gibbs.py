"""The Gibbs kernel exp(-C/eps), as scores in blocks: what every entropic formula is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import torch

from monge._types import Tensor
from monge.geometry import Geometry
from monge.numerics import full_precision

__all__ = ["GibbsKernel", "ShiftedScores", "exponentials"]


@dataclass(frozen=True, eq=False)
class GibbsKernel:
    """Scores ``bias_j - C_ij / eps + offset_i`` of a geometry at one epsilon.

    Where the cost is a product (`Geometry.factors`), the offset is the part of the cost that
    depends on the source row alone: it cancels in every softmax over the target and is never added,
    which saves a pass and, in float32, the digits that its size would cost. Elsewhere it is zero.

    Attributes
    ----------
    geometry
        The cost, (n, m).
    epsilon
        Positive, in the units of the cost.

    Examples
    --------
    >>> from monge.geometry import DenseCost
    >>> kernel = GibbsKernel(DenseCost(torch.tensor([[0.0, 1.0], [2.0, 0.0]])), epsilon=0.5)
    >>> kernel.scores(slice(0, 2), torch.zeros(2).double())
    tensor([[ 0., -2.],
            [-4.,  0.]])
    >>> torch.softmax(kernel.scores(slice(0, 1), torch.zeros(2).double()), 1)  # shares of a row
    tensor([[0.8808, 0.1192]])
    """

    geometry: Geometry
    epsilon: float
    _thin: dict[int, Geometry] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def _product(self) -> tuple[Tensor, Tensor] | None:
        """The two sides of the product, the right one divided by epsilon: (n, k) and (k, m)."""
        factors = self.geometry.factors()
        if factors is None:
            return None
        right = (factors.right.double() / self.epsilon).to(self.geometry.dtype)
        return factors.left, right.T.contiguous()

    @cached_property
    def _column(self) -> Tensor:
        """The part of the cost that depends on the target alone, over epsilon: (m,) float64."""
        factors = self.geometry.factors()
        if factors is None:
            shape = self.geometry.shape[1]
            return torch.zeros(shape, dtype=torch.float64, device=self.geometry.device)
        return factors.column.double() / self.epsilon

    @cached_property
    def offset(self) -> Tensor:
        """What each row's scores leave out, (n,) float64."""
        factors = self.geometry.factors()
        if factors is None:
            shape = self.geometry.shape[0]
            return torch.zeros(shape, dtype=torch.float64, device=self.geometry.device)
        return factors.row.double() / self.epsilon

    def _thinned(self, step: int) -> Geometry:
        """Return the geometry of every so many columns, made once."""
        if step not in self._thin:
            some = torch.arange(0, self.geometry.shape[1], step, device=self.geometry.device)
            self._thin[step] = self.geometry.select(None, some)
        return self._thin[step]

    @full_precision()
    def scores(self, rows: slice, bias: Tensor, *, step: int = 1) -> Tensor:
        """Return the scores of a block of rows.

        Parameters
        ----------
        rows
            Source rows.
        bias
            (m,) float64, added to every row; ``-inf`` shuts a column out.
        step
            Only every so many columns, from the first.

        Returns
        -------
        Tensor
            (r, m), or (r, ceil(m / step)), in the geometry's type.
        """
        dtype = self.geometry.dtype
        if self._product is None:
            geometry = self.geometry if step == 1 else self._thinned(step)
            return (bias[::step] - geometry.block(rows).double() / self.epsilon).to(dtype)
        left, right = self._product
        lifted = (bias - self._column).to(dtype)
        return torch.addmm(lifted[::step], left[rows], right[:, ::step])


class ShiftedScores:
    """Scores less a number for each row, in blocks that lie as (m, r): one product each.

    The bias of the columns and the shift of the rows ride along in the product as two more
    features, so that they cost no pass of their own; and a block whose rows are short runs in about
    half the time of one whose rows are long. All blocks share one buffer: a block is valid until
    the next is made.

    Parameters
    ----------
    kernel
        The scores, (n, m).
    """

    def __init__(self, kernel: GibbsKernel) -> None:
        self.kernel = kernel
        self._left: Tensor | None = None
        self._right: Tensor | None = None
        self._bias = kernel.offset.new_zeros(kernel.geometry.shape[1])
        self._shift: Tensor | None = None
        self._buffer = kernel.offset.new_empty(0).to(kernel.geometry.dtype)

    def set(self, bias: Tensor, shift: Tensor | None) -> None:
        """Fix the bias (m,) float64 and the shift (n,), in the geometry's type; ``None`` is 0."""
        self._bias, self._shift = bias, shift
        product = self.kernel._product  # noqa: SLF001 - the two are one concept in one file
        if product is None:
            return
        left, right = product
        if self._left is None or self._right is None:
            ones = torch.ones_like(left[:, :1])
            self._left = torch.cat([left, ones, ones], 1)
            ones = torch.ones_like(right[:1])
            self._right = torch.cat([right, ones, ones]).T.contiguous()
        self._left[:, -1] = 0 if shift is None else -shift
        self._right[:, -2] = bias - self.kernel._column  # noqa: SLF001 - see above

    def block(self, rows: slice, out: Tensor | None = None) -> Tensor:
        """Return the scores of a block of rows, (m, r) in the geometry's type.

        Parameters
        ----------
        rows
            Source rows.
        out
            Where to make them, (m, r); by default in the shared buffer.
        """
        if self._left is None or self._right is None:
            block = self.kernel.scores(rows, self._bias)
            if self._shift is not None:
                block -= self._shift[rows][:, None]
            return block.T if out is None else out.copy_(block.T)
        if out is None:
            size = len(self._right) * (rows.stop - rows.start)
            if len(self._buffer) < size:
                self._buffer = self._buffer.new_empty(size)
            out = self._buffer[:size].view(len(self._right), rows.stop - rows.start)
        return torch.mm(self._right, self._left[rows].T, out=out)


LEAST_SCORE = {torch.float32: -65.0, torch.float64: -600.0}
"""Shifted scores below this carry nothing; far smaller exponentials cost ten times more, being too
small for the processor's usual numbers."""


def exponentials(scores: Tensor) -> Tensor:
    """Take the exponentials of shifted scores in place."""
    return scores.clamp_(min=LEAST_SCORE[scores.dtype]).exp_()
