"""Steps before an adapter, applied to the target as well."""

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import check_estimator

import monge
from monge import Adapter, make_pipeline
from monge.adapters import AdapterPipeline
from monge.errors import InputError


def fitted(two, *steps):
    return make_pipeline(*steps).fit(two.X, two.y, X_target=two.Xt)


def test_the_target_goes_through_the_steps_that_the_source_taught(two):
    pipe = fitted(two, StandardScaler(), Adapter())
    scaled = StandardScaler().fit(two.X)
    alone = Adapter().fit(scaled.transform(two.X), two.y, X_target=scaled.transform(two.Xt))
    np.testing.assert_array_equal(pipe.transform(two.X), alone.transform(scaled.transform(two.X)))
    np.testing.assert_array_equal(pipe.predict(two.Xt), alone.predict(scaled.transform(two.Xt)))
    np.testing.assert_array_equal(
        pipe.target_distance(two.X), alone.target_distance(scaled.transform(two.X))
    )
    np.testing.assert_array_equal(pipe.is_far(two.X), alone.is_far(scaled.transform(two.X)))
    np.testing.assert_array_equal(pipe.propagate(), alone.propagate())
    assert pipe.score(two.Xt, two.yt) > 0.95
    assert pipe["adapter"].solution_ is not None


def test_the_steps_given_are_not_fitted(two):
    scaler, adapter = StandardScaler(), Adapter("linear")
    pipe = make_pipeline(scaler, adapter).fit(two.X, two.y, X_target=two.Xt)
    assert not hasattr(scaler, "mean_")
    assert not hasattr(adapter, "map_")
    assert pipe["standardscaler"].mean_ is not None


def test_the_way_back_leads_through_the_steps(two):
    pipe = fitted(two, StandardScaler(), Adapter("linear"))
    np.testing.assert_allclose(pipe.inverse_transform(pipe.transform(two.X)), two.X, atol=1e-9)


def test_known_labels_and_weights_arrive(two):
    weight = np.random.default_rng(0).uniform(1, 2, 60)
    known = [0] + [None] * 49
    pipe = make_pipeline(StandardScaler(), Adapter(classifier=LogisticRegression()))
    pipe.fit(
        two.X,
        two.y,
        X_target=two.Xt,
        y_target=known,
        sample_weight=weight,
        target_weight=np.ones(50),
    )
    scaled = StandardScaler().fit(two.X, sample_weight=weight)
    alone = Adapter(classifier=LogisticRegression()).fit(
        scaled.transform(two.X),
        two.y,
        X_target=scaled.transform(two.Xt),
        y_target=known,
        sample_weight=weight,
        target_weight=np.ones(50),
    )
    np.testing.assert_array_equal(
        pipe.decision_function(two.Xt), alone.decision_function(scaled.transform(two.Xt))
    )


def test_grid_search_over_its_parameters(two):
    pipe = make_pipeline(StandardScaler(), PCA(2), Adapter())
    grid = {
        "adapter__transport__epsilon": [0.05, 0.5],
        "pca__n_components": [1, 2],
        "standardscaler": [StandardScaler(), "passthrough"],
    }
    search = GridSearchCV(pipe, grid, cv=2, error_score="raise")
    search.fit(two.X, two.y, X_target=two.Xt)
    assert len(search.cv_results_["params"]) == 8
    assert search.best_estimator_["adapter"].map_ is not None
    assert pipe.get_params()["adapter__transport__epsilon"] == 0.05


def test_clone_and_parameters():
    pipe = make_pipeline(StandardScaler(), Adapter("linear"))
    copy = clone(pipe).set_params(adapter__transport="coral", adapter__subsample=7)
    assert copy["adapter"].transport == "coral"
    assert pipe["adapter"].transport == "linear"
    assert isinstance(monge.make_pipeline(Adapter()), AdapterPipeline)


def test_names_of_columns_are_kept_and_checked(two):
    pandas = pytest.importorskip("pandas")
    X, Xt = (pandas.DataFrame(rows, columns=["a", "b", "c"]) for rows in (two.X, two.Xt))
    by_name = ColumnTransformer([("keep", StandardScaler(), ["a", "c"])])
    pipe = make_pipeline(by_name, Adapter("linear")).fit(X, two.y, X_target=Xt[["c", "b", "a"]])
    assert list(pipe.feature_names_in_) == ["a", "b", "c"]
    assert pipe.n_features_in_ == 3
    same = make_pipeline(by_name, Adapter("linear")).fit(X, two.y, X_target=Xt)
    np.testing.assert_array_equal(pipe.predict(Xt), same.predict(Xt))


def test_it_is_what_its_adapter_is(two):
    assert is_classifier(make_pipeline(Adapter()))
    regression = make_pipeline(StandardScaler(), Adapter(classifier=LinearRegression()))
    assert is_regressor(regression)
    assert not is_classifier(regression)
    regression.fit(two.X, two.X[:, 1], X_target=two.X + 1)
    assert regression.score(two.X + 1, two.X[:, 1]) > 0.9
    assert not hasattr(make_pipeline(Adapter(classifier=SVC())), "predict_proba")
    assert hasattr(make_pipeline(Adapter(classifier=SVC())), "decision_function")


@pytest.mark.parametrize(
    "steps",
    [
        [StandardScaler(), LogisticRegression()],
        [Adapter(), LogisticRegression()],
        [Adapter(), Adapter()],
        [LogisticRegression(), Adapter()],
        [],
    ],
    ids=["no adapter", "a classifier behind", "two", "no transformer", "none"],
)
def test_other_chains_are_refused(two, steps):
    with pytest.raises(InputError, match="'steps' must be transformers with an Adapter as the"):
        AdapterPipeline([(f"s{i}", step) for i, step in enumerate(steps)]).fit(two.X, two.y)


@pytest.mark.filterwarnings("ignore")  # scikit-learn's checks provoke warnings of many kinds
def test_check_estimator():
    pipe = make_pipeline(StandardScaler(), Adapter("linear"))
    results = check_estimator(pipe, on_fail=None, on_skip=None)
    failed = {r["check_name"]: str(r["exception"]) for r in results if r["status"] == "failed"}
    assert failed == {}
    assert sum(r["status"] == "passed" for r in results) > 40
