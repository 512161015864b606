"""The costs by name: what each needs of the points, and its blocks.

A cost given as a callable takes ``(x (r, d), y (m, d))`` and returns ``(r, m)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, get_args

import torch

from monge._types import CostName, Tensor
from monge.errors import InputError, sentence

__all__ = ["CostFunction", "check_cost", "cosine_rows", "pairwise"]

CostFunction: TypeAlias = Callable[[Tensor, Tensor], Tensor]


def check_cost(cost: object) -> None:
    """Refuse a cost that is neither a known name nor a callable.

    Raises
    ------
    InputError
        Naming the costs there are.
    """
    names = get_args(CostName)
    if cost in names or callable(cost):
        return
    raise InputError(
        sentence(
            "PointCloud",
            "cost",
            f"one of {', '.join(map(repr, names))} or a callable on blocks",
            repr(cost),
            "pass cost='sqeuclidean' for the squared distance",
        )
    )


def cosine_rows(points: Tensor) -> Tensor:
    """Divide each row by its length; a row of zeros has no direction and is refused.

    Raises
    ------
    InputError
        If a row is zero.
    """
    length = torch.linalg.vector_norm(points, dim=1, keepdim=True)
    if bool((length == 0).any()):
        row = int((length[:, 0] == 0).nonzero()[0])
        raise InputError(
            sentence(
                "PointCloud",
                "cost",
                "defined for every row ('cosine' needs rows that are not all zero)",
                f"a zero row at index {row}",
                "drop such rows or use cost='sqeuclidean'",
            )
        )
    directions: Tensor = points / length
    return directions


def pairwise(cost: CostName | CostFunction, x: Tensor, y: Tensor) -> Tensor:
    """Costs of a block of rows against all targets, (r, d) x (m, d) -> (r, m).

    ``"cosine"`` expects rows of length one (see `cosine_rows`).

    Raises
    ------
    InputError
        If a callable returns another shape, or values that are not finite.
    """
    if cost == "sqeuclidean":
        squares = (x * x).sum(1)[:, None] + (y * y).sum(1)
        return torch.addmm(squares, x, y.T, alpha=-2).clamp_min_(0)
    if cost == "euclidean":
        return torch.cdist(x, y)
    if cost == "cosine":
        return (1 - x @ y.T).clamp_min_(0)
    if not callable(cost):
        raise InputError(f"pairwise: unknown cost {cost!r}; pass one of the names of CostName.")
    block = torch.as_tensor(cost(x, y))
    if block.shape != (len(x), len(y)) or not bool(torch.isfinite(block).all()):
        raise InputError(
            sentence(
                "PointCloud",
                "cost",
                f"a callable that gives finite values of shape ({len(x)}, {len(y)})",
                f"shape {tuple(block.shape)}, finite: {bool(torch.isfinite(block).all())}",
                "return one finite cost for each pair of rows",
            )
        )
    return block.to(x.dtype)
