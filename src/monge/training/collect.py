"""Collect rows that come in parts: their memory is known after the first part and taken once."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.memory import format_bytes, require_memory

__all__ = ["Rows"]


@dataclass(kw_only=True)
class Rows:
    """A matrix that grows from above.

    Where the number of parts is known, room for all of them is taken with the first part, as if
    each were as long. Else, or where later parts are longer, the rest is joined at the end, which
    for a moment takes twice its memory; the budget counts that.

    Attributes
    ----------
    caller
        Who collects, for the error sentences.
    parts
        How many parts are to come, where that is known.
    memory
        The most to take, e.g. ``"2 GiB"``.

    Examples
    --------
    >>> rows = Rows(caller="doctest", parts=2, memory="1 kB")
    >>> rows.add(torch.zeros(3, 2))
    >>> rows.add(torch.ones(1, 2))
    >>> rows.matrix().shape
    torch.Size([4, 2])
    """

    caller: str
    parts: int | None
    memory: str | int
    _room: Tensor | None = field(default=None, init=False)
    _filled: int = field(default=0, init=False)
    _rest: list[Tensor] = field(default_factory=list, init=False)

    def __len__(self) -> int:
        return self._filled + sum(map(len, self._rest))

    @property
    def said(self) -> str:
        """What the room takes, for a person; empty while that is not known."""
        if self._room is None or self.parts is None:
            return ""
        return f"{format_bytes(self._room.nbytes)} of features"

    def add(self, part: Tensor) -> None:
        """Append a copy of the rows of `part` (b, d).

        Raises
        ------
        InputError
            If `part` has another width than the first one.
        MemoryBudgetError
            If the rows would take more than the budget, before they do.
        """
        if self._room is None:
            self._room = self._open(part)
        width = self._room.shape[1]
        if part.shape[1] != width:
            required = f"one of the same width in every batch, {width} in the first"
            remedy = "yield rows of one shape, or pass ExtractionOptions(pool='mean')"
            raise InputError(sentence(self.caller, "layer", required, part.shape[1], remedy))
        end = self._filled + len(part)
        if not self._rest and end <= len(self._room):
            self._room[self._filled : end] = part
            self._filled = end
        else:
            self._require(2 * (len(self) + len(part)), part)
            self._rest.append(part.clone())

    def matrix(self) -> Tensor | None:
        """Return all rows (n, d), or nothing if there are none."""
        if self._room is None or not len(self):
            return None
        kept = self._room[: self._filled]
        return torch.cat([kept, *self._rest]) if self._rest else kept

    def _open(self, part: Tensor) -> Tensor:
        n = len(part) * (self.parts or 0)
        self._require(n, part)
        return part.new_empty(n, part.shape[1])

    def _require(self, n: int, part: Tensor) -> None:
        need = n * part.shape[1] * part.element_size()
        remedy = "raise it in ExtractionOptions, pass pool='mean', or take a narrower layer"
        require_memory(self.caller, need, self.memory, remedy)
