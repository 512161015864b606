"""People's own tables on the command line: fit, predict, transform, evaluate, info."""

import json
import signal
import time

import numpy as np
import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("pandas")

import monge
from monge.cli import main
from monge.data.tables import Table, open_table, parquet, write_table
from monge.workflows import applying

NAMES = ("f0", "f1", "f2")
KINDS = np.array(["ant", "bee"])


def write(path, **columns):
    with write_table(path) as put:
        put(columns)


def one_sentence(text):
    return text.count("\n") == 1 and text.rstrip().endswith(".") and "Traceback" not in text


@pytest.fixture(scope="module")
def tables(two, tmp_path_factory):
    """A labelled source, a target in another order with a column more, and a fitted adapter."""
    folder = tmp_path_factory.mktemp("tables")
    X, Xt = two.X.T, two.Xt.T
    named, moved = dict(zip(NAMES, X, strict=True)), dict(zip(NAMES, Xt, strict=True))
    turned = {name: moved[name] for name in reversed(NAMES)}
    write(folder / "source.csv", **named, kind=KINDS[two.y])
    write(folder / "source.parquet", **named, kind=KINDS[two.y])
    write(folder / "target.csv", site=np.arange(50), **turned)
    write(folder / "labelled.parquet", **turned, kind=KINDS[two.yt])
    assert main(fit(folder, "-o", folder / "adapter")) == 0
    return folder


def fit(folder, *words, source="source.csv", target="target.csv"):
    words = ("fit", folder / source, folder / target, "--label", "kind", *words)
    return [str(word) for word in words]


@pytest.fixture(scope="module")
def two():
    """The clouds of the adapters' tests."""
    draw = np.random.default_rng(0)
    from types import SimpleNamespace

    y, yt = np.repeat([0, 1], 30), np.repeat([0, 1], 25)
    X, Xt = draw.normal(size=(60, 3)), draw.normal(size=(50, 3))
    X[:, 0] += 6 * y
    Xt[:, 0] += 6 * yt + 4
    return SimpleNamespace(X=X, y=y, Xt=Xt, yt=yt)


def test_a_fit_is_the_adapter_of_the_same_rows(call, tables, two, tmp_path):
    code, out, err = call(*fit(tables, "-o", tmp_path / "a"))
    assert code == 0
    assert "the tables take" in out.splitlines()[0]
    assert "the plan at most 2 GiB more" in out.splitlines()[0]
    assert "Not read in target.csv: site." in out
    assert "Plan of 60 x 50 rows: converged" in out
    assert "Reading source.csv: done" in err
    adapter = monge.load(tmp_path / "a")
    expected = monge.Adapter().fit(two.X, KINDS[two.y], X_target=two.Xt)
    assert adapter.feature_names_in_.tolist() == list(NAMES)
    np.testing.assert_allclose(adapter.map_.images, expected.map_.images, atol=1e-6)


@pytest.mark.parametrize("digits", [6, 17])
def test_a_fit_on_csv_is_below_2_mb_and_exact_if_asked(call, tmp_path, digits):
    """2,560 + 2,560 rows x 84: float64 would be 3.9 MB."""
    draw = np.random.default_rng(0)
    y = draw.integers(0, 10, 2560)
    X = draw.normal(size=(2560, 84)) + y[:, None]
    names = [f"measurement_{place}" for place in range(84)]
    for name, rows, more in (("source.csv", X, ["kind"]), ("target.csv", 1.1 * X + 1, [])):
        cells = [[*(f"{number:.{digits}g}" for number in row), *more] for row in rows]
        lines = [",".join(cell) for cell in [[*names, *more], *cells]]
        if more:
            lines[1:] = [f"{line[:-4]}{label}" for line, label in zip(lines[1:], y, strict=True)]
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    code, out, err = call(*fit(tmp_path, "--json", "-o", tmp_path / "a"))
    assert code == 0, err
    assert json.loads(out)["bytes"] < 2e6
    words = ("--precision", "exact", "-o", tmp_path / "b")
    assert call(*fit(tmp_path, *words))[0] == 0
    assert sum(path.stat().st_size for path in (tmp_path / "b").iterdir()) > 3.5e6
    small, whole = monge.load(tmp_path / "a"), monge.load(tmp_path / "b")
    anchors = whole.map_.anchors.numpy()
    missed = np.abs(small.map_.anchors.numpy() - anchors).max()
    assert missed <= 6e-8 * np.ptp(anchors, axis=0).max()
    import pandas as pd

    new = pd.DataFrame(1.1 * X[:200] + 1.2, columns=names)
    np.testing.assert_array_equal(small.predict(new), whole.predict(new))


