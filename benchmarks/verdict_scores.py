"""The scores of candidates beside the truth, as arrays: what a rule is learned from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from monge.verdict.linear import Line
from monge.verdict.rule import plain

__all__ = ["Table", "read", "values"]

SOURCE_ONLY = "source_only"
COMMON = 0.5
"""A score counts that applies to this share of the lines at least."""


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
        (k,): a family of many shifts counts less than all of these alone.
    family, setting
        (k,): what is left out together, and what is judged together.
    drawn
        (k,) whether the shift was drawn at random; else it is one of the suite.
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
    drawn: Any
    adapts: Any
    hidden: Any


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
    cases = np.array([line["case"] for line in lines])
    sizes = {name: len(set(cases[family == name])) for name in set(family)}
    return Table(
        names=names,
        own=table[kept],
        base=table[at],
        accuracy=accuracy[kept],
        gain=accuracy[kept] - accuracy[at],
        weight=np.array([sizes[name] ** -0.5 for name in family]),
        family=family,
        setting=np.array([keys[index] for index in kept]),
        drawn=drawn,
        adapts=np.array([line["candidate"] != SOURCE_ONLY for line in lines]),
        hidden=np.array([bool(line["hidden"]) for line in lines]),
    )


def values(line: Line, own: Any, base: Any, names: Sequence[str]) -> Any:
    """Return a line for rows of scores (k, s), NaN where one does not apply: (k,)."""
    found = np.full(len(own), line.bias)
    for rows, weights, fills in (
        (own, line.own, line.own_fill),
        (base, line.base, line.base_fill),
    ):
        weight, fill = (np.array([part[name] for name in names]) for part in (weights, fills))
        found = found + np.where(np.isfinite(rows), rows, fill) @ weight
    return found
