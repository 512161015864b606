"""The record of a finished run: numbers with their spread, and the arrays behind the pictures."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Any

from monge._types import NDArray

__all__ = ["Evidence", "MethodResult", "PlanResult", "Result", "Spread"]

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Spread:
    """One figure measured once per seed.

    Examples
    --------
    >>> Spread(values=(0.70, 0.80)).mean
    0.75
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean over the seeds."""
        return statistics.fmean(self.values)

    @property
    def std(self) -> float:
        """The sample standard deviation over the seeds; 0 for a single seed."""
        return statistics.stdev(self.values) if len(self.values) > 1 else 0.0

    @property
    def worst(self) -> float:
        """The least of the seeds."""
        return min(self.values)

    def to_json(self) -> dict[str, Any]:
        """Return the values with their mean and deviation."""
        return {"values": list(self.values), "mean": self.mean, "std": self.std}


@dataclass(frozen=True, kw_only=True)
class MethodResult:
    """How one method did on the target: a row of the table.

    Attributes
    ----------
    title
        What a person calls it, e.g. ``"1-NN after the Sinkhorn plan"``.
    accuracy
        Share of target rows classified right, in [0, 1], one value per seed.
    seconds
        Wall time of the method alone (without training and features), one value per seed.

    Examples
    --------
    >>> accuracy = Spread(values=(0.75, 0.85))
    >>> MethodResult(title="1-NN", accuracy=accuracy, seconds=(0.1, 0.1)).accuracy.mean
    0.8
    """

    title: str
    accuracy: Spread
    seconds: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class PlanResult:
    """What is known of the transport plan, one value per seed.

    Attributes
    ----------
    epsilon, epsilon_scale
        The entropic regularisation and what it is relative to.
    shape
        Rows and columns of the plan.
    marginal_error
        L1 distance of the plan's marginals to those asked for, the larger side, on the true kernel.
    class_mass
        Share of the mass that joins equal classes (target labels used to look, never to fit).
    class_mass_independent
        The same share for the independent plan a b'.
    status
        The solver's verdict, in words.
    sweeps
        Passes over the kernel that the solve took.

    Examples
    --------
    >>> plan = PlanResult(
    ...     epsilon=0.01,
    ...     epsilon_scale="max",
    ...     shape=(2560, 2560),
    ...     marginal_error=(7.3e-7,),
    ...     class_mass=(0.72,),
    ...     class_mass_independent=(0.1,),
    ...     status=("converged",),
    ...     sweeps=(40,),
    ... )
    >>> plan.shape
    (2560, 2560)
    """

    epsilon: float
    epsilon_scale: str
    shape: tuple[int, int]
    marginal_error: tuple[float, ...]
    class_mass: tuple[float, ...]
    class_mass_independent: tuple[float, ...]
    status: tuple[str, ...]
    sweeps: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The arrays behind the pictures, all of the first seed and small (a few megabytes in all).

    Attributes
    ----------
    source_images, target_images
        (k, 32, 32) uint8, samples as the network sees them, with ``source_image_labels`` and
        ``target_image_labels`` (k,) int64.
    training_loss, training_accuracy
        (seeds, epochs) float64, of the source.
    log_plan, log_plan_sorted
        (r, c) float32, log10 of the plan's mass binned to at most a few hundred rows and columns,
        each divided by the mass that the independent plan has there; rows are source, columns
        target; unsorted, and sorted by class.
    row_borders, column_borders
        (L + 1,) float64, where each class begins in ``log_plan_sorted``, in units of its bins.
    class_mass
        (L, L) float64, mass from source class (row) to target class (column); sums to 1.
    source_before, source_after, target
        (k, 2) float32, features in the two principal directions of both domains together before
        transport; the same projection after it. ``source_labels``, ``target_labels`` (k,) int64.
    confusion_before, confusion_after
        (L, L) int64, rows true class, columns predicted class, of 1-NN without and with transport.

    Examples
    --------
    >>> from monge.experiments import EXPERIMENTS, run
    >>> finished = run(EXPERIMENTS["demo"])  # doctest: +SKIP
    >>> finished.evidence.class_mass.shape  # doctest: +SKIP
    (10, 10)
    """

    source_images: NDArray
    source_image_labels: NDArray
    target_images: NDArray
    target_image_labels: NDArray
    training_loss: NDArray
    training_accuracy: NDArray
    log_plan: NDArray
    log_plan_sorted: NDArray
    row_borders: NDArray
    column_borders: NDArray
    class_mass: NDArray
    source_before: NDArray
    source_after: NDArray
    target: NDArray
    source_labels: NDArray
    target_labels: NDArray
    confusion_before: NDArray
    confusion_after: NDArray


@dataclass(frozen=True, kw_only=True)
class Result:
    """One finished run: what `result.json` holds.

    Attributes
    ----------
    experiment
        ``"mnist-usps"`` or ``"demo"``.
    source_name, target_name
        What the domains are called in titles, e.g. ``"MNIST"`` and ``"USPS"``.
    methods
        By key, in the order of the table.
    protocol
        One sentence: which rows were used for what.
    command
        The command that makes this result again.
    environment
        Versions, threads, device, commit.

    Examples
    --------
    >>> from monge.experiments import EXPERIMENTS, run
    >>> finished = run(EXPERIMENTS["demo"])  # doctest: +SKIP
    >>> finished.result.to_json()["target"]  # doctest: +SKIP
    {'name': 'UCI digits', 'n': 1797}
    """

    experiment: str
    source_name: str
    target_name: str
    seeds: tuple[int, ...]
    model_parameters: int
    source_n: int
    source_accuracy: Spread
    target_n: int
    methods: dict[str, MethodResult]
    plan: PlanResult
    protocol: str
    command: str
    environment: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the documented schema of ``result.json`` (schema 1)."""
        return {
            "schema": SCHEMA,
            "experiment": self.experiment,
            "command": self.command,
            "protocol": self.protocol,
            "seeds": list(self.seeds),
            "model": {"parameters": self.model_parameters},
            "source": {
                "name": self.source_name,
                "n": self.source_n,
                "accuracy": self.source_accuracy.to_json(),
            },
            "target": {"name": self.target_name, "n": self.target_n},
            "methods": {
                key: {
                    "title": method.title,
                    "accuracy": method.accuracy.to_json(),
                    "seconds": list(method.seconds),
                }
                for key, method in self.methods.items()
            },
            "plan": {
                "epsilon": self.plan.epsilon,
                "epsilon_scale": self.plan.epsilon_scale,
                "shape": list(self.plan.shape),
                "marginal_error": list(self.plan.marginal_error),
                "class_mass": list(self.plan.class_mass),
                "class_mass_independent": list(self.plan.class_mass_independent),
                "status": list(self.plan.status),
                "sweeps": list(self.plan.sweeps),
            },
            "environment": self.environment,
        }
