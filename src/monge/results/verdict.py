"""The record of a bench of the verdict: what was judged, and what was true."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from monge.results.judged import Judged, figures_of

__all__ = ["ShiftResult", "VerdictResult"]

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class ShiftResult:
    """What a shift is.

    Attributes
    ----------
    family, kind, about
        As in the suite.
    n, m, d, classes
        Rows of source and target, features, classes of the source; of the first seed.
    hidden
        Whether no row shows what was done, by construction.

    Examples
    --------
    >>> ShiftResult(family="noise", kind="synthetic", about="Noise.", n=9, m=9, d=2, classes=2).n
    9
    """

    family: str
    kind: str
    about: str
    n: int
    m: int
    d: int
    classes: int
    hidden: bool = False


@dataclass(frozen=True, kw_only=True)
class VerdictResult:
    """Verdicts on shifts beside the truth: what ``verdict.json`` of `monge bench verdict` holds.

    Attributes
    ----------
    shifts
        By name, in the order of the suite.
    judged
        Every verdict.
    skipped
        The reasons of the shifts that could not be had, by name.
    refused
        The reasons of the settings that were not judged, by shift, classifier and seed.
    rule
        What decided, in one sentence.
    command
        The command that makes this result again.
    environment
        Versions, threads, device, commit.

    Examples
    --------
    >>> VerdictResult(shifts={}, judged=(), skipped={}, refused={}, rule="None.").families()
    {}
    """

    shifts: dict[str, ShiftResult]
    judged: tuple[Judged, ...]
    skipped: dict[str, str]
    refused: dict[str, str]
    rule: str
    command: str = ""
    environment: dict[str, Any] = field(default_factory=dict)

    @property
    def candidates(self) -> tuple[str, ...]:
        """Every candidate that was tried, in the order of the first time."""
        return tuple(dict.fromkeys(name for each in self.judged for name in each.tried))

    def shown(self) -> tuple[Judged, ...]:
        """Return the verdicts on shifts of which rows show something."""
        return tuple(each for each in self.judged if not self.shifts[each.shift].hidden)

    def families(self) -> dict[str, list[Judged]]:
        """Return the verdicts by family, in the order of the suite."""
        found: dict[str, list[Judged]] = {}
        for each in self.judged:
            found.setdefault(self.shifts[each.shift].family, []).append(each)
        return found

    def settings(self) -> dict[tuple[str, str], list[Judged]]:
        """Return the verdicts by shift and classifier, one for each seed, the failures first.

        First come those with harm, the worst seed deciding, then those whose interval does not hold
        the truth, then those that gain least of what could be gained.
        """
        found: dict[tuple[str, str], list[Judged]] = {}
        for each in self.judged:
            found.setdefault((each.shift, each.classifier), []).append(each)

        def order(setting: tuple[str, str]) -> tuple[float, bool, float]:
            seeds = found[setting]
            harm = min(0.0, *(each.gain for each in seeds if each.harmed), 0.0)
            outside = any(each.estimate.holds(each.truth) is False for each in seeds)
            return harm, not outside, min(each.gain - each.best for each in seeds)

        return {setting: found[setting] for setting in sorted(found, key=order)}

    def to_json(self) -> dict[str, Any]:
        """Return the documented schema of ``verdict.json`` (schema 1), the scores left out."""
        return {
            "schema": SCHEMA,
            "command": self.command,
            "rule": self.rule,
            "figures": figures_of(self.judged).to_json(),
            "figures_shown": figures_of(self.shown()).to_json(),
            "families": {
                name: figures_of(rows).to_json() for name, rows in self.families().items()
            },
            "shifts": {name: dict(vars(shift)) for name, shift in self.shifts.items()},
            "verdicts": [
                {
                    "shift": each.shift,
                    "seed": each.seed,
                    "classifier": each.classifier,
                    "decision": each.decision,
                    "choice": each.choice,
                    "source_only": dict(vars(each.source_only)),
                    "chosen": dict(vars(each.chosen)),
                    "truth": each.truth,
                    "gain": each.gain,
                    "best": each.best,
                    "harmed": each.harmed,
                    "seconds": each.seconds,
                    "cost": each.cost,
                    "fits": {name: one.seconds for name, one in each.tried.items()},
                    "warnings": list(each.warnings),
                    "accuracies": {name: one.accuracy for name, one in each.tried.items()},
                    "failed": {n: one.reason for n, one in each.tried.items() if one.reason},
                }
                for rows in self.settings().values()
                for each in rows
            ],
            "skipped": self.skipped,
            "refused": self.refused,
            "environment": self.environment,
        }
