"""The way back: from the target to the source, where there is one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from monge._types import ArrayLike, Tensor
from monge.errors import InputError, sentence
from monge.maps import AffineMap, Map, PlanFit
from monge.plans import DensePlan, EntropicPlan, Plan
from monge.plans.base import Marginals
from monge.plans.sparse import SparsePlan
from monge.solvers import MarginalError, Solution

__all__ = ["inverse_of"]

_FLAT = {torch.float32: 1e-6, torch.float64: 1e-9}
"""A direction squeezed by more than this, beside the widest, comes back as rounding."""


def inverse_of(forward: Map, solution: Solution | None, plan_map: PlanFit) -> Map:
    """Return the map from target points to source points.

    An affine map has an inverse where its matrix has one. A map of a plan has none in general: many
    source rows may feed one target. What there is instead is the map of the transposed plan, which
    sends each target row to the mean of the source rows that feed it.

    Raises
    ------
    InputError
        If the matrix is singular, or the map is neither affine nor of a plan.
    """
    if isinstance(forward, AffineMap):
        return _affine_inverse(forward)
    if solution is not None:
        return plan_map.fit(_transposed(solution))
    required, got = "one that has an inverse", f"the map {type(forward).__name__}"
    remedy = "use for example transport='linear'"
    raise InputError(sentence("Adapter.inverse_transform", "transport", required, got, remedy))


def _affine_inverse(forward: AffineMap) -> AffineMap:
    matrix = forward.matrix.double()
    flat = _FLAT[forward.matrix.dtype]
    size, rank = len(matrix), int(torch.linalg.matrix_rank(matrix, rtol=flat))
    if rank < size:
        required = "a map that flattens no direction"
        got = f"a matrix of rank {rank} for {size} features"
        remedy = "drop features that are constant in the target, or raise shrinkage"
        raise InputError(sentence("Adapter.inverse_transform", "transport", required, got, remedy))
    inverse = torch.linalg.inv(matrix).to(forward.matrix)
    return AffineMap(matrix=inverse, centre=forward.offset, offset=forward.centre)


def _transposed(solution: Solution) -> Solution:
    """Return the same plan read from the target's side."""
    problem = solution.problem
    turned = replace(
        problem,
        geometry=problem.geometry.transpose(),
        a=problem.b,
        b=problem.a,
        tau_source=problem.tau_target,
        tau_target=problem.tau_source,
        source_labels=None,
        target_views=(),
        source_views=(),
    )
    error = MarginalError(solution.marginal_error.target, solution.marginal_error.source)
    return replace(
        solution, problem=turned, plan=_transposed_plan(solution.plan), marginal_error=error
    )


def _transposed_plan(plan: Plan) -> Plan:
    """Exchange the sides of a plan; the mass is the same."""
    if isinstance(plan, EntropicPlan):
        geometry = plan.geometry.transpose()
        return replace(plan, geometry=geometry, a=plan.b, b=plan.a, f=plan.g, g=plan.f)
    if isinstance(plan, SparsePlan):
        n, m = plan.size
        return SparsePlan(row=plan.column, column=plan.row, mass=plan.mass, size=(m, n))
    if isinstance(plan, DensePlan):
        return DensePlan(plan.matrix.T)
    return _Turned(plan=plan)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class _Turned(Plan):
    """Any plan (n, m) read from the target's side, (m, n): `push` and `pull` change places."""

    plan: Plan

    @property
    def shape(self) -> tuple[int, int]:
        n, m = self.plan.shape
        return m, n

    @property
    def dtype(self) -> torch.dtype:
        return self.plan.dtype

    @property
    def device(self) -> torch.device:
        return self.plan.device

    def rows(self, start: int, stop: int) -> Tensor:
        some = range(*slice(start, stop).indices(self.shape[0]))
        chosen = torch.zeros(self.shape[0], len(some), dtype=self.dtype, device=self.device)
        chosen[list(some), list(range(len(some)))] = 1
        return self.plan.pull(chosen).T

    def push(self, v: ArrayLike) -> Tensor:
        return self.plan.pull(v)

    def pull(self, v: ArrayLike) -> Tensor:
        return self.plan.push(v)

    def marginals(self) -> Marginals:
        source, target = self.plan.marginals()
        return Marginals(target, source)
