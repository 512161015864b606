"""A saved adapter is the adapter, and nothing else is taken for one."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

import monge
from monge import Adapter, Sinkhorn
from monge.adapters import CLASSIFIERS, TRANSPORTS, describe
from monge.adapters.encoding import Decoder, Encoder
from monge.errors import InputError, MongeError, OutputError, StoreError
from monge.store import load_arrays, save_arrays

KINDS = [(name, "barycentric") for name in TRANSPORTS] + [("sinkhorn", "entropic")]


class Stranger(LogisticRegression):
    """A classifier of a user's own."""


def fitted(two, *arguments, **options):
    return Adapter(*arguments, **options).fit(two.X, two.y, X_target=two.Xt)


def saved(adapter, tmp_path, **options):
    adapter.save(tmp_path / "adapter", **options)
    return monge.load(tmp_path / "adapter")


def has_a_way_back(adapter, rows):
    try:
        adapter.inverse_transform(rows)
    except InputError:
        return False
    return True


@pytest.mark.parametrize(("transport", "plan_map"), KINDS)
def test_a_loaded_adapter_answers_as_the_saved_one(two, tmp_path, transport, plan_map):
    adapter = fitted(two, transport, map=plan_map)
    back = has_a_way_back(adapter, two.Xt)
    again = saved(adapter, tmp_path, inverse=back, precision="exact")
    for rows in (two.X, two.Xt + 0.3):
        np.testing.assert_array_equal(again.transform(rows), adapter.transform(rows))
        np.testing.assert_array_equal(again.predict(rows), adapter.predict(rows))
        np.testing.assert_array_equal(again.predict_proba(rows), adapter.predict_proba(rows))
        np.testing.assert_array_equal(again.target_distance(rows), adapter.target_distance(rows))
        if back:
            there = adapter.inverse_transform(rows)
            np.testing.assert_array_equal(again.inverse_transform(rows), there)
    assert again.get_params() == adapter.get_params()
    assert again.certificate_ == adapter.certificate_
    assert again.far_ == adapter.far_


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["left", "right"]),
        np.array(["léft", "right\n"], dtype=object),
        np.array([-1, 1]),
        np.array([3, 2], dtype=np.uint8),
        np.array([False, True]),
    ],
    ids=["text", "objects", "negative", "bytes", "booleans"],
)
def test_labels_of_any_kind_come_back(two, tmp_path, labels):
    adapter = Adapter().fit(two.X, labels[two.y], X_target=two.Xt)
    again = saved(adapter, tmp_path)
    assert again.classes_.dtype == adapter.classes_.dtype
    np.testing.assert_array_equal(again.classes_, adapter.classes_)
    assert again.predict(two.Xt).dtype == adapter.predict(two.Xt).dtype
    np.testing.assert_array_equal(again.predict(two.Xt), adapter.predict(two.Xt))
    assert describe(tmp_path / "adapter")["labels"] == np.unique(labels).tolist()


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers_by_name_come_back(two, tmp_path, name):
    if name not in ("nearest", "neighbours"):
        pytest.importorskip("skops")
    adapter = fitted(two, "linear", classifier=CLASSIFIERS[name]())
    again = saved(adapter, tmp_path)
    np.testing.assert_array_equal(again.predict(two.Xt), adapter.predict(two.Xt))
    assert type(again.classifier) is type(adapter.classifier)
    assert not hasattr(again.classifier, "classes_")


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_name_of_a_classifier_comes_back(two, tmp_path, name):
    if name not in ("nearest", "neighbours"):
        pytest.importorskip("skops")
    adapter = fitted(two, "linear", classifier=name)
    again = saved(adapter, tmp_path)
    assert again.classifier == name
    np.testing.assert_array_equal(again.predict(two.Xt), adapter.predict(two.Xt))


def test_parameters_come_back_as_they_were(two, tmp_path):
    transport = Sinkhorn(epsilon=0.2, max_sweeps=77)
    adapter = fitted(two, transport, classifier=KNeighborsClassifier(3), subsample=20)
    adapter.set_params(random_state=np.int64(4))
    again = saved(adapter, tmp_path)
    assert again.transport == transport
    assert (again.subsample, again.random_state) == (20, 4)
    assert again.classifier.get_params() == adapter.classifier.get_params()


def test_a_loaded_adapter_can_be_saved_and_fitted_again(two, tmp_path):
    adapter = fitted(two)
    first = saved(adapter, tmp_path, inverse=True, precision="exact")
    again = saved(first, tmp_path / "second", inverse=True, precision="exact")
    assert again.certificate_ == adapter.certificate_
    np.testing.assert_array_equal(
        again.inverse_transform(two.Xt), adapter.inverse_transform(two.Xt)
    )
    again.set_params(transport="linear").fit(two.X, two.y, X_target=two.Xt)
    assert again.certificate_ is None
    fresh = fitted(two, "linear")
    np.testing.assert_array_equal(again.inverse_transform(two.Xt), fresh.inverse_transform(two.Xt))


