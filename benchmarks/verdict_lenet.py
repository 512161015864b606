r"""Estimate the accuracy of transports of LeNet5 features from MNIST to USPS, without labels.

    python benchmarks/verdict_lenet.py suite.jsonl random.jsonl --data-dir DATA --cache runs/lenet

Each seed trains a network on MNIST (or takes it from the cache), draws 2,560 rows of each domain as
the post does, tries every candidate of the library, and sets beside the truth what the verdict,
COT, ATC, DoC and the mean confidence say of it. The rule of the verdict is learned for it without
the families "digit sets", where pixels of these very data sets are, and "image quality". Scores
come as `benchmarks/learn_verdict.py` says. Writes benchmarks/results/verdict-lenet.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from learn_verdict import learn
from verdict_scores import alike, read

from monge.cache import Cache
from monge.experiments.accuracy.pairs import PAIRS, Place
from monge.experiments.evaluate import accuracy
from monge.experiments.verdict.judging import Given, try_candidates
from monge.files import write_text
from monge.progress import silent
from monge.verdict import decide
from monge.verdict.network import Rule

ROOT = Path(__file__).resolve().parent.parent
ROWS = 2560
UNSEEN = ("digit sets", "image quality")
SCORES = {"cot": "COT", "atc": "ATC", "doc": "DoC", "mean_confidence": "mean confidence"}
POINT = 0.01


def rule_without(suite: Path, random: Path) -> Rule:
    """Learn from everything but the families that these domains belong to, and what is alike."""
    table = read(suite, random)
    kept = np.ones(len(table.accuracy), dtype=bool)
    for family in UNSEEN:
        kept &= ~((table.family == family) | alike(table, family))
    return learn(table, kept)


def judged(seed: int, place: Place, rule: Rule) -> dict[str, Any]:
    """Return what is said of each candidate, and the truth, for a seed."""
    loaded = PAIRS["mnist-usps"].load(seed, place)
    task, draw = loaded.task, np.random.default_rng(seed)
    rows = np.sort(draw.permutation(len(task.source))[:ROWS])
    columns = np.sort(draw.permutation(len(task.target))[:ROWS])
    given = Given(
        source=task.source[rows],
        labels=task.labels[rows],
        target=task.target[columns],
        views=(),
        classifier="nearest",
        seed=seed,
    )
    tried = try_candidates(given).tried
    scores = {
        name: {key: value for key, value in each.scores.items() if value is not None}
        for name, each in tried.items()
        if each.predicted is not None
    }
    ruling = decide(scores, rule)
    truth = {
        name: accuracy(torch.as_tensor(tried[name].predicted), loaded.truth[columns])
        for name in scores
    }
    return {"scores": scores, "truth": truth, "ruling": ruling}


def page(found: dict[int, dict[str, Any]]) -> str:
    """Write the table: mean absolute errors in points, and what following the verdict came to."""
    errors: dict[str, dict[str, list[float]]] = {}
    gains = []
    for each in found.values():
        truth, ruling = each["truth"], each["ruling"]
        taken = ruling.choice if ruling.decision == "adapt" else "source_only"
        gains.append((truth[taken] - truth["source_only"], max(truth.values())))
        for name, right in truth.items():
            row = errors.setdefault(name, {})
            row.setdefault("the verdict", []).append(ruling.estimates[name].value - right)
            row.setdefault("accuracy", []).append(right)
            for key, title in SCORES.items():
                if key in each["scores"][name]:
                    row.setdefault(title, []).append(each["scores"][name][key] - right)
    ways = ("the verdict", *SCORES.values())
    head = (
        "Made by `python benchmarks/verdict_lenet.py suite.jsonl random.jsonl --data-dir DATA`. "
        f"{ROWS:,} rows of each domain, seeds {', '.join(map(str, found))}; the rule never saw "
        "the families of digit sets and of image quality. Mean absolute error of the estimated "
        "target accuracy, in points.\n"
    )
    lines = [
        "# What is said of LeNet5 features, MNIST to USPS\n",
        head,
        f"| candidate | true accuracy | {' | '.join(ways)} |",
        f"| --- | --- |{' --- |' * len(ways)}",
    ]

    def cell(values: list[float] | None) -> str:
        return "-" if not values else f"{100 * float(np.mean(np.abs(values))):.1f}"

    for name, row in errors.items():
        told = " | ".join(cell(row.get(way)) for way in ways)
        lines.append(f"| `{name}` | {100 * np.mean(row['accuracy']):.1f} | {told} |")
    pooled = " | ".join(cell([v for row in errors.values() for v in row.get(w, [])]) for w in ways)
    lines.append(f"| all | - | {pooled} |")
    gain = [change for change, _ in gains]
    best = [best for _, best in gains]
    start = [each["truth"]["source_only"] for each in found.values()]
    could, harmed = np.mean(np.subtract(best, start)), sum(change < -POINT for change in gain)
    said = (
        f"Who follows the verdict gains {100 * np.mean(gain):.1f} points over source-only, at "
        f"least {100 * min(gain):.1f}, of {100 * could:.1f} that the best candidate would gain; "
        f"{harmed} of {len(gain)} seeds end over a point below."
    )
    lines += ["", said]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Judge the seeds and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite", type=Path)
    parser.add_argument("random", type=Path)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--cache", type=Path, default=ROOT / "runs/verdict-lenet")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(2, 12)))
    told = parser.parse_args()
    rule = rule_without(told.suite, told.random)
    place = Place(data_dir=told.data_dir, cache=Cache(told.cache), report=silent)
    found = {}
    for seed in told.seeds:
        found[seed] = judged(seed, place, rule)
        print(f"seed {seed}: done", flush=True)
    write_text(ROOT / "benchmarks/results/verdict-lenet.md", page(found))


if __name__ == "__main__":
    main()
