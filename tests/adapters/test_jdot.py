"""The scikit-learn face of joint transport: the contract, the losses, and what is refused."""

import numpy as np
import pytest
import torch
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.utils.estimator_checks import check_estimator

from monge import Adapter
from monge.adapters import CLASSIFIERS, JDOT
from monge.adapters.learning import Learner
from monge.errors import Cancelled, ConvergenceError, InputError, MongeWarning
from monge.joint import JointTransport


class WithTarget(JDOT):
    """Always has a target, so that scikit-learn's checks, which know of none, see the plan."""

    def fit(self, X, y, sample_weight=None):
        return super().fit(
            X, y, X_target=X, sample_weight=sample_weight, target_weight=sample_weight
        )


WEIGHTS = {  # twice the row is once the row of weight two to what the turns settle to, not to 1e-7
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
}
SLOW = pytest.mark.slow
CHECKED = [
    (JDOT, "logistic"),
    (JDOT, Ridge()),
    pytest.param(WithTarget, "discriminant", marks=SLOW),
    pytest.param(WithTarget, LogisticRegression(), marks=SLOW),
    pytest.param(WithTarget, Ridge(), marks=SLOW),
]


@pytest.mark.filterwarnings("ignore")  # scikit-learn's checks provoke warnings of many kinds
@pytest.mark.parametrize(("kind", "classifier"), CHECKED, ids=repr)
def test_check_estimator(kind, classifier):
    results = check_estimator(kind(classifier), on_fail=None, on_skip=None)
    failed = {
        result["check_name"]: f"{type(result['exception']).__name__}: {result['exception']}"
        for result in results
        if result["status"] == "failed"
    }
    assert failed.keys() <= WEIGHTS, failed
    assert sum(result["status"] == "passed" for result in results) > 40


@pytest.mark.parametrize(
    "estimator",
    [*CLASSIFIERS, LinearSVC(), make_pipeline(StandardScaler(), SVC())],
    ids=str,
)
def test_it_classifies_what_the_source_alone_cannot(two, estimator):
    alone = KNeighborsClassifier(1).fit(two.X, two.y).score(two.Xt, two.yt)
    assert alone < 0.7
    joint = JDOT(estimator).fit(two.X, two.y, X_target=two.Xt)
    assert joint.score(two.Xt, two.yt) > 0.95
    assert joint.solution_.converged
    labels = np.array(["right", "left"])  # not in the order of the numbers
    named = JDOT(estimator).fit(two.X, labels[two.y], X_target=two.Xt)
    np.testing.assert_array_equal(named.classes_, ["left", "right"])
    assert (named.predict(two.Xt) == labels[two.yt]).mean() > 0.95


def test_it_is_what_its_estimator_is(two):
    assert is_regressor(JDOT(Ridge()))
    assert is_classifier(JDOT())
    assert hasattr(JDOT(), "predict_proba")
    assert not hasattr(JDOT(LinearSVC()), "predict_proba")
    joint = JDOT(LogisticRegression()).fit(two.X, two.y, X_target=two.Xt)
    shares = joint.predict_proba(two.Xt)
    np.testing.assert_allclose(shares.sum(1), 1)
    np.testing.assert_array_equal(joint.classes_[shares.argmax(1)], joint.predict(two.Xt))
    np.testing.assert_array_equal(joint.decision_function(two.Xt) > 0, joint.predict(two.Xt) == 1)


def test_a_regressor_follows_its_numbers(two):
    slope = np.array([1.0, -2.0, 0.5])
    y, yt = two.X @ slope, (two.Xt - [4, 0, 0]) @ slope
    alone = LinearRegression().fit(two.X, y).score(two.Xt, yt)
    joint = JDOT(LinearRegression(), epsilon=0.01).fit(two.X, 100 * y + 7, X_target=two.Xt)
    assert joint.score(two.Xt, 100 * yt + 7) > alone + 0.2
    assert not hasattr(joint, "classes_")


def test_the_regressors_loss_is_its_squared_error_in_units_of_the_source(two):
    y = two.X @ np.array([1.0, -2.0, 0.5]) * 30 + 100
    learner = Learner(LinearRegression(), two.Xt, y, None)
    plan = np.random.default_rng(0).random((60, 50))
    paid = learner(torch.as_tensor(plan.T) @ learner.said)
    means = plan.T @ y / plan.sum(0)
    model = LinearRegression().fit(two.Xt, means, sample_weight=plan.sum(0))
    expected = (y[:, None] - model.predict(two.Xt)) ** 2 / y.var()
    np.testing.assert_allclose((learner.said @ paid.T).numpy(), expected, atol=1e-9)


def votes_of(two, classes=3):
    return torch.as_tensor(np.random.default_rng(1).random((50, classes)) / 50)


