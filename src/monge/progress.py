"""The one callback protocol by which long work says how far it is.

Library code never prints: it calls a `Report` with a `Progress`. The command line draws a bar from
it; a caller who wants to stop raises `monge.errors.Cancelled` from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Progress", "Report", "silent"]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One sign of life of a long computation.

    Attributes
    ----------
    task
        What is being done, in words a person reads; constant over the life of the task.
    done
        Units finished so far; the task is over when ``done == total``.
    total
        Units in all, or ``None`` where it is not known.
    detail
        What else is worth a glance, e.g. ``"marginal error 3e-05, to reach 1e-06"``.

    Examples
    --------
    >>> Progress(task="Training LeNet5", done=3, total=10)
    Progress(task='Training LeNet5', done=3, total=10, detail='')
    """

    task: str
    done: float
    total: float | None = None
    detail: str = ""


Report: TypeAlias = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Take the progress and show nothing: the default everywhere.

    Examples
    --------
    >>> silent(Progress(task="Training LeNet5", done=3, total=10))
    """
