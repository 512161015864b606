"""`monge evaluate` and `monge info`: what an adapter is, and how good."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from monge.adapters import describe, load
from monge.cli.bars import Bars
from monge.cli.ending import ending, print_json
from monge.cli.rooms import say_ignored, tables, workflows
from monge.cli.screen import print_evaluation, print_pairs
from monge.cli.words import AdapterFolder, AsJson
from monge.errors import InputError, sentence
from monge.verdict import Verdict

__all__ = ["evaluate", "info"]


def evaluate(
    adapter: AdapterFolder,
    labelled: Annotated[
        Path, typer.Argument(help="Table like the target, with labels.", metavar="LABELLED")
    ],
    *,
    label: Annotated[
        str | None,
        typer.Option("--label", help="Column of labels (as in the fit).", metavar="COLUMN"),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--source", help="Labelled source: adds the score before adapting.", metavar="SOURCE"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score an adapter on labelled rows of the target.

    The one place where labels of the target are read.
    """
    with ending(as_json=as_json):
        open_table = tables().open_table
        table = open_table(labelled)
        before = None if source is None else open_table(source)
        fitted, column = load(adapter), label or describe(adapter)["notes"].get("label")
        if column is None:
            required, got = "named", "none, as the adapter was not fitted by `monge fit`"
            remedy = "pass --label COLUMN"
            raise InputError(sentence("monge evaluate", "label", required, got, remedy))
        ignored = workflows().ignored_in(fitted, table)
        say_ignored(labelled, [name for name in ignored if name != column], quiet=as_json)
        with Bars() as bars:
            evaluation = workflows().evaluate_table(
                fitted, table, label=column, source=before, report=bars
            )
    if as_json:
        print_json(_as_json(evaluation))
    else:
        print_evaluation(evaluation)


def info(adapter: AdapterFolder, *, as_json: AsJson = False) -> None:
    """Say what is in a fitted adapter."""
    with ending(as_json=as_json):
        config = describe(adapter)
    if as_json:
        print_json(config)
        return
    features, labels = config["features"], config["labels"]
    names = features["names"] or [f"{features['count']} without names"]
    certificate = config["certificate"] or {"Certificate": {"status": "no plan"}}
    pairs = {
        "class": config["class"],
        "transport": _shown(config["parameters"]["transport"]),
        "classifier": config["classifier"].get("type", "nearest neighbours"),
        "features": f"{features['count']}: {', '.join(names)}",
        "fingerprint": features["fingerprint"][:16],
        "classes": "none" if labels is None else f"{len(labels)}: {', '.join(map(str, labels))}",
        "plan": _shown(certificate),
        "libraries": ", ".join(f"{name} {number}" for name, number in config["libraries"].items()),
        "verdict": _judged(config.get("verdict")),
        "notes": ", ".join(f"{key}: {value}" for key, value in config["notes"].items()) or "none",
    }
    print_pairs(pairs)


def _judged(stored: Any) -> str:
    """Write the verdict in a sentence, with the accuracies that are expected."""
    if stored is None:
        return "not judged"
    verdict = Verdict.from_json(stored)
    expected = f"source only {verdict.source_only}, adapted {verdict.chosen}"
    return f"{verdict.advice} Expected accuracy: {expected}."


def _shown(stored: Any) -> str:
    """Write options as people do."""
    match stored:
        case {"tuple": [*items]}:
            return " x ".join(map(_shown, items))
        case dict():
            ((name, parts),) = stored.items()
            if not isinstance(parts, dict):
                return str(parts)
            inner = ", ".join(f"{key}={_shown(value)}" for key, value in parts.items())
            return f"{name}({inner})"
        case float():
            return f"{stored:.4g}"
    return str(stored)


def _as_json(evaluation: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"classes": evaluation.classes.tolist()}
    for when in ("before", "after"):
        score = getattr(evaluation, when)
        content[when] = score and {
            "rows": int(score.confusion.sum()),
            "accuracy": score.accuracy,
            "balanced_accuracy": score.balanced_accuracy,
            "recall": [None if math.isnan(share) else share for share in score.recall.tolist()],
            "precision": [
                None if math.isnan(share) else share for share in score.precision.tolist()
            ],
            "confusion": score.confusion.tolist(),
        }
    return content
