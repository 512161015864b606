"""The neighbour graph of one cloud, and labels that spread over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix, diags, identity
from scipy.sparse.linalg import cg

from monge._types import Tensor
from monge.errors import ConvergenceError, InputError, sentence
from monge.neighbors import nearest_others

__all__ = ["affinity_graph", "diffuse", "graph_laplacian", "neighbour_graph", "spread"]

_TOLERANCE = 1e-6
"""Residual of spread votes, relative to what they began with."""


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
    index = nearest_others(x, k).row
    pairs = torch.stack([torch.arange(n, device=x.device).repeat_interleave(k), index.reshape(-1)])
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


def affinity_graph(views: Sequence[Tensor], k: int) -> Tensor:
    """Join each point with its nearest ones in several views, the nearer the more.

    A view says how like two points are by the cosine of their rows once its mean is taken off, and
    all views have the same say: ``|p - q|^2`` is the sum of ``2 (1 - cos)`` over the views. A point
    weighs a neighbour by ``exp(-|p - q|^2 / r^2)``, with r the mean distance of its neighbours.

    Parameters
    ----------
    views
        Of the same n points, each (n, d) with a d of its own.
    k
        Neighbours of each, the point itself not counted; at most n - 1.

    Returns
    -------
    Tensor
        (n, n) sparse COO float64, symmetric: the larger of the weights that two points give.

    Raises
    ------
    InputError
        If the views are not of the same points, or there are not so many other points.

    Examples
    --------
    >>> affinity_graph([torch.tensor([[1.0, 0.0], [2.0, 0.0], [-3.0, 0.0]])], 1).to_dense()
    tensor([[0.0000, 1.0000, 0.3679],
            [1.0000, 0.0000, 0.0000],
            [0.3679, 0.0000, 0.0000]], dtype=torch.float64)
    """
    if len({len(view) for view in views}) != 1:
        required = "at least one, all with a row for each point"
        got, remedy = [len(view) for view in views], "pass views of the same points"
        raise InputError(sentence("affinity_graph", "views", required, got, remedy))
    index, square = nearest_others(torch.cat([_directions(view) for view in views], 1), k)
    mean = square.sqrt().mean(1, keepdim=True)
    weight = torch.where(mean > 0, square / mean.square(), 0.0).neg().exp()
    n = len(index)
    ends = np.arange(0, n * k + 1, k)
    parts: Any = weight.cpu().numpy().ravel(), index.cpu().numpy().ravel(), ends
    directed = csr_matrix(parts, shape=(n, n))
    larger = directed.maximum(directed.T).tocoo()
    pairs = torch.from_numpy(np.stack([larger.row, larger.col]).astype(np.int64))
    values = torch.from_numpy(larger.data)
    graph = torch.sparse_coo_tensor(pairs, values, (n, n), check_invariants=False)
    return graph.coalesce().to(weight.device)


def diffuse(graph: Tensor, v: Tensor, steps: int) -> Tensor:
    """Replace columns (n, k), so many times, by the mean of each point and its neighbours.

    A point counts 1 beside the affinities of its neighbours: ``v <- (I + D)^-1 (I + W) v``.

    Examples
    --------
    >>> graph = affinity_graph([torch.tensor([[-1.0], [1.0]])], 1)
    >>> diffuse(graph, torch.tensor([[0.0], [1.0]]), 1)
    tensor([[0.2689],
            [0.7311]], dtype=torch.float64)
    """
    graph = graph.coalesce()
    total = 1 + torch.sparse.sum(graph, dim=1).to_dense()[:, None]
    v = v.double()
    for _ in range(steps):
        v = (v + torch.sparse.mm(graph, v)) / total
    return v


def spread(graph: Tensor, votes: Tensor, *, strength: float = 0.99) -> Tensor:
    """Let each point take on what its neighbours say (Zhou et al. 2004).

    Returns ``F = (1 - s) (I - s S)^-1 V``, the end of the iteration ``F <- s S F + (1 - s) V``,
    with ``S = D^-1/2 W D^-1/2`` of the affinity W and its row sums D.

    Parameters
    ----------
    graph
        W, (n, n) sparse, symmetric and non-negative.
    votes
        V, (n, L).
    strength
        s from 0, which leaves the votes as they are, to below 1.

    Returns
    -------
    Tensor
        (n, L) float64.

    Raises
    ------
    InputError
        If the votes are not of the points, or the strength is out of its range.
    ConvergenceError
        If conjugate gradients did not settle.

    Examples
    --------
    >>> graph = affinity_graph([torch.tensor([[0.0], [1.0]])], 1)
    >>> spread(graph, torch.tensor([[1.0], [0.0]]), strength=0.5)
    tensor([[0.6667],
            [0.3333]], dtype=torch.float64)
    """
    n = len(graph)
    if votes.ndim != 2 or len(votes) != n or not bool(votes.isfinite().all()):  # noqa: PLR2004 - a matrix
        required, remedy = f"finite, with {n} rows", "pass a row for each point"
        raise InputError(sentence("spread", "votes", required, tuple(votes.shape), remedy))
    if not 0 <= strength < 1:
        required, remedy = "at least 0 and below 1", "pass for example strength=0.99"
        raise InputError(sentence("spread", "strength", required, strength, remedy))
    graph = graph.coalesce().cpu()
    row, column = graph.indices().numpy()
    affinity = csr_matrix((graph.values().numpy(), (row, column)), shape=(n, n))
    root = np.sqrt(np.asarray(affinity.sum(1)).ravel())
    inverse = diags(np.divide(1, root, out=np.zeros_like(root), where=root > 0))
    system = (identity(n) - strength * (inverse @ affinity @ inverse)).tocsr()
    given = (1 - strength) * votes.detach().cpu().double().numpy()
    found = np.empty_like(given)
    for label in range(given.shape[1]):
        found[:, label], unsettled = cg(system, given[:, label], rtol=_TOLERANCE)
        if unsettled:
            required, remedy = "one at which spreading settles", "pass a smaller one, such as 0.99"
            raise ConvergenceError(sentence("spread", "strength", required, strength, remedy))
    return torch.from_numpy(found).to(votes.device)


def _directions(view: Tensor) -> Tensor:
    """Take the mean off the rows (n, d) and make each of length one; a row at the mean stays 0."""
    centred = view.double() - view.double().mean(0)
    size = centred.abs().max()
    centred = centred / size if size > 0 else centred  # squares neither vanish nor overflow
    return torch.nn.functional.normalize(centred, dim=1, eps=1e-300).float()
