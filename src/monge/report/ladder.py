"""The picture of the ladder: what each method reaches, against the time that it takes."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from monge.report.findings import percent, seeds_phrase
from monge.report.labels import LABEL_POINTS, Mark, name_marks, spread_out
from monge.report.scores import POST_AFTER, POST_BEFORE, POST_EXPERIMENT
from monge.report.style import BLACK, BLUE, GREY, ORANGE, Drawing, house_style, new_figure
from monge.results import Evidence, MethodResult, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PUBLISHED", "draw_ladder", "frontier"]

PUBLISHED = {
    "DANN": 77.1,
    "ADDA": 89.4,
    "CyCADA": 95.6,
    "SBADA-GAN": 97.6,
    "SHOT": 97.9,
    "RWOT": 98.5,
}
"""Accuracy in percent on USPS from MNIST, as published; the protocols differ from ours and from
each other (which rows of the target are used and scored, at which size, by which network)."""

NAMES = {
    "source_head": "source network",
    "nearest_neighbour": "1-NN",
    "sinkhorn": "plan of the post",
    "sinkhorn_entropic_map": "entropic map",
    "sinkhorn_propagate": "labels by the plan",
    "prototypes_plan": "prototypes",
    "graph_gradients": "graph, gradients",
    "jumbot": "JUMBOT",
    "coral": "CORAL",
    "linear": "linear Monge",
}
"""Short names, where a key with its underscores taken out is none."""

NOTHING, MOVED, RETRAINED = "nothing adapted", "network as it is", "network trained again"
KINDS = {NOTHING: (BLACK, "s"), MOVED: (BLUE, "o"), RETRAINED: (ORANGE, "D")}
"""Colour and shape, either of which is enough."""

ADAPTS_NOTHING = ("source_head", "nearest_neighbour")
TRAINS_AGAIN = ("jumbot", "stages", "deep_jdot", "dann")

HEIGHT, WIDTH = 5.4, 7.0
LEAST_SECONDS = 0.01
EDGE_POINTS = 12.0
"""How far apart two names at the edge stand."""


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One method in the picture: seconds and per cent, its name and kind."""

    name: str
    kind: str
    seconds: float
    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, key: str, method: MethodResult) -> Rung:
        """Read a rung off the record."""
        kind = NOTHING if key in ADAPTS_NOTHING else RETRAINED if key in TRAINS_AGAIN else MOVED
        values = [100 * value for value in method.accuracy.values]
        return cls(
            name=NAMES.get(key, key.replace("_", " ")),
            kind=kind,
            seconds=fmean(method.seconds) if method.seconds else 0.0,
            mean=fmean(values),
            low=min(values),
            high=max(values),
        )


def frontier(rungs: list[Rung]) -> list[Rung]:
    """Return the rungs that no quicker one reaches, the quickest first."""
    best: list[Rung] = []
    for rung in sorted(rungs, key=lambda rung: (rung.seconds, -rung.mean)):
        if not best or rung.mean > best[-1].mean:
            best.append(rung)
    return best


def _title(result: Result, rungs: list[Rung]) -> str:
    still = [rung for rung in rungs if rung.kind != RETRAINED]
    best = max(still, key=lambda rung: rung.mean)
    text = f"{percent(best.mean / 100)} {_after(best.seconds)} with the network as it is"
    again = [rung for rung in rungs if rung.kind == RETRAINED]
    if again:
        best = max(again, key=lambda rung: rung.mean)
        text += f", {percent(best.mean / 100)} {_after(best.seconds)} when it is trained again"
    return f"{text} ({seeds_phrase(result, len(result.seeds))})"


def _after(seconds: float) -> str:
    return f"after {seconds:.0f} s" if seconds >= 1 else "in less than a second"


