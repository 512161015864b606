"""A bench written beside an earlier one of other pairs: both stay in the tables."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from monge.errors import MongeWarning
from monge.experiments.accuracy.options import AccuracyOptions
from monge.experiments.accuracy.pairs import PAIRS
from monge.results import AccuracyResult, PairResult

__all__ = ["merged"]


def merged(result: AccuracyResult, path: Path, seeds: tuple[int, ...]) -> AccuracyResult:
    """Add the pairs of an earlier ``result.json`` that were not run this time.

    Parameters
    ----------
    result
        Of this time.
    path
        The earlier file; one that is missing, or of another form, adds nothing.
    seeds
        Of this time, for the command that makes it all again.

    Warns
    -----
    MongeWarning
        If pairs are left out, since the code that scored them was another.
    """
    try:
        told: dict[str, Any] = json.loads(path.read_bytes())
        pairs = {name: PairResult.from_json(pair) for name, pair in told["pairs"].items()}
        skipped, frozen, code = told["skipped"], told["frozen"], told["environment"]["code"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return result
    now = {*result.pairs, *result.skipped}
    others = {name: pair for name, pair in pairs.items() if name in PAIRS and name not in now}
    unknown = {name: why for name, why in skipped.items() if name in PAIRS and name not in now}
    if others and code != result.environment["code"]:
        warnings.warn(
            f"bench accuracy: {', '.join(others)} in {path.name} were scored by other code and are "
            "left out; name these pairs as well to score them again.",
            MongeWarning,
            stacklevel=3,
        )
        others = {}
    if not others and not unknown:
        return result
    both = others | result.pairs
    methods = frozen | result.frozen
    named = {key for pair in both.values() for key in (*pair.methods, *pair.refused)}
    options = AccuracyOptions(
        pairs=tuple(name for name in PAIRS if name in both or name in unknown | result.skipped),
        methods=tuple(name for name in methods if name in named),
        seeds=max((seeds, *(pair.seeds for pair in others.values())), key=len),
    )
    return replace(
        result,
        pairs={name: both[name] for name in PAIRS if name in both},
        skipped=unknown | result.skipped,
        frozen=methods,
        command=options.command(),
    )
