import errno
import json
import logging
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from monge import store
from monge.cache import Cache
from monge.errors import InputError, OutputError, StoreError
from monge.store import load_arrays, load_config, save_arrays

ARRAYS = {
    "weights": torch.arange(6, dtype=torch.float32).reshape(2, 3),
    "labels": np.arange(4),
    "mask": np.array([True, False]),
    "step": torch.tensor(3.0),
    "empty": np.zeros((0, 5), dtype=np.float64),
}
CONFIG = {"epsilon": 0.1, "name": "Ω", "nested": {"list": [1, None, True]}, "pair": (1, 2), 10: 1}


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def full_disk(*_args, **_kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def interrupted(*_args, **_kwargs):
    raise KeyboardInterrupt


# -------------------------------------------------------------------------------------- artifacts


def test_round_trip(tmp_path):
    save_arrays(tmp_path / "model", ARRAYS, CONFIG)
    arrays, config = load_arrays(tmp_path / "model")
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        expected = torch.as_tensor(array)
        assert arrays[name].dtype == expected.dtype
        assert torch.equal(arrays[name], expected)
    assert config == json.loads(json.dumps(CONFIG))
    assert names(tmp_path) == ["model"]
    assert names(tmp_path / "model") == ["arrays.safetensors", "config.json"]


def test_views_shared_storage_and_strides_are_stored_as_seen(tmp_path):
    base = torch.arange(12.0).reshape(3, 4)
    arrays = {
        "base": base,
        "view": base[1:],
        "transposed": base.T,
        "reversed": base.numpy()[::-1],
        "broadcast": np.broadcast_to(np.float32(2), (3, 2)),
        "learnt": base.clone().requires_grad_(),
        "kernel": torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last),
    }
    save_arrays(tmp_path / "a", arrays, {})
    loaded, _ = load_arrays(tmp_path / "a")
    for name, array in arrays.items():
        seen = array.detach() if isinstance(array, torch.Tensor) else torch.tensor(array.copy())
        assert torch.equal(loaded[name], seen)
        assert not loaded[name].requires_grad
    loaded["base"] += 1
    assert loaded["base"][0, 0] == 1


def test_replacing(tmp_path):
    save_arrays(tmp_path / "m", {"a": torch.zeros(1)}, {"v": 1})
    save_arrays(tmp_path / "m", {"b": torch.ones(1)}, {"v": 2})
    arrays, config = load_arrays(tmp_path / "m")
    assert list(arrays) == ["b"]
    assert config == {"v": 2}
    assert names(tmp_path) == ["m"]


@pytest.mark.parametrize("trouble", [full_disk, interrupted])
@pytest.mark.parametrize("call", range(5))
def test_a_failed_save_keeps_the_old_artifact(tmp_path, monkeypatch, trouble, call):
    """Fail at each flush and at each of the two renames."""
    save_arrays(tmp_path / "m", {"a": torch.zeros(1)}, {"v": 1})
    place, name = (os, "fsync") if call < 3 else (Path, "rename")
    true, left = getattr(place, name), [call % 3]

    def fail_once(*args):
        left[0] -= 1
        return trouble() if left[0] == -1 else true(*args)

    monkeypatch.setattr(place, name, fail_once)
    with pytest.raises(OutputError if trouble is full_disk else KeyboardInterrupt):
        save_arrays(tmp_path / "m", {"a": torch.ones(1)}, {"v": 2})
    monkeypatch.undo()
    arrays, config = load_arrays(tmp_path / "m")
    assert (arrays["a"].item(), config) == (0.0, {"v": 1})
    assert names(tmp_path) == ["m"]


def test_a_failed_first_save_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OutputError, match="disk with room"):
        save_arrays(tmp_path / "m", ARRAYS, {})
    assert names(tmp_path) == []


