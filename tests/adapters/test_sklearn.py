"""scikit-learn's contract, with a target and without."""

import os
import pickle
import warnings

import joblib
import numpy as np
import pytest
import sklearn
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import check_estimator

from monge import Adapter, ClassRegularized, Coral, EntropicMap, Exact, Partial, Sinkhorn
from monge.adapters import CLASSIFIERS, TRANSPORTS
from monge.errors import InputError, MongeWarning
from monge.joint import JointTransport

# A row of weight two is the row twice, to 1e-7: more digits than its rounds settle to by default.
# The classifier of joint transport is regularised by the row, and here so much that none is left.
SETTLED = {
    "class_regularized": ClassRegularized(tolerance=1e-9, rounds=200),
    "jdot": JointTransport(eta=1e12, tolerance=1e-9),
}


# The neighbours of a row that is there twice are others than those of a row of weight two.
OF_ROWS = {
    "graph": {
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
    }
}


class WithTarget(Adapter):
    """Always has a target, so that scikit-learn's checks, which know of none, see the transport."""

    def fit(self, X, y, sample_weight=None):
        return super().fit(
            X, y, X_target=X, sample_weight=sample_weight, target_weight=sample_weight
        )


@pytest.mark.filterwarnings("ignore")  # scikit-learn's checks provoke warnings of many kinds
@pytest.mark.parametrize("kind", [Adapter, WithTarget])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_check_estimator(kind, transport):
    options = SETTLED.get(transport, transport)
    results = check_estimator(kind(options), on_fail=None, on_skip=None)
    failed = {
        result["check_name"]: f"{type(result['exception']).__name__}: {result['exception']}"
        for result in results
        if result["status"] == "failed" and result["check_name"] not in OF_ROWS.get(transport, ())
    }
    assert failed == {}
    assert sum(result["status"] == "passed" for result in results) > 40


@pytest.mark.filterwarnings("ignore")
def test_check_estimator_of_the_entropic_map_and_a_subsample():
    adapter = WithTarget(Sinkhorn(epsilon=0.01), map="entropic", subsample=100, random_state=0)
    results = check_estimator(adapter, on_fail=None, on_skip=None)
    assert [r["check_name"] for r in results if r["status"] == "failed"] == []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "params",
    [
        {"transport": ClassRegularized(form="group")},
        {"transport": Partial(epsilon=0)},
        {"transport": "linear", "classifier": LogisticRegression()},
        {"transport": "linear", "target_prior": "estimate", "random_state": 0},
    ],
    ids=repr,
)
def test_check_estimator_of_other_options(params):
    # Twice the row is once the row of weight two but for an exact plan, which may send the two to
    # different places, and for the estimate, whose classifier is regularised by the row.
    skipped = {
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
    }
    results = check_estimator(WithTarget(**params), on_fail=None, on_skip=None)
    failed = {r["check_name"]: str(r["exception"]) for r in results if r["status"] == "failed"}
    assert failed.keys() <= skipped, failed


def test_the_checks_with_a_target_do_adapt(two):
    assert WithTarget("sinkhorn").fit(two.X, two.y).solution_ is not None


def test_clone_gives_equal_parameters_and_nothing_fitted(two):
    adapter = Adapter(Sinkhorn(epsilon=0.2), map=EntropicMap(), subsample=7, random_state=1)
    adapter.fit(two.X, two.y, X_target=two.Xt)
    copy = clone(adapter)
    assert copy.get_params() == adapter.get_params()
    assert not [name for name in vars(copy) if name.endswith("_")]


def test_parameters_are_stored_as_they_come():
    given = {
        "transport": Exact(),
        "map": "entropic",
        "classifier": SVC(),
        "cost": "cosine",
        "subsample": -3,
        "random_state": "nonsense",
    }
    adapter = Adapter(**given)
    assert all(getattr(adapter, name) is value for name, value in given.items())


def test_fit_changes_no_parameter(two):
    adapter = Adapter(Sinkhorn(), classifier=LogisticRegression(), subsample=1000, random_state=3)
    before = dict(vars(adapter))
    adapter.fit(two.X, two.y, X_target=two.Xt)
    after = {name: value for name, value in vars(adapter).items() if name in before}
    assert all(after[name] is before[name] for name in before)
    assert not hasattr(adapter.classifier, "classes_")


