"""`monge report` and `monge fit --report`: the page of people's own tables."""

import json
import sys

import numpy as np
import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("pandas")

from monge.data.tables import write_table

NAMES = ("height", "width")


def write(path, **columns):
    with write_table(path) as put:
        put(columns)


@pytest.fixture
def tables(tmp_path):
    draw = np.random.default_rng(0)
    y, yt = np.arange(60) % 2, np.arange(50) % 2
    X = draw.normal(size=(60, 2)) + 6 * y[:, None]
    Xt = draw.normal(size=(50, 2)) + 6 * yt[:, None] + 4
    write(
        tmp_path / "old.csv", **dict(zip(NAMES, X.T, strict=True)), kind=np.array(["ant", "bee"])[y]
    )
    write(tmp_path / "new.csv", **dict(zip(NAMES, Xt.T, strict=True)), site=np.arange(50))
    return tmp_path


def fit(folder, *words):
    return ("fit", folder / "old.csv", folder / "new.csv", "--label", "kind", *words)


def data_of(page):
    """Return what the script of a page reads."""
    text = page.read_text(encoding="utf-8").split('id="data">')[1]
    return json.loads(text.split("</script>")[0])["explorer"]


def test_a_fit_writes_its_page_and_says_how_to_make_it_again(call, tables):
    code, out, _ = call(*fit(tables, "-o", "adapter", "--report", "page.html"))
    assert code == 0
    assert out.splitlines()[-1].startswith("Page: page.html (")
    text = (tables / "page.html").read_text(encoding="utf-8")
    again = f"monge report adapter {tables / 'old.csv'} {tables / 'new.csv'} -o page.html"
    assert again in text
    assert "50 rows of new are given" in text
    assert "versions torch" in text
    first = data_of(tables / "page.html")
    code, out, _ = call(*again.split()[1:], "--force")
    assert (code, out.startswith("Page: page.html (")) == (0, True)
    second = data_of(tables / "page.html")
    assert first["sent"]["receivers"] == second["sent"]["receivers"]
    np.testing.assert_allclose(first["sent"]["shares"], second["sent"]["shares"], atol=1e-4)
    assert first["classes"] == second["classes"] == ["ant", "bee"]


def test_a_transport_that_is_chosen_writes_its_page_and_verdict(call, tables):
    code, _, err = call(*fit(tables, "--transport", "auto", "-o", "a", "--report", "page.html"))
    assert (code, "must be" in err) == (0, False)
    text = (tables / "page.html").read_text(encoding="utf-8")
    assert "Should this be adapted at all?" in text
    assert "transport that was chosen" in text
    sides = tables / "old.csv", tables / "new.csv"
    code, out, _ = call("report", "a", *sides, "-o", "again.html")
    assert (code, out.startswith("Page: again.html (")) == (0, True)
    assert data_of(tables / "again.html")["source"] == data_of(tables / "page.html")["source"]


def test_json_names_the_page(call, tables):
    code, out, _ = call(*fit(tables, "-o", "adapter", "--report", "page.html", "--json"))
    assert (code, json.loads(out)["page"]) == (0, "page.html")
    code, out, _ = call("report", "adapter", tables / "old.csv", tables / "new.csv", "--json")
    told = json.loads(out)
    assert (code, told["page"]) == (0, "report.html")
    assert told["bytes"] == (tables / "report.html").stat().st_size


def test_an_adapter_without_a_label_is_told_which(call, tables):
    import monge

    X = np.array([[0.0, 0.0], [6.0, 6.0]])
    monge.Adapter("linear").fit(X, ["ant", "bee"], X_target=X + 1).save(tables / "bare")
    sides = "bare", "old.csv", "new.csv"
    code, _, said = call("report", *sides)
    assert (code, "'label' must be named" in said) == (1, True)
    assert not (tables / "report.html").exists()
    write(tables / "new.csv", height=X[:, 0], width=X[:, 1])
    code, _, said = call("report", *sides, "--label", "kind")
    assert (code, "of 2 columns, as the adapter was fitted without names" in said) == (3, True)


def test_other_tables_than_those_of_the_fit_are_refused(call, tables):
    call(*fit(tables, "-o", "adapter"))
    draw = np.random.default_rng(5)
    write(tables / "other.csv", height=draw.normal(size=50) + 30, width=draw.normal(size=50))
    code, _, said = call("report", "adapter", "old.csv", "other.csv")
    assert (code, "pass the two tables that the adapter was fitted on" in said) == (1, True)
    assert not (tables / "report.html").exists()
    code, _, _ = call("report", "adapter", "old.csv", "new.csv", "-o", "right.html")
    assert code == 0


@pytest.mark.parametrize("page", ["old.csv", "new.csv", "./sub/../old.csv", "page.pdf", "page"])
@pytest.mark.parametrize("command", ["fit", "report"])
def test_a_page_is_named_as_one_and_replaces_no_table_even_when_told_to(
    call, tables, command, page
):
    (tables / "sub").mkdir()
    (tables / "old.html").symlink_to("old.csv")
    before = (tables / "old.csv").read_bytes(), (tables / "new.csv").read_bytes()
    for name in (page, "old.html"):
        words = fit(tables, "-o", "adapter", "--report", name, "--force")
        if command == "report":
            words = ("report", "adapter", "old.csv", "new.csv", "-o", name, "--force")
        code, _, said = call(*words)
        assert (code, "choose another name, such as report.html" in said) == (1, True)
    assert before == ((tables / "old.csv").read_bytes(), (tables / "new.csv").read_bytes())
    assert not (tables / "adapter").exists()


@pytest.mark.parametrize("words", [("report", "adapter", "old.csv", "new.csv"), ()])
def test_a_page_that_is_there_is_not_replaced_before_any_work(call, tables, words):
    (tables / "report.html").write_text("mine")
    words = words or fit(tables, "-o", "adapter", "--report", "report.html")
    code, _, said = call(*words)
    assert (code, "report.html, which exists" in said) == (1, True)
    assert (tables / "report.html").read_text() == "mine"
    assert not (tables / "adapter").exists()


def test_a_missing_extra_is_told_before_any_work(call, tables, monkeypatch):
    monkeypatch.setitem(sys.modules, "bokeh", None)
    code, _, said = call(*fit(tables, "-o", "adapter", "--report", "page.html"))
    assert (code, "pip install 'monge[report]'" in said) == (1, True)
    assert not (tables / "adapter").exists()
