"""The command line: parse, call, print."""

import sys
from collections.abc import Sequence

from monge.cli.signals import stopped, terminable

__all__ = ["main"]


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    words
        The arguments; those of the process by default.
    """
    with terminable():
        try:
            # The libraries take seconds to load: an interrupt meanwhile ends as quietly as later.
            from monge.cli.app import main as run  # noqa: PLC0415 - see above
        except KeyboardInterrupt as error:
            word, code = stopped(error)
            sys.stderr.write(f"monge: {word} before anything was begun.\n")
            return code
        return run(words)