def test_nested_parameters_are_read_and_set():
    adapter = Adapter()
    assert adapter.get_params()["transport__epsilon"] == Sinkhorn().epsilon
    assert "transport__epsilon" not in adapter.get_params(deep=False)
    assert adapter.set_params(transport__epsilon=0.3, subsample=5) is adapter
    assert adapter.transport == Sinkhorn(epsilon=0.3)
    assert adapter.subsample == 5
    adapter.set_params(transport="coral", transport__shrinkage=0.5)
    assert adapter.transport == Coral(shrinkage=0.5)
    adapter.set_params(transport__shrinkage=0.1, transport=Coral(shrinkage=0.9))
    assert adapter.transport == Coral(shrinkage=0.1)


def test_nested_parameters_of_the_classifier():
    adapter = Adapter(classifier=KNeighborsClassifier())
    adapter.set_params(classifier__n_neighbors=3)
    assert adapter.get_params()["classifier__n_neighbors"] == 3


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_by_name_is_the_object(two, name):
    named = Adapter("linear", classifier=name).fit(two.X, two.y, X_target=two.Xt)
    given = Adapter("linear", classifier=CLASSIFIERS[name]())
    for verb in ("predict_proba", "decision_function"):
        assert hasattr(Adapter(classifier=name), verb) == hasattr(given, verb)
    given.fit(two.X, two.y, X_target=two.Xt)
    np.testing.assert_array_equal(named.predict(two.Xt), given.predict(two.Xt))
    assert named.classifier == clone(named).classifier == name
    assert sklearn.base.is_classifier(named)


@pytest.mark.parametrize("classifier", [None, "nearest", "neighbours"])
def test_nested_parameters_of_a_classifier_by_name(two, classifier):
    adapter = Adapter(classifier=classifier).set_params(classifier__n_neighbors=7)
    assert adapter.fit(two.X, two.y, X_target=two.Xt).classifier_.n_neighbors == 7
    adapter = Adapter().set_params(classifier="neighbours", classifier__weights="distance")
    assert (adapter.classifier.n_neighbors, adapter.classifier.weights) == (5, "distance")
    with pytest.raises(ValueError, match="Invalid parameter 'speed'"):
        Adapter(classifier=classifier).set_params(classifier__speed=7)


def test_a_grid_over_names_scored_on_labelled_target_rows(two):
    def on_target(adapter, X, y):
        return adapter.score(two.Xt[::5], two.yt[::5])

    grid = {"classifier": ["nearest", "centroid"], "transport": ["linear", "coral"]}
    search = GridSearchCV(Adapter(), grid, cv=2, scoring=on_target, error_score="raise")
    search.fit(two.X, two.y, X_target=two.Xt)
    assert len(search.cv_results_["params"]) == 4
    best = search.best_estimator_
    assert on_target(best, None, None) > 0.9


def test_set_params_changes_no_option_in_place():
    options = Sinkhorn(epsilon=0.1)
    one, two = Adapter(options), Adapter(options)
    one.set_params(transport__epsilon=0.7)
    assert options == Sinkhorn(epsilon=0.1)
    assert two.transport is options
    assert one.transport == Sinkhorn(epsilon=0.7)


@pytest.mark.parametrize(
    ("transport", "params"),
    [
        ("sinkhorn", {"transport__shrinkage": 1}),
        ("linear", {"transport__epsilon": 1}),
        ("nonsense", {"transport__epsilon": 1}),
        ("sinkhorn", {"map__width": 1}),
    ],
)
def test_unknown_nested_parameters_are_refused(transport, params):
    with pytest.raises(InputError, match=r"Adapter: '(transport|map)' must be given parameters"):
        Adapter(transport).set_params(**params)


def test_an_unknown_parameter_is_refused():
    with pytest.raises(ValueError, match="Invalid parameter 'epsilon'"):
        Adapter().set_params(epsilon=1)


def test_a_bad_epsilon_is_refused_where_it_is_set():
    adapter = Adapter()
    with pytest.raises(InputError, match="Sinkhorn: 'epsilon' must be a positive"):
        adapter.set_params(transport__epsilon=0)
    assert adapter.transport == "sinkhorn"


