"""The page of a fit: what it says of a plan that leaves mass behind, and names as they come."""

import re

import numpy as np
import pytest

from monge import Adapter, Partial
from monge.adapters import explore
from monge.report import write_fit_page
from monge.report.words import name
from monge.results import Fitted

pytest.importorskip("jinja2", reason="pip install 'monge[report]'")
pytest.importorskip("bokeh", reason="pip install 'monge[report]'")


def page_of(folder, names, transport="exact"):
    """Write the page of a small fit with such classes, and return its text."""
    draw = np.random.default_rng(0)
    y = np.array(names)[np.arange(30) % len(names)]
    X = draw.normal(size=(30, 2)) + 6 * (np.arange(30) % len(names))[:, None]
    explorer = explore(Adapter(transport).fit(X, y, X_target=X + 2), X, y, X + 2)
    shares = {label: (1 / len(names),) * 3 for label in names}
    fitted = Fitted(
        source_name="old\u200f",
        target_name="new",
        source_n=30,
        target_n=30,
        judged=30,
        given=shares,
        changed=0.0,
        parameters={"transport": "one"},
        protocol="All rows.",
        command="monge report adapter old.csv new.csv -o page.html",
    )
    text = write_fit_page(fitted, explorer, folder / "page.html").read_text()
    return re.sub("[\u00a0\u202f]", " ", text), explorer


def test_a_plan_that_leaves_mass_behind_is_not_said_to_place_all(tmp_path):
    text, explorer = page_of(tmp_path, ["low", "high"], Partial(share=0.7, epsilon=0))
    assert explorer.convergence.moved == pytest.approx(0.7)
    assert "it moves 70.0 % of the mass in all" in text
    assert "every source point gives away what it has" not in text
    assert re.search(r"mass that is moved</th>\s*<td[^>]*>70\.0 %", text)


def test_a_plan_that_places_all_says_nothing_of_it(tmp_path):
    text, explorer = page_of(tmp_path, ["low", "high"])
    assert explorer.convergence.moved is None
    assert "every source point gives away what it has" in text
    assert "mass that is moved" not in text


def test_marks_that_turn_the_text_are_shown_and_turn_nothing(tmp_path):
    turning = "abc\u202edef\u2066"
    text, _ = page_of(tmp_path, [turning, "high"])
    assert not re.search("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", text)
    assert r"abc\u202edef\u2066" in text  # in the HTML
    assert r"abc\\u202edef\\u2066" in text  # in the data of the script: a backslash in JSON
    assert r'abc\u202edef\u2066"' not in text  # there it would be the mark itself


def test_long_names_that_begin_alike_are_told_apart(tmp_path):
    names = [f"a class of a name that is very long, number {k}" for k in range(3)]
    _, explorer = page_of(tmp_path, names)
    assert len({name(explorer, k) for k in range(3)}) == 3
    assert all(name(explorer, k).endswith(f"number {k}") for k in range(3))
