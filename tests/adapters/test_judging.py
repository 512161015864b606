"""Judging, and the transport that is chosen by a verdict."""

import json
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import monge
from monge import Adapter, Sinkhorn, judge
from monge.adapters import Auto, Unmoved, candidates, describe
from monge.adapters.auto import Sizes, seconds_of, within
from monge.adapters.judging import judge_fitted
from monge.errors import InputError
from monge.maps import AffineMap
from monge.verdict import SCORES, Estimate, Ruling


@pytest.fixture(scope="module")
def moved():
    """Three named classes and a target moved so that every map of moments mends it."""
    draw = np.random.default_rng(0)
    y, yt = np.arange(90) % 3, np.arange(75) % 3
    centres = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])
    X, Xt = centres[y] + draw.normal(size=(90, 2)), centres[yt] + draw.normal(size=(75, 2)) + 4
    names = np.array(["ape", "bee", "cat"])
    return SimpleNamespace(X=X, y=names[y], Xt=Xt, yt=names[yt])


@pytest.fixture(scope="module")
def same():
    """Two classes of many rows, and a target of nearly one class: transport does harm."""
    draw = np.random.default_rng(0)
    y, yt = np.arange(120) % 2, (np.arange(100) % 20 == 0).astype(int)
    X, Xt = draw.normal(size=(120, 2)), draw.normal(size=(100, 2))
    X[:, 0] += 6 * y
    Xt[:, 0] += 6 * yt
    return SimpleNamespace(X=X, y=y, Xt=Xt, yt=yt)


def rules(decision, choice):
    """Return what puts a rule in place that decides so, whatever the scores."""

    def decide(scores):
        even = Estimate(value=0.5, low=0.4, high=0.6)
        gain = Estimate(value=0.1, low=-0.1, high=0.3)
        gains = {name: gain for name in scores if name != "source_only"}
        estimates = dict.fromkeys(scores, even)
        return Ruling(decision=decision, choice=choice, gains=gains, estimates=estimates)

    return "monge.adapters.concluding.decide", decide


FEW = Auto(budget="0.25 s")


@pytest.mark.parametrize("scale", [1e-45, 1e-20, 1e20, 1e45])
def test_a_verdict_does_not_depend_on_the_unit(moved, scale):
    names = ["coral", "linear", "prototypes"]
    plain = judge(names, moved.X, moved.y, moved.Xt)
    other = judge(names, moved.X * scale, moved.y, moved.Xt * scale)
    assert (other.decision, other.choice) == (plain.decision, plain.choice)
    for name in ("source_only", "chosen", "gain"):
        assert getattr(other, name).value == pytest.approx(getattr(plain, name).value, abs=1e-3)


def test_one_wild_row_stops_no_verdict(moved):
    target = moved.Xt.copy()
    target[3, 1] = 1e30
    assert judge(["coral", "linear"], moved.X, moved.y, target).decision in {"abstain", "undecided"}


