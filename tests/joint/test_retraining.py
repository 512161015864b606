"""A network trained again on two domains: what it learns, how it resumes, what it refuses."""

import dataclasses
import math

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from monge.errors import Cancelled, ConvergenceError, InputError
from monge.joint import DANN, DeepJDOT, Jumbot, Retraining, RetrainingOptions, SelfTraining
from monge.store import load_arrays, save_arrays
from monge.training import CrossEntropy, History, Objective, Sum, TrainingState

SHORT = RetrainingOptions(epochs=3, steps=40, batch_size=60, learning_rate=3e-3)
QUICK = RetrainingOptions(epochs=3, steps=3, batch_size=24, learning_rate=3e-3, seed=5)


def same(one, two):
    first, second = one.state_dict(), two.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


@pytest.mark.parametrize("objective", [Jumbot(), DeepJDOT()], ids=repr)
def test_a_turned_target_is_found(objective, net, source, turned, score):
    assert score(net, *turned) < 0.85
    before = {name: one.clone() for name, one in net.state_dict().items()}
    retrained = Retraining(objective=objective, options=SHORT).fit(net, source, turned[0])
    assert score(retrained.model, *turned) > 0.97
    assert score(retrained.model, *source) > 0.97
    assert all(torch.equal(before[name], one) for name, one in net.state_dict().items())
    assert not retrained.model.training
    assert retrained.history.terms["transport"][-1] < 0.3 * retrained.history.terms["transport"][0]


def test_where_the_shares_differ_balanced_transport_harms_and_unbalanced_helps(
    net, source, shifted, score
):
    plain = score(net, *shifted)
    balanced = Retraining(objective=DeepJDOT(), options=SHORT).fit(net, source, shifted[0])
    loose = Retraining(objective=Jumbot(tau=0.3), options=SHORT).fit(net, source, shifted[0])
    assert score(balanced.model, *shifted) < plain - 0.2
    assert score(loose.model, *shifted) > plain + 0.03


@pytest.mark.parametrize(
    "objective", [Jumbot(), DANN(), Sum(Jumbot(), DANN(source_weight=0.0))], ids=repr
)
@pytest.mark.parametrize("keep", ["last", "best"])
def test_resuming_from_disk_is_bit_identical(objective, keep, net, source, turned, tmp_path):
    options = dataclasses.replace(QUICK, keep=keep)
    retraining = Retraining(objective=objective, options=options)
    states = []
    whole = retraining.fit(net, source, turned[0], on_epoch=states.append)
    assert len(states) == 3
    for state in states:
        folder = tmp_path / str(len(state.history))
        save_arrays(folder, state.tensors, state.to_config())
        kept = TrainingState.from_config(*load_arrays(folder))
        resumed = retraining.fit(net, source, turned[0], state=kept)
        assert resumed.history == whole.history
        assert same(resumed.model, whole.model)


def test_the_seed_decides(net, source, turned):
    models = []
    for seed, noise in ((1, 0), (1, 1), (2, 2)):
        torch.manual_seed(noise)
        before = torch.get_rng_state()
        options = dataclasses.replace(QUICK, seed=seed)
        retraining = Retraining(objective=DANN(), options=options)
        models.append(retraining.fit(net, source, turned[0]).model)
        assert torch.equal(before, torch.get_rng_state())
    assert same(models[0], models[1])
    assert not same(models[0], models[2])


def test_the_critic_learns_and_is_kept_in_the_state(net, source, turned):
    states = []
    retraining = Retraining(objective=DANN(hidden=7), options=QUICK)
    retraining.fit(net, source, turned[0], on_epoch=states.append)
    weights = [state.tensors["companion.0.weight"] for state in states]
    assert weights[0].shape == (7, 16)
    # Adam moves each number by up to the learning rate in each of three steps.
    moved = (weights[1] - weights[0]).abs().mean()
    assert 0.2 * QUICK.learning_rate < moved < 3.1 * QUICK.learning_rate
    assert "companion.0.weight" not in net.state_dict()


class Noting(Objective):
    """Keeps what it is shown."""

    def __init__(self):
        self.shown = []

    def losses(self, seen):
        self.shown.append(seen)
        return CrossEntropy().losses(seen) | {"nothing": 0 * seen.scores.sum()}


