"""Artifacts: arrays as safetensors with JSON beside, whole or absent.

An artifact is a folder with ``config.json`` and ``arrays.safetensors``. Nothing is pickled, so
loading one runs no code that it brings.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError

from monge._types import ArrayLike, Tensor
from monge.errors import InputError, OutputError, StoreError, sentence
from monge.files import flush_folder, name_beside, require_writable, speaking, write_through

__all__ = [
    "canonical",
    "is_there",
    "load_arrays",
    "load_config",
    "require_place",
    "require_whole",
    "save_arrays",
]

SCHEMA = 1
FORMAT = "monge.arrays"
CONFIG = "config.json"
ARRAYS = "arrays.safetensors"


def save_arrays(
    folder: str | os.PathLike[str], arrays: Mapping[str, ArrayLike], config: Mapping[str, Any]
) -> None:
    """Save named arrays with their configuration as an artifact, whole or not at all.

    The artifact is written into a temporary folder beside and renamed. One that is there already is
    moved aside first and removed at the end, and `load_arrays` finds it there in between.

    Parameters
    ----------
    folder
        Name of the artifact: a new folder, or an artifact to replace.
    arrays
        Tensors and arrays of numbers or booleans, of any shape.
    config
        What JSON can hold, without NaN and infinity.

    Raises
    ------
    InputError
        If an array or the configuration cannot be stored.
    OutputError
        If the folder cannot be written, or holds something other than an artifact.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_arrays(f"{folder}/means", {"mean": np.array([1.0, 2.0])}, {"seed": 0})
    ...     sorted(os.listdir(f"{folder}/means"))
    ['arrays.safetensors', 'config.json']
    """
    target = Path(os.path.realpath(folder))
    tensors = {name: _tensor(name, array) for name, array in arrays.items()}
    content = safetensors.torch.save(tensors)
    head = {
        "format": FORMAT,
        "schema": SCHEMA,
        "arrays_sha256": hashlib.sha256(content).hexdigest(),
        "arrays": {name: _shape(tensor) for name, tensor in tensors.items()},
        "config_sha256": hashlib.sha256(canonical("save_arrays", config)).hexdigest(),
        "config": config,
    }
    text = json.dumps(head, indent=2, allow_nan=False) + "\n"
    _require_replaceable(target)
    with speaking(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = name_beside(target)
        try:
            temporary.mkdir()
            write_through(temporary / ARRAYS, content)
            write_through(temporary / CONFIG, text.encode())
            flush_folder(temporary)
            _swap(temporary, target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def require_place(folder: str | os.PathLike[str]) -> None:
    """Refuse what `save_arrays` could not write to, before there is something to save.

    Raises
    ------
    OutputError
        If the folder cannot be written, or holds something other than an artifact.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     require_place(f"{folder}/means")
    ...     os.listdir(folder)
    []
    """
    target = Path(os.path.realpath(folder))
    with speaking(target):
        _require_replaceable(target)
    require_writable(target)


def load_arrays(folder: str | os.PathLike[str]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Load what `save_arrays` saved: the arrays as tensors on the CPU, and the configuration.

    Raises
    ------
    StoreError
        If the folder is missing, no artifact, of a newer version, truncated or tampered with.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_arrays(f"{folder}/means", {"mean": np.array([1.0, 2.0])}, {"seed": 0})
    ...     load_arrays(f"{folder}/means")
    ({'mean': tensor([1., 2.], dtype=torch.float64)}, {'seed': 0})
    """
    place = _place(folder)
    head = _read_head(place)
    with _reading_arrays(place):
        content = (place / ARRAYS).read_bytes()
    _require_hash(place, head, hashlib.sha256(content).hexdigest())
    try:
        arrays: dict[str, Tensor] = safetensors.torch.load(content)
    except SafetensorError as error:
        _distrust("made of safetensors", f"{error} in {place / ARRAYS}", "save it again")
    if {name: _shape(tensor) for name, tensor in arrays.items()} != head["arrays"]:
        _distrust(f"of the shapes that {CONFIG} lists", f"others in {place}", "save it again")
    config: dict[str, Any] = head["config"]
    return arrays, config


