"""Defects known of other implementations, each as a test that monge passes.

The defect stands in the docstring: what POT's `ot.da` (up to 0.9.7.post1, unless said) does there.
"""

import numpy as np
import ot
import pytest
import torch
from sklearn.datasets import load_digits

from monge import Adapter, ClassRegularized, EntropicMap, PointCloud, Problem, Sinkhorn
from monge.adapters import TRANSPORTS
from monge.errors import InputError, MongeWarning, UnsupportedCostError
from monge.maps import barycentric
from zoo import clouds, generator


@pytest.fixture(scope="module")
def pair():
    """Return a labelled source and a target of 60 and 50 rows, which no transport finds hard."""
    draw = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 20)
    X = draw.normal(size=(60, 3)) + 6 * np.eye(3)[y]
    target = draw.normal(size=(50, 3)) + 6 * np.eye(3)[np.arange(50) % 3] + [4.0, 1.0, 0.0]
    return X, y, target


@pytest.fixture(scope="module")
def digits():
    """Return scikit-learn's digits, upper half to lower half, pixels from 0 to 16."""
    X, y = load_digits(return_X_y=True)
    return X[:900], y[:900], X[900:]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_fitting_again_gives_the_same(pair, transport):
    """`fit` multiplies `limit_max` in place, so that every refit starts from another cost."""
    X, y, target = pair
    adapter = Adapter(transport)
    parameters = adapter.get_params()
    first, second, third = (adapter.fit(X, y, X_target=target).transform(X) for _ in range(3))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, third)
    assert adapter.get_params() == parameters


@pytest.mark.parametrize("known", [1, 25])
def test_known_target_labels_change_the_plan(pair, known):
    """The label-aware cost did nothing from 0.9.3 to 0.9.6.post1."""
    X, y, target = pair
    wrong = (np.arange(50) + 1) % 3  # a label that the cost alone would never give
    given = np.full(50, np.nan)
    given[:known] = wrong[:known]
    adapter = Adapter("sinkhorn").fit(X, y, X_target=target, y_target=given)
    votes = adapter.propagate()
    np.testing.assert_array_equal(votes[:known].argmax(1), wrong[:known])
    plain = Adapter("sinkhorn").fit(X, y, X_target=target).propagate()
    assert (plain[:known].argmax(1) != wrong[:known]).all()


def test_source_labels_change_the_class_regularised_plan(pair):
    """The same, for the labels of the source."""
    X, y, target = pair
    # Moderate strengths and mixed labels: both problems converge, to different plans.
    geometry = PointCloud(X, target)
    mixed = torch.tensor(np.random.default_rng(1).permutation(y))
    plans = [
        ClassRegularized(epsilon=0.1).solve(Problem(geometry, source_labels=labels)).plan.dense()
        for labels in (torch.tensor(y), mixed)
    ]
    assert float((plans[0] - plans[1]).abs().sum()) > 1e-2


@pytest.mark.parametrize("plan_map", ["barycentric", "entropic", "ridge", "kernel"])
def test_the_default_plan_of_the_digits_moves_every_row(digits, plan_map):
    """The default `SinkhornTransport()` gives 28 % NaN rows there, after 74 s."""
    X, y, target = digits
    adapter = Adapter("sinkhorn", map=plan_map).fit(X, y, X_target=target)
    moved = adapter.transform(X)
    assert np.isfinite(moved).all()
    assert np.isfinite(adapter.transform(target)).all()


@pytest.mark.parametrize("epsilon", [0.05, 0.001])
def test_the_plan_of_the_digits_has_its_mass_and_no_row_goes_to_the_origin(digits, epsilon):
    """`method="sinkhorn"` gives a plan of mass zero and maps 511 of 600 rows to the origin."""
    X, y, target = digits
    adapter = Adapter(Sinkhorn(epsilon=epsilon)).fit(X, y, X_target=target)
    given, got = adapter.solution_.plan.marginals()
    torch.testing.assert_close(given, torch.full_like(given, 1 / 900), rtol=1e-3, atol=0)
    assert float(got.sum()) == pytest.approx(1)
    # The images are means of images: as bright as digits are.
    assert np.linalg.norm(adapter.transform(X), axis=1).min() > 20


@pytest.mark.parametrize("plan_map", ["barycentric", "entropic", "ridge", "kernel"])
@pytest.mark.parametrize("transport", ["sinkhorn", "ridge", "kernel"])
def test_a_part_of_the_source_goes_where_it_goes_among_the_rest(pair, transport, plan_map):
    """`MappingTransport.transform(X)[:k] != transform(X[:k])`: two definitions of one map."""
    X, y, target = pair
    adapter = Adapter(transport, map=plan_map).fit(X, y, X_target=target)
    for rows in (slice(0, 7), slice(30, 31), slice(None, None, -1)):
        np.testing.assert_allclose(
            adapter.transform(X[rows]), adapter.transform(X)[rows], rtol=0, atol=1e-9
        )


