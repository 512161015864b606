"""Every geometry is one row of `GEOMETRIES` and meets the costs of the pairs in float64."""

import numpy as np
import pandas as pd
import pytest
import torch

from monge.errors import InputError
from monge.geometry import DenseCost, PointCloud
from monge.numerics import row_slices
from tolerances import tolerance
from zoo import clouds, weights

DTYPES = (torch.float32, torch.float64)


def sqeuclidean(x, y):
    return ((x[:, None] - y) ** 2).sum(2)


def euclidean(x, y):
    return sqeuclidean(x, y).sqrt()


def cosine(x, y):
    length = torch.linalg.vector_norm
    return 1 - (x @ y.T) / (length(x, dim=1)[:, None] * length(y, dim=1))


def lopsided(x, y):
    """Tell source from target: what a transpose must not mix up."""
    return (x[:, None] - 2 * y).abs().sum(2)


GEOMETRIES = {
    "sqeuclidean": (PointCloud, sqeuclidean, "cost"),
    "euclidean": (lambda x, y: PointCloud(x, y, "euclidean"), euclidean, "root cost"),
    "cosine": (lambda x, y: PointCloud(x, y, "cosine"), cosine, "cost"),
    "callable": (lambda x, y: PointCloud(x, y, lopsided), lopsided, "cost"),
    "matrix": (lambda x, y: DenseCost(sqeuclidean(x, y)), sqeuclidean, "cost"),
}


@pytest.fixture(params=GEOMETRIES)
def row(request):
    return GEOMETRIES[request.param]


@pytest.fixture(params=DTYPES, ids=str)
def dtype(request):
    return request.param


@pytest.fixture(params=[(7, 11), (30, 4), (1, 1)], ids=str)
def made(request, row, dtype):
    """Return a geometry, its dense truth, and how far it may be from it."""
    make, truth, quantity = row
    x, y = clouds(*request.param, 3, dtype=dtype)
    cost = truth(x.double(), y.double())
    return make(x, y), cost, {"rtol": 0, "atol": tolerance(quantity, dtype) * float(cost.max())}


def whole(geometry):
    return geometry.block(slice(0, geometry.shape[0])).double()


def test_the_blocks_are_the_costs_of_the_pairs(made, dtype):
    geometry, cost, limit = made
    assert geometry.shape == tuple(cost.shape)
    assert geometry.dtype == dtype
    assert geometry.block(slice(0, 1)).dtype == dtype
    torch.testing.assert_close(whole(geometry), cost, **limit)
    for rows in row_slices(*geometry.shape, elements=25):
        torch.testing.assert_close(geometry.block(rows).double(), cost[rows], **limit)


def test_the_factors_multiply_to_the_costs(made):
    geometry, cost, limit = made
    factors = geometry.factors()
    if factors is None:
        return
    product = factors.left.double() @ factors.right.double().T
    restored = factors.row.double()[:, None] + factors.column.double() - product
    torch.testing.assert_close(restored, cost, **limit)


def test_costs_that_are_products_say_so():
    x, y = clouds(3, 4, 2)
    products = [name for name, (make, *_) in GEOMETRIES.items() if make(x, y).factors() is not None]
    assert products == ["sqeuclidean", "cosine"]


def test_the_transpose_exchanges_source_and_target(made):
    geometry, cost, limit = made
    turned = geometry.transpose()
    assert turned.shape == tuple(cost.T.shape)
    torch.testing.assert_close(whole(turned), cost.T, **limit)
    torch.testing.assert_close(whole(turned.transpose()), cost, **limit)


def test_a_selection_keeps_those_rows_and_columns(made):
    geometry, cost, limit = made
    rows = torch.tensor([geometry.shape[0] - 1, 0, 0])
    columns = torch.tensor([0, geometry.shape[1] - 1])
    torch.testing.assert_close(whole(geometry.select(rows, None)), cost[rows], **limit)
    torch.testing.assert_close(whole(geometry.select(None, columns)), cost[:, columns], **limit)
    both = whole(geometry.select(rows, columns))
    torch.testing.assert_close(both, cost[rows][:, columns], **limit)
    torch.testing.assert_close(whole(geometry.select(None, None)), cost, **limit)


