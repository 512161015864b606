"""Transports and maps by name, with the defaults that a name stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from monge.adapters.auto import Auto
from monge.adapters.relaxed import Partial, Unbalanced
from monge.errors import InputError, sentence
from monge.joint import JointTransport
from monge.maps import (
    Barycentric,
    CloudFit,
    Coral,
    EntropicMap,
    Kernel,
    LinearMonge,
    MappingEstimation,
    PlanFit,
    Ridge,
    Standardise,
)
from monge.solvers import ClassRegularized, Exact, Graph, Laplacian, Prototypes, Sinkhorn, Solver

__all__ = ["CHOICES", "MAPS", "TRANSPORTS", "Transport", "by_name", "transport_of"]

Transport: TypeAlias = Solver | CloudFit
"""What moves the source: a solver, whose plan a map makes a function, or a map of moments alone."""


def _kernel() -> MappingEstimation:
    return MappingEstimation(regression=Kernel())


TRANSPORTS: Mapping[str, Callable[[], Transport]] = {
    "standardise": Standardise,
    "coral": Coral,
    "linear": LinearMonge,
    "exact": Exact,
    "class_regularized": ClassRegularized,
    "laplacian": Laplacian,
    "unbalanced": Unbalanced,
    "partial": Partial,
    "ridge": MappingEstimation,
    "kernel": _kernel,
    "prototypes": Prototypes,
    "graph": Graph,
    "jdot": JointTransport,
    "sinkhorn": Sinkhorn,
}
CHOICES: Mapping[str, Callable[[], Transport | Auto]] = {"auto": Auto, **TRANSPORTS}
"""What an adapter takes: a transport, or one chosen by a verdict."""

MAPS: Mapping[str, Callable[[], PlanFit]] = {
    "barycentric": Barycentric,
    "entropic": EntropicMap,
    "ridge": Ridge,
    "kernel": Kernel,
}

Option = TypeVar("Option")


def transport_of(adapter: Any) -> Transport:
    """Return the transport of a fitted adapter; where it was to be chosen, the one that was."""
    chosen = getattr(adapter, "transport_", adapter.transport)
    return by_name(chosen, TRANSPORTS, (Solver, CloudFit), "transport")


def by_name(
    value: object,
    names: Mapping[str, Callable[[], Option]],
    kinds: tuple[type, ...],
    parameter: str,
) -> Option:
    """Turn a name into the options it stands for; options are returned as they are.

    Raises
    ------
    InputError
        If it is neither a known name nor options of one of ``kinds``.
    """
    if isinstance(value, str) and value in names:
        return names[value]()
    if isinstance(value, kinds):
        return value  # type: ignore[return-value] # `kinds` are the classes of Option
    required = f"one of {', '.join(map(repr, names))} or such an object"
    remedy = f"pass for example {parameter}={list(names)[-1]!r}"
    raise InputError(sentence("Adapter", parameter, required, repr(value), remedy))
