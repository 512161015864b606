"""Every solver is one row of `SOLVERS` and passes the zoo, the laws, and the protocol."""

from itertools import pairwise
from math import log

import numpy as np
import ot
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from monge import Exact, PointCloud, Problem, Sinkhorn
from monge.errors import ConvergenceError, InputError, LargeProblemWarning
from monge.geometry import DenseCost
from monge.numerics import row_slices
from monge.solvers import Status, exact
from tolerances import tolerance
from zoo import CASES, clouds, generator, weights

DTYPES = (torch.float32, torch.float64)

SOLVERS = {
    "exact": Exact(),
    "sinkhorn": Sinkhorn(epsilon=0.05),
    "sinkhorn tight": Sinkhorn(epsilon=0.02, tolerance=1e-10),
    "sinkhorn streamed": Sinkhorn(epsilon=0.05, tolerance=1e-7, memory=1),
    "sinkhorn of the maximum": Sinkhorn(epsilon=0.02, epsilon_scale="max", tolerance=1e-7),
}
"""Each row: a solver whose answer is within ``epsilon log(min(n, m))`` of the least cost."""


@pytest.fixture(params=SOLVERS)
def solver(request):
    return SOLVERS[request.param]


@pytest.fixture(params=DTYPES, ids=str)
def dtype(request):
    return request.param


def limit(solver, dtype):
    """Return the largest marginal error that a solver may leave."""
    return max(2 * getattr(solver, "tolerance", 0), tolerance("sum", dtype))


def matrix(solution):
    return solution.plan.dense().double()


@pytest.fixture(params=[(12, 7), (7, 12), (10, 10)], ids=str)
def problem(request, dtype):
    """Return a problem with weights, of both orientations."""
    n, m = request.param
    x, y = clouds(n, m, 3, dtype=dtype)
    return Problem(PointCloud(x, y), weights(n), weights(m, seed=1))


def same(solver, first, second, scale=1.0):
    """Compare two plans: equal to the tolerance of the solver (exact: to rounding)."""
    gap = (first - second).abs().sum() / second.sum()
    width = 1e-6 if isinstance(solver, Exact) else max(100 * solver.tolerance, 2e-4)
    assert float(gap) <= width * scale


@pytest.mark.parametrize("case", CASES)
def test_the_zoo_is_solved(solver, case, dtype):
    case = CASES[case](dtype)
    solution = solver.solve(case.problem)
    a, b = case.problem.a, case.problem.b
    plan, largest = matrix(solution), case.problem.geometry.max()
    assert solution.status is Status.CONVERGED
    assert float((plan.sum(1) - a).abs().sum()) <= limit(solver, dtype)
    assert float((plan.sum(0) - b).abs().sum()) <= limit(solver, dtype)
    assert bool((plan >= 0).all())
    # 0 <= <P, C> - least <= epsilon KL(P* | a b') <= epsilon log(number of points), and what
    # unmet marginals and rounding can be worth.
    slack = limit(solver, dtype) * largest
    widest = solution.epsilon * log(1 / float(min(a.min(), b.min())))
    assert -slack <= solution.cost - case.cost <= widest + slack
    if case.unique and isinstance(solver, Exact):
        torch.testing.assert_close(plan, case.plan, rtol=0, atol=tolerance("mass", dtype))


def test_the_certificate_is_that_of_the_plan_as_a_matrix(solver, problem, dtype, monkeypatch):
    monkeypatch.setitem(row_slices.__kwdefaults__, "elements", 30)
    solution = solver.solve(problem)
    plan = matrix(solution)
    source = float((plan.sum(1) - problem.a).abs().sum())
    target = float((plan.sum(0) - problem.b).abs().sum())
    rounding = tolerance("sum" if isinstance(solver, Exact) else "stated", dtype)
    assert solution.marginal_error.source == pytest.approx(source, abs=rounding)
    assert solution.marginal_error.target == pytest.approx(target, abs=rounding)
    n, _ = problem.geometry.shape
    cost = float((plan * problem.geometry.block(slice(0, n)).double()).sum())
    assert solution.cost == pytest.approx(cost, rel=10 * tolerance("cost", dtype))
    assert solution.problem is problem
    assert solution.converged


