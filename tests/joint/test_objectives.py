"""What each objective makes of features and scores, and where its gradients go."""

import itertools

import pytest
import torch
from torch import nn

from monge.errors import InputError
from monge.joint import DANN, DeepJDOT, Jumbot, PartialMinibatch
from monge.joint.adversarial import reversed_gradient
from monge.joint.deep import joint_cost
from monge.training import CrossEntropy, Seen, Sum


def seen(n=6, m=6, *, grad=False, companion=None, done=0.0, seed=0):
    draw = torch.Generator().manual_seed(seed)

    def random(*shape):
        return torch.randn(*shape, generator=draw, dtype=torch.float64).requires_grad_(grad)

    return Seen(
        scores=random(n, 3),
        labels=torch.randint(0, 3, (n,), generator=draw),
        features=random(n, 2),
        target_scores=random(m, 3),
        target_features=random(m, 2),
        companion=companion,
        done=done,
    )


def test_the_cost_of_a_pair_is_the_formula():
    view = seen(4, 5)
    cost = joint_cost(view, 0.3, 0.7)
    for i, j in itertools.product(range(4), range(5)):
        far = (view.features[i] - view.target_features[j]).square().sum()
        unlike = nn.functional.cross_entropy(view.target_scores[j][None], view.labels[i][None])
        assert float(cost[i, j]) == pytest.approx(float(0.3 * far + 0.7 * unlike))


def test_labels_may_be_shares_of_the_classes():
    view = seen(4, 5)
    shares = nn.functional.one_hot(view.labels, 3).double()
    soft = Seen(**(vars(view) | {"labels": shares}))
    torch.testing.assert_close(joint_cost(view, 0.3, 0.7), joint_cost(soft, 0.3, 0.7))


def test_deepjdot_is_the_best_assignment():
    view = seen()
    cost = joint_cost(view, 0.1, 0.1)
    every = itertools.permutations(range(6))
    best = min(float(cost[range(6), order].mean()) for order in every)
    assert float(DeepJDOT().losses(view)["transport"]) == pytest.approx(best)


def test_an_entropic_deepjdot_meets_the_exact_one():
    view = seen(8, 8)
    exact, soft = (float(DeepJDOT(epsilon=e).losses(view)["transport"]) for e in (0.0, 0.01))
    assert exact < soft < 1.1 * exact


def test_a_partial_plan_of_all_mass_is_deepjdot_and_of_less_costs_less():
    view = seen()
    whole = float(DeepJDOT().losses(view)["transport"])
    masses = (1.0, 0.7, 0.3)
    parts = [float(PartialMinibatch(mass=s).losses(view)["transport"]) for s in masses]
    assert parts[0] == pytest.approx(whole)
    assert parts[2] < 0.3 * whole < parts[1] < 0.7 * whole < whole


OBJECTIVES = [DeepJDOT(), DeepJDOT(epsilon=0.1), Jumbot(), PartialMinibatch()]


@pytest.mark.parametrize("objective", OBJECTIVES, ids=repr)
def test_the_plan_is_held_fixed(objective):
    """The gradient is the plan times that of the cost, and the plan has none of its own."""
    view = seen(grad=True)
    objective.losses(view)["transport"].backward()
    found = view.features.grad
    # The same with the plan read off as the derivative of <P, C> by C.
    twin = seen(grad=True)
    cost = joint_cost(twin, 0.1, 0.1)
    fixed = cost.detach().requires_grad_()
    plan = _plan_of(objective, fixed)
    assert not plan.requires_grad
    (plan * cost).sum().backward()
    torch.testing.assert_close(found, twin.features.grad)
    assert float(found.abs().sum()) > 0
    assert view.target_features.grad is not None
    assert view.target_scores.grad is not None


def _plan_of(objective, cost):
    """Ask the objective for its plan: features at distance zero, labels that cost what is given."""
    from monge import DenseCost, Exact, Problem, Sinkhorn
    from monge.joint.minibatch import unbalanced_plan

    if isinstance(objective, Jumbot):
        return unbalanced_plan(cost, epsilon=objective.epsilon, tau=objective.tau)
    cost = cost.detach()
    if isinstance(objective, PartialMinibatch):
        return Exact().solve(Problem(DenseCost(cost), mass=objective.mass)).plan.dense()
    solver = Exact()
    if objective.epsilon:
        solver = Sinkhorn(epsilon=objective.epsilon, tolerance=1e-3, max_sweeps=200)
    return solver.solve(Problem(DenseCost(cost)), throw=False).plan.dense()


@pytest.mark.parametrize("objective", [*OBJECTIVES, DANN()], ids=repr)
def test_the_source_has_its_cross_entropy(objective):
    view = seen(companion=nn.Linear(2, 1).double())
    losses = objective.losses(view)
    expected = nn.functional.cross_entropy(view.scores, view.labels)
    torch.testing.assert_close(losses["cross-entropy"], expected)
    assert len(losses) == 2