def test_a_kill_between_the_two_renames_loses_nothing(tmp_path):
    save_arrays(tmp_path / "m", {"a": torch.zeros(1)}, {"v": 1})
    (tmp_path / "m").rename(tmp_path / ".m.previous")  # as the process left it
    assert load_arrays(tmp_path / "m")[1] == {"v": 1}
    save_arrays(tmp_path / "m", {"a": torch.ones(1)}, {"v": 2})
    assert load_arrays(tmp_path / "m")[1] == {"v": 2}
    assert names(tmp_path) == ["m"]


def test_a_folder_that_is_no_artifact_is_not_replaced(tmp_path):
    (tmp_path / "thesis.tex").write_text("years")
    with pytest.raises(OutputError, match="'folder' must be new, empty or an artifact"):
        save_arrays(tmp_path, ARRAYS, {})
    with pytest.raises(OutputError, match="'folder' must be new, empty or an artifact"):
        save_arrays(tmp_path / "thesis.tex", ARRAYS, {})
    assert (tmp_path / "thesis.tex").read_text() == "years"


@pytest.mark.parametrize(
    ("arrays", "config", "match"),
    [
        ({"a": np.array(["x"])}, {}, "'arrays' must be arrays of real numbers .* got <U1 in 'a'"),
        ({"a": np.array([None])}, {}, "'arrays' must be arrays of real numbers"),
        ({"a": [1.0]}, {}, "'arrays' must be arrays of real numbers"),
        ({"a": torch.zeros(1, dtype=torch.complex64)}, {}, "'arrays' must be arrays of real"),
        ({}, {"a": float("nan")}, "'config' must be JSON"),
        ({}, {"a": {1, 2}}, "'config' must be JSON"),
    ],
)
def test_what_cannot_be_stored(tmp_path, arrays, config, match):
    with pytest.raises(InputError, match=match):
        save_arrays(tmp_path / "m", arrays, config)
    assert names(tmp_path) == []


def edit(key, value):
    def spoil(folder):
        head = json.loads((folder / "config.json").read_text())
        if value is None:
            del head[key]
        else:
            head[key] = value
        (folder / "config.json").write_text(json.dumps(head))

    return spoil


def cut(name):
    def spoil(folder):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return spoil


