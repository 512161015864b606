"""Runs of the toy experiment, with and without the pictures."""

import json
import os
from importlib import import_module
from pathlib import Path

import pytest

from monge.experiments import run
from monge.progress import silent
from toy import toy


@pytest.fixture
def no_pictures(monkeypatch):
    """Leave the pictures out: they take longer than all the rest of a toy run."""

    def write_report(result, evidence, folder, report=silent, **shown):
        return folder / "report.html"

    room = import_module("monge.experiments.run")  # the function of that name hides it
    monkeypatch.setattr(room, "write_report", write_report)


@pytest.fixture(scope="module", autouse=True)
def no_waiting_for_the_disk():
    """Have nothing flushed: a third of a toy run, and what the store's own tests are for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture
def go(tmp_path, no_pictures):
    """Run the toy experiment without pictures and return it with what was told."""

    def call(experiment=None, *, options=None, report=silent, out=tmp_path):
        seen = []

        def tell(progress):
            seen.append(progress)
            report(progress)

        finished = run(experiment or toy(), options=options, out=out, report=tell)
        return finished, seen

    return call


@pytest.fixture(scope="session")
def untimed():
    """Return a result without what differs from run to run: the seconds."""

    def call(result):
        content = json.loads(json.dumps(result.to_json()))
        for method in content["methods"].values():
            del method["seconds"]
        return content

    return call


@pytest.fixture(scope="session")
def office_dir():
    """Return the folder with Office-Caltech10, or skip: tests never download."""
    named = os.environ.get("MONGE_DATA")
    folder = Path(named) if named else Path(__file__).parents[3] / "shared" / "data"
    if not (folder / "OfficeCaltech10").is_dir():
        pytest.skip(f"no OfficeCaltech10 in {folder}; set MONGE_DATA to a folder that holds it")
    return folder
