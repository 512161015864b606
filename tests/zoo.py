"""Problems whose answer is known exactly, without a solver.

Every generator returns a `Case`: a problem, a plan of least cost, and that cost. Add one by writing
a function and adding it to `CASES`: every solver is then tested on it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from monge.geometry import DenseCost, PointCloud
from monge.plans import DensePlan
from monge.solvers import MarginalError, Problem, Solution, Status

__all__ = ["CASES", "Case", "clouds", "gaussians", "generator", "solution_of", "weights"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A problem, a plan of least cost (n, m) float64, and that cost.

    `unique` says that no other plan costs as little.
    """

    problem: Problem
    plan: torch.Tensor
    cost: float
    unique: bool = True


def generator(seed):
    """Return a generator of its own: no test draws from the global one."""
    return torch.Generator().manual_seed(seed)


def clouds(n, m, d, *, seed=0, dtype=torch.float64, shift=1.0):
    """Draw two clouds of points, the second moved by `shift`."""
    draw = generator(seed)
    x = torch.randn(n, d, generator=draw, dtype=torch.float64)
    y = torch.randn(m, d, generator=draw, dtype=torch.float64) + shift
    return x.to(dtype), y.to(dtype)


def weights(n, *, seed=0, total=1.0, zeros=0):
    """Draw positive weights (n,) float64 of a total, the first `zeros` of them zero."""
    drawn = torch.rand(n, generator=generator(seed), dtype=torch.float64) + 0.1
    drawn[:zeros] = 0
    return drawn * (total / drawn.sum())


def solution_of(problem, matrix):
    """Wrap a given plan (n, m) as the solution of a problem."""
    return Solution(
        problem=problem,
        plan=DensePlan(matrix),
        objective=0.0,
        status=Status.CONVERGED,
        marginal_error=MarginalError(0.0, 0.0),
        sweeps=0,
        operator="given",
        epsilon=0.0,
    )


def single(dtype):
    """One point to one point: all mass goes there."""
    x, y = torch.tensor([[1.0, 2.0]]), torch.tensor([[4.0, 6.0]])
    problem = Problem(PointCloud(x.to(dtype), y.to(dtype)))
    return Case(problem=problem, plan=torch.ones(1, 1, dtype=torch.float64), cost=25.0)


def permutation(dtype):
    """The target is the source in another order: nothing moves."""
    x, _ = clouds(9, 1, 3, dtype=dtype)
    order = torch.randperm(9, generator=generator(1))
    plan = torch.zeros(9, 9, dtype=torch.float64)
    plan[order, torch.arange(9)] = 1 / 9
    return Case(problem=Problem(PointCloud(x, x[order])), plan=plan, cost=0.0)


def translation(dtype):
    """The target is the source, moved: every point moves by that much (Brenier: x + t)."""
    x, _ = clouds(11, 1, 2, dtype=dtype)
    move = torch.tensor([2.0, -1.0], dtype=dtype)
    plan = torch.eye(11, dtype=torch.float64) / 11
    return Case(problem=Problem(PointCloud(x, x + move)), plan=plan, cost=5.0)


def sorted_line(dtype):
    """On a line the monotone plan is the best one: the north-west corner rule on sorted points."""
    x, y = clouds(8, 13, 1, dtype=dtype)
    a, b = weights(8, seed=2), weights(13, seed=3)
    plan = torch.zeros(8, 13, dtype=torch.float64)
    left, right = a.clone(), b.clone()
    rows, columns = x[:, 0].argsort().tolist(), y[:, 0].argsort().tolist()
    while rows and columns:
        i, j = rows[0], columns[0]
        mass = float(min(left[i], right[j]))
        plan[i, j] += mass
        left[i] -= mass
        right[j] -= mass
        (rows if left[i] <= right[j] else columns).pop(0)
    cost = float((plan * (x.double() - y.double().T) ** 2).sum())
    return Case(problem=Problem(PointCloud(x, y), a, b), plan=plan, cost=cost)


def gradient(dtype):
    """The image under a symmetric positive map, the gradient of a convex function (Brenier)."""
    x, _ = clouds(10, 1, 3, dtype=torch.float64)
    root = torch.randn(3, 3, generator=generator(4), dtype=torch.float64)
    y = (x @ (root @ root.T + 0.1 * torch.eye(3, dtype=torch.float64)) + 1).to(dtype)
    x = x.to(dtype)
    cost = float(((x.double() - y.double()) ** 2).sum(1).mean())
    plan = torch.eye(10, dtype=torch.float64) / 10
    return Case(problem=Problem(PointCloud(x, y)), plan=plan, cost=cost)


def birkhoff(dtype):
    """A mix of permutations, certified by its dual: C = u + v, and more wherever it sends nothing.

    The cost has no points behind it; sum u a + sum v b bounds it from below and is reached.
    """
    draw, n = generator(5), 7
    plan = torch.zeros(n, n, dtype=torch.float64)
    for share in (0.5, 0.3, 0.2):
        plan[torch.arange(n), torch.randperm(n, generator=draw)] += share / n
    u = torch.rand(n, generator=draw, dtype=torch.float64)
    v = torch.rand(n, generator=draw, dtype=torch.float64)
    slack = 0.2 + torch.rand(n, n, generator=draw, dtype=torch.float64)
    matrix = (u[:, None] + v + torch.where(plan > 0, 0.0, slack)).to(dtype)
    cost = float(u.mean() + v.mean())
    return Case(problem=Problem(DenseCost(matrix)), plan=plan, cost=cost, unique=False)


CASES: dict[str, Callable[[torch.dtype], Case]] = {
    "single": single,
    "permutation": permutation,
    "translation": translation,
    "sorted line": sorted_line,
    "gradient": gradient,
    "birkhoff": birkhoff,
}


def gaussians(n, d, *, seed=0, dtype=torch.float64):
    """Draw two clouds whose means and covariances are exactly given ones.

    Returns x, y, and the moments ``(mean, covariance)`` of each. The optimal map between Gaussians
    of these moments has a closed form.
    """
    draw, made = generator(seed), []
    for _ in range(2):
        points = torch.randn(n, d, generator=draw, dtype=torch.float64)
        points -= points.mean(0)
        root = torch.linalg.cholesky(points.T @ points / n)
        white = torch.linalg.solve_triangular(root, points.T, upper=False).T
        shape = torch.randn(d, d, generator=draw, dtype=torch.float64)
        mean = torch.randn(d, generator=draw, dtype=torch.float64) * 3
        made.append(((white @ shape.T + mean).to(dtype), (mean, shape @ shape.T)))
    (x, source), (y, target) = made
    return x, y, source, target
