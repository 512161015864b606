"""The two file formats of the digit sets: idx (gzip) and libsvm text (bzip2).

Both readers are told the shape that must come, so a header is refused before it can ask for
memory, and a file that unpacks without end is refused at its stated size.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import IO, cast

import numpy as np

from monge._types import NDArray
from monge.errors import DataError, sentence

__all__ = ["REMEDY", "read_idx", "read_libsvm"]

REMEDY = (
    "delete or replace the file; without --data-dir (data_dir) and MONGE_DATA a fresh copy is "
    "downloaded"
)
"""What to do about a file that holds something else."""

CHUNK_BYTES = 1 << 20
IDX_UINT8 = 0x08
LIBSVM_BYTES_A_VALUE = 24
"""More than ``"256:-0.631 "`` takes, and little enough to refuse a file of another kind."""


def read_idx(path: Path, *, shape: tuple[int, ...]) -> NDArray:
    """Read unsigned bytes from a gzipped idx file.

    The format: two zero bytes, one byte for the type (8: unsigned byte), one for the number of
    dimensions, each dimension as a big-endian 32-bit integer, the values in C order
    (http://yann.lecun.com/exdb/mnist/).

    Parameters
    ----------
    path
        The ``.gz`` file.
    shape
        The shape that its header must state.

    Returns
    -------
    NDArray
        ``shape`` uint8.

    Raises
    ------
    DataError
        If the file cannot be read, is truncated, too long or of another format or shape.
    """
    n_values = int(np.prod(shape, dtype=np.int64))
    n_header = 4 + 4 * len(shape)
    raw = _unpacked(path, gzip.open, n_header + n_values, "a gzip file")
    required = f"an idx file of {_times(shape)} unsigned bytes"
    header = bytes((0, 0, IDX_UINT8, len(shape)))
    if raw[:4] != header:
        got = f"a file that begins with the bytes {raw[:4].hex(' ') or 'of nothing'}"
        raise DataError(sentence("monge.data", str(path), required, got, REMEDY))
    found = tuple(int(size) for size in np.frombuffer(raw[4:n_header], dtype=">u4"))
    if found != shape:
        got = f"one of {_times(found)}"
        raise DataError(sentence("monge.data", str(path), required, got, REMEDY))
    if len(raw) != n_header + n_values:
        n_found = len(raw) - n_header
        got = f"{n_found} values" if n_found < n_values else f"more than {n_values} values"
        raise DataError(sentence("monge.data", str(path), required, got, REMEDY))
    return np.frombuffer(raw, dtype=np.uint8, offset=n_header).reshape(shape)


def read_libsvm(path: Path, *, shape: tuple[int, int]) -> tuple[NDArray, NDArray]:
    """Read rows of ``label index:value index:value ...`` from a bzip2 file.

    Indices begin at 1; a value that is left out is 0
    (https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/).

    Parameters
    ----------
    path
        The ``.bz2`` file.
    shape
        (n, d) rows and features that it must hold.

    Returns
    -------
    values : NDArray
        (n, d) float64, finite.
    labels : NDArray
        (n,) float64 as they stand in the file, finite.

    Raises
    ------
    DataError
        If the file cannot be read, is truncated or of another format or shape.
    """
    from sklearn.datasets import load_svmlight_file  # noqa: PLC0415 - slow to import, rarely used

    n, d = shape
    required = f"libsvm text of {n} rows with {d} features"
    limit = n * (d + 1) * LIBSVM_BYTES_A_VALUE
    raw = _unpacked(path, bz2.open, limit, "a bzip2 file")
    if len(raw) > limit:
        got = f"more than {limit} bytes"
        raise DataError(sentence("monge.data", str(path), required, got, REMEDY))
    try:
        sparse, labels = load_svmlight_file(BytesIO(raw), n_features=d, zero_based=False)
    except (ValueError, IndexError, OverflowError) as error:
        got = f"text that cannot be read as such ({error})"
        raise DataError(sentence("monge.data", str(path), required, got, REMEDY)) from error
    if sparse.shape[0] != n:
        got = f"{sparse.shape[0]} rows"
        raise DataError(sentence("monge.data", str(path), required, got, REMEDY))
    values = sparse.toarray()
    for what, numbers in (("value", values), ("label", labels)):
        if not np.isfinite(numbers).all():
            row = int(np.argwhere(~np.isfinite(numbers))[0, 0]) + 1
            got = f"a {what} in row {row} that is NaN or infinite"
            raise DataError(sentence("monge.data", str(path), required, got, REMEDY))
    return values, labels


def _unpacked(path: Path, opener: Callable[[Path], object], limit: int, required: str) -> bytes:
    """Read at most one byte more than ``limit`` of the unpacked content."""
    chunks = []
    left = limit + 1
    try:
        with cast("IO[bytes]", opener(path)) as stream:
            while left and (chunk := stream.read(min(left, CHUNK_BYTES))):
                chunks.append(chunk)
                left -= len(chunk)
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        got = "a truncated one" if isinstance(error, EOFError) else _said(error)
        raise DataError(sentence("monge.data", str(path), required, got, REMEDY)) from error
    return b"".join(chunks)


def _said(error: Exception) -> str:
    """Take what the operating system or the decoder says."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _times(shape: tuple[int, ...]) -> str:
    """Write a shape as ``60000 x 28 x 28``."""
    return " x ".join(str(size) for size in shape)
