"""Each picture says what it shows, labels its axes and draws what it was given."""

from __future__ import annotations

import dataclasses

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection

from monge.report.clouds import centre_gap, draw_clouds
from monge.report.findings import change, compare, percent
from monge.report.ladder import draw_ladder
from monge.report.pictures import encode
from monge.report.plans import (
    colour_scale,
    draw_class_mass,
    draw_plan,
    draw_plan_sorted,
    worst_pairs,
)
from monge.report.samples import draw_samples, draw_training, mosaic
from monge.report.scores import POST_AFTER, POST_BEFORE, draw_accuracy, draw_confusion
from monge.report.style import house_style

DRAWERS = (
    draw_accuracy,
    draw_ladder,
    draw_samples,
    draw_training,
    draw_clouds,
    draw_plan,
    draw_plan_sorted,
    draw_class_mass,
    draw_confusion,
)


def plain(text):
    return text.replace("\u00a0", " ").replace("\n", " ")


def verticals(axes):
    return [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == "--"]


@pytest.mark.parametrize("draw", DRAWERS, ids=lambda draw: draw.__name__)
def test_every_picture_has_a_title_with_a_number_and_labelled_axes(draw, any_run):
    drawing = draw(*any_run)
    title = plain(drawing.figure.get_suptitle())
    assert title == plain(drawing.title)
    assert any(letter.isdigit() for letter in title)
    assert drawing.alt_text
    for axes in drawing.figure.axes:
        if axes.get_label() == "<colorbar>":
            assert axes.get_ylabel() or axes.get_xlabel()
    panels = [axes for axes in drawing.figure.axes if axes.get_label() != "<colorbar>"]
    assert all(axes.get_xlabel() for axes in panels)
    assert panels[0].get_ylabel()


@pytest.mark.parametrize("draw", DRAWERS, ids=lambda draw: draw.__name__)
def test_no_text_runs_into_the_title_or_over_the_edge(draw, longest_run):
    drawing = draw(*longest_run)
    encode(drawing)
    figure = drawing.figure
    edge = figure.bbox
    renderer = FigureCanvasAgg(figure).get_renderer()
    with house_style():
        title = figure._suptitle.get_window_extent(renderer)
        panels = [axes.get_tightbbox(renderer) for axes in figure.axes]
        legends = [legend.get_window_extent(renderer) for legend in figure.legends]
    assert title.x1 <= edge.x1
    assert title.y1 <= edge.y1
    for box in (*panels, *legends):
        assert box.y1 <= title.y0
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= edge.x1


def test_drawing_changes_no_global_setting(run):
    with mpl.rc_context({"font.size": 3.0, "axes.titlesize": 4.0, "image.cmap": "gray"}):
        before = dict(mpl.rcParams)
        drawing = draw_accuracy(*run)
        encode(drawing)
        assert dict(mpl.rcParams) == before
    assert drawing.figure.axes[0].xaxis.label.get_size() == 11.0


def test_the_direction_word_follows_the_figures(run, hurtful):
    assert "Transport lifts 1-NN" in draw_accuracy(*run).title
    assert "Transport lifts 1-NN" in draw_confusion(*run).title
    assert "narrows" in draw_clouds(*run).title
    assert "Transport lowers 1-NN" in draw_accuracy(*hurtful).title
    assert "Transport lowers 1-NN" in draw_confusion(*hurtful).title
    assert "widens" in draw_clouds(*hurtful).title
    assert plain(change("It", "this", 0.50001, 0.50002)) == "It leaves this at 50.0 %"


@pytest.mark.parametrize("step", [1, -1])
def test_the_headline_figures_are_means_over_seeds(run, step):
    result, evidence = run
    result = dataclasses.replace(result, methods=dict(list(result.methods.items())[::step]))
    pair = compare(result, evidence)
    assert pair.before is result.methods["method1"].accuracy
    assert pair.after is result.methods["method2"].accuracy
    title = draw_accuracy(result, evidence).title
    assert f"from {percent(pair.before.mean)} to {percent(pair.after.mean)}" in title
    assert "mean of 3 seeds" in title


