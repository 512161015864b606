"""Transport of class prototypes: its plan, its objective, label shift, and what it refuses."""

from dataclasses import replace
from math import inf

import ot
import pytest
import torch

from monge import Adapter, Barycentric, PointCloud, Problem, Sinkhorn
from monge.errors import Cancelled, ConvergenceError, InputError, MemoryBudgetError
from monge.geometry import DenseCost
from monge.solvers import Status
from monge.solvers.directions import directions
from monge.solvers.prototypes import ClassPlan, Prototypes
from tolerances import tolerance
from zoo import clouds, generator, solution_of

DTYPES = (torch.float32, torch.float64)


def blobs(shares, count, *, seed=0, spread=0.5, dtype=torch.float64):
    """Draw points around corners of a simplex, classes in the given shares."""
    draw = generator(seed)
    sizes = (torch.tensor(shares) * count).round().long()
    labels = torch.arange(len(shares)).repeat_interleave(sizes)
    centres = 4 * torch.eye(5, dtype=torch.float64)
    noise = torch.randn(len(labels), 5, generator=draw, dtype=torch.float64)
    return (centres[labels] + spread * noise).to(dtype), labels


SHIFTED = (0.4, 0.25, 0.15, 0.1, 0.1)


def task(target=SHIFTED, dtype=torch.float64):
    """Return a problem whose target is scaled, shifted, and holds the classes in other shares."""
    x, labels = blobs((0.2,) * 5, 90, dtype=dtype)
    y, truth = blobs(target, 80, seed=1, dtype=dtype)
    return Problem(PointCloud(x, 3 * y + 20), source_labels=labels), truth


def votes(solution, labels):
    return solution.plan.push(torch.nn.functional.one_hot(labels))


@pytest.fixture(params=DTYPES, ids=str)
def dtype(request):
    return request.param


def test_it_labels_a_target_that_holds_the_classes_in_other_shares(dtype):
    problem, truth = task(dtype=dtype)
    solution = Prototypes().solve(problem)
    assert float((votes(solution, problem.source_labels).argmax(1) == truth).double().mean()) == 1
    shares = votes(solution, problem.source_labels).sum(0).double()
    torch.testing.assert_close(shares, torch.tensor(SHIFTED).double(), atol=0.05, rtol=0)


def test_held_class_shares_do_the_harm_that_loose_ones_do_not():
    problem, truth = task((0.5, 0.3, 0.1, 0.05, 0.05))
    right = {
        tau: float(
            (votes(Prototypes(tau=tau).solve(problem), problem.source_labels).argmax(1) == truth)
            .double()
            .mean()
        )
        for tau in (0.02, inf)
    }
    assert right[0.02] > 0.95
    assert right[inf] < 0.8


def test_the_last_round_is_the_relaxed_plan_of_pot():
    """POT's own unbalanced plan, for the prototypes that monge's plan leads to."""
    problem, _ = task()
    options = Prototypes(tolerance=1e-9, rounds=2000)
    solution = options.solve(problem)
    x, y = problem.geometry.x, problem.geometry.y
    directions = [(p - p.mean(0)) / p.std(0, correction=0) for p in (x, y)]
    directions = [p / p.norm(dim=1, keepdim=True) for p in directions]
    table = solution.plan.classes.dense()
    places = table @ directions[1]
    cost = 1 - places / places.norm(dim=1, keepdim=True) @ directions[1].T
    given = torch.full((5,), 1 / 5, dtype=torch.float64)
    truth = ot.unbalanced.sinkhorn_unbalanced(
        given.numpy(),
        problem.b.numpy(),
        cost.numpy(),
        reg=0.05,
        reg_m=(0.1, inf),
        reg_type="kl",
        numItermax=100_000,
        stopThr=1e-13,
    )
    torch.testing.assert_close(table, torch.as_tensor(truth), rtol=0, atol=1e-7)


def test_the_first_round_starts_from_the_source_centroids():
    problem, _ = task()
    x, y = (
        (p - p.mean(0)) / p.std(0, correction=0) for p in (problem.geometry.x, problem.geometry.y)
    )
    x, y = (p / p.norm(dim=1, keepdim=True) for p in (x, y))
    centres = torch.stack([x[problem.source_labels == c].mean(0) for c in range(5)])
    centres = centres / centres.norm(dim=1, keepdim=True)
    step = Problem(DenseCost(1 - centres @ y.T), torch.ones(5) / 5, problem.b, tau_source=0.1)
    truth = Sinkhorn(epsilon=0.05, epsilon_scale="absolute", tolerance=1e-6).solve(step)
    first = Prototypes(rounds=1).solve(problem, throw=False)
    torch.testing.assert_close(first.plan.classes.dense(), truth.plan.dense(), rtol=0, atol=1e-6)


