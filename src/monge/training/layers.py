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

__all__ = [
    "Hear",
    "Layer",
    "ToMatrix",
    "as_matrix",
    "hearing",
    "layer_name",
    "layer_names",
    "listening",
]

Layer: TypeAlias = str | nn.Module
"""A dotted name as in ``named_modules``, or the submodule itself."""

ToMatrix: TypeAlias = Callable[[Tensor], Tensor]
"""What takes a batch of rows (b, ...) and gives a matrix (b, d) for them."""

Hear: TypeAlias = Callable[[Tensor], tuple[Tensor, Any]]
"""What gives the matrix (b, d) at a layer and what the whole network returns."""

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
    with hearing(model, layer, pool, caller) as hear:
        yield lambda x: hear(x)[0]


@contextmanager
def hearing(model: nn.Module, layer: Layer | None, pool: Pool, caller: str) -> Iterator[Hear]:
    """Give a function from a batch to the matrix (b, d) at `layer` and what the model returns.

    Without a layer it is what enters the last linear layer of the model. Both keep their gradients.

    Raises
    ------
    InputError
        As in `listening`; or if no layer is named and the model has no linear one.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    >>> with hearing(net, None, "flatten", "doctest") as hear:
    ...     features, scores = hear(torch.zeros(5, 3))
    >>> features.shape, scores.shape
    (torch.Size([5, 4]), torch.Size([5, 2]))
    """
    name, module = _last_linear(model, caller) if layer is None else _find(model, layer, caller)
    heard: list[Tensor] = []

    def note(output: object) -> None:
        # A copy, and now: an activation behind the layer may work in place.
        heard.append(as_matrix(output, pool, caller).clone())

    def hear(x: Tensor) -> tuple[Tensor, Any]:
        heard.clear()
        returned = model(x)
        if len(heard) != 1:
            required = "one that the model calls once for each batch"
            got = f"{len(heard)} calls of {name}" if heard else f"no call of {name}"
            remedy = "name a layer before or behind it"
            raise InputError(sentence(caller, "layer", required, got, remedy))
        return heard.pop(), returned

    if layer is None:
        handle = module.register_forward_pre_hook(lambda _module, inputs: note(inputs[0]))
    else:
        handle = module.register_forward_hook(lambda _module, _inputs, output: note(output))
    try:
        yield hear
    finally:
        handle.remove()


def layer_name(model: nn.Module, layer: Layer, caller: str) -> str:
    """Return the name by which a copy of `model` knows the layer too.

    Raises
    ------
    InputError
        If there is no such layer, or it is the model itself.
    """
    _, module = _find(model, layer, caller)
    names = [str(name) for name, one in model.named_modules() if name and one is module]
    if names:
        return names[0]
    remedy = f"pass one of {layer_names(model)}"
    raise InputError(sentence(caller, "layer", "a layer inside the model", "itself", remedy))


def _last_linear(model: nn.Module, caller: str) -> tuple[str, nn.Module]:
    linear = [(name, one) for name, one in model.named_modules() if isinstance(one, nn.Linear)]
    if not linear:
        required, got = "named for a model without a linear layer", type(model).__name__
        remedy = f"pass one of {layer_names(model)}"
        raise InputError(sentence(caller, "layer", required, got, remedy))
    name, module = linear[-1]
    return repr(name), module


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
        face = "ExtractionOptions" if caller == "extract_features" else "Retraining"
        remedy = f"pass {face}(pool=...) with a function that makes (n, d) of it"
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
