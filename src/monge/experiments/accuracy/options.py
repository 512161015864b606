"""What a bench of accuracy may be told, checked when it is made."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from monge.errors import InputError, sentence
from monge.experiments.accuracy.methods import METHODS, REFERENCES, Method
from monge.experiments.accuracy.pairs import GROUPS, PAIRS, Pair
from monge.experiments.options import check_seeds

__all__ = ["AccuracyOptions"]


@dataclass(frozen=True, kw_only=True)
class AccuracyOptions:
    """Which methods are run on which pairs, and how often.

    Parameters
    ----------
    pairs
        Names of pairs or of groups; none stands for all.
    methods
        Names of methods; none stands for all. What adapts nothing is run in any case.
    seeds
        One training or draw of the domains, and one value of each figure, for each. A pair that
        does not depend on the seed is run with the first alone.
    official_test
        Whether what was trained also classifies the official test images of the pairs that have
        some, which no training sees. Each such look at them is written down.

    Raises
    ------
    InputError
        If there is no such name, with all that there are, if the seeds are none, or if no pair that
        was named has official test images.

    Examples
    --------
    >>> options = AccuracyOptions(pairs=("office",), methods=("linear",))
    >>> len(options.chosen_pairs()), list(options.chosen_methods())
    (12, ['source_only', 'source_head', 'linear'])
    """

    pairs: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0, 1, 2)
    official_test: bool = False

    def __post_init__(self) -> None:
        check_seeds("AccuracyOptions", self.seeds)
        _check_names("pairs", self.pairs, (*GROUPS, *PAIRS))
        _check_names("methods", self.methods, tuple(METHODS))
        if self.official_test and not any(pair.official for pair in self.chosen_pairs()):
            having = ", ".join(pair.name for pair in PAIRS.values() if pair.official)
            required, got = f"with a pair that has such images ({having})", ", ".join(self.pairs)
            remedy = "name such a pair, or leave --official-test out"
            raise InputError(sentence("AccuracyOptions", "official_test", required, got, remedy))

    def chosen_pairs(self) -> list[Pair]:
        """Return the pairs to run, in the order of the table."""
        named = self.pairs or GROUPS
        return [pair for pair in PAIRS.values() if {pair.name, pair.group} & set(named)]

    def chosen_methods(self) -> dict[str, Method]:
        """Return the methods to run, in the order of the table."""
        named = {*(self.methods or METHODS), *REFERENCES}
        return {name: method for name, method in METHODS.items() if name in named}

    def seeds_of(self, pair: Pair) -> tuple[int, ...]:
        """Return the seeds that a pair is run with."""
        return self.seeds[:1] if pair.fixed else self.seeds

    def command(self) -> str:
        """Return the command that makes the same bench again."""
        words = ["monge bench accuracy"]
        for flag, names in (("--pairs", self.pairs), ("--methods", self.methods)):
            if names:
                words += [flag, *map(shlex.quote, names)]
        words += ["--seeds", *map(str, self.seeds)]
        return " ".join([*words, "--official-test"] if self.official_test else words)


def _check_names(parameter: str, names: tuple[str, ...], known: tuple[str, ...]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        required, remedy = f"among {', '.join(known)}", "name one of these, or none for all"
        raise InputError(
            sentence("AccuracyOptions", parameter, required, ", ".join(unknown), remedy)
        )