def test_pipeline_passes_the_target_to_fit(two):
    pipe = Pipeline([("scale", StandardScaler()), ("adapter", Adapter(random_state=0))])
    scaled = StandardScaler().fit(two.X)
    pipe.fit(two.X, two.y, adapter__X_target=scaled.transform(two.Xt))
    alone = Adapter(random_state=0).fit(
        scaled.transform(two.X), two.y, X_target=scaled.transform(two.Xt)
    )
    np.testing.assert_array_equal(pipe.predict(two.Xt), alone.predict(scaled.transform(two.Xt)))
    np.testing.assert_array_equal(pipe.transform(two.X), alone.transform(scaled.transform(two.X)))
    assert pipe.score(two.Xt, two.yt) > 0.9


def test_pipeline_scales_the_target_where_it_is_told_to(two):
    with sklearn.config_context(enable_metadata_routing=True):
        adapter = Adapter("standardise").set_fit_request(X_target=True)
        pipe = Pipeline(
            [("scale", StandardScaler()), ("adapter", adapter)], transform_input=["X_target"]
        )
        pipe.fit(two.X, two.y, X_target=two.Xt)
        scaled = StandardScaler().fit(two.X)
        alone = Adapter("standardise").fit(
            scaled.transform(two.X), two.y, X_target=scaled.transform(two.Xt)
        )
        np.testing.assert_array_equal(
            pipe.transform(two.X), alone.transform(scaled.transform(two.X))
        )


def test_a_step_of_a_pipeline_that_transforms(two):
    pipe = Pipeline([("move", Adapter("linear")), ("classify", LogisticRegression())])
    pipe.fit(two.X, two.y, move__X_target=two.Xt)
    assert (pipe["classify"].predict(two.Xt) == two.yt).mean() > 0.9
    assert (LogisticRegression().fit(two.X, two.y).predict(two.Xt) == two.yt).mean() < 0.7


