"""Synthetic shifts: the same for a seed, and shifted by just what they say."""

import numpy as np
import pytest
import torch

from monge.data import SHIFTS, Shift
from monge.data.changes import Sides, redrawn
from monge.errors import InputError

STARTS = ("blobs", "digits")
WANTED = {
    "rotation",
    "scaling",
    "translation",
    "label shift",
    "missing class",
    "outliers",
    "noise",
    "overlap",
    "identical",
    "permuted labels",
}


def made(name, seed=0):
    source, target = SHIFTS[name].make(seed)
    return source.x.numpy(), source.labels.numpy(), target.x.numpy(), target.labels.numpy()


@pytest.mark.parametrize("name", SHIFTS)
def test_a_shift_is_a_function_of_the_seed(name):
    first, again, other = made(name), made(name), made(name, 1)
    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, same)
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[2], other[2][: len(first[2])])


@pytest.mark.parametrize("name", SHIFTS)
def test_both_domains_are_whole(name):
    shift = SHIFTS[name]
    assert shift.name == name
    assert shift.about.endswith(".")
    x, labels, y, truth = made(name)
    assert x.dtype == y.dtype == np.float32
    assert x.shape[1] == y.shape[1]
    assert set(truth) <= set(labels)
    assert np.bincount(labels).min() > 1


def test_every_family_is_there_from_both_beginnings():
    for start in STARTS:
        found = {shift.family for name, shift in SHIFTS.items() if name.startswith(f"{start}-")}
        assert found == WANTED


def test_no_global_generator_is_touched():
    before = torch.get_rng_state(), str(np.random.get_state(legacy=False))  # noqa: NPY002 - looks only
    SHIFTS["digits-overlap"].make(0)
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == str(np.random.get_state(legacy=False))  # noqa: NPY002 - looks only


@pytest.mark.parametrize("seed", [-1, 0.5, True, None])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(InputError, match=r"Shift.make: 'seed' must be a whole number"):
        SHIFTS["blobs-noise"].make(seed)


@pytest.mark.parametrize("degrees", [25, 60])
def test_blobs_are_turned_in_their_plane(degrees):
    before, after = made("blobs-identical")[2], made(f"blobs-rotation-{degrees}")[2]
    np.testing.assert_array_equal(after[:, 2:], before[:, 2:])
    turn = np.exp(1j * np.deg2rad(degrees))
    want = (before[:, 0] + 1j * before[:, 1]) * turn
    np.testing.assert_allclose(after[:, 0] + 1j * after[:, 1], want, rtol=1e-5, atol=1e-5)


def test_blobs_are_scaled_feature_by_feature():
    before, after = made("blobs-identical")[2], made("blobs-scaling")[2]
    want = before * np.array([2.5, 0.4, 2.5, 0.4, 2.5])
    np.testing.assert_allclose(after, want, rtol=1e-6)


def test_blobs_are_moved_by_three():
    before, after = made("blobs-identical")[2], made("blobs-translation")[2]
    step = (after - before).mean(0)
    np.testing.assert_allclose(after - before, np.broadcast_to(step, before.shape), atol=1e-5)
    assert np.linalg.norm(step) == pytest.approx(3, abs=1e-5)


def test_digits_are_moved_to_the_right_by_a_pixel():
    before, after = (
        made(f"digits-{name}")[2].reshape(-1, 8, 8) for name in ("identical", "translation")
    )
    np.testing.assert_allclose(after[:, :, 1:], before[:, :, :-1], atol=1e-6)
    np.testing.assert_allclose(after[:, :, 0], 0, atol=1e-6)


@pytest.mark.parametrize(("degrees", "quarters"), [(90, 1), (-90, -1), (180, 2)])
def test_digits_are_turned(degrees, quarters):
    image = np.random.default_rng(0).random((1, 64))
    sides = Sides(x=image, labels=np.zeros(1), y=image, truth=np.zeros(1))
    turned = redrawn(sides, np.random.default_rng(0), degrees=degrees).y.reshape(8, 8)
    np.testing.assert_allclose(turned, np.rot90(image.reshape(8, 8), quarters), atol=1e-12)


def test_digits_are_drawn_smaller():
    ink = made("digits-identical")[2].sum()
    assert made("digits-scaling")[2].sum() / ink == pytest.approx(0.7**2, rel=0.03)