@pytest.mark.parametrize("other", DTYPES, ids=str)
def test_the_floating_type_can_be_changed(made, other):
    geometry, cost, limit = made
    changed = geometry.to(other)
    assert changed.dtype == other
    assert changed.block(slice(0, 1)).dtype == other
    limit = {**limit, "atol": limit["atol"] + tolerance("root cost", other) * float(cost.max())}
    torch.testing.assert_close(whole(changed), cost, **limit)


@pytest.mark.parametrize("total", [1.0, 30.0])
def test_mean_and_maximum_are_those_of_the_matrix(made, total, monkeypatch):
    geometry, cost, limit = made
    n, m = geometry.shape
    a, b = weights(n, total=total), weights(m, seed=1, total=total)
    mean = float(a @ cost @ b) / total**2
    monkeypatch.setitem(row_slices.__kwdefaults__, "elements", 20)
    assert geometry.mean(a, b) == pytest.approx(mean, abs=limit["atol"])
    assert geometry.max() == pytest.approx(float(cost.max()), abs=limit["atol"])


@pytest.mark.parametrize("cost", ["sqeuclidean", "euclidean"])
def test_a_common_shift_costs_no_digits(cost, dtype):
    x, y = clouds(20, 10, 3, dtype=torch.float32)
    x, y = (x * 64).round() / 64, (y * 64).round() / 64  # numbers that a shift does not round
    near, far = PointCloud(x, y, cost), PointCloud((x + 1024).to(dtype), (y + 1024).to(dtype), cost)
    quantity = "cost" if cost == "sqeuclidean" else "root cost"
    limit = tolerance(quantity, dtype) + tolerance(quantity, torch.float32)
    gap = (whole(far) - whole(near.to(torch.float64))).abs().max()
    assert gap <= limit * near.max()


def test_costs_are_never_negative_where_rounding_would_make_them(dtype):
    x, _ = clouds(40, 1, 5, dtype=dtype)
    for cost in ("sqeuclidean", "euclidean", "cosine"):
        assert float(whole(PointCloud(x, x * (3 if cost == "cosine" else 1), cost)).min()) >= 0


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e6 + 0.1, -5.3e-9])
@pytest.mark.parametrize("n", [1, 3, 6, 11, 49])
def test_equal_points_cost_nothing_not_the_rounding_of_their_centre(value, n, dtype):
    x, y = torch.full((n, 3), value, dtype=dtype), torch.full((7, 3), value, dtype=dtype)
    a, b = weights(n), weights(7)
    assert PointCloud(x, y).mean(a, b) == 0


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64, np.uint8, np.float16, bool])
def test_numpy_arrays_of_any_number_are_taken(kind):
    points = np.arange(6).reshape(3, 2).astype(kind)
    cloud = PointCloud(points, points)
    assert cloud.dtype == (torch.float64 if kind is np.float64 else torch.float32)
    assert cloud.shape == (3, 3)
    np.testing.assert_array_equal(cloud.x.numpy(), points.astype(float))


def test_one_float64_cloud_makes_both_float64():
    x, y = clouds(3, 4, 2)
    cloud = PointCloud(x.float(), y)
    assert cloud.x.dtype == cloud.y.dtype == cloud.block(slice(0, 1)).dtype == torch.float64


def test_read_only_and_reversed_arrays_are_taken_as_they_read():
    points = np.arange(6.0).reshape(3, 2)
    points.flags.writeable = False
    cloud = PointCloud(points, points[::-1])
    np.testing.assert_array_equal(cloud.x.numpy(), points)
    np.testing.assert_array_equal(cloud.y.numpy(), points[::-1])


@pytest.mark.parametrize("columns", [["a", "b"], [0, 1], [3, 2]], ids=str)
@pytest.mark.parametrize("index", [range(3), [5, 6, 5], ["u", "v", "w"]], ids=str)
def test_data_frames_are_taken_whatever_their_rows_and_columns_are_called(columns, index):
    points = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    frame = pd.DataFrame(points, index=index, columns=columns)
    cloud = PointCloud(frame, frame.astype("float32"))
    np.testing.assert_array_equal(cloud.x.numpy(), points)
    np.testing.assert_array_equal(cloud.y.numpy(), points)
    np.testing.assert_array_equal(DenseCost(frame).matrix.numpy(), points)


