"""How far a row is from the target, and which rows are too far."""

import numpy as np
import pytest
from sklearn.metrics import pairwise_distances

from monge import Adapter
from monge.errors import InputError, MongeWarning


def fitted(Xt, **options):
    X = np.random.default_rng(0).normal(size=(40, Xt.shape[1]))
    return Adapter("linear", **options).fit(X, X[:, 0] > 0, X_target=Xt)


def test_the_distance_is_that_to_the_nearest_row_kept(two):
    adapter = fitted(two.Xt)
    np.testing.assert_array_equal(adapter.target_sample_, two.Xt)
    rows = two.X * 3
    by_hand = pairwise_distances(rows, two.Xt).min(1)
    np.testing.assert_allclose(adapter.target_distance(rows), by_hand, rtol=1e-12)
    np.testing.assert_allclose(adapter.target_distance(two.Xt), 0, atol=1e-12)


def test_far_is_the_99th_percentile_of_the_distances_left_out(two):
    apart = pairwise_distances(two.Xt)
    np.fill_diagonal(apart, np.inf)
    expected = np.quantile(apart.min(1), 0.99)
    assert fitted(two.Xt).far_ == pytest.approx(expected, rel=1e-6)


def test_rows_of_the_target_are_near_and_others_are_far():
    draw = np.random.default_rng(1)
    adapter = fitted(draw.normal(size=(2000, 4)))
    assert adapter.is_far(draw.normal(size=(2000, 4))).mean() < 0.05
    assert adapter.is_far(draw.normal(size=(200, 4)) + 8).all()
    assert adapter.is_far(draw.normal(size=(5, 4))).dtype == bool


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_at_most_500_rows_are_kept_and_no_seed_is_needed(seed):
    Xt = np.random.default_rng(1).normal(size=(2001, 3))
    sample = fitted(Xt, random_state=seed).target_sample_
    assert sample.shape == (500, 3)
    assert len(np.unique(sample, axis=0)) == 500
    np.testing.assert_array_equal(sample, fitted(Xt).target_sample_)
    np.testing.assert_array_equal(sample[[0, -1]], Xt[[0, -1]])


def test_the_sample_is_a_copy(two):
    Xt = two.Xt.copy()
    adapter = fitted(Xt)
    Xt[:] = 0
    np.testing.assert_array_equal(adapter.target_sample_, two.Xt)


@pytest.mark.filterwarnings("ignore:Adapter.fit. all rows of X_target are one point")
def test_nothing_is_far_from_a_single_row(two):
    adapter = Adapter("standardise").fit(two.X, two.y, X_target=two.Xt[:1])
    assert adapter.far_ == np.inf
    assert not adapter.is_far(two.X + 1e6).any()


def test_rows_of_weight_zero_are_not_kept(two):
    weight = np.r_[np.zeros(10), np.ones(40)]
    adapter = Adapter("linear").fit(two.X, two.y, X_target=two.Xt, target_weight=weight)
    np.testing.assert_array_equal(adapter.target_sample_, two.Xt[10:])


def test_without_a_target_there_is_no_distance(two):
    with pytest.warns(MongeWarning, match="X_target is missing"):
        adapter = Adapter().fit(two.X, two.y)
    assert adapter.target_sample_.shape == (0, 3)
    for verb in ("target_distance", "is_far"):
        with pytest.raises(InputError, match=r"Adapter.target_distance: 'X_target' must be given"):
            getattr(adapter, verb)(two.X)


def test_a_distance_far_from_the_origin_keeps_its_digits(two):
    adapter = fitted(two.Xt + 1e7)
    by_hand = pairwise_distances(two.X * 3, two.Xt).min(1)
    np.testing.assert_allclose(adapter.target_distance(two.X * 3 + 1e7), by_hand, rtol=1e-6)
