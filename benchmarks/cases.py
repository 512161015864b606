"""All cases by name, for the process that runs one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import ours
import peers
import pot
from case import Case

__all__ = ["CASES"]

CASES: dict[str, Callable[[dict[str, np.ndarray], dict[str, Any]], Case]] = {
    **ours.CASES,
    **pot.CASES,
    **peers.CASES,
}
