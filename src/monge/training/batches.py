"""Read what a loader yields: the rows of each batch, and their labels where it has some."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import length_hint
from typing import Any, NoReturn, TypeAlias

import numpy as np
import torch
from torch.utils.data import Dataset, IterableDataset

from monge._types import ArrayLike, NDArray, Tensor
from monge.errors import InputError, sentence
from monge.training.extraction import ExtractionOptions

__all__ = ["BATCH_SIZE", "Batch", "Batches", "Reader"]

BATCH_SIZE = 512

Batches: TypeAlias = ArrayLike | Iterable[Any]
"""Rows (n, ...) as one tensor or array; or batches of them, each a tensor or array, a tuple or list
that begins with the rows and goes on with their labels, or a dictionary."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """Rows (b, ...), and their labels (b,) where the loader has some."""

    rows: Tensor
    labels: NDArray | None


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads a loader under the name of its caller.

    Attributes
    ----------
    caller
        Who reads, for the error sentences.
    options
        Which entries of a dictionary are read.
    dtype
        What floating arrays are turned into: the dtype of the network. Tensors stay as they are.
    remedy
        What to do where the batches are dictionaries and no key is known.
    """

    caller: str
    options: ExtractionOptions
    dtype: torch.dtype | None
    remedy: str = "pass ExtractionOptions(key=...)"

    def open(self, loader: Any, size: object) -> tuple[Iterable[object], int | None]:
        """Return the batches, of `size` rows where `loader` is one tensor or array.

        Beside them comes how many there are, where that is known.

        Raises
        ------
        InputError
            If there is nothing to iterate over, or `size` is no positive integer.
        """
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            self.refuse("batch_size", "a positive integer", size, f"pass for example {BATCH_SIZE}")
        if isinstance(loader, torch.Tensor | np.ndarray):
            if loader.ndim == 0:
                self.refuse("loader", "of shape (n, ...)", "a single number", "pass rows")
            n = len(loader)
            return (loader[at : at + size] for at in range(0, n, size)), math.ceil(n / size)
        required = "a tensor, an array or an iterable of batches"
        if isinstance(loader, Dataset) and not isinstance(loader, IterableDataset):
            remedy = "wrap it in torch.utils.data.DataLoader, which makes batches of its rows"
            self.refuse("loader", required, f"the data set {type(loader).__name__}", remedy)
        if not isinstance(loader, Iterable) or isinstance(loader, Mapping | str):
            remedy = "pass for example a torch.utils.data.DataLoader"
            self.refuse("loader", required, type(loader).__name__, remedy)
        # A DataLoader has a length even where its data set has none, and then raises TypeError.
        known = length_hint(loader, -1)
        return loader, None if known < 0 else known

    def batches(self, stream: Iterable[object]) -> Iterator[Batch]:
        """Yield each batch of `stream` as tensors.

        Raises
        ------
        InputError
            If a batch has no finite rows, or not one label for each of them.
        """
        for number, batch in enumerate(stream, start=1):
            entry, labels = self._entries(batch)
            rows = self._rows(entry)
            yield Batch(rows=rows, labels=self._labels(labels, len(rows), number))

    def _entries(self, batch: object) -> tuple[object, object]:
        """Return what holds the rows of a batch and what holds the labels, unread."""
        key, label_key = self.options.key, self.options.label_key
        if isinstance(batch, Mapping):
            if key is None:
                required, got = "given for batches that are dictionaries", f"None for {[*batch]}"
                self.refuse("key", required, got, self.remedy)
            labels = None if label_key is None else self._entry(batch, "label_key")
            return self._entry(batch, "key"), labels
        if key is not None:
            remedy = "leave the key out"
            self.refuse("key", "None for batches that are no dictionaries", repr(key), remedy)
        if isinstance(batch, tuple | list):
            return (*batch, None, None)[:2]
        return batch, None

    def _entry(self, batch: Mapping[Any, object], name: str) -> object:
        wanted = getattr(self.options, name)
        if wanted not in batch:
            required, remedy = "an entry of every batch", f"pass one of {[*batch]}"
            self.refuse(name, required, repr(wanted), remedy)
        return batch[wanted]

    def _rows(self, entry: object) -> Tensor:
        if isinstance(entry, np.ndarray):
            try:  # a copy: the array may be read-only or have negative strides
                entry = torch.from_numpy(np.array(entry, order="C"))
            except (TypeError, ValueError) as error:
                required, got = "made of numbers that torch knows", f"an array of {entry.dtype}"
                text = sentence(self.caller, "loader", required, got, "convert the array")
                raise InputError(text) from error
            if entry.is_floating_point() and self.dtype is not None:
                entry = entry.to(self.dtype)
        if not isinstance(entry, torch.Tensor) or entry.ndim == 0:
            got = "a single number" if isinstance(entry, torch.Tensor) else type(entry).__name__
            remedy = "convert what a batch holds, for example with torch.as_tensor"
            self.refuse("loader", "a tensor or array, or batches of them", got, remedy)
        if entry.is_floating_point() and not torch.isfinite(entry).all():
            self.refuse("loader", "finite", "NaN or infinity", "remove or fill those entries")
        return entry

    def _labels(self, entry: object, n: int, number: int) -> NDArray | None:
        if entry is None:
            return None
        if isinstance(entry, torch.Tensor):
            entry = entry.detach().cpu().numpy()
        try:
            labels = np.asarray(entry)
        except ValueError:  # ragged
            labels = np.empty(0)
        if labels.shape != (n,):
            required = f"batches whose labels hold one for each row, ({n},) in batch {number}"
            got = f"shape {labels.shape}" if labels.ndim else type(entry).__name__
            remedy = "to read the rows alone pass (batch[0] for batch in loader)"
            self.refuse("loader", required, got, remedy)
        return labels

    def refuse(self, parameter: str, required: str, got: object, remedy: str) -> NoReturn:
        """Raise the one error sentence."""
        raise InputError(sentence(self.caller, parameter, required, got, remedy))
