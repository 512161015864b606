"""The official test images of a pair: scored by what was kept, each look at them written down."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monge._types import Tensor
from monge.errors import DataError, sentence
from monge.experiments.accuracy.pairs import OfficialTest, Place
from monge.experiments.environment import describe_environment
from monge.experiments.evaluate import accuracy
from monge.experiments.version import code_version
from monge.results import OfficialResult, Spread

__all__ = ["Looks", "earlier_scorings"]

_WHEN = ("date", "command", "commit")
"""What may differ between two scorings of the very same predictions: a commit of words alone."""


def earlier_scorings(path: Path) -> tuple[dict[str, Any], ...]:
    """Read the scorings that the record of a pair holds, none if there is no record yet.

    Raises
    ------
    DataError
        If there is a record that cannot be read: the count would be lost with it.
    """
    if not path.exists():
        return ()
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        pairs = told["pairs"].values()
        found = [entry for pair in pairs for entry in pair.get("official", {}).get("scorings", ())]
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        required = "a record of this bench, as it counts how often official images were scored"
        got, remedy = f"{type(error).__name__}: {error}", "restore it, or choose another folder"
        raise DataError(sentence("bench_accuracy", str(path), required, got, remedy)) from error
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class Looks:
    """What all seeds say of the official test images of a pair.

    Attributes
    ----------
    test
        The images.
    place
        Where they are read.
    command
        Of the bench.
    earlier
        Every scoring before this one.
    """

    test: OfficialTest
    place: Place
    command: str
    earlier: tuple[dict[str, Any], ...]

    def score(self, predicted: dict[str, list[Tensor]], seeds: tuple[int, ...]) -> OfficialResult:
        """Score what was predicted, a value for each seed, and write the look down.

        The same values of the same code, read again, are no new look.
        """
        truth = self.test.truth(self.place)
        found = {
            key: Spread(values=tuple(accuracy(classes, truth) for classes in several))
            for key, several in predicted.items()
            if len(several) == len(seeds)  # a mean over some of the seeds would flatter
        }
        look = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "commit": describe_environment()["commit"],
            "code": code_version(),
            "command": self.command,
            "seeds": list(seeds),
            "accuracy": {key: list(spread.values) for key, spread in found.items()},
        }
        known = any(_same(look, entry) for entry in self.earlier)
        return OfficialResult(
            name=self.test.name,
            protocol=self.test.protocol,
            n=len(truth),
            accuracy=found,
            scorings=self.earlier if known or not found else (*self.earlier, look),
        )

    def unscored(self) -> OfficialResult | None:
        """Hand on the scorings of before, if there were some."""
        if not self.earlier:
            return None
        return OfficialResult(
            name=self.test.name, protocol=self.test.protocol, n=0, scorings=self.earlier
        )


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one[key] == other.get(key) for key in one if key not in _WHEN)
