"""What the living pictures share: how they look, and how they come into the page.

Bokeh is an extra and is imported in this folder alone, on the first page. Pictures are transparent;
the colours of their text and lines follow the page's theme, which ``page.js`` brings to every
renderer named `INK` and to every axis. No picture holds code: the page's own script moves them, so
that the page's policy need not allow code made from text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from monge.errors import OutputError, sentence
from monge.report.style import class_colours

if TYPE_CHECKING:
    from bokeh.plotting import figure as Figure  # noqa: N812 - Bokeh's figure is a class

__all__ = ["CLASS_SOURCE", "FONT", "INK", "MARKERS", "Embedded", "embed", "marks", "new_plot", "palettes"]

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

# The colours of `style.TEN` that are too dark for a dark page, made lighter.
ON_DARK = {"#bd1f01": "#ff7058", "#832db6": "#c08ae6", "#a96b59": "#cf9684", "#717581": "#a3a8b8"}
MOST_NAMED = 10

TEXT = {"light": "#1b1b1b", "dark": "#ececea"}


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """Pictures as the page takes them: the library, the models, and the place of each picture."""

    library: tuple[str, ...]
    models: str
    places: Mapping[str, str]


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
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
        min_border=4,
        **changes,
    )
    if tools:
        plot.add_tools(ZoomInTool(), ZoomOutTool())
    plot.toolbar.logo = None
    for axis in plot.axis:
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font = axis.major_label_text_font = FONT["value"]
        axis.axis_label_text_font_size = axis.major_label_text_font_size = "13px"
        axis.minor_tick_line_color = None
    plot.grid.grid_line_alpha = 0.35
    return plot


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
    """Turn pictures into what the page holds: one document, a place for each.

    Raises
    ------
    OutputError
        If Bokeh is not installed.
    """
    require_bokeh()
    from bokeh.embed import components  # noqa: PLC0415 - an extra
    from bokeh.resources import Resources  # noqa: PLC0415 - an extra

    library = Resources(mode="inline", components=["bokeh"], minified=True).js_raw
    if not plots:
        return Embedded(library=(), models="", places={})
    models, places = components(dict(plots), wrap_script=False)
    return Embedded(library=tuple(library), models=models, places=places)
