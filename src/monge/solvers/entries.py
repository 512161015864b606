"""Some entries of a kernel as one sparse matrix that multiplies from both sides."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.sparse import csr_matrix

from monge._types import Tensor

__all__ = ["Found", "SparseMatrix", "joined"]


class Found(NamedTuple):
    """Main entries of some rows: where each row ends (r,), column and value of each (k,)."""

    ends: Tensor
    column: Tensor
    value: Tensor


def joined(found: list[Found], width: int) -> SparseMatrix:
    """Put the entries of all rows into one matrix."""
    ends, past = [found[0].ends.new_zeros(1)], 0
    for part in found:
        ends.append(part.ends + past)
        past += len(part.column)
    column = torch.cat([part.column for part in found])
    value = torch.cat([part.value for part in found])
    return SparseMatrix(torch.cat(ends), column, value, width)


class SparseMatrix:
    """Compressed rows that multiply a vector from both sides.

    On the processor SciPy multiplies by the transpose many times faster than PyTorch does.

    Parameters
    ----------
    ends
        Where each row begins and the last one ends, (n + 1,).
    column, value
        Of each entry, (k,).
    width
        Columns m.
    """

    def __init__(self, ends: Tensor, column: Tensor, value: Tensor, width: int) -> None:
        shape = len(ends) - 1, width
        self.dtype, self.device = value.dtype, value.device
        self._matrix: Any
        if self.device.type == "cpu":
            index: Any = np.int32 if len(value) < 2**31 else np.int64
            parts: Any = value.numpy(), column.numpy(), ends.numpy().astype(index)
            self._matrix = csr_matrix(parts, shape=shape, copy=False)
            self._transpose = self._matrix.T
        else:
            self._matrix = torch.sparse_csr_tensor(ends, column.long(), value, shape)
            self._transpose = self._matrix.t()

    def times(self, vector: Tensor) -> Tensor:
        """Return ``K w``, (m,) -> (n,); float64 in and out."""
        return self._product(self._matrix, vector)

    def transposed_times(self, vector: Tensor) -> Tensor:
        """Return ``K' v``, (n,) -> (m,); float64 in and out."""
        return self._product(self._transpose, vector)

    def _product(self, matrix: Any, vector: Tensor) -> Tensor:
        vector = vector.to(self.dtype)
        if self.device.type == "cpu":
            return torch.from_numpy(matrix @ vector.numpy()).double()
        product: Tensor = (matrix @ vector).double()
        return product
