"""A number with its interval."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Estimate"]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """An accuracy, or a gain of accuracy, with the interval that holds nine in ten.

    Attributes
    ----------
    value
        The estimate; of an accuracy from 0 to 1.
    low, high
        The interval.

    Examples
    --------
    >>> str(Estimate(value=0.812, low=0.78, high=0.85))
    '81.2 % (78.0 to 85.0)'
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{100 * self.value:.1f} % ({100 * self.low:.1f} to {100 * self.high:.1f})"
