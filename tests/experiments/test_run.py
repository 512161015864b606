"""One run from images to files, and what a second one makes again."""

import errno
import importlib
import itertools
import json
import math
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import torch

import monge.cache
import monge.experiments.methods
import monge.experiments.network
import monge.files
import monge.store
from monge.adapters import Adapter
from monge.data import Labelled
from monge.errors import DataError, InputError, OutputError
from monge.experiments import EXPERIMENTS, RunOptions, run
from monge.experiments.methods import FULL_METHODS, METHODS
from monge.report.findings import percent
from toy import N_SOURCE, N_TARGET, OPTIONS, pair, toy

METHOD_KEYS = [
    "source_head",
    "nearest_neighbour",
    "standardise",
    "coral",
    "linear",
    "exact",
    "sinkhorn",
    "sinkhorn_entropic_map",
    "sinkhorn_propagate",
    "prototypes_plan",
    "graph",
    "graph_gradients",
]
FIGURES = {
    "samples",
    "training",
    "plan",
    "plan_sorted",
    "class_mass",
    "clouds",
    "accuracy",
    "ladder",
    "confusion",
}
TWO_SEEDS = replace(OPTIONS, seeds=(0, 3))


def leftovers(folder):
    """List whatever a whole file is not: temporary, partial or hidden names."""
    return [p for p in folder.rglob("*") if p.name.startswith(".") or p.suffix in {".tmp", ".part"}]


def names(folder, kind):
    place = folder / "cache" / kind
    return {entry.name for entry in place.iterdir()} if place.exists() else set()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Run two seeds once, pictures and all."""
    out = tmp_path_factory.mktemp("whole")
    seen = []
    return run(toy(), options=TWO_SEEDS, out=out, report=seen.append), out, seen


def is_spread(entry, *, count):
    assert set(entry) == {"values", "mean", "std"}
    assert len(entry["values"]) == count
    assert all(0 <= value <= 1 for value in entry["values"])
    assert entry["mean"] == pytest.approx(np.mean(entry["values"]))
    assert entry["std"] == pytest.approx(np.std(entry["values"], ddof=1) if count > 1 else 0)


def test_result_json_holds_the_documented_schema(whole):
    finished, out, _ = whole

    def refuse(word):
        raise AssertionError(word)

    text = (out / "toy" / "result.json").read_text()
    result = json.loads(text, parse_constant=refuse)  # no NaN, no Infinity
    assert result == finished.result.to_json()
    assert set(result) == {
        "schema",
        "experiment",
        "command",
        "protocol",
        "seeds",
        "model",
        "source",
        "target",
        "methods",
        "plan",
        "environment",
    }
    assert result["schema"] == 1
    assert result["experiment"] == "toy"
    assert result["seeds"] == [0, 3]
    assert result["model"] == {"parameters": 61706}
    assert result["source"]["n"] == N_SOURCE
    assert result["source"]["name"] == "Bright"
    is_spread(result["source"]["accuracy"], count=2)
    assert result["target"] == {"name": "Faint", "n": N_TARGET}
    assert list(result["methods"]) == METHOD_KEYS
    for method in result["methods"].values():
        assert set(method) == {"title", "accuracy", "seconds"}
        is_spread(method["accuracy"], count=2)
        assert len(method["seconds"]) == 2
        assert all(second >= 0 for second in method["seconds"])


def test_the_plan_is_certified_for_every_seed(whole):
    plan = whole[0].result.to_json()["plan"]
    assert plan["epsilon"] == OPTIONS.epsilon
    assert plan["epsilon_scale"] == "max"
    assert plan["shape"] == [64, 64]
    assert plan["status"] == ["converged", "converged"]
    assert max(plan["marginal_error"]) <= 2e-6
    assert len(plan["sweeps"]) == len(plan["class_mass"]) == len(plan["marginal_error"]) == 2
    for matched, independent in zip(
        plan["class_mass"], plan["class_mass_independent"], strict=True
    ):
        assert 0 < independent < 0.5 < matched <= 1


def test_the_environment_says_what_a_stranger_needs(whole):
    environment = whole[0].result.environment
    assert environment["versions"]["torch"] == torch.__version__
    assert set(environment["versions"]) >= {"monge", "numpy", "scipy", "scikit-learn", "POT"}
    assert environment["threads"] == torch.get_num_threads()
    assert environment["device"] == "cpu"
    commit = environment["commit"]
    assert commit is None or (len(commit) == 40 and int(commit, 16))


class _Outside(HTMLParser):
    """Collects what a page asks for that is not in it."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        for name in ("src", "href"):
            if tag != "a" and told.get(name, "data:").partition(":")[0] != "data":
                self.asked.append(told[name])


