"""Class proportions of the target: as given, or as estimated, and the source weighted by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from monge._types import NDArray
from monge.adapters.words import first_line
from monge.errors import InputError, sentence

__all__ = ["TargetPrior", "check_prior", "class_weights"]

_ROUNDING = 1e-3
"""How far from one the sum of given shares may be."""

_RARE = 0.01
"""A class below this share, or below a tenth of the even share, counts as missing."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TargetPrior:
    """How the classes are distributed in the target.

    Attributes
    ----------
    classes
        Labels, (L,).
    share
        Share of each, (L,), of sum one.
    low, high
        Interval of each share (L,), 95 % of the resamples of the target rows; the shares themselves
        where they were given.
    method
        How the shares were found.

    Examples
    --------
    >>> from monge import Adapter
    >>> X = np.array([[0.0], [1.0], [8.0], [9.0]])
    >>> y = np.array(["low", "low", "high", "high"])
    >>> adapter = Adapter(target_prior={"low": 0.75, "high": 0.25})
    >>> prior = adapter.fit(X, y, X_target=[[2.0], [2.5], [3.0], [11.0]]).target_prior_
    >>> dict(zip(prior.classes.tolist(), prior.share.tolist(), strict=True)), prior.method
    ({'high': 0.25, 'low': 0.75}, 'given')
    """

    classes: NDArray
    share: NDArray
    low: NDArray
    high: NDArray
    method: str

    @property
    def missing(self) -> NDArray:
        """Labels that the target hardly holds: even ``high`` is below 1 % (and a tenth of even)."""
        rare: NDArray = self.classes[self.high < min(_RARE, 0.1 / len(self.classes))]
        return rare

    def warning(self) -> str | None:
        """Return what there is to say of missing classes, in one sentence."""
        if len(self.missing) == 0:
            return None
        names = ", ".join(map(repr, self.missing.tolist()))
        return (
            f"Adapter.fit: the target seems to hold none of class {names} (target_prior_: "
            f"{self.method}), so source rows of it hardly count; check the target, or pass "
            "target_prior=None to weigh the source as it is."
        )


def check_prior(target_prior: Any, classes: NDArray | None) -> TargetPrior | None:
    """Return given proportions, or ``None`` where there is nothing or an estimate is asked for.

    Parameters
    ----------
    target_prior
        ``None``, ``"estimate"``, shares in the order of ``classes``, or a mapping from label.
    classes
        Of the source (L,), or ``None`` for a regressor.

    Raises
    ------
    InputError
        If it is none of these, or not one non-negative share for each class, of sum one.
    """
    if target_prior is None:
        return None
    required, remedy = "None, 'estimate' or one share for each class, of sum one", ""
    if classes is None:
        required, remedy = "None where the classifier is a regressor", "there are no classes"
        raise InputError(sentence("Adapter", "target_prior", required, repr(target_prior), remedy))
    if isinstance(target_prior, str) and target_prior == "estimate":
        return None
    labels = classes.tolist()
    remedy = f"pass a share for each of {', '.join(map(repr, labels))}"
    got = repr(target_prior)
    try:
        if isinstance(target_prior, Mapping):
            given = dict(target_prior)
            if set(given) != set(labels):
                raise InputError(sentence("Adapter", "target_prior", required, got, remedy))
            target_prior = [given[label] for label in labels]
        share = np.array(target_prior, dtype=np.float64)
    except (TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        got = f"{got} ({first_line(error)})"
        raise InputError(sentence("Adapter", "target_prior", required, got, remedy)) from error
    if (
        share.shape != classes.shape
        or not (share >= 0).all()
        or not abs(share.sum() - 1) <= _ROUNDING
    ):
        raise InputError(sentence("Adapter", "target_prior", required, got, remedy))
    share = share / share.sum()
    return TargetPrior(classes=classes, share=share, low=share, high=share, method="given")


def class_weights(weight: NDArray, labels: NDArray, prior: TargetPrior) -> NDArray:
    """Weigh rows so that each class holds its share of the target, (n,) of the same sum.

    Parameters
    ----------
    weight
        Of the rows, (n,) positive; within a class their ratios stay.
    labels
        Of the rows, (n,).
    prior
        Shares of the target; a class without rows here leaves its share to the others.
    """
    index = np.searchsorted(prior.classes, labels)
    held = np.bincount(index, weight, minlength=len(prior.classes))
    factor = np.divide(prior.share, held, out=np.zeros_like(held), where=held > 0)
    weighted = weight * factor[index]
    if not weighted.any():
        required, got = "positive for a class that the source holds", repr(prior.share)
        remedy = "give some share to a class of the rows that are drawn"
        raise InputError(sentence("Adapter", "target_prior", required, got, remedy))
    scaled: NDArray = weighted * (weight.sum() / weighted.sum())
    return scaled
