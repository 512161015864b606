"""Random affine copies: each part of the motion has its known effect."""

import dataclasses
import math

import pytest
import torch

from monge.errors import InputError
from monge.training import Affine

STILL = Affine(rotation=0.0, scale=0.0, shear=0.0, shift=0.0)


def dot(height, width, row, column):
    image = torch.zeros(1, 1, height, width)
    image[0, 0, row, column] = 1.0
    return image


def centre_of_mass(images):
    """Return (n, 2): row and column, in pixels from the middle."""
    mass = images.sum(dim=1)
    height, width = mass.shape[1:]
    rows = torch.arange(height) - (height - 1) / 2
    columns = torch.arange(width) - (width - 1) / 2
    total = mass.sum(dim=(1, 2))
    down = (mass.sum(2) * rows).sum(1) / total
    across = (mass.sum(1) * columns).sum(1) / total
    return torch.stack([down, across], dim=1)


@pytest.fixture
def largest(monkeypatch):
    """Have every draw at its upper end."""
    monkeypatch.setattr(torch, "rand", lambda *shape: torch.ones(shape))


@pytest.mark.parametrize("shape", [(41, 41), (41, 81), (61, 31)])
def test_a_quarter_turn_is_one_also_where_images_are_not_square(shape, largest):
    height, width = shape
    image = dot(height, width, height // 2, width // 2 + 10)
    moved = dataclasses.replace(STILL, rotation=90.0)(image)
    down, across = centre_of_mass(moved)[0].tolist()
    assert abs(down) == pytest.approx(10, abs=0.05)
    assert across == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("angle", [20.0, 45.0])
def test_a_turn_keeps_the_distance_from_the_middle(angle, largest):
    moved = dataclasses.replace(STILL, rotation=angle)(dot(41, 81, 20, 52))
    down, across = centre_of_mass(moved)[0].tolist()
    assert math.hypot(down, across) == pytest.approx(12, abs=0.1)
    assert abs(math.degrees(math.atan2(down, across))) == pytest.approx(angle, abs=0.5)


def test_scale_shift_and_shear_move_a_dot_as_told(largest):
    image = dot(41, 81, 20, 50)  # ten to the right of the middle
    grown = centre_of_mass(dataclasses.replace(STILL, scale=0.3)(image))[0]
    assert grown.tolist() == pytest.approx([0.0, 13.0], abs=0.15)
    shifted = centre_of_mass(dataclasses.replace(STILL, shift=0.1)(image))[0]
    assert shifted.tolist() == pytest.approx([-4.1, 10 - 8.1], abs=0.05)
    level = centre_of_mass(dataclasses.replace(STILL, shear=30.0)(image))[0]
    assert level.tolist() == pytest.approx([0.0, 10.0], abs=0.05)  # on the middle row: stays
    upright = dot(41, 81, 30, 40)  # ten below the middle
    leaning = centre_of_mass(dataclasses.replace(STILL, shear=30.0)(upright))[0]
    assert leaning[0].item() == pytest.approx(10.0, abs=0.05)
    assert abs(leaning[1].item()) == pytest.approx(10 * math.tan(math.radians(30)), abs=0.05)


def test_each_image_moves_by_itself_and_all_channels_alike():
    image = torch.rand(1, 1, 16, 16).repeat(4, 3, 1, 1)
    moved = Affine()(image)
    assert moved.shape == image.shape
    assert torch.equal(moved[:, 0], moved[:, 1])
    assert not torch.allclose(moved[0], moved[1], atol=1e-2)


def test_draws_stay_in_their_range_and_come_from_the_generator():
    images = torch.zeros(500, 1, 8, 8)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theta = Affine(rotation=15, shear=0.0, scale=0.0, shift=0.2).matrices(images)
        torch.manual_seed(0)
        assert torch.equal(
            theta, Affine(rotation=15, shear=0.0, scale=0.0, shift=0.2).matrices(images)
        )
    angle = torch.rad2deg(torch.atan2(theta[:, 1, 0], theta[:, 0, 0]))
    assert 14 < float(angle.max()) <= 15.001
    assert -15.001 <= float(angle.min()) < -14
    assert 0.38 < float(theta[:, :, 2].abs().max()) <= 0.4


def test_padding_fills_what_comes_into_view(largest):
    white = torch.ones(1, 1, 20, 20)
    corner = {
        name: float(Affine(rotation=45.0, padding=name)(white)[0, 0, 0, 0])
        for name in ("zeros", "border", "reflection")
    }
    assert corner == pytest.approx({"zeros": 0.0, "border": 1.0, "reflection": 1.0})


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Affine(rotation=181), "'rotation' must be below 180"),
        (lambda: Affine(scale=1.0), "'scale' must be below 1"),
        (lambda: Affine(shear=90), "'shear' must be below 90"),
        (lambda: Affine(shift=-0.1), "'shift' must be a finite number of at least 0"),
        (lambda: Affine(padding="mirror"), "'padding' must be one of"),
        (lambda: Affine()(torch.zeros(3, 4, 4)), "'images' must be images"),
        (lambda: Affine()(torch.zeros(3, 1, 4, 4, dtype=torch.uint8)), "'images' must be images"),
    ],
)
def test_bad_input_is_refused(make, match):
    with pytest.raises(InputError, match=f"Affine: {match}"):
        make()
