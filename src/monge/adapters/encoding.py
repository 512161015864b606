"""What a fitted adapter holds, as JSON beside named tensors, and back.

Numbers, text, lists and dictionaries are JSON already. The rest is a dictionary with one key that
names its kind: tensors and arrays go to the arrays under a name, equal ones under the same, and
frozen dataclasses are written field by field. Whole numbers take the fewest bytes that hold them;
points may be packed, and points that are rows of others are stored as their places there. Decoding
makes only the classes it is given, by the name they are given under: nothing that an artifact says
is imported or called.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np
import torch

from monge._types import NDArray, Tensor
from monge.adapters.packing import pack, unpack
from monge.errors import InputError, sentence

__all__ = ["Decoder", "Encoder", "rows_among"]


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """Turns values into JSON, and gathers their arrays.

    Attributes
    ----------
    classes
        The dataclasses and enumerations that may be stored, by name.
    sizes
        Bytes a number of the matrices that are packed, by the last part of their name.
    arrays
        The tensors so far, by name; equal ones are there once.
    losses
        What packing has lost so far, by name: see `monge.adapters.packing.Packed`.
    """

    classes: Mapping[str, type]
    sizes: Mapping[str, int] = field(default_factory=dict)
    arrays: dict[str, Tensor] = field(default_factory=dict)
    losses: dict[str, float] = field(default_factory=dict)
    _names: dict[tuple[str, tuple[int, ...], bytes], str] = field(default_factory=dict)
    _points: list[tuple[NDArray, Any]] = field(default_factory=list)

    def encode(self, value: object, name: str) -> Any:
        """Return a value as JSON.

        Parameters
        ----------
        value
            What is stored.
        name
            What it is called, for the names of its arrays and for the error sentence.

        Raises
        ------
        InputError
            If there is no way to store it without pickling it.
        """
        stored: Any = value.item() if isinstance(value, np.generic) else value
        match stored:
            case float() if not np.isfinite(stored):
                stored = {"float": str(stored)}
            case None | bool() | int() | float() | str():
                pass
            case torch.Tensor():
                stored = {"tensor": self._array(stored.detach().cpu().numpy(), name)}
            case np.ndarray():
                stored = {"array": self._array(stored, name)}
            case list():
                stored = [self.encode(item, f"{name}.{i}") for i, item in enumerate(stored)]
            case Mapping() if all(isinstance(key, str) for key in stored):
                stored = {"dict": {k: self.encode(v, f"{name}.{k}") for k, v in stored.items()}}
            case tuple() if type(stored) is tuple:
                stored = {"tuple": self.encode(list(stored), name)}
            case _ if self.classes.get(type(stored).__name__) is type(stored):
                stored = {type(stored).__name__: self._parts(stored, name)}
            case _:
                required = "numbers, text, arrays, or one of monge's own options"
                got = f"{value!r} of type {type(value).__name__}"
                remedy = "use one of those, or keep the code that makes it"
                raise InputError(sentence("Adapter.save", name, required, got, remedy))
        return stored

    def _parts(self, value: Any, name: str) -> Any:
        if isinstance(value, Enum):
            return value.name
        if isinstance(value, tuple):
            return self.encode(list(value), name)
        return {
            part.name: self.encode(getattr(value, part.name), f"{name}.{part.name}")
            for part in fields(value)
        }

    def _array(self, array: NDArray, name: str) -> Any:
        if array.dtype.kind not in "OU":
            native = array.astype(array.dtype.newbyteorder("="), copy=False)
            if native.ndim == 2 and native.dtype.kind == "f" and native.size:  # noqa: PLR2004
                return self._matrix(native, name)
            return self._plain(native, name)
        # Text, and objects such as the labels of a data frame: the values, and who has which.
        places: dict[tuple[type, object], int] = {}
        for item in array.ravel().tolist():
            places.setdefault((type(item), item), len(places))
        codes = [places[type(item), item] for item in array.ravel().tolist()]
        small = np.array(codes, dtype=np.min_scalar_type(max(len(places) - 1, 0)))
        return {
            "values": [self.encode(item, name) for _, item in places],
            "codes": self._kept(torch.from_numpy(small.reshape(array.shape)), name),
            "dtype": array.dtype.str,
        }

    def _plain(self, array: NDArray, name: str) -> Any:
        """Store an array as it is, whole numbers in the fewest bytes that hold them."""
        dtype = array.dtype
        if dtype.kind in "iu" and array.size:
            low, high = int(array.min()), int(array.max())
            for small in (np.dtype("u1"), np.dtype("i2"), np.dtype("i4")):
                held = np.iinfo(small).min <= low and high <= np.iinfo(small).max
                if held and small.itemsize < dtype.itemsize:
                    array = array.astype(small)
                    break
        kept = self._kept(torch.from_numpy(np.array(array)), name)
        return kept if array.dtype == dtype else {"whole": kept, "dtype": dtype.str}

    def _matrix(self, matrix: NDArray, name: str) -> Any:
        """Store points: as those of another name, as rows of others, packed, or as they are."""
        for other, stored in self._points:
            if other.dtype == matrix.dtype and other.shape[1] == matrix.shape[1]:
                if np.array_equal(other, matrix):
                    return stored
                places = rows_among(matrix, other)
                if (places >= 0).all():
                    return {"rows": stored, "places": self._plain(places, f"{name}.places")}
        size = self.sizes.get(name.rpartition(".")[2])
        if size is None or size >= matrix.itemsize:
            stored = self._plain(matrix, name)
        else:
            packed = pack(matrix, size)
            self.losses[name] = packed.loss
            parts = {
                part: self._kept(torch.from_numpy(np.ascontiguousarray(array)), f"{name}.{part}")
                for part, array in packed.parts.items()
            }
            stored = {"packed": parts, "dtype": matrix.dtype.str}
        self._points.append((matrix, stored))
        return stored

    def _kept(self, tensor: Tensor, name: str) -> str:
        """Keep a tensor under its name, or find the equal one that is kept already."""
        plain = tensor.detach().cpu().contiguous()
        content = plain.reshape(-1).view(torch.uint8).numpy() if plain.numel() else np.empty(0)
        key = (str(plain.dtype), tuple(plain.shape), hashlib.sha256(content.tobytes()).digest())
        if key not in self._names:
            self._names[key] = name
            self.arrays[name] = plain
        return self._names[key]


@dataclass(frozen=True, kw_only=True)
class Decoder:
    """Turns JSON back into the values that an `Encoder` was given.

    Attributes
    ----------
    classes
        The dataclasses and enumerations that may be made, by name.
    arrays
        The tensors by name.
    """

    classes: Mapping[str, type]
    arrays: Mapping[str, Tensor]
    _unpacked: dict[str, NDArray] = field(default_factory=dict)

    def decode(self, stored: Any) -> Any:
        """Return the value of its JSON.

        Raises
        ------
        ValueError, KeyError, TypeError
            If it is nothing that an `Encoder` writes.
        """
        match stored:
            case list():
                value: Any = [self.decode(item) for item in stored]
            case {"float": text}:
                value = float(text)
            case {"tensor": content}:
                value = torch.from_numpy(self._array(content))
            case {"array": content}:
                value = self._array(content)
            case {"tuple": items}:
                value = tuple(self.decode(items))
            case {"dict": items}:
                value = {key: self.decode(item) for key, item in items.items()}
            case dict():
                ((kind, content),) = stored.items()
                value = self._made(self.classes[kind], content)
            case _:
                value = stored
        return value

    def _array(self, content: Any) -> NDArray:
        if isinstance(content, str):
            return self.arrays[content].numpy()
        if "rows" in content:
            among: NDArray = self._array(content["rows"])[self._array(content["places"])]
            return among
        dtype = np.dtype(content["dtype"])
        if "whole" in content:
            return self.arrays[content["whole"]].numpy().astype(dtype)
        if "packed" in content:
            key = repr(sorted(content["packed"].items()))
            if key not in self._unpacked:
                parts = {part: self.arrays[n].numpy() for part, n in content["packed"].items()}
                self._unpacked[key] = unpack(parts, dtype)
            return self._unpacked[key]
        if dtype.kind not in "OU":
            raise ValueError(f"an array of {dtype}")
        values = np.empty(len(content["values"]), dtype=dtype)
        values[:] = self.decode(content["values"])
        found: NDArray = values[self.arrays[content["codes"]].numpy()]
        return found

    def _made(self, kind: type, content: Any) -> Any:
        if issubclass(kind, Enum):
            return kind[content]
        if issubclass(kind, tuple):
            return kind(*self.decode(content))
        known = {part.name for part in fields(kind)} if is_dataclass(kind) else set()
        if known != set(content):
            raise ValueError(f"{kind.__name__} with the parts {sorted(content)}")
        return kind(**{key: self.decode(value) for key, value in content.items()})


def rows_among(rows: NDArray, others: NDArray) -> NDArray:
    """Return where each row (k, d) is among others (n, d), bit for bit; -1 where it is not, (k,).

    Examples
    --------
    >>> rows_among(np.array([[2.0, 3.0], [5.0, 7.0]]), np.array([[0.0, 1.0], [2.0, 3.0]]))
    array([ 1, -1])
    """
    width = np.dtype((np.void, others.shape[1] * others.itemsize))
    known = {row: place for place, row in reversed(list(enumerate(_bytes(others, width))))}
    places = (known.get(row, -1) for row in _bytes(rows, width))
    return np.fromiter(places, dtype=np.int64, count=len(rows))


def _bytes(rows: NDArray, width: Any) -> list[bytes]:
    """Return the bytes of each row."""
    return [row.tobytes() for row in np.ascontiguousarray(rows).view(width)[:, 0]]
