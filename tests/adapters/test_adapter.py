"""What an adapter does with its two clouds, and what it refuses."""

import math

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from monge import (
    Adapter,
    Barycentric,
    ClassRegularized,
    EntropicMap,
    Exact,
    Laplacian,
    Sinkhorn,
)
from monge.adapters import MAPS, TRANSPORTS, Partial
from monge.adapters.votes import plan_votes
from monge.errors import (
    Cancelled,
    ConvergenceError,
    InputError,
    MongeWarning,
    UnsupportedCostError,
)
from monge.solvers import GraphPlan, Solver
from tolerances import tolerance

KINDS = [(name, "barycentric") for name in TRANSPORTS] + [("sinkhorn", "entropic")]


def fitted(two, *arguments, **options):
    return Adapter(*arguments, **options).fit(two.X, two.y, X_target=two.Xt)


@pytest.mark.parametrize(("transport", "plan_map"), KINDS)
def test_it_classifies_what_the_source_alone_cannot(two, transport, plan_map):
    alone = KNeighborsClassifier(1).fit(two.X, two.y).score(two.Xt, two.yt)
    assert alone < 0.7
    # What is relaxed or left behind moves less far than the whole does.
    enough = 0.8 if transport in ("unbalanced", "partial") else 0.95
    assert fitted(two, transport, map=plan_map).score(two.Xt, two.yt) > enough


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("transport", "plan_map"), KINDS)
def test_a_row_goes_where_it_goes_alone(two, transport, plan_map, dtype):
    X = two.X.astype(dtype)
    adapter = Adapter(transport, map=plan_map).fit(X, two.y, X_target=two.Xt.astype(dtype))
    unseen = X + dtype(0.1)
    for rows in (X, unseen):
        together = adapter.transform(rows)
        assert together.dtype == dtype
        alone = np.concatenate([adapter.transform(rows[i : i + 1]) for i in range(len(rows))])
        bound = tolerance("point", torch.from_numpy(rows).dtype) * np.abs(two.Xt).max()
        np.testing.assert_allclose(together, alone, rtol=0, atol=bound)
        np.testing.assert_allclose(adapter.transform(rows[::-1])[::-1], together, atol=bound)
        np.testing.assert_allclose(adapter.transform(rows[:7]), together[:7], atol=bound)


@pytest.mark.parametrize("subsample", [None, 20])
@pytest.mark.parametrize(("transport", "plan_map"), KINDS)
def test_fitting_again_gives_the_same(two, transport, plan_map, subsample):
    adapter = Adapter(transport, map=plan_map, subsample=subsample, random_state=5)
    moved = [adapter.fit(two.X, two.y, X_target=two.Xt).transform(two.X) for _ in range(3)]
    np.testing.assert_array_equal(moved[0], moved[1])
    np.testing.assert_array_equal(moved[0], moved[2])


def test_fitting_on_other_data_forgets_the_first(two):
    fresh = Adapter().fit(two.X[:, :2], two.y, X_target=two.Xt[:, :2])
    again = fitted(two).fit(two.X[:, :2], two.y, X_target=two.Xt[:, :2])
    assert again.n_features_in_ == 2
    np.testing.assert_array_equal(again.transform(two.X[:, :2]), fresh.transform(two.X[:, :2]))


def test_what_it_is_given_is_not_written_to(two):
    X, y, Xt = two.X.copy(), two.y.copy(), two.Xt.copy()
    adapter = Adapter().fit(X, y, X_target=Xt)
    adapter.transform(X)
    adapter.predict(Xt)
    for mine, given in ((X, two.X), (y, two.y), (Xt, two.Xt)):
        np.testing.assert_array_equal(mine, given)


@pytest.mark.parametrize("transport", ["sinkhorn", "exact", "linear"])
def test_a_moved_row_is_no_view_of_what_came_in(two, transport):
    X = two.X.copy()
    moved = fitted(two, transport).transform(X)
    moved[:] = 0
    np.testing.assert_array_equal(X, two.X)


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["left", "right"]),
        np.array(["left", "right"], dtype=object),
        np.array([-1, 1]),
        np.array([False, True]),
        np.array([7, 3]),
        np.array([0.0, 1.0], dtype=np.float32),
    ],
    ids=["text", "objects", "negative", "booleans", "descending", "floats"],
)
def test_labels_of_any_kind(two, labels):
    adapter = Adapter().fit(two.X, labels[two.y], X_target=two.Xt)
    np.testing.assert_array_equal(adapter.classes_, np.sort(labels))
    predicted = adapter.predict(two.Xt)
    assert predicted.dtype == labels.dtype
    assert (predicted == labels[two.yt]).mean() > 0.95
    votes = adapter.classes_[adapter.propagate().argmax(1)]
    assert (votes == labels[two.yt]).mean() > 0.95


