"""The bench of accuracy: what is run, kept, scored and written."""

import errno
import json
from dataclasses import replace
from functools import partial
from importlib import import_module

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

import monge.files
from monge.adapters import TRANSPORTS, Adapter
from monge.cache import Cache
from monge.data import SHIFTS, gradient_view
from monge.errors import Cancelled, DataError, InputError, OutputError
from monge.experiments import AccuracyOptions, RunOptions, bench_accuracy
from monge.experiments.accuracy.frozen import (
    DEFAULT,
    DEFAULTS,
    FROZEN,
    NETWORKS,
    RETRAINED,
    Frozen,
    FrozenNetwork,
    FrozenTraining,
)
from monge.experiments.accuracy.methods import METHODS, REFERENCES, Method, _adapted, _retrained
from monge.experiments.accuracy.pairs import GROUPS, PAIRS, Pair, Place, _network
from monge.experiments.accuracy.task import Loaded, Predicted, SourceNetwork, Task
from monge.joint import Retraining, RetrainingOptions, Stages
from monge.progress import silent
from monge.solvers import Sinkhorn
from monge.training import predict_probabilities
from toy import N_SOURCE, N_TARGET, pair

bench = import_module("monge.experiments.accuracy.bench")
cells_room = import_module("monge.experiments.accuracy.cells")
pairs = import_module("monge.experiments.accuracy.pairs")

SHIFT = SHIFTS["blobs-scaling"]
PUBLISHED = dict(
    zip(
        ("c-a", "c-w", "c-d", "a-c", "a-w", "a-d", "w-c", "w-a", "w-d", "d-c", "d-a", "d-w"),
        (23.7, 25.8, 25.5, 26.0, 29.8, 25.5, 19.9, 23.0, 59.2, 26.3, 28.5, 63.4),
        strict=True,
    )
)


def load(seed, place, relabel=None, head=None, move=0.0):
    source, target = (side.subset(range(120)) for side in SHIFT.make(seed))
    truth = target.labels if relabel is None else relabel(target.labels)
    task = Task(
        source=source.x.numpy(),
        labels=source.labels.numpy(),
        target=target.x.numpy() + move,
        seed=seed,
        head=None if head is None else head(truth),
    )
    return Loaded(task=task, truth=truth)


def toy_pair(load=load, **changes):
    settings = {
        "name": "toy",
        "group": "synthetic",
        "source_name": "A",
        "target_name": "B",
        "protocol": "Transductive.",
        "load": load,
    }
    return Pair(**(settings | changes))


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    """Have one small pair, and no pictures, which take longer than all the rest."""
    monkeypatch.setitem(PAIRS, "toy", toy_pair())
    monkeypatch.setattr(bench, "picture_of_accuracies", lambda _: b"picture")


def options(*methods, seeds=(0, 1), names=("toy",)):
    return AccuracyOptions(pairs=names, methods=methods or ("linear", "sinkhorn"), seeds=seeds)


def cells(out):
    """Return what is kept, by method and seed."""
    found = {}
    for entry in (out / "cache" / "cells").iterdir():
        told = json.loads((entry / "config.json").read_text())["config"]
        arrays = (entry / "arrays.safetensors").read_bytes()
        found[told["pair"], told["method"], told["seed"]] = told, arrays
    return found


def refusing(task):
    raise AssertionError("made again")


def untimed(result):
    content = json.loads(json.dumps(result.to_json()))
    for record in content["pairs"].values():
        for method in record["methods"].values():
            del method["seconds"]
    return content


def leftovers(folder):
    return [p for p in folder.rglob("*") if p.name.startswith(".") or p.suffix in {".tmp", ".part"}]