@house_style()
def draw_ladder(result: Result, evidence: Evidence) -> Drawing:
    """Draw accuracy against seconds, each method by its name, what is published at the edge."""
    del evidence
    rungs = [Rung.of(key, method) for key, method in result.methods.items()]
    title = _title(result, rungs)
    figure = new_figure(title, HEIGHT, width=WIDTH)
    axes = figure.subplots()
    compared = result.experiment == POST_EXPERIMENT
    edge = dict(PUBLISHED) if compared else {}
    low = min(rung.low for rung in rungs)
    high = max(rung.high for rung in rungs)
    if compared:
        low, high = min(low, POST_BEFORE), max(high, *edge.values())
    room = 0.06 * max(high - low, 5.0)
    axes.set_ylim(low - room, min(high + room, 100 + room / 4))
    times = np.array([max(rung.seconds, LEAST_SECONDS) for rung in rungs])
    floor = times[times > LEAST_SECONDS].min(initial=times.max()) / 3
    times = np.maximum(times, floor)
    axes.set_xscale("log")
    axes.set_xlim(floor / 1.6, times.max() * 2.2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("seconds of one seed, without training on the source and features")
    axes.set_ylabel(f"accuracy on {result.target_n:,} target rows (%)")
    axes.grid(alpha=0.25)
    path = frontier(rungs)
    axes.step(
        [max(rung.seconds, floor) for rung in path],
        [rung.mean for rung in path],
        where="post",
        color=GREY,
        linewidth=1.0,
        alpha=0.6,
        zorder=1,
    )
    for rung, at in zip(rungs, times.tolist(), strict=True):
        colour, mark = KINDS[rung.kind]
        axes.plot([at, at], [rung.low, rung.high], color=colour, linewidth=1.2, alpha=0.6)
        axes.plot(at, rung.mean, mark, color=colour, markersize=6.5, zorder=3)
    if compared:
        _draw_edge(axes, edge)
    figure.legend(
        *_legend(axes, rungs, compared=compared),
        loc="outside lower center",
        ncols=2,
        fontsize=9,
        columnspacing=1.4,
        handletextpad=0.5,
    )
    figure.draw_without_rendering()
    order = sorted(range(len(rungs)), key=lambda k: -rungs[k].mean)
    name_marks(
        axes,
        [
            Mark(
                text=rungs[k].name + (" (0 s)" if rungs[k].seconds < floor else ""),
                x=float(times[k]),
                y=rungs[k].mean,
                colour=KINDS[rungs[k].kind][0],
            )
            for k in order
        ],
    )
    listed = "; ".join(
        f"{rung.name} {percent(rung.mean / 100)} {_after(rung.seconds)}" for rung in rungs
    )
    return Drawing(
        name="ladder",
        title=title,
        alt_text=f"Accuracy of each method against its seconds, on a logarithmic axis: {listed}.",
        figure=figure,
    )


def _legend(axes: Axes, rungs: list[Rung], *, compared: bool) -> tuple[list[Any], list[str]]:
    there = [kind for kind in KINDS if any(rung.kind == kind for rung in rungs)]
    handles = [
        axes.plot([], [], KINDS[kind][1], color=KINDS[kind][0], markersize=6.5)[0] for kind in there
    ]
    texts = list(there)
    handles.append(axes.plot([], [], color=GREY, linewidth=1.0, alpha=0.6)[0])
    texts.append("best so far")
    if compared:
        handles.append(axes.plot([], [], color=GREY, linestyle=":", linewidth=1.2)[0])
        texts.append("published, various protocols")
        handles.append(axes.plot([], [], color=GREY, linestyle="--", linewidth=1.2)[0])
        texts.append("the post, before and after")
    return handles, texts


def _draw_edge(axes: Axes, edge: dict[str, float]) -> None:
    """Draw what others state as lines, and name them beside the right edge, none over another."""
    told = sorted(
        [
            *((value, f"{name} {value:.1f}", ":") for name, value in edge.items()),
            (POST_BEFORE, f"post {POST_BEFORE:.2f}", "--"),
            (POST_AFTER, f"post {POST_AFTER:.2f}", "--"),
        ]
    )
    lowest, highest = axes.get_ylim()
    gap = EDGE_POINTS / (HEIGHT * 72 * 0.7) * (highest - lowest)
    places = spread_out(np.array([value for value, _, _ in told]), gap)
    places -= max(0.0, places[-1] - highest)
    for (value, text, dashes), place in zip(told, places.tolist(), strict=True):
        axes.axhline(value, color=GREY, linestyle=dashes, linewidth=0.9, alpha=0.55, zorder=0)
        axes.annotate(
            text,
            (1.0, value),
            xycoords=("axes fraction", "data"),
            xytext=(1.05, place),
            textcoords=("axes fraction", "data"),
            va="center",
            fontsize=LABEL_POINTS,
            color="#444444",
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.6, "shrinkA": 1},
        )
