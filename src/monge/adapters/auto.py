"""The transport that is chosen by a verdict: its options, and what a time budget leaves out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from monge.errors import InputError, sentence
from monge.solvers.options import is_number

if TYPE_CHECKING:
    from monge.adapters.candidates import Candidate

__all__ = ["Auto", "Sizes", "seconds_of", "within"]

_UNITS = {"": 1.0, "s": 1.0, "min": 60.0, "h": 3600.0}
_BUDGET = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|min|h|)\s*")

_PRODUCT = 1e-10
"""Seconds of one multiplication and addition within a product, on one core as most people have."""

_OVERHEAD = 50
"""What a pair of rows costs beyond its features, in features."""

_WITNESSES, _AGAIN = 4000, 2000
_LEAST = 0.05
"""Seconds that no candidate is thought to need less than."""

_SWEEPS = {
    "ClassRegularized": 40.0,
    "Exact": 100.0,
    "Graph": 5.0,
    "JointTransport": 60.0,
    "Laplacian": 200.0,
    "MappingEstimation": 100.0,
    "Partial": 10.0,
    "Prototypes": 0.1,
    "Sinkhorn": 8.0,
    "Unbalanced": 8.0,
}
"""Passes over the kernel of the rows in the plan, as a rule of thumb; 0 for maps of moments."""


@dataclass(frozen=True, kw_only=True)
class Auto:
    """Try the transports, and take the one that the verdict chooses; the source as it is, if none.

    Parameters
    ----------
    budget
        Time, such as ``"60 s"`` or ``"5 min"``, or seconds. It cuts the list of candidates by what
        each is thought to take at this size, and never by the clock: the same data and seed give
        the same answer on a slow machine. What was cut is said in the verdict.

    Raises
    ------
    InputError
        If the budget is no time.

    Examples
    --------
    >>> import numpy as np
    >>> from monge import Adapter
    >>> draw = np.random.default_rng(0)
    >>> X = draw.normal(size=(60, 2)) + np.repeat([[0, 0], [6, 0]], 30, axis=0)
    >>> y = np.repeat(["left", "right"], 30)
    >>> adapter = Adapter(Auto(budget="1 s"), random_state=0).fit(X, y, X_target=X + [4, 1])
    >>> adapter.verdict_.decision
    'adapt'
    >>> adapter.score(X + [4, 1], y)
    1.0
    """

    budget: str | float = "60 s"

    def __post_init__(self) -> None:
        seconds_of(self.budget, "Auto")


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Rows n and m, features d."""

    n: int
    m: int
    d: int


def seconds_of(budget: object, caller: str) -> float:
    """Return a time in seconds.

    Raises
    ------
    InputError
        If it is none.

    Examples
    --------
    >>> seconds_of("2 min", "judge"), seconds_of(7, "judge")
    (120.0, 7.0)
    """
    found = _BUDGET.fullmatch(budget) if isinstance(budget, str) else None
    if found:
        return float(found[1]) * _UNITS[found[2]]
    if is_number(budget) and isfinite(budget) and budget > 0:  # type: ignore[arg-type, operator] # a number
        return float(budget)  # type: ignore[arg-type] # the same
    required, remedy = "a time of more than 0 seconds", "pass for example budget='60 s'"
    raise InputError(sentence(caller, "budget", required, repr(budget), remedy))


def within(
    candidates: Mapping[str, Candidate], sizes: Sizes, budget: float
) -> tuple[dict[str, Candidate], dict[str, float]]:
    """Keep the candidates, in their order, that fit the budget together; the first always.

    Returns
    -------
    tuple of dict
        Those kept, and the seconds that each of the others is thought to take.

    Examples
    --------
    >>> from monge.adapters import candidates
    >>> grid = candidates(60_000, 7_000, 84, 10)
    >>> kept, cut = within(grid, Sizes(n=60_000, m=7_000, d=84), 30)
    >>> "linear" in kept, "class_regularized" in cut
    (True, True)
    """
    kept: dict[str, Candidate] = {}
    cut: dict[str, float] = {}
    spent = _judging(sizes)  # the source as it is
    for name, candidate in candidates.items():
        need = _need(candidate, sizes)
        if kept and spent + need > budget:
            cut[name] = need
            continue
        kept[name] = candidate
        spent += need
    return kept, cut


def _need(candidate: Candidate, sizes: Sizes) -> float:
    """Return the seconds that a candidate is thought to take, its evidence included."""
    sweeps = _SWEEPS.get(type(candidate.transport).__name__, 0.0)
    rows = sizes.n if candidate.subsample is None else min(sizes.n, candidate.subsample)
    columns = sizes.m if candidate.subsample is None else min(sizes.m, candidate.subsample)
    again = min(sizes.n, _AGAIN) * min(sizes.m, _AGAIN)
    width = sizes.d + _OVERHEAD
    moments = (sizes.n + sizes.m) * sizes.d * width
    planned = sweeps * width * (rows * columns + 2 * again) + moments
    return _judging(sizes) + _PRODUCT * planned


def _judging(sizes: Sizes) -> float:
    """Return the seconds of the searches for neighbours that the evidence takes."""
    n, m = min(sizes.n, _WITNESSES), min(sizes.m, _WITNESSES)
    known = min(sizes.n, _AGAIN)
    pairs = m * sizes.n + n * n + (2 * m + n) * known + n * known + n * n
    return max(_LEAST, _PRODUCT * (sizes.d + _OVERHEAD) * pairs)