def test_the_figures_are_those_of_the_adapters(tmp_path):
    names = ("standardise", "linear", "prototypes_plan", "sinkhorn")
    record = bench_accuracy(options(*names), out=tmp_path).pairs["toy"]
    assert list(record.methods) == ["source_only", *names]
    for at, seed in enumerate((0, 1)):
        loaded = load(seed, None)
        task, truth = loaded.task, loaded.truth.numpy()
        nearest = KNeighborsClassifier(1).fit(task.source, task.labels).score(task.target, truth)
        assert record.methods["source_only"].accuracy.values[at] == nearest
        for name in ("linear", "sinkhorn"):
            fitted = Adapter(name).fit(task.source, task.labels, X_target=task.target)
            assert record.methods[name].accuracy.values[at] == fitted.score(task.target, truth)
        both = [StandardScaler().fit_transform(side) for side in (task.source, task.target)]
        nearest = KNeighborsClassifier(1).fit(both[0], task.labels).score(both[1], truth)
        assert record.methods["standardise"].accuracy.values[at] == pytest.approx(nearest, abs=0.02)
        fitted = Adapter("prototypes").fit(task.source, task.labels, X_target=task.target)
        votes = fitted.propagate().argmax(1)
        assert record.methods["prototypes_plan"].accuracy.values[at] == (votes == truth).mean()
    assert record.seeds == (0, 1)
    assert (record.source_n, record.target_n) == (120, 120)
    assert all(len(method.seconds) == 2 for method in record.methods.values())


def test_what_is_written(tmp_path):
    result = bench_accuracy(options(), out=tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "accuracy.png",
        "cache",
        "pairs",
        "result.json",
        "table.md",
    }
    assert leftovers(tmp_path) == []

    def refuse(word):
        raise AssertionError(word)

    written = json.loads((tmp_path / "result.json").read_text(), parse_constant=refuse)
    assert written == json.loads(json.dumps(result.to_json()))
    method = written["pairs"]["toy"]["methods"]["linear"]
    values = method["accuracy"]["values"]
    assert method["accuracy"]["mean"] == pytest.approx(np.mean(values))
    assert method["accuracy"]["std"] == pytest.approx(np.std(values, ddof=1))
    assert method["accuracy"]["worst"] == min(values)
    assert written["default"]["method"] == DEFAULT
    assert written["environment"]["versions"]["torch"] == torch.__version__
    assert len(written["environment"]["code"]) == 64
    table = (tmp_path / "table.md").read_text()
    mean, std, worst = (100 * method["accuracy"][k] for k in ("mean", "std", "worst"))
    gain = 100 * result.gain("toy", "linear")
    row = f"| toy | linear | 2 | {mean:.2f} | {std:.2f} | {worst:.2f} | {gain:+.2f} |"
    assert row in table
    count = len(result.exceptions("sinkhorn"))
    assert f"is below source-only by over a point on {count} of 1 pairs" in table
    least = 100 * min(result.gains("sinkhorn").values())
    where = ", ".join(f"toy {100 * result.gain('toy', 'sinkhorn'):+.1f}" for _ in range(count))
    row = f"| `Adapter()` | sinkhorn | 1 | {count} | {least:+.1f} | {where or '-'} |"
    assert row in table
    assert written["defaults"] == {
        "sinkhorn": {
            "said": "`Adapter()`",
            "pairs": 1,
            "exceptions": list(result.exceptions("sinkhorn")),
            "worst_gain": min(result.gains("sinkhorn").values()),
        }
    }
    assert FROZEN["linear"].options in table
    assert FROZEN["linear"].rule in table


def test_a_second_bench_makes_nothing_again(tmp_path, monkeypatch):
    first = bench_accuracy(options(), out=tmp_path)
    for name in METHODS:
        monkeypatch.setitem(METHODS, name, replace(METHODS[name], predict=refusing))
    monkeypatch.setattr(Cache, "put", refusing)
    seen = []
    again = bench_accuracy(options(), out=tmp_path, report=seen.append)
    assert again == first  # to the seconds
    assert (seen[-1].done, seen[-1].total) == (8, 8)
    assert seen[-1].detail == "6 of 8 reused"  # two had nothing to do: there is no network


def test_progress_names_what_runs_and_ends(tmp_path):
    seen = []
    bench_accuracy(options(), out=tmp_path, report=seen.append)
    assert "toy, seed 1: 1-NN after the linear Monge map" in [p.detail for p in seen]
    assert (seen[-1].done, seen[-1].total, seen[-1].detail) == (8, 8, "")
    assert [p.done for p in seen] == sorted(p.done for p in seen)


