"""Every plan is one row of `PLANS` and meets the matrix that it stands for."""

import numpy as np
import pytest
import torch

from monge.errors import InputError, MemoryBudgetError
from monge.geometry import DenseCost, PointCloud
from monge.numerics import row_slices
from monge.plans import DensePlan, EntropicPlan, GibbsKernel, SparsePlan
from tolerances import tolerance
from zoo import clouds, generator, weights

DTYPES = (torch.float32, torch.float64)
N, M = 9, 13


def matrix():
    """Make a plan with an idle row and an idle column, and some entries that are zero."""
    made = torch.rand(N, M, generator=generator(0), dtype=torch.float64) / (N * M)
    made[made < 0.2 / (N * M)] = 0
    made[4], made[:, 7] = 0, 0
    return made


def dense(dtype):
    return DensePlan(matrix().to(dtype)), matrix()


def sparse(dtype):
    """Give the entries out of order, and one of them in two parts."""
    row, column = matrix().nonzero(as_tuple=True)
    mass = matrix()[row, column]
    order = torch.randperm(len(row), generator=generator(1))
    row, column, mass = (torch.cat([v[order], v[order][:1]]) for v in (row, column, mass))
    mass[0], mass[-1] = 0.25 * mass[0], 0.75 * mass[0]
    plan = SparsePlan(row=row, column=column, mass=mass.to(dtype), size=(N, M))
    return plan, matrix()


def entropic(cost, dtype):
    x, y = clouds(N, M, 3, dtype=dtype)
    geometry = PointCloud(x, y, cost) if cost != "matrix" else DenseCost(torch.cdist(x, y))
    draw = generator(2)
    f = torch.randn(N, generator=draw, dtype=torch.float64)
    g = torch.randn(M, generator=draw, dtype=torch.float64)
    a, b, epsilon = weights(N, seed=3, zeros=1), weights(M, seed=4, zeros=2), 0.7
    plan = EntropicPlan(geometry=geometry, epsilon=epsilon, a=a, b=b, f=f, g=g)
    costs = geometry.to(torch.float64).block(slice(0, N))
    return plan, a[:, None] * b * ((f[:, None] + g - costs) / epsilon).exp()


PLANS = {
    "dense": dense,
    "sparse": sparse,
    "entropic sqeuclidean": lambda dtype: entropic("sqeuclidean", dtype),
    "entropic euclidean": lambda dtype: entropic("euclidean", dtype),
    "entropic cosine": lambda dtype: entropic("cosine", dtype),
    "entropic callable": lambda dtype: entropic(lambda x, y: (x @ y.T).abs(), dtype),
    "entropic matrix": lambda dtype: entropic("matrix", dtype),
}


@pytest.fixture(params=DTYPES, ids=str)
def dtype(request):
    return request.param


@pytest.fixture(params=PLANS)
def made(request, dtype):
    """Return a plan and the matrix that it stands for."""
    return PLANS[request.param](dtype)


@pytest.fixture(params=["whole", "cut"], autouse=True)
def _blocks(request, monkeypatch):
    """Run every test in one block, and in blocks of two rows."""
    if request.param == "cut":
        monkeypatch.setitem(row_slices.__kwdefaults__, "elements", 2 * M + 1)


def close(value, truth, dtype, quantity="sum"):
    limit = tolerance(quantity, dtype) * max(float(truth.abs().max()), 1e-300)
    torch.testing.assert_close(value.double(), truth, rtol=0, atol=limit)


def test_the_rows_are_those_of_the_matrix(made, dtype):
    plan, truth = made
    assert plan.shape == (N, M)
    assert plan.dtype == plan.dense().dtype == dtype
    close(plan.dense(), truth, dtype, "mass")
    for start, stop in ((0, N), (0, 0), (3, 5), (N - 1, N)):
        assert plan.rows(start, stop).shape == (stop - start, M)
        if stop > start:
            close(plan.rows(start, stop), truth[start:stop], dtype, "mass")


def test_no_mass_is_negative_and_idle_rows_have_none(made):
    plan, truth = made
    mass = plan.dense()
    assert bool((mass >= 0).all())
    assert bool((mass[truth == 0] == 0).all())


