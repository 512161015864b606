"""Columns that lie far from zero, such as seconds since 1970, change no answer."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

import monge
from monge import Adapter

SECONDS = 1.7e9


def in_steps(rows):
    """Round to 1/1024, so that an offset of 31 bits is added without rounding."""
    return np.round(1024 * np.asarray(rows)) / 1024


@pytest.fixture(scope="module")
def near(two):
    """Two domains in steps, labels that a nearest neighbour alone can tell, and rows between."""
    draw = np.random.default_rng(1)
    X, Xt = in_steps(two.X), in_steps(two.Xt)
    y = np.where(X[:, 0] + X[:, 1] > 3, "ant", "bee")
    return X, y, Xt, in_steps(draw.normal([6, 0, 0], 3, size=(300, 3)))


def same_answers(far, plain, rows, shift):
    np.testing.assert_array_equal(far.predict(rows + shift), plain.predict(rows))
    for verb in ("predict_proba", "decision_function"):
        if hasattr(plain, verb):
            given, wanted = getattr(far, verb)(rows + shift), getattr(plain, verb)(rows)
            np.testing.assert_allclose(given, wanted, atol=1e-4)


@pytest.mark.parametrize("shift", [1e7, SECONDS, [0, SECONDS, 0], [-SECONDS, 0, 1e8]], ids=str)
@pytest.mark.parametrize("classifier", [None, "neighbours", "centroid", "bayes", "logistic"])
@pytest.mark.parametrize("transport", ["sinkhorn", "linear"])
def test_an_offset_changes_no_answer(near, transport, classifier, shift):
    X, y, Xt, rows = near
    plain = Adapter(transport, classifier=classifier).fit(X, y, X_target=Xt)
    far = Adapter(transport, classifier=classifier).fit(X + shift, y, X_target=Xt + shift)
    assert len(set(plain.predict(rows))) == 2
    same_answers(far, plain, rows, np.array(shift))


@pytest.mark.parametrize("transport", ["exact", "coral", "standardise", "prototypes"])
def test_an_offset_changes_no_answer_of_the_other_transports(near, transport):
    X, y, Xt, rows = near
    plain = Adapter(transport).fit(X, y, X_target=Xt)
    far = Adapter(transport).fit(X + SECONDS, y, X_target=Xt + SECONDS)
    same_answers(far, plain, rows, SECONDS)


@pytest.mark.filterwarnings("ignore::monge.errors.MongeWarning")
def test_an_offset_changes_no_answer_without_a_target(near):
    X, y, _, rows = near
    far = Adapter().fit(X + SECONDS, y)
    same_answers(far, Adapter().fit(X, y), rows, SECONDS)


def test_an_offset_changes_no_number_of_a_regressor(near):
    X, _, Xt, rows = near
    model = KNeighborsRegressor(3)
    plain = Adapter("linear", classifier=model).fit(X, X[:, 0], X_target=Xt)
    far = Adapter("linear", classifier=model).fit(X + SECONDS, X[:, 0], X_target=Xt + SECONDS)
    np.testing.assert_allclose(far.predict(rows + SECONDS), plain.predict(rows), atol=1e-6)


def test_known_target_rows_are_moved_along(near):
    X, y, Xt, rows = near
    known = [*y[:2], *[None] * (len(Xt) - 2)]
    plain = Adapter().fit(X, y, X_target=Xt, y_target=known)
    far = Adapter().fit(X + SECONDS, y, X_target=Xt + SECONDS, y_target=known)
    same_answers(far, plain, rows, SECONDS)


@pytest.mark.parametrize("classifier", [None, "neighbours", "centroid"])
def test_an_offset_changes_no_answer_of_a_loaded_adapter(near, tmp_path, classifier):
    if classifier == "centroid":
        pytest.importorskip("skops")
    X, y, Xt, rows = near
    plain = Adapter(classifier=classifier).fit(X, y, X_target=Xt)
    far = Adapter(classifier=classifier).fit(X + SECONDS, y, X_target=Xt + SECONDS)
    far.save(tmp_path / "a")
    again = monge.load(tmp_path / "a")
    np.testing.assert_array_equal(again.centre_, far.centre_)
    same_answers(again, plain, rows, SECONDS)


def test_a_refit_near_zero_takes_nothing_off(near):
    X, y, Xt, rows = near
    adapter = Adapter().fit(X + SECONDS, y, X_target=Xt + SECONDS)
    assert adapter.centre_.shape == (3,)
    adapter.fit(X, y, X_target=Xt)
    assert adapter.centre_ is None
    same_answers(adapter, Adapter().fit(X, y, X_target=Xt), rows, 0)


@pytest.mark.parametrize(
    "classifier",
    [
        LogisticRegression(),
        KNeighborsClassifier(1, metric="cosine"),
        KNeighborsClassifier(1, metric=lambda x, y: abs(x @ y)),
        LinearRegression(fit_intercept=False),
    ],
    ids=["logistic", "cosine", "function", "regression"],
)
def test_what_sees_more_than_distances_sees_the_rows_as_they_are(near, classifier):
    X, y, Xt, _ = near
    labels = (y == "ant").astype(int)
    adapter = Adapter("linear", classifier=classifier).fit(X + 1e4, labels, X_target=Xt + 1e4)
    assert adapter.centre_ is None


def test_float32_rows_stay_float32(near):
    X, y, Xt, rows = near
    shift = np.float32(8000)
    plain = Adapter("linear").fit(X, y, X_target=Xt)
    single = [(part + shift).astype(np.float32) for part in (X, Xt, rows)]
    far = Adapter("linear").fit(single[0], y, X_target=single[1])
    assert far.centre_.dtype == far.classifier_._fit_X.dtype == np.float32
    agree = far.predict(single[2]) == plain.predict(rows)
    assert agree.mean() > 0.98
