"""What a person does with the page: look, press, type, walk by the keyboard, on every screen."""

import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from tests.browser.conftest import EVIL, LONG, UNBROKEN, clusters, fitted_record, make_page

from monge.report import write_fit_page
from monge.report.live.base import palettes

MOST_BYTES = 15e6

ASK = """
() => new Promise((done) => {
  document.addEventListener("securitypolicyviolation", (event) => done(event.effectiveDirective));
  setTimeout(() => done("nothing forbids it"), 3000);
  document.body.append(Object.assign(new Image(), { src: "http://localhost:9/pixel.png" }));
})
"""

NAMELESS = """
() => {
  const textOf = (id) => document.getElementById(id)?.textContent;
  const named = (e) => [
    e.getAttribute("aria-label"),
    ...(e.getAttribute("aria-labelledby") || "").split(" ").map(textOf),
    /^(A|BUTTON|SUMMARY)$/.test(e.tagName) ? e.textContent : "",
    e.labels?.length ? e.labels[0].firstChild.textContent : "",
  ].some((text) => text?.trim());
  const all = "a, button, select, input, summary, section, nav, [tabindex], [role]";
  return [...document.querySelectorAll(all)]
    .filter((e) => !e.closest("[data-plot] *") && !named(e))
    .map((e) => e.outerHTML.slice(0, 120));
}
"""

STICKS_OUT = """
() => {
  const out = (e) => e.getBoundingClientRect().right > innerWidth + 1;
  const spills = (e) => e.scrollWidth > e.clientWidth + 2 && e.clientWidth > 0
    && getComputedStyle(e).overflowX === "visible" && getComputedStyle(e).display === "block";
  return [...document.querySelectorAll("header *, main *")]
    .filter((e) => !e.closest("[data-plot] *, .scroll *, .skip") && e.getClientRects().length)
    .filter((e) => out(e) || spills(e)).map((e) => e.outerHTML.slice(0, 120));
}
"""


def exact_receivers(made, at):
    """Return rows and shares of the ten main receivers of a drawn row, read off the plan."""
    row = int(made.explorer.clouds.source_rows[at])
    mass = made.adapter.solution_.plan.rows(row, row + 1)[0].double().numpy()
    share = mass / mass.sum()
    order = np.argsort(-share)[:10]
    return order.tolist(), share[order]


def assert_shows(opened, made, at):
    rows, shares = exact_receivers(made, at)
    shown = opened.receivers()
    assert [row for row, _ in shown] == rows
    np.testing.assert_allclose([share for _, share in shown], shares, rtol=1e-4)
    written = [e.inner_text() for e in opened.page.query_selector_all("#panel li .number")]
    assert written == [f"{100 * share:.1f}\u00a0%" for share in shares]


def test_a_run_opens_without_a_complaint_and_asks_for_nothing(run_page, open_page):
    opened = open_page(run_page.page)
    opened.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert opened.complaints == []
    assert opened.asked() == []
    assert run_page.page.stat().st_size < MOST_BYTES
    drawn = opened.page.evaluate(
        "[...document.querySelectorAll('[data-plot]')].map(e => e.dataset.plot)"
    )
    assert drawn == [
        "accuracy", "before", "after", "explorer", "plan", "class-mass", "convergence",
    ]  # fmt: skip
    text = opened.page.inner_text("body")
    assert run_page.result.command in text
    assert "mean over 2 seeds" in text
    assert len(opened.page.query_selector_all("#panel .thumb")) == 11
    for name in ("before", "after", "explorer", "plan"):  # a finger scrolls the page
        assert opened.model(name, "m.toolbar.active_drag") is None


@pytest.mark.parametrize("which", ["fit", "run"])
def test_the_page_may_ask_the_network_for_nothing(which, fit_page, run_page, open_page):
    opened = open_page({"fit": fit_page.path, "run": run_page.page}[which])
    assert opened.page.evaluate(ASK) == "img-src"


@pytest.mark.parametrize("which", ["fit", "run"])
def test_whatever_can_be_reached_has_a_name(which, fit_page, run_page, open_page):
    page = open_page({"fit": fit_page.path, "run": run_page.page}[which]).page
    assert page.evaluate(NAMELESS) == []
    assert page.get_attribute("#panel", "aria-live") == "polite"
    assert page.get_attribute("html", "lang") == "en"
    for picture in page.query_selector_all("img"):
        assert picture.get_attribute("alt")
    for thumb in page.query_selector_all(".thumb"):
        assert "target row" in (name := thumb.get_attribute("aria-label")) or "source row" in name


