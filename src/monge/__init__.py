"""monge: unsupervised domain adaptation by optimal transport."""

from monge import data, errors, nets, training
from monge.adapters import Adapter
from monge.geometry import DenseCost, PointCloud
from monge.maps import Barycentric, Coral, EntropicMap, LinearMonge, Standardise
from monge.solvers import ClassRegularized, Exact, Laplacian, Problem, Sinkhorn, Solution, Status

__version__ = "0.1.0"

__all__ = [
    "Adapter",
    "Barycentric",
    "ClassRegularized",
    "Coral",
    "DenseCost",
    "EntropicMap",
    "Exact",
    "Laplacian",
    "LinearMonge",
    "PointCloud",
    "Problem",
    "Sinkhorn",
    "Solution",
    "Standardise",
    "Status",
    "data",
    "errors",
    "nets",
    "training",
]
