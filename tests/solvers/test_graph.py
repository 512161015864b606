from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.dummy import DummyClassifier
from sklearn.preprocessing import StandardScaler

from monge import Adapter, DenseCost, Graph, PointCloud, Problem, Sinkhorn, make_pipeline
from monge.errors import ConvergenceError, InputError
from monge.graphs import affinity_graph, diffuse
from monge.solvers import GraphPlan, Status
from monge.solvers.directions import directions, standardised
from monge.solvers.solution import MarginalError
from zoo import generator

CENTRES = torch.tensor([[6.0, 0.0], [-3.0, 5.2], [-3.0, -5.2]])


def domains(counts=(30, 30, 30), angle=0.4, noise=1.2, seed=0):
    """Three classes, and the same turned, scaled, moved and in other shares."""
    draw = generator(seed)
    labels = torch.arange(3).repeat_interleave(40)
    x = CENTRES[labels] + torch.randn(120, 2, generator=draw)
    truth = torch.arange(3).repeat_interleave(torch.tensor(counts))
    turn = torch.tensor([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]).float()
    y = (CENTRES[truth] + noise * torch.randn(len(truth), 2, generator=draw)) @ turn.T * 3 + 20
    return x, labels, y, truth


def one_hot(labels):
    return torch.nn.functional.one_hot(labels).double()


def test_the_plan_is_that_of_each_smoothed_row_choosing_freely():
    x, _, y, _ = domains()
    a, b = torch.ones(len(x)), torch.ones(len(y))
    smooth = standardised(y, b)
    smooth = diffuse(affinity_graph([smooth], 4), smooth, 3)
    cosine = directions(x, a) @ directions(smooth, b).T
    expected = (2 * (cosine - 1) / 0.1).softmax(0) / len(y)
    options = Graph(epsilon=0.1, neighbours=4, steps=3)
    solution = options.solve(Problem(PointCloud(x, y)))
    torch.testing.assert_close(solution.plan.dense().double(), expected, rtol=1e-3, atol=1e-7)
    assert solution.problem.tau_source == 0


def test_the_source_is_held_where_it_is_asked_for():
    x, _, y, _ = domains()
    problem = Problem(PointCloud(x.double(), y.double()))
    given = Graph(tau_source=1e6, epsilon=0.1).solve(problem).plan.marginals().source
    torch.testing.assert_close(given, problem.a, rtol=1e-3, atol=0)


def test_votes_are_the_pushed_classes_balanced_and_spread():
    x, labels, y, _ = domains()
    plan = Graph(strength=0.0).solve(Problem(PointCloud(x, y))).plan
    pushed = plan.push(one_hot(labels)).double()
    for shares in (None, torch.tensor([0.5, 0.3, 0.2])):
        part = torch.ones(3) if shares is None else shares
        expected = pushed
        for _ in range(2):
            expected = expected / expected.sum(0) * part
            expected = expected / expected.sum(1, keepdim=True)
        torch.testing.assert_close(plan.votes(one_hot(labels), shares), expected)


def test_a_turned_target_of_other_shares_is_labelled():
    x, labels, y, truth = domains(counts=(70, 15, 15), noise=0.6)
    solution = Graph().solve(Problem(PointCloud(x, y)))
    assert isinstance(solution.plan, GraphPlan)
    votes = solution.plan.votes(one_hot(labels))
    torch.testing.assert_close(votes.sum(1), torch.ones(100, dtype=torch.float64))
    assert (votes.argmax(1) == truth).float().mean() > 0.97


def test_a_view_that_tells_the_classes_apart_settles_what_the_features_blur():
    x, labels, y, truth = domains(noise=3.0)
    view = one_hot(truth) + 0.1 * torch.randn(len(y), 3, generator=generator(5))
    accuracies = []
    for views in ((), (view,)):
        problem = Problem(PointCloud(x, y), target_views=views)
        votes = Graph().solve(problem).plan.votes(one_hot(labels))
        accuracies.append(float((votes.argmax(1) == truth).float().mean()))
    assert accuracies[0] < 0.95 < accuracies[1]


