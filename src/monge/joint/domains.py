"""Two domains as batches: tensors, drawn balanced by class, or people's own loaders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

import torch

from monge._types import Tensor
from monge.joint.options import RetrainingOptions
from monge.training.batches import Batch, Reader
from monge.training.checks import Checks
from monge.training.extraction import ExtractionOptions
from monge.training.sampling import Balanced, Draws, Paired, Streamed, Uniform, require_classes
from monge.training.seeds import scoped_randomness, spawn

__all__ = ["Domains", "Source", "Target", "read_domains"]

Source: TypeAlias = tuple[Tensor, Tensor] | Iterable[Any]
"""Rows (n, ...) and labels (n,) as a pair of tensors, or a loader of batches of both."""

Target: TypeAlias = Tensor | Iterable[Any]
"""Rows (m, ...) as one tensor, or a loader of batches, whose labels are never looked at."""

HELD_OUT = 0.1
"""Share of the target that is kept from training where weights are chosen on it."""
FEWEST_HELD_OUT = 10
"""Rows of it at the least: the information of a single row is zero whatever the network says."""

HELD_OUT_INDEX = 2**40
"""Index of the seed by which it is drawn, beyond any epoch's."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Domains:
    """Both domains, checked.

    Attributes
    ----------
    draws
        The pairs of batches of an epoch.
    row
        One row (1, ...) to try the network on.
    held_out
        Rows of the target that no step sees, where such are wanted.
    labels
        All labels of the source, where they are known beforehand.
    """

    draws: Draws
    row: Tensor
    held_out: Tensor | None
    labels: Tensor | None


def read_domains(
    source: Source, target: Target, dtype: torch.dtype, options: RetrainingOptions, caller: str
) -> Domains:
    """Check both domains and say how their batches are drawn.

    Raises
    ------
    InputError
        If one is of another kind, is empty, does not fit the other, or holds NaN or infinity.
    """
    checks = Checks(caller)
    target_draws, target_row, held_out = _target(target, dtype, options, checks)
    labels = None
    pair = source if isinstance(source, tuple) else ()
    if len(pair) == 2 and isinstance(pair[0], torch.Tensor):  # noqa: PLR2004 - x and labels
        x = checks.rows(pair[0], dtype, "source")
        labels = checks.labels(pair[1], len(x))
        require_classes(caller, labels, options.batch_size)
        source_draws: Draws = Balanced(rows=x, labels=labels, size=options.batch_size)
        row = x[:1]
    else:
        if isinstance(source, torch.Tensor | tuple):
            required, got = "a pair (x, labels) of tensors, or a loader", type(source).__name__
            checks.refuse("source", required, got, "pass for example (x, labels)")
        source_draws, row = _streamed(source, dtype, options, checks, labelled=True)
    if row.shape[1:] != target_row.shape[1:]:
        required = f"of rows of shape {tuple(row.shape[1:])}, as the source"
        checks.refuse("target", required, tuple(target_row.shape[1:]), "prepare both alike")
    draws = Paired(source=source_draws, target=target_draws, length=options.steps)
    return Domains(draws=draws, row=row, held_out=held_out, labels=labels)


def _target(
    target: Target, dtype: torch.dtype, options: RetrainingOptions, checks: Checks
) -> tuple[Draws, Tensor, Tensor | None]:
    if not isinstance(target, torch.Tensor):
        if options.keep == "best":
            required, remedy = "a tensor where the best weights are kept", "pass keep='last'"
            checks.refuse("target", required, type(target).__name__, remedy)
        draws, row = _streamed(target, dtype, options, checks, labelled=False)
        return draws, row, None
    rows = checks.rows(target, dtype, "target")
    if len(rows) < 2:  # noqa: PLR2004 - a domain is more than a row
        checks.refuse("target", "of at least two rows", len(rows), "pass more rows")
    if options.keep == "last":
        return Uniform(rows=rows, size=options.batch_size), rows[:1], None
    if len(rows) < 2 * FEWEST_HELD_OUT:
        required = f"of at least {2 * FEWEST_HELD_OUT} rows where the best weights are kept"
        remedy = f"pass keep='last': {FEWEST_HELD_OUT} rows would be kept from training"
        checks.refuse("target", required, len(rows), remedy)
    with scoped_randomness(spawn(options.seed, HELD_OUT_INDEX)):
        order = torch.randperm(len(rows)).to(rows.device)
    apart = max(FEWEST_HELD_OUT, round(HELD_OUT * len(rows)))
    seen = rows[order[apart:]]
    return Uniform(rows=seen, size=options.batch_size), rows[:1], rows[order[:apart]]


def _streamed(
    loader: Any, dtype: torch.dtype, options: RetrainingOptions, checks: Checks, *, labelled: bool
) -> tuple[Draws, Tensor]:
    """Read one batch of a loader, for its shape, and say how the others are drawn."""
    name = "source" if labelled else "target"
    reader = Reader(
        caller=checks.caller,
        options=ExtractionOptions(),
        dtype=dtype,
        remedy="let the loader give pairs (rows, labels), by a collate_fn",
    )
    stream, _ = reader.open(loader, options.batch_size)
    if iter(stream) is stream:
        required, got = "a loader that can be begun anew", type(loader).__name__
        checks.refuse(name, required, got, "pass a DataLoader, or a list of batches")
    draws = Streamed(loader=stream, reader=reader, labelled=labelled)
    draws.check(options.steps)
    with scoped_randomness(options.seed):
        first: list[Batch] = list(islice(reader.batches(stream), 1))
    if not first or not len(first[0].rows):
        checks.refuse(name, "a loader of at least one row", "none", "pass rows")
    rows = checks.rows(first[0].rows, dtype, name)
    return draws, rows[:1]
