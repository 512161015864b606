"""Random affine copies of images, made for a whole batch at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch.nn.functional import affine_grid, grid_sample

from monge._types import Tensor
from monge.errors import InputError, sentence
from monge.training.objectives import require_number

__all__ = ["Affine"]

Padding = Literal["zeros", "border", "reflection"]


@dataclass(frozen=True, kw_only=True)
class Affine:
    """Turn, scale, shear and shift each image of a batch by chance.

    Each number is drawn uniformly, anew for every image, from torch's generator, which the training
    loop seeds. What is moved into view from outside is filled by `padding`.

    Parameters
    ----------
    rotation
        Largest angle in degrees, either way.
    scale
        Largest change of size: 0.1 draws a factor from 0.9 to 1.1. Below 1.
    shear
        Largest angle in degrees by which upright lines are made to lean.
    shift
        Largest move, as a share of height and width.
    padding
        ``"zeros"``, ``"border"`` (the nearest pixel) or ``"reflection"``.

    Raises
    ------
    InputError
        If an option is out of range, or what is called with is no batch of images.

    Notes
    -----
    Angles are those of the pixels, also where images are not square. Sampled bilinearly.

    Examples
    --------
    >>> images = torch.rand(5, 3, 16, 16)
    >>> Affine(rotation=15.0)(images).shape
    torch.Size([5, 3, 16, 16])
    >>> still = Affine(rotation=0.0, scale=0.0, shear=0.0, shift=0.0)
    >>> torch.allclose(still(images), images, atol=1e-5)
    True
    """

    rotation: float = 10.0
    scale: float = 0.1
    shear: float = 10.0
    shift: float = 0.1
    padding: Padding = "zeros"

    def __post_init__(self) -> None:
        for name, most in (("rotation", 180.0), ("scale", 1.0), ("shear", 90.0), ("shift", 1.0)):
            value = getattr(self, name)
            require_number("Affine", name, value)
            if value > most or (value == most and name in ("scale", "shear")):
                remedy = "pass a smaller one"
                raise InputError(sentence("Affine", name, f"below {most:g}", value, remedy))
        if self.padding not in get_args(Padding):
            required = f"one of {', '.join(map(repr, get_args(Padding)))}"
            remedy = "pass for example padding='zeros'"
            raise InputError(sentence("Affine", "padding", required, repr(self.padding), remedy))

    def __call__(self, images: Tensor) -> Tensor:
        """Return a moved copy of images (n, c, h, w)."""
        if images.ndim != 4 or not images.is_floating_point():  # noqa: PLR2004 - n, c, h and w
            required, got = "images (n, c, h, w) of floats", f"{images.dtype} {tuple(images.shape)}"
            remedy = "reshape the rows, or leave the augmentation out"
            raise InputError(sentence("Affine", "images", required, got, remedy))
        theta = self.matrices(images)
        size = [*images.shape]
        grid = affine_grid(theta, size, align_corners=False)
        return grid_sample(
            images, grid, mode="bilinear", padding_mode=self.padding, align_corners=False
        )

    def matrices(self, images: Tensor) -> Tensor:
        """Draw (n, 2, 3): where in the image, in [-1, 1], each place of its copy is taken from."""
        n, _, height, width = images.shape
        draw = (2 * torch.rand(5, n) - 1).to(images)  # on the CPU: the same on every device
        angle = draw[0] * math.radians(self.rotation)
        lean = torch.tan(draw[1] * math.radians(self.shear))
        factor = 1 / (1 + draw[2] * self.scale)
        cos, sin = factor * angle.cos(), factor * angle.sin()
        aspect = width / height
        theta = torch.empty(n, 2, 3, dtype=images.dtype, device=images.device)
        theta[:, 0, 0] = cos
        theta[:, 0, 1] = (cos * lean - sin) / aspect
        theta[:, 1, 0] = sin * aspect
        theta[:, 1, 1] = sin * lean + cos
        theta[:, :, 2] = 2 * self.shift * draw[3:].T
        return theta
