"""Official test images: read last, scored by `evaluate` alone, and every look at them counted."""

import json
from dataclasses import replace
from functools import partial
from importlib import import_module

import numpy as np
import pytest
import torch

from monge.adapters import Adapter
from monge.cache import Cache
from monge.data import to_network
from monge.errors import DataError, InputError
from monge.experiments import AccuracyOptions, RunOptions, bench_accuracy
from monge.experiments.accuracy.frozen import NETWORKS, RETRAINED, FrozenNetwork, FrozenTraining
from monge.experiments.accuracy.methods import METHODS, _retrained
from monge.experiments.accuracy.pairs import PAIRS, OfficialTest, Pair, Place, _network
from monge.joint import Retraining, RetrainingOptions
from monge.progress import silent
from monge.training import predict_probabilities
from toy import pair, stripes

bench = import_module("monge.experiments.accuracy.bench")
official_room = import_module("monge.experiments.accuracy.official")

HELD = stripes(40, 5, faint=90, name="held")
SHORT = Retraining(options=RetrainingOptions(epochs=1, steps=4, batch_size=20, learning_rate=0.02))
NAMES = ("source_only", "source_head", "linear", "prototypes_plan", "jumbot")


@pytest.fixture(autouse=True)
def stripes_pair(monkeypatch):
    """Have one small pair of images with a network, a short retraining, and no pictures."""
    told = RunOptions(epochs=2, double_softmax=False)
    monkeypatch.setitem(NETWORKS, "stripes", FrozenNetwork(options=told, rule="r"))
    row = FrozenTraining(title="t", training=SHORT, rule="r")
    quick = replace(METHODS["jumbot"], predict=partial(_retrained, row), options=repr(SHORT))
    monkeypatch.setitem(METHODS, "jumbot", quick)
    monkeypatch.setattr(bench, "picture_of_accuracies", lambda _: b"picture")
    hold(monkeypatch, lambda _: HELD)


def hold(monkeypatch, read):
    source, target = pair()
    found = Pair(
        name="stripes",
        group="digits",
        source_name="A",
        target_name="B",
        protocol="Transductive.",
        load=partial(_network, "stripes", lambda _: source, lambda _: target),
        official=OfficialTest(name="held stripes", protocol="Held.", read=read, n_channels=1),
    )
    monkeypatch.setitem(PAIRS, "stripes", found)


def options(*methods, seeds=(0,), official_test=True):
    return AccuracyOptions(
        pairs=("stripes",),
        methods=methods or NAMES,
        seeds=seeds,
        official_test=official_test,
    )


def loaded(folder, seed=0):
    place = Place(data_dir=None, cache=Cache(folder / "cache"), report=silent)
    return PAIRS["stripes"].load(seed, place).task


def refuse(*_):
    raise AssertionError("read")


def scorings(out):
    record = json.loads((out / "pairs" / "stripes.json").read_text())
    return record["pairs"]["stripes"]["official"]["scorings"]


def share(classes):
    return float((np.asarray(classes) == HELD.labels.numpy()).mean())


def test_the_scores_are_those_of_the_networks_and_adapters(tmp_path):
    official = bench_accuracy(options(seeds=(0, 1)), out=tmp_path).pairs["stripes"].official
    assert set(official.accuracy) == set(NAMES)
    assert official.n == len(HELD)
    images = to_network(HELD.x)
    for seed in (0, 1):
        task = loaded(tmp_path, seed)
        network = task.network
        head = predict_probabilities(network.model(), images).argmax(1)
        assert official.accuracy["source_head"].values[seed] == share(head)
        source = network.source, torch.as_tensor(task.labels)
        told = replace(SHORT, options=replace(SHORT.options, seed=0))
        model = told.fit(network.model(), source, network.target).model
        trained = model(images).argmax(1)
        assert (trained != head).any()
        assert official.accuracy["jumbot"].values[seed] == share(trained)
        features = network.model().features(images).detach().numpy()
        nearest = ((features[:, None] - task.source) ** 2).sum(2).argmin(1)
        assert official.accuracy["source_only"].values[seed] == share(task.labels[nearest])


