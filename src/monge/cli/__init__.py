"""The command line: parse, call, print."""

from monge.cli.app import main

__all__ = ["main"]
