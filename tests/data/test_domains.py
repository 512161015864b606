import dataclasses

import numpy as np
import pytest
import torch

from monge.data import Labelled, Unlabelled, domains
from monge.errors import InputError

X = torch.arange(12.0).reshape(4, 3)
LABELS = torch.tensor([0, 1, 0, 2])


@pytest.fixture(params=["labelled", "unlabelled"])
def domain(request):
    if request.param == "labelled":
        return Labelled(x=X, labels=LABELS, name="toy")
    return Unlabelled(x=X, name="toy")


def test_unlabelled_has_no_place_for_labels():
    bare = Labelled(x=X, labels=LABELS, name="toy").without_labels()
    assert type(bare) is Unlabelled
    assert [field.name for field in dataclasses.fields(bare)] == ["x", "name"]
    assert not isinstance(bare, Labelled)
    assert bare.x is X
    assert bare.name == "toy"


def test_domains_are_frozen_and_keyword_only(domain):
    with pytest.raises(dataclasses.FrozenInstanceError):
        domain.name = "other"
    with pytest.raises(TypeError):
        type(domain)(X, LABELS, "toy")


def test_length_and_text(domain):
    assert len(domain) == 4
    assert "name='toy', x=(4, 3) float32" in repr(domain)


@pytest.mark.parametrize(
    "index",
    [
        torch.tensor([2, 0]),
        torch.tensor([2, 0], dtype=torch.uint8),
        np.array([2, 0], dtype=np.int32),
        [2, 0],
    ],
)
def test_subset_follows_the_order_of_its_index(domain, index):
    part = domain.subset(index)
    assert type(part) is type(domain)
    assert torch.equal(part.x, X[[2, 0]])
    assert part.name == "toy"


def test_subset_takes_labels_along():
    domain = Labelled(x=X, labels=LABELS, name="toy")
    assert domain.subset(torch.tensor([3, 1])).labels.tolist() == [2, 1]
    assert domain.subset(LABELS == 0).labels.tolist() == [0, 0]


def test_subset_by_booleans(domain):
    assert torch.equal(domain.subset(np.array([True, False, False, True])).x, X[[0, 3]])


@pytest.mark.parametrize(
    "index",
    [
        [],
        [4],
        [-1],
        [0.0],
        [True],
        torch.zeros(4, dtype=torch.bool),
        torch.tensor([[0]]),
        "0",
        None,
    ],
)
def test_subset_refuses(domain, index):
    with pytest.raises(InputError, match=r"subset: 'index' must be "):
        domain.subset(index)


@pytest.mark.parametrize("kind", [Labelled, Unlabelled])
@pytest.mark.parametrize(
    ("x", "found"),
    [
        (torch.zeros(0, 3), "got (0, 3) float32"),
        (torch.zeros(3, 0), "got (3, 0) float32"),
        (torch.tensor(1.0), "got () float32"),
        (torch.zeros(3, 2, dtype=torch.complex64), "got (3, 2) complex64"),
        (np.zeros((3, 2)), "got ndarray"),
        (torch.tensor([[0.0], [1.0], [float("nan")]]), "got NaN or infinity in row 2"),
        (torch.tensor([0.0, float("-inf")]), "got NaN or infinity in row 1"),
    ],
)
def test_samples_are_checked(kind, x, found):
    labels = {"labels": torch.zeros(len(x) if x.ndim else 1).long()} if kind is Labelled else {}
    with pytest.raises(InputError, match=f"^{kind.__name__}: 'x' must be ") as caught:
        kind(x=x, name="toy", **labels)
    assert found in str(caught.value)


def test_every_block_is_searched_for_nan(monkeypatch):
    monkeypatch.setattr(domains, "BLOCK_ELEMENTS", 6)
    Unlabelled(x=torch.zeros(5, 3), name="toy")
    for row in range(5):
        x = torch.zeros(5, 3)
        x[row, 2] = torch.nan
        with pytest.raises(InputError, match=f"in row {row};"):
            Unlabelled(x=x, name="toy")


@pytest.mark.parametrize(
    "labels",
    [
        torch.zeros(3).long(),
        torch.zeros(4, 1).long(),
        torch.zeros(4),
        torch.zeros(4, dtype=torch.int32),
        np.zeros(4, dtype=np.int64),
        torch.zeros(4, device="meta").long(),
        torch.tensor([0, 1, -1, 2]),
    ],
)
def test_labels_are_checked(labels):
    with pytest.raises(InputError, match=r"^Labelled: 'labels' must be "):
        Labelled(x=X, labels=labels, name="toy")


@pytest.mark.parametrize("name", ["", " ", None, 3])
def test_names_are_checked(domain, name):
    with pytest.raises(InputError, match="'name' must be a non-empty text"):
        dataclasses.replace(domain, name=name)
