"""Scores from how sure the candidate's classifier is of the target rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.special import entr

from monge._types import NDArray
from monge.verdict.calibration import calibrated
from monge.verdict.evidence import Evidence
from monge.verdict.score import Score

__all__ = ["CONFIDENCE"]


def _entropy(shares: NDArray) -> NDArray:
    """Return the entropy of each row in units of that of even shares, (k,) from 0 to 1."""
    entropy: NDArray = entr(shares).sum(-1) / np.log(shares.shape[-1])
    return entropy


def _accuracy(evidence: Evidence, held: str) -> float:
    said: NDArray = getattr(evidence, held)
    return float((said.argmax(1) == evidence.labels).mean())


def _confidence(shares: NDArray) -> NDArray:
    largest: NDArray = shares.max(1)
    return largest


def _certainty(shares: NDArray) -> NDArray:
    return -_entropy(shares)


def _difference(evidence: Evidence, held: str) -> float:
    """Return the held accuracy less the loss of mean confidence (Guillory et al. 2021)."""
    lost = _confidence(getattr(evidence, held)).mean() - _confidence(evidence.chosen).mean()
    return float(np.clip(_accuracy(evidence, held) - lost, 0, 1))


def _threshold(evidence: Evidence, held: str, sure: Callable[[NDArray], NDArray]) -> float:
    """Return the share of target rows above the threshold that as many held rows pass as are right.

    Garg et al. 2022, equation 1. Of rows that lie at the threshold the same share counts on both
    sides.
    """
    known, asked = sure(getattr(evidence, held)), sure(evidence.chosen)
    right = _accuracy(evidence, held)
    limit = np.sort(known)[::-1][max(round(right * len(known)), 1) - 1]
    above, at = (known > limit).mean(), (known == limit).mean()
    part = np.clip((right - above) / at, 0, 1) if at > 0 else 0.0
    return float((asked > limit).mean() + part * (asked == limit).mean())


def _calibrated(evidence: Evidence, held: str) -> float:
    known: NDArray = getattr(evidence, held)
    scaled = evidence.once(calibrated, evidence.chosen, known, evidence.labels)
    return float(_confidence(scaled).mean())


def _of(held: str, suffix: str, rows: str) -> tuple[Score, ...]:
    """Return the scores that compare the target with one kind of held rows."""
    return (
        Score(
            name=f"doc{suffix}",
            title=f"Difference of confidences, {rows}",
            source="Guillory2021",
            needs=(held,),
            unit="accuracy",
            formula=partial(_difference, held=held),
        ),
        Score(
            name=f"atc{suffix}",
            title=f"Average thresholded confidence, {rows}",
            source="Garg2022",
            needs=(held,),
            unit="accuracy",
            formula=partial(_threshold, held=held, sure=_confidence),
        ),
        Score(
            name=f"atc_entropy{suffix}",
            title=f"Average thresholded negative entropy, {rows}",
            source="Garg2022",
            needs=(held,),
            unit="accuracy",
            formula=partial(_threshold, held=held, sure=_certainty),
        ),
        Score(
            name=f"calibrated_confidence{suffix}",
            title=f"Mean confidence, calibrated on {rows}",
            source="Guo2017",
            needs=(held,),
            unit="accuracy",
            formula=partial(_calibrated, held=held),
        ),
    )


CONFIDENCE = (
    Score(
        name="mean_confidence",
        title="Mean confidence",
        source="Guillory2021",
        unit="accuracy",
        formula=lambda e: float(_confidence(e.chosen).mean()),
    ),
    *_of("moved_held", "", "moved source rows left out"),
    *_of("unseen", "_unseen", "source rows that the plan did not know"),
    Score(
        name="entropy",
        title="Mean entropy of the predictions, 1 for even ones",
        source="Grandvalet2005",
        formula=lambda e: float(_entropy(e.chosen).mean()),
        higher_is_better=False,
    ),
    Score(
        name="infomax",
        title="Entropy of the mean prediction less the mean entropy",
        source="Bridle1991",
        formula=lambda e: float(_entropy(e.chosen.mean(0)) - _entropy(e.chosen).mean()),
    ),
)
"""The scores of this file."""
