"""The suite of the verdict: every case builds, alike for a seed, and is what it says."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from monge.adapters.classifiers import classifier_of
from monge.data import SHIFTS, load_uci_digits
from monge.data.more_shifts import MORE_SHIFTS
from monge.data.small_tables import load_small_table
from monge.errors import DataError, InputError
from monge.experiments.verdict import tables
from monge.experiments.verdict.case import MOST_ROWS, Case, domains
from monge.experiments.verdict.suite import FAMILIES, SUITE

OFFLINE = [name for name, case in SUITE.items() if not case.needs_data]
FILES = [name for name, case in SUITE.items() if case.needs_data]


def data_dir(name):
    """Return the folder of the raw files, or skip: tests never download."""
    named = os.environ.get("MONGE_DATA")
    folder = Path(named) if named else Path(__file__).parents[3] / "shared" / "data"
    wanted = ["OfficeCaltech10"] if name.startswith("office") else ["MNIST", "USPS"]
    lacking = [part for part in wanted if not (folder / part).is_dir()]
    if lacking:
        pytest.skip(f"no {', '.join(lacking)} in {folder}; set MONGE_DATA to a folder that has it")
    return folder


def whole(name, place=None):
    """Build a case twice, check what every case promises, and return it."""
    made, again = (SUITE[name].make(0, place) for _ in range(2))
    source, target, views = made
    for one, same in zip(made[:2], again[:2], strict=True):
        assert torch.equal(one.x, same.x)
        assert torch.equal(one.labels, same.labels)
        assert 20 <= len(one) <= MOST_ROWS
    assert source.x.dtype == target.x.dtype
    assert source.x.is_floating_point()
    assert source.x.shape[1] == target.x.shape[1]
    counts = torch.bincount(source.labels)
    assert counts.min() >= 4
    assert len(counts) > 1
    assert set(target.labels.tolist()) <= set(source.labels.tolist())
    for view, same in zip(views, again.views, strict=True):
        assert view.ndim == 2
        assert len(view) == len(target)
        np.testing.assert_array_equal(view, same)
    return made


def same_rows(one, other):
    return all(torch.equal(a.x, b.x) for a, b in zip(one[:2], other[:2], strict=True))


def right(classifier, source, target):
    fitted = classifier_of(classifier).fit(source.x.numpy(), source.labels.numpy())
    return float((fitted.predict(target.x.numpy()) == target.labels.numpy()).mean())


@pytest.mark.parametrize("name", OFFLINE)
def test_a_case_builds_and_is_a_function_of_the_seed(name, monkeypatch, tmp_path):
    monkeypatch.setenv("MONGE_DATA", str(tmp_path))  # nothing is there
    made = whole(name)
    assert same_rows(made, SUITE[name].make(1)) == SUITE[name].fixed
    for classifier in ("nearest", "logistic"):
        assert 0 <= right(classifier, made.source, made.target) <= 1


@pytest.mark.parametrize("name", FILES)
def test_a_case_of_files_builds(name):
    made = whole(name, data_dir(name))
    assert same_rows(made, SUITE[name].make(1, data_dir(name))) == SUITE[name].fixed
    assert right("nearest", made.source, made.target) > 0.1


@pytest.mark.parametrize("name", FILES)
def test_a_case_without_its_files_says_which(name, tmp_path):
    with pytest.raises(DataError, match="data_dir"):
        SUITE[name].make(0, tmp_path)


def test_there_are_enough_cases_of_enough_families():
    assert len(OFFLINE) >= 60
    assert len(SUITE) >= 90
    families = Counter(case.family for case in SUITE.values())
    assert tuple(families) == FAMILIES
    assert len(FAMILIES) >= 14
    assert min(families.values()) >= 3
    offline = Counter(SUITE[name].family for name in OFFLINE)
    assert min(offline.values()) >= 3


def test_the_issue_is_covered():
    wanted = {
        *("rotation", "scaling", "translation", "noise", "label shift", "missing class"),
        *("outliers", "overlap", "identical", "permuted labels", "symmetry", "swapped shares"),
        *("image quality", "class drift", "shapes", "digit sets", "office", "wine cuts"),
    }
    assert wanted < set(FAMILIES)
    assert set(SHIFTS) | set(MORE_SHIFTS) < set(SUITE)
    assert sum(case.family == "office" for case in SUITE.values()) == 12


def test_every_case_says_what_it_is():
    for name, case in SUITE.items():
        assert case.name == name
        assert case.about.endswith(".")
        assert "\n" not in case.about
        assert case.kind in {"synthetic", "real"}
    kinds = [case.kind for case in SUITE.values()]
    assert kinds == sorted(kinds, reverse=True)
    assert len({case.kind for case in SUITE.values()}) == 2
    for family in FAMILIES:
        assert len({case.kind for case in SUITE.values() if case.family == family}) == 1


HIDDEN = [name for name, case in SUITE.items() if case.hidden]


def test_hidden_shifts_are_those_of_names_and_symmetries():
    assert {SUITE[name].family for name in HIDDEN} == {"permuted labels", "symmetry"}
    assert len(HIDDEN) == 8


@pytest.mark.parametrize("name", HIDDEN)
def test_no_row_of_a_hidden_shift_shows_what_was_done(name):
    source, target, _ = SUITE[name].make(0)
    x, y = (side.x.numpy() - side.x.numpy().mean(0) for side in (source, target))
    rows, sides = np.concatenate([x, y]), np.repeat([0, 1], [len(x), len(y)])
    away = cdist(rows, rows, "sqeuclidean")
    np.fill_diagonal(away, np.inf)
    alike = sides[away.argmin(1)] == sides
    assert 0.43 < alike.mean() < 0.57  # as if both sides were drawn from one cloud
    assert right("nearest", source, target) < 0.9  # and yet much is lost


@pytest.mark.parametrize("seed", [-1, 0.5, True, None])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(InputError, match=r"Case.make: 'seed' must be a whole number"):
        SUITE["wine-alcohol-up"].make(seed)


def test_two_cases_of_one_seed_draw_apart():
    one, other = (SUITE[name].make(0)[0] for name in ("wine-random-halves", "wine-worn-sensors"))
    assert not torch.equal(one.labels, other.labels)


def test_rows_are_drawn_at_random_and_views_along_with_them():
    rows = 2 * MOST_ROWS
    numbers = np.arange(rows, dtype=np.float32)[:, None]
    labels = (numbers[:, 0] >= MOST_ROWS).astype(np.int64)  # sorted by class

    def build(draw, place):
        sides = tables.Sides(x=numbers, labels=labels, y=-numbers, truth=labels)
        return domains(sides, "a", "b", (numbers.copy(),))

    case = Case(name="big", family="f", kind="synthetic", about="Big.", build=build)
    source, target, (view,) = case.make(0)
    assert len(source) == len(target) == MOST_ROWS
    np.testing.assert_array_equal(view, -target.x.numpy())
    assert torch.equal(source.labels, (source.x[:, 0] >= MOST_ROWS).long())
    assert not torch.equal(source.x, -target.x)
    share = target.labels.double().mean()
    assert 0.4 < share < 0.6
    assert share != 0.5  # as many of each class would tell the shares of the target


CUTS = [case.name for case in tables.CUTS]


@pytest.mark.parametrize("name", CUTS)
def test_a_cut_divides_the_table_at_the_quantile(name):
    cut = SUITE[name].build
    source, target = cut(np.random.default_rng(0), None)[:2]
    read, values = tables._read(cut.table, cut.column)
    assert len(source) + len(target) == len(values)
    assert len(source) / len(values) == pytest.approx(0.6, abs=0.08)
    counts = torch.bincount(source.labels, minlength=10) + torch.bincount(
        target.labels, minlength=10
    )
    np.testing.assert_array_equal(counts, np.bincount(read.labels, minlength=10))
    if cut.table == "digits":
        return
    kept = [at for at, column in enumerate(read.columns) if cut.blur or column != cut.column]
    assert source.x.shape[1] == len(kept)
    np.testing.assert_allclose(source.x.mean(0), 0, atol=1e-6)
    deviation = source.x.std(0, correction=0).numpy()
    np.testing.assert_allclose(deviation[deviation > 1e-9], 1, rtol=1e-6)
    if cut.blur:
        at = read.columns.index(cut.column)
        step = float(target.x[:, at].mean() - source.x[:, at].mean())
        assert (step > 0.5) if cut.way == "up" else (step < -0.5)


def test_without_noise_a_cut_divides_by_the_value_alone():
    source, target, _ = SUITE["cars-origin-up"].make(0)
    cars = load_small_table("cars")
    origin = cars.x[:, cars.columns.index("origin")]
    assert len(source) == (origin == 1).sum()
    assert len(target) == (origin > 1).sum()


@pytest.mark.parametrize("what", ["ink", "width", "slant"])
def test_digits_are_measured(what):
    images = np.zeros((3, 8, 8))
    images[0, 2:6, 3] = 1  # upright, thin
    images[1, 2:6, 1:7] = 1  # wide
    images[2][np.arange(1, 7), np.arange(1, 7)] = 1  # leaning
    thin, wide, leaning = tables._measured(images, what)
    want = {
        "ink": (4, 24, 6),
        "width": (0, np.sqrt(35 / 12), np.sqrt(35 / 12)),
        "slant": (0, 0, 35 / 12),
    }[what]
    np.testing.assert_allclose([thin, wide, leaning], want, atol=1e-12)


def test_a_column_that_stands_still_in_the_source_is_only_centred():
    x = np.array([[1.0, 5.0], [3.0, 5.0]])
    sides = tables.Sides(x=x, labels=np.array([0, 1]), y=x + 1, truth=np.array([0, 1]))
    source, target, _ = tables._finished(sides, "a", "b")
    assert source.x.tolist() == [[-1, 0], [1, 0]]
    assert target.x.tolist() == [[0, 1], [2, 1]]


def test_halves_are_halves_of_the_table_scaled_by_the_source():
    source, target, _ = SUITE["wine-random-halves"].make(0)
    wine = load_small_table("wine")
    assert len(source) == len(target) == len(wine.labels) // 2
    rows = torch.cat([source.x, target.x]).numpy()
    back = np.linalg.matrix_rank(np.c_[np.sort(rows[:, 0]), np.sort(wine.x[:, 0]), np.ones(178)])
    assert back == 2
    np.testing.assert_allclose(source.x.mean(0), 0, atol=1e-6)
    assert abs(float(target.x.mean())) > 1e-4


def test_digit_sets_are_resized_and_the_larger_images_are_a_view():
    source, target, views = SUITE["mnist5k-uci"].make(0)
    assert views == ()
    known = {
        row.tobytes() for row in (load_uci_digits().x.numpy() / np.float32(255)).reshape(-1, 64)
    }
    assert all(row.tobytes() in known for row in target.x.numpy())
    assert source.x.shape == (800, 64)
    assert 0.95 < float(source.x.max()) <= 1
    source, target, (view,) = SUITE["uci-mnist5k"].make(0)
    assert view.shape == (800, 784)
    ink = view.reshape(800, 28, 28).mean((1, 2))
    assert np.corrcoef(ink, target.x.numpy().mean(1))[0, 1] > 0.99


def test_a_target_may_lack_classes():
    assert set(SUITE["mnist5k-uci-few-classes"].make(0).target.labels.tolist()) == {0, 1, 2, 3, 4}
