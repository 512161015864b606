"""Random shifts: the same for everyone, sound for every method, and none like another."""

from collections import Counter

import numpy as np
import pytest
import torch

from monge.data.changes import Sides
from monge.errors import InputError
from monge.experiments.verdict.case import MOST_ROWS
from monge.experiments.verdict.random_changes import CHANGES, ODDS, OF_IMAGES
from monge.experiments.verdict.random_clouds import BEGINNINGS
from monge.experiments.verdict.random_shifts import KINDS, _below, random_case
from monge.experiments.verdict.suite import SUITE

SOME = range(120)


@pytest.mark.parametrize("number", [0, 7, 338])
def test_a_number_is_one_shift_and_another_another(number):
    one, again, other = (random_case(k).make(0) for k in (number, number, number + 1))
    assert random_case(number).about == random_case(number).about
    for side in ("source", "target"):
        assert torch.equal(getattr(one, side).x, getattr(again, side).x)
        assert torch.equal(getattr(one, side).labels, getattr(again, side).labels)
    assert one.source.x.shape != other.source.x.shape or not torch.equal(
        one.source.x, other.source.x
    )


def test_every_shift_can_be_tried():
    for number in SOME:
        source, target, views = random_case(number).make(0)
        assert min(len(source), len(target)) >= 16
        assert max(len(source), len(target)) <= MOST_ROWS
        assert source.x.shape[1] == target.x.shape[1] >= 2
        assert bool(torch.isfinite(source.x).all() and torch.isfinite(target.x).all())
        counts = torch.bincount(source.labels)
        assert len(counts) >= 2
        assert int(counts.min()) >= 4
        assert int(target.labels.max()) < len(counts)
        assert views == ()


def test_they_are_of_many_kinds_and_of_none_of_the_suite():
    cases = [random_case(number) for number in range(400)]
    begun, first = zip(*(case.family.split(", ") for case in cases), strict=True)
    assert set(begun) == set(BEGINNINGS)
    assert set(first) <= set(KINDS)
    assert len(set(first)) > 15
    assert not {case.name for case in cases} & set(SUITE)
    assert not {case.family for case in cases} & {case.family for case in SUITE.values()}
    assert 8 < Counter(first)["identical"] < 60
    for case in cases:
        assert case.about.startswith(case.family.split(", ", maxsplit=1)[0])


def sides(labels=3, d=64):
    draw = np.random.default_rng(0)
    codes = np.arange(120) % labels
    x, y = (np.clip(draw.normal(0.5, 0.2, (120, d)) + 0.1 * codes[:, None], 0, 1) for _ in "ab")
    return Sides(x=x, labels=codes, y=y, truth=codes.copy())


OF_LABELS, OF_SHARES, OF_SOURCE = {"mislabelled"}, {"shares", "lacking"}, {"quieter"}


@pytest.mark.parametrize("kind", [*CHANGES, *OF_IMAGES])
def test_a_change_changes_what_it_says(kind):
    before = sides()
    changed = 0
    for seed in range(5):
        after = (CHANGES | OF_IMAGES)[kind](sides(), np.random.default_rng(seed))
        assert len(after.x) == len(after.labels)
        assert len(after.y) == len(after.truth)
        if kind in OF_SHARES:
            changed += len(after.truth) < 120
            continue
        relabelled = not np.array_equal(after.truth, before.truth)
        assert relabelled == (kind in OF_LABELS)
        changed += not (
            np.array_equal(after.y, before.y)
            and np.array_equal(after.x, before.x)
            and np.array_equal(after.labels, before.labels)
        )
        if kind not in OF_SOURCE | {"outliers"}:
            np.testing.assert_array_equal(after.x, before.x)
        if kind in OF_SOURCE | OF_LABELS:
            np.testing.assert_array_equal(after.y, before.y)
    assert changed == 5


def test_a_rotation_keeps_distances_and_a_class_that_lacks_is_gone():
    draw = np.random.default_rng(1)
    turned = CHANGES["rotation"](sides(d=7), draw)
    np.testing.assert_allclose(
        np.linalg.norm(turned.y, axis=1), np.linalg.norm(sides(d=7).y, axis=1), rtol=1e-9
    )
    left = CHANGES["lacking"](sides(labels=5), draw)
    assert 3 <= len(np.unique(left.truth)) < 5
    assert len(np.unique(CHANGES["lacking"](sides(labels=2), draw).truth)) == 2


def test_every_change_has_its_odds():
    assert set(ODDS) == set(CHANGES)
    assert min(ODDS.values()) > 0


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_a_beginning_draws_as_many_rows_as_it_is_told(beginning):
    for n in (40, 41, 42, 43, 44, 45):
        draw = np.random.default_rng(n)
        x, labels = BEGINNINGS[beginning](n, draw)
        assert len(x) == len(labels) == n
        assert np.isfinite(x).all()
        assert len(np.unique(labels)) >= 2


def test_a_cut_puts_the_lower_rows_into_the_source():
    rows = BEGINNINGS["table"](300, np.random.default_rng(0))
    for seed in range(10):
        below = _below(rows, 100, np.random.default_rng(seed))
        assert below.sum() == 100
        # the two sides differ along some way, as random halves do not
        gap = np.abs(rows.x[below].mean(0) - rows.x[~below].mean(0)).max()
        assert gap > 0.25


@pytest.mark.parametrize("number", [-1, 1.5, True, "1"])
def test_what_is_no_number_is_refused(number):
    with pytest.raises(InputError, match="random_case: 'number' must be a whole number"):
        random_case(number)
