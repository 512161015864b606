"""The rule's answer, the shift between two domains, and a verdict as text and JSON."""

import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

from monge.errors import InputError
from monge.verdict import (
    SCORES,
    Choice,
    ClassEstimate,
    ClassShare,
    Estimate,
    Evidence,
    Item,
    Rule,
    Shift,
    Tried,
    Verdict,
    decide,
    shift_of,
)
from monge.verdict.learned import learned
from monge.verdict.network import Layer, told
from monge.verdict.shift import beyond_chance

GOOD, POOR = ({"cot": x, "atc": x + 0.05, "doc": x + 0.02} for x in (0.9, 0.6))


NAMES = ("atc", "cot", "doc", "domain_linear_p")
PARTS = ("own", "base", "change", "beyond")
SCALE = 100.0


def rule(caution=0.3, *, fills=None, **lines):
    """A network of one layer: the accuracy is COT, the gain its difference, harm is not feared.

    A line is a number and what is added for each unit of a feature, such as ``("own", "cot")``.
    """
    places = {each: at for at, each in enumerate(product(PARTS, NAMES))}
    usual = {"gain": (0.0, {("change", "cot"): 1.0}), "accuracy": (0.0, {("own", "cot"): 1.0})}
    weight, bias, fill = np.zeros((3, 16)), np.zeros(3), np.zeros(16)
    for row, (number, parts) in enumerate((usual | {"harm": (-50.0, {})} | lines).values()):
        bias[row] = number
        for feature, per_unit in parts.items():
            weight[row, places[feature]] = per_unit * SCALE
    for feature, value in (fills or {("own", "cot"): 0.5}).items():
        fill[places[feature]] = value
    return Rule(
        names=NAMES,
        fill=fill,
        centre=np.zeros(16),
        scale=np.full(16, SCALE),
        members=((Layer(weight, bias),),),
        caution=caution,
        accuracy_spread=(-0.2, 0.1),
        gain_spread=(-0.1, 0.1),
    )


@pytest.mark.parametrize(
    ("before", "after", "harm", "decision"),
    [
        (POOR, GOOD, -50.0, "adapt"),
        (GOOD, POOR, -50.0, "abstain"),
        (GOOD, GOOD, 0.0, "abstain"),
        (POOR, GOOD, 50.0, "undecided"),
    ],
)
def test_a_gain_is_taken_where_it_is_worth_its_risk(before, after, harm, decision):
    ruling = decide({"source_only": before, "coral": after}, rule(0.4, harm=(harm, {})))
    assert (ruling.decision, ruling.choice) == (decision, "coral")
    assert ruling.gains["coral"].value == pytest.approx(after["cot"] - before["cot"])
    found = ruling.estimates["coral"]
    ends = (found.low, found.value, found.high)
    assert ends == pytest.approx((after["cot"] - 0.2, after["cot"], min(after["cot"] + 0.1, 1)))


@pytest.mark.parametrize(("start", "gain"), [(0.6, 0.3), (0.9, 0.25), (1.2, 0.15)])
def test_no_more_is_gained_than_the_source_leaves(start, gain):
    hopeful = rule(gain=(0.3, {}))
    ruling = decide({"source_only": {"cot": start}, "coral": {"cot": start}}, hopeful)
    # of the two one says that the source is at its own estimate, one at 0.3 less
    assert ruling.estimates["source_only"].value == pytest.approx(min(start, 1.0) - 0.15)
    assert ruling.gains["coral"].value == pytest.approx(gain)
    assert ruling.estimates["coral"].value <= 1
    # what is left to be gained is weighed against the risk, 0.2 here, not what was hoped for
    risky = rule(0.4, gain=(0.3, {}), harm=(0.0, {}))
    same = {"source_only": {"cot": start}, "coral": {"cot": start}}
    assert decide(same, risky).decision == ("adapt" if gain > 0.2 else "undecided")


def test_the_source_is_what_most_estimates_less_their_gains_say():
    three = {"source_only": {"cot": 0.9}, "a": {"cot": 0.7}, "b": {"cot": 0.8}}
    fixed = rule(gain=(0.0, {("change", "atc"): 1.0}))
    ruling = decide({name: each | {"atc": 0.5} for name, each in three.items()}, fixed)
    assert [each.value for each in ruling.estimates.values()] == pytest.approx([0.8] * 3)
    # with a gain of 0.1 the last says 0.7
    three["b"]["atc"] = 0.6
    ruling = decide({name: {"atc": 0.5} | each for name, each in three.items()}, fixed)
    assert ruling.estimates["source_only"].value == pytest.approx(0.7)
    assert ruling.estimates["b"].value == pytest.approx(0.8)
    assert ruling.estimates["a"].value == pytest.approx(0.7)