def test_without_the_two_methods_the_matrices_speak_for_the_first_seed(run):
    result, evidence = run
    lone = dataclasses.replace(result, methods={"method0": result.methods["method0"]})
    pair = compare(lone, evidence)
    share = np.trace(evidence.confusion_before) / evidence.confusion_before.sum()
    assert pair.before.values == (pytest.approx(share),)
    assert "seed 0" in draw_accuracy(lone, evidence).title


def test_the_lines_of_the_post_stand_in_its_own_experiment_alone(run):
    result, evidence = run
    assert verticals(draw_accuracy(result, evidence).figure.axes[0]) == [POST_BEFORE, POST_AFTER]
    demo = dataclasses.replace(result, experiment="demo")
    assert verticals(draw_accuracy(demo, evidence).figure.axes[0]) == []


def test_every_seed_and_every_mean_is_a_dot(run):
    result, evidence = run
    axes = draw_accuracy(result, evidence).figure.axes[0]
    drawn = np.concatenate([line.get_xdata() for line in axes.lines if line.get_marker() == "o"])
    for method in result.methods.values():
        for value in (*method.accuracy.values, method.accuracy.mean):
            assert np.isclose(drawn, 100 * value).any()


def test_both_plans_show_the_given_arrays_on_one_scale(run):
    _, evidence = run
    unsorted, ordered = (
        draw(*run).figure.axes[0].images[0] for draw in (draw_plan, draw_plan_sorted)
    )
    np.testing.assert_array_equal(unsorted.get_array(), evidence.log_plan)
    np.testing.assert_array_equal(ordered.get_array(), evidence.log_plan_sorted)
    assert unsorted.get_clim() == ordered.get_clim() == colour_scale(evidence)


def test_the_plan_says_its_share_against_independence(run):
    result, _ = run
    for draw in (draw_plan, draw_plan_sorted):
        title = draw(*run).title
        assert percent(result.plan.class_mass[0]) in title
        assert percent(result.plan.class_mass_independent[0]) in title
        bar = draw(*run).figure.axes[1]
        assert bar.get_ylabel() == "mass against independence, log10"


def test_the_sorted_plan_has_a_line_at_each_inner_border_and_names_its_classes(any_run):
    _, evidence = any_run
    axes = draw_plan_sorted(*any_run).figure.axes[0]
    horizontal = [line.get_ydata()[0] for line in axes.lines if line.get_xdata() == [0, 1]]
    vertical = [line.get_xdata()[0] for line in axes.lines if line.get_ydata() == [0, 1]]
    assert horizontal == evidence.row_borders[1:-1].tolist()
    assert vertical == evidence.column_borders[1:-1].tolist()
    there = np.flatnonzero(np.diff(evidence.column_borders)).astype(str).tolist()
    assert [label.get_text() for label in axes.get_xticklabels()] == there


def test_a_plan_of_one_value_or_with_empty_bins_still_has_a_scale(run):
    _, evidence = run
    flat = dataclasses.replace(
        evidence,
        log_plan=np.zeros((4, 4), np.float32),
        log_plan_sorted=np.zeros((4, 4), np.float32),
    )
    assert colour_scale(flat) == (-0.5, 0.5)
    holes = evidence.log_plan.copy()
    holes[:5] = -np.inf
    low, high = colour_scale(dataclasses.replace(evidence, log_plan=holes))
    assert np.isfinite([low, high]).all()
    empty = dataclasses.replace(flat, log_plan=holes[:1], log_plan_sorted=holes[:1])
    assert colour_scale(empty) == (-1.0, 1.0)


