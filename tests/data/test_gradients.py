"""The view of images by their gradients."""

import math

import pytest
import torch

from monge.data import gradient_view
from monge.errors import InputError
from zoo import generator


def picture(seed=0, n=3, channels=1):
    return torch.rand(n, channels, 16, 16, generator=generator(seed))


def ramp(angle):
    """Brightness that rises in one direction, counted from right towards down."""
    place = torch.arange(32.0)
    return (place * math.cos(angle) + place[:, None] * math.sin(angle))[None, None] / 32


@pytest.mark.parametrize("direction", range(8))
def test_a_ramp_speaks_in_its_direction_alone(direction):
    told = gradient_view(ramp(direction * math.pi / 4), cell=4, smoothing=0).view(8, 8, 8)
    inner = told[:, 2:-2, 2:-2]
    assert (inner.argmax(0) == direction).all()
    others = inner[[d for d in range(8) if d != direction]]
    assert others.max() < 0.02 * inner[direction].min()  # the root of a rounding


def test_between_two_directions_both_speak_alike():
    told = gradient_view(ramp(math.pi / 8), cell=4, smoothing=0).view(8, 8, 8)[:, 2:-2, 2:-2]
    torch.testing.assert_close(told[0], told[1], atol=1e-3, rtol=1e-3)
    assert told[0].min() > 10 * told[2:].max()


def test_dark_on_bright_is_as_bright_on_dark_unless_the_sign_counts():
    x = picture()
    torch.testing.assert_close(
        gradient_view(x, signed=False), gradient_view(-x, signed=False), atol=1e-3, rtol=1e-3
    )
    told, turned = gradient_view(x).view(3, 8, -1), gradient_view(-x).view(3, 8, -1)
    torch.testing.assert_close(told.roll(4, 1), turned, atol=1e-3, rtol=1e-3)
    assert (told - turned).abs().max() > 0.05


def test_a_quarter_turn_of_the_picture_turns_directions_and_cells():
    x = picture()
    told = gradient_view(x).view(3, 8, 4, 4)
    turned = gradient_view(x.rot90(1, (2, 3))).view(3, 8, 4, 4)
    # rot90 turns right to up, which is six of eight directions on
    torch.testing.assert_close(told.rot90(1, (2, 3)).roll(6, 1), turned, atol=1e-3, rtol=1e-3)


def test_brightness_is_left_out_and_contrast_comes_in_by_its_root():
    x = picture()
    inner = (slice(None), slice(None), slice(1, -1), slice(1, -1))  # the edge is an edge
    plain = gradient_view(x, cell=4, smoothing=0).view(3, 8, 4, 4)[inner]
    lifted = gradient_view(x + 1, cell=4, smoothing=0).view(3, 8, 4, 4)[inner]
    stronger = gradient_view(4 * x, cell=4, smoothing=0).view(3, 8, 4, 4)[inner]
    torch.testing.assert_close(plain, lifted, atol=2e-3, rtol=1e-3)
    torch.testing.assert_close(2 * plain, stronger, atol=1e-3, rtol=1e-3)


def test_a_step_aside_changes_less_than_in_pixels():
    x = torch.zeros(1, 1, 32, 32)
    x[..., 8:24, 12:15] = 1
    moved, other = x.roll(2, 3), x.rot90(1, (2, 3))

    def far(view, y):
        return float((view(x) - view(y)).norm() / view(x).norm())

    def pixels(z):
        return z.flatten(1)

    assert far(gradient_view, moved) < 0.5 * far(pixels, moved)
    assert far(gradient_view, moved) < 0.5 * far(gradient_view, other)


def test_a_picture_is_told_alone_as_among_others_and_channels_are_averaged(monkeypatch):
    x = picture(n=5, channels=3)
    told = gradient_view(x)
    monkeypatch.setattr("monge.data.gradients._BLOCK_NUMBERS", 2 * 8 * 16 * 16)
    torch.testing.assert_close(gradient_view(x), told)
    torch.testing.assert_close(gradient_view(x.mean(1, keepdim=True)), told)
    assert told.shape == (5, 8 * 4 * 4)
    assert told.min() >= 0


def test_smoothing_takes_noise_away_and_cells_overlap():
    x = picture()
    assert gradient_view(x, smoothing=2.0).mean() < 0.7 * gradient_view(x, smoothing=0).mean()
    dot = torch.zeros(1, 1, 16, 16)
    dot[..., 2, 2] = 1  # its gradient lies in the first cell
    told = gradient_view(dot, smoothing=0).view(8, 4, 4).sum(0)
    assert told[0, 0] > told[0, 1] > 0


def test_a_flat_picture_has_no_direction():
    assert gradient_view(torch.zeros(2, 1, 8, 8)).abs().max() == 0


@pytest.mark.parametrize(
    ("images", "name"),
    [
        (torch.zeros(2, 8, 8), "images"),
        (torch.zeros(2, 1, 8, 8, dtype=torch.uint8), "images"),
        (torch.zeros(0, 1, 8, 8), "images"),
        (torch.zeros(2, 1, 3, 8), "images"),
        (torch.full((2, 1, 8, 8), torch.nan), "images"),
        ([[1.0]], "images"),
    ],
)
def test_what_is_no_picture_is_refused(images, name):
    with pytest.raises(InputError, match=f"^gradient_view: '{name}' must be"):
        gradient_view(images)


@pytest.mark.parametrize(
    "option", [{"bins": 1}, {"cell": 1}, {"smoothing": -1.0}, {"smoothing": math.nan}]
)
def test_options_out_of_range_are_refused(option):
    with pytest.raises(
        InputError, match=f"^gradient_view: '{next(iter(option))}' must be at least"
    ):
        gradient_view(picture(), **option)
