"""What may be tried: transports with their options, beside the source as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from monge.adapters.named import TRANSPORTS, Transport, by_name
from monge.adapters.relaxed import Partial, Unbalanced
from monge.errors import InputError, sentence
from monge.maps import AffineMap, CloudFit, Coral, LinearMonge, Map, Standardise
from monge.solvers import ClassRegularized, Graph, Problem, Prototypes, Sinkhorn, Solver

__all__ = ["SOURCE_ONLY", "Candidate", "Unmoved", "candidates", "named_candidates"]

SOURCE_ONLY = "source_only"
"""The name of the candidate that moves nothing."""

_PLAN_ROWS = 2560
"""Rows of each side in a plan where there are more than twice as many, as in the post."""

_GRAPH_ROWS = 20_000
_CLASS_ROWS = 20_000


@dataclass(frozen=True, kw_only=True)
class Unmoved(CloudFit):
    """Leave the source where it is: nothing is adapted.

    Examples
    --------
    >>> from monge import Adapter
    >>> adapter = Adapter(Unmoved()).fit([[0.0], [1.0]], ["low", "high"], X_target=[[5.0], [6.0]])
    >>> adapter.transform([[0.25]])
    array([[0.25]])
    """

    def fit(self, problem: Problem) -> Map:
        """Return the map that moves nothing; of the problem only its width and type matter."""
        d, dtype = problem.geometry.y.shape[1], problem.geometry.dtype  # type: ignore[attr-defined] # a cloud
        nowhere = torch.zeros(d, dtype=dtype)
        return AffineMap(matrix=torch.eye(d, dtype=dtype), centre=nowhere, offset=nowhere)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One way to adapt.

    Attributes
    ----------
    transport
        By its options.
    target_prior
        ``"estimate"`` weighs the source by estimated class proportions; see `monge.Adapter`.
    subsample
        Rows of each side in the plan; ``None`` takes all.
    views
        Whether the other views of the target go into the transport.

    Examples
    --------
    >>> Candidate(transport=Sinkhorn(epsilon=0.2), target_prior="estimate").transport.epsilon
    0.2
    """

    transport: Transport
    target_prior: Any = None
    subsample: int | None = None
    views: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters that make an adapter this candidate; others stay as they are."""
        own = {"target_prior": self.target_prior, "subsample": self.subsample}
        told = {name: value for name, value in own.items() if value is not None}
        return {"transport": self.transport, **told}


def candidates(n: int, m: int, d: int, n_classes: int, views: int = 0) -> dict[str, Candidate]:
    """Return what is worth a try for data of a size, the cheapest first.

    Parameters
    ----------
    n, m
        Rows of source and target.
    d
        Features.
    n_classes
        L.
    views
        How many other views of the target there are.

    Returns
    -------
    dict of Candidate
        By name; the source as it is comes on top of these.

    Examples
    --------
    >>> list(candidates(500, 400, 10, 3))[:3]
    ['standardise', 'coral', 'linear']
    """
    del d, n_classes  # the same options serve all; they are there for a rule that needs them
    rows = _PLAN_ROWS if max(n, m) > 2 * _PLAN_ROWS else None
    every = _GRAPH_ROWS if max(n, m) > _GRAPH_ROWS else None
    classes = _CLASS_ROWS if max(n, m) > _CLASS_ROWS else None
    found = {
        "standardise": Candidate(transport=Standardise()),
        "coral": Candidate(transport=Coral()),
        "linear": Candidate(transport=LinearMonge()),
        "prototypes": Candidate(transport=Prototypes(), subsample=classes),
        "sinkhorn_1": Candidate(transport=Sinkhorn(epsilon=1.0), subsample=rows),
        "sinkhorn_0.1": Candidate(transport=Sinkhorn(epsilon=0.1), subsample=rows),
        "sinkhorn_0.03": Candidate(transport=Sinkhorn(epsilon=0.03), subsample=rows),
        "graph": Candidate(transport=Graph(), subsample=every),
        "sinkhorn_shares": Candidate(
            transport=Sinkhorn(epsilon=0.1), target_prior="estimate", subsample=rows
        ),
        "unbalanced": Candidate(
            transport=Unbalanced(epsilon=0.1, tau_source=0.1, tau_target=1.0), subsample=rows
        ),
        "partial": Candidate(transport=Partial(share=0.8, epsilon=0.1), subsample=rows),
        "class_regularized": Candidate(transport=ClassRegularized(), subsample=rows),
    }
    if views:
        found["graph_views"] = Candidate(transport=Graph(), subsample=every, views=True)
    return found


def named_candidates(given: object) -> dict[str, Candidate]:
    """Return candidates by name, from what people pass: names, options, a mapping or a list.

    Raises
    ------
    InputError
        If one is no transport, or a name is taken twice or kept for the source as it is.

    Examples
    --------
    >>> list(named_candidates(["coral", Sinkhorn(epsilon=0.5)]))
    ['coral', 'Sinkhorn(epsilon=0.5)']
    """
    if isinstance(given, Mapping):
        pairs = [(name, _candidate(value)) for name, value in given.items()]
    elif isinstance(given, Iterable) and not isinstance(given, str):
        pairs = [(_name(value), _candidate(value)) for value in given]
    else:
        pairs = [(_name(given), _candidate(given))]
    names = [name for name, _ in pairs]
    wrong = {name for name in names if names.count(name) > 1 or name == SOURCE_ONLY}
    if wrong or not all(isinstance(name, str) for name in names):
        required = f"of different names, none of them {SOURCE_ONLY!r}, which is always tried"
        got = ", ".join(sorted(map(str, wrong))) or "a name that is no text"
        raise InputError(sentence("judge", "candidates", required, got, "pass a dict of names"))
    return dict(pairs)


def _name(value: object) -> str:
    if isinstance(value, Candidate):
        value = value.transport
    if isinstance(value, str):
        return value
    default = type(value)() if isinstance(value, Solver | CloudFit) else None
    told = vars(value) if hasattr(value, "__dict__") else {}
    own = vars(default) if default is not None else {}
    changed = ", ".join(f"{key}={v!r}" for key, v in told.items() if own.get(key, v) != v)
    return f"{type(value).__name__}({changed})"


def _candidate(value: object) -> Candidate:
    if isinstance(value, Candidate):
        return value
    if hasattr(value, "predict"):
        required = "transports, by name or by options, or one Adapter alone"
        got, remedy = f"{type(value).__name__}(...) among several", "pass its transport"
        raise InputError(sentence("judge", "candidates", required, got, remedy))
    return Candidate(transport=by_name(value, TRANSPORTS, (Solver, CloudFit), "transport"))
