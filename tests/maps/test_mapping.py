"""Plan and map found together: the joint optimum, its gap, POT's answers, what is refused."""

import ot
import pytest
import torch

from monge import Exact, PointCloud, Problem
from monge.errors import Cancelled, ConvergenceError, InputError, MemoryBudgetError
from monge.errors import UnsupportedCostError as WrongCost
from monge.geometry import DenseCost
from monge.maps import Kernel, MappingEstimation, Ridge
from monge.maps.mapping import _Terms
from monge.solvers import Status
from zoo import clouds, generator, solution_of, weights

REGRESSIONS = {"ridge": Ridge(), "kernel": Kernel()}


@pytest.fixture(params=REGRESSIONS)
def regression(request):
    return REGRESSIONS[request.param]


@pytest.fixture(scope="module")
def problem():
    """Return a problem whose cheapest plan no affine map follows, with weights."""
    x, y = clouds(15, 12, 2)
    return Problem(PointCloud(x, y), weights(15), weights(12, seed=1))


def objective(options, problem, plan):
    """Return the objective of a plan at its best map, and that map's fit."""
    made = _Terms.of(options, problem)
    value, fit = made.value(plan)
    return value + made.shift, fit


def couplings(problem, count=20):
    """Draw plans with the marginals of a problem: exact ones of random costs, mixed."""
    draw = generator(8)
    for _ in range(count):
        costs = torch.rand(2, *problem.geometry.shape, generator=draw, dtype=torch.float64)
        plans = [
            Exact().solve(Problem(DenseCost(c), problem.a, problem.b)).plan.dense() for c in costs
        ]
        share = float(torch.rand(1, generator=draw))
        yield share * plans[0] + (1 - share) * plans[1]


def test_the_gradient_is_that_of_the_value(regression, problem):
    options = MappingEstimation(regression=regression, mu=0.7)
    made, draw = _Terms.of(options, problem), generator(3)
    plan = torch.rand(15, 12, generator=draw, dtype=torch.float64)
    value, fit = made.value(plan)
    gradient = made.gradient(plan, fit)
    for _ in range(5):
        way = torch.randn(15, 12, generator=draw, dtype=torch.float64)
        slope = (made.value(plan + 1e-5 * way)[0] - made.value(plan - 1e-5 * way)[0]) / 2e-5
        assert float((gradient * way).sum()) == pytest.approx(slope, rel=1e-6)
    assert made.value(plan)[0] == value


def test_the_objective_is_its_formula(regression, problem):
    options = MappingEstimation(regression=regression, mu=0.7)
    solution = options.solve(problem)
    cloud, plan = problem.geometry, solution.plan.dense()
    moved = regression.fit(solution)
    images = plan @ cloud.y / plan.sum(1)[:, None]
    value = problem.a @ (moved(cloud.x) - images).square().sum(1) + 0.7 * solution.cost
    value += regression.prepare(cloud.x, problem.a).fit(images).penalty
    assert solution.objective == pytest.approx(float(value), rel=1e-9)


def test_the_gap_is_an_upper_bound_on_what_any_plan_could_gain(regression, problem):
    options = MappingEstimation(regression=regression)
    solution = options.solve(problem)
    best = MappingEstimation(regression=regression, tolerance=1e-4, rounds=5000).solve(problem)
    assert 0 <= solution.dual_gap <= 5e-3 * solution.objective
    assert solution.objective - solution.dual_gap <= best.objective <= solution.objective
    for plan in couplings(problem):
        assert solution.objective - solution.dual_gap <= objective(options, problem, plan)[0]


@pytest.mark.parametrize("regression", [Ridge(), Kernel(eta=0.3)])
def test_it_is_better_than_a_map_fitted_on_the_cheapest_plan(regression, problem):
    options = MappingEstimation(regression=regression)
    cheapest = Exact().solve(problem)
    before, _ = objective(options, problem, cheapest.plan.dense())
    after = options.solve(problem)
    assert after.objective < 0.99 * before
    assert after.cost > cheapest.cost


def test_the_marginals_are_held(regression, problem):
    solution = MappingEstimation(regression=regression).solve(problem)
    plan = solution.plan.dense()
    torch.testing.assert_close(plan.sum(1), problem.a)
    torch.testing.assert_close(plan.sum(0), problem.b)
    assert bool((plan >= 0).all())
    assert max(solution.marginal_error) < 1e-9


@pytest.mark.filterwarnings("ignore")
def test_the_optimum_of_the_affine_case_is_that_of_pot():
    """POT's penalty is ``eta / n |L - I|^2`` where ours is ``eta s |L - I|^2``."""
    x, y = clouds(20, 20, 2)
    problem = Problem(PointCloud(x, y))
    variance = float(x.var(0, correction=0).mean())
    options = MappingEstimation(regression=Ridge(eta=0.05), mu=0.5, tolerance=1e-3, rounds=5000)
    solution = options.solve(problem)
    plan, mapping = ot.mapping.joint_OT_mapping_linear(
        x.numpy(),
        y.numpy(),
        mu=0.5,
        eta=0.05 * variance * 20,
        bias=True,
        numItermax=2000,
        numInnerItermax=100,
        stopThr=1e-12,
        stopInnerThr=1e-12,
    )
    value, fit = objective(options, problem, torch.as_tensor(plan))
    torch.testing.assert_close(
        fit.values, x @ torch.as_tensor(mapping[:-1]) + torch.as_tensor(mapping[-1])
    )
    assert solution.objective - solution.dual_gap <= value <= solution.objective * 1.01


