"""The semi-dual of entropic transport: accelerated ascent, warm-up, nothing about options.

Everything here is dimensionless: weights are probabilities and strictly positive, the potential is
``h = g / eps``, and it lives on the smaller side, here always the columns.
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
from monge.solvers.kernels import KernelOperator, Sweep, choose_operator
from monge.solvers.solution import Status

__all__ = ["Ascent", "SemiDual", "Stage"]

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
    """Where an ascent ended: the potential (m,), its row log-normalisers (n,), and how."""

    h: Tensor
    log_norm: Tensor
    status: Status


class Stage(NamedTuple):
    """One stage of a warm-up: epsilon, the divisor of the rows, the error to reach."""

    epsilon: float
    divisor: int
    tolerance: float


@dataclass(eq=False)
class SemiDual:
    """One concave problem in the potential ``h`` (m,).

    Attributes
    ----------
    geometry
        The cost, (n, m) with n >= m.
    a, b
        Probabilities (n,), (m,), positive, float64.
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
    a: Tensor
    b: Tensor
    epsilon: float
    memory: int
    monitor: Callable[[int, float], None]
    history: list[float] = field(default_factory=list)
    operator: str = "none"
    _best: Tensor | None = None

    @property
    def best(self) -> Tensor:
        """The best potential so far, for a solve that is cut short; zeros before a sweep."""
        return torch.zeros_like(self.b) if self._best is None else self._best

    def stages(self, relative: float) -> Iterator[Stage]:
        """Yield the warm-up: larger epsilons first, then fewer rows.

        Parameters
        ----------
        relative
            Epsilon over the mean cost.
        """
        subsamples = [s for s in _SUBSAMPLES if len(self.a) // s[0] >= _SUBSAMPLE_ROWS]
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
        h = torch.zeros_like(self.b)
        for stage in self.stages(relative):
            geometry, a = self.geometry, self.a
            if stage.divisor > 1:
                # A generator of its own: which rows warm a solve up is no choice of the caller's.
                order = torch.randperm(len(a), generator=torch.Generator().manual_seed(0))
                some = order[: len(a) // stage.divisor].to(a.device)
                geometry, a = geometry.select(some, None), a[some] / a[some].sum()
            kernel = GibbsKernel(geometry, stage.epsilon)
            operator = choose_operator(kernel, a, self.b, self.memory)
            start = h * (self.epsilon / stage.epsilon)
            ascent = self.climb(operator, start, stage.tolerance, min(sweeps, _COARSE_SWEEPS))
            h = ascent.h * (stage.epsilon / self.epsilon)
            self._best = h
            del operator  # or two kernels would be stored while the next stage makes its own
        return h

    def solve(self, h: Tensor, tolerance: float, sweeps: int) -> Ascent:
        """Climb on the full kernel from ``h``."""
        kernel = GibbsKernel(self.geometry, self.epsilon)
        operator = choose_operator(kernel, self.a, self.b, self.memory)
        self.operator, self._best = operator.name, h
        return self.climb(operator, h, tolerance, sweeps, keep=True)

    def climb(
        self,
        operator: KernelOperator,
        h: Tensor,
        tolerance: float,
        sweeps: int,
        *,
        keep: bool = False,
    ) -> Ascent:
        """Run accelerated sweeps until the marginal error is reached, or say why it was not."""
        anderson = Anderson(weight=self.b)
        best, best_error, since, status = None, inf, 0, Status.MAX_SWEEPS
        for _ in range(sweeps):
            sweep = operator.sweep(h)
            error = float((sweep.column - self.b).abs().sum())
            since = 0 if error < best_error else since + 1
            if best is None or error < best_error:
                best, best_error = Ascent(h, sweep.log_norm, status), error
                if keep:
                    self._best = h
            self.history.append(error)
            self.monitor(len(self.history), error)
            if error <= tolerance:
                status = Status.CONVERGED
                break
            if since > _STALL:
                status = Status.STALLED
                break
            value = float(self.b @ h - operator.a @ sweep.log_norm)
            h = anderson.step(h, self._residual(sweep), merit=error, value=value)
        if best is None:
            raise AssertionError("unreachable: max_sweeps is at least 1")
        return best._replace(status=status)

    def _residual(self, sweep: Sweep) -> Tensor:
        """Return Sinkhorn's step log(b / column), bounded where a column has lost all its mass."""
        log_b = self.b.log()
        return log_b - torch.maximum(sweep.column.log(), log_b - _LARGEST_STEP)
