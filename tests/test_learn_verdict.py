"""Learning the rule of the verdict: what is read, what is never seen, and what is followed."""

import json
from pathlib import Path

import numpy as np
import pytest

from monge.experiments.verdict.judging import Trials, Tried
from monge.experiments.verdict.suite import FAMILIES as FAMILIES_OF_THE_SUITE
from monge.verdict import decide

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCORES = ("cot", "atc", "domain_linear_p")
CANDIDATES = ("source_only", "coral", "graph")
FAMILIES = ("noise", "turns", "cuts")


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import learn_verdict

    few = learn_verdict.Settings(members=2, width=8, rounds=10, caution=0.1)
    monkeypatch.setattr(learn_verdict, "SETTINGS", few)


def numbers(rule):
    """Everything that a rule has learned, but its intervals."""
    layers = [part.ravel() for member in rule.members for layer in member for part in layer]
    return np.concatenate([rule.fill, rule.centre, rule.scale, *layers])


def same(one, other):
    return np.array_equal(numbers(one), numbers(other))


def lines(seed, name, families, shifts=4):
    """Scores that tell the accuracy but for noise, and one collapse."""
    draw = np.random.default_rng(seed)
    for family in families:
        for number in range(shifts):
            base = draw.uniform(0.4, 0.9)
            for candidate in CANDIDATES:
                right = float(
                    np.clip(base + (candidate != "source_only") * draw.normal(0, 0.2), 0, 1)
                )
                told = {
                    "cot": right + draw.normal(0, 0.03),
                    "atc": right + draw.normal(0, 0.05),
                    "agreement_baseline": 1 - min(1.0, 1.2 * abs(right - base)),
                    "agreement_others": draw.uniform(),
                    "domain_linear_p": 10.0 ** draw.uniform(-20, 0),
                    "view_agreement": None,
                    "collapsed": float(candidate == "graph" and number == 1),
                }
                yield {
                    "case": f"{name}{family}-{number}",
                    "family": family,
                    "about": f"{family.replace(', ', ': ')}, noise.",
                    "hidden": number == 3 and family == "turns",
                    "seed": 0,
                    "classifier": "nearest",
                    "candidate": candidate,
                    "accuracy": right,
                    "scores": told,
                }


