"""The pairs of domains of the bench of accuracy, by name and group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from pathlib import Path

from monge._types import NDArray, Tensor
from monge.cache import Cache
from monge.data import (
    SHIFTS,
    Labelled,
    Shift,
    load_mnist,
    load_mnist_5k,
    load_office_caltech10,
    load_uci_digits,
    load_usps,
    to_network,
)
from monge.data.office import OfficeDomain
from monge.experiments.accuracy.frozen import NETWORKS
from monge.experiments.accuracy.task import Loaded, Task, image_task
from monge.experiments.network import Images, train_network, trained_model
from monge.progress import Report

__all__ = ["GROUPS", "PAIRS", "OfficialTest", "Pair", "Place", "standardised_rows"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a pair is loaded: what it may read, keep and tell.

    Attributes
    ----------
    data_dir
        Folder of the raw files; ``None`` fetches what can be fetched.
    cache
        Of trained networks and their features.
    report
        Told the progress of a training or a download.
    """

    data_dir: Path | None
    cache: Cache
    report: Report


Read = Callable[[Place], Labelled]


@dataclass(frozen=True, kw_only=True)
class OfficialTest:
    """Images that are classified when all training is over, and that nothing else is told of.

    Attributes
    ----------
    name
        As in titles.
    protocol
        What is scored on them, in one sentence.
    read
        Reads them.
    n_channels
        Of the network.
    """

    name: str
    protocol: str
    read: Read
    n_channels: int

    def images(self, place: Place) -> Tensor:
        """Return the images without their labels, (k, c, 32, 32) float32."""
        return to_network(self.read(place).without_labels().x, n_channels=self.n_channels)

    def truth(self, place: Place) -> Tensor:
        """Return their classes (k,) int64: for `monge.experiments.evaluate` and nothing else."""
        return self.read(place).labels


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A source and a target.

    Attributes
    ----------
    name
        Unique among `PAIRS`.
    group
        What it is listed under: one of `GROUPS`.
    source_name, target_name
        As in titles.
    protocol
        Which rows are used for what, in one sentence.
    load
        Reads it for a seed. Raises `monge.errors.DataError` where the data is absent.
    fixed
        Whether nothing in it depends on the seed, and it is so small that no method draws rows of
        it: then one seed says all.
    official
        Its official test images, where there are some.
    """

    name: str
    group: str
    source_name: str
    target_name: str
    protocol: str
    load: Callable[[int, Place], Loaded]
    fixed: bool = False
    official: OfficialTest | None = None


def _network(name: str, source: Read, target: Read, seed: int, place: Place) -> Loaded:
    """Train the network of a pair on its source; return features, pixels and the head's word."""
    options = NETWORKS[name].options
    labelled, scored = source(place), target(place)
    images = Images(labelled, scored.without_labels().x, options.n_channels)
    network = train_network(images, options, seed, place.cache, place.report)
    task = image_task(
        network,
        images,
        seed,
        lambda: trained_model(images, options, seed, place.cache, place.report)[0],
    )
    return Loaded(task=task, truth=scored.labels)


def _mnist(place: Place) -> Labelled:
    return load_mnist("train", data_dir=place.data_dir, report=place.report)


def _usps(place: Place) -> Labelled:
    return load_usps("train", data_dir=place.data_dir, report=place.report)


def _usps_test(place: Place) -> Labelled:
    return load_usps("test", data_dir=place.data_dir, report=place.report)


def _mnist_5k(_: Place) -> Labelled:
    return load_mnist_5k()


def _uci(_: Place) -> Labelled:
    return load_uci_digits()


_DIGITS: dict[str, tuple[str, Read]] = {
    "mnist": ("the 60,000 MNIST training images", _mnist),
    "usps": ("the 7,291 USPS training images", _usps),
    "mnist5k": ("5,000 MNIST images", _mnist_5k),
    "uci": ("the 1,797 UCI digits", _uci),
}


