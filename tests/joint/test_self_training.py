"""Training on votes: what they teach, what counts how much, and the stages that lead there."""

import dataclasses
import math

import pytest
import torch
from torch import nn

from monge.errors import InputError
from monge.joint import Retraining, RetrainingOptions, SelfTraining, Stages, StagesState
from monge.joint.self_training import _confidence
from monge.training import TrainingOptions, predict_probabilities

OPTIONS = TrainingOptions(epochs=8, batch_size=50, learning_rate=3e-3, seed=2)
PLAIN = SelfTraining(augment=None, options=OPTIONS)


def same(one, two):
    first, second = one.state_dict(), two.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


def noisy(labels, share, seed=3):
    """Replace a share of the labels by chance."""
    draw = torch.Generator().manual_seed(seed)
    wrong = torch.rand(len(labels), generator=draw) < share
    return torch.where(wrong, torch.randint(0, 3, labels.shape, generator=draw), labels)


def test_votes_that_are_right_on_the_average_teach_what_is_right(net, turned, score):
    x, truth = turned
    votes = noisy(truth, 0.3)
    assert float((votes == truth).double().mean()) < 0.85
    before = {name: one.clone() for name, one in net.state_dict().items()}
    trained = PLAIN.fit(net, x, votes)
    assert score(trained.model, x, truth) > 0.97
    assert all(torch.equal(before[name], one) for name, one in net.state_dict().items())
    assert trained.history.accuracy[-1] < 0.9  # of the votes, which are wrong in places


def test_rows_count_as_much_as_they_are_told(net, turned, score):
    x, truth = turned
    wrong = (truth + 1) % 3
    half = torch.arange(len(x)) % 2 == 0
    votes = torch.where(half, truth, wrong)
    trusted = PLAIN.fit(net, x, votes, weights=half.float())
    assert score(trained := trusted.model, x, truth) > 0.97
    assert not trained.training
    tenth = PLAIN.fit(net, x, votes, weights=half + 0.1 * ~half)
    assert score(tenth.model, x, truth) > 0.95


def test_a_vote_without_agreement_counts_for_nothing(net, turned):
    x, truth = turned
    sure = nn.functional.one_hot(truth, 3).float()
    half = torch.arange(len(x)) % 2 == 0
    for other in (torch.zeros(3), torch.full((3,), 5.0)):  # no vote, or as much for each class
        votes = torch.where(half[:, None], sure, other)
        trained = PLAIN.fit(net, x, votes)
        alone = PLAIN.fit(net, x[half], sure[half])
        assert same(trained.model, alone.model)


def test_confidence_is_one_less_the_relative_entropy():
    shares = torch.tensor([[1.0, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0]]).double()
    expected = [1.0, 0.0, 1 - math.log(2) / math.log(3)]
    assert _confidence(shares).tolist() == pytest.approx(expected, abs=1e-12)


def test_soft_votes_are_taught_as_shares():
    x = torch.ones(40, 1)
    votes = torch.tensor([[0.75, 0.25]]).repeat(40, 1)
    options = TrainingOptions(epochs=400, batch_size=40, learning_rate=0.05)
    soft = SelfTraining(augment=None, soft=True, options=options)
    taught = predict_probabilities(soft.fit(nn.Linear(1, 2), x, votes).model, x[:1])
    assert float(taught[0, 0]) == pytest.approx(0.75, abs=1e-2)
    hard = dataclasses.replace(soft, soft=False).fit(nn.Linear(1, 2), x, votes)
    assert float(predict_probabilities(hard.model, x[:1])[0, 0]) > 0.98


def test_the_rows_are_augmented_anew_in_each_epoch(net, turned):
    shown = []

    def jitter(rows):
        shown.append(rows + 0.01 * torch.randn_like(rows))
        return shown[-1]

    options = dataclasses.replace(OPTIONS, epochs=2, batch_size=600)
    SelfTraining(augment=jitter, options=options).fit(net, turned[0], turned[1])
    first, second = (rows.sort(dim=0).values for rows in shown)
    assert not torch.equal(first, second)
    torch.testing.assert_close(first, second, atol=0.1, rtol=0)


def test_resuming_is_bit_identical(net, turned):
    states = []
    training = SelfTraining(
        augment=lambda rows: rows + 0.01 * torch.randn_like(rows), options=OPTIONS
    )
    votes = noisy(turned[1], 0.3)
    whole = training.fit(net, turned[0], votes, on_epoch=states.append)
    resumed = training.fit(net, turned[0], votes, state=states[3])
    assert resumed.history == whole.history
    assert same(resumed.model, whole.model)
    with pytest.raises(InputError, match=r"SelfTraining\.fit: 'state' must be of a training by"):
        dataclasses.replace(training, soft=True).fit(net, turned[0], votes, state=states[3])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"votes": torch.zeros(5, dtype=torch.int64)}, r"'votes' must be classes \(600,\) int64"),
        ({"votes": torch.zeros(600, 2)}, r"'votes' must be .* floats \(600, 3\)"),
        ({"votes": torch.full((600,), 3)}, "'labels' must be from 0 to 2"),
        ({"votes": torch.full((600, 3), -1.0)}, "'votes' must be finite and not negative"),
        ({"votes": torch.full((600, 3), math.nan)}, "'votes' must be finite and not negative"),
        ({"votes": [0] * 600}, "'votes' must be a tensor"),
        ({"votes": torch.zeros(600, 3)}, "'weights' must be positive for some row"),
        ({"weights": torch.zeros(600)}, "'weights' must be positive for some row"),
        ({"weights": torch.ones(5)}, r"'weights' must be a tensor of shape \(600,\)"),
        ({"weights": torch.full((600,), -1.0)}, "'weights' must be finite and not negative"),
        ({"target": torch.full((600, 2), math.nan)}, "'target' must be finite"),
    ],
)
def test_bad_votes_are_refused(change, match, net, turned):
    given = {"target": turned[0], "votes": turned[1], "weights": None} | change
    with pytest.raises(InputError, match=match):
        PLAIN.fit(net, given["target"], given["votes"], weights=given["weights"])


