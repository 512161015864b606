"""The jobs: what is run, at which size, and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from typing import Any

import numpy as np
import torch
from bench import SLACK, Bench, Goal, Job, in_sweeps
from features import enlarge, take
from measure import BareSweep
from plain import cost_scale

__all__ = ["JOBS"]

MEGABYTE = 10**6


def _monge(epsilon: float, scale: str, tolerance: float, memory: str) -> dict[str, Any]:
    return {
        "epsilon": epsilon,
        "epsilon_scale": scale,
        "tolerance": tolerance,
        "memory": memory,
    }


def _job(title: str, arrays: dict[str, np.ndarray], told: dict[str, Any], **more: Any) -> Job:
    shape = {"n": len(arrays["x"]), "m": len(arrays["y"]), "d": arrays["x"].shape[1]}
    return Job(title=title, settings=shape | told | more)


def _full(bench: Bench, epsilon: float, memory: str, *, sweeps: float) -> tuple[Job, dict]:
    """Solve the full plan with monge; the job and its points."""
    features, sizes = bench.features, bench.sizes
    arrays = {
        "x": take(features.source, sizes.source, bench.seed),
        "y": take(features.target, sizes.target, bench.seed),
    }
    told = _monge(epsilon, "mean", 1e-3, memory)
    title = f"full plan, epsilon {epsilon:g} of the mean cost, L1 error 1e-3, memory {memory}"
    job = _job(title, arrays, told)
    job.sweep = bench.sweep(**arrays)
    bench.row(job, "monge", "monge", arrays, told, repeats=bench.repeats)
    in_sweeps(job)
    job.goals.append(Goal("time", job.figure("monge", "time_in_sweeps"), sweeps, "sweeps"))
    return job, arrays


def _plain(
    bench: Bench, job: Job, arrays: dict[str, np.ndarray], absolute: float, iterations: int
) -> int | None:
    """Run plain Sinkhorn up to so many iterations; how many it needs, or ``None``."""
    tolerance = job.settings["tolerance"]
    options = {
        "epsilon": absolute,
        "tolerance": tolerance,
        "iterations": iterations,
        "double": tolerance < 1e-4,
    }
    result = bench.row(job, "plain Sinkhorn, streamed", "plain", arrays, options)
    if result is None or not job.rows[-1]["reached"]:
        return None
    return result["values"]["iterations"]


def full_stored(bench: Bench) -> Job:
    """Solve the job that the engine is made for, with 2 GiB; peers run a few iterations of it."""
    job, arrays = _full(bench, 0.05, "2 GiB", sweeps=8)
    if bench.peers:
        absolute = 0.05 * cost_scale(arrays["x"], arrays["y"], "mean")
        needed = _plain(bench, job, arrays, absolute, 400)
        peer = {"epsilon": absolute, "double": False}
        for name, case, more, few in (
            ("POT lazy", "pot-lazy", {}, (1, 2)),
            ("OTT-JAX, batches of 512", "ott", {"batch": 512}, (1, 3)),
            ("GeomLoss, dense", "geomloss", {}, (2, 5)),
            ("POT sinkhorn_log", "pot-log", {}, (1, 3)),
        ):
            bench.extrapolated(job, name, case, arrays, peer | more, few=few, needed=needed)
        in_sweeps(job)
    return job


def full_stream(bench: Bench) -> Job:
    """Solve the same in little memory; the peers stand in the table of the first."""
    job, _ = _full(bench, 0.05, "50 MB", sweeps=16)
    peak = job.figure("monge", "peak_memory_above_data")
    peak = None if peak is None else peak / MEGABYTE
    job.goals.append(Goal("peak memory above the data", peak, 150, "MB"))
    return job


def full_small_epsilon(bench: Bench) -> Job:
    """Solve at a fifth of epsilon.

    Plain Sinkhorn takes many hundred iterations and is cut off; the peers' iterations take the same
    time at every epsilon and stand in the table of the first.
    """
    job, arrays = _full(bench, 0.01, "2 GiB", sweeps=20)
    if bench.peers:
        _plain(bench, job, arrays, 0.01 * cost_scale(arrays["x"], arrays["y"], "mean"), 60)
        in_sweeps(job)
    return job


def plan(bench: Bench) -> Job:
    """Solve the post's plan beside everything that can."""
    features, rows, seed = bench.features, bench.sizes.plan, bench.seed
    arrays = {"x": take(features.source, rows, seed), "y": take(features.target, rows, seed)}
    tolerance = 1e-6
    told = _monge(1e-2, "max", tolerance, "2 GiB")
    title = "the post's plan, epsilon 0.01 of the largest cost, L1 error 1e-6"
    job = _job(title, arrays, told)
    job.sweep = bench.sweep(**arrays)
    bench.row(job, "monge", "monge", arrays, told, repeats=bench.repeats)
    absolute = 1e-2 * cost_scale(arrays["x"], arrays["y"], "max")
    needed = _plain(bench, job, arrays, absolute, 20_000) if bench.peers else None
    if needed is not None:
        peer = {"epsilon": absolute, "relative": 1e-2, "iterations": needed}
        for who, case in (
            ("ot.da.SinkhornTransport", "pot-adapter"),
            ("ot.sinkhorn", "pot-sinkhorn"),
            ("POT sinkhorn_log", "pot-log"),
            ("POT sinkhorn_stabilized", "pot-stabilized"),
            ("OTT-JAX", "ott"),
        ):
            bench.peer(job, who, case, arrays, peer)
        bench.extrapolated(job, "POT lazy", "pot-lazy", arrays, peer, few=(1, 6), needed=needed)
        bench.peer(job, "GeomLoss, dense", "geomloss", arrays, peer, growth=2.0, tries=3)
        defaults = {"epsilon": absolute, "relative": 1e-2}
        who = "ot.da.SinkhornTransport, its own stop"
        bench.row(job, who, "pot-adapter", arrays, defaults)
        bench.row(job, "ot.emd (exact, no epsilon)", "pot-exact", arrays, {})
    in_sweeps(job)
    for who, bound in (("ot.da.SinkhornTransport", 20.0), ("ot.sinkhorn", 2.0)):
        gain = job.ratio(who, "monge")
        job.goals.append(Goal(f"{who} over monge", gain, bound, "times", at_least=True))
    return job


