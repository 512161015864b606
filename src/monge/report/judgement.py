"""What the page says of a verdict, which comes as JSON holds it: this room knows no estimator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monge.report.findings import percent
from monge.report.words import number
from monge.verdict import SCORES

__all__ = ["verdict_parts"]

DECISIONS = {
    "adapt": "Adapt",
    "abstain": "Do not adapt: keep the classifier as it is",
    "undecided": "Undecided: keep the classifier as it is, or label some target rows and compare",
}


ROUNDED = 0.15
"""Points by which a difference of two rounded shares may miss a rounded gain."""


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
        "choice": choice_name(choice := verdict.get("choice")),
        "options": choice_options(choice),
        "estimates": estimates,
        "gain": gain_text(verdict.get("gain")),
        "apart": estimates_apart(verdict),
        "per_class": [class_line(part) for part in verdict.get("per_class") or ()],
        "evidence": [evidence_line(part) for part in verdict.get("evidence") or ()],
        "warnings": [str(text) for text in verdict.get("warnings") or ()],
    }


def interval(found: Mapping[str, Any]) -> str:
    """Write the interval of a share, if it has one."""
    low, high = found.get("low"), found.get("high")
    return "" if low is None or high is None else f"{percent(low)} to {percent(high)}"


def choice_name(choice: Any) -> str:
    """Write which candidate it is."""
    if isinstance(choice, Mapping):
        return str(choice.get("name", ""))
    return "" if choice is None else str(choice)


def choice_options(choice: Any) -> str:
    """Write what the candidate was made with."""
    given = choice.get("parameters") if isinstance(choice, Mapping) else None
    told = {k: v for k, v in (given or {}).items() if str(v) != "None"}
    return ", ".join(f"{key}={value}" for key, value in told.items())


def estimates_apart(verdict: Mapping[str, Any]) -> bool:
    """Say whether the gain is another than the difference of the two accuracies, as shown."""
    parts = [verdict.get(key) for key in ("gain", "chosen", "source_only")]
    values = [part.get("value") if isinstance(part, Mapping) else None for part in parts]
    if any(value is None for value in values):
        return False
    gain, chosen, before = (round(100 * float(value), 1) for value in values if value is not None)
    return abs(gain - (chosen - before)) > ROUNDED


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
    """Write a piece of evidence: the score of the choice, of the source as it is, and the words.

    Of most scores more is better news; of the others it is said.
    """
    name, words = str(part.get("score", "")), str(part.get("words", ""))
    if name in SCORES:
        words = words or SCORES[name].title
        words += "" if SCORES[name].higher_is_better else " (less is better)"
    values = [part.get("value"), part.get("before")]
    value, before = ("-" if found is None else number(found) for found in values)
    return {
        "name": name,
        "value": value,
        "before": before,
        "words": words,
    }
