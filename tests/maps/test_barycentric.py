"""The post's formulas: the barycentre, its extension, and the entropic continuation."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from monge import Barycentric, EntropicMap, Exact, PointCloud, Problem, Sinkhorn
from monge.errors import ConvergenceError, InputError, UnsupportedCostError
from monge.maps.barycentric import NearestExtension
from tolerances import tolerance
from zoo import CASES, clouds, generator, solution_of, weights

DTYPES = (torch.float32, torch.float64)
SOLVERS = {"exact": Exact(), "sinkhorn": Sinkhorn(epsilon=0.05)}


def problem(n=12, m=9, d=3, dtype=torch.float64, **options):
    return Problem(
        PointCloud(*clouds(n, m, d, dtype=dtype), **options), weights(n), weights(m, seed=1)
    )


@pytest.mark.parametrize("solver", SOLVERS)
def test_no_other_place_costs_the_plan_less(solver):
    """T(x_i) = argmin_z sum_j P_ij |z - y_j|^2: the gradient is zero, every step away costs."""
    solution = SOLVERS[solver].solve(problem())
    y, plan = solution.problem.geometry.y, solution.plan.dense()
    moved = Barycentric().fit(solution)(solution.problem.geometry.x)

    def cost(z):
        return (plan * ((z[:, None] - y) ** 2).sum(2)).sum(1)

    place = moved.clone().requires_grad_()
    (slope,) = torch.autograd.grad(cost(place).sum(), place)
    assert float(slope.abs().max()) < 1e-14
    draw = generator(0)
    for size in (1e-3, 1e-1, 10.0):
        step = size * torch.randn(moved.shape, generator=draw, dtype=torch.float64)
        assert bool((cost(moved + step) > cost(moved)).all())


@pytest.mark.parametrize("cost", ["euclidean", "cosine", torch.cdist])
@pytest.mark.parametrize("option", [Barycentric(), EntropicMap()])
def test_a_cost_whose_argmin_is_not_the_mean_is_refused(option, cost):
    solution = Sinkhorn().solve(problem(cost=cost))
    with pytest.raises(UnsupportedCostError, match=r"'cost' must be 'sqeuclidean'.*, got .*; use"):
        option.fit(solution)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("case", ["single", "permutation", "translation", "gradient"])
def test_where_the_exact_map_is_known_it_is_found(case, dtype):
    case = CASES[case](dtype)
    cloud = case.problem.geometry
    moved = Barycentric().fit(Exact().solve(case.problem))(cloud.x)
    truth = (case.plan / case.plan.sum(1, keepdim=True)) @ cloud.y.double()
    limit = tolerance("point", dtype) * float(truth.abs().max())
    torch.testing.assert_close(moved.double(), truth, rtol=0, atol=limit)


def test_a_row_without_mass_is_no_anchor():
    x, y = clouds(4, 3, 2)
    matrix = torch.rand(4, 3, generator=generator(0), dtype=torch.float64)
    matrix[1] = 0
    solution = solution_of(Problem(PointCloud(x, y)), matrix)
    assert solution.plan.barycentre(y)[1].isnan().all()
    moved = Barycentric().fit(solution)
    assert len(moved.anchors) == len(moved.images) == 3
    assert bool(torch.isfinite(moved(x)).all())
    # It follows its nearest fitted row, as any other point that was not in the plan.
    others = [0, 2, 3]
    nearest = others[int(((x[others] - x[1]) ** 2).sum(1).argmin())]
    torch.testing.assert_close(moved(x[1:2]), moved(x[nearest][None]) + x[1] - x[nearest])


@pytest.mark.parametrize("broken", [0.0, float("nan"), float("inf")])
def test_a_plan_without_any_image_is_an_error_that_carries_it(broken):
    x, y = clouds(4, 3, 2)
    solution = solution_of(
        Problem(PointCloud(x, y)), torch.full((4, 3), broken, dtype=torch.float64)
    )
    with pytest.raises(ConvergenceError, match=r"^Barycentric: .*; look at .* raise eps") as caught:
        Barycentric().fit(solution)
    assert caught.value.solution is solution


@given(
    n=st.integers(1, 7),
    m=st.integers(1, 7),
    d=st.integers(1, 3),
    seed=st.integers(0, 10**6),
    epsilon=st.sampled_from([0.1, 0.5, 5.0]),
)
@pytest.mark.parametrize("kind", ["barycentric", "entropic"])
def test_images_lie_in_the_convex_hull_of_the_targets(kind, n, m, d, seed, epsilon):
    """In every direction u no image is further than the furthest target: its support function."""
    x, y = clouds(n, m, d, seed=seed)
    solution = Sinkhorn(epsilon=epsilon).solve(Problem(PointCloud(x, y), weights(n, seed=seed)))
    fitted = (Barycentric() if kind == "barycentric" else EntropicMap()).fit(solution)
    draw = generator(seed)
    fed = x if kind == "barycentric" else torch.cat([x, 100 * x + 3])
    directions = torch.randn(40, d, generator=draw, dtype=torch.float64)
    reach, furthest = fitted(fed) @ directions.T, (y @ directions.T).amax(0)
    assert bool((reach <= furthest + 1e-12 * y.abs().max()).all())


def test_an_image_is_a_mean_of_the_very_targets_that_its_row_feeds():
    """The convex weights are found by linear programming, over the targets fed alone."""
    solution = Exact().solve(problem(8, 11, 2))
    cloud, plan = solution.problem.geometry, solution.plan.dense()
    moved = Barycentric().fit(solution)(cloud.x)
    for i in range(8):
        fed = cloud.y[plan[i] > 0].numpy()
        system = torch.cat([torch.tensor(fed.T), torch.ones(1, len(fed))]).numpy()
        found = linprog(
            [0.0] * len(fed), A_eq=system, b_eq=[*moved[i].tolist(), 1.0], bounds=(0, None)
        )
        assert found.status == 0


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_new_point_moves_as_its_nearest_anchor_does(dtype):
    solution = Sinkhorn().solve(problem(dtype=dtype))
    moved = Barycentric().fit(solution)
    images = solution.plan.barycentre(solution.problem.geometry.y)
    torch.testing.assert_close(moved.images, images)
    anchors = solution.problem.geometry.x
    torch.testing.assert_close(moved(anchors), images)
    fed = 3 * torch.randn(30, 3, generator=generator(2), dtype=torch.float64).to(dtype)
    for x, image in zip(fed, moved(fed), strict=True):
        i = int(((anchors.double() - x.double()) ** 2).sum(1).argmin())
        torch.testing.assert_close(image, images[i] + x - anchors[i])


def test_of_equal_anchors_the_first_counts():
    anchors = torch.tensor([[1.0], [0.0], [0.0], [0.0]])
    moved = NearestExtension(anchors=anchors, images=torch.tensor([[9.0], [5.0], [6.0], [7.0]]))
    assert moved(torch.tensor([[0.0], [0.25], [0.5]])).tolist() == [[5.0], [5.25], [8.5]]


@pytest.mark.filterwarnings("ignore:EntropicMap. the plan is nearly independent")
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("total", [1.0, 5.0])
@pytest.mark.parametrize("epsilon", [0.01, 0.1, 10.0])
def test_the_entropic_map_is_the_barycentre_at_the_source_points(epsilon, total, dtype):
    a, b = weights(12, total=total), weights(9, seed=1, total=total, zeros=2)
    solution = Sinkhorn(epsilon=epsilon).solve(Problem(problem(dtype=dtype).geometry, a, b))
    cloud = solution.problem.geometry
    truth = solution.plan.barycentre(cloud.y)
    limit = 10 * tolerance("point", dtype) * float(cloud.y.abs().max()) / min(epsilon, 1)
    moved = EntropicMap().fit(solution)(cloud.x)
    torch.testing.assert_close(moved, truth, rtol=0, atol=limit)


def test_the_entropic_map_is_its_formula_at_new_points():
    solution = Sinkhorn(epsilon=0.1).solve(problem())
    cloud, plan = solution.problem.geometry, solution.plan
    fed = torch.randn(6, 3, generator=generator(3), dtype=torch.float64)
    cost = ((fed[:, None] - cloud.y) ** 2).sum(2)
    share = torch.softmax((plan.g - cost) / plan.epsilon + plan.b.log(), 1)
    torch.testing.assert_close(EntropicMap().fit(solution)(fed), share @ cloud.y)


@pytest.mark.filterwarnings("ignore:EntropicMap. the plan is nearly independent")
@pytest.mark.parametrize("epsilon", [1e-6, 1e-3, 1e3])
def test_the_entropic_map_is_finite_however_far_the_point_and_small_the_epsilon(epsilon):
    solution = Sinkhorn(epsilon=epsilon, max_sweeps=50).solve(problem(), throw=False)
    far = torch.tensor([[1e8, -1e8, 1e8], [0.0, 0.0, 0.0]], dtype=torch.float64)
    moved = EntropicMap().fit(solution)(far)
    assert bool(torch.isfinite(moved).all())
    assert float(moved.abs().max()) <= float(solution.problem.geometry.y.abs().max()) + 1e-9


def test_a_plan_without_potentials_has_no_entropic_map():
    with pytest.raises(
        InputError, match=r"^EntropicMap: 'solution' must be an entropic plan of .*, got"
    ):
        EntropicMap().fit(Exact().solve(problem()))