def test_the_estimator_is_trained_on_each_label_with_its_weight(two):
    votes, labels = votes_of(two), np.array(["a", "b", "c"])
    learner = Learner(LogisticRegression(C=0.1), two.Xt, np.repeat(labels, 20), labels)
    paid = learner(votes)
    weight = votes.numpy().ravel() / votes.sum().item() * 50
    by_hand = LogisticRegression(C=0.1).fit(
        np.repeat(two.Xt, 3, axis=0), np.tile(labels, 50), sample_weight=weight
    )
    np.testing.assert_allclose(learner.fitted.coef_, by_hand.coef_, rtol=1e-6)
    np.testing.assert_allclose(paid.numpy(), -by_hand.predict_log_proba(two.Xt), rtol=1e-5)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_hinge_of_an_estimator_that_gives_scores(two, classes):
    learner = Learner(LinearSVC(), two.Xt, np.arange(60) % classes, np.arange(classes))
    paid = learner(votes_of(two, classes)).numpy()
    scores = learner.fitted.decision_function(two.Xt)
    for c in range(classes):
        if classes == 2:
            expected = np.maximum(0, 1 - (scores if c == 1 else -scores))
        else:
            signs = np.where(np.arange(classes) == c, 1, -1)
            expected = np.maximum(0, 1 - signs * scores).sum(1)
        np.testing.assert_allclose(paid[:, c], expected)


def test_a_wrong_answer_costs_one_where_there_is_nothing_else(two):
    class Bare(KNeighborsClassifier):
        predict_proba = property()

    votes = votes_of(two)
    learner = Learner(Bare(1), two.Xt, np.arange(60) % 3, np.arange(3))
    paid = learner(votes).numpy()
    np.testing.assert_array_equal(paid, 1 - np.eye(3)[votes.numpy().argmax(1)])


def test_no_class_is_forgotten_however_little_of_it_comes(two):
    votes = torch.full((50, 3), 1e-9).double()
    votes[:, 0] = 1
    votes[7, 2] = 2e-9
    learner = Learner(LogisticRegression(), two.Xt, np.arange(60) % 3, np.arange(3))
    assert learner(votes).isfinite().all()
    np.testing.assert_array_equal(learner.fitted.classes_, [0, 1, 2])


def test_a_class_that_was_not_seen_costs_the_most(two):
    votes = torch.zeros(50, 3).double()
    votes[:25, 0] = votes[25:, 2] = 1
    learner = Learner(KNeighborsClassifier(1), two.Xt, np.arange(60) % 3, np.arange(3))
    paid = learner(votes).numpy()
    np.testing.assert_allclose(paid[:, 1], -np.log(0.01))
    assert paid.max() == paid[0, 1]
    scores = Learner(NoWeights(), two.Xt, np.arange(60) % 3, np.arange(3))(votes).numpy()
    assert (scores[:, 1] > scores.min(1)).all()


class NoWeights(LinearSVC):
    """Takes no weights."""

    def fit(self, X, y):
        return super().fit(X, y)


def test_clone_and_grid_search(two):
    joint = JDOT(LogisticRegression(), alpha=0.3, rounds=50)
    assert clone(joint).get_params()["classifier__C"] == 1
    search = GridSearchCV(
        joint, {"alpha": [0.1, 1.0], "classifier__C": [0.1, 1.0]}, cv=2, error_score="raise"
    )
    search.fit(two.X, two.y, X_target=two.Xt)
    assert len(search.cv_results_["params"]) == 4
    assert search.predict(two.Xt).shape == two.yt.shape
    assert not hasattr(joint, "classifier_")


def test_rows_of_no_weight_do_not_count(two):
    X = np.concatenate([two.X, [[500.0, 500, 500]]])
    Xt = np.concatenate([two.Xt, [[-500.0, 0, 0]]])
    weight, target_weight = np.append(np.ones(60), 0), np.append(np.ones(50), 0)
    joint = JDOT().fit(
        X, np.append(two.y, 9), X_target=Xt, sample_weight=weight, target_weight=target_weight
    )
    plain = JDOT().fit(two.X, two.y, X_target=two.Xt)
    np.testing.assert_array_equal(joint.classes_, [0, 1])
    np.testing.assert_allclose(joint.predict_proba(two.Xt), plain.predict_proba(two.Xt), atol=1e-6)


def test_the_target_alone_is_what_it_is_trained_on(two):
    far = JDOT(epsilon=0).fit(two.X + np.array([1000, 0, 0]), two.y, X_target=two.Xt)
    assert far.score(two.Xt, two.yt) > 0.95


def test_no_target_warns_and_trains_on_the_source(two):
    with pytest.warns(MongeWarning, match="JDOT.fit: X_target is missing") as caught:
        joint = JDOT(LogisticRegression()).fit(two.X, two.y)
    assert caught[0].filename == __file__
    assert joint.solution_ is None
    by_hand = LogisticRegression().fit(two.X, two.y)
    np.testing.assert_allclose(joint.classifier_.coef_, by_hand.coef_)


