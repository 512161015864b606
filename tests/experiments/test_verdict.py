"""The bench of the verdict: what is judged, kept, scored and reported."""

import json
import sys
from dataclasses import fields, replace
from importlib import import_module
from math import nan
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import monge.adapters
from monge.data import Labelled
from monge.errors import Cancelled, DataError, InputError, MongeError, OutputError
from monge.experiments import SUITE, Case, VerdictOptions, Where, bench_verdict
from monge.experiments.verdict.case import Domains
from monge.experiments.verdict.judging import (
    Given,
    Opinion,
    Trials,
    Tried,
    decide,
    rule_in_words,
    try_candidates,
)
from monge.experiments.verdict.table import GOALS, figure_rows, markdown
from monge.experiments.version import source_hash
from monge.results import Estimated, Judged, ShiftResult, VerdictResult, figures_of
from monge.results import Tried as TriedResult

BENCH = import_module("monge.experiments.verdict.bench")

ROWS = 40


def toy(name, family="toys", relabel=None, fixed=False):
    """Return a shift whose first feature is the class, 0 or 1, and whose rows are of the seed."""

    def build(draw, place):
        labels = torch.arange(ROWS) % 2
        x = torch.from_numpy(draw.normal(size=(2 * ROWS, 3)))
        x[:, 0] = torch.cat([labels, labels]).double()
        truth = labels if relabel is None else relabel(labels)
        source = Labelled(x=x[:ROWS], labels=labels, name="a")
        target = Labelled(x=x[ROWS:], labels=truth, name="b")
        return Domains(source, target, (x[ROWS:, 1:].numpy(),))

    return Case(
        name=name, family=family, kind="synthetic", about="A toy.", build=build, fixed=fixed
    )


def missing(draw, place):
    raise DataError("no such file")


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    """Have toys in the suite, and no picture, which takes longer than all the rest."""
    cases = [toy("toy-a"), toy("toy-b"), toy("toy-fixed", fixed=True)]
    lost = replace(cases[0], name="toy-lost", build=missing)
    for case in (*cases, lost):
        monkeypatch.setitem(SUITE, case.name, case)
    monkeypatch.setattr(BENCH, "picture_of_verdicts", lambda _: b"picture")


def told(right, wrong=0, circular=None, seconds=0.5):
    """Return a candidate that reads the class off the first feature, but for the first rows."""

    def predict(given):
        predicted = given.target[:, 0].astype(np.int64)
        predicted[:wrong] = 1 - predicted[:wrong]
        return Tried(
            predicted=predicted if right else None,
            seconds=seconds,
            judging=1.0,
            reason="" if right else "it failed",
            scores={"circular_accuracy": circular, "other": None},
        )

    return predict


CANDIDATES = {
    "source_only": told(right=True, wrong=8, circular=0.75),
    "coral": told(right=True, wrong=2, circular=0.9),
    "exact": told(right=False),
}


@pytest.fixture
def judge(monkeypatch):
    """Have the library try three candidates, and tell what it was given."""
    seen = []

    def trying(given):
        seen.append(given)
        tried = {name: candidate(given) for name, candidate in CANDIDATES.items()}
        return Trials(tried=tried, seconds=6.0)

    monkeypatch.setattr(BENCH, "try_candidates", trying)
    monkeypatch.setattr(BENCH, "decide", by_circular_validation)
    return seen


def by_circular_validation(scores, family):
    """Follow circular validation."""
    told = {name: each["circular_accuracy"] for name, each in scores.items()}
    choice = max(told, key=told.get)
    return Opinion(
        decision="adapt",
        choice=choice,
        source_only=Estimated(value=told["source_only"]),
        chosen=Estimated(value=told[choice]),
    )


def options(*names, seeds=(0, 1), classifiers=("nearest",)):
    return VerdictOptions(shifts=names or ("toy-a",), seeds=seeds, classifiers=classifiers)


