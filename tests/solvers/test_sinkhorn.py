"""Sinkhorn where it is hard: tiny epsilons, odd clouds, a solve cut short and taken up again."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from monge import PointCloud, Problem, Sinkhorn
from monge.errors import Cancelled, ConvergenceError, InputError
from monge.geometry import DenseCost
from monge.numerics import row_slices
from monge.solvers import MarginalError, Status, semidual, sinkhorn
from tolerances import tolerance
from zoo import clouds, weights

DTYPES = (torch.float32, torch.float64)


def random(dtype):
    return clouds(20, 14, 3, dtype=dtype)


def wide(dtype):
    return clouds(9, 25, 3, dtype=dtype)


def duplicated(dtype):
    x, y = clouds(3, 2, 2, dtype=dtype)
    return x.repeat(5, 1), y.repeat(7, 1)


def outlying_source(dtype):
    x, y = clouds(15, 12, 2, dtype=dtype)
    x[0] = 1e6
    return x, y


def outlying_target(dtype):
    x, y = clouds(15, 12, 2, dtype=dtype)
    y[3] = -1e6
    return x, y


def identical(dtype):
    x, _ = clouds(15, 1, 2, dtype=dtype)
    return x, x.clone()


def constant(dtype):
    return torch.full((6, 2), 0.1, dtype=dtype), torch.full((4, 2), 0.1, dtype=dtype)


def single(dtype):
    return clouds(1, 1, 2, dtype=dtype)


def one_to_many(dtype):
    return clouds(1, 9, 2, dtype=dtype)


def apart(dtype):
    return clouds(12, 15, 2, dtype=dtype, shift=1e3)


CLOUDS = (
    random,
    wide,
    duplicated,
    outlying_source,
    outlying_target,
    identical,
    constant,
    single,
    one_to_many,
    apart,
)


def check_stated(solution, problem):
    """Hold a solution to its word: finite, and with the marginals that it states."""
    plan = solution.plan.dense().double()
    assert bool(torch.isfinite(plan).all())
    assert bool(torch.isfinite(solution.plan.f).all() and torch.isfinite(solution.plan.g).all())
    total = float(problem.a.sum())
    source = float((plan.sum(1) - problem.a).abs().sum()) / total
    target = float((plan.sum(0) - problem.b).abs().sum()) / total
    slack = tolerance("stated", solution.plan.dtype)
    assert solution.marginal_error.source == pytest.approx(source, abs=slack)
    assert solution.marginal_error.target == pytest.approx(target, abs=slack)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(
    ("scale", "epsilon"),
    [("mean", e) for e in (1e-6, 1e-4, 1e-2, 1.0, 1e3)]
    + [("max", e) for e in (1e-4, 1e-2, 1.0, 10.0)],
)
@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_epsilon_ends_in_a_finite_plan_that_is_converged_or_says_why(
    cloud, scale, epsilon, dtype
):
    problem = Problem(PointCloud(*cloud(dtype)))
    solver = Sinkhorn(epsilon=epsilon, epsilon_scale=scale, max_sweeps=400)
    solution = solver.solve(problem, throw=False)
    check_stated(solution, problem)
    if solution.converged:
        assert max(solution.marginal_error) <= 2 * solver.tolerance
    else:
        assert epsilon <= 1e-2
        assert solution.status in (Status.MAX_SWEEPS, Status.STALLED)
    assert solution.sweeps == len(solution.history)


@pytest.mark.parametrize("seed", range(120, 240))
def test_a_plateau_of_the_dual_does_not_throw_the_acceleration_off(seed):
    """Few points on a line: columns that lie between two rows hardly change the residual."""
    n, m = 2 + seed % 5, 2 + seed % 3
    problem = Problem(
        PointCloud(*clouds(n, m, 1, seed=seed)), weights(n, seed=seed), weights(m, seed=seed + 1)
    )
    assert Sinkhorn(epsilon=0.05).solve(problem).converged


@pytest.mark.parametrize("cloud", CLOUDS)
def test_float64_reaches_1e_9(cloud):
    problem = Problem(PointCloud(*cloud(torch.float32)))
    solution = Sinkhorn(epsilon=0.05, tolerance=1e-9).solve(problem)
    assert max(solution.marginal_error) <= 2e-9
    assert solution.plan.dtype == torch.float64
    check_stated(solution, problem)


def test_costs_of_zero_give_the_independent_plan():
    a, b = weights(6), weights(4, seed=1)
    for geometry in (PointCloud(*constant(torch.float32)), DenseCost(np.zeros((6, 4)))):
        solution = Sinkhorn().solve(Problem(geometry, a, b))
        limit = tolerance("mass", geometry.dtype)
        torch.testing.assert_close(
            solution.plan.dense().double(), a[:, None] * b, rtol=0, atol=limit
        )


def test_a_large_epsilon_gives_the_independent_plan_and_a_small_one_the_exact():
    x, _ = clouds(10, 1, 2)
    problem = Problem(PointCloud(x, x + 1))
    blurred = Sinkhorn(epsilon=1e6, tolerance=1e-12).solve(problem).plan.dense()
    torch.testing.assert_close(blurred, torch.full_like(blurred, 0.01), rtol=1e-5, atol=0)
    sharp = Sinkhorn(epsilon=1e-5).solve(problem).plan.dense()
    torch.testing.assert_close(sharp, torch.eye(10).double() / 10, rtol=0, atol=1e-4)


@pytest.mark.parametrize("shape", [(30, 21), (21, 30)], ids=str)
@pytest.mark.parametrize("cost", ["sqeuclidean", "euclidean", "cosine"])
@pytest.mark.parametrize("epsilon", [0.005, 0.1])
def test_streamed_and_stored_agree(shape, cost, epsilon, monkeypatch):
    problem = Problem(PointCloud(*clouds(*shape, 3), cost), weights(shape[0]), weights(shape[1]))
    stored = Sinkhorn(epsilon=epsilon, tolerance=1e-10).solve(problem)
    monkeypatch.setitem(row_slices.__kwdefaults__, "elements", 100)
    streamed = Sinkhorn(epsilon=epsilon, tolerance=1e-10, memory="1 KB").solve(problem)
    assert (stored.operator, streamed.operator) == ("stored", "stream")
    torch.testing.assert_close(stored.plan.dense(), streamed.plan.dense(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("shape", [(30, 21), (21, 30)], ids=str)
def test_the_potential_lives_on_the_smaller_side_and_the_larger_one_is_met_exactly(shape):
    problem = Problem(PointCloud(*clouds(*shape, 3)), weights(shape[0]), weights(shape[1]))
    source, target = Sinkhorn().solve(problem).marginal_error
    larger, smaller = (source, target) if shape[0] > shape[1] else (target, source)
    assert larger < 1e-14
    assert 1e-14 < smaller < 1e-4


def test_the_kernel_is_stored_up_to_the_budget_and_not_above():
    problem = Problem(PointCloud(*clouds(30, 21, 3)))
    need = 30 * 21 * 8
    assert Sinkhorn(memory=need).solve(problem).operator == "stored"
    assert Sinkhorn(memory=need - 1).solve(problem).operator == "stream"


def test_rows_that_warm_a_solve_up_do_not_change_its_answer(monkeypatch):
    x, y = clouds(200, 20, 3)
    problem = Problem(PointCloud(x, y), weights(200), weights(20, seed=1))
    cold = Sinkhorn(tolerance=1e-10).solve(problem)
    monkeypatch.setattr(semidual, "_SUBSAMPLE_ROWS", 12)
    warm = Sinkhorn(tolerance=1e-10).solve(problem)
    # Each of its stages (12 and 50 rows of 200) reaches its own tolerance, far from 60 sweeps.
    assert len(cold.history) < len(warm.history) < len(cold.history) + 30
    torch.testing.assert_close(warm.plan.dense(), cold.plan.dense(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("shape", [(40, 25), (25, 40)], ids=str)
@pytest.mark.parametrize("total", [1.0, 3.0])
def test_a_cancelled_solve_returns_what_it_has_and_is_taken_up_from_there(shape, total):
    n, m = shape
    problem = Problem(
        PointCloud(*clouds(n, m, 3)),
        weights(n, total=total, zeros=2),
        weights(m, seed=1, total=total, zeros=1),
    )
    solver = Sinkhorn(epsilon=0.02, tolerance=1e-9)
    whole = solver.solve(problem)
    for stop in range(1, len(whole.history) + 1):

        def until(progress, stop=stop):
            if progress.done >= stop:
                raise Cancelled

        cut = solver.solve(problem, throw=False, report=until)
        assert cut.status is Status.CANCELLED
        assert not cut.converged
        assert len(cut.history) == stop
        assert min(cut.marginal_error) < 1e-12  # the potential of one side is solved for
        check_stated(cut, problem)
    resumed = solver.solve(problem, start=cut)
    assert resumed.converged
    assert resumed.sweeps < whole.sweeps
    gap = (resumed.plan.dense() - whole.plan.dense()).abs().max()
    assert float(gap) <= 1e-8 * total


def test_a_cancelled_solve_raises_where_it_may_and_carries_its_plan():
    problem = Problem(PointCloud(*clouds(10, 10, 2)))

    def at_once(progress):
        raise Cancelled

    with pytest.raises(ConvergenceError, match=r"cancelled by the caller: pass start") as caught:
        Sinkhorn().solve(problem, report=at_once)
    assert caught.value.solution.status is Status.CANCELLED


def test_another_error_of_the_callback_is_not_swallowed():
    def fails(progress):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Sinkhorn().solve(Problem(PointCloud(*clouds(5, 5, 2))), report=fails)


def test_too_few_sweeps_raise_with_the_plan_so_far_or_state_it():
    problem = Problem(PointCloud(*clouds(30, 30, 2)))
    solver = Sinkhorn(epsilon=0.02, tolerance=1e-9, max_sweeps=2)
    with pytest.raises(
        ConvergenceError, match=r"^Sinkhorn: not converged within the sweeps"
    ) as caught:
        solver.solve(problem)
    carried, stated = caught.value.solution, solver.solve(problem, throw=False)
    assert carried.status is stated.status is Status.MAX_SWEEPS
    check_stated(stated, problem)
    assert torch.equal(carried.plan.dense(), stated.plan.dense())
    patient = Sinkhorn(epsilon=0.02, tolerance=1e-9)
    resumed, whole = patient.solve(problem, start=carried), patient.solve(problem)
    torch.testing.assert_close(resumed.plan.dense(), whole.plan.dense(), rtol=0, atol=1e-8)


def test_more_than_the_type_can_give_is_stated_as_stalled(monkeypatch):
    monkeypatch.setattr("monge.solvers.support._FLOAT32_TOLERANCE", 1e-300)
    monkeypatch.setattr("monge.solvers.support._FLOAT32_SCORE", 1e-300)
    problem = Problem(PointCloud(*random(torch.float32)))
    solution = Sinkhorn(epsilon=0.05, tolerance=1e-300).solve(problem, throw=False)
    assert solution.status is Status.STALLED
    assert 0 < max(solution.marginal_error) < 1e-5
    check_stated(solution, problem)


@pytest.mark.parametrize("shape", [(40, 30), (30, 40)], ids=str)
def test_a_start_is_for_another_epsilon_too(shape):
    """The potential is in units of the cost: the first sweep is that of g at the new epsilon."""
    problem = Problem(PointCloud(*clouds(*shape, 3)))
    near = Sinkhorn(epsilon=0.1, tolerance=1e-8).solve(problem)
    solver = Sinkhorn(epsilon=0.05, tolerance=1e-8)
    went_on = solver.solve(problem, start=near)
    n, m = shape
    scores = -problem.geometry.block(slice(0, n)) / went_on.epsilon
    if n >= m:
        share = torch.softmax(scores + near.plan.g / went_on.epsilon, 1)
    else:
        share = torch.softmax(scores.T + near.plan.f / went_on.epsilon, 1)
    first = float((share.mean(0) - 1 / min(shape)).abs().sum())
    assert went_on.history[0] == pytest.approx(first, rel=1e-9)


def test_a_start_of_another_shape_is_refused():
    solver = Sinkhorn()
    other = solver.solve(Problem(PointCloud(*clouds(5, 6, 2))))
    with pytest.raises(InputError, match=r"^Sinkhorn: 'start' must be an entropic solution of sh"):
        solver.solve(Problem(PointCloud(*clouds(5, 7, 2))), start=other)


def test_points_without_weight_have_a_potential_that_continues_the_plan():
    """A weight of almost nothing is sent where a weight of nothing would have been."""
    x, y = clouds(12, 9, 2)
    solver = Sinkhorn(epsilon=0.1, tolerance=1e-12)
    a, b = weights(12, zeros=1), weights(9, seed=1, zeros=1)
    none = solver.solve(Problem(PointCloud(x, y), a, b)).plan
    a[0], b[0] = 1e-9, 1e-9
    little = solver.solve(Problem(PointCloud(x, y), a, b)).plan
    torch.testing.assert_close(none.f + none.g[1], little.f + little.g[1], rtol=0, atol=1e-6)
    torch.testing.assert_close(none.g + none.f[1], little.g + little.f[1], rtol=0, atol=1e-6)


@pytest.mark.parametrize("epsilon", [1e-3, 0.1, 50.0])
@pytest.mark.parametrize("scale", ["mean", "max", "absolute"])
def test_epsilon_is_relative_to_what_was_asked(epsilon, scale):
    x, y = clouds(12, 9, 2)
    cost = torch.cdist(x, y) ** 2
    unit = {"mean": float(cost.mean()), "max": float(cost.max()), "absolute": 1.0}[scale]
    solver = Sinkhorn(epsilon=epsilon, epsilon_scale=scale, max_sweeps=3)
    solution = solver.solve(Problem(PointCloud(x, y)), throw=False)
    assert solution.epsilon == solution.plan.epsilon == pytest.approx(epsilon * unit)


@pytest.mark.parametrize(
    ("option", "value"),
    [(name, v) for name in ("epsilon", "tolerance") for v in (0, -1, float("nan"), float("inf"))]
    + [(name, v) for name in ("epsilon", "tolerance") for v in ("0.1", None, True, 1j)]
    + [("max_sweeps", v) for v in (0, -3, 1.5, "many", None, True)]
    + [("epsilon_scale", v) for v in ("median", None, 3)]
    + [("memory", v) for v in (0, "", "lots", None, -5)],
)
def test_an_option_out_of_range_is_refused_in_one_sentence(option, value):
    with pytest.raises(InputError, match=f"^Sinkhorn: '{option}' must be [^\n]*; [^\n]*\\.$"):
        Sinkhorn(**{option: value})


def test_options_may_be_numpy_numbers_and_cannot_be_changed():
    options = {
        "epsilon": np.float32(0.1),
        "tolerance": np.float64(1e-3),
        "max_sweeps": np.int64(99),
    }
    solver = Sinkhorn(**options)
    assert solver.solve(Problem(PointCloud(*clouds(5, 5, 2)))).converged
    with pytest.raises(AttributeError):
        solver.epsilon = 1
    with pytest.raises(TypeError):
        Sinkhorn(0.1)


@pytest.mark.parametrize("epsilon", [1e-320, 1e-295, 1e300])
def test_an_epsilon_that_a_cost_cannot_be_divided_by_is_refused(epsilon):
    problem = Problem(PointCloud(*(c * 10 for c in clouds(5, 5, 2))))
    with pytest.raises(InputError, match=r"^Sinkhorn: 'epsilon' must be between"):
        Sinkhorn(epsilon=epsilon, epsilon_scale="absolute").solve(problem)


@pytest.mark.parametrize("scale", ["mean", "max", "absolute"])
@pytest.mark.parametrize("size", [1e-25, 1e25])
def test_costs_that_float32_cannot_hold_are_refused_and_float64_takes_them(size, scale):
    x, y = (c * size for c in clouds(8, 5, 2))
    epsilon = 0.1 * size**2 if scale == "absolute" else 0.1
    solver = Sinkhorn(epsilon=epsilon, epsilon_scale=scale)
    assert solver.solve(Problem(PointCloud(x, y))).converged
    with pytest.raises(InputError, match=r"^Sinkhorn: 'problem' must be of costs that the float"):
        solver.solve(Problem(PointCloud(x.float(), y.float())))


def test_the_last_word_is_the_certificates(monkeypatch):
    problem = Problem(PointCloud(*clouds(20, 15, 2)))
    true = sinkhorn.certify

    def doubtful(*arguments):
        return replace(true(*arguments), marginal_error=MarginalError(0.0, 1.1e-4))

    monkeypatch.setattr("monge.solvers.sinkhorn.certify", doubtful)
    assert Sinkhorn(tolerance=1e-4).solve(problem, throw=False).status is Status.STALLED
    assert Sinkhorn(tolerance=1.2e-4).solve(problem).status is Status.CONVERGED
