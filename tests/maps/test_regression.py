"""Maps fitted by least squares: scikit-learn's answers, the normal equations, what is refused."""

import pytest
import torch
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge as SklearnRidge

from monge import Exact, PointCloud, Problem, Sinkhorn
from monge.errors import InputError, MemoryBudgetError, UnsupportedCostError
from monge.maps import Kernel, Ridge
from zoo import CASES, clouds, generator, solution_of, weights

OPTIONS = {"ridge": Ridge(eta=0.1), "kernel": Kernel(eta=0.01)}


@pytest.fixture(params=OPTIONS)
def option(request):
    return OPTIONS[request.param]


@pytest.fixture
def given():
    """Return rows, weights and images, (9, 3), (9,), (9, 3)."""
    x, y = clouds(9, 9, 3)
    return x, weights(9), y * torch.tensor([3.0, 1.0, 2.0]) - 4


def test_ridge_is_that_of_scikit_learn_on_displacements(given):
    x, w, images = given
    variance = float(((x - w @ x).square().T @ w).mean())
    truth = SklearnRidge(alpha=0.1 * variance, solver="cholesky")
    truth.fit(x.numpy(), (images - x).numpy(), sample_weight=w.numpy())
    fit = Ridge(eta=0.1).prepare(x, w).fit(images)
    fed = clouds(20, 1, 3, seed=5)[0]
    expected = torch.as_tensor(truth.predict(fed.numpy())) + fed
    torch.testing.assert_close(fit.map(fed), expected)
    assert fit.penalty == pytest.approx(0.1 * variance * float((truth.coef_**2).sum()))


def test_kernel_is_that_of_scikit_learn_once_its_offset_is_known(given):
    x, w, images = given
    fit = Kernel(eta=0.01, bandwidth=1.5).prepare(x, w).fit(images)
    truth = KernelRidge(alpha=0.01, kernel="rbf", gamma=1 / (2 * 1.5**2))
    truth.fit(x.numpy(), (images - fit.map.offset).numpy(), sample_weight=w.numpy())
    fed = clouds(20, 1, 3, seed=5)[0]
    expected = torch.as_tensor(truth.predict(fed.numpy())) + fit.map.offset
    torch.testing.assert_close(fit.map(fed), expected)


def test_no_other_offset_fits_the_kernel_map_better(given):
    """Its derivative: the weighted residuals add up to nothing."""
    x, w, images = given
    fit = Kernel(eta=0.01).prepare(x, w).fit(images)
    torch.testing.assert_close(w @ (images - fit.values), torch.zeros(3).double())
    shifted = Kernel(eta=0.01).prepare(x, w).fit(images + 100)
    torch.testing.assert_close(shifted.map(x), fit.map(x) + 100)


def test_the_bandwidth_is_the_spread_of_the_source(given):
    x, w, images = given
    spread = float(w @ torch.cdist(x, x).square() @ w) ** 0.5
    fit = Kernel().prepare(x, w).fit(images)
    assert fit.map.bandwidth == pytest.approx(spread)
    bumps = torch.exp(-torch.cdist(x, x).square() / (2 * spread**2))
    torch.testing.assert_close(fit.values, bumps @ fit.map.coefficients + fit.map.offset)
    norm = float((fit.map.coefficients.T @ bumps @ fit.map.coefficients).trace())
    assert fit.penalty == pytest.approx(1e-3 * norm)


def test_the_values_are_those_of_the_map(option, given):
    x, w, images = given
    fit = option.prepare(x, w).fit(images)
    torch.testing.assert_close(fit.map(x), fit.values)


def test_weak_regularisation_goes_through_the_images(given):
    x, w, images = given
    fit = Kernel(eta=1e-12).prepare(x, w).fit(images)
    torch.testing.assert_close(fit.values, images, atol=1e-6, rtol=0)