def square(bench: Bench) -> Job:
    """Solve 10,000 x 10,000 in little memory, POT's dense solver beside it."""
    features, rows, seed = bench.features, bench.sizes.square, bench.seed
    arrays = {"x": enlarge(features.source, rows, seed), "y": enlarge(features.target, rows, seed)}
    told = _monge(0.05, "mean", 1e-4, "100 MB")
    job = _job("square plan, epsilon 0.05 of the mean cost, L1 error 1e-4", arrays, told)
    job.sweep = bench.sweep(**arrays)
    bench.row(job, "monge", "monge", arrays, told, repeats=bench.repeats)
    absolute = 0.05 * cost_scale(arrays["x"], arrays["y"], "mean")
    if bench.peers:
        needed = _plain(bench, job, arrays, absolute, 1000)
        peer = {"epsilon": absolute, "double": False}
        for who, case, few in (
            ("ot.sinkhorn", "pot-sinkhorn", (1, 21)),
            ("OTT-JAX, batches of 512", "ott", (1, 6)),
        ):
            more = {"batch": 512} if case == "ott" else {}
            bench.extrapolated(job, who, case, arrays, peer | more, few=few, needed=needed)
    in_sweeps(job)
    peak = job.figure("monge", "peak_memory_above_data")
    peak = None if peak is None else peak / MEGABYTE
    job.goals.append(Goal("peak memory above the data", peak, 200, "MB"))
    reached = job.figure("monge", "true_error")
    job.goals.append(Goal("true error, L1", reached, 1e-4, ""))
    return job


def move(bench: Bench) -> Job:
    """Map points that were not in the plan; the fits are not timed."""
    features, rows, seed = bench.features, bench.sizes.plan, bench.seed
    source = enlarge(features.source, rows + bench.sizes.new, seed)
    arrays = {
        "x": source[:rows],
        "y": take(features.target, rows, seed),
        "new": source[rows:],
    }
    told = _monge(1e-2, "max", 1e-6, "2 GiB")
    job = _job("map new points from the post's plan", arrays, told, new=len(arrays["new"]))
    job.sweep = BareSweep(torch.from_numpy(arrays["new"]), torch.from_numpy(arrays["x"]))
    job.sweep.read()
    moved = {}
    pairs = (
        ("nearest", "nearest row's shift", "ferradans"),
        ("entropic", "by the potential", "continuous"),
    )
    for mine, words, theirs in pairs:
        options = told | {"map": mine}
        found = bench.row(
            job, f"monge, {words}", "monge-map", arrays, options, repeats=bench.repeats
        )
        if bench.peers:
            # The time of a map does not depend on how far its fit went; only the log form can make
            # the continuous map, and 100 of its slow iterations will do.
            options = {"relative": 1e-2, "map": theirs, "iterations": 100}
            if theirs == "ferradans":
                options |= {"method": "sinkhorn", "iterations": 1000}
            beside = bench.row(job, f"POT, {words}", "pot-map", arrays, options)
            if found is not None and beside is not None:
                moved[words] = _distance(found["arrays"]["moved"], beside["arrays"]["moved"])
    job.settings["difference_from_POT"] = {
        "value": moved,
        "unit": "largest distance between both images over the spread of the images",
    }
    in_sweeps(job)
    ours, theirs = (f"{who}, nearest row's shift" for who in ("monge", "POT"))
    job.goals.append(Goal("time, nearest row's shift", job.figure(ours, "time"), 0.2, "s"))
    gain = job.ratio(theirs, ours)
    job.goals.append(Goal("POT over monge, the same map", gain, 10, "times", at_least=True))
    return job


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    apart = np.linalg.norm(one.astype(np.float64) - other, axis=1).max()
    return float(apart / np.linalg.norm(other - other.mean(0), axis=1).max())


