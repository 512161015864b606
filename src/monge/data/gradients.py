"""A second view of images: in which directions their brightness changes, and where."""

from __future__ import annotations

from math import pi
from typing import Any

import torch
from torch.nn.functional import pad

from monge._types import Tensor
from monge.errors import InputError, sentence

__all__ = ["gradient_view"]

_BLOCK_NUMBERS = 1 << 20
"""Numbers worked on in one piece: 4 MiB of float32, so that they stay in the processor's cache."""


def gradient_view(
    images: Tensor, *, bins: int = 8, cell: int = 4, signed: bool = True, smoothing: float = 1.0
) -> Tensor:
    """Describe each image by the directions of its gradients, cell by cell.

    Histograms of oriented gradients (Dalal and Triggs 2005), in a plain form: brightness is
    smoothed, each pixel shares the length of its gradient between the two nearest of the
    directions, these maps are blurred and averaged over square cells, and the square root is taken.
    What shifts by a pixel or two, or is drawn with a thicker pen, stays near where it was, which
    the pixels themselves do not. Nothing is learned, and no label is needed.

    Parameters
    ----------
    images
        (n, c, h, w) floating, such as `to_network` returns; channels are averaged.
    bins
        Directions, 2 or more.
    cell
        Side of a cell in pixels, 2 or more; what is left over at the right and lower edge is
        outside of all cells.
    signed
        Whether from dark to bright and from bright to dark are two directions.
    smoothing
        Standard deviation of the Gaussian in pixels, 0 or more.

    Returns
    -------
    Tensor
        (n, bins * (h // cell) * (w // cell)) float32, not negative.

    Raises
    ------
    InputError
        If the images are none, or an option is out of its range.

    Examples
    --------
    >>> edge = torch.zeros(1, 1, 8, 8)
    >>> edge[..., 4:] = 1  # bright on the right: the gradient points there, the first direction
    >>> gradient_view(edge, bins=4, cell=8).argmax()
    tensor(0)
    """
    _check(images, bins, cell, smoothing)
    n, _, height, width = images.shape
    step = max(1, _BLOCK_NUMBERS // (bins * height * width))
    found = []
    with torch.no_grad():
        like = images.new_empty(0, dtype=torch.float32)
        down, across = (_smoother(length, smoothing, like) for length in (height, width))
        rows, columns = (
            _averages(length, cell, like) @ _smoother(length, cell / 2, like)
            for length in (height, width)
        )
        for start in range(0, n, step):
            grey = down @ images[start : start + step].float().mean(1) @ across.T
            cells = rows @ (_directed(grey, bins, signed=signed) @ columns.T)
            found.append(cells.flatten(1).clamp_min_(0).sqrt_())
    return torch.cat(found)


def _directed(grey: Tensor, bins: int, *, signed: bool) -> Tensor:
    """Return the length of the gradient in each direction, (n, h, w) -> (n, bins, h, w)."""
    across = pad(grey[..., 2:] - grey[..., :-2], (1, 1))[:, None]
    down = pad(grey[..., 2:, :] - grey[..., :-2, :], (0, 0, 1, 1))[:, None]
    place = torch.atan2(down, across).mul_(bins / (2 * pi if signed else pi))
    place += bins * (place < 0)  # from 0 to `bins`, which is the same direction
    centre = torch.arange(bins, device=grey.device)[:, None, None]
    # how far the direction is from each centre, round the circle, in bins
    apart = (place - centre).abs_()
    apart = torch.minimum(apart, bins - apart)
    return torch.hypot(across, down) * (1 - apart).clamp_min_(0)


def _smoother(length: int, deviation: float, like: Tensor) -> Tensor:
    """Return the matrix of a Gaussian along one side (length, length), with nothing beyond it."""
    place = torch.arange(length, dtype=torch.float64)
    if deviation == 0:
        return torch.eye(length).to(like)
    reach = max(1, round(3 * deviation))
    offsets = torch.arange(-reach, reach + 1, dtype=torch.float64)
    total = (-offsets.square() / (2 * deviation**2)).exp().sum()
    apart = place[:, None] - place
    weight = (-apart.square() / (2 * deviation**2)).exp() / total
    return torch.where(apart.abs() <= reach, weight, 0.0).to(like)


def _averages(length: int, cell: int, like: Tensor) -> Tensor:
    """Return the matrix that averages each whole cell of one side, (length // cell, length)."""
    whole = length // cell
    inside = torch.arange(length) // cell == torch.arange(whole)[:, None]
    return (inside / cell).to(like)


def _check(images: Any, bins: int, cell: int, smoothing: float) -> None:
    """Refuse what is no non-empty (n, c, h, w) floating tensor, and options out of range."""
    required, remedy = "a floating tensor of shape (n, c, h, w)", "pass for example to_network(x)"
    if not isinstance(images, torch.Tensor) or not images.is_floating_point():
        got = str(getattr(images, "dtype", type(images).__name__))
    elif images.ndim != 4 or images.numel() == 0 or min(images.shape[2:]) < cell:  # noqa: PLR2004 - n, c, h and w
        got, required = f"shape {tuple(images.shape)}", required + f", sides of {cell} or more"
    elif not bool(images.isfinite().all()):
        got, required = "NaN or infinity", "finite"
    else:
        for name, value, least in (
            ("bins", bins, 2),
            ("cell", cell, 2),
            ("smoothing", smoothing, 0),
        ):
            if not value >= least:
                required, remedy = f"at least {least}", f"leave {name} out"
                raise InputError(sentence("gradient_view", name, required, value, remedy))
        return
    raise InputError(sentence("gradient_view", "images", required, got, remedy))
