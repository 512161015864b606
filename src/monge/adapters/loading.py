"""Loading what `Adapter.save` saved."""

from __future__ import annotations

import os
from collections.abc import Sequence

from monge.adapters.adapter import Adapter
from monge.adapters.artifact import load_adapter

__all__ = ["load"]


def load(path: str | os.PathLike[str], *, trusted: Sequence[str] = ()) -> Adapter:
    """Load a fitted adapter; no code that the folder brings is run.

    Version, hashes, shapes and types are checked first. The plan is not in the artifact:
    ``solution_`` is ``None``, and ``certificate_`` holds its numbers.

    Parameters
    ----------
    path
        The folder that `Adapter.save` wrote.
    trusted
        Types, by their full names, that a classifier stored through skops may hold beyond those
        that skops knows to be safe. The error of a first try lists them; name them only if you
        trust who made the artifact.

    Raises
    ------
    StoreError
        If the folder is missing, truncated, tampered with, foreign, of another version, or holds a
        classifier of types that are not trusted.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(20, 2))
    >>> adapter = Adapter("linear").fit(X, X[:, 0] > 0, X_target=X + 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     adapter.save(f"{folder}/adapter")
    ...     again = load(f"{folder}/adapter")
    >>> bool((again.predict(X) == adapter.predict(X)).all())
    True
    """
    adapter: Adapter = load_adapter(path, {"Adapter": Adapter}, trusted)
    return adapter