def test_data_of_any_kind(two):
    expected = fitted(two).transform(two.X)
    for convert in (
        np.ndarray.tolist,
        np.asfortranarray,
        lambda rows: rows[::-1].copy()[::-1],
        lambda rows: torch.tensor(rows, requires_grad=True),
    ):
        adapter = Adapter().fit(convert(two.X), two.y, X_target=convert(two.Xt))
        moved = adapter.transform(convert(two.X))
        np.testing.assert_allclose(moved, expected, rtol=1e-9)
    integers = Adapter("linear").fit(
        (10 * two.X).astype(int), two.y, X_target=(10 * two.Xt).astype(int)
    )
    assert integers.transform((10 * two.X).astype(int)).dtype == np.float64


def test_float32_stays_float32(two):
    adapter = Adapter().fit(two.X.astype(np.float32), two.y, X_target=two.Xt.astype(np.float32))
    assert adapter.transform(two.X.astype(np.float32)).dtype == np.float32
    assert adapter.transform(two.X).dtype == np.float64


def test_subsample_draws_ascending_rows_once_each(two):
    adapter = fitted(two, subsample=20, random_state=0)
    assert adapter.solution_.plan.shape == (20, 20)
    for rows, size in ((adapter.source_rows_, 60), (adapter.target_rows_, 50)):
        assert (np.diff(rows) > 0).all()
        assert 0 <= rows[0] <= rows[-1] < size
    assert not np.array_equal(adapter.source_rows_, adapter.target_rows_)
    other = fitted(two, subsample=20, random_state=1)
    assert not np.array_equal(other.source_rows_, adapter.source_rows_)


def test_subsample_of_more_rows_than_there_are_takes_all(two):
    adapter = fitted(two, subsample=55, random_state=0)
    assert adapter.solution_.plan.shape == (55, 50)
    whole = fitted(two, subsample=10_000, random_state=0)
    np.testing.assert_array_equal(whole.transform(two.X), fitted(two).transform(two.X))


@pytest.mark.parametrize("transport", ["linear", "coral", "standardise"])
def test_subsample_holds_for_transports_without_a_plan(two, transport):
    drawn = fitted(two, transport, subsample=20, random_state=0)
    by_hand = Adapter(transport).fit(
        two.X[drawn.source_rows_],
        two.y[drawn.source_rows_],
        X_target=two.Xt[drawn.target_rows_],
    )
    np.testing.assert_array_equal(drawn.transform(two.X), by_hand.transform(two.X))


@pytest.mark.parametrize("transport", ["sinkhorn", "exact"])
def test_propagated_shares_sum_to_one(two, transport):
    adapter = fitted(two, transport, subsample=40, random_state=0)
    shares = adapter.propagate()
    assert shares.shape == (40, 2)
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-5)
    votes = adapter.classes_[shares.argmax(1)]
    assert (votes == two.yt[adapter.target_rows_]).mean() > 0.9


def test_votes_that_taught_are_carried_once_and_none_may_change_them(two, monkeypatch):
    adapter = fitted(two, "graph")
    afresh = plan_votes(adapter.solution_.plan, two.y, adapter.classes_)
    monkeypatch.delattr(GraphPlan, "votes")
    adapter.propagate()[:] = np.nan
    np.testing.assert_array_equal(adapter.propagate(), afresh)
    monkeypatch.undo()
    adapter.set_params(transport="sinkhorn").fit(two.X, two.y, X_target=two.Xt)
    afresh = plan_votes(adapter.solution_.plan, two.y, adapter.classes_)
    np.testing.assert_array_equal(adapter.propagate(), afresh)