def test_batches_hold_each_class_alike_and_the_layer_is_the_one_named(net, source, turned):
    objective = Noting()
    options = dataclasses.replace(QUICK, epochs=1, batch_size=25)
    Retraining(objective=objective, layer="1", options=options).fit(net, source, turned[0])
    for seen in objective.shown:
        assert torch.bincount(seen.labels).tolist() == [8, 8, 8]
        assert seen.features.shape == (24, 32)
        assert seen.target_features.shape == (25, 32)
        assert seen.target_scores.shape == (25, 3)
    assert [round(seen.done, 3) for seen in objective.shown] == [0.0, 0.333, 0.667]


def test_the_layer_by_default_is_what_enters_the_last_linear_one(net, source, turned):
    objective = Noting()
    Retraining(objective=objective, options=QUICK).fit(net, source, turned[0])
    assert objective.shown[0].features.shape[1] == 16
    head = net[4]
    scores = nn.functional.linear(objective.shown[0].features, head.weight, head.bias)
    torch.testing.assert_close(scores, objective.shown[0].scores)


def test_a_layer_may_be_a_submodule(net, source, turned):
    named = Retraining(layer="2", options=QUICK).fit(net, source, turned[0])
    pointed = Retraining(layer=net[2], options=QUICK).fit(net, source, turned[0])
    assert same(named.model, pointed.model)


def loaders(source, target, *, batch_size=30):
    one = DataLoader(TensorDataset(*source), batch_size=batch_size, shuffle=True)
    two = DataLoader(TensorDataset(*target), batch_size=batch_size, shuffle=True)
    return one, two


def test_loaders_serve_and_the_labels_of_the_target_are_not_looked_at(net, source, turned, score):
    options = dataclasses.replace(SHORT, epochs=4)
    x, truth = turned
    retraining = Retraining(options=options)
    right = retraining.fit(net, *loaders(source, (x, truth)))
    assert score(right.model, x, truth) > 0.97
    wrong = retraining.fit(net, *loaders(source, (x, torch.full_like(truth, 7))))
    assert same(right.model, wrong.model)


def test_loaders_resume_bit_for_bit(net, source, turned):
    states = []
    retraining = Retraining(options=QUICK)
    whole = retraining.fit(net, *loaders(source, turned), on_epoch=states.append)
    resumed = retraining.fit(net, *loaders(source, turned), state=states[0])
    assert same(whole.model, resumed.model)


def test_the_rows_are_augmented_in_both_domains(net, source, turned):
    shown, objective = [], Noting()

    def double(rows):
        shown.append(2 * rows)
        return shown[-1]

    options = dataclasses.replace(QUICK, epochs=1, steps=1)
    Retraining(objective=objective, augment=double, options=options).fit(net, source, turned[0])
    assert [len(rows) for rows in shown] == [48]
    scores = torch.cat([objective.shown[0].scores, objective.shown[0].target_scores])
    torch.testing.assert_close(net(shown[0]), scores)


def test_the_best_weights_are_those_of_the_most_information(net, source, turned):
    options = RetrainingOptions(
        epochs=6, steps=10, batch_size=60, learning_rate=0.05, keep="best", patience=1
    )
    states = []
    retraining = Retraining(objective=Jumbot(), options=options)
    retrained = retraining.fit(net, source, turned[0], on_epoch=states.append)
    history = retrained.history
    assert len(history.score) == len(history) == len(states)
    assert history.best == history.score.index(max(history.score))
    kept = states[history.best].tensors
    assert all(
        torch.equal(one, kept[f"model.{name}"])
        for name, one in retrained.model.state_dict().items()
    )
    assert len(history) == history.best + 2 < 6  # one epoch without anything better
    resumed = retraining.fit(net, source, turned[0], state=states[-1])
    assert same(resumed.model, retrained.model)


