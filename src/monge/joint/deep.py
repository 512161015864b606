"""Transport between minibatches as a loss: DeepJDOT, its unbalanced and its partial form.

A pair costs ``C_ij = alpha |z_i - z_j|^2 + beta CE(label_i, p_j)``: how far the features lie apart,
and how little the network gives the target row the label of the source row. The plan P of each step
is found for the costs as they stand and held fixed; the weights then lower CE(source) + <P, C>
(Damodaran et al. 2018, algorithm 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.geometry import DenseCost
from monge.joint.minibatch import unbalanced_plan
from monge.solvers import Exact, Problem, Sinkhorn
from monge.training.objectives import CrossEntropy, Objective, Seen, require_number

__all__ = ["DeepJDOT", "Jumbot", "PartialMinibatch"]


@dataclass(frozen=True, kw_only=True)
class DeepJDOT(Objective):
    """Balanced transport between minibatches (Damodaran et al. 2018).

    Every row of both batches takes part. Where classes have other shares in the target than in the
    source batch, some mass has to join unlike classes: take `Jumbot` then, which is the better one
    in most cases.

    Parameters
    ----------
    feature_weight, label_weight
        ``alpha`` and ``beta`` of the cost, at least 0.
    source_weight
        What the cross-entropy of the source is multiplied by, at least 0.
    epsilon
        0 for the exact plan, by `monge.Exact`; else that of `monge.Sinkhorn`, relative to the mean
        cost.

    Raises
    ------
    InputError
        If a number is out of range.

    Examples
    --------
    >>> seen = Seen(
    ...     scores=torch.zeros(2, 2),
    ...     labels=torch.tensor([0, 1]),
    ...     features=torch.tensor([[0.0], [3.0]]),
    ...     target_scores=torch.zeros(2, 2),
    ...     target_features=torch.tensor([[4.0], [1.0]]),
    ... )
    >>> losses = DeepJDOT(label_weight=0.0).losses(seen)
    >>> round(float(losses["transport"]), 4)  # 0.1 (1 + 1) / 2
    0.1
    """

    feature_weight: float = 0.1
    label_weight: float = 0.1
    source_weight: float = 1.0
    epsilon: float = 0.0

    def __post_init__(self) -> None:
        for name in ("feature_weight", "label_weight", "source_weight", "epsilon"):
            require_number("DeepJDOT", name, getattr(self, name))

    def losses(self, seen: Seen) -> dict[str, Tensor]:
        """Return the cross-entropy of the source and the cost of the balanced plan."""
        cost = joint_cost(seen, self.feature_weight, self.label_weight)
        return _with_source(self.source_weight, seen, cost, self._plan(cost.detach()))

    def _plan(self, cost: Tensor) -> Tensor:
        if not bool(torch.isfinite(cost).all()):
            return cost
        problem = Problem(DenseCost(cost))
        if self.epsilon == 0.0:
            return Exact().solve(problem).plan.dense()
        # A plan that is nearly there serves: the next step has other rows.
        solver = Sinkhorn(epsilon=self.epsilon, tolerance=1e-3, max_sweeps=200)
        return solver.solve(problem, throw=False).plan.dense()


@dataclass(frozen=True, kw_only=True)
class Jumbot(Objective):
    """Unbalanced transport between minibatches (Fatras et al. 2021).

    Rows that fit nothing in the other batch are left alone, so that neither other shares of the
    classes nor the luck of the draw force unlike classes together.

    Parameters
    ----------
    feature_weight, label_weight
        ``alpha`` and ``beta`` of the cost, at least 0.
    source_weight
        What the cross-entropy of the source is multiplied by, at least 0.
    epsilon
        Strength of the entropy, positive, in units of the cost.
    tau
        How firmly the weights of both batches are held, positive, in units of the cost.

    Raises
    ------
    InputError
        If a number is out of range.

    Examples
    --------
    The far row of the target costs nothing, because nothing is sent there:

    >>> seen = Seen(
    ...     scores=torch.zeros(2, 2),
    ...     labels=torch.tensor([0, 1]),
    ...     features=torch.tensor([[0.0], [0.0]]),
    ...     target_scores=torch.zeros(2, 2),
    ...     target_features=torch.tensor([[0.0], [100.0]]),
    ... )
    >>> losses = Jumbot(label_weight=0.0).losses(seen)
    >>> abs(round(float(losses["transport"]), 4))
    0.0
    """

    feature_weight: float = 0.1
    label_weight: float = 0.1
    source_weight: float = 1.0
    epsilon: float = 0.1
    tau: float = 1.0

    def __post_init__(self) -> None:
        for name in ("feature_weight", "label_weight", "source_weight", "epsilon", "tau"):
            strict = name in ("epsilon", "tau")
            require_number("Jumbot", name, getattr(self, name), strict=strict)

    def losses(self, seen: Seen) -> dict[str, Tensor]:
        """Return the cross-entropy of the source and the cost of the unbalanced plan."""
        cost = joint_cost(seen, self.feature_weight, self.label_weight)
        plan = unbalanced_plan(cost.detach(), epsilon=self.epsilon, tau=self.tau)
        return _with_source(self.source_weight, seen, cost, plan)


@dataclass(frozen=True, kw_only=True)
class PartialMinibatch(Objective):
    """Exact transport of a part of the mass between minibatches (Nguyen et al. 2022).

    The pairs that cost the most are left out, the share that is moved being told beforehand.

    Parameters
    ----------
    mass
        Share of the mass that is moved, above 0 and at most 1, where it is `DeepJDOT`.
    feature_weight, label_weight
        ``alpha`` and ``beta`` of the cost, at least 0.
    source_weight
        What the cross-entropy of the source is multiplied by, at least 0.

    Raises
    ------
    InputError
        If a number is out of range.

    Examples
    --------
    >>> seen = Seen(
    ...     scores=torch.zeros(2, 2),
    ...     labels=torch.tensor([0, 1]),
    ...     features=torch.tensor([[0.0], [0.0]]),
    ...     target_scores=torch.zeros(2, 2),
    ...     target_features=torch.tensor([[0.0], [100.0]]),
    ... )
    >>> losses = PartialMinibatch(mass=0.5, label_weight=0.0).losses(seen)
    >>> abs(round(float(losses["transport"]), 4))
    0.0
    """

    mass: float = 0.8
    feature_weight: float = 0.1
    label_weight: float = 0.1
    source_weight: float = 1.0

    def __post_init__(self) -> None:
        for name in ("mass", "feature_weight", "label_weight", "source_weight"):
            value = getattr(self, name)
            require_number("PartialMinibatch", name, value, strict=name == "mass")
        if self.mass > 1:
            required, remedy = "at most 1, all of the mass", "pass for example mass=0.8"
            text = sentence("PartialMinibatch", "mass", required, self.mass, remedy)
            raise InputError(text)

    def losses(self, seen: Seen) -> dict[str, Tensor]:
        """Return the cross-entropy of the source and the cost of the partial plan."""
        cost = joint_cost(seen, self.feature_weight, self.label_weight)
        fixed = cost.detach()
        if bool(torch.isfinite(fixed).all()):
            fixed = Exact().solve(Problem(DenseCost(fixed), mass=self.mass)).plan.dense()
        return _with_source(self.source_weight, seen, cost, fixed)


def joint_cost(seen: Seen, feature_weight: float, label_weight: float) -> Tensor:
    """Return ``alpha |z_i - z_j|^2 + beta CE(label_i, p_j)`` of all pairs, (b, c), with gradients.

    Examples
    --------
    >>> seen = Seen(
    ...     scores=torch.zeros(1, 2),
    ...     labels=torch.tensor([1]),
    ...     features=torch.tensor([[0.0, 0.0]]),
    ...     target_scores=torch.zeros(1, 2),
    ...     target_features=torch.tensor([[3.0, 4.0]]),
    ... )
    >>> round(float(joint_cost(seen, 1.0, 1.0)), 4)  # 25 + log 2
    25.6931
    """
    z, target, scores = seen.two_domains
    square = z.square().sum(dim=1)[:, None] + target.square().sum(dim=1) - 2 * (z @ target.T)
    logs = torch.log_softmax(scores, dim=1).T
    fit = logs[seen.labels] if seen.labels.ndim == 1 else seen.labels.to(logs) @ logs
    return feature_weight * square.clamp_min(0) - label_weight * fit


def _with_source(weight: float, seen: Seen, cost: Tensor, plan: Tensor) -> dict[str, Tensor]:
    return CrossEntropy(weight=weight).losses(seen) | {"transport": (plan * cost).sum()}
