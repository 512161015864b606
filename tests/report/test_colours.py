"""Classes are told apart by people who see fewer colours, and by those who see none."""

import itertools

import numpy as np
import pytest

from monge.report.live.base import ON_DARK, marks, palettes
from monge.report.style import TEN

SEEN_BY = {
    "everyone": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
"""Matrices of Machado, Oliveira and Fernandes (2009), severity 1, on linear sRGB."""

XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = XYZ.sum(1)

LEAST = 15.0
"""Distance in CIELAB (CIE 1976): six times the 2.3 that are just noticeable (Mahy et al. 1994),
since the marks are small and lie apart."""

CARDS = {"light": "#ffffff", "dark": "#1e2125"}


def linear(colour):
    values = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    x = XYZ @ rgb / WHITE
    f = np.where(x > 216 / 24389, np.cbrt(x), (24389 / 27 * x + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one, other):
    """Return the ratio of WCAG 2."""
    low, high = sorted(float(XYZ[1] @ linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_the_yardstick_is_the_published_one():
    assert np.linalg.norm(lab(linear("#ff0000")) - [53.24, 80.09, 67.20]) < 0.05
    for matrix in SEEN_BY.values():  # greys stay grey
        np.testing.assert_allclose(np.sum(matrix, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("seen_by", SEEN_BY)
@pytest.mark.parametrize("count", [2, 6, 10])
def test_ten_classes_are_told_apart_by_colour(count, seen_by, theme):
    matrix = np.array(SEEN_BY[seen_by])
    seen = {c: lab(np.clip(matrix @ linear(c), 0, 1)) for c in palettes(count)[theme]}
    near = {
        (one, other): np.linalg.norm(seen[one] - seen[other])
        for one, other in itertools.combinations(seen, 2)
    }
    assert len(near) == count * (count - 1) // 2
    assert min(near.values()) >= LEAST, min(near, key=near.get)


@pytest.mark.parametrize("count", [2, 10, 40])
def test_colour_is_never_all_that_tells_two_classes_apart(count):
    shapes = marks(count)
    for theme in ("light", "dark"):
        assert len(set(zip(palettes(count)[theme], shapes, strict=True))) == count
        for one, other in itertools.combinations(range(min(count, 10)), 2):
            assert shapes[one] != shapes[other]


def test_every_class_stands_out_from_a_dark_page():
    for colour in palettes(10)["dark"]:
        assert contrast(colour, CARDS["dark"]) >= 3, colour  # WCAG 2.1, 1.4.11
    assert set(ON_DARK) <= set(TEN)