def test_a_fit_opens_without_a_complaint_and_says_its_verdict(fit_page, open_page):
    opened = open_page(fit_page.path)
    assert opened.complaints == []
    assert opened.asked() == []
    text = opened.page.inner_text("main")
    for words in (
        "Do not adapt: keep the classifier as it is.",
        "without adapting 81.0\u00a0% (74.0\u00a0% to 86.0\u00a0%); adapted 69.0\u00a0%",
        "The target seems to lack the class 'dog'.",
        f"Less sure than before {EVIL}.",
        f"The best candidate: {EVIL}, thought to bring -12.0 points",
        "transport=Linear()",
    ):
        assert words in text


def test_without_javascript_the_words_and_the_tables_are_read(fit_page, browser):
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(f"file://{fit_page.path}")
        assert "JavaScript is off" in page.inner_text("main")
        assert "the verdict, the sentence above each picture" in page.inner_text("main")
        for empty in (
            "#place-before",
            "#place-plan",
            "#explorer-keys",
            "#choose",
            "#panel",
            "#sort",
        ):
            assert not page.is_visible(empty)
        for kept in ("#mass ~ p", ".verdict", "#risks", "#trust ~ p"):
            assert page.is_visible(kept)
        page.click("#mass ~ details summary")
        assert page.is_visible("#mass ~ details table")
    finally:
        context.close()


def test_what_a_number_does_not_cover_stands_beside_it(fit_opened):
    page = fit_opened.page
    page.select_option("#class", "0")
    page.click("#next")
    assert "not how often these are right" in page.inner_text("#panel .who")
    assert "whether the classes it gives are right" in page.inner_text("section:has(#trust)")


def test_names_are_text_wherever_they_stand(fit_page, fit_opened):
    opened, page = fit_opened, fit_opened.page
    for label in range(4):
        page.select_option("#class", str(label))
        page.click("#next")
    spot = fit_page.explorer.clouds.before[0]
    page.query_selector("#explorer-keys").scroll_into_view_if_needed()
    page.mouse.move(*opened.place(*map(float, spot)))
    page.wait_for_timeout(100)
    assert opened.complaints == []
    assert (
        page.evaluate("[...document.scripts].filter(s => s.textContent.startsWith('alert')).length")
        == 0
    )
    for place in ("h1", "#legend", "#panel", "#mass ~ p"):
        assert page.query_selector(f"{place} script") is None
    assert EVIL in page.inner_text("#legend")
    assert LONG in page.inner_text("#legend")
    assert EVIL in page.inner_text("h1")


