"""The semi-dual of entropic transport: accelerated ascent, warm-up, nothing about options.

Everything here is dimensionless: the weights are strictly positive, the potential is
``h = g / eps``, and it lives on the smaller side, here always the columns. Where the total mass is
prescribed (partial transport), its multiplier is one more number at the end of the potential.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import ceil, inf, log
from typing import NamedTuple

import torch

from monge._types import Tensor
from monge.geometry import Geometry
from monge.plans import GibbsKernel
from monge.solvers.anderson import Anderson
from monge.solvers.certificate import soft_minimum
from monge.solvers.kernels import (
    BLOCK_BYTES,
    KernelOperator,
    Rows,
    StoredKernel,
    Sweep,
    choose_operator,
)
from monge.solvers.relaxation import Relaxation
from monge.solvers.solution import Status

__all__ = ["Ascent", "SemiDual", "Side", "Stage"]

_COARSE_EPSILON = 0.05
"""Epsilon over the mean cost at which a solve from nothing begins; smaller ones are approached."""
_COARSE_STEP = 4.0
_COARSE_TOLERANCE = 3e-2
_COARSE_SWEEPS = 60

_SUBSAMPLES = ((16, 3e-2), (4, 8e-3))
"""Share of the rows (1/16, 1/4) and the marginal error that is as good as their sampling."""
_SUBSAMPLE_ROWS = 3750

_STALL = 150
"""Sweeps without a better error after which the arithmetic allows no better."""

_LARGEST_STEP = 60.0
"""A column without any mass rises by this much at a time."""


class Ascent(NamedTuple):
    """Where an ascent ended: potential (m,) or (m + 1,), soft minima of the rows (n,), and how."""

    h: Tensor
    soft_minimum: Tensor
    status: Status


class Stage(NamedTuple):
    """One stage of a warm-up: epsilon, the divisor of the rows, the error to reach."""

    epsilon: float
    divisor: int
    tolerance: float


@dataclass(frozen=True, eq=False)
class Side:
    """One side of the problem.

    Attributes
    ----------
    weights
        Positive, float64.
    tau
        How firmly they are held, in units of the cost.
    capped
        Whether they are ceilings.
    labels
        Class of each point, int64 from 0, where known.
    """

    weights: Tensor
    tau: float = inf
    capped: bool = False
    labels: Tensor | None = None

    def relaxation(self, epsilon: float) -> Relaxation:
        """State how the marginal is held at one epsilon."""
        return Relaxation.of(self.tau, epsilon, capped=self.capped)

    def draw(self, divisor: int) -> Tensor:
        """Draw one row of `divisor`, alike from each class where classes are known.

        The generator is its own: which rows warm a solve up is no choice of the caller's.
        """
        order = torch.randperm(len(self.weights), generator=torch.Generator().manual_seed(0))
        if self.labels is not None:
            order = order[torch.argsort(self.labels.cpu()[order], stable=True)]
        return order[::divisor].to(self.weights.device)


@dataclass(eq=False)
class SemiDual:
    """One concave problem in the potential ``h``.

    Attributes
    ----------
    geometry
        The cost, (n, m) with n >= m.
    rows, columns
        Its two sides.
    mass
        Total mass to move, or ``None`` where the marginals say.
    epsilon
        Absolute.
    memory
        Bytes that a stored kernel may take.
    monitor
        Called after every sweep with the number of sweeps and the marginal error.
    history
        Marginal error after each sweep, of all stages.
    """

    geometry: Geometry
    rows: Side
    columns: Side
    epsilon: float
    memory: int
    monitor: Callable[[int, float], None]
    mass: float | None = None
    history: list[float] = field(default_factory=list)
    operator: str = "none"
    _best: Tensor | None = None

    @property
    def best(self) -> Tensor:
        """The best potential so far, for a solve that is cut short; zeros before a sweep."""
        return self.zeros() if self._best is None else self._best

    def zeros(self) -> Tensor:
        """Return the potential that an ascent from nothing begins at."""
        free = 0 if self.mass is None else 1
        return self.columns.weights.new_zeros(len(self.columns.weights) + free)

    def stages(self, relative: float) -> Iterator[Stage]:
        """Yield the warm-up: larger epsilons first, then fewer rows.

        Parameters
        ----------
        relative
            Epsilon over the mean cost.
        """
        size = len(self.rows.weights)
        subsamples = [s for s in _SUBSAMPLES if size // s[0] >= _SUBSAMPLE_ROWS]
        divisor = subsamples[0][0] if subsamples else 1
        steps = max(0, ceil(log(_COARSE_EPSILON / relative, _COARSE_STEP)))
        for step in range(steps, 0, -1):
            yield Stage(self.epsilon * _COARSE_STEP**step, divisor, _COARSE_TOLERANCE)
        for divisor, tolerance in subsamples:
            yield Stage(self.epsilon, divisor, tolerance)

    def warm_up(self, relative: float, sweeps: int) -> Tensor:
        """Approach the potential from larger epsilons and from fewer rows.

        The potential lives on the columns, so nothing needs to be prolonged from one stage to the
        next: ``g = eps h`` is kept.
        """
        h = self.zeros()
        for stage in self.stages(relative):
            geometry, weights = self.geometry, self.rows.weights
            if stage.divisor > 1:
                some = self.rows.draw(stage.divisor)
                geometry, weights = geometry.select(some, None), weights[some]
                weights = weights * (self.rows.weights.sum() / weights.sum())
            climb = self._climb(geometry, weights, stage.epsilon)
            start = h * (self.epsilon / stage.epsilon)
            ascent = climb.run(start, stage.tolerance, min(sweeps, _COARSE_SWEEPS), self._note)
            h = ascent.h * (stage.epsilon / self.epsilon)
            self._best = h
            del climb  # or two kernels would be stored while the next stage makes its own
        return h

    def solve(self, h: Tensor, tolerance: float, sweeps: int) -> Ascent:
        """Climb on the full kernel from ``h``."""
        climb = self._climb(self.geometry, self.rows.weights, self.epsilon)
        self.operator, self._best = climb.operator.name, h

        def note(error: float, best: Tensor) -> None:
            self._best = best
            self._note(error, best)

        return climb.run(h, tolerance, sweeps, note)

    def cut_short(self) -> Ascent:
        """Return the best potential so far as the end of a solve that was cancelled."""
        kernel = GibbsKernel(self.geometry, self.epsilon)
        own = self.best if self.mass is None else self.best[:-1] + self.best[-1]
        z = soft_minimum(kernel, self.columns.weights.log() + own)
        return Ascent(self.best, z, Status.CANCELLED)

    def planned_bytes(self) -> int:
        """Return what the solve takes above the data: the stored kernel, or the blocks."""
        kernel = GibbsKernel(self.geometry, self.epsilon)
        return max(StoredKernel.need(kernel) if self.operator == "stored" else 0, BLOCK_BYTES)

    def _note(self, error: float, best: Tensor) -> None:
        """Keep and report the error of one sweep."""
        del best
        self.history.append(error)
        self.monitor(len(self.history), error)

    def _climb(self, geometry: Geometry, weights: Tensor, epsilon: float) -> _Climb:
        rows = Rows(weights, self.rows.relaxation(epsilon))
        kernel = GibbsKernel(geometry, epsilon)
        operator = choose_operator(kernel, rows, self.columns.weights, self.memory)
        columns = Rows(self.columns.weights, self.columns.relaxation(epsilon))
        return _Climb(operator, rows, columns, self.mass)


class _Reading(NamedTuple):
    """What one sweep says of a potential: its error, the step of Sinkhorn, the dual value."""

    error: float
    residual: Tensor
    value: float


@dataclass(frozen=True, eq=False)
class _Climb:
    """One accelerated ascent on one operator."""

    operator: KernelOperator
    rows: Rows
    columns: Rows
    mass: float | None

    def run(
        self, h: Tensor, tolerance: float, sweeps: int, note: Callable[[float, Tensor], None]
    ) -> Ascent:
        """Run accelerated sweeps until the marginal error is reached, or say why it was not."""
        importance = self.columns.weights
        if self.mass is not None:
            importance = torch.cat([importance, importance.new_full((1,), self.mass)])
        anderson = Anderson(weight=importance)
        best, best_error, since, status = None, inf, 0, Status.MAX_SWEEPS
        for _ in range(sweeps):
            sweep = self.operator.sweep(self._lifted(h))
            reading = self._read(h, sweep)
            since = 0 if reading.error < best_error else since + 1
            if best is None or reading.error < best_error:
                best, best_error = Ascent(h, sweep.soft_minimum, status), reading.error
            note(reading.error, best.h)
            if reading.error <= tolerance:
                status = Status.CONVERGED
                break
            if since > _STALL:
                status = Status.STALLED
                break
            h = anderson.step(h, reading.residual, merit=reading.error, value=reading.value)
        if best is None:
            raise AssertionError("unreachable: max_sweeps is at least 1")
        return best._replace(status=status)

    def _lifted(self, h: Tensor) -> Tensor:
        """Return the potential of the columns, (m,), with the multiplier of the mass added."""
        return h if self.mass is None else h[:-1] + h[-1]

    def _read(self, h: Tensor, sweep: Sweep) -> _Reading:
        """Compare what a sweep reached with what the potential calls for."""
        (weights, relaxation), own = self.columns, h if self.mass is None else h[:-1]
        wanted = relaxation.wanted(weights, own, sweep.column)
        missing = float((sweep.column - wanted).abs().sum())
        log_weights = weights.log()
        # Bounded below, where a column has lost all its mass.
        reached = torch.maximum(sweep.column.log(), log_weights - _LARGEST_STEP) - log_weights
        residual = relaxation.potential(reached - own) - own
        side, held = self.rows
        row_mass = held.mass(side, sweep.soft_minimum)
        total = float(row_mass.sum())
        value = held.value(side, held.potential(sweep.soft_minimum)) - total
        value += relaxation.value(weights, own)
        scale = total
        if self.mass is not None:
            scale = self.mass
            missing += abs(total - self.mass)
            value += float(h[-1]) * self.mass
            step = log(self.mass / max(total, 1e-300))
            residual = torch.cat([residual, residual.new_full((1,), step)])
        return _Reading(missing / scale if scale > 0 else inf, residual, value)
