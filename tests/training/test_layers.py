"""One layer of a network: found, heard, and written as a matrix."""

import pytest
import torch
from torch import nn

from monge.errors import InputError
from monge.training import ExtractionOptions, extract_features

ROWS = torch.randn(4, 2, generator=torch.Generator().manual_seed(0))


class Odd(nn.Module):
    """A network whose layers are called twice, never, and with a tuple for an output."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 2)
        self.unused = nn.Linear(2, 2)
        self.recurrent = nn.LSTM(2, 3, batch_first=True)

    def forward(self, x):
        return self.recurrent(self.inner(self.inner(x))[:, None])[0]


@pytest.mark.parametrize(
    ("layer", "match"),
    [
        ("inner", "that the model calls once for each batch, got 2 calls of 'inner'; name a layer"),
        ("unused", "that the model calls once for each batch, got no call of 'unused'"),
        ("recurrent", r"one that returns a tensor, got tuple; pass ExtractionOptions\(pool="),
        ("recurent", "a layer of Odd, got 'recurent'; the nearest are 'recurrent'"),
        ("nowhere", "got 'nowhere'; pass one of 'inner', 'unused', 'recurrent'"),
        ("", "a layer of Odd, got ''; pass one of"),
        (nn.Linear(2, 2), "a layer of Odd, got a Linear outside it; pass one of 'inner'"),
        (None, "named for a model without .features, got Odd; pass one of 'inner'"),
    ],
)
def test_layers_that_cannot_be_taken(layer, match):
    net = Odd()
    with pytest.raises(InputError, match=f"^extract_features: 'layer' must be .*{match}"):
        extract_features(net, ROWS, layer=layer)
    assert not any(module._forward_hooks for module in net.modules())
    assert all(module.training for module in net.modules())


def test_a_model_without_layers_says_so():
    with pytest.raises(InputError, match="pass one of none, for it has no submodules"):
        extract_features(nn.Linear(2, 2), ROWS, layer="fc")


def test_a_layer_by_name_by_number_and_itself():
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
    expected = net[:2](ROWS).detach()
    for layer in ("1", 1, net[1]):
        torch.testing.assert_close(extract_features(net, ROWS, layer=layer).x, expected)
    torch.testing.assert_close(extract_features(net, ROWS, layer=net).x, net(ROWS).detach())


def test_an_activation_in_place_behind_the_layer_does_not_reach_it():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(inplace=True))
    expected = net[0](ROWS).detach()
    assert (expected < 0).any()
    torch.testing.assert_close(extract_features(net, ROWS, layer="0").x, expected)


def test_hooks_of_the_user_stay_and_are_seen():
    net = nn.Sequential(nn.Linear(2, 3))
    handle = net[0].register_forward_hook(lambda _module, _inputs, output: output + 1)
    features = extract_features(net, ROWS, layer="0").x
    assert list(net[0]._forward_hooks) == [handle.id]
    torch.testing.assert_close(features, net(ROWS).detach())


def test_maps_are_flattened_or_averaged():
    net = nn.Sequential(nn.Conv2d(1, 3, 2), nn.ReLU())
    images = torch.randn(5, 1, 4, 6, generator=torch.Generator().manual_seed(1))
    maps = net(images).detach()
    for pool, expected in (
        ("flatten", maps.reshape(5, 3 * 3 * 5)),
        ("mean", maps.mean((2, 3))),
        (lambda out: out.amax((2, 3)), maps.amax((2, 3))),
    ):
        options = ExtractionOptions(pool=pool)
        torch.testing.assert_close(
            extract_features(net, images, layer="1", options=options).x, expected
        )
        net.features = net.forward  # and where the features are a method
        torch.testing.assert_close(extract_features(net, images, options=options).x, expected)


def test_the_mean_leaves_a_matrix_alone():
    net = nn.Sequential(nn.Linear(2, 3))
    options = ExtractionOptions(pool="mean")
    features = extract_features(net, ROWS, layer="0", options=options).x
    torch.testing.assert_close(features, net(ROWS).detach())


def test_a_function_takes_what_it_likes_of_a_tuple():
    net = nn.Sequential(nn.LSTM(2, 3, batch_first=True))
    options = ExtractionOptions(pool=lambda out: out[0][:, -1])
    sequences = ROWS[:, None].repeat(1, 7, 1)
    features = extract_features(net, sequences, layer="0", options=options).x
    torch.testing.assert_close(features, net(sequences)[0][:, -1].detach())


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"pool": "max"}, "'pool' must be 'flatten', 'mean' or a function, got 'max'"),
        ({"label_key": "y"}, "'label_key' must be None where 'key' is None, got 'y'"),
        ({"memory": "much"}, "'memory' must be a number of bytes"),
    ],
)
def test_options_that_cannot_be_taken(options, match):
    with pytest.raises(InputError, match=f"^ExtractionOptions: {match}"):
        ExtractionOptions(**options)
