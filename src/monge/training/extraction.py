"""How features are taken out of a network: what is read, flattened how, at what memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.memory import DEFAULT_BUDGET, parse_bytes

__all__ = ["ExtractionOptions", "Pool"]

Pool: TypeAlias = Literal["flatten", "mean"] | Callable[[Any], Tensor]
"""How the output of a layer becomes a matrix (n, d)."""


@dataclass(frozen=True, kw_only=True)
class ExtractionOptions:
    """What `monge.extract_features` reads of a batch, and what it makes of a layer's output.

    Attributes
    ----------
    key
        Of batches that are dictionaries: the entry that holds the rows.
    label_key
        Of such batches: the entry that holds the labels; ``None`` reads none.
    pool
        ``"flatten"`` writes an output (n, c, h, w) as (n, c h w); ``"mean"`` takes the mean over
        all axes behind the channels, (n, c). A function is called with what the layer returns,
        whatever that is, and gives (n, ...): ``lambda out: out[:, 0]`` takes the first token of
        (n, tokens, d), ``lambda out: out[0][:, -1]`` the last state of a batch-first LSTM.
    memory
        The most that the features may take, e.g. ``"2 GiB"`` or a number of bytes.

    Raises
    ------
    InputError
        If a value is of another kind.

    Examples
    --------
    >>> ExtractionOptions(key="pixels", pool="mean")
    ExtractionOptions(key='pixels', label_key=None, pool='mean', memory='2 GiB')
    """

    key: Hashable | None = None
    label_key: Hashable | None = None
    pool: Pool = "flatten"
    memory: str | int = DEFAULT_BUDGET

    def __post_init__(self) -> None:
        caller, pool = "ExtractionOptions", self.pool
        if self.label_key is not None and self.key is None:
            required, remedy = "None where 'key' is None", "name the entry of the rows as well"
            raise InputError(sentence(caller, "label_key", required, repr(self.label_key), remedy))
        if not callable(pool) and pool not in ("flatten", "mean"):
            required, remedy = "'flatten', 'mean' or a function", "pass for example pool='mean'"
            raise InputError(sentence(caller, "pool", required, repr(pool), remedy))
        parse_bytes(self.memory, caller=caller)
