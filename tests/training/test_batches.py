"""What a loader may yield, and what it may not."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from monge.errors import InputError
from monge.training import ExtractionOptions, extract_features

X = torch.randn(7, 2, generator=torch.Generator().manual_seed(0))
NET = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2))
EXPECTED = NET(X).detach()


def extract(loader, **options):
    return extract_features(
        NET, loader, layer=NET, batch_size=3, options=ExtractionOptions(**options)
    )


def batches(labels=None, size=3):
    """Yield batches of 3, 3 and 1 row."""
    for at in range(0, len(X), size):
        yield X[at : at + size] if labels is None else (X[at : at + size], labels[at : at + size])


class Stream(IterableDataset):
    def __iter__(self):
        return iter(X)


@pytest.mark.parametrize(
    "loader",
    [
        X,
        X.numpy(),
        X.double().numpy(),
        np.ascontiguousarray(X.numpy()[::-1])[::-1],
        list(batches()),
        batches(),
        [X, X[:0]],
        [X[:0], X],
        [X[:2], X[2:]],  # a later batch is longer than the first
        [X[:3].numpy(), X[3:]],
        DataLoader(TensorDataset(X), batch_size=3),
        DataLoader(Stream(), batch_size=3),
    ],
    ids=lambda loader: type(loader).__name__,
)
def test_rows_without_labels(loader):
    features, labels = extract(loader)
    torch.testing.assert_close(features, EXPECTED)
    assert labels is None


def test_a_read_only_array_is_read_without_a_warning(tmp_path):
    np.save(tmp_path / "x.npy", X.numpy())
    torch.testing.assert_close(extract(np.load(tmp_path / "x.npy", mmap_mode="r")).x, EXPECTED)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (torch.arange(7), torch.arange(7)),
        (torch.arange(7) > 3, torch.arange(7) > 3),
        (np.arange(7.0), torch.arange(7.0).double()),
        (list(range(7)), torch.arange(7)),
    ],
)
def test_numbers_for_labels_become_a_tensor(given, expected):
    features, labels = extract(batches(given))
    torch.testing.assert_close(features, EXPECTED)
    torch.testing.assert_close(labels, expected)


def test_texts_for_labels_become_an_array_with_none_cut_short():
    words = ["a", "bb", "a", "cccc", "a", "bb", "a"]
    _, labels = extract(batches(words))
    assert isinstance(labels, np.ndarray)
    assert labels.tolist() == words


def test_dictionaries_are_read_by_name():
    loader = [{"image": x, "kind": y, "path": "?"} for x, y in batches(torch.arange(7))]
    features, labels = extract(loader, key="image", label_key="kind")
    torch.testing.assert_close(features, EXPECTED)
    assert labels.tolist() == list(range(7))
    assert extract(loader, key="image").labels is None
    numbered = [{0: y, 1: x} for x, y in batches(torch.arange(7))]
    assert extract(numbered, key=1, label_key=0).labels.tolist() == list(range(7))


def test_what_follows_the_labels_is_not_read():
    features, labels = extract([(X, torch.arange(7), object())])
    assert (len(features), len(labels)) == (7, 7)


NARROW = "one of the same width in every batch, 4 in the first, got 6; yield rows of one shape"


@pytest.mark.parametrize(
    ("loader", "options", "match"),
    [
        (TensorDataset(X), {}, "'loader' must be .*, got the data set TensorDataset; wrap it in"),
        (3, {}, "'loader' must be a tensor, an array or an iterable of batches, got int"),
        ({"x": X}, {}, "'loader' must be a tensor, an array or an iterable of batches, got dict"),
        (torch.tensor(1.0), {}, r"'loader' must be of shape \(n, ...\), got a single number"),
        ([], {}, "'loader' must be at least one row, got none; pass rows, or a fresh generator"),
        ([X[:0]], {}, "'loader' must be at least one row"),
        ([()], {}, "'loader' must be a tensor or array, or batches of them, got NoneType"),
        (["rows"], {}, "'loader' must be .* got str; convert"),
        ([torch.tensor(1.0)], {}, "'loader' must be .*, got a single number"),
        ([np.array(["a"])], {}, "'loader' must be made of numbers that torch knows, got .* <U1"),
        ([X.numpy() * np.nan], {}, "'loader' must be finite"),
        ([{"x": X}], {}, r"'key' must be given for batches that .*, got None for \['x'\]; pass E"),
        ([{"x": X}], {"key": "y"}, r"'key' must be an entry .*, got 'y'; pass one of \['x'\]"),
        ([{"x": X}], {"key": "x", "label_key": "y"}, "'label_key' must be an entry of every batch"),
        ([X], {"key": "x"}, "'key' must be None for batches that are no dictionaries, got 'x'"),
        ([(X, torch.arange(6))], {}, r"one for each row, \(7,\) in batch 1, got shape \(6,\); to"),
        ([(X, X)], {}, r"'loader' must be batches whose labels hold one .* got shape \(7, 2\)"),
        ([(X, [[1], [1, 2]])], {}, "'loader' must be batches whose labels hold one for each row"),
        ([(X, {"a": 1})], {}, "'loader' must be batches whose labels hold .* got dict"),
        ([(X, X[:, 0]), X], {}, "'loader' must be labelled in every batch .* 1 of 2 batches"),
    ],
)
def test_refusals(loader, options, match):
    with pytest.raises(InputError, match=f"^extract_features: .*{match}"):
        extract(loader, **options)


def test_batches_of_another_shape():
    net = nn.Conv1d(1, 2, 2)
    loader = [torch.zeros(2, 1, 3), torch.zeros(2, 1, 4)]
    with pytest.raises(InputError, match=f"'layer' must be {NARROW}"):
        extract_features(net, loader, layer=net)
    options = ExtractionOptions(pool="mean")
    assert extract_features(net, loader, layer=net, options=options).x.shape == (4, 2)
