"""Both domains in one plane, before and after, and the picture in which a point is chosen."""

from __future__ import annotations

from typing import Any

import numpy as np

from monge._types import NDArray
from monge.report.live.base import CLASS_SOURCE, INK, TEXT, Figure, hover, marks, new_plot, palettes
from monge.results import Clouds, Explorer

__all__ = ["plot_clouds", "plot_explorer"]

TOOLS = "pan,box_zoom,reset"
MARGIN = 0.06


def frame(clouds: Clouds) -> dict[str, Any]:
    """Return the same ranges for every picture of the plane, all points within."""
    points = np.concatenate([clouds.before, clouds.after, clouds.target])
    low, high = points.min(0), points.max(0)
    spare = MARGIN * np.maximum(high - low, 1e-6)
    return {
        "x_range": (float(low[0] - spare[0]), float(high[0] + spare[0])),
        "y_range": (float(low[1] - spare[1]), float(high[1] + spare[1])),
    }


def class_points(name: str, explorer: Explorer, labels: NDArray, columns: dict[str, Any]) -> Any:
    """Return points with the colour, the shape and the name of their class."""
    from bokeh.models import ColumnDataSource  # noqa: PLC0415 - an extra

    count = len(explorer.classes)
    colours, shapes = palettes(count)["light"], marks(count)
    names = [explorer.classes[k] for k in labels.tolist()]
    data = columns | {
        "label": labels.astype(np.int32),
        "name": names,
        "colour": [colours[k] for k in labels.tolist()],
        "marker": [shapes[k] for k in labels.tolist()],
    }
    return ColumnDataSource(data, name=name, tags=[CLASS_SOURCE])


def source_points(explorer: Explorer, name: str) -> Any:
    """Return the source rows: where they were, and where they are."""
    clouds = explorer.clouds
    columns = {
        "x": clouds.before[:, 0],
        "y": clouds.before[:, 1],
        "x_after": clouds.after[:, 0],
        "y_after": clouds.after[:, 1],
        "row": clouds.source_rows,
    }
    return class_points(name, explorer, clouds.source_labels, columns)


def target_points(explorer: Explorer, name: str) -> Any:
    """Return the target rows that are drawn."""
    clouds = explorer.clouds
    some = slice(clouds.shown)
    columns = {
        "x": clouds.target[some, 0],
        "y": clouds.target[some, 1],
        "row": clouds.target_rows[some],
    }
    return class_points(name, explorer, clouds.target_predicted[some], columns)


def scatter(plot: Figure, data: Any, *, x: str = "x", y: str = "y", **look: Any) -> Any:
    """Draw points of which each class can be hidden."""
    from bokeh.models import BooleanFilter, CDSView  # noqa: PLC0415 - an extra

    rows = len(data.data["label"])
    view = CDSView(filter=BooleanFilter(booleans=[True] * rows, tags=["hidden", data.name]))
    return plot.scatter(x, y, source=data, view=view, marker="marker", **look)


FILLED: dict[str, Any] = {"size": 6, "fill_color": "colour", "line_color": "colour", "alpha": 0.75}
HOLLOW: dict[str, Any] = {
    "size": 7,
    "fill_color": None,
    "line_color": "colour",
    "line_width": 1.3,
    "alpha": 0.9,
}


def labelled_axes(plot: Figure) -> None:
    """Name the two directions."""
    plot.xaxis.axis_label = "principal direction 1"
    plot.yaxis.axis_label = "principal direction 2"


def plot_clouds(explorer: Explorer) -> dict[str, Figure]:
    """Draw both clouds before and after: source filled, target hollow."""
    plots: dict[str, Figure] = {}
    for when, x, y in (("before", "x", "y"), ("after", "x_after", "y_after")):
        source = source_points(explorer, f"{when}-source")
        target = target_points(explorer, f"{when}-target")
        plot = new_plot(when, 380, tools=TOOLS, **frame(explorer.clouds))
        there = scatter(plot, target, **HOLLOW)
        here = scatter(plot, source, x=x, y=y, **FILLED)
        plot.add_tools(
            hover(here, "source row @row, class @name"),
            hover(there, "target row @row, given class @name"),
        )
        labelled_axes(plot)
        plots[when] = plot
    return plots


def plot_explorer(explorer: Explorer) -> Figure:
    """Draw the points to choose from, and the empty places of what ``page.js`` fills in."""
    from bokeh.models import ColumnDataSource  # noqa: PLC0415 - an extra

    plot = new_plot("explorer", 460, tools=TOOLS, **frame(explorer.clouds))
    there = scatter(plot, target_points(explorer, "explorer-target"), **(HOLLOW | {"alpha": 0.3}))
    look = FILLED | {"alpha": 0.55, "size": 7}
    data = source_points(explorer, "explorer-source")
    here = scatter(plot, data, **look)
    lines = ColumnDataSource({"x0": [], "y0": [], "x1": [], "y1": [], "width": []}, name="lines")
    plot.segment(
        "x0",
        "y0",
        "x1",
        "y1",
        line_width="width",
        line_color=TEXT,
        line_alpha=0.5,
        source=lines,
        name=INK,
    )
    empty: dict[str, Any] = {
        "x": [], "y": [], "size": [], "label": [], "colour": [], "marker": [], "text": []
    }  # fmt: skip
    got = ColumnDataSource(empty, name="receivers", tags=[CLASS_SOURCE])
    plot.scatter(
        "x",
        "y",
        source=got,
        marker="marker",
        size="size",
        fill_color="colour",
        line_color=TEXT,
        line_width=1.2,
        name=INK,
    )
    image = ColumnDataSource({"x": [], "y": []}, name="image")
    plot.scatter("x", "y", source=image, marker="diamond_cross", size=19, fill_color="#ffffff",
                 line_color="#000000", line_width=2)  # fmt: skip
    chosen = ColumnDataSource({"x": [], "y": []}, name="chosen")
    plot.scatter("x", "y", source=chosen, size=18, fill_color=None, line_color=TEXT,
                 line_width=3, name=INK)  # fmt: skip
    plot.add_tools(
        hover(here, "source row @row, class @name"),
        hover(there, "target row @row, given class @name"),
    )
    plot.subscribed_events = {"tap", "doubletap"}  # which page.js answers
    labelled_axes(plot)
    return plot
