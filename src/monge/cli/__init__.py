"""The command line: parse, call, print."""

import sys
from collections.abc import Sequence

__all__ = ["main"]

INTERRUPTED = 130
"""Exit code of a command that was interrupted, as shells have it."""


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    words
        The arguments; those of the process by default.
    """
    try:
        # The libraries take seconds to load: an interrupt meanwhile ends as quietly as later.
        from monge.cli.app import main as run  # noqa: PLC0415 - see above
    except KeyboardInterrupt:
        sys.stderr.write("monge: interrupted before anything was begun.\n")
        return INTERRUPTED
    return run(words)