def test_what_classifies_the_unseen_gives_the_target_its_own_classes(tmp_path, monkeypatch):
    task = loaded(tmp_path)
    for name in (*NAMES, "standardise", "coral", "sinkhorn", "graph"):
        predicted = METHODS[name].predict(task)
        again = predicted.unseen(task.network.target)
        assert (again == predicted.classes).mean() > 0.99, name
    monkeypatch.setattr(Adapter, "predict", refuse)  # a plan is read by its votes
    predicted = METHODS["prototypes_plan"].predict(task)
    assert (predicted.unseen(task.network.target) == predicted.classes).all()
    bare = replace(task, network=None)
    assert METHODS["prototypes_plan"].predict(bare).unseen is None
    assert METHODS["source_head"].predict(bare).unseen is None


def test_the_images_are_read_when_the_training_of_a_cell_is_over(tmp_path, monkeypatch):
    events = []

    def read(_):
        events.append("read")
        return HELD

    hold(monkeypatch, read)

    def told(name, predict, task):
        events.append(name)
        return predict(task)

    for name in NAMES:
        row = METHODS[name]
        monkeypatch.setitem(METHODS, name, replace(row, predict=partial(told, name, row.predict)))
    bench_accuracy(options(), out=tmp_path)
    order = [name for name in METHODS if name in NAMES]
    assert events == [*(event for name in order for event in (name, "read")), "read"]


def test_they_are_left_alone_unless_asked_for(tmp_path, monkeypatch):
    hold(monkeypatch, refuse)
    result = bench_accuracy(options("linear", official_test=False), out=tmp_path)
    assert result.pairs["stripes"].official is None
    assert "official" not in (tmp_path / "result.json").read_text()
    assert "Official" not in (tmp_path / "table.md").read_text()


def test_labels_of_official_images_reach_the_score_alone(tmp_path, monkeypatch):
    kept, scores = [], []
    for name, labels in (("true", HELD.labels), ("false", (HELD.labels + 1) % 3)):
        hold(monkeypatch, lambda _, labels=labels: replace(HELD, labels=labels))
        out = tmp_path / name
        result = bench_accuracy(options(), out=out)
        cells = (out / "cache" / "cells").iterdir()
        kept.append({cell.name: (cell / "arrays.safetensors").read_bytes() for cell in cells})
        scores.append(result.pairs["stripes"].official.accuracy["linear"].mean)
    assert kept[0] == kept[1]
    assert scores[0] > 0.6
    assert scores[1] < 0.4


def test_a_cell_without_them_is_run_again_and_one_with_them_serves_both(tmp_path, monkeypatch):
    seen = []
    bench_accuracy(options(official_test=False), out=tmp_path)
    first = bench_accuracy(options(), out=tmp_path, report=seen.append)
    assert seen[-1].detail == ""
    for name in NAMES:
        monkeypatch.setitem(METHODS, name, replace(METHODS[name], predict=refuse))
    again = bench_accuracy(options(), out=tmp_path, report=seen.append)
    assert seen[-1].detail == "5 of 5 reused"
    assert again == first
    bench_accuracy(options(official_test=False), out=tmp_path)


def test_every_look_is_written_down_and_none_is_lost(tmp_path, monkeypatch):
    first = bench_accuracy(options("linear"), out=tmp_path)
    assert [look["seeds"] for look in scorings(tmp_path)] == [[0]]
    (look,) = scorings(tmp_path)
    official = first.pairs["stripes"].official
    assert look["accuracy"] == {k: list(v.values) for k, v in official.accuracy.items()}
    assert len(look["code"]) == 64
    assert look["date"].endswith("+00:00")
    assert look["command"].endswith("--seeds 0 --official-test")
    assert "commit" in look
    with monkeypatch.context() as patch:
        patch.setattr(official_room, "describe_environment", lambda: {"commit": "other"})
        bench_accuracy(options("linear"), out=tmp_path)  # the very same predictions
    assert scorings(tmp_path) == [look]
    bench_accuracy(options("linear", seeds=(0, 1)), out=tmp_path)
    bench_accuracy(options("linear", official_test=False), out=tmp_path)
    looks = scorings(tmp_path)
    assert [found["seeds"] for found in looks] == [[0], [0, 1]]
    assert looks[0] == look
    page = (tmp_path / "pairs" / "stripes.md").read_text()
    assert "Scored 2 times so far." in page
    assert page.count(look["date"][:10]) == 2


