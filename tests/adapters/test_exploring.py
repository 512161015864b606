"""What is gathered for the page is what the plan says, and little enough of it."""

import dataclasses

import numpy as np
import pytest
import torch

import monge.adapters.adapter
from monge import Adapter, Exact, Sinkhorn, load
from monge.adapters import concluding, explore, find_again
from monge.adapters.plane import Plane
from monge.errors import InputError
from monge.plans.binning import log_density, sorted_by_class
from monge.solvers import Prototypes

NAMES = np.array(["apple", "fig", "pear"])


def domains(n=90, m=70, width=4, classes=3, seed=0):
    draw = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    centres = 5 * draw.normal(size=(classes, width))
    truth = draw.integers(0, classes, m)
    X = centres[labels] + draw.normal(size=(n, width))
    X_target = centres[truth] + 1.5 + draw.normal(size=(m, width))
    return X, NAMES[labels], X_target, NAMES[truth]


@pytest.fixture(scope="module")
def fitted():
    X, y, X_target, truth = domains()
    adapter = Adapter(Sinkhorn(epsilon=0.05)).fit(X, y, X_target=X_target)
    return adapter, X, y, X_target, truth


@pytest.fixture(scope="module")
def explorer(fitted):
    adapter, X, y, X_target, _ = fitted
    return explore(adapter, X, y, X_target)


def plan_of(adapter):
    return adapter.solution_.plan.dense().double().numpy()


def test_receivers_are_those_of_the_plan(fitted, explorer):
    adapter = fitted[0]
    clouds, sent = explorer.clouds, explorer.sent
    share = plan_of(adapter)
    share /= share.sum(1, keepdims=True)
    for at, row in enumerate(clouds.source_rows):
        order = np.argsort(-share[row])[:10]
        assert clouds.target_rows[sent.receivers[at]].tolist() == order.tolist()
        np.testing.assert_allclose(sent.shares[at], share[row][order], rtol=1e-5)
    entropy = -(share * np.log(share)).sum(1)
    np.testing.assert_allclose(sent.perplexity, np.exp(entropy[clouds.source_rows]), rtol=1e-5)
    assert (sent.listed <= 1 + 1e-9).all()


def test_the_image_is_the_barycentre_in_the_same_plane(fitted, explorer):
    adapter, X, _, X_target, _ = fitted
    barycentre = adapter.solution_.plan.barycentre(torch.as_tensor(X_target)).numpy()
    plane = Plane(X, X_target)
    rows = explorer.clouds.source_rows
    np.testing.assert_allclose(explorer.sent.image, plane(barycentre[rows]), atol=1e-4)
    np.testing.assert_allclose(explorer.clouds.after, plane(barycentre[rows]), atol=1e-4)
    np.testing.assert_allclose(explorer.clouds.before, plane(X[rows]), atol=1e-6)
    np.testing.assert_allclose(
        explorer.clouds.target, plane(X_target[explorer.clouds.target_rows]), atol=1e-6
    )


def test_classes_are_summed_as_they_are_given(fitted, explorer):
    adapter, _, y, X_target, _ = fitted
    given = adapter.predict(X_target)
    plan = plan_of(adapter)
    expected = [[plan[y == one][:, given == other].sum() for other in NAMES] for one in NAMES]
    np.testing.assert_allclose(explorer.plan.class_mass, np.array(expected), rtol=1e-4, atol=1e-9)
    assert explorer.plan.columns == "predicted class"
    rows = plan[explorer.clouds.source_rows]
    shares = [(rows[:, given == other] / rows.sum(1, keepdims=True)).sum(1) for other in NAMES]
    np.testing.assert_allclose(explorer.sent.class_share, np.transpose(shares), atol=1e-6)
    assert explorer.clouds.target_labels is None


