"""What a result was made with: versions, threads, device, commit."""

from __future__ import annotations

import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

__all__ = ["describe_environment"]

_PACKAGES = ("monge", "torch", "numpy", "scipy", "scikit-learn", "POT")


def describe_environment() -> dict[str, Any]:
    """Return versions, threads, device and commit of this process, as JSON holds them."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {name: metadata.version(name) for name in _PACKAGES},
        "threads": torch.get_num_threads(),
        "device": "cpu",
        "commit": _commit(),
    }


def _commit() -> str | None:
    """Return the commit of the checkout that this package lies in, or ``None`` outside one."""
    folder = Path(__file__).resolve().parents[3]
    if not (folder / ".git").exists():
        return None
    try:
        done = subprocess.run(  # noqa: S603 - no word of it comes from outside
            ["git", "-C", str(folder), "rev-parse", "HEAD"],  # noqa: S607 - git as the user has it
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
