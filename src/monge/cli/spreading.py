"""Options that take several words, as the parser knows them: one option for each word."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["spread_lists"]

_NUMBER = re.compile(r"-?[0-9]+")
_NAME = re.compile(r"[^-].*")

_WORDS = {"--seeds": _NUMBER}
_BENCH = ("--pairs", "--methods", "--shifts", "--families", "--classifiers")
_BENCH_WORDS = _WORDS | dict.fromkeys(_BENCH, _NAME)


def spread_lists(words: Sequence[str]) -> list[str]:
    """Turn ``--seeds 0 1 2`` into ``--seeds 0 --seeds 1 --seeds 2``, which the parser knows.

    The same for the names of a bench. An option that no such word follows is left to the parser,
    which refuses it.
    """
    several = _BENCH_WORDS if words[:1] == ["bench"] else _WORDS
    spread: list[str] = []
    inside = ""
    for at, word in enumerate(words):
        if word in several:
            inside = word if several[word].fullmatch("".join(words[at + 1 : at + 2])) else ""
            if not inside:
                spread.append(word)
        elif inside and several[inside].fullmatch(word):
            spread += [inside, word]
        else:
            inside = ""
            spread.append(word)
    return spread
