"""The further synthetic shifts: the same for a seed, and shifted by just what they say."""

import numpy as np
import pytest

from monge.data import SHIFTS
from monge.data.changes import Sides
from monge.data.clouds import bars, corners, line, moons, rings, wide
from monge.data.harder_changes import (
    bent,
    blurred,
    covered,
    dead,
    drifted,
    exchanged,
    gained,
    half_renamed,
    merged,
    mirrored,
    shared,
    shuffled,
    spun,
)
from monge.data.more_shifts import MORE_SHIFTS

BEGINS = (bars, corners, line, moons, rings, wide)


def made(name, seed=0):
    source, target = MORE_SHIFTS[name].make(seed)
    return source.x.numpy(), source.labels.numpy(), target.x.numpy(), target.labels.numpy()


def fresh(begin=corners, seed=0):
    return begin(np.random.default_rng(seed)), np.random.default_rng(seed + 1)


def means(sides):
    return np.stack([sides.y[sides.truth == name].mean(0) for name in np.unique(sides.truth)])


def test_no_name_is_taken_twice():
    assert not set(MORE_SHIFTS) & set(SHIFTS)
    assert all(shift.name == name for name, shift in MORE_SHIFTS.items())


@pytest.mark.parametrize("name", MORE_SHIFTS)
def test_a_shift_is_a_function_of_the_seed(name):
    first, again, other = made(name), made(name), made(name, 1)
    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, same)
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[2], other[2][: len(first[2])])


@pytest.mark.parametrize("name", MORE_SHIFTS)
def test_both_domains_are_whole(name):
    assert MORE_SHIFTS[name].about.endswith(".")
    x, labels, y, truth = made(name)
    assert x.dtype == y.dtype == np.float32
    assert x.shape[1] == y.shape[1]
    assert set(truth) <= set(labels)
    assert np.bincount(labels).min() > 4


@pytest.mark.parametrize("begin", BEGINS)
def test_both_sides_begin_alike_and_share_no_row(begin):
    sides, _ = fresh(begin)
    assert not {row.tobytes() for row in sides.x} & {row.tobytes() for row in sides.y}
    assert np.bincount(sides.labels).tolist() == np.bincount(sides.truth).tolist()
    assert not np.array_equal(sides.labels, sides.truth)
    spread = sides.x.std(0)
    assert (np.abs(sides.x.mean(0) - sides.y.mean(0)) < 0.35 * spread).all()
    np.testing.assert_allclose(sides.y.std(0), spread, rtol=0.2)


def test_rings_lie_in_one_another_and_corners_on_a_square():
    sides, _ = fresh(rings)
    far = np.linalg.norm(sides.y, axis=1)
    assert far[sides.truth == 0].mean() == pytest.approx(1, abs=0.02)
    assert far[sides.truth == 1].mean() == pytest.approx(0.5, abs=0.02)
    sides, _ = fresh(corners)
    np.testing.assert_allclose(means(sides), [[2, 2], [-2, 2], [-2, -2], [2, -2]], atol=0.25)


def test_every_plane_is_spun():
    sides, draw = fresh(wide)
    after = spun(sides, draw, degrees=20).y
    before = sides.y.reshape(-1, 10, 2) @ [1, 1j]
    want = before * np.exp(1j * np.deg2rad(20))
    np.testing.assert_allclose(after.reshape(-1, 10, 2) @ [1, 1j], want, atol=1e-12)


def test_a_last_feature_without_a_partner_stays():
    y = np.arange(6.0).reshape(2, 3)
    sides = Sides(x=y, labels=np.zeros(2), y=y, truth=np.zeros(2))
    after = spun(sides, None, degrees=90).y
    np.testing.assert_allclose(after, [[-1, 0, 2], [-4, 3, 5]], atol=1e-12)


def test_a_mirror_keeps_the_mean_and_all_other_features():
    sides, draw = fresh(moons)
    after = mirrored(sides, draw).y
    np.testing.assert_allclose(after.mean(0), sides.y.mean(0))
    np.testing.assert_array_equal(after[:, 1], sides.y[:, 1])
    np.testing.assert_allclose(after[:, 0] + sides.y[:, 0], 2 * sides.y[:, 0].mean())


def test_bent_along_a_parabola():
    sides, draw = fresh(moons)
    after = bent(sides, draw, strength=0.5).y
    want = 0.5 * (sides.y[:, 0] - sides.y[:, 0].mean()) ** 2
    np.testing.assert_allclose(after[:, 1] - sides.y[:, 1], want, atol=1e-12)


def test_each_class_drifts_its_own_way_and_as_far():
    sides, draw = fresh(wide)
    steps = drifted(sides, draw, way=2.5).y - sides.y
    np.testing.assert_allclose(np.linalg.norm(steps, axis=1), 2.5)
    ways = np.stack([steps[sides.truth == name][0] for name in range(6)])
    np.testing.assert_allclose(steps, ways[sides.truth])
    assert np.linalg.matrix_rank(ways) == 6


