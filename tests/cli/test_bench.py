"""`monge bench accuracy`: what it is told, what it says, how it ends."""

import json
import shlex
from importlib import import_module

import pytest

from monge.cli.screen import print_accuracy
from monge.cli.spreading import spread_lists
from monge.errors import Cancelled
from monge.experiments import AccuracyOptions
from monge.experiments.accuracy.methods import METHODS
from monge.experiments.accuracy.pairs import PAIRS
from monge.results import AccuracyResult, MethodResult, OfficialResult, PairResult, Spread

ROOM = import_module("monge.cli.benching")
BENCH = import_module("monge.experiments.accuracy.bench")


@pytest.fixture
def told(monkeypatch):
    """Take what a bench would be told, without running it."""
    taken = []

    def bench_accuracy(options, *, out, data_dir, report):
        taken.append({"options": options, "out": out, "data": data_dir})
        raise Cancelled("told")

    monkeypatch.setattr(ROOM, "bench_accuracy", bench_accuracy)
    return taken


@pytest.fixture
def quick(monkeypatch):
    """Leave the picture out."""
    monkeypatch.setattr(BENCH, "picture_of_accuracies", lambda _: b"picture")


WORDS = ("bench", "accuracy", "--pairs", "blobs-scaling", "--methods", "linear", "--seeds", "0")


def test_help_names_every_option(call):
    code, out, err = call("bench", "accuracy", "--help")
    assert (code, err) == (0, "")
    for option in (
        "--pairs",
        "--methods",
        "--seeds",
        "--official-test",
        "--data-dir",
        "--out",
        "--json",
    ):
        assert option in out
    joined = "".join(out.split())  # names are cut at their hyphens
    assert all(name in joined for name in (*METHODS, *PAIRS, "office", "synthetic"))
    assert "Exit codes: 0 done" in out
    assert max(map(len, out.splitlines())) <= 80
    code, out, err = call("bench", "--help")
    assert code == 0
    assert "\n  accuracy " in out


@pytest.mark.parametrize(
    "options",
    [
        AccuracyOptions(),
        AccuracyOptions(pairs=("office",), seeds=(4,)),
        AccuracyOptions(pairs=("office", "blobs-noise"), methods=("linear", "coral"), seeds=(1, 0)),
        AccuracyOptions(methods=("sinkhorn",)),
        AccuracyOptions(pairs=("mnist-usps",), official_test=True),
    ],
    ids=AccuracyOptions.command,
)
def test_the_command_of_a_result_comes_to_the_same_options(call, told, options):
    program, *words = shlex.split(options.command())
    assert program == "monge"
    assert call(*words)[0] == 1
    assert told[0]["options"] == options


def test_every_option_arrives(call, told, tmp_path):
    call(*WORDS, "--data-dir", tmp_path / "d", "--out", tmp_path / "o")
    wanted = AccuracyOptions(pairs=("blobs-scaling",), methods=("linear",), seeds=(0,))
    assert told == [{"options": wanted, "out": tmp_path / "o", "data": tmp_path / "d"}]


@pytest.mark.parametrize(
    ("words", "spread"),
    [
        ("bench accuracy --pairs a b --json", "bench accuracy --pairs a --pairs b --json"),
        (
            "bench accuracy --methods a --seeds 0 1",
            "bench accuracy --methods a --seeds 0 --seeds 1",
        ),
        ("bench accuracy --pairs --json", "bench accuracy --pairs --json"),
        ("bench accuracy --pairs", "bench accuracy --pairs"),
        ("run --seeds 0 1 demo", "run --seeds 0 --seeds 1 demo"),
        ("run demo --seeds 3 --pairs a b", "run demo --seeds 3 --pairs a b"),
    ],
)
def test_names_in_a_row_are_spread(words, spread):
    assert spread_lists(words.split()) == spread.split()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--pairs", "mnist-usbs"], "'pairs' must be among digits, office, synthetic, mnist-usps"),
        (["--methods", "graf"], "'methods' must be among source_only, source_head, standardise"),
        (["--seeds", "1", "1"], "'seeds' must be different whole numbers"),
    ],
)
def test_a_name_that_is_none_is_exit_code_2_and_one_sentence(call, words, said):
    code, out, err = call("bench", "accuracy", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    if "--seeds" not in words:
        names = PAIRS if "--pairs" in words else METHODS
        assert all(name in err for name in names)


def test_an_option_without_names_is_wrong_usage(call, told):
    assert call("bench", "accuracy", "--pairs")[0] == 2
    assert told == []


def test_the_screen_shows_the_methods_the_exceptions_and_the_place(call, quick, tmp_path):
    code, out, _ = call(*WORDS, "--out", tmp_path)
    assert code == 0
    assert "linear" in out
    assert "The default choice, sinkhorn, was not run." in out
    assert f"Table: {tmp_path / 'table.md'}" in out


def test_json_is_the_result_and_nothing_else(call, quick, tmp_path):
    code, out, _ = call(*WORDS, "--out", tmp_path, "--json")
    assert code == 0
    assert json.loads(out) == json.loads((tmp_path / "result.json").read_text())


def test_absent_data_is_said_and_does_not_fail(call, quick, tmp_path):
    words = ("bench", "accuracy", "--pairs", "office-a-c", "blobs-noise", "--methods", "linear")
    code, out, _ = call(*words, "--seeds", 0, "--data-dir", tmp_path, "--out", tmp_path / "o")
    assert code == 0
    assert "Skipped office-a-c: load_office_caltech10: 'data_dir' must be" in out


def test_an_interrupt_says_that_the_rest_can_follow(call, monkeypatch, tmp_path):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(ROOM, "bench_accuracy", interrupt)
    code, out, err = call(*WORDS, "--out", tmp_path)
    assert (code, out) == (130, "")
    assert err == (
        "monge: interrupted; what was finished is kept, run the same command to go on.\n"
    )


def test_a_place_that_cannot_be_written_is_one_sentence(call, tmp_path):
    (tmp_path / "o").write_text("a file in the way")
    code, out, err = call(*WORDS, "--out", tmp_path / "o")
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "write: 'path' must be in a folder that can be written" in err


def right(*values):
    return MethodResult(title="", accuracy=Spread(values=values), seconds=(0.1,) * len(values))


def test_the_screen_shows_official_scores_and_every_default_choice(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "80")
    pair = PairResult(
        group="digits",
        source_name="A",
        target_name="B",
        protocol="T.",
        source_n=9,
        target_n=9,
        seeds=(0, 1),
        methods={"source_only": right(0.7, 0.8), "linear": right(0.5, 0.6)},
        official=OfficialResult(
            name="the held images",
            protocol="Held.",
            n=2007,
            accuracy={"linear": Spread(values=(0.4, 0.5))},
            scorings=({}, {}),
        ),
    )
    result = AccuracyResult(
        pairs={"one": pair},
        skipped={},
        references=("source_only",),
        default="sinkhorn",
        defaults={"sinkhorn": "`Adapter()`", "linear": "`Other()`"},
        frozen={"source_only": {}, "linear": {}},
    )
    print_accuracy(result, tmp_path)
    out = capsys.readouterr().out
    assert "Official test, 2,007 images" in out
    assert "45.00" in out
    assert "The held images: scored 2 times so far." in out
    assert "Other(), linear: on 1 of 1, least gain -20.0: one -20.0" in out
