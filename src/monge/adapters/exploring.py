"""What the page shows of a fitted adapter: some rows, where their mass goes, and who is at risk.

The plan is read by rows and summed by classes and bins: nothing of size n x m is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.utils import check_random_state

from monge._types import NDArray
from monge.adapters.adapter import Adapter
from monge.adapters.labels import class_labels
from monge.adapters.plane import Plane
from monge.adapters.votes import plan_votes
from monge.errors import InputError, sentence
from monge.neighbors import nearest
from monge.plans import Plan
from monge.plans.binning import class_borders, log_density
from monge.results import AtRisk, Clouds, Convergence, Explorer, PlanView, Sent
from monge.solvers import GraphPlan, Prototypes, Solution

__all__ = ["explore"]

SOURCE_ROWS, TARGET_ROWS, RECEIVERS, AT_RISK, MOVED = 600, 1200, 10, 20, 5000
"""Rows drawn of the source and of the target, receivers listed of each source row, target rows at
risk of each kind, and source rows that a target row's distance is measured to."""

LEAST_MASS = 1e-12
"""Share of an even row's mass below which a row sends nothing that is worth a line."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Seen:
    """Both domains as numbers: rows, and classes from 0; ``truth`` is there to look at alone."""

    X: NDArray
    labels: NDArray
    X_target: NDArray
    predicted: NDArray
    truth: NDArray | None


def explore(
    adapter: Adapter,
    X: Any,
    y: Any,
    X_target: Any,
    *,
    target_labels: Any = None,
    random_state: Any = 0,
) -> Explorer:
    """Gather what the page lets a person look at: some rows of both domains and of the plan.

    Parameters
    ----------
    adapter
        Fitted on these rows, a classifier.
    X, y, X_target
        What it was fitted on: (n, d), (n,) and (m, d).
    target_labels
        True classes of the target (m,), where an experiment knows them: to be shown, and to sort
        the plan by. Nothing is fitted or chosen with them.
    random_state
        Seed of the rows that are drawn.

    Returns
    -------
    Explorer
        At most 600 source rows, as many of each class, their ten main receivers, 1,200 target rows,
        and pictures of at most 256 x 256 bins.

    Raises
    ------
    InputError
        If the adapter is a regressor or was fitted without a target, or the rows are not those of
        the fit.

    Examples
    --------
    >>> X, y = np.array([[0.0], [1.0], [8.0]]), ["low", "low", "high"]
    >>> adapter = Adapter("exact").fit(X, y, X_target=X + 2)
    >>> explorer = explore(adapter, X, y, X + 2)
    >>> explorer.sent.shares[:, 0], explorer.plan.class_mass.round(2)
    (array([1., 1., 1.]), array([[0.33, 0.  ],
           [0.  , 0.67]]))
    """
    seen = _seen(adapter, X, y, X_target, target_labels)
    draw = check_random_state(random_state)
    solution, rows = adapter.solution_, adapter.source_rows_
    drawn = _alike(draw, seen.labels[rows], len(adapter.classes_))
    columns = adapter.target_rows_
    shown = draw.permutation(len(columns))[:TARGET_ROWS]
    plane = Plane(seen.X, seen.X_target)
    # `wanted` are places in the plan's columns, of which the first are drawn for their own sake.
    sent, risk, wanted = None, None, shown
    moved = np.asarray(adapter.transform(seen.X[rows[draw.permutation(len(rows))[:MOVED]]]))
    if solution is not None:
        shares = _class_shares(seen.predicted[columns], len(adapter.classes_))
        sent = _sent(solution.plan, drawn, shares, plane, seen.X_target[columns])
        risk = _at_risk(adapter, seen, moved)
        wanted = _distinct(shown, sent.receivers.ravel(), risk.target)
        place = np.full(len(columns) + 1, -1)
        place[wanted] = np.arange(len(wanted))
        sent = _placed(sent, place)
        risk = AtRisk(target=place[risk.target], votes=risk.votes, distance=risk.distance)
    target_rows = columns[wanted]
    clouds = Clouds(
        source_rows=rows[drawn],
        source_labels=seen.labels[rows[drawn]],
        before=plane(seen.X[rows[drawn]]),
        after=plane(np.asarray(adapter.transform(seen.X[rows[drawn]]))),
        target_rows=target_rows,
        target_predicted=seen.predicted[target_rows],
        target_labels=None if seen.truth is None else seen.truth[target_rows],
        target=plane(seen.X_target[target_rows]),
        shown=len(shown),
    )
    return Explorer(
        classes=tuple(map(str, adapter.classes_.tolist())),
        clouds=clouds,
        sampled=_sampled(clouds, seen, adapter),
        sent=sent,
        plan=None if solution is None else _view(solution.plan, seen, adapter),
        at_risk=risk,
        convergence=None if solution is None else _convergence(solution, adapter),
        notes=_notes(adapter, solution),
    )


def _seen(adapter: Adapter, X: Any, y: Any, X_target: Any, target_labels: Any) -> _Seen:
    """Check what is shown against what was fitted."""
    caller = "explore"
    if not hasattr(adapter, "classes_"):
        required, remedy = "one that classifies", "look at a regressor's plan in Python"
        raise InputError(sentence(caller, "adapter", required, "a regressor", remedy))
    adapter._require_target(caller)  # noqa: SLF001 - one room, and the sentence is the same
    rows, target = (adapter._checked(part, caller) for part in (X, X_target))  # noqa: SLF001 - likewise
    labels = class_labels(y, caller=caller)
    for name, part, fitted in (
        ("X", rows, adapter.source_rows_),
        ("X_target", target, adapter.target_rows_),
    ):
        if len(fitted) and len(part) <= int(fitted.max()):
            required, got = (
                "the rows of the fit",
                f"{len(part)} rows of at least {fitted.max() + 1}",
            )
            raise InputError(sentence(caller, name, required, got, "pass what fit was given"))
    known = np.isin(labels, adapter.classes_)
    if len(labels) != len(rows) or not known.all():
        required, got = f"the {len(rows)} labels of the fit", f"{len(labels)}, {known.sum()} known"
        raise InputError(sentence(caller, "y", required, got, "pass what fit was given"))
    truth = None
    if target_labels is not None:
        truth = np.searchsorted(adapter.classes_, np.asarray(target_labels))
    return _Seen(
        X=rows,
        labels=np.searchsorted(adapter.classes_, labels),
        X_target=target,
        predicted=np.searchsorted(adapter.classes_, adapter.predict(X_target)),
        truth=truth,
    )


def _alike(draw: np.random.RandomState, labels: NDArray, classes: int) -> NDArray:
    """Draw rows, as many of each class where there are enough, and sort them by class."""
    order, each = draw.permutation(len(labels)), max(1, SOURCE_ROWS // classes)
    drawn = [order[labels[order] == label][:each] for label in range(classes)]
    return np.concatenate(drawn)


def _distinct(*parts: NDArray) -> NDArray:
    """Return all places once, in the order in which they first come; -1 is none."""
    both = np.concatenate(parts)
    both = both[both >= 0]
    _, first = np.unique(both, return_index=True)
    distinct: NDArray = both[np.sort(first)]
    return distinct


def _class_shares(classes: NDArray, count: int) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.as_tensor(classes), count).double()


def _sent(plan: Plan, drawn: NDArray, classes: torch.Tensor, plane: Plane, points: NDArray) -> Sent:
    """Read the drawn rows of a plan; receivers are places in its columns, -1 where there is none."""
    size = min(RECEIVERS, plan.shape[1])
    receivers = np.full((len(drawn), size), -1)
    shares, perplexity = np.zeros((len(drawn), size)), np.zeros(len(drawn))
    images = np.full((len(drawn), points.shape[1]), np.nan)
    class_share = np.zeros((len(drawn), classes.shape[1]))
    cloud = torch.as_tensor(points).double()
    for at, row in enumerate(drawn.tolist()):
        mass = plan.rows(row, row + 1)[0].double().cpu()
        total = float(mass.sum())
        if total <= LEAST_MASS / plan.shape[0]:
            continue
        share = mass / total
        top = share.topk(size)
        some = (top.values > 0).numpy()
        receivers[at, some] = top.indices.numpy()[some]
        shares[at] = top.values.numpy()
        perplexity[at] = float(torch.special.entr(share).sum().exp())
        images[at] = (share @ cloud).numpy()
        class_share[at] = (share @ classes).numpy()
    return Sent(
        receivers=receivers,
        shares=shares,
        perplexity=perplexity,
        image=plane(images),
        class_share=class_share,
    )


def _placed(sent: Sent, place: NDArray) -> Sent:
    """Number the receivers by their place in the table of target rows."""
    return Sent(
        receivers=place[sent.receivers],
        shares=sent.shares,
        perplexity=sent.perplexity,
        image=sent.image,
        class_share=sent.class_share,
    )


def _at_risk(adapter: Adapter, seen: _Seen, moved: NDArray) -> AtRisk:
    """Find the target rows of the plan with the most doubtful votes, and those furthest away."""
    if adapter.solution_ is None:
        raise AssertionError("unreachable: asked of plans alone")
    votes = plan_votes(
        adapter.solution_.plan,
        adapter._plan_labels,
        adapter.classes_,
        adapter.target_prior_,  # noqa: SLF001 - one room
    )
    target = torch.as_tensor(seen.X_target[adapter.target_rows_])
    source = torch.as_tensor(moved)
    gap = (target.double() - source[nearest(target, source)].double()).norm(dim=1).numpy()
    middle = float(np.median(gap))
    distance = gap / middle if middle > 0 else gap
    doubtful = np.argsort(votes.max(1), kind="stable")[:AT_RISK]
    far = np.argsort(-distance, kind="stable")[:AT_RISK]
    some = _distinct(doubtful, far)
    return AtRisk(target=some, votes=votes[some], distance=distance[some])


def _view(plan: Plan, seen: _Seen, adapter: Adapter) -> PlanView:
    """Bin the plan as it came and sorted by class, and sum it by class."""
    count = len(adapter.classes_)
    columns = seen.predicted if seen.truth is None else seen.truth
    sides = [
        torch.as_tensor(seen.labels[adapter.source_rows_]),
        torch.as_tensor(columns[adapter.target_rows_]),
    ]
    draw = np.random.default_rng(0)
    shuffled = [torch.as_tensor(draw.permutation(size)) for size in plan.shape]
    mass = torch.zeros(count, count, dtype=torch.float64)
    sums = plan.class_mass(*sides).cpu()
    mass[: len(sums), : len(sums)] = sums
    rows, columns_at = (class_borders(side, count) for side in sides)
    return PlanView(
        log_plan=log_density(plan, *shuffled),
        log_plan_sorted=log_density(plan, *(torch.argsort(side, stable=True) for side in sides)),
        row_borders=rows,
        column_borders=columns_at,
        class_mass=(mass / mass.sum()).numpy(),
        columns="predicted class" if seen.truth is None else "true class",
        shape=plan.shape,
    )


def _convergence(solution: Solution, adapter: Adapter) -> Convergence:
    transport = adapter.get_params().get("transport__tolerance")
    return Convergence(
        status=solution.status.value,
        converged=solution.converged,
        marginal_error=(float(solution.marginal_error[0]), float(solution.marginal_error[1])),
        dual_gap=float(solution.dual_gap),
        objective=float(solution.objective),
        epsilon=float(solution.epsilon),
        sweeps=int(solution.sweeps),
        history=tuple(map(float, solution.history)),
        tolerance=None if transport is None else float(transport),
    )


def _sampled(clouds: Clouds, seen: _Seen, adapter: Adapter) -> str:
    """Say what was drawn of what."""
    n, m = len(adapter.source_rows_), len(adapter.target_rows_)
    inside = ""
    if (n, m) != (len(seen.X), len(seen.X_target)):
        inside = f", among the {n:,} and {m:,} rows that the transport was found on"
    return (
        f"Shown are {len(clouds.source_rows):,} of {len(seen.X):,} source rows, drawn alike from "
        f"each class, and {clouds.shown:,} of {len(seen.X_target):,} target rows, drawn at random"
        f"{inside}. Sums over classes and the picture of the plan are of all its rows."
    )


def _notes(adapter: Adapter, solution: Solution | None) -> tuple[str, ...]:
    """Say what is missing, and what a plan of this kind does not tell."""
    name = (
        adapter.transport
        if isinstance(adapter.transport, str)
        else type(adapter.transport).__name__
    )
    if solution is None:
        return (
            f"The transport {name!r} has no plan: it moves every row by one formula, found from the "
            "means and the spreads of both domains. So there are no receivers, no masses between "
            "classes and no certificate to show; the two clouds say what it did.",
        )
    if isinstance(solution.plan, GraphPlan):
        return (
            "This transport carries labels as votes, which are spread over the neighbours within "
            "the target afterwards. The receivers and masses are those of the plan before the "
            "spreading; the votes of the rows at risk are those after it.",
        )
    if adapter.transport == "prototypes" or isinstance(adapter.transport, Prototypes):
        return (
            "This transport sends the rows of a class as one, so all rows of a class have the same "
            "receivers: look at classes, not at points.",
        )
    return ()
