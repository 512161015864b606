"""The arguments and options that the commands on tables share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["AdapterFolder", "AsJson", "Force", "Out"]

AdapterFolder = Annotated[
    Path, typer.Argument(help="Folder that `monge fit` wrote.", metavar="ADAPTER")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
Out = Annotated[
    Path,
    typer.Option("-o", "--out", help="File to write: .parquet, .csv or .npz.", metavar="FILE"),
]
