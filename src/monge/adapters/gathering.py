"""What is learned of a fitted candidate: its evidence.

What is fitted again (the other way round, and on parts of the rows) is fitted on at most 1,500 rows
a side.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import numpy as np

from monge._types import NDArray
from monge.adapters.candidates import Candidate, Unmoved
from monge.adapters.domains import drawn
from monge.adapters.moving import move
from monge.adapters.plan_health import health_of
from monge.adapters.refitting import Refit, refit
from monge.adapters.speaking import left_out, speaker_of
from monge.adapters.telling import domain_odds
from monge.adapters.witnesses import Common, Effort
from monge.verdict import DomainOdds, Evidence

__all__ = ["gather"]

logger = logging.getLogger("monge")

_AGAIN = 1500
"""Rows of each side that a candidate is fitted on again."""


def gather(
    adapter: Any, candidate: Candidate, common: Common, *, effort: Effort, seed: int
) -> Evidence:
    """Gather the evidence of a fitted candidate, all but what the others say.

    Parameters
    ----------
    adapter
        Fitted on both domains.
    candidate
        What it was made of.
    common
        What all candidates share.
    effort
        How much is done.
    seed
        Of every draw.
    """
    both, size = common.both, len(common.both.classes)
    X, codes, Xt = common.X, common.codes, common.Xt
    if isinstance(candidate.transport, Unmoved):
        chosen, moved, held = common.baseline, X, common.held
        odds: DomainOdds | None = common.odds
    else:
        whole = move(adapter.map_, both.X)  # the rows were checked before
        moved = whole[common.rows]
        chosen = speaker_of(adapter, whole, both.codes, both.X_target)(Xt)
        held = left_out(adapter.classifier, moved, codes, common.folds, size)
        odds = domain_odds(moved, Xt, np.random.RandomState(seed)) if effort.after else None
    unseen, resampled = _again(adapter, candidate, common, effort.resamples, seed)
    return Evidence(
        labels=codes,
        n_classes=size,
        held=common.held,
        baseline=common.baseline,
        chosen=chosen,
        source=X,
        target=Xt,
        moved=moved,
        moved_held=held,
        unseen=unseen,
        returned=_returned(adapter, candidate, common, chosen, seed) if effort.circular else None,
        resampled=resampled,
        views=tuple(view[common.columns] for view in both.views),
        odds=common.odds,
        odds_moved=odds,
        plan=health_of(adapter, common, chosen),
        near=common.near,
        near_views=common.near_views,
        once=common.once,
    )


def _returned(
    adapter: Any, candidate: Candidate, common: Common, chosen: NDArray, seed: int
) -> NDArray | None:
    """Go back: the target with its predicted labels as source, the source as target."""
    draw = np.random.RandomState(seed)
    columns = drawn(draw, len(common.Xt), _AGAIN)
    rows = drawn(draw, len(common.X), _AGAIN)
    told = chosen.argmax(1)
    # A class that is predicted of a single row is not to be lost on the way.
    columns = np.union1d(columns, np.unique(told, return_index=True)[1])
    back = replace(candidate, subsample=None, views=False)
    found = _fitted(adapter, back, (common.Xt[columns], told[columns], common.X[rows]), seed)
    return None if found is None else found.predict(common.X, len(common.both.classes))


def _again(
    adapter: Any, candidate: Candidate, common: Common, resamples: int, seed: int
) -> tuple[NDArray | None, tuple[NDArray, ...]]:
    """Fit on parts of the rows: what is said of the source rows left out, and of the target."""
    if not resamples:
        return None, ()
    size, said = len(common.both.classes), []
    draw = np.random.RandomState(seed)
    unseen = np.full((len(common.X), size), np.nan)
    for part in range(resamples):
        out = common.parts == part
        inside = np.flatnonzero(~out)
        rows = inside[drawn(draw, len(inside), _AGAIN)]
        share = max(1, round(len(common.Xt) * (1 - 1 / max(resamples, 2))))
        columns = drawn(draw, len(common.Xt), min(share, _AGAIN))
        again = replace(candidate, subsample=None, views=False)
        given = common.X[rows], common.codes[rows], common.Xt[columns]
        found = _fitted(adapter, again, given, seed)
        if found is None:
            return None, ()
        said.append(found.predict(common.Xt, size))
        unseen[out] = found.say(found.move(common.X[out]), size)
    return unseen if np.isfinite(unseen).all() else None, tuple(said)


def _fitted(
    adapter: Any, candidate: Candidate, given: tuple[NDArray, NDArray, NDArray], seed: int
) -> Refit | None:
    """Fit a candidate on source rows, their codes and target rows; ``None`` where it fails."""
    try:
        return refit(adapter, candidate, *given, seed)
    except Exception as error:  # noqa: BLE001 - a score that is missing stops nothing
        logger.info("judge: a fit on other rows failed: %s", error)
        return None
