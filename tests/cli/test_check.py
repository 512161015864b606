"""`monge check`, and the verdict that `monge fit` keeps."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("pandas")

import monge
from monge.adapters import describe
from monge.data.tables import write_table
from monge.errors import ConvergenceError
from monge.verdict import Verdict
from monge.verdict.estimate import Estimate
from monge.verdict.rule import Ruling

NAMES = ("f0", "f1", "f2")
KINDS = np.array(["ant", "bee"])


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """A labelled source, a target that is moved, and one column more there."""
    folder, draw = tmp_path_factory.mktemp("check"), np.random.default_rng(0)
    y = np.arange(80) % 2
    X, Xt = draw.normal(size=(80, 3)), draw.normal(size=(60, 3))
    X[:, 0] += 6 * y
    Xt[:, 0] += 6 * y[:60] + 4
    parts = {
        "source.csv": dict(zip(NAMES, X.T, strict=True)) | {"kind": KINDS[y]},
        "target.csv": {"site": np.arange(60)} | dict(zip(NAMES, Xt.T, strict=True)),
        "short.csv": {"f0": np.arange(5.0)},
    }
    for name, columns in parts.items():
        with write_table(folder / name) as put:
            put(columns)
    return folder


def words(tables, verb, *more, target="target.csv"):
    return (verb, tables / "source.csv", tables / target, "--label", "kind", *more)


def rule(monkeypatch, decision):
    """Put a rule in place that decides so, whatever the scores."""

    def decide(scores):
        even = Estimate(value=0.5, low=0.4, high=0.6)
        gain = Estimate(value=0.1, low=-0.1, high=0.3)
        *_, last = scores
        return Ruling(
            decision=decision,
            choice=last,
            gains=dict.fromkeys(list(scores)[1:], gain),
            estimates=dict.fromkeys(scores, even),
        )

    monkeypatch.setattr("monge.adapters.concluding.decide", decide)


@pytest.mark.parametrize(
    ("decision", "code", "said"),
    [
        ("adapt", 0, "Adapt with linear"),
        ("abstain", 10, "Do not adapt"),
        ("undecided", 11, "Undecided"),
    ],
)
def test_the_decision_is_the_exit_code(call, tables, monkeypatch, decision, code, said):
    rule(monkeypatch, decision)
    found, out, err = call(*words(tables, "check", "--transport", "linear"))
    assert found == code
    for text in (said, "covariate shift", "Source only", "Gain", "Candidates (2)"):
        assert text in out
    assert "Not read in target.csv: site." in out
    assert "Trying candidates: done" in err
    assert "kind" not in err


def test_json_is_the_verdict_and_one_line(call, tables):
    more = ("--transport", "coral", "--classifier", "centroid", "--json")
    code, out, _ = call(*words(tables, "check", *more))
    assert out.count("\n") == 1
    verdict = Verdict.from_json(json.loads(out))
    assert {"adapt": 0, "abstain": 10, "undecided": 11}[verdict.decision] == code
    assert verdict.choice.name == "coral"
    assert verdict.rows == (80, 60)


def test_auto_tries_what_the_budget_has_room_for(call, tables):
    more = ("--option", "transport.budget=0.3 s", "--json")
    _, out, _ = call(*words(tables, "check", *more))
    verdict = Verdict.from_json(json.loads(out))
    assert [tried.choice.name for tried in verdict.trials][:2] == ["source_only", "standardise"]
    assert len(verdict.trials) < 13
    again = call(*words(tables, "check", *more))[1]
    assert Verdict.from_json(json.loads(again)).gain == verdict.gain


def test_nothing_is_written_by_a_check(call, tables, tmp_path):
    before = sorted(path.name for path in tables.iterdir())
    call(*words(tables, "check", "--transport", "coral"))
    assert sorted(path.name for path in tables.iterdir()) == before
    assert list(tmp_path.iterdir()) == []


def test_a_bad_table_is_exit_code_3(call, tables):
    code, out, err = call(*words(tables, "check", target="short.csv"))
    assert (code, out) == (3, "")
    assert "with the columns 'f1', 'f2'" in err
    code, out, _ = call(*words(tables, "check", "--json", target="short.csv"))
    assert code == 3
    assert json.loads(out)["error"]["kind"] == "DataError"


def test_wrong_usage_is_exit_code_2(call, tables):
    code, _, err = call(*words(tables, "check", "--transport", "teleport"))
    assert code == 2
    assert "'teleport' is not one of auto" in err
    code, _, err = call(*words(tables, "check", "--option", "transport.budget=soon"))
    assert code == 2
    assert "'budget' must be a time" in err


def test_a_fit_keeps_the_verdict_and_info_shows_it(call, tables, tmp_path, monkeypatch):
    rule(monkeypatch, "abstain")
    folder = tmp_path / "a"
    code, out, _ = call(*words(tables, "fit", "-o", folder))
    assert code == 0  # the adapter was asked for, and is made
    assert "Do not adapt: sinkhorn, the one candidate," in out
    assert "Judged: sinkhorn alone; --transport auto tries the others." in out
    assert "moves nothing" not in out
    assert "Expected accuracy: source only 50.0 %" in out
    adapter = monge.load(folder)
    assert adapter.verdict_.decision == "abstain"
    assert Verdict.from_json(describe(folder)["verdict"]) == adapter.verdict_
    said = call("info", folder)[1]
    assert "verdict      Do not adapt" in said
    assert json.loads(call("info", folder, "--json")[1])["verdict"]["decision"] == "abstain"


def test_a_fit_that_chose_to_move_nothing_says_so(call, tables, tmp_path, monkeypatch):
    for decision in ("abstain", "adapt"):
        rule(monkeypatch, decision)
        few = ("--transport", "auto", "--option", "transport.budget=0.25 s")
        code, out, _ = call(*words(tables, "fit", "-o", tmp_path / decision, *few))
        assert code == 0
        assert ("which moves nothing" in out) == (decision == "abstain")
        assert "--transport auto tries" not in out


@pytest.mark.filterwarnings("default")
def test_a_verdict_that_fails_stops_no_fit(call, tables, tmp_path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise ConvergenceError("It gave up.")

    monkeypatch.setattr("monge.workflows.fitting.judge_fitted", refuse)
    code, out, err = call(*words(tables, "fit", "-o", tmp_path / "a"))
    assert code == 0
    assert "The adapter is not judged. It gave up." in err
    assert "Adapter: " in out
    assert not hasattr(monge.load(tmp_path / "a"), "verdict_")


def test_a_full_disk_behind_standard_output_is_one_sentence(tables):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("/dev/full is there on Linux alone")
    told = [str(word) for word in words(tables, "check", "--transport", "coral")]
    with full.open("w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "monge", *told],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "standard output could not be written: No space left on device." in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_check_changes_no_adapter(call, tables, tmp_path):
    for name, more in (("a", ()), ("b", ("--no-check",))):
        assert call(*words(tables, "fit", "-o", tmp_path / name, *more))[0] == 0
    one, two = (monge.load(tmp_path / name) for name in "ab")
    assert hasattr(one, "verdict_")
    assert not hasattr(two, "verdict_")
    np.testing.assert_array_equal(one.map_.images, two.map_.images)
    assert "verdict      not judged" in call("info", tmp_path / "b")[1]
    arrays = [(tmp_path / name / "arrays.safetensors").read_bytes() for name in "ab"]
    assert arrays[0] == arrays[1]


def test_a_transport_is_chosen_and_used(call, tables, tmp_path, monkeypatch):
    rule(monkeypatch, "adapt")
    more = ("--transport", "auto", "--option", "transport.budget=0.3 s", "--json")
    code, out, _ = call(*words(tables, "fit", "-o", tmp_path / "a", *more))
    assert code == 0
    told = json.loads(out)["verdict"]
    adapter = monge.load(tmp_path / "a")
    assert adapter.verdict_ == Verdict.from_json(told)
    assert adapter.random_state == 0
    assert type(adapter.transport).__name__ == "Auto"
    assert call("predict", tmp_path / "a", tables / "target.csv", "-o", tmp_path / "p.csv")[0] == 0
