"""The semi-dual of entropic transport: accelerated ascent, warm-up, nothing about options.

Everything here is dimensionless: the weights are strictly positive, the potential is
``h = g / eps``, and it lives on the smaller side, here always the columns. Where the total mass is
prescribed (partial transport), its multiplier is one more number at the end of the potential.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil, log
from typing import NamedTuple

import torch

from monge._types import Tensor
from monge.geometry import Geometry
from monge.plans import GibbsKernel
from monge.solvers.climb import Ascent, Climb
from monge.solvers.correction import CorrectedClimb
from monge.solvers.kernels import (
    ENTRY_BYTES,
    KernelOperator,
    Rows,
    StoredKernel,
    StreamedKernel,
    block_elements,
    choose_operator,
)
from monge.solvers.side import Side
from monge.solvers.solution import Status
from monge.solvers.surrogates import LEAST_SHARE, MainEntries, SampledRows, Surrogate

__all__ = ["SemiDual", "Stage"]

_COARSE_EPSILON = 0.05
"""Epsilon over the mean cost at which a solve from nothing begins; smaller ones are approached."""
_COARSE_STEP = 4.0
_COARSE_TOLERANCE = 3e-2
_COARSE_SWEEPS = 60

_SUBSAMPLES = ((16, 3e-2), (4, 8e-3))
"""Share of the rows (1/16, 1/4) and the marginal error that is as good as their sampling."""
_SUBSAMPLE_ROWS = 3750

_STORED_BYTES = 2**27
"""Kernels up to this size are stored whole where they may be; larger ones get a stand-in first."""

_SAMPLED = 8
"""One row of so many is enough for a stand-in."""
_EFFECTIVE, _FEW = 150.0, 100.0
"""Sampled rows that a column must receive from, on average, to know how it answers; fewer will do
where the main entries do not fit."""
_SPARSE_SHARE = 0.1
"""A stand-in of main entries that keeps more than this share of all entries is not cheap."""
_SPARSE_ROOM = 2.2
"""Room for main entries while they are put together, over what an estimate from some rows says."""
_SAMPLED_TOLERANCE = 2e-2
"""Marginal error on sampled rows that is as good as their sampling."""
_LOOK_ROWS = 256
"""Rows that are looked at to choose a stand-in."""


class Stage(NamedTuple):
    """One stage of a warm-up: epsilon, the divisor of the rows, the error to reach."""

    epsilon: float
    divisor: int
    tolerance: float


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
        Bytes that a stored kernel may take; the blocks are smaller where it is less than theirs.
    monitor
        Called after every sweep with the number of sweeps and the marginal error.
    history
        Marginal error after each sweep, of all stages and stand-ins.
    operator
        How the full kernel was held.
    full_sweeps
        Passes over the full kernel so far.
    planned_bytes
        What the solve takes above the data: what it stores, and the blocks.
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
    full_sweeps: int = 0
    planned_bytes: int = 0
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
        """Yield the warm-up: larger epsilons first, on the fewest rows that will do.

        Parameters
        ----------
        relative
            Epsilon over the mean cost.
        """
        subsamples = self._subsamples()
        divisor = subsamples[0][0] if subsamples else 1
        steps = max(0, ceil(log(_COARSE_EPSILON / relative, _COARSE_STEP)))
        for step in range(steps, 0, -1):
            yield Stage(self.epsilon * _COARSE_STEP**step, divisor, _COARSE_TOLERANCE)
        for divisor, tolerance in subsamples[:1]:
            yield Stage(self.epsilon, divisor, tolerance)

    def warm_up(self, relative: float, sweeps: int) -> Tensor:
        """Approach the potential from larger epsilons and from few rows.

        The potential lives on the columns, so nothing needs to be prolonged from one stage to the
        next: ``g = eps h`` is kept.
        """
        h = self.zeros()
        for stage in () if self._one_step else self.stages(relative):
            h = self._pass_through(stage, h, sweeps)
        return h

    def solve(self, h: Tensor, tolerance: float, sweeps: int, *, fresh: bool) -> Ascent:
        """Climb on the full kernel; the sweep that it ends with is the true kernel's.

        Parameters
        ----------
        h
            Where to begin.
        tolerance
            Marginal error to reach.
        sweeps
            Passes over the full kernel that are allowed.
        fresh
            Whether ``h`` comes from few rows, so that more rows may better it beforehand.
        """
        self._best = h
        rows, columns = self._sides(self.epsilon)
        stream = self._stream(rows, columns)
        one_step = self._one_step
        stand_in = None if one_step else self._stand_in(stream, columns, h)
        sampled = stand_in is not None and stand_in.name == SampledRows.name
        more = fresh and not sampled and not one_step
        for divisor, reached in self._subsamples()[1:] if more else ():
            h = self._pass_through(Stage(self.epsilon, divisor, reached), h, sweeps)

        def note(error: float, best: Tensor) -> None:
            self._best = best
            self.full_sweeps += 1
            self._note(error, best)

        if stand_in is None:
            operator: KernelOperator = stream
            if not one_step:
                operator = choose_operator(self._kernel, rows, columns.weights, self.memory)
            self.operator = operator.name
            self._plan(StoredKernel.need(self._kernel) if operator.name == "stored" else 0)
            climb = Climb(operator, rows, columns, self.mass)
            ascent = climb.run(h, tolerance, sweeps, note)
            if operator.name == "stored":
                self.full_sweeps += 1
            return ascent._replace(sweep=operator.verify(climb.lifted(ascent.h), ascent.sweep))
        self.operator = stand_in.name
        inner = Climb(stand_in, stand_in.rows, columns)
        if fresh and sampled:
            h = self._best = inner.run(h, _SAMPLED_TOLERANCE, _COARSE_SWEEPS, self._note).h
        rounds = CorrectedClimb(Climb(stream, rows, columns), inner, stand_in, self._note)
        near = fresh and bool(self.history) and self.history[-1] < stand_in.reach
        return rounds.run(h, tolerance, sweeps, note, near=near)

    def cut_short(self) -> Ascent:
        """Return the best potential so far as the end of a solve that was cancelled."""
        rows, columns = self._sides(self.epsilon)
        climb = Climb(self._stream(rows, columns), rows, columns, self.mass)
        self.full_sweeps += 1
        sweep = climb.operator.sweep(climb.lifted(self.best))
        return Ascent(self.best, sweep, climb.read(self.best, sweep).error, Status.CANCELLED)

    @property
    def _one_step(self) -> bool:
        """Whether a side is let go: its potential is zero, and one step finds the other."""
        sides = self._sides(self.epsilon)
        return self.mass is None and any(side.relaxation.rate == 0 for side in sides)

    def _subsamples(self) -> list[tuple[int, float]]:
        """Return the divisors of the rows that leave enough of them, with the error to reach."""
        size = len(self.rows.weights)
        return [s for s in _SUBSAMPLES if size // s[0] >= _SUBSAMPLE_ROWS]

    def _pass_through(self, stage: Stage, h: Tensor, sweeps: int) -> Tensor:
        """Climb through one stage of a warm-up."""
        rows, columns = self._sides(stage.epsilon)
        geometry = self.geometry
        if stage.divisor > 1:
            geometry, rows = self._drawn(stage.divisor, rows)
        kernel = GibbsKernel(geometry, stage.epsilon)
        operator = choose_operator(kernel, rows, columns.weights, self.memory)
        self._plan(StoredKernel.need(kernel) if operator.name == "stored" else 0)
        start = h * (self.epsilon / stage.epsilon)
        climb = Climb(operator, rows, columns, self.mass)
        ascent = climb.run(start, stage.tolerance, min(sweeps, _COARSE_SWEEPS), self._note)
        self._best = ascent.h * (stage.epsilon / self.epsilon)
        return self._best

    def _drawn(self, divisor: int, rows: Rows) -> tuple[Geometry, Rows]:
        """Draw one row of `divisor`, with the weight of those that it stands for."""
        some = self.rows.draw(divisor)
        weights = rows.weights[some]
        weights = weights * (rows.weights.sum() / weights.sum())
        return self.geometry.select(some, None), Rows(weights, rows.relaxation)

    def _stand_in(self, stream: StreamedKernel, columns: Rows, h: Tensor) -> Surrogate | None:
        """Choose what stands in for a large kernel near ``h``, if anything would do."""
        n, m = self.geometry.shape
        if StoredKernel.need(self._kernel) <= _STORED_BYTES or self.mass is not None:
            return None
        size = torch.finfo(self.geometry.dtype).bits // 8
        divisor = max(_SAMPLED, ceil(n * m * size / self.memory))
        count = ceil(n / divisor)
        share = self._shares(h)
        perplexity = float(torch.special.entr(share).sum(1).exp().mean())
        kept = float((share >= LEAST_SHARE).sum(1).double().mean())
        effective = count * perplexity / m if divisor < n else 0.0
        need = int(_SPARSE_ROOM * n * kept * (size + 4))
        sparse = kept <= _SPARSE_SHARE * m and need <= self.memory
        if effective >= (_EFFECTIVE if sparse else _FEW):
            self._plan(count * m * size)
            geometry, rows = self._drawn(divisor, stream.rows)
            return SampledRows(stream, geometry, rows, columns)
        if sparse:
            self._plan(need)
            return MainEntries(stream, columns)
        return None

    def _shares(self, h: Tensor) -> Tensor:
        """Return what some rows send to each column at ``h``, (r, m), summing to one."""
        some = self.rows.draw(ceil(self.geometry.shape[0] / _LOOK_ROWS))
        kernel = GibbsKernel(self.geometry.select(some, None), self.epsilon)
        return kernel.scores(slice(0, len(some)), self.columns.weights.log() + h).softmax(1)

    @cached_property
    def _kernel(self) -> GibbsKernel:
        return GibbsKernel(self.geometry, self.epsilon)

    def _stream(self, rows: Rows, columns: Rows) -> StreamedKernel:
        """Return the true kernel, swept in blocks that the budget allows."""
        return StreamedKernel(self._kernel, rows, columns.weights, block_elements(self.memory))

    def _sides(self, epsilon: float) -> tuple[Rows, Rows]:
        """Return both sides at one epsilon."""
        rows = Rows(self.rows.weights, self.rows.relaxation(epsilon))
        return rows, Rows(self.columns.weights, self.columns.relaxation(epsilon))

    def _plan(self, stored: int) -> None:
        """Note the memory that a stage takes above the data."""
        blocks = ENTRY_BYTES * block_elements(self.memory)
        self.planned_bytes = max(self.planned_bytes, stored + blocks)

    def _note(self, error: float, best: Tensor) -> None:
        """Keep and report the error of one sweep."""
        del best
        self.history.append(error)
        self.monitor(len(self.history), error)
