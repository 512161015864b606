"""Candidates tried: what is learned of each, and that none stops the others."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from monge import Adapter, Sinkhorn
from monge.adapters import Candidate, Effort, Unmoved, candidates, collect
from monge.adapters.candidates import named_candidates
from monge.adapters.classifiers import classifier_of
from monge.adapters.refitting import made, refit
from monge.adapters.speaking import Speaker, left_out, speaker_of
from monge.adapters.telling import domain_odds, folds_of
from monge.errors import InputError
from monge.maps import Coral
from monge.verdict import SCORES, scores_of, two_sample
from monge.verdict.learned import learned
from monge.verdict.once import Once


@pytest.fixture(scope="module")
def shifted():
    """Three classes, and the target moved: adapting mends what the source-only classifier gets."""
    draw = np.random.default_rng(0)
    y, yt = np.arange(90) % 3, np.arange(75) % 3
    centres = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]])
    X, Xt = centres[y] + draw.normal(size=(90, 2)), centres[yt] + draw.normal(size=(75, 2)) + 3
    names = np.array(["ape", "bee", "cat"])
    return SimpleNamespace(X=X, y=names[y], Xt=Xt, yt=names[yt], codes=y)


ALL = Effort(folds=5, resamples=2, after=True)


@pytest.fixture(scope="module")
def tried(shifted):
    given = {**candidates(90, 75, 2, 3, 1)}
    return collect(given, shifted.X, shifted.y, shifted.Xt, views=[shifted.Xt**3], effort=ALL)


def test_every_candidate_is_tried_after_the_source_as_it_is(tried):
    names = [trial.name for trial in tried]
    assert names == ["source_only", *candidates(90, 75, 2, 3, 1)]
    assert [trial.reason for trial in tried] == [""] * len(tried)
    assert all(trial.seconds > 0 for trial in tried)
    assert all(trial.judging > 0 for trial in tried)


def test_every_score_but_those_of_plans_applies_to_all(tried):
    for trial in tried:
        missing = {name for name, value in trial.scores.items() if np.isnan(value)}
        plans = {name for name in SCORES if name.startswith("plan_")}
        assert missing == (plans if trial.adapter.solution_ is None else set()), trial.name


def test_what_is_chosen_is_what_the_adapter_predicts(tried, shifted):
    for trial in tried:
        classes = trial.adapter.classes_
        said = classes[trial.evidence.predicted]
        np.testing.assert_array_equal(said, trial.adapter.predict(shifted.Xt), trial.name)


def test_the_source_as_it_is_moves_nothing(tried, shifted):
    first = tried[0]
    np.testing.assert_array_equal(first.adapter.transform(shifted.X), shifted.X)
    np.testing.assert_array_equal(first.evidence.moved, shifted.X)
    np.testing.assert_array_equal(first.evidence.chosen, first.evidence.baseline)
    plain = Adapter(classifier="nearest")
    with pytest.warns(UserWarning, match="nothing is adapted"):
        plain.fit(shifted.X, shifted.y)
    np.testing.assert_array_equal(first.adapter.predict(shifted.Xt), plain.predict(shifted.Xt))


def test_others_are_all_but_oneself(tried):
    for trial in tried:
        assert len(trial.evidence.others) == len(tried) - 1
        assert not any(shares is trial.evidence.chosen for shares in trial.evidence.others)


def test_adapting_is_seen_to_help(tried, shifted):
    by_name = {trial.name: trial for trial in tried}
    true = {name: trial.adapter.score(shifted.Xt, shifted.yt) for name, trial in by_name.items()}
    assert true["linear"] > true["source_only"] + 0.2
    linear, source = by_name["linear"].scores, by_name["source_only"].scores
    assert linear["cot"] > source["cot"] + 0.1
    assert linear["domain_linear_moved"] < linear["domain_linear"] - 0.2
    # There and back again, and rows that were moved without being known: most are right.
    assert min(linear["circular_accuracy"], linear["unseen_accuracy"]) > 0.9


def test_a_seed_gives_the_same_and_another_differs(shifted):
    runs = [
        collect(
            ["linear", "sinkhorn"],
            shifted.X,
            shifted.y,
            shifted.Xt,
            random_state=seed,
            effort=ALL,
        )
        for seed in (3, 3, 4)
    ]
    one, two, three = ([trial.scores for trial in run] for run in runs)
    np.testing.assert_equal(one, two)
    assert one[1]["stability"] != three[1]["stability"]
    assert one[1]["domain_linear"] != three[1]["domain_linear"]


def test_no_failure_stops_the_rest(shifted):
    class Broken(Unmoved):
        def fit(self, problem):  # noqa: ARG002 - the contract
            raise RuntimeError("the disk is on fire\nand more")

    given = {"broken": Broken(), "hasty": Sinkhorn(epsilon=1e-3, max_sweeps=1), "coral": "coral"}
    trials = collect(given, shifted.X, shifted.y, shifted.Xt)
    assert [trial.evidence is None for trial in trials] == [False, True, True, False]
    assert trials[1].reason == "the disk is on fire"
    assert "not converged" in trials[2].reason
    assert trials[2].scores == {}
    assert len(trials[3].evidence.others) == 1


def test_no_row_is_judged_by_a_classifier_that_knew_it(shifted):
    # Of labels drawn at random nothing can be learned, but the nearest row of all is itself.
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 2, 90)
    trial = collect(["linear"], shifted.X, labels, shifted.Xt, effort=ALL)[1]
    for name in ("held_accuracy", "moved_accuracy", "unseen_accuracy"):
        assert 0.3 < trial.scores[name] < 0.7, name
    assert trial.adapter.score(trial.adapter.transform(shifted.X), labels) == 1


def test_unseen_rows_were_not_in_the_plan(shifted):
    # Prototypes move a class as one: their own rows are all right, rows left out are not.
    labels = np.random.default_rng(0).integers(0, 2, 90)
    scores = collect(["prototypes"], shifted.X, labels, shifted.Xt, effort=ALL)[1].scores
    assert scores["moved_accuracy"] > 0.9
    assert scores["unseen_accuracy"] < 0.8


def test_the_rule_asks_for_nothing_that_the_least_effort_leaves_out(shifted):
    trials = collect(["sinkhorn"], shifted.X, shifted.y, shifted.Xt)
    given = {name for name, value in trials[1].scores.items() if not np.isnan(value)}
    beside = {f"agreement_{name}" for name in ("majority", *candidates(90, 90, 2, 2))}
    asked = set(learned().names) - beside  # these ask who else was tried
    assert asked <= given
    assert len(asked) > 40
    assert SCORES["stability"].why(trials[1].evidence) == (
        "the candidate was not fitted again on parts of the rows"
    )


def test_each_candidate_knows_what_those_of_a_name_say(shifted):
    trials = collect(["coral", "standardise", "linear"], shifted.X, shifted.y, shifted.Xt)
    said = {trial.name: trial.evidence.chosen.argmax(1) for trial in trials}
    for trial in trials:
        for name in ("coral", "standardise", "linear"):
            expected = (said[name] == said[trial.name]).mean()
            assert trial.scores[f"agreement_{name}"] == pytest.approx(expected)
        assert np.isnan(trial.scores["agreement_graph"])
        assert trial.scores.get(f"agreement_{trial.name}", 1.0) == 1.0


def test_less_effort_leaves_parts_out(shifted):
    trial = collect(
        ["coral"],
        shifted.X,
        shifted.y,
        shifted.Xt,
        effort=Effort(resamples=0, circular=False, folds=2),
    )[1]
    assert trial.evidence.returned is trial.evidence.unseen is None
    assert trial.evidence.resampled == ()
    assert trial.evidence.odds_moved is None
    with pytest.raises(InputError, match="Effort: 'folds' must be a whole number, 2 or more"):
        Effort(folds=1)


@pytest.mark.parametrize("classifier", [LogisticRegression(), SVC(), "centroid"], ids=repr)
def test_any_classifier_speaks_in_probabilities(shifted, classifier):
    trials = collect(["coral"], shifted.X, shifted.y, shifted.Xt, classifier=classifier)
    for trial in trials:
        assert trial.reason == ""
        shares = trial.evidence.chosen
        np.testing.assert_allclose(shares.sum(1), 1)
        assert 0.5 < shares.max(1).mean() < 1 - 1e-6
        said = trial.adapter.classes_[trial.evidence.predicted]
        np.testing.assert_array_equal(said, trial.adapter.predict(shifted.Xt))
        assert type(trial.adapter.classifier_) is type(classifier_of(classifier))
        if isinstance(classifier, LogisticRegression):
            np.testing.assert_allclose(shares, trial.adapter.predict_proba(shifted.Xt), atol=1e-9)


def test_which_candidate_is_tried_is_told_to_the_end(shifted):
    told = []
    collect(["coral"], shifted.X, shifted.y, shifted.Xt, report=told.append)
    assert [(each.done, each.total) for each in told] == [(0, 2), (1, 2), (2, 2)]
    assert [each.detail for each in told[:2]] == ["source_only", "coral"]


def test_a_seed_is_one(shifted):
    with pytest.raises(InputError, match="random_state"):
        collect(["coral"], shifted.X, shifted.y, shifted.Xt, random_state=-1)


def test_a_class_of_one_row_and_far_offsets(shifted):
    y = shifted.y.copy().astype("<U4")
    y[0] = "unit"
    trials = collect(["coral"], shifted.X + 1.7e9, y, shifted.Xt + 1.7e9)
    assert [trial.reason for trial in trials] == ["", ""]
    assert trials[1].scores["moved_accuracy"] > 0.9


def test_names_and_options_of_candidates(shifted):
    with pytest.raises(InputError, match="'source_only', which is always tried"):
        collect({"source_only": "coral"}, shifted.X, shifted.y, shifted.Xt)
    with pytest.raises(InputError, match=r"of different names.*got coral"):
        collect(["coral", "coral"], shifted.X, shifted.y, shifted.Xt)
    with pytest.raises(InputError, match="Adapter: 'transport' must be one of"):
        collect(["magic"], shifted.X, shifted.y, shifted.Xt)
    trials = collect(
        Sinkhorn(epsilon=0.3), shifted.X, shifted.y, shifted.Xt, effort=Effort(resamples=0)
    )
    assert trials[1].name == "Sinkhorn(epsilon=0.3)"


def test_folds_deal_every_class_evenly():
    labels = np.repeat([0, 1, 2], [20, 11, 1])
    folds = folds_of(labels, 5, np.random.RandomState(0))
    counts = np.array([np.bincount(folds[labels == which], minlength=5) for which in range(3)])
    assert (counts.max(1) - counts.min(1) <= 1).all()
    assert np.bincount(folds).min() >= 6


def test_left_out_is_cross_validation(shifted):
    folds = np.arange(90) % 3
    said = left_out("nearest", shifted.X, shifted.codes, folds, 3)
    for fold in range(3):
        out = folds == fold
        speaker = Speaker.taught("nearest", shifted.X[~out], shifted.codes[~out], np.arange(3))
        np.testing.assert_array_equal(said[out], speaker(shifted.X[out]))


def test_domain_odds_are_a_ratio_of_densities():
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(3000, 1)), draw.normal(1.0, size=(1000, 1))
    odds = domain_odds(x, y, np.random.RandomState(0))
    # log N(x; 1, 1) / N(x; 0, 1) = x - 1/2, however many rows there are of each
    np.testing.assert_allclose(odds.source, x[:, 0] - 0.5, atol=0.35)
    np.testing.assert_allclose(odds.target, y[:, 0] - 0.5, atol=0.35)


@pytest.mark.parametrize("classifier", ["nearest", "logistic"])
def test_a_refit_is_a_fit(shifted, classifier):
    # All that a candidate is asked for again is what an adapter of its options would say.
    seen = Adapter(classifier=classifier, random_state=0)
    rows, codes = shifted.X[:60], shifted.codes[:60]
    for name, candidate in {
        **candidates(90, 75, 2, 3),
        "still": Candidate(transport=Unmoved()),
    }.items():
        again = refit(seen, candidate, rows, codes, shifted.Xt, 0)
        alone = Adapter(classifier=classifier, **candidate.parameters, random_state=0)
        alone.fit(rows, codes, X_target=shifted.Xt)
        np.testing.assert_array_equal(again.move(rows), alone.transform(rows), name)
        np.testing.assert_array_equal(again.move(shifted.X), alone.transform(shifted.X), name)
        told = alone.predict(shifted.Xt)
        np.testing.assert_array_equal(again.predict(shifted.Xt, 3), np.eye(3)[told], name)
        shares = again.say(shifted.Xt, 3)
        np.testing.assert_array_equal(shares.argmax(1), told, name)
        speaker = speaker_of(alone, alone.transform(rows), codes, shifted.Xt)
        np.testing.assert_array_equal(shares, speaker(shifted.Xt), name)


def test_a_refit_without_a_class_says_nothing_of_it(shifted):
    some = shifted.codes != 1
    for transport in ("coral", "prototypes", Unmoved()):
        again = refit(
            Adapter(classifier="logistic"),
            *named_candidates({"one": transport}).values(),
            shifted.X[some],
            shifted.codes[some],
            shifted.Xt,
            0,
        )
        for said in (again.say(shifted.X, 3), again.predict(shifted.X, 3)):
            assert said.shape == (90, 3)
            np.testing.assert_allclose(said.sum(1), 1)
            assert (said[:, 1] == 0).all()
            assert (said[:, [0, 2]].sum(0) > 0).all()
    with pytest.raises(InputError, match="at least two classes"):
        refit(
            Adapter(), Candidate(transport=Unmoved()), shifted.X, 0 * shifted.codes, shifted.Xt, 0
        )


def test_the_source_as_it_is_takes_no_proportions(shifted):
    estimator = Adapter("coral", classifier="bayes", target_prior=[0.98, 0.01, 0.01])
    plain = Adapter(Unmoved(), classifier="bayes").fit(
        shifted.X, shifted.codes, X_target=shifted.Xt
    )
    made_of = made(estimator, Candidate(transport=Unmoved()), 0)
    made_of.fit(shifted.X, shifted.codes, X_target=shifted.Xt)
    np.testing.assert_array_equal(
        made_of.predict_proba(shifted.Xt), plain.predict_proba(shifted.Xt)
    )
    assert made(estimator, Candidate(transport=Coral()), 3).target_prior == [0.98, 0.01, 0.01]
    assert made(estimator, Candidate(transport=Coral()), 3).random_state == 3


def test_what_candidates_share_is_worked_out_once(shifted, monkeypatch):
    asked = []
    search = two_sample.neighbours_of

    def counted(rows):
        asked.append(len(rows))
        return search(rows)

    monkeypatch.setattr(two_sample, "neighbours_of", counted)
    trials = collect(["coral", "linear"], shifted.X, shifted.y, shifted.Xt, effort=ALL)
    together = [trial.scores for trial in trials]
    assert len(asked) == 3  # the domains as they are, and each candidate's
    # Each on its own says the same, bit for bit.
    for trial, scores in zip(trials, together, strict=True):
        np.testing.assert_equal(scores_of(replace(trial.evidence, once=Once())), scores)
    assert len(asked) == 3 + 1 + 2 + 2
