"""Every score by name."""

from __future__ import annotations

from collections.abc import Mapping

from monge.verdict.agreement import AGREEMENT
from monge.verdict.classes import CLASSES
from monge.verdict.confidence import CONFIDENCE
from monge.verdict.evidence import Evidence
from monge.verdict.proportions import PROPORTIONS
from monge.verdict.score import Score
from monge.verdict.transport import TRANSPORT
from monge.verdict.two_sample import TWO_SAMPLE
from monge.verdict.validation import VALIDATION

__all__ = ["SCORES", "scores_of"]

SCORES: Mapping[str, Score] = {
    score.name: score
    for score in (
        *VALIDATION,
        *CONFIDENCE,
        *TRANSPORT,
        *AGREEMENT,
        *CLASSES,
        *PROPORTIONS,
        *TWO_SAMPLE,
    )
}
"""The scores by name."""


def scores_of(evidence: Evidence) -> dict[str, float]:
    """Return every score of a candidate by name; NaN where it does not apply.

    Examples
    --------
    >>> import numpy as np
    >>> shares = np.array([[0.9, 0.1], [0.2, 0.8]])
    >>> rows = np.array([[0.0], [1.0]])
    >>> evidence = Evidence(
    ...     labels=np.array([0, 1]),
    ...     n_classes=2,
    ...     held=shares,
    ...     baseline=shares,
    ...     chosen=shares,
    ...     source=rows,
    ...     target=rows,
    ... )
    >>> scores = scores_of(evidence)
    >>> scores["held_accuracy"], round(scores["cot"], 2), scores["stability"]
    (1.0, 0.85, nan)
    """
    return {name: score(evidence) for name, score in SCORES.items()}
