"""What is read of a plan for the page: some rows, sums over classes and bins, and who is at risk.

The plan is read by rows and summed by groups: nothing of size n x m is made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from monge._types import NDArray, Tensor
from monge.adapters.adapter import Adapter
from monge.adapters.named import transport_of
from monge.adapters.plane import Plane
from monge.adapters.relaxed import Partial, Unbalanced
from monge.neighbors import nearest
from monge.plans import Plan
from monge.plans.binning import class_borders, log_density, sorted_by_class
from monge.results import AtRisk, Convergence, PlanView, Sent
from monge.solvers import ClassRegularized, Graph, Sinkhorn, Solution

__all__ = [
    "Seen",
    "class_shares",
    "distinct",
    "placed",
    "read_convergence",
    "read_risk",
    "read_rows",
    "read_view",
]

RECEIVERS, AT_RISK = 10, 20
"""Receivers listed of each source row, and target rows at risk of each kind."""

_TO_MARGINALS = (ClassRegularized, Graph, Partial, Sinkhorn, Unbalanced)
"""Transports whose tolerance is of the marginal error."""

LEAST_MASS = 1e-12
"""Share of an even row's mass below which a row sends nothing that is worth a line."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """Both domains as numbers: rows, and classes from 0; ``truth`` is there to look at alone.

    Target rows that are not in the plan are given no class, -1.
    """

    X: NDArray
    labels: NDArray
    X_target: NDArray
    predicted: NDArray
    truth: NDArray | None


def distinct(*parts: NDArray) -> NDArray:
    """Return all places once, in the order in which they first come; -1 is none."""
    both = np.concatenate(parts)
    both = both[both >= 0]
    _, first = np.unique(both, return_index=True)
    distinct: NDArray = both[np.sort(first)]
    return distinct


def class_shares(classes: NDArray, count: int) -> Tensor:
    """Return classes (m,) as columns of zeros and ones, (m, L) float64."""
    return torch.nn.functional.one_hot(torch.as_tensor(classes), count).double()


def read_rows(plan: Plan, drawn: NDArray, classes: Tensor, plane: Plane, points: NDArray) -> Sent:
    """Read the drawn rows of a plan; receivers are its columns, -1 where there is none.

    Parameters
    ----------
    plan
        (n, m).
    drawn
        (s,) rows of it.
    classes
        Of its columns, (m, L), see `class_shares`.
    plane
        What the images are projected by.
    points
        Its columns, (m, d).
    """
    size = min(RECEIVERS, plan.shape[1])
    receivers = np.full((len(drawn), size), -1)
    shares, perplexity = np.zeros((len(drawn), size)), np.zeros(len(drawn))
    image = np.full((len(drawn), 2), np.nan, np.float32)
    class_share = np.zeros((len(drawn), classes.shape[1]))
    cloud = torch.as_tensor(plane(points)).double()  # the mean of projections is that of the mean
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
        image[at] = (share @ cloud).numpy()
        class_share[at] = (share @ classes).numpy()
    return Sent(
        receivers=receivers,
        shares=shares,
        perplexity=perplexity,
        image=image,
        class_share=class_share,
    )


def placed(sent: Sent, place: NDArray) -> Sent:
    """Give the receivers as places in the table of target rows."""
    return replace(sent, receivers=place[sent.receivers])


def read_risk(adapter: Adapter, seen: Seen, moved: NDArray) -> AtRisk:
    """Find the target rows of the plan with the most doubtful votes, and those furthest away."""
    votes = adapter.propagate()
    target = torch.as_tensor(seen.X_target[adapter.target_rows_])
    source = torch.as_tensor(moved)
    gap = (target.double() - source[nearest(target, source)].double()).norm(dim=1).numpy()
    middle = float(np.median(gap))
    distance = gap / middle if middle > 0 else gap
    doubtful = np.argsort(votes.max(1), kind="stable")[:AT_RISK]
    far = np.argsort(-distance, kind="stable")[:AT_RISK]
    some = distinct(doubtful, far)
    return AtRisk(target=some, votes=votes[some], distance=distance[some])


def read_view(plan: Plan, sides: tuple[NDArray, NDArray], count: int, columns: str) -> PlanView:
    """Bin the plan in random order and sorted by class, and sum it by class: two passes.

    Parameters
    ----------
    plan
        (n, m).
    sides
        Class of each of its rows and columns, (n,) and (m,) integers from 0.
    count
        Of classes.
    columns
        What those of the columns are, see `PlanView`.
    """
    classes = torch.as_tensor(sides[0]), torch.as_tensor(sides[1])
    draw = np.random.default_rng(0)
    shuffled = [torch.as_tensor(draw.permutation(size)) for size in plan.shape]
    by_class, mass = sorted_by_class(plan, *classes, count)
    rows, columns_at = (class_borders(side, count) for side in classes)
    return PlanView(
        log_plan=log_density(plan, *shuffled),
        log_plan_sorted=by_class,
        row_borders=rows,
        column_borders=columns_at,
        class_mass=(mass / mass.sum()).numpy(),
        columns=columns,
        shape=plan.shape,
    )


def read_convergence(solution: Solution, adapter: Adapter) -> Convergence:
    """Take how a solve went, and what was asked of it."""
    transport = transport_of(adapter)
    # The tolerance of the others is of something else, such as how far the prototypes still move.
    tolerance = transport.tolerance if isinstance(transport, _TO_MARGINALS) else None
    problem, moved = solution.problem, None
    if not problem.balanced:
        moved = float(solution.plan.marginals().source.sum() / problem.a.sum())
    return Convergence(
        status=solution.status.value,
        converged=solution.converged,
        marginal_error=(float(solution.marginal_error[0]), float(solution.marginal_error[1])),
        dual_gap=float(solution.dual_gap),
        objective=float(solution.objective),
        epsilon=float(solution.epsilon),
        sweeps=int(solution.sweeps),
        history=tuple(map(float, solution.history)),
        tolerance=tolerance,
        moved=moved,
    )
