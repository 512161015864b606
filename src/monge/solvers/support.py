"""The part of a problem that has mass, turned so that the smaller side holds the potential."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import torch

from monge._types import EpsilonScale, Tensor
from monge.errors import InputError, sentence
from monge.geometry import Geometry
from monge.plans import EntropicPlan, GibbsKernel
from monge.plans.base import Marginals
from monge.solvers.certificate import soft_minimum
from monge.solvers.climb import Ascent
from monge.solvers.problem import Problem
from monge.solvers.relaxation import Relaxation
from monge.solvers.semidual import SemiDual
from monge.solvers.side import Side
from monge.solvers.solution import Solution

__all__ = ["Potentials", "Support"]

_FLOAT32_TOLERANCE = 1e-5
"""Marginal errors below this are computed in float64."""

_FLOAT32_SCORE = 5e-7
"""Rounding of a float32 score, relative to the mean cost: float64 where epsilon makes it matter."""

_SMALLEST, _LARGEST = 1e-290, 1e290
"""Absolute epsilons outside of this range lose their digits, or overflow, as float64."""


class Potentials(NamedTuple):
    """Potentials of every point over epsilon, (n,) and (m,), and the multiplier of the mass."""

    source: Tensor
    target: Tensor
    multiplier: float


@dataclass(eq=False)
class Support:
    """A problem at one epsilon, restricted to the points that have mass.

    Attributes
    ----------
    problem
        What was asked.
    epsilon
        As told, positive; `absolute` is in units of the cost.
    scale
        What it is relative to.
    tolerance
        Marginal error to reach, which decides the floating type.
    """

    problem: Problem
    epsilon: float
    scale: EpsilonScale
    tolerance: float

    def __post_init__(self) -> None:
        self.rows, self.columns = (w.nonzero()[:, 0] for w in (self.problem.a, self.problem.b))
        geometry = self._select(self.problem.geometry)
        mean = geometry.mean(self.problem.a[self.rows], self.problem.b[self.columns])
        self._check_costs(geometry, mean)
        self.absolute = float(self.epsilon) * self._scale(geometry, mean)
        if not _SMALLEST < self.absolute < _LARGEST:
            required = f"between {_SMALLEST:g} and {_LARGEST:g} in units of the cost"
            remedy = "pass for example 0.05, relative to the mean cost"
            raise InputError(sentence("Sinkhorn", "epsilon", required, self.absolute, remedy))
        self.relative = self.absolute / mean if mean > 0 else 1.0
        exact = min(
            self.tolerance / _FLOAT32_TOLERANCE, self.tolerance * self.relative / _FLOAT32_SCORE
        )
        self.dtype = torch.float64 if exact < 1 else geometry.dtype
        self.geometry = geometry.to(self.dtype)
        self.swapped = geometry.shape[1] > geometry.shape[0]
        self.relaxations = (
            Relaxation.of(self.problem.tau_source, self.absolute, capped=self._capped),
            Relaxation.of(self.problem.tau_target, self.absolute, capped=self._capped),
        )

    @property
    def _capped(self) -> bool:
        return self.problem.mass is not None

    @property
    def _unit(self) -> float:
        """What weights are divided by: a balanced problem is solved for a total of one."""
        return float(self.problem.a.sum()) if self.problem.balanced else 1.0

    def _select(self, geometry: Geometry) -> Geometry:
        """Leave out the rows and columns that have no mass, if there are any."""
        n, m = geometry.shape
        if len(self.rows) == n and len(self.columns) == m:
            return geometry
        return geometry.select(self.rows, self.columns)

    def _check_costs(self, geometry: Geometry, mean: float) -> None:
        """Refuse costs that overflow the floating type, or that have no digits left in it."""
        least = torch.finfo(geometry.dtype).tiny / torch.finfo(geometry.dtype).eps
        if isfinite(mean) and abs(mean) > least:
            return
        a, b = self.problem.a[self.rows], self.problem.b[self.columns]
        if mean == 0 and geometry.to(torch.float64).mean(a, b) == 0:
            return  # not lost: all costs are zero
        required, got = "of costs that the floating type can hold", f"a mean cost of {mean:g}"
        remedy = "multiply the points by a constant, or pass them as float64"
        raise InputError(sentence("Sinkhorn", "problem", required, got, remedy))

    def _scale(self, geometry: Geometry, mean: float) -> float:
        """Return what epsilon is relative to; one where all costs are zero and any would do."""
        if self.scale == "absolute":
            return 1.0
        scale = mean if self.scale == "mean" else geometry.max()
        return scale if scale > 0 and mean != 0 else 1.0

    def semidual(self, memory: int, monitor: Callable[[int, float], None]) -> SemiDual:
        """State the concave problem of this support."""
        problem, geometry = self.problem, self.geometry
        labels = problem.source_labels
        source = Side(
            problem.a[self.rows] / self._unit,
            problem.tau_source,
            self._capped,
            labels if labels is None else labels[self.rows],
        )
        target = Side(problem.b[self.columns] / self._unit, problem.tau_target, self._capped)
        if self.swapped:
            geometry, source, target = geometry.transpose(), target, source
        return SemiDual(geometry, source, target, self.absolute, memory, monitor, mass=problem.mass)

    def started(self, start: Solution, zeros: Tensor) -> Tensor:
        """Take the potential of an earlier solution, of the form of ``zeros``.

        Raises
        ------
        InputError
            If that solution is of another kind or shape.
        """
        plan, shape = start.plan, self.problem.geometry.shape
        if not isinstance(plan, EntropicPlan) or plan.shape != shape:
            required = f"an entropic solution of shape {shape}"
            got = f"a {type(plan).__name__} of shape {plan.shape}"
            raise InputError(sentence("Sinkhorn", "start", required, got, "leave it out"))
        potential = plan.f[self.rows] if self.swapped else plan.g[self.columns]
        h = zeros.clone()
        h[: len(potential)] = potential / self.absolute
        if self.problem.mass is not None:
            # The plan's target potential carries the multiplier of the mass; take it apart again.
            multiplier = h[:-1].max().clamp_min(0)
            h[:-1] -= multiplier
            h[-1] = multiplier
        return h

    def potentials(self, ascent: Ascent) -> Potentials:
        """Extend what an ascent found to every row and column, those without mass too."""
        multiplier = 0.0 if self.problem.mass is None else float(ascent.h[-1])
        solved = ascent.h if self.problem.mass is None else ascent.h[:-1]
        geometry = self.problem.geometry.to(self.dtype)
        a, b, rows, columns = self.problem.a, self.problem.b, self.rows, self.columns
        held, holding = self.relaxations
        if self.swapped:
            geometry, a, b, rows, columns = geometry.transpose(), b, a, columns, rows
            held, holding = holding, held
        n, m = geometry.shape
        f, g = torch.zeros_like(a), torch.zeros_like(b)
        g[columns] = solved
        f[rows] = held.potential(ascent.sweep.soft_minimum)
        if len(rows) < n:
            idle = (a == 0).nonzero()[:, 0]
            beside = GibbsKernel(geometry.select(idle, None), self.absolute)
            f[idle] = held.potential(soft_minimum(beside, (b / self._unit).log() + g + multiplier))
        if len(columns) < m:
            idle = (b == 0).nonzero()[:, 0]
            beside = GibbsKernel(geometry.select(None, idle).transpose(), self.absolute)
            g[idle] = holding.potential(
                soft_minimum(beside, (a / self._unit).log() + f + multiplier)
            )
        if self.swapped:
            f, g = g, f
        return Potentials(f, g, multiplier)

    def reached(self, ascent: Ascent) -> Marginals:
        """Return the marginals that the last sweep found, of every row and column."""
        held = self.relaxations[1 if self.swapped else 0]
        a, b, rows, columns = self.problem.a, self.problem.b, self.rows, self.columns
        if self.swapped:
            a, b, rows, columns = b, a, columns, rows
        source, target = torch.zeros_like(a), torch.zeros_like(b)
        source[rows] = held.mass(a[rows], ascent.sweep.soft_minimum)
        target[columns] = ascent.sweep.column * self._unit
        return Marginals(target, source) if self.swapped else Marginals(source, target)

    def plan(self, potentials: Potentials) -> EntropicPlan:
        """Make the plan of potentials.

        Its target potential takes up the multiplier of the mass and, for weights of a total M other
        than one, log M: the reference a b' has mass M^2.
        """
        lift = potentials.multiplier - torch.tensor(self._unit, dtype=torch.float64).log()
        return EntropicPlan(
            geometry=self.problem.geometry.to(self.dtype),
            epsilon=self.absolute,
            a=self.problem.a,
            b=self.problem.b,
            f=potentials.source * self.absolute,
            g=(potentials.target + lift) * self.absolute,
        )
