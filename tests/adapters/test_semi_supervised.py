"""Some labels of the target are known: they hold the plan, train the classifier, and nothing else.

The clouds are four: each class of the source lies nearest to the target of the other class, so that
without a label everything is mapped the wrong way round.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from monge import Adapter, ClassRegularized, Exact, Laplacian, Sinkhorn
from monge.adapters import Partial, Unbalanced
from monge.errors import InputError

LABELS = {
    "numbers with -1": np.array([-1, 1]),
    "text": np.array(["left", "right"], dtype=object),
    "booleans": np.array([False, True]),
    "floats": np.array([-1.0, 0.0]),
}


@pytest.fixture(scope="module")
def crossed():
    draw = np.random.default_rng(0)
    y = np.repeat([0, 1], 20)
    X, Xt = (0.3 * draw.normal(size=(40, 2)) for _ in range(2))
    X[:, 0] += 4 * y
    Xt[:, 0] += 4 * (1 - y)
    Xt[:, 1] += 1
    known = np.arange(40) % 2 == 0
    return SimpleNamespace(X=X, y=y, Xt=Xt, yt=y, known=known)


def hidden(labels, known):
    """Return labels with None where they are not known."""
    return np.where(known, labels.astype(object), None)


def mass_to_own_class(adapter, crossed):
    """Return the share of the mass of known target rows that comes from their class."""
    plan = adapter.solution_.plan.dense().double().numpy()[:, crossed.known]
    own = crossed.y[:, None] == crossed.yt[crossed.known]
    return plan[own].sum() / plan.sum()


@pytest.mark.parametrize(
    "transport",
    [
        Sinkhorn(),
        Exact(),
        ClassRegularized(),
        ClassRegularized(form="group"),
        Unbalanced(),
        Partial(),
        Partial(epsilon=0),
    ],
    ids=repr,
)
def test_known_labels_hold_the_plan(crossed, transport):
    plain = Adapter(transport).fit(crossed.X, crossed.y, X_target=crossed.Xt)
    assert mass_to_own_class(plain, crossed) < 0.05
    held = Adapter(transport).fit(
        crossed.X, crossed.y, X_target=crossed.Xt, y_target=hidden(crossed.yt, crossed.known)
    )
    assert mass_to_own_class(held, crossed) > 0.99


def test_the_scale_of_epsilon_does_not_feel_the_penalty(crossed):
    plain = Adapter().fit(crossed.X, crossed.y, X_target=crossed.Xt)
    held = Adapter().fit(
        crossed.X, crossed.y, X_target=crossed.Xt, y_target=hidden(crossed.yt, crossed.known)
    )
    assert held.solution_.epsilon == pytest.approx(plain.solution_.epsilon, rel=1e-6)
    # and its cost is that of the points
    assert 16 / 2 < held.solution_.cost < 18


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_no_label_is_a_magic_number(crossed, labels):
    """Every label is known, in particular -1: they are the classes that the classifier learns."""
    adapter = Adapter().fit(
        crossed.X, labels[crossed.y], X_target=crossed.Xt, y_target=labels[crossed.yt]
    )
    assert adapter.score(crossed.Xt, labels[crossed.yt]) == 1.0
    assert adapter.predict(crossed.Xt).dtype == labels.dtype


def ways_to_hide(labels, known):
    pandas = pytest.importorskip("pandas")
    floats = np.where(known, labels.astype(float), np.nan)
    yield "None", hidden(labels, known)
    yield "a list", hidden(labels, known).tolist()
    yield "NaN", floats
    yield "a mask", np.ma.masked_array(labels, mask=~known)
    yield "NaN under a mask", np.ma.masked_array(floats, mask=~known)
    yield "a series", pandas.Series(floats)
    yield "pandas.NA", pandas.Series(hidden(labels, known), dtype="Int64")
    yield "objects with NaN", np.where(known, labels.astype(object), np.nan)
    yield "objects with pandas.NA", np.where(known, labels.astype(object), pandas.NA)


def test_every_way_to_say_unknown_is_the_same(crossed):
    labels = np.array([-1, 1])
    expected = None
    for way, y_target in ways_to_hide(labels[crossed.yt], crossed.known):
        adapter = Adapter().fit(
            crossed.X, labels[crossed.y], X_target=crossed.Xt, y_target=y_target
        )
        moved = adapter.transform(crossed.X)
        expected = moved if expected is None else expected
        np.testing.assert_array_equal(moved, expected, err_msg=way)
        assert adapter.score(crossed.Xt, labels[crossed.yt]) > 0.8, way


def test_what_is_masked_is_not_looked_at(crossed):
    mask = ~crossed.known
    truth = np.ma.masked_array(crossed.yt, mask=mask)
    lies = np.ma.masked_array(np.where(mask, 777, crossed.yt), mask=mask)
    moved = [
        Adapter().fit(crossed.X, crossed.y, X_target=crossed.Xt, y_target=y).transform(crossed.X)
        for y in (truth, lies)
    ]
    np.testing.assert_array_equal(moved[0], moved[1])


@pytest.mark.parametrize("transport", ["sinkhorn", "linear", "laplacian"])
def test_nothing_known_is_nothing_given(crossed, transport):
    given = {} if transport == "laplacian" else {"y_target": [None] * 40}
    nothing = Adapter(transport).fit(crossed.X, crossed.y, X_target=crossed.Xt, **given)
    without = Adapter(transport).fit(crossed.X, crossed.y, X_target=crossed.Xt)
    np.testing.assert_array_equal(nothing.transform(crossed.X), without.transform(crossed.X))
    np.testing.assert_array_equal(nothing.predict(crossed.Xt), without.predict(crossed.Xt))


def test_known_rows_join_the_training_as_they_are(crossed):
    adapter = Adapter("linear", classifier=LogisticRegression())
    adapter.fit(
        crossed.X, crossed.y, X_target=crossed.Xt, y_target=hidden(crossed.yt, crossed.known)
    )
    rows = np.concatenate([adapter.transform(crossed.X), crossed.Xt[crossed.known]])
    labels = np.concatenate([crossed.y, crossed.yt[crossed.known]])
    by_hand = LogisticRegression().fit(rows, labels)
    np.testing.assert_array_equal(adapter.classifier_.coef_, by_hand.coef_)


def test_known_rows_carry_their_weight_and_drop_out_at_zero(crossed):
    b = np.where(np.arange(40) == 0, 0.0, 2.0)
    adapter = Adapter("linear", classifier=LogisticRegression())
    lie = crossed.yt.copy()
    lie[0] = 1 - lie[0]  # the row of weight zero is labelled wrongly
    adapter.fit(crossed.X, crossed.y, X_target=crossed.Xt, y_target=lie, target_weight=b)
    rows = np.concatenate([adapter.transform(crossed.X), crossed.Xt[1:]])
    labels = np.concatenate([crossed.y, crossed.yt[1:]])
    weights = np.r_[np.ones(40), np.full(39, 2.0)]
    by_hand = LogisticRegression().fit(rows, labels, sample_weight=weights)
    np.testing.assert_allclose(adapter.classifier_.coef_, by_hand.coef_, rtol=1e-10)


def test_labels_follow_their_rows_through_weights_and_draws(crossed):
    b = np.where(np.arange(40) % 3 == 0, 0.0, 1.0)
    adapter = Adapter(subsample=30, random_state=1).fit(
        crossed.X, crossed.y, X_target=crossed.Xt, y_target=crossed.yt, target_weight=b
    )
    plan = adapter.solution_.plan.dense().double().numpy()
    own = crossed.y[adapter.source_rows_][:, None] == crossed.yt[adapter.target_rows_]
    # as much as the drawn classes of both sides can hold of each other
    shares = [
        np.bincount(side, minlength=2) / len(side)
        for side in (crossed.y[adapter.source_rows_], crossed.yt[adapter.target_rows_])
    ]
    assert plan[own].sum() == pytest.approx(np.minimum(*shares).sum(), abs=1e-3)


BAD = {
    "an unknown class": ([7] + [None] * 39, r"of the classes of y \(0, 1\), got 7 in row 0"),
    "text among numbers": (["0"] + [None] * 39, r"of the classes of y .* got '0' in row 0"),
    "too short": ([None] * 39, "of 40 rows, as X_target, got 39 rows"),
    "a table": (np.zeros((40, 2)), "one label a row"),
    "a number": (1, "one label a row"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_target_labels_are_refused_in_one_sentence(crossed, case):
    y_target, words = BAD[case]
    with pytest.raises(InputError, match=f"Adapter.fit: 'y_target' must be .*{words}") as caught:
        Adapter().fit(crossed.X, crossed.y, X_target=crossed.Xt, y_target=y_target)
    assert "\n" not in str(caught.value)


def test_known_labels_need_a_target(crossed):
    with pytest.raises(InputError, match="'y_target' must be left out without X_target"):
        Adapter().fit(crossed.X, crossed.y, y_target=crossed.yt)
    with pytest.raises(InputError, match="'target_weight' must be left out without X_target"):
        Adapter().fit(crossed.X, crossed.y, target_weight=np.ones(40))


def test_a_transport_that_cannot_be_held_says_so(crossed):
    with pytest.raises(InputError, match="'transport' must be one whose cost may depend on known"):
        Adapter(Laplacian()).fit(crossed.X, crossed.y, X_target=crossed.Xt, y_target=crossed.yt)
    with pytest.raises(InputError, match="an entropic plan of the points' own cost"):
        Adapter(map="entropic").fit(crossed.X, crossed.y, X_target=crossed.Xt, y_target=crossed.yt)
