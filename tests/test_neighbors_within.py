import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from monge import numerics
from monge.errors import InputError
from monge.neighbors import nearest_others
from zoo import clouds, generator

DTYPES = (torch.float32, torch.float64)


def brute(points, k):
    """Measure every pair in float64 and sort, the first of equals first."""
    gap = points.double()[:, None] - points.double()
    square = (gap * gap).sum(2).fill_diagonal_(torch.inf)
    order = square.argsort(dim=1, stable=True)[:, :k]
    return order, square.gather(1, order)


def check(points, k):
    found = nearest_others(points, k)
    index, square = brute(points, k)
    assert torch.equal(found.row, index)
    torch.testing.assert_close(found.square, square, rtol=1e-12, atol=0)


@pytest.fixture(params=["whole", "cut"])
def _blocks(request, monkeypatch):
    if request.param == "cut":
        monkeypatch.setitem(numerics.row_slices.__kwdefaults__, "elements", 90)


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n", "k"), [(2, 1), (3, 2), (9, 4), (40, 1), (40, 7), (40, 31), (40, 39)])
def test_the_nearest_rows_are_those_of_every_pair_measured(n, k, dtype):
    check(clouds(n, 1, 4, dtype=dtype)[0], k)


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("dtype", DTYPES)
def test_of_many_equal_rows_the_first_come_first(dtype):
    points = clouds(5, 1, 3, dtype=dtype)[0].repeat(12, 1)
    check(points[torch.randperm(60, generator=generator(0))], 4)


@pytest.mark.parametrize("dtype", DTYPES)
def test_points_of_a_grid_have_many_equal_neighbours(dtype):
    axis = torch.arange(6.0, dtype=dtype)
    check(torch.cartesian_prod(axis, axis)[torch.randperm(36, generator=generator(1))], 5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("distance", [1e2, 1e4, 1e6])
def test_two_clusters_far_apart_do_not_blur_each_other(distance, dtype):
    points = clouds(50, 1, 3, dtype=dtype)[0]
    points[:25] += distance
    points[25:] -= distance
    check(points, 6)


@pytest.mark.parametrize("scale", [1e-12, 1e12, 1e25])
def test_the_answer_knows_no_unit(scale):
    check(clouds(50, 1, 3, dtype=torch.float32)[0] * scale, 6)


def test_rows_so_far_away_that_their_squares_overflow_come_last_and_no_row_is_its_own():
    points = clouds(12, 1, 3, dtype=torch.float32)[0]
    points[6:9] *= 1e22
    points[9:] = -points[6:9]
    found = nearest_others(points, 8)
    assert torch.equal(found.row, brute(points, 8)[0])


@given(seed=st.integers(0, 10**6), digits=st.integers(0, 2), k=st.integers(1, 11))
def test_rounded_points_of_any_kind(seed, digits, k):
    points = torch.randn(12, 2, generator=generator(seed)).mul(10**digits).round() / 10**digits
    check(points, k)


@pytest.mark.parametrize("k", [0, 5, 6])
def test_as_many_neighbours_as_there_are_other_rows_and_no_more(k):
    with pytest.raises(InputError, match=r"^nearest_others: 'k' must be from 1 to 4"):
        nearest_others(torch.zeros(5, 2), k)
