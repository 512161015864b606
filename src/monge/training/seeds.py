"""Randomness in a scope: torch's own generators are seeded inside and left as they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
import torch

from monge.errors import InputError, sentence

__all__ = ["require_seed", "scoped_randomness", "seeded", "spawn"]

T = TypeVar("T")


def require_seed(caller: str, seed: object) -> None:
    """Refuse a seed that is no integer in [0, 2^63)."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise InputError(
            sentence(caller, "seed", "an integer from 0 to 2^63 - 1", seed, "pass for example 0")
        )


def spawn(seed: int, index: int) -> int:
    """Return a seed in [0, 2^63) that depends on `seed` and `index` alone, and well mixed."""
    return int(np.random.SeedSequence((seed, index)).generate_state(1, np.uint64)[0] >> 1)


@contextmanager
def scoped_randomness(seed: int, device: torch.device | None = None) -> Iterator[None]:
    """Seed torch's generators of the CPU and of `device` in the scope, then put them back."""
    cuda = [device] if device is not None and device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        torch.default_generator.manual_seed(seed)
        for card in cuda:
            with torch.cuda.device(card):
                torch.cuda.manual_seed(seed)
        yield


def seeded(seed: int, factory: Callable[[], T]) -> T:
    """Build something random, such as a network, from `seed` without touching the global one.

    Parameters
    ----------
    seed
        An integer in [0, 2^63).
    factory
        Called without arguments; it must build on the CPU (move the network afterwards).

    Raises
    ------
    InputError
        If `seed` is out of range.

    Examples
    --------
    >>> from monge.nets import LeNet5
    >>> one, two = (seeded(3, LeNet5) for _ in range(2))
    >>> torch.equal(one.output.weight, two.output.weight)
    True
    """
    require_seed("seeded", seed)
    with scoped_randomness(seed):
        return factory()
