"""``python -m monge``: the command line without the script on the path."""

import sys

from monge.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
