"""The rows of a run that train its network again: as in the bench, kept, and gone on with."""

import json
from dataclasses import replace
from functools import partial
from itertools import count

import numpy as np
import pytest

from monge.cache import Cache
from monge.experiments import methods, retraining
from monge.experiments.accuracy.frozen import RETRAINED, FrozenTraining
from monge.experiments.accuracy.methods import METHODS as BENCH
from monge.experiments.accuracy.methods import _retrained
from monge.experiments.accuracy.task import image_task
from monge.experiments.methods import METHODS, RETRAINED_METHODS
from monge.experiments.network import Images, train_network, trained_model
from monge.joint import Retraining, RetrainingOptions, SelfTraining, Stages
from monge.progress import silent
from monge.store import load_arrays
from monge.training import TrainingOptions
from toy import OPTIONS, pair

FIRST = Retraining(options=RetrainingOptions(epochs=2, steps=3, batch_size=20, learning_rate=0.01))
THEN = SelfTraining(augment=None, options=TrainingOptions(epochs=2, batch_size=40))
SHORT = {
    "jumbot": FIRST,
    "stages": Stages(
        votes=lambda views: views.scores.softmax(1),
        retraining=FIRST,
        self_training=THEN,
        rounds=2,
    ),
}
RETRAIN = replace(OPTIONS, retrain=True)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Have trainings of a second."""
    for name, training in SHORT.items():
        row = FrozenTraining(title="t", training=training, rule="r")
        monkeypatch.setitem(RETRAINED, name, row)
        monkeypatch.setitem(BENCH, name, replace(BENCH[name], predict=partial(_retrained, row)))


def states(out):
    return sorted(path.name for path in (out / "cache" / "retraining").iterdir())


def kept(out):
    """Return the predictions by method."""
    found = {}
    for entry in (out / "cache" / "predictions").iterdir():
        told = json.loads((entry / "config.json").read_text())["config"]
        found[told["method"]] = (entry / "arrays.safetensors").read_bytes()
    return found


def task_of(out, seed):
    source, target = pair()
    images, cache = Images(source, target.without_labels().x, 1), Cache(out / "cache")
    network = train_network(images, OPTIONS, seed, cache, silent)
    return image_task(
        network, images, seed, lambda: trained_model(images, OPTIONS, seed, cache, silent)[0]
    )


def test_the_rows_are_those_of_the_bench(go, tmp_path):
    finished, seen = go(options=replace(RETRAIN, seeds=(3,)))
    assert list(finished.result.methods) == [*METHODS, *RETRAINED_METHODS]
    task = task_of(tmp_path, 3)
    predicted = {}
    for entry in (tmp_path / "cache" / "predictions").iterdir():
        arrays, told = load_arrays(entry)
        predicted[told["method"]] = arrays["predicted"].numpy()
    for name in (*RETRAINED_METHODS, "graph", "prototypes_plan"):
        np.testing.assert_array_equal(predicted[name], BENCH[name].predict(task).classes, name)
    assert (predicted["jumbot"] != task.head).any()
    assert any("Voting" in progress.task for progress in seen)  # minutes of silence otherwise
    assert finished.result.command.endswith("--seeds 3 --retrain")


def test_without_them_nothing_is_trained_again(go, tmp_path):
    finished, _ = go(options=OPTIONS)
    assert not set(RETRAINED_METHODS) & set(finished.result.methods)
    assert not (tmp_path / "cache" / "retraining").exists()


def test_they_make_nothing_else_again(go, tmp_path):
    small, _ = go(options=OPTIONS)
    before = kept(tmp_path)
    large, _ = go(options=RETRAIN)
    after = kept(tmp_path)
    assert set(after) - set(before) == set(RETRAINED_METHODS)
    assert {name: large.result.methods[name] for name in METHODS} == small.result.methods


def test_the_first_stage_is_trained_once_and_its_time_counts_for_both(go, tmp_path, monkeypatch):
    begun = []
    fit = Retraining.fit

    def counted(self, *args, state=None, **told):
        begun.append(0 if state is None else len(state.history))
        return fit(self, *args, state=state, **told)

    ticks = count()
    for room in (methods, retraining):  # a clock that moves by one whenever it is looked at
        monkeypatch.setattr(room, "perf_counter", lambda: float(next(ticks)))
    monkeypatch.setattr(Retraining, "fit", counted)
    finished, _ = go(options=RETRAIN)
    assert begun == [0, 2]  # `stages` begins where `jumbot` ended
    entries = [
        json.loads((path / "config.json").read_text())["config"]["seconds"]
        for path in (tmp_path / "cache" / "retraining").iterdir()
    ]
    assert sorted(entries) == [2, 4, 6]  # the retraining and two rounds, of two epochs each
    seconds = [finished.result.methods[name].seconds[0] for name in ("jumbot", "stages")]
    assert seconds == [4, 8]  # the second holds the 2 of the first stage and 6 of its own


@pytest.mark.parametrize("epoch", [1, 2, 3, 5])
def test_an_interrupted_training_goes_on_and_ends_alike(go, tmp_path, monkeypatch, epoch):
    whole, _ = go(options=RETRAIN, out=tmp_path / "whole")
    wanted = kept(tmp_path / "whole")
    put, made = Cache.put, []

    def interrupt(self, kind, key, arrays, config):
        put(self, kind, key, arrays, config)
        made.append(kind == "retraining")
        if kind == "retraining" and sum(made) == epoch:
            raise KeyboardInterrupt

    out = tmp_path / "cut"
    with monkeypatch.context() as patch:
        patch.setattr(Cache, "put", interrupt)
        with pytest.raises(KeyboardInterrupt):
            go(options=RETRAIN, out=out)
    trained = []
    with monkeypatch.context() as patch:
        patch.setattr(
            Cache,
            "put",
            lambda self, kind, *rest: (trained.append(kind), put(self, kind, *rest))[1],
        )
        again, _ = go(options=RETRAIN, out=out)
    assert trained.count("retraining") == 6 - epoch  # epochs in all, less those that were kept
    assert kept(out) == wanted
    for name in RETRAINED_METHODS:
        assert again.result.methods[name].accuracy == whole.result.methods[name].accuracy


def test_another_seed_is_another_training(go, tmp_path):
    go(options=RETRAIN)
    first = states(tmp_path)
    go(options=replace(RETRAIN, seeds=(1,)))
    assert len(states(tmp_path)) == 2 * len(first)


def test_the_frozen_stages_begin_with_the_frozen_retraining(monkeypatch):
    monkeypatch.undo()
    stages, jumbot = RETRAINED["stages"].seeded(3), RETRAINED["jumbot"].seeded(3)
    assert stages.retraining == jumbot
    assert np.array_equal(list(RETRAINED_METHODS), ["jumbot", "stages"])
