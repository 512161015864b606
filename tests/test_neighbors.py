import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from monge import numerics
from monge.errors import InputError
from monge.neighbors import across, nearest, sieve
from zoo import clouds, generator

DTYPES = (torch.float32, torch.float64)


def brute(queries, reference):
    """Measure every pair in float64; the first of the nearest."""
    gap = queries.double()[:, None] - reference.double()
    return (gap * gap).sum(2).argmin(1)


def _cut(monkeypatch):
    monkeypatch.setattr(across, "QUERIES", 7)
    monkeypatch.setattr(sieve, "QUERIES", 7)
    monkeypatch.setattr(sieve, "GROUP", 3)
    monkeypatch.setattr(sieve, "TILE", 6)
    monkeypatch.setitem(numerics.row_slices.__kwdefaults__, "elements", 40)


@pytest.fixture(params=["whole", "cut"])
def _blocks(request, monkeypatch):
    if request.param == "cut":
        _cut(monkeypatch)


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 2, 3, 40, 41])
def test_the_nearest_row_is_that_of_every_pair_measured(n, dtype):
    queries, reference = clouds(60, n, 4, dtype=dtype)
    assert torch.equal(nearest(queries, reference), brute(queries, reference))


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("dtype", DTYPES)
def test_of_many_equal_rows_the_first_wins(dtype):
    queries, reference = clouds(60, 12, 3, dtype=dtype)
    order = torch.randperm(60, generator=generator(0))
    reference = reference.repeat(5, 1)[order]
    assert torch.equal(nearest(queries, reference), brute(queries, reference))
    assert torch.equal(nearest(reference, reference), brute(reference, reference))


@pytest.mark.usefixtures("_blocks")
def test_points_of_a_grid_have_many_nearest_and_the_first_is_found():
    axis = torch.arange(4.0)
    reference = torch.cartesian_prod(axis, axis)[torch.randperm(16, generator=generator(1))]
    middles = torch.cartesian_prod(axis + 0.5, axis + 0.5)
    assert torch.equal(nearest(middles, reference), brute(middles, reference))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("distance", [1e2, 1e4, 1e6, 1e8])
def test_two_clusters_far_apart_do_not_blur_each_other(distance, dtype):
    queries, reference = clouds(50, 80, 3, dtype=dtype)
    reference[:40] += distance
    reference[40:] -= distance
    queries[:25] += distance
    queries[25:] -= distance
    assert torch.equal(nearest(queries, reference), brute(queries, reference))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [1e-12, 1e12, 1e25])
def test_the_answer_knows_no_unit(scale, dtype):
    queries, reference = clouds(50, 30, 3, dtype=dtype)
    found = nearest(queries * scale, reference * scale)
    assert torch.equal(found, brute(queries, reference))


def test_an_outlier_among_the_references_changes_nothing():
    queries, reference = clouds(50, 80, 3, dtype=torch.float32)
    reference[3] = 1e6
    assert torch.equal(nearest(queries, reference), brute(queries, reference))


@given(seed=st.integers(0, 10**6), digits=st.integers(0, 2), d=st.integers(1, 5))
def test_a_query_is_answered_alone_as_among_others(seed, digits, d):
    queries, reference = clouds(6, 9, d, seed=seed, dtype=torch.float32)
    queries, reference = queries.round(decimals=digits), reference.round(decimals=digits)
    found = nearest(queries, reference)
    alone = [int(nearest(queries[i : i + 1], reference)) for i in range(6)]
    assert found.tolist() == alone


def test_no_queries_give_no_rows_and_types_may_differ():
    reference = torch.zeros(2, 3)
    assert nearest(torch.zeros(0, 3), reference).shape == (0,)
    assert nearest(torch.ones(1, 3).double(), reference).tolist() == [0]


@pytest.mark.parametrize("shape", [(0, 3), (4, 2)])
def test_references_that_do_not_fit_are_refused(shape):
    with pytest.raises(InputError, match=r"^nearest: 'reference' must be .*3 features"):
        nearest(torch.zeros(1, 3), torch.zeros(shape))


@pytest.mark.usefixtures("_blocks")
def test_every_row_is_its_own_nearest_however_many_there_are():
    rows, _ = clouds(60, 1, 3, dtype=torch.float32)
    for n in range(1, 61):
        assert torch.equal(nearest(rows[:n], rows[:n]), torch.arange(n))