@pytest.mark.parametrize("total", [1.0, 8.0])
def test_the_objective_is_the_cost_and_its_entropic_term(solver, problem, dtype, total):
    problem = Problem(problem.geometry, problem.a * total, problem.b * total)
    solution = solver.solve(problem)
    plan, reference = matrix(solution), problem.a[:, None] * problem.b
    entropy = torch.where(plan > 0, plan * (plan / reference).log(), 0.0).sum()
    value = solution.cost + solution.epsilon * float(entropy)
    slack = limit(solver, dtype) * problem.geometry.max() * total
    assert solution.objective == pytest.approx(value, abs=slack)


def test_source_and_target_exchanged_transpose_the_plan(solver, problem):
    turned = Problem(problem.geometry.transpose(), problem.b, problem.a)
    same(solver, matrix(solver.solve(turned)).T, matrix(solver.solve(problem)))


def test_points_in_another_order_are_sent_alike(solver, problem):
    n, m = problem.geometry.shape
    rows = torch.randperm(n, generator=generator(1))
    columns = torch.randperm(m, generator=generator(2))
    shuffled = Problem(problem.geometry.select(rows, columns), problem.a[rows], problem.b[columns])
    plan = matrix(solver.solve(problem))
    same(solver, matrix(solver.solve(shuffled)), plan[rows][:, columns])


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e6, 1e12])
def test_points_in_another_unit_are_sent_alike(solver, problem, scale):
    cloud = problem.geometry
    scaled = Problem(PointCloud(cloud.x * scale, cloud.y * scale), problem.a, problem.b)
    first, second = solver.solve(problem), solver.solve(scaled)
    same(solver, matrix(second), matrix(first))
    assert second.objective == pytest.approx(first.objective * scale**2, rel=1e-3)
    assert second.cost == pytest.approx(first.cost * scale**2, rel=1e-3)


def test_both_clouds_moved_together_are_sent_alike(solver, problem):
    cloud = problem.geometry
    moved = Problem(PointCloud(cloud.x + 64, cloud.y + 64), problem.a, problem.b)
    same(solver, matrix(solver.solve(moved)), matrix(solver.solve(problem)))


@pytest.mark.parametrize("total", [1e-6, 1e-3, 5.0, 1e6])
def test_more_mass_is_sent_alike(solver, problem, total):
    heavy = Problem(problem.geometry, problem.a * total, problem.b * total)
    first, second = solver.solve(problem), solver.solve(heavy)
    same(solver, matrix(second) / total, matrix(first))
    assert float(matrix(second).sum()) == pytest.approx(total, rel=2e-4)
    assert max(second.marginal_error) <= limit(solver, problem.geometry.dtype)
    assert second.cost == pytest.approx(first.cost * total, rel=1e-3)


@pytest.mark.parametrize("zeros", [(3, 0), (0, 3), (2, 4), (6, 6)])
def test_points_without_weight_change_nothing(solver, problem, zeros):
    n, m = problem.geometry.shape
    a, b = weights(n, zeros=zeros[0]), weights(m, seed=1, zeros=zeros[1])
    rows, columns = a.nonzero()[:, 0], b.nonzero()[:, 0]
    plan = matrix(solver.solve(Problem(problem.geometry, a, b)))
    assert float(plan[a == 0].sum() + plan[:, b == 0].sum()) == 0
    some = Problem(problem.geometry.select(rows, columns), a[rows], b[columns])
    same(solver, plan[rows][:, columns], matrix(solver.solve(some)))


