"""What people's tables brought to light: offsets, huge cells, damaged adapters, shut folders."""

import json

import numpy as np
import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("pandas")

import monge
from monge.cli import main
from monge.data.tables import open_table, write_table

NAMES = ("f0", "f1", "f2")
KINDS = np.array(["ant", "bee"])
SECONDS = 1.7e9


def write(path, **columns):
    with write_table(path) as put:
        put(columns)


def domains():
    """Return rows in steps that an offset of 31 bits leaves exact, and their classes."""
    draw = np.random.default_rng(0)
    y, yt = np.repeat([0, 1], 30), np.repeat([0, 1], 25)
    X, Xt = draw.normal(size=(60, 3)), draw.normal(size=(50, 3))
    X[:, 0] += 6 * y
    Xt[:, 0] += 6 * yt + 4
    return np.round(1024 * X) / 1024, y, np.round(1024 * Xt) / 1024, yt


def put_tables(folder, shift=0.0, scale=1.0):
    folder.mkdir()
    X, y, Xt, yt = domains()
    named, moved = (dict(zip(NAMES, scale * (x + shift).T, strict=True)) for x in (X, Xt))
    write(folder / "source.parquet", **named, kind=KINDS[y])
    write(folder / "target.parquet", **moved)
    write(folder / "labelled.parquet", **moved, kind=KINDS[yt])
    return folder


def fit(folder, *words, source="source.parquet", target="target.parquet"):
    words = ("fit", folder / source, folder / target, "--label", "kind", *words)
    return [str(word) for word in words]


def one_sentence(text):
    return text.count("\n") == 1 and text.rstrip().endswith(".") and "Traceback" not in text


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = put_tables(tmp_path_factory.mktemp("tables") / "near")
    assert main(fit(folder, "-o", folder / "adapter")) == 0
    return folder


@pytest.mark.parametrize("shift", [1e7, SECONDS, [0, SECONDS, 0]], ids=str)
@pytest.mark.parametrize("classifier", ["nearest", "neighbours", "centroid"])
def test_an_offset_changes_no_prediction_and_no_score(call, tables, tmp_path, classifier, shift):
    if classifier == "centroid":
        pytest.importorskip("skops")
    found = []
    for folder in (tables, put_tables(tmp_path / "far", np.array(shift))):
        adapter, out = tmp_path / f"a{len(found)}", tmp_path / f"o{len(found)}.parquet"
        assert call(*fit(folder, "--classifier", classifier, "-o", adapter))[0] == 0
        assert call("predict", adapter, folder / "target.parquet", "-o", out)[0] == 0
        words = ("evaluate", adapter, folder / "labelled.parquet", "--json")
        _, told, _ = call(*words, "--source", folder / "source.parquet")
        scores = {when: json.loads(told)[when]["confusion"] for when in ("before", "after")}
        found.append((open_table(out).labels("label").tolist(), scores))
    assert found[0] == found[1]


def test_a_classifier_may_be_an_option(call, tables, tmp_path):
    words = ("--option", "classifier=neighbours", "--option", "classifier.n_neighbors=3")
    assert call(*fit(tables, *words, "-o", tmp_path / "a"))[0] == 0
    assert monge.load(tmp_path / "a").classifier_.n_neighbors == 3
    assert call(*fit(tables, *words[2:], "-o", tmp_path / "b"))[0] == 0
    assert monge.load(tmp_path / "b").classifier_.n_neighbors == 3
    pytest.importorskip("skops")
    assert call(*fit(tables, "--option", "classifier=svm", "-o", tmp_path / "c"))[0] == 0
    assert monge.load(tmp_path / "c").classifier == "svm"


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("classifier=oracle", "'classifier' must be one of 'nearest', 'neighbours'"),
        ("classifier=5", "'classifier' must be one of"),
        ("transport=teleport", "'transport' must be one of"),
        ("random_state.speed=1", "'random_state.speed=1': "),
    ],
)
def test_an_option_that_is_none_is_wrong_usage(call, tables, tmp_path, option, said):
    code, out, err = call(*fit(tables, "--option", option, "-o", tmp_path / "a"))
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize("transport", ["sinkhorn", "coral", "linear", "standardise", "prototypes"])
@pytest.mark.parametrize("case", ["cell", "table"])
def test_huge_values_are_one_sentence(call, tables, tmp_path, transport, case):
    folder = put_tables(tmp_path / "t", scale=1e160 if case == "table" else 1)
    if case == "cell":
        X, y, *_ = domains()
        X[3, 1] = -1e300
        columns = dict(zip(NAMES, X.T, strict=True))
        write(folder / "source.parquet", **columns, kind=KINDS[y])
    code, _, err = call(*fit(folder, "--transport", transport, "-o", tmp_path / "a"))
    assert code == 1
    last = err.splitlines(keepends=True)[-1]
    assert one_sentence(last)
    assert "Adapter.fit: 'X' must be at most 1e+50 in size" in last
    assert "in column 'f" in last
    if case == "cell":
        assert "got 1e+300 in column 'f1'; rescale that column" in last
        out = ("-o", tmp_path / "o.csv")
        code, _, err = call("predict", tables / "adapter", folder / "source.parquet", *out)
        assert code == 1
        assert "Adapter.predict" in err
        assert not (tmp_path / "o.csv").exists()


def cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def change(path):
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def remove(path):
    path.unlink()


@pytest.mark.parametrize("spoil", [cut, change, remove])
def test_info_notices_damaged_arrays(call, tables, tmp_path, spoil):
    assert call(*fit(tables, "-o", tmp_path / "a"))[0] == 0
    assert call("info", tmp_path / "a")[0] == 0
    spoil(tmp_path / "a" / "arrays.safetensors")
    code, out, err = call("info", tmp_path / "a")
    assert (code, out) == (3, "")
    assert one_sentence(err)
    assert "arrays.safetensors" in err


def test_a_place_that_cannot_be_written_is_refused_before_the_tables_are_read(call, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").touch()
    for words, said in (
        ([tmp_path / "file" / "deep" / "a"], "in a folder that can be written"),
        ([tmp_path / "thesis", "--force"], "new, empty or an artifact"),
        ([tmp_path / "file", "--force"], "new, empty or an artifact"),
    ):
        code, out, err = call(*fit(tmp_path, "-o", *words))
        assert (code, out) == (1, "")
        assert one_sentence(err)
        assert said in err
    code, _, err = call("predict", "nowhere", "nothing.csv", "-o", tmp_path / "file" / "o.csv")
    assert code == 1
    assert "in a folder that can be written" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "thesis"]


@pytest.mark.parametrize("verb", ["predict", "transform", "evaluate"])
def test_columns_that_are_not_read_are_named(call, tables, tmp_path, verb):
    X, y, *_ = domains()
    wide = np.hstack([X, X[:, :2]])
    np.savez(tmp_path / "s.npz", X=X, kind=y)
    np.save(tmp_path / "t.npy", X + 4)
    np.savez(tmp_path / "wide.npz", X=wide, kind=y)
    words = fit(tmp_path, "-o", tmp_path / "a", source="s.npz", target="t.npy")
    code, out, _ = call(*words)
    assert code == 0
    assert "Not read" not in out
    words = [] if verb == "evaluate" else ["-o", tmp_path / "o.csv"]
    code, out, _ = call(verb, tmp_path / "a", tmp_path / "wide.npz", *words)
    assert code == 0
    unread = "X3, X4, kind" if verb == "predict" else "X3, X4"
    assert f"Not read in wide.npz: {unread}.\n" in out
    words += ["--json"] if verb == "evaluate" else ["--force", "--json"]
    code, out, _ = call(verb, tmp_path / "a", tmp_path / "wide.npz", *words)
    assert code == 0
    assert "error" not in json.loads(out)


def test_the_label_is_not_dropped(call, tables, tmp_path):
    code, _, err = call(*fit(tables, "--drop", "kind", "-o", tmp_path / "a"))
    assert code == 1
    assert "'drop' must be of columns that are no labels, got 'kind'" in err


@pytest.mark.parametrize("name", ["s.csv", "s.parquet", "s.npz"])
def test_numbers_that_are_no_classes_are_refused(call, tables, tmp_path, name):
    X, y, *_ = domains()
    columns = dict(zip(NAMES, X.T, strict=True))
    write(tmp_path / name, **columns, kind=y + np.where(np.arange(60) == 2, 0.25, 0))
    words = ("-o", tmp_path / "a")
    code, _, err = call(*fit(tables, *words, source=tmp_path / name))
    assert code == 3
    assert one_sentence(err.splitlines(keepends=True)[-1])
    assert "whole numbers or booleans, got 0.25 in column 'kind', row 3" in err
    write(tmp_path / name, **columns, kind=y + 1.0)
    assert call(*fit(tables, *words, source=tmp_path / name))[0] == 0


def test_an_unknown_number_is_written_as_people_do(call, tables, tmp_path):
    X, y, *_ = domains()
    columns = dict(zip(NAMES, X.T, strict=True))
    write(tmp_path / "s.csv", **columns, kind=y)
    assert call(*fit(tables, "-o", tmp_path / "a", source=tmp_path / "s.csv"))[0] == 0
    for kind, shown in ((y + 7, "7"), (y < 5, "True")):
        write(tmp_path / "t.parquet", **columns, kind=kind)
        code, _, err = call("evaluate", tmp_path / "a", tmp_path / "t.parquet")
        assert code == 3
        assert f"labels among 0, 1, got {shown} in column 'kind', row 1" in err


def test_a_plan_that_does_not_converge_gives_no_advice_for_python(call, tables, tmp_path):
    words = ("--option", "transport.max_sweeps=1", "--option", "transport.tolerance=1e-12")
    code, _, err = call(*fit(tables, *words, "-o", tmp_path / "a"))
    assert code == 1
    assert "raise epsilon" in err
    assert "throw" not in err