def test_no_more_is_gained_or_lost_than_changes_its_class():
    for hoped, gain in ((0.3, 0.1), (-0.3, -0.1), (0.05, 0.05)):
        after = {"cot": 0.5 + gain, "agreement_baseline": 0.9}
        ruling = decide({"source_only": {"cot": 0.5}, "a": after}, rule(gain=(hoped, {})))
        found = ruling.gains["a"]
        assert found.value == pytest.approx(gain)
        assert (found.low, found.high) == pytest.approx(
            (max(gain - 0.1, -0.1), min(gain + 0.1, 0.1))
        )
        assert ruling.estimates["a"].value == pytest.approx(0.5 + gain)
    # What changes nothing is no gain, whatever its scores say.
    same = {"cot": 0.9, "agreement_baseline": 1.0}
    ruling = decide({"source_only": POOR, "a": same}, rule())
    assert ruling.decision == "abstain"
    assert str(ruling.gains["a"]) == "0.0 % (0.0 to 0.0)"


def test_of_two_the_one_of_less_risk_is_taken():
    risk = 0.0, {("change", "atc"): 100.0}
    cautious = rule(harm=risk)
    base = {"cot": 0.5, "atc": 0.5}
    three = {"source_only": base, "a": {"cot": 0.9, "atc": 0.9}, "b": {"cot": 0.8, "atc": 0.2}}
    assert decide(three, cautious).choice == "b"
    assert decide(three, replace(cautious, caution=0.0)).choice == "a"


def test_what_is_missing_has_its_fill_and_a_p_value_counts_by_its_logarithm():
    by_p = rule(accuracy=(0.0, {("own", "cot"): 1.0, ("own", "domain_linear_p"): -0.01}))
    ruling = decide(
        {"source_only": {"domain_linear_p": 1e-9}, "coral": {"cot": float("nan")}}, by_p
    )
    between = (0.5 + 0.09 + 0.5) / 2
    assert ruling.estimates["source_only"].value == pytest.approx(between)
    assert ruling.estimates["coral"].value == pytest.approx(between)  # no gain is seen
    lifted = rule(
        gain=(0.01, {("change", "cot"): 1.0, ("base", "doc"): 0.1}), fills={("base", "doc"): 2.0}
    )
    ruling = decide({"source_only": {"cot": 0.5}, "coral": {"cot": 0.6, "doc": 0.7}}, lifted)
    assert ruling.gains["coral"].value == pytest.approx(0.01 + 0.1 + 0.2)


def test_a_candidate_is_seen_beside_all_that_were_tried():
    beside = rule(gain=(0.0, {("beyond", "atc"): 1.0}))
    three = {
        name: {"cot": 0.5, "atc": atc} for name, atc in zip("sab", (0.3, 0.6, 0.9), strict=True)
    }
    ruling = decide(three, beside)
    assert ruling.gains["b"].value == pytest.approx(0.3)
    assert ruling.gains["a"].value == pytest.approx(0.0)
    # a score that one lacks is compared with those that have it
    del three["s"]["atc"]
    assert decide(three, beside).gains["b"].value == pytest.approx(0.15)


def test_a_rule_is_the_mean_of_networks_as_torch_has_them():
    torch.manual_seed(0)
    width = 4 * len(NAMES)
    nets = [
        torch.nn.Sequential(torch.nn.Linear(width, 5), torch.nn.SiLU(), torch.nn.Linear(5, 3))
        for _ in range(2)
    ]
    members = tuple(
        tuple(
            Layer(part.weight.detach().numpy(), part.bias.detach().numpy())
            for part in (net[0], net[2])
        )
        for net in nets
    )
    own = replace(rule(), scale=np.full(width, 0.5), centre=np.full(width, 0.1), members=members)
    rows = np.array([[0.2, np.nan, 0.9, -40.0], [0.4, 0.7, 0.8, -3.0]])
    fill = own.fill
    mean = np.array([0.3, 0.7, 0.85, -21.5])
    seen = np.hstack([rows, np.tile(rows[0], (2, 1)), rows - rows[0], rows - mean])
    seen = (np.where(np.isfinite(seen), seen, fill) - 0.1) / 0.5
    x = torch.as_tensor(seen.clip(-4, 4), dtype=torch.float32)
    with torch.no_grad():
        gain, accuracy, odds = torch.stack([net(x) for net in nets]).mean(0).T
    said = own(rows)
    np.testing.assert_allclose(said.gain, gain, atol=1e-6)
    np.testing.assert_allclose(said.accuracy, accuracy.clip(0, 1), atol=1e-6)
    np.testing.assert_allclose(said.harm, odds.sigmoid(), atol=1e-6)
    again = Rule.from_bytes(own.to_bytes())
    assert (again.names, again.caution) == (own.names, own.caution)
    assert (again.accuracy_spread, again.gain_spread) == (own.accuracy_spread, own.gain_spread)
    np.testing.assert_allclose(np.stack(again(rows)), np.stack(said), atol=1e-6)