def test_true_classes_are_shown_and_change_nothing_that_is_fitted(fitted, explorer):
    adapter, X, y, X_target, truth = fitted
    known = explore(adapter, X, y, X_target, target_labels=truth)
    assert NAMES[known.clouds.target_labels].tolist() == truth[known.clouds.target_rows].tolist()
    assert known.plan.columns == "true class"
    plan = plan_of(adapter)
    expected = [[plan[y == one][:, truth == other].sum() for other in NAMES] for one in NAMES]
    np.testing.assert_allclose(known.plan.class_mass, expected, rtol=1e-4, atol=1e-9)
    for name in ("receivers", "shares", "perplexity", "image", "class_share"):
        one, other = getattr(known.sent, name), getattr(explorer.sent, name)
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(known.at_risk.votes, explorer.at_risk.votes)
    np.testing.assert_array_equal(known.clouds.target_predicted, explorer.clouds.target_predicted)


def test_those_at_risk_have_the_most_doubtful_votes_or_are_furthest(fitted, explorer):
    adapter, X, _, X_target, _ = fitted
    votes = adapter.propagate()
    risk, rows = explorer.at_risk, explorer.clouds.target_rows
    named = rows[risk.target]
    moved = adapter.transform(X)
    gap = np.linalg.norm(X_target[:, None] - moved[None], axis=2).min(1)
    distance = gap / np.median(gap)
    expected = {*np.argsort(votes.max(1))[:20].tolist(), *np.argsort(-distance)[:20].tolist()}
    assert set(named.tolist()) == expected
    np.testing.assert_allclose(risk.votes, votes[named])
    np.testing.assert_allclose(risk.distance, distance[named], rtol=1e-5)


def test_as_many_rows_of_each_class_are_drawn():
    X, y, X_target, _ = domains(n=2100, m=60)
    y = np.where(np.arange(len(y)) < 2000, "fig", y)  # hardly any of the other two
    adapter = Adapter("linear").fit(X, y, X_target=X_target)
    clouds = explore(adapter, X, y, X_target).clouds
    counts = np.bincount(clouds.source_labels, minlength=3)
    there = [(y == name).sum() for name in NAMES]
    assert counts.tolist() == [min(200, count) for count in there]
    assert y[clouds.source_rows].tolist() == NAMES[clouds.source_labels].tolist()


def test_a_subsample_names_rows_of_the_whole_domain():
    X, y, X_target, _ = domains(n=200, m=150)
    adapter = Adapter(Sinkhorn(epsilon=0.1), subsample=60, random_state=3)
    adapter.fit(X, y, X_target=X_target)
    explorer = explore(adapter, X, y, X_target)
    assert set(explorer.clouds.source_rows) <= set(adapter.source_rows_)
    assert set(explorer.clouds.target_rows) <= set(adapter.target_rows_)
    given = adapter.predict(X_target)[explorer.clouds.target_rows]
    assert given.tolist() == NAMES[explorer.clouds.target_predicted].tolist()
    plane = Plane(X, X_target)
    rows = explorer.clouds.source_rows
    np.testing.assert_allclose(explorer.clouds.before, plane(X[rows]), atol=1e-6)
    np.testing.assert_allclose(explorer.clouds.after, plane(adapter.transform(X[rows])), atol=1e-4)
    assert "among the 60 and 60 rows" in explorer.sampled
    assert "60 of 200 source rows, drawn alike" in explorer.sampled
    assert "60 of 150 target rows, drawn at random" in explorer.sampled
    everyone = explore(Adapter("exact").fit(X, y, X_target=X_target), X, y, X_target)
    assert everyone.sampled.startswith("Shown are all 200 source rows, and all 150 target rows.")


@pytest.mark.parametrize(
    ("transport", "says"),
    [
        ("linear", "has no plan"),
        ("coral", "has no plan"),
        ("standardise", "has no plan"),
        ("graph", "spread over the neighbours"),
        ("prototypes", "sends the rows of a class as one"),
        ("exact", None),
        ("partial", None),
        ("unbalanced", None),
    ],
)
def test_every_kind_of_transport_is_shown_as_far_as_it_goes(transport, says):
    X, y, X_target, _ = domains()
    adapter = Adapter(transport).fit(X, y, X_target=X_target)
    explorer = explore(adapter, X, y, X_target)
    assert (says in " ".join(explorer.notes)) if says else explorer.notes == ()
    planned = adapter.solution_ is not None
    shown = (explorer.sent, explorer.plan, explorer.at_risk, explorer.convergence)
    assert [part is not None for part in shown] == [planned] * 4
    if planned:
        assert explorer.convergence.converged
        assert np.isclose(explorer.plan.class_mass.sum(), 1)


