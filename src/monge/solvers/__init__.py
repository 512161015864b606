"""Problem in, Solution out."""

from monge.solvers.base import Solver
from monge.solvers.exact import Exact
from monge.solvers.problem import Problem
from monge.solvers.sinkhorn import Sinkhorn
from monge.solvers.solution import MarginalError, Solution, Status

__all__ = ["Exact", "MarginalError", "Problem", "Sinkhorn", "Solution", "Solver", "Status"]