def test_a_point_given_twice_is_one_point_of_both_weights(solver, dtype):
    x, y = clouds(6, 8, 2, dtype=dtype)
    twice = Problem(PointCloud(torch.cat([x, x]), y), weights(6).repeat(2) / 2, weights(8, seed=1))
    once = Problem(PointCloud(x, y), weights(6), weights(8, seed=1))
    plan = matrix(solver.solve(twice))
    same(solver, plan[:6] + plan[6:], matrix(solver.solve(once)))


def test_the_same_problem_has_the_same_answer(solver, problem):
    first, second = solver.solve(problem), solver.solve(problem)
    assert torch.equal(first.plan.dense(), second.plan.dense())
    assert first.objective == second.objective
    assert first.history == second.history


def test_float64_stays_and_float32_stays_where_the_tolerance_allows(solver, dtype):
    x, y = clouds(6, 8, 2, dtype=dtype)
    tight = getattr(solver, "tolerance", 1) < 1e-5
    expected = torch.float64 if tight else dtype
    assert solver.solve(Problem(PointCloud(x, y))).plan.dtype == expected


def test_nothing_global_is_changed(solver, problem):
    def state():
        return (
            torch.is_grad_enabled(),
            torch.get_num_threads(),
            torch.get_default_dtype(),
            torch.get_float32_matmul_precision(),
            torch.get_rng_state().tolist(),
            np.random.get_state()[1].tolist(),  # noqa: NPY002 - the global state is what is watched
        )

    before = state()
    solver.solve(problem)
    assert state() == before


def test_points_and_weights_are_not_written_to(solver, dtype):
    x, y = clouds(6, 8, 2, dtype=dtype)
    a, b = weights(6), weights(8, seed=1)
    copies = [t.clone() for t in (x, y, a, b)]
    solver.solve(Problem(PointCloud(x, y), a, b))
    assert all(torch.equal(t, copy) for t, copy in zip((x, y, a, b), copies, strict=True))


def test_a_point_that_requires_a_gradient_gives_a_plan_that_does_not(solver, problem):
    cloud = problem.geometry
    solution = solver.solve(Problem(PointCloud(cloud.x.clone().requires_grad_(), cloud.y)))
    assert not solution.plan.dense().requires_grad


def test_progress_is_reported_in_order(solver, problem):
    seen = []
    solver.solve(problem, report=seen.append)
    assert len(seen) > 0
    assert len({progress.task for progress in seen}) == 1
    assert all(early.done < late.done for early, late in pairwise(seen))


def test_an_earlier_solution_is_taken_as_a_start(solver, problem):
    first = solver.solve(problem)
    again = solver.solve(problem, start=first)
    same(solver, matrix(again), matrix(first))
    assert again.converged


@pytest.mark.parametrize("side", ["tau_source", "tau_target"])
def test_a_relaxed_marginal_is_refused_by_the_exact_solver(problem, side):
    relaxed = Problem(problem.geometry, problem.a, problem.b, **{side: 1.0})
    with pytest.raises(InputError, match=r"'problem' must be balanced, got tau .*; leave .*\.$"):
        Exact().solve(relaxed)


def test_costs_that_overflow_are_refused(solver):
    x, y = clouds(6, 8, 2, dtype=torch.float32)
    with pytest.raises(InputError, match=r"must be of costs that the floating type can hold"):
        solver.solve(Problem(PointCloud(x * 1e25, y * 1e25)))


