"""Maps between moments, against their formulas and POT's."""

import numpy as np
import ot
import pytest
import torch

from monge import Coral, LinearMonge, PointCloud, Problem, Standardise
from monge.errors import InputError
from monge.numerics import moments
from tolerances import tolerance
from zoo import clouds, gaussians, weights

DTYPES = (torch.float32, torch.float64)


def power(matrix, exponent):
    values, vectors = np.linalg.eigh(matrix.numpy())
    return torch.tensor((vectors * values**exponent) @ vectors.T)


def linear(source, target):
    root, inverse = power(source, 0.5), power(source, -0.5)
    return inverse @ power(root @ target @ root, 0.5) @ inverse


def coral(source, target):
    return power(source, -0.5) @ power(target, 0.5)


def standardise(source, target):
    return (target.diagonal() / source.diagonal()).sqrt().diag()


FORMULAS = {
    "linear": (LinearMonge(shrinkage=0), linear),
    "coral": (Coral(shrinkage=0), coral),
    "standardise": (Standardise(), standardise),
}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", FORMULAS)
def test_the_map_of_given_moments_is_its_formula(name, dtype):
    option, formula = FORMULAS[name]
    x, y, (source_mean, source), (target_mean, target) = gaussians(40, 3, dtype=dtype)
    fitted = option.fit(Problem(PointCloud(x, y)))
    truth = (x.double() - source_mean) @ formula(source, target) + target_mean
    limit = 10 * tolerance("point", dtype) * float(truth.abs().max())
    torch.testing.assert_close(fitted(x).double(), truth, rtol=0, atol=limit)


@pytest.mark.parametrize("name", ["linear", "coral"])
def test_the_images_have_the_moments_of_the_target(name):
    option, _ = FORMULAS[name]
    x, y = clouds(30, 20, 4)
    problem = Problem(PointCloud(x, y), weights(30), weights(20, seed=1))
    mean, covariance = moments(option.fit(problem)(x), problem.a)
    wanted_mean, wanted = moments(y, problem.b)
    torch.testing.assert_close(mean, wanted_mean)
    torch.testing.assert_close(covariance, wanted)


def test_the_linear_map_agrees_with_pot():
    x, y = clouds(30, 20, 4)
    a, b = weights(30), weights(20, seed=1)
    matrix, shift = ot.gaussian.empirical_bures_wasserstein_mapping(
        x.numpy(), y.numpy(), reg=1e-15, ws=a.numpy()[:, None], wt=b.numpy()[:, None]
    )
    fitted = LinearMonge(shrinkage=0).fit(Problem(PointCloud(x, y), a, b))
    np.testing.assert_allclose(fitted(x).numpy(), x.numpy() @ matrix + shift, atol=1e-9)


def test_the_linear_map_is_the_gradient_of_a_convex_function():
    x, y = clouds(30, 20, 4)
    matrix = LinearMonge().fit(Problem(PointCloud(x, y))).matrix
    torch.testing.assert_close(matrix, matrix.T)
    assert bool((torch.linalg.eigvalsh(matrix) > 0).all())


@pytest.mark.parametrize("shrinkage", [0.0, 0.1, 1.0])
@pytest.mark.parametrize(("option", "formula"), [(LinearMonge, linear), (Coral, coral)])
def test_shrinkage_mixes_in_the_identity_of_equal_trace(option, formula, shrinkage):
    x, y, (source_mean, source), (target_mean, target) = gaussians(40, 3)
    mixed = [
        (1 - shrinkage) * c + shrinkage * c.trace() / 3 * torch.eye(3, dtype=torch.float64)
        for c in (source, target)
    ]
    fitted = option(shrinkage=shrinkage).fit(Problem(PointCloud(x, y)))
    truth = (x - source_mean) @ formula(*mixed) + target_mean
    torch.testing.assert_close(fitted(x), truth)


@pytest.mark.parametrize("option", [LinearMonge(), Coral(), Standardise()])
def test_a_cloud_onto_itself_stays(option):
    x, _ = clouds(30, 1, 4)
    torch.testing.assert_close(option.fit(Problem(PointCloud(x, x.flip(0))))(x), x)


@pytest.mark.parametrize("option", [LinearMonge(), Coral()])
def test_fewer_rows_than_features_give_a_finite_map(option):
    x, y = clouds(5, 4, 12, dtype=torch.float32)
    far = 10 * clouds(20, 1, 12, seed=3, dtype=torch.float32)[0]
    moved = option.fit(Problem(PointCloud(x, y)))(far)
    assert float(moved.abs().max()) < 1e3


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, 7.7, 1e6])
@pytest.mark.parametrize("idle", [0, 1])
def test_a_feature_that_is_constant_in_the_source_is_shifted_and_not_blown_up(value, idle, dtype):
    x, y = clouds(13, 9, 2, dtype=dtype)
    x[idle:, 1] = value
    fitted = Standardise().fit(Problem(PointCloud(x, y), weights(13, zeros=idle)))
    assert float(fitted.matrix[1, 1]) == 1
    new = torch.tensor([[0.0, value + 1.0]], dtype=dtype)
    expected = float(y[:, 1].mean()) + 1
    assert float(fitted(new)[0, 1]) == pytest.approx(
        expected, abs=1e-6 * (1 + value * (dtype == torch.float32))
    )


@pytest.mark.parametrize("shrinkage", [-0.1, 1.1, float("nan"), float("inf")])
@pytest.mark.parametrize("option", [LinearMonge, Coral])
def test_a_shrinkage_that_is_no_share_is_refused(option, shrinkage):
    with pytest.raises(InputError, match=f"^{option.__name__}: 'shrinkage' must be between 0 and"):
        option(shrinkage=shrinkage)


def test_a_map_takes_arrays():
    moved = Standardise().fit(Problem(PointCloud(*clouds(9, 7, 2))))
    points = clouds(5, 1, 2)[0]
    assert torch.equal(moved(points.numpy()), moved(points))
