"""The hash of the code: it changes with what predicts, and with nothing else."""

import shutil
from importlib import import_module
from pathlib import Path

import pytest

import monge
from monge.experiments import code_version
from monge.experiments.version import source_hash

ROOM = import_module("monge.experiments.run")  # the function of that name hides it


@pytest.fixture
def house(tmp_path):
    folder = tmp_path / "monge"
    for name in ("solvers/sinkhorn.py", "cli/app.py", "report/page.py", "errors.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(monge.__file__).parent / name, folder / name)
    return folder


def test_the_package_has_one_hash():
    assert code_version() == source_hash(Path(monge.__file__).parent)


@pytest.mark.parametrize(
    ("name", "matters"),
    [
        ("solvers/sinkhorn.py", True),
        ("errors.py", True),
        ("cli/app.py", False),
        ("report/page.py", False),
    ],
)
def test_what_predicts_matters(house, name, matters):
    before = source_hash(house)
    with (house / name).open("a") as stream:
        stream.write("# changed\n")
    assert (source_hash(house) != before) == matters


def test_names_and_borders_of_files_matter(house):
    before = source_hash(house)
    (house / "errors.py").rename(house / "mistakes.py")
    assert source_hash(house) != before
    (house / "mistakes.py").rename(house / "errors.py")
    assert source_hash(house) == before
    (house / "new.py").write_text("")
    assert source_hash(house) != before


def test_the_libraries_matter(house, monkeypatch):
    before = source_hash(house)
    monkeypatch.setattr("monge.experiments.version.metadata.version", lambda _: "0")
    assert source_hash(house) != before


def test_a_run_keeps_its_weights_and_makes_its_predictions_again_with_other_code(
    go, tmp_path, monkeypatch
):
    def kept(kind):
        return {entry.name for entry in (tmp_path / "cache" / kind).iterdir()}

    go()
    before = kept("features"), kept("predictions")
    monkeypatch.setattr(ROOM, "code_version", lambda: "other")
    go()
    assert kept("features") == before[0]
    assert len(kept("predictions")) == 2 * len(before[1])
