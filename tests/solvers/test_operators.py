"""The parts of Sinkhorn, each against its formula: sweeps, acceleration, certificate, warm-up."""

import pytest
import torch

from monge.errors import ConvergenceError
from monge.geometry import PointCloud
from monge.numerics import row_slices
from monge.plans import EntropicPlan, GibbsKernel
from monge.solvers import MarginalError, Problem, Status
from monge.solvers.anderson import Anderson
from monge.solvers.base import raise_unless_converged
from monge.solvers.certificate import certify, soft_minimum
from monge.solvers.climb import Climb
from monge.solvers.kernels import Rows, StoredKernel, StreamedKernel, Sweep, choose_operator
from monge.solvers.relaxation import Relaxation
from monge.solvers.semidual import SemiDual, Stage
from monge.solvers.side import Side
from tolerances import tolerance
from zoo import clouds, generator, solution_of, weights

N, M, EPSILON = 17, 9, 0.5
HELD = Relaxation()


@pytest.fixture(params=["whole", "cut"], autouse=True)
def _blocks(request, monkeypatch):
    if request.param == "cut":
        monkeypatch.setitem(row_slices.__kwdefaults__, "elements", 2 * M + 1)


def kernel(dtype, cost="sqeuclidean"):
    return GibbsKernel(PointCloud(*clouds(N, M, 3, dtype=dtype), cost), EPSILON)


def scores(made, bias):
    """Return the true scores (n, m), row offsets and all, in float64."""
    return bias - made.geometry.to(torch.float64).block(slice(0, N)) / EPSILON


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("cost", ["sqeuclidean", "euclidean", "cosine"])
@pytest.mark.parametrize("operator", [StoredKernel, StreamedKernel])
@pytest.mark.parametrize(
    "held", [HELD, Relaxation(rate=0.5), Relaxation(capped=True)], ids=["held", "kl", "capped"]
)
def test_a_sweep_gives_the_soft_minima_and_the_column_sums(operator, cost, dtype, held):
    made, a, b = kernel(dtype, cost), weights(N), weights(M, seed=1)
    running = operator(made, Rows(a, held), b)
    h = torch.zeros(M, dtype=torch.float64)
    draw = generator(2)
    # Small steps stay on the stored kernel, the large ones make it anew.
    for size in (0.0, 1.0, 3.0, 0.1, 40.0, 1.0, 200.0):
        h = h + size * torch.randn(M, generator=draw, dtype=torch.float64)
        if held.rate < 1:
            h = h.clamp_max(1.0)  # or a relaxed row has more mass than the type can hold
        truth = scores(made, b.log() + h)
        soft, column = running.sweep(h)
        expected = truth.logsumexp(1)
        limit = tolerance("root cost" if cost == "euclidean" else "sum", dtype)
        gap = (soft - expected).abs().max()
        assert float(gap) <= limit * (1 + float(h.abs().max()))
        mass = held.mass(a, expected)
        sums = mass @ (truth - expected[:, None]).exp()
        room = limit * (1 + float(h.abs().max())) * max(1.0, float(mass.sum()))
        torch.testing.assert_close(column, sums, rtol=0, atol=room)
        if held is HELD:
            assert float(column.sum()) == pytest.approx(1, abs=tolerance("sum", dtype))


def test_the_sweep_of_a_stored_kernel_is_its_own():
    running = StoredKernel(kernel(torch.float64), Rows(weights(N), HELD), weights(M, seed=1))
    first = running.sweep(torch.zeros(M, dtype=torch.float64))
    kept = first.soft_minimum.clone()
    running.sweep(torch.linspace(0, 50, M, dtype=torch.float64))
    assert torch.equal(first.soft_minimum, kept)


def test_the_operator_is_chosen_by_the_bytes_it_takes():
    for dtype, size in ((torch.float32, 4), (torch.float64, 8)):
        made = kernel(dtype)
        need = N * M * size
        assert StoredKernel.need(made) == need
        rows = Rows(weights(N), HELD)
        assert choose_operator(made, rows, weights(M), need).name == "stored"
        assert choose_operator(made, rows, weights(M), need - 1).name == "stream"