def test_another_precision_is_wrong_usage(call, tables, tmp_path):
    code, _, err = call(*fit(tables, "--precision", "small", "-o", tmp_path / "a"))
    assert code == 2
    assert "'small' is not one of compact, exact" in err


@pytest.mark.parametrize("ending", ["parquet", "csv", "npz"])
def test_predictions_are_those_of_the_adapter(call, tables, two, tmp_path, ending):
    out = tmp_path / f"out.{ending}"
    code, said, _ = call("predict", tables / "adapter", tables / "target.csv", "-o", out)
    assert code == 0
    assert "of memory above the libraries." in said
    table = open_table(out)
    shares = ("probability_ant", "probability_bee")
    assert table.columns == ("label", *shares, "distance", "far")
    import pandas as pd

    adapter, X = monge.load(tables / "adapter"), pd.DataFrame(two.Xt, columns=list(NAMES))
    assert table.labels("label").tolist() == adapter.predict(X).tolist()
    numbers = np.concatenate(list(table.numbers((*shares, "distance"))))
    np.testing.assert_allclose(numbers[:, :2], adapter.predict_proba(X))
    np.testing.assert_allclose(numbers[:, 2], adapter.target_distance(X), atol=1e-9)
    np.testing.assert_array_equal(table.labels("far"), adapter.is_far(X))
    assert (table.labels("label") == KINDS[two.yt]).mean() > 0.95


@pytest.mark.parametrize("name", ["neighbours", "bayes"])
def test_each_label_is_the_classifier_s_own(call, tables, two, tmp_path, name):
    """Ties too: rows between the classes."""
    if name == "bayes":
        pytest.importorskip("skops")
    words = ("--classifier", name, "--option", "classifier.n_neighbors=2", "-o", tmp_path / "a")
    assert call(*fit(tables, *(words if name == "neighbours" else words[:2] + words[4:])))[0] == 0
    import pandas as pd

    rows = np.random.default_rng(3).normal(7, 2, size=(500, 3))
    write(tmp_path / "t.parquet", **dict(zip(NAMES, rows.T, strict=True)))
    assert call("predict", tmp_path / "a", tmp_path / "t.parquet", "-o", tmp_path / "o.csv")[0] == 0
    expected = monge.load(tmp_path / "a").predict(pd.DataFrame(rows, columns=list(NAMES)))
    assert open_table(tmp_path / "o.csv").labels("label").tolist() == expected.tolist()
    assert len(set(expected)) == 2


def test_a_batch_at_a_time_gives_the_same(call, tables, tmp_path, monkeypatch):
    whole = call("predict", tables / "adapter", tables / "target.csv", "-o", tmp_path / "a.csv")
    monkeypatch.setattr(applying.batches, "__defaults__", (7,))
    parts = call("predict", tables / "adapter", tables / "target.csv", "-o", tmp_path / "b.csv")
    assert whole[0] == parts[0] == 0
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "b.csv").read_text()


def test_a_far_row_is_flagged(call, tables, tmp_path):
    write(tmp_path / "new.csv", f0=np.array([4.0, 400.0]), f1=np.zeros(2), f2=np.zeros(2))
    words = ("predict", tables / "adapter", tmp_path / "new.csv", "-o", tmp_path / "o.csv")
    code, out, _ = call(*words, "--json")
    assert code == 0
    assert json.loads(out)["far"] == 1
    assert open_table(tmp_path / "o.csv").labels("far").tolist() == [False, True]


