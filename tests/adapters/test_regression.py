"""A regressor instead of a classifier: numbers go where labels went."""

import numpy as np
import pytest
from sklearn.base import is_classifier, is_regressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.utils.estimator_checks import check_estimator

from monge import Adapter
from monge.adapters import TRANSPORTS
from monge.errors import InputError

CLASSES_ONLY = ("class_regularized", "graph", "jdot", "prototypes")
TRANSPORTS_OF_NUMBERS = [name for name in TRANSPORTS if name not in CLASSES_ONLY]


@pytest.fixture(scope="module")
def numbers(two):
    y = two.X @ np.array([1.0, -2.0, 0.5])
    yt = (two.Xt - [4, 0, 0]) @ np.array([1.0, -2.0, 0.5])
    return y, yt


@pytest.mark.parametrize("transport", TRANSPORTS_OF_NUMBERS)
def test_it_predicts_what_the_source_alone_cannot(two, numbers, transport):
    y, yt = numbers
    alone = LinearRegression().fit(two.X, y).score(two.Xt, yt)
    adapter = Adapter(transport, classifier=LinearRegression()).fit(two.X, y, X_target=two.Xt)
    assert adapter.score(two.Xt, yt) > alone + 0.2
    assert adapter.score(two.Xt, yt) == pytest.approx(r2_score(yt, adapter.predict(two.Xt)))
    assert not hasattr(adapter, "classes_")


def test_it_says_what_it_is():
    assert is_regressor(Adapter(classifier=Ridge()))
    assert not is_classifier(Adapter(classifier=Ridge()))
    for adapter in (Adapter(), Adapter(classifier=LogisticRegression())):
        assert is_classifier(adapter)
        assert not is_regressor(adapter)
    assert not hasattr(Adapter(classifier=Ridge()), "predict_proba")
    assert not hasattr(Adapter(classifier=Ridge()), "decision_function")


def test_the_score_is_weighted(two, numbers):
    y, yt = numbers
    weight = np.random.default_rng(0).uniform(0, 1, 50)
    adapter = Adapter("linear", classifier=Ridge()).fit(two.X, y, X_target=two.Xt)
    expected = r2_score(yt, adapter.predict(two.Xt), sample_weight=weight)
    assert adapter.score(two.Xt, yt, sample_weight=weight) == pytest.approx(expected)


def test_known_numbers_join_the_training(two, numbers):
    y, yt = numbers
    known = np.where(np.arange(50) % 2 == 0, yt, np.nan)
    adapter = Adapter("linear", classifier=Ridge())
    adapter.fit(two.X, y, X_target=two.Xt, y_target=known)
    rows = np.concatenate([adapter.transform(two.X), two.Xt[::2]])
    by_hand = Ridge().fit(rows, np.concatenate([y, yt[::2]]))
    np.testing.assert_allclose(adapter.classifier_.coef_, by_hand.coef_, rtol=1e-10)


def test_numbers_are_carried_through_the_plan(two, numbers):
    y, _ = numbers
    adapter = Adapter(classifier=Ridge()).fit(two.X, y, X_target=two.Xt)
    plan = adapter.solution_.plan.dense().double().numpy()
    np.testing.assert_allclose(adapter.propagate(), plan.T @ y / plan.sum(0), rtol=1e-6)


def test_a_regressor_forgets_the_classes_of_an_earlier_fit(two, numbers):
    adapter = Adapter().fit(two.X, two.y, X_target=two.Xt)
    adapter.set_params(classifier=Ridge()).fit(two.X, numbers[0], X_target=two.Xt)
    assert not hasattr(adapter, "classes_")
    assert adapter.propagate().shape == (50,)


def test_grid_search_cuts_numbers(two, numbers):
    search = GridSearchCV(
        Adapter(classifier=KNeighborsRegressor()),
        {"transport__epsilon": [0.05, 0.5]},
        cv=3,
        error_score="raise",
    )
    search.fit(two.X, numbers[0], X_target=two.Xt)
    assert search.best_params_["transport__epsilon"] in (0.05, 0.5)


@pytest.mark.parametrize("transport", ["class_regularized"])
def test_transports_of_classes_refuse_in_one_sentence(two, numbers, transport):
    with pytest.raises(InputError, match="'transport' must be one that needs no classes") as caught:
        Adapter(transport, classifier=Ridge()).fit(two.X, numbers[0], X_target=two.Xt)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.nan, "'y' must be finite, got nan in row 3"),
        (-np.inf, "'y' must be finite, got -inf in row 3"),
        ("high", "'y' must be numbers, as the classifier is a regressor"),
    ],
)
def test_bad_numbers_are_refused(two, numbers, value, words):
    y = numbers[0].astype(object)
    y[3] = value
    with pytest.raises(InputError, match=words):
        Adapter(classifier=Ridge()).fit(two.X, y, X_target=two.Xt)


class WithTarget(Adapter):
    """Always has a target, so that scikit-learn's checks, which know of none, see the transport."""

    def fit(self, X, y):
        return super().fit(X, y, X_target=X)


@pytest.mark.filterwarnings("ignore")  # scikit-learn's checks provoke warnings of many kinds
@pytest.mark.parametrize("kind", [Adapter, WithTarget])
@pytest.mark.parametrize("transport", ["linear", "sinkhorn"])
def test_check_estimator(kind, transport):
    results = check_estimator(kind(transport, classifier=Ridge()), on_fail=None, on_skip=None)
    failed = {r["check_name"]: str(r["exception"]) for r in results if r["status"] == "failed"}
    assert failed == {}
