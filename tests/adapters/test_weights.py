"""Weights of the rows: in the plan, in the classifier, and zero."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from monge import Adapter, Coral, LinearMonge, Sinkhorn, Standardise
from monge.adapters import TRANSPORTS
from monge.errors import InputError

# An estimated shrinkage counts rows, and an exact plan may send two equal rows to different places.
ALIKE = [Standardise(), Coral(shrinkage=0.1), LinearMonge(shrinkage=0.1), Sinkhorn(tolerance=1e-9)]


def drawn_weights(size, seed):
    return np.random.default_rng(seed).integers(0, 3, size).astype(float)


@pytest.mark.parametrize("transport", ALIKE, ids=repr)
def test_a_weight_of_two_is_the_row_twice_and_zero_is_no_row(two, transport):
    a, b = drawn_weights(60, 1), drawn_weights(50, 2)
    options = {"classifier": LogisticRegression(tol=1e-10)}
    weighted = Adapter(transport, **options).fit(
        two.X, two.y, X_target=two.Xt, sample_weight=a, target_weight=b
    )
    often, seldom = np.repeat(np.arange(60), a.astype(int)), np.repeat(np.arange(50), b.astype(int))
    repeated = Adapter(transport, **options).fit(
        two.X[often], two.y[often], X_target=two.Xt[seldom]
    )
    np.testing.assert_allclose(
        weighted.transform(two.X), repeated.transform(two.X), rtol=0, atol=1e-6
    )
    np.testing.assert_allclose(
        weighted.predict_proba(two.Xt), repeated.predict_proba(two.Xt), atol=1e-5
    )


def test_weights_are_the_marginals_of_the_plan(two):
    a, b = 1 + drawn_weights(60, 1), 1 + drawn_weights(50, 2)
    adapter = Adapter().fit(two.X, two.y, X_target=two.Xt, sample_weight=a, target_weight=b)
    given, got = adapter.solution_.plan.marginals()
    np.testing.assert_allclose(given.numpy(), a / a.sum(), atol=1e-4)
    np.testing.assert_allclose(got.numpy(), b / b.sum(), atol=1e-4)


def test_weights_reach_a_classifier_that_takes_them(two):
    a = 1 + drawn_weights(60, 1)
    adapter = Adapter("linear", classifier=LogisticRegression())
    adapter.fit(two.X, two.y, X_target=two.Xt, sample_weight=a)
    moved = adapter.transform(two.X)
    by_hand = LogisticRegression().fit(moved, two.y, sample_weight=a)
    np.testing.assert_array_equal(adapter.classifier_.coef_, by_hand.coef_)
    assert not np.allclose(by_hand.coef_, LogisticRegression().fit(moved, two.y).coef_)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_rows_of_weight_zero_may_be_anything_finite(two, transport):
    X, Xt = two.X.copy(), two.Xt.copy()
    X[:5], Xt[:4] = 1e3, -1e3
    labels = np.where(np.arange(60) < 5, "odd", np.array(["left", "right"])[two.y])
    a, b = np.r_[np.zeros(5), np.ones(55)], np.r_[np.zeros(4), np.ones(46)]
    adapter = Adapter(transport).fit(X, labels, X_target=Xt, sample_weight=a, target_weight=b)
    alone = Adapter(transport).fit(
        X[5:], labels[5:], X_target=Xt[4:], sample_weight=a[5:], target_weight=b[4:]
    )
    np.testing.assert_array_equal(adapter.transform(two.X), alone.transform(two.X))
    np.testing.assert_array_equal(adapter.predict(two.Xt), alone.predict(two.Xt))
    assert list(adapter.classes_) == ["left", "right"]


def test_rows_are_counted_as_they_were_given(two):
    a = np.ones(60)
    a[[0, 7]] = 0
    adapter = Adapter(subsample=20, random_state=0)
    adapter.fit(two.X, two.y, X_target=two.Xt, sample_weight=a)
    assert not {0, 7} & set(adapter.source_rows_.tolist())
    x = adapter.solution_.problem.geometry.x
    np.testing.assert_array_equal(x.numpy(), two.X[adapter.source_rows_])


def test_weights_of_one_are_no_weights(two):
    ones = Adapter("linear").fit(
        two.X, two.y, X_target=two.Xt, sample_weight=np.ones(60), target_weight=np.full(50, 3.0)
    )
    none = Adapter("linear").fit(two.X, two.y, X_target=two.Xt)
    np.testing.assert_allclose(ones.transform(two.X), none.transform(two.X), rtol=1e-12)


def test_weights_are_not_written_to(two):
    a, b = 1 + drawn_weights(60, 1), drawn_weights(50, 2)
    kept = a.copy(), b.copy()
    Adapter().fit(two.X, two.y, X_target=two.Xt, sample_weight=a, target_weight=b)
    np.testing.assert_array_equal(a, kept[0])
    np.testing.assert_array_equal(b, kept[1])


BAD = {
    "negative": (
        lambda w: np.where(np.arange(len(w)) == 3, -1, w),
        "at least 0, got -1.0 in row 3",
    ),
    "nan": (lambda w: np.where(np.arange(len(w)) == 3, np.nan, w), "got nan in row 3"),
    "infinite": (lambda w: np.where(np.arange(len(w)) == 3, np.inf, w), "got inf in row 3"),
    "all zero": (lambda w: w * 0, "above zero somewhere, got only zeros"),
    "too short": (lambda w: w[:-1], r"one a row, got shape"),
    "a table": (lambda w: w[:, None], r"one a row, got shape"),
    "a number": (lambda _: 1.0, r"one a row, got shape \(\)"),
    "text": (lambda w: ["a"] * len(w), "numbers, got could not convert"),
}


@pytest.mark.parametrize("name", ["sample_weight", "target_weight"])
@pytest.mark.parametrize("case", BAD)
def test_bad_weights_are_refused_in_one_sentence(two, case, name):
    change, words = BAD[case]
    size = {"sample_weight": 60, "target_weight": 50}[name]
    with pytest.raises(InputError, match=f"Adapter.fit: '{name}' must be .*{words}") as caught:
        Adapter().fit(two.X, two.y, X_target=two.Xt, **{name: change(np.ones(size))})
    assert "\n" not in str(caught.value)


def test_tensors_are_weights_too(two):
    a = 1 + drawn_weights(60, 1)
    arrays = Adapter("linear").fit(two.X, two.y, X_target=two.Xt, sample_weight=a)
    tensors = Adapter("linear").fit(
        two.X, two.y, X_target=two.Xt, sample_weight=torch.from_numpy(a)
    )
    np.testing.assert_array_equal(arrays.transform(two.X), tensors.transform(two.X))
