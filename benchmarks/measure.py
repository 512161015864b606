"""The unit of every figure, and how time is taken.

The unit is the **sweep**: one bare product of the job's size, every source row with every target
row, at the orientation and block size that are fastest on this machine now, in float32. It does
nothing else with the products. No method that looks at every pair of points can be faster than one
sweep, so it is the physical limit, and a time in sweeps means the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter

import torch

TRIAL_ROWS = 8192
"""Rows on which the orientations are tried."""

LONG_ENOUGH = 0.05
"""Seconds that one reading takes at least: short sweeps are repeated within it."""

ROWS = (128, 256, 512, 1024, 2048)
"""Source rows of one block of ``X_block @ Y.T``."""

COLUMNS = (64, 128, 256, 512)
"""Source rows of one block of ``Y @ X_block.T``."""


def time_calls(work: Callable[[], object], repeats: int) -> list[float]:
    """Call it `repeats` times; seconds of each call on the wall clock."""
    seconds = []
    for _ in range(repeats):
        began = perf_counter()
        work()
        seconds.append(perf_counter() - began)
    return seconds


def summary(seconds: list[float]) -> dict[str, object]:
    """Minimum, median and every reading, as the JSON holds them.

    The minimum is what the machine can do; the median is what it did beside its other work.
    """
    return {
        "minimum": min(seconds),
        "median": median(seconds),
        "all": seconds,
        "unit": "s",
    }


@dataclass
class BareSweep:
    """The bare product of one job, measured again whenever `read` is called.

    Attributes
    ----------
    x, y
        (n, d) and (m, d) float32.
    orientation, block
        The fastest of those tried.
    seconds
        All readings so far.
    """

    x: torch.Tensor
    y: torch.Tensor
    orientation: str = ""
    block: int = 0
    seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.x, self.y = self.x.float().contiguous(), self.y.float().contiguous()
        best = float("inf")
        rows = min(len(self.x), TRIAL_ROWS)
        for orientation, sizes in (("X_block @ Y.T", ROWS), ("Y @ X_block.T", COLUMNS)):
            for block in sizes:
                self._pass(orientation, block, min(rows, 2 * block))  # wakes the product up
                took = min(time_calls(lambda o=orientation, b=block: self._pass(o, b, rows), 2))
                if took < best:
                    best, self.orientation, self.block = took, orientation, block

    def read(self, repeats: int = 2) -> None:
        """Time the whole product `repeats` times."""
        began = perf_counter()
        self._pass(self.orientation, self.block, len(self.x))
        once = perf_counter() - began
        inner = max(1, round(LONG_ENOUGH / once))

        def passes() -> None:
            for _ in range(inner):
                self._pass(self.orientation, self.block, len(self.x))

        self.seconds += [took / inner for took in time_calls(passes, repeats)]

    @property
    def limit(self) -> float:
        """Seconds of the fastest reading."""
        if not self.seconds:
            self.read()
        return min(self.seconds)

    def to_json(self) -> dict[str, object]:
        """Return what was measured."""
        limit, (n, d), m = self.limit, self.x.shape, len(self.y)
        return {
            "time": summary(self.seconds),
            "orientation": self.orientation,
            "block": self.block,
            "rate": {"value": 2e-9 * n * m * d / limit, "unit": "GFLOP/s"},
            "size": {"n": n, "m": m, "d": d},
        }

    def _pass(self, orientation: str, block: int, rows: int) -> None:
        """Multiply the first `rows` source rows, into a buffer that is used over and over."""
        m = len(self.y)
        if orientation == "X_block @ Y.T":
            turned = self.y.T.contiguous()
            buffer = torch.empty(block, m)
            for start in range(0, rows, block):
                part = self.x[start : min(start + block, rows)]
                torch.mm(part, turned, out=buffer[: len(part)])
            return
        buffer = torch.empty(m, block)
        for start in range(0, rows, block):
            part = self.x[start : min(start + block, rows)]
            if len(part) == block:
                torch.mm(self.y, part.T, out=buffer)
            else:
                torch.mm(self.y, part.T)
