"""What an option may be: one line for each, and one sentence where it is something else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from math import isfinite
from numbers import Integral, Real
from typing import Any, TypeVar

from monge.errors import InputError, sentence

__all__ = [
    "Rule",
    "at_least",
    "between",
    "check_options",
    "is_number",
    "one_of",
    "or_none",
    "positive",
    "shared",
    "whole",
]

Options = TypeVar("Options")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What an option must be.

    Attributes
    ----------
    holds
        Whether a value is right; of a value of any type.
    required
        What it must be, to be read after "must be".
    remedy
        What to do where it is not.
    """

    holds: Callable[[Any], bool]
    required: str
    remedy: str


def check_options(options: object, **rules: Rule) -> None:
    """Refuse the first option that breaks its rule.

    Parameters
    ----------
    options
        What has the options as attributes; its class is named in the sentence.
    rules
        The rule of each option, by its name.

    Raises
    ------
    InputError
        Naming the option, what it must be and what it is.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_options(SimpleNamespace(tau=-1), tau=at_least(0, "pass for example tau=0.1"))
    Traceback (most recent call last):
        ...
    monge.errors.InputError: SimpleNamespace: 'tau' must be at least 0, got -1; pass for example
        tau=0.1.
    """
    for name, rule in rules.items():
        value = getattr(options, name)
        if not rule.holds(value):
            caller = type(options).__name__
            raise InputError(sentence(caller, name, rule.required, repr(value), rule.remedy))


def is_number(value: object, kind: type = Real) -> bool:
    """Whether a value is a number: infinity and NaN are, booleans and text are not."""
    return isinstance(value, kind) and not isinstance(value, bool)


def positive(remedy: str) -> Rule:
    """Ask for a number above zero that is not infinite."""
    return Rule(
        holds=lambda value: is_number(value) and isfinite(value) and value > 0,
        required="a positive finite number",
        remedy=remedy,
    )


def whole(remedy: str, required: str = "a positive whole number") -> Rule:
    """Ask for a count, 1 or more."""
    return Rule(
        holds=lambda value: is_number(value, Integral) and value >= 1,
        required=required,
        remedy=remedy,
    )


def at_least(least: float, remedy: str, *, finite: bool = False) -> Rule:
    """Ask for a number from `least` on, infinity included unless it is to be finite."""
    return Rule(
        holds=lambda value: is_number(value) and value >= least and (isfinite(value) or not finite),
        required=f"{'finite and ' if finite else ''}at least {least:g}",
        remedy=remedy,
    )


def between(low: float, high: float, remedy: str) -> Rule:
    """Ask for a number from `low` to `high`, both included."""
    return Rule(
        holds=lambda value: is_number(value) and low <= value <= high,
        required=f"between {low:g} and {high:g}",
        remedy=remedy,
    )


def one_of(words: Sequence[str], remedy: str) -> Rule:
    """Ask for one of some words."""
    return Rule(
        holds=lambda value: isinstance(value, str) and value in words,
        required=f"one of {', '.join(map(repr, words))}",
        remedy=remedy,
    )


def or_none(rule: Rule) -> Rule:
    """Allow ``None`` as well."""
    return Rule(
        holds=lambda value: value is None or rule.holds(value),
        required=f"{rule.required}, or None",
        remedy=rule.remedy,
    )


def shared(options: object, kind: type[Options]) -> Options:
    """Make options of another kind with the values of those that both have.

    Parameters
    ----------
    options
        Has some of the options of the other kind, under the same names.
    kind
        A dataclass; what `options` has not stays at its default.

    Raises
    ------
    InputError
        If a value is out of the other's range.

    Examples
    --------
    >>> from monge import ClassRegularized, Sinkhorn
    >>> shared(ClassRegularized(epsilon=0.2, eta=3), Sinkhorn).epsilon
    0.2
    """
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type] # it is a dataclass
    values: Any = {name: getattr(options, name) for name in names if hasattr(options, name)}
    return kind(**values)
