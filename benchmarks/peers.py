"""The peers that need not be there: OTT-JAX and GeomLoss, and the neighbour searches.

They are imported when their case is asked for, from the environment or from the folder that
``MONGE_PEERS`` names (``pip install --target``; see the README), which comes last on the path so
that it replaces nothing of the environment. What is not there is said and passed over.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType
from typing import Any

import numpy as np
import torch
from case import Case, NotHereError, keep_to_threads, require_memory

__all__ = ["CASES"]

Arrays = dict[str, np.ndarray]


def _require(*names: str) -> list[ModuleType]:
    """Import, or say that it is not installed or does not work here."""
    folder = os.environ.get("MONGE_PEERS")
    if folder and folder not in sys.path:
        sys.path.append(folder)
    try:
        return [importlib.import_module(name) for name in names]
    except ModuleNotFoundError as error:
        raise NotHereError(f"not installed ({error.name})") from error
    except (ImportError, AttributeError, RuntimeError) as error:
        raise NotHereError(f"installed, but it does not load: {error}") from error


def ott(arrays: Arrays, options: dict[str, Any]) -> Case:
    """Run OTT-JAX at a fixed number of iterations; compilation is not timed.

    ``options["batch"]`` makes its point cloud lazy, in batches of so many rows.
    """
    keep_to_threads()
    jax, clouds, problems, solvers = _require(
        "jax",
        "ott.geometry.pointcloud",
        "ott.problems.linear.linear_problem",
        "ott.solvers.linear.sinkhorn",
    )
    double = options.get("double", True)
    jax.config.update("jax_enable_x64", double)
    dtype = np.float64 if double else np.float32
    x, y = arrays["x"].astype(dtype), arrays["y"].astype(dtype)
    iterations, epsilon = options["iterations"], options["epsilon"]
    if options.get("batch") is None:
        require_memory(4 * x.itemsize * len(x) * len(y))

    def run(x: Any, y: Any) -> Any:
        cloud = clouds.PointCloud(x, y, epsilon=epsilon, batch_size=options.get("batch"))
        solver = solvers.Sinkhorn(
            threshold=0.0,
            min_iterations=iterations,
            max_iterations=iterations,
            inner_iterations=iterations,
        )
        out = solver(problems.LinearProblem(cloud))
        return out.f, out.g

    try:
        compiled = jax.jit(run).lower(x, y).compile()
    except Exception as error:
        message = (str(error).splitlines() or [""])[0][:150]
        reason = f"it does not run with jax {jax.__version__}: {message}"
        raise NotHereError(reason) from error

    def describe(potentials: Any) -> tuple[dict[str, Any], Arrays]:
        f, g = (np.asarray(part, dtype=np.float64) for part in potentials)
        return {}, {"log_u": f / epsilon, "log_v": g / epsilon}

    return Case(lambda: jax.block_until_ready(compiled(x, y)), describe)


def geomloss(arrays: Arrays, options: dict[str, Any]) -> Case:
    """Run ``geomloss.ot.solve_sample`` at a number of annealing steps.

    On a processor it needs KeOps to be lazy, which compiles its own kernels and is not asked for
    here: this is its dense form. It anneals epsilon down to the one asked for, in as many steps as
    it is told, and makes no further steps there: more steps are its only way to a smaller error.
    """
    (package,) = _require("geomloss.ot")
    x, y = (torch.from_numpy(arrays[key]).double() for key in ("x", "y"))
    require_memory(8 * 10 * len(x) * len(y))
    epsilon = options["epsilon"]

    def describe(result: Any) -> tuple[dict[str, Any], Arrays]:
        sizes = {"log_u": (result.potential_a, len(x)), "log_v": (result.potential_b, len(y))}
        return {}, {
            key: potential.numpy().ravel() / epsilon - np.log(size)
            for key, (potential, size) in sizes.items()
        }

    def work() -> Any:
        return package.solve_sample(x, y, reg=epsilon, max_iter=options["iterations"])

    return Case(work, describe)


def tree(arrays: Arrays, _options: dict[str, Any]) -> Case:
    """Search with SciPy's k-d tree, its making included."""
    (spatial,) = _require("scipy.spatial")

    def work() -> np.ndarray:
        return spatial.cKDTree(arrays["x"]).query(arrays["y"])[1]

    return Case(work, lambda found: ({}, {"found": found}))


def pairwise(arrays: Arrays, _options: dict[str, Any]) -> Case:
    """Search with scikit-learn's fused pairwise argmin."""
    (metrics,) = _require("sklearn.metrics")

    def work() -> np.ndarray:
        return metrics.pairwise_distances_argmin(arrays["y"], arrays["x"])

    return Case(work, lambda found: ({}, {"found": found}))


def faiss(arrays: Arrays, _options: dict[str, Any]) -> Case:
    """Search with the flat index of FAISS."""
    (package,) = _require("faiss")
    package.omp_set_num_threads(torch.get_num_threads())

    def work() -> np.ndarray:
        index = package.IndexFlatL2(arrays["x"].shape[1])
        index.add(arrays["x"])
        return index.search(arrays["y"], 1)[1][:, 0]

    return Case(work, lambda found: ({}, {"found": found}))


CASES = {
    "ott": ott,
    "geomloss": geomloss,
    "scipy-tree": tree,
    "sklearn-argmin": pairwise,
    "faiss-flat": faiss,
}