def test_the_page_and_every_figure_are_there(whole):
    finished, out, _ = whole
    assert finished.page == out / "toy" / "report.html"
    page = finished.page.read_text()
    outside = _Outside()
    outside.feed(page)
    assert outside.asked == []
    figures = {path.stem: path for path in (out / "toy" / "figures").glob("*.png")}
    assert set(figures) == FIGURES
    for path in figures.values():
        assert path.read_bytes().startswith(b"\x89PNG")
    assert leftovers(out) == []


def test_each_kind_of_work_reports_to_the_end(whole):
    _, _, seen = whole
    last = {progress.task: progress for progress in seen}
    counted = {
        "Training LeNet5",
        "Extracting features",
        "Seed 0: methods",
        "Seed 3: methods",
        "Drawing pictures",
    }
    assert counted <= set(last)
    for task in counted:
        assert last[task].done == last[task].total


def test_evidence_is_of_the_first_seed_and_sums_up(whole):
    finished, _, _ = whole
    evidence, result = finished.evidence, finished.result
    assert evidence.training_loss.shape == evidence.training_accuracy.shape == (2, 2)
    assert evidence.class_mass.sum() == pytest.approx(1)
    assert np.trace(evidence.class_mass) == pytest.approx(result.plan.class_mass[0])
    for matrix, key in (
        (evidence.confusion_before, "nearest_neighbour"),
        (evidence.confusion_after, "sinkhorn"),
    ):
        assert matrix.sum() == N_TARGET
        assert np.trace(matrix) / N_TARGET == pytest.approx(result.methods[key].accuracy.values[0])
    assert evidence.source_images.dtype == np.uint8
    assert np.isfinite(evidence.source_after).all()
    assert (np.diff(evidence.row_borders) >= 0).all()


def test_a_second_run_makes_nothing_again_and_says_so(whole, monkeypatch):
    finished, out, _ = whole

    def refuse(*args, **kwargs):
        raise AssertionError("made again")

    for name in ("fit", "extract_features", "predict_probabilities"):
        monkeypatch.setattr(monge.experiments.network, name, refuse)
    for name, method in METHODS.items():
        monkeypatch.setitem(METHODS, name, replace(method, predict=refuse))
    monkeypatch.setattr(monge.cache.Cache, "put", refuse)
    seen = []
    again = run(toy(), options=TWO_SEEDS, out=out, report=seen.append)
    assert again.result == finished.result  # to the seconds
    last = {progress.task: progress.detail for progress in seen}
    for seed in (0, 3):
        assert last[f"Seed {seed}: weights and features"] == "reused"
        assert last[f"Seed {seed}: methods"] == "12 of 12 reused"


def test_a_first_run_reuses_nothing(whole):
    assert not any("reused" in progress.detail for progress in whole[2])


def test_the_method_that_is_named_is_the_one_that_runs(go, monkeypatch):
    running = []

    def noting(name, predict):
        def noted(task):
            running.append((seen[-1].detail, METHODS[name].title))
            return predict(task)

        return noted

    seen = []
    for name, method in list(METHODS.items()):
        monkeypatch.setitem(METHODS, name, replace(method, predict=noting(name, method.predict)))
    go(report=seen.append)
    assert len(running) == len(METHODS)
    assert all(told == title for told, title in running)


