"""Transport to a target smoothed over its own neighbour graph, and labels spread over that graph.

Points that are neighbours in the target are likely of one class, whatever the source thinks of each
alone. So the target's standardised features Z are first diffused over its graph W,

    Z <- (I + D)^-1 (I + W) Z,   some twenty times,

which draws each cluster together (Wu et al. 2019, the propagation of SGC, here without a network).
An entropic plan joins them to the source's directions, the source's marginal held loosely or not at
all, as the target may hold its classes in other shares,

    min <P, |x - z|^2> + eps KL(P | a b') + tau KL(P 1 | a)   over P' 1 = b,

and the votes of the classes that come through P are spread over the graph (Zhou et al. 2004), each
class scaled to the share that it is thought to have of the target, before and after: without that,
the class in the middle takes what it touches (Zhu, Ghahramani and Lafferty 2003, section 4).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from monge._types import ArrayLike, Tensor
from monge.errors import InputError, sentence
from monge.geometry import PointCloud
from monge.graphs import affinity_graph, diffuse, spread
from monge.memory import DEFAULT_BUDGET, parse_bytes
from monge.plans import Plan
from monge.plans.base import Marginals
from monge.progress import Report, silent
from monge.solvers.base import Solver, check_question, raise_unless_converged
from monge.solvers.directions import directions, standardised
from monge.solvers.options import Rule, at_least, check_options, is_number, positive, whole
from monge.solvers.problem import Problem
from monge.solvers.sinkhorn import Sinkhorn
from monge.solvers.solution import Solution

__all__ = ["Graph", "GraphPlan"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class GraphPlan(Plan):
    """A plan whose target is a graph: what a class sends can be spread over it.

    Attributes
    ----------
    direct
        The plan itself, (n, m).
    graph
        Affinities of the target rows, (m, m) sparse; ``None`` where there is one row.
    strength
        See `monge.graphs.spread`.

    Examples
    --------
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
    >>> plan = Graph(neighbours=1).solve(Problem(PointCloud(x, x))).plan
    >>> plan.votes(torch.eye(3)).argmax(1)
    tensor([0, 1, 2])
    """

    direct: Plan
    graph: Tensor | None
    strength: float

    @property
    def shape(self) -> tuple[int, int]:
        """Source rows n and target rows m."""
        return self.direct.shape

    @property
    def dtype(self) -> torch.dtype:
        """The floating type of the mass."""
        return self.direct.dtype

    @property
    def device(self) -> torch.device:
        """Where the blocks are made."""
        return self.direct.device

    def rows(self, start: int, stop: int) -> Tensor:
        """Return the mass sent by the source rows ``start`` to ``stop``, (stop - start, m)."""
        return self.direct.rows(start, stop)

    def push(self, v: ArrayLike) -> Tensor:
        """Carry columns from the source to the target, ``P' v``: (n, k) -> (m, k)."""
        return self.direct.push(v)

    def pull(self, v: ArrayLike) -> Tensor:
        """Carry columns from the target to the source, ``P v``: (m, k) -> (n, k)."""
        return self.direct.pull(v)

    def marginals(self) -> Marginals:
        """Return what each source row gives and each target row gets, summed in float64."""
        return self.direct.marginals()

    def votes(self, classes: ArrayLike, shares: ArrayLike | None = None) -> Tensor:
        """Carry classes through the plan and spread them over the graph.

        Parameters
        ----------
        classes
            One column a class, 1 where a source row is of it, (n, L).
        shares
            Share of each class in the target, (L,); equal ones by default.

        Returns
        -------
        Tensor
            (m, L) float64, rows sum to one; a row that nothing reaches has equal shares.
        """
        votes = self.direct.push(classes).double()
        size = votes.shape[1]
        part = votes.new_ones(size) if shares is None else torch.as_tensor(shares).to(votes)
        votes = _shared_out(votes, part)
        if self.graph is not None:
            votes = spread(self.graph, votes, strength=self.strength).clamp_min(0)
            votes = _shared_out(votes, part)
        return votes