@pytest.mark.parametrize("rows", [7, 1000])
def test_a_source_is_moved_with_its_labels(call, tables, two, tmp_path, monkeypatch, rows):
    monkeypatch.setattr(applying.batches, "__defaults__", (rows,))
    out = tmp_path / "moved.parquet"
    assert call("transform", tables / "adapter", tables / "source.csv", "-o", out)[0] == 0
    table = open_table(out)
    assert table.columns == (*NAMES, "kind")
    moved = np.concatenate(list(table.numbers(NAMES)))
    expected = monge.Adapter().fit(two.X, KINDS[two.y], X_target=two.Xt).transform(two.X)
    np.testing.assert_allclose(moved, expected, atol=2e-6)
    assert table.labels("kind").tolist() == KINDS[two.y].tolist()


@pytest.mark.parametrize("rows", [7, 50])
def test_labels_are_read_by_pieces(call, tables, tmp_path, monkeypatch, rows):
    """No command but the fit reads a column whole, and the pieces need not be the batches."""

    def refused(*_):
        raise AssertionError("a column was read whole")

    words = ("evaluate", tables / "adapter", tables / "labelled.parquet", "--json")
    whole = json.loads(call(*words)[1])
    monkeypatch.setattr(Table, "labels", refused)
    monkeypatch.setattr(parquet, "BATCH_ROWS", rows)
    monkeypatch.setattr(applying.batches, "__defaults__", (11,))
    code, out, err = call(*words)
    assert (code, json.loads(out)) == (0, whole)
    assert "Looking through column 'kind' of labelled.parquet: done (50 rows)" in err
    words = ("transform", tables / "adapter", tables / "source.parquet", "-o", tmp_path / "o.npz")
    assert call(*words)[0] == 0
    with np.load(tmp_path / "o.npz") as moved:
        assert moved["kind"].tolist() == ["ant"] * 30 + ["bee"] * 30


def test_an_unknown_class_is_named_by_its_row_in_the_file(call, tables, tmp_path, monkeypatch):
    kinds = np.where(np.arange(20) == 17, "cow", "ant")
    write(tmp_path / "t.parquet", **dict.fromkeys(NAMES, np.zeros(20)), kind=kinds)
    monkeypatch.setattr(parquet, "BATCH_ROWS", 6)
    code, _, err = call("evaluate", tables / "adapter", tmp_path / "t.parquet")
    assert code == 3
    assert "got 'cow' in column 'kind', row 18" in err


def test_an_evaluation_counts_before_and_after(call, tables, two):
    words = ("evaluate", tables / "adapter", tables / "labelled.parquet")
    code, out, _ = call(*words, "--source", tables / "source.csv", "--json")
    assert code == 0
    found = json.loads(out)
    adapter = monge.Adapter().fit(two.X, two.y, X_target=two.Xt)
    given = adapter.predict(two.Xt)
    confusion = [[int(((two.yt == i) & (given == j)).sum()) for j in (0, 1)] for i in (0, 1)]
    assert found["classes"] == ["ant", "bee"]
    assert found["after"]["confusion"] == confusion
    assert found["after"]["accuracy"] == pytest.approx((given == two.yt).mean())
    assert found["after"]["recall"] == pytest.approx([c[i] / 25 for i, c in enumerate(confusion)])
    assert found["before"]["accuracy"] < 0.7 < found["after"]["accuracy"]
    code, out, _ = call(*words)
    assert code == 0
    assert f"accuracy {100 * found['after']['accuracy']:.2f} %" in out
    assert "before" not in out


def test_the_confusion_has_the_truth_down(call, tables, tmp_path, two):
    """All rows lie where the ants are; one of three is none."""
    columns = dict(zip(NAMES, two.Xt[:3].T, strict=True))
    write(tmp_path / "t.csv", **columns, kind=np.array(["ant", "ant", "bee"]))
    code, out, _ = call("evaluate", tables / "adapter", tmp_path / "t.csv", "--json")
    found = json.loads(out)["after"]
    assert code == 0
    assert found["confusion"] == [[2, 0], [1, 0]]
    assert found["recall"] == [1, 0]
    assert found["precision"] == [pytest.approx(2 / 3), None]
    assert found["balanced_accuracy"] == 0.5