def test_without_its_inverse_a_loaded_plan_has_no_way_back(two, tmp_path):
    again = saved(fitted(two), tmp_path)
    with pytest.raises(InputError, match=r"be saved with its way back, got .*inverse=True, or fit"):
        again.inverse_transform(two.Xt)
    with pytest.raises(InputError, match="'transport' must be one that has a plan"):
        again.propagate()


@pytest.mark.filterwarnings("ignore::monge.errors.MongeWarning")
def test_an_adapter_without_a_target_comes_back(two, tmp_path):
    again = saved(Adapter().fit(two.X, two.y), tmp_path)
    assert again.map_ is None
    np.testing.assert_array_equal(again.predict(two.X), two.y)


def test_feature_names_are_kept_and_checked(two, tmp_path):
    pandas = pytest.importorskip("pandas")
    names = ["a", "b", "ç"]
    X, Xt = (pandas.DataFrame(rows, columns=names) for rows in (two.X, two.Xt))
    adapter = Adapter().fit(X, two.y, X_target=Xt)
    again = saved(adapter, tmp_path)
    np.testing.assert_array_equal(again.predict(Xt), adapter.predict(Xt))
    with pytest.raises(InputError, match="got 'b' where fit had 'a', column 0"):
        again.predict(Xt[["b", "a", "ç"]])
    assert describe(tmp_path / "adapter")["features"]["names"] == names


def test_equal_arrays_are_stored_once(two, tmp_path):
    adapter = fitted(two)
    again = saved(adapter, tmp_path)
    assert np.shares_memory(again.map_.images.numpy(), again.classifier_._fit_X)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_what_is_fitted_in_float32_is_stored_in_float32(two, transport):
    """Plans that are worked out in float64 too: the artifact would be twice as large."""
    X, Xt = (rows.astype(np.float32) for rows in (two.X, two.Xt))
    adapter = Adapter(transport).fit(X, two.y, X_target=Xt)
    kinds = {name: part.dtype for name, part in vars(adapter.map_).items() if np.ndim(part) == 2}
    kinds.pop("coefficients", None)  # large ones of both signs, whose sum is small
    assert set(kinds.values()) == {torch.float32}


def test_arrays_of_equal_bytes_and_other_types_are_two():
    encoder = Encoder(classes={})
    given = [np.zeros(4, np.float32), np.zeros(4, np.int32), np.zeros((2, 2), np.int32)]
    stored = encoder.encode(given, "zeros")
    again = Decoder(classes={}, arrays=encoder.arrays).decode(stored)
    assert [(a.dtype, a.shape) for a in again] == [(a.dtype, a.shape) for a in given]