@dataclass(frozen=True, kw_only=True)
class Graph(Solver):
    """Send the source to a target whose neighbours were drawn together, and spread the labels.

    Features are standardised, each domain by its own moments, and rows made of length one, whatever
    the cost of the problem is. Epsilon and tau are in units of the squared distance of such rows: 0
    for the same direction, 4 for the opposite one.

    The neighbours of a target row are sought in its features and in the ``target_views`` of the
    problem, such as the raw pixels behind them; all views have the same say.

    Parameters
    ----------
    epsilon
        Strength of the entropy, positive.
    tau_source
        How firmly the source's marginal is held, at least 0: 0 lets each target row choose freely,
        infinity makes the target take all of the source.
    neighbours
        Of each target row, 1 or more; fewer where there are not so many other rows.
    steps
        How often each target row is replaced by the mean of itself and its neighbours.
    strength
        How far labels spread, from 0 to below 1.
    tolerance, memory
        See `monge.Sinkhorn`.

    Raises
    ------
    InputError
        If an option is out of its range.

    Examples
    --------
    >>> x = torch.tensor([[5.0, 0.1], [4.0, -0.1], [0.1, 5.0], [-0.1, 4.0]])
    >>> y = torch.tensor([[6.0, 1.0], [1.0, 6.0], [0.8, 7.0], [5.0, 0.9]])
    >>> solution = Graph(neighbours=1).solve(Problem(PointCloud(x, y)))
    >>> solution.plan.votes(torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])).argmax(1)
    tensor([0, 1, 1, 0])
    """

    epsilon: float = 0.04
    tau_source: float = 0.0
    neighbours: int = 7
    steps: int = 20
    strength: float = 0.99
    tolerance: float = 1e-4
    memory: str | int = DEFAULT_BUDGET

    def __post_init__(self) -> None:
        check_options(
            self,
            epsilon=positive("pass for example epsilon=0.04"),
            tau_source=at_least(0, "pass infinity to hold the marginal"),
            neighbours=whole("pass for example neighbours=7"),
            steps=whole("pass for example steps=20"),
            strength=Rule(
                holds=lambda value: is_number(value) and 0 <= value < 1,
                required="at least 0 and below 1",
                remedy="pass for example strength=0.99",
            ),
            tolerance=positive("pass for example tolerance=1e-4"),
        )
        parse_bytes(self.memory, caller="Graph")

    def solve(
        self,
        problem: Problem,
        *,
        start: Solution | None = None,
        throw: bool = True,
        report: Report = silent,
    ) -> Solution:
        """Find the plan; see `Solver.solve`. ``start`` is an earlier solution of it.

        Returns
        -------
        Solution
            Its plan is a `GraphPlan`; cost, objective, gap and marginal errors are those of the
            entropic plan, in the units above, and its problem holds the source by `tau_source`.

        Raises
        ------
        InputError
            If the problem has no points, or relaxes a marginal itself.
        MemoryBudgetError
            If the plan does not fit.
        ConvergenceError
            If the plan did not converge and ``throw``.
        """
        check_question("Graph", problem, start, shaped=True)
        cloud = problem.geometry
        if not isinstance(cloud, PointCloud) or not problem.balanced:
            required = "balanced, on points (PointCloud)"
            remedy = "pass Problem(PointCloud(x, y)); tau_source is an option here"
            raise InputError(sentence("Graph", "problem", required, "another problem", remedy))
        y, graph = standardised(cloud.y, problem.b), None
        neighbours = min(self.neighbours, len(y) - 1)
        if neighbours > 0:
            graph = affinity_graph([y, *problem.target_views], neighbours)
            y = diffuse(graph, y, self.steps)
        x, y = directions(cloud.x, problem.a), directions(y, problem.b)
        smooth = PointCloud(x.to(cloud.dtype), y.to(cloud.dtype))
        sinkhorn = Sinkhorn(
            epsilon=self.epsilon,
            epsilon_scale="absolute",
            tolerance=self.tolerance,
            memory=self.memory,
        )
        step = Problem(smooth, problem.a, problem.b, tau_source=self.tau_source)
        found = sinkhorn.solve(step, start=_direct(start), throw=False, report=report)
        plan = GraphPlan(direct=found.plan, graph=graph, strength=self.strength)
        told = replace(problem, tau_source=self.tau_source)
        solution = replace(found, problem=told, plan=plan)
        if throw:
            raise_unless_converged("Graph", solution)
        return solution


def _direct(start: Solution | None) -> Solution | None:
    """Return the entropic solution within one of a graph; any other is left out."""
    if start is None or not isinstance(start.plan, GraphPlan):
        return None
    return replace(start, plan=start.plan.direct)


def _shared_out(votes: Tensor, shares: Tensor) -> Tensor:
    """Give each class its share of the mass, then each row (m, L) the sum one."""
    mass = votes.sum(0)
    votes = torch.where(mass > 0, votes * (shares / mass), 0.0)
    total = votes.sum(1, keepdim=True)
    return torch.where(total > 0, votes / total, 1 / votes.shape[1])
