"""Plan and classifier learned together: its objective, its fixed points, and what it refuses."""

from dataclasses import replace
from itertools import pairwise
from math import inf, nan

import ot
import pytest
import torch

from monge import Barycentric, Exact, PointCloud, Problem, Sinkhorn
from monge.errors import Cancelled, ConvergenceError, InputError
from monge.geometry import DenseCost
from monge.joint import JointTransport
from monge.joint.jdot import _Linear
from monge.solvers import Status
from zoo import clouds, generator, solution_of

ETA = 0.5


def task(n=40, m=30, *, seed=0, dtype=torch.float64):
    """Return a problem of three classes whose target is moved and stretched."""
    draw = generator(seed)
    labels, truth = torch.arange(n) % 3, torch.arange(m) % 3
    centres = torch.tensor([[0.0, 0.0, 0.0], [3.0, 0.0, 1.0], [0.0, 3.0, -1.0]]).double()
    x = centres[labels] + torch.randn(n, 3, generator=draw, dtype=torch.float64)
    y = 1.3 * centres[truth] + torch.randn(m, 3, generator=draw, dtype=torch.float64) + 1
    return Problem(PointCloud(x.to(dtype), y.to(dtype)), source_labels=labels), truth


def one_hot(problem):
    return torch.nn.functional.one_hot(problem.source_labels)


def regression(y, b, told):
    """Fit the ridge regression by least squares on stacked rows: f (m, L) and eta |B|^2."""
    b = b / b.sum()
    mean, penalty = b @ y, ETA * y.shape[1] * float(b.square().sum())
    points = (y - mean) / (b @ (y - mean).square()).sqrt()
    mass = told.sum(1) / told.sum()
    shares = told / told.sum(1, keepdim=True)
    level, target = mass @ points, mass @ shares
    root = mass.sqrt()[:, None]
    rows = torch.cat([root * (points - level), penalty**0.5 * torch.eye(points.shape[1]).double()])
    wanted = torch.cat([root * (shares - target), told.new_zeros(points.shape[1], told.shape[1])])
    found = torch.linalg.lstsq(rows, wanted).solution
    return (points - level) @ found + target, penalty * float(found.square().sum())


def losses(problem, plan):
    """Return |e_l - f(y)|^2 (n, m) of the best f of a plan, and its Omega."""
    y = problem.geometry.y.double()
    f, omega = regression(y, problem.b, plan.T @ one_hot(problem).double())
    return (one_hot(problem).double()[:, None] - f).square().sum(2), omega


def joint_objective(problem, plan, *, alpha, epsilon):
    """Return the objective at a plan (n, m) and its best f, in units of the points' cost."""
    cost = problem.geometry.block(slice(None)).double()
    loss, omega = losses(problem, plan)
    entropy = float(
        (plan * (plan / (problem.a[:, None] * problem.b)).clamp_min(1e-300).log()).sum()
    )
    unit = problem.geometry.mean(problem.a, problem.b) / alpha
    return float((plan * (cost + unit * loss)).sum()) + unit * omega + epsilon * entropy


@pytest.mark.parametrize("epsilon", [0, 0.02])
def test_every_turn_lowers_the_objective(epsilon):
    problem, _ = task()
    values = []
    for rounds in (1, 2, 3, 5, 8):
        options = JointTransport(
            epsilon=epsilon, alpha=0.5, eta=ETA, rounds=rounds, tolerance=1e-12
        )
        plan = options.solve(problem, throw=False).plan.dense().double()
        absolute = epsilon * problem.geometry.mean(problem.a, problem.b)
        values.append(joint_objective(problem, plan, alpha=0.5, epsilon=absolute))
    assert all(after <= before + 1e-5 for before, after in pairwise(values))
    assert values[-1] < values[0] - 1e-3


@pytest.mark.parametrize("alpha", [0.3, 3.0])
def test_where_it_ends_the_plan_is_the_best_for_its_classifier(alpha):
    """POT's own plan of the joint cost, for the classifier that monge's plan leads to."""
    problem, _ = task()
    solution = JointTransport(epsilon=0, alpha=alpha, eta=ETA, tolerance=1e-12).solve(problem)
    plan = solution.plan.dense().double()
    cost = problem.geometry.block(slice(None)).double()
    joint = cost + problem.geometry.mean(problem.a, problem.b) / alpha * losses(problem, plan)[0]
    least = ot.emd2(problem.a.numpy(), problem.b.numpy(), joint.numpy())
    assert float((plan * joint).sum()) == pytest.approx(least, rel=1e-9)
    assert solution.objective == pytest.approx(least, rel=1e-9)
    assert solution.cost == pytest.approx(float((plan * cost).sum()))