def test_rows_that_send_nothing_have_no_receivers_and_no_image():
    from monge.plans import DensePlan

    X, y, X_target, _ = domains()
    adapter = Adapter("exact").fit(X, y, X_target=X_target)
    matrix = torch.zeros(len(X), len(X_target))
    matrix[0, 3] = matrix[1, 3] = 0.25
    matrix[1, 5] = 0.5
    adapter.solution_ = dataclasses.replace(adapter.solution_, plan=DensePlan(matrix))
    explorer = explore(adapter, X, y, X_target)
    sent, rows = explorer.sent, explorer.clouds.source_rows
    left = rows > 1
    assert (sent.perplexity[left] == 0).all()
    assert (sent.receivers[left] == -1).all()
    assert np.isnan(sent.image[left]).all()
    both = np.flatnonzero(rows == 1)[0]
    assert explorer.clouds.target_rows[sent.receivers[both, :2]].tolist() == [5, 3]
    assert (sent.receivers[both, 2:] == -1).all()
    np.testing.assert_allclose(sent.shares[both, :3], [2 / 3, 1 / 3, 0])


@pytest.mark.filterwarnings("ignore:Adapter.fit. all rows of X_target are one point")
def test_two_rows_and_a_target_of_one_class():
    X, y = np.array([[0.0], [9.0]]), np.array(["low", "high"])
    adapter = Adapter("exact").fit(X, y, X_target=[[0.1]])
    explorer = explore(adapter, X, y, np.array([[0.1]]))
    assert explorer.sent.receivers.tolist() == [[0], [0]]
    assert explorer.plan.class_mass.shape == (2, 2)
    assert explorer.clouds.shown == 1


def test_solves_that_went_are_told(fitted, explorer):
    solution, told = fitted[0].solution_, explorer.convergence
    assert told.history == tuple(solution.history)
    assert told.marginal_error == tuple(solution.marginal_error)
    assert (told.tolerance, told.status) == (Sinkhorn().tolerance, "converged")


@pytest.mark.parametrize(
    ("transport", "tolerance"),
    [("graph", 1e-4), ("partial", 1e-4), ("jdot", None), ("exact", None)],
)
def test_a_tolerance_of_something_else_is_not_said_of_the_marginals(transport, tolerance):
    X, y, X_target, _ = domains()
    adapter = Adapter(transport).fit(X, y, X_target=X_target)
    assert explore(adapter, X, y, X_target).convergence.tolerance == tolerance


@pytest.mark.parametrize(
    ("transport", "moves_all"),
    [("sinkhorn", True), ("exact", True), ("partial", False), ("unbalanced", False)],
)
def test_what_a_plan_moves_is_told_where_it_may_leave_some(transport, moves_all):
    X, y, X_target, _ = domains()
    adapter = Adapter(transport).fit(X, y, X_target=X_target)
    moved = explore(adapter, X, y, X_target).convergence.moved
    if moves_all:
        assert moved is None
    else:
        total = float(adapter.solution_.plan.dense().sum())
        assert moved == pytest.approx(total / float(adapter.solution_.problem.a.sum()), rel=1e-5)


def test_the_plane_of_many_features_is_that_of_few():
    X, _, X_target, _ = domains(n=300, m=200, width=5)
    wide = [np.concatenate([part, np.zeros((len(part), 1100))], 1) for part in (X, X_target)]
    few, many = Plane(X, X_target), Plane(*wide)
    np.testing.assert_allclose(few(X), many(wide[0]), atol=1e-3)


def test_one_feature_makes_a_line():
    plane = Plane(np.array([[0.0], [2.0]]), np.array([[4.0]]))
    np.testing.assert_allclose(plane(np.array([[3.0]])), [[0.5, 0.0]])


def chosen_by(monkeypatch, decision, choice):
    """Have the next verdict decide so, whatever the rule says of this data."""
    decide = concluding.decide

    def ruled(scores):
        return dataclasses.replace(decide(scores), decision=decision, choice=choice)

    monkeypatch.setattr(concluding, "decide", ruled)