@given(n=st.integers(1, 8), m=st.integers(1, 8), d=st.integers(1, 3), seed=st.integers(0, 10**6))
@pytest.mark.parametrize("name", ["exact", "sinkhorn"])
def test_no_plan_costs_less_than_the_exact_one_and_mass_is_kept(name, n, m, d, seed):
    x, y = clouds(n, m, d, seed=seed)
    problem = Problem(PointCloud(x, y), weights(n, seed=seed), weights(m, seed=seed + 1))
    solution = SOLVERS[name].solve(problem)
    n, m = problem.geometry.shape
    cost = problem.geometry.block(slice(0, n)).numpy()
    least = ot.emd2(problem.a.numpy(), problem.b.numpy(), cost)
    source, target = solution.plan.marginals()
    error = limit(SOLVERS[name], torch.float64)
    assert float((source - problem.a).abs().sum()) <= error
    assert float((target - problem.b).abs().sum()) <= error
    assert solution.cost >= least - error * cost.max()
    if name == "exact":
        assert solution.cost == pytest.approx(least, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("shape", [(20, 33), (33, 20), (25, 25)])
@pytest.mark.parametrize("epsilon", [0.01, 0.05, 1.0])
def test_sinkhorn_agrees_with_pot(shape, epsilon):
    n, m = shape
    x, y = clouds(n, m, 3)
    a, b = weights(n), weights(m, seed=1)
    cost = ot.dist(x.numpy(), y.numpy())
    plan = ot.sinkhorn(
        a.numpy(),
        b.numpy(),
        cost,
        epsilon * cost.mean(),
        method="sinkhorn_log",
        numItermax=100_000,
        stopThr=1e-12,
    )
    solver = Sinkhorn(epsilon=epsilon * cost.mean(), epsilon_scale="absolute", tolerance=1e-11)
    solution = solver.solve(Problem(PointCloud(x, y), a, b))
    np.testing.assert_allclose(solution.plan.dense().numpy(), plan, rtol=0, atol=1e-9 / n)


@pytest.mark.parametrize("shape", [(20, 33), (33, 20), (25, 25)])
def test_the_exact_plan_agrees_with_pot(shape):
    n, m = shape
    x, y = clouds(n, m, 3)
    a, b = weights(n), weights(m, seed=1)
    plan = ot.emd(a.numpy(), b.numpy(), ot.dist(x.numpy(), y.numpy()))
    solution = Exact().solve(Problem(PointCloud(x, y), a, b))
    np.testing.assert_allclose(solution.plan.dense().numpy(), plan, rtol=0, atol=1e-12)
    assert len(solution.plan.mass) <= n + m - 1


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_the_exact_plan_of_equal_weights_is_the_best_assignment(scale):
    x, y = clouds(40, 40, 3)
    solution = Exact().solve(Problem(PointCloud(x * scale, y * scale)))
    row, column = linear_sum_assignment(ot.dist(x.numpy(), y.numpy()))
    plan = solution.plan
    assert plan.row.tolist() == row.tolist()
    assert plan.column.tolist() == column.tolist()
    assert plan.mass.tolist() == [pytest.approx(1 / 40)] * 40


@pytest.mark.parametrize("shift", [-3.0, 0.0])
def test_costs_below_zero_are_costs(shift):
    cost = torch.cdist(*clouds(8, 8, 2)) + shift
    row, column = linear_sum_assignment(cost.numpy())
    solution = Exact().solve(Problem(DenseCost(cost)))
    assert solution.plan.column.tolist() == column.tolist()
    assert solution.objective == pytest.approx(float(cost[row, column].mean()))


def test_an_exact_plan_that_gave_up_says_so():
    problem = Problem(PointCloud(*clouds(30, 30, 2)))
    with pytest.raises(ConvergenceError, match=r"^Exact: .*raise max_iterations") as caught:
        Exact(max_iterations=2).solve(problem)
    solution = Exact(max_iterations=2).solve(problem, throw=False)
    assert solution.status is caught.value.solution.status is Status.MAX_PIVOTS
    assert not solution.converged


@pytest.mark.parametrize("number", [0, -1, 1.5, "many", None, True])
def test_a_number_of_pivots_is_a_positive_whole_number(number):
    with pytest.raises(InputError, match=r"^Exact: 'max_iterations' must be a positive whole"):
        Exact(max_iterations=number)


def test_an_exact_plan_that_will_take_long_warns_beforehand(monkeypatch):
    monkeypatch.setattr(exact, "_LARGE", 63)
    with pytest.warns(LargeProblemWarning, match=r"^Exact: 8 x 8 points take about 1 minutes"):
        Exact().solve(Problem(PointCloud(*clouds(8, 8, 2))))