def test_a_press_on_a_point_shows_where_its_mass_goes(fit_page, fit_opened):
    opened = fit_opened
    points = fit_page.explorer.clouds.before.astype(float)
    gaps = np.linalg.norm(points[:, None] - points[None], axis=2) + 9 * np.eye(len(points))
    at = int(gaps[1:].min(1).argmax()) + 1  # the loneliest, and not the first, which is shown
    opened.page.query_selector("#explorer-keys").scroll_into_view_if_needed()
    opened.page.mouse.click(*opened.place(*points[at]))
    opened.page.wait_for_selector(f"#panel[data-place='{at}']")
    assert_shows(opened, fit_page, at)
    lines = opened.model("lines", "Array.from(m.data.x1)")
    to = fit_page.explorer.sent.receivers[at]
    np.testing.assert_allclose(lines, fit_page.explorer.clouds.target[to, 0], rtol=1e-3, atol=1e-4)
    image = opened.model("image", "[m.data.x[0], m.data.y[0]]")
    np.testing.assert_allclose(image, fit_page.explorer.sent.image[at], rtol=1e-3, atol=1e-4)
    spread = fit_page.explorer.sent.perplexity[at]
    assert f"about {spread:.1f} target points in effect" in opened.page.inner_text("#panel")
    label = fit_page.explorer.clouds.source_labels[at]
    assert opened.page.input_value("#class") == str(label)
    thumbs = opened.page.query_selector_all("#panel .thumb")
    places = [at, *to.tolist()]
    assert len(thumbs) == len(places)
    for thumb, place in zip(thumbs, places, strict=True):  # of 64 a line
        x, y, size = thumb.evaluate(
            "e => [e.style.backgroundPositionX, e.style.backgroundPositionY, e.style.width]"
            ".map(parseFloat)"
        )
        assert (round(-x / size), round(-y / size)) == (place % 64, place // 64)
    assert f"source row {fit_page.explorer.clouds.source_rows[at]}" in (
        thumbs[0].get_attribute("aria-label")
    )


def lonely(points, but=()):
    """Return the places of points, the loneliest first."""
    gaps = np.linalg.norm(points[:, None] - points[None], axis=2) + 9 * np.eye(len(points))
    return [at for at in np.argsort(-gaps.min(1), kind="stable").tolist() if at not in but]


def test_of_two_quick_presses_the_last_one_counts(fit_page, fit_opened):
    opened = fit_opened
    points = fit_page.explorer.clouds.before.astype(float)
    first, second = lonely(points)[:2]
    opened.page.query_selector("#explorer-keys").scroll_into_view_if_needed()
    spots = [opened.place(*points[at]) for at in (first, second)]
    for spot in spots:  # within the time of one double click
        opened.page.mouse.click(*spot)
    opened.page.wait_for_selector(f"#panel[data-place='{second}']", timeout=2000)
    opened.page.wait_for_timeout(400)
    assert opened.page.get_attribute("#panel", "data-place") == str(second)
    empty = fit_page.explorer.clouds.before.max(0) + 0.5
    opened.page.mouse.click(*opened.place(*empty.astype(float).tolist()))
    assert opened.page.get_attribute("#panel", "data-place") == str(second)


def test_the_number_of_a_point_acts_at_once_and_says_what_is_wrong(fit_page, fit_opened):
    page, labels = fit_opened.page, fit_page.explorer.clouds.source_labels
    mates = np.flatnonzero(labels == 2)
    page.select_option("#class", "2")

    def place():
        return page.get_attribute("#panel", "data-place")

    page.fill("#point", "3")  # no Enter, no leaving
    assert place() == str(mates[2])
    page.press("#point", "ArrowUp")
    assert place() == str(mates[3])
    for wrong in (str(len(mates) + 1), "0", "2.5"):
        page.fill("#point", wrong)
        assert f"type a whole number from 1 to {len(mates)}" in page.inner_text("#told")
        assert page.input_value("#point") == wrong
        assert place() == str(mates[3])
    page.fill("#point", "2")
    assert not page.is_visible("#told")
    page.fill("#point", "")
    assert not page.is_visible("#told")  # somebody is about to type
    page.press("#point", "Tab")
    assert page.is_visible("#told")
    page.click("#next")
    assert not page.is_visible("#told")


def test_the_keyboard_alone_chooses_a_point(fit_page, open_page):
    opened = open_page(fit_page.path)
    page, labels = opened.page, fit_page.explorer.clouds.source_labels
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
        if reached[-1] == "explorer-keys":
            break
    order = [name for name in reached if name]
    assert order == ["theme", "class", "point", "previous", "next", "flows", "explorer-keys"]
    page.keyboard.press("ArrowRight")
    walked = int(page.get_attribute("#panel", "data-place"))
    before = fit_page.explorer.clouds.before
    assert before[walked, 0] > before[0, 0]
    assert_shows(opened, fit_page, walked)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")  # the next of its class
    mates = np.flatnonzero(labels == labels[walked]).tolist()
    at = mates[(mates.index(walked) + 1) % len(mates)]
    assert page.get_attribute("#panel", "data-place") == str(at)
    assert_shows(opened, fit_page, at)
    page.focus("#point")
    page.keyboard.press("Control+A")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    assert page.get_attribute("#panel", "data-place") == str(mates[2])


def test_the_flows_of_a_class_are_the_masses_between_classes(fit_page, fit_opened):
    opened = fit_opened
    opened.page.select_option("#class", "1")
    mass = fit_page.explorer.plan.class_mass[1]
    shown = [
        float(i.get_attribute("data-share")) for i in opened.page.query_selector_all("#panel li")
    ]
    expected = np.sort(mass / mass.sum())[::-1]
    np.testing.assert_allclose(shown, expected[expected >= 5e-4], rtol=1e-3)
    assert opened.page.get_attribute("#panel", "data-place") is None


def picture_of(opened, name):
    """Return the pixels inside the axes of a picture."""
    opened.page.query_selector(f"#place-{name}").scroll_into_view_if_needed()
    opened.page.wait_for_timeout(150)
    view = "Bokeh.index.find_one(m)"
    inner = ", ".join(f"{view}.frame.bbox.{part}" for part in ("left", "top", "width", "height"))
    x, y, width, height = opened.model(name, f"[{inner}]")
    box = f"{view}.canvas_view.el.getBoundingClientRect()"
    left, top = opened.model(name, f"[{box}.left, {box}.top]")
    clip = {"x": left + x + 2, "y": top + y + 2, "width": width - 4, "height": height - 4}
    return opened.page.screenshot(clip=clip)


def test_the_plan_is_sorted_and_zoomed(fit_page, fit_opened):
    opened, page, view = fit_opened, fit_opened.page, fit_page.explorer.plan

    def shows(log_plan):
        drawn = opened.model("plan-image", "Array.from(m.data_source.data[m.glyph.image.field][0])")
        seen = np.isfinite(log_plan)
        np.testing.assert_allclose(np.reshape(drawn, log_plan.shape)[seen], log_plan[seen])
        return picture_of(opened, "plan")

    as_sorted = shows(view.log_plan_sorted)
    page.select_option("#zoom", "2")
    shown = opened.model("plan", "[m.y_range.end, m.y_range.start]")
    np.testing.assert_allclose(shown, view.row_borders[2:4])
    assert picture_of(opened, "plan") != as_sorted
    page.click("#sort")
    assert page.get_attribute("#sort", "aria-pressed") == "false"
    assert opened.model("plan-borders", "m.visible") is False
    assert opened.model("plan", "m.left[0].axis_label") == "source rows in random order"
    page.mouse.move(0, 0)
    as_it_came = shows(view.log_plan)
    opened.model("plan-borders", "m.visible = true")
    assert picture_of(opened, "plan") != as_sorted  # not the borders alone
    opened.model("plan-borders", "m.visible = false")
    page.click("#sort")
    assert shows(view.log_plan_sorted) == as_sorted != as_it_came
    assert opened.model("plan-borders", "m.visible") is True
    assert opened.model("plan", "m.left[0].axis_label") == "class of the source row"
    assert opened.complaints == []


def test_the_picture_of_the_plan_is_bright_where_the_plan_is(fit_page, fit_opened):
    """Of the pixels themselves: no part of the picture is upside down or mirrored."""
    view = fit_page.explorer.plan
    with Image.open(io.BytesIO(picture_of(fit_opened, "plan"))) as picture:
        pixels = np.asarray(picture.convert("L"), float)
    rows, columns = (
        np.round(borders / borders[-1] * size).astype(int)
        for borders, size in zip((view.row_borders, view.column_borders), pixels.shape, strict=True)
    )
    bright = np.array(
        [
            [
                pixels[top + 3 : end - 3, left + 3 : right - 3].mean()
                for left, right in pairwise(columns)
            ]
            for top, end in pairwise(rows)
        ]
    )
    share = view.class_mass / np.outer(view.class_mass.sum(1), view.class_mass.sum(0))
    assert bright.argmax(1).tolist() == share.argmax(1).tolist()
    assert bright.argmax(0).tolist() == share.argmax(0).tolist()


def test_a_row_of_the_plan_is_drawn_at_its_own_height(fit_page, fit_opened):
    """The first row of the picture is at the top: where the class borders have it."""
    opened = fit_opened
    top, bottom = (
        opened.model("plan", f"Bokeh.index.find_one(m).frame.y_scale.compute({y})") for y in (0, 50)
    )
    assert top < bottom
    drawn = opened.model("plan-image", "[m.glyph.y.value, m.glyph.dh.value, m.glyph.origin]")
    assert drawn == [0, len(fit_page.explorer.plan.log_plan), "bottom_left"]


def test_classes_are_hidden_and_shown_again(fit_page, fit_opened):
    opened = fit_opened
    button = opened.page.query_selector("#legend button:has-text('dog')")
    label = fit_page.explorer.classes.index("dog")
    shown = "Array.from(m.renderers[1].view.filter.booleans)"
    expected = (fit_page.explorer.clouds.source_labels != label).tolist()
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert opened.model("before", shown) == expected
    assert opened.model("after", shown) == expected
    button.click()
    assert all(opened.model("after", shown))


def test_both_clouds_show_the_same_part_of_the_plane(fit_page, fit_opened):
    opened = fit_opened
    opened.model("before", "m.x_range.setv({ start: -1, end: 2 })")
    assert opened.model("after", "[m.x_range.start, m.x_range.end]") == [-1, 2]


def test_the_list_of_those_at_risk_is_sorted(fit_page, fit_opened):
    page = fit_opened.page

    def column(number):
        cells = page.query_selector_all(f"#risks tbody td:nth-child({number})")
        return [float(cell.inner_text().split("\u00a0")[0].removesuffix(" %")) for cell in cells]

    assert column(5) == sorted(column(5), reverse=True)
    page.click("#risks th:nth-child(6) button")
    assert column(6) == sorted(column(6), reverse=True)
    assert page.get_attribute("#risks th:nth-child(6)", "aria-sort") == "descending"
    page.click("#risks th:nth-child(6) button")
    assert column(6) == sorted(column(6))
    page.click("#risks th:nth-child(2) button")
    assert column(2) == sorted(column(2))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("which", ["fit", "run"])
def test_every_screen_and_theme(which, theme, fit_page, run_page, open_page):
    path = {"fit": fit_page.path, "run": run_page.page}[which]
    opened = open_page(path, color_scheme=theme)
    page, ink = opened.page, "m.below[0].major_label_text_color"
    for width in (1280, 800, 400):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(150)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for place in page.query_selector_all("[data-plot]"):
            box = place.bounding_box()
            assert box["width"] > (0.7 * width if width < 850 else 300)
            assert box["x"] + box["width"] <= width
            drawn = place.evaluate("e => e.querySelector('*').getBoundingClientRect().width")
            assert drawn == pytest.approx(box["width"], abs=2)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) < 200) == (theme == "dark")
    assert opened.model("before", ink) == {"light": "#1b1b1b", "dark": "#ececea"}[theme]
    page.click("#theme")
    assert opened.model("before", ink) == {"dark": "#1b1b1b", "light": "#ececea"}[theme]
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != ground
    assert opened.complaints == []