@pytest.mark.parametrize("scale", [1.0, 1e-21])
def test_rows_that_single_precision_cannot_tell_apart_are_told_apart(scale: float) -> None:
    # On a sphere about the query lengths differ by the rounding of the coordinates alone, less than
    # a sum of squares in float32 is off by; at 1e-21 the squares are crumbs in float32.
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        direction = torch.randn(300, 84, generator=generator)
        reference = direction / direction.norm(dim=1, keepdim=True) * scale
        exact = reference.double().square().sum(1).argmin()
        assert nearest(torch.zeros(1, 84), reference).item() == exact


def flat(n, d, seed, dtype=torch.float32, flatness=0.05):
    """Spread rows along three of d turned directions, and a little along the rest."""
    source = generator(seed)
    turn = torch.linalg.qr(torch.randn(d, d, generator=generator(0), dtype=torch.float64)).Q
    rows = torch.randn(n, d, generator=source, dtype=torch.float64)
    rows[:, 3:] *= flatness
    return (rows @ turn + 5).to(dtype)


@pytest.fixture
def bounds(monkeypatch):
    """Count the sieves that were made with and without bounds."""
    made = []
    init = sieve.Sieve.__init__

    def counted(self, *args):
        init(self, *args)
        made.append(self.bounds)

    monkeypatch.setattr(sieve.Sieve, "__init__", counted)
    return made


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(3))
def test_of_flat_clouds_bounds_are_compared_and_the_nearest_is_found(
    seed, dtype, bounds, monkeypatch
):
    _cut(monkeypatch)
    queries, reference = flat(40, 12, seed, dtype), flat(301, 12, seed + 10, dtype)
    assert torch.equal(nearest(queries, reference), brute(queries, reference))
    assert bounds == [True]


@pytest.mark.parametrize("scale", [1e-15, 1e12])
def test_bounds_know_no_unit(scale, bounds, monkeypatch):
    _cut(monkeypatch)
    queries, reference = flat(40, 12, 0) * scale, flat(300, 12, 1) * scale
    assert torch.equal(nearest(queries, reference), brute(queries, reference))
    assert bounds == [True]


def test_bounds_hold_where_what_is_left_is_all_that_differs(bounds, monkeypatch):
    # Along the wide directions every row of a set of five is the same.
    _cut(monkeypatch)
    reference = flat(60, 12, 0, torch.float64, 0.0).repeat_interleave(5, 0)
    reference += flat(300, 12, 1, torch.float64, 0.01) * 0.001
    queries = reference[::7] + 0.0005
    assert torch.equal(nearest(queries, reference), brute(queries, reference))
    assert bounds[0]


def test_among_rows_that_are_equally_far_bounds_lose_none_by_rounding(bounds, monkeypatch):
    # All on a sphere about the query, along the wide directions: rounding alone tells them apart.
    _cut(monkeypatch)
    monkeypatch.setattr(sieve, "_MANY", 1000)
    for seed in range(20):
        query = flat(1, 12, seed, flatness=0.0)
        around = flat(60, 12, seed + 100, torch.float64, 0.0) - 5
        around /= around.norm(dim=1, keepdim=True)
        reference = (query.double() + around).float()
        assert torch.equal(nearest(query, reference), brute(query, reference))
    assert all(bounds)


@pytest.mark.parametrize(("rows", "queries"), [(301, 0), (5, 3)])
def test_no_queries_and_few_rows_need_no_bounds(rows, queries, bounds, monkeypatch):
    _cut(monkeypatch)
    assert len(nearest(flat(queries, 12, 0), flat(rows, 12, 1))) == queries
    assert bounds == [False]


def test_clouds_as_wide_in_all_directions_are_compared_by_scores(bounds, monkeypatch):
    _cut(monkeypatch)
    queries, reference = flat(40, 12, 0, flatness=1.0), flat(301, 12, 1, flatness=1.0)
    assert torch.equal(nearest(queries, reference), brute(queries, reference))
    assert bounds == [False]


def test_where_bounds_let_too_much_through_the_scores_are_compared(bounds, monkeypatch):
    # What is left of the queries points another way than what is left of the rows.
    _cut(monkeypatch)
    reference = flat(301, 12, 0, flatness=0.0)
    queries = flat(40, 12, 1, flatness=0.0) + flat(1, 12, 2, flatness=2.0)
    monkeypatch.setattr(sieve, "_HELD", 0.01)
    assert torch.equal(nearest(queries, reference), brute(queries, reference))
    assert bounds == [True, False]


@pytest.mark.parametrize("reference", [torch.zeros(20, 4), torch.full((20, 4), 1e30)])
def test_clouds_without_a_spread_are_compared_by_scores(reference, bounds, monkeypatch):
    _cut(monkeypatch)
    assert nearest(reference[:2], reference).tolist() == [0, 0]
    assert bounds == [False]
