"""Every map is one row of `MAPS` and keeps the laws of a function on points."""

import pandas as pd
import pytest
import torch

from monge import Barycentric, Coral, EntropicMap, Exact, LinearMonge, Sinkhorn, Standardise
from monge.errors import InputError
from monge.geometry import DenseCost, PointCloud
from monge.maps import Kernel, MappingEstimation, Ridge
from monge.maps.base import check_points
from monge.numerics import row_slices
from monge.solvers import Problem
from tolerances import tolerance
from zoo import clouds, generator, weights

DTYPES = (torch.float32, torch.float64)


def entropic(problem, **options):
    """Solve as far as the type allows without a change of type."""
    tolerance = 1e-11 if problem.geometry.dtype == torch.float64 else 1e-5
    options = {"epsilon": 0.05, **options}
    return Sinkhorn(tolerance=tolerance, **options).solve(problem)


MAPS = {
    "barycentric exact": lambda problem: Barycentric().fit(Exact().solve(problem)),
    "barycentric entropic": lambda problem: Barycentric().fit(entropic(problem)),
    "entropic": lambda problem: EntropicMap().fit(entropic(problem)),
    "standardise": Standardise().fit,
    "coral": Coral().fit,
    "linear": LinearMonge().fit,
    "linear unshrunk": LinearMonge(shrinkage=0).fit,
    "ridge": lambda problem: Ridge().fit(Exact().solve(problem)),
    "kernel": lambda problem: Kernel().fit(Exact().solve(problem)),
    "ridge with its plan": MappingEstimation().fit,
    "kernel with its plan": MappingEstimation(regression=Kernel()).fit,
}
"""Each row: from a problem to a map."""


@pytest.fixture(params=MAPS)
def fit(request):
    return MAPS[request.param]


@pytest.fixture(params=DTYPES, ids=str)
def dtype(request):
    return request.param


@pytest.fixture(params=[(18, 11), (11, 18)], ids=str)
def problem(request, dtype):
    n, m = request.param
    return Problem(PointCloud(*clouds(n, m, 3, dtype=dtype)), weights(n), weights(m, seed=1))


def points(count, dtype, seed=7):
    """Draw points that no map was fitted on, some of them far away."""
    drawn = 2 * torch.randn(count, 3, generator=generator(seed), dtype=torch.float64)
    drawn[:2] *= 50
    return drawn.to(dtype)


def close(first, second, dtype, factor=1.0):
    reach = float(second.abs().max().double()) + 1
    limit = tolerance("point", dtype) * reach * factor
    torch.testing.assert_close(first.double(), second.double(), rtol=0, atol=limit)


def test_a_point_goes_to_the_same_place_alone_as_among_others(fit, problem, dtype, monkeypatch):
    moved, fed = fit(problem), torch.cat([points(20, dtype), problem.geometry.x])
    together = moved(fed)
    for i in range(len(fed)):
        close(moved(fed[i : i + 1])[0], together[i], dtype)
    monkeypatch.setitem(row_slices.__kwdefaults__, "elements", 30)
    close(moved(fed), together, dtype)
    order = torch.randperm(len(fed), generator=generator(0))
    close(moved(fed[order]), together[order], dtype)


def test_every_point_has_a_finite_image_of_the_same_shape_and_type(fit, problem, dtype):
    moved = fit(problem)
    assert moved.width == 3
    for count in (0, 1, 20):
        image = moved(points(count, dtype))
        assert image.shape == (count, 3)
        assert image.dtype == dtype
        assert bool(torch.isfinite(image).all())


def test_other_types_are_brought_to_the_type_of_the_fit(fit, problem, dtype):
    whole = torch.arange(6).reshape(2, 3)
    moved = fit(problem)
    assert torch.equal(moved(whole), moved(whole.to(dtype)))
    assert moved(whole.double()).dtype == moved(whole.float()).dtype == dtype


def test_points_are_not_written_to(fit, problem, dtype):
    fed = points(5, dtype)
    before = fed.clone()
    fit(problem)(fed).add_(1)
    assert torch.equal(fed, before)


def test_a_fit_is_not_changed_by_use_or_by_writing_to_an_image(fit, problem, dtype):
    moved, fed = fit(problem), problem.geometry.x.clone()
    first = moved(fed).clone()
    moved(fed).zero_()
    assert torch.equal(moved(fed), first)


def test_the_target_moved_moves_the_images(fit, problem, dtype):
    cloud, move = problem.geometry, torch.tensor([4.0, -8.0, 16.0], dtype=dtype)
    further = Problem(PointCloud(cloud.x, cloud.y + move), problem.a, problem.b)
    fed = cloud.x
    # The cost of a plan is another after the move, and epsilon with it; the exact plan and the
    # moments are the same.
    if fit in (MAPS["barycentric entropic"], MAPS["entropic"]):
        option = Barycentric() if fit is MAPS["barycentric entropic"] else EntropicMap()
        both = (entropic(p, epsilon=0.5, epsilon_scale="absolute") for p in (problem, further))
        first, second = (option.fit(solution) for solution in both)
    else:
        first, second = fit(problem), fit(further)
    close(second(fed), first(fed) + move.to(first(fed).dtype), dtype, 10)


