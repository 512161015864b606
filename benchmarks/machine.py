"""What a run was made on: machine, threads, versions, commit, and how busy it was."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

from monge.experiments.environment import describe_environment


def processor() -> str:
    """Return the name of the processor, as well as this system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def describe_machine() -> dict[str, Any]:
    """Return machine, threads, versions and commit, as the JSON holds them."""
    return describe_environment() | {
        "processor": processor(),
        "processors": os.cpu_count(),
        "load_at_start": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
    }
