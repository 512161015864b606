"""Which rows each step sees: a shuffled pass, batches balanced by class, or those of a loader."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.utils.data import DataLoader, SequentialSampler

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.training.batches import Reader
from monge.training.objectives import Minibatch

__all__ = ["Balanced", "Draws", "Paired", "Shuffled", "Streamed", "Uniform"]


class Draws(ABC):
    """Where the rows of a step come from; chance comes from torch's generator, which is seeded.

    Attributes
    ----------
    steps
        Batches of one epoch, or ``None`` where there is no end to them.
    """

    @property
    def steps(self) -> int | None:
        """Batches of one epoch, or ``None`` where there is no end to them."""
        return None

    @abstractmethod
    def draw(self) -> Iterator[Minibatch]:
        """Yield the batches of one epoch."""

    def fingerprint(self) -> str:
        """Return what tells these rows and classes from others; empty where they are not known."""
        return ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Shuffled(Draws):
    """Every row once, in a random order; the last batch may be smaller.

    Attributes
    ----------
    rows, labels, weights
        As in `Minibatch`, of all rows.
    size
        Rows in a batch.
    """

    rows: Tensor
    labels: Tensor
    size: int
    weights: Tensor | None = None

    @property
    def steps(self) -> int:
        """Batches of one pass."""
        return len(self._starts())

    def _starts(self) -> list[int]:
        """Where batches begin; a last row alone, which cannot be normalised, joins them."""
        starts = list(range(0, len(self.rows), self.size))
        alone = len(starts) > 1 and self.size > 1 and len(self.rows) - starts[-1] == 1
        return starts[:-1] if alone else starts

    def fingerprint(self) -> str:
        """Return what tells these rows and classes from others."""
        return _fingerprint(self.rows, self.labels)

    def draw(self) -> Iterator[Minibatch]:
        """Yield the batches of one pass."""
        order = torch.randperm(len(self.rows))
        for at in order.tensor_split(self._starts()[1:]):
            yield Minibatch(
                rows=_take(self.rows, at),
                labels=_take(self.labels, at),
                weights=None if self.weights is None else _take(self.weights, at),
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class Balanced(Draws):
    """As many rows of each class, drawn without end.

    A batch holds no row twice, unless its class has fewer rows than the batch wants of it.

    Attributes
    ----------
    rows, labels
        All labelled rows (n, ...) and their classes (n,) int64.
    size
        Rows in a batch at the most; each of L classes has ``size // L``.
    """

    rows: Tensor
    labels: Tensor
    size: int

    def fingerprint(self) -> str:
        """Return what tells these rows and classes from others."""
        return _fingerprint(self.rows, self.labels)

    def draw(self) -> Iterator[Minibatch]:
        """Yield batches without end, sorted by class."""
        labels = self.labels.cpu()
        classes = [(labels == one).nonzero().squeeze(1) for one in torch.unique(labels)]
        each = self.size // len(classes)
        while True:
            at = torch.cat([_some(members, each) for members in classes])
            yield Minibatch(rows=_take(self.rows, at), labels=_take(self.labels, at))


@dataclass(frozen=True, kw_only=True, eq=False)
class Uniform(Draws):
    """Random rows without labels, drawn without end, no row twice in a batch.

    Attributes
    ----------
    rows
        All rows (m, ...).
    size
        Rows in a batch, or fewer if there are not so many.
    """

    rows: Tensor
    size: int

    def fingerprint(self) -> str:
        """Return what tells these rows from others."""
        return _fingerprint(self.rows)

    def draw(self) -> Iterator[Minibatch]:
        """Yield batches without end, with labels of length zero."""
        size = min(self.size, len(self.rows))
        while True:
            at = torch.randperm(len(self.rows))[:size]
            yield Minibatch(rows=_take(self.rows, at), labels=_NONE)


@dataclass(frozen=True, kw_only=True, eq=False)
class Streamed(Draws):
    """The batches of a loader, which is begun anew in each epoch and whenever it ends.

    Attributes
    ----------
    loader
        What can be iterated over again and again, such as a ``DataLoader``.
    reader
        How its batches are read.
    labelled
        Whether its labels are taken; those of a target never are.
    """

    loader: Iterable[Any]
    reader: Reader
    labelled: bool

    def draw(self) -> Iterator[Minibatch]:
        """Yield batches without end.

        Raises
        ------
        InputError
            If the loader is empty, or gives no labels where they are wanted.
        """
        while True:
            empty = True
            for batch in self.reader.batches(self.loader):
                if len(batch.rows) == 0:
                    continue
                empty = False
                labels = _NONE
                if self.labelled:
                    if batch.labels is None or batch.labels.dtype.kind not in "iu":
                        got = "none" if batch.labels is None else str(batch.labels.dtype)
                        remedy = "yield (rows, labels) with classes numbered from 0"
                        self.reader.refuse("source", "batches with whole labels", got, remedy)
                    labels = torch.as_tensor(batch.labels).to(torch.int64)
                yield Minibatch(rows=batch.rows, labels=labels)
            if empty:
                self.reader.refuse("loader", "at least one row", "none", "pass rows")

    def check(self, steps: int) -> None:
        """Refuse a loader that cannot be begun anew, or whose later rows no epoch would reach.

        Raises
        ------
        InputError
            Naming the loader.
        """
        name = "source" if self.labelled else "target"
        if iter(self.loader) is self.loader:
            required, got = "a loader that can be begun anew", type(self.loader).__name__
            self.reader.refuse(name, required, got, "pass a DataLoader, or a list of batches")
        loader: Any = self.loader
        ordered = isinstance(loader, DataLoader) and isinstance(loader.sampler, SequentialSampler)
        if ordered and len(loader) > steps:
            required = f"shuffled, as an epoch takes {steps} of its {len(loader)} batches"
            got, remedy = "a loader in one order", "pass DataLoader(..., shuffle=True)"
            self.reader.refuse(name, required, got, remedy)


@dataclass(frozen=True, kw_only=True, eq=False)
class Paired(Draws):
    """A batch of the source beside one of the target, for a given number of steps.

    Attributes
    ----------
    source, target
        Draws without end.
    length
        Steps of an epoch.
    """

    source: Draws
    target: Draws
    length: int

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return self.length

    def fingerprint(self) -> str:
        """Return what tells the rows of both from others; "-" for a loader's."""
        both = (self.source.fingerprint(), self.target.fingerprint())
        return "/".join(one or "-" for one in both)

    def draw(self) -> Iterator[Minibatch]:
        """Yield the pairs of one epoch."""
        pairs = zip(range(self.length), self.source.draw(), self.target.draw(), strict=False)
        for _step, source, target in pairs:
            yield replace(source, target=target.rows)


_NONE = torch.empty(0, dtype=torch.int64)


def _fingerprint(*tensors: Tensor) -> str:
    """Hash rows, and labels where they are classes: shares are worked out anew, and may round."""
    digest = hashlib.sha256()
    for tensor in tensors:
        if tensor.ndim == 1 or tensor is tensors[0]:
            digest.update(f"{tensor.dtype} {tuple(tensor.shape)} ".encode())
            whole = tensor.detach().cpu().contiguous().reshape(-1)
            digest.update(whole.view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


def _take(rows: Tensor, at: Tensor) -> Tensor:
    return rows[at.to(rows.device)]


def _some(members: Tensor, count: int) -> Tensor:
    """Draw `count` of the members, none twice unless there are fewer."""
    n = len(members)
    chosen = torch.randperm(n)[:count] if n >= count else torch.randint(n, (count,))
    return members[chosen]


def require_classes(caller: str, labels: Tensor, size: int) -> None:
    """Refuse a batch that is too small for one row of each class."""
    classes = len(torch.unique(labels))
    if size < classes:
        required = f"at least {classes}, one row of each class"
        raise InputError(sentence(caller, "batch_size", required, size, "raise it in the options"))
