"""The table of a bench of accuracy, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from statistics import fmean

from monge.experiments.accuracy.frozen import DEFAULT_RULE
from monge.experiments.accuracy.pairs import GROUPS
from monge.report import exceptions_sentence
from monge.results import AccuracyResult, OfficialResult, PairResult

__all__ = ["OFFICIAL_HEAD", "default_rows", "markdown", "official_rows", "summary"]

OFFICIAL_HEAD = ("method", "seeds", "mean", "deviation", "worst seed")


def summary(result: AccuracyResult) -> list[tuple[str, ...]]:
    """Return a row for each method, best first: what it gains over source-only, all pairs together.

    Name, pairs, mean accuracy, mean gain, pairs below source-only by over a point, mean seconds.
    """
    rows = []
    for method in result.titles:
        gains = result.gains(method)
        records = [result.pairs[pair].methods[method] for pair in gains]
        rows.append(
            (
                fmean(gains.values()),
                (
                    method,
                    str(len(gains)),
                    _percent(fmean(record.accuracy.mean for record in records)),
                    f"{100 * fmean(gains.values()):+.1f}",
                    str(len(result.exceptions(method))),
                    f"{fmean(fmean(record.seconds) for record in records):.2f}",
                ),
            )
        )
    return [row for _, row in sorted(rows, key=lambda item: -item[0])]


def markdown(result: AccuracyResult) -> str:
    """Write the whole bench: the count of exceptions, the summary, every pair, and the options."""
    commit = (result.environment.get("commit") or "-")[:7]
    how = (
        f"Made by `{result.command}` at commit {commit}. Accuracy in per cent of all target rows; "
        "no target label enters a fit. *Source-only* is what is had without adapting: 1-NN on the "
        "source's features, or the source network where that is better in the mean. A figure is "
        "the mean over the seeds, each a training or a draw of the domains."
    )
    parts = [
        "# Accuracy: methods on pairs of domains",
        how,
        *(_finished(result) if result.pairs else []),
        *_listed("Skipped", result.skipped.items()),
        *_listed("Refused", _refusals(result)),
        "## Options, and how they were chosen",
        _grid(
            ("what", "options", "rule"),
            [(name, told["options"], told["rule"]) for name, told in result.frozen.items()],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _finished(result: AccuracyResult) -> Iterator[str]:
    yield "## All pairs"
    head = ("method", "pairs", "accuracy", "gain", "over a point below", "seconds")
    yield _grid(head, summary(result))
    yield f"{exceptions_sentence(result)} The default: {DEFAULT_RULE}"
    rows = default_rows(result)
    if rows:
        yield "## The default choices"
        yield "Left as they are, and below source-only by over a point in the mean of the seeds on:"
        head = ("choice", "row", "pairs", "over a point below", "least gain", "where")
        yield _grid(head, rows)
    for group in GROUPS:
        pairs = {name: pair for name, pair in result.pairs.items() if pair.group == group}
        if pairs:
            yield f"## Means: {group}"
            yield _means(result, pairs)
    yield "## Every pair and method"
    yield _grid(
        ("pair", "method", "seeds", "mean", "deviation", "worst seed", "gain", "seconds"),
        [row for name in result.pairs for row in _rows(result, name)],
    )
    for name, pair in result.pairs.items():
        if pair.official is not None:
            yield f"## Official test images: {name}"
            yield from _official(pair.official)


def default_rows(result: AccuracyResult) -> list[tuple[str, ...]]:
    """Return a row for each default choice that was run: how often it harms, and where.

    What is said, its method, pairs, exceptions, the least gain and the exceptions by name.
    """
    rows: list[tuple[str, ...]] = []
    for method, said in result.defaults.items():
        gains, names = result.gains(method), result.exceptions(method)
        if gains:
            where = ", ".join(f"{name} {100 * gains[name]:+.1f}" for name in names)
            least = f"{100 * min(gains.values()):+.1f}"
            rows.append((said, method, str(len(gains)), str(len(names)), least, where or "-"))
    return rows


def official_rows(official: OfficialResult) -> list[tuple[str, ...]]:
    """Return a row for each method that classified the official test images, best first.

    Name, seeds, mean, deviation, worst seed.
    """
    ranked = sorted(official.accuracy.items(), key=lambda item: -item[1].mean)
    return [
        (
            key,
            str(len(spread.values)),
            f"{100 * spread.mean:.2f}",
            f"{100 * spread.std:.2f}" if len(spread.values) > 1 else "-",
            f"{100 * spread.worst:.2f}",
        )
        for key, spread in ranked
    ]


def _official(official: OfficialResult) -> Iterator[str]:
    yield f"{official.protocol} {official.sentence}"
    if official.accuracy:
        yield _grid(OFFICIAL_HEAD, official_rows(official))
    rows: list[tuple[str, ...]] = [
        (
            look["date"],
            (look["commit"] or "-")[:7],
            " ".join(map(str, look["seeds"])),
            ", ".join(f"{key} {_percent(fmean(v))}" for key, v in look["accuracy"].items()),
        )
        for look in official.scorings
    ]
    if rows:
        yield "Every time that they were scored:"
        yield _grid(("when", "commit", "seeds", "means"), rows)


def _means(result: AccuracyResult, pairs: dict[str, PairResult]) -> str:
    """Write the mean accuracies of a group: pairs down, methods across, the mean of all last."""
    methods = [key for key in result.titles if any(key in pair.methods for pair in pairs.values())]
    rows = []
    for name, pair in pairs.items():
        found = {key: record.accuracy.mean for key, record in pair.methods.items()}
        rows.append((name, *(_percent(found[key]) if key in found else "-" for key in methods)))
    means = []
    for key in methods:
        values = [pair.methods[key].accuracy.mean for pair in pairs.values() if key in pair.methods]
        means.append(_percent(fmean(values)) if len(values) == len(pairs) else "-")
    return _grid(("pair", *methods), [*rows, ("mean", *means)])


def _rows(result: AccuracyResult, name: str) -> Iterator[tuple[str, ...]]:
    pair = result.pairs[name]
    for key, record in pair.methods.items():
        spread, several = record.accuracy, len(pair.seeds) > 1
        yield (
            name,
            key,
            str(len(pair.seeds)),
            f"{100 * spread.mean:.2f}",
            f"{100 * spread.std:.2f}" if several else "-",
            f"{100 * spread.worst:.2f}",
            f"{100 * (result.gain(name, key) or 0.0):+.2f}",
            f"{fmean(record.seconds):.2f}",
        )


def _refusals(result: AccuracyResult) -> Iterator[tuple[str, str]]:
    for name, pair in result.pairs.items():
        for key, reason in pair.refused.items():
            yield f"{name}, {key}", reason


def _listed(title: str, found: Iterable[tuple[str, str]]) -> list[str]:
    lines = [f"- {name}: {reason}" for name, reason in found]
    return [f"## {title}", "\n".join(lines)] if lines else []


def _grid(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
