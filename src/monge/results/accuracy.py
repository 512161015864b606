"""The record of a bench of accuracy: methods on pairs of domains, one value per seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from monge.results.official import OfficialResult
from monge.results.run import MethodResult, Spread

__all__ = ["AccuracyResult", "PairResult"]

SCHEMA = 1

POINT = 0.01 + 1e-9
"""One point of accuracy; a difference of just so much is not over it, however it is rounded."""


@dataclass(frozen=True, kw_only=True)
class PairResult:
    """How every method did on one pair of domains.

    Attributes
    ----------
    group
        What the pair is listed under, such as ``"digits"``.
    source_name, target_name
        What the domains are called.
    protocol
        Which rows were used for what.
    source_n, target_n
        Rows, of the first seed.
    seeds
        One value of each figure for each.
    methods
        By key, in the order of the table.
    refused
        The reasons of the methods that refused the pair, by key.
    warnings
        What methods warned of, by key.
    official
        Scores on the pair's official test images, if they were ever looked at.

    Examples
    --------
    >>> def right(*values):
    ...     return MethodResult(title="", accuracy=Spread(values=values), seconds=(0.1, 0.1))
    >>> pair = PairResult(
    ...     group="digits",
    ...     source_name="MNIST",
    ...     target_name="USPS",
    ...     protocol="Transductive.",
    ...     source_n=60_000,
    ...     target_n=7_291,
    ...     seeds=(0, 1),
    ...     methods={"source_only": right(0.75, 0.80), "linear": right(0.80, 0.85)},
    ... )
    >>> pair.source_only(("source_only", "source_head")).values
    (0.75, 0.8)
    """

    group: str
    source_name: str
    target_name: str
    protocol: str
    source_n: int
    target_n: int
    seeds: tuple[int, ...]
    methods: dict[str, MethodResult]
    refused: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    official: OfficialResult | None = None

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> PairResult:
        """Read what `to_json` returned; anything else raises KeyError or TypeError."""
        return cls(
            group=told["group"],
            source_name=told["source"]["name"],
            target_name=told["target"]["name"],
            protocol=told["protocol"],
            source_n=told["source"]["n"],
            target_n=told["target"]["n"],
            seeds=tuple(told["seeds"]),
            methods={
                key: MethodResult(
                    title=method["title"],
                    accuracy=Spread(values=tuple(method["accuracy"]["values"])),
                    seconds=tuple(method["seconds"]),
                )
                for key, method in told["methods"].items()
            },
            refused=dict(told["refused"]),
            warnings={key: tuple(texts) for key, texts in told["warnings"].items()},
            official=OfficialResult.from_json(told["official"]) if "official" in told else None,
        )

    def source_only(self, references: tuple[str, ...]) -> Spread:
        """Return the accuracy without adapting: the best in the mean of the methods so named."""
        found = [self.methods[key].accuracy for key in references if key in self.methods]
        return max(found, key=lambda spread: spread.mean)

    def to_json(self) -> dict[str, Any]:
        """Return what ``result.json`` holds of the pair."""
        return {
            "group": self.group,
            "source": {"name": self.source_name, "n": self.source_n},
            "target": {"name": self.target_name, "n": self.target_n},
            "protocol": self.protocol,
            "seeds": list(self.seeds),
            "methods": {
                key: {
                    "title": method.title,
                    "accuracy": method.accuracy.to_json() | {"worst": method.accuracy.worst},
                    "seconds": list(method.seconds),
                }
                for key, method in self.methods.items()
            },
            "refused": self.refused,
            "warnings": {key: list(texts) for key, texts in self.warnings.items()},
        } | ({} if self.official is None else {"official": self.official.to_json()})


@dataclass(frozen=True, kw_only=True)
class AccuracyResult:
    """Methods on pairs: what ``result.json`` of `monge bench accuracy` holds.

    Attributes
    ----------
    pairs
        By name, in the order of the table.
    skipped
        The reasons of the pairs that could not be had, by name.
    references
        The methods that adapt nothing; the better of them on a pair is its source-only accuracy.
    default
        The method that stands for the default choice, by key.
    defaults
        What somebody says who leaves every option alone, by the method that it comes to.
    frozen
        The options of each method, and the rule by which they were chosen.
    command
        The command that makes this result again.
    environment
        Versions, threads, device, commit.

    Examples
    --------
    >>> result = AccuracyResult(
    ...     pairs={}, skipped={"usps-mnist": "no data"}, references=(), default="linear", frozen={}
    ... )
    >>> result.exceptions("linear")
    ()
    """

    pairs: dict[str, PairResult]
    skipped: dict[str, str]
    references: tuple[str, ...]
    default: str
    frozen: dict[str, dict[str, str]]
    command: str = ""
    environment: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)

    @property
    def titles(self) -> dict[str, str]:
        """What a person calls each method that was run, in the order of the table."""
        return {
            key: method.title
            for key in self.frozen
            for pair in self.pairs.values()
            if (method := pair.methods.get(key)) is not None
        }

    def gain(self, pair: str, method: str) -> float | None:
        """Return mean accuracy less that of source-only, in [-1, 1]; none where it was not run."""
        record = self.pairs[pair]
        if method not in record.methods:
            return None
        return record.methods[method].accuracy.mean - record.source_only(self.references).mean

    def gains(self, method: str) -> dict[str, float]:
        """Return the gain on every pair that the method was run on."""
        found = {pair: self.gain(pair, method) for pair in self.pairs}
        return {pair: gain for pair, gain in found.items() if gain is not None}

    def exceptions(self, method: str) -> tuple[str, ...]:
        """Name the pairs on which a method is below source-only by over a point, in the mean."""
        return tuple(pair for pair, gain in self.gains(method).items() if gain < -POINT)

    def to_json(self) -> dict[str, Any]:
        """Return the documented schema of ``result.json`` (schema 1)."""
        return {
            "schema": SCHEMA,
            "command": self.command,
            "references": list(self.references),
            "default": {
                "method": self.default,
                "pairs": len(self.gains(self.default)),
                "exceptions": list(self.exceptions(self.default)),
            },
            "defaults": {
                method: {
                    "said": said,
                    "pairs": len(gains),
                    "exceptions": list(self.exceptions(method)),
                    "worst_gain": min(gains.values()),
                }
                for method, said in self.defaults.items()
                if (gains := self.gains(method))
            },
            "frozen": self.frozen,
            "pairs": {name: pair.to_json() for name, pair in self.pairs.items()},
            "skipped": self.skipped,
            "environment": self.environment,
        }