def test_every_setting_is_judged_and_scored(tmp_path, judge):
    chosen = options("toy-a", "toy-fixed", classifiers=("nearest", "logistic"))
    result = bench_verdict(chosen, where=Where(out=tmp_path))
    settings = [(each.shift, each.seed, each.classifier) for each in result.judged]
    assert settings == [
        ("toy-a", 0, "nearest"),
        ("toy-a", 0, "logistic"),
        ("toy-a", 1, "nearest"),
        ("toy-a", 1, "logistic"),
        ("toy-fixed", 0, "nearest"),
        ("toy-fixed", 0, "logistic"),
    ]
    assert [(given.seed, given.classifier) for given in judge] == [s[1:] for s in settings]
    for each in result.judged:
        assert each.tried["source_only"].accuracy == pytest.approx(0.8)
        assert each.tried["coral"].accuracy == pytest.approx(0.95)
        assert each.tried["exact"].accuracy is None
        assert each.tried["exact"].reason == "it failed"
        assert (each.decision, each.choice) == ("adapt", "coral")
        assert (each.source_only.value, each.chosen.value) == (0.75, 0.9)
        assert each.seconds == 6.0
    shift = result.shifts["toy-a"]
    assert (shift.n, shift.m, shift.d, shift.classes) == (ROWS, ROWS, 3, 2)


def test_the_judge_is_given_the_rows_and_never_the_truth(tmp_path, judge, monkeypatch):
    first = bench_verdict(options(), where=Where(out=tmp_path / "1"))
    assert not {field.name for field in fields(Given)} & {"truth", "target_labels", "case"}
    given = judge[0]
    drawn = SUITE["toy-a"].make(0)
    np.testing.assert_array_equal(given.source, drawn.source.x)
    np.testing.assert_array_equal(given.labels, drawn.source.labels)
    np.testing.assert_array_equal(given.target, drawn.target.x)
    np.testing.assert_array_equal(given.views[0], drawn.views[0])
    monkeypatch.setitem(SUITE, "toy-a", toy("toy-a", relabel=lambda labels: 1 - labels))
    blind = bench_verdict(options(), where=Where(out=tmp_path / "2"))
    assert judge[0].fingerprint() == judge[2].fingerprint()
    for one, other in zip(first.judged, blind.judged, strict=True):
        assert one.decision == other.decision
        assert one.chosen == other.chosen
        assert other.tried["coral"].accuracy == pytest.approx(1 - one.tried["coral"].accuracy)


