"""From trials to a verdict: the rule asked, and what is worth saying said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from monge.adapters.candidates import Candidate
from monge.adapters.trying import Trial
from monge.adapters.witnesses import Both
from monge.verdict import (
    SCORES,
    Choice,
    ClassEstimate,
    Estimate,
    Item,
    Shift,
    Tried,
    Verdict,
    decide,
    shift_of,
)
from monge.verdict.calibration import told_right
from monge.verdict.shift import beyond_chance

__all__ = ["conclude"]

_SHOWN = (
    "unseen_accuracy",
    "circular_accuracy",
    "cot",
    "atc",
    "calibrated_confidence_unseen",
    "own_agreement",
    "view_agreement",
    "agreement_majority",
    "stability",
    "class_shift",
    "energy_moved",
    "plan_same_class",
)
"""Scores that are shown; all of them are in the table of trials."""

_UNMET = 1e-2
"""Marginal error, of the total mass, that is worth a warning."""

_FEW = 30
"""Rows of a side below which the rule of the verdict saw no shift when it was learned."""

_NOTHING = Estimate(value=0.0, low=0.0, high=0.0)


def conclude(trials: Sequence[Trial], both: Both, cut: Mapping[str, float]) -> Verdict:
    """Judge trials, the first of which is the source as it is.

    Parameters
    ----------
    trials
        See `monge.adapters.collect`.
    both
        The domains.
    cut
        Candidates that were left out for time, with the seconds that each is thought to take.
    """
    by_name = {trial.name: trial for trial in trials}
    first = trials[0]
    if first.evidence is None:
        raise AssertionError(f"unreachable: the source as it is was fitted before: {first.reason}")
    ruling = decide({trial.name: trial.scores for trial in trials if trial.evidence is not None})
    chosen = by_name[ruling.choice]
    labels = both.classes.tolist()
    shift = shift_of(first.evidence, labels, chosen.evidence)
    followed = chosen if ruling.decision == "adapt" else first
    return Verdict(
        decision=ruling.decision,
        choice=_choice(chosen.name, chosen.candidate),
        source_only=ruling.estimates[first.name],
        chosen=ruling.estimates[chosen.name],
        gain=ruling.gains.get(chosen.name, _NOTHING),
        shift=shift,
        per_class=_per_class(followed, labels, ruling.estimates[followed.name]),
        evidence=tuple(_items(chosen, first)),
        warnings=(
            *_few(both),
            *_doubts(first, shift, adapts=ruling.decision == "adapt"),
            *_warnings(chosen, trials, shift, cut),
        ),
        trials=tuple(
            Tried(
                choice=_choice(trial.name, trial.candidate),
                estimate=ruling.estimates.get(trial.name),
                gain=ruling.gains.get(trial.name),
                seconds=trial.seconds,
                reason=trial.reason,
                scores={name: v for name, v in trial.scores.items() if np.isfinite(v)},
            )
            for trial in trials
        ),
        rows=(len(both.X), len(both.X_target)),
    )


def _choice(name: str, candidate: Candidate) -> Choice:
    return Choice(name=name, parameters={k: repr(v) for k, v in candidate.parameters.items()})


def _items(chosen: Trial, first: Trial) -> list[Item]:
    return [
        Item(
            score=name,
            value=value,
            before=before if np.isfinite(before) else None,
            words=SCORES[name].title,
        )
        for name in _SHOWN
        for value, before in [(chosen.scores[name], first.scores[name])]
        if np.isfinite(value)
    ]


def _per_class(trial: Trial, labels: list[object], overall: Estimate) -> tuple[ClassEstimate, ...]:
    """Return how sure each class is, so that all of them together give the estimate."""
    evidence = trial.evidence
    if evidence is None:
        return ()
    right = told_right(evidence.chosen, overall.value)
    said = evidence.predicted
    return tuple(
        ClassEstimate(
            label=label,
            predicted=float((said == code).mean()),
            right=float(right[said == code].mean()) if (said == code).any() else None,
        )
        for code, label in enumerate(labels)
    )


def _few(both: Both) -> list[str]:
    n, m = len(both.X), len(both.X_target)
    if min(n, m) >= _FEW:
        return []
    told = f"Few rows: {n} of the source and {m} of the target tell little"
    return [f"{told}; the verdict was learned on {_FEW} of each at least: take it for a hint."]


def _doubts(first: Trial, shift: Shift, *, adapts: bool) -> list[str]:
    """Return why a verdict is to be doubted as a whole, one sentence each."""
    said = []
    if first.evidence is not None and not beyond_chance(first.evidence):
        right, largest = first.scores["held_accuracy"], first.evidence.proportions.max()
        said.append(
            f"No better than chance: the classifier is right on {100 * right:.0f} % of the source "
            f"rows left out, and the largest class holds {100 * largest:.0f} %; there is nothing "
            "to carry over, whatever is estimated."
        )
    if adapts and not shift.kinds:
        said.append(
            "No shift is seen: what is gained would be by a better classifier, not by adapting."
        )
    return said


def _warnings(
    chosen: Trial, trials: Sequence[Trial], shift: Shift, cut: Mapping[str, float]
) -> list[str]:
    """Return what is to be warned of, one sentence each."""
    said = []
    if "label" in shift.kinds:
        shares = ", ".join(
            f"{part.label} {100 * part.target:.0f} % (source {100 * part.source:.0f} %)"
            for part in shift.classes[:10]
        )
        more = f" and {len(shift.classes) - 10} more" if len(shift.classes) > 10 else ""  # noqa: PLR2004 - a line's worth
        said.append(
            f"Label shift: the target's classes are thought to be {shares}{more}; pass "
            "target_prior='estimate' to weigh the source by them."
        )
    missing = [str(part.label) for part in shift.classes if part.missing]
    if missing:
        said.append(f"Missing class: the target seems to hold none of {', '.join(missing)}.")
    if "support" in shift.kinds:
        said.append(
            f"Support mismatch: {100 * shift.outside:.0f} % of the target rows lie farther from "
            "the source than its own rows do; no label is known there."
        )
    if chosen.scores.get("collapsed"):
        said.append(
            f"Collapse: {chosen.name} gives hardly any row one class, or nearly all rows another."
        )
    plan = chosen.evidence.plan if chosen.evidence is not None else None
    if plan is not None and plan.marginal_error > _UNMET:
        said.append(
            f"Unmet marginals: the plan of {chosen.name} misses {100 * plan.marginal_error:.0f} % "
            "of the mass, as one does that may leave mass behind."
        )
    said += [f"{chosen.name} warned: {text}" for text in chosen.said]
    failed = [trial.name for trial in trials if trial.reason]
    if failed:
        said.append(f"Failed: {', '.join(failed)}; the table of trials says why.")
    if cut:
        told = ", ".join(f"{name} ({need:.0f} s)" for name, need in cut.items())
        said.append(f"Not tried, as the budget has no room for it: {told}.")
    return said
