"""What the living pictures share: how they look, and how they come into the page.

Bokeh is an extra and is imported in this folder alone, on the first page. The
colours of their grounds, text and lines follow the page's theme, which ``page.js`` brings to every
renderer named `INK` and to every axis. No picture holds code: the page's own script moves them, so
that the page's policy need not allow code made from text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from monge.errors import OutputError, sentence
from monge.report.style import class_colours

__all__ = [
    "CARD",
    "CLASS_SOURCE",
    "FONT",
    "INK",
    "MARKERS",
    "MOST_NAMED",
    "TEXT",
    "Embedded",
    "embed",
    "hover",
    "marks",
    "new_plot",
    "palettes",
    "script_safe",
]

Figure: TypeAlias = Any
"""A picture of Bokeh, whose own types refuse much of what it documents: values as dictionaries,
short names of properties, backgrounds of text."""

INK = "ink"
"""The name of renderers that are drawn in the colour of the text."""

FONT = {"value": "system-ui, sans-serif"}

CLASS_SOURCE = "classes"
"""The tag of data whose column ``colour`` is that of column ``label``, in the theme's palette."""

MARKERS = (
    "circle",
    "square",
    "triangle",
    "diamond",
    "inverted_triangle",
    "star",
    "hex",
    "plus",
    "cross",
    "asterisk",
)
"""Shapes of the first ten classes, which are told apart without colours; then from the start."""

# Two colours of `style.TEN` are too dark for a dark page. In their place stand the nearest that are
# bright enough (3 to 1) and told apart under every common form of colour blindness (the tests say
# how); three others make room.
ON_DARK = {
    "#bd1f01": "#b9451b",
    "#832db6": "#b431ad",
    "#a96b59": "#a06251",
    "#e76300": "#f55a0c",
    "#717581": "#6b7485",
}
MOST_NAMED = 10
"""Classes that colours tell apart."""

CARD, TEXT, FAINT = "#ffffff", "#1b1b1b", "#8a8a8a"
"""Of the light theme, in which pictures are made; ``page.js`` has those of the dark one."""


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """Pictures as the page takes them: the library, each picture as JSON, and its height."""

    library: tuple[str, ...]
    items: Mapping[str, str]
    heights: Mapping[str, int]


def script_safe(content: Any) -> str:
    r"""Write JSON that can stand inside a ``<script>``, whatever is in its text.

    Examples
    --------
    >>> script_safe({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def require_bokeh() -> Any:
    """Return Bokeh.

    Raises
    ------
    OutputError
        If it is not installed.
    """
    try:
        import bokeh  # noqa: PLC0415 - an extra, loaded only to write a page
    except ImportError as error:
        required, remedy = "installed to write a page", "run: pip install 'monge[report]'"
        raise OutputError(sentence("write_page", "bokeh", required, error, remedy)) from error
    return bokeh


def new_plot(name: str, height: int, *, tools: str = "", **changes: Any) -> Figure:
    """Return an empty picture as wide as its place.

    Parameters
    ----------
    name
        By which ``page.js`` finds it.
    height
        In pixels.
    tools
        Beyond zooming and going back, of Bokeh's names.
    changes
        Other properties of the figure.
    """
    from bokeh.models import ZoomInTool, ZoomOutTool  # noqa: PLC0415 - an extra
    from bokeh.plotting import figure  # noqa: PLC0415 - an extra

    plot = figure(
        name=name,
        height=height,
        sizing_mode="stretch_width",
        tools=tools,
        toolbar_location="above" if tools else None,
        background_fill_color=CARD,
        border_fill_color=CARD,
        outline_line_color=None,
        min_border=4,
        **changes,
    )
    if tools:
        plot.add_tools(ZoomInTool(), ZoomOutTool())
    plot.toolbar.logo = None
    plot.toolbar.active_drag = None  # a finger on the picture scrolls the page
    for axis in plot.axis:
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font = axis.major_label_text_font = FONT["value"]
        axis.axis_label_text_font_size = axis.major_label_text_font_size = "13px"
        axis.axis_label_text_color = axis.major_label_text_color = TEXT
        axis.axis_line_color = axis.major_tick_line_color = FAINT
        axis.minor_tick_line_color = None
    plot.grid.grid_line_color, plot.grid.grid_line_alpha = FAINT, 0.25
    return plot


def hover(drawn: Any, tooltips: str) -> Any:
    """Return the tool that names what the mouse is on; it needs no button."""
    from bokeh.models import HoverTool  # noqa: PLC0415 - an extra

    return HoverTool(renderers=[drawn], tooltips=tooltips, visible=False)


def marks(count: int) -> list[str]:
    """Return the shape of each class."""
    return [MARKERS[k % len(MARKERS)] for k in range(count)]


def palettes(count: int) -> dict[str, list[str]]:
    """Return the colour of each class, on a light and on a dark page."""
    light = class_colours(count)
    if count > MOST_NAMED:
        # One scale of colours has ends that are lost on one page or the other.
        spread = class_colours(round(1.25 * count) + 1)
        return {"light": spread[:count], "dark": spread[-count:]}
    return {"light": light, "dark": [ON_DARK.get(colour, colour) for colour in light]}


def embed(plots: Mapping[str, Figure]) -> Embedded:
    """Turn pictures into what the page holds, each a document of its own, drawn one by one.

    Raises
    ------
    OutputError
        If Bokeh is not installed.
    """
    if not plots:
        return Embedded(library=(), items={}, heights={})
    require_bokeh()
    from bokeh.embed import json_item  # noqa: PLC0415 - an extra
    from bokeh.resources import Resources  # noqa: PLC0415 - an extra

    library = Resources(mode="inline", components=["bokeh"], minified=True).js_raw
    return Embedded(
        library=tuple(library),
        items={name: script_safe(json_item(plot)) for name, plot in plots.items()},
        heights={name: int(plot.height or 0) for name, plot in plots.items()},
    )