def test_an_interrupted_bench_goes_on_where_it_was(tmp_path, judge, monkeypatch):
    trying, where = BENCH.try_candidates, Where(out=tmp_path)

    def interrupted(given):
        if len(judge) == 2:
            raise KeyboardInterrupt
        return trying(given)

    monkeypatch.setattr(BENCH, "try_candidates", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bench_verdict(options("toy-a", "toy-b"), where=where)
    assert not (tmp_path / "verdict.json").exists()
    monkeypatch.setattr(BENCH, "try_candidates", trying)
    said = []
    whole = bench_verdict(options("toy-a", "toy-b"), where=where, report=said.append)
    assert len(judge) == 4
    assert (said[-1].done, said[-1].total, said[-1].detail) == (4, 4, "2 of 4 reused")
    again = bench_verdict(options("toy-a", "toy-b"), where=where)
    assert len(judge) == 4
    assert again.judged == whole.judged


@pytest.mark.parametrize("change", ["rows", "code", "classifier", "seed"])
def test_what_is_kept_serves_the_same_setting_alone(tmp_path, judge, monkeypatch, change):
    where = Where(out=tmp_path)
    bench_verdict(options(seeds=(0,)), where=where)
    chosen = options(seeds=(0,))
    if change == "rows":
        made = SUITE["toy-a"].make(0)
        other = Labelled(x=made.target.x + 1e-9, labels=made.target.labels, name="b")
        moved = replace(SUITE["toy-a"], build=lambda *_: Domains(made.source, other, made.views))
        monkeypatch.setitem(SUITE, "toy-a", moved)
    elif change == "code":
        monkeypatch.setattr(BENCH, "_trial_version", lambda: "another")
    elif change == "classifier":
        chosen = options(seeds=(0,), classifiers=("bayes",))
    else:
        chosen = options(seeds=(1,))
    bench_verdict(chosen, where=where)
    assert len(judge) == 2


def test_a_rule_that_changed_decides_anew_on_what_is_kept(tmp_path, judge, monkeypatch):
    where = Where(out=tmp_path)
    bench_verdict(options(), where=where)
    nothing = Opinion(
        decision="abstain",
        choice="source_only",
        source_only=Estimated(value=0.5),
        chosen=Estimated(value=0.5),
    )
    monkeypatch.setattr(BENCH, "decide", lambda *_: nothing)
    monkeypatch.setattr(BENCH, "rule_in_words", lambda _: "Stay.")
    result = bench_verdict(options(), where=where)
    assert len(judge) == 2
    assert {each.decision for each in result.judged} == {"abstain"}


def test_files_that_no_trial_passes_through_are_left_out_of_the_hash(tmp_path):
    left_out = ("verdict/rule.py", "verdict/learned.py", "adapters/concluding.py", "cli/app.py")
    for name in (*left_out, "verdict/scores.py", "rule.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("1")

    def hashed():
        return source_hash(tmp_path, BENCH._APART)

    before = hashed()
    for name in left_out:
        (tmp_path / name).write_text("2")
        assert hashed() == before
    for name in ("verdict/scores.py", "rule.py"):
        (tmp_path / name).write_text("2")
        assert hashed() != before
        before = hashed()


def test_what_cannot_be_had_is_skipped_and_what_cannot_be_judged_refused(
    tmp_path, judge, monkeypatch
):
    trying = BENCH.try_candidates

    def refusing(given):
        if given.seed == 1:
            raise MongeError("not these rows")
        return trying(given)

    monkeypatch.setattr(BENCH, "try_candidates", refusing)
    said = []
    where = Where(out=tmp_path)
    result = bench_verdict(options("toy-a", "toy-lost"), where=where, report=said.append)
    assert result.skipped == {"toy-lost": "no such file"}
    assert result.refused == {"toy-a, nearest, seed 1": "MongeError: not these rows"}
    assert len(result.judged) == 1
    assert said[-1].done == said[-1].total == 4
    written = (tmp_path / "verdict.md").read_text()
    assert "toy-lost: no such file" in written
    assert "seed 1: MongeError: not these rows" in written


def test_a_cancelled_bench_ends(tmp_path, judge, monkeypatch):
    def stop(progress):
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        bench_verdict(options(), where=Where(out=tmp_path), report=stop)
    assert judge == []
    monkeypatch.setattr(BENCH, "try_candidates", stop)
    with pytest.raises(Cancelled):
        bench_verdict(options(), where=Where(out=tmp_path))


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(tmp_path, judge):
    (tmp_path / "file").write_text("")
    for where in (
        Where(out=tmp_path / "file"),
        Where(out=tmp_path / "out", scores=tmp_path / "file" / "scores.jsonl"),
    ):
        with pytest.raises(OutputError):
            bench_verdict(options(), where=where)
    assert judge == []


def test_what_is_written(tmp_path, judge):
    out, table = tmp_path / "out", tmp_path / "scores.jsonl"
    result = bench_verdict(options(seeds=(3,)), where=Where(out=out, scores=table))
    assert sorted(path.name for path in out.iterdir()) == [
        "cache",
        "verdict.json",
        "verdict.md",
        "verdict.png",
    ]
    content = json.loads((out / "verdict.json").read_text())
    assert content == json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert content["command"] == result.command
    assert content["verdicts"][0]["accuracies"] == {
        "source_only": 0.8,
        "coral": 0.95,
        "exact": None,
    }
    assert content["verdicts"][0]["fits"] == {"source_only": 0.5, "coral": 0.5, "exact": 0.5}
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    assert [row["candidate"] for row in rows] == ["source_only", "coral"]
    assert rows[1] == {
        "case": "toy-a",
        "family": "toys",
        "kind": "synthetic",
        "hidden": False,
        "seed": 3,
        "classifier": "nearest",
        "candidate": "coral",
        "n": ROWS,
        "m": ROWS,
        "d": 3,
        "classes": 2,
        "accuracy": 0.95,
        "source_only": 0.8,
        "seconds": 0.5,
        "judging": 1.0,
        "scores": {"circular_accuracy": 0.9, "other": None},
    }


def test_the_library_is_asked_in_one_place(monkeypatch):
    given = Given(
        source=np.zeros((4, 2)),
        labels=np.array([0, 1, 0, 1]),
        target=np.ones((3, 2)),
        views=(np.zeros((3, 5)),),
        classifier="bayes",
        seed=7,
    )
    asked = {}

    def collect(found, X, y, X_target, **settings):
        asked.update(settings, found=found, X=X, y=y, X_target=X_target)
        adapter = SimpleNamespace(predict=lambda _: np.array([1, 0, 1], dtype=np.int32))
        return [
            SimpleNamespace(
                name="source_only",
                adapter=adapter,
                seconds=1,
                judging=2,
                reason="",
                scores={"a": 0.5, "b": nan},
            ),
            SimpleNamespace(
                name="exact", adapter=None, seconds=3, judging=0, reason="no", scores={}
            ),
        ]

    monkeypatch.setattr(monge.adapters, "candidates", lambda *sizes: sizes, raising=False)
    monkeypatch.setattr(monge.adapters, "collect", collect, raising=False)
    trials = try_candidates(given)
    assert asked["found"] == (4, 3, 2, 2, 1)
    assert asked["X"] is given.source
    assert asked["y"] is given.labels
    assert asked["X_target"] is given.target
    assert (asked["classifier"], asked["random_state"]) == ("bayes", 7)
    assert asked["views"] is given.views
    source, exact = trials.tried.values()
    assert source.predicted.tolist() == [1, 0, 1]
    assert source.predicted.dtype == np.int64
    assert source.scores == {"a": 0.5, "b": None}
    assert (exact.predicted, exact.reason, exact.scores) == (None, "no", {})
    assert trials.seconds >= 0


@pytest.mark.skipif(
    not hasattr(monge.adapters, "collect"), reason="the library cannot judge as yet"
)
def test_the_library_judges_a_shift(tmp_path):
    chosen = VerdictOptions(shifts=("iris-worn-sensors",), classifiers=("nearest",))
    (judged,) = bench_verdict(chosen, where=Where(out=tmp_path)).judged
    assert judged.tried["linear"].accuracy > judged.tried["source_only"].accuracy
    assert all(each.reason == "" for each in judged.tried.values())
    assert judged.tried["source_only"].scores["held_accuracy"] > 0.8


asked = []


def library_rule(scores, rule=None):
    """Take the first that is not the source as it is.

    Surely.

    Parameters
    ----------
    scores
        Of all.
    """
    asked.append(scores)
    estimates = {
        "source_only": SimpleNamespace(value=0.6, low=0.5, high=0.7),
        "coral": SimpleNamespace(value=np.float64(0.8), low=0.7, high=0.9),
    }
    return SimpleNamespace(decision="adapt", choice="coral", estimates=estimates)


def test_the_rule_of_the_library_is_asked_with_the_scores_that_apply(monkeypatch):
    monkeypatch.setitem(sys.modules, "monge.verdict", SimpleNamespace(decide=library_rule))
    opinion = decide({"source_only": {"a": 0.5, "b": None}, "coral": {"a": None}}, "noise")
    assert asked == [{"source_only": {"a": 0.5}, "coral": {}}]
    assert (opinion.decision, opinion.choice) == ("adapt", "coral")
    assert opinion.source_only == Estimated(value=0.6, low=0.5, high=0.7)
    assert opinion.chosen == Estimated(value=0.8, low=0.7, high=0.9)
    assert type(opinion.chosen.value) is float
    words = "Take the first that is not the source as it is. Surely."
    assert rule_in_words(decide) == words


def test_a_rule_of_ones_own_is_told_the_family_and_nothing_of_what_failed(tmp_path, judge):
    told = []

    def mine(scores, family):
        """Stay."""
        told.append((list(scores), family))
        return by_circular_validation(scores, family)

    result = bench_verdict(options(seeds=(0,)), where=Where(out=tmp_path), rule=mine)
    assert told == [(["source_only", "coral"], "toys")]
    assert result.rule == "Stay."


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"shifts": ("wine",)}, "'shifts' must be among .*wine-alcohol-up.*got 'wine'"),
        ({"families": ("vine cuts",)}, "'families' must be among .*wine cuts"),
        ({"classifiers": ("tree",)}, "'classifiers' must be among nearest"),
        ({"classifiers": ()}, "'classifiers' must be among nearest"),
        ({"seeds": (0, 0)}, "'seeds' must be different"),
    ],
)
def test_options_that_are_none_are_refused(wrong, said):
    with pytest.raises(InputError, match=said):
        VerdictOptions(**wrong)