@pytest.mark.parametrize("objective", OBJECTIVES, ids=repr)
def test_a_cost_that_is_not_finite_makes_a_loss_that_is_not(objective):
    view = seen()
    view.features[0, 0] = torch.nan
    assert not bool(torch.isfinite(objective.losses(view)["transport"]))


def test_the_gradient_is_reversed_with_its_strength():
    x = torch.tensor([2.0, -1.0], requires_grad=True)
    y = reversed_gradient(x, 0.25)
    assert torch.equal(x, y)
    (y * torch.tensor([4.0, 8.0])).sum().backward()
    assert x.grad.tolist() == [-1.0, -2.0]


def test_the_critic_goes_down_and_the_features_go_up():
    critic = nn.Linear(2, 1).double()
    view = seen(grad=True, companion=critic, done=0.5)
    loss = DANN().losses(view)["domain"]
    loss.backward()
    features = torch.cat([view.features, view.target_features]).detach().requires_grad_()
    truth = torch.cat([torch.zeros(6), torch.ones(6)]).double()
    plain = nn.functional.binary_cross_entropy_with_logits(critic(features).squeeze(1), truth)
    own = critic.weight.grad.clone()
    critic.zero_grad()
    plain.backward()
    torch.testing.assert_close(own, critic.weight.grad)
    reached = torch.cat([view.features.grad, view.target_features.grad])
    torch.testing.assert_close(reached, -DANN().reversal(0.5) * features.grad)


def test_the_reversal_sets_in_as_in_the_paper():
    strength = [DANN().reversal(p) for p in (0.0, 0.1, 0.5, 1.0)]
    expected = [0.0, 0.46212, 0.98661, 0.99991]  # 2 / (1 + exp(-10 p)) - 1
    assert strength == pytest.approx(expected, abs=1e-5)


def test_a_sum_adds_what_has_one_name_and_keeps_companions_apart():
    both = Sum(DANN(hidden=3), Jumbot(), DANN(hidden=5, source_weight=0.5))
    companion = both.companion(2)
    assert sorted(name for name, _ in companion.named_children()) == ["0", "2"]
    assert companion["2"][0].out_features == 5
    view = seen(companion=companion.double(), done=0.5)
    losses = both.losses(view)
    assert sorted(losses) == ["cross-entropy", "domain", "transport"]
    alone = CrossEntropy(weight=2.5).losses(view)["cross-entropy"]
    torch.testing.assert_close(losses["cross-entropy"], alone)
    parts = [
        part.losses(Seen(**(vars(view) | {"companion": own})))["domain"]
        for part, own in ((DANN(), companion["0"]), (DANN(), companion["2"]))
    ]
    torch.testing.assert_close(losses["domain"], sum(parts))
    assert Sum(Jumbot()).companion(2) is None


@pytest.mark.parametrize("objective", [*OBJECTIVES, DANN()], ids=repr)
def test_one_domain_alone_is_refused(objective):
    view = Seen(scores=torch.zeros(2, 2), labels=torch.tensor([0, 1]))
    with pytest.raises(InputError, match="'objective' must be trained on two domains"):
        objective.losses(view)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Jumbot(tau=0), "Jumbot: 'tau' must be a finite number above 0"),
        (lambda: Jumbot(epsilon=-1.0), "Jumbot: 'epsilon' must be a finite number above 0"),
        (lambda: Jumbot(feature_weight=float("nan")), "Jumbot: 'feature_weight' must be"),
        (lambda: DeepJDOT(label_weight=-1), "DeepJDOT: 'label_weight' must be a finite number of"),
        (lambda: DeepJDOT(epsilon="small"), "DeepJDOT: 'epsilon' must be"),
        (lambda: PartialMinibatch(mass=0.0), "PartialMinibatch: 'mass' must be .* above 0"),
        (lambda: PartialMinibatch(mass=1.5), "PartialMinibatch: 'mass' must be at most 1"),
        (lambda: DANN(hidden=0), "DANN: 'hidden' must be a positive integer"),
        (lambda: DANN(speed=True), "DANN: 'speed' must be"),
        (Sum, "Sum: 'parts' must be objectives, got none"),
        (lambda: Sum(Jumbot), "Sum: 'parts' must be objectives, got ABCMeta"),
        (lambda: CrossEntropy(weight=-1), "CrossEntropy: 'weight' must be"),
    ],
)
def test_options_are_checked(make, match):
    with pytest.raises(InputError, match=match):
        make()


def test_a_critic_that_is_missing_is_named():
    with pytest.raises(InputError, match="DANN: 'companion' must be"):
        DANN().losses(seen())