def by_nearest_mean(views):
    """Vote by the nearest class mean of the source, in the new features."""
    means = torch.stack([views.source[views.labels == c].mean(0) for c in range(3)])
    return torch.softmax(-torch.cdist(views.target, means).square(), dim=1)


STAGES = Stages(
    votes=by_nearest_mean,
    retraining=Retraining(
        options=RetrainingOptions(epochs=3, steps=40, batch_size=60, learning_rate=3e-3)
    ),
    self_training=dataclasses.replace(PLAIN, options=dataclasses.replace(OPTIONS, epochs=3)),
    rounds=1,
)


def test_the_stages_lead_from_one_to_the_next(net, source, turned, score):
    seen = []

    def votes(views):
        seen.append(views)
        return by_nearest_mean(views)

    stages = dataclasses.replace(STAGES, votes=votes)
    told = []
    staged = stages.fit(net, source, turned[0], report=told.append)
    (views,) = seen
    assert views.source.shape == (600, 16)
    assert torch.equal(views.rows, turned[0])
    assert torch.equal(views.labels, source[1])
    first = stages.retraining.fit(net, source, turned[0]).model
    torch.testing.assert_close(views.scores, first(turned[0]))
    torch.testing.assert_close(views.target, first[:4](turned[0]))
    assert torch.equal(staged.votes, by_nearest_mean(views))
    last = stages.self_training.fit(first, turned[0], staged.votes)
    assert same(staged.model, last.model)
    assert score(staged.model, *turned) > 0.97
    assert len(staged.retraining) == len(staged.self_training[0]) == 3
    assert "Voting on the target" in {p.task for p in told}


def test_every_round_votes_on_what_the_last_one_learned_and_draws_anew(net, source, turned):
    seen = []

    def votes(views):
        seen.append(views)
        return by_nearest_mean(views)

    stages = dataclasses.replace(STAGES, votes=votes, rounds=2)
    staged = stages.fit(net, source, turned[0])
    once = STAGES.fit(net, source, turned[0])
    torch.testing.assert_close(seen[1].scores, once.model(turned[0]))
    torch.testing.assert_close(seen[1].target, once.model[:4](turned[0]))
    assert torch.equal(staged.votes, by_nearest_mean(seen[1]))
    options = STAGES.self_training.options
    options = dataclasses.replace(options, seed=options.seed + 1)
    second = dataclasses.replace(STAGES.self_training, options=options)
    assert same(staged.model, second.fit(once.model, turned[0], staged.votes).model)
    assert [len(history) for history in staged.self_training] == [3, 3]


def test_parts_of_the_stages_are_checked_when_they_are_made():
    for name in ("votes", "retraining", "self_training"):
        with pytest.raises(InputError, match=rf"^Stages: '{name}' must be "):
            Stages(**{name: 5})


def test_rows_that_cannot_be_augmented_are_refused_before_the_retraining(net, source, turned):
    told = []
    with pytest.raises(InputError, match=r"Affine"):
        Stages(votes=by_nearest_mean).fit(net, source, turned[0], report=told.append)
    assert told == []


def test_a_last_row_alone_joins_the_batch_before_it():
    x = torch.randn(61, 2, generator=torch.Generator().manual_seed(0))
    network = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 3))
    options = TrainingOptions(epochs=1, batch_size=20)
    votes = torch.arange(61) % 3
    trained = SelfTraining(augment=None, options=options).fit(network, x, votes)
    assert trained.model[1].num_batches_tracked == 3


def test_rounds_are_counted():
    with pytest.raises(InputError, match=r"^Stages: 'rounds' must be a positive whole number"):
        Stages(rounds=0)


def test_stages_resume_bit_for_bit_in_every_stage(net, source, turned):
    stages, states = dataclasses.replace(STAGES, rounds=2), []
    whole = stages.fit(net, source, turned[0], on_epoch=states.append)
    assert [len(state.self_training) for state in states] == [0] * 3 + [1] * 3 + [2] * 3
    for at in (0, 2, 3, 5, 6, 8):
        again = []
        resumed = stages.fit(net, source, turned[0], state=states[at], on_epoch=again.append)
        assert len(again) == 8 - at  # nothing is trained twice
        assert [len(state.self_training) for state in again] == [
            len(state.self_training) for state in states[at + 1 :]
        ]
        assert same(resumed.model, whole.model)
        assert resumed.self_training == whole.self_training
    assert isinstance(states[0], StagesState)


def test_stages_take_tensors_alone(net, source, turned):
    with pytest.raises(InputError, match=r"Stages\.fit: 'target' must be a tensor"):
        STAGES.fit(net, source, [turned[0]])
    with pytest.raises(InputError, match=r"Stages\.fit: 'source' must be a pair of tensors"):
        STAGES.fit(net, [source], turned[0])