@pytest.mark.parametrize("k", [1, 4])
def test_push_and_pull_are_the_products(made, dtype, k):
    plan, truth = made
    draw = generator(5)
    u = torch.randn(N, k, generator=draw, dtype=torch.float64)
    v = torch.randn(M, k, generator=draw, dtype=torch.float64)
    assert plan.push(u.float()).dtype == plan.pull(v.float()).dtype == dtype
    close(plan.push(u), truth.T @ u, dtype)
    close(plan.pull(v), truth @ v, dtype)


def test_push_is_the_adjoint_of_pull(made, dtype):
    plan, truth = made
    draw = generator(6)
    u = torch.randn(N, 1, generator=draw, dtype=torch.float64)
    v = torch.randn(M, 1, generator=draw, dtype=torch.float64)
    there, back = (plan.push(u).double() * v).sum(), (plan.pull(v).double() * u).sum()
    assert abs(there - back) <= tolerance("sum", dtype) * truth.sum()


def test_marginals_are_the_sums_in_float64(made, dtype):
    plan, truth = made
    source, target = plan.marginals()
    assert source.dtype == target.dtype == torch.float64
    close(source, truth.sum(1), dtype)
    close(target, truth.sum(0), dtype)


def test_the_barycentre_is_the_mean_of_what_a_row_feeds(made, dtype):
    plan, truth = made
    _, y = clouds(1, M, 3)
    mass = truth.sum(1, keepdim=True)
    fed = mass[:, 0] > 0
    centre = plan.barycentre(y)
    assert centre.dtype == dtype
    close(centre[fed], (truth @ y / mass)[fed], dtype)
    assert bool(centre[~fed].isnan().all())


def test_some_rows_are_idle(made):
    _, truth = made
    assert not bool((truth.sum(1) > 0).all())


@pytest.mark.parametrize("k", [1, np.int64(5), M, M + 3])
def test_top_gives_the_largest_receivers(made, dtype, k):
    plan, truth = made
    mass, row = plan.top(k)
    assert mass.shape == row.shape == (N, min(k, M))
    close(mass, truth.topk(min(int(k), M), dim=1).values, dtype, "mass")
    close(mass, truth.gather(1, row), dtype, "mass")


@pytest.mark.parametrize("k", [0, -1, 2.5, True, None, "all"])
def test_a_number_of_receivers_is_a_positive_whole_number(made, k):
    plan, _ = made
    with pytest.raises(
        InputError, match=r"^Plan.top: 'k' must be a positive whole number, got .*; .*\.$"
    ):
        plan.top(k)


def test_arrays_and_lists_are_carried_as_tensors_are(made, dtype):
    plan, _ = made
    u, v = np.arange(2.0 * N).reshape(N, 2), np.arange(2.0 * M).reshape(M, 2)
    for verb, given in (("push", u), ("pull", v), ("barycentre", v)):
        expected = getattr(plan, verb)(torch.tensor(given))
        for kind in (given, given.tolist()):
            carried = getattr(plan, verb)(kind)
            assert carried.dtype == dtype
            torch.testing.assert_close(carried, expected, equal_nan=True)
    rows, columns = np.arange(N) % 3, np.arange(M) % 2
    expected = plan.class_mass(torch.tensor(rows), torch.tensor(columns))
    assert torch.equal(plan.class_mass(rows, columns.astype(np.uint8)), expected)


def test_a_plan_is_shown_in_a_line_without_its_numbers(made):
    plan, _ = made
    assert f"{N} x {M}" in repr(plan)
    assert "\n" not in repr(plan)
    assert "tensor" not in repr(plan)
    assert len(repr(plan)) < 120


def test_grouped_mass_is_the_sum_over_pairs_of_groups(made, dtype):
    plan, truth = made
    rows = torch.arange(N) % 3
    columns = torch.arange(M) % 5
    sums = torch.zeros(3, 5, dtype=torch.float64)
    for i in range(N):
        for j in range(M):
            sums[rows[i], columns[j]] += truth[i, j]
    grouped = plan.grouped_mass(rows, columns)
    assert grouped.dtype == torch.float64
    close(grouped, sums, dtype)


@pytest.mark.parametrize("sides", [(2, 4), (4, 2)])
def test_class_mass_is_square_over_the_classes_of_both_sides(made, dtype, sides):
    plan, truth = made
    rows, columns = torch.arange(N) % sides[0], torch.arange(M) % sides[1]
    mass = plan.class_mass(rows, columns)
    assert mass.shape == (4, 4)
    close(mass[: sides[0], : sides[1]], plan.grouped_mass(rows, columns), dtype)
    close(mass.sum(), truth.sum(), dtype)
    close(mass.trace(), truth[rows[:, None] == columns].sum(), dtype)


