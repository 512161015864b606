"""Class-regularised transport: against POT, in float64, and where it collapses."""

import numpy as np
import ot
import pytest
import torch

from monge.errors import ConvergenceError, InputError, MemoryBudgetError
from monge.geometry import OffsetCost, PointCloud
from monge.maps import EntropicMap
from monge.solvers import ClassRegularized, Problem, Sinkhorn, Status
from zoo import generator

EPSILON = 0.5


@pytest.fixture(scope="module")
def problem():
    draw = generator(0)
    labels = torch.arange(4).repeat_interleave(10)
    x = torch.randn(40, 3, generator=draw, dtype=torch.float64) + labels[:, None]
    y = torch.randn(30, 3, generator=draw, dtype=torch.float64) + 1
    return Problem(PointCloud(x, y), source_labels=labels)


def solver(**options):
    return ClassRegularized(epsilon=EPSILON, epsilon_scale="absolute", **options)


def arrays(problem):
    cost = problem.geometry.block(slice(None)).numpy()
    return problem.a.numpy(), problem.source_labels.numpy(), problem.b.numpy(), cost


@pytest.mark.parametrize("eta", [0.0, 0.1, 1.0])
def test_the_half_form_is_the_majorisation_of_pot(problem, eta):
    solution = solver(eta=eta, tolerance=1e-9).solve(problem, throw=False)
    reference = ot.da.sinkhorn_lpl1_mm(
        *arrays(problem), EPSILON, eta=eta, numItermax=11, numInnerItermax=5000, stopInnerThr=1e-12
    )
    np.testing.assert_allclose(solution.plan.dense(), reference, rtol=0, atol=5e-6)


def group_objective(problem, plan, eta):
    a, labels, b, cost = arrays(problem)
    entropy = np.sum(plan * np.log(plan / np.outer(a, b)))
    norms = [np.sqrt((plan[labels == c] ** 2).sum(0)).sum() for c in range(4)]
    return np.sum(plan * cost) + EPSILON * entropy + eta * sum(norms)


@pytest.mark.parametrize("eta", [0.1, 1.0])
@pytest.mark.filterwarnings("ignore:Sinkhorn did not converge")
def test_the_group_form_is_no_worse_than_that_of_pot(problem, eta):
    solution = solver(eta=eta, form="group", rounds=200, tolerance=1e-7).solve(problem)
    reference = ot.da.sinkhorn_l1l2_gl(
        *arrays(problem), EPSILON, eta=eta, numItermax=100, numInnerItermax=1000, stopInnerThr=1e-12
    )
    plan = solution.plan.dense().numpy()
    assert solution.objective == pytest.approx(group_objective(problem, plan, eta))
    assert solution.objective <= group_objective(problem, reference, eta) + 1e-6
    assert max(solution.marginal_error) < 1e-6


def test_the_class_term_makes_targets_purer(problem):
    def purity(solution):
        mass = solution.plan.push(torch.nn.functional.one_hot(problem.source_labels))
        return float(mass.max(1).values.sum())

    plain = Sinkhorn(epsilon=EPSILON, epsilon_scale="absolute").solve(problem)
    for form in ("half", "group"):
        assert purity(solver(eta=2.0, form=form).solve(problem, throw=False)) > purity(plain) + 0.01


def test_the_half_form_makes_no_array_of_the_plans_size(problem):
    with pytest.raises(MemoryBudgetError, match=r"^ClassRegularized: 'memory' must be at least"):
        solver(form="group", memory=4000).solve(problem)
    assert solver(memory=4000, eta=0.1).solve(problem).operator == "stream"


def test_a_plan_that_no_longer_follows_the_cost_is_stated_as_collapsed():
    draw = generator(1)
    labels = torch.arange(4).repeat_interleave(10)
    x = torch.randn(40, 2, generator=draw, dtype=torch.float64) + 3 * labels[:, None]
    # Classes that have nothing to do with the points.
    problem = Problem(
        PointCloud(x, x + 1), source_labels=labels[torch.randperm(40, generator=draw)]
    )
    with pytest.raises(ConvergenceError, match=r"no longer follows the cost: lower eta") as caught:
        ClassRegularized(epsilon=0.2, eta=30.0).solve(problem)
    assert caught.value.solution.status is Status.COLLAPSED
    assert ClassRegularized(epsilon=0.2, eta=0.1).solve(problem).converged


def test_the_table_by_class_is_added_to_the_cost(problem):
    draw = generator(2)
    table = torch.randn(4, 30, generator=draw, dtype=torch.float64)
    made = OffsetCost.by_class(problem.geometry, table, problem.source_labels)
    truth = problem.geometry.block(slice(None)) + table[problem.source_labels]
    torch.testing.assert_close(made.block(slice(None)), truth)
    torch.testing.assert_close(made.transpose().block(slice(None)), truth.T)
    rows, columns = torch.tensor([3, 1, 39]), torch.tensor([0, 7])
    torch.testing.assert_close(
        made.select(rows, columns).block(slice(None)), truth[rows][:, columns]
    )
    factors = made.factors()
    product = factors.row[:, None] + factors.column - factors.left @ factors.right.T
    torch.testing.assert_close(product, truth)


def test_a_map_that_needs_the_class_of_new_points_is_refused(problem):
    solution = solver(eta=0.1).solve(problem)
    with pytest.raises(
        InputError, match=r"the points' own cost, got one whose cost has a table by class on top"
    ):
        EntropicMap().fit(solution)


@pytest.mark.parametrize(
    ("options", "name"),
    [({"eta": -1.0}, "eta"), ({"rounds": 0}, "rounds"), ({"form": "l2"}, "form")],
)
def test_options_out_of_range_are_refused(options, name):
    with pytest.raises(InputError, match=rf"^ClassRegularized: '{name}' must be .*\.$"):
        ClassRegularized(**options)


def test_labels_are_asked_for(problem):
    with pytest.raises(InputError, match=r"must be balanced and to have source_labels"):
        solver().solve(Problem(problem.geometry))
    with pytest.raises(InputError, match=r"^Problem: 'source_labels' must be 40 whole numbers"):
        Problem(problem.geometry, source_labels=torch.full((40,), -1))
