"""Problem in, Solution out."""

from monge.solvers.base import Solver
from monge.solvers.class_regularized import ClassRegularized
from monge.solvers.exact import Exact
from monge.solvers.graph import Graph, GraphPlan
from monge.solvers.laplacian import Laplacian
from monge.solvers.problem import Problem
from monge.solvers.prototypes import Prototypes
from monge.solvers.sinkhorn import Sinkhorn
from monge.solvers.solution import MarginalError, Solution, Status

__all__ = [
    "ClassRegularized",
    "Exact",
    "Graph",
    "GraphPlan",
    "Laplacian",
    "MarginalError",
    "Problem",
    "Prototypes",
    "Sinkhorn",
    "Solution",
    "Solver",
    "Status",
]
