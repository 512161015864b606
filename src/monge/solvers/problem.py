"""A geometry and its two marginals: the question that a solver answers."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite

import torch

from monge._types import ArrayLike, Tensor
from monge.errors import InputError, sentence
from monge.geometry import Geometry
from monge.geometry.cloud import as_tensor
from monge.solvers.options import at_least, check_options, is_number

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


def _require_geometry(given: object) -> None:
    """Refuse what states no cost, such as the bare matrix of one."""
    if isinstance(given, Geometry):
        return
    shape = getattr(given, "shape", None)
    got = type(given).__name__ + (f" of shape {tuple(shape)}" if isinstance(shape, tuple) else "")
    required = "a geometry, PointCloud(x, y) or DenseCost(matrix)"
    remedy = "wrap a matrix of costs: Problem(DenseCost(matrix))"
    raise InputError(sentence("Problem", "geometry", required, got, remedy))


@dataclass(frozen=True, eq=False, repr=False)
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
        relaxes it by ``tau KL(marginal | weights)``, and zero lets it go.
    mass
        Total mass to move, at most that of the smaller side: the marginals are then ceilings
        (partial transport). ``None`` moves all.
    source_labels
        Class of each source row, (n,) int64 from 0, where known: class-aware solvers need them,
        and a warm start draws its rows alike from each class.
    target_views
        What else is known of the target rows, such as the pixels behind their features, each
        (m, k) with a k of its own: `Graph` seeks neighbours in them too.
    source_views
        The same of the source rows, in the same order, each (n, k): where they are given, every
        view sends a plan of its own. As many as ``target_views``, or none.

    Raises
    ------
    InputError
        If the geometry is none, if weights are negative, not finite, of the wrong length, all zero,
        if both marginals are held and their totals differ, if the mass is more than there is, or if
        it is given together with a relaxed marginal.

    Examples
    --------
    >>> import torch
    >>> from monge import Exact, PointCloud
    >>> x, y = torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [1.0], [9.0]])
    >>> problem = Problem(PointCloud(x, y), a=torch.tensor([2.0, 1.0]), b=torch.ones(3))
    >>> Exact().solve(problem).plan.dense()
    tensor([[1., 1., 0.],
            [0., 0., 1.]])
    >>> part = Problem(PointCloud(x, y), a=torch.ones(2), b=torch.ones(3), mass=2.0)
    >>> round(Exact().solve(part).cost, 2)  # the far point is left alone
    0.0
    """

    geometry: Geometry
    a: Tensor = None  # type: ignore[assignment] # None becomes the uniform weights below
    b: Tensor = None  # type: ignore[assignment] # the same
    tau_source: float = inf
    tau_target: float = inf
    mass: float | None = None
    source_labels: Tensor | None = None
    target_views: tuple[Tensor, ...] = ()
    source_views: tuple[Tensor, ...] = ()

    def __post_init__(self) -> None:
        _require_geometry(self.geometry)
        n, m = self.geometry.shape
        a = _weights(self.a, n, "a", self.geometry)
        b = _weights(self.b, m, "b", self.geometry)
        hold = "pass inf to hold the marginal"
        check_options(self, tau_source=at_least(0, hold), tau_target=at_least(0, hold))
        self._check_mass(a, b)
        self._check_labels(n)
        self._check_views(n, m)
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

    def __repr__(self) -> str:
        said = [f"total {float(self.a.sum()):.3g}"]
        if self.mass is not None:
            said.append(f"mass={self.mass:.3g}")
        elif not self.balanced:
            said.append(f"tau_source={self.tau_source:.3g}, tau_target={self.tau_target:.3g}")
        if self.source_labels is not None:
            said.append(f"{int(self.source_labels.max()) + 1} classes")
        return f"Problem({self.geometry!r}, {', '.join(said)})"

    @property
    def balanced(self) -> bool:
        """Whether both marginals are held to their values."""
        return self.tau_source == inf and self.tau_target == inf and self.mass is None

    def _check_mass(self, a: Tensor, b: Tensor) -> None:
        if self.mass is None:
            return
        most = min(float(a.sum()), float(b.sum()))
        if self.tau_source < inf or self.tau_target < inf:
            required, got = "left out where a marginal is relaxed", repr(self.mass)
        elif not (is_number(self.mass) and 0 < self.mass <= most * (1 + _BALANCE)):
            required, got = f"positive and at most {most:g}", repr(self.mass)
        else:
            return
        remedy = "pass mass alone, or tau_source and tau_target alone"
        raise InputError(sentence("Problem", "mass", required, got, remedy))

    def _check_views(self, n: int, m: int) -> None:
        for name, length, side in (("target_views", m, "target"), ("source_views", n, "source")):
            views = []
            for view in getattr(self, name):
                rows = as_tensor(view, "Problem", name)
                if rows.ndim != 2 or len(rows) != length or not bool(rows.isfinite().all()):  # noqa: PLR2004
                    required = f"finite, of shape ({length}, k)"
                    got = f"one of shape {tuple(rows.shape)}"
                    remedy = f"pass a row of each view for each {side} row"
                    raise InputError(sentence("Problem", name, required, got, remedy))
                views.append(rows.to(self.geometry.device))
            object.__setattr__(self, name, tuple(views))
        here, there = (
            [view.shape[1] for view in views] for views in (self.source_views, self.target_views)
        )
        if self.source_views and here != there:
            required = f"the target_views of the source rows, of widths {there}"
            remedy = "pass the same views of both sides, or those of the target alone"
            raise InputError(sentence("Problem", "source_views", required, here, remedy))

    def _check_labels(self, n: int) -> None:
        if self.source_labels is None:
            return
        labels = as_tensor(self.source_labels, "Problem", "source_labels")
        whole = not labels.is_floating_point() and labels.dtype != torch.bool
        if labels.shape != (n,) or not whole or int(labels.min()) < 0:
            required = f"{n} whole numbers from 0"
            got = f"{labels.dtype} of shape {tuple(labels.shape)}"
            remedy = "number the classes from 0, one for each source row"
            raise InputError(sentence("Problem", "source_labels", required, got, remedy))
        labels = labels.to(device=self.geometry.device, dtype=torch.int64)
        object.__setattr__(self, "source_labels", labels)