def test_data_frames_of_several_types_of_numbers_are_taken_and_others_refused():
    frame = pd.DataFrame({"whole": [1, 2], "real": [0.5, 1.5], "flag": [True, False]})
    cloud = PointCloud(frame, [[0.0, 0.0, 0.0]])
    assert cloud.x.tolist() == [[1.0, 0.5, 1.0], [2.0, 1.5, 0.0]]
    frame["name"] = ["u", "v"]
    with pytest.raises(InputError, match=r"^PointCloud: 'x' must be an array of real numbers, got"):
        PointCloud(frame, [[0.0] * 4])


@pytest.mark.parametrize("verb", ["__array__", "to_numpy"])
def test_what_only_turns_into_an_array_is_taken(verb):
    table = type("Table", (), {verb: lambda *_, **__: np.ones((2, 3))})()
    assert PointCloud(table, np.ones((1, 3))).shape == (2, 1)


def test_a_geometry_is_shown_in_a_line_without_its_numbers(row, dtype):
    shown = repr(row[0](*clouds(300, 200, 3, dtype=dtype)))
    assert "300 x 200" in shown
    assert str(dtype).removeprefix("torch.") in shown
    assert "tensor" not in shown
    assert "\n" not in shown


def test_points_that_carry_a_gradient_leave_it_at_the_door():
    x, y = clouds(3, 4, 2)
    cloud = PointCloud(x.clone().requires_grad_(), y)
    assert not cloud.block(slice(0, 3)).requires_grad
    assert not DenseCost(x.clone().requires_grad_()).block(slice(0, 3)).requires_grad


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([[1.0, float("nan")]], [[0.0, 0.0]], "'x' must be finite, got nan at row 0, column 1"),
        ([[0.0, 0.0]], [[0.0, 0.0], [float("inf"), 0.0]], "'y' must be finite, got inf at row 1"),
        ([0.0, 1.0], [[0.0, 0.0]], "'x' must be a non-empty array .*shape \\(2,\\)"),
        (np.zeros((0, 2)), [[0.0, 0.0]], "'x' must be a non-empty array .*shape \\(0, 2\\)"),
        (np.zeros((2, 0)), np.zeros((2, 0)), "'x' must be a non-empty array"),
        ([[0.0, 0.0]], [[0.0]], "'y' must be of the same width as x \\(2 features\\), got 1 feat"),
        ([["a", "b"]], [[0.0, 0.0]], "'x' must be an array of real numbers"),
        (np.zeros((2, 2), dtype=complex), [[0.0, 0.0]], "'x' must be an array of real numbers"),
        ([[1.0], [2.0, 3.0]], [[0.0, 0.0]], "'x' must be an array of real numbers"),
    ],
)
def test_points_that_cannot_be_worked_with_are_refused(x, y, message):
    with pytest.raises(InputError, match=f"^PointCloud: {message}.*; .*\\.$"):
        PointCloud(x, y)


@pytest.mark.parametrize("cost", ["manhattan", None, 2])
def test_an_unknown_cost_is_refused_with_the_names_there_are(cost):
    with pytest.raises(InputError, match=r"^PointCloud: 'cost' .*'sqeuclidean', 'euclidean', 'cos"):
        PointCloud([[0.0]], [[0.0]], cost)


def test_a_zero_row_has_no_direction_and_is_refused_when_the_cloud_is_made():
    x, y = clouds(3, 4, 2)
    y[2] = 0
    with pytest.raises(InputError, match=r"^PointCloud: 'cost' .*zero row at index 2"):
        PointCloud(x, y, "cosine")


@pytest.mark.parametrize(
    "cost",
    [lambda x, y: (x @ y.T)[:, :1], lambda x, y: x @ y.T / 0, lambda x, y: (x - y[:1])[:1]],
)
def test_a_callable_that_gives_no_costs_is_refused(cost):
    x, y = clouds(3, 4, 2)
    with pytest.raises(InputError, match=r"^PointCloud: 'cost' must be a callable that gives"):
        PointCloud(x, y, cost).block(slice(0, 3))


@pytest.mark.parametrize("matrix", [[[float("nan")]], [1.0], np.zeros((0, 3)), "text"])
def test_a_cost_matrix_that_is_none_is_refused(matrix):
    with pytest.raises(InputError, match=r"^DenseCost: 'matrix' must be"):
        DenseCost(matrix)