def test_what_vanishes_when_it_is_squared_is_refused(moved):
    with pytest.raises(InputError, match="at least 1e-50 in size as float64"):
        judge("coral", moved.X * 1e-60, moved.y, moved.Xt)
    with pytest.raises(InputError, match="at least 1e-15 in size as float32"):
        Adapter("coral").fit(
            moved.X.astype(np.float32), moved.y, X_target=(moved.Xt * 1e-20).astype(np.float32)
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one point tells nothing
        assert judge("coral", moved.X, moved.y, 0 * moved.Xt).decision != "adapt"


@pytest.mark.parametrize("none", [[], {}])
def test_nothing_to_try_is_refused(moved, none):
    with pytest.raises(InputError, match="one transport at least"):
        judge(none, moved.X, moved.y, moved.Xt)


def test_an_adapter_among_several_is_refused(moved):
    with pytest.raises(InputError, match=r"judge: 'candidates' must be transports.*its transport"):
        judge([Adapter("coral"), Adapter("linear")], moved.X, moved.y, moved.Xt)


@pytest.mark.parametrize("state", [None, np.random.RandomState(0), np.int64(3)])
def test_draws_may_come_from_anywhere(moved, state):
    assert judge("linear", moved.X, moved.y, moved.Xt, random_state=state).decision == "adapt"


def test_a_graph_that_is_named_seeks_neighbours_in_the_views(moved, monkeypatch):
    given = {}

    def seen(estimator, candidates, both, **_):
        given.update(candidates)
        raise InputError("seen")

    monkeypatch.setattr("monge.adapters.judging.judged", seen)
    with pytest.raises(InputError, match="seen"):
        judge(["graph", "coral"], moved.X, moved.y, moved.Xt, [moved.Xt])
    assert {name: one.views for name, one in given.items()} == {"graph": True, "coral": False}


def test_labels_that_nothing_tells_are_warned_of(moved):
    y = np.random.default_rng(3).permutation(moved.y)
    verdict = judge(["coral"], moved.X, y, moved.Xt)
    assert any(text.startswith("No better than chance") for text in verdict.warnings)
    assert "label" not in verdict.shift.kinds
    sound = judge(["coral"], moved.X, moved.y, moved.Xt)
    assert not any(text.startswith("No better than chance") for text in sound.warnings)


def test_to_adapt_where_no_shift_is_seen_is_doubted(moved, same, monkeypatch):
    monkeypatch.setattr(*rules("adapt", "coral"))
    half = np.arange(len(same.X)) % 4 < 2
    verdict = judge(["coral"], same.X[half], same.y[half], same.X[~half])
    assert not verdict.shift.kinds
    assert any(text.startswith("No shift is seen") for text in verdict.warnings)
    other = judge(["coral"], moved.X, moved.y, moved.Xt)
    assert not any(text.startswith("No shift is seen") for text in other.warnings)


@pytest.fixture(scope="module")
def auto(moved):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(*rules("adapt", "linear"))
        return Adapter("auto", random_state=0).fit(moved.X, moved.y, X_target=moved.Xt)


def test_an_adapter_is_judged_and_left_as_it_is(moved):
    adapter = Adapter("linear", classifier="centroid")
    verdict = judge(adapter, moved.X, moved.y, moved.Xt)
    assert verdict.choice.name == "linear"
    assert verdict.gain.value > 0
    assert [tried.choice.name for tried in verdict.trials] == ["source_only", "linear"]
    assert not [name for name in vars(adapter) if name.endswith("_")]
    fitted = adapter.fit(moved.X, moved.y, X_target=moved.Xt)
    before = dict(vars(fitted))
    assert judge(fitted, moved.X, moved.y, moved.Xt) != judge("coral", moved.X, moved.y, moved.Xt)
    assert all(vars(fitted)[name] is value for name, value in before.items())


def test_the_options_of_the_adapter_are_those_that_are_judged(moved):
    adapter = Adapter(Sinkhorn(epsilon=0.7), target_prior="estimate", subsample=50)
    told = judge(adapter, moved.X, moved.y, moved.Xt).choice.parameters
    assert told["transport"] == repr(Sinkhorn(epsilon=0.7))
    assert (told["target_prior"], told["subsample"]) == ("'estimate'", "50")


def test_harm_is_seen(same):
    linear = Adapter("linear").fit(same.X, same.y, X_target=same.Xt)
    source = Adapter(Unmoved()).fit(same.X, same.y, X_target=same.Xt)
    assert source.score(same.Xt, same.yt) > 0.95 > linear.score(same.Xt, same.yt) + 0.2
    verdict = judge(["linear"], same.X, same.y, same.Xt)
    assert verdict.decision == "abstain"
    assert verdict.followed.name == "source_only"
    assert "label" in verdict.shift.kinds
    assert any(text.startswith("Label shift: the target's") for text in verdict.warnings)


def test_of_several_the_failed_are_told(moved):
    given = {"hasty": Sinkhorn(epsilon=1e-3, max_sweeps=1), "coral": "coral"}
    verdict = judge(given, moved.X, moved.y, moved.Xt)
    hasty = verdict.trials[1]
    assert hasty.estimate is hasty.gain is None
    assert "not converged" in hasty.reason
    assert verdict.choice.name == "coral"
    assert "Failed: hasty; the table of trials says why." in verdict.warnings


def test_the_verdict_is_whole_and_json(moved):
    verdict = judge(["prototypes"], moved.X, moved.y, moved.Xt, [moved.Xt**3])
    json.dumps(verdict.to_json(), allow_nan=False)
    assert verdict.rows == (90, 75)
    assert {item.score for item in verdict.evidence} <= set(SCORES)
    assert "view_agreement" in {item.score for item in verdict.evidence}
    assert [part.label for part in verdict.per_class] == ["ape", "bee", "cat"]
    assert sum(part.predicted for part in verdict.per_class) == pytest.approx(1)
    overall = sum(part.predicted * part.right for part in verdict.per_class)
    used = verdict.chosen if verdict.decision == "adapt" else verdict.source_only
    assert overall == pytest.approx(used.value, abs=1e-3)


def test_no_label_of_the_target_is_asked_for_and_the_order_of_rows_matters_little(moved):
    one = judge(["linear"], moved.X, moved.y, moved.Xt)
    turned = judge(["linear"], moved.X[::-1], moved.y[::-1], moved.Xt[::-1])
    assert one.gain.value == pytest.approx(turned.gain.value, abs=0.05)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"y": np.linspace(0, 1, 90)}, "'y' must be labels"),
        ({"X_target": np.ones((3, 5))}, "'X_target' must be"),
        ({"candidates": Adapter(classifier=LinearRegression())}, "'classifier' must be a classif"),
        ({"budget": "soon"}, "judge: 'budget' must be a time of more than 0 seconds, got 'soon'"),
        ({"budget": 0}, "judge: 'budget' must be a time"),
        ({"candidates": ["teleport"]}, "'transport' must be one of"),
        ({"views": [np.ones((3, 3))]}, "'target_views' must be a list of matrices"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_cannot_be_judged_is_refused_in_one_sentence(moved, given, words):
    usual = {"candidates": ["coral"], "X": moved.X, "y": moved.y, "X_target": moved.Xt}
    with pytest.raises(InputError, match=words) as caught:
        judge(**usual | given)
    assert "\n" not in str(caught.value)


def test_one_that_is_fitted_is_not_fitted_again(moved, monkeypatch):
    adapter = Adapter("linear").fit(moved.X, moved.y, X_target=moved.Xt)
    whole = []
    fit = Adapter.fit

    def counted(self, X, y, **rest):
        whole.append(len(X) == len(moved.X) and type(self.transport).__name__ != "Unmoved")
        return fit(self, X, y, **rest)

    monkeypatch.setattr(Adapter, "fit", counted)
    found = judge_fitted(adapter, moved.X, moved.y, moved.Xt)
    assert sum(whole) == 0
    again = judge(adapter, moved.X, moved.y, moved.Xt)
    assert sum(whole) == 1
    assert found.gain == again.gain


def test_auto_takes_what_the_verdict_chooses(auto, moved):
    assert auto.verdict_.decision == "adapt"
    assert auto.score(moved.Xt, moved.yt) > 0.95
    assert [tried.choice.name for tried in auto.trials_] == [
        "source_only",
        *candidates(90, 75, 2, 3),
    ]
    chosen = candidates(90, 75, 2, 3)[auto.verdict_.choice.name]
    alone = Adapter(**chosen.parameters, random_state=0)
    alone.fit(moved.X, moved.y, X_target=moved.Xt)
    np.testing.assert_array_equal(auto.transform(moved.X), alone.transform(moved.X))
    np.testing.assert_array_equal(auto.predict(moved.Xt), alone.predict(moved.Xt))
    np.testing.assert_array_equal(auto.predict_proba(moved.Xt), alone.predict_proba(moved.Xt))
    np.testing.assert_array_equal(auto.target_distance(moved.X), alone.target_distance(moved.X))


def test_auto_keeps_the_source_where_adapting_hurts(same):
    auto = Adapter(FEW, random_state=0).fit(same.X, same.y, X_target=same.Xt)
    if auto.verdict_.decision == "adapt":  # the rule may find one that does not hurt
        assert auto.score(same.Xt, same.yt) > 0.9
    source = Adapter(Unmoved()).fit(same.X, same.y, X_target=same.Xt)
    assert auto.score(same.Xt, same.yt) >= source.score(same.Xt, same.yt) - 0.01


def test_auto_abstains_with_a_map_that_moves_nothing(same, monkeypatch):
    monkeypatch.setattr(*rules("abstain", "coral"))
    auto = Adapter(FEW, random_state=0).fit(same.X, same.y, X_target=same.Xt)
    assert isinstance(auto.map_, AffineMap)
    np.testing.assert_array_equal(auto.transform(same.X), same.X)
    np.testing.assert_array_equal(auto.inverse_transform(same.Xt), same.Xt)
    assert auto.verdict_.followed.name == "source_only"
    assert not auto.is_far(same.Xt).all()


def test_auto_is_the_same_for_a_seed(moved):
    auto = Adapter(FEW, random_state=0).fit(moved.X, moved.y, X_target=moved.Xt)
    again = clone(auto).fit(moved.X, moved.y, X_target=moved.Xt)
    np.testing.assert_array_equal(again.predict(moved.Xt), auto.predict(moved.Xt))
    assert [t.scores for t in again.trials_] == [t.scores for t in auto.trials_]
    other = clone(auto).set_params(random_state=1).fit(moved.X, moved.y, X_target=moved.Xt)
    assert [t.scores for t in other.trials_] != [t.scores for t in auto.trials_]


def test_auto_survives_saving(auto, moved, tmp_path):
    auto.save(tmp_path / "a")
    loaded = monge.load(tmp_path / "a")
    assert loaded.transport == "auto"
    assert loaded.verdict_ == auto.verdict_
    assert loaded.trials_ == auto.trials_
    np.testing.assert_array_equal(loaded.predict(moved.Xt), auto.predict(moved.Xt))
    assert describe(tmp_path / "a")["verdict"]["decision"] == "adapt"


def test_a_fit_that_chooses_nothing_has_no_verdict(moved, tmp_path):
    adapter = Adapter(FEW, random_state=0).fit(moved.X, moved.y, X_target=moved.Xt)
    adapter.set_params(transport="coral").fit(moved.X, moved.y, X_target=moved.Xt)
    assert not hasattr(adapter, "verdict_")
    with pytest.raises(AttributeError, match="only where transport='auto'"):
        _ = adapter.trials_
    adapter.save(tmp_path / "a")
    assert not hasattr(monge.load(tmp_path / "a"), "verdict_")


def test_auto_gives_its_views_to_those_that_want_them(moved):
    auto = Adapter("auto", random_state=0)
    auto.fit(moved.X, moved.y, X_target=moved.Xt, target_views=[moved.Xt**3])
    assert auto.trials_[-1].choice.name == "graph_views"
    assert auto.trials_[-1].reason == ""


@pytest.mark.parametrize("decision", ["adapt", "abstain"])
def test_auto_with_weights_fits_the_chosen_with_them(moved, monkeypatch, decision):
    monkeypatch.setattr(*rules(decision, "coral"))
    weight = np.where(moved.y == "ape", 0.0, 1.0)
    weight[:3] = 1.0
    weight[3:9] = 5.0
    auto = Adapter(FEW, classifier="centroid", random_state=0)
    auto.fit(moved.X, moved.y, X_target=moved.Xt, sample_weight=weight)
    chosen = "coral" if decision == "adapt" else Unmoved()
    alone = Adapter(chosen, classifier="centroid", random_state=0)
    alone.fit(moved.X, moved.y, X_target=moved.Xt, sample_weight=weight)
    np.testing.assert_array_equal(auto.transform(moved.X), alone.transform(moved.X))
    assert set(auto.source_rows_) == set(np.flatnonzero(weight))


def test_auto_keeps_the_other_options(moved):
    auto = Adapter("auto", classifier=LogisticRegression(), random_state=0, map="entropic")
    auto.fit(moved.X, moved.y, X_target=moved.Xt)
    assert isinstance(auto.classifier_, LogisticRegression)
    failed = {tried.choice.name: tried.reason for tried in auto.trials_ if tried.reason}
    assert "class_regularized" in failed  # its plans have no potential that a map could follow
    assert "the map is entropic" in failed["class_regularized"]


def test_auto_speaks_of_what_it_cannot_do(moved):
    auto = Adapter("auto")
    with pytest.raises(InputError, match="'transport' must be one that needs no classes"):
        clone(auto).set_params(classifier=LinearRegression()).fit(
            moved.X, np.arange(90.0), X_target=moved.Xt
        )
    with pytest.raises(InputError, match="may depend on known labels"):
        auto.fit(moved.X, moved.y, X_target=moved.Xt, y_target=["ape"] + [None] * 74)
    with pytest.raises(InputError, match="Auto: 'budget' must be a time"):
        auto.set_params(transport__budget="-1 s")


def test_auto_in_a_pipeline_and_without_a_target(moved, monkeypatch):
    monkeypatch.setattr(*rules("adapt", "coral"))
    pipe = Pipeline([("scale", StandardScaler()), ("adapter", Adapter(FEW, random_state=0))])
    scaled = StandardScaler().fit(moved.X).transform(moved.Xt)
    pipe.fit(moved.X, moved.y, adapter__X_target=scaled)
    assert pipe.score(moved.Xt, moved.yt) > 0.9
    with pytest.warns(UserWarning, match="nothing is adapted"):
        plain = Adapter("auto").fit(moved.X, moved.y)
    assert not hasattr(plain, "verdict_")


def test_the_budget_cuts_by_size_and_says_so(moved):
    auto = Adapter(Auto(budget="0.3 s"), random_state=0)
    auto.fit(moved.X, moved.y, X_target=moved.Xt)
    assert 1 < len(auto.trials_) < 13
    told = [text for text in auto.verdict_.warnings if text.startswith("Not tried")]
    assert len(told) == 1
    assert "class_regularized" in told[0]


def test_a_larger_budget_cuts_less_and_never_by_the_clock():
    grid = candidates(60_000, 7_000, 84, 10)
    sizes = Sizes(n=60_000, m=7_000, d=84)
    kept = [list(within(grid, sizes, budget)[0]) for budget in (1, 20, 60, 1e6)]
    assert kept[0] == ["standardise"]
    assert len(kept[0]) < len(kept[1]) < len(kept[2]) < len(kept[3]) == len(grid)
    assert [name for name in grid if name in kept[1]] == kept[1]


@pytest.mark.parametrize(
    ("budget", "seconds"), [("60 s", 60), ("1.5 min", 90), ("2h", 7200), ("7", 7), (0.5, 0.5)]
)
def test_a_budget_is_a_time(budget, seconds):
    assert seconds_of(budget, "judge") == seconds


@pytest.mark.parametrize("budget", ["", "s", "1 day", -1, np.inf, np.nan, None, True, "1e3 s"])
def test_no_other_budget_is(budget):
    with pytest.raises(InputError, match="'budget' must be a time of more than 0 seconds"):
        seconds_of(budget, "judge")


class WithTarget(Adapter):
    """Always has a target, so that scikit-learn's checks, which know of none, see the choice."""

    def fit(self, X, y, sample_weight=None, X_target=None, **rest):
        target = X if X_target is None else X_target
        return super().fit(X, y, X_target=target, sample_weight=sample_weight, **rest)


# The candidates are judged without weights, so that a row twice is not a row of weight two.
OF_WEIGHTS = {
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
}


@pytest.mark.slow
def test_check_estimator_of_auto():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(WithTarget(FEW, random_state=0), on_fail=None, on_skip=None)
    failed = {r["check_name"]: str(r["exception"]) for r in results if r["status"] == "failed"}
    assert failed.keys() <= OF_WEIGHTS, failed
    assert sum(result["status"] == "passed" for result in results) > 40
