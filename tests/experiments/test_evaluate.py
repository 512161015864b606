"""The score, against numbers worked out by hand."""

import pytest
import torch

from monge.errors import InputError
from monge.experiments.evaluate import accuracy, confusion, matched_mass
from monge.plans import DensePlan
from monge.results import Spread


def test_accuracy_is_the_share_of_equal_rows():
    predicted, labels = torch.tensor([0, 1, 2, 2, 1]), torch.tensor([0, 1, 1, 2, 0])
    assert accuracy(predicted, labels) == 0.6
    assert accuracy(labels, labels) == 1
    assert isinstance(accuracy(labels, labels), float)


@pytest.mark.parametrize("count", [0, 2, 4])
def test_accuracy_refuses_another_number_of_rows(count):
    with pytest.raises(InputError, match=r"accuracy: 'predicted' must be of shape \(3,\), got"):
        accuracy(torch.zeros(count, dtype=torch.int64), torch.zeros(3, dtype=torch.int64))


def test_accuracy_does_not_broadcast():
    with pytest.raises(InputError):
        accuracy(torch.tensor([[0], [1]]), torch.tensor([0, 1]))


def test_confusion_counts_truth_by_row_and_prediction_by_column():
    predicted, labels = torch.tensor([0, 1, 1, 2, 1]), torch.tensor([0, 1, 2, 2, 0])
    assert confusion(predicted, labels, 4).tolist() == [
        [1, 1, 0, 0],
        [0, 1, 0, 0],
        [0, 1, 1, 0],
        [0, 0, 0, 0],
    ]


def test_matched_mass_by_hand():
    # Mass 2 in all; source classes 0 1 1, target classes 1 0.
    plan = DensePlan(torch.tensor([[0.2, 0.4], [0.6, 0.0], [0.3, 0.5]], dtype=torch.float64))
    matched, independent, mass = matched_mass(plan, torch.tensor([0, 1, 1]), torch.tensor([1, 0]))
    assert mass == pytest.approx(torch.tensor([[0.2, 0.1], [0.25, 0.45]]).double().numpy())
    assert matched == pytest.approx(0.65)
    # marginals of the classes: source 0.3, 0.7 and target 0.45, 0.55
    assert independent == pytest.approx(0.3 * 0.45 + 0.7 * 0.55)


def test_matched_mass_of_the_independent_plan_is_the_independent_share():
    a, b = torch.tensor([0.1, 0.5, 0.4]).double(), torch.tensor([0.3, 0.7]).double()
    labels = torch.tensor([0, 1, 1]), torch.tensor([1, 0])
    matched, independent, _ = matched_mass(DensePlan(a[:, None] * b), *labels)
    assert matched == pytest.approx(independent)


def test_matched_mass_where_a_class_is_on_one_side_only():
    plan = DensePlan(torch.tensor([[0.5, 0.5]]).double())
    matched, independent, mass = matched_mass(plan, torch.tensor([2]), torch.tensor([0, 2]))
    assert mass.shape == (3, 3)
    assert (matched, independent) == pytest.approx((0.5, 0.5))


def test_the_deviation_is_the_one_of_a_sample():
    assert Spread(values=(0.7, 0.8, 0.9)).std == pytest.approx(0.1)
    assert Spread(values=(0.7, 0.8, 0.9)).mean == pytest.approx(0.8)
    assert Spread(values=(0.7,)).std == 0
