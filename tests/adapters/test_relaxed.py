"""Transports that do not move all mass, as options of an adapter."""

import math

import numpy as np
import pytest
import torch

from monge import Adapter, Exact, PointCloud, Problem, Sinkhorn
from monge.adapters import Partial, Unbalanced
from monge.errors import InputError
from zoo import clouds


def problem(**options):
    x, y = clouds(30, 25, 2)
    return Problem(PointCloud(x, y), **options)


def test_unbalanced_is_sinkhorn_on_relaxed_marginals():
    plain = problem()
    unit = plain.geometry.mean(plain.a, plain.b)
    relaxed = problem(tau_source=0.5 * unit, tau_target=2 * unit)
    expected = Sinkhorn(epsilon=0.1).solve(relaxed).plan.dense()
    plan = Unbalanced(epsilon=0.1, tau_source=0.5, tau_target=2).solve(plain).plan.dense()
    torch.testing.assert_close(plan, expected)


def test_absolute_taus_are_in_units_of_the_cost():
    expected = Sinkhorn(epsilon=0.1, epsilon_scale="absolute").solve(
        problem(tau_source=0.5, tau_target=math.inf)
    )
    options = Unbalanced(epsilon=0.1, epsilon_scale="absolute", tau_source=0.5, tau_target=math.inf)
    torch.testing.assert_close(options.solve(problem()).plan.dense(), expected.plan.dense())


def test_infinite_taus_hold_the_marginals():
    held = Unbalanced(tau_source=math.inf, tau_target=math.inf).solve(problem())
    torch.testing.assert_close(held.plan.dense(), Sinkhorn().solve(problem()).plan.dense())


@pytest.mark.parametrize(
    ("options", "solver"),
    [(Partial(share=0.6), Sinkhorn()), (Partial(share=0.6, epsilon=0), Exact())],
)
def test_partial_moves_its_share(options, solver):
    solution = options.solve(problem())
    assert float(solution.plan.dense().sum()) == pytest.approx(0.6, abs=1e-4)
    expected = solver.solve(problem(mass=0.6)).plan.dense()
    torch.testing.assert_close(solution.plan.dense(), expected)


def test_outliers_do_not_draw_the_rest(two):
    """A tenth of the target lies far away: the whole is drawn there, what is relaxed is not."""
    Xt = np.concatenate([two.Xt, np.full((5, 3), 60.0)])
    moved = {
        transport: Adapter(transport).fit(two.X, two.y, X_target=Xt).transform(two.X).max()
        for transport in ("exact", "partial", "unbalanced")
    }
    assert moved["exact"] > 50
    assert moved["partial"] < 20
    assert moved["unbalanced"] < 20


def test_a_row_left_behind_follows_its_nearest_row_that_moved(two):
    X = np.concatenate([two.X, [[-50.0, 0.0, 0.0]]])
    y = np.append(two.y, 0)
    adapter = Adapter(Partial(share=0.9, epsilon=0)).fit(X, y, X_target=two.Xt)
    given = adapter.solution_.plan.marginals().source.numpy()
    assert given[-1] == 0
    moved = adapter.transform(X)
    assert np.isfinite(moved).all()
    fed = given > 0
    nearest = np.abs(X[fed] - X[-1]).__pow__(2).sum(1).argmin()
    step = (moved - X)[fed][nearest]
    np.testing.assert_allclose(moved[-1], X[-1] + step, atol=1e-12)


def test_a_target_row_without_mass_gets_the_shares_of_the_plan(two):
    adapter = Adapter(Partial(share=0.5, epsilon=0)).fit(two.X, two.y, X_target=two.Xt)
    plan = adapter.solution_.plan.dense().numpy()
    empty = plan.sum(0) == 0
    assert empty.any()
    shares = adapter.propagate()
    assert np.isfinite(shares).all()
    whole = [plan[two.y == label].sum() / plan.sum() for label in (0, 1)]
    np.testing.assert_allclose(shares[empty], np.tile(whole, (empty.sum(), 1)), rtol=1e-6)


BAD = [
    (Unbalanced, {"tau_source": -1}, "Unbalanced: 'tau_source' must be at least 0"),
    (Unbalanced, {"tau_target": math.nan}, "Unbalanced: 'tau_target' must be at least 0"),
    (Unbalanced, {"tau_source": "loose"}, "Unbalanced: 'tau_source' must be at least 0"),
    (Unbalanced, {"epsilon": 0}, "'epsilon' must be a positive finite number"),
    (Partial, {"share": 0}, "Partial: 'share' must be above 0"),
    (Partial, {"share": 1.5}, "Partial: 'share' must be above 0"),
    (Partial, {"share": True}, "Partial: 'share' must be above 0"),
    (Partial, {"share": None}, "Partial: 'share' must be above 0"),
    (Partial, {"epsilon": -0.1}, "'epsilon' must be a positive finite number"),
]


@pytest.mark.parametrize(("kind", "options", "words"), BAD)
def test_bad_options_are_refused(kind, options, words):
    with pytest.raises(InputError, match=words):
        kind(**options)


@pytest.mark.parametrize("options", [Unbalanced(), Partial()])
def test_a_problem_that_is_relaxed_already_is_refused(options):
    with pytest.raises(InputError, match="'problem' must be balanced: its marginals are relaxed"):
        options.solve(problem(tau_source=1.0))


def test_both_forms_of_the_class_term_are_reachable_by_options(two):
    moved = {}
    for form in ("half", "group"):
        adapter = Adapter("class_regularized").set_params(transport__form=form)
        moved[form] = adapter.fit(two.X, two.y, X_target=two.Xt).transform(two.X)
        assert adapter.transport.form == form
    assert not np.allclose(moved["half"], moved["group"])
