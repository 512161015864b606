"""Class proportions of the target: estimated, given, and what the source is then weighted by."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from monge import Adapter
from monge.adapters import TargetPrior
from monge.errors import InputError, MongeWarning
from monge.verdict.proportions import expectation_maximisation


def three(sizes, seed, shift=0.0):
    """Draw rows of three overlapping classes."""
    draw = np.random.default_rng(seed)
    y = np.repeat(np.arange(3), sizes)
    centres = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]])
    return centres[y] + draw.normal(size=(len(y), 2)) + shift, y


@pytest.fixture(scope="module")
def shifted():
    X, y = three((100, 100, 100), 0)
    Xt, yt = three((60, 40, 300), 1)
    names = np.array(["a", "b", "c"])
    return SimpleNamespace(X=X, y=names[y], Xt=Xt, yt=names[yt], share=np.array([0.15, 0.1, 0.75]))


def fitted(shifted, **options):
    adapter = Adapter(random_state=0, **options)
    return adapter.fit(shifted.X, shifted.y, X_target=shifted.Xt)


def test_the_estimate_finds_the_proportions(shifted):
    prior = fitted(shifted, target_prior="estimate").target_prior_
    assert isinstance(prior, TargetPrior)
    assert prior.classes.tolist() == ["a", "b", "c"]
    assert "EM" in prior.method
    np.testing.assert_allclose(prior.share, shifted.share, atol=0.04)
    assert prior.share.sum() == pytest.approx(1)
    assert (prior.low <= prior.share).all()
    assert (prior.share <= prior.high).all()


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    held = []
    X, y = three((400, 400, 400), 5)
    for seed in range(12):
        draw = np.random.default_rng(100 + seed)
        sizes = draw.multinomial(400, [0.2, 0.3, 0.5])
        Xt, _ = three(sizes, 200 + seed)
        adapter = Adapter("linear", target_prior="estimate", random_state=seed)
        prior = adapter.fit(X, y, X_target=Xt).target_prior_
        held.append((prior.low <= [0.2, 0.3, 0.5]) & (prior.high >= [0.2, 0.3, 0.5]))
    assert 0.8 < np.mean(held) <= 1.0


def test_no_shift_is_estimated_as_none(shifted):
    X, _ = three((200, 200, 200), 7)
    prior = (
        Adapter("linear", target_prior="estimate", random_state=0)
        .fit(shifted.X, shifted.y, X_target=X)
        .target_prior_
    )
    np.testing.assert_allclose(prior.share, 1 / 3, atol=0.05)


def test_weighing_the_source_helps(shifted):
    plain = fitted(shifted).score(shifted.Xt, shifted.yt)
    aware = fitted(shifted, target_prior="estimate").score(shifted.Xt, shifted.yt)
    assert aware > plain + 0.1


def test_the_plan_sends_each_class_its_share(shifted):
    adapter = fitted(shifted, target_prior=shifted.share)
    given = adapter.solution_.plan.marginals().source.numpy()
    sent = [given[shifted.y == label].sum() for label in adapter.classes_]
    np.testing.assert_allclose(sent, shifted.share, atol=2e-4)


def test_weights_keep_their_ratio_within_a_class(shifted):
    weight = np.random.default_rng(2).uniform(1, 2, 300)
    adapter = Adapter(target_prior=shifted.share)
    adapter.fit(shifted.X, shifted.y, X_target=shifted.Xt, sample_weight=weight)
    ratio = adapter.solution_.problem.a.numpy() / weight
    for label, share in zip(("a", "b", "c"), shifted.share, strict=True):
        own = shifted.y == label
        np.testing.assert_allclose(ratio[own], share / weight[own].sum(), rtol=1e-12)


def test_the_classifier_is_weighted_as_well(shifted):
    adapter = fitted(
        shifted, transport="linear", target_prior=shifted.share, classifier=LogisticRegression()
    )
    weight = shifted.share[np.searchsorted(adapter.classes_, shifted.y)] * 3
    by_hand = LogisticRegression().fit(
        adapter.transform(shifted.X), shifted.y, sample_weight=weight
    )
    np.testing.assert_allclose(adapter.classifier_.coef_, by_hand.coef_, rtol=1e-6)


def test_a_mapping_is_read_by_label(shifted):
    by_order = fitted(shifted, target_prior=[0.15, 0.1, 0.75])
    by_label = fitted(shifted, target_prior={"c": 0.75, "a": 0.15, "b": 0.1})
    np.testing.assert_array_equal(by_order.transform(shifted.X), by_label.transform(shifted.X))
    assert by_label.target_prior_.method == "given"


def test_the_drawn_rows_hold_the_shares_too(shifted):
    adapter = fitted(shifted, target_prior=shifted.share, subsample=60)
    a = adapter.solution_.problem.a.numpy()
    labels = shifted.y[adapter.source_rows_]
    sent = [a[labels == label].sum() for label in adapter.classes_]
    np.testing.assert_allclose(sent, shifted.share, rtol=1e-12)


def test_no_prior_is_reported_as_none(shifted):
    assert fitted(shifted).target_prior_ is None


def test_a_class_that_is_missing_is_noticed(shifted):
    gone = shifted.yt != "b"
    with pytest.warns(MongeWarning, match="seems to hold none of class 'b'") as caught:
        Adapter(target_prior="estimate", random_state=0).fit(
            shifted.X, shifted.y, X_target=shifted.Xt[gone]
        )
    (warning,) = [w for w in caught if issubclass(w.category, MongeWarning)]
    assert "\n" not in str(warning.message)
    assert warning.filename == __file__


def test_a_class_without_a_share_is_never_predicted_but_has_its_column(shifted):
    with pytest.warns(MongeWarning, match="none of class 'b'"):
        adapter = fitted(shifted, target_prior=[0.5, 0, 0.5])
    assert adapter.classes_.tolist() == ["a", "b", "c"]
    shares = adapter.predict_proba(shifted.Xt)
    assert shares.shape == (400, 3)
    assert (shares[:, 1] == 0).all()
    assert (adapter.propagate()[:, 1] == 0).all()
    assert set(adapter.predict(shifted.Xt)) == {"a", "c"}
    np.testing.assert_array_equal(adapter.classes_[shares.argmax(1)], adapter.predict(shifted.Xt))


def test_the_same_seed_gives_the_same_estimate(shifted):
    one, two = (fitted(shifted, target_prior="estimate").target_prior_ for _ in range(2))
    np.testing.assert_array_equal(one.share, two.share)
    np.testing.assert_array_equal(one.low, two.low)


def test_expectation_maximisation_finds_the_likeliest_shares():
    draw = np.random.default_rng(0)
    probabilities = draw.dirichlet(np.ones(2), 200)
    own = np.array([0.3, 0.7])
    weight = np.full((1, 200), 1 / 200)
    found = expectation_maximisation(probabilities, own, weight)[0]
    grid = np.linspace(1e-4, 1 - 1e-4, 9999)
    likelihood = probabilities / own
    mixed = grid[:, None] * likelihood[:, 0] + (1 - grid)[:, None] * likelihood[:, 1]
    best = grid[np.log(mixed).mean(1).argmax()]
    assert found[0] == pytest.approx(best, abs=2e-4)


def test_certain_probabilities_are_counted():
    certain = np.eye(3)[[0, 0, 0, 1, 2, 2]]
    shares = expectation_maximisation(certain, np.full(3, 1 / 3), np.full((1, 6), 1 / 6))
    np.testing.assert_allclose(shares[0], [1 / 2, 1 / 6, 1 / 3])


BAD = {
    "text": "guess",
    "too few": [0.5, 0.5],
    "negative": [0.6, 0.6, -0.2],
    "of another sum": [1, 1, 1],
    "nan": [np.nan, 0.5, 0.5],
    "a label left out": {"a": 0.5, "b": 0.5},
    "an unknown label": {"a": 0.5, "b": 0.25, "d": 0.25},
    "text in a mapping": {"a": "half", "b": 0.25, "c": 0.25},
    "a number": 0.3,
}


@pytest.mark.parametrize("case", BAD)
def test_bad_priors_are_refused_in_one_sentence(shifted, case):
    words = "Adapter: 'target_prior' must be None, 'estimate' or one share for each class"
    with pytest.raises(InputError, match=words) as caught:
        fitted(shifted, target_prior=BAD[case])
    assert "\n" not in str(caught.value)


def test_a_prior_needs_classes_and_an_estimate_needs_a_target(shifted):
    with pytest.raises(InputError, match=r"'target_prior' must be None where .* regressor"):
        Adapter(classifier=LinearRegression(), target_prior="estimate").fit(
            shifted.X, shifted.X[:, 0], X_target=shifted.Xt
        )
    with pytest.raises(InputError, match="'target_prior' must be no estimate without X_target"):
        Adapter(target_prior="estimate").fit(shifted.X, shifted.y)
