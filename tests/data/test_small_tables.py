"""Small tables that come with packages."""

import sys

import numpy as np
import pytest

from monge.data.small_tables import load_small_table, small_table_names
from monge.errors import DataError, InputError

SHAPES = {
    "wine": (178, 13, [59, 71, 48]),
    "cancer": (569, 30, [212, 357]),
    "iris": (150, 4, [50, 50, 50]),
    "diabetes": (442, 10, [221, 221]),
    "cars": (392, 7, [196, 196]),
    "homes": (506, 12, [256, 250]),
    "three-blobs": (150, 2, [50, 50, 50]),
}


def test_every_table_is_known():
    assert small_table_names() == tuple(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_a_table_is_whole(name):
    table = load_small_table(name)
    rows, width, counts = SHAPES[name]
    assert table.name == name
    assert table.x.shape == (rows, width)
    assert table.x.dtype == np.float64
    assert np.isfinite(table.x).all()
    assert len(set(table.columns)) == width
    assert np.bincount(table.labels).tolist() == counts


def test_columns_have_their_names():
    cars = load_small_table("cars")
    year = cars.x[:, cars.columns.index("year")]
    assert (year.min(), year.max()) == (70, 82)
    assert set(cars.x[:, cars.columns.index("origin")]) == {1, 2, 3}
    homes = load_small_table("homes")
    assert set(homes.x[:, homes.columns.index("river")]) == {0, 1}
    assert homes.x[:, homes.columns.index("poverty")].max() == pytest.approx(37.97)
    assert homes.x[:, homes.columns.index("age")].max() == 100
    assert homes.x[:, homes.columns.index("rooms")].max() == pytest.approx(8.78)
    diabetes = load_small_table("diabetes")
    assert set(diabetes.x[:, diabetes.columns.index("sex")]) == {1, 2}
    iris = load_small_table("iris")
    assert iris.x[:, iris.columns.index("petal width")].max() == pytest.approx(2.5)


def test_numbers_become_halves():
    cars = load_small_table("cars")
    weight = cars.x[:, cars.columns.index("weight")]
    assert weight[cars.labels == 1].mean() < weight[cars.labels == 0].mean()  # 1 goes further


def test_an_unknown_table_is_refused_by_name():
    with pytest.raises(InputError, match=r"must be one of 'wine', .*got 'vine'"):
        load_small_table("vine")


def test_without_mlxtend_there_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend", None)
    with pytest.raises(
        DataError, match=r"'mlxtend' must be installed.*pip install 'monge\[demo\]'"
    ):
        load_small_table("cars")
    assert len(load_small_table("wine").labels) == 178