def test_known_shares_settle_a_target_of_other_shares():
    x, labels, y, truth = domains(counts=(70, 15, 15))
    scores = [
        Adapter("graph", target_prior=prior).fit(x, labels, X_target=y).score(y, truth)
        for prior in (None, [0.7, 0.15, 0.15])
    ]
    assert scores[0] < 0.9
    assert scores[1] > 0.95


def test_a_class_that_nothing_reaches_gets_no_vote():
    x, labels, y, _ = domains()
    votes = (
        Graph()
        .solve(Problem(PointCloud(x, y)))
        .plan.votes(torch.cat([one_hot(labels), torch.zeros(len(x), 1)], 1))
    )
    assert float(votes[:, 3].abs().max()) == 0
    assert bool(votes.isfinite().all())


def test_one_target_row_and_two():
    x, labels, y, _ = domains()
    for m in (1, 2):
        votes = Graph().solve(Problem(PointCloud(x, y[:m]))).plan.votes(one_hot(labels))
        torch.testing.assert_close(votes.sum(1), torch.ones(m, dtype=torch.float64))


def test_a_second_solve_goes_on_from_the_first():
    x, _, y, _ = domains()
    problem, options = Problem(PointCloud(x, y)), Graph(tau_source=0.5)
    first = options.solve(problem)
    assert options.solve(problem, start=first).sweeps < first.sweeps


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epsilon", 0),
        ("tau_source", -1),
        ("neighbours", 0),
        ("neighbours", 2.5),
        ("steps", 0),
        ("strength", 1.0),
        ("strength", "much"),
        ("tolerance", 0),
    ],
)
def test_options_out_of_range_are_refused(name, value):
    with pytest.raises(InputError, match=rf"^Graph: '{name}' must be .*\.$"):
        Graph(**{name: value})


def test_problems_without_points_or_with_views_of_other_rows_are_refused():
    x, _, y, _ = domains()
    with pytest.raises(InputError, match=r"^Graph: 'problem' must be balanced, on points"):
        Graph().solve(Problem(DenseCost(torch.rand(3, 3))))
    with pytest.raises(InputError, match=r"^Problem: 'target_views' must be finite, of"):
        Problem(PointCloud(x, y), target_views=(torch.zeros(3, 2),))


def test_the_adapter_predicts_the_votes_of_its_own_rows_and_classes_new_ones():
    x, labels, y, truth = domains(counts=(50, 25, 25))
    names = np.array(["cat", "dog", "owl"])
    adapter = Adapter("graph").fit(x.numpy(), names[labels], X_target=y.numpy())
    assert np.array_equal(
        adapter.predict(y.numpy()), adapter.classes_[adapter.propagate().argmax(1)]
    )
    _, _, new, new_truth = domains(seed=7)
    assert adapter.score(new.numpy(), names[new_truth]) > 0.95
    assert adapter.score(y.numpy(), names[truth]) > 0.95


def test_the_adapter_hands_views_on_for_the_rows_that_count():
    x, labels, y, truth = domains(noise=3.0)
    view = one_hot(truth) + 0.1 * torch.randn(len(y), 3, generator=generator(5))
    weight = np.ones(len(y))
    weight[::7] = 0
    kept = weight > 0

    def fit(*data, **more):
        return Adapter("graph").fit(*data, **more)

    adapter = fit(x, labels, X_target=y, target_weight=weight, target_views=[view.numpy()])
    blind = fit(x, labels, X_target=y[kept])
    same = fit(x, labels, X_target=y[kept], target_views=[view[kept].numpy()])
    votes = torch.as_tensor(adapter.propagate())
    torch.testing.assert_close(votes, torch.as_tensor(same.propagate()), rtol=1e-3, atol=1e-5)
    assert float((votes - torch.as_tensor(blind.propagate())).abs().max()) > 0.1


@pytest.mark.parametrize("change", [lambda v: v + 1e8, lambda v: v * 1e100, lambda v: v * 1e-100])
def test_where_a_view_lies_and_in_what_unit_changes_nothing(change):
    x, labels, y, truth = domains(noise=3.0)
    view = one_hot(truth).numpy() + 0.1 * np.random.default_rng(5).normal(size=(90, 3))

    def votes(seen):
        return Adapter("graph").fit(x, labels, X_target=y, target_views=[seen]).propagate()

    np.testing.assert_allclose(votes(change(view)), votes(view), atol=1e-3)