def test_labels_are_compared_as_they_are_written(call, tables, two, tmp_path):
    """Whole numbers in one kind of file are text in another."""
    named = dict(zip(NAMES, two.Xt.T, strict=True))
    write(tmp_path / "s.csv", **dict(zip(NAMES, two.X.T, strict=True)), kind=two.y)
    write(tmp_path / "t.csv", **named)
    write(tmp_path / "float.parquet", **named, kind=two.yt.astype(float))
    write(tmp_path / "text.parquet", **named, kind=two.yt.astype(str))
    assert call(*fit(tmp_path, "-o", tmp_path / "a", source="s.csv", target="t.csv"))[0] == 0
    for name in ("float.parquet", "text.parquet"):
        code, out, _ = call("evaluate", tmp_path / "a", tmp_path / name, "--json")
        assert code == 0
        assert json.loads(out)["after"]["accuracy"] > 0.95


def test_info_says_what_is_in_it(call, tables):
    code, out, err = call("info", tables / "adapter")
    assert (code, err) == (0, "")
    for said in ("sinkhorn", "3: f0, f1, f2", "2: ant, bee", "status=CONVERGED", "label: kind"):
        assert said in out
    code, out, _ = call("info", tables / "adapter", "--json")
    assert json.loads(out)["labels"] == ["ant", "bee"]


def test_options_arrive(call, tables, tmp_path):
    options = ("--option", "transport.epsilon=0.2", "--option", "subsample=20", "--option")
    words = (*options, "random_state=1", "--classifier", "neighbours", "--drop", "f1")
    code, out, _ = call(*fit(tables, *words, "-o", tmp_path / "a", "--json"))
    assert code == 0
    assert json.loads(out)["features"] == ["f0", "f2"]
    adapter = monge.load(tmp_path / "a")
    assert (adapter.transport.epsilon, adapter.subsample, adapter.random_state) == (0.2, 20, 1)
    assert adapter.classifier_.n_neighbors == 5


