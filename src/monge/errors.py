"""Every exception and warning that monge raises.

One sentence each: caller, parameter, what was required, what was got, what to do.
`sentence` writes it, so that every room speaks alike.
"""

from __future__ import annotations

__all__ = [
    "Cancelled",
    "ConvergenceError",
    "ConvergenceWarning",
    "DataError",
    "DownloadError",
    "InputError",
    "LargeProblemWarning",
    "MemoryBudgetError",
    "MongeError",
    "MongeWarning",
    "OutputError",
    "StoreError",
    "UnsupportedCostError",
    "sentence",
]


_LONGEST = 160
"""Characters of what came instead: two lines of a terminal."""


def sentence(caller: str, parameter: str, required: str, got: object, remedy: str) -> str:
    """Write the one error sentence of the house.

    Parameters
    ----------
    caller
        The function or class that refuses, e.g. ``"Sinkhorn"``.
    parameter
        The name of the parameter that is refused.
    required
        What it must be, to be read after "must be".
    got
        What came instead; of a long text the middle is left out.
    remedy
        What to do, as an imperative.

    Examples
    --------
    >>> sentence("Sinkhorn", "epsilon", "a positive number", -1, "pass for example epsilon=0.05")
    "Sinkhorn: 'epsilon' must be a positive number, got -1; pass for example epsilon=0.05."
    """
    text = str(got)
    shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}...{text[-_LONGEST // 2 :]}"
    return f"{caller}: '{parameter}' must be {required}, got {shown}; {remedy.rstrip('.')}."


class MongeError(Exception):
    """The base of every error that monge raises on purpose."""


class InputError(MongeError, ValueError):
    """An argument that cannot be worked with, refused before any work starts."""


class UnsupportedCostError(InputError):
    """A formula that does not hold for the cost in use, refused instead of approximated."""


class MemoryBudgetError(MongeError, MemoryError):
    """An array larger than the budget, refused before it is allocated."""


class ConvergenceError(MongeError, RuntimeError):
    """A solve that did not reach its tolerance.

    Attributes
    ----------
    solution
        The `Solution` as far as it got, so that the work is not lost; ``None`` where the failing
        computation has none.
    """

    def __init__(self, text: str, solution: object = None) -> None:
        super().__init__(text)
        self.solution = solution


class Cancelled(MongeError):  # noqa: N818 - a request of the caller's, not an error
    """Raised by a progress callback to stop a long computation between two steps."""


class DataError(MongeError, OSError):
    """A data file that is missing, truncated, corrupt or of another format."""


class DownloadError(DataError):
    """A file that could not be fetched."""


class OutputError(MongeError, OSError):
    """A result that could not be written."""


class StoreError(MongeError, OSError):
    """An artifact that is missing, tampered with, truncated or foreign."""


class MongeWarning(UserWarning):
    """The base of every warning that monge gives."""


class ConvergenceWarning(MongeWarning):
    """A result that is stated as not converged and used all the same."""


class LargeProblemWarning(MongeWarning):
    """A computation that will take minutes or many gigabytes."""
