"""What several scores need, and several candidates alike, worked out once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["Once"]

_T = TypeVar("_T")


class Once:
    """Results of functions, by the very objects that they were worked out of.

    Objects are told apart by what they are, not by what they hold: an array that is changed in
    place keeps its old result. They are held on to, so that no other object takes their place.
    What is copied or unpickled begins empty.

    Examples
    --------
    >>> once, words = Once(), ["so", "many"]
    >>> once(len, words)
    2
    >>> words.append("more")
    >>> once(len, words), once(len, list(words)), Once()(len, words)
    (2, 3, 3)
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], tuple[object, Any]] = {}

    def __call__(self, work: Callable[..., _T], *parts: object) -> _T:
        """Return ``work(*parts)``, by a function that has a name of its own."""
        key = (id(work), *map(id, parts))
        if key not in self._known:
            self._known[key] = ((work, parts), work(*parts))
        result: _T = self._known[key][1]
        return result

    def __reduce__(self) -> tuple[type[Once], tuple[()]]:
        """Forget when copied or pickled: elsewhere the objects are others."""
        return Once, ()
