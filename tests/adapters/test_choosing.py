"""What is asked of the judge, what is taken over from the choice, and what the verdict says."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

import monge
from monge import Adapter, judge
from monge.adapters import Auto, Candidate, Unmoved, candidates, collect
from monge.adapters.auto import Sizes, within
from monge.adapters.concluding import conclude
from monge.adapters.judging import judge_fitted
from monge.adapters.trials import both_of
from monge.errors import MongeWarning
from monge.solvers import Graph, Sinkhorn
from monge.verdict import Estimate, Ruling

FEW = Auto(budget="0.2 s")


@pytest.fixture(scope="module")
def pair():
    """Three named classes and a moved target, few rows."""
    draw = np.random.default_rng(0)
    y, yt = np.arange(45) % 3, np.arange(36) % 3
    centres = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])
    X, Xt = centres[y] + draw.normal(size=(45, 2)), centres[yt] + draw.normal(size=(36, 2)) + 3
    names = np.array(["ape", "bee", "cat"])
    return SimpleNamespace(X=X, y=names[y], Xt=Xt, yt=names[yt])


@pytest.fixture
def rule(monkeypatch):
    """Return what puts a rule in place that decides so, whatever the scores."""

    def put(decision, choice):
        def decide(scores):
            estimates = {
                name: Estimate(value=0.9 if name == choice else 0.6, low=0.5, high=0.95)
                for name in scores
            }
            gain = Estimate(value=0.3, low=-0.1, high=0.4)
            gains = dict.fromkeys([name for name in scores if name != "source_only"], gain)
            return Ruling(decision=decision, choice=choice, gains=gains, estimates=estimates)

        monkeypatch.setattr("monge.adapters.concluding.decide", decide)

    return put


@pytest.fixture
def grid(monkeypatch):
    """Return what makes some of the candidates all that are worth a try."""

    def only(*wanted):
        def some(*sizes):
            return {name: each for name, each in candidates(*sizes).items() if name in wanted}

        monkeypatch.setattr("monge.adapters.choosing.candidates", some)

    return only


def names(verdict):
    return [tried.choice.name for tried in verdict.trials]


def scores(verdict):
    return [dict(tried.scores) for tried in verdict.trials]


def finite(trials):
    return [{k: v for k, v in trial.scores.items() if np.isfinite(v)} for trial in trials]


def test_auto_may_be_asked_for_by_name_and_a_budget_given_prevails(pair):
    given = pair.X, pair.y, pair.Xt
    by_name = judge("auto", *given, budget="0.2 s")
    assert names(by_name)[:2] == ["source_only", "standardise"]
    assert 2 < len(by_name.trials) < 13
    assert names(judge(Auto(budget="1 h"), *given, budget="0.2 s")) == names(by_name)
    assert names(judge(FEW, *given)) == names(by_name)
    assert any(text.startswith("Not tried") for text in by_name.warnings)


def test_one_alone_is_judged_whatever_it_takes(pair):
    verdict = judge(Adapter("sinkhorn"), pair.X, pair.y, pair.Xt, budget=1e-6)
    assert names(verdict) == ["source_only", "sinkhorn"]
    assert not any(text.startswith("Not tried") for text in verdict.warnings)
    # of several the first is tried always, and the others are cut
    few = judge(["sinkhorn", "coral"], pair.X, pair.y, pair.Xt, budget=1e-6)
    assert names(few) == ["source_only", "sinkhorn"]


def test_what_is_judged_is_what_was_asked_for(pair):
    given = pair.X, pair.y, pair.Xt
    view = pair.Xt**3
    graph = judge(Adapter("graph", classifier="centroid"), *given, [view], random_state=4)
    wanted = {"graph": Candidate(transport=Graph(), views=True)}
    trials = collect(wanted, *given, classifier="centroid", views=[view], random_state=4)
    assert scores(graph) == finite(trials)
    blind = {"graph": Candidate(transport=Graph())}
    others = collect(blind, *given, classifier="centroid", views=[view], random_state=4)
    assert scores(graph) != finite(others)
    assert graph.trials[1].seconds > 0


def test_a_fitted_one_is_judged_by_its_own_seed_and_left_as_it_is(pair):
    pd = pytest.importorskip("pandas")
    X, Xt = (pd.DataFrame(rows, columns=["a", "b"]) for rows in (pair.X, pair.Xt))
    adapter = Adapter("linear", random_state=5).fit(X, pair.y, X_target=Xt)
    before = dict(vars(adapter))
    verdict = judge_fitted(adapter, X, pair.y, Xt)
    assert vars(adapter).keys() == before.keys()
    assert all(vars(adapter)[name] is value for name, value in before.items())
    assert scores(verdict) == scores(judge(adapter, X, pair.y, Xt, random_state=5))
    assert scores(verdict) != scores(judge(adapter, X, pair.y, Xt))
    assert verdict.trials[1].reason == ""


class Broken(ClassifierMixin, BaseEstimator):
    """Learns nothing."""

    def fit(self, X, y):  # noqa: ARG002 - the contract
        raise ArithmeticError("nothing can be learned")

    def predict(self, X):
        return X


def test_what_goes_wrong_with_the_source_as_it_is_is_heard(pair):
    with pytest.raises(ArithmeticError, match="nothing can be learned"):
        judge(Adapter("coral", classifier=Broken()), pair.X, pair.y, pair.Xt)
    with pytest.raises(ArithmeticError, match="nothing can be learned"):
        Adapter(FEW, classifier=Broken()).fit(pair.X, pair.y, X_target=pair.Xt)


def test_all_that_the_chosen_fit_learned_is_taken_over(pair, rule, grid):
    rule("adapt", "sinkhorn_shares")
    grid("coral", "sinkhorn_shares")
    auto = Adapter("auto", random_state=3).fit(pair.X, pair.y, X_target=pair.Xt)
    chosen = candidates(45, 36, 2, 3)["sinkhorn_shares"]
    alone = Adapter(**chosen.parameters, random_state=3)
    with pytest.warns(MongeWarning, match="none of class 'ape'"):
        alone.fit(pair.X, pair.y, X_target=pair.Xt)
    assert auto.far_ == alone.far_
    np.testing.assert_array_equal(auto.target_prior_.share, alone.target_prior_.share)
    np.testing.assert_array_equal(auto.propagate(), alone.propagate())
    np.testing.assert_array_equal(auto.inverse_transform(pair.Xt), alone.inverse_transform(pair.Xt))
    np.testing.assert_array_equal(auto.source_rows_, alone.source_rows_)
    assert auto.certificate_ == alone.certificate_
    assert vars(auto).keys() - {"verdict_", "transport_"} == vars(alone).keys()


@pytest.mark.parametrize("which", ["both", "source", "target"])
def test_weights_of_either_side_reach_the_chosen(pair, rule, which):
    rule("adapt", "coral")
    weight = np.where(np.arange(45) < 5, 0.0, 1.0 + (np.arange(45) % 2))
    other = np.where(np.arange(36) < 7, 0.0, 1.0 + (np.arange(36) % 3))
    given = {"sample_weight": weight, "target_weight": other}
    if which != "both":
        dropped = "target_weight" if which == "source" else "sample_weight"
        del given[dropped]
    auto = Adapter(FEW, random_state=0).fit(pair.X, pair.y, X_target=pair.Xt, **given)
    alone = Adapter("coral", random_state=0).fit(pair.X, pair.y, X_target=pair.Xt, **given)
    np.testing.assert_array_equal(auto.transform(pair.X), alone.transform(pair.X))
    np.testing.assert_array_equal(auto.source_rows_, alone.source_rows_)
    np.testing.assert_array_equal(auto.target_rows_, alone.target_rows_)


def test_views_go_with_the_weights_to_those_that_want_them(pair, rule, grid):
    grid("coral", "graph_views")
    weight, view = 1.0 + np.arange(45) % 2, pair.Xt**3
    for choice, views in (("graph_views", [view]), ("coral", None)):
        rule("adapt", choice)
        auto = Adapter("auto", random_state=0)
        auto.fit(pair.X, pair.y, X_target=pair.Xt, sample_weight=weight, target_views=[view])
        alone = Adapter(auto.verdict_.choice.name.removesuffix("_views"), random_state=0)
        alone.fit(pair.X, pair.y, X_target=pair.Xt, sample_weight=weight, target_views=views)
        np.testing.assert_array_equal(auto.transform(pair.X), alone.transform(pair.X))
        np.testing.assert_array_equal(auto.predict(pair.Xt), alone.predict(pair.Xt))


def test_a_source_of_draws_gives_the_seed(pair):
    def told(state):
        auto = Adapter(FEW, random_state=state).fit(pair.X, pair.y, X_target=pair.Xt)
        return [dict(tried.scores) for tried in auto.trials_]

    one, again, other = (told(np.random.RandomState(seed)) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_an_auto_that_was_loaded_is_fitted_anew(pair, rule, tmp_path):
    rule("adapt", "coral")
    auto = Adapter(FEW, random_state=0).fit(pair.X, pair.y, X_target=pair.Xt)
    auto.save(tmp_path / "a")
    loaded = monge.load(tmp_path / "a")
    loaded.fit(pair.X, pair.y, X_target=pair.Xt)
    assert vars(loaded).keys() == vars(auto).keys()


@pytest.fixture(scope="module")
def trials(pair):
    """Two candidates and the source as it is, none of which is equally sure of all classes."""
    found = collect(["coral", "sinkhorn"], pair.X, pair.y, pair.Xt)
    draw = np.random.default_rng(0)
    unsure = [draw.dirichlet([3.0, 1.0, 1.0], size=36) for _ in found]
    return [
        replace(trial, evidence=replace(trial.evidence, chosen=shares))
        for trial, shares in zip(found, unsure, strict=True)
    ]


@pytest.fixture(scope="module")
def both(pair):
    return both_of(Adapter(), pair.X, pair.y, pair.Xt, None)


@pytest.mark.parametrize("decision", ["adapt", "abstain", "undecided"])
def test_a_verdict_is_of_what_is_followed(trials, both, rule, decision):
    rule(decision, "coral")
    verdict = conclude(trials, both, {})
    value = 0.9 if decision == "adapt" else 0.6
    followed = trials[1] if decision == "adapt" else trials[0]
    assert verdict.followed.name == followed.name
    assert (verdict.chosen.value, verdict.source_only.value) == (0.9, 0.6)
    assert verdict.gain.value == 0.3
    said = followed.evidence.chosen.argmax(1)
    shares = [part.predicted for part in verdict.per_class]
    np.testing.assert_allclose(shares, np.bincount(said, minlength=3) / len(said))
    overall = sum(part.predicted * part.right for part in verdict.per_class)
    assert overall == pytest.approx(value, abs=1e-3)
    assert len({part.right for part in verdict.per_class}) > 1
    # The domains differ by more than their proportions, which the adapted classifier tells then.
    assert "covariate" in verdict.shift.kinds
    told = [part.target for part in verdict.shift.classes]
    np.testing.assert_allclose(told, trials[1].evidence.predicted_shares)
    assert [tried.seconds for tried in verdict.trials] == [trial.seconds for trial in trials]
    for item in verdict.evidence:
        assert item.value == trials[1].scores[item.score]
        before = trials[0].scores[item.score]
        assert item.before == (before if np.isfinite(before) else None)


def test_a_verdict_of_nothing_else_has_no_gain(trials, both, rule):
    rule("abstain", "source_only")
    verdict = conclude(trials[:1], both, {})
    assert (verdict.gain.value, verdict.gain.low, verdict.gain.high) == (0, 0, 0)


def test_what_is_worth_a_warning_is_said(trials, both, rule, pair):
    rule("adapt", "sinkhorn")
    first, coral, sinkhorn = trials
    plan = replace(sinkhorn.evidence.plan, marginal_error=0.2)
    unmet = replace(sinkhorn, evidence=replace(sinkhorn.evidence, plan=plan))
    said = "\n".join(conclude([first, coral, unmet], both, {"exact": 71.2}).warnings)
    assert "Unmet marginals: the plan of sinkhorn misses 20 % of the mass" in said
    assert "Not tried, as the budget has no room for it: exact (71 s)." in said
    for absent in ("Missing class", "Collapse", "Failed"):
        assert absent not in said
    assert not [text for text in conclude(trials, both, {}).warnings if "Unmet" in text]

    # All of the target far away, and one class of it.
    away = collect(["standardise"], pair.X, pair.y, pair.X[pair.y == "bee"] + [40, 0])
    rule("adapt", "standardise")
    far = conclude(away, both, {}).warnings
    assert any(text.startswith("Support mismatch: 100 % of the target rows") for text in far)
    one = np.zeros_like(away[1].evidence.chosen)
    one[:, 1] = 1
    collapsed = [away[0], replace(away[1], evidence=replace(away[1].evidence, chosen=one))]
    far = conclude(collapsed, both, {}).warnings
    assert any(text.startswith("Collapse: standardise gives hardly any row") for text in far)


def test_a_class_that_is_missing_is_named(pair, rule):
    rule("abstain", "coral")
    some = pair.X[pair.y != "bee"]
    verdict = judge(["coral"], pair.X, pair.y, np.concatenate([some, some + 0.01]))
    assert "Missing class: the target seems to hold none of bee." in verdict.warnings


def test_what_the_fit_of_the_choice_warned_of_is_said(pair, rule):
    given = {
        "shares": Candidate(transport=Sinkhorn(epsilon=0.1), target_prior="estimate"),
        "coral": "coral",
    }
    for choice, words in (
        ("shares", "shares warned: Adapter.fit: .*none of class 'ape'"),
        ("coral", ""),
    ):
        rule("adapt", choice)
        said = [
            text for text in judge(given, pair.X, pair.y, pair.Xt).warnings if " warned: " in text
        ]
        assert len(said) == bool(words)
        assert re.match(words, "".join(said))


@pytest.mark.parametrize(("n", "m", "few"), [(29, 36, True), (45, 29, True), (30, 30, False)])
def test_of_few_rows_little_is_known(pair, n, m, few):
    warned = judge(["coral"], pair.X[:n], pair.y[:n], pair.Xt[:m]).warnings
    told = [text for text in warned if text.startswith("Few rows: ")]
    assert len(told) == few
    assert all(f"{n} of the source and {m} of the target" in text for text in told)


def test_of_many_classes_ten_are_listed(rule):
    rule("abstain", "coral")
    draw = np.random.default_rng(0)
    y = np.repeat(np.arange(12), 10)
    centres = 20 * draw.normal(size=(12, 3))
    X, few = centres[y] + draw.normal(size=(120, 3)), np.arange(120) < 40
    verdict = judge(["coral"], X, y, X[few] + 0.01 * draw.normal(size=(40, 3)))
    (told,) = [text for text in verdict.warnings if text.startswith("Label shift")]
    assert told.count("(source") == 10
    assert "and 2 more" in told


def test_the_budget_counts_what_was_kept_and_the_rows_of_the_plan():
    grid = candidates(3000, 3000, 10, 3)
    sizes = Sizes(n=3000, m=3000, d=10)
    kept, cut = within(grid, sizes, 1e6)
    assert list(kept) == list(grid)
    assert cut == {}
    kept, cut = within(grid, sizes, 1.0)
    assert list(kept) + list(cut) == sorted(grid, key=list(kept | cut).index)
    assert set(kept) | set(cut) == set(grid)
    assert len(cut) > 3
    # One of 500 rows of many is thought to take less than one of all, on either side.
    sinkhorn = grid["sinkhorn_1"].transport
    some = {
        "first": Candidate(transport=Unmoved()),
        "whole": Candidate(transport=sinkhorn),
        "part": Candidate(transport=sinkhorn, subsample=500),
    }
    for large in (Sizes(n=1_000_000, m=500, d=10), Sizes(n=500, m=1_000_000, d=10)):
        _, cut = within(some, large, 1e-9)
        assert cut["whole"] > cut["part"]