def test_perplexity_counts_the_targets_that_a_row_feeds(made, dtype):
    plan, truth = made
    share = truth / truth.sum(1, keepdim=True)
    entropy = -torch.where(share > 0, share * share.log(), 0.0).sum(1)
    counted = torch.where(truth.sum(1) > 0, entropy.exp(), 0.0)
    close(plan.row_perplexity(), counted, dtype)


def test_a_matrix_above_the_budget_is_refused_before_it_is_made(made, dtype):
    plan, _ = made
    need = N * M * (8 if dtype == torch.float64 else 4)
    assert plan.dense(memory=need).shape == (N, M)
    with pytest.raises(MemoryBudgetError, match=r"^Plan.dense: 'memory' must be at least"):
        plan.dense(memory=need - 1)


@pytest.mark.parametrize("shape", [(N,), (N + 1, 1), (0, 1)])
def test_columns_of_another_length_are_refused(made, shape):
    plan, _ = made
    for verb in ("push", "pull", "barycentre"):
        with pytest.raises(InputError, match=f"^Plan.{verb}: 'v' must be of shape"):
            getattr(plan, verb)(torch.zeros(shape))


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        (torch.zeros(N + 1).long(), torch.zeros(M).long(), "must be one group for each of 9 and"),
        (torch.zeros(N).long(), torch.zeros(M - 1).long(), "must be one group for each of 9 and"),
        (torch.zeros(N).long() - 1, torch.zeros(M).long(), "'source_groups' must be integers"),
        (torch.zeros(N).long(), torch.zeros(M).float(), "'target_groups' must be integers"),
    ],
)
def test_groups_that_are_none_are_refused(made, rows, columns, message):
    plan, _ = made
    with pytest.raises(InputError, match=f"^Plan.grouped_mass: .*{message}"):
        plan.grouped_mass(rows, columns)


@pytest.mark.parametrize("k", [1, 5])
def test_perplexity_of_equal_shares_is_their_number(k, dtype):
    rows = torch.zeros(2, M, dtype=dtype)
    rows[0, :k] = 1e-30
    torch.testing.assert_close(
        DensePlan(rows).row_perplexity(), torch.tensor([k, 0.0], dtype=dtype)
    )


@pytest.mark.parametrize("epsilon", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("cost", ["sqeuclidean", "euclidean", "cosine", "matrix"])
def test_the_scores_of_a_kernel_are_bias_less_cost_over_epsilon_up_to_the_offset(
    cost, epsilon, dtype
):
    x, y = clouds(N, M, 3, dtype=dtype)
    geometry = PointCloud(x, y, cost) if cost != "matrix" else DenseCost(torch.cdist(x, y))
    kernel = GibbsKernel(geometry, epsilon)
    bias = torch.randn(M, generator=generator(7), dtype=torch.float64)
    bias[2] = -torch.inf
    scores = kernel.scores(slice(2, 6), bias)
    costs = geometry.to(torch.float64).block(slice(2, 6)) / epsilon
    truth = bias - costs + kernel.offset[2:6, None]
    assert scores.dtype == dtype
    assert bool((scores[:, 2] == -torch.inf).all())
    kept = torch.arange(M) != 2
    limit = tolerance("root cost", dtype) * float(costs.max() + 1)
    torch.testing.assert_close(scores[:, kept].double(), truth[:, kept], rtol=0, atol=limit)


@pytest.mark.parametrize("geometry", ["product", "matrix"])
def test_scores_of_every_so_many_columns_are_those_columns_of_all(geometry):
    x, y = clouds(6, 11, 3)
    cloud = PointCloud(x, y)
    kernel = GibbsKernel(
        cloud if geometry == "product" else DenseCost(cloud.block(slice(0, 6))), 0.7
    )
    bias = torch.randn(11, generator=generator(5), dtype=torch.float64)
    rows = slice(1, 5)
    torch.testing.assert_close(
        kernel.scores(rows, bias, step=4), kernel.scores(rows, bias)[:, [0, 4, 8]]
    )