def test_changed_code_is_run_again(tmp_path, monkeypatch):
    bench_accuracy(options(), out=tmp_path)
    before = len(list((tmp_path / "cache" / "cells").iterdir()))
    monkeypatch.setattr(cells_room, "code_version", lambda: "other")
    bench_accuracy(options(), out=tmp_path)
    assert len(list((tmp_path / "cache" / "cells").iterdir())) == 2 * before


@pytest.mark.parametrize("change", ["options", "features", "head", "labels"])
def test_what_a_cell_is_made_from_decides_whether_it_is_kept(tmp_path, monkeypatch, change):
    bench_accuracy(options(), out=tmp_path)
    place = tmp_path / "cache" / "cells"
    before = {entry.name for entry in place.iterdir()}
    changed = toy_pair(load)
    if change == "options":
        other = Frozen(title="t", transport=Sinkhorn(epsilon=0.5), rule="r")
        row = replace(METHODS["sinkhorn"], predict=partial(_adapted, other), options=other.options)
        monkeypatch.setitem(METHODS, "sinkhorn", row)
    elif change == "features":
        changed = toy_pair(partial(load, move=1e-3))
    elif change == "head":
        changed = toy_pair(partial(load, head=lambda truth: truth.numpy()))
    else:

        def relabelled(seed, place):
            loaded = load(seed, place)
            return replace(
                loaded, task=replace(loaded.task, labels=loaded.task.labels[::-1].copy())
            )

        changed = toy_pair(relabelled)
    monkeypatch.setitem(PAIRS, "toy", changed)
    bench_accuracy(options(), out=tmp_path)
    new = {entry.name for entry in place.iterdir()} - before
    assert len(new) == {"options": 2, "features": 6, "head": 8, "labels": 6}[change]


def test_an_interrupted_bench_goes_on(tmp_path, monkeypatch):
    whole = bench_accuracy(options(), out=tmp_path / "whole")

    def interrupt(task):
        raise KeyboardInterrupt

    out = tmp_path / "cut"
    with monkeypatch.context() as patch:
        patch.setitem(METHODS, "sinkhorn", replace(METHODS["sinkhorn"], predict=interrupt))
        with pytest.raises(KeyboardInterrupt):
            bench_accuracy(options(), out=out)
    assert {path.name for path in out.iterdir()} == {"cache"}
    assert leftovers(out) == []
    assert set(cells(out)) == {("toy", "source_only", 0), ("toy", "linear", 0)}
    seen = []
    assert untimed(bench_accuracy(options(), out=out, report=seen.append)) == untimed(whole)
    assert seen[-1].detail == "2 of 8 reused"


def test_a_caller_may_cancel(tmp_path):
    def stop(progress):
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        bench_accuracy(options(), out=tmp_path, report=stop)


def test_a_method_that_is_cancelled_is_not_taken_for_one_that_refuses(tmp_path, monkeypatch):
    def stop(task):
        raise Cancelled("enough")

    monkeypatch.setitem(METHODS, "linear", replace(METHODS["linear"], predict=stop))
    with pytest.raises(Cancelled):
        bench_accuracy(options(), out=tmp_path)


def test_target_labels_reach_the_score_alone(tmp_path, monkeypatch):
    def shuffled(truth):
        return truth[torch.randperm(len(truth), generator=torch.Generator().manual_seed(0))]

    kept, scores = [], []
    for relabel in (None, shuffled):
        monkeypatch.setitem(PAIRS, "toy", toy_pair(partial(load, relabel=relabel)))
        out = tmp_path / str(relabel is None)
        result = bench_accuracy(options(*FROZEN, seeds=(0,)), out=out)
        kept.append({who: arrays for who, (_, arrays) in cells(out).items()})
        scores.append(result.pairs["toy"].methods["linear"].accuracy.mean)
    assert kept[0] == kept[1]
    of_images = [name for name, frozen in FROZEN.items() if frozen.gradients]
    assert len(kept[0]) == len(FROZEN) - len(of_images) + 1  # the toy has none
    assert scores[0] > 0.7
    assert scores[1] < 0.4  # a quarter is chance


