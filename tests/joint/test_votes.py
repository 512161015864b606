import pytest
import torch

from monge import Graph, PointCloud, Problem
from monge.errors import InputError
from monge.joint import GraphVotes, Views
from zoo import generator


def made(noise):
    draw = generator(0)
    labels = torch.arange(3).repeat_interleave(20)
    centres = torch.tensor([[6.0, 0.0], [-3.0, 5.2], [-3.0, -5.2]])[labels]
    source, target = (centres + noise * torch.randn(60, 2, generator=draw) for _ in range(2))
    images = torch.nn.functional.one_hot(labels).float() + 0.1 * torch.randn(60, 3, generator=draw)
    return Views(
        source=source,
        target=target,
        labels=labels,
        scores=torch.zeros(60, 4),
        rows=images.reshape(60, 1, 3, 1),
    )


def test_votes_are_those_of_the_plan_to_the_graph_of_features_and_rows():
    views, options = made(2.0), Graph(neighbours=5)
    problem = Problem(
        PointCloud(views.source, views.target), target_views=(views.rows.reshape(60, 3),)
    )
    expected = options.solve(problem).plan.votes(torch.eye(4)[views.labels])
    torch.testing.assert_close(GraphVotes(transport=options)(views), expected)


def test_the_rows_settle_what_the_features_blur():
    views = made(3.0)
    votes = GraphVotes()(views)
    assert votes.shape == (60, 4)
    assert (votes.argmax(1) == views.labels).double().mean() > 0.97
    blind = Graph().solve(Problem(PointCloud(views.source, views.target)))
    alone = blind.plan.votes(torch.eye(4)[views.labels]).argmax(1)
    assert (alone == views.labels).double().mean() < 0.95


def test_the_transport_of_votes_is_a_graph():
    with pytest.raises(InputError, match=r"^GraphVotes: 'transport' must be a Graph"):
        GraphVotes(transport="graph")
