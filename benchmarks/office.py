"""Every transport on the twelve pairs of Office-Caltech10, defaults only.

``python benchmarks/office.py --data-dir DATA`` writes results/office.json and results/office.md.
DATA holds ``OfficeCaltech10/*_SURF_L10.mat`` (Gong et al. 2012): 800 SURF counts an image, ten
classes, domains Amazon, Caltech, DSLR and Webcam.

The protocol is that of the published nearest-neighbour row: every row is divided by its sum, every
domain is z-scored by itself (ddof 1), all of the source is moved, and all of the target, whose
labels serve the score alone, is classified by the nearest moved source row.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from scipy.io import loadmat

from monge import Adapter
from monge.adapters import TRANSPORTS
from monge.errors import DataError, MongeError
from monge.experiments.environment import describe_environment
from monge.experiments.neighbour import nearest_neighbour

HERE = Path(__file__).resolve().parent
DOMAINS = {"C": "caltech", "A": "amazon", "W": "webcam", "D": "dslr"}
PAIRS = list(permutations(DOMAINS, 2))
SIZES = {"C": 1123, "A": 958, "W": 295, "D": 157}
WIDTH, CLASSES = 800, 10

PUBLISHED = dict(
    zip(
        ("C-A", "C-W", "C-D", "A-C", "A-W", "A-D", "W-C", "W-A", "W-D", "D-C", "D-A", "D-W"),
        (23.7, 25.8, 25.5, 26.0, 29.8, 25.5, 19.9, 23.0, 59.2, 26.3, 28.5, 63.4),
        strict=True,
    )
)
"""The nearest neighbour without any transport, in per cent (Gong et al. 2012, and after them)."""


class Domain(NamedTuple):
    """Points (n, 800) float64, and labels (n,) from 1 to 10."""

    X: np.ndarray
    y: np.ndarray


def read(folder: Path) -> dict[str, Domain]:
    """Read the four domains as counts."""
    found = {}
    for letter, name in DOMAINS.items():
        path = folder / "OfficeCaltech10" / f"{name}_SURF_L10.mat"
        if not path.is_file():
            raise DataError(f"office: there is no {path}; name the folder that holds it.")
        content = loadmat(path)
        domain = Domain(content["fts"].astype(np.float64), content["labels"].ravel().astype(int))
        if domain.X.shape != (SIZES[letter], WIDTH) or set(domain.y) != {*range(1, CLASSES + 1)}:
            raise DataError(f"office: {path} holds other data than the published file.")
        found[letter] = domain
    return found


def prepare(domain: Domain) -> Domain:
    """Divide rows by their sum, then z-score the features of the domain (ddof 1)."""
    X = domain.X / domain.X.sum(1, keepdims=True)
    return Domain((X - X.mean(0)) / X.std(0, ddof=1), domain.y)


def right(predicted: np.ndarray, target: Domain) -> float:
    """Per cent of the target that is right."""
    return 100 * float((predicted == target.y).mean())


def nearest_alone(source: Domain, target: Domain) -> dict[str, Any]:
    """Classify by the nearest source row, nothing moved."""
    return {"nearest": right(nearest_neighbour().fit(*source).predict(target.X), target)}


def adapted(name: str) -> Callable[[Domain, Domain], dict[str, Any]]:
    """Return what a transport makes of a pair: by the nearest moved row, and through its plan."""

    def score(source: Domain, target: Domain) -> dict[str, Any]:
        adapter = Adapter(name).fit(source.X, source.y, X_target=target.X)
        scores = {"nearest": right(adapter.predict(target.X), target)}
        if adapter.solution_ is not None:
            votes = adapter.classes_[adapter.propagate().argmax(1)]
            scores["propagated"] = right(votes, target)
        return scores

    return score


METHODS = {"none": nearest_alone} | {name: adapted(name) for name in TRANSPORTS}


def measure(
    domains: dict[str, Domain], methods: list[str], say: Callable[[str], None]
) -> dict[str, Any]:
    """Score every method on every pair; one that refuses a pair says why."""
    ready = {letter: prepare(domain) for letter, domain in domains.items()}
    rows: dict[str, Any] = {}
    for name in methods:
        row: dict[str, Any] = {}
        for first, second in PAIRS:
            began = perf_counter()
            try:
                scores = METHODS[name](ready[first], ready[second])
            except MongeError as error:
                scores = {"failed": f"{type(error).__name__}: {error}"}
            row[f"{first}-{second}"] = scores | {"seconds": round(perf_counter() - began, 2)}
        rows[name] = {"pairs": row, "mean": mean(row, "nearest")}
        if all("propagated" in scores for scores in row.values()):
            rows[name]["mean_propagated"] = mean(row, "propagated")
        say(f"{name:>18} {rows[name]['mean']}")
    return rows


def mean(row: dict[str, Any], reading: str) -> float | None:
    """Return the mean over the twelve pairs; none where a pair failed."""
    found = [scores.get(reading) for scores in row.values()]
    return None if None in found else fmean(found)


def table(rows: dict[str, Any], reading: str) -> str:
    """Write the accuracies of one reading, a line for each method, best first."""
    names = [f"{first}-{second}" for first, second in PAIRS]
    has = [n for n, row in rows.items() if any(reading in s for s in row["pairs"].values())]
    has.sort(key=lambda n: -(mean(rows[n]["pairs"], reading) or 0))
    lines = ["| transport | mean | " + " | ".join(names) + " |", "|---|" + "---:|" * 13]
    for name in has:
        pairs = rows[name]["pairs"]
        cells = [mean(pairs, reading), *(pairs[pair].get(reading) for pair in names)]
        shown = ["failed" if cell is None else f"{cell:.1f}" for cell in cells]
        lines.append(f"| {name} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def page(record: dict[str, Any]) -> str:
    """Write the tables as Markdown."""
    rows = record["rows"]
    made = (
        f"Made by `{record['command']}` at commit {(record['environment']['commit'] or '-')[:7]}. "
        "Accuracy on the whole target in per cent; no target label enters a fit. One run: nothing "
        "is drawn at random. One row of D, the smallest target, is 0.6."
    )
    failed = [
        f"- {name}, {pair}: {scores['failed']}"
        for name, row in rows.items()
        for pair, scores in row["pairs"].items()
        if "failed" in scores
    ]
    seconds = {n: sum(s["seconds"] for s in row["pairs"].values()) for n, row in rows.items()}
    return "\n\n".join(
        [
            "# Office-Caltech10, SURF: every transport, defaults only",
            made,
            "## The nearest moved source row",
            "`none` is the published row, to the digit.",
            table(rows, "nearest"),
            "## Labels through the plan (`Adapter.propagate`)",
            table(rows, "propagated"),
            "## Seconds for all twelve pairs",
            ", ".join(f"{name} {took:.0f}" for name, took in seconds.items()),
            *(["## Refused\n\n" + "\n".join(failed)] if failed else []),
        ]
    )


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, measure, write."""
    parser = argparse.ArgumentParser(description="Every transport on Office-Caltech10.")
    data = os.environ.get("MONGE_DATA")
    parser.add_argument("--data-dir", type=Path, default=Path(data) if data else None)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "office.json")
    parser.add_argument("methods", nargs="*", metavar="method", help=f"of {', '.join(METHODS)}")
    told = parser.parse_args(arguments)
    unknown = [name for name in told.methods if name not in METHODS]
    if told.data_dir is None or unknown:
        parser.error(f"no method {unknown[0]}" if unknown else "name the data with --data-dir")
    rows = measure(read(told.data_dir), told.methods or list(METHODS), print)
    names = " ".join(["python benchmarks/office.py --data-dir DATA", *told.methods])
    record = {"command": names, "environment": describe_environment(), "rows": rows}
    told.out.parent.mkdir(parents=True, exist_ok=True)
    told.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    told.out.with_suffix(".md").write_text(page(record) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except MongeError as error:
        sys.exit(str(error))