@pytest.mark.parametrize("subsample", [None, 60])
def test_gradients_of_drawn_rows_say_what_those_of_all_rows_say(
    tmp_path, monkeypatch, office_dir, subsample
):
    place = Place(data_dir=office_dir, cache=Cache(tmp_path), report=silent)
    told = RunOptions(epochs=1, double_softmax=False)
    monkeypatch.setitem(NETWORKS, "stripes", FrozenNetwork(options=told, rule="r"))
    source, target = pair()
    task = _network("stripes", lambda _: source, lambda _: target, 0, place).task
    frozen = replace(FROZEN["graph_gradients"], subsample=subsample)
    found = _adapted(frozen, task)
    views = [
        [gradient_view(images, signed=signed) for signed in (True, False)]
        for images in (task.network.source, task.network.target)
    ]
    adapter = frozen.adapter(task.seed).fit(
        task.source,
        task.labels,
        X_target=task.target,
        source_views=views[0],
        target_views=views[1],
    )
    rows = adapter.target_rows_
    votes = adapter.classes_[adapter.propagate().argmax(1)]
    assert len(rows) == min(len(task.target), subsample or len(task.target))
    np.testing.assert_array_equal(found.classes[rows], votes)
    assert len(found.classes) == len(task.target)
    assert found.unseen(task.network.target).shape == found.classes.shape


def shuffled_side(side):
    order = torch.randperm(len(side), generator=torch.Generator().manual_seed(1))
    return replace(side, labels=side.labels[order])


def test_what_is_loaded_hands_no_target_label_on(tmp_path, monkeypatch, office_dir):
    place = Place(data_dir=office_dir, cache=Cache(tmp_path), report=silent)
    told = RunOptions(epochs=1, double_softmax=False)
    monkeypatch.setitem(NETWORKS, "stripes", FrozenNetwork(options=told, rule="r"))
    source, target = pair()
    digits = [
        _network("stripes", lambda _: source, lambda _, side=side: side, 0, place)
        for side in (target, shuffled_side(target))
    ]
    office = [PAIRS["office-w-d"].load(0, place)]
    read = pairs.load_office_caltech10
    monkeypatch.setattr(
        pairs,
        "load_office_caltech10",
        lambda name, **told: (shuffled_side if name == "dslr" else lambda side: side)(
            read(name, **told)
        ),
    )
    office.append(PAIRS["office-w-d"].load(0, place))
    drawn = [PAIRS["blobs-identical"].load(0, place)]
    blind = replace(SHIFTS["blobs-identical"], changes=(relabelled,))
    drawn.append(pairs._synthetic(blind, 0, place))
    for true, false in (digits, office, drawn):
        assert not torch.equal(true.truth, false.truth)
        assert true.task.fingerprint() == false.task.fingerprint()


def relabelled(sides, draw):
    return replace(sides, truth=draw.permutation(sides.truth))


@pytest.mark.parametrize("name", ["digits", "office", "synthetic"])
def test_no_method_is_given_target_labels(name):
    given = {"source", "labels", "target", "seed", "views", "head", "network"}
    assert set(Task.__dataclass_fields__) == given
    assert set(SourceNetwork.__dataclass_fields__) == {"model", "source", "target"}
    assert set(Loaded.__dataclass_fields__) == {"task", "truth"}
    assert any(found.group == name for found in PAIRS.values())