@pytest.mark.parametrize("transport", ["linear", "coral", "exact"])
@pytest.mark.parametrize("classifier", ["centroid", "logistic"])
def test_other_choices_by_name(call, tables, tmp_path, transport, classifier):
    pytest.importorskip("skops")
    words = ("--transport", transport, "--classifier", classifier, "-o", tmp_path / "a", "--json")
    code, out, _ = call(*fit(tables, *words))
    assert code == 0
    assert (json.loads(out)["certificate"] is None) == (transport != "exact")
    words = ("evaluate", tmp_path / "a", tables / "labelled.parquet", "--json")
    assert json.loads(call(*words)[1])["after"]["accuracy"] > 0.9


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--transport", "teleport"], "'teleport' is not one of auto, standardise"),
        (["--classifier", "oracle"], "'oracle' is not one of nearest"),
        (["--option", "epsilon"], "'epsilon' is not KEY=VALUE"),
        (["--option", "transport.speed=9"], "'transport' must be given parameters among"),
        (["--option", "transport.epsilon=-1"], "'epsilon' must be a positive"),
        (
            ["--transport", "exact", "--option", "map=entropic"],
            "'transport' must be one with an entropic plan",
        ),
        (["--option", "speed=9"], "Invalid parameter 'speed'"),
        (["--speed", "9"], "No such option: --speed"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_wrong_usage_is_exit_code_2(call, tables, tmp_path, words, said):
    code, out, err = call(*fit(tables, *words, "-o", tmp_path / "a"))
    assert (code, out) == (2, "")
    assert said in err
    assert not (tmp_path / "a").exists()


def bad(name, **changes):
    """Write a target with columns changed, or left out where they are None."""

    def write_it(folder):
        columns = {n: np.arange(5.0) for n in NAMES} | changes
        write(folder / name, **{k: v for k, v in columns.items() if v is not None})

    return name, write_it


BAD = {
    "missing column": (*bad("t.csv", f1=None), "the column 'f1', got the columns f0, f2"),
    "text": (*bad("t.csv", f1=np.array(list("1234x"))), "got 'x' in column 'f1', row 5"),
    "missing value": (*bad("t.csv", f2=np.array([1, 2, np.nan, 4, 5])), "column 'f2', row 3"),
    "no rows": ("t.csv", lambda f: (f / "t.csv").write_text("f0,f1,f2\n"), "rows, got none"),
    "not there": ("t.csv", lambda _: None, "a file, got nothing of that name"),
    "another kind": ("t.parquet", lambda f: (f / "t.parquet").write_text("f0"), "a Parquet file"),
}


@pytest.mark.parametrize("verb", ["fit", "predict", "transform", "evaluate"])
@pytest.mark.parametrize("case", BAD)
def test_a_bad_table_is_exit_code_3_one_sentence_and_no_file(call, tables, tmp_path, verb, case):
    name, write_it, said = BAD[case]
    write_it(tmp_path)
    before = sorted(tmp_path.iterdir())
    out = tmp_path / ("a" if verb == "fit" else "o.csv")
    words = {
        "fit": fit(tables, "-o", out, target=tmp_path / name),
        "evaluate": ["evaluate", tables / "adapter", tmp_path / name, "--label", "f0"],
    }.get(verb, [verb, tables / "adapter", tmp_path / name, "-o", out])
    code, printed, err = call(*words, "--json")
    assert code == 3
    last = err.splitlines(keepends=True)[-1]
    assert one_sentence(last)
    if verb != "evaluate" or case in ("not there", "another kind"):
        assert said in last
    assert json.loads(printed)["error"]["message"] == last.strip()
    assert sorted(tmp_path.iterdir()) == before


def test_a_label_column_that_is_not_there_or_empty(call, tables, tmp_path):
    columns = dict.fromkeys(NAMES, np.arange(3.0))
    write(tmp_path / "s.csv", **columns)
    write(tmp_path / "e.parquet", **columns, kind=np.full(3, np.nan))
    for name, said in (("s.csv", "with the column 'kind'"), ("e.parquet", "missing values alone")):
        words = fit(tables, "-o", tmp_path / "a", source=tmp_path / name)
        code, _, err = call(*words)
        assert code == 3
        assert said in err


def test_an_unknown_class_in_an_evaluation_is_named(call, tables, tmp_path):
    kinds = np.array(["ant", "cow"])
    write(tmp_path / "t.csv", **dict.fromkeys(NAMES, np.zeros(2)), kind=kinds)
    code, _, err = call("evaluate", tables / "adapter", tmp_path / "t.csv")
    assert code == 3
    assert "labels among ant, bee, got 'cow' in column 'kind', row 2" in err
    assert one_sentence(err.splitlines(keepends=True)[-1])


@pytest.mark.parametrize("verb", ["predict", "info"])
def test_what_is_no_adapter_is_exit_code_3(call, tables, tmp_path, verb):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "config.json").write_text('{"model": "pickle"}')
    out = ["-o", tmp_path / "o.csv"] if verb == "predict" else []
    table = [tables / "target.csv"] if verb == "predict" else []
    code, printed, err = call(verb, tmp_path / "a", *table, *out)
    assert (code, printed) == (3, "")
    assert one_sentence(err)


def test_what_is_there_is_kept_unless_forced(call, tables, tmp_path):
    out = tmp_path / "o.csv"
    out.write_text("mine")
    words = ("predict", tables / "adapter", tables / "target.csv", "-o", out)
    code, printed, err = call(*words)
    assert (code, printed) == (1, "")
    assert "pass --force to replace it" in err
    assert out.read_text() == "mine"
    assert call(*words, "--force")[0] == 0
    assert out.read_text().startswith('"label"')
    code, _, err = call(*fit(tables, "-o", tables / "adapter"))
    assert code == 1
    assert "which exists" in err
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").touch()
    code, _, err = call(*fit(tables, "-o", tmp_path / "thesis", "--force"))
    assert code == 1
    assert "new, empty or an artifact" in err


def test_another_ending_is_refused_before_anything_is_read(call, tables, tmp_path):
    code, out, err = call("predict", tables / "adapter", "nowhere.csv", "-o", tmp_path / "o.xlsx")
    assert (code, out) == (1, "")
    assert "ends in .parquet, .csv, .npz" in err


