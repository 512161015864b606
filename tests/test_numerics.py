import pytest
import torch

from monge import PointCloud, Problem, Sinkhorn, numerics
from monge.neighbors import nearest
from monge.numerics import moments, resolve_dtype, row_slices, symmetric_power
from tolerances import tolerance
from zoo import clouds, generator, weights


@pytest.mark.parametrize(("n", "m"), [(0, 5), (1, 1), (7, 3), (10, 100), (64, 1), (3, 0)])
@pytest.mark.parametrize("elements", [1, 10, 64])
def test_slices_cover_every_row_once_within_the_limit(n, m, elements):
    slices = list(row_slices(n, m, elements=elements))
    assert [i for part in slices for i in range(n)[part]] == list(range(n))
    assert all(
        (part.stop - part.start) * m <= elements or part.stop - part.start == 1 for part in slices
    )


def test_one_float64_tensor_makes_all_float64():
    single, double, whole = torch.zeros(1), torch.zeros(1).double(), torch.zeros(1).long()
    assert resolve_dtype(single, whole) == torch.float32
    assert resolve_dtype(single, double) == torch.float64


@pytest.mark.parametrize("total", [1.0, 7.0, 1e-6])
def test_moments_are_those_of_the_weighted_rows(total):
    x, _ = clouds(20, 1, 3)
    w = weights(20, total=total, zeros=2)
    mean, covariance = moments(x, w)
    share = w / total
    torch.testing.assert_close(mean, (share[:, None] * x).sum(0))
    truth = sum(share[i] * torch.outer(x[i] - mean, x[i] - mean) for i in range(20))
    torch.testing.assert_close(covariance, truth)


def test_moments_are_float64_and_do_not_lose_a_distant_cloud():
    x, _ = clouds(50, 1, 2, dtype=torch.float32)
    w = weights(50)
    mean, covariance = moments(x + 2**12, w)
    near_mean, near = moments((x + 2**12).double() - 2**12, w)
    assert mean.dtype == covariance.dtype == torch.float64
    torch.testing.assert_close(mean - 2**12, near_mean)
    torch.testing.assert_close(covariance, near)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_powers_of_a_positive_matrix_multiply(dtype):
    root = torch.randn(4, 4, generator=generator(0), dtype=torch.float64)
    matrix = (root @ root.T + torch.eye(4)).to(dtype)
    limit = {"rtol": 0, "atol": tolerance("matrix", dtype) * float(matrix.abs().max())}
    half, inverse = symmetric_power(matrix, 0.5), symmetric_power(matrix, -1.0)
    assert half.dtype == dtype
    torch.testing.assert_close(half @ half, matrix, **limit)
    torch.testing.assert_close(inverse @ matrix, torch.eye(4, dtype=dtype), **limit)
    inverse_root = symmetric_power(matrix, -0.5)
    torch.testing.assert_close(inverse_root @ inverse_root, inverse, **limit)


def test_a_flat_direction_is_left_out_of_an_inverse():
    axis = torch.linalg.qr(torch.randn(3, 3, generator=generator(1), dtype=torch.float64)).Q
    matrix = axis @ torch.diag(torch.tensor([4.0, 1.0, 0.0], dtype=torch.float64)) @ axis.T
    truth = axis @ torch.diag(torch.tensor([0.5, 1.0, 0.0], dtype=torch.float64)) @ axis.T
    torch.testing.assert_close(symmetric_power(matrix, -0.5), truth)


@pytest.mark.parametrize("exponent", [-0.5, 0.5, 1.0])
def test_a_matrix_of_zeros_has_powers_of_zeros(exponent):
    zeros = torch.zeros(3, 3, dtype=torch.float64)
    assert torch.equal(symmetric_power(zeros, exponent), zeros)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_the_inverse_root_knows_no_unit(scale):
    matrix = torch.diag(torch.tensor([4.0, 1.0], dtype=torch.float64))
    scaled = symmetric_power(matrix * scale, -0.5) * scale**0.5
    torch.testing.assert_close(scaled, symmetric_power(matrix, -0.5))


@pytest.mark.parametrize("asked", ["highest", "high", "medium"])
def test_products_are_full_inside_whatever_the_process_asks_for_and_that_is_put_back(asked):
    def told():
        backends = torch.backends.cuda.matmul, torch.backends.mkldnn.matmul
        return [backend.fp32_precision for backend in backends]

    first = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision(asked)
        before = told()
        with numerics.full_precision():
            assert told() == ["ieee", "ieee"]
        assert told() == before
        assert torch.get_float32_matmul_precision() == asked
        with pytest.raises(RuntimeError, match="as it was"), numerics.full_precision():
            raise RuntimeError("as it was")
        assert told() == before
    finally:
        torch.set_float32_matmul_precision(first)


def test_solves_plans_and_searches_work_at_full_precision(monkeypatch):
    seen = []

    def spied(true):
        def spy(*arguments, **options):
            seen.append(torch.backends.mkldnn.matmul.fp32_precision)
            return true(*arguments, **options)

        return spy

    for name in ("mm", "addmm", "mv"):
        monkeypatch.setattr(torch, name, spied(getattr(torch, name)))
    x, y = torch.rand(20, 3), torch.rand(10, 3)
    plan = Sinkhorn().solve(Problem(PointCloud(x, y))).plan
    for work in (
        lambda: nearest(x, y),
        lambda: plan.push(torch.ones(20, 1)),
        lambda: plan.rows(0, 3),
    ):
        assert seen
        assert set(seen) == {"ieee"}
        seen.clear()
        work()
    assert set(seen) == {"ieee"}


def test_tf32_is_used_where_it_is_asked_for_and_nowhere_else():
    def told():
        return torch.backends.cuda.matmul.fp32_precision

    before, seen = told(), []

    def cost(x, y):
        seen.append(told())
        return (x[:, None] - y[None]).square().sum(2)

    problem = Problem(PointCloud(torch.rand(20, 3), torch.rand(10, 3), cost))
    with numerics.tf32():
        assert told() == before  # only work of monge's own is done with it
        asked = Sinkhorn().solve(problem, throw=False)
    assert asked.converged
    assert set(seen) == {"tf32"}
    assert told() == before
    seen.clear()
    Sinkhorn().solve(problem)
    assert set(seen) == {"ieee"}
