"""Run any network over many rows: its features, or its class probabilities."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import NoReturn, TypeAlias

import torch
from torch import nn

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.nets import evaluating
from monge.progress import Progress, Report, silent

__all__ = ["Batches", "extract_features", "predict_probabilities"]

Batches: TypeAlias = Tensor | Iterable[object]
"""Rows as one tensor (n, ...), or batches: tensors, or tuples that begin with one."""

BATCH_SIZE = 512


def extract_features(
    model: nn.Module,
    inputs: Batches,
    *,
    layer: str | None = None,
    batch_size: int = BATCH_SIZE,
    device: torch.device | str | None = None,
    report: Report = silent,
) -> Tensor:
    """Return what `model` makes of every row at one of its layers.

    The model runs in evaluation mode and without gradients, and is left as it was found.

    Parameters
    ----------
    model
        Any network that takes one tensor.
    inputs
        Rows (n, ...) as one tensor, or an iterable of batches, e.g. a ``DataLoader``; of a batch
        that is a tuple the first entry is used, so labels may come along unread.
    layer
        Dotted name of the submodule whose output is taken, e.g. ``"embedding"`` or ``"layer4.1"``.
        By default ``model.features``.
    batch_size
        Rows at a time, where `inputs` is one tensor.
    device
        Where to compute; by default where the model lies. A model that lies elsewhere is moved
        there and back.
    report
        Told the batches done, and in all where that is known.

    Returns
    -------
    Tensor
        (n, k), each row flattened, on the device of the inputs.

    Raises
    ------
    InputError
        If there is no such layer, no row, or NaN or infinity in the inputs or in the features.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    >>> extract_features(net, torch.zeros(5, 3), layer="1").shape
    torch.Size([5, 4])
    """
    job = _Job("extract_features", "Extracting features", report)
    if layer is not None:
        with _outputs(model, layer) as outputs:

            def at_layer(x: Tensor) -> Tensor:
                outputs.clear()
                model(x)
                return _only(layer, outputs)

            return job.run(model, at_layer, job.batches(inputs, batch_size), device)
    features = getattr(model, "features", None)
    if not callable(features):
        job.refuse(
            "layer",
            "named for a model without a method features",
            type(model).__name__,
            f"pass layer= as one of {_names(model)}",
        )
    return job.run(model, features, job.batches(inputs, batch_size), device)


def predict_probabilities(
    model: nn.Module,
    inputs: Batches,
    *,
    batch_size: int = BATCH_SIZE,
    device: torch.device | str | None = None,
    report: Report = silent,
) -> Tensor:
    """Return the class probabilities (n, L) of every row.

    They are ``model.probabilities(x)`` where the model has that method, and else the softmax of
    its output, which is then taken for logits. Parameters, device and errors as in
    `extract_features`.

    Examples
    --------
    >>> predict_probabilities(nn.Linear(3, 2), torch.zeros(5, 3)).shape
    torch.Size([5, 2])
    """
    own = getattr(model, "probabilities", None)

    def of_logits(x: Tensor) -> Tensor:
        return torch.softmax(model(x), dim=1)

    job = _Job("predict_probabilities", "Predicting classes", report)
    compute = own if callable(own) else of_logits
    return job.run(model, compute, job.batches(inputs, batch_size), device)


class _Job:
    """One pass of a network over all batches, under the name of its caller."""

    def __init__(self, caller: str, task: str, report: Report) -> None:
        self.caller, self.task, self.report = caller, task, report

    def run(
        self,
        model: nn.Module,
        compute: Callable[[Tensor], Tensor],
        batches: tuple[Iterable[object], int | None],
        device: torch.device | str | None,
    ) -> Tensor:
        """Apply `compute` to the batches and stack its rows, flattened."""
        stream, total = batches
        parts: list[Tensor] = []
        with evaluating(model), _placed(model, device) as place:
            for done, batch in enumerate(stream, start=1):
                x = self.rows(batch)
                with torch.inference_mode():
                    output = compute(x if place is None else x.to(place))
                    parts.append(self.flat(output, len(x)).to(x.device))
                self.report(Progress(task=self.task, done=done, total=total))
        if not sum(len(part) for part in parts):
            self.refuse("inputs", "at least one row", "none", "pass a non-empty tensor or iterable")
        # Outside inference mode, so that the result may take part in later gradients.
        return torch.cat(parts)

    def batches(self, inputs: Batches, size: object) -> tuple[Iterable[object], int | None]:
        """Return the batches, and how many there are where that is known."""
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            self.refuse("batch_size", "a positive integer", size, f"pass for example {BATCH_SIZE}")
        if isinstance(inputs, torch.Tensor):
            n = len(self.rows(inputs))
            return (inputs[at : at + size] for at in range(0, n, size)), math.ceil(n / size)
        return inputs, len(inputs) if isinstance(inputs, Sized) else None

    def rows(self, batch: object) -> Tensor:
        """Return the rows of one batch, the first entry of a tuple or list."""
        first = batch[0] if isinstance(batch, tuple | list) and batch else batch
        if not isinstance(first, torch.Tensor) or first.ndim == 0:
            remedy = "convert arrays with torch.from_numpy"
            self.refuse("inputs", "a tensor or batches of tensors", type(first).__name__, remedy)
        if first.is_floating_point() and not torch.isfinite(first).all():
            self.refuse("inputs", "finite", "NaN or infinity", "remove or fill those entries")
        return first

    def flat(self, output: object, n: int) -> Tensor:
        """Return an output as a finite matrix of `n` rows."""
        if not isinstance(output, torch.Tensor) or output.ndim == 0 or len(output) != n:
            got = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
            remedy = "name a layer whose output keeps the rows"
            self.refuse("layer", f"one that returns a tensor of {n} rows", got, remedy)
        if not torch.isfinite(output).all():
            self.refuse("model", "one with finite outputs", "NaN or infinity", "train it again")
        return output.reshape(n, -1) if n else output.flatten(1)

    def refuse(self, parameter: str, required: str, got: object, remedy: str) -> NoReturn:
        raise InputError(sentence(self.caller, parameter, required, got, remedy))


@contextmanager
def _placed(model: nn.Module, device: torch.device | str | None) -> Iterator[torch.device | None]:
    """Have `model` on `device` in the scope; give the device on which to compute."""
    example = next(model.parameters(), None)
    home = None if example is None else example.device
    away = home if device is None else torch.device(device)
    if home is None or away is None or away == home:
        yield away
        return
    model.to(away)
    try:
        yield away
    finally:
        model.to(home)


@contextmanager
def _outputs(model: nn.Module, layer: str) -> Iterator[list[object]]:
    """Collect the outputs of one submodule in the scope."""
    modules = dict(model.named_modules())
    modules.pop("")
    if layer not in modules:
        raise InputError(
            sentence(
                "extract_features",
                "layer",
                "the name of a submodule",
                repr(layer),
                f"pass one of {_names(model)}",
            )
        )
    outputs: list[object] = []

    def note(_module: nn.Module, _inputs: object, output: object) -> None:
        outputs.append(output)

    handle = modules[layer].register_forward_hook(note)
    try:
        yield outputs
    finally:
        handle.remove()


def _only(layer: str, outputs: list[object]) -> Tensor:
    if len(outputs) != 1 or not isinstance(outputs[0], torch.Tensor):
        kinds = ", ".join(type(output).__name__ for output in outputs) or "no call"
        raise InputError(
            sentence(
                "extract_features",
                "layer",
                "a submodule that is called once per batch and returns a tensor",
                f"{kinds} of {layer!r}",
                "name another submodule",
            )
        )
    return outputs[0]


def _names(model: nn.Module) -> str:
    names = [name for name, _ in model.named_modules() if name]
    shown = ", ".join(repr(name) for name in names[:12])
    return f"{shown}, ..." if len(names) > 12 else shown  # noqa: PLR2004 - one sentence's worth
