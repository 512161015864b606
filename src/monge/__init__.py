"""monge: unsupervised domain adaptation by optimal transport.

The public names are fetched when they are first asked for: PyTorch takes seconds to load, and a
command line that is asked for its help, or interrupted, should not wait for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monge import data, errors, joint, nets, training, verdict
    from monge.adapters import Adapter, Partial, Unbalanced, judge, load, make_pipeline
    from monge.geometry import DenseCost, PointCloud
    from monge.maps import (
        Barycentric,
        Coral,
        EntropicMap,
        Kernel,
        LinearMonge,
        MappingEstimation,
        Ridge,
        Standardise,
    )
    from monge.solvers import (
        ClassRegularized,
        Exact,
        Graph,
        Laplacian,
        Problem,
        Prototypes,
        Sinkhorn,
        Solution,
        Status,
    )
    from monge.training import extract_features

__version__ = "0.1.0"

__all__ = [
    "Adapter",
    "Barycentric",
    "ClassRegularized",
    "Coral",
    "DenseCost",
    "EntropicMap",
    "Exact",
    "Graph",
    "Kernel",
    "Laplacian",
    "LinearMonge",
    "MappingEstimation",
    "Partial",
    "PointCloud",
    "Problem",
    "Prototypes",
    "Ridge",
    "Sinkhorn",
    "Solution",
    "Standardise",
    "Status",
    "Unbalanced",
    "data",
    "errors",
    "extract_features",
    "joint",
    "judge",
    "load",
    "make_pipeline",
    "nets",
    "training",
    "verdict",
]

_HOMES = {
    "adapters": ("Adapter", "Partial", "Unbalanced", "judge", "load", "make_pipeline"),
    "geometry": ("DenseCost", "PointCloud"),
    "maps": (
        "Barycentric",
        "Coral",
        "EntropicMap",
        "Kernel",
        "LinearMonge",
        "MappingEstimation",
        "Ridge",
        "Standardise",
    ),
    "solvers": (
        "ClassRegularized",
        "Exact",
        "Graph",
        "Laplacian",
        "Problem",
        "Prototypes",
        "Sinkhorn",
        "Solution",
        "Status",
    ),
    "training": ("extract_features",),
}


def __getattr__(name: str) -> object:
    """Fetch a public name from the room that it lives in."""
    for room, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"monge.{room}"), name)
    if name in __all__:
        return import_module(f"monge.{name}")
    raise AttributeError(f"module 'monge' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names, fetched or not."""
    return sorted([*__all__, "__version__"])
