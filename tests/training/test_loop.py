import dataclasses
import json
import math

import pytest
import torch
from torch import nn

from monge.errors import Cancelled, ConvergenceError, InputError
from monge.nets import LeNet5
from monge.store import load_arrays, save_arrays
from monge.training import History, TrainingOptions, TrainingState, fit, seeded

N = 70  # not a multiple of the batch of 32


def digits(channels=1):
    """Images of which each class is bright in another row."""
    generator = torch.Generator().manual_seed(1)
    labels = torch.randint(0, 3, (N,), generator=generator)
    x = 0.3 * torch.rand(N, channels, 32, 32, generator=generator)
    for row, label in enumerate(labels.tolist()):
        x[row, :, 8 * label + 4] = 1.0
    return x, labels


def net_with_chance():
    """Have dropout, batch statistics, a frozen layer and kernels laid out channels last."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 5).to(memory_format=torch.channels_last),
        nn.BatchNorm2d(4),
        nn.AdaptiveMaxPool2d(4),
        nn.Flatten(),
        nn.Linear(64, 16).requires_grad_(False),
        nn.Dropout(0.5),
        nn.Linear(16, 3),
    )


def same(one, two):
    first, second = one.state_dict(), two.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


OPTIONS = TrainingOptions(epochs=3, batch_size=32, learning_rate=2e-3, seed=4)


def test_learns_what_is_easy():
    x, labels = digits()
    net = seeded(0, LeNet5)
    history = fit(net, x, labels, options=dataclasses.replace(OPTIONS, epochs=25))
    assert len(history.loss) == len(history.accuracy) == 25
    assert history.accuracy[-1] > 0.95
    assert history.loss[-1] < 0.2 < history.loss[0]
    assert (net(x).argmax(1) == labels).float().mean() > 0.95


def test_one_full_batch_is_one_step_of_adam():
    x, labels = torch.randn(6, 2), torch.tensor([0, 1, 0, 1, 1, 0])
    net = seeded(0, lambda: nn.Linear(2, 2))
    twin = seeded(0, lambda: nn.Linear(2, 2))
    history = fit(net, x, labels, options=TrainingOptions(epochs=1, learning_rate=0.01))
    scores = twin(x)
    loss = nn.functional.cross_entropy(scores, labels)
    loss.backward()
    # the first step of Adam is the learning rate times the sign of the gradient
    expected = twin.weight - 0.01 * twin.weight.grad / (twin.weight.grad.abs() + 1e-8)
    torch.testing.assert_close(net.weight, expected)
    assert history.loss == pytest.approx((loss.item(),))
    assert history.accuracy == pytest.approx(((scores.argmax(1) == labels).float().mean().item(),))


def test_loss_weighs_rows_equally_in_a_short_last_batch():
    x = torch.zeros(3, 1)
    net = seeded(0, lambda: nn.Linear(1, 2))
    with torch.no_grad():
        net.bias.copy_(torch.tensor([1.0, 0.0]))
    labels = torch.tensor([0, 0, 1])
    options = TrainingOptions(epochs=1, batch_size=2, learning_rate=1e-12)
    expected = (2 * math.log(1 + math.exp(-1)) + math.log(1 + math.exp(1))) / 3
    assert fit(net, x, labels, options=options).loss == pytest.approx((expected,), rel=1e-6)


@pytest.mark.parametrize(
    ("factory", "channels"),
    [(LeNet5, 1), (lambda: LeNet5(n_channels=3, double_softmax=True), 3), (net_with_chance, 3)],
)
@pytest.mark.parametrize("stop", [1, 2])
def test_resuming_from_disk_is_bit_identical(factory, channels, stop, tmp_path):
    x, labels = digits(channels)
    whole = seeded(2, factory)
    history = fit(whole, x, labels, options=OPTIONS)
    states = []
    fit(seeded(2, factory), x, labels, options=OPTIONS, on_epoch=states.append)
    state = states[stop - 1]
    save_arrays(tmp_path / "state", state.tensors, state.to_config())
    state = TrainingState.from_config(*load_arrays(tmp_path / "state"))
    resumed = seeded(9, factory)
    assert fit(resumed, x, labels, options=OPTIONS, state=state) == history
    assert same(whole, resumed)
    strides = [[p.stride() for p in net.parameters()] for net in (whole, resumed)]
    assert strides[0] == strides[1]


def test_more_epochs_go_on_from_a_finished_training():
    x, labels = digits()
    states = []
    short = dataclasses.replace(OPTIONS, epochs=1)
    fit(seeded(2, LeNet5), x, labels, options=short, on_epoch=states.append)
    whole, resumed = seeded(2, LeNet5), seeded(3, LeNet5)
    fit(whole, x, labels, options=OPTIONS)
    fit(resumed, x, labels, options=OPTIONS, state=states[-1])
    assert same(whole, resumed)


def test_a_state_is_a_copy_and_plain_numbers():
    x, labels = digits()
    states = []
    net = seeded(2, LeNet5)
    fit(net, x, labels, options=OPTIONS, on_epoch=states.append)
    assert [len(state.history) for state in states] == [1, 2, 3]
    one, two = (s.tensors["model.output.weight"] for s in states[:2])
    assert not torch.equal(one, two)
    config = json.loads(json.dumps(states[1].to_config()))
    assert TrainingState.from_config(states[1].tensors, config) == states[1]


@pytest.mark.parametrize("factory", [lambda: LeNet5(n_channels=3), net_with_chance])
def test_the_seed_decides(factory):
    x, labels = digits(3)
    nets = [seeded(2, factory) for _ in range(3)]
    for net, seed, noise in zip(nets, (4, 4, 5), (0, 1, 2), strict=True):
        torch.manual_seed(noise)
        fit(net, x, labels, options=dataclasses.replace(OPTIONS, epochs=1, seed=seed))
    assert same(nets[0], nets[1])
    assert not same(nets[0], nets[2])


def test_every_epoch_trains_in_training_mode():
    modes = []
    net = net_with_chance()
    net.register_forward_hook(lambda module, _i, _o: modes.append(module.training))

    def look(_state):
        modes.append("epoch")
        net.eval()

    options = TrainingOptions(epochs=2, batch_size=N)
    fit(net.eval(), *digits(3), options=options, on_epoch=look)
    assert modes == [False, True, "epoch", True, "epoch"]
    assert not any(module.training for module in net.modules())


def test_epochs_differ_in_their_order():
    seen = []
    net = nn.Linear(1, 2)
    net.register_forward_hook(lambda _m, inputs, _o: seen.append(inputs[0].flatten().tolist()))
    x, labels = torch.arange(N, dtype=torch.float32)[:, None], torch.arange(N) % 2
    options = TrainingOptions(epochs=2, batch_size=N)
    fit(net, x, labels, options=options)
    _probe, first, second = seen
    assert sorted(first) == sorted(second) == list(range(N))
    assert len({tuple(first), tuple(second), tuple(range(N))}) == 3


def test_global_state_is_untouched():
    x, labels = digits()
    torch.manual_seed(11)
    before = torch.get_rng_state(), torch.get_num_threads(), torch.is_grad_enabled()
    net = seeded(0, LeNet5)
    with torch.no_grad():
        fit(net, x, labels, options=dataclasses.replace(OPTIONS, epochs=1))
        assert not torch.is_grad_enabled()
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1:] == (torch.get_num_threads(), torch.is_grad_enabled())
    assert all(p.grad is None for p in net.parameters())
    assert not any(module.training for module in net.modules())


def test_progress_ends_where_it_says():
    x, labels = digits()
    told = []
    fit(LeNet5(), x, labels, options=OPTIONS, report=told.append)
    assert {p.task for p in told} == {"Training LeNet5"}
    assert [p.done for p in told] == [3, 6, 9]
    assert {p.total for p in told} == {9}
    assert told[1].detail.startswith("epoch 2 of 3, loss ")


def test_cancelling_leaves_the_model_usable():
    def stop(progress):
        raise Cancelled

    x, labels = digits()
    net = LeNet5()
    random = torch.get_rng_state()
    with pytest.raises(Cancelled):
        fit(net, x, labels, options=OPTIONS, report=stop)
    assert not net.training
    assert torch.equal(random, torch.get_rng_state())


def test_a_loss_that_explodes_is_an_error_with_the_history():
    x, labels = digits()
    options = dataclasses.replace(OPTIONS, learning_rate=1e30)
    with pytest.raises(
        ConvergenceError, match="fit: 'learning_rate' must be so small that the loss"
    ) as caught:
        fit(LeNet5(), x, labels, options=options)
    assert isinstance(caught.value.solution, History)


def test_weights_that_explode_in_the_last_step_are_an_error():
    net = nn.Linear(1, 2)
    net.weight.register_hook(lambda gradient: gradient * math.nan)
    options = TrainingOptions(epochs=1)
    with pytest.raises(ConvergenceError, match="so small that the weights stay finite"):
        fit(net, torch.ones(2, 1), torch.tensor([0, 1]), options=options)


def spoiled(x):
    x = x.clone()
    x[3, 0, 5, 5] = math.nan
    return x


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda x, y: (spoiled(x), y), "'x' must be finite"),
        (lambda x, y: (x.double(), y), "'x' must be a tensor .* of torch.float32"),
        (lambda x, y: (x.numpy(), y), "'x' must be a tensor .* got ndarray"),
        (lambda x, y: (x[:, :, :28], y), "'x' must be images of shape"),
        (lambda x, y: (x, y[:-1]), r"'labels' must be of shape \(70,\)"),
        (lambda x, y: (x, y.float()), "'labels' must be a tensor of torch.int64"),
        (lambda x, y: (x, y.numpy()), "'labels' must be a tensor of torch.int64"),
        (lambda x, y: (x, y * 0), "'labels' must be of at least two classes"),
        (lambda x, y: (x, y + 8), "'labels' must be from 0 to 9"),
        (lambda x, y: (x, y - 1), "'labels' must be from 0 to 9"),
        (lambda x, y: (x[:0], y[:0]), "'labels' must be of at least two classes"),
    ],
)
def test_bad_data_is_refused_before_any_work(change, match):
    net = seeded(0, LeNet5)
    with pytest.raises(InputError, match=match):
        fit(net, *change(*digits()))
    assert same(net, seeded(0, LeNet5))
    assert net.training


@pytest.mark.parametrize(
    ("net", "match"),
    [
        (nn.Flatten(), "'model' must be a network with parameters"),
        (nn.Conv2d(1, 2, 5), r"'model' must be a network that returns scores \(n, L\)"),
        (nn.Sequential(nn.Flatten(), nn.Linear(3, 3)), "'x' must be made of rows that the model"),
    ],
)
def test_bad_models_are_refused(net, match):
    with pytest.raises(InputError, match=match):
        fit(net, *digits())


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 0},
        {"epochs": 1.0},
        {"batch_size": 0},
        {"batch_size": True},
        {"learning_rate": 0},
        {"learning_rate": math.nan},
        {"learning_rate": "fast"},
        {"seed": -1},
        {"seed": None},
    ],
)
def test_options_are_checked(change):
    with pytest.raises(InputError, match=f"TrainingOptions: '{next(iter(change))}' must be"):
        TrainingOptions(**change)


@pytest.mark.parametrize(
    "change", [{"seed": 5}, {"batch_size": 16}, {"learning_rate": 1.0}, {"epochs": 1}]
)
def test_a_state_of_another_training_is_refused(change):
    x, labels = digits()
    states = []
    options = dataclasses.replace(OPTIONS, epochs=2)
    fit(LeNet5(), x, labels, options=options, on_epoch=states.append)
    with pytest.raises(InputError, match="fit: 'state' must be"):
        fit(LeNet5(), x, labels, options=dataclasses.replace(OPTIONS, **change), state=states[-1])
    anyone = dataclasses.replace(states[-1], rows="")
    with pytest.raises(InputError, match="fit: 'state' must be a state of the same model"):
        fit(net_with_chance(), *digits(3), options=OPTIONS, state=anyone)


def test_a_state_of_other_rows_is_refused():
    x, labels = digits()
    states = []
    options = dataclasses.replace(OPTIONS, epochs=1)
    fit(LeNet5(), x, labels, options=options, on_epoch=states.append)
    state = TrainingState.from_config(states[0].tensors, states[0].to_config())
    brighter, others = x.clone(), labels.clone()
    brighter[0, 0, 0, 0] += 1
    others[0] = 1 - others[0]
    for wrong in ((brighter, labels), (x, others), (x[:-1], labels[:-1])):
        with pytest.raises(InputError, match="fit: 'state' must be of a training on these rows"):
            fit(LeNet5(), *wrong, options=OPTIONS, state=state)
    fit(LeNet5(), x.clone(), labels, options=OPTIONS, state=state)


def test_a_config_of_before_there_were_terms_is_still_read():
    x, labels = digits()
    states = []
    fit(seeded(2, LeNet5), x, labels, options=OPTIONS, on_epoch=states.append)
    config = states[0].to_config()
    old = {name: config[name] for name in ("options", "loss", "accuracy")}
    first = dataclasses.replace(states[0], rows="")  # nor of rows
    assert TrainingState.from_config(states[0].tensors, old) == first


def test_a_foreign_config_is_no_state():
    with pytest.raises(InputError, match="TrainingState: 'config' must be"):
        TrainingState.from_config({}, {"loss": []})


def test_seeded_refuses_what_is_no_seed():
    with pytest.raises(InputError, match="seeded: 'seed' must be an integer"):
        seeded(-1, LeNet5)
    assert not same(seeded(0, LeNet5), seeded(1, LeNet5))
