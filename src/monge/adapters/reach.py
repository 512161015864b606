"""How far a row is from the target that an adapter was fitted on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from monge._types import NDArray
from monge.geometry.cloud import as_tensor
from monge.neighbors import nearest
from monge.numerics import row_slices

__all__ = ["Reach", "distance_to", "reach_of"]

SAMPLE = 500
"""Target rows kept: enough to tell far from near, few enough for an artifact."""

_SHARE = 0.99
"""Share of the target's own rows that count as near."""


class Reach(NamedTuple):
    """Rows of the target (k, d), and the distance beyond which a row is far from them."""

    sample: NDArray
    far: float


def reach_of(target: NDArray) -> Reach:
    """Keep at most `SAMPLE` rows of the target (m, d), and learn how far apart they lie.

    Rows are taken at even steps, so that no seed is needed and a refit keeps the same. Far is what
    lies beyond the 99th percentile of the distances from each row kept to the nearest other; a
    single row tells nothing, and nothing is far from it.
    """
    steps = np.linspace(0, len(target) - 1, min(SAMPLE, len(target))).round().astype(np.int64)
    sample = target[steps].copy()
    if len(sample) == 1:
        return Reach(sample, np.inf)
    points = torch.from_numpy(sample).double()
    distance = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    distance.fill_diagonal_(torch.inf)
    return Reach(sample, float(distance.amin(1).quantile(_SHARE)))


def distance_to(sample: NDArray, X: NDArray) -> NDArray:
    """Return the Euclidean distance of each row (k, d) to the nearest of a sample, (k,)."""
    points, kept = as_tensor(X, "Adapter", "X").double(), torch.from_numpy(sample).double()
    distances = np.empty(len(X))
    for rows in row_slices(*X.shape):
        block = points[rows]
        apart = block - kept[nearest(block, kept)]
        distances[rows] = torch.linalg.vector_norm(apart, dim=1).numpy()
    return distances
