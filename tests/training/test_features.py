import dataclasses
import math

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from monge.errors import Cancelled, InputError, MemoryBudgetError
from monge.nets import LeNet5
from monge.training import ExtractionOptions, extract_features, predict_probabilities, seeded


@pytest.fixture
def net():
    return seeded(0, LeNet5).eval()


@pytest.fixture
def x():
    return torch.rand(23, 1, 32, 32, generator=torch.Generator().manual_seed(1))


def own_net():
    return nn.Sequential(nn.Conv2d(1, 2, 5), nn.BatchNorm2d(2), nn.Dropout(0.9), nn.Flatten())


@pytest.mark.parametrize("size", [1, 7, 23, 100])
def test_batches_that_do_not_divide_n(net, x, size):
    features, _ = extract_features(net, x, batch_size=size)
    torch.testing.assert_close(features, net.features(x).detach())
    torch.testing.assert_close(
        predict_probabilities(net, x, batch_size=size), net(x).softmax(1).detach()
    )


def test_a_layer_by_name(net, x):
    by_name, _ = extract_features(net, x, layer="embedding", batch_size=10)
    torch.testing.assert_close(by_name, net.features(x).detach())
    pooled, _ = extract_features(net, x, layer="convolutions.4", batch_size=10)
    assert pooled.shape == (23, 16 * 5 * 5)
    torch.testing.assert_close(pooled.relu(), net.convolutions(x).detach())


@pytest.mark.parametrize("labelled", [True, False])
def test_a_data_loader(net, x, labelled):
    dataset = TensorDataset(x, torch.arange(23)) if labelled else TensorDataset(x)
    told = []
    loader = DataLoader(dataset, batch_size=5)
    features, labels = extract_features(net, loader, report=told.append)
    torch.testing.assert_close(features, net.features(x).detach())
    assert labels.tolist() == list(range(23)) if labelled else labels is None
    assert [(p.done, p.total) for p in told] == [(i, 5) for i in range(1, 6)]
    assert {p.detail for p in told} == {"8.2 KiB of features"}  # 5 * 5 rows of 84 float32


def test_a_generator_of_batches(net, x):
    told = []
    features, _ = extract_features(net, (x[i : i + 9] for i in (0, 9, 18)), report=told.append)
    torch.testing.assert_close(features, net.features(x).detach())
    assert [(p.done, p.total, p.detail) for p in told] == [(i, None, "") for i in (1, 2, 3)]


@pytest.mark.parametrize("method", [True, False])
def test_an_own_net_is_left_as_it_was(x, method):
    net = own_net()
    net[1].eval()
    if method:
        net.features = net[:2]
    before = {k: v.clone() for k, v in net.state_dict().items()}
    modes = [m.training for m in net.modules()]
    random = torch.get_rng_state()
    features, _ = extract_features(net, x, layer=None if method else "1", batch_size=10)
    torch.testing.assert_close(features, net[1](net[0](x)).flatten(1).detach())
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    assert [m.training for m in net.modules()] == modes
    assert not any(m._forward_hooks for m in net.modules())
    assert torch.equal(random, torch.get_rng_state())
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize("size", [10, 100])
def test_features_may_take_part_in_gradients(net, x, size):
    for layer in (None, "embedding"):
        features, _ = extract_features(net, x, layer=layer, batch_size=size)
        assert not features.is_inference()
        weight = torch.zeros(84, 2, requires_grad=True)
        (features @ weight).sum().backward()
        torch.testing.assert_close(weight.grad[:, 0], features.sum(0))


def test_probabilities_of_a_double_softmax_are_softened_once(x):
    net = seeded(0, lambda: LeNet5(double_softmax=True))
    torch.testing.assert_close(predict_probabilities(net, x), net(x).detach())


def test_probabilities_of_an_own_net_take_logits():
    net = nn.Linear(2, 3)
    x = torch.randn(5, 2)
    torch.testing.assert_close(predict_probabilities(net, x), net(x).softmax(1).detach())


def test_a_net_without_parameters_and_a_device(net, x):
    assert extract_features(nn.Sequential(nn.Flatten()), x, layer="0").x.shape == (23, 1024)
    assert extract_features(net, x, device="cpu").x.shape == (23, 84)


def test_rows_stay_as_they_are_and_the_model_too_when_the_caller_stops(net, x):
    def stop(progress):
        raise Cancelled("enough")

    net.train()
    with pytest.raises(Cancelled):
        extract_features(net, x, layer="embedding", report=stop)
    assert all(module.training for module in net.modules())
    assert not any(module._forward_hooks for module in net.modules())


