"""The few rows nearest to each row, in float32: who is near needs few digits of a distance.

`monge.neighbors` answers exactly, and takes longer.
"""

from __future__ import annotations

from math import floor, log2
from typing import NamedTuple

import numpy as np
import torch

from monge._types import NDArray, Tensor
from monge.numerics import row_slices

__all__ = ["NEIGHBOURS", "Nearest", "nearest_rows", "neighbours_of"]

_FAR = 1e15
_MOST = 1000

NEIGHBOURS = 10
"""Rows that vote, and neighbours whose labels are compared."""


class Nearest(NamedTuple):
    """Square distance, float64, and place of the k nearest rows of each query, (q, k) each.

    Distances are in a unit of the reference rows: a power of two near the largest of them.

    Examples
    --------
    >>> nearest_rows(np.array([[0.0]]), np.array([[3.0], [1.0]]), 1).row
    tensor([[1]])
    """

    square: Tensor
    row: Tensor


def nearest_rows(queries: NDArray, reference: NDArray, k: int) -> Nearest:
    """Find the k nearest reference rows (n, d) of each query (q, d), nearest first.

    Examples
    --------
    >>> rows = np.array([[0.0], [1.0], [5.0]])
    >>> nearest_rows(np.array([[4.0]]), rows, 2)
    Nearest(square=tensor([[0.2500, 2.2500]], dtype=torch.float64), row=tensor([[2, 1]]))
    """
    points, rows = _about_the_middle(queries, reference)
    index = _sought(points, rows, k, itself=False)
    square = torch.empty(index.shape, dtype=torch.float64)
    for block in row_slices(len(points), k * rows.shape[1]):
        gap = rows[index[block]] - points[block][:, None]
        square[block] = gap.square().sum(2).double()
    return Nearest(square, index)


def neighbours_of(points: NDArray) -> NDArray:
    """Return the ten nearest other rows of each row (m, d), (m, k) int64; fewer where there are.

    Examples
    --------
    >>> neighbours_of(np.array([[0.0], [1.0], [5.0]]))
    array([[1, 2],
           [0, 2],
           [1, 0]])
    """
    k = min(NEIGHBOURS, len(points) - 1)
    if k < 1:
        return np.empty((len(points), 0), dtype=np.int64)
    rows, _ = _about_the_middle(points, points)
    found: NDArray = _sought(rows, rows, k, itself=True).numpy()
    return found


def _about_the_middle(queries: NDArray, reference: NDArray) -> tuple[Tensor, Tensor]:
    """Return both in float32, with the origin among the rows and these of size one.

    So no square is beyond float32, however large or small the numbers are; of a query that is
    farther than `_FAR` nobody asks how far.
    """
    rows = torch.from_numpy(np.asarray(reference, dtype=np.float64))
    centre = rows.mean(0)
    points = torch.from_numpy(np.asarray(queries, dtype=np.float64))
    rows, points = rows - centre, points - centre
    reach = float(rows.abs().max()) if rows.numel() else 0.0
    # a power of two changes no digit
    unit = 2.0 ** -max(-_MOST, min(floor(log2(reach)), _MOST)) if reach > 0 else 1.0
    return (points * unit).clamp(-_FAR, _FAR).float(), (rows * unit).float()


def _sought(points: Tensor, rows: Tensor, k: int, *, itself: bool) -> Tensor:
    """Return the places of the k nearest rows, (q, k); of rows among themselves none is its own."""
    half = rows.square().sum(1) / 2
    index = torch.empty(len(points), k, dtype=torch.int64)
    for block in row_slices(len(points), len(rows)):
        score = torch.addmm(half, points[block], rows.T, alpha=-1)
        if itself:
            score[:, block].fill_diagonal_(torch.inf)
        index[block] = score.topk(k, largest=False).indices
    return index
