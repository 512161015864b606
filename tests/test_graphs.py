import numpy as np
import pytest
import torch

from monge.errors import InputError
from monge.graphs import affinity_graph, diffuse, spread
from zoo import clouds, generator


def views(n=30):
    first, second = clouds(n, n, 4, dtype=torch.float64)
    return [first + 3, second[:, :2]]


def directed(points, k):
    """The weight that each point gives each other, from every pair measured."""
    square = (points[:, None] - points).square().sum(2)
    weight = torch.zeros_like(square)
    for i, row in enumerate(square):
        near = row.clone().index_fill_(0, torch.tensor([i]), torch.inf).argsort()[:k]
        scale = row[near].sqrt().mean()
        weight[i, near] = (-row[near] / scale**2).exp()
    return weight


def lengths_one(view):
    centred = view - view.mean(0)
    return centred / centred.norm(dim=1, keepdim=True)


def test_affinities_are_those_of_the_definition():
    points = torch.cat([lengths_one(view) for view in views()], 1)
    given = directed(points, 5)
    expected = torch.maximum(given, given.T)
    torch.testing.assert_close(affinity_graph(views(), 5).to_dense(), expected, rtol=0, atol=1e-5)


def test_every_view_has_the_same_say_whatever_its_scale_and_origin():
    first, second = views()
    torch.testing.assert_close(
        affinity_graph([first * 100 - 7, second], 4).to_dense(),
        affinity_graph([first, second], 4).to_dense(),
        rtol=0,
        atol=1e-4,
    )


def test_doubles_are_each_others_neighbours_with_full_weight():
    point = torch.tensor([[1.0, 2.0], [1.0, 2.0], [5.0, -1.0], [5.0, -1.0]])
    dense = affinity_graph([point], 1).to_dense()
    assert dense[0, 1] == dense[2, 3] == 1
    assert dense.sum() == 4


def test_diffusion_is_the_mean_of_a_point_and_its_neighbours_again_and_again():
    graph, v = affinity_graph(views(), 3), torch.rand(30, 2, generator=generator(0))
    step = graph.to_dense() + torch.eye(30)
    step = step / step.sum(1, keepdim=True)
    expected = step @ step @ step @ v.double()
    torch.testing.assert_close(diffuse(graph, v, 3), expected)
    assert torch.equal(diffuse(graph, v, 0), v.double())


@pytest.mark.parametrize("strength", [0.0, 0.5, 0.99])
def test_spreading_is_the_inverse_of_the_definition(strength):
    graph, votes = affinity_graph(views(), 3), torch.rand(30, 4, generator=generator(1))
    dense = graph.to_dense()
    root = dense.sum(1).rsqrt()
    system = torch.eye(30) - strength * root[:, None] * dense * root
    expected = (1 - strength) * torch.linalg.solve(system, votes.double())
    torch.testing.assert_close(
        spread(graph, votes, strength=strength), expected, rtol=1e-4, atol=1e-7
    )


def test_one_label_a_cluster_is_enough():
    gap = torch.tensor([[10.0, 0.0], [-10.0, 0.0], [0.0, 10.0]]).repeat_interleave(20, 0)
    points = gap + torch.randn(60, 2, generator=generator(2))
    votes = torch.zeros(60, 3)
    votes[[3, 25, 44], [0, 1, 2]] = 1
    found = spread(affinity_graph([points], 5), votes).argmax(1)
    assert np.array_equal(found, np.repeat([0, 1, 2], 20))


@pytest.mark.parametrize("wrong", [[], [torch.zeros(3, 1), torch.zeros(4, 1)]], ids=["none", "two"])
def test_views_are_of_the_same_points(wrong):
    with pytest.raises(InputError, match=r"^affinity_graph: 'views' must be at least one, all "):
        affinity_graph(wrong, 1)


@pytest.mark.parametrize(
    ("name", "votes", "strength"),
    [
        ("votes", torch.ones(29, 2), 0.9),
        ("votes", torch.ones(30), 0.9),
        ("votes", torch.full((30, 2), torch.nan), 0.9),
        ("strength", torch.ones(30, 2), 1.0),
        ("strength", torch.ones(30, 2), -0.1),
    ],
)
def test_what_cannot_be_spread_is_refused(name, votes, strength):
    with pytest.raises(InputError, match=rf"^spread: '{name}' must be "):
        spread(affinity_graph(views(), 3), votes, strength=strength)
