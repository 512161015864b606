"""A verdict in words: one screen of text, no line wider than 79 columns but for long names."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from monge.verdict.estimate import Estimate

if TYPE_CHECKING:
    from monge.verdict.verdict import Item, Tried, Verdict

__all__ = ["screen"]

_WIDTH = 79
_NAME = 30
_WORDS = 56


def screen(verdict: Verdict) -> str:
    """Write what is decided, how the domains differ, the evidence, the trials and the warnings."""
    n, m = verdict.rows
    closing = (
        "Accuracies are estimates, with 90 % intervals: no label of the "
        f"{m:,} target rows was read; {n:,} source rows."
    )
    parts = [
        _told([verdict.advice]),
        "\n".join(_fields(verdict)),
        "\n".join(_evidence(verdict.evidence)),
        "\n".join(_trials(verdict.trials)),
        _told(verdict.warnings),
        _told([closing]),
    ]
    return "\n\n".join(part for part in parts if part)


def _fields(verdict: Verdict) -> Iterator[str]:
    width = max(len("Source only"), min(len(verdict.choice.name), _NAME)) + 2
    for name, text in (
        ("Shift", verdict.shift.words),
        ("Source only", str(verdict.source_only)),
        (verdict.choice.name, str(verdict.chosen)),
        ("Gain", points(verdict.gain)),
    ):
        yield _wrapped(text, f"{name:<{width}} ", " " * (width + 1))


def points(gain: Estimate) -> str:
    """Return a gain in points, with its interval.

    Examples
    --------
    >>> points(Estimate(value=0.2, low=0.1, high=0.3))
    '+20.0 points (+10.0 to +30.0)'
    """
    low, high = f"{100 * gain.low:+.1f}", f"{100 * gain.high:+.1f}"
    return f"{100 * gain.value:+.1f} points ({low} to {high})"


def _wrapped(text: str, first: str, then: str) -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _told(sentences: Iterable[str]) -> str:
    return "\n".join(_wrapped(text, "", "  ") for text in sentences)


def _evidence(items: Iterable[Item]) -> Iterator[str]:
    yield f"{'Evidence':<{_WORDS + 2}} {'before':>8} {'after':>8}"
    for item in items:
        *above, last = textwrap.wrap(item.words, _WORDS) or [""]
        yield from (f"  {words}" for words in above)
        before = "-" if item.before is None else f"{item.before:.3f}"
        yield f"  {last:<{_WORDS}} {before:>8} {item.value:>8.3f}"


def _trials(trials: tuple[Tried, ...]) -> Iterator[str]:
    yield f"Candidates ({len(trials)})"
    width = max(20, *(len(tried.choice.name) for tried in trials))
    for tried in trials:
        name = f"  {tried.choice.name:<{width}}"
        if tried.estimate is None:
            yield _wrapped(f"failed: {tried.reason}", f"{name} ", " " * (width + 3))
            continue
        gain = "" if tried.gain is None else f"gain {100 * tried.gain.value:+5.1f}"
        yield f"{name} {tried.estimate!s:<24} {gain:<12} {tried.seconds:6.2f} s"
