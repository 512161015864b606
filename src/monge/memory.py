"""The memory budget: how it is written, and the refusal before an array is made.

Nothing of size n x m is made unless the budget allows it, and what it takes is computed and said
beforehand.
"""

from __future__ import annotations

import re
from contextlib import suppress
from math import inf
from operator import index

from monge.errors import InputError, MemoryBudgetError, sentence

__all__ = ["DEFAULT_BUDGET", "format_bytes", "parse_bytes", "require_memory"]

DEFAULT_BUDGET = "2 GiB"

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}


def parse_bytes(memory: str | int, *, caller: str = "parse_bytes") -> int:
    """Read a memory budget in bytes.

    Parameters
    ----------
    memory
        A number of bytes, or a text such as ``"2 GiB"`` or ``"500 MB"``.
    caller
        Who asks, for the error sentence.

    Raises
    ------
    InputError
        If it is not a positive amount of memory.

    Examples
    --------
    >>> parse_bytes("2 GiB")
    2147483648
    """
    number = float("nan")
    if isinstance(memory, str):
        match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([A-Za-z]*)\s*", memory)
        if match and match[2].upper() in _UNITS:
            number = float(match[1]) * _UNITS[match[2].upper()]
    elif not isinstance(memory, bool):
        with suppress(TypeError):
            number = float(index(memory))
    if not 1 <= number < inf:
        raise InputError(
            sentence(
                caller,
                "memory",
                "a number of bytes or a text with a unit",
                repr(memory),
                "pass for example memory='2 GiB'",
            )
        )
    return int(number)


def format_bytes(count: float) -> str:
    """Write a number of bytes for a person.

    Examples
    --------
    >>> format_bytes(1_750_000_000)
    '1.63 GiB'
    """
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1000:  # noqa: PLR2004 - from here three digits would need an exponent
            return f"{count:.0f} B" if unit == "B" else f"{count:.3g} {unit}"
        count /= 1024
    return f"{count:,.1f} TiB"


def require_memory(caller: str, need: int, budget: str | int, remedy: str) -> None:
    """Refuse an allocation of `need` bytes that the budget does not allow.

    Raises
    ------
    MemoryBudgetError
        If ``need`` exceeds the budget, before anything is allocated.

    Examples
    --------
    >>> require_memory("demo", 3_000_000, "4 MB", "take fewer rows")
    >>> require_memory("demo", 5_000_000, "4 MB", "take fewer rows")
    Traceback (most recent call last):
        ...
    monge.errors.MemoryBudgetError: demo: 'memory' must be at least 4.77 MiB, got 3.81 MiB; take
        fewer rows.
    """
    allowed = parse_bytes(budget, caller=caller)
    if need > allowed:
        raise MemoryBudgetError(
            sentence(
                caller, "memory", f"at least {format_bytes(need)}", format_bytes(allowed), remedy
            )
        )
