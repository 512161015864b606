"""Run any network over many rows: its features, or its class probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, NoReturn

import numpy as np
import torch
from torch import nn

from monge._types import NDArray, Tensor
from monge.errors import InputError, sentence
from monge.nets import evaluating
from monge.progress import Progress, Report, silent
from monge.training.batches import BATCH_SIZE, Batch, Batches, Reader
from monge.training.collect import Rows
from monge.training.extraction import ExtractionOptions
from monge.training.layers import Layer, ToMatrix, as_matrix, layer_names, listening
from monge.training.placement import placed

__all__ = ["Features", "extract_features", "predict_probabilities"]


class Features(NamedTuple):
    """What `extract_features` returns.

    Attributes
    ----------
    x
        Features (n, d), in the order in which the rows came.
    labels
        Labels (n,) as the loader gave them: a tensor of numbers or booleans, an array of anything
        else such as strings; ``None`` where it gave none.

    Examples
    --------
    >>> x, labels = Features(torch.zeros(3, 2), None)
    >>> x.shape
    torch.Size([3, 2])
    """

    x: Tensor
    labels: Tensor | NDArray | None


def extract_features(
    model: nn.Module,
    loader: Batches,
    *,
    layer: Layer | None = None,
    batch_size: int = BATCH_SIZE,
    device: torch.device | str | None = None,
    options: ExtractionOptions | None = None,
    report: Report = silent,
) -> Features:
    """Return what a network makes of every row at one of its layers.

    The network runs in evaluation mode and without gradients, and is left as it was found: the mode
    of each submodule, the hooks, the device, also after an error.

    Parameters
    ----------
    model
        Any network that takes one tensor.
    loader
        Rows (n, ...) as one tensor or array; or an iterable of batches, e.g. a ``DataLoader``. A
        batch is a tensor or an array of rows, a tuple or list that begins with the rows and may go
        on with their labels, or a dictionary, whose entries `options` names. Floating arrays are
        turned into the dtype of the network; tensors stay as they are.
    layer
        The layer whose output is taken: its dotted name as in ``model.named_modules()``, e.g.
        ``"layer4.1"``, or the submodule itself (`model` itself gives its output). It must be called
        once for each batch. By default ``model.features``.
    batch_size
        Rows at a time, where `loader` is one tensor or array.
    device
        Where to compute; by default where the model lies. A model that lies elsewhere is moved
        there and back.
    options
        How batches that are dictionaries are read, how the maps of a convolution become a row
        (flattened, unless told otherwise), and how much memory the features may take; by default
        ``ExtractionOptions()``.
    report
        Told the batches done, in all where that is known, and then what the features take.

    Returns
    -------
    Features
        ``x`` (n, d), of the dtype of the layer, and ``labels`` (n,) or ``None``, both on the CPU.

    Raises
    ------
    InputError
        If the layer or the loader cannot be taken, there is no row, or NaN or infinity in the rows
        or in the features.
    MemoryBudgetError
        If the features would take more than ``options.memory``: after the first batch where the
        number of batches is known.

    Notes
    -----
    A loader that shuffles gives another order each time; only rows and labels of one call belong
    together.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    >>> x, labels = extract_features(net, [(torch.zeros(5, 3), ["cat"] * 5)], layer="1")
    >>> x.shape, labels.shape
    (torch.Size([5, 4]), (5,))
    """
    options = ExtractionOptions() if options is None else options
    run = _Run("extract_features", "Extracting features", options, report)
    if layer is not None:
        with listening(model, layer, options.pool, run.caller) as at_layer:
            return run.over(model, at_layer, loader, batch_size, device)
    features = getattr(model, "features", None)
    if not callable(features):
        required, remedy = "named for a model without .features", layer_names(model)
        run.refuse("layer", required, type(model).__name__, f"pass one of {remedy}")
    pool = options.pool
    return run.over(
        model, lambda x: as_matrix(features(x), pool, run.caller), loader, batch_size, device
    )


def predict_probabilities(
    model: nn.Module,
    loader: Batches,
    *,
    batch_size: int = BATCH_SIZE,
    device: torch.device | str | None = None,
    options: ExtractionOptions | None = None,
    report: Report = silent,
) -> Tensor:
    """Return the class probabilities (n, L) of every row.

    They are ``model.probabilities(x)`` where the model has that method, and else the softmax of
    its output, which is then taken for logits. Parameters, device and errors as in
    `extract_features`; labels in the loader are not used.

    Examples
    --------
    >>> predict_probabilities(nn.Linear(3, 2), torch.zeros(5, 3)).shape
    torch.Size([5, 2])
    """
    own = getattr(model, "probabilities", None)
    options = ExtractionOptions() if options is None else options
    run = _Run("predict_probabilities", "Predicting classes", options, report)

    def probabilities(x: Tensor) -> Tensor:
        output = own(x) if callable(own) else torch.softmax(model(x), dim=1)
        return as_matrix(output, "flatten", run.caller)

    return run.over(model, probabilities, loader, batch_size, device).x


@dataclass(frozen=True)
class _Run:
    """One pass of a network over all batches, under the name of its caller."""

    caller: str
    task: str
    options: ExtractionOptions
    report: Report

    def over(
        self,
        model: nn.Module,
        to_matrix: ToMatrix,
        loader: Batches,
        batch_size: int,
        device: torch.device | str | None,
    ) -> Features:
        """Apply `to_matrix`, which runs `model`, to each batch and collect what comes."""
        reader = Reader(caller=self.caller, options=self.options, dtype=_dtype(model))
        stream, total = reader.open(loader, batch_size)
        collected = Rows(caller=self.caller, parts=total, memory=self.options.memory)
        labels: list[NDArray | None] = []
        with evaluating(model), placed(model, device, self.caller) as place:
            for done, batch in enumerate(reader.batches(stream), start=1):
                if len(batch.rows):
                    collected.add(self._compute(to_matrix, batch, place))
                    labels.append(batch.labels)
                said = collected.said
                self.report(Progress(task=self.task, done=done, total=total, detail=said))
        x = collected.matrix()
        if x is None:
            self.refuse("loader", "at least one row", "none", "pass rows, or a fresh generator")
        return Features(x, self._joined(labels))

    def _compute(self, to_matrix: ToMatrix, batch: Batch, place: torch.device | None) -> Tensor:
        n = len(batch.rows)
        # Not inference mode: what a network keeps of it could never take part in gradients again.
        with torch.no_grad():
            matrix = to_matrix(batch.rows if place is None else batch.rows.to(place))
        if len(matrix) != n:
            required, got = f"one that keeps the rows, {n} in this batch", tuple(matrix.shape)
            self.refuse("layer", required, got, "name a layer whose output begins with the rows")
        if not torch.isfinite(matrix).all():
            remedy = "train it again, or compute in a wider dtype"
            self.refuse("model", "one with finite outputs", "NaN or infinity", remedy)
        return matrix.cpu()

    def _joined(self, labels: list[NDArray | None]) -> Tensor | NDArray | None:
        given = [part for part in labels if part is not None]
        if not given:
            return None
        if len(given) != len(labels):
            got = f"labels in {len(given)} of {len(labels)} batches"
            self.refuse("loader", "labelled in every batch or in none", got, "drop or add labels")
        joined = np.concatenate(given)
        return torch.as_tensor(joined) if joined.dtype.kind in "biuf" else joined

    def refuse(self, parameter: str, required: str, got: object, remedy: str) -> NoReturn:
        raise InputError(sentence(self.caller, parameter, required, got, remedy))


def _dtype(model: nn.Module) -> torch.dtype | None:
    floating = (one.dtype for one in model.parameters() if one.is_floating_point())
    return next(floating, None)
