"""Digit images as a network takes them: one size, one range, one layout."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import interpolate

from monge._types import Tensor
from monge.errors import InputError, sentence

__all__ = ["to_network"]

BLOCK_PIXELS = 1 << 22
"""Pixels worked on in one piece, the larger of before and after: 16 MiB of float32."""


def to_network(images: Tensor, *, size: int = 32, n_channels: int = 1) -> Tensor:
    """Scale grey images to [0, 1] and to one size.

    Pixels are divided by 255 and resized bilinearly without corner alignment and without
    antialiasing, in this order. Beyond the result itself, n * n_channels * size^2 * 4 bytes, some
    tens of megabytes are used, however many images there are.

    Parameters
    ----------
    images
        (n, h, w) uint8 grey values, 0 to 255, n at least 1.
    size
        Height and width of the result, in pixels.
    n_channels
        1, or 3 for networks that take colour: the grey value three times.

    Returns
    -------
    Tensor
        (n, n_channels, size, size) float32 in [0, 1], on the device of ``images``.

    Raises
    ------
    InputError
        If the images are not uint8 of shape (n, h, w), or an option is out of range.

    Examples
    --------
    >>> to_network(torch.full((2, 16, 16), 255, dtype=torch.uint8), n_channels=3).shape
    torch.Size([2, 3, 32, 32])
    """
    _check_images(images)
    _check_options(size, n_channels)
    n, height, width = images.shape
    out = torch.empty((n, n_channels, size, size), dtype=torch.float32, device=images.device)
    step = max(1, BLOCK_PIXELS // max(height * width, size * size))
    with torch.no_grad():
        for start in range(0, n, step):
            block = images[start : start + step].unsqueeze(1).float().div_(255)
            if (height, width) != (size, size):
                block = interpolate(block, size=(size, size), mode="bilinear", align_corners=False)
            # the two weights of a linear interpolation may sum to a rounding above 1
            out[start : start + step] = block.clamp_(0, 1)
    return out


def _check_images(images: Any) -> None:
    """Refuse what is no non-empty (n, h, w) uint8 tensor."""
    required = "a uint8 tensor of shape (n, h, w)"
    if not isinstance(images, torch.Tensor):
        got, remedy = type(images).__name__, "pass for example load_usps('train').x"
        raise InputError(sentence("to_network", "images", required, got, remedy))
    got = f"{tuple(images.shape)} {str(images.dtype).removeprefix('torch.')}"
    if images.dtype != torch.uint8:
        remedy = "pass the grey values 0 to 255; the scaling to [0, 1] is done here"
        raise InputError(sentence("to_network", "images", required, got, remedy))
    if images.ndim != 3 or images.numel() == 0:  # noqa: PLR2004 - n, h and w
        remedy = "pass at least one grey image, without a channel dimension"
        raise InputError(sentence("to_network", "images", required, got, remedy))


def _check_options(size: Any, n_channels: Any) -> None:
    """Refuse a size that is no positive integer and a channel count other than 1 and 3."""
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        remedy = "pass for example size=32"
        raise InputError(sentence("to_network", "size", "a positive integer", size, remedy))
    if isinstance(n_channels, bool) or n_channels not in (1, 3):
        remedy = "pass n_channels=1, or n_channels=3 for a colour network"
        raise InputError(sentence("to_network", "n_channels", "1 or 3", n_channels, remedy))