@pytest.mark.parametrize("start", STARTS)
def test_the_last_class_is_ten_times_rarer_in_the_target(start):
    x, _, y, truth = made(f"{start}-label-shift")
    all_x, _, all_y, all_truth = made(f"{start}-identical")
    np.testing.assert_array_equal(x, all_x)
    kept = np.bincount(truth) / np.bincount(all_truth)
    np.testing.assert_allclose(kept, np.linspace(1, 0.1, len(kept)), atol=0.02)
    found = {row.tobytes(): label for row, label in zip(all_y, all_truth, strict=True)}
    assert [found[row.tobytes()] for row in y] == truth.tolist()


@pytest.mark.parametrize("start", STARTS)
def test_the_last_class_is_ten_times_rarer_in_the_source(start):
    x, labels, y, _ = made(f"{start}-imbalance")
    all_x, all_labels = made(f"{start}-identical")[:2]
    kept = np.bincount(labels) / np.bincount(all_labels)
    np.testing.assert_allclose(kept, np.linspace(1, 0.1, len(kept)), atol=0.02)
    found = {row.tobytes(): label for row, label in zip(all_x, all_labels, strict=True)}
    assert [found[row.tobytes()] for row in x] == labels.tolist()
    assert not np.array_equal(y, made(f"{start}-identical")[2])  # moved as well


@pytest.mark.parametrize(
    ("start", "classes"), [("blobs", [1, 2, 3]), ("digits", list(range(2, 10)))]
)
def test_the_target_lacks_the_first_classes(start, classes):
    _, labels, y, truth = made(f"{start}-missing-class")
    assert np.unique(truth).tolist() == classes
    assert np.unique(labels).tolist() == list(range(max(classes) + 1))
    all_y, all_truth = made(f"{start}-identical")[2:]
    np.testing.assert_array_equal(y, all_y[np.isin(all_truth, classes)])


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("side", ["source", "target"])
def test_one_row_in_twenty_lies_far_out(start, side):
    at = {"source": 0, "target": 2}[side]
    plain, thrown = made(f"{start}-translation"), made(f"{start}-outliers-{side}")
    out = ~(plain[at] == thrown[at]).all(1)
    assert out.sum() == len(out) // 20
    mean = plain[at].mean(0)
    usual = np.sqrt(np.square(plain[at] - mean).sum(1).mean())
    np.testing.assert_allclose(
        np.linalg.norm(thrown[at][out] - mean, axis=1), 10 * usual, rtol=1e-4
    )
    np.testing.assert_array_equal(plain[2 - at], thrown[2 - at])
    np.testing.assert_array_equal(plain[at + 1], thrown[at + 1])


@pytest.mark.parametrize(("start", "alone", "both"), [("blobs", 1.5, 1.0), ("digits", 0.3, 0.2)])
def test_noise_is_on_the_target_alone_and_overlap_on_both(start, alone, both):
    plain, noisy, wide = (made(f"{start}-{name}") for name in ("identical", "noise", "overlap"))
    np.testing.assert_array_equal(noisy[0], plain[0])
    assert (noisy[2] - plain[2]).std() == pytest.approx(alone, rel=0.05)
    assert (wide[0] - plain[0]).std() == pytest.approx(both, rel=0.05)
    assert not np.array_equal(wide[2], plain[2])


@pytest.mark.parametrize("start", STARTS)
def test_permuted_labels_leave_the_rows(start):
    plain, permuted = made(f"{start}-identical"), made(f"{start}-permuted-labels")
    for at in (0, 1, 2):
        np.testing.assert_array_equal(plain[at], permuted[at])
    exchanged = {0: 1, 1: 0}
    assert permuted[3].tolist() == [exchanged.get(k, k) for k in plain[3].tolist()]


@pytest.mark.parametrize("start", STARTS)
def test_identical_domains_share_no_row_and_differ_in_nothing_else(start):
    x, labels, y, truth = made(f"{start}-identical")
    assert not {row.tobytes() for row in x} & {row.tobytes() for row in y}
    assert np.abs(x.mean(0) - y.mean(0)).max() < 0.5
    assert np.abs(np.bincount(labels) - np.bincount(truth)).max() < 30
    assert not np.array_equal(labels, truth)  # the order tells nothing


def doubled(sides, _):
    return Sides(x=sides.x, labels=sides.labels, y=2 * sides.y, truth=sides.truth)


def test_a_shift_of_ones_own_is_made_in_the_same_way():
    begin = SHIFTS["blobs-noise"].begin
    mine = Shift(name="a-b", family="scaling", about="Doubled.", begin=begin, changes=(doubled,))
    want = 2 * made("blobs-identical")[2]
    np.testing.assert_allclose(mine.make(0)[1].x.numpy(), want, rtol=1e-6)
