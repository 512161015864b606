"""Which files make up MNIST and USPS, where they lie, and what they must hold.

Two checks, for two purposes. The md5 of the packed file, as the publishers gave it (and
torchvision pins it), is asked of downloads only: it says that a transfer is whole. The sha256 of
the decoded bytes is asked always: it says that the numbers are the right ones, however the file
came there and whichever program packed it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from monge._types import NDArray
from monge.data.fetch import fetch
from monge.data.formats import REMEDY
from monge.errors import DataError, InputError, sentence
from monge.progress import Report

__all__ = ["MNIST", "USPS", "DataFile", "Split", "check_content", "check_split", "locate"]

Split: TypeAlias = Literal["train", "test"]

MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
USPS_MIRRORS = ("https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/",)


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """One file of a data set.

    Attributes
    ----------
    path
        Where it lies in the data folder.
    mirrors
        Folders on the network that hold it.
    md5
        Of the packed file as the mirrors give it.
    shape
        Of the array in it.
    """

    path: str
    mirrors: tuple[str, ...]
    md5: str
    shape: tuple[int, ...]

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses, in the order of the mirrors."""
        name = self.path.rpartition("/")[2]
        return tuple(mirror + name for mirror in self.mirrors)


@dataclass(frozen=True, kw_only=True)
class SplitFiles:
    """The files of one split, one or two, with the sha256 of what they hold.

    Attributes
    ----------
    images_sha256
        Of the uint8 images, in C order.
    labels_sha256
        Of the labels 0 to 9 as uint8.
    """

    images: DataFile
    labels: DataFile
    images_sha256: str
    labels_sha256: str


def _mnist(stem: str, images_md5: str, labels_md5: str, n: int) -> tuple[DataFile, DataFile]:
    images = DataFile(
        path=f"MNIST/raw/{stem}-images-idx3-ubyte.gz",
        mirrors=MNIST_MIRRORS,
        md5=images_md5,
        shape=(n, 28, 28),
    )
    labels = DataFile(
        path=f"MNIST/raw/{stem}-labels-idx1-ubyte.gz",
        mirrors=MNIST_MIRRORS,
        md5=labels_md5,
        shape=(n,),
    )
    return images, labels


def _usps(name: str, md5: str, n: int) -> DataFile:
    return DataFile(path=f"USPS/{name}", mirrors=USPS_MIRRORS, md5=md5, shape=(n, 256))


_MNIST_TRAIN = _mnist(
    "train",
    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "d53e105ee54ea40749a09fcbcd1e9432",
    60_000,
)
_MNIST_TEST = _mnist(
    "t10k",
    "9fb629c4189551a2d022fa330f9573f3",
    "ec29112dd5afa0611ce80d1b7f02629c",
    10_000,
)
_USPS_TRAIN = _usps("usps.bz2", "ec16c51db3855ca6c91edd34d0e9b197", 7_291)
_USPS_TEST = _usps("usps.t.bz2", "8ea070ee2aca1ac39742fdd1ef5ed118", 2_007)

MNIST: dict[Split, SplitFiles] = {
    "train": SplitFiles(
        images=_MNIST_TRAIN[0],
        labels=_MNIST_TRAIN[1],
        images_sha256="741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
        labels_sha256="1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    ),
    "test": SplitFiles(
        images=_MNIST_TEST[0],
        labels=_MNIST_TEST[1],
        images_sha256="6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
        labels_sha256="ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
    ),
}
USPS: dict[Split, SplitFiles] = {
    "train": SplitFiles(
        images=_USPS_TRAIN,
        labels=_USPS_TRAIN,
        images_sha256="33806663a3c5b34ee51ba9ff81f46057c8d010d245f36fcadb9ec3af69a53324",
        labels_sha256="ee5027fd47b76715ac18ca27e72fa1332bde98e0b8ce593b503bb2bdb6c03da0",
    ),
    "test": SplitFiles(
        images=_USPS_TEST,
        labels=_USPS_TEST,
        images_sha256="77ce29f27c0f0d8428408cc407c2ba36f9049c0fe4d7f3ff89e0aa6cef9ddbc2",
        labels_sha256="0b8b792b8ca1c5c704fd9d5bbd1b261623a359e6c8c65b23db428257beea7800",
    ),
}


def check_split(caller: str, split: object) -> None:
    """Refuse a split of another name."""
    if split not in ("train", "test"):
        required, remedy = "'train' or 'test'", "pass split='train' or split='test'"
        raise InputError(sentence(caller, "split", required, repr(split), remedy))


def locate(
    caller: str,
    file: DataFile,
    *,
    data_dir: str | os.PathLike[str] | None,
    report: Report,
) -> Path:
    """Return where the file lies, downloaded first where that is allowed.

    A folder that the user names, by ``data_dir`` or by the environment variable ``MONGE_DATA``,
    is read and never written to. Without one, the user's cache folder is used
    (``$XDG_CACHE_HOME/monge/data``, else ``~/.cache/monge/data``) and what is missing there is
    downloaded; a file that is there is never replaced.

    Raises
    ------
    DataError
        If a named folder lacks the file.
    DownloadError
        If it could not be downloaded.
    OutputError
        If the cache folder cannot be written.
    """
    named = data_dir if data_dir is not None else os.environ.get("MONGE_DATA") or None
    if named is None:
        path = _cache() / file.path
        if path.is_file():
            return path
        return fetch(file.urls, path, md5=file.md5, report=report)
    folder = Path(named).expanduser()
    if (folder / file.path).is_file():
        return folder / file.path
    parameter = "data_dir" if data_dir is not None else "MONGE_DATA"
    raise DataError(
        sentence(
            caller,
            parameter,
            f"a folder that holds {file.path}",
            _what_is_there(folder),
            f"put {file.urls[0]} at {folder / file.path}, or leave out --data-dir (data_dir) and "
            "MONGE_DATA to download it",
        ),
    )


def check_content(
    caller: str,
    path: Path,
    content: NDArray,
    *,
    sha256: str,
    required: str,
    remedy: str = REMEDY,
) -> None:
    """Refuse decoded bytes other than the published ones.

    Raises
    ------
    DataError
        If the sha256 of the array, in C order, is another.
    """
    found = hashlib.sha256(np.ascontiguousarray(content).data).hexdigest()
    if found != sha256:
        required = f"the file of {required} (sha256 {sha256[:12]}...)"
        got = f"other content (sha256 {found[:12]}...)"
        raise DataError(sentence(caller, str(path), required, got, remedy))


def _cache() -> Path:
    """Return the folder for downloads; a relative XDG_CACHE_HOME is ignored, as XDG demands."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if base.is_absolute():
        return base / "monge" / "data"
    try:
        return Path.home() / ".cache" / "monge" / "data"
    except RuntimeError as error:
        required = "a folder for downloads, as this user has no home"
        remedy = "set XDG_CACHE_HOME, or name a folder with --data-dir (data_dir)"
        raise DataError(
            sentence("monge.data", "XDG_CACHE_HOME", required, "nothing", remedy),
        ) from error


def _what_is_there(folder: Path) -> str:
    """Say what a folder without the file is or holds."""
    if not folder.exists():
        return "no folder"
    if not folder.is_dir():
        return "a file"
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        return f"a folder that cannot be read ({error.strerror})"
    return f"a folder with {', '.join(names)}" if names else "an empty folder"
