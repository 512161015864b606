"""Help, wrong usage and refusals: exit codes and sentences."""

import gzip
import json
import math
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest

import monge
import monge.cli.app
from monge.data import catalogue
from monge.errors import Cancelled, MongeWarning
from monge.experiments import RunOptions
from toy import pair, toy


def one_sentence(text):
    """Whether it is one line that ends like a sentence, and no traceback."""
    return text.count("\n") == 1 and text.rstrip().endswith(".") and "Traceback" not in text


def shown(value):
    """Name a case by its words."""
    return " ".join(value) if isinstance(value, list) else ""


@pytest.fixture
def told(monkeypatch):
    """Take what a run would be told, without running it."""
    taken = []

    def run(experiment, *, options, out, data_dir, report):
        taken.append({"name": experiment.name, "options": options, "out": out, "data": data_dir})
        raise Cancelled("told")

    monkeypatch.setattr(monge.cli.app, "run", run)
    return taken


def test_version(call):
    assert call("--version") == (0, f"monge {monge.__version__}\n", "")


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help(call, word):
    code, out, err = call(word)
    assert (code, err) == (0, "")
    assert "Usage: monge [OPTIONS] COMMAND" in out
    words = ("demo", "run", "check", "fit", "predict", "transform", "evaluate", "info", "report")
    for command in words:
        assert f"\n  {command} " in out
    assert "Exit codes: 0 done; 1 refused or failed" in out
    assert "..." not in out.replace("[ARGS]...", "")  # nothing cut off


def test_help_of_run(call):
    code, out, err = call("run", "--help")
    assert (code, err) == (0, "")
    for option in (
        "--seeds",
        "--data-dir",
        "--out",
        "--epochs",
        "--double-softmax / --no-double-softmax",
        "--channels",
        "--plan-rows",
        "--epsilon",
        "--epsilon-scale",
    ):
        assert option in out
    assert "mnist-usps, demo" in out
    assert "…" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_no_arguments_show_the_help(call):
    code, out, err = call()
    assert code == 2
    assert "Commands:" in out + err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fly"], "No such command 'fly'"),
        (["run"], "Missing argument 'EXPERIMENT'"),
        (["run", "mnist-usbs"], "'mnist-usbs' is not one of mnist-usps, demo."),
        (["run", "demo", "--speed", "9"], "No such option: --speed"),
        (["demo", "--epochs", "9"], "No such option: --epochs"),
        (["demo", "nonsense"], "unexpected extra argument"),
        (["run", "demo", "--epochs", "ten"], "Invalid value for '--epochs'"),
        (["run", "demo", "--epochs", "0"], "Invalid value for '--epochs'"),
        (["run", "demo", "--plan-rows", "0"], "Invalid value for '--plan-rows'"),
        (["run", "demo", "--epsilon", "small"], "Invalid value for '--epsilon'"),
        (["run", "demo", "--epsilon"], "'--epsilon' requires an argument"),
        (["run", "demo", "--seeds"], "'--seeds' requires an argument"),
        (["run", "demo", "--seeds", "--epochs", "1"], "'--seeds'"),
        (["run", "--seeds", "demo"], "'--seeds'"),
        (["demo", "--seeds", "one"], "Invalid value for '--seeds'"),
        (["demo", "--seeds", "0", "1.5"], "unexpected extra argument"),
        (["demo", "--seeds", "0", "-1"], "Invalid value for '--seeds'"),
    ],
    ids=shown,
)
def test_wrong_usage_is_exit_code_2_and_says_what(call, told, words, said):
    code, out, err = call(*words)
    assert code == 2
    assert said in err
    assert "Traceback" not in out + err
    assert told == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--epsilon", "0"], "'epsilon' must be a positive"),
        (["--epsilon", "-1"], "'epsilon' must be a positive"),
        (["--epsilon", "nan"], "'epsilon' must be a positive"),
        (["--epsilon", "inf"], "'epsilon' must be a positive"),
        (["--epsilon-scale", "median"], "'epsilon_scale' must be one of"),
        (["--channels", "2"], "'n_channels' must be 1 or 3"),
        (["--seeds", "1", "1"], "'seeds' must be different whole numbers"),
        (["--seeds", str(2**32)], "'seeds' must be different whole numbers"),
    ],
    ids=shown,
)
def test_options_out_of_range_are_refused_at_once(call, words, said):
    code, out, err = call("run", "demo", *words)
    assert code == 2
    assert out == ""
    assert said in err
    assert one_sentence(err)