def test_the_class_mass_names_the_worst_pair_and_writes_its_cells(run):
    result, evidence = run
    mass = np.array([[0.4, 0.07], [0.03, 0.5]])
    assert worst_pairs(mass) == [(0, 1, 0.07), (1, 0, 0.03)]
    assert worst_pairs(np.eye(3)) == []
    drawing = draw_class_mass(result, dataclasses.replace(evidence, class_mass=mass))
    assert "from 0 to 1 (7.0 %)" in plain(drawing.title)
    axes = drawing.figure.axes[0]
    np.testing.assert_allclose(axes.images[0].get_array(), 100 * mass)
    assert [text.get_text() for text in axes.texts] == ["40.0", "7.0", "3.0", "50.0"]


def test_the_confusion_is_in_percent_of_its_row_and_marks_a_class_without_rows(run):
    result, evidence = run
    before = np.array([[3, 1, 0], [0, 0, 0], [0, 2, 2]])
    after = np.array([[4, 0, 0], [0, 0, 0], [0, 1, 3]])
    drawing = draw_confusion(
        result, dataclasses.replace(evidence, confusion_before=before, confusion_after=after)
    )
    left, right = drawing.figure.axes[:2]
    np.testing.assert_allclose(left.images[0].get_array(), [[75, 25, 0], [0, 0, 0], [0, 50, 50]])
    np.testing.assert_allclose(right.images[0].get_array()[2], [0, 25, 75])
    assert "no rows" in [text.get_text() for text in left.texts]
    assert "from 62.5 % to 87.5 %" in plain(drawing.title)


def test_the_clouds_hold_the_given_points_in_shared_axes(run):
    _, evidence = run
    left, right = draw_clouds(*run).figure.axes
    assert left.get_xlim() == right.get_xlim()
    assert left.get_ylim() == right.get_ylim()
    for axes, source in ((left, evidence.source_before), (right, evidence.source_after)):
        dots, crosses = (c for c in axes.collections if isinstance(c, PathCollection))
        np.testing.assert_array_equal(dots.get_offsets(), source)
        np.testing.assert_array_equal(crosses.get_offsets(), evidence.target)
        assert [text.get_text() for text in axes.texts] == [str(k) for k in range(10)]
        colours = {tuple(colour) for colour in dots.get_facecolors()}
        assert len(colours) == 10


def test_the_gap_is_that_of_the_shared_classes():
    source, target = np.array([[0.0, 0.0], [9.0, 9.0]]), np.array([[3.0, 4.0]])
    assert centre_gap(source, np.array([0, 1]), target, np.array([0])) == 5.0
    assert np.isnan(centre_gap(source, np.array([0, 1]), target, np.array([2])))


def test_clouds_without_a_common_class_or_without_a_move_say_so(run):
    result, evidence = run
    still = dataclasses.replace(evidence, source_after=evidence.source_before)
    assert "keeps the centres" in draw_clouds(result, still).title
    apart = dataclasses.replace(evidence, target_labels=evidence.target_labels + 10)
    assert "share no class" in draw_clouds(result, apart).title


def test_the_mosaic_puts_each_sample_in_the_row_of_its_class():
    images = np.arange(1, 4, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 2), np.uint8)
    canvas = mosaic(images, np.array([2, 0, 2]), 3, 2)
    np.testing.assert_array_equal(canvas[::2, ::2], [[2, 0], [0, 0], [1, 3]])


def test_the_training_curve_has_a_line_for_each_seed_and_their_mean(run):
    _, evidence = run
    right = draw_training(*run).figure.axes[1]
    assert len(right.lines) == 4
    np.testing.assert_allclose(
        right.lines[-1].get_ydata(), 100 * evidence.training_accuracy.mean(axis=0)
    )


def test_the_sorted_plan_is_said_to_be_as_diagonal_as_it_is(run):
    result, evidence = run
    size = len(evidence.class_mass)
    for mass, count in (
        (np.eye(size), f"brightest in {size} of {size} rows"),
        (np.roll(np.eye(size), 1, axis=1), f"brightest in 0 of {size} rows"),
        (np.diag([1.0] * (size - 1) + [0.0]), f"brightest in {size - 1} of {size - 1} rows"),
    ):
        changed = dataclasses.replace(evidence, class_mass=mass / mass.sum())
        assert count in plain(draw_plan_sorted(result, changed).title)