def test_all_shifts_are_judged_where_none_is_named():
    assert VerdictOptions().chosen() == list(SUITE.values())


def judged(name, truths, choice, estimate, **changes):
    """Return a verdict with these true accuracies."""
    settings = {
        "shift": name,
        "seed": 0,
        "classifier": "nearest",
        "tried": {
            key: TriedResult(accuracy=value, seconds=1.0, judging=2.0)
            for key, value in truths.items()
        },
        "decision": "abstain" if choice == "source_only" else "adapt",
        "choice": choice,
        "source_only": Estimated(value=0.5, low=0.4, high=0.6),
        "chosen": estimate,
        "seconds": 10.0,
    }
    return Judged(**(settings | changes))


TOLD = Estimated(value=0.8, low=0.7, high=0.9)
GOOD = judged("good", {"source_only": 0.6, "coral": 0.85, "exact": 0.9}, "coral", TOLD)
HARM = judged("harm", {"source_only": 0.7, "coral": 0.6, "exact": 0.7}, "coral", TOLD)
POINT = judged("point", {"source_only": 0.70, "coral": 0.69}, "coral", TOLD)
STAY = judged("stay", {"source_only": 0.55, "coral": 0.75}, "source_only", TOLD)
ALL = (GOOD, HARM, POINT, STAY)