def test_what_a_network_keeps_may_still_be_trained(x):
    class Keeping(nn.Linear):
        def forward(self, x):
            self.kept = super().forward(x)
            return self.kept

    net = nn.Sequential(nn.Flatten(), Keeping(1024, 2))
    extract_features(net, x, layer="1")
    weight = torch.zeros(2, requires_grad=True)
    (net[1].kept * weight).sum().backward()


@pytest.mark.parametrize("size", [23, 7])
def test_the_features_own_their_memory(net, x, size):
    kept = []

    class Reusing(nn.Module):
        same = torch.empty(23, 2)

        def features(self, x):
            return self.same[: len(x)].copy_(x.flatten(1)[:, :2])

    net = Reusing()
    stream = (x[i : i + size] for i in range(0, 23, size))
    for loader in (stream, x[:size]):
        features, _ = extract_features(net, loader)
        torch.testing.assert_close(features, x.flatten(1)[: len(features), :2])
        kept.append(features)
    assert kept[0].data_ptr() != kept[1].data_ptr()


def test_a_model_on_two_devices_is_not_gathered_on_one():
    net = nn.Sequential(nn.Flatten(), nn.Linear(1024, 2), nn.Linear(2, 2, device="meta"))
    with pytest.raises(InputError, match=r"'device' must be None .* got cpu for cpu, meta;"):
        extract_features(net, torch.zeros(2, 1024), layer="1", device="cpu")
    assert [p.device.type for p in net.parameters()] == ["cpu", "cpu", "meta", "meta"]


@pytest.mark.parametrize("device", ["nowhere", "cuda:99"])
def test_a_device_that_is_not_there(net, x, device):
    with pytest.raises(InputError, match=f"'device' must be one that .*, got '{device}'"):
        extract_features(net, x, device=device)


def test_features_larger_than_the_budget_stop_after_the_first_batch(net, x):
    seen = []
    options = ExtractionOptions(memory=23 * 84 * 4)
    assert extract_features(net, x, options=options).x.shape == (23, 84)
    net.output.register_forward_hook(lambda *_: seen.append(1))
    with pytest.raises(MemoryBudgetError, match=r"at least 7\.55 KiB, got .*; raise it in E"):
        extract_features(net, x, layer=net.embedding, batch_size=1, options=smaller(options))
    assert seen == [1]


def smaller(options):
    return dataclasses.replace(options, memory=options.memory - 1)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_another_device(net, x):
    features, _ = extract_features(net, x, device="cuda", batch_size=10)
    assert features.device.type == "cpu"
    on_card, _ = extract_features(net.cuda(), x.cuda(), batch_size=10)
    torch.testing.assert_close(on_card, features)
    net.cpu()
    assert next(net.parameters()).device.type == "cpu"
    torch.testing.assert_close(features, net.features(x).detach(), rtol=1e-2, atol=1e-3)


def broken():
    net = nn.Linear(1024, 2)
    net.bias.data[0] = math.nan
    return nn.Sequential(nn.Flatten(), net)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda x: {"loader": x[:0]}, "'loader' must be at least one row"),
        (lambda _: {"loader": []}, "'loader' must be at least one row"),
        (lambda x: {"loader": x / 0}, "'loader' must be finite"),
        (lambda x: {"loader": [x, x * math.nan]}, "'loader' must be finite"),
        (lambda x: {"loader": x[:, :, 1:]}, "'x' must be images of shape"),
        (lambda x: {"loader": x, "batch_size": 0}, "'batch_size' must be a positive"),
        (lambda x: {"model": broken(), "loader": x, "layer": "1"}, "'model' must be one with fin"),
        (
            lambda x: {"model": nn.Sequential(nn.Flatten(0)), "loader": x, "layer": "0"},
            "'layer' must be one that keeps the rows, 23 in this batch, got \\(23552, 1\\)",
        ),
    ],
)
def test_refusals(net, x, call, match):
    with pytest.raises(InputError, match=match):
        extract_features(**{"model": net, **call(x)})


def test_refusals_name_their_caller(net, x):
    with pytest.raises(InputError, match=r"^predict_probabilities: 'loader' must be"):
        predict_probabilities(net, x[:0])


def test_the_hook_goes_when_the_model_fails(net, x):
    net.train()
    with pytest.raises(InputError):
        extract_features(net, x[:, :, 1:], layer="embedding")
    assert not any(m._forward_hooks for m in net.modules())
    assert net.training
