"""What was learned on shifts of known truth, by ``benchmarks/learn_verdict.py``: what ships.

It lies beside this file, as numbers.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from monge.verdict.network import Rule

__all__ = ["ARCHIVE", "learned"]

ARCHIVE = "learned.npz"
"""Name of the archive."""


@cache
def learned() -> Rule:
    """Return the rule that `decide` uses by default; it is read once.

    Examples
    --------
    >>> learned().caution > 0
    True
    """
    return Rule.from_bytes(files("monge.verdict").joinpath(ARCHIVE).read_bytes())
