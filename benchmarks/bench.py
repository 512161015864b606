"""One run of the benchmark: its points, its settings, and how a row of a job is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, isfinite
from typing import Any

import numpy as np
import torch
from features import Features
from isolate import CaseError, run_case
from measure import BareSweep, summary
from plain import true_error

__all__ = ["SLACK", "Bench", "Goal", "Job", "Sizes", "in_sweeps"]

SLACK = 1.01
"""An error counts as reached up to this factor: methods stop on their own, rounded, reading."""

GROWTH = (3_750, 7_500, 15_000, 30_000, 60_000, 120_000, 240_000)


@dataclass(frozen=True)
class Sizes:
    """Rows of every job; the quick ones are about a sixteenth."""

    source: int = 60_000
    target: int = 7_291
    plan: int = 2_560
    square: int = 10_000
    new: int = 10_000
    growth: tuple[int, ...] = GROWTH

    @staticmethod
    def quick() -> Sizes:
        """Return sizes at which every job ends in seconds and no figure means anything."""
        return Sizes(1_920, 480, 160, 600, 600, tuple(n // 64 for n in GROWTH))


@dataclass(frozen=True)
class Goal:
    """What a figure is to be.

    Attributes
    ----------
    figure
        In words.
    value
        As measured, or ``None`` where it was not.
    bound
        The goal.
    unit
        Of both.
    at_least
        Whether more is better.
    """

    figure: str
    value: float | None
    bound: float
    unit: str
    at_least: bool = False

    def to_json(self, *, counts: bool, sound: bool) -> dict[str, Any]:
        """Return it with its verdict; a scaled-down run has none.

        A figure of a solve that did not reach its error (not `sound`) meets nothing.
        """
        met = None
        if counts and self.value is not None:
            within = self.value >= self.bound if self.at_least else self.value <= self.bound
            met = within and sound
        sense = "at least" if self.at_least else "at most"
        parts = {"figure": self.figure, "value": self.value, "goal": self.bound, "sense": sense}
        return parts | {"unit": self.unit, "met": met}


@dataclass
class Job:
    """What a job found.

    Attributes
    ----------
    title
        In words.
    settings
        Epsilon, tolerance and the rest, as JSON holds them.
    rows
        One for each method, or each size.
    sweep
        The bare sweep of the job, where there is one size.
    goals
        What was asked of it.
    """

    title: str
    settings: dict[str, Any]
    rows: list[dict[str, Any]] = field(default_factory=list)
    sweep: BareSweep | None = None
    goals: list[Goal] = field(default_factory=list)

    def figure(self, who: str, name: str) -> float | None:
        """Return a measured figure of a row, ``None`` where there is none."""
        for row in self.rows:
            if row["who"] == who and name in row["figures"]:
                figure = row["figures"][name]
                return figure.get("value", figure.get("minimum"))
        return None

    def ratio(self, slow: str, fast: str, name: str = "time") -> float | None:
        """Return how many times a figure of one row is that of another, both at the error."""
        if any(row.get("reached") is False for row in self.rows if row["who"] in (slow, fast)):
            return None
        above, below = self.figure(slow, name), self.figure(fast, name)
        return None if above is None or not below else above / below

    def to_json(self, *, counts: bool) -> dict[str, Any]:
        """Return the job as the JSON holds it."""
        sound = all(row.get("reached", True) for row in self.rows if row["case"] == "monge")
        return {
            "title": self.title,
            "settings": self.settings,
            "sweep": None if self.sweep is None else self.sweep.to_json(),
            "rows": self.rows,
            "goals": [goal.to_json(counts=counts, sound=sound) for goal in self.goals],
        }


@dataclass
class Bench:
    """The settings of a run, and the measuring of one row.

    Attributes
    ----------
    features, sizes
        The points and how many of them each job takes.
    seed
        Of every draw of rows.
    repeats
        Timed runs of monge and of the small peers.
    peers
        Whether peers are run.
    timeout
        Seconds after which one case is given up.
    say
        Tells the terminal what is going on.
    """

    features: Features
    sizes: Sizes
    seed: int
    repeats: int
    peers: bool
    timeout: float
    say: Callable[[str], None]

    def sweep(self, x: np.ndarray, y: np.ndarray) -> BareSweep:
        """Measure the bare sweep of a job for the first time; every row measures it again."""
        sweep = BareSweep(torch.from_numpy(x), torch.from_numpy(y))
        sweep.read()
        return sweep

    def row(
        self,
        job: Job,
        who: str,
        case: str,
        arrays: dict[str, np.ndarray],
        options: dict[str, Any],
        *,
        repeats: int = 1,
    ) -> dict[str, Any] | None:
        """Run a case, measure its true error where it gives scalings, and add its row.

        Returns
        -------
        dict or None
            What the case gave, or ``None`` where it gave nothing; the row says why.
        """
        self.say(f"  {who}")
        row: dict[str, Any] = {"who": who, "case": case, "options": options, "figures": {}}
        job.rows.append(row)
        try:
            result = run_case(case, arrays, options, repeats=repeats, timeout=self.timeout)
        except CaseError as error:
            row["absent"] = str(error)
            self.say(f"    {error}")
            return None
        if job.sweep is not None:
            job.sweep.read(1)  # the machine's speed drifts: the unit is read beside every row
        figures = row["figures"]
        figures["time"] = summary(result["seconds"])
        figures["peak_memory_above_data"] = {
            "value": result["peak"],
            "unit": "B",
            "by": result["peak_by"],
        }
        row["says"] = {
            key: None if isinstance(value, float) and not isfinite(value) else value
            for key, value in result["values"].items()
        }
        epsilon = result["values"].get("epsilon", options.get("epsilon"))
        kept = result["arrays"]
        if "log_u" in kept and job.settings.get("measure_error", True):
            error = true_error(arrays["x"], arrays["y"], epsilon, kept["log_u"], kept["log_v"])
            known = error if isfinite(error) else None  # JSON has no NaN
            figures["true_error"] = {"value": known, "unit": "L1, total mass 1"}
            row["reached"] = error <= SLACK * job.settings["tolerance"]
        return result

    def peer(
        self,
        job: Job,
        who: str,
        case: str,
        arrays: dict[str, np.ndarray],
        options: dict[str, Any],
        *,
        growth: float = 1.1,
        tries: int = 6,
    ) -> None:
        """Run a peer with the fewest iterations that reach the job's error.

        ``options["iterations"]`` is how many plain Sinkhorn needs, found beforehand and not timed:
        no peer pays for finding it. Where a peer misses the error with it (another order of the
        updates, another schedule), the number is raised by the factor `growth` and it runs anew, at
        most `tries` times; the row holds the last run and says whether it got there.
        """
        if not self.peers:
            return
        options = dict(options)
        for attempt in range(1, tries + 1):
            if attempt > 1:
                job.rows.pop()
            if self.row(job, who, case, arrays, options, repeats=self.repeats) is None:
                return
            row = job.rows[-1]
            if row["reached"]:
                return
            if attempt < tries:
                options["iterations"] = ceil(growth * options["iterations"])

    def extrapolated(
        self,
        job: Job,
        who: str,
        case: str,
        arrays: dict[str, np.ndarray],
        options: dict[str, Any],
        *,
        few: tuple[int, int],
        needed: int | None,
    ) -> None:
        """Run a peer that would take too long for two small numbers of iterations.

        The difference is the time of an iteration, and the time to the error is
        ``t(few[0]) + (needed - few[0]) * iteration``; it is marked as extrapolated. Where it is not
        known how many are needed, only the time of an iteration is stated.
        """
        if not self.peers:
            return
        results = []
        for iterations in few:
            told = options | {"iterations": iterations}
            result = self.row(job, who, case, arrays, told)
            if result is None:
                if results:
                    job.rows.pop(-2)
                return
            results.append(result)
        job.rows.pop(-2)
        row = job.rows[-1]
        first, second = (result["seconds"][0] for result in results)
        step = max(0.0, second - first) / (few[1] - few[0])
        row["figures"]["time_of_an_iteration"] = {"value": step, "unit": "s"}
        row["figures"]["true_error"]["after_iterations"] = few[1]
        time = row["figures"].pop("time")
        if needed is not None and not row["reached"]:
            row["figures"]["time"] = {
                "value": first + (needed - few[0]) * step,
                "unit": "s",
                "extrapolated": f"from {few[0]} and {few[1]} to {needed} iterations",
                "measured": [first, second],
            }
        elif row["reached"]:
            row["figures"]["time"] = time
        else:
            row["figures"]["time_of_the_measured_iterations"] = time


def in_sweeps(job: Job) -> None:
    """Add to every row its time in bare sweeps: fastest reading over fastest reading."""
    if job.sweep is None:
        return
    for row in job.rows:
        for name in ("time", "time_of_an_iteration"):
            figure = row["figures"].get(name)
            if figure is not None:
                seconds = figure.get("value", figure.get("minimum"))
                sweeps = {"value": seconds / job.sweep.limit, "unit": "sweeps"}
                row["figures"][f"{name}_in_sweeps"] = sweeps