def test_a_narrow_screen_hints_where_it_scrolls_and_breaks_no_word(fit_page, open_page):
    page = open_page(fit_page.path, viewport={"width": 400, "height": 900}).page
    box = page.query_selector(".scroll:has(#risks)")
    assert box.evaluate("e => e.scrollWidth > e.clientWidth")
    assert "local" in box.evaluate("e => getComputedStyle(e).backgroundAttachment")
    assert "gradient" in page.eval_on_selector("nav ul", "e => getComputedStyle(e).maskImage")
    assert page.is_visible("#risk ~ p.narrow")
    lines = page.evaluate("""() => {
      const name = [...document.querySelectorAll(".verdict ~ .scroll th span")].at(-1);
      const parts = [...name.childNodes].filter((part) => part.nodeType === 3);
      return parts.map((part) => {
        const range = document.createRange();
        range.selectNodeContents(part);
        return [part.textContent, range.getClientRects().length];
      });
    }""")
    assert lines == [["calibrated_", 1], ["confidence_", 1], ["unseen", 1]]
    assert "Mean confidence, calibrated on" in page.inner_text(".verdict ~ .scroll")


STOPS = """
() => {
  const within = (node) => [...node.children].flatMap((e) =>
    [e, ...within(e), ...(e.shadowRoot ? within(e.shadowRoot) : [])]);
  return [...document.querySelectorAll("[data-plot]")].map((place) =>
    within(place).filter((e) => e.tabIndex === 0 && e.title).length);
}
"""

