"""From two domains to a plan and a map: the problem stated, with what is known of the target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch

from monge._types import CostName, EpsilonScale, NDArray, Tensor
from monge.adapters.auto import Auto
from monge.adapters.domains import Source, Target, weights_or_even
from monge.adapters.named import Transport
from monge.adapters.prior import TargetPrior, class_weights
from monge.adapters.relaxed import Partial, cost_unit
from monge.errors import InputError, UnsupportedCostError, sentence
from monge.geometry import OffsetCost, PointCloud
from monge.geometry.cloud import as_tensor
from monge.geometry.costs import CostFunction
from monge.joint import JointTransport
from monge.maps import CloudFit, EntropicMap, JointFit, Map, PlanFit
from monge.maps.base import cloud_of
from monge.progress import Report
from monge.solvers import (
    ClassRegularized,
    Exact,
    Graph,
    Laplacian,
    Problem,
    Prototypes,
    Solution,
    Solver,
)

__all__ = [
    "Moving",
    "Rows",
    "as_given",
    "check_map",
    "check_transport",
    "find_moving",
    "move",
    "state_problem",
]

_RELATIVE = ("epsilon", "eta", "tau_source", "tau_target")
"""Options that a transport with an ``epsilon_scale`` multiplies by the scale of the cost."""

_NO_POTENTIAL = (ClassRegularized, Exact, Graph, JointTransport, Laplacian, Prototypes)
"""Transports whose plans have no potential that says anything of new points."""

_OF_CLASSES = (Auto, ClassRegularized, Graph, JointTransport, Prototypes)
"""Transports that need source labels, or a verdict on them."""

_OF_OWN_COST = (Auto, Graph, JointFit, JointTransport, Laplacian, Prototypes)
"""Transports in whose cost known labels have no place."""

_PENALTY = 2.0
"""What a known label of another class costs, in largest costs: more than a detour saves, while
mass that fits nowhere else may still go there."""


class Rows(NamedTuple):
    """Rows of both domains that the plan is made of, ascending."""

    source: NDArray
    target: NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Moving:
    """What a fit finds out about the two clouds; no plan where the transport has none."""

    map: Map
    solution: Solution | None


def check_transport(
    transport: Transport | Auto, *, regression: bool, semi_supervised: bool, views: bool
) -> None:
    """Refuse what a transport cannot use.

    Raises
    ------
    InputError
        If it needs classes and there are none, if known labels have no place in its cost, or if it
        has no use for other views.
    """
    if regression and isinstance(transport, _OF_CLASSES):
        required = "one that needs no classes, as the classifier is a regressor"
        remedy = "use for example transport='sinkhorn'"
    elif semi_supervised and isinstance(transport, _OF_OWN_COST):
        required = "one whose cost may depend on known labels (y_target)"
        remedy = "use for example transport='sinkhorn', or leave y_target out"
    elif views and not isinstance(transport, Auto | Graph):
        required = "'graph' where views are given, as no other makes use of them"
        remedy = "use it, or leave the views out"
    else:
        return
    raise InputError(sentence("Adapter", "transport", required, transport, remedy))


def check_map(transport: Transport | Auto, plan_map: PlanFit, known: int = 0) -> None:
    """Refuse a map that cannot follow the plans of a transport, before there is one.

    The entropic map continues the potential of an entropic plan, of no other cost than that of the
    points. Transports that bring their own map have no use for it, and are not looked at.

    Parameters
    ----------
    transport, plan_map
        The options.
    known
        Target rows of the plan whose class is known: they change the cost.

    Raises
    ------
    InputError
        Naming the parameter that does not fit.
    """
    if not isinstance(plan_map, EntropicMap) or isinstance(transport, CloudFit):
        return
    needed, remedy = "an entropic plan of the points' own cost", "use map='barycentric'"
    sharp = isinstance(transport, Partial) and transport.epsilon == 0
    if sharp or isinstance(transport, _NO_POTENTIAL):
        name, required = "transport", f"one with {needed}, as the map is entropic"
        got = repr(transport)
        remedy += ", or transport='sinkhorn'"
    elif known:
        name, got = "y_target", f"{known} known labels"
        required = f"left out where the map is entropic and follows {needed}"
    else:
        return
    raise InputError(sentence("Adapter", name, required, got, remedy))


def state_problem(
    source: Source,
    target: Target,
    rows: Rows,
    *,
    cost: CostName | CostFunction,
    prior: TargetPrior | None,
    device: torch.device,
) -> Problem:
    """State the problem of the rows drawn, weighted, without regard to known labels."""
    a = weights_or_even(source.weight, len(source.X))[rows.source]
    b = weights_or_even(target.weight, len(target.X))[rows.target]
    if prior is not None:
        a = class_weights(a, source.y[rows.source], prior)
    x, y = (
        as_tensor(points, "Adapter", name).to(device)
        for points, name in (
            (source.X[rows.source], "X"),
            (target.X[rows.target], "X_target"),
        )
    )
    labels = None
    if source.classes is not None:
        labels = torch.as_tensor(np.searchsorted(source.classes, source.y[rows.source]))
    weighted = source.weight is not None or prior is not None
    return Problem(
        PointCloud(x, y, cost),
        torch.from_numpy(a / a.sum()) if weighted else None,  # type: ignore[arg-type] # None is uniform
        None if target.weight is None else torch.from_numpy(b / b.sum()),  # type: ignore[arg-type] # the same
        source_labels=labels,
        target_views=tuple(torch.from_numpy(view[rows.target]) for view in target.views),
        source_views=tuple(torch.from_numpy(view[rows.source]) for view in source.views),
    )


def find_moving(
    transport: Transport,
    plan_map: PlanFit,
    problem: Problem,
    classes: dict[int, int],
    report: Report,
) -> Moving:
    """Find the map, and the plan where there is one.

    Parameters
    ----------
    transport, plan_map
        The options.
    problem
        See `state_problem`.
    classes
        Class, from 0, of the target rows of the problem whose label is known. Sources of another
        class pay a penalty there: a transport without a plan has no use for that.
    report
        Told the progress of the plan.

    Raises
    ------
    UnsupportedCostError
        If the map has no formula for the cost, before anything is solved.
    """
    if isinstance(transport, JointFit):
        plan_map = transport.follower
    elif isinstance(transport, CloudFit):
        return Moving(map=transport.fit(problem), solution=None)
    _check_cost(plan_map, problem)
    if classes and problem.source_labels is not None:
        held = replace(problem, geometry=_held_to_classes(problem, problem.source_labels, classes))
        found = _on_the_same_scale(transport, problem, held).solve(held, report=report)
        # The map is of the points; the penalty has done its work.
        solution = replace(found, problem=replace(found.problem, geometry=problem.geometry))
    else:
        solution = transport.solve(problem, report=report)
    return Moving(map=plan_map.fit(solution), solution=solution)


def _check_cost(plan_map: PlanFit, problem: Problem) -> None:
    """Refuse a cost that the map has no formula for: after the solve it would be too late."""
    cost = cloud_of(problem, "Adapter").cost
    if not plan_map.takes(cost):
        required = f"'sqeuclidean' where {type(plan_map).__name__} makes a map of a plan"
        remedy = (
            "leave it out (for the cosine, divide each row by its length first), or use "
            "transport='linear'"
        )
        raise UnsupportedCostError(sentence("Adapter", "cost", required, repr(cost), remedy))


def move(moving: Map | None, X: NDArray) -> NDArray:
    """Apply a map, keeping the type of ``X``."""
    if moving is None:
        return X
    moved: NDArray = moving(as_tensor(X, "Adapter", "X")).cpu().numpy()
    return moved.astype(X.dtype, copy=False)


def as_given(moved: NDArray, given: Any) -> Any:
    """Return rows as a tensor on the device of the rows that came, if they came as one."""
    if not isinstance(given, torch.Tensor):
        return moved
    return torch.tensor(moved, device=given.device)


def _held_to_classes(problem: Problem, labels: Tensor, classes: dict[int, int]) -> OffsetCost:
    """Add the penalty wherever a source row and a target row are known to differ in class."""
    geometry = problem.geometry
    size = max(int(labels.max()), *classes.values()) + 1
    largest = geometry.max()
    penalty = _PENALTY * largest if largest > 0 else 1.0
    table = torch.zeros(size, geometry.shape[1], dtype=torch.float64)
    columns = torch.tensor(list(classes))
    table[:, columns] = penalty
    table[torch.tensor(list(classes.values())), columns] = 0
    return OffsetCost.by_class(geometry, table, labels)


def _on_the_same_scale(transport: Solver, plain: Problem, held: Problem) -> Solver:
    """Keep epsilon what it is in units of the cost: the penalty is no part of its scale."""
    scale: EpsilonScale = getattr(transport, "epsilon_scale", "absolute")
    if scale == "absolute":
        return transport
    factor = cost_unit(plain, scale) / cost_unit(held, scale)
    names = [name for name in _RELATIVE if hasattr(transport, name)]
    options: Any = transport
    scaled: Solver = replace(options, **{name: getattr(options, name) * factor for name in names})
    return scaled
