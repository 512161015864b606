"""The report of a bench of the verdict, as Markdown: the figures, then every shift."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from statistics import fmean

from monge.results import Figures, Judged, VerdictResult, figures_of
from monge.results.judged import SOURCE_ONLY

__all__ = ["FIGURES", "GOALS", "figure_rows", "markdown"]

GOALS = {
    "harmed": ("verdicts that end over a point below source-only", "at most 5 %"),
    "kept": ("gain kept, of what an oracle would gain", "at least 80 %"),
    "error": ("error of the estimated accuracy, mean absolute, points", "at most 3"),
    "covered": ("intervals at 90 % that hold the truth", "85 to 95 %"),
    "cost": ("time to judge one candidate over its fit, median", "at most 5"),
    "adapted": ("verdicts that adapt", "-"),
}
"""What each figure is, and what is wanted of it."""


ESTIMATES = {
    "cot": "COT",
    "atc": "ATC",
    "doc": "DoC",
    "mean_confidence": "mean confidence",
    "importance_weighted": "importance-weighted validation",
    "held_accuracy": "accuracy on held-out source rows",
}
"""Scores that estimate an accuracy, each by itself, and what the report calls them."""


FIGURES = ("figure", "all", "not hidden", "goal")
"""The head of `figure_rows`."""


def figure_rows(result: VerdictResult) -> list[tuple[str, str, str, str]]:
    """Return a row for each figure: what it is, of all, of what rows can show, and the goal."""
    every, shown = _shown(figures_of(result.judged)), _shown(figures_of(result.shown()))
    return [(title, every[name], shown[name], goal) for name, (title, goal) in GOALS.items()]


def _shown(figures: Figures) -> dict[str, str]:
    return {
        "harmed": _percent(figures.harmed, " %"),
        "kept": _percent(figures.kept, " %"),
        "error": _percent(figures.error),
        "covered": _percent(figures.covered, " %"),
        "cost": "-" if figures.cost is None else f"{figures.cost:.1f}",
        "adapted": _percent(figures.adapted, " %"),
    }


def markdown(result: VerdictResult) -> str:
    """Write the whole bench."""
    commit = (result.environment.get("commit") or "-")[:7]
    how = (
        f"Made by `{result.command}` at commit {commit}. A verdict is one shift, one classifier "
        "and one seed; it sees no target label, and the truth is read afterwards. *Source-only* is "
        "the classifier trained on the source as it is, and what is had where the verdict abstains "
        "or is undecided. The oracle chooses the best candidate by the target labels."
    )
    parts = [
        "# The verdict: does adapting help?",
        how,
        f"The rule: {result.rule}",
        *(_finished(result) if result.judged else []),
        *_listed("Skipped", result.skipped.items()),
        *_listed("Not judged", result.refused.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _finished(result: VerdictResult) -> Iterator[str]:
    yield f"## All {len(result.judged)} verdicts on {len(result.shifts)} shifts"
    yield _grid(FIGURES, figure_rows(result))
    hidden = [f"`{name}`" for name, shift in result.shifts.items() if shift.hidden]
    if hidden:
        yield (
            "Hidden are shifts of which no row shows what was done, by construction: nobody can "
            f"tell the accuracy without target labels: {', '.join(hidden)}."
        )
    yield "## What other ways would have come to"
    yield _grid(("followed", "harmed", "gain kept", "adapts"), list(_others(result)))
    yield "## What other estimates are off by"
    yield "Mean absolute error of the estimated accuracy, in points, of the same candidates."
    yield _grid(
        ("estimate", "of what is followed", "not hidden", "of source-only", "not hidden"),
        list(_estimates(result)),
    )
    yield "## By family"
    yield _grid(
        ("family", "verdicts", "harmed", "gain kept", "error", "intervals", "cost", "adapts"),
        [(name, *_family(judged)) for name, judged in result.families().items()],
    )
    yield "## Every shift, the failures first"
    yield (
        "Accuracies in per cent, means over the seeds; harm is told by the worst seed, in points. "
        "`!` marks harm, `~` an interval that misses the truth."
    )
    head: tuple[str, ...] = (
        *("shift", "classifier", "", "followed", "estimate", "interval", "truth", "worst gain"),
        *("oracle's gain", *result.candidates),
    )
    yield _grid(head, [_row(result, rows) for rows in result.settings().values()])
    yield "## What the shifts are"
    yield _grid(
        ("shift", "family", "kind", "rows", "what is known"),
        [
            (name, shift.family, shift.kind, f"{shift.n} to {shift.m}", shift.about)
            for name, shift in result.shifts.items()
        ],
    )


def _others(result: VerdictResult) -> Iterator[tuple[str, ...]]:
    """Yield what following the verdict, one candidate always, or the oracle comes to."""

    def told(title: str, figures: Figures) -> tuple[str, ...]:
        shown = _shown(figures)
        return title, shown["harmed"], shown["kept"], shown["adapted"]

    yield told("the verdict", figures_of(result.judged))
    for name in result.candidates:
        yield told(f"always `{name}`", figures_of(result.judged, lambda _, name=name: name))  # type: ignore[misc]
    yield told("the largest circular validation", figures_of(result.judged, _circular))
    yield told("the oracle", figures_of(result.judged, _oracle))


def _estimates(result: VerdictResult) -> Iterator[tuple[str, ...]]:
    """Yield how far the verdict, and each score that estimates an accuracy, is off in the mean."""

    def told(title: str, estimate: Callable[[Judged, str], float | None]) -> tuple[str, ...]:
        return title, *(
            _percent(_off(judged, of, estimate))
            for of in (_end, _start)
            for judged in (result.judged, result.shown())
        )

    yield told("the verdict", _of_verdict)
    for name, title in ESTIMATES.items():
        yield told(title, partial(_of_score, score=name))


def _end(judged: Judged) -> str:
    return judged.followed


def _start(judged: Judged) -> str:
    del judged
    return SOURCE_ONLY


def _of_verdict(judged: Judged, name: str) -> float | None:
    return judged.estimate.value if name == judged.followed else judged.source_only.value


def _of_score(judged: Judged, name: str, score: str) -> float | None:
    return judged.tried[name].scores.get(score) if name in judged.tried else None


def _off(
    judged: Sequence[Judged],
    of: Callable[[Judged], str],
    estimate: Callable[[Judged, str], float | None],
) -> float | None:
    """Return the mean absolute error, of those that there is an estimate for; ``None`` of none."""
    pairs = [(estimate(each, of(each)), each.accuracy(of(each))) for each in judged]
    off = [abs(value - truth) for value, truth in pairs if value is not None]
    return fmean(off) if off else None


def _circular(judged: Judged) -> str:
    told = {name: each.scores.get("circular_accuracy") for name, each in judged.tried.items()}
    known = {name: value for name, value in told.items() if value is not None}
    return max(known, key=lambda name: known[name], default=SOURCE_ONLY)


def _oracle(judged: Judged) -> str:
    return max(judged.tried, key=lambda name: (judged.accuracy(name), name == SOURCE_ONLY))


def _family(judged: list[Judged]) -> tuple[str, ...]:
    figures = figures_of(judged)
    shown = _shown(figures)
    names = ("harmed", "kept", "error", "covered", "cost", "adapted")
    return (str(figures.verdicts), *(shown[name] for name in names))


def _row(result: VerdictResult, seeds: list[Judged]) -> tuple[str, ...]:
    first = seeds[0]
    missed = any(each.estimate.holds(each.truth) is False for each in seeds)
    marks = ("!" if any(each.harmed for each in seeds) else "") + ("~" if missed else "")
    lows = [each.estimate.low for each in seeds if each.estimate.low is not None]
    highs = [each.estimate.high for each in seeds if each.estimate.high is not None]
    return (
        first.shift,
        first.classifier,
        marks,
        ", ".join(dict.fromkeys(_followed(each) for each in seeds)),
        _percent(fmean(each.estimate.value for each in seeds)),
        f"{_percent(fmean(lows))} to {_percent(fmean(highs))}" if lows and highs else "-",
        _percent(fmean(each.truth for each in seeds)),
        f"{100 * min(each.gain for each in seeds):+.1f}",
        f"{100 * fmean(each.best for each in seeds):+.1f}",
        *(_true(seeds, name) for name in result.candidates),
    )


def _followed(judged: Judged) -> str:
    return judged.choice if judged.adapts else judged.decision


def _true(seeds: list[Judged], name: str) -> str:
    found = [each.tried[name].accuracy for each in seeds if name in each.tried]
    known = [value for value in found if value is not None]
    return _percent(fmean(known)) if known and len(known) == len(seeds) else "-"


def _listed(title: str, found: Iterable[tuple[str, str]]) -> list[str]:
    lines = [f"- {name}: {reason}" for name, reason in found]
    return [f"## {title}", "\n".join(lines)] if lines else []


def _grid(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _percent(share: float | None, unit: str = "") -> str:
    return "-" if share is None else f"{100 * share:.1f}{unit}"