def test_views_are_a_list_and_for_a_graph_alone():
    x, labels, y, _ = domains()
    with pytest.raises(InputError, match=r"'target_views' must be a list of matrices, got ndarray"):
        Adapter("graph").fit(x, labels, X_target=y, target_views=y.numpy())
    with pytest.raises(InputError, match=r"^Adapter: 'transport' must be 'graph' where views"):
        Adapter("sinkhorn").fit(x, labels, X_target=y, target_views=[y])


def test_a_pipeline_hands_views_on_as_they_are():
    x, labels, y, truth = domains(noise=3.0)
    view = one_hot(truth) + 0.1 * torch.randn(90, 3, generator=generator(5))
    steps = make_pipeline(StandardScaler(), Adapter("graph"))
    piped = steps.fit(x.numpy(), labels.numpy(), X_target=y.numpy(), target_views=[view])
    alone = Adapter("graph").fit(x, labels, X_target=y, target_views=[view])
    assert np.mean(piped.predict(y.numpy()) == alone.predict(y)) > 0.97


def test_the_classifier_is_told_the_weights_of_the_target_rows():
    x, labels, y, _ = domains()
    weight = np.linspace(1, 4, len(y))
    adapter = Adapter("graph", classifier=DummyClassifier(strategy="prior"))
    adapter.fit(x, labels, X_target=y, target_weight=weight)
    told = adapter.propagate().argmax(1)
    share = np.bincount(told, weights=weight) / weight.sum()
    np.testing.assert_allclose(adapter.predict_proba(y[:1]), share[None])


@pytest.mark.parametrize(
    "views",
    [[np.zeros((3, 2))], [np.full((90, 1), np.nan)], [np.array([["a"]] * 90)], [np.ones(90)]],
)
def test_the_adapter_refuses_views_of_other_rows_and_of_no_numbers(views):
    x, labels, y, _ = domains()
    with pytest.raises(InputError, match=r"^Adapter.fit: 'target_views' must be a list"):
        Adapter("graph").fit(x.numpy(), labels.numpy(), X_target=y.numpy(), target_views=views)


def seen(labels, seed, noise=0.3):
    """A view in which classes stand apart, alike in both domains."""
    return one_hot(labels) * 5 + noise * torch.randn(len(labels), 3, generator=generator(seed))


def test_each_view_of_both_domains_sends_a_plan_and_the_votes_are_pooled():
    x, labels, y, truth = domains(angle=1.2)
    here, there = seen(labels, 1), seen(truth, 2)
    a = torch.rand(len(x), generator=generator(3), dtype=torch.float64) + 0.1
    both = Problem(PointCloud(x, y), a=a / a.sum(), target_views=(there,), source_views=(here,))
    found = Graph().solve(both)
    (other,) = found.plan.others
    # the plan of the view: each of its rows, smoothed on the graph of all views, chooses freely
    smooth = directions(diffuse(found.plan.graph, standardised(there, both.b), 20), both.b)
    cosine = directions(here, both.a) @ smooth.T
    expected = (2 * (cosine - 1) / 0.04 + both.a[:, None].log()).softmax(0) / len(y)
    torch.testing.assert_close(other.dense().double(), expected, rtol=1e-3, atol=1e-6)
    # Graph.votes by hand, without spreading
    still = replace(found.plan, graph=None)

    def even(votes):
        votes = votes / votes.sum(0)
        return votes / votes.sum(1, keepdim=True)

    parts = [even(plan.push(one_hot(labels)).double()) for plan in (still.direct, other)]
    pooled = even(((parts[0] + 1e-6) * (parts[1] + 1e-6)).sqrt())
    torch.testing.assert_close(still.votes(one_hot(labels)), pooled)
    assert float((found.plan.votes(one_hot(labels)).argmax(1) == truth).float().mean()) > 0.97
    alone = Graph().solve(replace(both, source_views=()))
    assert alone.plan.others == ()
    assert float((alone.plan.votes(one_hot(labels)).argmax(1) == truth).float().mean()) < 0.97