def test_propagated_shares_are_those_of_the_plan(two):
    adapter = fitted(two)
    plan = adapter.solution_.plan.dense().numpy()
    by_hand = np.stack([plan[two.y == label].sum(0) for label in (0, 1)], 1) / plan.sum(0)[:, None]
    np.testing.assert_allclose(adapter.propagate(), by_hand, rtol=1e-6)


@pytest.mark.parametrize("transport", ["linear", "coral", "standardise"])
def test_without_a_plan_nothing_is_propagated(two, transport):
    with pytest.raises(InputError, match=r"Adapter.propagate: 'transport' must be one that has a"):
        fitted(two, transport).propagate()


@pytest.mark.filterwarnings("ignore::monge.errors.MongeWarning")
def test_without_a_target_nothing_is_propagated(two):
    with pytest.raises(InputError, match="'X_target' must be given to fit, got none"):
        Adapter().fit(two.X, two.y).propagate()


def test_the_map_is_the_one_asked_for(two):
    solution = Sinkhorn().solve(fitted(two).solution_.problem)
    x = torch.tensor(two.X)
    for name, maps in (("barycentric", Barycentric()), ("entropic", EntropicMap())):
        expected = maps.fit(solution)(x + 0.3).numpy()
        for given in (name, maps):
            moved = fitted(two, map=given).transform(two.X + 0.3)
            np.testing.assert_allclose(moved, expected, rtol=1e-9)


def test_the_classifier_is_trained_on_the_moved_source(two):
    adapter = fitted(two, "linear", classifier=LogisticRegression())
    by_hand = LogisticRegression().fit(adapter.transform(two.X), two.y)
    np.testing.assert_array_equal(adapter.classifier_.coef_, by_hand.coef_)


def test_progress_is_told_and_may_cancel(two):
    told = []
    Adapter().fit(two.X, two.y, X_target=two.Xt, report=told.append)
    assert {progress.task for progress in told} == {"Sinkhorn plan"}

    def stop(progress):
        raise Cancelled

    with pytest.raises((Cancelled, ConvergenceError)):
        Adapter().fit(two.X, two.y, X_target=two.Xt, report=stop)


def spoiled(rows, value):
    rows = np.array(rows)
    rows[3, 1] = value
    return rows