def test_rows_held_out_are_never_trained_on(net, source):
    x = torch.arange(40, dtype=torch.float32)[:, None].repeat(1, 2) / 100
    seen = set()

    def note(rows):
        seen.update(rows[:, 0].tolist())
        return rows

    options = dataclasses.replace(QUICK, steps=20, keep="best")
    Retraining(augment=note, options=options).fit(net, source, x)
    assert len(seen & set(x[:, 0].tolist())) == 30  # ten are held out at the least


def stop(progress):
    raise Cancelled


def test_progress_ends_where_it_says_and_can_be_cancelled(net, source, turned):
    told = []
    Retraining(options=QUICK).fit(net, source, turned[0], report=told.append)
    assert [p.done for p in told] == [3, 6, 9]
    assert told[0].task == "Training Sequential"
    assert "epoch 1 of 3, loss " in told[0].detail

    with pytest.raises(Cancelled):
        Retraining(options=QUICK).fit(net, source, turned[0], report=stop)


def test_a_loss_that_explodes_is_an_error_with_the_history(net, source, turned):
    options = dataclasses.replace(QUICK, learning_rate=1e30)
    with pytest.raises(
        ConvergenceError, match=r"Retraining\.fit: 'learning_rate' must be"
    ) as caught:
        Retraining(options=options).fit(net, source, turned[0])
    assert isinstance(caught.value.solution, History)


def spoiled(x):
    x = x.clone()
    x[3, 0] = math.nan
    return x


BAD = [
    (lambda s, t: (s[0], t), r"'source' must be a pair \(x, labels\) of tensors, or a loader"),
    (lambda s, t: ((*s, s[1]), t), "'source' must be a pair"),
    (lambda s, t: ((s[0].double(), s[1]), t), "'source' must be a tensor .* of torch.float32"),
    (lambda s, t: ((spoiled(s[0]), s[1]), t), "'source' must be finite"),
    (lambda s, t: ((s[0], s[1][:-1]), t), "'labels' must be of shape"),
    (lambda s, t: ((s[0], s[1] + 1), t), "'labels' must be from 0 to 2"),
    (lambda s, t: ((s[0], s[1] * 0), t), "'labels' must be of at least two classes"),
    (lambda s, t: (s, spoiled(t)), "'target' must be finite"),
    (lambda s, t: (s, t[:1]), "'target' must be of at least two rows"),
    (lambda s, t: (s, t[:, :1]), r"'target' must be of rows of shape \(2,\), as the source"),
    (lambda s, t: ((s[0][:, :1], s[1]), t[:, :1]), "'source' must be made of rows that the model"),
    (lambda s, t: (s, t.double()), "'target' must be a tensor"),
    (lambda s, _t: (s, 5), "'loader' must be"),
    (lambda s, t: (s, (row for row in [t])), "'target' must be a loader that can be begun anew"),
    (lambda s, _t: (s, []), "'target' must be a loader of at least one row"),
    (
        lambda s, t: (s, DataLoader(TensorDataset(t), batch_size=10)),
        "'target' must be shuffled, as an epoch takes 3 of its 60 batches",
    ),
    (lambda s, t: ([s[0]], t), "'source' must be batches with whole labels, got none"),
    (lambda s, t: ([(s[0], s[1].double())], t), "'source' must be batches with whole labels"),
    (lambda s, t: ([(s[0], s[1] + 1)], t), "'labels' must be from 0 to 2"),
    (lambda s, t: ([(s[0], s[1] - 1)], t), "'labels' must be from 0 to 2"),
]


@pytest.mark.parametrize(("change", "match"), BAD)
def test_bad_domains_are_refused(change, match, net, source, turned):
    with pytest.raises(InputError, match=f"Retraining.fit: {match}"):
        Retraining(options=QUICK).fit(net, *change(source, turned[0]))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"epochs": 0}, "'epochs' must be a positive integer"),
        ({"steps": 1.5}, "'steps' must be a positive integer"),
        ({"batch_size": True}, "'batch_size' must be a positive integer"),
        ({"learning_rate": -1.0}, "'learning_rate' must be a positive finite number"),
        ({"seed": -1}, "'seed' must be an integer"),
        ({"keep": "nicest"}, "'keep' must be one of 'last', 'best'"),
        ({"patience": 2}, "'patience' must be None where the last weights are kept"),
        ({"patience": 0, "keep": "best"}, "'patience' must be a positive integer"),
    ],
)
def test_options_are_checked(change, match):
    with pytest.raises(InputError, match=match):
        RetrainingOptions(**change)


