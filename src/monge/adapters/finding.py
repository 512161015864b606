"""What a fit asks for and what it finds out: the options, the class proportions, plan and map."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from monge.adapters.auto import Auto
from monge.adapters.checks import check_draws, check_subsample
from monge.adapters.classifiers import classifier_of, is_regression
from monge.adapters.domains import Source, Target, drawn, weights_or_even
from monge.adapters.label_shift import estimate_prior
from monge.adapters.moving import (
    Rows,
    check_map,
    check_transport,
    find_moving,
    state_problem,
)
from monge.adapters.named import CHOICES, MAPS, Transport, by_name
from monge.adapters.prior import TargetPrior
from monge.maps import CloudFit, Map, PlanFit
from monge.progress import Report
from monge.solvers import Solution, Solver

__all__ = ["Asked", "Found", "asked_of", "find", "nothing_found"]


class Asked(NamedTuple):
    """The parameters as options."""

    transport: Transport | Auto
    map: PlanFit
    subsample: int | None

    @property
    def chosen(self) -> Transport:
        """The transport, where it is none that is to be chosen."""
        if not isinstance(self.transport, Auto):
            return self.transport
        raise AssertionError("unreachable: what is to be chosen was chosen before")


class Found(NamedTuple):
    """What a fit finds out about the two domains."""

    prior: TargetPrior | None
    map: Map | None
    solution: Solution | None
    rows: Rows


def asked_of(adapter: Any, *, semi_supervised: bool, views: bool = False) -> Asked:
    """Turn the parameters of an adapter into options.

    Raises
    ------
    InputError
        If one is out of its range, or they do not fit together.
    """
    transport = by_name(adapter.transport, CHOICES, (Solver, CloudFit, Auto), "transport")
    plan_map = by_name(adapter.map, MAPS, (PlanFit,), "map")
    regression = is_regression(classifier_of(adapter.classifier))
    check_transport(
        transport,
        regression=regression,
        semi_supervised=semi_supervised and not regression,
        views=views,
    )
    check_draws(adapter.random_state)
    check_map(transport, plan_map)
    return Asked(transport, plan_map, check_subsample(adapter.subsample))


def nothing_found(prior: TargetPrior | None) -> Found:
    """Return what is found where there is no target."""
    return Found(prior, None, None, Rows(np.arange(0), np.arange(0)))


def find(
    adapter: Any,
    asked: Asked,
    source: Source,
    target: Target,
    prior: TargetPrior | None,
    device: torch.device,
    report: Report,
) -> Found:
    """Draw the rows, weigh them, and find the plan and the map.

    Raises
    ------
    InputError
        If the map cannot follow such a plan, or has no formula for the cost.
    """
    draw = check_draws(adapter.random_state)
    rows = Rows(
        drawn(draw, len(source.X), asked.subsample), drawn(draw, len(target.X), asked.subsample)
    )
    known = _known_classes(source, target, rows)
    check_map(asked.transport, asked.map, len(known))
    if prior is None and adapter.target_prior is not None:
        prior = _estimated(source, target, draw)
    problem = state_problem(source, target, rows, cost=adapter.cost, prior=prior, device=device)
    moving = find_moving(asked.chosen, asked.map, problem, known, report)
    return Found(prior, moving.map, moving.solution, rows)


def _estimated(source: Source, target: Target, draw: np.random.RandomState) -> TargetPrior | None:
    """Estimate the target's class proportions."""
    if source.classes is None:
        return None
    return estimate_prior(
        (source.X, source.y, weights_or_even(source.weight, len(source.X))),
        (target.X, weights_or_even(target.weight, len(target.X))),
        source.classes,
        draw,
    )


def _known_classes(source: Source, target: Target, rows: Rows) -> dict[int, int]:
    """Return the class, from 0, of each target row of the plan whose label is known."""
    if source.classes is None:
        return {}
    classes = np.searchsorted(source.classes, target.known.labels)
    of_row = dict(zip(target.known.rows.tolist(), classes.tolist(), strict=True))
    return {column: of_row[row] for column, row in enumerate(rows.target.tolist()) if row in of_row}
