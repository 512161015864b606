"""Choosing weights without labels: the information of predictions, and when to stop."""

import math

import pytest
import torch
from torch import nn

from monge.errors import InputError
from monge.training import InfoMax, Watch
from monge.training.watch import information


def test_information_is_the_formula():
    scores = torch.randn(40, 5, generator=torch.Generator().manual_seed(0)).double()
    p = scores.softmax(1)
    mean = p.mean(0)
    expected = -(mean * mean.log()).sum() + (p * p.log()).sum(1).mean()
    assert float(information(scores)) == pytest.approx(float(expected))


def test_it_is_highest_for_sure_and_even_predictions():
    even = 100 * torch.eye(4)
    assert float(information(even)) == pytest.approx(math.log(4))
    assert float(information(even[:1].repeat(4, 1))) == pytest.approx(0)  # all in one class
    assert float(information(0 * even)) == pytest.approx(0)  # sure of nothing
    assert math.isfinite(float(information(1e6 * even)))


def test_the_network_is_left_in_its_mode_and_asked_in_evaluation_mode():
    net = nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.5)).train()
    rows = torch.randn(5000, 2)
    first, second = (InfoMax(rows)(net) for _ in range(2))
    assert first == second
    assert net.training
    assert first == pytest.approx(float(information(net[0](rows).detach())))


def test_patience_counts_the_epochs_since_the_best():
    watch = Watch(score=lambda _net: 0.0, patience=2)
    assert not watch.satisfied(())
    assert not watch.satisfied((1.0, 3.0, 2.0))
    assert watch.satisfied((1.0, 3.0, 2.0, 3.0))  # as good is not better
    assert not Watch(score=lambda _net: 0.0).satisfied((3.0,) + 99 * (0.0,))


@pytest.mark.parametrize("patience", [0, 1.0, True])
def test_patience_is_checked(patience):
    with pytest.raises(InputError, match="Watch: 'patience' must be a positive integer"):
        Watch(score=lambda _net: 0.0, patience=patience)
