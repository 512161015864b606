"""One cell of the bench, a method on a pair and seed: run, or taken as it was kept."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import torch

from monge._types import NDArray, Tensor
from monge.cache import Cache
from monge.errors import Cancelled, MongeError
from monge.experiments.accuracy.methods import Method
from monge.experiments.accuracy.task import Predicted, Task
from monge.experiments.version import code_version

__all__ = ["Cell", "Cells"]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What one method says on one pair and seed.

    Attributes
    ----------
    predicted
        Classes of the target rows (m,) int64; empty where it refused.
    official
        Classes of the official test images (k,) int64, where they were asked for and can be told.
    seconds
        What the method took, without the official test images.
    refused
        Why there are no classes, or nothing.
    warnings
        What it warned of.
    """

    predicted: Tensor
    official: Tensor | None
    seconds: float
    refused: str
    warnings: tuple[str, ...]


class Cells:
    """Cells of one bench, each kept under a key of all that made it.

    Parameters
    ----------
    cache
        Where they are kept.
    """

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self.reused = 0

    def cell(
        self,
        who: dict[str, Any],
        method: Method,
        task: Task,
        inputs: str,
        test: Callable[[], Tensor] | None,
    ) -> Cell:
        """Return a cell as it was kept, or run it and keep it.

        Parameters
        ----------
        who
            Names of its pair, method and seed.
        method, task
            What is run on what.
        inputs
            The fingerprint of the task.
        test
            Loads the official test images, once all training is over; ``None`` leaves them alone. A
            cell that was kept without them is run again, as its network was thrown away.
        """
        made = {"inputs": inputs, "options": method.options, "code": code_version()}
        key = self.cache.key(who | made)
        kept = self.cache.get("cells", key)
        if kept is not None and (test is None or kept[1]["asked"]):
            self.reused += 1
            return _told(*kept)
        cell = run_cell(method, task, test)
        arrays = {"predicted": cell.predicted}
        if cell.official is not None:
            arrays["official"] = cell.official
        told = {
            "seconds": cell.seconds,
            "refused": cell.refused,
            "warnings": list(cell.warnings),
            "asked": test is not None,
        }
        self.cache.put("cells", key, arrays, who | told)
        return cell


def _told(arrays: dict[str, Tensor], told: dict[str, Any]) -> Cell:
    return Cell(
        predicted=arrays["predicted"],
        official=arrays.get("official"),
        seconds=told["seconds"],
        refused=told["refused"],
        warnings=tuple(told["warnings"]),
    )


def run_cell(method: Method, task: Task, test: Callable[[], Tensor] | None = None) -> Cell:
    """Predict with a method; one that refuses the task, with a reason, is no reason to stop."""
    refused, predicted = "", Predicted(classes=np.empty(0, dtype=np.int64))
    began = perf_counter()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            predicted = method.predict(task)
        except Cancelled:
            raise
        except MongeError as error:
            refused = f"{type(error).__name__}: {error}"
    seconds = perf_counter() - began
    official = None
    if test is not None and predicted.unseen is not None:
        official = _classes(predicted.unseen(test()))  # loaded here: all training is over
    return Cell(
        predicted=_classes(predicted.classes),
        official=official,
        seconds=seconds,
        refused=refused,
        warnings=tuple(dict.fromkeys(str(warning.message) for warning in warned)),
    )


def _classes(predicted: NDArray) -> Tensor:
    return torch.from_numpy(np.asarray(predicted, dtype=np.int64))
