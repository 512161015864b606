"""What the page says of a verdict, which comes as JSON holds it: this room knows no estimator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monge.report.findings import percent
from monge.report.words import number

__all__ = ["verdict_parts"]

DECISIONS = {
    "adapt": "Adapt",
    "abstain": "Do not adapt: keep the classifier as it is",
    "undecided": "Undecided: keep the classifier as it is, or label some target rows and compare",
}


def verdict_parts(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """Return a verdict as the page shows it: a heading, estimates, evidence and warnings.

    Parameters
    ----------
    verdict
        What `monge.verdict.Verdict.to_json` gives; of it ``decision``, ``choice``,
        ``source_only``, ``chosen``, ``gain``, ``per_class``, ``evidence`` and ``warnings`` are
        shown, and what is not there is left out.

    Examples
    --------
    >>> verdict_parts({"decision": "adapt", "choice": {"name": "linear"}})["heading"]
    'Adapt'
    """
    decision = str(verdict.get("decision", "undecided"))
    estimates = [
        {"name": text, "value": percent(found["value"]), "between": interval(found)}
        for key, text in (("source_only", "without adapting"), ("chosen", "adapted"))
        if isinstance(found := verdict.get(key), Mapping) and found.get("value") is not None
    ]
    return {
        "heading": DECISIONS.get(decision, decision),
        "decision": decision if decision in DECISIONS else "undecided",
        "choice": choice_text(verdict.get("choice")),
        "estimates": estimates,
        "gain": gain_text(verdict.get("gain")),
        "per_class": [class_line(part) for part in verdict.get("per_class") or ()],
        "evidence": [evidence_line(part) for part in verdict.get("evidence") or ()],
        "warnings": [str(text) for text in verdict.get("warnings") or ()],
    }


def interval(found: Mapping[str, Any]) -> str:
    """Write the interval of a share, if it has one."""
    low, high = found.get("low"), found.get("high")
    return "" if low is None or high is None else f"{percent(low)} to {percent(high)}"


def choice_text(choice: Any) -> str:
    """Write the candidate with what it was made with."""
    if not isinstance(choice, Mapping):
        return "" if choice is None else str(choice)
    told = {k: v for k, v in (choice.get("parameters") or {}).items() if str(v) != "None"}
    with_ = ", ".join(f"{key}={value}" for key, value in told.items())
    return f"{choice.get('name', '')}{f' ({with_})' if with_ else ''}"


def gain_text(gain: Any) -> str:
    """Write what the choice is thought to gain over the source as it is."""
    if not isinstance(gain, Mapping) or gain.get("value") is None:
        return ""
    text = f"{100 * gain['value']:+.1f} points"
    if gain.get("low") is not None and gain.get("high") is not None:
        text += f" ({100 * gain['low']:+.1f} to {100 * gain['high']:+.1f})"
    return text


def class_line(part: Mapping[str, Any]) -> tuple[str, str, str]:
    """Write how a class fares: its name, the share that is given it, the share that is right."""
    shares = [part.get("predicted"), part.get("right")]
    given, right = ("-" if share is None else percent(share) for share in shares)
    return str(part.get("label", "")), given, right


def evidence_line(part: Mapping[str, Any]) -> dict[str, str]:
    """Write a piece of evidence: the score of the choice, of the source as it is, and the words."""
    values = [part.get("value"), part.get("before")]
    value, before = ("-" if found is None else number(found) for found in values)
    return {
        "name": str(part.get("score", "")),
        "value": value,
        "before": before,
        "words": str(part.get("words", "")),
    }
