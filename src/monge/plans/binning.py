"""A plan of any size as a small picture: its mass in bins, against what independence would give."""

from __future__ import annotations

import torch

from monge._types import NDArray, Tensor
from monge.plans.base import Plan

__all__ = ["class_borders", "log_density"]

BINS = 256
"""Rows and columns of the picture, at most."""


def log_density(plan: Plan, row_order: Tensor, column_order: Tensor) -> NDArray:
    """Return log10 of the binned plan over the binned independent plan, (r, c) float32.

    Parameters
    ----------
    plan
        (n, m); one pass over it.
    row_order, column_order
        Which row is drawn first, (n,) and (m,) permutations.

    Returns
    -------
    ndarray
        (r, c) with at most 256 rows and columns; ``-inf`` where no mass is sent, and where nobody
        sends or receives any.
    """
    groups = []
    for order in (row_order, column_order):
        group = torch.empty(len(order), dtype=torch.int64)
        group[order] = torch.arange(len(order)) * _bins(len(order)) // len(order)
        groups.append(group)
    mass = plan.grouped_mass(*groups).cpu()
    independent = mass.sum(1)[:, None] * mass.sum(0) / mass.sum()
    share = torch.where(independent > 0, mass / independent, 0.0)
    density: NDArray = share.log10().float().numpy()
    return density


def class_borders(classes: Tensor, count: int) -> NDArray:
    """Return where each class begins in a picture sorted by class, in bins, (L + 1,) float64."""
    sizes = torch.bincount(classes, minlength=count).double()
    starts = torch.cat([torch.zeros(1, dtype=torch.float64), sizes.cumsum(0)])
    borders: NDArray = (starts * _bins(len(classes)) / len(classes)).numpy()
    return borders


def _bins(size: int) -> int:
    return min(size, BINS)
