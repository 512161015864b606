"""The neighbour graph of one cloud."""

from __future__ import annotations

import torch

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.numerics import row_slices

__all__ = ["graph_laplacian", "neighbour_graph"]


def neighbour_graph(x: Tensor, k: int) -> Tensor:
    """Join each point with its nearest ones, by Euclidean distance.

    Parameters
    ----------
    x
        Points, (n, d).
    k
        Neighbours of each, the point itself not counted; at most n - 1.

    Returns
    -------
    Tensor
        (n, n) sparse COO float64, symmetric: 1 where both name each other, 1/2 where one does.

    Raises
    ------
    InputError
        If there are not so many other points.

    Examples
    --------
    >>> line = torch.tensor([[0.0], [1.0], [3.0]])
    >>> neighbour_graph(line, 1).to_dense()
    tensor([[0.0000, 1.0000, 0.0000],
            [1.0000, 0.0000, 0.5000],
            [0.0000, 0.5000, 0.0000]], dtype=torch.float64)
    """
    n = len(x)
    if not 1 <= k < n:
        required, remedy = f"from 1 to {n - 1}, the other points", "pass fewer neighbours"
        raise InputError(sentence("neighbour_graph", "k", required, k, remedy))
    points = x.double() - x.double().mean(0)
    neighbours = torch.empty(n, k, dtype=torch.int64, device=x.device)
    for rows in row_slices(n, n):
        distance = torch.cdist(points[rows], points)
        own = torch.arange(rows.start, rows.stop, device=x.device)
        distance[torch.arange(len(own), device=x.device), own] = torch.inf
        neighbours[rows] = distance.topk(k, largest=False).indices
    first = torch.arange(n, device=x.device).repeat_interleave(k)
    pairs = torch.stack([first, neighbours.reshape(-1)])
    half = torch.full((n * k,), 0.5, dtype=torch.float64, device=x.device)
    both = torch.cat([pairs, pairs.flip(0)], dim=1)
    return torch.sparse_coo_tensor(both, half.repeat(2), (n, n), check_invariants=False).coalesce()


def graph_laplacian(graph: Tensor, v: Tensor) -> Tensor:
    """Apply the Laplacian ``D - S`` of a symmetric graph (n, n) to columns (n, k).

    Examples
    --------
    >>> graph = neighbour_graph(torch.tensor([[0.0], [1.0], [3.0]]), 1)
    >>> graph_laplacian(graph, torch.eye(3, dtype=torch.float64)[:, :1]).squeeze(1)
    tensor([ 1., -1.,  0.], dtype=torch.float64)
    """
    degree = torch.sparse.sum(graph, dim=1).to_dense()
    applied: Tensor = degree[:, None] * v - torch.sparse.mm(graph, v)
    return applied
