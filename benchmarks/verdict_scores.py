"""The scores of candidates beside the truth, as arrays: what a rule is learned from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from monge.verdict.network import features
from monge.verdict.rule import plain

__all__ = ["ALIKE", "Table", "alike", "read"]

SOURCE_ONLY = "source_only"
OF_SUITE = 3.0
"""What a shift of the suite counts in learning, where one drawn at random counts 1."""
COMMON = 0.5
"""A score counts that applies to this share of the lines at least."""


ALIKE = {
    "class drift": ("drift", "closer"),
    "identical": ("two random halves",),
    "image quality": ("blurred", "contrast", "covered", "redrawn"),
    "label shift": ("shares",),
    "missing class": ("lacking",),
    "noise": ("noise", "quieter"),
    "outliers": ("outliers",),
    "overlap": ("closer", "mislabelled", "noise"),
    "permuted labels": ("mislabelled",),
    "rotation": ("rotation", "redrawn"),
    "scaling": ("scaling", "redrawn"),
    "sensor drift": ("worn", "dead"),
    "shapes": ("curves", "closer", "scaling", "translation"),
    "swapped shares": ("shares",),
    "symmetry": ("rotation", "redrawn"),
    "translation": ("translation", "redrawn"),
}
"""What is done in random shifts that is alike to a family of the suite: they are left out with it.
With those that end in "cuts" every random shift is left out that was cut."""


@dataclass(frozen=True)
class Table:
    """A line for each candidate of each shift.

    Attributes
    ----------
    names
        Of the s scores that count.
    own, base
        (k, s) of the candidate and of the source as it is; p-values by their logarithm, NaN where a
        score does not apply.
    accuracy, gain
        The truth, (k,): on the target, and over the source as it is.
    weight
        (k,): a shift of the suite counts as several drawn at random, of which there are many.
    family, setting, candidate
        (k,): what is left out together, what is judged together, and the candidate's name.
    drawn
        (k,) whether the shift was drawn at random; else it is one of the suite.
    done
        k sets: what was done to a random shift, by kind; empty for the suite.
    adapts, hidden
        (k,) whether the candidate moves anything, and whether no row shows what was done.
    """

    names: tuple[str, ...]
    own: Any
    base: Any
    accuracy: Any
    gain: Any
    weight: Any
    family: Any
    setting: Any
    candidate: Any
    drawn: Any
    done: tuple[frozenset[str], ...]
    adapts: Any
    hidden: Any

    @cached_property
    def seen(self) -> Any:
        """What a network sees of each line, (k, 4s): see `monge.verdict.network.features`."""
        found = np.empty((len(self.own), 4 * len(self.names)))
        for rows in self.settings:
            found[rows] = features(self.own[rows])
        return found

    @cached_property
    def seen_alone(self) -> Any:
        """The same where the source as it is and the candidate are all that was tried.

        Of the source's own lines it is `seen`.
        """
        found, names = self.seen.copy(), list(self.names)
        others, same = (names.index(f"agreement_{name}") for name in ("others", "baseline"))
        with_more = [
            at
            for at, name in enumerate(names)
            if name.startswith("agreement_") and at not in (others, same)
        ]
        for first, *rest in self.settings:
            for row in rest:
                pair = self.own[[first, row]]
                pair[:, others] = pair[1, same]
                pair[:, with_more] = np.nan
                itself = f"agreement_{self.candidate[row]}"
                if itself in names:
                    pair[1, names.index(itself)] = 1.0
                found[row] = features(pair)[1]
        return found

    @cached_property
    def settings(self) -> list[Any]:
        """The lines of each setting, that of the source as it is first."""
        order = np.lexsort((np.arange(len(self.own)), self.adapts, self.setting))
        cuts = np.flatnonzero(self.setting[order][1:] != self.setting[order][:-1]) + 1
        return np.split(order, cuts)


def read(*paths: Path) -> Table:
    """Read what ``monge bench verdict --scores`` and benchmarks/random_verdicts.py wrote."""
    lines = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    lines = [line for line in lines if line["accuracy"] is not None and line["scores"]]
    keys = [f"{line['case']}, {line['classifier']}, seed {line['seed']}" for line in lines]
    first = {
        key: index
        for index, (key, line) in enumerate(zip(keys, lines, strict=True))
        if line["candidate"] == SOURCE_ONLY
    }
    kept = [index for index, key in enumerate(keys) if key in first]
    told = [plain({k: v for k, v in line["scores"].items() if v is not None}) for line in lines]
    every = sorted({name for scores in told for name in scores})
    names = tuple(n for n in every if sum(n in scores for scores in told) > COMMON * len(told))
    table = np.array([[scores.get(name, np.nan) for name in names] for scores in told])
    at = np.array([first[keys[index]] for index in kept])
    accuracy = np.array([line["accuracy"] for line in lines])
    lines = [lines[index] for index in kept]
    drawn = np.array([line["case"].startswith("random-") for line in lines])
    family = np.array([line["family"] for line in lines])
    return Table(
        names=names,
        own=table[kept],
        base=table[at],
        accuracy=accuracy[kept],
        gain=accuracy[kept] - accuracy[at],
        weight=np.where(drawn, 1.0, OF_SUITE),
        family=family,
        setting=np.array([keys[index] for index in kept]),
        candidate=np.array([line["candidate"] for line in lines]),
        drawn=drawn,
        done=tuple(
            _kinds(line["about"]) if each else frozenset()
            for each, line in zip(drawn, lines, strict=True)
        ),
        adapts=np.array([line["candidate"] != SOURCE_ONLY for line in lines]),
        hidden=np.array([bool(line["hidden"]) for line in lines]),
    )


def _kinds(about: str) -> frozenset[str]:
    """Read what was done off what is said of a random shift, such as ``"table: cut, noise."``."""
    return frozenset(about.partition(": ")[2].rstrip(".").split(", "))


def alike(table: Table, family: str) -> Any:
    """Tell the random shifts to which something was done that a family of the suite stands for."""
    kinds = set(ALIKE.get(family, ("cut",) if family.endswith(" cuts") else ()))
    return np.array([bool(kinds & done) for done in table.done])