def test_a_method_that_refuses_a_seed_has_no_official_score(tmp_path, monkeypatch):
    row = METHODS["linear"]

    def some(task):
        if task.seed:
            raise InputError("linear: not this seed.")
        return row.predict(task)

    monkeypatch.setitem(METHODS, "linear", replace(row, predict=some))
    result = bench_accuracy(options("linear", seeds=(0, 1)), out=tmp_path)
    assert set(result.pairs["stripes"].official.accuracy) == {"source_only", "source_head"}


def test_a_record_that_cannot_be_read_stops_the_bench_before_any_work(tmp_path, monkeypatch):
    record = tmp_path / "pairs" / "stripes.json"
    record.parent.mkdir()
    record.write_text("half a rec")
    monkeypatch.setitem(PAIRS, "stripes", replace(PAIRS["stripes"], load=refuse))
    with pytest.raises(DataError, match="as it counts how often") as caught:
        bench_accuracy(options(), out=tmp_path)
    assert str(record) in str(caught.value)
    assert record.read_text() == "half a rec"


def test_the_page_names_the_protocol_and_every_figure(tmp_path):
    result = bench_accuracy(options(), out=tmp_path)
    official = result.pairs["stripes"].official
    for page in (tmp_path / "table.md", tmp_path / "pairs" / "stripes.md"):
        said = page.read_text()
        assert "## Official test images: stripes\n\nHeld. Scored once so far." in said
        for key, spread in official.accuracy.items():
            values = f"{100 * spread.mean:.2f} | - | {100 * spread.worst:.2f}"
            assert f"| {key} | 1 | {values} |" in said


def test_a_bench_of_another_pair_leaves_what_was_found(tmp_path):
    bench_accuracy(options("linear"), out=tmp_path)
    folder = tmp_path / "pairs"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    other = AccuracyOptions(pairs=("blobs-scaling",), methods=("linear",), seeds=(0,))
    bench_accuracy(other, out=tmp_path)
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"blobs-scaling.json", "blobs-scaling.md"}
    alone = json.loads(after["blobs-scaling.json"])
    assert list(alone["pairs"]) == ["blobs-scaling"]
    assert alone["command"] == other.command()


def test_several_pairs_each_have_a_record_with_their_own_command(tmp_path):
    both = AccuracyOptions(
        pairs=("stripes", "blobs-scaling"), methods=("linear",), seeds=(0,), official_test=True
    )
    bench_accuracy(both, out=tmp_path)
    for name, flag in (("stripes", True), ("blobs-scaling", False)):
        record = json.loads((tmp_path / "pairs" / f"{name}.json").read_text())
        alone = AccuracyOptions(pairs=(name,), methods=("linear",), seeds=(0,), official_test=flag)
        assert record["command"] == alone.command()
        assert list(record["pairs"]) == [name]
        assert ("network of stripes" in record["frozen"]) == flag


def test_pairs_without_such_images_are_refused():
    with pytest.raises(InputError, match=r"'official_test' must be with a pair .*mnist-usps"):
        AccuracyOptions(pairs=("office",), official_test=True)
    assert PAIRS["mnist-usps"].official is not None
    assert AccuracyOptions(official_test=True).command().endswith(" --official-test")


def test_what_trains_again_is_given_logits_also_of_a_double_softmax(tmp_path, monkeypatch):
    told = RunOptions(epochs=1, double_softmax=True)
    monkeypatch.setitem(NETWORKS, "stripes", FrozenNetwork(options=told, rule="r"))
    task = loaded(tmp_path)
    model, images = task.network.model(), task.network.target
    torch.testing.assert_close(model(images), model.logits(images))
    np.testing.assert_array_equal(model(images).argmax(1).numpy(), task.head)
    torch.testing.assert_close(model.features(images).detach(), torch.as_tensor(task.target))
    assert set(RETRAINED) == {"dann", "deep_jdot", "jumbot", "stages"}
