"""Rounds of a true sweep and a solve on its corrected stand-in, for kernels that are large."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

from monge._types import Tensor
from monge.solvers.climb import Ascent, Climb, Reading
from monge.solvers.kernels import Sweep
from monge.solvers.solution import Status
from monge.solvers.surrogates import Surrogate

__all__ = ["CorrectedClimb"]

_INNER_SWEEPS = 100
"""Sweeps over the stand-in in one round."""

_PAYS = 0.5
"""A round that leaves more than this share of the error did not pay."""
_MISSES = 2
"""Rounds in a row that may not pay before the stand-in is given up; it is made anew between."""

_MOVED = 12.0
"""How far a potential may move before the stand-in is made anew."""


@dataclass(eq=False)
class CorrectedClimb:
    """An ascent on the true kernel whose steps come from a stand-in.

    Attributes
    ----------
    plain
        Climbs on the true kernel: to where the stand-in is a guide, and where it is none.
    inner
        Climbs on the stand-in.
    surrogate
        The stand-in.
    inner_note
        Told the error of each of its sweeps, and the best potential there.
    """

    plain: Climb
    inner: Climb
    surrogate: Surrogate
    inner_note: Callable[[float, Tensor], None]
    _made: Tensor | None = field(default=None, init=False)

    def run(
        self,
        h: Tensor,
        tolerance: float,
        sweeps: int,
        note: Callable[[float, Tensor], None],
        *,
        near: bool,
    ) -> Ascent:
        """Climb until the marginal error is reached, or say why it was not.

        Parameters
        ----------
        h
            Where to begin.
        tolerance
            Marginal error to reach.
        sweeps
            Passes over the true kernel that are allowed.
        note
            Told the error of each of them and the best potential so far.
        near
            Whether ``h`` is known to be near the solution.
        """
        left = sweeps

        def counted(error: float, best: Tensor) -> None:
            nonlocal left
            left -= 1
            note(error, best)

        if not near and self.surrogate.reach < inf:
            ascent = self.plain.run(h, max(tolerance, self.surrogate.reach), left, counted)
            h = ascent.h
            if ascent.error <= tolerance or left == 0:
                return ascent
        ascent = self._rounds(h, tolerance, left, counted)
        if ascent.status is Status.STALLED and left > 0:
            return self.plain.run(ascent.h, tolerance, left, counted)
        return ascent

    def _rounds(
        self, h: Tensor, tolerance: float, sweeps: int, note: Callable[[float, Tensor], None]
    ) -> Ascent:
        """Run rounds until the error is reached; the status is STALLED where they do not pay."""
        best, misses, asked = None, 0, inf
        for _ in range(sweeps):
            sweep = self._truth(h)
            reading = self.plain.read(h, sweep)
            if best is None or reading.error < best.error:
                best = Ascent(h, sweep, reading.error, Status.MAX_SWEEPS)
                residual = reading.residual
            note(reading.error, best.h)
            if reading.error <= tolerance:
                return best._replace(status=Status.CONVERGED)
            if reading.error <= _PAYS * asked:
                misses, asked = 0 if asked < inf else misses, reading.error
                h = self._step(h, sweep, reading, tolerance)
                continue
            misses += 1
            if misses == _MISSES:
                return best._replace(status=Status.STALLED)
            # The plain step from the best potential, and the stand-in anew.
            h, self._made, asked = best.h + residual, None, inf
        if best is None:
            raise AssertionError("unreachable: max_sweeps is at least 1")
        return best

    def _truth(self, h: Tensor) -> Sweep:
        """Pass over the true kernel, and make the stand-in where there is none near ``h``."""
        look = self._made is None or float((h - self._made).abs().max()) > _MOVED
        if look:
            self._made = h.clone()
        return self.surrogate.truth(h, look=look)

    def _step(self, h: Tensor, sweep: Sweep, reading: Reading, tolerance: float) -> Tensor:
        """Return where the corrected stand-in has its solution, or Sinkhorn's next iterate."""
        self.surrogate.correct(h, sweep)
        goal = self.surrogate.accuracy * max(reading.error, tolerance)
        found = self.inner.run(h, goal, _INNER_SWEEPS, self.inner_note)
        return h + reading.residual if found.h is h else found.h