@pytest.mark.filterwarnings("ignore")
def test_that_defect_is_there_in_the_mapping_of_pot(pair):
    """Hold the test above to a reference that fails it: it looks where the defect is."""
    X, _, target = pair
    theirs = ot.da.MappingTransport(bias=True).fit(Xs=X, Xt=target)
    assert np.abs(theirs.transform(Xs=X)[:7] - theirs.transform(Xs=X[:7])).max() > 0.1


def test_new_rows_are_moved_by_one_search_however_many(pair, monkeypatch):
    """The mapping of new rows computes all anew for every 128 of them."""
    X, y, target = pair
    adapter = Adapter("sinkhorn").fit(X, y, X_target=target)
    searched = []
    nearest = barycentric.nearest

    def counted(queries, reference):
        searched.append((len(queries), len(reference)))
        return nearest(queries, reference)

    monkeypatch.setattr(barycentric, "nearest", counted)
    new = np.tile(X, (20, 1)) + 0.1
    together = adapter.transform(new)
    assert searched == [(1200, 60)]
    for rows in (slice(0, 128), slice(127, 129), slice(128, 256)):
        np.testing.assert_allclose(adapter.transform(new[rows]), together[rows], atol=1e-9)


def test_what_is_missing_is_said_and_nothing_is_printed(pair, capsys):
    """A missing input prints a line and returns None."""
    X, y, target = pair
    with pytest.raises(TypeError, match="'y'"):
        Adapter().fit(X, X_target=target)
    with pytest.raises(TypeError, match="'X'"):
        Adapter().fit(y=y, X_target=target)
    with pytest.raises(ValueError, match="y"):
        Adapter().fit(X, None, X_target=target)
    with pytest.warns(MongeWarning, match="X_target is missing"):
        adapter = Adapter().fit(X, y)
    assert isinstance(adapter, Adapter)
    with pytest.raises(InputError, match=r"'X_target' must be given to fit"):
        adapter.propagate()
    with pytest.raises(TypeError, match="'X'"):
        adapter.transform()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("cost", ["euclidean", "cosine"])
@pytest.mark.parametrize("plan_map", ["barycentric", "entropic", "ridge", "kernel"])
def test_a_mean_is_not_taken_where_it_is_not_the_barycentre(pair, plan_map, cost):
    """Its barycentre is that of the squared Euclidean cost, whatever `metric` says."""
    X, y, target = pair
    with pytest.raises(UnsupportedCostError, match=r"'cost' must be 'sqeuclidean'"):
        Adapter("sinkhorn", map=plan_map, cost=cost).fit(X, y, X_target=target)


def test_the_extension_is_the_one_that_its_name_says(pair):
    """Since 0.9.4 the default extension is no longer that of the nearest row."""
    X, y, target = pair
    adapter = Adapter("sinkhorn").fit(X, y, X_target=target)
    assert isinstance(adapter.map_, barycentric.NearestExtension)
    images = adapter.solution_.plan.barycentre(torch.tensor(target)).numpy()
    new = X + np.random.default_rng(2).normal(size=X.shape)
    near = ((new[:, None] - X) ** 2).sum(2).argmin(1)
    np.testing.assert_allclose(adapter.transform(new), images[near] + new - X[near])


@pytest.mark.parametrize("far", [0.0, 1e3, 1e6])
def test_the_entropic_map_gives_no_nan_however_far_the_point(far):
    """POT's entropic map returns NaN rows where every exponential underflows."""
    solution = Sinkhorn(epsilon=0.005).solve(Problem(PointCloud(*clouds(30, 20, 3))))
    fed = torch.randn(9, 3, generator=generator(4), dtype=torch.float64) + far
    assert bool(torch.isfinite(EntropicMap().fit(solution)(fed)).all())


@pytest.mark.filterwarnings("ignore")
def test_the_class_regularised_plan_does_not_collapse_where_that_of_pot_does(digits):
    """At epsilon 0.01 and eta 1 of the largest cost it ends at 9 % accuracy without a word."""
    X, y, target = digits[0][:300], digits[1][:300], digits[2][:300]
    truth = load_digits().target[900:1200]
    geometry, one_hot = PointCloud(X, target), np.eye(10)[y]
    options = ClassRegularized(epsilon=0.01, eta=1.0, epsilon_scale="max")
    plan = options.solve(Problem(geometry, source_labels=torch.as_tensor(y))).plan
    assert (plan.push(torch.as_tensor(one_hot)).argmax(1).numpy() == truth).mean() > 0.8
    even, cost = np.full(300, 1 / 300), geometry.block(slice(None)).numpy()
    theirs = ot.da.sinkhorn_lpl1_mm(even, y, even, cost / cost.max(), 0.01, 1.0)
    assert ((one_hot.T @ theirs).argmax(0) == truth).mean() < 0.2