def test_an_entropic_end_is_the_entropic_plan_of_the_joint_cost():
    problem, _ = task()
    solution = JointTransport(epsilon=0.05, alpha=0.5, eta=ETA, tolerance=1e-9, rounds=1000).solve(
        problem
    )
    plan = solution.plan.dense().double()
    cost = problem.geometry.block(slice(None))
    joint = cost + problem.geometry.mean(problem.a, problem.b) / 0.5 * losses(problem, plan)[0]
    epsilon = 0.05 * problem.geometry.mean(problem.a, problem.b)
    truth = ot.sinkhorn(
        problem.a.numpy(), problem.b.numpy(), joint.numpy(), epsilon, method="sinkhorn_log",
        numItermax=100_000, stopThr=1e-12,
    )  # fmt: skip
    torch.testing.assert_close(plan, torch.as_tensor(truth), rtol=0, atol=2e-6)


@pytest.mark.parametrize("epsilon", [0, 0.05])
def test_a_loss_that_weighs_nothing_leaves_the_plan_of_the_points(epsilon):
    problem, _ = task()
    alone = Sinkhorn(epsilon=epsilon).solve(problem) if epsilon else Exact().solve(problem)
    joint = JointTransport(epsilon=epsilon, alpha=1e9).solve(problem)
    torch.testing.assert_close(joint.plan.dense(), alone.plan.dense(), rtol=0, atol=1e-5)
    assert joint.problem is problem
    if epsilon:
        assert joint.epsilon == pytest.approx(alone.epsilon)


def rotated():
    """Return two long classes side by side, and the same turned by 45 degrees."""
    draw, labels = generator(3), torch.arange(80) % 2

    def cloud():
        across = 3.0 * (2 * labels - 1) + 0.7 * torch.randn(80, generator=draw)
        return torch.stack([across, 2 * torch.randn(80, generator=draw)], 1).double()

    x, y = cloud(), cloud()
    turn = torch.tensor([[1.0, 1.0], [-1.0, 1.0]]).double() / 2**0.5
    return Problem(PointCloud(x, y @ turn), source_labels=labels)


@pytest.mark.parametrize("epsilon", [0, 0.05])
def test_the_classifier_puts_right_what_the_points_alone_mistake(epsilon):
    problem = rotated()
    right = {}
    for alpha in (0.3, 1e9):
        plan = JointTransport(epsilon=epsilon, alpha=alpha).solve(problem).plan
        votes = plan.push(one_hot(problem)).argmax(1)
        right[alpha] = float((votes == problem.source_labels).double().mean())
    assert right[1e9] < 0.85
    assert right[0.3] == 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_certificate_is_that_of_the_plan(dtype):
    problem, truth = task(dtype=dtype)
    solution = JointTransport().solve(problem)
    plan = solution.plan.dense()
    assert solution.converged
    assert plan.dtype == dtype
    assert float((plan.double().sum(0) - problem.b).abs().sum()) <= 2e-4
    assert float((plan.double().sum(1) - problem.a).abs().sum()) <= 2e-4
    votes = solution.plan.push(one_hot(problem)).argmax(1)
    assert float((votes == truth).double().mean()) > 0.9
    assert Barycentric().fit(solution)(problem.geometry.x).shape == (40, 3)


def test_weights_count_as_repeated_rows_do():
    problem, _ = task()
    cloud, labels = problem.geometry, problem.source_labels
    count = torch.arange(40) % 3 + 1
    again = torch.arange(40).repeat_interleave(count)
    long = Problem(PointCloud(cloud.x[again], cloud.y), source_labels=labels[again])
    weighted = Problem(cloud, count / count.sum(), source_labels=labels)
    first, second = (JointTransport().solve(p) for p in (weighted, long))
    torch.testing.assert_close(
        first.plan.push(one_hot(weighted)), second.plan.push(one_hot(long)), rtol=0, atol=1e-5
    )


