"""A rule of small networks over the scores: what was learned, without what is done with it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from monge._types import NDArray

__all__ = ["Layer", "Rule", "Said", "features", "standard", "told"]

_FARTHEST = 4.0
"""Deviations at which a feature is cut off: beyond what was learned from, more says no more."""


class Layer(NamedTuple):
    """Weights (out, in) and bias (out,) of a layer.

    Examples
    --------
    >>> Layer(np.eye(2), np.ones(2)).weight.shape
    (2, 2)
    """

    weight: NDArray
    bias: NDArray


class Said(NamedTuple):
    """What a rule thinks of each candidate, (k,) each, the source as it is first.

    Attributes
    ----------
    gain
        Over the source as it is.
    accuracy
        On the target.
    harm
        Probability that it is over a point below the source as it is.

    Examples
    --------
    >>> Said(gain=np.zeros(1), accuracy=np.full(1, 0.8), harm=np.zeros(1)).accuracy
    array([0.8])
    """

    gain: NDArray
    accuracy: NDArray
    harm: NDArray


def told(scores: Sequence[Mapping[str, float]], names: Sequence[str]) -> NDArray:
    """Return scores as rows (k, s), NaN where one does not apply.

    Examples
    --------
    >>> told([{"cot": 0.5}, {"atc": 1.0}], ["atc", "cot"])
    array([[nan, 0.5],
           [1. , nan]])
    """
    rows: NDArray = np.array([[each.get(name, np.nan) for name in names] for each in scores])
    return rows.reshape(len(scores), len(names))


def features(rows: NDArray) -> NDArray:
    """Return what a network sees, (k, 4s), of scores (k, s), those of the source as it is first.

    The scores of each, those of the source as it is, the difference, and by how much each exceeds
    the mean of all that were tried.

    Examples
    --------
    >>> features(np.array([[1.0], [3.0]]))
    array([[ 1.,  1.,  0., -1.],
           [ 3.,  1.,  2.,  1.]])
    """
    known = np.isfinite(rows)
    count = known.sum(0)
    total = np.where(known, rows, 0.0).sum(0)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    base = np.broadcast_to(rows[0], rows.shape)
    return np.hstack([rows, base, rows - base, rows - mean])


def standard(seen: NDArray, fill: NDArray, centre: NDArray, scale: NDArray) -> NDArray:
    """Fill in features (k, 4s) that do not apply, standardise them, and cut off what is far.

    Examples
    --------
    >>> standard(np.array([[np.nan, 9.0]]), np.array([2.0, 0.0]), np.ones(2), np.full(2, 0.5))
    array([[2., 4.]])
    """
    filled = np.where(np.isfinite(seen), seen, fill)
    cut: NDArray = np.clip((filled - centre) / scale, -_FARTHEST, _FARTHEST)
    return cut


@dataclass(frozen=True, kw_only=True, eq=False)
class Rule:
    """What was learned on shifts whose truth is known: see ``benchmarks/learn_verdict.py``.

    Each member is a network of layers with the activation ``x / (1 + exp(-x))`` between them, from
    standardised features to three numbers: gain, accuracy and the log-odds of harm. Their mean is
    what the rule says.

    Attributes
    ----------
    names
        Of the s scores that count.
    fill, centre, scale
        What stands for a feature that does not apply, and what it is standardised by, (4s,).
    members
        Layers of each network.
    caution
        What the probability of harm costs, in units of accuracy.
    accuracy_spread, gain_spread
        What is added to an estimate for the ends of its interval: the quantiles at 5 % and 95 % of
        the errors on families of shifts that the learning never saw.

    Examples
    --------
    >>> from monge.verdict.learned import learned
    >>> rule = learned()
    >>> said = rule(told([{"cot": 0.8}, {"cot": 0.9}], rule.names))
    >>> said.gain.shape, bool((said.harm < 1).all())
    ((2,), True)
    """

    names: tuple[str, ...]
    fill: NDArray
    centre: NDArray
    scale: NDArray
    members: tuple[tuple[Layer, ...], ...]
    caution: float
    accuracy_spread: tuple[float, float]
    gain_spread: tuple[float, float]

    def __call__(self, rows: NDArray) -> Said:
        """Return what is thought of candidates whose scores are (k, s), the source's first."""
        return self.of(features(rows))

    def of(self, seen: NDArray) -> Said:
        """Return the same of features (k, 4s), the source's first or at every row of its own."""
        scaled = standard(seen, self.fill, self.centre, self.scale)
        gain, accuracy, odds = np.mean([_forward(scaled, member) for member in self.members], 0).T
        harm = 1 / (1 + np.exp(-np.clip(odds, -50, 50)))
        return Said(gain=gain, accuracy=np.clip(accuracy, 0, 1), harm=harm)

    def to_bytes(self) -> bytes:
        """Write it as an archive of arrays; `from_bytes` reads it."""
        arrays: dict[str, Any] = {
            f"member_{m}_{k}_{part}": np.asarray(value, np.float32)
            for m, layers in enumerate(self.members)
            for k, layer in enumerate(layers)
            for part, value in layer._asdict().items()
        }
        spread = [self.accuracy_spread, self.gain_spread]
        written = io.BytesIO()
        np.savez_compressed(
            written,
            names=np.array(self.names),
            standard=np.array([self.fill, self.centre, self.scale], np.float32),
            numbers=np.array([self.caution, *np.ravel(spread)]),
            **arrays,
        )
        return written.getvalue()

    @classmethod
    def from_bytes(cls, archive: bytes) -> Rule:
        """Read what `to_bytes` wrote."""
        with np.load(io.BytesIO(archive), allow_pickle=False) as arrays:
            keys = [key.split("_") for key in arrays.files if key.startswith("member_")]
            sizes: dict[int, int] = {}
            for _, member, layer, _ in keys:
                sizes[int(member)] = max(sizes.get(int(member), 0), int(layer) + 1)
            members = tuple(
                tuple(
                    Layer(*(arrays[f"member_{m}_{k}_{part}"] for part in Layer._fields))
                    for k in range(sizes[m])
                )
                for m in sorted(sizes)
            )
            fill, centre, scale = arrays["standard"]
            caution, *spread = map(float, arrays["numbers"])
            return cls(
                names=tuple(map(str, arrays["names"])),
                fill=fill,
                centre=centre,
                scale=scale,
                members=members,
                caution=caution,
                accuracy_spread=(spread[0], spread[1]),
                gain_spread=(spread[2], spread[3]),
            )


def _forward(seen: NDArray, layers: Sequence[Layer]) -> NDArray:
    """Return the numbers that a network gives for features, (k, 3)."""
    for layer in layers[:-1]:
        before = seen @ layer.weight.T + layer.bias
        seen = before / (1 + np.exp(-np.clip(before, -50, 50)))
    last = layers[-1]
    out: NDArray = seen @ last.weight.T + last.bias
    return out
