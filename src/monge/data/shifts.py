"""Synthetic shifts: pairs of domains that differ in a known way, each a pure function of a seed.

Two beginnings: four Gaussian classes on a ring, and the UCI digits cut in two at random. Source and
target begin as draws from one distribution; *changes* then make the shift, so that what differs is
known to the last digit, and what an adaptation ought to do about it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
import torch

from monge._types import NDArray
from monge.data.changes import (
    Begin,
    Change,
    blobs,
    digits,
    missing,
    moved,
    noisy,
    outlying,
    rarer,
    redrawn,
    renamed,
    scaled,
    turned,
)
from monge.data.domains import Labelled
from monge.errors import InputError, sentence

__all__ = ["SHIFTS", "Shift"]


@dataclass(frozen=True, kw_only=True)
class Shift:
    """A labelled source and a labelled target that differ in a known way.

    Attributes
    ----------
    name
        Unique among `SHIFTS`, such as ``"blobs-rotation-25"``.
    family
        What is shifted, such as ``"rotation"``: a rule that is fitted on shifts is judged on
        families that it never saw.
    about
        What was done, and what is known of the answer.
    begin
        Draws both domains from one distribution.
    changes
        What is then done to them, in order.

    Examples
    --------
    >>> source, target = SHIFTS["blobs-missing-class"].make(0)
    >>> source
    Labelled(name='blobs', x=(400, 5) float32, labels=(400,) int64)
    >>> target.labels.unique()
    tensor([1, 2, 3])
    """

    name: str
    family: str
    about: str
    begin: Begin
    changes: tuple[Change, ...] = ()

    def make(self, seed: int) -> tuple[Labelled, Labelled]:
        """Draw source and target: the same seed gives the same rows on the same machine.

        Parameters
        ----------
        seed
            A whole number, 0 or more.

        Returns
        -------
        tuple of Labelled
            Source and target, x (n, d) and (m, d) float32. The labels of the target are there to
            score with, and for nothing else.

        Raises
        ------
        InputError
            If the seed is of another kind.
        """
        whole: object = seed
        if not isinstance(whole, int) or isinstance(whole, bool) or whole < 0:
            required, remedy = "a whole number, 0 or more", "pass for example 0"
            raise InputError(sentence("Shift.make", "seed", required, repr(seed), remedy))
        draw = np.random.default_rng(seed)
        sides = self.begin(draw)
        for change in self.changes:
            sides = change(sides, draw)
        start = self.name.partition("-")[0]
        return _labelled(sides.x, sides.labels, start), _labelled(sides.y, sides.truth, self.name)


def _labelled(x: NDArray, labels: NDArray, name: str) -> Labelled:
    rows = torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))
    return Labelled(x=rows, labels=torch.from_numpy(labels.astype(np.int64)), name=name)


@dataclass(frozen=True, kw_only=True)
class Start:
    """What is particular to a beginning.

    Attributes
    ----------
    shifted
        A move of the target.
    noise, overlap
        Deviation of the noise on the target alone, and on both sides.
    out
        How many classes are taken out.
    """

    begin: Begin
    shifted: Change
    noise: float
    overlap: float
    out: int


_STARTS = {
    "blobs": Start(begin=blobs, shifted=partial(moved, way=3.0), noise=1.5, overlap=1.0, out=1),
    "digits": Start(
        begin=digits, shifted=partial(redrawn, right=1.0), noise=0.3, overlap=0.2, out=2
    ),
}

Row: TypeAlias = tuple[str, str, tuple[Change, ...], str]
"""Second half of the name, family, changes, what is known."""


def common(start: Start) -> list[Row]:
    """Return the shifts that every beginning can have."""
    shifted, rare = start.shifted, "Classes are down to ten times rarer in the "
    return [
        (
            "translation",
            "translation",
            (shifted,),
            "The target is moved, and nothing else differs.",
        ),
        (
            "label-shift",
            "label shift",
            (partial(rarer, least=0.1),),
            f"{rare}target, and nothing else differs: holding the source's shares does harm.",
        ),
        (
            "imbalance",
            "label shift",
            (partial(rarer, least=0.1, of_source=True), shifted),
            f"{rare}source, and the target is moved.",
        ),
        (
            "missing-class",
            "missing class",
            (partial(missing, classes=tuple(range(start.out))),),
            f"The target lacks the first {start.out} of the classes, and nothing else differs.",
        ),
        (
            "outliers-source",
            "outliers",
            (shifted, partial(outlying, share=0.05, of_source=True)),
            "The target is moved, and one source row in twenty lies far out.",
        ),
        (
            "outliers-target",
            "outliers",
            (shifted, partial(outlying, share=0.05)),
            "The target is moved, and one target row in twenty lies far out, its class lost.",
        ),
        ("noise", "noise", (partial(noisy, deviation=start.noise),), "The target has noise on it."),
        (
            "overlap",
            "overlap",
            (partial(noisy, deviation=start.overlap, both=True), shifted),
            "Noise makes the classes of both overlap, and the target is moved.",
        ),
        ("identical", "identical", (), "Nothing differs: adapting must not hurt."),
        (
            "permuted-labels",
            "permuted labels",
            (renamed,),
            "Two classes exchanged their names in the target: no row shows it, nothing can help.",
        ),
    ]


_OWN: dict[str, list[Row]] = {
    "blobs": [
        (
            "rotation-25",
            "rotation",
            (partial(turned, degrees=25),),
            "The target is turned by less than half the way to the next class: adapting mends it.",
        ),
        (
            "rotation-60",
            "rotation",
            (partial(turned, degrees=60),),
            "The target is turned by more than half the way to the next class: transport errs.",
        ),
        (
            "scaling",
            "scaling",
            (partial(scaled, factors=(2.5, 0.4)),),
            "The target's features are stretched and shrunk in turn: two moments mend it.",
        ),
    ],
    "digits": [
        ("rotation-15", "rotation", (partial(redrawn, degrees=15),), "Turned by 15 degrees."),
        ("rotation-30", "rotation", (partial(redrawn, degrees=30),), "Turned by 30 degrees."),
        ("scaling", "scaling", (partial(redrawn, zoom=0.7),), "The target is drawn smaller."),
    ],
}

SHIFTS: dict[str, Shift] = {
    f"{first}-{second}": Shift(
        name=f"{first}-{second}", family=family, about=about, begin=start.begin, changes=changes
    )
    for first, start in _STARTS.items()
    for second, family, changes, about in (*_OWN[first], *common(start))
}
"""Every synthetic shift by name."""