def test_tables_beyond_the_memory_are_refused_beforehand(call, tables, tmp_path):
    code, out, err = call(*fit(tables, "-o", tmp_path / "a", "--memory", "1 KB"))
    assert (code, out) == (1, "")
    assert "monge fit: 'memory' must be at least" in err
    assert one_sentence(err)


@pytest.mark.parametrize("verb", ["predict", "transform"])
def test_an_interrupt_leaves_nothing(call, tables, tmp_path, monkeypatch, verb):
    def interrupted(*_):
        raise KeyboardInterrupt

    method = "target_distance" if verb == "predict" else verb
    monkeypatch.setattr(monge.Adapter, method, interrupted)
    words = (verb, tables / "adapter", tables / "source.csv", "-o", tmp_path / "o.npz")
    code, _, err = call(*words)
    assert code == 130
    assert "monge: interrupted; nothing was written." in err
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_page_leaves_the_adapter_and_says_so(call, tables, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("monge.cli.fitting.write", interrupted)
    words = fit(tables, "-o", tmp_path / "a", "--report", tmp_path / "p.html", "--no-check")
    code, _, err = call(*words)
    assert code == 130
    assert f"monge: interrupted; {tmp_path / 'a'} was written, its page was not." in err
    assert monge.load(tmp_path / "a").classes_.size
    assert not (tmp_path / "p.html").exists()


STOPS = {
    "ctrl-c": (signal.SIGINT, 130, "interrupted"),
    "sigterm": (signal.SIGTERM, 143, "terminated"),
}


@pytest.mark.parametrize(("name", "stop"), [("o.csv", "ctrl-c"), ("o.npz", "sigterm")])
def test_a_signal_amid_a_long_file_leaves_nothing(start, tables, tmp_path, name, stop):
    number, code, word = STOPS[stop]
    rows = np.random.default_rng(0).normal(size=(1_000_000, 3)).astype(np.float32)
    write(tmp_path / "big.parquet", **dict(zip(NAMES, rows.T, strict=True)))
    process = start("predict", str(tables / "adapter"), "big.parquet", "-o", name)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(f".{name}.*")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert err == f"monge: {word}; nothing was written.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["big.parquet"]


def test_without_the_libraries_of_tables_it_says_what_to_install(
    call, tables, tmp_path, monkeypatch
):
    import sys

    for name in [n for n in sys.modules if n.startswith("monge.data.tables")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, _, err = call("predict", tables / "adapter", tables / "target.csv", "-o", "o.csv")
    assert code == 1
    assert "pip install 'monge[tables]'" in err


@pytest.mark.parametrize("text", ["inf", "Infinity", "+inf"])
def test_an_option_may_be_infinite(call, tables, tmp_path, text):
    words = ("--transport", "unbalanced", "--option", f"transport.tau_target={text}")
    assert call(*fit(tables, *words, "-o", tmp_path / "a"))[0] == 0
    assert monge.load(tmp_path / "a").get_params()["transport__tau_target"] == np.inf


@pytest.mark.parametrize(
    "words",
    [
        ["fit", "a.csv", "--json"],
        ["fit", "a.csv", "b.csv", "--label", "k", "-o", "x", "--transport", "no", "--json"],
        ["predict", "--json", "--nothing"],
        ["bench", "accuracy", "--pairs", "nowhere", "--json"],
    ],
)
def test_wrong_usage_is_told_as_json_too(call, words):
    code, out, err = call(*words)
    assert code == 2
    told = json.loads(out)["error"]
    assert told["kind"] == "UsageError"
    assert told["message"].splitlines()[0][:40] in err
    assert "Traceback" not in err


def test_a_missing_adapter_is_told_by_who_looked_for_it(call, tables, tmp_path):
    for words in (
        ("info", "nowhere"),
        ("predict", "nowhere", tables / "target.csv", "-o", "o.csv"),
    ):
        code, _, err = call(*words)
        assert code == 3
        assert err.startswith("monge.load: 'path' must be an existing artifact, got ")


def test_turns_that_end_early_have_a_line(call, tables, tmp_path):
    code, _, err = call(*fit(tables, "--transport", "jdot", "-o", tmp_path / "a"))
    assert code == 0
    assert err.count("JointTransport: done (") == 1
