"""What a column of labels holds, learned part by part, so that none of it need be kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from monge._types import NDArray

__all__ = ["LabelKind"]

_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,18}")
_LARGEST = np.iinfo(np.int64).max
_TRUTHS = (frozenset({"true", "false"}), frozenset({"True", "False"}))


@dataclass(kw_only=True)
class LabelKind:
    """The one NumPy type that holds every label of a column.

    Attributes
    ----------
    reads_text
        Whether text is read as whole numbers or booleans where every label is one, as in a file
        that knows no types. A number counts only as it would be written: "007" stays what it is.
    typed
        The type of labels that are not text; ``None`` where they are.
    width
        Letters of the longest label.
    whole, truths
        Whether every label so far is a whole number, and the pairs of words that all are among.

    Examples
    --------
    >>> kind = LabelKind(reads_text=True)
    >>> kind.see(np.array(["1", "2"], dtype=object))
    >>> kind.dtype
    dtype('int64')
    >>> kind.see(np.array(["three"], dtype=object))
    >>> kind.bring(np.array(["1", "2"], dtype=object))
    array(['1', '2'], dtype='<U5')
    """

    reads_text: bool
    typed: np.dtype[Any] | None = None
    width: int = 1
    whole: bool = True
    truths: tuple[frozenset[str], ...] = _TRUTHS

    def see(self, part: NDArray) -> None:
        """Take note of some labels (k,), none of which is missing."""
        if part.dtype.kind != "O":
            self.typed = part.dtype
            return
        values = set(part.tolist())
        self.width = max([self.width, *map(len, values)])
        self.whole = self.whole and all(map(_is_whole, values))
        self.truths = tuple(words for words in self.truths if values <= words)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type that all labels seen have in common."""
        if self.typed is not None:
            return self.typed
        if self.reads_text and self.whole:
            return np.dtype(np.int64)
        if self.reads_text and self.truths:
            return np.dtype(np.bool_)
        return np.dtype(f"U{self.width}")

    def bring(self, part: NDArray) -> NDArray:
        """Return some labels of the column (k,) in the common type."""
        if self.dtype == np.bool_ and part.dtype.kind == "O":
            return np.array([value in ("true", "True") for value in part], dtype=np.bool_)
        return part.astype(self.dtype, copy=False)


def _is_whole(value: str) -> bool:
    return _WHOLE.fullmatch(value) is not None and abs(int(value)) <= _LARGEST
