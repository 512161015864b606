import bz2
import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from monge.data.formats import read_idx, read_libsvm
from monge.errors import DataError

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
ROWS = b"1 1:-1 2:0.5 3:1\n10 1:0 3:0.25\n"


def idx(array, kind=8):
    return bytes((0, 0, kind, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file"


def test_idx_is_read_back(path):
    path.write_bytes(gzip.compress(idx(IMAGES) + IMAGES.tobytes()))
    read = read_idx(path, shape=IMAGES.shape)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, IMAGES)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (gzip.compress(b""), "begins with the bytes of nothing"),
        (gzip.compress(idx(IMAGES, kind=9) + IMAGES.tobytes()), "begins with the bytes 00 00 09"),
        (gzip.compress(b"<html>no</html>"), "begins with the bytes 3c 68 74 6d"),
        (gzip.compress(idx(IMAGES[0]) + IMAGES.tobytes()), "begins with the bytes 00 00 08 02"),
        (gzip.compress(idx(IMAGES[:1]) + IMAGES.tobytes()), "got one of 1 x 3 x 4"),
        (gzip.compress(idx(IMAGES) + IMAGES.tobytes()[:-1]), "got 23 values"),
        (gzip.compress(idx(IMAGES) + IMAGES.tobytes() + b"x"), "got more than 24 values"),
        (gzip.compress(idx(IMAGES) + IMAGES.tobytes())[:-9], "a gzip file, got a truncated one"),
        (idx(IMAGES) + IMAGES.tobytes(), "a gzip file, got Not a gzipped file"),
        (gzip.compress(idx(IMAGES))[:10] + b"\xff" * 40, "a gzip file, got Error -3"),
    ],
)
def test_malformed_idx_is_refused(path, content, found):
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_idx(path, shape=IMAGES.shape)
    text = str(caught.value)
    assert found in text
    assert f"'{path}' must be " in text
    assert "delete or replace the file" in text


def test_what_unpacks_without_end_is_not_unpacked(path):
    path.write_bytes(gzip.compress(idx(IMAGES) + bytes(50_000_000)))
    tracemalloc.start()
    with pytest.raises(DataError, match="got more than 24 values"):
        read_idx(path, shape=IMAGES.shape)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_missing_file_and_a_folder(path):
    with pytest.raises(DataError, match="No such file"):
        read_idx(path, shape=(1,))
    path.mkdir()
    with pytest.raises(DataError, match="Is a directory"):
        read_libsvm(path, shape=(1, 1))


def test_libsvm_is_read(path):
    path.write_bytes(bz2.compress(ROWS))
    values, labels = read_libsvm(path, shape=(2, 3))
    np.testing.assert_array_equal(values, [[-1, 0.5, 1], [0, 0, 0.25]])
    np.testing.assert_array_equal(labels, [1, 10])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (bz2.compress(b""), "got "),
        (bz2.compress(b"<html>no</html>"), "cannot be read"),
        (bz2.compress(b"\xff\xfe\x00"), "cannot be read"),
        (bz2.compress(b"1 1:a\n" * 2), "cannot be read"),
        (bz2.compress(b"1 0:1\n" * 2), "cannot be read"),
        (bz2.compress(b"1 4:1\n" * 2), "cannot be read"),
        (bz2.compress(b"1 2:1 1:1\n" * 2), "cannot be read"),
        (bz2.compress(b"1 2\n" * 2), "cannot be read"),
        (bz2.compress(ROWS + ROWS), "got 4 rows"),
        (bz2.compress(ROWS[:17]), "got 1 rows"),
        (bz2.compress(b"1 1:nan\n" * 2), "a value in row 1 that is NaN"),
        (bz2.compress(b"1 1:1\ninf 1:1\n"), "a label in row 2 that is NaN"),
        (bz2.compress(b" " * 10_000_000), "got more than 192 bytes"),
        (bz2.compress(ROWS)[:-5], "a bzip2 file, got a truncated one"),
        (ROWS, "a bzip2 file, got Invalid data stream"),
    ],
)
def test_malformed_libsvm_is_refused(path, content, found):
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_libsvm(path, shape=(2, 3))
    assert found in str(caught.value)
    assert f"'{path}' must be " in str(caught.value)
