"""POT: its entropic solvers, the exact one, and its transport adapter.

All are given float64 points and start from the points, so the cost matrix is part of their time as
it is of monge's. ``stopThr=0`` makes them run the asked number of iterations, with the error checks
that they make themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import ot
import ot.da
from case import Case, require_memory

__all__ = ["CASES"]

Arrays = dict[str, np.ndarray]
DENSE, DENSE_LOG = 5.5, 9
"""Matrices (n, m) of float64 that are alive at once in ``ot.sinkhorn`` and in its log form."""


def _doubles(arrays: Arrays) -> Arrays:
    return {key: array.astype(np.float64) for key, array in arrays.items()}


def _none(_result: object) -> tuple[dict[str, Any], Arrays]:
    return {}, {}


def dense(method: str, names: tuple[str, str], *, logarithms: bool) -> Any:
    """Make the case of ``ot.sinkhorn(method=...)``."""

    def build(arrays: Arrays, options: dict[str, Any]) -> Case:
        points = _doubles(arrays)
        x, y = points["x"], points["y"]
        require_memory(8 * (DENSE_LOG if method == "sinkhorn_log" else DENSE) * len(x) * len(y))

        def work() -> Arrays:
            cost = ot.dist(x, y)
            _, log = ot.sinkhorn(
                ot.unif(len(x)),
                ot.unif(len(y)),
                cost,
                options["epsilon"],
                method=method,
                numItermax=options["iterations"],
                stopThr=0,
                log=True,
                warn=False,
            )
            scalings = {key: log[name] for key, name in zip(("u", "v"), names, strict=True)}
            if not logarithms:
                scalings = {key: np.log(value) for key, value in scalings.items()}
            return {f"log_{key}": value for key, value in scalings.items()}

        return Case(work, lambda scalings: ({}, scalings))

    return build


def lazy(arrays: Arrays, options: dict[str, Any]) -> Case:
    """Run ``ot.bregman.empirical_sinkhorn(isLazy=True)``, in batches of 100 as by default."""
    points = _doubles(arrays)

    def work() -> Arrays:
        log_u, log_v, _ = ot.bregman.empirical_sinkhorn(
            points["x"],
            points["y"],
            options["epsilon"],
            numIterMax=options["iterations"],
            stopThr=0,
            isLazy=True,
            log=True,
            warn=False,
        )
        return {"log_u": log_u, "log_v": log_v}

    return Case(work, lambda scalings: ({}, scalings))


def exact(arrays: Arrays, _options: dict[str, Any]) -> Case:
    """Run ``ot.emd``: the plan without entropy."""
    points = _doubles(arrays)
    x, y = points["x"], points["y"]
    require_memory(40 * len(x) * len(y))

    def work() -> object:
        cost = ot.dist(x, y)
        return ot.emd(ot.unif(len(x)), ot.unif(len(y)), cost / cost.max(), numItermax=10_000_000)

    return Case(work, _none)


def _adapter(points: Arrays, options: dict[str, Any]) -> ot.da.SinkhornTransport:
    """Fit ``SinkhornTransport(reg_e=..., norm="max")``; epsilon is relative to the largest cost."""
    told = {"method": options["method"]} if "method" in options else {}
    if "iterations" in options:
        told |= {"max_iter": options["iterations"], "tol": 0}
    return ot.da.SinkhornTransport(
        reg_e=options["relative"],
        norm="max",
        log=True,
        out_of_sample_map=options.get("map", "continuous"),
        **told,
    ).fit(Xs=points["x"], Xt=points["y"])


def adapter(arrays: Arrays, options: dict[str, Any]) -> Case:
    """Fit the adapter; without ``iterations`` to its own defaults (tol 1e-8, 1,000 iterations)."""
    points = _doubles(arrays)
    require_memory(8 * DENSE_LOG * len(points["x"]) * len(points["y"]))

    def describe(fitted: ot.da.SinkhornTransport) -> tuple[dict[str, Any], Arrays]:
        log = fitted.log_
        values = {"iterations": int(log["niter"]) + 1}
        return values, {"log_u": log["log_u"], "log_v": log["log_v"]}

    return Case(lambda: _adapter(points, options), describe)


def move(arrays: Arrays, options: dict[str, Any]) -> Case:
    """Map new points with the fitted adapter; the fit is not timed."""
    points = _doubles(arrays)
    fitted = _adapter(points, options)
    new = points["new"]
    return Case(lambda: fitted.transform(Xs=new), lambda moved: ({}, {"moved": moved}))


CASES = {
    "pot-sinkhorn": dense("sinkhorn", ("u", "v"), logarithms=False),
    "pot-log": dense("sinkhorn_log", ("log_u", "log_v"), logarithms=True),
    "pot-stabilized": dense("sinkhorn_stabilized", ("logu", "logv"), logarithms=True),
    "pot-lazy": lazy,
    "pot-exact": exact,
    "pot-adapter": adapter,
    "pot-map": move,
}
