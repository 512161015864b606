"""What ``page.js`` reads: the rows of the explorer as JSON, and their pictures as one image."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np

from monge._types import NDArray
from monge.errors import OutputError, sentence
from monge.report.live.base import MOST_NAMED, marks, palettes
from monge.results import Explorer

__all__ = ["payload", "sprite"]

SPRITE_COLUMNS = 64
MOST_PIXELS = 32


def rounded(values: NDArray, digits: int = 5) -> list[Any]:
    """Round to significant digits, for a short text; what is no number becomes null."""

    def one(value: float) -> float | None:
        return float(f"{value:.{digits}g}") if np.isfinite(value) else None

    nested: list[Any] = values.tolist()
    if values.ndim == 1:
        return [one(value) for value in nested]
    return [[one(value) for value in row] for row in nested]


def payload(explorer: Explorer) -> dict[str, Any]:
    """Return everything that the page's script needs of an explorer."""
    clouds, sent, view = explorer.clouds, explorer.sent, explorer.plan
    content: dict[str, Any] = {
        "classes": list(explorer.classes),
        "palettes": palettes(len(explorer.classes)),
        "few": palettes(MOST_NAMED) if len(explorer.classes) > MOST_NAMED else None,
        "markers": marks(len(explorer.classes)),
        "source": {
            "row": clouds.source_rows.tolist(),
            "label": clouds.source_labels.tolist(),
            "x": rounded(clouds.before[:, 0]),
            "y": rounded(clouds.before[:, 1]),
        },
        "target": {
            "row": clouds.target_rows.tolist(),
            "label": clouds.target_predicted.tolist(),
            "truth": None if clouds.target_labels is None else clouds.target_labels.tolist(),
            "x": rounded(clouds.target[:, 0]),
            "y": rounded(clouds.target[:, 1]),
            "shown": clouds.shown,
        },
    }
    if sent is not None:
        content["sent"] = {
            "receivers": sent.receivers.tolist(),
            "shares": rounded(sent.shares),
            "perplexity": rounded(sent.perplexity),
            "image": rounded(sent.image),
            "classShare": rounded(sent.class_share, 3),
        }
    if view is not None:
        content["mass"] = rounded(view.class_mass)
        content["borders"] = {
            "rows": rounded(view.row_borders),
            "columns": rounded(view.column_borders),
            "shape": list(view.shape),
        }
    return content


def sprite(images: NDArray) -> dict[str, Any]:
    """Return many small pictures as one PNG in a data URI, with the size of its cells.

    Parameters
    ----------
    images
        (k, h, w) uint8; larger ones than 32 pixels are made smaller.

    Raises
    ------
    OutputError
        If Pillow, which comes with matplotlib, is not installed.
    """
    try:
        from PIL import Image  # noqa: PLC0415 - an extra, loaded only to write a page
    except ImportError as error:
        required, remedy = "installed to write a page", "run: pip install 'monge[report]'"
        raise OutputError(sentence("write_page", "pillow", required, error, remedy)) from error
    step = -(-max(images.shape[1:]) // MOST_PIXELS)
    images = images[:, ::step, ::step]
    count, height, width = images.shape
    columns = min(SPRITE_COLUMNS, count)
    rows = -(-count // columns)
    sheet = np.zeros((rows * columns, height, width), np.uint8)
    sheet[:count] = images
    sheet = sheet.reshape(rows, columns, height, width).swapaxes(1, 2)
    buffer = io.BytesIO()
    Image.fromarray(sheet.reshape(rows * height, columns * width)).save(
        buffer, "png", optimize=True
    )
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return {
        "uri": f"data:image/png;base64,{data}",
        "columns": columns,
        "rows": rows,
        "width": width,
        "height": height,
    }
