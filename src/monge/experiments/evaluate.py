"""The score: the one place that reads target labels."""

from __future__ import annotations

import torch

from monge._types import NDArray, Tensor
from monge.errors import InputError, sentence
from monge.plans import Plan

__all__ = ["accuracy", "confusion", "matched_mass"]


def accuracy(predicted: Tensor, labels: Tensor) -> float:
    """Return the share of rows classified right, (m,) and (m,) -> [0, 1].

    Raises
    ------
    InputError
        If there is not one prediction for every label.
    """
    if predicted.shape != labels.shape:
        required, got = f"of shape {tuple(labels.shape)}", f"shape {tuple(predicted.shape)}"
        remedy = "predict every target row once"
        raise InputError(sentence("accuracy", "predicted", required, got, remedy))
    return float((predicted == labels).double().mean())


def confusion(predicted: Tensor, labels: Tensor, classes: int) -> NDArray:
    """Count true class (row) against predicted class (column), (L, L) int64."""
    counts = torch.bincount(labels * classes + predicted, minlength=classes * classes)
    matrix: NDArray = counts.reshape(classes, classes).numpy()
    return matrix


def matched_mass(
    plan: Plan, source_labels: Tensor, target_labels: Tensor
) -> tuple[float, float, NDArray]:
    """Measure the class sparsity of a plan.

    Returns
    -------
    matched
        Share of the mass that joins equal classes.
    independent
        The same share for the independent plan with the same marginals.
    mass
        (L, L) float64, from source class to target class, sum 1.
    """
    mass = plan.class_mass(source_labels, target_labels)
    mass = mass / mass.sum()
    independent = float(mass.sum(1) @ mass.sum(0))
    matrix: NDArray = mass.cpu().numpy()
    return float(mass.trace()), independent, matrix