def test_a_transport_that_was_chosen_is_shown_and_found_again(monkeypatch, tmp_path):
    X, y, X_target, _ = domains()
    chosen_by(monkeypatch, "adapt", "prototypes")
    adapter = Adapter("auto", random_state=0).fit(X, y, X_target=X_target)
    assert isinstance(adapter.transport_, Prototypes)
    explorer = explore(adapter, X, y, X_target)
    assert "sends the rows of a class as one" in explorer.notes[0]
    assert explorer.convergence.tolerance is None  # that of prototypes is of how far they move
    adapter.save(tmp_path / "adapter")
    loaded = load(tmp_path / "adapter")
    assert loaded.transport_ == adapter.transport_
    monkeypatch.setattr(monge.adapters.adapter, "choose", None)  # nothing is to be chosen again
    again = find_again(loaded, X, y, X_target)
    np.testing.assert_allclose(plan_of(again), plan_of(adapter), atol=1e-7)
    found = explore(again, X, y, X_target)
    np.testing.assert_array_equal(found.sent.receivers, explorer.sent.receivers)
    loaded.set_params(transport="coral").fit(X, y, X_target=X_target)
    assert not hasattr(loaded, "transport_")


def test_a_source_that_stays_where_it_is_is_said_to(monkeypatch, tmp_path):
    X, y, X_target, _ = domains()
    chosen_by(monkeypatch, "abstain", "prototypes")
    adapter = Adapter("auto", random_state=0).fit(X, y, X_target=X_target)
    adapter.save(tmp_path / "adapter")
    for one in (adapter, find_again(load(tmp_path / "adapter"), X, y, X_target)):
        explorer = explore(one, X, y, X_target)
        assert (explorer.sent, explorer.plan) == (None, None)
        assert explorer.notes[0].startswith("Nothing is moved:")
        assert not explorer.clouds.moved.any()


@pytest.mark.parametrize("name", ["linear", "coral"])
def test_a_map_of_moments_that_was_chosen_is_named(monkeypatch, name):
    X, y, X_target, _ = domains()
    chosen_by(monkeypatch, "adapt", name)
    adapter = Adapter("auto", random_state=0).fit(X, y, X_target=X_target)
    kind = {"linear": "LinearMonge", "coral": "Coral"}[name]
    assert f"The transport '{kind}' has no plan" in explore(adapter, X, y, X_target).notes[0]


def test_one_pass_gives_the_sorted_picture_and_the_mass_between_classes():
    from monge.plans import DensePlan

    draw = np.random.default_rng(0)
    matrix = draw.random((300, 270))  # more rows than bins: borders fall within bins
    rows, columns = draw.integers(0, 3, 300), draw.integers(1, 4, 270)
    plan = DensePlan(torch.as_tensor(matrix))
    picture, mass = sorted_by_class(plan, torch.as_tensor(rows), torch.as_tensor(columns), 5)
    orders = [torch.as_tensor(np.argsort(side, kind="stable")) for side in (rows, columns)]
    np.testing.assert_allclose(picture, log_density(plan, *orders), rtol=1e-5, atol=1e-7)
    expected = [[matrix[rows == k][:, columns == h].sum() for h in range(5)] for k in range(5)]
    np.testing.assert_allclose(mass, expected, rtol=1e-10)
    top, left = matrix[orders[0][:2]], matrix[:, orders[1][:2]]  # two rows share the first bin
    share = top[:, orders[1][:2]].sum() * matrix.sum() / (top.sum() * left.sum())
    assert picture[0, 0] == pytest.approx(np.log10(share), rel=1e-4)


def test_bins_without_mass_are_dark_and_no_warning():
    from monge.plans import DensePlan

    plan = DensePlan(torch.tensor([[0.5, 0.0], [0.0, 0.0], [0.0, 0.5]]))
    density = log_density(plan, torch.arange(3), torch.arange(2))
    assert density.shape == (3, 2)
    assert not np.isnan(density).any()
    np.testing.assert_allclose(density[0], [np.log10(2), -np.inf], rtol=1e-6)