@pytest.mark.parametrize("share", [0.5, 0.8, 1.0])
def test_two_classes_walk_towards_one_another(share):
    sides, draw = fresh()
    before, after = means(sides), means(exchanged(sides, draw, share=share))
    np.testing.assert_allclose(after[2:], before[2:])
    np.testing.assert_allclose(after[0], (1 - share) * before[0] + share * before[1])
    np.testing.assert_allclose(after[1], (1 - share) * before[1] + share * before[0])
    if share == 0.5:
        np.testing.assert_array_equal(merged(sides, draw).y, exchanged(sides, draw, share=0.5).y)


@pytest.mark.parametrize("of_source", [False, True])
def test_classes_stand_in_the_shares_that_were_asked(of_source):
    sides, draw = fresh(line)
    after = shared(sides, draw, shares=(0.7, 0.2, 0.1), of_source=of_source)
    kept, left = (after.labels, after.truth) if of_source else (after.truth, after.labels)
    shares = np.bincount(kept) / len(kept)
    np.testing.assert_allclose(shares, [0.7, 0.2, 0.1], atol=0.01)
    assert len(left) == 400
    rows = {row.tobytes(): k for row, k in zip(sides.x, sides.labels, strict=True)}
    rows |= {row.tobytes(): k for row, k in zip(sides.y, sides.truth, strict=True)}
    points = after.x if of_source else after.y
    assert [rows[row.tobytes()] for row in points] == kept.tolist()


def test_shares_of_the_source_come_back_reversed_in_the_target():
    _, labels, _, truth = made("line-swapped-shares")
    np.testing.assert_allclose(np.bincount(labels) / len(labels), [0.7, 0.2, 0.1], atol=0.01)
    np.testing.assert_allclose(np.bincount(truth) / len(truth), [0.1, 0.2, 0.7], atol=0.01)


def test_shuffled_labels_tell_nothing():
    sides, draw = fresh()
    after = shuffled(sides, draw)
    assert np.bincount(after.labels).tolist() == np.bincount(sides.labels).tolist()
    assert 0.15 < (after.labels == sides.labels).mean() < 0.35
    np.testing.assert_array_equal(after.x, sides.x)
    np.testing.assert_array_equal(after.truth, sides.truth)


def test_half_of_the_rows_exchange_two_names():
    sides, draw = fresh()
    after = half_renamed(sides, draw)
    high = sides.y[:, 0] > np.median(sides.y[:, 0])
    np.testing.assert_array_equal(after.truth[~high], sides.truth[~high])
    want = np.array([1, 0, 2, 3])[sides.truth[high]]
    np.testing.assert_array_equal(after.truth[high], want)
    assert (after.truth != sides.truth).any()


def test_sensors_get_one_gain_and_one_offset_a_feature():
    sides, draw = fresh(wide)
    after = gained(sides, draw, gain=0.3, offset=0.7).y
    for before, now in zip(sides.y.T, after.T, strict=True):
        slope, offset = np.polyfit(before, now, 1)
        np.testing.assert_allclose(now, slope * before + offset, atol=1e-9)
        assert slope > 0
    assert np.log(after.std(0) / sides.y.std(0)).std() == pytest.approx(0.3, rel=0.5)


def test_three_features_in_ten_stand_still():
    sides, draw = fresh(wide)
    after = dead(sides, draw, share=0.3).y
    still = after.std(0) < 1e-9
    assert still.sum() == 6
    np.testing.assert_allclose(after[0, still], sides.x.mean(0)[still])
    np.testing.assert_array_equal(after[:, ~still], sides.y[:, ~still])


def image(values):
    rows = np.asarray(values, dtype=np.float64).reshape(1, 64)
    return Sides(x=rows, labels=np.zeros(1), y=rows, truth=np.zeros(1))


def test_a_blur_spreads_a_pixel_over_nine():
    pixel = np.zeros((8, 8))
    pixel[3, 4] = 9
    after = blurred(image(pixel), None).y.reshape(8, 8)
    want = np.zeros((8, 8))
    want[2:5, 3:6] = 1
    np.testing.assert_allclose(after, want, atol=1e-12)


@pytest.mark.parametrize(("edge", "hidden"), [("left", np.s_[:, :3]), ("top", np.s_[:3])])
def test_an_edge_is_covered(edge, hidden):
    before = image(np.arange(1, 65))
    after = covered(before, None, edge=edge, pixels=3).y.reshape(8, 8)
    want = np.arange(1.0, 65).reshape(8, 8)
    want[hidden] = 0
    np.testing.assert_array_equal(after, want)
    assert before.y.min() == 1  # what was given is left as it was


def test_contrast_and_ground():
    plain = made("digits-inverted")[2]
    assert plain.min() == 0
    assert plain.max() == 1
    assert plain.mean() > 0.5
    assert made("digits-grey-ground")[2].min() == pytest.approx(0.3)
    assert made("digits-faint")[2].max() == pytest.approx(0.4)
