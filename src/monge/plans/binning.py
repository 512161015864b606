"""A plan of any size as a small picture: its mass in bins, against what independence would give."""

from __future__ import annotations

import torch

from monge._types import NDArray, Tensor
from monge.plans.base import Plan

__all__ = ["class_borders", "log_density", "sorted_by_class"]

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
    return _density(plan.grouped_mass(_binned(row_order), _binned(column_order)).cpu())


def sorted_by_class(
    plan: Plan, row_classes: Tensor, column_classes: Tensor, count: int
) -> tuple[NDArray, Tensor]:
    """Return the picture of a plan sorted by class, and its mass from class to class.

    Rows are grouped by bin and class at once, which are few more groups than bins, so that one
    pass over the plan gives both.

    Parameters
    ----------
    plan
        (n, m); one pass over it.
    row_classes, column_classes
        Class of every row, (n,) and (m,) integers from 0.
    count
        Of classes, L.

    Returns
    -------
    picture
        (r, c) float32, see `log_density`.
    mass
        (L, L) float64.

    Examples
    --------
    >>> from monge.plans import DensePlan
    >>> plan = DensePlan(torch.tensor([[0.0, 0.5], [0.25, 0.25]]))
    >>> sorted_by_class(plan, torch.tensor([1, 0]), torch.tensor([0, 1]), 2)[1]
    tensor([[0.2500, 0.2500],
            [0.0000, 0.5000]], dtype=torch.float64)
    """
    groups, bins, classes = [], [], []
    for side in (row_classes, column_classes):
        both, group = torch.unique(
            _binned(torch.argsort(side, stable=True)) * count + side, return_inverse=True
        )
        groups.append(group)
        bins.append(both // count)
        classes.append(both % count)
    mass = plan.grouped_mass(*groups).cpu()
    shape = _bins(len(row_classes)), _bins(len(column_classes))
    return _density(_summed(mass, bins, shape)), _summed(mass, classes, (count, count))


def _binned(order: Tensor) -> Tensor:
    """Return the bin of every row, of which the first of the order are drawn first."""
    group = torch.empty(len(order), dtype=torch.int64)
    group[order] = torch.arange(len(order)) * _bins(len(order)) // len(order)
    return group


def _summed(mass: Tensor, groups: list[Tensor], shape: tuple[int, int]) -> Tensor:
    """Sum rows and columns of some mass by their groups."""
    rows = mass.new_zeros(shape[0], mass.shape[1]).index_add_(0, groups[0], mass)
    return mass.new_zeros(shape).index_add_(1, groups[1], rows)


def _density(mass: Tensor) -> NDArray:
    """Return log10 of mass in bins over what independence would give."""
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