def test_what_cannot_be_shown_is_refused(fitted):
    adapter, X, y, X_target, truth = fitted
    for changes, name in (
        ({"X": X[:50], "y": y[:50]}, "'X'"),
        ({"X_target": X_target[:50]}, "'X_target'"),
        ({"y": y[:-1]}, "'y'"),
        ({"y": np.where(y == "fig", "kiwi", y)}, "'y'"),
        ({"target_labels": np.where(truth == "fig", "kiwi", truth)}, "'target_labels'"),
    ):
        given = {"X": X, "y": y, "X_target": X_target} | changes
        with pytest.raises(InputError, match=f"explore: {name}"):
            explore(adapter, given.pop("X"), given.pop("y"), given.pop("X_target"), **given)


def test_regressors_and_adapters_without_a_target_are_refused():
    from sklearn.linear_model import LinearRegression

    X, y, X_target, _ = domains()
    regressor = Adapter(classifier=LinearRegression()).fit(X, X[:, 0], X_target=X_target)
    with pytest.raises(InputError, match="one that classifies, got a regressor"):
        explore(regressor, X, X[:, 0], X_target)
    with pytest.warns(match="X_target is missing"):
        nothing = Adapter().fit(X, y)
    with pytest.raises(InputError, match="'X_target' must be given to fit"):
        explore(nothing, X, y, X_target)


@pytest.mark.parametrize(
    "options",
    [
        {"transport": Sinkhorn(epsilon=0.05)},
        {"transport": Exact(), "subsample": 40, "random_state": None},
        {"transport": Sinkhorn(epsilon=0.05), "target_prior": "estimate", "subsample": 50},
        {"transport": "linear"},
    ],
)
def test_the_plan_of_a_loaded_adapter_is_found_again(options, tmp_path):
    X, y, X_target, _ = domains()
    fitted = Adapter(**options).fit(X, y, X_target=X_target)
    fitted.save(tmp_path / "adapter")
    loaded = load(tmp_path / "adapter")
    again = find_again(loaded, X, y, X_target)
    assert loaded.solution_ is None
    if options["transport"] == "linear":
        assert again is loaded
        return
    np.testing.assert_allclose(plan_of(again), plan_of(fitted), atol=1e-7)
    assert find_again(again, X, y, X_target) is again
    one, other = (explore(adapter, X, y, X_target) for adapter in (fitted, again))
    np.testing.assert_array_equal(one.sent.receivers, other.sent.receivers)
    assert (
        dataclasses.asdict(one.convergence).keys() == dataclasses.asdict(other.convergence).keys()
    )


def test_too_few_rows_to_find_it_again_are_refused(tmp_path):
    X, y, X_target, _ = domains()
    Adapter("exact").fit(X, y, X_target=X_target).save(tmp_path / "adapter")
    with pytest.raises(InputError, match="'X_target' must be the rows of the fit, 70 at least"):
        find_again(load(tmp_path / "adapter"), X, y, X_target[:60])


@pytest.mark.slow
def test_a_plan_of_all_mnist_and_usps_is_looked_at_without_being_made():
    """60,000 x 7,291 in float32 would be 1.75 GB; the explorer stays within a third of it."""
    import resource

    draw = np.random.default_rng(0)
    labels = np.arange(60_000) % 10
    centres = 3 * draw.normal(size=(10, 84))
    X = (centres[labels] + draw.normal(size=(60_000, 84))).astype(np.float32)
    X_target = (centres[draw.integers(0, 10, 7291)] + draw.normal(size=(7291, 84))).astype(
        np.float32
    )
    solver = Sinkhorn(epsilon=0.1, epsilon_scale="mean", tolerance=1e-3, memory="500 MiB")
    adapter = Adapter(solver, map="entropic", classifier="centroid")
    adapter.fit(X, labels, X_target=X_target)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    explorer = explore(adapter, X, labels, X_target)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * 1024 < 60_000 * 7_291 * 4 / 3
    assert explorer.plan.shape == (60_000, 7_291)
    assert len(explorer.clouds.source_rows) == 600
    assert len(explorer.clouds.target_rows) <= 1200 + 600 * 10 + 40
    row = int(explorer.clouds.source_rows[5])
    share = adapter.solution_.plan.rows(row, row + 1)[0]
    top = (share / share.sum()).topk(10).values.numpy()
    np.testing.assert_allclose(explorer.sent.shares[5], top, rtol=1e-4)