def test_the_rule_that_ships_is_finite_and_knows_its_scores():
    rule = learned()
    assert set(rule.names) <= set(SCORES)
    assert len(rule.fill) == len(rule.centre) == len(rule.scale) == 4 * len(rule.names)
    for layer in (layer for member in rule.members for layer in member):
        assert np.isfinite(layer.weight).all()
        assert np.isfinite(layer.bias).all()
    assert rule.members[0][0].weight.shape[1] == 4 * len(rule.names)
    assert rule.accuracy_spread[0] < 0 < rule.accuracy_spread[1]
    nothing = rule(told([{}, {}], rule.names))
    assert np.isfinite(np.stack(nothing)).all()


def test_a_collapse_is_not_taken():
    ruling = decide({"source_only": POOR, "a": GOOD | {"collapsed": 1.0}, "b": POOR}, rule())
    assert ruling.choice == "b"
    assert (
        decide({"source_only": POOR, "a": GOOD | {"collapsed": 1.0}}, rule()).decision == "abstain"
    )


def test_alone_the_source_is_kept_as_it_is():
    ruling = decide({"source_only": POOR})
    assert (ruling.decision, ruling.choice, ruling.gains) == ("abstain", "source_only", {})


def drawn(labels, seed, way=0.0):
    draw = np.random.default_rng(seed)
    centres = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    return centres[labels] + draw.normal(size=(len(labels), 2)) + way


def evidence_of(labels, truth, way=0.0):
    """Evidence of a classifier that knows the centres of three classes."""
    x, y = drawn(labels, 0), drawn(truth, 1, way)

    def said(rows):
        square = [np.square(rows - centre).sum(1) for centre in ([0, 0], [4, 0], [0, 4])]
        shares = np.exp(-np.array(square).T / 2)
        return shares / shares.sum(1, keepdims=True)

    return Evidence(
        labels=labels,
        n_classes=3,
        held=said(x),
        baseline=said(y),
        chosen=said(y),
        source=x,
        target=y,
    )


EVEN = np.arange(600) % 3
FEWER = np.repeat([0, 1, 2], [60, 180, 360])
NONE = np.repeat([1, 2], [300, 300])


@pytest.mark.parametrize(
    ("truth", "way", "kinds"),
    [(EVEN, 0.0, ()), (FEWER, 0.0, ("label",)), (NONE, 0.0, ("label",))],
)
def test_label_shift_is_told_from_nothing(truth, way, kinds):
    shift = shift_of(evidence_of(EVEN, truth, way), "abc")
    assert shift.kinds == kinds
    found = np.bincount(truth, minlength=3) / len(truth)
    np.testing.assert_allclose([part.target for part in shift.classes], found, atol=0.03)
    assert [part.label for part in shift.classes if part.missing] == (
        ["a"] if truth is NONE else []
    )


def test_a_moved_target_is_covariate_shift_and_beyond_the_source():
    shift = shift_of(evidence_of(EVEN, EVEN, 3.0), "abc")
    assert {"covariate", "support"} <= set(shift.kinds)
    assert shift.area > 0.9
    assert shift.chance < 1e-9
    assert "support mismatch" in shift.words


def test_where_labels_do_not_explain_the_shift_the_adapted_classifier_says_the_shares():
    evidence = evidence_of(EVEN, EVEN, 1.5)
    adapted = replace(evidence, chosen=np.eye(3)[EVEN])
    assert "label" in shift_of(evidence, "abc").kinds
    shift = shift_of(evidence, "abc", adapted)
    assert "label" not in shift.kinds
    assert "covariate" in shift.kinds
    assert [part.target for part in shift.classes] == pytest.approx([1 / 3] * 3)


def test_who_is_no_better_than_chance_cannot_count_classes():
    evidence = evidence_of(EVEN, NONE)
    assert beyond_chance(evidence)
    blind = replace(evidence, held=evidence.held[::-1].copy())
    assert not beyond_chance(blind)
    shift = shift_of(blind, "abc")
    assert "label" not in shift.kinds
    assert shift.label_shift == 0
    assert not any(part.missing for part in shift.classes)


