"""Commands that are told to stop: Ctrl-C, and SIGTERM, which ends them just as tidily.

Nothing here loads a library: a signal may come while they are loading.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

__all__ = ["Terminated", "stopped", "terminable"]

INTERRUPTED, TERMINATED = 130, 143
"""Exit codes as shells have them: 128 and the number of the signal."""


class Terminated(KeyboardInterrupt):
    """SIGTERM came: to be cleaned up after as after Ctrl-C."""


def stopped(error: KeyboardInterrupt) -> tuple[str, int]:
    """Return the word and the exit code for what stopped a command."""
    if isinstance(error, Terminated):
        return "terminated", TERMINATED
    return "interrupted", INTERRUPTED


@contextmanager
def terminable() -> Iterator[None]:
    """Raise `Terminated` where SIGTERM would end the process with its files half written.

    A SIGTERM that is ignored, or that somebody else takes care of, is left to that; and so it is
    outside of the main thread, where no handler can be set.
    """
    theirs = signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    if theirs or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _terminate(number: int, frame: object) -> NoReturn:
    del number, frame
    raise Terminated
