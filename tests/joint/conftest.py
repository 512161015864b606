"""Toy domains for a network of two layers: what adapting has to do is known."""

import math

import pytest
import torch
from torch import nn

from monge.training import TrainingOptions, fit, seeded

CENTRES = torch.tensor([[3.0, 0.0], [-1.5, 2.6], [-1.5, -2.6]])


def blobs(n, shares, degrees, seed):
    """Draw three round classes, of given shares, turned about the origin."""
    draw = torch.Generator().manual_seed(seed)
    counts = [round(share * n) for share in shares]
    labels = torch.cat([torch.full((count,), c) for c, count in enumerate(counts)])
    x = CENTRES[labels] + 0.5 * torch.randn(len(labels), 2, generator=draw)
    angle = math.radians(degrees)
    turn = torch.tensor(
        [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]],
    )
    return x @ turn, labels


def two_layers():
    return nn.Sequential(
        nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 3)
    )


def accuracy(net, x, labels):
    with torch.no_grad():
        return float((net(x).argmax(1) == labels).double().mean())


@pytest.fixture(scope="session")
def source():
    return blobs(600, (1 / 3, 1 / 3, 1 / 3), 0, 0)


@pytest.fixture(scope="session")
def turned():
    """Turned so far that the network of the source errs on a fifth."""
    return blobs(600, (1 / 3, 1 / 3, 1 / 3), 50, 1)


@pytest.fixture(scope="session")
def shifted():
    """Turned too, with one class six times as frequent as another."""
    return blobs(600, (0.72, 0.16, 0.12), 45, 2)


@pytest.fixture(scope="session")
def _trained(source):
    net = seeded(0, two_layers)
    fit(net, *source, options=TrainingOptions(epochs=15, batch_size=64, learning_rate=5e-3))
    return net.state_dict()


@pytest.fixture
def net(_trained):
    """Return the source's network, the same for every test."""
    fresh = two_layers()
    fresh.load_state_dict(_trained)
    return fresh.eval()


@pytest.fixture(scope="session")
def score():
    """Return the function that alone reads the labels of a target."""
    return accuracy
