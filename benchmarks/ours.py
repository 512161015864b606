"""The cases of monge, through its public interface alone, and of plain Sinkhorn."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from case import Case
from plain import PlainSinkhorn

from monge import Barycentric, EntropicMap, PointCloud, Problem, Sinkhorn, Solution
from monge.neighbors import nearest

__all__ = ["CASES"]

Arrays = dict[str, np.ndarray]


def _solver(options: dict[str, Any]) -> Sinkhorn:
    return Sinkhorn(
        epsilon=options["epsilon"],
        epsilon_scale=options["epsilon_scale"],
        tolerance=options["tolerance"],
        memory=options["memory"],
    )


def _solve(arrays: Arrays, options: dict[str, Any]) -> Solution:
    """From points to the certified solution; one that did not converge says so in its status."""
    problem = Problem(PointCloud(arrays["x"], arrays["y"]))
    return _solver(options).solve(problem, throw=False)


def solve(arrays: Arrays, options: dict[str, Any]) -> Case:
    """Solve: x, y to a solution, the mean or largest cost and the certificate included."""

    def describe(solution: Solution) -> tuple[dict[str, Any], Arrays]:
        plan = solution.plan
        values = {
            "status": solution.status.name.lower(),
            "operator": solution.operator,
            "kernel_passes": solution.sweeps,
            "full_passes": solution.full_sweeps,
            "certified_error": max(solution.marginal_error),
            "epsilon": solution.epsilon,
        }
        scalings = {
            "log_u": (plan.a.log() + plan.f / plan.epsilon).numpy(),
            "log_v": (plan.b.log() + plan.g / plan.epsilon).numpy(),
        }
        return values, scalings

    return Case(lambda: _solve(arrays, options), describe)


def move(arrays: Arrays, options: dict[str, Any]) -> Case:
    """Map new points with the fitted ``options["map"]``; the fit is not timed."""
    fit = {"nearest": Barycentric, "entropic": EntropicMap}[options["map"]]()
    fitted = fit.fit(_solve(arrays, options))
    new = torch.from_numpy(arrays["new"])
    return Case(lambda: fitted(new), lambda moved: ({}, {"moved": moved.numpy()}))


def neighbours(arrays: Arrays, _options: dict[str, Any]) -> Case:
    """Find the nearest row of x for each row of y."""
    x, y = torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["y"])
    return Case(lambda: nearest(y, x), lambda found: ({}, {"found": found.numpy()}))


def plain(arrays: Arrays, options: dict[str, Any]) -> Case:
    """Iterate plain Sinkhorn to the error or to the cap on its iterations."""

    def work() -> tuple[int, float, np.ndarray, np.ndarray]:
        double = options["double"]
        solver = PlainSinkhorn(arrays["x"], arrays["y"], options["epsilon"], double=double)
        return solver.run(options["tolerance"], options["iterations"])

    def describe(result: tuple[int, float, np.ndarray, np.ndarray]) -> tuple[dict, Arrays]:
        done, error, log_u, log_v = result
        return {"iterations": done, "last_error": error}, {"log_u": log_u, "log_v": log_v}

    return Case(work, describe)


CASES = {
    "monge": solve,
    "monge-map": move,
    "monge-neighbours": neighbours,
    "plain": plain,
}
