"""Where a network computes: moved to a device in a scope, and home again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

import torch
from torch import nn

from monge.errors import InputError, sentence

__all__ = ["placed"]


@contextmanager
def placed(
    model: nn.Module, device: torch.device | str | None, caller: str
) -> Iterator[torch.device | None]:
    """Have `model` on `device` in the scope, and give the device that it takes its rows from.

    Without a `device` the model stays where it lies; one that holds no numbers takes rows anywhere.

    Raises
    ------
    InputError
        If this machine has no such device, or the model lies on several and would not find home.

    Examples
    --------
    >>> with placed(nn.Linear(2, 2), "cpu", "doctest") as place:
    ...     print(place)
    cpu
    """
    tensors = chain(model.parameters(), model.buffers())
    homes = list(dict.fromkeys(tensor.device for tensor in tensors))
    away = next(iter(homes), None) if device is None else _found(device, caller)
    if device is None or away is None or homes in ([], [away]):
        yield away
        return
    if len(homes) > 1:
        required = "None for a model on several devices"
        got, remedy = f"{device} for {', '.join(map(str, homes))}", "leave it out"
        raise InputError(sentence(caller, "device", required, got, remedy))
    try:
        model.to(away)
        yield away
    finally:
        model.to(homes[0])


def _found(device: torch.device | str, caller: str) -> torch.device:
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError) as error:
        required, remedy = "one that this machine has", "pass for example device='cpu'"
        text = sentence(caller, "device", required, repr(str(device)), remedy)
        raise InputError(text) from error