def test_a_fit_that_fails_changes_nothing(two):
    joint = JDOT().fit(two.X, two.y, X_target=two.Xt)
    before = dict(vars(joint))

    def stop(_):
        raise Cancelled

    with pytest.raises(Cancelled):
        joint.fit(two.X, two.y, X_target=two.Xt + 1, report=stop)
    assert all(vars(joint)[name] is value for name, value in before.items())


def test_labels_that_do_not_settle_are_an_error(two):
    rng = np.random.default_rng(0)
    X, y, Xt = rng.normal(size=(60, 3)), rng.integers(3, size=60), rng.normal(size=(50, 3))
    with pytest.raises(ConvergenceError, match=r"^JDOT: not converged within"):
        JDOT(epsilon=0, rounds=1, alpha=0.01, tolerance=1e-12).fit(X, y, X_target=Xt)


BAD = {
    "alpha": ({"alpha": 0}, {}, "JDOT: 'alpha' must be a positive finite number"),
    "classifier": ({"classifier": "nonsense"}, {}, "JDOT: 'classifier' must be one of"),
    "target": ({}, {"X_target": [[np.nan, 0, 0]]}, "JDOT.fit: 'X_target' must be finite"),
    "width": ({}, {"X_target": [[0.0]]}, "JDOT.fit: 'X_target' must be a table"),
    "labels": ({}, {"y": [0] * 60}, "JDOT.fit: 'y' must be of at least two classes"),
    "weights": ({}, {"sample_weight": [-1] * 60}, "JDOT.fit: 'sample_weight' must be finite"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_in_its_own_name(two, case):
    options, given, said = BAD[case]
    arguments = {"X": two.X, "y": two.y, "X_target": two.Xt} | given
    with pytest.raises(InputError, match=rf"^{said}") as caught:
        JDOT(**options).fit(**arguments)
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match=r"^JDOT.predict: 'X' must be"):
        JDOT().fit(two.X, two.y, X_target=two.Xt).predict(two.X[:, :2])


def test_a_row_of_weight_two_is_the_row_twice(two):
    count, again = np.arange(50) % 3 + 1, np.repeat(np.arange(50), np.arange(50) % 3 + 1)
    joint = JDOT(LogisticRegression(), tolerance=1e-7, rounds=1000)
    weighted = clone(joint).fit(two.X, two.y, X_target=two.Xt, target_weight=count)
    repeated = clone(joint).fit(two.X, two.y, X_target=two.Xt[again])
    np.testing.assert_allclose(
        weighted.decision_function(two.Xt), repeated.decision_function(two.Xt), rtol=1e-3
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_transport_by_name_is_the_linear_form(two, dtype):
    X, Xt = two.X.astype(dtype), two.Xt.astype(dtype)
    adapter = Adapter("jdot").fit(X, two.y, X_target=Xt)
    assert isinstance(Adapter("jdot").get_params()["transport__alpha"], float)
    assert adapter.score(Xt, two.yt) > 0.95
    assert (adapter.classes_[adapter.propagate().argmax(1)] == two.yt).mean() > 0.95
    with pytest.raises(InputError, match="'transport' must be one that needs no classes"):
        Adapter("jdot", classifier=Ridge()).fit(X, X[:, 0], X_target=Xt)
    with pytest.raises(InputError, match=r"known labels \(y_target\)"):
        Adapter("jdot").fit(X, two.y, X_target=Xt, y_target=[0] + [None] * 49)


def test_the_classifier_is_that_of_the_plan(two):
    joint = JDOT(LogisticRegression(), tolerance=0.3).fit(two.X, two.y, X_target=two.Xt)
    learner = Learner(LogisticRegression(), two.Xt, two.y, joint.classes_)
    learner(joint.solution_.plan.push(learner.said))
    np.testing.assert_allclose(joint.classifier_.coef_, learner.fitted.coef_, rtol=1e-9)


def test_a_plan_that_says_nothing_is_warned_of(two):
    with pytest.warns(MongeWarning, match=r"^JDOT.fit: the plan is nearly independent"):
        JDOT(epsilon=1e4).fit(two.X, two.y, X_target=two.Xt)


@pytest.mark.parametrize("rows", [1, 7])
def test_a_target_of_one_point_is_warned_of(two, rows):
    target = np.repeat(two.Xt[:1], rows, axis=0)
    with pytest.warns(MongeWarning, match=r"^JDOT.fit: all rows of X_target are one point"):
        JDOT().fit(two.X, two.y, X_target=target)


@pytest.mark.parametrize(
    "wrong", [{"alpha": "1"}, {"rounds": True}, {"eta": None}, {"rounds": 1.5}]
)
def test_options_of_any_type_are_refused_with_a_sentence(wrong):
    with pytest.raises(InputError, match=f"^JointTransport: '{next(iter(wrong))}' must be "):
        JointTransport(**wrong)
