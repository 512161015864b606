"""The picture of a bench of accuracy: every method on every pair, beside source-only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from monge.report.few_pairs import FEW, LEGEND, MARKS, draw_few, kind_of
from monge.report.pictures import encode
from monge.report.style import BLUE, GREY, Drawing, house_style, new_figure
from monge.results import AccuracyResult, Spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_accuracies", "exceptions_sentence", "picture_of_accuracies"]

ROW_INCHES, PANEL_INCHES, NAME_INCHES = 0.19, 0.92, 2.1


def exceptions_sentence(result: AccuracyResult) -> str:
    """Say on how many pairs the default choice is below source-only by over a point, and on which.

    Examples
    --------
    >>> empty = AccuracyResult(pairs={}, skipped={}, references=(), default="linear", frozen={})
    >>> exceptions_sentence(empty)
    'The default choice, `linear`, was not run.'
    """
    gains, names = result.gains(result.default), result.exceptions(result.default)
    if not gains:
        return f"The default choice, `{result.default}`, was not run."
    listed = f": {', '.join(names)}" if names else ""
    return (
        f"The default choice, `{result.default}`, is below source-only by over a point on "
        f"{len(names)} of {len(gains)} pairs{listed}."
    )


def picture_of_accuracies(result: AccuracyResult) -> bytes:
    """Return the PNG file of a bench: a column for each method, a row for each pair.

    Of up to four pairs: a column for each pair, a row for each method.

    Raises
    ------
    OutputError
        If matplotlib is not installed.

    Examples
    --------
    >>> from monge.results import MethodResult, PairResult
    >>> def right(*values):
    ...     return MethodResult(title="1-NN", accuracy=Spread(values=values), seconds=(0.1, 0.1))
    >>> pair = PairResult(
    ...     group="digits",
    ...     source_name="MNIST",
    ...     target_name="USPS",
    ...     protocol="Transductive.",
    ...     source_n=60_000,
    ...     target_n=7_291,
    ...     seeds=(0, 1),
    ...     methods={"source_only": right(0.75, 0.80), "linear": right(0.80, 0.85)},
    ... )
    >>> result = AccuracyResult(
    ...     pairs={"mnist-usps": pair},
    ...     skipped={},
    ...     references=("source_only",),
    ...     default="linear",
    ...     frozen={"source_only": {}, "linear": {}},
    ... )
    >>> picture_of_accuracies(result)[1:4]
    b'PNG'
    """
    return encode(draw_accuracies(result))


@house_style()
def draw_accuracies(result: AccuracyResult) -> Drawing:
    """Draw a panel for each method: a dot for each pair, its spread, and source-only as a line.

    Of a few pairs, draw a panel for each pair instead.
    """
    if len(result.pairs) <= FEW:
        return draw_few(result)
    methods = [key for key in result.titles if key not in result.references]
    methods = methods or [key for key in result.titles if key in result.references]
    pairs = list(result.pairs)
    title = _headline(result, methods)
    figure = new_figure(
        title,
        ROW_INCHES * len(pairs) + 1.6,
        width=max(7.0, NAME_INCHES + PANEL_INCHES * len(methods)),
    )
    panels = figure.subplots(1, len(methods), sharex=True, sharey=True, squeeze=False)[0]
    lines = [result.pairs[pair].source_only(result.references) for pair in pairs]
    for axes, method in zip(panels, methods, strict=True):
        _draw_reference(axes, [100 * spread.mean for spread in lines])
        for row, (pair, line) in enumerate(zip(pairs, lines, strict=True)):
            record = result.pairs[pair].methods.get(method)
            if record is not None:
                _draw_dot(axes, row, record.accuracy, line)
        axes.set_title(method.replace("_", "\n"), loc="center", fontsize=9, va="bottom")
        axes.grid(axis="x", alpha=0.3)
        axes.tick_params(axis="y", length=0)
        axes.tick_params(axis="x", labelsize=8)
    first = panels[0]
    first.set_xlim(-5, 105)  # room for a whole mark at either end
    first.set_xticks([0, 50, 100])
    first.set_ylim(len(pairs) - 0.5, -0.5)
    first.set_yticks(range(len(pairs)), labels=pairs, fontsize=8)
    first.set_ylabel("pair of domains", fontsize=9)
    for axes in panels:
        axes.set_xlabel("% right", fontsize=8)
    for edge in _borders(result):
        for axes in panels:
            axes.axhline(edge, color=GREY, linewidth=0.6, alpha=0.6)
    handles = [
        first.plot([], [], mark, color=colour, markersize=6)[0] for colour, mark in MARKS.values()
    ]
    handles += [
        first.plot([], [], color=colour, linewidth=width)[0]
        for colour, width in ((GREY, 1.4), (BLUE, 1.0))
    ]
    figure.legend(
        handles,
        [*LEGEND.values(), "source-only", "worst to best seed"],
        loc="outside lower center",
        ncols=2 if len(methods) < 8 else 5,  # noqa: PLR2004 - as many as fit
        fontsize=9,
        columnspacing=1.2,
        handletextpad=0.4,
    )
    return Drawing(name="accuracy", title=title, alt_text=_in_words(result, methods), figure=figure)


def _headline(result: AccuracyResult, methods: list[str]) -> str:
    """Say how often the default harms; where it was not run, what the best method gains."""
    if result.gains(result.default):
        return exceptions_sentence(result).partition(":")[0].replace("`", "").rstrip(".")
    best = max(methods, key=lambda key: float(np.mean(list(result.gains(key).values()))))
    gains = list(result.gains(best).values())
    return (
        f"{best} gains most, {100 * float(np.mean(gains)):+.1f} points in the mean of {len(gains)} "
        f"pairs; it is below source-only by over a point on {len(result.exceptions(best))}"
    )


def _draw_reference(axes: Axes, values: list[float]) -> None:
    """Draw source-only as one line down the rows, a step at each."""
    edges = np.repeat(np.arange(len(values) + 1) - 0.5, 2)[1:-1]
    axes.plot(np.repeat(values, 2), edges, color=GREY, linewidth=1.2, zorder=1)


def _draw_dot(axes: Axes, row: int, spread: Spread, line: Spread) -> None:
    gain = spread.mean - line.mean
    colour, mark = MARKS[kind_of(gain)]
    seeds = 100 * np.array(spread.values)
    axes.plot([seeds.min(), seeds.max()], [row, row], color=colour, linewidth=1.0, zorder=2)
    axes.plot(100 * spread.mean, row, mark, color=colour, markersize=4.5, zorder=3)


def _borders(result: AccuracyResult) -> list[float]:
    """Return the heights between the groups of pairs."""
    groups = [pair.group for pair in result.pairs.values()]
    return [at - 0.5 for at in range(1, len(groups)) if groups[at] != groups[at - 1]]


def _in_words(result: AccuracyResult, methods: list[str]) -> str:
    parts = []
    for method in methods:
        gains = list(result.gains(method).values())
        mean, worse = 100 * float(np.mean(gains)), len(result.exceptions(method))
        parts.append(f"{method} {mean:+.1f} points in the mean, worse on {worse} of {len(gains)}")
    return f"Accuracy of each method on each pair, beside source-only: {'; '.join(parts)}."