@pytest.mark.filterwarnings("ignore")
def test_the_optimum_of_the_kernel_case_is_that_of_pot():
    """POT regularises the offset as well, by so little here that it does not matter."""
    x, y = clouds(20, 20, 2)
    problem = Problem(PointCloud(x, y))
    kernel = Kernel(eta=1e-4, bandwidth=0.8)
    options = MappingEstimation(regression=kernel, tolerance=1e-4, rounds=5000)
    solution = options.solve(problem)
    plan, mapping = ot.mapping.joint_OT_mapping_kernel(
        x.numpy(),
        y.numpy(),
        mu=1.0,
        eta=1e-4 * 20,
        bias=True,
        kerneltype="gaussian",
        sigma=0.8,
        numItermax=2000,
        numInnerItermax=100,
        stopThr=1e-12,
        stopInnerThr=1e-12,
    )
    value, fit = objective(options, problem, torch.as_tensor(plan))
    bumps = torch.exp(-torch.cdist(x, x).square() / (2 * 0.8**2))
    theirs = bumps @ torch.as_tensor(mapping[:-1]) + torch.as_tensor(mapping[-1])
    torch.testing.assert_close(fit.values, theirs, atol=5e-3, rtol=0)
    assert solution.objective - solution.dual_gap <= value <= solution.objective * 1.01


def test_a_shift_is_found_at_once():
    x, _ = clouds(20, 1, 3)
    problem = Problem(PointCloud(x, x + 4))
    solution = MappingEstimation().solve(problem)
    assert solution.sweeps == 1
    fed = clouds(9, 1, 3, seed=2)[0]
    torch.testing.assert_close(MappingEstimation().fit(problem)(fed), fed + 4)


def test_a_cloud_onto_itself_converges_though_its_objective_is_zero():
    x, _ = clouds(20, 1, 3)
    solution = MappingEstimation().solve(Problem(PointCloud(x, x.flip(0))))
    assert solution.converged
    assert solution.objective == pytest.approx(0, abs=1e-12)


def test_the_map_is_what_its_regression_makes_of_the_plan(regression, problem):
    options = MappingEstimation(regression=regression)
    fed = clouds(9, 1, 2, seed=2)[0]
    truth = options.follower.fit(options.solve(problem))(fed)
    assert torch.equal(options.fit(problem)(fed), truth)


def test_more_mass_is_sent_alike(problem):
    heavy = Problem(problem.geometry, 7 * problem.a, 7 * problem.b)
    first, second = (MappingEstimation().solve(p) for p in (problem, heavy))
    torch.testing.assert_close(second.plan.dense(), 7 * first.plan.dense())
    assert second.objective == pytest.approx(7 * first.objective)
    assert second.dual_gap == pytest.approx(7 * first.dual_gap)


def test_rows_without_mass_take_no_part(regression):
    x, y = clouds(8, 6, 2)
    with_idle = Problem(PointCloud(x, y), weights(8, zeros=3))
    without = Problem(PointCloud(x[3:], y), with_idle.a[3:])
    options = MappingEstimation(regression=regression)
    first, second = options.solve(with_idle), options.solve(without)
    assert first.objective == pytest.approx(second.objective, rel=1e-2)
    assert bool((first.plan.dense()[:3] == 0).all())
    assert bool(torch.isfinite(options.fit(with_idle)(x)).all())


def test_it_goes_on_from_a_plan(problem):
    done = MappingEstimation().solve(problem)
    again = MappingEstimation().solve(problem, start=done)
    assert again.sweeps == 1
    far = solution_of(problem, problem.a[:, None] * problem.b)
    other = MappingEstimation().solve(problem, start=far)
    assert other.objective == pytest.approx(done.objective, rel=1e-2)


def test_a_gap_that_was_not_reached_is_an_error_and_a_status(problem):
    hasty = MappingEstimation(rounds=1, tolerance=1e-9)
    with pytest.raises(ConvergenceError, match=r"^MappingEstimation: not converged") as caught:
        hasty.solve(problem)
    assert caught.value.solution.status is Status.MAX_SWEEPS
    with pytest.raises(ConvergenceError):
        hasty.fit(problem)
    rough = hasty.solve(problem, throw=False)
    value, _ = objective(hasty, problem, rough.plan.dense())
    assert rough.objective == pytest.approx(value)


def test_progress_is_told_and_may_cancel(problem):
    seen = []
    solution = MappingEstimation().solve(problem, report=seen.append)
    assert [p.done for p in seen] == list(range(1, solution.sweeps + 1))

    def stop(_):
        raise Cancelled

    with pytest.raises(Cancelled):
        MappingEstimation().solve(problem, report=stop)


def test_what_it_cannot_solve_is_refused(problem):
    x, y = clouds(6, 6, 2)
    with pytest.raises(WrongCost, match=r"^MappingEstimation: 'cost' must be 'sqeuclidean'"):
        MappingEstimation().solve(Problem(PointCloud(x, y, "cosine")))
    with pytest.raises(InputError, match=r"'problem' must be balanced"):
        MappingEstimation().solve(Problem(PointCloud(x, y), mass=0.5))
    with pytest.raises(InputError, match=r"'problem' must be stated on points"):
        MappingEstimation().solve(Problem(DenseCost(torch.ones(3, 3))))
    with pytest.raises(MemoryBudgetError, match=r"^MappingEstimation: 'memory' must be at least"):
        MappingEstimation(memory=1000).solve(problem)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("regression", "ridge"),
        ("mu", 0),
        ("mu", float("nan")),
        ("rounds", 0),
        ("tolerance", 0),
    ],
)
def test_options_out_of_range_are_refused(name, value):
    with pytest.raises(InputError, match=rf"^MappingEstimation: '{name}' must be .*\.$"):
        MappingEstimation(**{name: value})
