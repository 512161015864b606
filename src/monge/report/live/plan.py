"""The plan as a picture to sort and to zoom, the mass between classes, and how the solve went."""

from __future__ import annotations

from typing import Any

import numpy as np

from monge._types import NDArray
from monge.report.findings import abridge
from monge.report.live.base import INK, TEXT, Figure, hover, new_plot
from monge.report.plans import log_colour_scale
from monge.report.style import BLUE, MOST_TICKS, ORANGE
from monge.results import Convergence, Explorer, PlanView

__all__ = ["plot_class_mass", "plot_convergence", "plot_plan"]

AXIS_CHARACTERS = 9
MOST_CELLS = 16
THINNEST_NAMED_BAND = 0.02


def plot_plan(explorer: Explorer, view: PlanView) -> Figure:
    """Draw the log-plan sorted by class; the same picture holds it as it came.

    Data and axes of both orders are there, and ``page.js`` shows one or the other.
    """
    from bokeh.models import (  # noqa: PLC0415 - an extra
        ColumnDataSource,
        LinearColorMapper,
    )
    from bokeh.models.annotations import ColorBar  # noqa: PLC0415 - an extra

    low, high = log_colour_scale(view.log_plan, view.log_plan_sorted)
    rows, columns = view.log_plan_sorted.shape
    arrays = [np.where(np.isfinite(a), a, low) for a in (view.log_plan, view.log_plan_sorted)]
    plot = new_plot(
        "plan",
        470,
        tools="pan,box_zoom,reset",
        x_range=(0, columns),
        y_range=(rows, 0),
    )
    columns_of: dict[str, Any] = {"image": [arrays[1]], "other": [arrays[0]]}
    data = ColumnDataSource(columns_of, name="plan-data")
    mapper = LinearColorMapper(palette="Viridis256", low=low, high=high)
    plot.image("image", source=data, x=0, y=0, dw=columns, dh=rows, color_mapper=mapper,
               name="plan-image")  # fmt: skip
    inner = view.row_borders[1:-1], view.column_borders[1:-1]
    plot.segment(
        [0.0] * len(inner[0]) + inner[1].tolist(),
        inner[0].tolist() + [0.0] * len(inner[1]),
        [float(columns)] * len(inner[0]) + inner[1].tolist(),
        inner[0].tolist() + [float(rows)] * len(inner[1]),
        color="white",
        line_width=1,
        alpha=0.8,
        name="plan-borders",
    )
    class_ticks(plot, explorer, view)
    bar = ColorBar(color_mapper=mapper, title="mass against independence, log10", height=10,
                   background_fill_color=None, bar_line_color=None,
                   title_text_color=TEXT, major_label_text_color=TEXT)  # fmt: skip
    plot.add_layout(bar, "below")
    return plot


def class_ticks(plot: Figure, explorer: Explorer, view: PlanView) -> None:
    """Write the classes at both axes, but for those too thin to be named."""
    from bokeh.models import FixedTicker  # noqa: PLC0415 - an extra

    sides = (
        (plot.yaxis[0], view.row_borders, "class of the source row"),
        (plot.xaxis[0], view.column_borders, f"{view.columns} of the target row"),
    )
    for axis, borders, text in sides:
        middles = (borders[1:] + borders[:-1]) / 2
        named = named_bands(borders)
        axis.ticker = FixedTicker(ticks=middles[named].tolist())
        axis.major_label_overrides = {
            float(middles[k]): abridge(explorer.classes[k], AXIS_CHARACTERS) for k in named.tolist()
        }
        axis.axis_label = text
        axis.name = text
    if len(explorer.classes) > MOST_TICKS:
        plot.xaxis.major_label_orientation = 1.0


def named_bands(borders: NDArray) -> NDArray:
    """Return the classes that are named at an axis: the wide ones, and of many thin ones some.

    Examples
    --------
    >>> named_bands(np.array([0.0, 50, 51, 100])).tolist()
    [0, 2]
    >>> named_bands(np.arange(61.0)).tolist()[:3]
    [0, 3, 6]
    """
    widths, middles = np.diff(borders), (borders[1:] + borders[:-1]) / 2
    if len(widths) <= MOST_TICKS:
        return np.flatnonzero(widths > THINNEST_NAMED_BAND * borders[-1])
    named: list[int] = []
    for k in np.flatnonzero(widths > 0).tolist():
        if not named or middles[k] - middles[named[-1]] > borders[-1] / MOST_TICKS:
            named.append(k)
    return np.array(named, dtype=np.int64)


