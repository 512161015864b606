"""The command line, on the toy experiment: in this process, in another, and on a terminal."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from monge.cli import main
from monge.experiments import EXPERIMENTS
from toy import toy

PROGRAM = """
import sys
from dataclasses import replace
from importlib import import_module
sys.path.insert(0, sys.argv[1])
from toy import OPTIONS, toy
from monge.cli import main
from monge.experiments import EXPERIMENTS
import_module("monge.experiments.run").write_report = lambda *stuff, **_: stuff[2] / "report.html"
EXPERIMENTS["demo"] = toy(name="demo", options=replace(OPTIONS, epochs=int(sys.argv[2])))
sys.exit(main(sys.argv[3:]))
"""

ITSELF = "import sys; from monge.cli import main; sys.exit(main())"


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Run the command line here: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*words):
        hook = sys.excepthook
        try:
            code = main([str(word) for word in words])
        finally:
            sys.excepthook = hook  # typer puts its own in place
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture
def toy_demo(monkeypatch):
    """Have `monge demo` run the toy experiment, without pictures."""

    def install(**changes):
        monkeypatch.setitem(EXPERIMENTS, "demo", toy(name="demo", **changes))

    room = import_module("monge.experiments.run")
    monkeypatch.setattr(room, "write_report", lambda *stuff, **_: stuff[2] / "report.html")
    monkeypatch.setattr(os, "fsync", lambda _: None)
    install()
    return install


def environment():
    """Return a plain environment, of one thread and without colours."""
    kept = {k: v for k, v in os.environ.items() if k not in {"FORCE_COLOR", "TTY_COMPATIBLE"}}
    return kept | {"OMP_NUM_THREADS": "1", "TERM": "xterm-256color", "COLUMNS": "80"}


@pytest.fixture
def start(tmp_path):
    """Start a process: `monge` itself, or with `epochs` the toy as its demo, without pictures."""

    def call(*words, epochs=None, **streams):
        here = str(Path(__file__).parents[1])
        program = ["-c", PROGRAM, here, str(epochs)] if epochs else ["-c", ITSELF]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
        return subprocess.Popen(
            [sys.executable, *program, *words],
            cwd=tmp_path,
            env=environment(),
            text=True,
            **pipes,
        )

    return call
