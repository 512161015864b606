"""The record of official test images: what was scored on them, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from monge.results.run import Spread

__all__ = ["OfficialResult"]


@dataclass(frozen=True, kw_only=True)
class OfficialResult:
    """Scores on images that no training has seen, and the list of every time they were scored.

    Attributes
    ----------
    name
        What the images are called.
    protocol
        What was scored on them.
    n
        How many they are.
    accuracy
        Share classified right, one value per seed, by the key of the method; empty where this bench
        did not score them.
    scorings
        Every scoring so far, the first first, as JSON holds it: ``date``, ``commit``, ``code``,
        ``command``, ``seeds`` and ``accuracy``, the values by method. It only grows.

    Examples
    --------
    >>> official = OfficialResult(
    ...     name="the 2,007 test images",
    ...     protocol="Inductive.",
    ...     n=2007,
    ...     accuracy={"jumbot": Spread(values=(0.92, 0.94))},
    ...     scorings=({"date": "2026-01-01T00:00:00+00:00", "commit": "abc"},),
    ... )
    >>> official.sentence
    'Scored once so far.'
    """

    name: str
    protocol: str
    n: int
    accuracy: dict[str, Spread] = field(default_factory=dict)
    scorings: tuple[dict[str, Any], ...] = ()

    @property
    def sentence(self) -> str:
        """How often the images were scored, in words."""
        times = len(self.scorings)
        return f"Scored {'once' if times == 1 else f'{times} times'} so far."

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> OfficialResult:
        """Read what `to_json` returned; anything else raises KeyError or TypeError."""
        return cls(
            name=told["name"],
            protocol=told["protocol"],
            n=told["n"],
            accuracy={
                key: Spread(values=tuple(spread["values"]))
                for key, spread in told["accuracy"].items()
            },
            scorings=tuple(told["scorings"]),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what ``result.json`` holds of it."""
        return {
            "name": self.name,
            "protocol": self.protocol,
            "n": self.n,
            "accuracy": {
                key: spread.to_json() | {"worst": spread.worst}
                for key, spread in self.accuracy.items()
            },
            "scorings": list(self.scorings),
        }