def test_every_round_lowers_the_objective():
    problem, _ = task((0.1, 0.1, 0.2, 0.2, 0.4))
    values = [
        Prototypes(rounds=k, tau=0.3, tolerance=1e-12).solve(problem, throw=False).objective
        for k in (1, 2, 3, 5, 8)
    ]
    assert values == sorted(values, reverse=True)
    assert values[-1] < values[0] - 1e-4


def test_the_certificate_is_that_of_the_plan(dtype):
    problem, _ = task(dtype=dtype)
    solution = Prototypes().solve(problem)
    plan = solution.plan.dense().double()
    assert solution.converged
    assert solution.problem.tau_source == 0.1
    assert max(solution.marginal_error) <= 1e-6
    assert abs(solution.dual_gap) <= 1e-5
    assert float((plan.sum(0) - problem.b).abs().sum()) <= 1e-6
    assert float((plan.sum(1) - problem.a).abs().sum()) > 0.1
    cost = float((plan * problem.geometry.block(slice(None)).double()).sum())
    assert solution.cost == pytest.approx(cost, rel=1e-5)


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_units_shifts_and_flat_features_of_either_domain_do_not_matter(scale):
    problem, _ = task()
    cloud = problem.geometry
    units = scale ** torch.linspace(-1, 1, 5, dtype=torch.float64)
    flat = torch.full((1, 1), 0.7, dtype=torch.float64)
    x = torch.cat([cloud.x * units + 9, flat.expand(len(cloud.x), 1)], 1)
    y = torch.cat([cloud.y / units - 5, 3 * flat.expand(len(cloud.y), 1)], 1)
    other = Problem(PointCloud(x, y), source_labels=problem.source_labels)
    first, second = (Prototypes().solve(p).plan.dense() for p in (problem, other))
    torch.testing.assert_close(second, first, rtol=1e-6, atol=1e-12)


def test_weights_count_as_repeated_rows_do():
    problem, _ = task()
    cloud, labels = problem.geometry, problem.source_labels
    count = torch.arange(len(labels)) % 3 + 1
    again = torch.arange(len(labels)).repeat_interleave(count)
    long = Problem(PointCloud(cloud.x[again], cloud.y), source_labels=labels[again])
    weighted = Problem(cloud, count / count.sum(), source_labels=labels)
    first, second = (Prototypes().solve(p) for p in (weighted, long))
    torch.testing.assert_close(votes(first, labels), votes(second, labels[again]))
    torch.testing.assert_close(first.plan.marginals().source[0], second.plan.marginals().source[0])


def test_more_mass_is_sent_alike():
    problem, _ = task()
    heavy = replace(problem, a=problem.a * 7, b=problem.b * 7)
    first, second = (Prototypes().solve(p).plan.dense() for p in (problem, heavy))
    torch.testing.assert_close(second, 7 * first, rtol=1e-5, atol=1e-12)


def test_a_row_or_a_class_without_mass_sends_nothing():
    problem, _ = task()
    a = torch.where((problem.source_labels == 1) | (torch.arange(90) == 0), 0.0, 1.0)
    idle = Problem(problem.geometry, a / a.sum(), source_labels=problem.source_labels)
    plan = Prototypes().solve(idle).plan.dense()
    assert bool((plan[a == 0] == 0).all())
    assert float(plan.sum()) == pytest.approx(1)


def test_a_number_that_no_class_has_is_no_class():
    problem, _ = task()
    gaps = replace(problem, source_labels=problem.source_labels * 2)
    first, second = (Prototypes().solve(p).plan.dense() for p in (problem, gaps))
    torch.testing.assert_close(first, second)


def test_points_without_a_direction_are_taken():
    """Their cost is one to every prototype, as of points at a right angle."""
    x = torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1], [0, 0]])
    labels = torch.tensor([0, 1, 0, 1, 0])
    problem = Problem(PointCloud(x, torch.zeros(4, 2)), source_labels=labels)
    plan = Prototypes().solve(problem).plan.dense()
    torch.testing.assert_close(plan.sum(0), torch.full((4,), 0.25, dtype=plan.dtype))


def test_a_start_is_where_the_prototypes_come_from():
    problem, truth = task()
    matrix = torch.nn.functional.one_hot(problem.source_labels).double()
    matrix = matrix @ torch.nn.functional.one_hot((truth + 1) % 5).double().T
    wrong = Prototypes().solve(problem, start=solution_of(problem, matrix / matrix.sum()))
    found = votes(wrong, problem.source_labels).argmax(1)
    assert bool((found == (truth + 1) % 5).all())
    done = Prototypes().solve(problem)
    assert Prototypes().solve(problem, start=done).sweeps < done.sweeps