FOCUS = """
() => {
  let found = document.activeElement;
  while (found.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
  return found.title;
}
"""


def test_a_picture_is_one_stop_and_its_tools_are_walked(fit_page, open_page):
    opened = open_page(fit_page.path)
    page = opened.page
    assert page.evaluate(STOPS) == [0, 1, 1, 1, 1, 0, 0]
    page.focus("#explorer-keys")
    page.keyboard.press("Tab")
    before = page.get_attribute("#panel", "data-place")
    titles = []
    for _ in range(5):
        titles.append(page.evaluate(FOCUS))
        page.keyboard.press("ArrowRight")
    assert len(set(titles)) == 5
    assert page.evaluate(FOCUS) == titles[0]
    assert page.get_attribute("#panel", "data-place") == before  # no point was walked to
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    ends = "[m.x_range.start, m.x_range.end]"
    whole = opened.model("explorer", ends)
    page.keyboard.press("Enter")  # zooms in
    page.wait_for_timeout(200)
    assert np.diff(opened.model("explorer", ends)) < np.diff(whole)


@pytest.mark.parametrize("which", ["fit", "run"])
def test_every_word_that_is_linked_is_explained_and_no_other(which, fit_page, run_page, open_page):
    page = open_page({"fit": fit_page.path, "run": run_page.page}[which]).page
    linked = page.eval_on_selector_all("a.word", "all => all.map(e => e.getAttribute('href'))")
    explained = page.eval_on_selector_all("dt", "all => all.map(e => '#' + e.id)")
    assert set(linked) == set(explained)
    assert "#word-perplexity" in explained
    assert len(page.inner_text("dd")) > 30


