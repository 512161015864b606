"""Labels carried through a plan: what the target rows in it are told by the source rows."""

from __future__ import annotations

import numpy as np
import torch

from monge._types import NDArray
from monge.adapters.prior import TargetPrior
from monge.plans import Plan
from monge.solvers import GraphPlan

__all__ = ["plan_votes"]


def plan_votes(
    plan: Plan, labels: NDArray, classes: NDArray | None, prior: TargetPrior | None = None
) -> NDArray:
    """Carry the source labels through a plan.

    Parameters
    ----------
    plan
        Who sends mass to whom, (n, m).
    labels
        Of the source rows, (n,); numbers where there are no classes.
    classes
        Labels (L,) sorted, or ``None`` for a regressor.
    prior
        Class proportions of the target, for a plan that spreads votes over a graph: that makes no
        use of the weights of the source.

    Returns
    -------
    ndarray
        (m, L), for each target row the share of its mass that comes from each class, or (m,), the
        mean of the numbers. A row without mass gets the shares of the whole plan. Through a
        `monge.solvers.GraphPlan` the shares are those that were spread over the graph.

    Examples
    --------
    >>> from monge.plans import DensePlan
    >>> plan = DensePlan(torch.tensor([[0.5, 0.1], [0.0, 0.4]]))
    >>> classes = np.array(["large", "small"])
    >>> plan_votes(plan, np.array(["small", "large"]), classes).round(2)
    array([[0. , 1. ],
           [0.8, 0.2]], dtype=float32)
    """
    if classes is None:
        votes = torch.as_tensor(labels)[:, None]
    else:
        index = torch.as_tensor(np.searchsorted(classes, labels))
        votes = torch.nn.functional.one_hot(index, len(classes))
        if isinstance(plan, GraphPlan):
            shares = None if prior is None else prior.share
            spread: NDArray = plan.votes(votes, shares).float().cpu().numpy()
            return spread
    sent = plan.push(torch.cat([votes, torch.ones_like(votes[:, :1])], 1))
    sums, mass = sent[:, :-1], sent[:, -1:]
    shares = torch.where(mass > 0, sums / mass, sums.sum(0) / mass.sum()).cpu().numpy()
    return shares[:, 0] if classes is None else shares
