"""Plans from outside: whole where they are small, by runs of rows where they are large."""

import numpy as np
import pytest

from monge import Adapter, Partial, Sinkhorn
from monge.adapters.candidates import Candidate, Unmoved
from monge.adapters.gathering import gather
from monge.adapters.trials import both_of
from monge.adapters.witnesses import Effort, common_of


def health(transport, X, y, Xt, subsample=None):
    """Return the health, and the same of the whole plan."""
    adapter = Adapter(transport, subsample=subsample, random_state=0).fit(X, y, X_target=Xt)
    still = Adapter(Unmoved()).fit(X, y, X_target=Xt)
    common = common_of(still, both_of(adapter, X, y, Xt, []), Effort(circular=False), 0)
    evidence = gather(
        adapter, Candidate(transport=transport), common, effort=Effort(circular=False), seed=0
    )
    plan = adapter.solution_.plan
    told = adapter.predict(Xt)
    joined = plan.class_mass(y[adapter.source_rows_], told[adapter.target_rows_]).numpy()
    given = plan.marginals().source.numpy()
    whole = {
        "perplexity": plan.row_perplexity().double().mean().item() / plan.shape[1],
        "effective_source": given.sum() ** 2 / np.square(given).sum() / len(given),
        "same_class": np.trace(joined) / joined.sum(),
        "same_class_independent": (joined.sum(0) @ joined.sum(1)) / joined.sum() ** 2,
        "class_mass": joined.sum(0) / joined.sum(),
    }
    return evidence.plan, whole


def domains(n, m):
    """Three classes of unlike spread, the source in order of its classes."""
    draw = np.random.default_rng(0)
    y, yt = np.sort(np.arange(n) % 3), np.arange(m) % 3
    centres, spread = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 9.0]]), np.array([0.3, 1.0, 3.0])

    def rows(of):
        return centres[of] + spread[of, None] * draw.normal(size=(len(of), 2))

    return rows(y), y, rows(yt)


@pytest.mark.parametrize("transport", [Sinkhorn(epsilon=0.1), Partial(share=0.6)], ids=repr)
def test_a_small_plan_is_looked_at_whole(transport):
    found, whole = health(transport, *domains(90, 60))
    for name, value in whole.items():
        np.testing.assert_allclose(getattr(found, name), value, rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("m", [60, 2100])
def test_a_plan_of_some_rows_is_joined_with_their_classes(m):
    # Of more than 2,000 target rows some bear witness, and others may be in the plan.
    found, whole = health(Sinkhorn(epsilon=0.1), *domains(90, m), subsample=40)
    for name, value in whole.items():
        np.testing.assert_allclose(getattr(found, name), value, rtol=1e-5, err_msg=name)


def test_a_large_plan_is_looked_at_everywhere():
    found, whole = health(Sinkhorn(epsilon=0.1), *domains(1500, 200))
    for name, value in whole.items():
        np.testing.assert_allclose(getattr(found, name), value, rtol=0.06, err_msg=name)


def test_rows_without_mass_feed_none():
    X, y, Xt = domains(90, 60)
    found, _ = health(Partial(share=0.2, epsilon=0), X, y, Xt)
    matrix = Adapter(Partial(share=0.2, epsilon=0)).fit(X, y, X_target=Xt).solution_.plan.dense()
    there = matrix[matrix.sum(1) > 0].double()
    share = there / there.sum(1, keepdim=True)
    fed = (-share.xlogy(share)).sum(1).exp()
    assert len(there) < 80
    assert found.perplexity == pytest.approx(float(fed.sum()) / 90 / 60, rel=1e-5)
