"""What is refused before a training starts."""

from __future__ import annotations

from typing import NoReturn

import torch
from torch import nn

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.nets import evaluating

__all__ = ["Checks"]


class Checks:
    """Refuses, under the name of its caller, what a network cannot be trained on.

    Parameters
    ----------
    caller
        Who trains.
    """

    def __init__(self, caller: str) -> None:
        self.caller = caller

    def example(self, model: nn.Module) -> nn.Parameter:
        """Return a parameter that the model learns: its device and dtype are those of the rows.

        Raises
        ------
        InputError
            If there is none.
        """
        if not isinstance(model, nn.Module):
            self.refuse("model", "a torch.nn.Module", type(model).__name__, "pass a network")
        found = next((p for p in model.parameters() if p.requires_grad), None)
        if found is None:
            got = type(model).__name__
            self.refuse("model", "a network with parameters to learn", got, "unfreeze it")
        return found

    def rows(self, x: object, dtype: torch.dtype, name: str) -> Tensor:
        """Return rows (n, ...) that are a finite tensor of a dtype.

        Raises
        ------
        InputError
            If they are not.
        """
        if not isinstance(x, torch.Tensor) or x.ndim < 2 or x.dtype != dtype:  # noqa: PLR2004 - (n, ...)
            required = f"a tensor (n, ...) of {dtype}, as the model"
            self.refuse(name, required, kind(x), "convert it")
        if not torch.isfinite(x).all():
            found = "NaN" if bool(torch.isnan(x).any()) else "infinity"
            self.refuse(name, "finite", found, "remove or fill those entries")
        return x

    def labels(self, labels: object, n: int) -> Tensor:
        """Return labels (n,) int64 of two classes at least.

        Raises
        ------
        InputError
            If they are not.
        """
        if not isinstance(labels, torch.Tensor) or labels.dtype != torch.int64:
            remedy = "pass labels.to(torch.int64)"
            self.refuse("labels", "a tensor of torch.int64", kind(labels), remedy)
        if tuple(labels.shape) != (n,):
            remedy = "pass one label per row"
            self.refuse("labels", f"of shape ({n},)", tuple(labels.shape), remedy)
        if len(torch.unique(labels)) < 2:  # noqa: PLR2004 - a classifier tells two classes apart
            remedy = "pass rows of another class too"
            self.refuse("labels", "of at least two classes", "fewer", remedy)
        return labels

    def within(self, labels: Tensor, classes: int) -> None:
        """Refuse labels that the model has no score for."""
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or high >= classes:
            required = f"from 0 to {classes - 1}, as the model has {classes} classes"
            self.refuse("labels", required, f"labels from {low} to {high}", "renumber the classes")

    def classes(self, model: nn.Module, row: Tensor, name: str) -> int:
        """Return how many classes the model tells apart, tried on one row (1, ...).

        Raises
        ------
        InputError
            If the model does not take the row, or returns no scores (n, L).
        """
        with evaluating(model), torch.no_grad():
            try:
                scores: object = model(row)
            except RuntimeError as error:
                got = f"{tuple(row.shape[1:])} ({error})"
                required = "made of rows that the model takes"
                text = sentence(self.caller, name, required, got, "reshape the rows")
                raise InputError(text) from error
        if not isinstance(scores, torch.Tensor) or scores.ndim != 2:  # noqa: PLR2004 - a matrix
            required = "a network that returns scores (n, L)"
            self.refuse("model", required, kind(scores), "flatten them")
        return scores.shape[1]

    def refuse(self, parameter: str, required: str, got: object, remedy: str) -> NoReturn:
        """Raise the one error sentence."""
        raise InputError(sentence(self.caller, parameter, required, got, remedy))


def kind(value: object) -> str:
    """Say what a value is: dtype and shape of a tensor, else its type."""
    if isinstance(value, torch.Tensor):
        return f"{value.dtype} of shape {tuple(value.shape)}"
    return type(value).__name__