def test_the_soft_minimum_is_its_formula():
    made, b = kernel(torch.float64), weights(M, zeros=2)
    g = torch.randn(M, generator=generator(3), dtype=torch.float64)
    bias = b.log() + g / EPSILON
    truth = scores(made, bias).logsumexp(1)
    torch.testing.assert_close(soft_minimum(made, bias), truth)


@pytest.mark.parametrize("total", [1.0, 4.0])
def test_the_certificate_is_the_distance_of_both_marginals_over_the_mass(total):
    geometry = PointCloud(*clouds(N, M, 3))
    problem = Problem(geometry, weights(N, total=total), weights(M, seed=1, total=total))
    draw = generator(4)
    plan = EntropicPlan(
        geometry=geometry,
        epsilon=2.0,
        a=problem.a,
        b=problem.b,
        f=torch.randn(N, generator=draw, dtype=torch.float64),
        g=torch.randn(M, generator=draw, dtype=torch.float64),
    )
    matrix = plan.dense()
    potentials = plan.f / 2.0, plan.g / 2.0
    certificate = certify(problem, plan, plan.marginals(), potentials, (HELD, HELD))
    source, target = certificate.marginal_error
    assert source == pytest.approx(float((matrix.sum(1) - problem.a).abs().sum()) / total)
    assert target == pytest.approx(float((matrix.sum(0) - problem.b).abs().sum()) / total)
    cost = geometry.block(slice(0, N)).double()
    relative = (matrix / (problem.a[:, None] * problem.b)).log()
    primal = float((matrix * cost).sum() + 2.0 * (matrix * relative).sum())
    assert certificate.objective == pytest.approx(primal)
    gap = (matrix.sum(1) - problem.a) @ plan.f + (matrix.sum(0) - problem.b) @ plan.g
    assert certificate.dual_gap == pytest.approx(float(gap))


def test_acceleration_solves_a_linear_iteration_in_as_many_steps_as_it_has_unknowns():
    draw, size = generator(5), 6
    matrix = torch.randn(size, size, generator=draw, dtype=torch.float64)
    matrix *= 0.9 / torch.linalg.matrix_norm(matrix, 2)
    fixed = torch.randn(size, generator=draw, dtype=torch.float64)
    anderson = Anderson(weight=torch.ones(size, dtype=torch.float64))
    h = torch.zeros(size, dtype=torch.float64)
    for _ in range(size + 2):
        residual = matrix @ (h - fixed) + fixed - h
        h = anderson.step(h, residual, merit=float(residual.norm()), value=0.0)
    assert float((h - fixed).norm()) < 1e-6 * float(fixed.norm())


ONE, TWO = torch.tensor([1.0, 0.0]).double(), torch.tensor([0.0, 1.0]).double()


@pytest.mark.parametrize(
    ("merit", "value"), [(2.1, 0.0), (0.5, -0.2), (0.5, -1e9), (float("inf"), 0.0)]
)
def test_an_extrapolation_that_did_not_pay_is_taken_back_to_the_best(merit, value):
    anderson = Anderson(weight=torch.ones(2, dtype=torch.float64))
    assert torch.equal(anderson.step(ONE, TWO, merit=1.0, value=0.0), ONE + TWO)
    anderson.step(5 * ONE, 3 * TWO, merit=1.9, value=-0.05)
    assert torch.equal(anderson.step(9 * ONE, 9 * TWO, merit=merit, value=value), ONE + TWO)
    # The memory starts anew: the next step is a plain one.
    after = anderson.step(7 * ONE, TWO, merit=3.0, value=-1e9)
    assert torch.equal(after, 7 * ONE + TWO)


def test_no_extrapolation_is_longer_than_the_longest():
    anderson = Anderson(weight=torch.ones(2, dtype=torch.float64))
    anderson.step(0 * ONE, ONE, merit=1.0, value=0.0)
    far = anderson.step(ONE, (1 - 1e-9) * ONE, merit=0.9, value=0.0)
    assert far.tolist() == [pytest.approx(11.0), 0.0]