def test_the_configuration_says_what_is_in_it(two, tmp_path):
    fitted(two, Sinkhorn(epsilon=0.1)).save(tmp_path / "a", notes={"from": "week 7"})
    config = describe(tmp_path / "a")
    assert config["class"] == "Adapter"
    assert config["parameters"]["transport"]["Sinkhorn"]["epsilon"] == 0.1
    assert config["features"]["count"] == 3
    assert config["labels"] == [0, 1]
    assert config["libraries"]["monge"] == monge.__version__
    assert config["certificate"]["Certificate"]["status"] == "CONVERGED"
    assert config["notes"] == {"from": "week 7"}
    assert {path.name for path in (tmp_path / "a").iterdir()} == {
        "config.json",
        "arrays.safetensors",
    }


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"cost": torch.cdist, "transport": "linear"}, "'cost' must be numbers, text, arrays"),
        ({"random_state": np.random.RandomState(0)}, "'random_state' must be a whole number"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_the_reason(two, tmp_path, options, match):
    adapter = fitted(two, **options)
    with pytest.raises(InputError, match=match):
        adapter.save(tmp_path / "adapter")
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_fitted_is_not_saved(tmp_path):
    with pytest.raises(NotFittedError):
        Adapter().save(tmp_path / "adapter")


def test_a_folder_of_something_else_is_not_replaced(two, tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(OutputError, match="new, empty or an artifact"):
        fitted(two).save(tmp_path)


@pytest.mark.parametrize("kind", [RandomForestClassifier, Stranger])
def test_types_that_are_not_known_to_be_safe_need_a_word_of_trust(two, tmp_path, kind):
    pytest.importorskip("skops")
    adapter = fitted(two, "linear", classifier=kind())
    adapter.save(tmp_path / "a")
    with pytest.raises(StoreError, match="of types that skops knows to be safe, got") as caught:
        monge.load(tmp_path / "a")
    needed = describe(tmp_path / "a")["classifier"]["needs_trust"]
    assert all(name in str(caught.value) for name in needed)
    again = monge.load(tmp_path / "a", trusted=needed)
    np.testing.assert_array_equal(again.predict(two.Xt), adapter.predict(two.Xt))


def test_without_skops_another_classifier_is_refused(two, tmp_path, monkeypatch):
    pytest.importorskip("skops")
    adapter = fitted(two, "linear", classifier=LogisticRegression())
    adapter.save(tmp_path / "a")
    monkeypatch.setitem(__import__("sys").modules, "skops.io", None)
    with pytest.raises(InputError, match=r"LogisticRegression without skops; pip install"):
        adapter.save(tmp_path / "b")
    with pytest.raises(StoreError, match="LogisticRegression without skops; pip install"):
        monge.load(tmp_path / "a")
    saved(fitted(two), tmp_path / "default")


def test_nothing_is_pickled(two, tmp_path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError

    for name in ("loads", "load", "dumps", "dump"):
        monkeypatch.setattr(f"pickle.{name}", refuse)
    monkeypatch.setattr(torch, "load", refuse)
    monkeypatch.setattr(torch, "save", refuse)
    saved(fitted(two), tmp_path)


def forged(change):
    """Change the configuration or the arrays and save with right hashes, as a forger would."""

    def spoil(folder):
        arrays, config = load_arrays(folder)
        change(SimpleNamespace(arrays=arrays, config=config))
        shutil.rmtree(folder)
        save_arrays(folder, arrays, config)

    return spoil


def deep(levels):
    return json.loads("[" * levels + "]" * levels)


def parts(config):
    return config["state"]["map_"]["NearestExtension"]


FORGED = {
    "another kind": lambda it: it.config.update(kind="cache"),
    "a later version": lambda it: it.config.update(version=99),
    "another class": lambda it: it.config.update({"class": "Popen"}),
    "no state": lambda it: it.config.pop("state"),
    "an unknown type": lambda it: it.config["state"].update(map_={"os.system": {"a": 1}}),
    "two types": lambda it: it.config["state"].update(map_={"a": 1, "b": 2}),
    "a type of nothing": lambda it: it.config["state"].update(map_={}),
    "a part more": lambda it: parts(it.config).update(more=1),
    "a part less": lambda it: parts(it.config).pop("anchors"),
    "an array that is not there": lambda it: it.arrays.pop("map_.anchors"),
    "another width": lambda it: it.arrays.update(
        {"map_.anchors": it.arrays["map_.anchors"][:, :2].contiguous()}
    ),
    "a map that is none": lambda it: it.config["state"].update(map_={"Sinkhorn": {}}),
    "text for a map": lambda it: it.config["state"].update(map_="barycentric"),
    "one image": lambda it: it.arrays.update({"map_.images": torch.zeros(3)}),
    "nothing finite": lambda it: it.arrays["map_.images"].fill_(torch.nan),
    "other names": lambda it: it.config["features"].update(names=["a", "b", "c"]),
    "another parameter": lambda it: it.config["parameters"].update(system="rm"),
    "a bad option": lambda it: it.config["parameters"].update(
        transport={"Sinkhorn": {"epsilon": -1}}
    ),
    "another classifier": lambda it: it.config["classifier"].update(kind="pickle"),
    "no skops": lambda it: it.config["classifier"].update(
        kind="skops", type="x", content={"array": "map_.images"}
    ),
    "objects": lambda it: it.config["state"].update(
        classes_={"array": {"values": [1], "codes": "classes_", "dtype": "V8"}}
    ),
    "the deep": lambda it: it.config["state"].update(deep=deep(900)),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_artifact_gets_one_sentence(two, tmp_path, case):
    fitted(two).save(tmp_path / "a", precision="exact")
    forged(FORGED[case])(tmp_path / "a")
    with pytest.raises(MongeError, match=r"^monge.load: '(path|classifier)' must be ") as caught:
        monge.load(tmp_path / "a")
    assert isinstance(caught.value, StoreError)
    assert "\n" not in str(caught.value)


def truncated(folder):
    path = folder / "arrays.safetensors"
    path.write_bytes(path.read_bytes()[:-40])


def edited(folder):
    path = folder / "config.json"
    path.write_text(path.read_text().replace("barycentric", "entropic"))


def foreign(folder):
    shutil.rmtree(folder)
    save_arrays(folder, {"weights": torch.zeros(3)}, {"epoch": 3})


def changed(folder):
    path = folder / "arrays.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def without_arrays(folder):
    (folder / "arrays.safetensors").unlink()


DAMAGED = [truncated, changed, without_arrays, edited, foreign, shutil.rmtree]


@pytest.mark.parametrize("spoil", DAMAGED)
def test_a_damaged_artifact_gets_one_sentence(two, tmp_path, spoil):
    fitted(two).save(tmp_path / "a")
    spoil(tmp_path / "a")
    with pytest.raises(StoreError) as caught:
        monge.load(tmp_path / "a")
    assert "\n" not in str(caught.value)
    with pytest.raises(StoreError) as caught:
        describe(tmp_path / "a")
    assert "\n" not in str(caught.value)
