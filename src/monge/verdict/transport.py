"""Scores by optimal transport: of what the classifier says to the source's labels, and the plan."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from monge._types import NDArray
from monge.solvers.exact import least_cost
from monge.verdict.evidence import Evidence, PlanHealth
from monge.verdict.proportions import likeliest_shares, total_variation
from monge.verdict.score import Score

__all__ = ["TRANSPORT", "label_distance"]

_ROWS = 2000
"""Target rows in the exact plan, at even steps."""


def label_distance(probabilities: NDArray, shares: NDArray) -> float:
    """Return W1 between what is said of the rows and one-hot labels, cost half the L1 distance.

    Half the L1 distance of p to the corner of class c is ``1 - p_c``.

    Parameters
    ----------
    probabilities
        (m, L).
    shares
        Share of each class among the labels, (L,).

    Examples
    --------
    >>> sure = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    >>> label_distance(sure, np.array([0.5, 0.5])), label_distance(sure, np.array([0.75, 0.25]))
    (0.0, 0.25)
    """
    there = np.flatnonzero(shares > 0)
    if len(there) == 1:
        return float((1 - probabilities[:, there[0]]).mean())
    cost = np.ascontiguousarray(1 - probabilities[:, there]).clip(min=0)
    weight = np.full(len(cost), 1 / len(cost))
    return round(least_cost(cost, weight, shares[there] / shares[there].sum()), 12)


def _cot(evidence: Evidence, shares: Callable[[Evidence], NDArray]) -> float:
    m = len(evidence.chosen)
    steps = np.linspace(0, m - 1, min(_ROWS, m)).round().astype(np.int64)
    return 1 - label_distance(evidence.chosen[steps], shares(evidence))


def _of_plan(evidence: Evidence, number: Callable[[PlanHealth], float]) -> float:
    if evidence.plan is None:
        raise AssertionError("unreachable: the score needs a plan")
    return number(evidence.plan)


def _mass_shift(evidence: Evidence) -> float:
    return _of_plan(evidence, lambda plan: total_variation(plan.class_mass, evidence.proportions))


def _same_class(plan: PlanHealth) -> float:
    """Return the share of mass that joins equal classes beyond chance, over what is left."""
    chance = plan.same_class_independent
    return (plan.same_class - chance) / (1 - chance) if chance < 1 else 0.0


TRANSPORT = (
    Score(
        name="cot",
        title="Optimal-transport confidence, the source's proportions",
        source="Lu2023",
        unit="accuracy",
        formula=partial(_cot, shares=lambda e: e.proportions),
    ),
    Score(
        name="cot_shares",
        title="Optimal-transport confidence, the likeliest proportions",
        source="Lu2023",
        unit="accuracy",
        formula=partial(_cot, shares=likeliest_shares),
    ),
    Score(
        name="plan_error",
        title="Marginal error of the plan",
        needs=("plan",),
        formula=partial(_of_plan, number=lambda plan: plan.marginal_error),
        higher_is_better=False,
    ),
    Score(
        name="plan_perplexity",
        title="Target rows that a source row feeds, over all",
        needs=("plan",),
        formula=partial(_of_plan, number=lambda plan: plan.perplexity),
        higher_is_better=False,
    ),
    Score(
        name="plan_source",
        title="Share of the source rows that give mass",
        needs=("plan",),
        formula=partial(_of_plan, number=lambda plan: plan.effective_source),
    ),
    Score(
        name="plan_same_class",
        title="Mass that joins a source row and a target row predicted alike",
        needs=("plan",),
        formula=partial(_of_plan, number=lambda plan: plan.same_class),
    ),
    Score(
        name="plan_same_class_beyond_chance",
        title="Mass that joins a source row and a target row predicted alike, beyond chance",
        needs=("plan",),
        formula=partial(_of_plan, number=_same_class),
    ),
    Score(
        name="plan_class_shift",
        title="Mass of the predicted classes against the source's proportions",
        needs=("plan",),
        formula=_mass_shift,
        higher_is_better=False,
    ),
)
"""The scores of this file."""
