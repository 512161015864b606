"""The picture of a bench of the verdict draws what it was given, and says it."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from monge.report import verdict_sentence
from monge.report.style import GREY
from monge.report.verdicts import LEGEND, MARKS, draw_verdicts
from monge.results import Estimated, Judged, ShiftResult, Tried, VerdictResult


def judged(truths, decision, estimate, classifier="nearest"):
    return Judged(
        shift="shift",
        seed=0,
        classifier=classifier,
        tried={
            name: Tried(accuracy=value, seconds=1.0)
            for name, value in zip(("source_only", "coral"), truths, strict=True)
        },
        decision=decision,
        choice="coral",
        source_only=Estimated(value=0.5, low=0.45, high=0.6),
        chosen=estimate,
        seconds=10.0,
    )


TOLD = Estimated(value=0.8, low=0.7, high=0.9)
ROWS = (
    judged((0.6, 0.85), "adapt", TOLD),
    judged((0.7, 0.6), "adapt", TOLD),
    judged((0.55, 0.75), "abstain", TOLD),
    judged((0.6, 0.9), "adapt", Estimated(value=0.8), "logistic"),
)


def result(*rows):
    shift = ShiftResult(family="a", kind="real", about="A.", n=9, m=9, d=2, classes=2)
    return VerdictResult(
        shifts={"shift": shift}, judged=rows, skipped={}, refused={}, rule="A rule."
    )


def dots(axes):
    marks = {mark: kind for kind, (_, mark) in MARKS.items()}
    return {
        (marks[line.get_marker()], *np.round([line.get_xdata()[0], line.get_ydata()[0]], 9))
        for line in axes.lines
        if line.get_marker() in marks and len(line.get_xdata())
    }


def bars(axes):
    return {
        (line.get_color(), *np.round([line.get_xdata()[0], *line.get_ydata()], 9))
        for line in axes.lines
        if len(line.get_xdata()) == 2 and line.get_color() != GREY
    }


def test_each_verdict_is_a_mark_at_its_truth_and_its_estimate():
    first, second = draw_verdicts(result(*ROWS)).figure.axes
    assert (first.get_title(), second.get_title()) == ("nearest", "logistic")
    assert dots(first) == {("adapt", 85, 80), ("harm", 60, 80), ("stay", 55, 50)}
    assert dots(second) == {("adapt", 90, 80)}
    colours = {kind: colour for kind, (colour, _) in MARKS.items()}
    assert bars(first) == {
        (colours["adapt"], 85, 70, 90),
        (colours["harm"], 60, 70, 90),
        (colours["stay"], 55, 45, 60),
    }
    assert bars(second) == set()


def test_harm_differs_in_colour_and_in_shape():
    assert len({colour for colour, _ in MARKS.values()}) == len(MARKS)
    assert len({mark for _, mark in MARKS.values()}) == len(MARKS)
    assert set(LEGEND) == set(MARKS)


def test_the_sentence_has_the_figures():
    told = "Following the verdict does harm in 25.0 % of 4 cases, keeps 60 % of the gain, and errs"
    assert verdict_sentence(result(*ROWS)) == f"{told} by 10.0 points."
    drawing = draw_verdicts(result(*ROWS))
    assert drawing.title == f"{told} by 10.0 points."
    assert "2: adapts, no harm, 1: leaves" in drawing.alt_text


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1]])
def test_nothing_lies_on_anything_else(rows):
    figure = draw_verdicts(result(*rows)).figure
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    (legend,) = figure.legends
    box = legend.get_window_extent(canvas.get_renderer())
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1
    for axes in figure.axes:
        for label in (axes.xaxis.label, *axes.get_xticklabels()):
            assert not box.overlaps(label.get_window_extent(canvas.get_renderer()))
