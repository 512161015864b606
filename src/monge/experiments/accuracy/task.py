"""What a method of the bench is given, and what is kept from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from monge._types import NDArray, Tensor
from monge.experiments.network import Images, Network, digest
from monge.nets import LeNet5

__all__ = ["Loaded", "Predicted", "SourceNetwork", "Task", "image_task"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SourceNetwork:
    """The network behind the features, for methods that train it again.

    Attributes
    ----------
    model
        Gives a copy of it, trained on the source.
    source, target
        What it is given: images (n, c, 32, 32) and (m, c, 32, 32).
    """

    model: Callable[[], nn.Module]
    source: Tensor
    target: Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """Labelled source features and unlabelled target features: all that a method sees.

    Attributes
    ----------
    source, labels
        (n, d) floating and (n,) int64.
    target
        (m, d).
    seed
        Of every random choice.
    views
        Other descriptions of the same rows by name, such as ``"pixels"``: source (n, p) and target
        (m, p).
    head
        The classes that the source network gives the target itself, (m,) int64, where there is one.
    network
        That network, where there is one; the features and the pixels say which it is.
    """

    source: NDArray
    labels: NDArray
    target: NDArray
    seed: int
    views: Mapping[str, tuple[NDArray, NDArray]] = field(default_factory=dict)
    head: NDArray | None = None
    network: SourceNetwork | None = None

    def fingerprint(self) -> str:
        """Return one hash of everything in it but the seed."""
        arrays = [self.source, self.labels, self.target]
        for name in sorted(self.views):
            arrays += self.views[name]
        if self.head is not None:
            arrays.append(self.head)
        names = ",".join(sorted(self.views))
        return f"{names}:{self.head is not None}:{digest(*map(torch.as_tensor, arrays))}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Predicted:
    """What a method says of the target rows, and how it classifies what it has not seen.

    Attributes
    ----------
    classes
        Of the target rows, (m,) int64.
    unseen
        From images (k, c, 32, 32), as the network takes them, to their classes (k,); ``None``
        where the method knows the rows of the target alone.
    """

    classes: NDArray
    unseen: Callable[[Tensor], NDArray] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Loaded:
    """One pair of domains for one seed.

    Attributes
    ----------
    task
        What methods are given.
    truth
        Classes of the target (m,) int64: for `monge.experiments.evaluate` and nothing else.
    """

    task: Task
    truth: Tensor


def image_task(network: Network, images: Images, seed: int, model: Callable[[], LeNet5]) -> Task:
    """State the task of a trained network: its features, its word on the target, and the pixels.

    Parameters
    ----------
    network, images
        What it says of which images.
    seed
        Of every random choice.
    model
        Gives a copy of the network itself.
    """
    return Task(
        source=network.source.numpy(),
        labels=images.source.labels.numpy(),
        target=network.target.numpy(),
        seed=seed,
        views={"pixels": (_flat(images.prepared_source), _flat(images.prepared_target))},
        head=network.target_predicted.numpy(),
        network=SourceNetwork(
            model=lambda: _giving_logits(model()),
            source=images.prepared_source,
            target=images.prepared_target,
        ),
    )


def _giving_logits(model: LeNet5) -> LeNet5:
    """Leave out the softmax that the post trains with: what trains again is given logits.

    No class changes by it, and no feature.
    """
    model.activation = nn.Identity()
    return model


def _flat(images: Tensor) -> NDArray:
    """Return images (k, c, 32, 32) as rows (k, 1024) of their first channel."""
    rows: NDArray = images[:, 0].reshape(len(images), -1).numpy()
    return rows
