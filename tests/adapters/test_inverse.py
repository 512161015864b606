"""The way back from the target to the source."""

import numpy as np
import pytest
import torch

from monge import Adapter, Exact, Sinkhorn
from monge.adapters import Partial, Unbalanced
from monge.adapters.inverse import _Turned
from monge.errors import InputError, MongeWarning
from monge.maps import CloudFit, Map


def fitted(two, *arguments, **options):
    return Adapter(*arguments, **options).fit(two.X, two.y, X_target=two.Xt)


@pytest.mark.parametrize("transport", ["standardise", "coral", "linear"])
def test_an_affine_map_is_undone(two, transport):
    adapter = fitted(two, transport)
    back = adapter.inverse_transform(adapter.transform(two.X))
    np.testing.assert_allclose(back, two.X, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    "transport",
    [Sinkhorn(), Exact(), Unbalanced(), Partial(), "class_regularized", "laplacian", "prototypes"],
)
def test_a_target_row_goes_to_the_mean_of_the_sources_that_feed_it(two, transport):
    adapter = fitted(two, transport)
    plan = adapter.solution_.plan.dense().double().numpy()
    by_hand = plan.T @ two.X / plan.sum(0)[:, None]
    fed = plan.sum(0) > 0
    moved = adapter.inverse_transform(two.Xt)
    np.testing.assert_allclose(moved[fed], by_hand[fed], rtol=0, atol=1e-6)


def test_the_entropic_map_goes_back_as_an_entropic_map(two):
    forward = fitted(two, Sinkhorn(tolerance=1e-9), map="entropic")
    swapped = Adapter(Sinkhorn(tolerance=1e-9), map="entropic").fit(two.Xt, two.yt, X_target=two.X)
    rows = two.Xt + 0.3
    np.testing.assert_allclose(
        forward.inverse_transform(rows), swapped.transform(rows), rtol=0, atol=1e-5
    )


def test_a_plan_of_prototypes_comes_back_to_the_means_of_the_classes(two):
    adapter = fitted(two, "prototypes")
    back = adapter.inverse_transform(two.Xt)
    means = np.stack([two.X[two.y == label].mean(0) for label in (0, 1)])
    shares = adapter.propagate()
    np.testing.assert_allclose(back, shares @ means, rtol=0, atol=1e-6)


def test_any_plan_is_read_from_the_other_side(two):
    plan = fitted(two, "prototypes").solution_.plan
    turned, matrix = _Turned(plan=plan), plan.dense()
    assert turned.shape == (50, 60)
    torch.testing.assert_close(turned.dense(), matrix.T)
    torch.testing.assert_close(turned.rows(48, 99), matrix.T[48:])
    for own, other in zip(turned.marginals(), reversed(plan.marginals()), strict=True):
        torch.testing.assert_close(own, other)
    for verb, rows, expected in (("push", 50, matrix), ("pull", 60, matrix.T)):
        v = torch.randn(rows, 2, generator=torch.Generator().manual_seed(0), dtype=plan.dtype)
        torch.testing.assert_close(getattr(turned, verb)(v), expected @ v)


def test_exact_transport_of_moved_rows_is_undone(two):
    adapter = Adapter("exact").fit(two.X, two.y, X_target=two.X[::-1] + 2)
    np.testing.assert_allclose(adapter.inverse_transform(two.X + 2), two.X, atol=1e-10)


def test_the_way_back_is_that_of_the_fit(two):
    adapter = fitted(two)
    before = adapter.inverse_transform(two.Xt)
    adapter.set_params(map="entropic", transport="linear")
    np.testing.assert_array_equal(adapter.inverse_transform(two.Xt), before)


def test_without_a_target_nothing_moves(two):
    with pytest.warns(MongeWarning, match="X_target is missing"):
        adapter = Adapter().fit(two.X, two.y)
    np.testing.assert_array_equal(adapter.inverse_transform(two.X), two.X)


def test_a_flattened_direction_does_not_come_back(two):
    flat = two.Xt.copy()
    flat[:, 1] = 3.0
    adapter = Adapter("standardise").fit(two.X, two.y, X_target=flat)
    with pytest.raises(InputError, match="flattens no direction, got a matrix of rank 2 for 3"):
        adapter.inverse_transform(two.Xt)


class Folded(Map, CloudFit):
    """A map that sends two points to one."""

    width = 3

    def __call__(self, points):
        return torch.as_tensor(points).abs()

    def fit(self, _):
        return self


def test_a_map_without_an_inverse_says_so(two):
    adapter = fitted(two, Folded())
    with pytest.raises(
        InputError, match=r"Adapter.inverse_transform: .* got the map Folded"
    ) as caught:
        adapter.inverse_transform(two.Xt)
    assert "\n" not in str(caught.value)