def test_a_verdict_is_held_against_the_truth():
    assert (GOOD.followed, GOOD.truth, GOOD.harmed) == ("coral", 0.85, False)
    assert GOOD.gain == pytest.approx(0.25)
    assert GOOD.best == pytest.approx(0.3)
    assert HARM.harmed
    assert HARM.best == 0
    assert not POINT.harmed  # a point is not over a point
    assert (STAY.followed, STAY.truth, STAY.gain) == ("source_only", 0.55, 0)
    assert STAY.estimate == STAY.source_only
    unsure = replace(GOOD, decision="undecided")
    assert (unsure.followed, unsure.gain) == ("source_only", 0)


def test_an_interval_holds_its_ends_and_what_lies_between():
    assert [TOLD.holds(truth) for truth in (0.69, 0.7, 0.8, 0.9, 0.91)] == [
        *(False, True, True, True, False)
    ]
    assert Estimated(value=0.8).holds(0.8) is None


def test_what_judging_one_candidate_costs():
    # 10 s in all, of which 3 candidates took 3 each: 1 s was shared, and so was source-only
    assert GOOD.cost == pytest.approx((1 + 3 + 3) / 1)
    slow = {**GOOD.tried, "coral": TriedResult(accuracy=0.8, seconds=4.0, judging=2.0)}
    # the shared part is 0 now, never less
    uneven = replace(GOOD, tried=slow, seconds=5.0)
    assert uneven.cost == pytest.approx(np.median([(3 + 6) / 4, (3 + 3) / 1]))
    alone = replace(GOOD, tried={"source_only": GOOD.tried["source_only"]})
    assert alone.cost is None