def load_config(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Load the configuration alone, without reading the arrays; errors as in `load_arrays`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_arrays(f"{folder}/means", {"mean": np.array([1.0, 2.0])}, {"seed": 0})
    ...     load_config(f"{folder}/means")
    {'seed': 0}
    """
    config: dict[str, Any] = _read_head(_place(folder))["config"]
    return config


def require_whole(folder: str | os.PathLike[str]) -> None:
    """Refuse an artifact that is not what was saved; errors as in `load_arrays`.

    The arrays are read to compare their hash, and not loaded.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_arrays(f"{folder}/means", {"mean": np.array([1.0, 2.0])}, {"seed": 0})
    ...     require_whole(f"{folder}/means")
    ...     _ = Path(folder, "means", "arrays.safetensors").write_bytes(b"other")
    ...     require_whole(f"{folder}/means")
    Traceback (most recent call last):
        ...
    monge.errors.StoreError: load_arrays: 'folder' must be unchanged since it was saved, got ...
    """
    place = _place(folder)
    head = _read_head(place)
    with _reading_arrays(place), (place / ARRAYS).open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    _require_hash(place, head, found)


def _tensor(name: str, array: object) -> Tensor:
    """Return a contiguous copy on the CPU, in storage of its own as safetensors asks."""
    if isinstance(array, np.ndarray):
        try:
            array = torch.from_numpy(np.array(array))
        except (TypeError, ValueError):
            array = array.dtype
    if not isinstance(array, torch.Tensor) or array.is_complex() or array.layout != torch.strided:
        got = f"{array} in {name!r}"
        required = "arrays of real numbers or booleans"
        raise InputError(sentence("save_arrays", "arrays", required, got, "put text in config"))
    return array.detach().to("cpu").clone(memory_format=torch.contiguous_format)


def _shape(tensor: Tensor) -> list[Any]:
    return [str(tensor.dtype).removeprefix("torch."), list(tensor.shape)]


def canonical(caller: str, value: Mapping[str, Any]) -> bytes:
    """Return JSON with sorted keys, of which equal values have equal bytes.

    Raises
    ------
    InputError
        If the value is nothing that JSON can hold; the sentence names the caller.

    Examples
    --------
    >>> canonical("save_arrays", {"b": (1,), "a": None})
    b'{"a":null,"b":[1]}'
    """
    try:
        plain = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        parameter = "parts" if caller == "Cache.key" else "config"
        remedy = "convert it to numbers, text, lists and dictionaries"
        raise InputError(sentence(caller, parameter, "JSON", str(error), remedy)) from error
    return json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()


def is_there(folder: str | os.PathLike[str]) -> bool:
    """Whether anything was saved under a name, whole or not.

    Examples
    --------
    >>> is_there("nowhere/at-all")
    False
    """
    return Path(folder).exists() or _aside(Path(folder)).exists()


def _place(folder: str | os.PathLike[str]) -> Path:
    """Return where an artifact lies: aside, if a save was killed between its two renames."""
    target = Path(os.path.realpath(folder))
    place = target if target.exists() else _aside(target)
    if not place.is_dir():
        _distrust("an existing artifact", target, "check the path, or save it again")
    return place


def _read_head(place: Path) -> dict[str, Any]:
    try:
        head: object = json.loads((place / CONFIG).read_bytes())
    except OSError as error:
        _distrust(f"a folder with {CONFIG}", f"{error.strerror} in {place}", "save it again")
    except (ValueError, RecursionError) as error:
        _distrust("with whole JSON in it", f"{error} in {place / CONFIG}", "save it again")
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        _distrust("an artifact of monge", f"{place} of another format", "check the path")
    if head.get("schema") != SCHEMA:
        got = f"schema {head.get('schema')} in {place}"
        _distrust(f"of schema {SCHEMA}", got, "use the version of monge that saved it")
    config = head.get("config")
    if (
        not isinstance(config, dict)
        or hashlib.sha256(canonical("load_arrays", config)).hexdigest() != head.get("config_sha256")
        or not {"arrays", "arrays_sha256"} <= head.keys()
    ):
        _distrust("unchanged since it was saved", f"other text in {place / CONFIG}", "restore it")
    return head


@contextmanager
def _reading_arrays(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        _distrust(f"a folder with {ARRAYS}", f"{error.strerror} in {place}", "save it again")


def _require_hash(place: Path, head: Mapping[str, Any], found: str) -> None:
    if found != head["arrays_sha256"]:
        _distrust("unchanged since it was saved", f"other bytes in {place / ARRAYS}", "restore it")


def _distrust(required: str, got: object, remedy: str) -> NoReturn:
    raise StoreError(sentence("load_arrays", "folder", required, got, remedy))


def _replaceable(target: Path) -> bool:
    return target.is_dir() and {entry.name for entry in target.iterdir()} <= {CONFIG, ARRAYS}


def _require_replaceable(target: Path) -> None:
    if target.exists() and not _replaceable(target):
        required, remedy = "new, empty or an artifact", "choose another name, or clear it yourself"
        raise OutputError(sentence("save_arrays", "folder", required, target, remedy))


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.previous")


def _swap(temporary: Path, target: Path) -> None:
    """Give `temporary` the name `target`; what had it stays aside until that is done."""
    aside = _aside(target)
    if target.exists():
        shutil.rmtree(aside, ignore_errors=True)
        target.rename(aside)
        try:
            temporary.rename(target)
        except BaseException:
            aside.rename(target)
            raise
    else:
        temporary.rename(target)
    flush_folder(target.parent)
    shutil.rmtree(aside, ignore_errors=True)
