"""What is written to disk: whole files or none, and a page that needs nothing beside it."""

from __future__ import annotations

import base64
import dataclasses
import errno
import html
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from monge.errors import DataError, OutputError
from monge.report import draw_all, write_page, write_report
from monge.report.pictures import Picture

PNG = b"\x89PNG\r\n\x1a\n"
NAMES = (
    "accuracy",
    "ladder",
    "samples",
    "training",
    "clouds",
    "plan",
    "plan_sorted",
    "class_mass",
    "confusion",
)


class Page(HTMLParser):
    """What a browser would see: tags with their attributes, and the text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(scope="module")
def written(tmp_path_factory, run):
    folder = tmp_path_factory.mktemp("report") / "not" / "there yet"
    signs = []
    path = write_report(*run, folder, signs.append)
    return folder, path, signs


@pytest.fixture(scope="module")
def page(written):
    return Page(written[1].read_text(encoding="utf-8"))


@pytest.fixture
def pictures(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    return (Picture(name="accuracy", title="It works", alt_text="dots", path=path),)


def test_every_picture_is_a_png_and_nothing_else_is_left(written):
    folder, path, signs = written
    assert path == folder / "report.html"
    files = sorted(item.name for item in (folder / "figures").iterdir())
    assert files == sorted(f"{name}.png" for name in NAMES)
    assert sorted(item.name for item in folder.iterdir()) == ["figures", "report.html"]
    for item in (folder / "figures").iterdir():
        content = item.read_bytes()
        assert content.startswith(PNG)
        assert content.endswith(b"IEND\xaeB`\x82")
    assert [sign.detail for sign in signs] == list(NAMES)
    assert (signs[-1].done, signs[-1].total) == (9, 9)


def test_the_same_run_gives_the_same_bytes(run, tmp_path):
    result, evidence = run
    only = lean(evidence)
    first, second = (draw_all(result, only, tmp_path / name) for name in "ab")
    assert [p.path.read_bytes() for p in first] == [p.path.read_bytes() for p in second]


def lean(evidence):
    """Return evidence that holds the confusion matrices alone."""
    empty = {
        item.name: np.zeros((0, 0))
        for item in dataclasses.fields(evidence)
        if not item.name.startswith("confusion")
    }
    return dataclasses.replace(evidence, **empty)


def test_pictures_without_evidence_are_left_out(run, tmp_path):
    result, evidence = run
    drawn = draw_all(result, lean(evidence), tmp_path)
    assert [picture.name for picture in drawn] == ["accuracy", "ladder", "confusion"]


def test_the_page_holds_every_picture_with_its_alt_text(written, page):
    folder, _, _ = written
    images = page.all("img")
    embedded = {base64.b64decode(image["src"].split(",", 1)[1]) for image in images}
    assert embedded == {item.read_bytes() for item in (folder / "figures").iterdir()}
    assert all(image["src"].startswith("data:image/png;base64,") for image in images)
    assert all(image["alt"] for image in images)


def test_the_page_loads_nothing(page, written):
    for tag, attributes in page.tags:
        for name in ("src", "href", "srcset", "action", "data"):
            value = attributes.get(name, "data:")
            assert value.startswith(("data:", "#")), (tag, value)
    text = re.sub(r"base64,[^\"]*", "", written[1].read_text(encoding="utf-8"))
    text = re.sub(r"<script\b.*?</script>", "", text, flags=re.DOTALL)
    assert "http://" not in text
    assert "https://" not in text
    assert "url(" not in text
    assert "@import" not in text
    assert not page.all("link")
    policy = next(a["content"] for a in page.all("meta") if "http-equiv" in a)
    assert "default-src 'none'" in policy  # nothing that the scripts might ask for is allowed
    assert not {"connect-src", "'unsafe-eval'"} & set(policy.split())
    assert "img-src data:;" in policy


def test_without_anything_to_look_at_the_page_has_no_script(run, tmp_path, pictures):
    page = Page(write_page(run[0], pictures, tmp_path / "r.html").read_text(encoding="utf-8"))
    assert not page.all("script")


def test_every_anchor_has_its_place(page):
    places = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert {link["href"][1:] for link in page.all("a")} <= places


def test_wide_things_scroll_in_a_box_that_the_keyboard_reaches(page):
    boxes = [box for box in page.all("div") if "scroll" in box.get("class", "").split()]
    assert len(boxes) == len(page.all("table")) + len(page.all("img")) + 1
    assert all(box["tabindex"] == "0" and box["aria-label"] for box in boxes)


def test_the_page_tells_the_run(page, run):
    result, _ = run
    for method in result.methods.values():
        assert method.title in page.text
        assert f"{100 * method.accuracy.mean:.2f}" in page.text
        assert f"{100 * method.accuracy.std:.2f}" in page.text
    for text in (
        result.protocol,
        result.command,
        "61,706",
        "3.2e-07",
        "converged: the marginals are met",
        "0.01, of the largest cost",
        "versions torch",
        "2.13.0",
        "Transport lifts 1-NN on USPS",
    ):
        assert text in page.text


def test_every_kind_of_run_makes_a_page(any_run, tmp_path, pictures):
    path = write_page(any_run[0], pictures, tmp_path / "report.html")
    assert Page(path.read_text(encoding="utf-8")).text.count("It works.") == 1


def test_a_page_without_pictures_still_says_the_result(run, tmp_path):
    path = write_page(run[0], (), tmp_path / "report.html")
    text = Page(path.read_text(encoding="utf-8")).text
    assert "label spreading over a neighbour graph reads 93.4\u00a0% of USPS right" in text


def test_hostile_names_are_escaped(run, tmp_path, pictures):
    result, _ = run
    evil = '"><script>alert(1)</script>'
    method = dataclasses.replace(result.methods["method1"], title=evil)
    hostile = dataclasses.replace(
        result,
        source_name=evil,
        command=evil,
        protocol=evil,
        methods={"a": method},
        environment={evil: {evil: evil}},
    )
    picture = dataclasses.replace(pictures[0], title=evil, alt_text=evil)
    page = Page(write_page(hostile, (picture,), tmp_path / "r.html").read_text(encoding="utf-8"))
    assert not page.all("script")
    assert page.all("img")[0]["alt"] == evil
    assert html.unescape(page.text).count("alert(1)") >= 5


def test_a_file_where_the_folder_should_be_is_one_sentence(run, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputError, match="'path' must be in a folder that can be written") as e:
        draw_all(*run, tmp_path / "taken")
    assert "\n" not in str(e.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser writes everywhere")
def test_a_folder_without_permission_is_one_sentence(run, tmp_path, pictures):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="Permission denied"):
            write_page(run[0], pictures, tmp_path / "report.html")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_a_failed_write_leaves_the_old_page_and_nothing_else(
    code, run, pictures, tmp_path, monkeypatch
):
    path = tmp_path / "page" / "report.html"
    path.parent.mkdir()
    path.write_bytes(b"old")

    def fail(self, target):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match=os.strerror(code)):
        write_page(run[0], pictures, path)
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_an_interrupted_drawing_leaves_nothing(run, tmp_path, monkeypatch):
    def interrupt(self, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        draw_all(*run, tmp_path)
    assert list((tmp_path / "figures").iterdir()) == []


def test_a_lost_picture_is_one_sentence(run, tmp_path, pictures):
    pictures[0].path.unlink()
    with pytest.raises(DataError, match="'pictures' must be files that can be read"):
        write_page(run[0], pictures, tmp_path / "report.html")


def test_a_missing_extra_says_how_to_install_it(run, tmp_path, monkeypatch, pictures):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(OutputError, match=r"'matplotlib' .* pip install 'monge\[report\]'"):
        draw_all(*run, tmp_path)
    with pytest.raises(OutputError, match=r"'jinja2' .* pip install 'monge\[report\]'"):
        write_page(run[0], pictures, tmp_path / "report.html")


def test_bokeh_that_is_missing_says_how_to_install_it(run, tmp_path, monkeypatch, pictures):
    monkeypatch.setitem(sys.modules, "bokeh", None)
    with pytest.raises(OutputError, match=r"'bokeh' .* pip install 'monge\[report\]'"):
        write_page(run[0], pictures, tmp_path / "report.html", evidence=run[1])


def test_importing_the_room_loads_no_extra():
    code = (
        "import sys, monge.report; "
        "extras = ('bokeh', 'matplotlib', 'jinja2', 'PIL'); "
        "sys.exit(any(m.split('.')[0] in extras for m in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