def test_prototypes_that_did_not_settle_are_an_error_and_a_status():
    problem, _ = task()
    hasty = Prototypes(rounds=1, tolerance=1e-9)
    with pytest.raises(ConvergenceError, match=r"^Prototypes: not converged") as caught:
        hasty.solve(problem)
    assert caught.value.solution.status is Status.MAX_SWEEPS
    assert hasty.solve(problem, throw=False).status is Status.MAX_SWEEPS


def test_progress_is_told_and_may_cancel():
    problem, _ = task()
    seen = []
    Prototypes().solve(problem, report=seen.append)
    assert [p.done for p in seen] == list(range(1, len(seen) + 1))
    assert "prototypes moved" in seen[0].detail

    def stop(_):
        raise Cancelled

    with pytest.raises(Cancelled):
        Prototypes().solve(problem, report=stop)


def test_the_move_is_the_mean_over_the_classes_by_their_mass():
    """Where a prototype of no mass is does not matter: it must not keep the rounds going."""
    problem, _ = task((0.1, 0.1, 0.2, 0.2, 0.4))
    seen = []
    first = Prototypes(rounds=1).solve(problem, throw=False, report=seen.append)
    x, y = (directions(p, p.new_ones(len(p))) for p in (problem.geometry.x, problem.geometry.y))
    begun = torch.stack([x[problem.source_labels == c].mean(0) for c in range(5)])
    moved = first.plan.classes.dense() @ y
    begun, moved = (p / p.norm(dim=1, keepdim=True) for p in (begun, moved))
    mass = first.plan.classes.marginals().source
    way = float((mass @ (moved - begun).square().sum(1) / mass.sum()).sqrt())
    assert f"moved {way:.1e}," in seen[0].detail


def test_what_it_cannot_solve_is_refused():
    problem, _ = task()
    for other in (
        Problem(DenseCost(torch.ones(3, 3)), source_labels=torch.tensor([0, 1, 1])),
        Problem(problem.geometry),
        replace(problem, tau_target=1.0),
    ):
        with pytest.raises(InputError, match=r"^Prototypes: 'problem' must be balanced, on points"):
            Prototypes().solve(other)
    with pytest.raises(MemoryBudgetError, match=r"^Prototypes: 'memory' must be at least 12.5 KiB"):
        Prototypes(memory=1000).solve(problem)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epsilon", 0),
        ("epsilon", inf),
        ("epsilon", float("nan")),
        ("tau", -1),
        ("tau", float("nan")),
        ("rounds", 0),
        ("tolerance", 0),
        ("tolerance", float("nan")),
        ("memory", "much"),
    ],
)
def test_options_out_of_range_are_refused(name, value):
    with pytest.raises(InputError, match=rf"^Prototypes: '{name}' must be .*\.$"):
        Prototypes(**{name: value})


def test_the_class_plan_is_its_matrix(dtype):
    draw = generator(0)
    table = torch.rand(3, 7, generator=draw, dtype=torch.float64).to(dtype)
    labels = torch.tensor([0, 2, 2, 1, 0])
    share = torch.tensor([0.25, 0.5, 0.5, 1.0, 0.75], dtype=torch.float64)
    x, y = clouds(3, 7, 2)
    inner = solution_of(Problem(PointCloud(x, y)), table).plan
    plan = ClassPlan(classes=inner, labels=labels, share=share)
    truth = share.to(dtype)[:, None] * table[labels]
    limit = tolerance("mass", dtype)
    close = {"rtol": limit, "atol": limit}
    torch.testing.assert_close(plan.dense(), truth, **close)
    left, right = (torch.randn(k, 2, generator=draw, dtype=torch.float64) for k in plan.shape)
    torch.testing.assert_close(plan.push(left), truth.T @ left.to(dtype), **close)
    torch.testing.assert_close(plan.pull(right), truth @ right.to(dtype), **close)
    torch.testing.assert_close(plan.marginals().source, truth.double().sum(1), **close)
    torch.testing.assert_close(plan.marginals().target, truth.double().sum(0), **close)
    with pytest.raises(InputError, match=r"^Plan.push: 'v' must be of shape \(5, k\)"):
        plan.push(right)


def test_its_barycentric_map_sends_a_class_to_one_place():
    problem, truth = task()
    moved = Barycentric().fit(Prototypes().solve(problem))(problem.geometry.x)
    for c in range(5):
        mine = moved[problem.source_labels == c]
        torch.testing.assert_close(mine, mine[:1].expand_as(mine))
        centre = problem.geometry.y[truth == c].mean(0)
        assert float((mine[0] - centre).norm()) < 1
    adapter = Adapter(Prototypes())
    adapter.fit(
        problem.geometry.x.numpy(),
        problem.source_labels.numpy(),
        X_target=problem.geometry.y.numpy(),
    )
    assert adapter.score(problem.geometry.y.numpy(), truth.numpy()) == 1
