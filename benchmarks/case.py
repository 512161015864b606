"""What a case is: something to be timed in a process of its own, and what is said of its result."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

__all__ = ["Case", "NotHereError", "keep_to_threads", "require_memory"]


class NotHereError(Exception):
    """A case that cannot run on this machine; the text says why."""


@dataclass(frozen=True)
class Case:
    """A piece of work that is ready to run.

    Attributes
    ----------
    work
        What is timed.
    describe
        Takes its result; figures for the JSON, and arrays (the scalings of a plan as ``log_u`` and
        ``log_v``, with which the true error is measured). Not timed.
    """

    work: Callable[[], Any]
    describe: Callable[[Any], tuple[dict[str, Any], dict[str, np.ndarray]]]


def require_memory(need: float) -> None:
    """Refuse what would not fit the free memory: a machine that swaps measures nothing."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return  # not known here
    if need > 0.8 * free:
        gigabytes = f"{need / 1e9:.0f} GB, and {free / 1e9:.0f} GB are free"
        raise NotHereError(f"not run: it would take about {gigabytes}")


def keep_to_threads() -> None:
    """Hold this process to as many processors as torch uses threads.

    JAX has no thread setting that works everywhere; this gives every method the same processors.
    """
    if hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, processors[: torch.get_num_threads()])