def test_a_pair_without_its_data_is_skipped_and_says_why(tmp_path, monkeypatch):
    def absent(seed, place):
        raise DataError("load_it: there is no such file.")

    monkeypatch.setitem(PAIRS, "gone", toy_pair(absent, name="gone"))
    seen = []
    result = bench_accuracy(options(names=("gone", "toy")), out=tmp_path, report=seen.append)
    assert result.skipped == {"gone": "load_it: there is no such file."}
    assert list(result.pairs) == ["toy"]
    assert "- gone: load_it: there is no such file." in (tmp_path / "table.md").read_text()
    assert seen[-1].done == seen[-1].total == 16
    alone = bench_accuracy(options(names=("gone",)), out=tmp_path / "alone")
    assert alone.pairs == {}
    assert not (tmp_path / "alone" / "accuracy.png").exists()
    assert "- gone: " in (tmp_path / "alone" / "table.md").read_text()


def test_a_method_that_refuses_a_seed_has_no_mean_and_is_not_asked_twice(tmp_path, monkeypatch):
    def some(task):
        if task.seed:
            raise InputError("linear: not this seed.")
        return Predicted(classes=task.labels)

    monkeypatch.setitem(METHODS, "linear", replace(METHODS["linear"], predict=some))
    first = bench_accuracy(options(), out=tmp_path)
    record = first.pairs["toy"]
    assert record.refused == {"linear": "InputError: linear: not this seed."}
    assert list(record.methods) == ["source_only", "sinkhorn"]
    assert (
        "- toy, linear: InputError: linear: not this seed." in (tmp_path / "table.md").read_text()
    )
    monkeypatch.setitem(METHODS, "linear", replace(METHODS["linear"], predict=refusing))
    assert bench_accuracy(options(), out=tmp_path) == first


def test_warnings_are_written_down_and_not_shown(tmp_path, monkeypatch):
    import warnings

    def warn(task):
        warnings.warn("nearly independent", UserWarning, stacklevel=1)
        return Predicted(classes=task.labels)

    monkeypatch.setitem(METHODS, "linear", replace(METHODS["linear"], predict=warn))
    for _ in range(2):  # run, then kept
        record = bench_accuracy(options(), out=tmp_path).pairs["toy"]
        assert record.warnings == {"linear": ("nearly independent",)}


def constant(accuracy):
    """Predict so that a given share is right, with the truth that the toy's head knows."""

    def predict(task):
        wrong = round((1 - accuracy) * len(task.head))
        return Predicted(classes=np.concatenate([(task.head[:wrong] + 1) % 4, task.head[wrong:]]))

    return predict


@pytest.mark.parametrize(
    ("nearest", "head", "default", "gain"),
    [(0.9, 0.5, 0.88, -0.02), (0.5, 0.9, 0.88, -0.02), (0.9, 0.8, 0.89, -0.01), (0.5, 0.9, 1, 0.1)],
)
def test_the_default_is_held_against_the_better_of_what_adapts_nothing(
    tmp_path, monkeypatch, nearest, head, default, gain
):
    def hundred(seed, place):
        loaded = load(seed, place)
        truth = loaded.truth[:100]
        task = replace(loaded.task, target=loaded.task.target[:100], head=truth.numpy())
        return Loaded(task=task, truth=truth)

    monkeypatch.setitem(PAIRS, "toy", toy_pair(hundred))
    for name, share in (("source_only", nearest), ("source_head", head), (DEFAULT, default)):
        monkeypatch.setitem(METHODS, name, Method(title=name, predict=constant(share)))
    result = bench_accuracy(options(DEFAULT), out=tmp_path)
    assert result.gain("toy", DEFAULT) == pytest.approx(gain)
    over = gain < -0.015
    assert result.exceptions(DEFAULT) == (("toy",) if over else ())
    said = (tmp_path / "table.md").read_text()
    assert f"on {int(over)} of 1 pairs{': toy.' if over else '.'}" in said


def test_a_pair_that_does_not_depend_on_the_seed_is_run_once(tmp_path, monkeypatch):
    monkeypatch.setitem(PAIRS, "toy", toy_pair(fixed=True))
    record = bench_accuracy(options(seeds=(3, 4, 5)), out=tmp_path).pairs["toy"]
    assert record.seeds == (3,)
    assert len(record.methods["linear"].accuracy.values) == 1
    assert "| toy | linear | 1 |" in (tmp_path / "table.md").read_text()


