"""The small dense solver: the problem it says it solves, whatever the scale of the costs."""

import pytest
import torch

from monge import DenseCost, Problem, Sinkhorn
from monge.errors import ConvergenceError
from monge.joint.minibatch import unbalanced_plan


def costs(n, m, scale, seed=0):
    draw = torch.Generator().manual_seed(seed)
    x, y = torch.randn(n, 3, generator=draw), 1 + 2 * torch.randn(m, 3, generator=draw)
    return scale * torch.cdist(x, y).square()


@pytest.mark.parametrize("scale", [1e-3, 0.1, 3.0])
@pytest.mark.parametrize(("epsilon", "tau"), [(0.1, 1.0), (0.02, 0.05), (0.5, 5.0)])
def test_it_is_the_plan_of_the_general_solver(scale, epsilon, tau):
    cost = costs(40, 30, scale).double()
    problem = Problem(DenseCost(cost), tau_source=tau, tau_target=tau)
    solver = Sinkhorn(epsilon=epsilon, epsilon_scale="absolute", tolerance=1e-7)
    expected = solver.solve(problem).plan.dense()
    plan = unbalanced_plan(cost, epsilon=epsilon, tau=tau)
    # 1e-3 is the last move over epsilon, 1 / (1 - rate^2) what all later moves are to it at most.
    rate = tau / (tau + epsilon)
    limit = 2e-3 / (1 - rate**2)
    assert float((plan - expected).abs().sum()) <= limit * float(expected.sum())


def test_rows_that_are_far_from_all_are_left_alone_and_nothing_overflows():
    cost = torch.tensor([[0.0, 1e3, 1e8], [0.0, 1e3, 1e8]])
    plan = unbalanced_plan(cost, epsilon=0.1, tau=1.0)
    assert bool(torch.isfinite(plan).all())
    assert float(plan[:, 1:].sum()) == 0
    # One target row of weight 1/3 is left: mass (1/3)^(tau / (eps + 2 tau)) at a cost of 0, because
    # KL(P | a b') and the target's own term are the ones that know of the other two.
    assert float(plan.sum()) == pytest.approx(3.0 ** (-1.1 / 2.1), rel=5e-3)


def test_a_constant_cost_has_a_closed_form():
    # f = g = -C / eps * rate / (1 + rate) leaves exp(-C / (eps + 2 tau)) of the mass.
    for cost in (0.0, 0.5, 4.0):
        plan = unbalanced_plan(torch.full((5, 7), cost), epsilon=0.2, tau=1.0)
        expected = torch.exp(torch.tensor(-cost / 2.2))
        assert float(plan.sum()) == pytest.approx(float(expected), rel=5e-3)


def test_the_type_is_that_of_the_cost():
    assert unbalanced_plan(costs(4, 5, 1.0), epsilon=0.1, tau=1.0).dtype == torch.float32
    assert unbalanced_plan(costs(4, 5, 1.0).double(), epsilon=0.1, tau=1.0).dtype == torch.float64


def test_no_gradient_goes_through_it():
    cost = costs(4, 5, 1.0).requires_grad_()
    assert not unbalanced_plan(cost, epsilon=0.1, tau=1.0).requires_grad


def test_what_does_not_converge_says_so():
    with pytest.raises(ConvergenceError, match="unbalanced_plan: 'tau' must be solved within 5000"):
        unbalanced_plan(costs(20, 20, 30.0), epsilon=1e-3, tau=1e4)


def test_a_cost_that_is_not_finite_shows_in_the_plan():
    cost = costs(4, 5, 1.0)
    cost[1, 2] = torch.nan
    assert not bool(torch.isfinite(unbalanced_plan(cost, epsilon=0.1, tau=1.0)).all())
