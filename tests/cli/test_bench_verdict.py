"""`monge bench verdict`: what it is told, what it says, how it ends."""

import json
import shlex
from importlib import import_module

import pytest

from monge.cli.spreading import spread_lists
from monge.errors import Cancelled
from monge.experiments import VerdictOptions, Where
from monge.experiments.verdict.judging import Opinion, Trials, Tried
from monge.results import Estimated

ROOM = import_module("monge.cli.benching")
BENCH = import_module("monge.experiments.verdict.bench")


@pytest.fixture
def told(monkeypatch):
    """Take what a bench would be told, without running it."""
    taken = []

    def bench_verdict(options, *, where, report):
        taken.append((options, where))
        raise Cancelled("told")

    monkeypatch.setattr(ROOM, "bench_verdict", bench_verdict)
    return taken


@pytest.fixture
def quick(monkeypatch):
    """Have the source as it is alone, and no picture."""

    def trying(given):
        predicted = given.labels[:1].repeat(len(given.target))
        scores = {"circular_accuracy": 0.5}
        tried = {"source_only": Tried(predicted=predicted, seconds=0.1, scores=scores)}
        return Trials(tried=tried, seconds=0.2)

    def nothing(scores, family):
        """Stay."""
        kept = Estimated(value=0.5)
        return Opinion(decision="abstain", choice="source_only", source_only=kept, chosen=kept)

    monkeypatch.setattr(BENCH, "decide", nothing)
    monkeypatch.setattr(BENCH, "rule_in_words", lambda _: "Stay.")
    monkeypatch.setattr(BENCH, "try_candidates", trying)
    monkeypatch.setattr(BENCH, "picture_of_verdicts", lambda _: b"picture")


WORDS = ("bench", "verdict", "--shifts", "moons-bent", "--classifiers", "nearest")


def test_help_names_every_option(call):
    code, out, err = call("bench", "verdict", "--help")
    assert (code, err) == (0, "")
    for option in (
        *("--shifts", "--families", "--classifiers", "--seeds", "--data-dir", "--scores"),
        *("-o, --out", "--json"),
    ):
        assert option in out
    assert max(map(len, out.splitlines())) <= 80
    assert "\n  verdict " in call("bench", "--help")[1]


@pytest.mark.parametrize(
    "options",
    [
        VerdictOptions(),
        VerdictOptions(families=("office", "wine cuts"), seeds=(4, 1)),
        VerdictOptions(shifts=("moons-bent", "uci-usps"), classifiers=("bayes",)),
    ],
    ids=VerdictOptions.command,
)
def test_the_command_of_a_result_comes_to_the_same_options(call, told, options):
    program, *words = shlex.split(options.command())
    assert program == "monge"
    assert call(*words)[0] == 1
    assert told[0][0] == options


def test_every_place_arrives(call, told, tmp_path):
    places = ("--data-dir", tmp_path / "d", "-o", tmp_path / "o", "--scores", tmp_path / "s")
    call(*WORDS, *places)
    assert told[0][1] == Where(out=tmp_path / "o", data_dir=tmp_path / "d", scores=tmp_path / "s")


def test_lists_are_spread():
    words = "bench verdict --families office 'wine cuts' --shifts a b --classifiers c d --json"
    spread = (
        "bench verdict --families office --families 'wine cuts' --shifts a --shifts b "
        "--classifiers c --classifiers d --json"
    )
    assert spread_lists(shlex.split(words)) == shlex.split(spread)


def test_the_figures_are_printed_beside_their_goals(call, quick, tmp_path):
    code, out, err = call(*WORDS, "--out", tmp_path)
    assert code == 0
    assert "1 verdicts on 1 shifts" in out
    assert "at most 5 %" in out
    assert "Following the verdict does harm in 0.0 % of 1 cases" in out
    assert f"Report: {tmp_path / 'verdict.md'}" in out
    assert "Verdicts: done" in err


def test_json_for_machines(call, quick, tmp_path):
    code, out, _ = call(*WORDS, "--out", tmp_path, "--json")
    assert code == 0
    assert json.loads(out) == json.loads((tmp_path / "verdict.json").read_text())


def test_a_shift_whose_files_are_missing_is_skipped(call, quick, tmp_path):
    words = ("bench", "verdict", "--families", "office", "--data-dir", tmp_path / "no")
    code, out, _ = call(*words, "--out", tmp_path / "o")
    assert code == 0
    assert out.count("Skipped office-") == 12
    assert "Nothing was judged." in out


def test_a_name_that_is_none_is_wrong_usage(call):
    code, out, err = call("bench", "verdict", "--shifts", "moon-bent")
    assert (code, out) == (2, "")
    assert "'shifts' must be among" in err
    assert "moons-bent" in err


def test_an_interrupt_says_what_is_kept(call, monkeypatch, tmp_path):
    def interrupted(given):
        raise KeyboardInterrupt

    monkeypatch.setattr(BENCH, "try_candidates", interrupted)
    code, _, err = call(*WORDS, "--out", tmp_path)
    assert code == 130
    assert "run the same command to go on" in err