def test_every_transport_has_a_row_and_every_row_a_rule():
    assert set(TRANSPORTS) <= set(FROZEN)
    for name, transport in TRANSPORTS.items():
        assert type(FROZEN[name].transport) is type(transport())
    assert set(METHODS) == {*FROZEN, *RETRAINED, *REFERENCES}
    assert all(method.rule for method in METHODS.values())
    assert all(network.rule for network in NETWORKS.values())
    assert DEFAULT in FROZEN
    assert set(DEFAULTS) <= set(METHODS)
    assert type(FROZEN[DEFAULT].transport) is type(TRANSPORTS[Adapter().transport]())
    assert RETRAINED["jumbot"].training == Retraining()
    assert RETRAINED["stages"].training == Stages()
    assert FROZEN["graph"].transport == TRANSPORTS["graph"]()
    digits = {name for name, found in PAIRS.items() if found.group == "digits"}
    assert set(NETWORKS) == digits
    assert {found.group for found in PAIRS.values()} == set(GROUPS)
    assert set(SHIFTS) | {f"office-{name}" for name in PUBLISHED} < set(PAIRS)


def test_every_seed_draws_anew_in_every_stage_of_a_training():
    for row in RETRAINED.values():
        seeded = row.seeded(7)
        if isinstance(seeded, Stages):
            assert seeded.self_training.options.seed == 7
            seeded = seeded.retraining
        assert seeded.options.seed == 7


def test_rows_outside_the_plan_follow_their_nearest_in_it():
    task = load(0, None).task
    frozen = Frozen(title="t", transport=Sinkhorn(), rule="r", subsample=40, reading="plan")
    predicted = _adapted(frozen, task).classes
    fitted = frozen.adapter(0).fit(task.source, task.labels, X_target=task.target)
    rows, votes = fitted.target_rows_, fitted.propagate().argmax(1)
    np.testing.assert_array_equal(predicted[rows], votes)
    nearest = KNeighborsClassifier(1).fit(task.target[rows], votes).predict(task.target)
    np.testing.assert_array_equal(predicted, nearest)
    assert len(rows) == 40
    assert frozen.adapter(3).random_state == 3  # each seed draws rows of its own


def test_a_network_is_trained_for_each_seed_and_its_head_and_pixels_are_handed_on(
    tmp_path, monkeypatch
):
    told = RunOptions(epochs=1, double_softmax=False)
    monkeypatch.setitem(NETWORKS, "stripes", FrozenNetwork(options=told, rule="r"))
    source, target = pair()
    load = partial(_network, "stripes", lambda _: source, lambda _: target)
    place = Place(data_dir=None, cache=Cache(tmp_path), report=silent)
    one, again, other = (load(seed, place).task for seed in (0, 0, 1))
    assert one.source.shape == (N_SOURCE, 84)
    network = one.network
    torch.testing.assert_close(
        network.model().features(network.target).detach(), torch.as_tensor(one.target)
    )
    short = RetrainingOptions(epochs=1, steps=2, batch_size=20)
    row = FrozenTraining(title="t", training=Retraining(options=short), rule="r")
    retrained = row.seeded(3).fit(
        network.model(), (network.source, torch.as_tensor(one.labels)), network.target
    )
    expected = predict_probabilities(retrained.model, network.target).argmax(1).numpy()
    np.testing.assert_array_equal(_retrained(row, replace(one, seed=3)).classes, expected)
    assert METHODS["stages"].applies(one)
    assert not METHODS["stages"].applies(replace(one, network=None))
    assert one.target.shape == (N_TARGET, 84)
    np.testing.assert_array_equal(one.source, again.source)
    assert not np.array_equal(one.source, other.source)
    assert [rows.shape for rows in one.views["pixels"]] == [(N_SOURCE, 1024), (N_TARGET, 1024)]
    np.testing.assert_array_equal(METHODS["source_head"].predict(one).classes, one.head)
    assert one.head.shape == (N_TARGET,)
    np.testing.assert_array_equal(one.labels, source.labels.numpy())
    assert one.fingerprint() == again.fingerprint() != other.fingerprint()
    plain = replace(one, views={})
    assert plain.fingerprint() != one.fingerprint()