def neighbours(bench: Bench) -> Job:
    """Find the nearest source row of every target row."""
    features, sizes = bench.features, bench.sizes
    arrays = {
        "x": take(features.source, sizes.source, bench.seed),
        "y": take(features.target, sizes.target, bench.seed),
    }
    job = _job("nearest source row of every target row, exact", arrays, {})
    job.sweep = bench.sweep(**arrays)
    found = bench.row(job, "monge", "monge-neighbours", arrays, {}, repeats=bench.repeats)
    if bench.peers:
        for who, case in (
            ("scikit-learn argmin", "sklearn-argmin"),
            ("SciPy k-d tree", "scipy-tree"),
            ("FAISS flat", "faiss-flat"),
        ):
            beside = bench.row(job, who, case, arrays, {})
            if found is not None and beside is not None:
                others = found["arrays"]["found"] != beside["arrays"]["found"]
                job.rows[-1]["figures"]["answers_other_than_monge"] = {
                    "value": int(others.sum()),
                    "unit": "queries",
                }
    in_sweeps(job)
    job.goals.append(Goal("time", job.figure("monge", "time_in_sweeps"), 1.5, "sweeps"))
    return job


def growth(bench: Bench) -> Job:
    """Solve against the same target with ever more source rows, in little memory."""
    features, sizes, seed = bench.features, bench.sizes, bench.seed
    target = take(features.target, sizes.target, seed)
    told = _monge(0.05, "mean", 1e-3, "100 MB")
    rows = {"x": np.empty((max(sizes.growth), target.shape[1])), "y": target}
    title = "growth: epsilon 0.05 of the mean cost, L1 error 1e-3, memory 100 MB"
    # The certificate stands for the true error here: other jobs check one against the other.
    job = _job(title, rows, told, measure_error=False, sizes=list(sizes.growth))
    for n in sizes.growth:
        arrays = {"x": enlarge(features.source, n, seed), "y": target}
        sweep = bench.sweep(**arrays)
        who = f"monge, {n:,} rows"
        result = bench.row(job, who, "monge", arrays, told, repeats=min(2, bench.repeats))
        sweep.read(1)
        row = job.rows[-1]
        row["n"] = n
        row["figures"]["bare_sweep"] = {"value": sweep.limit, "unit": "s"}
        if result is not None:
            sweeps = min(result["seconds"]) / sweep.limit
            row["figures"]["time_in_sweeps"] = {"value": sweeps, "unit": "sweeps"}
            error = result["values"]["certified_error"]
            row["reached"] = error <= SLACK * told["tolerance"]
            row["figures"]["certified_error"] = {"value": error, "unit": "L1, total mass 1"}
    slope = _exponent(job)
    job.goals.append(Goal("exponent p of time ~ n^p, 1 is linear", slope, 1.1, ""))
    peaks = [
        row["figures"]["peak_memory_above_data"]["value"] / MEGABYTE
        for row in job.rows
        if row["figures"].get("peak_memory_above_data")
    ]
    largest = max(peaks) if peaks else None
    job.goals.append(Goal("largest peak memory above the data", largest, 200, "MB"))
    return job


def _exponent(job: Job) -> float | None:
    """Fit the slope of log time over log n."""
    points = [
        (log(row["n"]), log(row["figures"]["time"]["minimum"]))
        for row in job.rows
        if "time" in row["figures"]
    ]
    if len(points) < 2:
        return None
    n, seconds = np.array(points).T
    return float(np.polyfit(n, seconds, 1)[0])


JOBS: dict[str, Callable[[Bench], Job]] = {
    "full": full_stored,
    "full-stream": full_stream,
    "full-small-epsilon": full_small_epsilon,
    "plan": plan,
    "square": square,
    "map": move,
    "neighbours": neighbours,
    "growth": growth,
}