def plot_class_mass(explorer: Explorer, view: PlanView) -> Figure:
    """Draw the mass from each source class to each target class, the number in each cell."""
    from bokeh.palettes import Cividis256  # noqa: PLC0415 - an extra

    mass = 100 * view.class_mass
    count = len(mass)
    names = [abridge(name, AXIS_CHARACTERS) for name in explorer.classes]
    plot = new_plot(
        "class-mass",
        int(np.clip(70 + 34 * count, 220, 560)),
        tools="pan,box_zoom,reset" if count > MOST_CELLS else "",
        x_range=(-0.5, count - 0.5),
        y_range=(count - 0.5, -0.5),
    )
    level = np.sqrt(mass / (mass.max() or 1.0))
    rows, columns = (index.ravel() for index in np.indices(mass.shape))
    colours = [Cividis256[int(255 * value)] for value in level.ravel()]
    cells: dict[str, Any] = {
        "x": columns,
        "y": rows,
        "colour": colours,
        "mass": [f"{value:.2f} %" for value in mass.ravel()],
        "source": [explorer.classes[k] for k in rows],
        "target": [explorer.classes[k] for k in columns],
        "text": [f"{v:.1f}" if v >= 0.05 and count <= MOST_CELLS else "" for v in mass.ravel()],  # noqa: PLR2004 - rounds to 0
        "ink": ["#000000" if value > 0.55 else "#ffffff" for value in level.ravel()],  # noqa: PLR2004 - where the colours turn light
    }
    from bokeh.models import ColumnDataSource  # noqa: PLC0415 - an extra

    source = ColumnDataSource(cells, name="class-mass-data")
    drawn = plot.rect("x", "y", 0.98, 0.96, source=source, fill_color="colour", line_color=None)
    plot.text("x", "y", "text", source=source, text_color="ink", text_align="center",
              text_baseline="middle", text_font_size="12px")  # fmt: skip
    plot.add_tools(hover(drawn, "@source to @target: @mass of all mass"))
    plot.xgrid.visible = plot.ygrid.visible = False
    step = -(-count // 20)
    for axis, text in (
        (plot.yaxis, "class of the source row"),
        (plot.xaxis, f"{view.columns} of the target row"),
    ):
        axis.ticker = list(range(0, count, step))
        axis.major_label_overrides = {k: names[k] for k in range(0, count, step)}
        axis.axis_label = text
        axis.major_tick_line_color = None
    if max(map(len, names)) * count > 60:  # noqa: PLR2004 - characters that fit a narrow screen
        plot.xaxis.major_label_orientation = 1.0
    return plot


def plot_convergence(convergence: Convergence) -> Figure:
    """Draw the marginal error after each sweep, and the tolerance it had to reach."""
    history = np.array(convergence.history)
    sweeps = np.arange(1, len(history) + 1)
    positive = history > 0
    told = history[positive].tolist()
    if convergence.tolerance is not None:
        told.append(convergence.tolerance)
    low, high = min(told, default=1.0), max(told, default=1.0)
    room = 2 * (high / low) ** 0.08  # for the name of the line, wherever it is
    plot = new_plot(
        "convergence",
        280,
        y_axis_type="log",
        x_range=(0.5, len(history) + 0.5),
        y_range=(low / room, high * room),
    )
    plot.line(sweeps[positive], history[positive], color=BLUE, width=2)
    plot.scatter(sweeps[positive], history[positive], color=BLUE, size=6, name="")
    if convergence.tolerance is not None:
        plot.line([0.5, len(history) + 0.5], [convergence.tolerance] * 2, color=ORANGE, width=2,
                  dash="dashed")  # fmt: skip
        plot.text([0.6], [convergence.tolerance], ["tolerance"], name=INK, text_color=TEXT,
                  text_align="left", text_baseline="bottom", y_offset=-3,
                  text_font_size="12px")  # fmt: skip
    plot.xaxis.axis_label = "sweep"
    plot.yaxis.axis_label = "marginal error, L1"
    plot.xaxis.ticker.min_interval = 1
    plot.xaxis.ticker.num_minor_ticks = 0
    return plot
