"""Measure monge and its peers: ``python benchmarks/run.py [job ...]``, or ``make bench``.

See README.md beside this file for what the figures mean.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from time import perf_counter
from typing import Any

import features
import torch
from bench import Bench, Sizes
from isolate import start_server
from jobs import JOBS
from machine import describe_machine
from picture import growth_picture
from table import job_table

from monge.errors import InputError, MongeError, sentence
from monge.files import write_bytes, write_text

FORMAT = 1
HERE = Path(__file__).resolve().parent
OPTIONAL = ("ott-jax", "jax", "geomloss", "faiss-cpu")


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure monge and its peers in bare sweeps.")
    parser.add_argument("jobs", nargs="*", metavar="job", help=f"of {', '.join(JOBS)}; all of them")
    data = os.environ.get("MONGE_DATA") or None
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=Path(data) if data else None,
        help="folder with MNIST and USPS (default: MONGE_DATA); synthetic features without one",
    )
    parser.add_argument("--cache", type=Path, default=Path("runs/cache"), help="of the network")
    parser.add_argument(
        "--out", type=Path, help="the JSON (default: benchmarks/results/bench.json)"
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="replace these jobs in the JSON and leave its others, each with its commit and date",
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does everything work?")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="monge alone")
    parser.add_argument("--repeats", type=int, default=3, help="timed runs (default: 3)")
    parser.add_argument("--seed", type=int, default=0, help="of the network and the rows drawn")
    parser.add_argument("--timeout", type=float, default=1200, help="seconds for one case")
    told = parser.parse_args(arguments)
    unknown = [name for name in told.jobs if name not in JOBS]
    if unknown:
        parser.error(f"no job {', '.join(unknown)}; the jobs are {', '.join(JOBS)}")
    if told.repeats < 1 or told.seed < 0:
        parser.error("--repeats must be at least 1 and --seed at least 0")
    if told.out is None:
        told.out = HERE / "results" / ("quick/bench.json" if told.quick else "bench.json")
    return told


def say(text: str) -> None:
    """Tell the terminal at once, also where it is a pipe."""
    print(text, flush=True)


def environment() -> dict[str, Any]:
    """Return machine, versions, threads and commit."""
    found = describe_machine()
    folder = os.environ.get("MONGE_PEERS")
    for name in OPTIONAL:
        distributions = list(metadata.distributions(name=name))
        if not distributions and folder:
            distributions = list(metadata.distributions(name=name, path=[folder]))
        found["versions"][name] = distributions[0].version if distributions else "not installed"
    return found


def updated(out: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Return the record that lies there, whose jobs are to be replaced.

    Raises
    ------
    InputError
        If there is none of the same points, seed and repeats.
    """
    try:
        there = json.loads(out.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        there = {}
    same = ("format", "seed", "repeats", "quick", "features")
    if any(there.get(key) != record[key] for key in same):
        required = "a record of the same points, seed and repeats"
        raise InputError(sentence("bench", "--update", required, out, "leave --update out"))
    return {**there, "complete": False}


def main() -> int:
    """Run the jobs one after another, writing the whole JSON after each."""
    told = options()
    start_server()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    record: dict[str, Any] = {
        "format": FORMAT,
        "began": now,
        "environment": environment(),
        "seed": told.seed,
        "repeats": told.repeats,
        "quick": told.quick,
        "complete": False,
    }
    commit = record["environment"]["commit"]
    try:
        points = features.load(told.data_dir, told.cache, say, seed=told.seed, quick=told.quick)
        record["features"] = {"what": points.what, "real": points.real}
        say(f"points: {points.what}")
        say(f"threads: {torch.get_num_threads()}, on {record['environment']['processor']}")
        if told.quick:
            say("quick: tiny sizes, to see that everything works; no figure below means anything")
        sizes = Sizes.quick() if told.quick else Sizes()
        bench = Bench(points, sizes, told.seed, told.repeats, told.peers, told.timeout, say)
        record["jobs"] = {}
        if told.update:
            record = updated(told.out, record)
        for name in told.jobs or JOBS:
            say(f"\n{name}: measuring")
            began = perf_counter()
            job = JOBS[name](bench).to_json(counts=not told.quick)
            job["took"] = {"value": perf_counter() - began, "unit": "s"}
            if told.update:
                job["measured"] = {"began": now, "commit": commit}
            record["jobs"][name] = job
            write_text(told.out, json.dumps(record, indent=2, allow_nan=False) + "\n")
            say(job_table(name, job))
            if name == "growth":
                picture = growth_picture(job, points.what, torch.get_num_threads())
                write_bytes(told.out.with_name("growth.png"), picture)
    except MongeError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"bench: stopped; what is finished is in {told.out}", file=sys.stderr)
        return 130
    record["complete"] = True
    write_text(told.out, json.dumps(record, indent=2, allow_nan=False) + "\n")
    say(f"\nwritten: {told.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