def test_steps_that_better_nothing_are_followed_by_plain_ones_from_the_best():
    anderson = Anderson(weight=torch.ones(2, dtype=torch.float64))
    anderson.step(ONE, TWO, merit=1.0, value=0.0)
    draw = generator(8)
    idle = [
        anderson.step(h, h, merit=1.5, value=0.0)
        for h in torch.randn(51, 2, generator=draw, dtype=torch.float64)
    ]
    assert not torch.equal(idle[-2], ONE + TWO)
    assert torch.equal(idle[-1], ONE + TWO)
    for h in torch.randn(20, 2, generator=draw, dtype=torch.float64):
        assert torch.equal(anderson.step(h, ONE, merit=1.5, value=0.0), h + ONE)
    anderson.step(ONE, TWO, merit=1.5, value=0.0)
    h = 3 * ONE + TWO
    assert not torch.equal(anderson.step(h, ONE + TWO, merit=1.5, value=0.0), h + ONE + TWO)


def test_the_memory_of_the_acceleration_is_bounded():
    anderson = Anderson(weight=torch.ones(50, dtype=torch.float64), memory=3)
    draw = generator(6)
    for step in range(10):
        h = torch.randn(50, generator=draw, dtype=torch.float64)
        anderson.step(h, h, merit=1.0 / (step + 1), value=0.0)
    assert len(anderson._iterates) == len(anderson._residuals) == 4


def semidual(n, epsilon=1.0):
    x, y = clouds(n, 3, 2)
    third = torch.full((3,), 1 / 3, dtype=torch.float64)
    a = torch.full((n,), 1 / n, dtype=torch.float64)
    return SemiDual(PointCloud(x, y), Side(a), Side(third), epsilon, 10**9, lambda *_: None)


@pytest.mark.parametrize(
    ("n", "relative", "stages"),
    [
        (100, 0.05, []),
        (100, 0.049, [(4.0, 1)]),
        (100, 0.0125, [(4.0, 1)]),
        (100, 0.002, [(64.0, 1), (16.0, 1), (4.0, 1)]),
        (15_000, 0.1, [(1.0, 4)]),
        (60_000, 0.02, [(4.0, 16), (1.0, 16)]),
    ],
)
def test_a_warm_up_goes_from_large_epsilons_and_few_rows_to_the_problem(n, relative, stages):
    planned = list(semidual(n).stages(relative))
    assert [(stage.epsilon, stage.divisor) for stage in planned] == stages
    assert all(isinstance(stage, Stage) and 0 < stage.tolerance < 0.1 for stage in planned)


def test_a_warm_up_for_the_least_epsilon_there_is_has_an_end():
    assert len(list(semidual(10).stages(1e-290))) < 600


def test_a_column_without_any_mass_rises_by_a_bounded_step():
    a, third = (torch.full((size,), 1 / size, dtype=torch.float64) for size in (5, 3))
    climb = Climb(None, Rows(a, HELD), Rows(third, HELD), None)
    column = torch.tensor([1.0, 0.0, 1 / 3], dtype=torch.float64)
    reading = climb.read(torch.zeros(3, dtype=torch.float64), Sweep(torch.zeros_like(a), column))
    assert reading.residual.tolist() == pytest.approx([-1.0986123, 60.0, 0.0])
    assert reading.error == pytest.approx(1.0)


def test_a_draw_takes_alike_from_every_class():
    labels = torch.arange(8).repeat_interleave(10)
    drawn = Side(torch.full((80,), 1 / 80, dtype=torch.float64), labels=labels).draw(5)
    assert torch.bincount(labels[drawn]).tolist() == [2] * 8
    assert len(Side(torch.ones(80).double()).draw(4)) == 20


def test_only_what_did_not_converge_raises_and_it_says_how_far_it_got():
    problem = Problem(PointCloud(*clouds(2, 2, 2)))
    solution = solution_of(problem, torch.eye(2) / 2)
    raise_unless_converged("Someone", solution)
    object.__setattr__(solution, "status", Status.STALLED)
    object.__setattr__(solution, "marginal_error", MarginalError(1e-3, 2e-2))
    with pytest.raises(ConvergenceError, match=r"^Someone: not conv.*error 2.0e-02 after 0") as c:
        raise_unless_converged("Someone", solution)
    assert c.value.solution is solution
