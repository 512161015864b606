"""The experiments by name: which two domains, and under which protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from monge.data import Labelled, load_mnist, load_mnist_5k, load_uci_digits, load_usps
from monge.experiments.options import RunOptions
from monge.progress import Report

__all__ = ["EXPERIMENTS", "Experiment", "Pair"]

Pair: TypeAlias = tuple[Labelled, Labelled]
"""Source and target. The target's labels go to `monge.experiments.evaluate` and nowhere else."""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Two domains of images and what is done with their rows.

    Attributes
    ----------
    name
        Also the folder under the output folder.
    source_name, target_name
        As in titles.
    load
        Reads both domains: ``load(data_dir, report)``.
    protocol
        Which rows are used for what, in one sentence.
    command
        How to run it.
    options
        How it is run unless told otherwise.

    Examples
    --------
    >>> EXPERIMENTS["demo"].target_name, EXPERIMENTS["demo"].options.epochs
    ('UCI digits', 30)
    """

    name: str
    source_name: str
    target_name: str
    load: Callable[[Path | None, Report], Pair]
    protocol: str
    command: str
    options: RunOptions = field(default_factory=RunOptions)


def _mnist_usps(data_dir: Path | None, report: Report) -> Pair:
    source = load_mnist("train", data_dir=data_dir, report=report)
    return source, load_usps("train", data_dir=data_dir, report=report)


def _demo(data_dir: Path | None, report: Report) -> Pair:
    del data_dir, report
    return load_mnist_5k(), load_uci_digits()


EXPERIMENTS = {
    experiment.name: experiment
    for experiment in (
        Experiment(
            name="mnist-usps",
            source_name="MNIST",
            target_name="USPS",
            load=_mnist_usps,
            protocol="Transductive: trained on the 60,000 labelled MNIST training images, adapted "
            "to and scored on the same 7,291 USPS training images, whose labels are used for the "
            "score alone.",
            command="monge run mnist-usps",
            options=RunOptions(retrain=True),
        ),
        Experiment(
            name="demo",
            source_name="MNIST-5k",
            target_name="UCI digits",
            load=_demo,
            protocol="Transductive: trained on 5,000 labelled MNIST images, adapted to and scored "
            "on the same 1,797 UCI digits, whose labels are used for the score alone.",
            command="monge demo",
            # A small source needs more epochs, and the plain logits, to be learned at all.
            options=RunOptions(epochs=30, double_softmax=False),
        ),
    )
}
