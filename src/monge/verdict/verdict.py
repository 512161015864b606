"""Adapt or abstain: the answer, with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, get_args

from monge.errors import InputError, sentence
from monge.verdict.estimate import Estimate
from monge.verdict.rule import Decision
from monge.verdict.screen import screen
from monge.verdict.shift import ClassShare, Shift

__all__ = ["Choice", "ClassEstimate", "Item", "Tried", "Verdict"]

SCHEMA = 1

_POINT = 0.01
"""Loss from which a gain is hedged."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A way to adapt.

    Attributes
    ----------
    name
        Of the candidate.
    parameters
        Of `monge.Adapter`, as people write them.

    Examples
    --------
    >>> str(Choice(name="coral", parameters={"transport": "Coral()", "subsample": "None"}))
    'coral: transport=Coral()'
    """

    name: str
    parameters: Mapping[str, str]

    def __str__(self) -> str:
        told = [f"{key}={value}" for key, value in self.parameters.items() if value != "None"]
        return f"{self.name}: {', '.join(told)}"


@dataclass(frozen=True, kw_only=True)
class ClassEstimate:
    """How a class fares under the choice.

    Attributes
    ----------
    label
        As it was given.
    predicted
        Share of the target rows that are given the class.
    right
        Estimated share of right ones among them; ``None`` where there are none.

    Examples
    --------
    >>> ClassEstimate(label="cat", predicted=0.25, right=0.9).right
    0.9
    """

    label: object
    predicted: float
    right: float | None


@dataclass(frozen=True, kw_only=True)
class Item:
    """A piece of evidence: a score of the choice and of the source as it is, and what it means.

    Examples
    --------
    >>> Item(score="cot", value=0.9, before=0.7, words="Optimal-transport confidence").value
    0.9
    """

    score: str
    value: float
    before: float | None
    words: str


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A row of the table of trials.

    Attributes
    ----------
    choice
        The candidate.
    estimate, gain
        Of its accuracy on the target; ``None`` where it failed, and no gain of the source as it is.
    seconds
        That its fit took.
    reason
        Why it failed; empty where it did not.
    scores
        Those that apply, by name.

    Examples
    --------
    >>> choice = Choice(name="exact", parameters={})
    >>> Tried(choice=choice, estimate=None, gain=None, seconds=0.0, reason="no rows").scores
    {}
    """

    choice: Choice
    estimate: Estimate | None
    gain: Estimate | None
    seconds: float
    reason: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether to adapt, judged without a label of the target.

    Printed it is one screen.

    Attributes
    ----------
    decision
        ``"adapt"``, ``"abstain"`` (keep the classifier as it is) or ``"undecided"``: then keep it
        too, or label some target rows and compare.
    choice
        The candidate that is thought to be the best of those that adapt.
    source_only, chosen
        Accuracy on the target of the classifier trained on the source as it is, and of the choice.
    gain
        Of the choice over the source as it is.
    shift
        How the domains differ.
    per_class
        How each class fares under what is decided.
    evidence
        Scores of the choice.
    warnings
        Sentences.
    trials
        Every candidate, the source as it is first.
    rows
        Source and target rows.

    Examples
    --------
    >>> import numpy as np
    >>> import monge
    >>> draw = np.random.default_rng(0)
    >>> X = draw.normal(size=(60, 2)) + np.repeat([[0, 0], [6, 0]], 30, axis=0)
    >>> y = np.repeat(["left", "right"], 30)
    >>> verdict = monge.judge(["linear"], X, y, X + [4, 1])
    >>> verdict.decision, verdict.choice.name
    ('adapt', 'linear')
    >>> Verdict.from_json(verdict.to_json()) == verdict
    True
    """

    decision: Decision
    choice: Choice
    source_only: Estimate
    chosen: Estimate
    gain: Estimate
    shift: Shift
    per_class: tuple[ClassEstimate, ...]
    evidence: tuple[Item, ...]
    warnings: tuple[str, ...]
    trials: tuple[Tried, ...]
    rows: tuple[int, int]

    @property
    def followed(self) -> Choice:
        """What is to be used: the choice, or the source as it is."""
        return self.choice if self.decision == "adapt" else self.trials[0].choice

    @property
    def advice(self) -> str:
        """What to do, in one sentence."""
        name = self.choice.name
        gain = f"{100 * self.gain.value:+.1f} points"
        tried = {one.choice.name: one for one in self.trials}
        if self.decision == "adapt":
            hedge = "; a loss is not ruled out" if self.gain.low < -_POINT else ""
            return f"Adapt with {name}: it is thought to gain {gain}{hedge}."
        if self.decision == "abstain":
            if name in tried and tried[name].scores.get("collapsed"):
                return (
                    f"Do not adapt: {name}, the best candidate, gives hardly any row one class, or "
                    "nearly all rows another."
                )
            which = "the best candidate" if len(tried) > 2 else "the one candidate"  # noqa: PLR2004 - the source is one
            return f"Do not adapt: {name}, {which}, is thought to bring {gain}."
        return (
            f"Undecided: {name} may gain ({gain}), or not; keep the classifier as it is, or label "
            "some target rows and compare."
        )

    def __str__(self) -> str:
        return screen(self)

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as plain types, with the number of its schema."""
        return {"schema": SCHEMA, **_plain(asdict(self))}

    @classmethod
    def from_json(cls, content: Any) -> Verdict:
        """Return the verdict of its plain types.

        Raises
        ------
        InputError
            If it is of another schema, or is no verdict.
        """
        if not isinstance(content, Mapping) or content.get("schema") != SCHEMA:
            got = content.get("schema") if isinstance(content, Mapping) else type(content).__name__
            required, remedy = f"of schema {SCHEMA}", "use the version of monge that wrote it"
            raise InputError(sentence("Verdict.from_json", "content", required, got, remedy))
        try:
            return cls(
                decision=_decision(content["decision"]),
                choice=Choice(**content["choice"]),
                source_only=_estimate(content["source_only"]),
                chosen=_estimate(content["chosen"]),
                gain=_estimate(content["gain"]),
                shift=_shift(content["shift"]),
                per_class=tuple(ClassEstimate(**part) for part in content["per_class"]),
                evidence=tuple(Item(**part) for part in content["evidence"]),
                warnings=tuple(map(str, content["warnings"])),
                trials=tuple(_tried(part) for part in content["trials"]),
                rows=(int(content["rows"][0]), int(content["rows"][1])),
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            got, required = f"{type(error).__name__}: {error}", "what to_json gave"
            remedy = "pass it whole"
            raise InputError(
                sentence("Verdict.from_json", "content", required, got, remedy)
            ) from error


def _plain(value: Any) -> Any:
    """Return nested values with lists for tuples."""
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value


def _decision(word: Any) -> Decision:
    if word not in get_args(Decision):
        raise ValueError(f"{word!r} is no decision")
    decision: Decision = word
    return decision


def _estimate(content: Mapping[str, Any]) -> Estimate:
    return Estimate(**{name: float(value) for name, value in content.items()})


def _shift(content: Mapping[str, Any]) -> Shift:
    classes = tuple(ClassShare(**part) for part in content["classes"])
    return Shift(**{**content, "kinds": tuple(content["kinds"]), "classes": classes})


def _tried(content: Mapping[str, Any]) -> Tried:
    parts = {
        name: None if content[name] is None else _estimate(content[name])
        for name in ("estimate", "gain")
    }
    return Tried(**{**content, **parts, "choice": Choice(**content["choice"])})
