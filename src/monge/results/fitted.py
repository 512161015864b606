"""The record of an adapter fitted on two tables, of whose target nobody knows a label."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Fitted"]


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """What the page says of a fit, but for its plan.

    Attributes
    ----------
    source_name, target_name
        What the tables are called.
    source_n, target_n, judged
        Their rows, and how many of the target's were classified for ``given`` and ``changed``.
    given
        For each class, by name: its share of the source, and the shares of the target that are
        given it without and with the transport.
    changed
        Share of these target rows that are given another class with the transport than without.
    parameters
        What the adapter was made with, name and text.
    protocol
        Which rows were used for what.
    command
        The command that makes the page again.
    environment
        Versions, threads, device, commit.

    Examples
    --------
    >>> fitted = Fitted(
    ...     source_name="old",
    ...     target_name="new",
    ...     source_n=100,
    ...     target_n=80,
    ...     judged=80,
    ...     given={"cat": (0.5, 0.75, 0.5), "dog": (0.5, 0.25, 0.5)},
    ...     changed=0.25,
    ...     parameters={"transport": "Sinkhorn"},
    ...     protocol="All rows.",
    ...     command="monge report adapter old.csv new.csv -o page.html",
    ... )
    >>> f"{fitted.changed:.0%} of {fitted.judged} rows change their class"
    '25% of 80 rows change their class'
    """

    source_name: str
    target_name: str
    source_n: int
    target_n: int
    judged: int
    given: dict[str, tuple[float, float, float]]
    changed: float
    parameters: dict[str, str]
    protocol: str
    command: str = ""
    environment: dict[str, Any] = field(default_factory=dict)