BAD = {
    "nan in X": (lambda t: (spoiled(t.X, math.nan), t.y, t.Xt), "'X' must be finite.* in row 3"),
    "inf in X": (lambda t: (spoiled(t.X, math.inf), t.y, t.Xt), "'X' must be finite.* in row 3"),
    "nan in X_target": (
        lambda t: (t.X, t.y, spoiled(t.Xt, math.nan)),
        "'X_target' must be finite.* in row 3",
    ),
    "-inf in X_target": (
        lambda t: (t.X, t.y, spoiled(t.Xt, -math.inf)),
        "'X_target' must be finite.* in row 3",
    ),
    "huge in X": (
        lambda t: (spoiled(t.X, -1e300), t.y, t.Xt),
        "'X' must be at most 1e.50 in size .*, got 1e.300 in column '1'; rescale",
    ),
    "huge in X_target": (
        lambda t: (t.X, t.y, spoiled(t.Xt, 1e300)),
        "'X_target' must be at most 1e.50 in size .* in column '1'",
    ),
    "huge throughout": (lambda t: (t.X * 1e160, t.y, t.Xt * 1e160), "'X' must be at most 1e.50"),
    "huge in float32": (
        lambda t: (spoiled(t.X.astype(np.float32), 1e20), t.y, t.Xt),
        "'X' must be at most 1e.15 in size as float32",
    ),
    "widths": (lambda t: (t.X, t.y, t.Xt[:, :2]), r"'X_target' .* 3 features .* shape \(50, 2\)"),
    "empty X_target": (lambda t: (t.X, t.y, t.Xt[:0]), r"'X_target' .* got shape \(0, 3\)"),
    "one-dimensional X_target": (lambda t: (t.X, t.y, t.Xt[0]), r"'X_target' .* shape \(3,\)"),
    "text in X_target": (
        lambda t: (t.X, t.y, np.full((4, 3), "a")),
        "'X_target' must be a table of numbers.* could not convert",
    ),
    "empty X": (lambda t: (t.X[:0], t.y[:0], t.Xt), r"0 sample\(s\)"),
    "one class": (lambda t: (t.X, t.y * 0, t.Xt), "'y' must be of at least two classes"),
    "lengths": (lambda t: (t.X, t.y[:-1], t.Xt), "inconsistent numbers of samples"),
    "nan in y": (lambda t: (t.X, np.where(t.y, math.nan, 0), t.Xt), "y contains NaN"),
    "continuous y": (lambda t: (t.X, t.X[:, 0], t.Xt), "Unknown label type: continuous"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_data_is_refused_before_any_work(two, case, monkeypatch):
    change, words = BAD[case]

    def solve(*_, **__):
        raise AssertionError("work was started")

    monkeypatch.setattr(Sinkhorn, "solve", solve)
    X, y, X_target = change(two)
    with pytest.raises(ValueError, match=words) as caught:
        Adapter().fit(X, y, X_target=X_target)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(("dtype", "most"), [(np.float64, 1e50), (np.float32, 1e15)])
def test_the_largest_numbers_that_are_taken_are_adapted(two, transport, dtype, most):
    scale = most / np.abs(two.Xt).max()
    X, Xt = (two.X * scale).astype(dtype), (two.Xt * scale).clip(-most, most).astype(dtype)
    adapter = Adapter(transport).fit(X, two.y, X_target=Xt)
    assert np.isfinite(adapter.transform(X)).all()
    assert adapter.score(Xt, two.yt) > 0.8


@pytest.mark.parametrize("verb", ["transform", "predict", "predict_proba", "target_distance"])
def test_huge_rows_are_refused_afterwards(two, verb):
    call = getattr(fitted(two), verb)
    with pytest.raises(InputError, match=rf"Adapter.{verb}: 'X' must be at most 1e.50 in size"):
        call(spoiled(two.X, 1e300))


@pytest.mark.parametrize("verb", ["transform", "predict", "predict_proba"])
def test_bad_rows_are_refused_afterwards(two, verb):
    call = getattr(fitted(two), verb)
    with pytest.raises(InputError, match=rf"Adapter.{verb}: 'X' must be finite.* in row 3"):
        call(spoiled(two.X, math.nan))
    with pytest.raises(ValueError, match="X has 2 features, but Adapter is expecting 3"):
        call(two.X[:, :2])


OPTIONS = {
    "an unknown transport": (
        {"transport": "optimal"},
        "'transport' must be one of 'auto', 'standardise'",
    ),
    "a class": ({"transport": Sinkhorn}, "'transport' must be one of"),
    "nothing": ({"transport": None}, "'transport' must be one of"),
    "an unknown map": ({"map": "monge"}, "'map' must be one of 'barycentric', 'entropic'"),
    "an unknown map unused": ({"transport": "linear", "map": "monge"}, "'map' must be one of"),
    "an unknown classifier": ({"classifier": "oracle"}, "'classifier' must be one of 'nearest', "),
    "a number as classifier": ({"classifier": 5}, "'classifier' must be one of .*, got 5;"),
    "a class as classifier": ({"classifier": LogisticRegression}, "'classifier' must be one of"),
    "an unknown cost": ({"cost": "manhattan"}, "'cost' must be one of 'sqeuclidean'"),
    "subsample zero": ({"subsample": 0}, "'subsample' must be a positive whole number"),
    "subsample true": ({"subsample": True}, "'subsample' must be a positive whole number"),
    "subsample half": ({"subsample": 2.5}, "'subsample' must be a positive whole number"),
    "subsample text": ({"subsample": "all"}, "'subsample' must be a positive whole number"),
    "subsample infinite": ({"subsample": math.inf}, "'subsample' must be a positive whole"),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_bad_options_are_refused_in_one_sentence(two, case):
    options, words = OPTIONS[case]
    with pytest.raises(InputError, match=words) as caught:
        fitted(two, **options)
    assert "\n" not in str(caught.value)
    assert "; " in str(caught.value)


@pytest.mark.parametrize("epsilon", [0, -1.0, math.nan, math.inf, "small", True])
def test_a_bad_epsilon_is_refused(epsilon):
    with pytest.raises(InputError, match="Sinkhorn: 'epsilon' must be a positive finite number"):
        Sinkhorn(epsilon=epsilon)


def test_a_map_that_the_cost_does_not_allow_is_refused(two):
    with pytest.raises(InputError, match="an entropic plan"):
        fitted(two, "exact", map="entropic")


class SolvedError(AssertionError):
    """A solve was begun."""


@pytest.fixture
def no_solve(monkeypatch):
    """Have every solve of a transport of this house fail."""

    def solve(*_, **__):
        raise SolvedError

    for make in TRANSPORTS.values():
        if isinstance(make(), Solver):
            monkeypatch.setattr(type(make()), "solve", solve)


@pytest.mark.parametrize(
    "transport",
    [*("exact", "class_regularized", "laplacian", "prototypes"), Partial(epsilon=0)],
    ids=str,
)
def test_an_entropic_map_of_no_such_plan_is_refused_before_the_solve(two, no_solve, transport):
    words = r"^Adapter: 'transport' must be one with an entropic plan .*; use map='barycentric'"
    with pytest.raises(InputError, match=words):
        fitted(two, transport, map="entropic")


@pytest.mark.parametrize("transport", ["sinkhorn", "unbalanced", "partial", "ridge", "kernel"])
def test_an_entropic_map_that_may_follow_comes_to_the_solve(two, no_solve, transport):
    with pytest.raises(SolvedError):
        fitted(two, transport, map="entropic")


def test_an_entropic_map_beside_known_labels_is_refused_before_the_solve(two, no_solve):
    y_target = np.where(np.arange(50) == 7, 0, None)
    words = r"^Adapter: 'y_target' must be left out where the map is entropic .* got 1 known labels"
    fit = Adapter(map="entropic", target_prior="estimate").fit
    with pytest.raises(InputError, match=words):
        fit(two.X, two.y, X_target=two.Xt, y_target=y_target)
    with pytest.raises(SolvedError):
        Adapter(map="entropic").fit(two.X, two.y, X_target=two.Xt, y_target=[None] * 50)


@pytest.mark.parametrize("cost", ["euclidean", "cosine", torch.cdist])
@pytest.mark.parametrize(
    ("transport", "plan_map"),
    [
        (transport, plan_map)
        for transport in ("sinkhorn", "exact", "prototypes", "ridge")
        for plan_map in MAPS
        if plan_map != "entropic" or transport in ("sinkhorn", "ridge")
    ],
)
def test_a_cost_that_the_map_has_no_formula_for_is_refused_before_the_solve(
    two, transport, plan_map, cost, no_solve
):
    with pytest.raises(
        UnsupportedCostError, match=r"^Adapter: 'cost' must be 'sqeuclidean' where .*; [^\n]*\.$"
    ):
        fitted(two, transport, map=plan_map, cost=cost)


@pytest.mark.parametrize("transport", ["linear", "coral", "standardise"])
def test_a_transport_without_a_plan_has_no_use_for_the_cost(two, transport):
    np.testing.assert_array_equal(
        fitted(two, transport, cost="cosine").transform(two.X),
        fitted(two, transport).transform(two.X),
    )


@pytest.mark.parametrize("names", [TRANSPORTS, MAPS])
def test_a_name_stands_for_the_defaults(names):
    for make in names.values():
        assert make() == make()


def broken_fits(two):
    strict = Sinkhorn(epsilon=1e-3, max_sweeps=1)
    labels = np.array(["a", "b"])[two.y]
    yield {"transport": strict}, (two.X, labels, two.Xt), ConvergenceError
    yield {"transport": Exact(max_iterations=1)}, (two.X, labels, two.Xt), ConvergenceError
    yield {"map": "none"}, (two.X, labels, two.Xt), InputError
    yield {"classifier": "none"}, (two.X, labels, two.Xt), InputError
    yield {}, (two.X, labels, spoiled(two.Xt, math.nan)), InputError


@pytest.mark.parametrize("case", range(5))
def test_a_fit_that_fails_leaves_the_last_one_whole(two, case):
    params, (X, y, X_target), kind = list(broken_fits(two))[case]
    adapter = fitted(two, subsample=30, random_state=0)
    before = dict(vars(adapter))
    moved = adapter.transform(two.X)
    adapter.set_params(**params)
    with pytest.raises(kind):
        adapter.fit(X, y, X_target=X_target)
    for name in [name for name in before if name.endswith("_")]:
        assert vars(adapter)[name] is before[name] or name == "n_features_in_", name
    np.testing.assert_array_equal(adapter.transform(two.X), moved)
    np.testing.assert_array_equal(adapter.predict(two.Xt), before["classifier_"].predict(two.Xt))
    assert adapter.propagate().shape == (30, 2)


# What other implementations are known for.


@pytest.fixture(scope="module")
def digits():
    """Return scikit-learn's digits as they come, split in two unequal domains."""
    X, y = load_digits(return_X_y=True)
    return X[:600], y[:600], X[600:1100]


@pytest.mark.parametrize("transport", ["sinkhorn", Sinkhorn(epsilon=1e-3, epsilon_scale="max")])
def test_raw_digits_give_a_whole_plan_and_no_nan(digits, transport):
    X, y, Xt = digits
    adapter = Adapter(transport).fit(X, y, X_target=Xt)
    source, target = adapter.solution_.plan.marginals()
    assert float(source.sum()) == pytest.approx(1, abs=1e-4)
    assert float((source - 1 / 600).abs().sum()) < 2e-4
    assert float((target - 1 / 500).abs().sum()) < 2e-4
    moved = adapter.transform(X)
    assert np.isfinite(moved).all()
    assert (np.abs(moved).max(1) > 1).all()  # none at the origin
    np.testing.assert_allclose(adapter.propagate().sum(1), 1, rtol=1e-4)


def test_an_epsilon_too_small_for_the_units_is_an_error_or_a_whole_plan(digits):
    X, y, Xt = digits
    adapter = Adapter(Sinkhorn(epsilon=1e-2, epsilon_scale="absolute", max_sweeps=30))
    with pytest.raises(ConvergenceError, match="raise epsilon") as caught:
        adapter.fit(X[:100], y[:100], X_target=Xt[:90])
    plan = caught.value.solution.plan
    assert np.isfinite(plan.dense().numpy()).all()
    assert float(plan.marginals().source.sum()) == pytest.approx(1, abs=0.5)


def test_fitting_again_does_not_diverge(digits):
    X, y, Xt = digits
    adapter = Adapter()
    costs = [adapter.fit(X[:200], y[:200], X_target=Xt[:150]).solution_.cost for _ in range(3)]
    assert costs[0] == costs[1] == costs[2]


@pytest.mark.parametrize(("transport", "plan_map"), KINDS)
def test_the_first_rows_go_where_they_go_among_others(digits, transport, plan_map):
    X, y, Xt = digits
    adapter = Adapter(transport, map=plan_map).fit(X[:200], y[:200], X_target=Xt[:150])
    together = adapter.transform(X)
    np.testing.assert_allclose(adapter.transform(X[:5]), together[:5], rtol=0, atol=1e-9)
    np.testing.assert_allclose(adapter.transform(X[300:301]), together[300:301], atol=1e-9)


@pytest.mark.parametrize(
    "transport", [ClassRegularized(), ClassRegularized(form="group"), Laplacian()]
)
def test_solvers_that_need_more_than_two_clouds_work_in_the_adapter(transport):
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.repeat(["left", "right"], 20)
    X[y == "right"] += [6, 0]
    adapter = Adapter(transport).fit(X, y, X_target=X + np.array([4, 1]))
    assert adapter.score(X + np.array([4, 1]), y) == 1.0


@pytest.mark.parametrize("seed", ["x", -1, 1.5])
def test_what_draws_nothing_is_refused(seed):
    with pytest.raises(InputError, match=r"^Adapter: 'random_state' must be a whole number from 0"):
        Adapter(random_state=seed).fit([[0.0], [1.0]], [0, 1], X_target=[[2.0]])


@pytest.mark.parametrize("rows", [1, 7])
@pytest.mark.parametrize("transport", ["sinkhorn", "exact", "standardise"])
def test_a_target_of_one_point_is_warned_of(two, transport, rows):
    target = np.repeat(two.Xt[:1], rows, axis=0)
    with pytest.warns(MongeWarning, match=r"^Adapter.fit: all rows of X_target are one point"):
        Adapter(transport).fit(two.X, two.y, X_target=target)


@pytest.mark.parametrize(("value", "said"), [(np.nan, "NaN"), (np.inf, r"infinity \(inf\)")])
def test_what_is_not_finite_is_named(two, value, said):
    X = two.X.copy()
    X[3, 1] = value
    with pytest.raises(InputError, match=f"'X' must be finite, got {said} in row 3;"):
        Adapter().fit(X, two.y, X_target=two.Xt)