def test_both_clouds_in_another_unit_scale_the_images(fit, problem, dtype):
    cloud = problem.geometry
    scaled = Problem(PointCloud(cloud.x * 1024, cloud.y * 1024), problem.a, problem.b)
    close(fit(scaled)(cloud.x * 1024) / 1024, fit(problem)(cloud.x), dtype, 10)


def test_the_order_of_the_points_does_not_matter(fit, problem, dtype):
    n, m = problem.geometry.shape
    rows = torch.randperm(n, generator=generator(1))
    columns = torch.randperm(m, generator=generator(2))
    shuffled = Problem(problem.geometry.select(rows, columns), problem.a[rows], problem.b[columns])
    fed = torch.cat([points(5, dtype), problem.geometry.x])
    close(fit(shuffled)(fed), fit(problem)(fed), dtype, 10)


def test_points_without_weight_do_not_matter(fit, problem, dtype):
    cloud = problem.geometry
    stray = torch.full((2, 3), 3.0, dtype=dtype) * torch.tensor([[1.0], [-2.0]], dtype=dtype)
    more = Problem(
        PointCloud(torch.cat([stray, cloud.x]), torch.cat([stray + 1, cloud.y])),
        torch.cat([torch.zeros(2, dtype=torch.float64), problem.a]),
        torch.cat([torch.zeros(2, dtype=torch.float64), problem.b]),
    )
    fed = torch.cat([points(5, dtype), stray, cloud.x])
    close(fit(more)(fed), fit(problem)(fed), dtype, 10)


def test_more_mass_in_all_changes_nothing(fit, problem, dtype):
    heavy = Problem(problem.geometry, problem.a * 64, problem.b * 64)
    fed = torch.cat([points(5, dtype), problem.geometry.x])
    close(fit(heavy)(fed), fit(problem)(fed), dtype, 10)


def test_a_fit_twice_is_the_same_fit(fit, problem, dtype):
    fed = points(20, dtype)
    assert torch.equal(fit(problem)(fed), fit(problem)(fed))


@pytest.mark.parametrize("shape", [(4, 2), (4, 4), (3,), (1, 2, 3)])
def test_points_of_another_width_are_refused(fit, problem, shape):
    with pytest.raises(InputError, match=r"'points' must be of shape \(rows, 3\), got shape"):
        fit(problem)(torch.zeros(shape))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_points_that_are_not_finite_are_refused(fit, problem, value):
    fed = torch.zeros(4, 3)
    fed[2, 1] = value
    with pytest.raises(InputError, match=r"'points' must be finite, got NaN or inf.* at row 2"):
        fit(problem)(fed)


def test_a_cost_without_points_has_no_map(fit):
    with pytest.raises(InputError, match=r"'problem' must be stated on points .*, got DenseCost"):
        fit(Problem(DenseCost(torch.rand(4, 5, generator=generator(0)))))


@pytest.mark.parametrize("option", [Barycentric(), EntropicMap(), Ridge(), Kernel()], ids=repr)
@pytest.mark.parametrize("given", [None, torch.zeros(3, 2), "problem"], ids=type)
def test_what_is_no_solution_has_no_map(option, given):
    if given == "problem":
        given = Problem(PointCloud(*clouds(3, 4, 2)))
    name = type(option).__name__
    with pytest.raises(
        InputError, match=rf"^{name}: 'solution' must be a Solution, got \w+; .*\.$"
    ):
        option.fit(given)


@pytest.mark.parametrize("option", [Standardise(), Coral(), LinearMonge()], ids=repr)
@pytest.mark.parametrize("given", [None, PointCloud(*clouds(3, 4, 2))], ids=type)
def test_what_is_no_problem_has_no_map(option, given):
    name = type(option).__name__
    with pytest.raises(InputError, match=rf"^{name}: 'problem' must be a Problem, got \w+; .*\.$"):
        option.fit(given)


def test_a_map_is_shown_in_a_line_without_its_numbers(fit, problem, dtype):
    moved = fit(problem)
    shown, name = repr(moved), str(dtype).removeprefix("torch.")
    assert shown.startswith(f"{type(moved).__name__}(")
    assert name in shown
    assert "tensor" not in shown
    assert "\n" not in shown
    assert len(shown) <= 110
    for part, value in vars(moved).items():
        if isinstance(value, torch.Tensor):
            assert f"{part}: {' x '.join(map(str, value.shape))} " in shown
        else:
            assert f"{part}={value:.3g}" in shown


def test_what_is_refused_is_named_by_its_caller():
    with pytest.raises(InputError, match=r"^Someone: 'points'"):
        check_points(torch.zeros(2, 2), 3, "Someone")


def test_data_frames_are_moved_as_arrays_are(fit, problem, dtype):
    moved, fed = fit(problem), points(5, dtype)
    frame = pd.DataFrame(fed.numpy(), columns=["a", "b", "c"], index=[9, 3, 3, 4, 5])
    assert torch.equal(moved(frame), moved(fed))
    with pytest.raises(InputError, match=r"'points' must be an array of real numbers"):
        moved(frame.astype(object).replace(frame.iloc[0, 0], "text"))
