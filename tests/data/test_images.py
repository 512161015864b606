import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from monge.data import images as module
from monge.data import to_network
from monge.errors import InputError


def random_images(n, height, width, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, height, width), generator=generator).to(torch.uint8)


def bilinear(image, size):
    """Interpolate one image by the definition: pixel centres at (i + 1/2) h / size - 1/2."""

    def weights(length):
        matrix = np.zeros((size, length))
        for i in range(size):
            at = max((i + 0.5) * length / size - 0.5, 0)
            low = min(int(at), length - 1)
            high = min(low + 1, length - 1)
            matrix[i, low] += 1 - (at - low)
            matrix[i, high] += at - low
        return matrix

    grey = image.numpy().astype(np.float64) / 255
    return weights(image.shape[0]) @ grey @ weights(image.shape[1]).T


@pytest.mark.parametrize("shape", [(28, 28), (16, 16), (8, 8), (40, 36), (1, 5)])
def test_it_is_the_bilinear_interpolation_of_its_definition(shape):
    images = random_images(3, *shape)
    out = to_network(images, size=32)
    assert out.shape == (3, 1, 32, 32)
    assert out.dtype == torch.float32
    for image, result in zip(images, out, strict=True):
        np.testing.assert_allclose(result[0].numpy(), bilinear(image, 32), atol=2e-6)


def test_images_of_the_right_size_are_only_scaled():
    images = random_images(2, 32, 32)
    assert torch.equal(to_network(images)[:, 0], images.float() / 255)


def test_three_channels_are_three_times_the_grey_value():
    images = random_images(2, 16, 16)
    colour = to_network(images, n_channels=3)
    assert colour.shape == (2, 3, 32, 32)
    assert torch.equal(colour, to_network(images).expand(2, 3, 32, 32))


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    height=st.integers(1, 33),
    width=st.integers(1, 33),
    size=st.integers(1, 40),
)
def test_values_stay_in_the_unit_interval(seed, height, width, size):
    images = random_images(2, height, width, seed) // 128 * 255
    out = to_network(images, size=size)
    assert out.min() >= 0
    assert out.max() <= 1


@pytest.mark.parametrize("length", [1, 3, 7, 11, 19])
def test_white_is_not_rounded_above_one(length):
    white = torch.full((1, length, length), 255, dtype=torch.uint8)
    assert all(to_network(white, size=size).max() <= 1 for size in range(1, 65))


def test_the_work_is_done_in_blocks(monkeypatch):
    images = random_images(10, 16, 16)
    whole = to_network(images, size=20)
    lengths = []

    def interpolate(block, **options):
        lengths.append(len(block))
        return original(block, **options)

    original = module.interpolate
    monkeypatch.setattr(module, "interpolate", interpolate)
    monkeypatch.setattr(module, "BLOCK_PIXELS", 3 * 20 * 20)
    assert torch.equal(to_network(images, size=20), whole)
    assert lengths == [3, 3, 3, 1]


def test_the_input_is_left_as_it_is():
    images = random_images(2, 16, 16)
    before = images.clone()
    to_network(images)
    assert torch.equal(images, before)


@pytest.mark.parametrize(
    "images",
    [
        torch.zeros(2, 16, 16),
        torch.zeros(2, 16, 16, dtype=torch.int64),
        torch.zeros(16, 16, dtype=torch.uint8),
        torch.zeros(2, 1, 16, 16, dtype=torch.uint8),
        torch.zeros(0, 16, 16, dtype=torch.uint8),
        torch.zeros(2, 0, 16, dtype=torch.uint8),
        np.zeros((2, 16, 16), dtype=np.uint8),
    ],
)
def test_images_are_checked(images):
    with pytest.raises(InputError, match=r"^to_network: 'images' must be a uint8 tensor"):
        to_network(images)


@pytest.mark.parametrize("size", [0, -1, 32.0, True, "32", None])
def test_size_is_checked(size):
    with pytest.raises(InputError, match=r"^to_network: 'size'"):
        to_network(random_images(1, 4, 4), size=size)


@pytest.mark.parametrize("n_channels", [0, 2, 4, True, "3", None])
def test_channels_are_checked(n_channels):
    with pytest.raises(InputError, match=r"^to_network: 'n_channels'"):
        to_network(random_images(1, 4, 4), n_channels=n_channels)
