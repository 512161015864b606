"""What a bench of the verdict may be told, checked when it is made."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from monge.adapters import CLASSIFIERS
from monge.errors import InputError, sentence
from monge.experiments.options import check_seeds
from monge.experiments.verdict.case import Case
from monge.experiments.verdict.suite import FAMILIES, SUITE

__all__ = ["VerdictOptions"]


@dataclass(frozen=True, kw_only=True)
class VerdictOptions:
    """Which shifts are judged, how often, and with which source-trained classifiers.

    Parameters
    ----------
    shifts
        Names in the suite.
    families
        Names of families, all shifts of which are judged too; where neither is named, all are.
    classifiers
        By name among `monge.adapters.CLASSIFIERS`: each is a setting of its own.
    seeds
        One draw of the domains each. A shift that does not depend on the seed is judged with the
        first alone.

    Raises
    ------
    InputError
        If there is no such name, with all that there are, or if the seeds are none.

    Examples
    --------
    >>> options = VerdictOptions(shifts=("moons-bent",), families=("class drift",))
    >>> [case.name for case in options.chosen()]
    ['wide-drift', 'wide-drift-far', 'wide-exchanged', 'moons-bent']
    """

    shifts: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    classifiers: tuple[str, ...] = ("nearest", "logistic")
    seeds: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        check_seeds("VerdictOptions", self.seeds)
        _check("shifts", self.shifts, tuple(SUITE))
        _check("families", self.families, FAMILIES)
        _check("classifiers", self.classifiers or ("none",), tuple(CLASSIFIERS))

    def chosen(self) -> list[Case]:
        """Return the shifts to judge, in the order of the suite."""
        everyone = not (self.shifts or self.families)
        return [
            case
            for case in SUITE.values()
            if everyone or case.name in self.shifts or case.family in self.families
        ]

    def seeds_of(self, case: Case) -> tuple[int, ...]:
        """Return the seeds that a shift is judged with."""
        return self.seeds[:1] if case.fixed else self.seeds

    def command(self) -> str:
        """Return the command that makes the same bench again."""
        words = ["monge bench verdict"]
        told = (("--shifts", self.shifts), ("--families", self.families))
        for flag, names in (*told, ("--classifiers", self.classifiers)):
            if names:
                words += [flag, *map(shlex.quote, names)]
        return " ".join([*words, "--seeds", *map(str, self.seeds)])


def _check(parameter: str, names: tuple[str, ...], known: tuple[str, ...]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        required, remedy = f"among {', '.join(known)}", "name one of these"
        got = ", ".join(map(repr, unknown))
        raise InputError(sentence("VerdictOptions", parameter, required, got, remedy))
