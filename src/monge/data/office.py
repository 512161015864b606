"""Office-Caltech10: photographs of ten kinds of things, from two shops and two cameras, as counts.

The four files ``*_SURF_L10.mat`` of Gong et al. (2012) hold 800 counts of SURF words an image. They
have no fixed address on the network, so nothing is downloaded.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np
import torch

from monge._types import NDArray
from monge.data.catalogue import check_content
from monge.data.domains import Labelled
from monge.errors import DataError, InputError, sentence

__all__ = ["OfficeDomain", "load_office_caltech10"]

OfficeDomain: TypeAlias = Literal["amazon", "caltech", "dslr", "webcam"]

WORDS, CLASSES = 800, 10

REMEDY = "replace it by the file that Gong et al. (2012) published"

SHA256 = {
    "amazon": (
        "04c829e87e2cef9c583643deb85f227fd6a22d46698c18dde22bd127d6a7e1a9",
        "538bdacecea77282d1471724c7aef4fd2aeaa52142412f63c54666b71eae7519",
    ),
    "caltech": (
        "b245ff24edc570209b7024dcfc28be31f6aba093091544dee89acc0be80735c2",
        "b4edb477e78d1553115247f6e78d2948b0e8c843048e3b0608c792c222074717",
    ),
    "dslr": (
        "6dddd845d0c380b43c96c9c4ac73cb1ad65710f4b7800ca924ea9455955cf911",
        "f66f253764422c45c5719aff582cdbdf8bc0d4c5bda6a708e70605f34b9508d3",
    ),
    "webcam": (
        "e99d6842fd8b83105101d0758081d1ba365c3f57da0b06b16462159085e9775f",
        "26085dea885a175fe7d391677443df5e8ba31d271784e61249604d6a5c0d77b1",
    ),
}
"""Of the counts in C order, and of the classes 0 to 9, both as uint8."""


def load_office_caltech10(
    domain: OfficeDomain, *, data_dir: str | os.PathLike[str] | None = None
) -> Labelled:
    """Load one domain of Office-Caltech10 (Gong et al. 2012), every number of it checked.

    Parameters
    ----------
    domain
        ``"amazon"`` (958 images), ``"caltech"`` (1,123), ``"dslr"`` (157) or ``"webcam"`` (295).
    data_dir
        Folder that holds ``OfficeCaltech10/*_SURF_L10.mat``; it is only read. ``None``: the folder
        named by the environment variable ``MONGE_DATA``.

    Returns
    -------
    Labelled
        x (n, 800) uint8 counts of SURF words; labels 0 to 9.

    Raises
    ------
    InputError
        If there is no such domain.
    DataError
        If no folder is named, or the file is missing, damaged or another.

    Examples
    --------
    >>> load_office_caltech10("dslr", data_dir="data")  # doctest: +SKIP
    Labelled(name='Office-Caltech10 dslr', x=(157, 800) uint8, labels=(157,) int64)
    """
    caller = "load_office_caltech10"
    if domain not in get_args(OfficeDomain):
        required = f"one of {', '.join(map(repr, get_args(OfficeDomain)))}"
        raise InputError(
            sentence(caller, "domain", required, repr(domain), "pass for example dslr")
        )
    path = _locate(caller, f"OfficeCaltech10/{domain}_SURF_L10.mat", data_dir)
    counts, classes = _read(caller, path)
    for content, sha256, what in zip(
        (counts, classes), SHA256[domain], ("counts", "labels"), strict=True
    ):
        check_content(
            caller, path, content, sha256=sha256, required=f"the {domain} {what}", remedy=REMEDY
        )
    return Labelled(
        x=torch.from_numpy(counts),
        labels=torch.from_numpy(classes.astype(np.int64)),
        name=f"Office-Caltech10 {domain}",
    )


def _locate(caller: str, file: str, data_dir: str | os.PathLike[str] | None) -> Path:
    named = data_dir if data_dir is not None else os.environ.get("MONGE_DATA") or None
    path = Path(named or "").expanduser() / file
    if named is not None and path.is_file():
        return path
    parameter = "data_dir" if data_dir is not None else "MONGE_DATA"
    got = "no folder" if named is None else f"{path.parents[1]} without it"
    remedy = "name the folder with --data-dir (data_dir) or MONGE_DATA; it is not downloaded"
    raise DataError(sentence(caller, parameter, f"a folder that holds {file}", got, remedy))


def _read(caller: str, path: Path) -> tuple[NDArray, NDArray]:
    """Read counts (n, 800) and classes 0 to 9 (n,), both uint8."""
    from scipy.io import loadmat  # noqa: PLC0415 - rarely used

    required = (
        f"a MATLAB file of 'fts' (n, {WORDS}) and 'labels' (n,) from 1 to {CLASSES}, both uint8"
    )
    try:
        content = loadmat(path, variable_names=["fts", "labels"])
        counts, labels = content["fts"], content["labels"].ravel()
    except Exception as error:  # the reader raises whatever its parts do
        got = f"another ({type(error).__name__})"
        raise DataError(sentence(caller, str(path), required, got, REMEDY)) from error
    right = counts.dtype == labels.dtype == np.uint8 and counts.shape == (len(labels), WORDS)
    if not right or not np.isin(labels, np.arange(1, CLASSES + 1)).all():
        got = f"{counts.dtype} {counts.shape} and {labels.dtype} {labels.shape}"
        raise DataError(sentence(caller, str(path), required, got, REMEDY))
    return np.ascontiguousarray(counts), labels - 1