@pytest.mark.parametrize(
    "change",
    [
        {"epsilon": 0.06},
        {"epsilon_scale": "mean"},
        {"plan_rows": 60},
        {"seeds": (1,)},
        {"epochs": 1},
        {"n_channels": 3},
        {"double_softmax": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_option_makes_new_entries(go, tmp_path, change):
    go()
    before = {kind: names(tmp_path, kind) for kind in ("features", "predictions")}
    go(options=replace(OPTIONS, **change))
    weights_change = not {"epsilon", "epsilon_scale", "plan_rows"} & change.keys()
    new = {kind: names(tmp_path, kind) - before[kind] for kind in before}
    assert len(new["features"]) == (1 if weights_change else 0)
    assert len(new["predictions"]) == len(METHODS)
    assert all(before[kind] <= names(tmp_path, kind) for kind in before)


@pytest.mark.parametrize("side", ["source", "labels", "target"])
def test_changed_data_makes_new_entries(go, tmp_path, side):
    go()
    before = {kind: names(tmp_path, kind) for kind in ("features", "predictions")}
    source, target = pair()
    x, labels, y = source.x.clone(), source.labels.clone(), target.x.clone()
    {"source": x, "labels": labels, "target": y}[side][0] += 1
    labels %= 3
    load = lambda *_: (  # noqa: E731 - one expression, used once
        Labelled(x=x, labels=labels, name="bright"),
        Labelled(x=y, labels=target.labels, name="faint"),
    )
    go(toy(load))
    assert len(names(tmp_path, "features") - before["features"]) == 1
    assert len(names(tmp_path, "predictions") - before["predictions"]) == len(METHODS)


def test_a_network_that_has_learned_is_scored_as_such(go):
    finished, _ = go(options=replace(OPTIONS, epochs=30))
    assert finished.result.source_accuracy.mean > 0.95
    assert finished.evidence.training_accuracy[0, -1] > 0.95
    assert finished.result.methods["source_head"].accuracy.mean > 0.5  # a third is chance


def test_three_channels_train_another_network(go):
    finished, _ = go(options=replace(OPTIONS, n_channels=3))
    assert finished.result.model_parameters == 62006  # 2 x 6 kernels of 5 x 5 more
    assert finished.evidence.source_images.shape[1:] == (32, 32)


def test_the_seed_decides(go, tmp_path, untimed):
    one, _ = go(out=tmp_path / "one")
    same, _ = go(out=tmp_path / "same")
    other, _ = go(out=tmp_path / "other", options=replace(OPTIONS, seeds=(1,)))
    assert untimed(one.result) == untimed(same.result)
    np.testing.assert_array_equal(one.evidence.log_plan, same.evidence.log_plan)
    assert not np.array_equal(one.evidence.training_loss, other.evidence.training_loss)


def test_global_generators_are_left_alone(go):
    torch.manual_seed(5)
    before = torch.get_rng_state(), str(np.random.get_state(legacy=False))  # noqa: NPY002 - looks only
    go()
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == str(np.random.get_state(legacy=False))  # noqa: NPY002 - looks only


def damage_bytes(entry):
    path = entry / "arrays.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 0xFF
    path.write_bytes(content)


def cut(entry):
    path = entry / "arrays.safetensors"
    path.write_bytes(path.read_bytes()[:-7])


def drop_config(entry):
    (entry / "config.json").unlink()


@pytest.mark.parametrize("kind", ["features", "predictions"])
@pytest.mark.parametrize("damage", [damage_bytes, cut, drop_config])
def test_a_damaged_entry_is_made_again(go, tmp_path, untimed, caplog, kind, damage):
    first, _ = go()
    for entry in (tmp_path / "cache" / kind).iterdir():
        damage(entry)
    again, _ = go()
    assert untimed(again.result) == untimed(first.result)
    assert "will be made again" in caplog.text
    caplog.clear()
    go()
    assert caplog.text == ""


def test_a_damaged_training_state_starts_afresh(go, tmp_path, untimed):
    first, _ = go()
    for entry in (tmp_path / "cache" / "training").iterdir():
        damage_bytes(entry)
    for entry in (tmp_path / "cache" / "features").iterdir():
        damage_bytes(entry)
    assert untimed(go()[0].result) == untimed(first.result)


def test_target_labels_reach_the_score_alone(go, tmp_path):
    source, target = pair()
    shuffled = target.labels[torch.randperm(N_TARGET, generator=torch.Generator().manual_seed(0))]
    kept = {}
    for name, labels in (("true", target.labels), ("shuffled", shuffled)):
        load = lambda *_, labels=labels: (  # noqa: E731 - one expression, used once
            source,
            Labelled(x=target.x, labels=labels, name="faint"),
        )
        finished, _ = go(toy(load), out=tmp_path / name)
        assert finished.result.methods["sinkhorn"].accuracy.mean == pytest.approx(
            1 if name == "true" else 1 / 3, abs=0.15
        )
        kept[name] = {
            path.parent.name: path.read_bytes()
            for path in (tmp_path / name / "cache" / "predictions").rglob("arrays.safetensors")
        }
    assert kept["true"] == kept["shuffled"]
    assert len(kept["true"]) == len(METHODS)


def test_training_and_methods_are_never_given_target_labels(go, monkeypatch):
    _, target = pair()
    hidden = target.labels
    tasks = []
    for name, method in list(METHODS.items()):
        monkeypatch.setitem(
            METHODS,
            name,
            replace(method, predict=lambda task, p=method.predict: tasks.append(task) or p(task)),
        )
    fit = monge.experiments.network.fit
    monkeypatch.setattr(
        monge.experiments.network,
        "fit",
        lambda model, x, labels, **rest: tasks.append(labels) or fit(model, x, labels, **rest),
    )
    go()
    labels, *given = tasks
    assert torch.equal(labels, pair()[0].labels)
    for task in given:
        arrays = [v for v in vars(task).values() if isinstance(v, np.ndarray | torch.Tensor)]
        assert not any(a.shape == hidden.shape and (a == hidden.numpy()).all() for a in arrays)


@pytest.mark.parametrize("place", ["out", "folder"])
def test_an_unwritable_place_is_refused_before_the_data_is_read(go, tmp_path, place):
    def load(data_dir, report):
        raise AssertionError("read")

    out = tmp_path / "runs"
    if place == "out":
        out.write_text("a file in the way")
    else:
        out.mkdir()
        (out / "toy").write_text("a file in the way")
    with pytest.raises(OutputError) as caught:
        go(toy(load), out=out)
    assert ".writable" not in str(caught.value)  # the user knows no such file
    assert str(out / "toy") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_disk_that_is_full_loses_nothing(go, tmp_path, monkeypatch, untimed):
    expected, _ = go(out=tmp_path / "elsewhere")
    written = monge.files.write_through

    def full(path, content):
        if "result.json" in path.name:
            path.write_bytes(content[:10])
            raise OSError(errno.ENOSPC, "No space left on device")
        written(path, content)

    with monkeypatch.context() as patch:
        for room in (monge.files, monge.store):
            patch.setattr(room, "write_through", full)
        with pytest.raises(OutputError, match="free some space"):
            go()
    assert not (tmp_path / "toy" / "result.json").exists()
    assert leftovers(tmp_path) == []
    finished, seen = go()
    assert untimed(finished.result) == untimed(expected.result)
    assert not any(progress.task == "Training LeNet5" for progress in seen)


def test_a_full_disk_in_the_middle_keeps_what_was_finished(go, tmp_path, monkeypatch):
    written = monge.files.write_through

    def full(path, content):
        if len(names(tmp_path, "predictions")) > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        written(path, content)

    with monkeypatch.context() as patch:
        for room in (monge.files, monge.store):
            patch.setattr(room, "write_through", full)
        with pytest.raises(OutputError, match="free some space"):
            go()
    assert leftovers(tmp_path) == []
    _, seen = go()
    assert not any(progress.task == "Training LeNet5" for progress in seen)
    last = [progress.detail for progress in seen if progress.task == "Seed 0: methods"][-1]
    assert last in {"4 of 12 reused", "5 of 12 reused"}


def test_an_error_in_the_data_passes_as_it_is(go):
    def load(data_dir, report):
        raise DataError("load_usps: no such file")

    with pytest.raises(DataError, match="no such file"):
        go(toy(load))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seeds": ()}, "seeds"),
        ({"seeds": (0, 0)}, "seeds"),
        ({"seeds": (-1,)}, "seeds"),
        ({"seeds": (2**32,)}, "seeds"),
        ({"seeds": (1.5,)}, "seeds"),
        ({"seeds": (True,)}, "seeds"),
        ({"epochs": 0}, "epochs"),
        ({"n_channels": 2}, "n_channels"),
        ({"plan_rows": 0}, "plan_rows"),
        ({"plan_rows": 2.5}, "plan_rows"),
        ({"epsilon": 0}, "epsilon"),
        ({"epsilon": -1}, "epsilon"),
        ({"epsilon": math.nan}, "epsilon"),
        ({"epsilon": math.inf}, "epsilon"),
        ({"epsilon_scale": "median"}, "epsilon_scale"),
    ],
)
def test_options_are_refused_in_one_sentence(change, named):
    with pytest.raises(InputError, match=f"'{named}' must be .*, got .*; ") as caught:
        RunOptions(**change)
    assert "\n" not in str(caught.value)


def test_the_largest_seed_runs(go):
    finished, _ = go(options=replace(OPTIONS, seeds=(2**32 - 1,), epochs=1))
    assert finished.result.seeds == (2**32 - 1,)


def test_more_rows_than_there_are_take_them_all(go):
    finished, _ = go(options=replace(OPTIONS, plan_rows=10_000, epochs=1))
    assert finished.result.plan.shape == (N_SOURCE, N_TARGET)


def test_a_single_row_of_each_side(go):
    finished, _ = go(options=replace(OPTIONS, plan_rows=1, epochs=1))
    assert finished.result.plan.shape == (1, 1)
    assert finished.result.plan.status == ("converged",)


def test_the_named_experiments_are_the_ones_of_the_page():
    assert set(EXPERIMENTS) == {"mnist-usps", "demo"}
    post = EXPERIMENTS["mnist-usps"].options
    assert (post.epochs, post.double_softmax, post.plan_rows) == (10, True, 2560)
    assert (post.epsilon, post.epsilon_scale) == (1e-2, "max")
    assert (post.retrain, EXPERIMENTS["demo"].options.retrain) == (True, False)
    assert (post.training(0).batch_size, post.training(0).learning_rate) == (256, 1e-3)
    assert EXPERIMENTS["demo"].command == "monge demo"
    for experiment in EXPERIMENTS.values():
        assert "whose labels are used for the score alone" in experiment.protocol


def test_the_full_plan_adds_its_rows_and_makes_nothing_else_again(whole, tmp_path):
    small = run(toy(), options=OPTIONS, out=tmp_path)
    before = names(tmp_path, "predictions")
    full = run(toy(), options=replace(OPTIONS, full=True), out=tmp_path)
    assert list(full.result.methods) == [*METHODS, *FULL_METHODS]
    assert len(names(tmp_path, "predictions") - before) == len(FULL_METHODS)
    kept = {name: full.result.methods[name] for name in METHODS}
    assert kept == small.result.methods
    assert full.result.command.endswith("--full")


def test_the_full_plan_is_the_plan_of_all_rows(tmp_path):
    everything = replace(OPTIONS, full=True, plan_rows=10_000)
    methods = run(toy(), options=everything, out=tmp_path).result.methods
    for part in ("", "_propagate"):
        whole_plan, drawn = methods[f"sinkhorn_full{part}"], methods[f"sinkhorn{part}"]
        assert whole_plan.accuracy == drawn.accuracy


@pytest.fixture
def shown(monkeypatch):
    """Collect what the page of a run is written from."""
    pages = []

    def write_report(result, evidence, folder, report=None, *, explorer):
        pages.append((evidence, explorer))
        return folder / "report.html"

    room = importlib.import_module("monge.experiments.run")  # the function of that name hides it
    monkeypatch.setattr(room, "write_report", write_report)
    return pages


@pytest.fixture
def whole_fits(monkeypatch):
    """Collect the adapters that are fitted on all rows by an entropic map."""
    fits = []
    fit = Adapter.fit

    def noted(self, *args, **rest):
        if self.map == "entropic" and self.subsample is None:
            fits.append(self)
        return fit(self, *args, **rest)

    monkeypatch.setattr(Adapter, "fit", noted)
    return fits


def test_the_page_shows_the_plan_of_all_rows_that_the_table_has(tmp_path, shown, whole_fits):
    options = replace(OPTIONS, full=True, seeds=(0, 3))
    result = run(toy(), options=options, out=tmp_path).result
    assert len(whole_fits) == 2  # one a seed, for two rows of the table and the page
    evidence, explorer = shown[0]
    assert explorer.plan.shape == (N_SOURCE, N_TARGET)
    assert f"all {N_SOURCE} source rows" in explorer.sampled
    assert "among the" not in explorer.sampled
    assert FULL_METHODS["sinkhorn_full"].title in explorer.notes[0]
    assert "seed 0" in explorer.notes[0]
    assert "64 by 64 rows" in explorer.notes[0]
    right, before = (
        percent(result.methods[key].accuracy.values[0])
        for key in ("sinkhorn_full", "nearest_neighbour")
    )
    assert (
        f"reads {right} of the target right, and 1-NN without transport {before}."
        in (explorer.notes[0])
    )
    row = int(explorer.clouds.source_rows[7])
    mass = whole_fits[0].solution_.plan.rows(row, row + 1)[0].double()
    np.testing.assert_allclose(explorer.sent.shares[7], (mass / mass.sum()).topk(10).values)
    assert explorer.source_images.shape == (len(explorer.clouds.source_rows), 32, 32)
    assert evidence.log_plan.shape == (64, 64)  # the still pictures are those of the post
    run(toy(), options=options, out=tmp_path)
    assert len(whole_fits) == 3  # the table is kept; the page needs the first seed's again
    np.testing.assert_array_equal(shown[1][1].sent.shares, explorer.sent.shares)


def test_the_plan_of_the_page_is_read_once(tmp_path, shown):
    run(toy(), options=OPTIONS, out=tmp_path)
    evidence, explorer = shown[0]
    assert explorer.plan.shape == (64, 64)
    for name in ("log_plan", "log_plan_sorted", "row_borders", "column_borders", "class_mass"):
        assert getattr(evidence, name) is getattr(explorer.plan, name)
    assert METHODS["sinkhorn"].title in explorer.notes[0]


def test_the_seconds_of_a_shared_fit_count_for_both_rows(tmp_path, shown, monkeypatch):
    ticks = itertools.count()
    monkeypatch.setattr(monge.experiments.methods, "perf_counter", lambda: next(ticks))
    methods = run(toy(), options=replace(OPTIONS, full=True), out=tmp_path).result.methods
    assert methods["sinkhorn_full"].seconds == (3,)  # with the two looks at the clock of the fit
    assert methods["sinkhorn_full_propagate"].seconds == (2,)  # one for the fit, one of its own


def test_the_pictures_show_eight_of_every_class(whole):
    evidence = whole[0].evidence
    for labels in (evidence.source_image_labels, evidence.target_image_labels):
        assert np.bincount(labels).tolist() == [8, 8, 8]
