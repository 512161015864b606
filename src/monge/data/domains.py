"""The two kinds of domain: one with labels, and one that has no place for them.

Target labels never enter a fit, a selection or a verdict. `Unlabelled` shows it in the types: it
has no label field, so code that is given one cannot look.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from monge._types import ArrayLike, Tensor
from monge.errors import InputError, sentence

__all__ = ["Labelled", "Unlabelled"]

BLOCK_ELEMENTS = 1 << 24
"""Elements looked at in one piece when a domain is checked for NaN: 16 MiB of flags."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Unlabelled:
    """Samples without labels.

    Parameters
    ----------
    x
        (n, ...) samples, n at least 1, of any real dtype; floats without NaN and infinity.
    name
        What the domain is called in titles and messages, e.g. ``"USPS train"``.

    Raises
    ------
    InputError
        If a field cannot be worked with.

    Examples
    --------
    >>> Unlabelled(x=torch.zeros(3, 2), name="noise")
    Unlabelled(name='noise', x=(3, 2) float32)
    """

    x: Tensor
    name: str

    def __post_init__(self) -> None:
        _check_samples("Unlabelled", self.x)
        _check_name("Unlabelled", self.name)

    def __len__(self) -> int:
        return self.x.shape[0]

    def __repr__(self) -> str:
        return f"Unlabelled(name={self.name!r}, x={_shown(self.x)})"

    def subset(self, index: ArrayLike) -> Unlabelled:
        """Return the rows of ``index``, in its order.

        Parameters
        ----------
        index
            (k,) integer row numbers from 0 to n - 1, or (n,) booleans; at least one row.

        Raises
        ------
        InputError
            If the index is of another kind, out of range or empty.
        """
        rows = _rows("Unlabelled.subset", index, self.x)
        return Unlabelled(x=self.x[rows], name=self.name)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Labelled:
    """Samples with one class label each.

    Parameters
    ----------
    x
        (n, ...) samples, n at least 1, of any real dtype; floats without NaN and infinity.
    labels
        (n,) int64 class indices, none negative, on the device of ``x``.
    name
        What the domain is called in titles and messages, e.g. ``"MNIST train"``.

    Raises
    ------
    InputError
        If a field cannot be worked with.

    Examples
    --------
    >>> Labelled(x=torch.zeros(3, 2), labels=torch.tensor([0, 1, 1]), name="toy")
    Labelled(name='toy', x=(3, 2) float32, labels=(3,) int64)
    """

    x: Tensor
    labels: Tensor
    name: str

    def __post_init__(self) -> None:
        _check_samples("Labelled", self.x)
        _check_labels(self.labels, self.x)
        _check_name("Labelled", self.name)

    def __len__(self) -> int:
        return self.x.shape[0]

    def __repr__(self) -> str:
        return f"Labelled(name={self.name!r}, x={_shown(self.x)}, labels={_shown(self.labels)})"

    def without_labels(self) -> Unlabelled:
        """Return the same samples as a type that has no labels (no copy is made)."""
        return Unlabelled(x=self.x, name=self.name)

    def subset(self, index: ArrayLike) -> Labelled:
        """Return the rows of ``index``, in its order, with their labels.

        Parameters
        ----------
        index
            (k,) integer row numbers from 0 to n - 1, or (n,) booleans; at least one row.

        Raises
        ------
        InputError
            If the index is of another kind, out of range or empty.
        """
        rows = _rows("Labelled.subset", index, self.x)
        return Labelled(x=self.x[rows], labels=self.labels[rows], name=self.name)


def _shown(values: object) -> str:
    """Write shape and dtype, or the type of what is not a tensor."""
    if not isinstance(values, torch.Tensor):
        return type(values).__name__
    return f"{tuple(values.shape)} {str(values.dtype).removeprefix('torch.')}"


def _check_samples(caller: str, x: Any) -> None:
    """Refuse what is no non-empty, real, finite (n, ...) tensor."""
    if not isinstance(x, torch.Tensor) or x.ndim == 0 or x.is_complex():
        required = "a real tensor of shape (n, ...)"
        raise InputError(sentence(caller, "x", required, _shown(x), "pass one row per sample"))
    if x.numel() == 0:
        required = "at least one sample of at least one number"
        raise InputError(sentence(caller, "x", required, _shown(x), "leave out empty domains"))
    if not x.is_floating_point():
        return
    step = max(1, BLOCK_ELEMENTS * x.shape[0] // x.numel())
    for start in range(0, x.shape[0], step):
        finite = torch.isfinite(x[start : start + step]).flatten(1 if x.ndim > 1 else 0)
        per_row = finite.all(dim=1) if x.ndim > 1 else finite
        if not bool(per_row.all()):
            row = start + int((~per_row).int().argmax())
            got = f"NaN or infinity in row {row}"
            remedy = "remove or impute such rows first"
            raise InputError(sentence(caller, "x", "finite", got, remedy))


def _check_labels(labels: Any, x: Tensor) -> None:
    """Refuse what is no (n,) int64 tensor of class indices."""
    required = f"an int64 tensor of shape ({x.shape[0]},) on {x.device}"
    if not isinstance(labels, torch.Tensor) or labels.dtype != torch.int64:
        remedy = "turn the classes into indices 0, 1, ... and call .long()"
        raise InputError(sentence("Labelled", "labels", required, _shown(labels), remedy))
    if tuple(labels.shape) != (x.shape[0],) or labels.device != x.device:
        got = f"{_shown(labels)} on {labels.device}"
        remedy = "pass one label per row of x"
        raise InputError(sentence("Labelled", "labels", required, got, remedy))
    smallest = int(labels.min())
    if smallest < 0:
        remedy = "drop unlabelled rows, or pass them as Unlabelled"
        raise InputError(sentence("Labelled", "labels", "0 or more", smallest, remedy))


def _check_name(caller: str, name: Any) -> None:
    """Refuse a name that a title could not show."""
    if not isinstance(name, str) or not name.strip():
        remedy = "pass for example name='MNIST train'"
        raise InputError(sentence(caller, "name", "a non-empty text", repr(name), remedy))


def _rows(caller: str, index: ArrayLike, x: Tensor) -> Tensor:
    """Turn an index into int64 row numbers on the device of ``x``, each checked."""
    n = x.shape[0]
    required = f"row numbers from 0 to {n - 1}, or {n} booleans"
    remedy = "pass for example torch.arange(10)"
    try:
        rows = torch.as_tensor(index, device=x.device)
    except (TypeError, ValueError, RuntimeError) as error:
        got = type(index).__name__
        raise InputError(sentence(caller, "index", required, got, remedy)) from error
    if rows.dtype == torch.bool and tuple(rows.shape) == (n,):
        rows = rows.nonzero().squeeze(1)
    elif rows.dtype == torch.bool or rows.is_floating_point() or rows.is_complex():
        raise InputError(sentence(caller, "index", required, _shown(rows), remedy))
    if rows.ndim != 1 or rows.numel() == 0:
        got = f"{_shown(rows)}"
        raise InputError(sentence(caller, "index", f"a non-empty list of {required}", got, remedy))
    low, high = int(rows.min()), int(rows.max())
    if low < 0 or high >= n:
        raise InputError(sentence(caller, "index", required, f"{low} to {high}", remedy))
    return rows.long()
