from math import inf, nan

import numpy as np
import pandas as pd
import pytest
import torch

from monge.errors import InputError
from monge.geometry import DenseCost, PointCloud
from monge.solvers import Problem
from zoo import clouds, weights


@pytest.fixture
def cloud():
    return PointCloud(*clouds(3, 4, 2, dtype=torch.float32))


def test_no_weights_are_equal_weights_of_sum_one(cloud):
    problem = Problem(cloud)
    assert problem.a.tolist() == [1 / 3] * 3
    assert problem.b.tolist() == [1 / 4] * 4
    assert problem.a.dtype == problem.b.dtype == torch.float64
    assert problem.balanced


@pytest.mark.parametrize("kind", [np.float32, np.int64, np.float64])
def test_weights_are_taken_as_arrays_of_any_number(cloud, kind):
    given = np.array([1, 2, 1], dtype=kind)
    given.flags.writeable = False
    problem = Problem(cloud, given, np.ones(4, dtype=kind))
    assert problem.a.tolist() == [1.0, 2.0, 1.0]
    assert problem.b.tolist() == [1.0] * 4


def test_weights_that_carry_a_gradient_leave_it_at_the_door(cloud):
    assert not Problem(cloud, torch.full((3,), 1 / 3).requires_grad_()).a.requires_grad


def test_totals_that_differ_by_rounding_are_made_equal(cloud):
    problem = Problem(cloud, weights(3), weights(4) * (1 + 1e-8))
    assert float(problem.a.sum()) == pytest.approx(float(problem.b.sum()), rel=1e-15)


@pytest.mark.parametrize("side", ["a", "b"])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (lambda n: np.ones(n + 1), "of shape"),
        (lambda n: np.ones((n, 1)), "of shape"),
        (lambda n: -np.ones(n), "non-negative"),
        (lambda n: np.where(np.arange(n) == 1, nan, 1), "non-negative and of a finite sum"),
        (lambda n: np.where(np.arange(n) == 1, inf, 1), "non-negative and of a finite sum"),
        (lambda n: np.full(n, 1e308), "non-negative and of a finite sum"),
        (np.zeros, "positive somewhere, got only zeros"),
        (lambda n: ["heavy"] * n, "an array of real numbers"),
    ],
)
def test_weights_that_are_none_are_refused(cloud, side, given, message):
    length = 3 if side == "a" else 4
    with pytest.raises(InputError, match=f"^Problem: '{side}' must be {message}.*; .*\\.$"):
        Problem(cloud, **{side: given(length)})


def test_totals_that_differ_are_refused_unless_a_side_is_relaxed(cloud):
    with pytest.raises(InputError, match=r"^Problem: 'b' must be of the same total as a \(1\)"):
        Problem(cloud, b=np.ones(4))
    for side in ("tau_source", "tau_target"):
        problem = Problem(cloud, b=np.ones(4), **{side: 0.5})
        assert not problem.balanced
        assert float(problem.b.sum()) == 4


@pytest.mark.parametrize("tau", [-1, nan, -inf])
@pytest.mark.parametrize("side", ["tau_source", "tau_target"])
def test_a_side_is_held_by_no_negative_number(cloud, side, tau):
    with pytest.raises(InputError, match=f"^Problem: '{side}' must be at least 0"):
        Problem(cloud, **{side: tau})


def test_weights_follow_a_matrix_as_they_follow_points():
    assert Problem(DenseCost(np.ones((2, 5)))).b.tolist() == [0.2] * 5


def test_weights_are_taken_as_a_series_whatever_its_index(cloud):
    a, b = pd.Series([0.5, 0.25, 0.25], index=[7, 8, 9]), pd.Series([0.25] * 4, index=list("abcd"))
    problem = Problem(cloud, a, b, source_labels=pd.Series([0, 1, 1], index=[4, 2, 0]))
    assert problem.a.tolist() == [0.5, 0.25, 0.25]
    assert problem.b.tolist() == [0.25] * 4
    assert problem.source_labels.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("given", "got"),
    [
        (np.ones((3, 4)), r"ndarray of shape \(3, 4\)"),
        (torch.ones(3, 4), r"Tensor of shape \(3, 4\)"),
        ([[1.0]], "list"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_geometry_is_refused_and_a_matrix_told_how_to_become_one(given, got):
    with pytest.raises(
        InputError, match=rf"^Problem: 'geometry' must be a geometry, .*, got {got}; .*DenseCost\("
    ):
        Problem(given)


def test_a_problem_is_shown_in_a_line_without_its_numbers(cloud):
    assert repr(Problem(cloud)) == (
        "Problem(PointCloud(3 x 4, 2 features, sqeuclidean, float32 on cpu), total 1)"
    )
    relaxed = repr(Problem(cloud, tau_target=0.5, source_labels=[0, 1, 1]))
    assert relaxed.endswith("total 1, tau_source=inf, tau_target=0.5, 2 classes)")
    assert repr(Problem(cloud, mass=0.25)).endswith("total 1, mass=0.25)")
