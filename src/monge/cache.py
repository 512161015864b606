"""A cache of artifacts, by what they were made from."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monge._types import ArrayLike, Tensor
from monge.errors import InputError, StoreError, sentence
from monge.store import canonical, is_there, load_arrays, save_arrays

__all__ = ["Cache"]

logger = logging.getLogger("monge")


class Cache:
    """Artifacts kept under the hash of what they were made from.

    Parameters
    ----------
    root
        Folder of the cache; made when something is put.

    Examples
    --------
    >>> Cache.key({"seed": 0})[:12]
    'bd0488843468'
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root)

    @staticmethod
    def key(parts: Mapping[str, Any]) -> str:
        """Return the SHA-256 of `parts` as JSON with sorted keys: equal parts, equal key.

        Raises
        ------
        InputError
            If `parts` is nothing that JSON can hold.
        """
        return hashlib.sha256(canonical("Cache.key", parts)).hexdigest()

    def get(self, kind: str, key: str) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Return arrays and configuration, or None; a damaged entry is logged and counts as none.

        Raises
        ------
        InputError
            If `kind` or `key` is no plain name.
        """
        folder = self._folder(kind, key)
        if not is_there(folder):
            return None
        try:
            return load_arrays(folder)
        except StoreError as error:
            logger.warning("The cache entry is ignored and will be made again. %s", error)
            return None

    def put(
        self, kind: str, key: str, arrays: Mapping[str, ArrayLike], config: Mapping[str, Any]
    ) -> None:
        """Keep `arrays` and `config`; errors as in `save_arrays`, and InputError as in `get`."""
        save_arrays(self._folder(kind, key), arrays, config)

    def _folder(self, kind: str, key: str) -> Path:
        for name, value in (("kind", kind), ("key", key)):
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", value):
                required = "a name of letters, digits, dots, dashes and underscores"
                raise InputError(sentence("Cache", name, required, repr(value), "rename it"))
        return self.root / kind / key
