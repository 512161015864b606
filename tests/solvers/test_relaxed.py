"""Unbalanced and partial transport: against POT, and at the ends of their scales."""

from math import inf

import numpy as np
import ot
import pytest
import torch

from monge.errors import InputError
from monge.geometry import PointCloud
from monge.solvers import Exact, Problem, Sinkhorn, Status, semidual
from zoo import clouds, weights

N, M, EPSILON = 24, 17, 0.3
SOLVER = Sinkhorn(epsilon=EPSILON, epsilon_scale="absolute", tolerance=1e-9)


@pytest.fixture(params=["more source", "more target"])
def sides(request):
    x, y = clouds(N, M, 3)
    a, b = weights(N), weights(M, seed=1, total=1.3)
    return (x, y, a, b) if request.param == "more source" else (y, x, b, a)


def cost_of(x, y):
    return torch.cdist(x, y).square().numpy()


@pytest.mark.parametrize(
    ("tau_source", "tau_target"), [(1, 1), (0.5, 5), (inf, 0.7), (2, inf), (1e-3, 1), (50, 80)]
)
def test_an_unbalanced_plan_is_that_of_pot(sides, tau_source, tau_target):
    x, y, a, b = sides
    problem = Problem(PointCloud(x, y), a, b, tau_source=tau_source, tau_target=tau_target)
    solution = SOLVER.solve(problem)
    reference = ot.unbalanced.sinkhorn_unbalanced(
        a.numpy(),
        b.numpy(),
        cost_of(x, y),
        EPSILON,
        (tau_source, tau_target),
        c=np.outer(a, b),
        numItermax=200_000,
        stopThr=1e-15,
    )
    np.testing.assert_allclose(solution.plan.dense(), reference, rtol=0, atol=1e-8)
    assert abs(solution.dual_gap) < 1e-8
    assert max(solution.marginal_error) < 1e-8


def test_a_marginal_let_go_is_the_gibbs_kernel_itself(sides):
    x, y, a, b = sides
    solution = SOLVER.solve(Problem(PointCloud(x, y), a, b, tau_source=0, tau_target=0))
    kernel = np.outer(a, b) * np.exp(-cost_of(x, y) / EPSILON)
    np.testing.assert_allclose(solution.plan.dense(), kernel, rtol=1e-9)


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("let_go", ["tau_source", "tau_target"])
def test_with_one_side_let_go_the_other_is_shared_out_in_two_sweeps(
    sides, let_go, large, monkeypatch
):
    # Even where a kernel is so large that it would get a warm-up on few rows and a stand-in.
    if large:
        monkeypatch.setattr(semidual, "_STORED_BYTES", 0)
        monkeypatch.setattr(semidual, "_SUBSAMPLE_ROWS", 1)
    x, y, a, b = sides
    solution = SOLVER.solve(Problem(PointCloud(x, y), a, b, **{let_go: 0}))
    kernel = np.outer(a, b) * np.exp(-cost_of(x, y) / EPSILON)
    plan = b.numpy() * kernel / kernel.sum(0)
    if let_go == "tau_target":
        plan = (a.numpy() * kernel.T / kernel.sum(1)).T
    np.testing.assert_allclose(solution.plan.dense(), plan, rtol=1e-9)
    assert (solution.status, solution.operator) == (Status.CONVERGED, "stream")
    assert solution.sweeps == solution.full_sweeps <= 2
    again = SOLVER.solve(solution.problem, start=solution)
    assert again.sweeps == 1


def test_a_marginal_held_harder_and_harder_becomes_the_balanced_one():
    x, y = clouds(N, M, 3)
    balanced = SOLVER.solve(Problem(PointCloud(x, y))).plan.dense()
    gaps = []
    for tau in (1.0, 1e2, 1e4, 1e6):
        problem = Problem(PointCloud(x, y), tau_source=tau, tau_target=tau)
        gaps.append(float((SOLVER.solve(problem).plan.dense() - balanced).abs().sum()))
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 1e-4


def test_the_objective_of_a_relaxed_plan_is_its_formula(sides):
    x, y, a, b = sides
    solution = SOLVER.solve(Problem(PointCloud(x, y), a, b, tau_source=0.7, tau_target=inf))
    plan, cost = solution.plan.dense(), torch.as_tensor(cost_of(x, y))
    relative = torch.special.xlogy(plan, plan / torch.outer(a, b)).sum()
    reached = plan.sum(1)
    penalty = torch.special.xlogy(reached, reached / a).sum() - reached.sum() + a.sum()
    truth = float((plan * cost).sum() + EPSILON * relative + 0.7 * penalty)
    assert solution.objective == pytest.approx(truth)


@pytest.mark.parametrize("mass", [0.2, 0.7, 1.0])
def test_a_partial_plan_moves_its_mass_under_both_ceilings(sides, mass):
    x, y, a, b = sides
    solution = SOLVER.solve(Problem(PointCloud(x, y), a, b, mass=mass))
    plan = solution.plan.dense()
    assert float(plan.sum()) == pytest.approx(mass, abs=1e-7)
    assert bool((plan.sum(1) <= a + 1e-8).all())
    assert bool((plan.sum(0) <= b + 1e-8).all())
    assert abs(solution.dual_gap) < 1e-6


def test_the_entropic_partial_plan_is_that_of_pot_for_equal_weights():
    x, y = clouds(N, M, 3)
    a, b = (np.full(size, 1 / size) for size in (N, M))
    solution = SOLVER.solve(Problem(PointCloud(x, y), mass=0.6))
    reference = ot.partial.entropic_partial_wasserstein(
        a, b, cost_of(x, y), EPSILON, 0.6, numItermax=50_000, stopThr=1e-15
    )
    np.testing.assert_allclose(solution.plan.dense(), reference, rtol=0, atol=1e-7)


@pytest.mark.parametrize("mass", [0.3, 0.9, 1.0])
def test_the_exact_partial_plan_costs_what_that_of_pot_costs(sides, mass):
    x, y, a, b = sides
    solution = Exact().solve(Problem(PointCloud(x, y), a, b, mass=mass))
    reference = ot.partial.partial_wasserstein(a.numpy(), b.numpy(), cost_of(x, y), m=mass)
    assert solution.cost == pytest.approx(float((reference * cost_of(x, y)).sum()))
    assert float(solution.plan.dense().sum()) == pytest.approx(mass)
    assert max(solution.marginal_error) < 1e-12


def test_a_partial_solve_goes_on_from_where_it_was():
    x, y = clouds(N, M, 3)
    problem = Problem(PointCloud(x, y), mass=0.5)
    first = SOLVER.solve(problem)
    again = SOLVER.solve(problem, start=first)
    assert again.status is Status.CONVERGED
    assert again.sweeps <= 3 < first.sweeps
    torch.testing.assert_close(again.plan.dense(), first.plan.dense(), rtol=0, atol=1e-7)


@pytest.mark.parametrize("options", [{"mass": 0.0}, {"mass": 1.1}, {"mass": 0.5, "tau_source": 1}])
def test_a_mass_that_cannot_be_moved_is_refused(options):
    x, y = clouds(N, M, 3)
    with pytest.raises(InputError, match=r"^Problem: 'mass' must be .*\.$"):
        Problem(PointCloud(x, y), **options)