@pytest.mark.parametrize("solver", [Exact(), Sinkhorn(epsilon=0.05)])
def test_it_follows_the_barycentres_of_a_plan_weighted_by_its_rows(option, solver):
    x, y = clouds(12, 9, 3)
    solution = solver.solve(Problem(PointCloud(x, y), weights(12, zeros=2), weights(9, seed=1)))
    plan = solution.plan.dense()[2:]
    mass = plan.sum(1)
    truth = option.prepare(x[2:], mass / mass.sum()).fit(plan @ y / mass[:, None]).map
    fed = clouds(20, 1, 3, seed=5)[0]
    torch.testing.assert_close(option.fit(solution)(fed), truth(fed))


def test_an_affine_map_is_found_by_ridge():
    case = CASES["gradient"](torch.float64)
    cloud = case.problem.geometry
    moved = Ridge(eta=1e-10).fit(Exact().solve(case.problem))
    torch.testing.assert_close(moved(cloud.x), cloud.y, atol=1e-6, rtol=0)
    middle = (cloud.x[:5] + cloud.x[5:]) / 2
    torch.testing.assert_close(moved(middle), (cloud.y[:5] + cloud.y[5:]) / 2, atol=1e-6, rtol=0)


def test_ridge_leaves_a_flat_direction_alone():
    x, y = clouds(12, 12, 3)
    x[:, 2] = 7.0
    moved = Ridge().fit(Exact().solve(Problem(PointCloud(x, y))))
    up = torch.tensor([0.0, 0.0, 5.0], dtype=torch.float64)
    step = moved(x + up) - moved(x)
    torch.testing.assert_close(step, up.expand_as(step))


@pytest.mark.parametrize("rows", [1, 4])
def test_a_source_of_one_place_goes_to_the_mean(option, rows):
    x, y = torch.full((rows, 2), 3.0, dtype=torch.float64), clouds(5, 1, 2)[0]
    moved = option.fit(Exact().solve(Problem(PointCloud(x, y))))
    torch.testing.assert_close(moved(x), y.mean(0).expand_as(x))


@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_points_in_another_unit_go_alike(option, scale):
    x, y = clouds(12, 9, 3)
    small, large = (
        option.fit(Exact().solve(Problem(PointCloud(k * x, k * y)))) for k in (1.0, scale)
    )
    fed = clouds(20, 1, 3, seed=5)[0]
    torch.testing.assert_close(large(fed * scale), small(fed) * scale)


def test_far_from_the_anchors_the_kernel_map_is_its_offset():
    x, y = clouds(12, 9, 3)
    moved = Kernel().fit(Exact().solve(Problem(PointCloud(x, y))))
    far = torch.full((1, 3), 1e6, dtype=torch.float64)
    torch.testing.assert_close(moved(far)[0], moved.offset)


def test_another_cost_is_refused(option):
    x, y = clouds(6, 6, 2)
    solution = solution_of(Problem(PointCloud(x, y, "euclidean")), torch.eye(6) / 6)
    name = type(option).__name__
    with pytest.raises(UnsupportedCostError, match=rf"^{name}: 'cost' must be 'sqeuclidean'"):
        option.fit(solution)


def test_a_kernel_that_does_not_fit_the_memory_is_refused():
    x, y = clouds(100, 5, 2)
    solution = Exact().solve(Problem(PointCloud(x, y)))
    with pytest.raises(MemoryBudgetError, match=r"^Kernel: 'memory' must be at least 234 KiB"):
        Kernel(memory="100 KiB").fit(solution)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        *((kind, "eta", value) for kind in (Ridge, Kernel) for value in (0, -1, float("nan"))),
        *((Kernel, "bandwidth", value) for value in (0, -1, float("inf"))),
        (Kernel, "memory", "much"),
    ],
)
def test_options_out_of_range_are_refused(kind, name, value):
    with pytest.raises(InputError, match=rf"^{kind.__name__}: '{name}' must be .*\.$"):
        kind(**{name: value})


def test_bumps_far_from_the_origin_keep_their_digits():
    x, y = clouds(12, 9, 3)
    near, far = (
        Kernel().fit(Exact().solve(Problem(PointCloud(x + k, y + k)))) for k in (0.0, 2.0**20)
    )
    fed = torch.randn(5, 3, generator=generator(2), dtype=torch.float64)
    torch.testing.assert_close(far(fed + 2.0**20) - 2.0**20, near(fed), rtol=0, atol=1e-6)