def test_pictures_have_text_alternatives(fit_page, fit_opened):
    page = fit_opened.page
    for place in page.query_selector_all("[data-plot]"):
        text = place.evaluate("e => e.closest('[role]').getAttribute('aria-label')")
        assert text
        assert len(text) > 20
    for name in ("accuracy", "explorer", "class-mass", "convergence"):
        section = page.query_selector(f"section:has(#place-{name})")
        assert section.query_selector("details table")


@pytest.mark.parametrize("transport", ["linear", "exact", "graph", "prototypes"])
def test_every_kind_of_transport_opens(transport, tmp_path, open_page):
    made = make_page(tmp_path, *clusters(["cat", "dog", "owl"]), transport=transport)
    opened = open_page(made.path)
    assert opened.complaints == []
    text = opened.page.inner_text("main")
    for note in made.explorer.notes:
        assert note in text
    assert (opened.page.query_selector("#panel") is None) == (transport == "linear")
    if transport == "exact":
        assert_shows(opened, made, 0) if len(opened.receivers()) == 10 else None
        assert "100.0\u00a0% of its mass" in opened.page.inner_text("#panel")


@pytest.mark.filterwarnings("ignore:Adapter.fit. all rows of X_target are one point")
def test_a_target_of_one_class_two_rows_and_many_classes(tmp_path, open_page):
    few = make_page(tmp_path, np.array([[0.0], [9.0]]), np.array(["a", "b"]), np.array([[0.1]]))
    opened = open_page(few.path)
    assert opened.complaints == []
    opened.page.click("#next")
    assert [row for row, _ in opened.receivers()] == [0]
    many = make_page(tmp_path, *clusters([f"class {k:02d}" for k in range(40)], n=200, m=50))
    opened = open_page(many.path, viewport={"width": 400, "height": 900})
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 400
    assert_many_classes_are_told_apart(opened, many.explorer)
    assert opened.complaints == []


def assert_many_classes_are_told_apart(opened, explorer):
    """Of forty classes those that are pressed have colours of their own, and the list is whole."""
    page = opened.page
    text = page.inner_text("main")
    assert "40 classes, more than colours can tell apart" in text
    assert "Drawn are the 25 classes of the largest shares; all 40 stand in the table." in text
    few, faded = palettes(10)["light"], "#cfcfcf"
    labels = explorer.clouds.source_labels

    def colours(name):
        return np.array(opened.model(name, "Array.from(m.data.colour)"))

    at_first = colours("before-source")
    assert len(set(at_first)) == 40
    for label in (3, 17):
        page.click(f"#legend li:nth-child({label + 1}) button")
    shown = colours("after-source")
    assert set(shown[labels == 3]) == {few[0]}
    assert set(shown[labels == 17]) == {few[1]}
    assert set(shown[(labels != 3) & (labels != 17)]) == {faded}
    pressed = page.query_selector_all("#legend button[aria-pressed='true']")
    assert [button.inner_text() for button in pressed] == ["class 03", "class 17"]
    for label in range(20, 30):  # of ten colours none is given twice
        page.click(f"#legend li:nth-child({label + 1}) button")
    shown = colours("before-source")
    assert set(shown[labels == 17]) == {faded}
    assert len(set(shown)) == 11
    for label in range(20, 30):
        page.click(f"#legend li:nth-child({label + 1}) button")
    assert (colours("before-source") == at_first).all()
    page.focus("#legend li:first-child button")
    page.keyboard.press("ArrowLeft")
    last = page.query_selector("#legend li:last-child button")
    assert last.evaluate("e => e === document.activeElement")
    inside = (
        "e => [e.getBoundingClientRect().bottom, e.closest('ul').getBoundingClientRect().bottom]"
    )
    bottom, end = last.evaluate(inside)
    assert bottom <= end
    page.click("#next")
    place = int(page.get_attribute("#panel", "data-place"))
    fed = explorer.clouds.target_predicted[explorer.sent.receivers[place]]
    coloured = {int(labels[place]), *fed.tolist()}
    seen = colours("explorer-source")
    assert {int(k) for k in labels[seen != faded]} == coloured
    assert len(page.query_selector_all("#panel li svg")) == len(fed)
    named = opened.model("plan", "Array.from(m.below[0].major_label_overrides.values())")
    assert 10 < len(named) < 30  # of forty, which would cover one another