def flip(folder):
    content = bytearray((folder / "arrays.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "arrays.safetensors").write_bytes(content)


def rehash(folder):
    """Bytes that are no safetensors under their own right hash."""
    import hashlib

    (folder / "arrays.safetensors").write_bytes(b"pickle")
    edit("arrays_sha256", hashlib.sha256(b"pickle").hexdigest())(folder)


def other_shapes(folder):
    import hashlib

    content = safetensors.torch.save({"weights": torch.zeros(2)})
    (folder / "arrays.safetensors").write_bytes(content)
    edit("arrays_sha256", hashlib.sha256(content).hexdigest())(folder)


DAMAGE = [
    (shutil.rmtree, "an existing artifact"),
    (lambda folder: (folder / "config.json").unlink(), "a folder with config.json"),
    (lambda folder: (folder / "arrays.safetensors").unlink(), "a folder with arrays.safetensors"),
    (cut("config.json"), "with whole JSON in it"),
    (cut("arrays.safetensors"), "unchanged since it was saved"),
    (flip, "unchanged since it was saved"),
    (edit("config", {"epsilon": 9}), "unchanged since it was saved"),
    (edit("config", None), "unchanged since it was saved"),
    (edit("arrays", None), "unchanged since it was saved"),
    (edit("format", "joblib"), "an artifact of monge"),
    (edit("schema", 99), "of schema 1, got schema 99"),
    (lambda folder: (folder / "config.json").write_text("[]"), "an artifact of monge"),
    (lambda folder: (folder / "config.json").write_bytes(b"\xff\xfe\x00"), "with whole JSON"),
    (rehash, "made of safetensors"),
    (other_shapes, "of the shapes that config.json lists"),
]


@pytest.mark.parametrize(("spoil", "match"), DAMAGE)
def test_damage_gets_one_sentence(tmp_path, spoil, match):
    save_arrays(tmp_path / "m", ARRAYS, CONFIG)
    spoil(tmp_path / "m")
    with pytest.raises(StoreError, match=f"^load_arrays: 'folder' must be {match}") as caught:
        load_arrays(tmp_path / "m")
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_endless_nesting_is_no_recursion_error(tmp_path):
    save_arrays(tmp_path / "m", ARRAYS, CONFIG)
    (tmp_path / "m" / "config.json").write_text("[" * 100_000)
    with pytest.raises(StoreError, match="with whole JSON in it"):
        load_arrays(tmp_path / "m")


def test_the_configuration_alone_is_checked_too(tmp_path):
    save_arrays(tmp_path / "m", ARRAYS, CONFIG)
    assert load_config(tmp_path / "m") == json.loads(json.dumps(CONFIG))
    edit("config", {"epsilon": 9})(tmp_path / "m")
    with pytest.raises(StoreError, match="unchanged since it was saved"):
        load_config(tmp_path / "m")


def test_a_file_is_no_artifact(tmp_path):
    (tmp_path / "m").touch()
    with pytest.raises(StoreError, match="an existing artifact"):
        load_arrays(tmp_path / "m")


def test_nothing_is_unpickled(tmp_path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError

    monkeypatch.setattr("pickle.loads", refuse)
    monkeypatch.setattr("pickle.load", refuse)
    monkeypatch.setattr(torch, "load", refuse)
    save_arrays(tmp_path / "m", ARRAYS, {})
    load_arrays(tmp_path / "m")


# ------------------------------------------------------------------------------------------ cache


def test_keys_depend_on_content_alone():
    assert Cache.key({"a": 1, "b": [2.5]}) == Cache.key({"b": (2.5,), "a": 1})
    assert len({Cache.key(parts) for parts in ({"a": 1}, {"a": 2}, {"b": 1}, {"a": "1"})}) == 4
    with pytest.raises(InputError, match=r"Cache.key: 'parts' must be JSON"):
        Cache.key({"a": torch.zeros(1)})


def test_cache_keeps_kinds_and_keys_apart(tmp_path):
    cache = Cache(tmp_path / "cache")
    key = cache.key({"seed": 0})
    assert cache.get("model", key) is None
    cache.put("model", key, {"a": torch.ones(2)}, {"seed": 0})
    arrays, config = cache.get("model", key)
    assert torch.equal(arrays["a"], torch.ones(2))
    assert config == {"seed": 0}
    assert cache.get("features", key) is None
    assert cache.get("model", cache.key({"seed": 1})) is None


@pytest.mark.parametrize(("spoil", "match"), DAMAGE[1:])
def test_a_damaged_entry_is_warned_of_and_made_again(tmp_path, caplog, spoil, match):
    cache = Cache(tmp_path)
    cache.put("model", "k", ARRAYS, {})
    spoil(tmp_path / "model" / "k")
    with caplog.at_level(logging.WARNING, logger="monge"):
        assert cache.get("model", "k") is None
    assert [record.name for record in caplog.records] == ["monge"]
    assert match in caplog.text
    cache.put("model", "k", ARRAYS, {"v": 2})
    assert cache.get("model", "k")[1] == {"v": 2}


def test_a_missing_entry_is_no_warning(tmp_path, caplog):
    assert Cache(tmp_path).get("model", "k") is None
    assert not caplog.records


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "a b"])
def test_names_stay_inside_the_root(tmp_path, name):
    with pytest.raises(InputError, match="Cache: 'kind' must be a name"):
        Cache(tmp_path).get(name, "k")
    with pytest.raises(InputError, match="Cache: 'key' must be a name"):
        Cache(tmp_path).put("model", name, {}, {})


def test_the_format_on_disk_is_the_documented_one(tmp_path):
    save_arrays(tmp_path / "m", {"a": torch.zeros(2, 3)}, {"v": 1})
    head = json.loads((tmp_path / "m" / "config.json").read_text())
    assert head["schema"] == store.SCHEMA == 1
    assert head["arrays"] == {"a": ["float32", [2, 3]]}
    assert head["config"] == {"v": 1}
    assert set(safetensors.torch.load_file(tmp_path / "m" / "arrays.safetensors")) == {"a"}