@pytest.mark.parametrize(
    ("words", "seeds"),
    [
        ([], (0,)),
        (["--seeds", "3"], (3,)),
        (["--seeds", "0", "1", "2"], (0, 1, 2)),
        (["--seeds", "0", "--seeds", "1"], (0, 1)),
        (["--seeds=4"], (4,)),
        (["--seeds", "0", "1", "--seeds", "5"], (0, 1, 5)),
    ],
    ids=lambda words: " ".join(map(str, words)),
)
def test_seeds_in_every_spelling(call, told, words, seeds):
    call("demo", *words)
    assert told[0]["options"].seeds == seeds
    call("run", "demo", *words)
    assert told[1]["options"].seeds == seeds
    if "--seeds=4" not in words:
        call("run", *words, "--out", "x", "demo")
        assert told[2]["options"].seeds == seeds


def test_seeds_may_stand_before_the_experiment(call, told):
    call("run", "--seeds", "0", "1", "mnist-usps")
    assert (told[0]["name"], told[0]["options"].seeds) == ("mnist-usps", (0, 1))


def test_every_option_arrives(call, told, tmp_path):
    words = "--epochs 3 --no-double-softmax --channels 3 --plan-rows 99 --epsilon 0.5"
    places = ("--out", tmp_path / "o", "--data-dir", tmp_path / "d")
    call("run", "mnist-usps", *words.split(), "--epsilon-scale", "mean", *places)
    options = told[0]["options"]
    assert (options.epochs, options.double_softmax, options.n_channels) == (3, False, 3)
    assert (options.plan_rows, options.epsilon, options.epsilon_scale) == (99, 0.5, "mean")
    assert (told[0]["out"], told[0]["data"]) == (tmp_path / "o", tmp_path / "d")


def test_what_is_not_told_is_the_experiment_s_own(call, told):
    call("run", "demo")
    assert told[0]["options"] == monge.cli.app.EXPERIMENTS["demo"].options
    assert told[0]["data"] is None


# Data that is not there, or is something else.

IMAGES, LABELS = "MNIST/raw/train-images-idx3-ubyte.gz", "MNIST/raw/train-labels-idx1-ubyte.gz"
ZEROS = gzip.compress(bytes((0, 0, 8, 3)) + np.array([60000, 28, 28], ">u4").tobytes(), 1)


def refused(call, folder):
    code, out, err = call("run", "mnist-usps", "--data-dir", folder, "--out", "o")
    assert code == 3
    assert "Accuracy" not in out
    assert one_sentence(err)
    return err


def test_a_data_folder_that_is_not_there(call, tmp_path):
    said = refused(call, tmp_path / "nowhere")
    assert IMAGES in said
    assert "got no folder" in said
    assert str(tmp_path / "nowhere") in said


def test_a_data_folder_without_the_files(call, tmp_path):
    (tmp_path / "cats.txt").touch()
    assert "got a folder with cats.txt" in refused(call, tmp_path)


def test_a_data_folder_that_is_a_file(call, tmp_path):
    (tmp_path / "file").touch()
    assert "got a file" in refused(call, tmp_path / "file")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "must be an idx file of 60000 x 28 x 28 unsigned bytes, got"),
        (b"<html>not found</html>", "must be a gzip file, got"),
        (gzip.compress(b"hello"), "got a file that begins with the bytes 68 65 6c 6c"),
        (gzip.compress(bytes(1000), 1)[:-9], "must be a gzip file, got a truncated one"),
        (ZEROS, "must be an idx file of 60000 x 28 x 28 unsigned bytes, got 0 values"),
    ],
    ids=["empty", "a page", "another format", "truncated", "too short"],
)
def test_a_data_file_of_another_kind_is_named(call, tmp_path, content, said):
    path = tmp_path / IMAGES
    path.parent.mkdir(parents=True)
    (tmp_path / LABELS).touch()
    path.write_bytes(content)
    error = refused(call, tmp_path)
    assert said in error
    assert str(path) in error


@pytest.mark.usefixtures("told")
def test_a_command_that_is_refused_leaves_nothing(call, tmp_path):
    call("run", "mnist-usps", "--epsilon", "0", "--out", tmp_path / "o")
    assert not (tmp_path / "o").exists()


