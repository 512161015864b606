"""What all candidates share when they are tried: rows, folds, and the source-only classifier.

Worked out once. Rows beyond 2,000 a side bear no witness: the candidates are fitted on all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np

from monge._types import NDArray
from monge.adapters.domains import drawn
from monge.adapters.speaking import left_out, speaker_of
from monge.adapters.telling import domain_odds, folds_of
from monge.solvers.options import Rule, check_options, is_number
from monge.verdict import DomainOdds
from monge.verdict.evidence import standardised
from monge.verdict.nearest import neighbours_of
from monge.verdict.once import Once

__all__ = ["Both", "Common", "Effort", "common_of"]

_WITNESSES = 2000
"""Rows of each side that the evidence is taken from."""


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is done to know a candidate.

    By default what the rule of the verdict asks for. That refits on parts of the rows, and
    classifiers of the domains after the move, tell it nothing more was seen on shifts drawn at
    random: see ``docs/design.md``, section 7.

    Attributes
    ----------
    folds
        In which the rows of the source are left out of its classifiers.
    resamples
        Fits on parts of the rows: with k of them each leaves out another k-th of the source, and a
        k-th of the target drawn at random. 0 makes none.
    circular
        Whether to fit the other way round.
    after
        Whether to train classifiers of the domains once more where the source was moved.

    Examples
    --------
    >>> everything = Effort(folds=5, resamples=2, after=True)
    >>> everything.circular, Effort().resamples
    (True, 0)
    """

    folds: int = 2
    resamples: int = 0
    circular: bool = True
    after: bool = False

    def __post_init__(self) -> None:
        least = Rule(
            holds=lambda value: is_number(value, Integral) and value >= 2,  # noqa: PLR2004 - one is left out
            required="a whole number, 2 or more",
            remedy="pass for example folds=5",
        )
        some = Rule(
            holds=lambda value: is_number(value, Integral) and value >= 0,
            required="a whole number, 0 or more",
            remedy="pass for example resamples=2",
        )
        check_options(self, folds=least, resamples=some)


@dataclass(frozen=True, kw_only=True, eq=False)
class Both:
    """Both domains, checked: X (n, d), codes (n,) from 0, classes (L,), X_target (m, d), views."""

    X: NDArray
    codes: NDArray
    classes: NDArray
    X_target: NDArray
    views: tuple[NDArray, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Common:
    """What all candidates share.

    Attributes
    ----------
    both
        The domains.
    rows, columns
        Source and target rows that bear witness, ascending.
    folds, parts
        Of those source rows: for the classifiers alone, and for candidates that are fitted again.
    held, baseline, odds, near, near_views, once
        See `monge.verdict.Evidence`.
    """

    both: Both
    rows: NDArray
    columns: NDArray
    folds: NDArray
    parts: NDArray
    held: NDArray
    baseline: NDArray
    odds: DomainOdds
    near: NDArray
    near_views: tuple[NDArray, ...]
    once: Once = field(default_factory=Once)

    @cached_property
    def X(self) -> NDArray:  # noqa: N802 - scikit-learn's letter
        """Source rows that bear witness."""
        return self.both.X[self.rows]

    @cached_property
    def codes(self) -> NDArray:
        """Their classes from 0."""
        return self.both.codes[self.rows]

    @cached_property
    def Xt(self) -> NDArray:  # noqa: N802 - the same
        """Target rows that bear witness."""
        return self.both.X_target[self.columns]


def common_of(still: Any, both: Both, effort: Effort, seed: int) -> Common:
    """Work out what all candidates share; of a seed it is always the same.

    ``still`` is the adapter that was fitted on these domains and moves nothing.
    """
    draw, size = np.random.RandomState(seed), len(both.classes)
    first = np.unique(both.codes, return_index=True)[1]
    rows = np.union1d(drawn(draw, len(both.X), _WITNESSES), first)
    columns = drawn(draw, len(both.X_target), _WITNESSES)
    X, codes, Xt = both.X[rows], both.codes[rows], both.X_target[columns]
    folds = folds_of(codes, effort.folds, draw)
    speaker = speaker_of(still, both.X, both.codes, both.X_target)
    return Common(
        both=both,
        rows=rows,
        columns=columns,
        folds=folds,
        parts=folds_of(codes, max(effort.resamples, 2), draw),
        held=left_out(still.classifier, X, codes, folds, size),
        baseline=speaker(Xt),
        odds=domain_odds(X, Xt, draw),
        near=neighbours_of(standardised(Xt)),
        near_views=tuple(neighbours_of(view[columns]) for view in both.views),
    )
