"""Listen to one layer of a network: find it, hook it, and make a matrix of what it returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, TypeAlias

import torch
from torch import nn

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.training.extraction import Pool

__all__ = ["Layer", "ToMatrix", "as_matrix", "layer_names", "listening"]

Layer: TypeAlias = str | nn.Module
"""A dotted name as in ``named_modules``, or the submodule itself."""

ToMatrix: TypeAlias = Callable[[Tensor], Tensor]
"""What takes a batch of rows (b, ...) and gives a matrix (b, d) for them."""

NEAREST = 3
SHOWN = 12


@contextmanager
def listening(model: nn.Module, layer: Layer, pool: Pool, caller: str) -> Iterator[ToMatrix]:
    """Give, in the scope, a function from a batch to the output of `layer` as a matrix (b, d).

    Raises
    ------
    InputError
        If there is no such layer, or a batch does not pass through it once and leave a tensor.
    """
    name, module = _find(model, layer, caller)
    heard: list[Tensor] = []

    def note(_module: nn.Module, _inputs: object, output: object) -> None:
        # A copy, and now: an activation behind the layer may work in place.
        heard.append(as_matrix(output, pool, caller).clone())

    def at_layer(x: Tensor) -> Tensor:
        model(x)
        if len(heard) != 1:
            required = "one that the model calls once for each batch"
            got = f"{len(heard)} calls of {name}" if heard else f"no call of {name}"
            remedy = "name a layer before or behind it"
            raise InputError(sentence(caller, "layer", required, got, remedy))
        return heard.pop()

    handle = module.register_forward_hook(note)
    try:
        yield at_layer
    finally:
        handle.remove()


def as_matrix(output: Any, pool: Pool, caller: str) -> Tensor:
    """Write what a layer returns as a matrix (n, d); see `ExtractionOptions.pool`.

    Raises
    ------
    InputError
        If there is no tensor with rows.

    Examples
    --------
    >>> as_matrix(torch.zeros(2, 3, 4, 5), "flatten", "doctest").shape
    torch.Size([2, 60])
    >>> as_matrix(torch.zeros(2, 3, 4, 5), "mean", "doctest").shape
    torch.Size([2, 3])
    """
    matrix = pool(output) if callable(pool) else output
    if not isinstance(matrix, torch.Tensor) or matrix.ndim == 0:
        got = "a single number" if isinstance(matrix, torch.Tensor) else type(matrix).__name__
        remedy = "pass ExtractionOptions(pool=...) with a function that makes (n, d) of it"
        raise InputError(sentence(caller, "layer", "one that returns a tensor", got, remedy))
    if pool == "mean" and matrix.ndim > 2:  # noqa: PLR2004 - axes behind the channels
        return matrix.flatten(2).mean(dim=2)
    return matrix.unsqueeze(1) if matrix.ndim == 1 else matrix.flatten(1)


def layer_names(model: nn.Module) -> str:
    """List the first names that a layer of `model` may be called by."""
    names = [name for name, _ in model.named_modules() if name]
    shown = ", ".join(map(repr, names[:SHOWN])) or "none, for it has no submodules"
    return f"{shown}, ..." if len(names) > SHOWN else shown


def _find(model: nn.Module, layer: Layer, caller: str) -> tuple[str, nn.Module]:
    modules = {name: module for name, module in model.named_modules(remove_duplicate=False) if name}
    required = f"a layer of {type(model).__name__}"
    if isinstance(layer, nn.Module):
        if layer is model or any(module is layer for module in modules.values()):
            return type(layer).__name__, layer
        got, remedy = f"a {type(layer).__name__} outside it", f"pass one of {layer_names(model)}"
        raise InputError(sentence(caller, "layer", required, got, remedy))
    name = str(layer)
    if name not in modules:
        near = ", ".join(map(repr, get_close_matches(name, modules, n=NEAREST)))
        remedy = f"the nearest are {near}" if near else f"pass one of {layer_names(model)}"
        raise InputError(sentence(caller, "layer", required, repr(layer), remedy))
    return repr(name), modules[name]
