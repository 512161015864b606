import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from monge.errors import InputError
from monge.nets import LeNet5
from monge.training import extract_features, predict_probabilities, seeded


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
    features = extract_features(net, x, batch_size=size)
    torch.testing.assert_close(features, net.features(x).detach())
    torch.testing.assert_close(
        predict_probabilities(net, x, batch_size=size), net(x).softmax(1).detach()
    )


def test_a_layer_by_name(net, x):
    by_name = extract_features(net, x, layer="embedding", batch_size=10)
    torch.testing.assert_close(by_name, net.features(x).detach())
    pooled = extract_features(net, x, layer="convolutions.4", batch_size=10)
    assert pooled.shape == (23, 16 * 5 * 5)
    torch.testing.assert_close(pooled.relu(), net.convolutions(x).detach())


@pytest.mark.parametrize("labelled", [True, False])
def test_a_data_loader(net, x, labelled):
    dataset = TensorDataset(x, torch.arange(23)) if labelled else TensorDataset(x)
    told = []
    features = extract_features(net, DataLoader(dataset, batch_size=5), report=told.append)
    torch.testing.assert_close(features, net.features(x).detach())
    assert [(p.done, p.total) for p in told] == [(i, 5) for i in range(1, 6)]


def test_a_generator_of_batches(net, x):
    told = []
    features = extract_features(net, (x[i : i + 9] for i in (0, 9, 18)), report=told.append)
    torch.testing.assert_close(features, net.features(x).detach())
    assert [p.total for p in told] == [None] * 3


@pytest.mark.parametrize("method", [True, False])
def test_an_own_net_is_left_as_it_was(x, method):
    net = own_net()
    net[1].eval()
    if method:
        net.features = net[:2]
    before = {k: v.clone() for k, v in net.state_dict().items()}
    modes = [m.training for m in net.modules()]
    random = torch.get_rng_state()
    features = extract_features(net, x, layer=None if method else "1", batch_size=10)
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
        features = extract_features(net, x, layer=layer, batch_size=size)
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
    assert extract_features(nn.Sequential(nn.Flatten()), x, layer="0").shape == (23, 1024)
    assert extract_features(net, x, device="cpu").shape == (23, 84)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_another_device(net, x):
    features = extract_features(net, x, device="cuda", batch_size=10)
    assert features.device == x.device
    assert next(net.parameters()).device.type == "cpu"
    torch.testing.assert_close(features, net.features(x).detach(), rtol=1e-2, atol=1e-3)


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 2)
        self.unused = nn.Linear(2, 2)
        self.odd = nn.LSTM(2, 2)

    def forward(self, x):
        return self.odd(self.inner(self.inner(x)))[0]


@pytest.mark.parametrize(
    ("layer", "match"),
    [
        ("inner", "called once per batch and returns a tensor, got Tensor, Tensor of 'inner'"),
        ("unused", "got no call of 'unused'"),
        ("odd", "got tuple of 'odd'"),
        ("nowhere", "got 'nowhere'; pass one of 'inner', 'unused', 'odd'"),
        ("", "the name of a submodule"),
        (None, "named for a model without a method features, got Twice; pass layer= as one of"),
    ],
)
def test_layers_that_cannot_be_taken(layer, match):
    net = Twice()
    with pytest.raises(InputError, match=f"extract_features: 'layer' must be .*{match}"):
        extract_features(net, torch.zeros(4, 2), layer=layer)
    assert not any(m._forward_hooks for m in net.modules())
    assert net.training


def broken():
    net = nn.Linear(1024, 2)
    net.bias.data[0] = math.nan
    return nn.Sequential(nn.Flatten(), net)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda x: {"inputs": x[:0]}, "'inputs' must be at least one row"),
        (lambda _: {"inputs": []}, "'inputs' must be at least one row"),
        (lambda x: {"inputs": x.numpy()}, "tensors, got ndarray"),
        (lambda _: {"inputs": [(np.zeros(3),)]}, "tensors, got ndarray"),
        (lambda x: {"inputs": x / 0}, "'inputs' must be finite"),
        (lambda x: {"inputs": [x, x * math.nan]}, "'inputs' must be finite"),
        (lambda x: {"inputs": x[:, :, 1:]}, "'x' must be images of shape"),
        (lambda x: {"inputs": x, "batch_size": 0}, "'batch_size' must be a positive"),
        (lambda x: {"model": broken(), "inputs": x, "layer": "1"}, "'model' must be one with fin"),
        (
            lambda x: {"model": nn.Sequential(nn.Flatten(0)), "inputs": x, "layer": "0"},
            "'layer' must be one that returns a tensor of 23 rows",
        ),
    ],
)
def test_refusals(net, x, call, match):
    with pytest.raises(InputError, match=match):
        extract_features(**{"model": net, **call(x)})


def test_refusals_name_their_caller(net, x):
    with pytest.raises(InputError, match=r"^predict_probabilities: 'inputs' must be"):
        predict_probabilities(net, x[:0])


def test_the_hook_goes_when_the_model_fails(net, x):
    net.train()
    with pytest.raises(InputError):
        extract_features(net, x[:, :, 1:], layer="embedding")
    assert not any(m._forward_hooks for m in net.modules())
    assert net.training
