"""Maps between moments, against their formulas and POT's."""

import numpy as np
import ot
import pytest
import torch
from sklearn.covariance import ledoit_wolf_shrinkage

from monge import Coral, LinearMonge, PointCloud, Problem, Standardise
from monge.errors import InputError
from monge.maps.shrinkage import ledoit_wolf
from monge.numerics import moments
from tolerances import tolerance
from zoo import clouds, gaussians, generator, weights

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


@pytest.mark.parametrize("shift", [0.0, 1e4])
@pytest.mark.parametrize("option", [LinearMonge, Coral])
def test_a_direction_in_which_the_source_is_flat_is_left_alone(option, shift):
    """Along it new points keep their distance: nothing says how to scale it, least of all zero."""
    x, y = clouds(30, 20, 3)
    turn, _ = torch.linalg.qr(torch.randn(3, 3, generator=generator(1), dtype=torch.float64))
    x[:, 2] = 0.3
    x, y = x @ turn + shift, y @ turn
    moved = option(shrinkage=0).fit(Problem(PointCloud(x, y)))
    step = moved(x + 5 * turn[2]) - moved(x)
    torch.testing.assert_close(step, (5 * turn[2]).expand_as(step))


@pytest.mark.parametrize("option", [LinearMonge, Coral])
def test_fewer_rows_than_features_unshrunk_move_what_they_span_and_nothing_else(option):
    x, y = clouds(6, 5, 12)
    moved = option(shrinkage=0).fit(Problem(PointCloud(x, y)))
    _, covariance = moments(moved(x), torch.ones(6))
    assert float(covariance.trace()) > 0
    basis = torch.linalg.svd(x - x.mean(0), full_matrices=True).Vh[5:]
    step = moved(x[:1] + basis) - moved(x[:1])
    torch.testing.assert_close(step, basis)


@pytest.mark.parametrize("option", [LinearMonge(), Coral(), LinearMonge(shrinkage=0)])
def test_a_source_of_one_place_is_shifted(option):
    x, y = torch.full((4, 3), 0.1, dtype=torch.float64), clouds(9, 1, 3)[0]
    moved = option.fit(Problem(PointCloud(x, y)))
    fed = clouds(5, 1, 3, seed=2)[0]
    torch.testing.assert_close(moved(fed), fed - 0.1 + y.mean(0))


@pytest.mark.parametrize(("n", "d"), [(6, 40), (30, 30), (2000, 4)])
def test_the_estimated_share_is_that_of_scikit_learn(n, d):
    x = clouds(n, 1, d)[0] * torch.arange(1, d + 1)
    truth = ledoit_wolf_shrinkage(x.numpy())
    assert ledoit_wolf(x, torch.full((n,), 3.0)) == pytest.approx(truth, rel=1e-9)
    assert 0 < truth < 1


def test_a_row_of_twice_the_weight_counts_more_than_two_rows_do():
    """Weighted moments are those of repeated rows; repeated rows are no new evidence."""
    x = clouds(12, 1, 5)[0] * torch.arange(1, 6)
    twice, idle = torch.cat([x, x]), torch.cat([torch.ones(12), torch.zeros(12)])
    assert ledoit_wolf(twice, idle) == pytest.approx(ledoit_wolf(x, torch.ones(12)))
    assert ledoit_wolf(twice, torch.ones(24)) < ledoit_wolf(twice, idle)


@pytest.mark.parametrize("rows", [1, 4])
def test_a_ball_needs_no_share(rows):
    assert ledoit_wolf(torch.ones(rows, 3), torch.ones(rows)) == 0


@pytest.mark.parametrize("option", [LinearMonge, Coral])
def test_the_default_share_is_the_mean_of_both_estimates(option):
    x, y = clouds(9, 30, 4)
    a, b = weights(9), weights(30, seed=1)
    share = (ledoit_wolf(x, a) + ledoit_wolf(y, b)) / 2
    problem = Problem(PointCloud(x, y), a, b)
    given = option(shrinkage=share).fit(problem)
    torch.testing.assert_close(option().fit(problem)(x), given(x))


def test_the_default_map_is_nearer_to_the_true_one_for_few_rows():
    """Both clouds have the same covariance: the true map is the shift."""
    draw, d = generator(0), 30
    scale = torch.linspace(1, 3, d, dtype=torch.float64)
    x, y = (torch.randn(25, d, generator=draw, dtype=torch.float64) * scale for _ in range(2))
    problem = Problem(PointCloud(x, y))
    identity = torch.eye(d, dtype=torch.float64)
    options = LinearMonge(), LinearMonge(shrinkage=0.01), LinearMonge(shrinkage=0)
    errors = [float((option.fit(problem).matrix - identity).norm()) for option in options]
    assert errors[0] < 0.5 * min(errors[1:])


@pytest.mark.parametrize("shrinkage", [-0.1, 1.1, float("nan"), float("inf"), "auto", None])
@pytest.mark.parametrize("option", [LinearMonge, Coral])
def test_a_shrinkage_that_is_no_share_is_refused(option, shrinkage):
    with pytest.raises(InputError, match=f"^{option.__name__}: 'shrinkage' must be between 0 and"):
        option(shrinkage=shrinkage)


def test_a_map_takes_arrays():
    moved = Standardise().fit(Problem(PointCloud(*clouds(9, 7, 2))))
    points = clouds(5, 1, 2)[0]
    assert torch.equal(moved(points.numpy()), moved(points))