def test_no_network_is_one_sentence(call, tmp_path, monkeypatch):
    files = catalogue.MNIST["train"]
    nobody = "http://127.0.0.1:9/"  # the port of discard: closed
    images = replace(files.images, mirrors=(nobody,))
    monkeypatch.setitem(catalogue.MNIST, "train", replace(files, images=images))
    monkeypatch.delenv("MONGE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    code, _, err = call("run", "mnist-usps", "--out", "o")
    assert code == 1
    assert one_sentence(err)
    assert "check the network and run again" in err
    assert "--data-dir" in err
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


# A run of the toy.


@pytest.mark.parametrize("place", ["a file", "beneath a file"])
def test_an_output_that_cannot_be_written(call, toy_demo, tmp_path, place):
    toy_demo(load=lambda *_: pytest.fail("the data was read"))
    (tmp_path / "taken").touch()
    out = tmp_path / "taken" if place == "a file" else tmp_path / "taken" / "deeper"
    code, _, err = call("demo", "--out", out)
    assert code == 1
    assert one_sentence(err)
    assert str(out) in err
    assert "choose another folder" in err


def test_the_table_holds_the_figures_of_the_file(call, toy_demo, tmp_path):
    code, out, err = call("demo", "--out", tmp_path, "--seeds", "0", "1")
    assert code == 0
    result = monge.cli.app.EXPERIMENTS["demo"]  # its titles stand above the table
    assert f"{result.source_name} to {result.target_name}" in out
    assert "61,706" in out
    content = (tmp_path / "demo" / "result.json").read_text()
    for method in json.loads(content)["methods"].values():
        line = next(line for line in out.splitlines() if method["title"] in line)
        assert f"{100 * method['accuracy']['mean']:.2f}" in line
        assert f"{100 * method['accuracy']['std']:.2f}" in line
    assert f"Report: {tmp_path / 'demo' / 'report.html'}" in out
    assert "converged, marginal error" in out
    assert "Training LeNet5: done (epoch 2 of 2, loss " in err


def test_the_post_s_run_names_what_is_published_and_what_was_not_run(
    call, toy_demo, monkeypatch, tmp_path
):
    monkeypatch.setitem(monge.cli.app.EXPERIMENTS, "mnist-usps", toy(name="mnist-usps"))
    code, out, _ = call("run", "mnist-usps", "--out", tmp_path)
    said = " ".join(out.split())
    assert code == 0
    assert "The post: 71.51 % before, 78.60 % after transport." in said
    assert "Published, various protocols: DANN 77.1, ADDA 89.4, CyCADA 95.6, SBADA-GAN 97.6" in said
    assert "Not run: what trains the network again (--retrain)." in said


def test_retraining_is_on_for_the_post_and_off_for_the_demo(call, told):
    call("run", "mnist-usps")
    call("run", "mnist-usps", "--no-retrain")
    call("demo")
    call("run", "demo", "--retrain")
    assert [one["options"].retrain for one in told] == [True, False, False, True]


def test_one_seed_has_no_deviation(call, toy_demo, tmp_path):
    _, out, _ = call("demo", "--out", tmp_path)
    line = next(line for line in out.splitlines() if "1-NN on source" in line)
    assert line.split("│")[3].strip() == "-"


def test_a_second_run_says_what_it_reused(call, toy_demo, tmp_path):
    first = call("demo", "--out", tmp_path)
    code, out, err = call("demo", "--out", tmp_path)
    assert (code, out) == first[:2]
    assert "weights and features: done (reused)" in err
    assert "methods: done (12 of 12 reused)" in err
    assert "Training" not in err


def test_no_terminal_no_escape_codes_and_no_bars(call, toy_demo, tmp_path):
    _, out, err = call("demo", "--out", tmp_path)
    assert "\x1b" not in out + err
    assert "\r" not in out + err
    assert "━" not in err
    assert "Sinkhorn plan: done (marginal error " in err
    assert all(": done" in line for line in err.splitlines())


def test_an_interrupt_is_one_sentence_and_130(call, toy_demo, tmp_path):
    def load(data_dir, report):
        raise KeyboardInterrupt

    toy_demo(load=load)
    code, _, err = call("demo", "--out", tmp_path)
    assert code == 130
    assert one_sentence(err)
    assert "interrupted; what was finished is kept, run the same command to go on" in err


def test_a_plan_that_does_not_converge_says_what_to_do(call, toy_demo, tmp_path, monkeypatch):
    sweeps = monge.Sinkhorn(max_sweeps=1, tolerance=1e-12)
    monkeypatch.setattr(RunOptions, "solver", lambda _: sweeps)
    code, _, err = call("demo", "--out", tmp_path)
    assert code == 1
    last = err.splitlines(keepends=True)[-1]
    assert one_sentence(last)
    assert "raise epsilon" in last


@pytest.mark.filterwarnings("always")
def test_a_warning_is_a_sentence_without_the_code(call, toy_demo, tmp_path):
    def load(data_dir, report):
        warnings.warn("load: 'x' is odd; look at it.", MongeWarning, stacklevel=1)
        return pair()

    toy_demo(load=load)
    shown = warnings.showwarning
    code, _, err = call("demo", "--out", tmp_path)
    assert code == 0
    assert "load: 'x' is odd; look at it.\n" in err
    assert "MongeWarning" not in err
    assert ".py" not in err
    assert warnings.showwarning is shown


def test_a_defect_of_ours_is_not_hidden(call, toy_demo, tmp_path):
    toy_demo(load=lambda *_: math.inf)
    with pytest.raises(TypeError):
        call("demo", "--out", tmp_path)
