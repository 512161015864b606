"""The trained network of one seed and its features, made once, kept by a key of what made them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from typing import Any

import torch

from monge._types import Tensor
from monge.cache import Cache
from monge.data import Labelled, to_network
from monge.experiments.options import RunOptions
from monge.nets import LeNet5
from monge.progress import Progress, Report
from monge.training import (
    History,
    TrainingState,
    extract_features,
    fit,
    predict_probabilities,
    seeded,
)

__all__ = ["Images", "Network", "digest", "train_network", "trained_model"]

FORMAT = 1
"""Raised when the code that makes weights or features changes their meaning."""


def digest(*tensors: Tensor) -> str:
    """Return the sha256 of the contents of tensors, shape and type included."""
    running = hashlib.sha256()
    for tensor in tensors:
        running.update(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
        running.update(tensor.contiguous().numpy().data)
    return running.hexdigest()


@dataclass(frozen=True, eq=False)
class Images:
    """The images of both domains, prepared for the network when first needed.

    The target comes without its labels.
    """

    source: Labelled
    target: Tensor
    n_channels: int

    @cached_property
    def prepared_source(self) -> Tensor:
        """(n, c, 32, 32) float32."""
        return to_network(self.source.x, n_channels=self.n_channels)

    @cached_property
    def prepared_target(self) -> Tensor:
        """(m, c, 32, 32) float32."""
        return to_network(self.target, n_channels=self.n_channels)

    @cached_property
    def fingerprint(self) -> str:
        """What the images and the source labels are, as one hash."""
        return digest(self.source.x, self.source.labels, self.target)


@dataclass(frozen=True, kw_only=True)
class Network:
    """What a trained network says of both domains.

    Attributes
    ----------
    key
        Hash of everything that made it.
    source, target
        Features (n, 84) and (m, 84) float32.
    source_predicted, target_predicted
        The head's classes, (n,) and (m,) int64.
    loss, accuracy
        Of each epoch, on the source.
    """

    key: str
    source: Tensor
    target: Tensor
    source_predicted: Tensor
    target_predicted: Tensor
    loss: tuple[float, ...]
    accuracy: tuple[float, ...]


def _parts(images: Images, options: RunOptions, seed: int) -> dict[str, Any]:
    """Everything that the weights depend on."""
    return {
        "format": FORMAT,
        "network": "LeNet5",
        "images": images.fingerprint,
        "n_channels": options.n_channels,
        "double_softmax": options.double_softmax,
        "training": asdict(options.training(seed)),
        "torch": torch.__version__,
    }


def train_network(
    images: Images, options: RunOptions, seed: int, cache: Cache, report: Report
) -> Network:
    """Train LeNet5 on the source and extract the features of both domains, or take them as kept.

    Training that was interrupted goes on from its last finished epoch.
    """
    parts = _parts(images, options, seed)
    key = cache.key(parts)
    kept = cache.get("features", key)
    if kept is not None:
        arrays, config = kept
        done = Progress(task=f"Seed {seed}: weights and features", done=1, total=1, detail="reused")
        report(done)
        return Network(
            key=key, loss=tuple(config["loss"]), accuracy=tuple(config["accuracy"]), **arrays
        )
    model, history = trained_model(images, options, seed, cache, report)
    arrays = {}
    for side, x in (("source", images.prepared_source), ("target", images.prepared_target)):
        arrays[side] = extract_features(model, x, report=report).x
        scores = predict_probabilities(model, x, report=report)
        arrays[f"{side}_predicted"] = scores.argmax(1)
    figures = {"loss": list(history.loss), "accuracy": list(history.accuracy)}
    cache.put("features", key, arrays, figures)
    return Network(key=key, loss=history.loss, accuracy=history.accuracy, **arrays)


def trained_model(
    images: Images, options: RunOptions, seed: int, cache: Cache, report: Report
) -> tuple[LeNet5, History]:
    """Train, keeping the state of every epoch, from the last one that was kept."""
    key = cache.key(_parts(images, options, seed))
    factory = partial(LeNet5, n_channels=options.n_channels, double_softmax=options.double_softmax)
    model = seeded(seed, factory)
    kept = cache.get("training", key)
    state = None if kept is None else TrainingState.from_config(*kept)

    def keep(state: TrainingState) -> None:
        cache.put("training", key, state.tensors, state.to_config())

    history = fit(
        model,
        images.prepared_source,
        images.source.labels,
        options=options.training(seed),
        state=state,
        on_epoch=keep,
        report=report,
    )
    return model, history
