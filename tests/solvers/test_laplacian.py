"""Transport that keeps neighbours together: its gradient, POT's optimum, its refusals."""

import ot
import pytest
import torch

from monge.errors import ConvergenceError, InputError, MemoryBudgetError
from monge.geometry import DenseCost, PointCloud
from monge.graphs import graph_laplacian, neighbour_graph
from monge.solvers import Exact, Laplacian, Problem, Status
from monge.solvers.laplacian import _Terms
from zoo import clouds, generator

N = 20


@pytest.fixture(scope="module")
def problem():
    return Problem(PointCloud(*clouds(N, N, 2)))


def terms(options, problem):
    return _Terms.of(options, problem, problem.geometry)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_the_gradient_is_that_of_the_value(problem, alpha):
    made = terms(Laplacian(eta=0.7, alpha=alpha), problem)
    plan = torch.rand(N, N, generator=generator(3), dtype=torch.float64, requires_grad=True)
    moved, origin = plan @ made.y * N, plan.T @ made.x * N
    value = (made.cost * plan).sum()
    for graph, v, share in (
        (made.graphs[0], moved, 0.7 * alpha / N),
        (made.graphs[1], origin, 0.7 * (1 - alpha) / N),
    ):
        dense = graph.to_dense()
        value = value + share * (dense / 2 * torch.cdist(v, v).square()).sum()
    (truth,) = torch.autograd.grad(value, plan)
    torch.testing.assert_close(made.gradient(plan.detach()), truth)
    assert made.value(plan.detach()) == pytest.approx(float(value.detach()))


@pytest.mark.parametrize("alpha", [1.0, 0.5])
@pytest.mark.filterwarnings("ignore")
def test_the_optimum_is_that_of_pot(problem, alpha):
    options = Laplacian(eta=0.3, alpha=alpha, tolerance=2e-3, rounds=2000)
    solution = options.solve(problem)
    cloud, uniform = problem.geometry, problem.a.numpy()
    reference = ot.da.emd_laplace(
        uniform,
        uniform,
        cloud.x.numpy(),
        cloud.y.numpy(),
        cloud.block(slice(None)).numpy(),
        eta=0.3 * N,
        alpha=alpha,
        numItermax=2000,
        stopThr=1e-12,
    )
    value = terms(options, problem).value(torch.as_tensor(reference))
    assert solution.objective <= value + solution.dual_gap
    assert value <= solution.objective + 1e-2 * abs(value)
    assert 0 <= solution.dual_gap <= 2e-3 * solution.objective


def test_without_smoothness_it_is_the_exact_plan(problem):
    solution = Laplacian(eta=0.0).solve(problem)
    assert solution.cost == pytest.approx(Exact().solve(problem).cost)
    assert solution.sweeps == 1


def test_smoothness_keeps_neighbours_closer(problem):
    made = terms(Laplacian(eta=1.0), problem)
    rough = made.smoothness(Exact().solve(problem).plan.dense().double())
    smooth = made.smoothness(Laplacian(eta=1.0, tolerance=0.05).solve(problem).plan.dense())
    assert smooth < 0.8 * rough


def test_a_gap_that_was_not_reached_is_an_error_and_a_status(problem):
    hasty = Laplacian(eta=5.0, rounds=1)
    with pytest.raises(ConvergenceError, match=r"^Laplacian: not converged"):
        hasty.solve(problem)
    assert hasty.solve(problem, throw=False).status is Status.MAX_SWEEPS


def test_what_it_cannot_solve_is_refused(problem):
    with pytest.raises(InputError, match=r"'problem' must be balanced, on points"):
        Laplacian().solve(Problem(DenseCost(torch.ones(3, 3))))
    with pytest.raises(MemoryBudgetError, match=r"^Laplacian: 'memory' must be at least"):
        Laplacian(memory=1000).solve(problem)
    with pytest.raises(InputError, match=r"^nearest_others: 'k' must be from 1 to 19"):
        Laplacian(neighbours=20).solve(problem)


@pytest.mark.parametrize(
    ("name", "value"),
    [("eta", -1), ("alpha", 2), ("neighbours", 0), ("rounds", 0), ("tolerance", 0)],
)
def test_options_out_of_range_are_refused(name, value):
    with pytest.raises(InputError, match=rf"^Laplacian: '{name}' must be .*\.$"):
        Laplacian(**{name: value})


def test_a_graph_joins_each_point_with_its_nearest():
    x = torch.tensor([[0.0], [1.0], [1.1], [5.0]])
    graph = neighbour_graph(x, 1).to_dense()
    truth = torch.tensor([[0, 0.5, 0, 0], [0.5, 0, 1, 0], [0, 1, 0, 0.5], [0, 0, 0.5, 0]])
    torch.testing.assert_close(graph, truth.double())
    ones = torch.ones(4, 1, dtype=torch.float64)
    assert float(graph_laplacian(neighbour_graph(x, 1), ones).abs().max()) == 0
