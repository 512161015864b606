"""An interrupted run goes on where it was and ends as if nothing had happened."""

from dataclasses import replace

import numpy as np
import pytest

import monge.files
import monge.store
from monge.errors import Cancelled
from monge.experiments import run
from monge.progress import silent
from toy import OPTIONS, toy

SEEDS = replace(OPTIONS, seeds=(0, 3), epochs=4)


class Stop:
    """Raises once, at the first progress for which `when` holds."""

    def __init__(self, when, error=KeyboardInterrupt):
        self.when, self.error, self.raised = when, error, False

    def __call__(self, progress):
        if not self.raised and self.when(progress):
            self.raised = True
            raise self.error


def epoch_of(progress):
    """Return the epoch that a progress of the training ends; the toy has one batch each."""
    return progress.done if progress.task == "Training LeNet5" else 0


def at_second(task, done):
    """Hold at `done` of the second life of a task: that of the second seed."""
    lives = []

    def when(progress):
        if progress.task != task:
            return False
        if not lives or progress.done <= lives[-1][-1]:
            lives.append([0])
        lives[-1].append(progress.done)
        return len(lives) > 1 and progress.done >= done

    return when


MOMENTS = {
    "first epoch": lambda p: epoch_of(p) == 1,
    "second epoch": lambda p: epoch_of(p) == 2,
    "last epoch": lambda p: epoch_of(p) == 4,
    "features": lambda p: p.task == "Predicting classes",
    "before the methods": lambda p: p.task == "Seed 0: methods" and p.done == 0,
    "between methods": lambda p: p.task == "Seed 0: methods" and p.done == 4,
    "the plan": lambda p: p.task == "Sinkhorn plan" and p.done == 3,
    "second seed, training": at_second("Training LeNet5", 3),
    "second seed, methods": lambda p: p.task == "Seed 3: methods" and p.done == 7,
}


def whole_only(folder):
    """Whether there is no half-written file and no empty folder of the cache."""
    hidden = [path for path in folder.rglob("*") if path.name.startswith(".")]
    entries = [path for path in (folder / "cache").glob("*/*") if path.is_dir()]
    kept = {"arrays.safetensors", "config.json"}
    return not hidden and all({p.name for p in entry.iterdir()} == kept for entry in entries)


@pytest.fixture(scope="module")
def expected(tmp_path_factory, untimed):
    """Run without any interruption."""
    finished = run(toy(), options=SEEDS, out=tmp_path_factory.mktemp("expected"))
    return untimed(finished.result), finished.evidence


def same_evidence(one, two):
    for name, array in vars(one).items():
        np.testing.assert_array_equal(array, getattr(two, name), err_msg=name)


@pytest.mark.parametrize("moment", MOMENTS)
def test_it_ends_as_if_uninterrupted(go, tmp_path, expected, untimed, moment):
    stop = Stop(MOMENTS[moment])
    with pytest.raises(KeyboardInterrupt):
        go(options=SEEDS, report=stop)
    assert whole_only(tmp_path)
    assert not (tmp_path / "toy" / "result.json").exists()
    finished, _ = go(options=SEEDS)
    assert untimed(finished.result) == expected[0]
    same_evidence(finished.evidence, expected[1])
    assert whole_only(tmp_path)


def test_it_goes_on_from_the_last_finished_epoch(go):
    with pytest.raises(KeyboardInterrupt):
        go(options=SEEDS, report=Stop(lambda p: epoch_of(p) == 3))
    _, seen = go(options=SEEDS)
    first = next(progress for progress in seen if progress.task == "Training LeNet5")
    assert first.detail.startswith("epoch 3 of 4")


def test_it_goes_on_from_the_last_finished_method(go):
    with pytest.raises(KeyboardInterrupt):
        go(options=SEEDS, report=Stop(MOMENTS["second seed, methods"]))
    _, seen = go(options=SEEDS)
    last = {progress.task: progress.detail for progress in seen}
    assert "Training LeNet5" not in last
    assert last["Seed 0: methods"] == "12 of 12 reused"
    assert last["Seed 3: methods"] == "7 of 12 reused"


def test_it_may_happen_while_pictures_are_drawn(tmp_path, expected, untimed):
    stop = Stop(lambda p: p.task == "Drawing pictures" and p.done == 2)
    with pytest.raises(KeyboardInterrupt):
        run(toy(), options=SEEDS, out=tmp_path, report=stop)
    assert whole_only(tmp_path)
    assert not (tmp_path / "toy" / "report.html").exists()
    seen = []
    finished = run(toy(), options=SEEDS, out=tmp_path, report=seen.append)
    assert untimed(finished.result) == expected[0]
    assert finished.page.is_file()
    assert not any(progress.task == "Training LeNet5" for progress in seen)


def test_a_file_that_breaks_off_is_not_half_there(go, tmp_path, monkeypatch):
    written = monge.files.write_through

    def broken(path, content):
        if "result.json" in path.name:
            path.write_bytes(content[:10])
            raise KeyboardInterrupt
        written(path, content)

    with monkeypatch.context() as patch:
        for room in (monge.files, monge.store):
            patch.setattr(room, "write_through", broken)
        with pytest.raises(KeyboardInterrupt):
            go()
    assert whole_only(tmp_path)
    assert not (tmp_path / "toy" / "result.json").exists()


def test_a_caller_may_cancel(go):
    with pytest.raises(Cancelled):
        go(report=Stop(MOMENTS["between methods"], Cancelled("enough")))


def test_what_the_callback_raises_passes_as_it_is(go):
    with pytest.raises(ZeroDivisionError):
        go(report=Stop(MOMENTS["second epoch"], ZeroDivisionError))


def test_the_default_report_is_silent(capsys, no_pictures, tmp_path):
    run(toy(), out=tmp_path, report=silent)
    assert capsys.readouterr() == ("", "")
