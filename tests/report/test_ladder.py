"""The picture of the ladder: every method at its seconds and per cent, by its name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from monge.report.labels import spread_out
from monge.report.ladder import KINDS, MOVED, NOTHING, PUBLISHED, RETRAINED, Rung, draw_ladder
from monge.report.ladder import frontier as best_so_far
from monge.report.pictures import encode
from monge.results import MethodResult, Spread

LADDER = {
    "source_head": (0.781, 1e-5),
    "nearest_neighbour": (0.778, 4.5),
    "standardise": (0.809, 4.8),
    "coral": (0.790, 4.4),
    "linear": (0.808, 3.7),
    "exact": (0.764, 3.1),
    "sinkhorn": (0.798, 3.4),
    "sinkhorn_entropic_map": (0.733, 3.9),
    "sinkhorn_propagate": (0.796, 3.6),
    "prototypes_plan": (0.875, 9.1),
    "graph": (0.937, 26.7),
    "jumbot": (0.961, 115.0),
    "stages": (0.988, 254.0),
}


def method(mean, seconds):
    values = (mean - 0.01, mean, mean + 0.01)
    return MethodResult(title="t", accuracy=Spread(values=values), seconds=(seconds,) * 3)


@pytest.fixture(scope="module")
def ladder(make):
    result, evidence = make()
    return replace(result, methods={k: method(*told) for k, told in LADDER.items()}), evidence


def texts(drawing):
    return {text.get_text(): text for text in drawing.figure.axes[0].texts}


def dots(axes):
    """Return colour and mark by where they are."""
    marks = {mark for _, mark in KINDS.values()}
    return {
        (round(float(line.get_xdata()[0]), 3), round(float(line.get_ydata()[0]), 3)): (
            line.get_color(),
            line.get_marker(),
        )
        for line in axes.lines
        if line.get_marker() in marks and len(line.get_xdata()) == 1
    }


def test_every_method_stands_at_its_seconds_and_per_cent_in_its_kind(ladder):
    drawing = draw_ladder(*ladder)
    axes = drawing.figure.axes[0]
    assert axes.get_xscale() == "log"
    found = dots(axes)
    assert len(found) == len(LADDER)
    for key, kind in (("nearest_neighbour", NOTHING), ("graph", MOVED), ("stages", RETRAINED)):
        mean, seconds = LADDER[key]
        assert found[seconds, round(100 * mean, 3)] == KINDS[kind]
    (head,) = [at for at in found if at[1] == 78.1]
    assert head[0] < min(seconds for _, seconds in LADDER.values() if seconds > 1)
    spreads = [line.get_ydata() for line in axes.lines if len(set(line.get_xdata())) == 1]
    assert any(np.allclose(ends, [97.8, 99.8]) for ends in spreads if len(ends) == 2)


def test_every_method_is_named_and_so_is_what_others_state(ladder):
    drawing = draw_ladder(*ladder)
    said = texts(drawing)
    for name in ("source network (0 s)", "1-NN", "CORAL", "plan of the post", "JUMBOT", "stages"):
        assert name in said
    for name, value in PUBLISHED.items():
        assert f"{name} {value:.1f}" in said
    assert {"post 71.51", "post 78.60"} <= set(said)
    legend = [text.get_text() for text in drawing.figure.legends[0].get_texts()]
    assert "published, various protocols" in legend
    lines = [line.get_ydata() for line in drawing.figure.axes[0].lines]
    levels = {float(ends[0]) for ends in lines if len(ends)}
    assert {*PUBLISHED.values(), 71.51, 78.60} <= levels
    assert set(PUBLISHED) == {"DANN", "ADDA", "CyCADA", "SBADA-GAN", "SHOT", "RWOT"}


def test_another_experiment_is_not_held_against_them(ladder):
    result, evidence = ladder
    drawing = draw_ladder(replace(result, experiment="demo"), evidence)
    assert not any("RWOT" in text or "post 7" in text for text in texts(drawing))
    legend = [text.get_text() for text in drawing.figure.legends[0].get_texts()]
    assert legend == [*KINDS, "best so far"]


def test_no_name_covers_another(ladder):
    drawing = draw_ladder(*ladder)
    encode(drawing)
    renderer = FigureCanvasAgg(drawing.figure).get_renderer()
    found = {name: bare(text, renderer) for name, text in texts(drawing).items()}
    names = list(found)
    for k, one in enumerate(names):
        for other in names[:k]:
            wide = min(found[one].x1, found[other].x1) - max(found[one].x0, found[other].x0)
            tall = min(found[one].y1, found[other].y1) - max(found[one].y0, found[other].y0)
            assert min(wide, tall) < 3, (one, other)


def bare(text, renderer):
    """Return the box of a text without the line to its mark."""
    text.update_positions(renderer)
    return Text.get_window_extent(text, renderer)


def test_the_title_names_the_best_with_and_without_training_again(ladder):
    result, evidence = ladder
    said = draw_ladder(result, evidence).title.replace("\u00a0", " ")
    assert said == (
        "93.7 % after 27 s with the network as it is, 98.8 % after 254 s when it is trained again "
        "(mean of 3 seeds)"
    )
    still = {k: v for k, v in result.methods.items() if k not in ("jumbot", "stages")}
    said = draw_ladder(replace(result, methods=still), evidence).title
    assert "trained again" not in said


def test_the_line_is_of_what_no_quicker_method_reaches():
    rungs = [Rung.of(key, method(*told)) for key, told in LADDER.items()]
    names = [rung.name for rung in best_so_far(rungs)]
    assert names == [
        "source network",
        "plan of the post",
        "linear Monge",
        "standardise",
        "prototypes",
        "graph",
        "JUMBOT",
        "stages",
    ]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ([1.0, 5.0], [1.0, 5.0]),
        ([1.0, 1.0], [0.0, 2.0]),
        ([0.0, 1.9, 2.0, 2.1, 9.0], [-1.5, 0.5, 2.5, 4.5, 9.0]),
    ],
)
def test_names_are_moved_as_little_as_keeps_them_apart(wanted, found):
    np.testing.assert_allclose(spread_out(np.array(wanted), 2.0), found)
