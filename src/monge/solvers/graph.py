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

Where both domains have further views, each sends a plan of its own to the same graph, and the votes
are pooled by their geometric mean (the logarithmic opinion pool; Genest and Zidek 1986): a class
that one view rules out is out.
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
from monge.solvers.solution import MarginalError, Solution

__all__ = ["Graph", "GraphPlan"]

_TRACE = 1e-6
"""Added to votes before their logarithm."""


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
    others
        Plans of the views that both domains have, (n, m) each: they vote too. What is asked of
        this plan as an operator is asked of ``direct``.

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
    others: tuple[Plan, ...] = ()

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
        sent = [plan.push(classes).double() for plan in (self.direct, *self.others)]
        size = sent[0].shape[1]
        part = sent[0].new_ones(size) if shares is None else torch.as_tensor(shares).to(sent[0])
        votes = _shared_out(_pooled([_shared_out(votes, part) for votes in sent]), part)
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
    problem, such as the raw pixels behind them; all views have the same say. Where the problem has
    ``source_views`` too, each view sends a plan, and all vote.

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
            Its plan is a `GraphPlan`; objective and gap are those of the entropic plan of the
            features, in the units above, and its problem holds the source by `tau_source`.
            Status and marginal errors are the worst of all plans.

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
        found = self._sent(problem, (cloud.x, cloud.y), graph, _direct(start), report)
        both = zip(problem.source_views, problem.target_views, strict=False)  # none, or as many
        others = [self._sent(problem, view, graph, None, report) for view in both]
        plan = GraphPlan(
            direct=found.plan,
            graph=graph,
            strength=self.strength,
            others=tuple(other.plan for other in others),
        )
        told = replace(problem, tau_source=self.tau_source)
        solution = replace(_worst([found, *others]), problem=told, plan=plan)
        if throw:
            raise_unless_converged("Graph", solution)
        return solution

    def _sent(
        self,
        problem: Problem,
        points: tuple[Tensor, Tensor],
        graph: Tensor | None,
        start: Solution | None,
        report: Report,
    ) -> Solution:
        """Send source points (n, k) to the smoothed target points (m, k)."""
        y = standardised(points[1], problem.b)
        if graph is not None:
            y = diffuse(graph, y, self.steps)
        x, y = directions(points[0], problem.a), directions(y, problem.b)
        kind = problem.geometry.dtype
        sinkhorn = Sinkhorn(
            epsilon=self.epsilon,
            epsilon_scale="absolute",
            tolerance=self.tolerance,
            memory=self.memory,
        )
        step = Problem(
            PointCloud(x.to(kind), y.to(kind)), problem.a, problem.b, tau_source=self.tau_source
        )
        return sinkhorn.solve(step, start=start, throw=False, report=report)


def _worst(solutions: list[Solution]) -> Solution:
    """Return the first solution with the status and the marginal errors of the worst."""
    stuck = next((one for one in solutions if not one.converged), solutions[0])
    errors = [one.marginal_error for one in solutions]
    error = MarginalError(max(e.source for e in errors), max(e.target for e in errors))
    return replace(solutions[0], status=stuck.status, marginal_error=error)


def _pooled(votes: list[Tensor]) -> Tensor:
    """Return the geometric mean of votes (m, L); one that says nothing of a class says a trace."""
    if len(votes) == 1:
        return votes[0]
    return torch.stack([(one + _TRACE).log() for one in votes]).mean(0).exp()


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
