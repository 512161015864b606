"""One look for every picture: figures, colours, class ticks and numbers in cells.

Matplotlib is an extra and is imported here alone, on the first picture. Figures are made through
its object interface, which needs no display, and its settings are changed only while a picture is
made: `house_style` puts them back.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from monge._types import NDArray
from monge.errors import OutputError, sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.colors import PowerNorm
    from matplotlib.figure import Figure

__all__ = [
    "BLACK",
    "BLUE",
    "DPI",
    "GREY",
    "ORANGE",
    "Drawing",
    "class_colours",
    "house_style",
    "label_classes",
    "new_figure",
    "square_root",
    "write_cells",
]

DPI = 180
WIDTH_INCHES = 7.0
TITLE_CHARACTERS = 60
TITLE_LINE_INCHES = 0.235
MOST_TICKS = 25

# Okabe and Ito (2008), told apart under every common form of colour blindness.
BLUE, ORANGE, BLACK, GREY = "#0072B2", "#D55E00", "#000000", "#6B6B6B"

# Petroff (2021), ten colours optimised for colour-vision deficiency.
TEN = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)

SETTINGS: Any = {
    "font.size": 11.0,
    "axes.titlesize": 11.5,
    "axes.titlelocation": "left",
    "figure.titlesize": 13.0,
    "figure.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "legend.frameon": False,
    "legend.fontsize": 10.0,
    "text.parse_math": False,
}


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A picture that is drawn but not yet on disk.

    Attributes
    ----------
    name
        The stem of its file, e.g. ``"plan_sorted"``.
    title
        What to see in it, one sentence; it stands above the picture.
    alt_text
        What the picture shows, for a reader who does not see it.
    figure
        The matplotlib figure.
    """

    name: str
    title: str
    alt_text: str
    figure: Figure


@contextmanager
def house_style() -> Iterator[None]:
    """Set matplotlib up for the pictures of the house, and put its settings back at the end.

    Raises
    ------
    OutputError
        If matplotlib is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 - an extra, loaded only to draw
    except ImportError as error:
        raise OutputError(
            sentence(
                "monge.report",
                "matplotlib",
                "installed to draw pictures",
                error,
                "run: pip install 'monge[report]'",
            )
        ) from error
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)
        yield


def new_figure(title: str, height: float, width: float = WIDTH_INCHES) -> Figure:
    """Make an empty figure with its finding above it.

    Parameters
    ----------
    title
        One sentence; it is broken into lines that fit.
    height
        Of the picture below the title, in inches.
    width
        In inches; the same for every picture of a page.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra, loaded only to draw
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415 - likewise

    characters = int(TITLE_CHARACTERS * width / WIDTH_INCHES)
    lines = textwrap.wrap(title, characters, break_on_hyphens=False)
    above = TITLE_LINE_INCHES * (len(lines) + 0.5)
    whole = height + above
    figure = Figure(
        figsize=(width, whole),
        layout=ConstrainedLayoutEngine(rect=(0.0, 0.0, 1.0, height / whole)),
        facecolor="white",
    )
    figure.suptitle(
        "\n".join(lines),
        x=0.012,
        y=1 - TITLE_LINE_INCHES / 3 / whole,
        horizontalalignment="left",
        linespacing=1.25,
    ).set_in_layout(False)
    return figure


def class_colours(classes: int) -> list[str]:
    """Return one colour for each class, ten of them told apart by colour alone.

    Above ten the colours run along one scale, and the class numbers in the picture tell them apart.
    """
    if classes <= len(TEN):
        return list(TEN[:classes])
    from matplotlib import colormaps  # noqa: PLC0415 - an extra, loaded only to draw
    from matplotlib.colors import to_hex  # noqa: PLC0415 - an extra, loaded only to draw

    return [to_hex(colour) for colour in colormaps["viridis"](np.linspace(0, 1, classes))]


def square_root(largest: float) -> PowerNorm:
    """Return colours from 0 to the largest value that also tell the small values apart."""
    from matplotlib.colors import PowerNorm  # noqa: PLC0415 - an extra, loaded only to draw

    return PowerNorm(0.5, vmin=0.0, vmax=largest or 1.0)


def label_classes(axis: Axis, positions: NDArray, names: list[str]) -> None:
    """Write class names at their places on one axis, every second or third where they are many."""
    step = -(-len(names) // MOST_TICKS) or 1
    axis.set_ticks(positions[::step].tolist(), labels=names[::step])
    axis.set_tick_params(length=0)


def write_cells(axes: Axes, values: NDArray, texts: list[list[str]], threshold: float) -> None:
    """Write one text into each cell of a heat map, dark on light and light on dark.

    Parameters
    ----------
    axes
        Where the heat map is.
    values
        (r, c), what the colours show.
    texts
        The same shape; an empty text leaves its cell empty.
    threshold
        Values above it lie on a light colour.
    """
    rows, columns = values.shape
    if max(rows, columns) > MOST_TICKS:
        return
    size = float(np.clip(90 / max(rows, columns), 5.5, 13.0))
    for i in range(rows):
        for j in range(columns):
            if texts[i][j]:
                axes.text(
                    j,
                    i,
                    texts[i][j],
                    ha="center",
                    va="center",
                    fontsize=size,
                    color="black" if values[i, j] > threshold else "white",
                )