@pytest.mark.parametrize("known", [False, True])
def test_a_class_that_the_target_lacks_and_a_name_without_a_gap(known, tmp_path, open_page):
    names = ["cat", "dog", UNBROKEN]
    X, y, X_target = clusters(names, n=90, m=80)
    there = np.arange(80) % 3 != 1
    shown = {"target_labels": np.array(names)[np.arange(80) % 3][there]} if known else {}
    made = make_page(tmp_path, X, y, X_target[there], transport="partial", images=True, **shown)
    missing = made.explorer.classes.index("dog")
    told = "Missing in the target, or nearly: dog (" in made.path.read_text(encoding="utf-8")
    assert told == ((mass := made.explorer.plan.class_mass).sum(0) < 0.1 * mass.sum(1))[missing]
    assert told or not known
    if known:
        assert (np.diff(made.explorer.plan.column_borders) == 0).tolist()[missing]
    opened = open_page(made.path, viewport={"width": 400, "height": 900})
    page = opened.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert page.evaluate(STICKS_OUT) == []
    for label, name in enumerate(made.explorer.classes):
        page.select_option("#class", str(label))
        assert f"All of class {name}" in page.inner_text("#panel")
        assert page.evaluate(STICKS_OUT) == []
        lines = opened.model("lines", "m.data.x1.length")
        if known:  # nothing can lead to the middle of a class without rows
            assert lines == (made.explorer.plan.class_mass[label] > 0).sum()
        page.click("#next")
        assert len(opened.receivers()) == 10
        assert page.evaluate(STICKS_OUT) == []
        page.select_option("#zoom", str(label))
        ends = opened.model("plan", "[m.y_range.end, m.y_range.start]")
        np.testing.assert_allclose(ends, made.explorer.plan.row_borders[label : label + 2])
    named = opened.model("plan", "Array.from(m.below[0].major_label_overrides.values())")
    assert ("dog" in named) == (np.diff(made.explorer.plan.column_borders)[missing] > 2)
    assert opened.complaints == []


def test_a_page_without_history_or_receivers_opens(tmp_path, open_page):
    import dataclasses

    made = make_page(tmp_path, *clusters(["cat", "dog"]))
    sent = made.explorer.sent
    nothing = dataclasses.replace(
        sent,
        receivers=np.full_like(sent.receivers, -1),
        shares=np.zeros_like(sent.shares),
        perplexity=np.zeros_like(sent.perplexity),
        image=np.full_like(sent.image, np.nan),
    )
    told = dataclasses.replace(
        made.explorer.convergence, history=(), converged=False, status="stopped: allow more"
    )
    clouds = dataclasses.replace(made.explorer.clouds, shown=1)  # a class that none is drawn of
    explorer = dataclasses.replace(made.explorer, sent=nothing, convergence=told, clouds=clouds)
    path = write_fit_page(fitted_record(explorer.classes), explorer, tmp_path / "none.html")
    opened = open_page(path)
    assert opened.complaints == []
    assert "sends no mass" in opened.page.inner_text("#panel")
    for label in "01":
        opened.page.select_option("#class", label)
    assert opened.complaints == []
    assert "Read this plan with care: stopped: allow more." in opened.page.inner_text("main")
