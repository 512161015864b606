"""A plan that says nothing is told apart from one that does, whatever a few rows are like."""

import warnings

import pytest
import torch

from monge import Barycentric, EntropicMap, Exact, PointCloud, Problem, Sinkhorn
from monge.adapters import Adapter
from monge.errors import MongeWarning
from monge.maps import Ridge
from zoo import clouds

FITS = [Barycentric(), EntropicMap(), Ridge()]


def blob(n, centre, spread=1.0, seed=0):
    return spread * clouds(n, 1, 2, seed=seed)[0] + torch.tensor(centre, dtype=torch.float64)


def with_outlier(side, larger=60, smaller=50):
    """Draw clouds of which the larger has a far row: that of the smaller one is hard to reach."""
    x, y = clouds(*((larger, smaller) if side == "source" else (smaller, larger)), 3)
    (x if side == "source" else y)[7] = 1e5
    return x, y


@pytest.mark.parametrize("option", FITS, ids=lambda option: type(option).__name__)
@pytest.mark.parametrize("side", ["source", "target"])
def test_one_far_row_that_blurs_the_plan_is_told_of(option, side):
    solution = Sinkhorn().solve(Problem(PointCloud(*with_outlier(side))))
    assert solution.converged
    words = rf"^{type(option).__name__}: the plan is nearly independent, [^\n]*smaller epsilon.*\.$"
    with pytest.warns(MongeWarning, match=words):
        option.fit(solution)


@pytest.mark.parametrize("rows", [(20, 9), (1500, 1000)], ids=str)
@pytest.mark.parametrize("side", ["source", "target"])
def test_the_number_of_rows_does_not_hide_it(side, rows):
    solution = Sinkhorn().solve(Problem(PointCloud(*with_outlier(side, *rows))))
    with pytest.warns(MongeWarning, match="nearly independent"):
        Barycentric().fit(solution)


def test_an_adapter_tells_of_it():
    x, y = with_outlier("source")
    labels = torch.arange(60).numpy() % 2
    with pytest.warns(MongeWarning, match="nearly independent"):
        Adapter().fit(x, labels, X_target=y)


def test_clouds_that_lie_far_apart_are_a_blur_as_well():
    x, y = clouds(30, 30, 3, shift=1e3)
    with pytest.warns(MongeWarning, match="nearly independent"):
        Barycentric().fit(Sinkhorn().solve(Problem(PointCloud(x, y))))
    sharp = Sinkhorn(epsilon=0.3, epsilon_scale="absolute")
    Barycentric().fit(sharp.solve(Problem(PointCloud(x, y))))


ORDINARY = {
    "clouds": clouds(30, 40, 3),
    "wide": clouds(30, 40, 64),
    "few": clouds(3, 4, 2),
    "one target": clouds(30, 1, 3),
    "one source": clouds(1, 30, 3),
    "one place": (torch.full((20, 2), 0.1), torch.full((30, 2), 7.3)),
    "one place to leave": (torch.full((20, 2), 0.1), clouds(20, 1, 2)[0]),
    "one place to reach": (clouds(20, 1, 2)[0], torch.full((20, 2), 0.1)),
    "few places": (torch.eye(2).repeat(20, 1), torch.eye(2).repeat(15, 1)),
    "a rare class": (
        torch.cat([blob(45, [0.0, 0.0]), blob(5, [9.0, 0.0], seed=1)]),
        torch.cat([blob(45, [0.0, 1.0], seed=2), blob(5, [9.0, 1.0], seed=3)]),
    ),
    "tight classes": (
        torch.cat([blob(30, [0.0, 0.0], 0.01), blob(20, [9.0, 0.0], 0.01)]),
        torch.cat([blob(30, [0.0, 1.0], 0.01), blob(20, [9.0, 1.0], 0.01)]),
    ),
}


@pytest.mark.parametrize("epsilon", [0.05, 0.5])
@pytest.mark.parametrize("case", ORDINARY)
def test_ordinary_points_and_points_that_are_one_are_not_told_of(case, epsilon):
    problem = Problem(PointCloud(*ORDINARY[case]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for option in (Barycentric(), EntropicMap()):
            option.fit(Sinkhorn(epsilon=epsilon).solve(problem))


@pytest.mark.parametrize("side", ["source", "target"])
def test_an_exact_plan_is_sharp_whatever_is_far(side):
    Barycentric().fit(Exact().solve(Problem(PointCloud(*with_outlier(side)))))


def test_rows_without_mass_have_no_say():
    x, y = with_outlier("source")
    a = torch.ones(60, dtype=torch.float64)
    a[7] = 0
    Barycentric().fit(Sinkhorn().solve(Problem(PointCloud(x, y), a / 59)))