def test_target_rows_of_no_weight_and_flat_features_teach_nothing():
    problem, _ = task()
    cloud = problem.geometry
    flat = torch.full((40, 1), 5.0).double()
    stray = torch.tensor([[900.0, 0, 0, 7]]).double()
    y = torch.cat([torch.cat([cloud.y, flat[:30]], 1), stray])
    other = Problem(
        PointCloud(torch.cat([cloud.x, flat], 1), y),
        None,
        torch.cat([problem.b, torch.zeros(1)]),
        source_labels=problem.source_labels,
    )
    options = JointTransport(tolerance=1e-8, rounds=1000)
    first, second = (options.solve(p).plan.dense() for p in (problem, other))
    torch.testing.assert_close(second[:, :30], first, rtol=0, atol=1e-7)


def test_a_relaxed_marginal_stays_relaxed():
    problem, _ = task()
    solution = JointTransport().solve(replace(problem, tau_source=0.1))
    assert solution.problem.tau_source == 0.1
    given = solution.plan.marginals()
    assert float((given.source - problem.a).abs().sum()) > 1e-3
    assert float((given.target - problem.b).abs().sum()) < 2e-4


def test_a_start_gives_the_labels_of_the_first_training():
    problem, truth = task()
    matrix = one_hot(problem).double() @ torch.nn.functional.one_hot((truth + 1) % 3).double().T
    wrong = solution_of(problem, matrix / matrix.sum())
    options = JointTransport(epsilon=0, alpha=0.1)
    votes = options.solve(problem, start=wrong).plan.push(one_hot(problem)).argmax(1)
    assert float((votes == (truth + 1) % 3).double().mean()) > 0.9
    done = JointTransport().solve(problem)
    assert JointTransport().solve(problem, start=done).sweeps < done.sweeps


def test_turns_that_did_not_settle_are_an_error_and_a_status():
    problem, _ = task()
    hasty = JointTransport(rounds=1, tolerance=1e-12)
    with pytest.raises(ConvergenceError, match=r"^JointTransport: not converged") as caught:
        hasty.solve(problem)
    assert caught.value.solution.status is Status.MAX_SWEEPS
    assert hasty.solve(problem, throw=False).status is Status.MAX_SWEEPS


def test_progress_is_told_and_may_cancel():
    problem, _ = task()
    seen = []
    JointTransport().solve(problem, report=seen.append)
    assert [p.done for p in seen] == list(range(1, len(seen) + 1))
    assert "of the labels changed, to reach 3e-03" in seen[0].detail

    def stop(_):
        raise Cancelled

    with pytest.raises(Cancelled):
        JointTransport().solve(problem, report=stop)


def test_what_it_cannot_solve_is_refused():
    problem, _ = task()
    labels = torch.tensor([0, 1, 1])
    for other in (
        Problem(DenseCost(torch.ones(3, 3)), source_labels=labels),
        Problem(problem.geometry),
    ):
        with pytest.raises(InputError, match=r"^JointTransport: 'problem' must be on points"):
            JointTransport().solve(other)
    x, y = clouds(8, 7, 2)
    with pytest.raises(InputError, match=r"'start' must be a solution of shape \(40, 30\)"):
        JointTransport().solve(problem, start=Exact().solve(Problem(PointCloud(x, y))))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epsilon", -1),
        ("epsilon", nan),
        ("alpha", 0),
        ("alpha", inf),
        ("alpha", nan),
        ("eta", 0),
        ("rounds", 0),
        ("tolerance", 0),
        ("tolerance", nan),
    ],
)
def test_options_out_of_range_are_refused(name, value):
    with pytest.raises(InputError, match=rf"'{name}' must be .*\.$"):
        JointTransport(**{name: value})


def test_the_regression_is_that_of_the_mass_that_is_told():
    problem, _ = task()
    told = torch.rand(30, 3, generator=generator(7), dtype=torch.float64)
    told[4] = 0
    y, b = problem.geometry.y, problem.b
    filled = torch.where(told.sum(1, keepdim=True) > 0, told, 1e-300)
    f, _ = regression(y, b, filled)
    expected = (torch.eye(3).double() - f[:, None]).square().sum(2)
    torch.testing.assert_close(_Linear.on(y, b, ETA)(told), expected)
