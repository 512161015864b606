"""The picture of a bench of the verdict: what was estimated against what was true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monge.report.pictures import encode
from monge.report.style import BLACK, BLUE, GREY, ORANGE, Drawing, house_style, new_figure
from monge.results import Judged, VerdictResult, figures_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_verdicts", "picture_of_verdicts", "verdict_sentence"]

MARKS = {"adapt": (BLUE, "^"), "stay": (BLACK, "o"), "harm": (ORANGE, "X")}
"""Colour and shape, either of which is enough."""

LEGEND = {
    "adapt": "adapts, no harm",
    "stay": "leaves the classifier as it is",
    "harm": "adapts, and ends over a point below source-only",
}


def verdict_sentence(result: VerdictResult) -> str:
    """Say how often following the verdict does harm, and what it keeps of what could be gained.

    Examples
    --------
    >>> verdict_sentence(
    ...     VerdictResult(shifts={}, judged=(), skipped={}, refused={}, rule="None.")
    ... )
    'Nothing was judged.'
    """
    figures = figures_of(result.judged)
    if figures.harmed is None or figures.error is None:
        return "Nothing was judged."
    kept = "" if figures.kept is None else f", keeps {100 * figures.kept:.0f} % of the gain"
    return (
        f"Following the verdict does harm in {100 * figures.harmed:.1f} % of {figures.verdicts} "
        f"cases{kept}, and errs by {100 * figures.error:.1f} points."
    )


def picture_of_verdicts(result: VerdictResult) -> bytes:
    """Return the PNG file of a bench: each verdict's estimate over its truth.

    Raises
    ------
    OutputError
        If matplotlib is not installed.

    Examples
    --------
    >>> from monge.results import Estimated, ShiftResult, Tried
    >>> noise = ShiftResult(
    ...     family="noise", kind="synthetic", about="Noise.", n=9, m=9, d=2, classes=2
    ... )
    >>> one = Judged(
    ...     shift="noise",
    ...     seed=0,
    ...     classifier="nearest",
    ...     tried={"source_only": Tried(accuracy=0.7, seconds=0.1)},
    ...     decision="abstain",
    ...     choice="source_only",
    ...     source_only=Estimated(value=0.75, low=0.65, high=0.8),
    ...     chosen=Estimated(value=0.75, low=0.65, high=0.8),
    ...     seconds=1.0,
    ... )
    >>> result = VerdictResult(
    ...     shifts={"noise": noise}, judged=(one,), skipped={}, refused={}, rule="None."
    ... )
    >>> picture_of_verdicts(result)[1:4]
    b'PNG'
    """
    return encode(draw_verdicts(result))


@house_style()
def draw_verdicts(result: VerdictResult) -> Drawing:
    """Draw a panel for each classifier: estimate over truth, with its interval, harm marked."""
    classifiers = list(dict.fromkeys(each.classifier for each in result.judged))
    title = verdict_sentence(result)
    figure = new_figure(title, 4.8, width=max(7.0, 3.9 * len(classifiers)))
    panels = figure.subplots(1, len(classifiers), sharex=True, sharey=True, squeeze=False)[0]
    for axes, classifier in zip(panels, classifiers, strict=True):
        axes.plot([0, 100], [0, 100], color=GREY, linewidth=1.0, zorder=1)
        rows = [each for each in result.judged if each.classifier == classifier]
        for each in sorted(rows, key=lambda each: each.harmed):  # harm lies on top
            _draw(axes, each)
        axes.set_title(classifier, loc="center", fontsize=10)
        axes.set_xlabel("true accuracy, %")
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("estimated accuracy and its 90 % interval, %")
    panels[0].set_xlim(-3, 103)
    panels[0].set_ylim(-3, 103)
    handles = [
        panels[0].plot([], [], mark, color=colour, markersize=6)[0]
        for colour, mark in MARKS.values()
    ]
    bar = panels[0].plot([], [], color=GREY, linewidth=1.0)[0]
    figure.legend(
        [*handles, bar],
        [*LEGEND.values(), "estimate is right"],
        loc="outside lower center",
        ncols=2,
        fontsize=9,
    )
    for axes in panels:
        axes.label_outer()
    return Drawing(name="verdict", title=title, alt_text=_in_words(result), figure=figure)


def kind_of(judged: Judged) -> str:
    """Return which mark a verdict gets."""
    return "harm" if judged.harmed else "adapt" if judged.adapts else "stay"


def _draw(axes: Axes, judged: Judged) -> None:
    colour, mark = MARKS[kind_of(judged)]
    truth, estimate = 100 * judged.truth, judged.estimate
    if estimate.low is not None and estimate.high is not None:
        ends = [100 * estimate.low, 100 * estimate.high]
        axes.plot([truth, truth], ends, color=colour, linewidth=0.7, alpha=0.35, zorder=2)
    axes.plot(truth, 100 * estimate.value, mark, color=colour, markersize=4.5, alpha=0.75, zorder=3)


def _in_words(result: VerdictResult) -> str:
    counts = [sum(kind_of(each) == kind for each in result.judged) for kind in MARKS]
    told = ", ".join(
        f"{count}: {words}" for count, words in zip(counts, LEGEND.values(), strict=True)
    )
    return f"Estimated against true accuracy of what the verdict comes to. {told}."
