"""Shifts between collections: digits of four hands, and the photographs of Office-Caltech10."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from itertools import permutations
from pathlib import Path

import numpy as np
from torch.nn.functional import avg_pool2d

from monge._types import NDArray, Tensor
from monge.data import (
    Labelled,
    load_mnist,
    load_mnist_5k,
    load_office_caltech10,
    load_uci_digits,
    load_usps,
    to_network,
)
from monge.data.changes import Draw, Sides
from monge.data.office import OfficeDomain
from monge.experiments.accuracy.pairs import standardised_rows
from monge.experiments.verdict.case import MOST_ROWS, Case, Domains, domains

__all__ = ["COLLECTIONS"]

_FINE = 8
"""Pixels of a side: what has more of them is a view of its own."""


def _small(images: Tensor) -> NDArray:
    """Bring grey images (n, h, w) to 8 x 8 as the UCI digits were: means of 4 x 4 in 32 x 32."""
    if images.shape[1:] == (_FINE, _FINE):
        return _flat(images)
    rows: NDArray = avg_pool2d(to_network(images), 4).flatten(1).numpy()
    return rows


def _flat(images: Tensor) -> NDArray:
    rows: NDArray = images.flatten(1).numpy() / np.float32(255)
    return rows


Read = Callable[[Path | None], Labelled]

_SETS: dict[str, tuple[str, Read, bool]] = {
    "mnist5k": ("5,000 MNIST images", lambda _: load_mnist_5k(), False),
    "uci": ("the UCI digits", lambda _: load_uci_digits(), False),
    "mnist": ("the MNIST test images", lambda place: load_mnist("test", data_dir=place), True),
    "usps": ("the USPS test images", lambda place: load_usps("test", data_dir=place), True),
}


@lru_cache(maxsize=4)
def _read(name: str, place: Path | None) -> Labelled:
    """Read a set of digits once: decoding it takes longer than drawing some of it."""
    return _SETS[name][1](place)


def _drawn(read: Labelled, draw: Draw) -> Labelled:
    return read.subset(draw.permutation(len(read))[:MOST_ROWS])


def _digits(
    source: str, target: str, classes: tuple[int, ...] | None, draw: Draw, place: Path | None
) -> Domains:
    """Draw digits of two sets as 8 x 8 pixels; larger images of the target are a view of it."""
    read_source, read_target = _read(source, place), _read(target, place)
    if classes is not None:
        read_target = read_target.subset(np.isin(read_target.labels.numpy(), classes))
    labelled = _drawn(read_source, draw)
    scored = _drawn(read_target, draw)
    sides = Sides(
        x=_small(labelled.x),
        labels=labelled.labels.numpy(),
        y=_small(scored.x),
        truth=scored.labels.numpy(),
    )
    views = (_flat(scored.x),) if scored.x.shape[1] > _FINE else ()
    return domains(sides, labelled.name, scored.name, views)


def _digit_case(source: str, target: str, classes: tuple[int, ...] | None = None) -> Case:
    (source_name, _, far), (target_name, _, farther) = _SETS[source], _SETS[target]
    few = "" if classes is None else f", of which only {', '.join(map(str, classes))} are there"
    return Case(
        name=f"{source}-{target}" + ("" if classes is None else "-few-classes"),
        family="digit sets",
        kind="real",
        about=f"Rows of {source_name} to rows of {target_name}{few}, as 8 x 8 pixels: other hands, "
        "pens and scanners.",
        build=partial(_digits, source, target, classes),
        needs_data=far or farther,
    )


_OFFICE: tuple[OfficeDomain, ...] = ("caltech", "amazon", "webcam", "dslr")


def _office(source: OfficeDomain, target: OfficeDomain, _: Draw, place: Path | None) -> Domains:
    labelled, scored = (load_office_caltech10(name, data_dir=place) for name in (source, target))
    sides = Sides(
        x=standardised_rows(labelled.x),
        labels=labelled.labels.numpy(),
        y=standardised_rows(scored.x),
        truth=scored.labels.numpy(),
    )
    return domains(sides, labelled.name, scored.name)


def _office_case(source: OfficeDomain, target: OfficeDomain) -> Case:
    return Case(
        name=f"office-{source}-{target}",
        family="office",
        kind="real",
        about=f"Photographs of ten things, {source} to {target}, as counts of SURF words, each "
        "domain standardised by itself: published gains are of a few points up to thirty.",
        build=partial(_office, source, target),
        needs_data=True,
        fixed={source, target} == {"webcam", "dslr"},  # the others have more than `MOST_ROWS`
    )


COLLECTIONS = (
    _digit_case("mnist5k", "uci"),
    _digit_case("uci", "mnist5k"),
    _digit_case("mnist5k", "uci", (0, 1, 2, 3, 4)),
    _digit_case("uci", "mnist5k", (5, 6, 7, 8, 9)),
    _digit_case("mnist", "usps"),
    _digit_case("usps", "mnist"),
    _digit_case("uci", "usps"),
    _digit_case("usps", "uci"),
    *(_office_case(*names) for names in permutations(_OFFICE, 2)),
)
"""Pairs of collections; what no package brings says so."""
