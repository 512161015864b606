"""What another library has to say, in one line."""

from __future__ import annotations

__all__ = ["first_line"]


def first_line(error: Exception) -> str:
    r"""Return the first line of an error's text, without its full stop.

    Examples
    --------
    >>> first_line(ValueError("Expected 2D array.\nReshape it."))
    'Expected 2D array'
    """
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0].rstrip(".:")
