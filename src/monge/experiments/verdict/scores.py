"""Every score of every candidate beside the truth, one line each: what a rule is learned from."""

from __future__ import annotations

import json

from monge.results import VerdictResult

__all__ = ["score_lines"]


def score_lines(result: VerdictResult) -> str:
    """Write JSON lines, one for each shift, seed, classifier and candidate that did not fail.

    ``case``, ``family``, ``kind``, ``hidden``, ``seed``, ``classifier``, ``candidate``, ``n``,
    ``m``, ``d``, ``classes``, ``accuracy`` (the truth), ``source_only`` (the truth without
    adapting), ``seconds``, ``judging`` and ``scores``, each by name, ``null`` where it does not
    apply.
    """
    lines = []
    for each in result.judged:
        shift = result.shifts[each.shift]
        for name, tried in each.tried.items():
            if tried.accuracy is None:
                continue
            row = {
                "case": each.shift,
                "family": shift.family,
                "kind": shift.kind,
                "hidden": shift.hidden,
                "seed": each.seed,
                "classifier": each.classifier,
                "candidate": name,
                "n": shift.n,
                "m": shift.m,
                "d": shift.d,
                "classes": shift.classes,
                "accuracy": tried.accuracy,
                "source_only": each.accuracy("source_only"),
                "seconds": tried.seconds,
                "judging": tried.judging,
                "scores": tried.scores,
            }
            lines.append(json.dumps(row, allow_nan=False) + "\n")
    return "".join(lines)