def test_the_five_figures():
    figures = figures_of(ALL)
    assert figures.verdicts == 4
    assert figures.harmed == pytest.approx(1 / 4)
    assert figures.kept == pytest.approx((0.25 - 0.1 - 0.01 + 0) / (0.3 + 0 + 0 + 0.2))
    assert figures.error == pytest.approx((0.05 + 0.2 + 0.11 + 0.05) / 4)
    assert figures.covered == pytest.approx(2 / 4)
    assert figures.cost == pytest.approx(8.5)  # of 7, 7, 10 and 10
    assert figures.adapted == pytest.approx(3 / 4)
    assert {name for name, _ in GOALS.items()} == set(vars(figures)) - {"verdicts"}
    values = [row[1] for row in figure_rows(result(*ALL))]
    assert values == ["25.0 %", "28.0 %", "10.3", "50.0 %", "8.5", "75.0 %"]


def test_figures_of_nothing_and_without_intervals():
    assert set(vars(figures_of([])).values()) == {0, None}
    blunt = replace(GOOD, chosen=Estimated(value=0.8))
    assert figures_of([blunt, HARM]).covered == 0
    assert figures_of([blunt]).covered is None
    assert figures_of([HARM]).kept is None


def test_following_something_else():
    exact = figures_of(ALL, lambda _: "exact")
    assert exact.kept == pytest.approx(0.3 / 0.5)
    assert exact.adapted == pytest.approx(2 / 4)  # it was not tried on the others
    assert (exact.harmed, exact.error, exact.covered, exact.cost) == (0, None, None, None)
    failed = {**STAY.tried, "coral": TriedResult(accuracy=None, seconds=1.0, reason="no")}
    left = figures_of([replace(STAY, tried=failed)], lambda _: "coral")
    assert (left.adapted, left.harmed) == (0, 0)


def shift(family):
    return ShiftResult(
        family=family, kind="synthetic", about="A shift.", n=40, m=30, d=3, classes=2
    )


def result(*rows, **changes):
    settings = {
        "shifts": {each.shift: shift("a" if each.gain > 0 else "b") for each in rows},
        "judged": rows,
        "skipped": {},
        "refused": {},
        "rule": "A rule.",
    }
    return VerdictResult(**(settings | changes))


def test_the_failures_come_first():
    worse = replace(judged("worse", {"source_only": 0.9, "coral": 0.5}, "coral", TOLD), seed=1)
    mixed = replace(worse, seed=0, tried={**GOOD.tried})
    left = judged("left", {"source_only": 0.2, "coral": 0.8, "exact": 0.95}, "coral", TOLD)
    whole = result(GOOD, left, STAY, POINT, HARM, mixed, worse)
    order = [name for name, _ in whole.settings()]
    # harm by its size, an interval that misses, then the gain that was left
    assert order == ["worse", "harm", "point", "stay", "left", "good"]
    assert next(iter(whole.settings().values())) == [mixed, worse]
    assert [each["shift"] for each in whole.to_json()["verdicts"]] == [
        *("worse", "worse", "harm", "point", "stay", "left", "good")
    ]


def test_families_are_summed_up_by_themselves():
    whole = result(*ALL)
    assert {name: len(rows) for name, rows in whole.families().items()} == {"a": 1, "b": 3}
    content = whole.to_json()
    assert content["families"]["a"]["harmed"] == 0
    assert content["families"]["b"]["harmed"] == pytest.approx(1 / 3)
    assert content["figures"]["harmed"] == pytest.approx(1 / 4)