def test_office_is_the_published_row_to_the_digit(tmp_path, office_dir):
    for name, published in PUBLISHED.items():
        place = Place(data_dir=office_dir, cache=Cache(tmp_path), report=silent)
        loaded = PAIRS[f"office-{name}"].load(0, place)
        predicted = METHODS["source_only"].predict(loaded.task).classes
        assert round(100 * (predicted == loaded.truth.numpy()).mean(), 1) == published


@pytest.mark.parametrize(
    ("told", "named", "listed"),
    [
        (
            {"pairs": ("offise",)},
            "pairs",
            ("digits, office, synthetic", "mnist-usps", "office-d-w"),
        ),
        ({"methods": ("linear", "graf")}, "methods", ("source_only", "linear", "sinkhorn_plan")),
        ({"seeds": ()}, "seeds", ("0 1 2",)),
        ({"seeds": (1, 1)}, "seeds", ("0 1 2",)),
    ],
)
def test_a_name_that_is_none_is_answered_by_all_that_are(told, named, listed):
    with pytest.raises(InputError) as caught:
        AccuracyOptions(**told)
    said = str(caught.value)
    assert said.startswith(f"AccuracyOptions: '{named}' must be ")
    assert all(name in said for name in listed)
    assert "\n" not in said


def test_groups_stand_for_their_pairs_and_references_are_always_run():
    chosen = AccuracyOptions(pairs=("office", "blobs-noise"), methods=("linear",))
    names = [found.name for found in chosen.chosen_pairs()]
    assert names == [*(f"office-{name}" for name in PUBLISHED), "blobs-noise"]
    assert list(chosen.chosen_methods()) == ["source_only", "source_head", "linear"]
    everything = AccuracyOptions()
    assert [found.name for found in everything.chosen_pairs()] == list(PAIRS)
    assert everything.chosen_methods() == METHODS


@pytest.mark.parametrize("place", ["out", "cells"])
def test_an_unwritable_place_is_refused_before_any_work(tmp_path, monkeypatch, place):
    monkeypatch.setitem(PAIRS, "toy", toy_pair(refusing))
    out = tmp_path / "out"
    in_the_way = out if place == "out" else out / "cache"
    in_the_way.parent.mkdir(exist_ok=True)
    in_the_way.write_text("a file in the way")
    with pytest.raises(OutputError):
        bench_accuracy(options(), out=out)


def test_a_full_disk_leaves_whole_files_or_none(tmp_path, monkeypatch):
    written = monge.files.write_through

    def full(path, content):
        if "table.md" in path.name:
            path.write_bytes(content[:10])
            raise OSError(errno.ENOSPC, "No space left on device")
        written(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(monge.files, "write_through", full)
        with pytest.raises(OutputError, match="free some space"):
            bench_accuracy(options(), out=tmp_path)
    assert not (tmp_path / "table.md").exists()
    assert leftovers(tmp_path) == []
    bench_accuracy(options(), out=tmp_path)
    assert (tmp_path / "table.md").read_text().startswith("# Accuracy")


def test_every_number_of_a_task_is_in_its_fingerprint():
    draw = np.random.default_rng(0)
    arrays = {"source": draw.random((3, 2)), "labels": np.arange(3), "target": draw.random((2, 2))}
    rest = {"seed": 0, "head": np.arange(2), "views": {"pixels": (arrays["source"], np.ones(2))}}
    task = Task(**arrays, **rest)
    assert task.fingerprint() == replace(task, seed=1).fingerprint()
    changed = [
        *(replace(task, **{name: array + 1}) for name, array in arrays.items()),
        replace(task, head=task.head + 1),
        replace(task, head=None),
        replace(task, views={"pixels": (arrays["source"] + 1, np.ones(2))}),
        replace(task, views={"pixels": (arrays["source"], np.zeros(2))}),
        replace(task, views={"words": task.views["pixels"]}),
    ]
    assert len({found.fingerprint() for found in (task, *changed)}) == len(changed) + 1
