"""Try the candidates on random shifts, and write every score beside the truth.

    python benchmarks/random_verdicts.py random.jsonl
    python benchmarks/random_verdicts.py random.jsonl --first 20000 --count 997

The lines are as those of ``monge bench verdict --scores``; what learns from them is
benchmarks/learn_verdict.py. Lines are added shift by shift: one that is in the file already is not
tried again, so that an interrupted run goes on where it was. Each shift has one classifier in turn.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from monge.experiments.evaluate import accuracy
from monge.experiments.verdict.case import Case
from monge.experiments.verdict.judging import Given, try_candidates
from monge.experiments.verdict.random_shifts import random_case

CLASSIFIERS = ("nearest", "logistic")


def lines_of(case: Case, classifier: str) -> list[dict[str, Any]]:
    """Try a shift; target labels are read for the truth alone, once the candidates are scored."""
    drawn = case.make(0)
    given = Given(
        source=drawn.source.x.numpy(),
        labels=drawn.source.labels.numpy(),
        target=drawn.target.without_labels().x.numpy(),
        views=drawn.views,
        classifier=classifier,
        seed=0,
    )
    tried = try_candidates(given).tried
    truth = drawn.target.labels
    right = {
        name: accuracy(torch.as_tensor(each.predicted), truth)
        for name, each in tried.items()
        if each.predicted is not None
    }
    about = {
        "case": case.name,
        "family": case.family,
        "kind": case.kind,
        "about": case.about,
        "hidden": case.hidden,
        "seed": 0,
        "classifier": classifier,
        "n": len(given.source),
        "m": len(given.target),
        "d": given.source.shape[1],
        "classes": len(set(given.labels.tolist())),
        "source_only": right["source_only"],
    }
    return [
        about | {"candidate": name, "accuracy": found, "scores": tried[name].scores}
        for name, found in right.items()
    ]


def main() -> None:
    """Try the shifts that the file lacks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scores", type=Path)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=2409)
    told = parser.parse_args()
    torch.set_num_threads(1)
    known = set()
    if told.scores.exists():
        known = {json.loads(line)["case"] for line in told.scores.read_text().splitlines()}
    with told.scores.open("a") as written:
        for number in range(told.first, told.first + told.count):
            case = random_case(number)
            if case.name in known:
                continue
            lines = lines_of(case, CLASSIFIERS[number % len(CLASSIFIERS)])
            written.write("".join(json.dumps(line, allow_nan=False) + "\n" for line in lines))
            written.flush()


if __name__ == "__main__":
    main()