_OFFICIAL: dict[str, OfficialTest] = {
    "mnist-usps": OfficialTest(
        name="the 2,007 official USPS test images",
        protocol="What was trained and adapted on the 60,000 MNIST training images and the 7,291 "
        "unlabelled USPS training images, as it stands then, classifies the 2,007 official USPS "
        "test images, which are loaded after that; a plan gives each the class of the nearest "
        "USPS training image that it holds, in the features.",
        read=_usps_test,
        n_channels=NETWORKS["mnist-usps"].options.n_channels,
    )
}


def _digit_pair(name: str, source: str, target: str) -> Pair:
    (source_name, read_source), (target_name, read_target) = _DIGITS[source], _DIGITS[target]
    head = "double softmax" if NETWORKS[name].options.double_softmax else "plain logits"
    return Pair(
        name=name,
        group="digits",
        source_name=source_name.removeprefix("the "),
        target_name=target_name.removeprefix("the "),
        protocol=f"Transductive: LeNet5 ({head}) trained on {source_name} with labels, adapted to "
        f"and scored on the same {target_name.removeprefix('the ')}, whose labels are used for the "
        "score alone.",
        load=partial(_network, name, read_source, read_target),
        official=_OFFICIAL.get(name),
    )


def standardised_rows(counts: Tensor) -> NDArray:
    """Divide rows (n, d) by their sum, then give each feature mean 0 and deviation 1 (ddof 1).

    The protocol of the published nearest-neighbour row of Office-Caltech10: each domain by itself.
    """
    shares = counts.double().numpy()
    shares = shares / shares.sum(1, keepdims=True)
    points: NDArray = (shares - shares.mean(0)) / shares.std(0, ddof=1)
    return points


def _office(source: OfficeDomain, target: OfficeDomain, seed: int, place: Place) -> Loaded:
    labelled = load_office_caltech10(source, data_dir=place.data_dir)
    scored = load_office_caltech10(target, data_dir=place.data_dir)
    task = Task(
        source=standardised_rows(labelled.x),
        labels=labelled.labels.numpy(),
        target=standardised_rows(scored.without_labels().x),
        seed=seed,
    )
    return Loaded(task=task, truth=scored.labels)


_OFFICE: tuple[OfficeDomain, ...] = ("caltech", "amazon", "webcam", "dslr")


def _office_pair(source: OfficeDomain, target: OfficeDomain) -> Pair:
    return Pair(
        name=f"office-{source[0]}-{target[0]}",
        group="office",
        source_name=source.capitalize(),
        target_name=target.capitalize(),
        protocol="Transductive: SURF-800, rows divided by their sum, each domain z-scored by "
        "itself; all of the source, adapted to and scored on all of the target.",
        load=partial(_office, source, target),
        fixed=True,
    )


def _synthetic(shift: Shift, seed: int, place: Place) -> Loaded:
    del place
    source, target = shift.make(seed)
    task = Task(
        source=source.x.numpy(),
        labels=source.labels.numpy(),
        target=target.without_labels().x.numpy(),
        seed=seed,
    )
    return Loaded(task=task, truth=target.labels)


def _synthetic_pair(shift: Shift) -> Pair:
    start = shift.name.partition("-")[0]
    return Pair(
        name=shift.name,
        group="synthetic",
        source_name=start.capitalize(),
        target_name=shift.name.replace("-", " "),
        protocol=f"Transductive, both domains drawn anew for each seed. {shift.about}",
        load=partial(_synthetic, shift),
    )


PAIRS: dict[str, Pair] = {
    pair.name: pair
    for pair in (
        _digit_pair("mnist-usps", "mnist", "usps"),
        _digit_pair("mnist-usps-double-softmax", "mnist", "usps"),
        _digit_pair("usps-mnist", "usps", "mnist"),
        _digit_pair("mnist5k-uci", "mnist5k", "uci"),
        _digit_pair("uci-mnist5k", "uci", "mnist5k"),
        *(_office_pair(*names) for names in permutations(_OFFICE, 2)),
        *map(_synthetic_pair, SHIFTS.values()),
    )
}
"""Every pair by name, in the order of the table."""

GROUPS = ("digits", "office", "synthetic")
"""What pairs are listed under; a group's name stands for all of its pairs."""
