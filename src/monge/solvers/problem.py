"""A geometry and its two marginals: the question that a solver answers."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, isnan

import torch

from monge._types import ArrayLike, Tensor
from monge.errors import InputError, sentence
from monge.geometry import Geometry
from monge.geometry.cloud import as_tensor

__all__ = ["Problem"]

_BALANCE = 1e-6
"""Relative difference of the two totals that counts as rounding."""


def _weights(weights: ArrayLike | None, length: int, name: str, geometry: Geometry) -> Tensor:
    """Check one marginal and return it in float64, (length,); ``None`` is uniform of sum one."""
    if weights is None:
        return torch.full((length,), 1.0 / length, dtype=torch.float64, device=geometry.device)
    given = as_tensor(weights, "Problem", name)
    tensor = given.to(dtype=torch.float64, device=geometry.device)
    total = float(tensor.sum())
    if tensor.shape != (length,):
        got, required = f"shape {tuple(tensor.shape)}", f"of shape ({length},)"
    elif bool((tensor < 0).any()) or not isfinite(total):
        got = f"values from {float(tensor.min())} to {float(tensor.max())} of sum {total}"
        required = "non-negative and of a finite sum"
    elif total == 0:
        got, required = "only zeros", "positive somewhere"
    else:
        return tensor
    remedy = "pass one non-negative weight per row, or None for equal weights"
    raise InputError(sentence("Problem", name, required, got, remedy))


@dataclass(frozen=True, eq=False)
class Problem:
    """Move the source marginal onto the target marginal at the least cost.

    Parameters
    ----------
    geometry
        The cost, (n, m).
    a, b
        Weights of source (n,) and target (m,); ``None`` is uniform. Zero weights are allowed.
    tau_source, tau_target
        How firmly each marginal is held, in units of the cost: infinity holds it, a smaller number
        relaxes it by ``tau KL(marginal | weights)``.

    Raises
    ------
    InputError
        If weights are negative, not finite, of the wrong length, all zero, or if both marginals
        are held and their totals differ.
    """

    geometry: Geometry
    a: Tensor = None  # type: ignore[assignment] # None becomes the uniform weights below
    b: Tensor = None  # type: ignore[assignment] # the same
    tau_source: float = inf
    tau_target: float = inf

    def __post_init__(self) -> None:
        n, m = self.geometry.shape
        a = _weights(self.a, n, "a", self.geometry)
        b = _weights(self.b, m, "b", self.geometry)
        for name, tau in (("tau_source", self.tau_source), ("tau_target", self.tau_target)):
            if isnan(tau) or tau <= 0:
                raise InputError(
                    sentence("Problem", name, "positive", tau, "pass inf to hold the marginal")
                )
        if self.balanced and abs(float(a.sum() - b.sum())) > _BALANCE * float(a.sum()):
            raise InputError(
                sentence(
                    "Problem",
                    "b",
                    f"of the same total as a ({float(a.sum()):g})",
                    f"{float(b.sum()):g}",
                    "divide each by its sum, or relax a side with tau_source or tau_target",
                )
            )
        object.__setattr__(self, "a", a)
        object.__setattr__(self, "b", b * (a.sum() / b.sum()) if self.balanced else b)

    @property
    def balanced(self) -> bool:
        """Whether both marginals are held."""
        return self.tau_source == inf and self.tau_target == inf
