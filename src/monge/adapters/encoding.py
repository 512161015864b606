"""What a fitted adapter holds, as JSON beside named tensors, and back.

Numbers, text, lists and dictionaries are JSON already. The rest is a dictionary with one key that
names its kind: tensors and arrays go to the arrays under a name, equal ones under the same, and
frozen dataclasses are written field by field. Decoding makes only the classes it is given, by the
name they are given under: nothing that an artifact says is imported or called.
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
from monge.errors import InputError, sentence

__all__ = ["Decoder", "Encoder"]


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """Turns values into JSON, and gathers their arrays.

    Attributes
    ----------
    classes
        The dataclasses and enumerations that may be stored, by name.
    arrays
        The tensors so far, by name; equal ones are there once.
    """

    classes: Mapping[str, type]
    arrays: dict[str, Tensor] = field(default_factory=dict)
    _names: dict[tuple[str, tuple[int, ...], bytes], str] = field(default_factory=dict)

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
                stored = {"tensor": self._kept(stored, name)}
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
            return self._kept(torch.from_numpy(np.array(native)), name)
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
            case {"tensor": name}:
                value = self.arrays[name]
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
        dtype = np.dtype(content["dtype"])
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
