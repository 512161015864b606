"""A bench of other pairs, written into the same folder, takes nothing away."""

import json
from importlib import import_module

import pytest

from monge.errors import MongeWarning
from monge.experiments import AccuracyOptions, bench_accuracy
from monge.results import PairResult

BENCH = import_module("monge.experiments.accuracy.bench")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Leave the picture out."""
    monkeypatch.setattr(BENCH, "picture_of_accuracies", lambda _: b"picture")


def run(folder, pair, *methods, seeds=(0,)):
    options = AccuracyOptions(pairs=(pair,), methods=methods or ("linear",), seeds=seeds)
    return bench_accuracy(options, out=folder)


def written(folder):
    return json.loads((folder / "result.json").read_text())


def test_other_pairs_stay_and_their_own_are_replaced(tmp_path):
    first = run(tmp_path, "blobs-scaling")
    both = run(tmp_path, "blobs-noise", "coral")
    assert list(both.pairs) == ["blobs-scaling", "blobs-noise"]
    assert both.pairs["blobs-scaling"] == first.pairs["blobs-scaling"]
    assert set(written(tmp_path)["pairs"]) == set(both.pairs)
    assert set(both.frozen) == {"source_only", "source_head", "linear", "coral"}
    assert "--pairs blobs-scaling blobs-noise" in both.command
    table = (tmp_path / "table.md").read_text()
    assert "linear" in table.lower()
    again = run(tmp_path, "blobs-scaling", "standardise")
    assert list(again.pairs) == ["blobs-scaling", "blobs-noise"]
    assert "linear" not in again.pairs["blobs-scaling"].methods


def test_what_a_pair_says_is_read_as_it_was_written(tmp_path):
    result = run(tmp_path, "blobs-scaling", seeds=(0, 1))
    for name, told in written(tmp_path)["pairs"].items():
        assert PairResult.from_json(told) == result.pairs[name]


def test_figures_of_other_code_are_left_out_with_a_word(tmp_path):
    run(tmp_path, "blobs-scaling")
    told = written(tmp_path)
    told["environment"]["code"] = "another"
    (tmp_path / "result.json").write_text(json.dumps(told))
    with pytest.warns(MongeWarning, match="blobs-scaling in result.json were scored by other code"):
        result = run(tmp_path, "blobs-noise")
    assert list(result.pairs) == ["blobs-noise"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"pairs": {"blobs-scaling": {}}}', '{"pairs": 3}']
)
def test_a_file_of_another_form_adds_nothing(tmp_path, text):
    (tmp_path / "result.json").write_text(text)
    assert list(run(tmp_path, "blobs-noise").pairs) == ["blobs-noise"]
