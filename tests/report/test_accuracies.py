"""The picture of a bench of accuracy draws what it was given, and says it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from monge.report import accuracies as room
from monge.report import exceptions_sentence, picture_of_accuracies
from monge.report.accuracies import draw_accuracies
from monge.report.few_pairs import FEW, MARKS, draw_few, headline_of_pairs
from monge.report.pictures import encode
from monge.report.style import GREY, house_style
from monge.results import AccuracyResult, MethodResult, PairResult, Spread

METHODS = ("source_only", "source_head", "linear", "prototypes_plan", "sinkhorn")


def right(*values):
    return MethodResult(title="1-NN", accuracy=Spread(values=values), seconds=(0.1,) * len(values))


def pair(group, **methods):
    return PairResult(
        group=group,
        source_name="A",
        target_name="B",
        protocol="Transductive.",
        source_n=100,
        target_n=100,
        seeds=(0, 1),
        methods=methods,
    )


def result(pairs):
    return AccuracyResult(
        pairs=pairs,
        skipped={},
        references=("source_only", "source_head"),
        default="sinkhorn",
        frozen={name: {"options": "", "rule": ""} for name in METHODS},
    )


SMALL = result(
    {
        "one": pair(
            "digits",
            source_only=right(0.70, 0.72),
            source_head=right(0.80, 0.82),
            linear=right(0.85, 0.95),
            prototypes_plan=right(0.81, 0.82),
            sinkhorn=right(0.75, 0.79),
        ),
        "two": pair("office", source_only=right(0.3, 0.3), sinkhorn=right(0.25, 0.40)),
    }
)
LARGE = result(
    {
        f"{group}-with-a-long-name-{k}": pair(
            group, **{name: right(0.5, 0.5 + k / 100) for name in METHODS}
        )
        for group in ("digits", "office", "synthetic")
        for k in range(14)
    }
)


@pytest.fixture
def many(monkeypatch):
    """Have two pairs be many."""
    monkeypatch.setattr(room, "FEW", 1)


def panels(drawing):
    return {axes.get_title().replace("\n", "_"): axes for axes in drawing.figure.axes}


def dots(axes):
    """Return (row, per cent, mark) of each dot."""
    marks = {mark for _, mark in MARKS.values()}
    return [
        (float(line.get_ydata()[0]), float(line.get_xdata()[0]), line.get_marker())
        for line in axes.lines
        if line.get_marker() in marks and len(line.get_xdata())
    ]


def test_the_sentence_counts_and_names_the_exceptions():
    assert exceptions_sentence(SMALL) == (
        "The default choice, `sinkhorn`, is below source-only by over a point on 1 of 2 pairs: one."
    )
    none = replace(SMALL, default="linear")
    assert exceptions_sentence(none).endswith("on 0 of 1 pairs.")
    assert exceptions_sentence(replace(SMALL, default="ridge")).endswith("was not run.")


def test_each_method_has_a_panel_with_a_dot_for_each_pair(many):
    drawn = panels(draw_accuracies(SMALL))
    assert list(drawn) == ["linear", "prototypes_plan", "sinkhorn"]
    better, alike, worse = (MARKS[kind][1] for kind in ("better", "alike", "worse"))
    wanted = {
        "linear": [(0, 90, better)],
        "prototypes_plan": [(0, 81.5, alike)],
        "sinkhorn": [(0, 77, worse), (1, 32.5, better)],
    }
    for name, axes in drawn.items():
        found = dots(axes)
        assert [(row, mark) for row, _, mark in found] == [(r, m) for r, _, m in wanted[name]]
        np.testing.assert_allclose([x for _, x, _ in found], [x for _, x, _ in wanted[name]])
    first = drawn["linear"]
    assert [tick.get_text() for tick in first.get_yticklabels()] == ["one", "two"]


def test_the_spread_runs_from_the_worst_seed_to_the_best(many):
    axes = panels(draw_accuracies(SMALL))["sinkhorn"]
    bars = [list(line.get_xdata()) for line in axes.lines if len(set(line.get_ydata())) == 1]
    assert [75.0, 79.0] in [np.round(bar, 9).tolist() for bar in bars if len(bar)]


def test_source_only_is_a_step_at_the_better_of_both(many):
    for axes in panels(draw_accuracies(SMALL)).values():
        (line,) = [x for x in axes.lines if x.get_color() == GREY and len(x.get_xdata()) == 4]
        np.testing.assert_allclose(line.get_xdata(), [81, 81, 30, 30])
        np.testing.assert_allclose(line.get_ydata(), [-0.5, 0.5, 0.5, 1.5])


def test_the_title_and_the_words_say_what_is_seen(many):
    drawing = draw_accuracies(SMALL)
    assert "sinkhorn, is below source-only by over a point on 1 of 2 pairs" in drawing.title
    assert "linear +9.0 points in the mean, worse on 0 of 1" in drawing.alt_text
    other = draw_accuracies(replace(SMALL, default="ridge"))
    assert other.title.startswith("linear gains most, +9.0 points in the mean of 1 pairs")


def test_references_alone_can_be_drawn(monkeypatch):
    monkeypatch.setattr(room, "FEW", 0)
    alone = result({"one": pair("digits", source_only=right(0.7, 0.8))})
    assert list(panels(draw_accuracies(alone))) == ["source_only"]


def test_of_a_few_pairs_each_has_a_panel_with_a_row_for_each_method():
    drawing = draw_accuracies(SMALL)
    first, second = drawing.figure.axes
    names = [tick.get_text() for tick in first.get_yticklabels()]
    assert names[0] == "linear"  # by the mean gain
    assert set(names) == set(METHODS)
    better, alike, worse = (MARKS[kind][1] for kind in ("better", "alike", "worse"))
    wanted = {
        "linear": (90, better),
        "prototypes_plan": (81.5, alike),
        "sinkhorn": (77, worse),
        "source_head": (81, alike),
        "source_only": (71, worse),
    }
    found = {names[int(row)]: (round(x, 6), mark) for row, x, mark in dots(first)}
    assert found == wanted
    assert len(dots(second)) == 2  # the methods that were run there
    for axes, line in ((first, 81), (second, 30)):
        (reference,) = [x for x in axes.lines if x.get_linestyle() == "--" and len(x.get_xdata())]
        assert reference.get_xdata()[0] == pytest.approx(line)
    low, high = first.get_xlim()
    assert 65 < low < 70
    assert 95 < high < 100
    bars = [list(line.get_xdata()) for line in first.lines if len(set(line.get_ydata())) == 1]
    assert [75.0, 79.0] in [np.round(bar, 9).tolist() for bar in bars if len(bar)]


def test_the_headline_of_a_few_pairs_names_the_best_of_each():
    said = headline_of_pairs(SMALL).replace("\u00a0", " ")
    assert said == (
        "Best, and points over source-only: one linear 90.0 % (+9.0); two sinkhorn 32.5 % (+2.5)"
    )
    alone = headline_of_pairs(replace(SMALL, pairs={"one": SMALL.pairs["one"]}))
    assert alone.replace("\u00a0", " ") == "one: linear 90.0 %, +9.0 points over source-only"
    assert draw_few(SMALL).title == headline_of_pairs(SMALL)
    assert "linear 90.0 per cent" in draw_accuracies(SMALL).alt_text


def test_more_pairs_have_a_row_each():
    enough = dict(list(LARGE.pairs.items())[:FEW])
    assert len(draw_accuracies(replace(LARGE, pairs=enough)).figure.axes) == FEW
    more = dict(list(LARGE.pairs.items())[: FEW + 1])
    drawn = draw_accuracies(replace(LARGE, pairs=more))
    assert list(panels(drawn)) == ["linear", "prototypes_plan", "sinkhorn"]


@pytest.mark.parametrize("found", [SMALL, LARGE], ids=["small", "large"])
def test_no_text_runs_into_the_title_or_over_the_edge(found):
    drawing = draw_accuracies(found)
    encode(drawing)
    figure = drawing.figure
    edge, renderer = figure.bbox, FigureCanvasAgg(figure).get_renderer()
    with house_style():
        title = figure._suptitle.get_window_extent(renderer)
        boxes = [axes.get_tightbbox(renderer) for axes in figure.axes]
        boxes += [legend.get_window_extent(renderer) for legend in figure.legends]
    assert title.x1 <= edge.x1
    for box in boxes:
        assert box.y1 <= title.y0
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= edge.x1


def test_the_file_is_a_png_and_the_same_for_the_same_result():
    first = picture_of_accuracies(SMALL)
    assert first.startswith(b"\x89PNG")
    assert first == picture_of_accuracies(SMALL)


def test_colour_and_shape_each_tell_the_three_kinds_apart():
    assert len({colour for colour, _ in MARKS.values()}) == len(MARKS) == 3
    assert len({mark for _, mark in MARKS.values()}) == 3
