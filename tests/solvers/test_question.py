"""What is no question is refused by every solver, and what it answers is shown in two lines."""

import numpy as np
import pytest
import torch

from monge import ClassRegularized, Exact, Laplacian, PointCloud, Problem, Prototypes, Sinkhorn
from monge.errors import InputError
from monge.joint import JointTransport
from monge.maps import MappingEstimation
from zoo import clouds

SOLVERS = [
    Exact(),
    Sinkhorn(),
    ClassRegularized(),
    Laplacian(),
    Prototypes(),
    MappingEstimation(),
    JointTransport(),
]


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
