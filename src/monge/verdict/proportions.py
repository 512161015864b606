"""The target's class proportions, from what a classifier of the source says of both domains.

Both estimates assume label shift: rows of one class look alike in both domains.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from monge._types import NDArray
from monge.verdict.calibration import calibrated
from monge.verdict.evidence import Evidence, frequencies
from monge.verdict.score import Score

__all__ = ["PROPORTIONS", "black_box_shares", "expectation_maximisation", "likeliest_shares"]

_ROUNDS, _SETTLED = 1000, 1e-6


def expectation_maximisation(probabilities: NDArray, own: NDArray, weights: NDArray) -> NDArray:
    """Return the likeliest class proportions of weighted rows (Saerens et al. 2002).

    Parameters
    ----------
    probabilities
        Of each class for each target row, (m, L), under the source's proportions.
    own
        The source's proportions, (L,).
    weights
        One set of row weights of sum one a line, (B, m).

    Returns
    -------
    ndarray
        (B, L), each line of sum one.

    Examples
    --------
    >>> shares = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.1, 0.9]])
    >>> expectation_maximisation(shares, np.array([0.5, 0.5]), np.full((1, 4), 0.25)).round(2)
    array([[0.81, 0.19]])
    """
    likelihood = probabilities / own
    shares = np.tile(own, (len(weights), 1))
    for _ in range(_ROUNDS):
        density = shares @ likelihood.T
        following = shares * ((weights / density) @ likelihood)
        following /= following.sum(1, keepdims=True)
        settled = np.abs(following - shares).max() <= _SETTLED
        shares = following
        if settled:
            break
    return shares


def likeliest_shares(evidence: Evidence) -> NDArray:
    """Return the proportions that make the source-only classifier's words the likeliest, (L,)."""
    spoken = evidence.once(calibrated, evidence.baseline, evidence.held, evidence.labels)
    return evidence.once(_likeliest, spoken, evidence.labels)


def _likeliest(spoken: NDArray, labels: NDArray) -> NDArray:
    own, even = frequencies(labels, spoken.shape[1]), np.full((1, len(spoken)), 1 / len(spoken))
    shares: NDArray = expectation_maximisation(spoken, own, even)[0]
    return shares


def black_box_shares(evidence: Evidence) -> NDArray:
    """Return the proportions that explain how often each class is predicted, (L,).

    Solves ``C w = mu`` for ``w >= 0``: C the joint distribution of predicted and true class in the
    source, mu that of the predicted class in the target (Lipton, Wang and Smola 2018, section 3).
    """
    size = evidence.n_classes
    joint = np.zeros((size, size))
    np.add.at(joint, (evidence.held.argmax(1), evidence.labels), 1 / len(evidence.labels))
    given = np.bincount(evidence.baseline.argmax(1), minlength=size) / len(evidence.target)
    weight, _ = nnls(joint, given)
    shares = weight * evidence.proportions
    total = shares.sum()
    return shares / total if total > 0 else evidence.proportions


def total_variation(one: NDArray, other: NDArray) -> float:
    """Return half the L1 distance of two distributions."""
    return float(np.abs(one - other).sum() / 2)


def _recall(evidence: Evidence) -> float:
    """Weigh the recall of each class in unseen rows by the likeliest share of the target."""
    said = evidence.held if evidence.unseen is None else evidence.unseen
    right = said.argmax(1) == evidence.labels
    size = evidence.n_classes
    found = np.bincount(evidence.labels, right, minlength=size)
    count = np.bincount(evidence.labels, minlength=size)
    recall = found / count.clip(min=1)
    return float(likeliest_shares(evidence) @ recall)


PROPORTIONS = (
    Score(
        name="label_shift_em",
        title="Label shift: the likeliest proportions against those of the source",
        source="Saerens2002",
        formula=lambda e: total_variation(likeliest_shares(e), e.proportions),
        higher_is_better=False,
    ),
    Score(
        name="label_shift_bbse",
        title="Label shift: proportions by the confusion matrix against those of the source",
        source="Lipton2018",
        formula=lambda e: total_variation(black_box_shares(e), e.proportions),
        higher_is_better=False,
    ),
    Score(
        name="share_gap",
        title="Predicted proportions against the likeliest ones",
        source="Saerens2002",
        formula=lambda e: total_variation(e.predicted_shares, likeliest_shares(e)),
        higher_is_better=False,
    ),
    Score(
        name="class_shift",
        title="Predicted proportions against those of the source",
        formula=lambda e: total_variation(e.predicted_shares, e.proportions),
        higher_is_better=False,
    ),
    Score(
        name="class_shift_baseline",
        title="Predicted proportions against those that the source-only classifier predicts",
        formula=lambda e: total_variation(
            e.predicted_shares,
            np.bincount(e.baseline.argmax(1), minlength=e.n_classes) / len(e.target),
        ),
        higher_is_better=False,
    ),
    Score(
        name="smallest_share",
        title="Share of the class that is predicted least, over the even share",
        formula=lambda e: float(e.predicted_shares.min() * e.n_classes),
    ),
    Score(
        name="largest_share",
        title="Share of the class that is predicted most, over that of the source's largest",
        formula=lambda e: float(e.predicted_shares.max() / e.proportions.max()),
        higher_is_better=False,
    ),
    Score(
        name="recall_by_shares",
        title="Recall of each class in source rows left out, by the likeliest proportions",
        source="Saerens2002",
        unit="accuracy",
        formula=_recall,
    ),
)
"""The scores of this file."""
