"""How the plan of a fitted candidate looks from outside, by some of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from monge._types import NDArray
from monge.adapters.witnesses import Common
from monge.solvers import Solution
from monge.verdict import PlanHealth

__all__ = ["health_of"]

_ROWS = 512
"""Source rows of a plan that are looked at; a mean over so many is known to a few per cent."""

_RUN = 16
"""Rows that are read together."""


def health_of(adapter: Any, common: Common, chosen: NDArray) -> PlanHealth | None:
    """Look at the plan; of more than 512 source rows at runs of them, at even steps.

    Parameters
    ----------
    adapter
        Fitted on both domains.
    common
        What all candidates share.
    chosen
        What the candidate says of the target rows that bear witness, (k, L).

    Returns
    -------
    PlanHealth or None
        None for transports without a plan.
    """
    solution: Solution | None = adapter.solution_
    if solution is None:
        return None
    both, rows = common.both, adapter.target_rows_
    plan, size = solution.plan, len(both.classes)
    if len(common.columns) == len(both.X_target):
        told = chosen.argmax(1)[rows]
    else:
        told = np.searchsorted(both.classes, adapter.predict(both.X_target[rows]))
    codes = both.codes[adapter.source_rows_]
    into = torch.nn.functional.one_hot(torch.from_numpy(told), size).to(plan.dtype)
    into = into.to(plan.device)
    given, perplexity, joined = [], [], np.zeros((size, size))
    for some in _runs(plan.shape[0]):
        block = plan.rows(some.start, some.stop)
        mass = block.sum(1, keepdim=True)
        share = block / mass.clamp_min(torch.finfo(block.dtype).tiny)
        given.append(mass[:, 0].double().cpu().numpy())
        perplexity.append(torch.special.entr(share).sum(1).exp().double().cpu().numpy())
        np.add.at(joined, codes[some], (block @ into).double().cpu().numpy())
    mass_given, fed = np.concatenate(given), np.concatenate(perplexity)
    joined /= joined.sum()
    return PlanHealth(
        status=solution.status.name,
        marginal_error=float(max(solution.marginal_error)),
        perplexity=float(np.where(mass_given > 0, fed, 0).mean()) / plan.shape[1],
        effective_source=float(
            mass_given.sum() ** 2 / np.square(mass_given).sum() / len(mass_given)
        ),
        same_class=float(joined.trace()),
        same_class_independent=float(joined.sum(0) @ joined.sum(1)),
        class_mass=joined.sum(0),
    )


def _runs(n: int) -> Iterator[slice]:
    """Return the rows that are looked at, of n."""
    if n <= _ROWS:
        yield slice(0, n)
        return
    for start in np.linspace(0, n - _RUN, _ROWS // _RUN).round().astype(int):
        yield slice(int(start), int(start) + _RUN)
