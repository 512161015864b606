"""What a finished run says, in words: the sentences above the pictures and at the top of the page.

Nothing is estimated here: figures are read off the record, averaged over seeds and compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from monge._types import NDArray
from monge.results import Evidence, MethodResult, Result, Spread

__all__ = [
    "NAME_CHARACTERS",
    "Comparison",
    "abridge",
    "best_method",
    "change",
    "compare",
    "headline",
    "percent",
    "right_share",
    "seeds_phrase",
    "seen",
    "shorten",
]

NAME_CHARACTERS = 30
"""How much of a domain's name a sentence bears."""

TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks without a picture that turn the direction of the text after them."""

SAME = 1e-6
"""Two accuracies nearer than this are one: fewer than a million target rows cannot tell them."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The accuracy of 1-NN without and with transport.

    Attributes
    ----------
    before, after
        One value per seed; of the first seed alone where the methods of the run hold no such pair.
    """

    before: Spread
    after: Spread

    @property
    def seeds(self) -> int:
        """How many seeds the two figures stand on."""
        return len(self.before.values)


def percent(share: float) -> str:
    r"""Write a share in [0, 1] with one decimal.

    Examples
    --------
    >>> percent(0.7738).replace("\u00a0", " ")
    '77.4 %'
    """
    return f"{100 * share:.1f}\u00a0%"


def change(subject: str, what: str, before: float, after: float) -> str:
    r"""Say which way a share went, by the figures that are shown.

    Examples
    --------
    >>> change("Transport", "1-NN", 0.774, 0.8).replace("\u00a0", " ")
    'Transport lifts 1-NN from 77.4 % to 80.0 %'
    """
    if percent(before) == percent(after):
        return f"{subject} leaves {what} at {percent(before)}"
    verb = "lifts" if after > before else "lowers"
    return f"{subject} {verb} {what} from {percent(before)} to {percent(after)}"


def right_share(confusion: NDArray) -> float:
    """Return the share on the diagonal of a confusion or mass matrix (L, L); 0 if it is empty."""
    total = float(confusion.sum())
    return float(np.trace(confusion)) / total if total else 0.0


def compare(result: Result, evidence: Evidence) -> Comparison:
    """Find 1-NN without and with transport among the methods.

    The confusion matrices of the evidence are those of the two methods in the first seed, so the
    methods are found by their accuracy there; the titles decide where several have it. Where none
    has it, the two figures of the matrices are all that is known.
    """
    shares = right_share(evidence.confusion_before), right_share(evidence.confusion_after)
    found: list[str] = []
    for share in shares:
        keys = [
            key
            for key, method in result.methods.items()
            if key not in found and abs(method.accuracy.values[0] - share) <= SAME
        ]
        found.extend(sorted(keys, key=lambda key: "1-NN" not in result.methods[key].title)[:1])
    if len(found) != len(shares):
        return Comparison(before=Spread(values=shares[:1]), after=Spread(values=shares[1:]))
    before, after = (result.methods[key].accuracy for key in found)
    return Comparison(before=before, after=after)


def seen(text: str) -> str:
    r"""Write the marks that turn the direction of text as what they are: they would turn numbers.

    Examples
    --------
    >>> print(seen("ab\u202ecd"))
    ab\u202ecd
    """
    return TURNING.sub(lambda mark: f"\\u{ord(mark[0]):04x}", text)


def shorten(text: str, characters: int) -> str:
    """Cut a name that is longer than its place, and show that it was cut.

    Examples
    --------
    >>> shorten("amazon reviews", 8)
    'amazon …'
    """
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def abridge(text: str, characters: int) -> str:
    """Cut the middle out of a name that is longer than its place: often the end tells it apart.

    Examples
    --------
    >>> abridge("class number 07", 10), abridge("class 07", 10)
    ('class…r 07', 'class 07')
    """
    if len(text) <= characters:
        return text
    kept = characters - 1
    return f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"


def best_method(result: Result) -> MethodResult:
    """Return the method of the highest mean accuracy, the first of equals."""
    return max(result.methods.values(), key=lambda method: method.accuracy.mean)


def seeds_phrase(result: Result, seeds: int) -> str:
    """Say on how many seeds a figure stands."""
    if seeds > 1:
        return f"mean of {seeds} seeds"
    return f"seed {result.seeds[0]}" if len(result.seeds) > 1 else "one seed"


def headline(result: Result, evidence: Evidence) -> str:
    """Say the result of the run in one sentence."""
    pair = compare(result, evidence)
    best = best_method(result)
    target = shorten(result.target_name, NAME_CHARACTERS)
    text = change("Transport", f"1-NN on {target}", pair.before.mean, pair.after.mean)
    text += f" ({seeds_phrase(result, pair.seeds)})"
    if best.accuracy.mean <= max(pair.before.mean, pair.after.mean):
        return text
    count, reached = len(result.methods), percent(best.accuracy.mean)
    return f"{text}; the best of {count} methods reaches {reached}: {best.title}"