@pytest.fixture
def verdict():
    def tried(name, value, gain=None):
        return Tried(
            choice=Choice(name=name, parameters={"transport": name.title() + "()"}),
            estimate=Estimate(value=value, low=value - 0.05, high=value + 0.05),
            gain=gain,
            seconds=0.1,
            scores={"cot": value},
        )

    gain = Estimate(value=0.2, low=0.1, high=0.3)
    trials = tried("source_only", 0.7), tried("coral", 0.9, gain)
    failed = Tried(choice=Choice(name="exact", parameters={}), estimate=None, gain=None,
                   seconds=0.0, reason="no luck")  # fmt: skip
    return Verdict(
        decision="adapt",
        choice=trials[1].choice,
        source_only=trials[0].estimate,
        chosen=trials[1].estimate,
        gain=gain,
        shift=Shift(
            kinds=("covariate",),
            area=0.9,
            chance=0.0,
            area_weighted=0.9,
            label_shift=0.01,
            outside=0.0,
            classes=(ClassShare(label="a", source=0.5, target=0.5),),
        ),
        per_class=(ClassEstimate(label=1, predicted=1.0, right=None),),
        evidence=(
            Item(score="cot", value=0.9, before=0.7, words="Optimal-transport confidence"),
            Item(score="plan_error", value=0.0, before=None, words="Marginal error"),
        ),
        warnings=("Missing class: none of b.",),
        trials=(*trials, failed),
        rows=(1000, 20),
    )


def test_json_gives_the_same_verdict_again(verdict):
    text = json.dumps(verdict.to_json(), allow_nan=False)
    assert Verdict.from_json(json.loads(text)) == verdict
    assert json.loads(text)["schema"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"decision": "maybe"},
        {"gain": {"value": 1}},
        {"chosen": {"value": "x", "low": 0, "high": 1}},
        {"rows": []},
        {"trials": [{}]},
        {"shift": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_json_of_something_else_is_refused(verdict, change):
    with pytest.raises(InputError, match=r"Verdict.from_json: 'content' must be"):
        Verdict.from_json(verdict.to_json() | change)


def test_json_that_is_no_mapping_is_refused():
    with pytest.raises(InputError, match="of schema 1, got list"):
        Verdict.from_json([])


def test_printed_it_is_one_screen(verdict):
    text = str(verdict)
    for words in (
        "Adapt with coral: it is thought to gain +20.0 points.",
        "covariate shift",
        "Source only   70.0 % (65.0 to 75.0)",
        "+20.0 points (+10.0 to +30.0)",
        "Optimal-transport confidence",
        "failed: no luck",
        "Missing class: none of b.",
    ):
        assert words in text
    closing = " ".join(text.split())
    assert "no label of the 20 target rows was read; 1,000 source rows." in closing
    assert max(map(len, text.splitlines())) < 80


def test_no_word_of_it_is_cut(verdict):
    name = "a_transport_of_a_very_long_name"
    words = "A score whose title takes more room than there is on a line beside its two values"
    failed = replace(verdict.trials[-1], reason="there was no room left on the device " * 4)
    long = replace(
        verdict,
        choice=replace(verdict.choice, name=name),
        evidence=(replace(verdict.evidence[0], words=words),),
        trials=(replace(verdict.trials[0], choice=Choice(name=name, parameters={})), failed),
        warnings=("One that is told at some length, so that it takes two lines of text or more.",),
    )
    text = str(long)
    assert max(map(len, text.splitlines())) < 100
    plain = " ".join(text.split())
    for part in (name, words, failed.reason.strip(), long.warnings[0], "90 % intervals"):
        assert part in plain
    *_, last = words.split(" on a ")
    (line,) = [line for line in text.splitlines() if line.endswith("0.700    0.900")]
    assert last in line
    columns = {
        line.index("%") for line in text.splitlines() if line.startswith((name, "Source only "))
    }
    assert len(columns) == 1


def test_a_gain_whose_interval_reaches_below_zero_is_hedged(verdict):
    assert "not ruled out" not in verdict.advice
    doubtful = replace(verdict, gain=Estimate(value=0.02, low=-0.03, high=0.03))
    assert doubtful.advice.endswith("gain +2.0 points; a loss is not ruled out.")


def test_it_says_why_nothing_is_adapted(verdict):
    ruled = replace(verdict, decision="abstain")
    assert "the best candidate, is thought to bring +20.0 points" in ruled.advice
    source, coral, _ = ruled.trials
    assert "coral, the one candidate," in replace(ruled, trials=(source, coral)).advice
    fallen = replace(coral, scores={"collapsed": 1.0})
    told = replace(ruled, trials=(source, fallen)).advice
    assert "hardly any row" in told
    assert "points" not in told


@pytest.mark.parametrize(
    ("decision", "followed", "words"),
    [
        ("adapt", "coral", "Adapt with coral"),
        ("abstain", "source_only", "Do not adapt"),
        ("undecided", "source_only", "Undecided"),
    ],
)
def test_what_is_followed(verdict, decision, followed, words):
    ruled = replace(verdict, decision=decision)
    assert ruled.followed.name == followed
    assert ruled.advice.startswith(words)
