"""Both domains in two dimensions: one plane, fitted once, so that before and after compare."""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse.linalg import svds

from monge._types import NDArray, Tensor
from monge.numerics import moments

__all__ = ["Plane"]

WIDEST = 1024
"""Features up to which the whole covariance is worked out; above, some rows stand for all."""

ROWS = 1000


class Plane:
    """The two principal directions of both domains together, each weighing one half.

    Parameters
    ----------
    source, target
        (n, d) and (m, d).
    """

    def __init__(self, source: NDArray, target: NDArray) -> None:
        if source.shape[1] > WIDEST:
            self.mean, axes = _of_some(
                *(rows[:: -(-len(rows) // ROWS)] for rows in (source, target))
            )
        else:
            self.mean, axes = _of_all(source, target)
        lead = axes.abs().argmax(0)
        self.axes = axes * torch.sign(axes[lead, torch.arange(axes.shape[1])])

    def __call__(self, points: NDArray) -> NDArray:
        """Project points, (k, d) -> (k, 2) float32; one feature leaves the second at 0."""
        plane = (torch.as_tensor(points).double() - self.mean) @ self.axes
        if plane.shape[1] == 1:
            plane = torch.cat([plane, torch.zeros_like(plane)], 1)
        drawn: NDArray = plane.float().numpy()
        return drawn


def _of_all(source: NDArray, target: NDArray) -> tuple[Tensor, Tensor]:
    both = torch.as_tensor(np.concatenate([source, target]))
    sizes = len(source), len(target)
    weights = torch.cat([torch.full((k,), 1 / k, dtype=torch.float64) for k in sizes])
    mean, covariance = moments(both, weights)
    return mean, torch.linalg.eigh(covariance).eigenvectors[:, -2:].flip(1)


def _of_some(source: NDArray, target: NDArray) -> tuple[Tensor, Tensor]:
    """Find the plane of few rows of many features, whose covariance would be large."""
    parts = [rows.astype(np.float64) for rows in (source, target)]
    mean = (parts[0].mean(0) + parts[1].mean(0)) / 2
    scaled = np.concatenate([(rows - mean) / len(rows) ** 0.5 for rows in parts])
    _, _, directions = svds(scaled, k=2, v0=np.ones(len(scaled)))
    return torch.from_numpy(mean), torch.from_numpy(directions[::-1].T.copy())