def test_more_is_refused(net, source, turned):
    with pytest.raises(InputError, match="Retraining: 'objective' must be an Objective"):
        Retraining(objective="jumbot")
    with pytest.raises(InputError, match="'layer' must be a layer of Sequential"):
        Retraining(layer="embedding", options=QUICK).fit(net, source, turned[0])
    few = dataclasses.replace(QUICK, batch_size=2)
    with pytest.raises(InputError, match="'batch_size' must be at least 3, one row of each class"):
        Retraining(options=few).fit(net, source, turned[0])
    best = dataclasses.replace(QUICK, keep="best")
    with pytest.raises(InputError, match="'target' must be a tensor where the best weights"):
        Retraining(options=best).fit(net, *loaders(source, turned))
    convolution = nn.Sequential(nn.Unflatten(1, (2, 1)), nn.Conv1d(2, 3, 1), nn.Flatten())
    with pytest.raises(InputError, match="'layer' must be named for a model without a linear"):
        Retraining(options=QUICK).fit(convolution, source, turned[0])


def test_a_state_of_another_training_is_refused(net, source, turned):
    states = []
    Retraining(options=QUICK).fit(net, source, turned[0], on_epoch=states.append)
    for other in (
        Retraining(objective=DeepJDOT(), options=QUICK),
        Retraining(objective=Jumbot(tau=0.5), options=QUICK),
        Retraining(layer="0", options=QUICK),
        Retraining(options=dataclasses.replace(QUICK, steps=4)),
        Retraining(options=dataclasses.replace(QUICK, seed=6)),
        Retraining(options=dataclasses.replace(QUICK, epochs=2)),
    ):
        with pytest.raises(InputError, match=r"Retraining\.fit: 'state' must be"):
            other.fit(net, source, turned[0], state=states[-1])


def test_a_state_of_other_rows_of_either_domain_is_refused(net, source, turned):
    x, target = turned[0], turned[0].clone()
    target[0] += 1
    states = []
    Retraining(options=dataclasses.replace(QUICK, epochs=1)).fit(
        net, source, x, on_epoch=states.append
    )
    again = Retraining(options=QUICK)
    for wrong in (((source[0] + 1, source[1]), x), (source, target)):
        with pytest.raises(InputError, match=r"Retraining.fit: 'state' must be of .* these rows"):
            again.fit(net, *wrong, state=states[0])
    again.fit(net, source, x, state=states[0])


@pytest.mark.parametrize("rows", [3, 12, 19])
def test_too_few_rows_to_hold_some_out_are_refused(net, source, rows):
    options = dataclasses.replace(QUICK, keep="best")
    with pytest.raises(InputError, match=f"'target' must be of at least 20 rows .* got {rows}"):
        Retraining(options=options).fit(net, source, torch.randn(rows, 2))


@pytest.mark.parametrize(
    ("face", "wrong"),
    [
        (Retraining, {"pool": "x"}),
        (Retraining, {"augment": 5}),
        (Retraining, {"options": {"epochs": 3}}),
        (Retraining, {"layer": 3}),
        (SelfTraining, {"augment": 5}),
        (SelfTraining, {"options": {"epochs": 3}}),
        (SelfTraining, {"soft": "yes"}),
        (RetrainingOptions, {"learning_rate": -1}),
        (RetrainingOptions, {"seed": -1}),
        (RetrainingOptions, {"learning_rate": "fast"}),
    ],
)
def test_wrong_options_are_refused_when_made_and_by_their_own_name(face, wrong):
    with pytest.raises(InputError, match=f"^{face.__name__}: '{next(iter(wrong))}' must be "):
        face(**wrong)


def test_dictionaries_are_answered_with_what_the_caller_can_do(net, source):
    loader = [{"rows": source[0][:4], "labels": source[1][:4]}]
    with pytest.raises(InputError, match=r"^Retraining.fit: .* pairs \(rows, labels\)"):
        Retraining(options=QUICK).fit(net, loader, torch.randn(30, 2))
