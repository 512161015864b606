"""Votes on the target between two trainings, by transport to its neighbour graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.geometry import PointCloud
from monge.joint.views import Views
from monge.solvers import Graph, Problem

__all__ = ["GraphVotes"]


@dataclass(frozen=True, kw_only=True)
class GraphVotes:
    """Carry the source labels to the smoothed target, and spread them over its neighbour graph.

    Neighbours are sought in the features of the network and in the rows that it was given.

    Parameters
    ----------
    transport
        See `monge.Graph`.

    Examples
    --------
    >>> x = torch.tensor([[5.0, 0.1], [4.0, -0.1], [0.1, 5.0], [-0.1, 4.0]])
    >>> views = Views(
    ...     source=x,
    ...     target=x + 1,
    ...     labels=torch.tensor([0, 0, 1, 1]),
    ...     scores=torch.zeros(4, 2),
    ...     rows=x[:, None],
    ... )
    >>> GraphVotes(transport=Graph(neighbours=1))(views).argmax(1)
    tensor([0, 0, 1, 1])
    """

    transport: Graph = field(default_factory=Graph)

    def __post_init__(self) -> None:
        given: object = self.transport
        if not isinstance(given, Graph):
            got, remedy = repr(given), "pass for example Graph(neighbours=5)"
            raise InputError(sentence("GraphVotes", "transport", "a Graph", got, remedy))

    def __call__(self, views: Views) -> Tensor:
        """Return how much speaks for each class of each target row, (m, L) float64.

        Raises
        ------
        ConvergenceError
            If the plan did not converge.
        """
        cloud = PointCloud(views.source, views.target)
        problem = Problem(cloud, target_views=(views.rows.flatten(1),))
        plan: Any = self.transport.solve(problem).plan
        classes = torch.nn.functional.one_hot(views.labels, views.scores.shape[1])
        votes: Tensor = plan.votes(classes)
        return votes
