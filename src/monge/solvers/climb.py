"""One accelerated ascent of the semi-dual, on one operator, from a potential to its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, log
from typing import NamedTuple

import torch

from monge._types import Tensor
from monge.solvers.anderson import Anderson
from monge.solvers.kernels import KernelOperator, Rows, Sweep
from monge.solvers.solution import Status

__all__ = ["Ascent", "Climb", "Reading"]

_STALL = 150
"""Sweeps without a better error after which the arithmetic allows no better."""

_LARGEST_STEP = 60.0
"""A column without any mass rises by this much at a time."""


class Ascent(NamedTuple):
    """Where an ascent ended.

    Attributes
    ----------
    h
        Potential (m,), or (m + 1,) where the total mass is prescribed.
    sweep
        What a pass at ``h`` gave.
    error
        Marginal error there.
    status
        How it ended.
    """

    h: Tensor
    sweep: Sweep
    error: float
    status: Status


class Reading(NamedTuple):
    """What one sweep says of a potential.

    Attributes
    ----------
    error
        Marginal error, over the mass.
    residual
        The step of Sinkhorn, of the shape of the potential.
    value
        The dual value over epsilon.
    """

    error: float
    residual: Tensor
    value: float


@dataclass(frozen=True, eq=False)
class Climb:
    """One accelerated ascent on one operator.

    Attributes
    ----------
    operator
        Runs the sweeps.
    rows, columns
        Both sides.
    mass
        Total mass to move, or ``None`` where the marginals say.
    """

    operator: KernelOperator
    rows: Rows
    columns: Rows
    mass: float | None = None

    def run(
        self,
        h: Tensor,
        tolerance: float,
        sweeps: int,
        note: Callable[[float, Tensor], None],
    ) -> Ascent:
        """Run accelerated sweeps until the marginal error is reached, or say why it was not.

        Parameters
        ----------
        h
            Where to begin.
        tolerance
            Marginal error to reach.
        sweeps
            How many are allowed.
        note
            Told the error of each sweep and the best potential so far.
        """
        importance = self.columns.weights
        if self.mass is not None:
            importance = torch.cat([importance, importance.new_full((1,), self.mass)])
        anderson = Anderson(weight=importance)
        best, since, status = None, 0, Status.MAX_SWEEPS
        for _ in range(sweeps):
            sweep = self.operator.sweep(self.lifted(h))
            reading = self.read(h, sweep)
            since += 1
            if best is None or reading.error < best.error:
                best, since = Ascent(h, sweep, reading.error, status), 0
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

    def lifted(self, h: Tensor) -> Tensor:
        """Return the potential of the columns, (m,), with the multiplier of the mass added."""
        return h if self.mass is None else h[:-1] + h[-1]

    def read(self, h: Tensor, sweep: Sweep) -> Reading:
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
        return Reading(missing / scale if scale > 0 else inf, residual, value)