def test_grid_search_over_options_and_transports(two):
    grid = [
        {"transport": [Sinkhorn(tolerance=1e-3)], "transport__epsilon": [0.02, 0.5]},
        {"transport": ["linear", "exact", Coral()]},
    ]
    given = grid[0]["transport"][0]
    search = GridSearchCV(Adapter(), grid, cv=2, error_score="raise", n_jobs=1)
    search.fit(two.X, two.y, X_target=two.Xt)
    tried = search.cv_results_["params"]
    assert len(tried) == 5
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert given == Sinkhorn(tolerance=1e-3)
    assert search.best_estimator_.map_ is not None
    assert search.predict(two.Xt).shape == two.yt.shape


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_work_in_parallel_gives_what_one_gives(two, backend):
    grid = {"transport__epsilon": [0.02, 0.1, 0.5]}
    adapter = Adapter(subsample=40, random_state=0)
    scores = []
    for jobs in (1, 2):
        search = GridSearchCV(adapter, grid, cv=2, error_score="raise", n_jobs=jobs)
        with joblib.parallel_config(backend):
            search.fit(two.X, two.y, X_target=two.Xt)
        scores.append(search.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(scores[0], scores[1])


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_fitted_adapter_survives_pickle(two, transport):
    adapter = Adapter(transport).fit(two.X, two.y, X_target=two.Xt)
    again = pickle.loads(pickle.dumps(adapter))
    for verb in ("transform", "predict", "target_distance"):
        np.testing.assert_array_equal(getattr(adapter, verb)(two.X), getattr(again, verb)(two.X))


def test_grid_search_sees_the_epsilon(two):
    seen = {}
    for epsilon in (0.02, 0.5):
        adapter = clone(Adapter()).set_params(transport__epsilon=epsilon)
        seen[epsilon] = adapter.fit(two.X, two.y, X_target=two.Xt).solution_.epsilon
    assert seen[0.5] == pytest.approx(25 * seen[0.02])


def test_probabilities_are_there_where_the_classifier_gives_them(two):
    assert hasattr(Adapter(), "predict_proba")
    assert not hasattr(Adapter(classifier=SVC()), "predict_proba")
    adapter = Adapter(classifier=LogisticRegression()).fit(two.X, two.y, X_target=two.Xt)
    shares = adapter.predict_proba(two.Xt)
    np.testing.assert_allclose(shares.sum(1), 1)
    np.testing.assert_array_equal(adapter.classes_[shares.argmax(1)], adapter.predict(two.Xt))


def test_a_data_frame_keeps_its_names(two):
    pandas = pytest.importorskip("pandas")
    X, Xt = (pandas.DataFrame(rows, columns=["a", "b", "c"]) for rows in (two.X, two.Xt))
    adapter = Adapter().set_output(transform="pandas").fit(X, two.y, X_target=Xt)
    assert list(adapter.feature_names_in_) == ["a", "b", "c"]
    assert list(adapter.get_feature_names_out()) == ["a", "b", "c"]
    moved = adapter.transform(X)
    assert list(moved.columns) == ["a", "b", "c"]
    plain = Adapter().fit(two.X, two.y, X_target=two.Xt).transform(two.X)
    np.testing.assert_array_equal(moved.to_numpy(), plain)


FRAMES = {
    "turned": (["a", "c", "b"], r"got 'c' where fit had 'b', column 1; pass "),
    "renamed": (["a", "b", "z"], r"got 'z' where fit had 'c', column 2; pass "),
    "fewer": (["a", "b"], r"got nothing where fit had 'c', column 2; pass "),
    "more": (["a", "b", "c", "d"], r"got 'd' where fit had nothing, column 3; pass "),
}


@pytest.mark.parametrize("case", FRAMES)
def test_columns_of_another_name_or_order_are_refused_in_one_sentence(two, case):
    pandas = pytest.importorskip("pandas")
    names, said = FRAMES[case]
    X, Xt = (pandas.DataFrame(rows, columns=["a", "b", "c"]) for rows in (two.X, two.Xt))
    other = Xt.assign(d=1.0).rename(columns={"c": "z"} if "z" in names else {})[names]
    with pytest.raises(InputError, match=rf"'X_target' must be of the columns of fit .*{said}X_ta"):
        Adapter().fit(X, two.y, X_target=other)
    adapter = Adapter().fit(X, two.y, X_target=Xt)
    for verb in ("predict", "transform", "target_distance"):
        with pytest.raises(InputError, match=rf"Adapter.{verb}: 'X' must be .*{said}") as caught:
            getattr(adapter, verb)(other)
        assert "\n" not in str(caught.value)


def test_global_configuration_is_left_alone(two):
    def state():
        return {
            "scikit-learn": sklearn.get_config(),
            "warning filters": list(warnings.filters),
            "numpy errors": np.geterr(),
            "threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
            "torch generator": torch.get_rng_state().tolist(),
            "torch": (torch.is_grad_enabled(), torch.get_default_dtype()),
            "determinism": torch.are_deterministic_algorithms_enabled(),
            "matmul": torch.get_float32_matmul_precision(),
            "environment": dict(os.environ),
        }

    before = state()
    adapter = Adapter(subsample=20, target_prior="estimate", random_state=0)
    adapter.fit(two.X, two.y, X_target=two.Xt, y_target=[0] + [None] * 49)
    for verb in ("transform", "inverse_transform", "predict", "predict_proba", "is_far"):
        getattr(adapter, verb)(two.X)
    adapter.propagate()
    assert state() == before
    # `random_state=None` is the one way to ask for numpy's global generator; an integer is not
    Adapter(subsample=20, random_state=0).fit(two.X, two.y, X_target=two.Xt)
    middle = np.random.get_state(legacy=False)  # noqa: NPY002 - looks only
    Adapter(subsample=20, random_state=0).fit(two.X, two.y, X_target=two.Xt)
    assert str(middle) == str(np.random.get_state(legacy=False))  # noqa: NPY002 - looks only


def test_no_target_warns_and_trains_on_the_source(two):
    with pytest.warns(MongeWarning, match="X_target is missing, so nothing is adapted") as caught:
        adapter = Adapter().fit(two.X, two.y)
    assert caught[0].filename == __file__
    assert adapter.map_ is None
    assert adapter.solution_ is None
    assert len(adapter.source_rows_) == len(adapter.target_rows_) == 0
    np.testing.assert_array_equal(adapter.transform(two.X), two.X)
    np.testing.assert_array_equal(adapter.predict(two.X), two.y)