def written(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def suite():
    return list(lines(0, "", FAMILIES))


@pytest.fixture
def table(tmp_path, suite):
    from verdict_scores import read

    drawn = lines(1, "random-", [f"table, {k}" for k in "abcdefghij"], shifts=2)
    return read(written(tmp_path / "a", suite), written(tmp_path / "b", drawn))


def test_scores_are_read_beside_the_truth(table, suite):
    assert table.names == (
        *("agreement_baseline", "agreement_others", "atc", "collapsed", "cot", "domain_linear_p"),
    )
    assert table.own.shape == table.base.shape == (36 + 60, 6)
    assert int(table.drawn.sum()) == 60
    assert not table.drawn[:36].any()
    row = suite[4]
    assert table.own[4, 4] == row["scores"]["cot"]
    assert table.own[4, 5] == pytest.approx(max(np.log10(row["scores"]["domain_linear_p"]), -12))
    np.testing.assert_array_equal(table.base[4], table.own[3])
    assert table.gain[4] == pytest.approx(row["accuracy"] - suite[3]["accuracy"])
    assert (table.weight[0], table.weight[-1]) == (3, 1)
    assert int(table.hidden.sum()) == 3


def test_a_network_sees_what_the_library_shows_it(table):
    from monge.verdict.network import features

    assert table.seen.shape == table.seen_alone.shape == (96, 24)
    at = np.flatnonzero(table.setting == table.setting[3])
    np.testing.assert_array_equal(at, [3, 4, 5])
    np.testing.assert_array_equal(table.seen[at], features(table.own[at]))
    there = np.array([0, 2, 3, 4, 5])
    np.testing.assert_array_equal(table.seen_alone[4][there], features(table.own[3:5])[1][there])
    np.testing.assert_array_equal(table.seen_alone[3], table.seen[3])
    assert not np.array_equal(table.seen_alone[4], table.seen[4], equal_nan=True)
    assert table.seen_alone[4, 1] == table.own[4, 0]


def test_a_candidate_that_is_shown_alone_agrees_with_the_source_and_with_nobody_else(tmp_path):
    from verdict_scores import read

    rows = list(lines(0, "", FAMILIES))
    for row in rows:
        own = {f"agreement_{name}": 0.7 + 0.3 * (row["candidate"] == name) for name in CANDIDATES}
        row["scores"] |= own | {"agreement_others": 0.9, "agreement_majority": 0.8}
    table = read(written(tmp_path / "a", rows))
    others, same_class, majority, graph, coral = (
        table.names.index(f"agreement_{name}")
        for name in ("others", "baseline", "majority", "graph", "coral")
    )
    assert table.candidate[:3].tolist() == list(CANDIDATES)
    alone = table.seen_alone[5]
    assert alone[others] == table.own[5, same_class] != 0.9
    assert np.isnan(alone[[majority, coral]]).all()
    assert alone[graph] == 1.0
    assert table.seen[5, others] == 0.9


def test_a_rule_learns_to_tell_a_gain(table):
    from learn_verdict import Settings, expected, learn

    rule = learn(table, table.drawn, Settings(members=1, width=16, rounds=150, dropout=0.0))
    start, gain, harm = expected(table, rule, ~table.drawn)
    suite = ~table.drawn & table.adapts
    told, true = gain[suite[~table.drawn]], table.gain[suite]
    assert np.corrcoef(told, true)[0, 1] > 0.8
    said = rule.of(table.seen).gain[suite]
    assert 0.5 < np.polyfit(true, said, 1)[0] < 1.5  # in units of accuracy
    assert np.abs(start + gain - table.accuracy[~table.drawn]).mean() < 0.1
    worse = table.gain[~table.drawn] < -0.05
    assert harm[worse].mean() > 0.5 > harm[~worse].mean()


def test_a_share_of_the_lines_is_shown_as_if_tried_alone(table):
    from learn_verdict import Settings, learn

    def rules(alone):
        settings = Settings(members=1, width=8, rounds=5, alone=alone)
        true = table.seen_alone
        first = learn(table, table.drawn, settings)
        table.__dict__["seen_alone"] = true + 1.0
        other = learn(table, table.drawn, settings)
        table.__dict__["seen_alone"] = true
        return first, other

    assert same(*rules(0.0))
    assert not same(*rules(0.5))


def test_the_source_as_it_is_teaches_no_gain_and_no_harm():
    import torch
    from learn_verdict import _loss

    truth = torch.tensor(
        [[0.0, 0.5, 0.0, 0.0, 1.0], [1.0, 0.5, 1.0, 1.0, 1.0]]
    )  # moves: the second
    said = torch.tensor([[0.3, 0.1, -0.2], [0.7, 0.2, 0.4]])
    for place, told in ((0, False), (1, True), (2, False)):
        for row, other in ((0, told), (1, True)):
            changed = said.clone()
            changed[row, place] += 1.0
            assert bool(_loss(changed, truth) != _loss(said, truth)) is other


def test_what_is_followed_is_what_the_library_decides(table, suite):
    from learn_verdict import Settings, expected, followed, learn

    rule = learn(table, table.drawn, Settings(members=1, width=16, rounds=100, caution=0.1))
    found = followed(table, rule, ~table.drawn)
    chosen = {table.setting[at]: suite[at]["candidate"] for at in found}
    assert len(found) == len(chosen) == 12
    told = {}
    for row in suite:
        scores = {name: v for name, v in row["scores"].items() if v is not None}
        told.setdefault(f"{row['case']}, nearest, seed 0", {})[row["candidate"]] = scores
    rulings = {setting: decide(scores, rule) for setting, scores in told.items()}
    decided = {
        setting: ruling.choice if ruling.decision == "adapt" else "source_only"
        for setting, ruling in rulings.items()
    }
    assert chosen == decided
    assert 2 < sum(name != "source_only" for name in decided.values()) < 12
    assert "graph" not in {chosen[f"{family}-1, nearest, seed 0"] for family in FAMILIES}
    start, gain, _ = expected(table, rule, ~table.drawn)
    for at, row in enumerate(suite):
        ruling = rulings[f"{row['case']}, nearest, seed 0"]
        estimate = ruling.estimates[row["candidate"]].value
        assert estimate == pytest.approx(start[at] + gain[at], abs=1e-9)


def rewritten(tmp_path, rows, changed):
    """Read with the truth of some lines turned round: their scores stay."""
    from verdict_scores import read

    rows = [row | {"accuracy": 1 - row["accuracy"]} if changed(row) else row for row in rows]
    drawn = lines(1, "random-", [f"table, {k}" for k in "abcdefghij"], shifts=2)
    return read(written(tmp_path / "c", rows), written(tmp_path / "d", drawn))


def test_the_rule_of_a_family_never_saw_it(tmp_path, table, suite):
    from learn_verdict import unseen

    def rules(some):
        rows = np.ones(len(some.family), dtype=bool)
        return unseen(some, rows, {name: some.family == name for name in FAMILIES})

    first = rules(table)
    other = rules(rewritten(tmp_path, suite, lambda row: row["family"] == "cuts"))
    assert list(first) == [*FAMILIES, ""]
    assert same(first["cuts"], other["cuts"])
    for name in ("noise", "turns", ""):
        assert not same(first[name], other[name])
        assert first[name].accuracy_spread != other[name].accuracy_spread
    assert first[""].accuracy_spread[0] < 0 < first[""].accuracy_spread[1]


def test_the_interval_of_a_family_is_not_made_of_its_errors(tmp_path, table, suite, monkeypatch):
    import learn_verdict

    learned = learn_verdict.learn
    # Lines that are learned elsewhere: what is left of the family are its errors.
    monkeypatch.setattr(
        learn_verdict, "learn", lambda some, _, *settings: learned(some, some.drawn, *settings)
    )

    def rules(some):
        rows = np.ones(len(some.family), dtype=bool)
        return learn_verdict.unseen(some, rows, {name: some.family == name for name in FAMILIES})

    first = rules(table)
    other = rules(rewritten(tmp_path, suite, lambda row: row["family"] == "cuts"))
    assert first["cuts"].accuracy_spread == other["cuts"].accuracy_spread
    assert first["noise"].accuracy_spread != other["noise"].accuracy_spread


def test_random_shifts_that_are_alike_are_left_out_with_a_family(table):
    from learn_verdict import learn, unseen
    from verdict_scores import ALIKE, alike

    from monge.experiments.verdict.random_changes import CHANGES, OF_IMAGES

    assert set(table.done[:36]) == {frozenset()}
    assert table.done[36] == {"a", "noise"}
    np.testing.assert_array_equal(alike(table, "noise"), table.drawn)
    assert not alike(table, "iris cuts").any()
    assert not alike(table, "office").any()
    assert not alike(table, "rotation").any()
    known = {"two random halves", *CHANGES, *OF_IMAGES}
    assert {kind for kinds in ALIKE.values() for kind in kinds} <= known
    assert set(ALIKE) <= set(FAMILIES_OF_THE_SUITE)

    rows, noise = np.ones(len(table.family), dtype=bool), table.family == "noise"
    parts = {name: table.family == name for name in FAMILIES}
    rules = unseen(table, rows, parts, {"noise": alike(table, "noise")})
    wanted = learn(table, ~table.drawn & ~noise)
    assert same(rules["noise"], wanted)
    assert same(rules["cuts"], learn(table, table.family != "cuts"))


def test_what_is_hidden_teaches_nothing(tmp_path, table, suite):
    from learn_verdict import learn

    rows = np.ones(len(table.family), dtype=bool)
    other = rewritten(tmp_path, suite, lambda row: row["hidden"])
    assert same(learn(table, rows), learn(other, rows))


def test_parts_of_random_shifts_keep_a_kind_together_and_leave_the_suite_out(table):
    from learn_verdict import kinds

    parts = kinds(table)
    assert sum(part.astype(int) for part in parts.values()).tolist() == table.drawn.tolist()
    for name in set(table.family[table.drawn]):
        assert sum(part[table.family == name].any() for part in parts.values()) == 1


def test_shifts_that_are_dealt_at_random_keep_a_setting_together(table):
    from learn_verdict import dealt

    parts = dealt(table)
    assert sum(part.astype(int) for part in parts.values()).tolist() == table.drawn.tolist()
    for name in set(table.setting[table.drawn]):
        assert sum(part[table.setting == name].any() for part in parts.values()) == 1
    kinds = [len(set(table.family[part])) for part in parts.values()]
    assert min(kinds) > 1


def test_a_setting_is_tried_on_what_it_has_not_seen(table, capsys, monkeypatch):
    import learn_verdict

    monkeypatch.setattr(learn_verdict, "WAYS", (learn_verdict.SETTINGS,))
    learn_verdict.choose(table)
    said = capsys.readouterr().out.splitlines()
    blocks = 2 * (2 + len(learn_verdict.CAUTIONS))
    assert len(said) == blocks
    assert "kinds that were not seen" in said[0]
    assert "shifts that were not seen" in said[blocks // 2]
    assert "points off" in said[1]


def test_a_run_on_random_shifts_goes_on_where_it_was(tmp_path, monkeypatch):
    import random_verdicts

    seen = []

    def trying(given):
        seen.append(given)
        predicted = np.zeros(len(given.target), dtype=np.int64)
        scores = {"cot": 0.5, "atc": None}
        tried = {
            name: Tried(predicted=predicted, seconds=0.1, scores=scores) for name in CANDIDATES
        }
        tried["exact"] = Tried(predicted=None, seconds=0.1, reason="no")
        return Trials(tried=tried, seconds=1.0)

    monkeypatch.setattr(random_verdicts, "try_candidates", trying)
    monkeypatch.setattr(random_verdicts.torch, "set_num_threads", lambda _: None)
    path = tmp_path / "random.jsonl"
    for count in (2, 3, 3):
        monkeypatch.setattr("sys.argv", ["random_verdicts", str(path), "--count", str(count)])
        random_verdicts.main()
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["case"] for row in rows] == [f"random-{k}" for k in range(3) for _ in CANDIDATES]
    assert [given.classifier for given in seen] == ["nearest", "logistic", "nearest"]
    target = random_verdicts.random_case(0).make(0).target
    assert rows[0]["accuracy"] == pytest.approx(float((target.labels == 0).double().mean()))
    assert rows[0]["scores"] == {"cot": 0.5, "atc": None}
    np.testing.assert_array_equal(seen[0].target, target.x)