def test_a_plan_of_a_view_that_did_not_converge_is_told(monkeypatch):
    x, labels, y, truth = domains()
    views = {"target_views": (seen(truth, 2),), "source_views": (seen(labels, 1),)}
    problem = Problem(PointCloud(x, y), **views)
    solve, calls = Sinkhorn.solve, []

    def last_one_fails(*given, **options):
        calls.append(solve(*given, **options))
        if len(calls) % 2:
            return calls[-1]
        return replace(calls[-1], status=Status.MAX_SWEEPS, marginal_error=MarginalError(0.0, 0.25))

    monkeypatch.setattr(Sinkhorn, "solve", last_one_fails)
    found = Graph().solve(problem, throw=False)
    assert found.status is Status.MAX_SWEEPS
    assert found.marginal_error == (calls[0].marginal_error.source, 0.25)
    with pytest.raises(ConvergenceError):
        Graph().solve(problem)


def test_the_adapter_hands_views_of_both_sides_on_for_the_rows_that_count():
    x, labels, y, truth = domains(angle=1.2)
    here, there = seen(labels, 1).numpy(), seen(truth, 2).numpy()
    weight = np.ones(len(x))
    weight[::7] = 0
    kept = weight > 0
    adapter = Adapter("graph").fit(
        x, labels, X_target=y, sample_weight=weight, target_views=[there], source_views=[here]
    )
    same = Adapter("graph").fit(
        x[kept], labels[kept], X_target=y, target_views=[there], source_views=[here[kept]]
    )
    np.testing.assert_allclose(adapter.propagate(), same.propagate(), rtol=1e-3, atol=1e-5)
    few = Adapter("graph", subsample=50, random_state=0)
    few.fit(x, labels, X_target=y, target_views=[there], source_views=[here])
    i, j = few.source_rows_, few.target_rows_
    same = Adapter("graph").fit(
        x[i], labels[i], X_target=y[j], target_views=[there[j]], source_views=[here[i]]
    )
    np.testing.assert_allclose(few.propagate(), same.propagate(), rtol=1e-3, atol=1e-5)
    steps = make_pipeline(StandardScaler(), Adapter("graph"))
    piped = steps.fit(
        x.numpy(), labels.numpy(), X_target=y.numpy(), target_views=[there], source_views=[here]
    )
    alone = Adapter("graph").fit(x, labels, X_target=y, target_views=[there], source_views=[here])
    blind = Adapter("graph").fit(x, labels, X_target=y, target_views=[there])
    assert np.mean(piped.predict(y.numpy()) == alone.predict(y)) > 0.97
    assert np.abs(alone.propagate() - blind.propagate()).max() > 0.1


@pytest.mark.parametrize("change", [lambda v: v + 1e8, lambda v: v * 1e100, lambda v: v * 1e-100])
def test_views_of_both_sides_may_be_in_units_of_their_own(change):
    x, labels, y, truth = domains(angle=1.2)
    here, there = seen(labels, 1).double().numpy(), seen(truth, 2).double().numpy()

    def votes(left, right):
        adapter = Adapter("graph")
        adapter.fit(x, labels, X_target=y, source_views=[left], target_views=[right])
        return adapter.propagate()

    np.testing.assert_allclose(votes(change(here), there), votes(here, there), atol=1e-3)
    np.testing.assert_allclose(votes(here, change(there)), votes(here, there), atol=1e-3)


def test_views_of_the_source_are_those_of_the_target():
    x, labels, y, truth = domains()
    there = seen(truth, 2).numpy()
    refused = r"^Problem: 'source_views' must be the target_views of the source rows, of widths"
    for views, here in (([there], np.zeros((len(x), 2))), (None, np.zeros((len(x), 3)))):
        with pytest.raises(InputError, match=refused):
            Adapter("graph").fit(x, labels, X_target=y, target_views=views, source_views=[here])
    with pytest.raises(InputError, match=r"^Adapter.fit: 'source_views' must be a list"):
        Adapter("graph").fit(x, labels, X_target=y, target_views=[there], source_views=[there[:3]])
    with pytest.raises(InputError, match=r"^Adapter: 'transport' must be 'graph' where views"):
        Adapter("sinkhorn").fit(x, labels, X_target=y, source_views=[np.zeros((len(x), 2))])