def test_what_no_row_shows_is_told_apart():
    whole = result(*ALL)
    whole.shifts["harm"] = replace(whole.shifts["harm"], hidden=True)
    assert whole.shown() == (GOOD, POINT, STAY)
    content = whole.to_json()
    assert content["figures_shown"]["harmed"] == 0
    assert content["figures"]["harmed"] == pytest.approx(1 / 4)
    assert figure_rows(whole)[0][1:3] == ("25.0 %", "0.0 %")
    assert "without target labels: `harm`." in markdown(whole)
    assert "Hidden are" not in markdown(result(*ALL))


def section(text, title):
    return text.partition(f"## {title}")[2].partition("\n## ")[0]


def cells_of(text, first):
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {first} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_report_shows_every_shift_with_all_true_accuracies():
    text = markdown(result(*ALL))
    every = section(text, "Every shift")
    names = [line.split(" | ")[0] for line in every.splitlines() if line.startswith("| ")]
    assert names == ["| shift", "| ---", "| harm", "| point", "| stay", "| good"]
    assert cells_of(every, "harm") == [
        *("harm", "nearest", "!~", "coral", "80.0", "70.0 to 90.0", "60.0", "-10.0", "+0.0"),
        *("70.0", "60.0", "70.0"),
    ]
    assert cells_of(every, "stay") == [
        *("stay", "nearest", "", "abstain", "50.0", "40.0 to 60.0", "55.0", "+0.0", "+20.0"),
        *("55.0", "75.0", "-"),
    ]
    assert cells_of(section(text, "By family"), "b")[1:3] == ["3", "33.3 %"]
    others = section(text, "What other ways")
    assert cells_of(others, "the verdict")[1:] == ["25.0 %", "28.0 %", "75.0 %"]
    assert cells_of(others, "always `exact`")[1:] == ["0.0 %", "60.0 %", "50.0 %"]
    assert cells_of(others, "the oracle")[1:3] == ["0.0 %", "100.0 %"]
    assert cells_of(section(text, "What the shifts are"), "good")[3] == "40 to 30"
    assert "The rule: A rule." in text


def test_the_report_sets_other_estimates_beside_the_verdict():
    def scored(one, **cot):
        tried = {
            name: replace(each, scores={"cot": cot.get(name)}) for name, each in one.tried.items()
        }
        return replace(one, tried=tried)

    # GOOD adapts with coral; STAY keeps the source, whose estimate is 50 of 55.
    good, stay = scored(GOOD, source_only=0.6, coral=0.95), scored(STAY, source_only=0.45)
    whole = result(good, stay)
    text = section(markdown(whole), "What other estimates")
    end, start = (
        [(good.accuracy("coral"), 0.95), (0.55, 0.45)],
        [(good.accuracy("source_only"), 0.6), (0.55, 0.45)],
    )

    def off(pairs):
        return f"{100 * np.mean([abs(a - b) for a, b in pairs]):.1f}"

    assert cells_of(text, "COT")[1:] == [off(end), off(end), off(start), off(start)]
    own = [(good.accuracy("coral"), good.chosen.value), (0.55, stay.source_only.value)]
    was = [(good.accuracy("source_only"), good.source_only.value), (0.55, stay.source_only.value)]
    assert cells_of(text, "the verdict")[1:] == [off(own), off(own), off(was), off(was)]
    assert cells_of(text, "DoC")[1:] == ["-"] * 4
    whole.shifts["stay"] = replace(whole.shifts["stay"], hidden=True)
    shown = section(markdown(whole), "What other estimates")
    assert cells_of(shown, "COT")[1:] == [off(end), off(end[:1]), off(start), off(start[:1])]


def test_seeds_are_told_by_their_mean_and_harm_by_the_worst():
    bad = replace(HARM, shift="good", seed=1)
    line = cells_of(section(markdown(result(GOOD, bad)), "Every shift"), "good")
    assert line[2] == "!~"
    assert line[6:9] == ["72.5", "-10.0", "+15.0"]


def test_a_report_of_nothing_says_why():
    text = markdown(result(skipped={"office": "no folder"}))
    assert "- office: no folder" in text
    assert "## All" not in text
