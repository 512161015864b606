"""Pages in a real browser, which is the one that is installed: none is ever fetched."""

from __future__ import annotations

import dataclasses
import os
import shutil
from importlib import import_module

import numpy as np
import pytest

from monge import Adapter, Sinkhorn
from monge.adapters import explore
from monge.experiments import run
from monge.report import write_fit_page
from monge.results import Fitted
from toy import toy

EVIL = "<script>alert(1)</script>"
UNBROKEN = "Donaudampfschifffahrtsgesellschaft" * 3
LONG = "a class with a very long name that somebody thought was a good idea at the time"
VERDICT = {
    "schema": 1,
    "decision": "abstain",
    "choice": {"name": EVIL, "parameters": {"transport": "Linear()"}},
    "source_only": {"value": 0.81, "low": 0.74, "high": 0.86},
    "chosen": {"value": 0.69, "low": 0.6, "high": 0.77},
    "gain": {"value": -0.12, "low": -0.2, "high": -0.04},
    "per_class": [{"label": EVIL, "predicted": 0.4, "right": 0.9}],
    "evidence": [
        {"score": "cot", "value": 0.12, "before": 0.5, "words": f"Less sure than before {EVIL}."},
        {"score": "calibrated_confidence_unseen", "value": 0.83, "before": 0.93},
    ],
    "warnings": ["The target seems to lack the class 'dog'."],
}


@pytest.fixture(scope="session")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    place = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
    if place is None:
        pytest.skip("no Chromium on the path; none is fetched for a test")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=place, args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Opened:
    """A page in the browser, with everything it complained of and asked for."""

    def __init__(self, browser, path, **settings):
        settings.setdefault("viewport", {"width": 1280, "height": 900})
        self.page = browser.new_page(**settings)
        self.complaints, self.requests = [], []
        self.page.on(
            "console",
            lambda told: (
                self.complaints.append(told.text) if told.type in {"error", "warning"} else None
            ),
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(f"file://{path}")
        self.page.wait_for_selector("html[data-complete]", state="attached")

    def asked(self):
        """Return what was asked for beside the file itself."""
        return [url for url in self.requests[1:] if not url.startswith("data:")]

    def model(self, name, expression):
        """Evaluate an expression of the model ``m`` of that name."""
        found = "Bokeh.documents.map(d => d.get_model_by_name(name)).find(found => found)"
        return self.page.evaluate(f"name => {{ const m = {found}; return ({expression}); }}", name)

    def receivers(self):
        """Return row and share of each receiver in the panel."""
        items = self.page.query_selector_all("#panel li")
        return [
            (int(i.get_attribute("data-row")), float(i.get_attribute("data-share"))) for i in items
        ]

    def place(self, x, y):
        """Return where a point of the explorer's plane is on the screen."""
        view = "Bokeh.index.find_one(m)"
        scales = f"{view}.frame.x_scale.compute({x}), {view}.frame.y_scale.compute({y})"
        right, down = self.model("explorer", f"[{scales}]")
        box = f"{view}.canvas_view.el.getBoundingClientRect()"
        left, top = self.model("explorer", f"[{box}.left, {box}.top]")
        return left + right, top + down


@pytest.fixture
def open_page(browser):
    """Open a page, and close it at the end."""
    opened = []

    def call(path, **settings):
        opened.append(Opened(browser, path, **settings))
        return opened[-1]

    yield call
    for one in opened:
        one.page.close()


@pytest.fixture(scope="module")
def fit_opened(fit_page, browser):
    """The page of a fit, for tests that need not be the first to touch it."""
    opened = Opened(browser, fit_page.path)
    yield opened
    opened.page.close()


def fitted_record(names):
    return Fitted(
        source_name=f"old {EVIL} {UNBROKEN}",
        target_name="new",
        source_n=60,
        target_n=45,
        judged=45,
        given=dict.fromkeys(names, (0.3, 0.2, 0.4)),
        changed=0.2,
        parameters={"transport": EVIL},
        protocol="All rows.",
        command="monge report adapter old.csv new.csv -o page.html",
        environment={"python": "3.11"},
    )


@dataclasses.dataclass(frozen=True, eq=False)
class Made:
    """A page with what it was made of."""

    path: str
    adapter: Adapter
    explorer: object


def make_page(folder, X, y, X_target, *, transport=None, images=False, verdict=None, **shown):
    adapter = Adapter(transport or Sinkhorn(epsilon=0.05)).fit(X, y, X_target=X_target)
    explorer = explore(adapter, X, y, X_target, **shown)
    if images:
        draw = np.random.default_rng(0)
        sizes = len(explorer.clouds.source_rows), len(explorer.clouds.target_rows)
        pictures = [draw.integers(0, 255, (size, 12, 12), dtype=np.uint8) for size in sizes]
        explorer = dataclasses.replace(
            explorer, source_images=pictures[0], target_images=pictures[1]
        )
    path = write_fit_page(
        fitted_record(explorer.classes), explorer, folder / "page.html", verdict=verdict
    )
    return Made(path, adapter, explorer)


def clusters(names, n=60, m=45):
    """Draw domains of classes that lie well apart."""
    draw = np.random.default_rng(1)
    codes = np.arange(n) % len(names)
    centres = 4 * draw.normal(size=(len(names), 3))
    X = centres[codes] + draw.normal(size=(n, 3))
    X_target = centres[np.arange(m) % len(names)] + [2, 1, 0] + draw.normal(size=(m, 3))
    return X, np.array(names)[codes], X_target


@pytest.fixture(scope="session")
def fit_page(tmp_path_factory):
    """The page of a fit: hostile and long names, pictures, a verdict."""
    domains = clusters(["cat", "dog", EVIL, LONG])
    return make_page(tmp_path_factory.mktemp("fit"), *domains, images=True, verdict=VERDICT)


@pytest.fixture(scope="session")
def run_page(tmp_path_factory):
    """The page of a run of two seeds, without its still pictures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        patch.setattr(import_module("monge.report"), "draw_all", lambda *_: ())
        options = dataclasses.replace(toy().options, seeds=(0, 1))
        return run(toy(), options=options, out=tmp_path_factory.mktemp("run"))
