"""What is no question is refused by every solver, and what it answers is shown in two lines."""

from dataclasses import fields

import numpy as np
import pytest
import torch

from monge import (
    ClassRegularized,
    Coral,
    Exact,
    Graph,
    Laplacian,
    LinearMonge,
    PointCloud,
    Problem,
    Prototypes,
    Sinkhorn,
)
from monge.adapters import Partial, Unbalanced
from monge.errors import InputError
from monge.joint import JointTransport
from monge.maps import Kernel, MappingEstimation, Ridge
from zoo import clouds

SOLVERS = [
    Exact(),
    Sinkhorn(),
    ClassRegularized(),
    Laplacian(),
    Prototypes(),
    MappingEstimation(),
    Unbalanced(),
    Partial(),
    Partial(epsilon=0),
    JointTransport(),
    Graph(),
]

OPTIONS = {
    Exact: ["max_iterations"],
    Sinkhorn: ["epsilon", "epsilon_scale", "tolerance", "max_sweeps", "memory"],
    ClassRegularized: ["epsilon", "epsilon_scale", "eta", "form", "rounds", "tolerance", "memory"],
    Laplacian: ["eta", "alpha", "neighbours", "rounds", "tolerance", "memory"],
    Graph: ["epsilon", "tau_source", "neighbours", "steps", "strength", "tolerance", "memory"],
    Prototypes: ["epsilon", "tau", "rounds", "tolerance", "memory"],
    MappingEstimation: ["regression", "mu", "rounds", "tolerance", "memory"],
    Unbalanced: [*("epsilon", "epsilon_scale", "tau_source", "tau_target"), "tolerance", "memory"],
    Partial: ["share", "epsilon", "epsilon_scale", "tolerance", "max_sweeps", "memory"],
    Ridge: ["eta"],
    Kernel: ["eta", "bandwidth", "memory"],
    Coral: ["shrinkage"],
    LinearMonge: ["shrinkage"],
}
"""Every option with a range, of everything that is told options."""


@pytest.fixture(params=SOLVERS, ids=lambda solver: type(solver).__name__)
def solver(request):
    return request.param


def problem(n=8, m=6):
    return Problem(PointCloud(*clouds(n, m, 2)), source_labels=torch.arange(n) % 2)


@pytest.mark.parametrize("given", [np.zeros((3, 2)), None, PointCloud(*clouds(3, 4, 2))], ids=type)
def test_what_is_no_problem_is_refused(solver, given):
    name = type(solver).__name__
    with pytest.raises(
        InputError, match=rf"^{name}.solve: 'problem' must be a Problem, got \w+; .*\.$"
    ):
        solver.solve(given)


@pytest.mark.parametrize("start", [3, "cold", problem()], ids=type)
def test_what_is_no_solution_is_no_start(solver, start):
    name = type(solver).__name__
    with pytest.raises(
        InputError, match=rf"^{name}.solve: 'start' must be an earlier Solution or None, got"
    ):
        solver.solve(problem(), start=start)


@pytest.mark.parametrize(
    "solver", [Laplacian(), Prototypes(), MappingEstimation(), JointTransport()], ids=type
)
def test_a_start_of_another_shape_is_refused(solver):
    other = Exact().solve(problem(8, 7))
    with pytest.raises(
        InputError, match=r"'start' must be a solution of shape \(8, 6\), got .*7\)"
    ):
        solver.solve(problem(), start=other)


def test_every_option_is_in_the_table():
    for kind, names in OPTIONS.items():
        assert set(names) | {"max_sweeps"} == {f.name for f in fields(kind)} | {"max_sweeps"}


@pytest.mark.parametrize("given", ["text", True, float("nan"), -1, [1.0], 1j], ids=repr)
@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in OPTIONS.items() for name in names]
)
def test_what_is_no_value_of_an_option_is_one_sentence(kind, name, given):
    with pytest.raises(InputError, match=rf"^\w+: '{name}' must be [^\n]+, got [^\n]+; [^\n]+\.$"):
        kind(**{name: given})


@pytest.mark.parametrize("given", ["text", True, [1.0], 1j], ids=repr)
@pytest.mark.parametrize("name", ["tau_source", "tau_target", "mass"])
def test_what_is_no_number_holds_no_marginal(name, given):
    with pytest.raises(InputError, match=rf"^Problem: '{name}' must be [^\n]+, got [^\n]+; "):
        Problem(PointCloud(*clouds(3, 4, 2)), **{name: given})


MAY_BE_INFINITE = {"tau", "tau_source", "tau_target"}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in OPTIONS.items() for name in names]
)
def test_only_what_holds_a_marginal_may_be_infinite(kind, name):
    if name in MAY_BE_INFINITE:
        assert getattr(kind(**{name: float("inf")}), name) == float("inf")
    else:
        with pytest.raises(InputError, match=rf"^\w+: '{name}' must be [^\n]+, got inf; [^\n]+\.$"):
            kind(**{name: float("inf")})


def test_a_whole_number_of_another_library_is_one():
    for number in (np.int64(5), np.uint8(5)):
        assert Sinkhorn(max_sweeps=number).max_sweeps == 5
        assert Exact(max_iterations=number).max_iterations == 5
    assert Problem(PointCloud(*clouds(3, 4, 2)), tau_source=np.float32(2)).tau_source == 2


def test_a_solution_is_shown_in_two_lines_without_its_numbers(solver):
    solution = solver.solve(problem(), throw=False)
    shown = repr(solution)
    assert shown.startswith(f"Solution(8 x 6, {solution.status.name}, marginal errors ")
    for said in (
        f"{solution.marginal_error.source:.1e} of the source",
        f"{solution.marginal_error.target:.1e} of the target",
        f"{solution.sweeps} sweeps ({solution.operator})",
        f"epsilon {solution.epsilon:.3g}",
        f"dual gap {solution.dual_gap:.1e}",
    ):
        assert said in shown
    assert "tensor" not in shown
    assert shown.count("\n") == 1
    assert max(map(len, shown.split("\n"))) <= 110
