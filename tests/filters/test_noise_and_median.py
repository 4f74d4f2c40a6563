"""Noise generators, and the median filter against SciPy and OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import data

from pdl.filters import (
    add_gaussian_noise,
    add_salt_and_pepper,
    gaussian_filter,
    median_filter,
    psnr,
)

QUICK = settings(deadline=None, max_examples=60)


@pytest.mark.parametrize("variance", [1, 25, 100])
@pytest.mark.parametrize("shape", [(300, 300), (200, 150, 3)])
def test_gaussian_noise_has_the_variance_asked_for(variance: float, shape: tuple) -> None:
    gray = np.full(shape, 128, np.uint8)
    noise = add_gaussian_noise(gray, variance, np.random.default_rng(0)).astype(float) - 128
    # Rounding to whole levels adds 1/12. Bounds are five standard errors.
    assert abs(noise.mean()) < 5 * np.sqrt(variance / noise.size)
    assert noise.var() == pytest.approx(variance + 1 / 12, rel=5 * np.sqrt(2 / noise.size))


def test_gaussian_noise_is_clipped_not_wrapped() -> None:
    rng = np.random.default_rng(0)
    black = add_gaussian_noise(np.zeros((50, 50), np.uint8), 100, rng)
    white = add_gaussian_noise(np.full((50, 50), 255, np.uint8), 100, rng)
    assert black.dtype == np.uint8 and black.max() < 100 and white.min() > 155
    assert 0.4 < np.mean(black == 0) < 0.6


@QUICK
@given(
    shape=hnp.array_shapes(min_dims=2, max_dims=3, max_side=12),
    fraction=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_salt_and_pepper_replaces_exactly_the_fraction(
    shape: tuple[int, ...], fraction: float, seed: int
) -> None:
    image = np.full(shape, 100, np.uint8)
    noisy = add_salt_and_pepper(image, fraction, np.random.default_rng(seed))
    count = round(fraction * shape[0] * shape[1])
    first = noisy.reshape(*shape[:2], -1)
    assert (first == first[..., :1]).all()
    assert np.sum(first[..., 0] == 255) == count // 2
    assert np.sum(first[..., 0] == 0) == count - count // 2
    assert (image == 100).all()


def test_noise_is_repeatable_and_unlike_itself() -> None:
    photo = data.camera()
    for add, amount in ((add_gaussian_noise, 100), (add_salt_and_pepper, 0.095)):
        first, again, other = (add(photo, amount, np.random.default_rng(s)) for s in (1, 1, 2))
        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other)
        np.testing.assert_array_equal(add(photo, 0, np.random.default_rng(0)), photo)


@pytest.mark.parametrize("add", [add_gaussian_noise, add_salt_and_pepper])
def test_noise_refuses(add) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(TypeError, match=r"image must be uint8.*float64"):
        add(np.zeros((2, 2)), 0.1, rng)
    with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator"):
        add(np.zeros((2, 2), np.uint8), 0.1, 0)
    with pytest.raises(ValueError, match=r"(variance|fraction) must"):
        add(np.zeros((2, 2), np.uint8), -0.1, rng)
    with pytest.raises(ValueError, match="fraction must lie between 0 and 1"):
        add_salt_and_pepper(np.zeros((2, 2), np.uint8), 9.5, rng)


@QUICK
@given(
    image=hnp.arrays(
        st.sampled_from([np.uint8, np.int32, np.float64]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=8),
        elements=st.integers(0, 255),
    ),
    size=st.sampled_from([1, 3, 5, 7]),
)
def test_median_equals_scipy(image: np.ndarray, size: int) -> None:
    ours = median_filter(image, size)
    assert ours.dtype == image.dtype
    np.testing.assert_array_equal(ours, ndimage.median_filter(image, size))


@pytest.mark.parametrize("size", [3, 5])
def test_median_on_photographs(size: int) -> None:
    photo = data.astronaut()[:120, :150]
    ours = median_filter(photo, size)
    np.testing.assert_array_equal(ours, ndimage.median_filter(photo, (size, size, 1)))
    inside = (slice(size, -size), slice(size, -size))  # OpenCV repeats the edge
    np.testing.assert_array_equal(ours[inside], cv2.medianBlur(photo, size)[inside])


def test_median_is_not_linear() -> None:
    left, right = np.array([[0, 0, 9, 0, 0]]), np.array([[0, 0, 0, 9, 0]])
    of_the_sum = median_filter(left + right)
    sum_of_medians = median_filter(left) + median_filter(right)
    assert of_the_sum.max() == 9 and sum_of_medians.max() == 0


def test_median_removes_salt_and_pepper_better_than_a_gaussian() -> None:
    photo = data.camera()[::2, ::2]
    noisy = add_salt_and_pepper(photo, 0.095, np.random.default_rng(0))
    median = psnr(photo, median_filter(noisy, 3))
    gaussian = psnr(photo, gaussian_filter(noisy, 1.0), data_range=255)
    assert median > gaussian + 2


def test_median_refuses() -> None:
    for size, words in ((2, "size must be odd"), (0, "size must be 1 or greater")):
        with pytest.raises(ValueError, match=words):
            median_filter(np.ones((3, 3)), size)
    with pytest.raises(TypeError, match="size must be an integer"):
        median_filter(np.ones((3, 3)), 3.0)  # type: ignore[arg-type]


def test_a_large_window_does_not_take_its_area_times_a_row(peak_mib):
    """A row of 2000 pixels, each with 101×101 neighbours: 19 MiB a copy."""
    image = np.random.default_rng(0).integers(0, 255, (1, 2000), dtype=np.uint8)
    found = []
    assert peak_mib(lambda: found.append(median_filter(image, 101))) < 6
    np.testing.assert_array_equal(found[0], ndimage.median_filter(image, 101))
