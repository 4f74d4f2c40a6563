"""Brightness, colour, noise and blur: against scikit-image, Pillow and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageEnhance
from scipy import ndimage
from skimage import color, data

from pdl.augmentation import add_noise, adjust_colour, blur
from pdl.filters import add_gaussian_noise

QUICK = settings(deadline=None, max_examples=60)
colour_images = hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3)))
any_images = hnp.arrays(
    np.uint8, st.sampled_from([(1, 1), (4, 5), (4, 5, 1), (1, 6, 3), (5, 4, 3)])
)


@QUICK
@given(image=any_images, as_floats=st.booleans())
def test_the_defaults_leave_the_image(image, as_floats) -> None:
    if as_floats:
        unit = image / 255
        np.testing.assert_allclose(adjust_colour(unit), unit, atol=1e-12)
    else:
        np.testing.assert_array_equal(adjust_colour(image), image)


def test_without_saturation_it_is_scikit_images_gray() -> None:
    photo = data.astronaut()[:90, :120] / 255
    gray = color.rgb2gray(photo)
    for channel in np.moveaxis(adjust_colour(photo, saturation=0), -1, 0):
        np.testing.assert_allclose(channel, gray, atol=1e-12)


@QUICK
@given(image=colour_images, saturation=st.floats(0, 1))
def test_saturation_keeps_the_luminance_and_the_order_of_the_channels(image, saturation) -> None:
    unit = image / 255
    adjusted = adjust_colour(unit, saturation=saturation)
    np.testing.assert_allclose(color.rgb2gray(adjusted), color.rgb2gray(unit), atol=1e-12)
    spread, before = (np.ptp(array, axis=2) for array in (adjusted, unit))
    np.testing.assert_allclose(spread, saturation * before, atol=1e-12)


@pytest.mark.parametrize("factor", [0.0, 0.4, 1.0, 1.7])
def test_contrast_equals_pillow_on_gray(factor) -> None:
    """Pillow rounds the mean to a whole level first, and cuts off the fractions at the end."""
    photo = data.camera()[:100, :100]
    theirs = np.asarray(ImageEnhance.Contrast(Image.fromarray(photo)).enhance(factor))
    ours = adjust_colour(photo, contrast=factor)
    assert np.abs(ours.astype(int) - theirs).max() <= 1 + 0.5 * abs(1 - factor)


@QUICK
@given(image=colour_images, contrast=st.floats(0, 1))
def test_contrast_shrinks_towards_the_mean_luminance(image, contrast) -> None:
    unit = image / 255
    mean = color.rgb2gray(unit).mean()
    adjusted = adjust_colour(unit, contrast=contrast)
    np.testing.assert_allclose(adjusted - mean, contrast * (unit - mean), atol=1e-12)


@QUICK
@given(image=any_images, levels=st.integers(-300, 300))
def test_brightness_adds_and_clips(image, levels) -> None:
    ours = adjust_colour(image, brightness=levels / 255)
    np.testing.assert_array_equal(ours, np.clip(image.astype(int) + levels, 0, 255))
    assert ours.dtype == np.uint8


def test_all_three_by_hand() -> None:
    unit = np.array([[[0.8, 0.4, 0.2], [0.2, 0.2, 0.2]]])
    first = 0.2125 * 0.8 + 0.7154 * 0.4 + 0.0721 * 0.2
    mean = (first + 0.2) / 2
    red = first + 0.5 * (0.8 - first)
    ours = adjust_colour(unit, brightness=0.1, contrast=0.7, saturation=0.5)
    assert ours[0, 0, 0] == pytest.approx(mean + 0.7 * (red - mean) + 0.1, abs=1e-12)


def test_uint8_and_floats_agree() -> None:
    photo = data.astronaut()[:64, :64]
    settings_ = dict(brightness=-0.07, contrast=1.3, saturation=0.6)
    whole = adjust_colour(photo, **settings_)
    unit = adjust_colour(photo / 255, **settings_)
    assert np.abs(whole - 255 * unit).max() <= 0.5 + 1e-3
    assert adjust_colour((photo / 255).astype(np.float32), **settings_).dtype == np.float32
    assert unit.dtype == np.float64 and unit.min() >= 0 and unit.max() <= 1


def test_noise_is_that_of_the_filters_on_uint8() -> None:
    photo = data.camera()[:50, :60]
    ours = add_noise(photo, 0.1, np.random.default_rng(3))
    theirs = add_gaussian_noise(photo, 25.5**2, np.random.default_rng(3))
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_noise_has_the_deviation_asked_for(dtype) -> None:
    white = 255 if dtype == np.uint8 else 1
    gray = np.full((200, 200), white * 0.5).astype(dtype)
    noisy = add_noise(gray, 0.05, np.random.default_rng(0))
    assert noisy.dtype == dtype
    # Five standard errors, and the variance 1/12 that rounding adds.
    deviation = (noisy.astype(float) - gray).std() / white
    assert deviation == pytest.approx(0.05, rel=5 / np.sqrt(2 * gray.size))
    loud = add_noise(gray, 2.0, np.random.default_rng(0))
    assert loud.min() == 0 and loud.max() == white
    np.testing.assert_array_equal(add_noise(gray, 0, np.random.default_rng(0)), gray)


@pytest.mark.parametrize("sigma", [0.05, 0.7, 2.0])
def test_blur_equals_scipy(sigma) -> None:
    photo = data.astronaut()[:60, :50]
    theirs = ndimage.gaussian_filter(photo.astype(float), (sigma, sigma, 0))
    ours = blur(photo, sigma)
    assert ours.dtype == np.uint8 and np.abs(ours - theirs).max() <= 0.5 + 1e-9
    unit = blur((photo / 255).astype(np.float32), sigma)
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit, theirs / 255, atol=1e-6)


def test_what_interpolation_leaves_over_is_taken() -> None:
    unit = np.full((2, 2), np.float32(1) + np.float32(2e-7))
    assert adjust_colour(unit).max() == 1 and blur(unit, 1).max() == 1


GRAY, PAIR = np.zeros((3, 3), np.uint8), np.zeros((3, 3, 2), np.uint8)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: adjust_colour(np.zeros((3, 3), int)), TypeError, "uint8, or float.*int64"),
        (lambda: adjust_colour(np.full((3, 3), 128.0)), ValueError, r"\[0, 1\], got.*128 to 128"),
        (lambda: adjust_colour(np.full((3, 3), -0.1)), ValueError, r"must lie in \[0, 1\]"),
        (lambda: adjust_colour(GRAY, saturation=0.5), ValueError, "three channels.*saturation 0.5"),
        (lambda: adjust_colour(PAIR), ValueError, r"three channels.*\(3, 3, 2\)"),
        (lambda: adjust_colour(GRAY, contrast=-0.1), ValueError, "contrast must be 0 or greater"),
        (lambda: adjust_colour(GRAY, saturation=-1), ValueError, "saturation must be 0 or greater"),
        (lambda: adjust_colour(GRAY, brightness=np.nan), ValueError, "brightness must be finite"),
        (lambda: adjust_colour(np.zeros(3, np.uint8)), ValueError, "image must have shape"),
        (lambda: add_noise(GRAY, -1, np.random.default_rng(0)), ValueError, "deviation must be 0"),
        (lambda: add_noise(GRAY, 0.1, 0), TypeError, "rng must be a numpy.random.Generator"),
        (lambda: add_noise(GRAY / 1.0, 0.1, 0), TypeError, "rng must be a numpy.random.Generator"),
        (lambda: blur(GRAY, 0), ValueError, "sigma must be greater than 0"),
        (lambda: blur(np.full((3, 3), 9.0), 1), ValueError, r"must lie in \[0, 1\]"),
    ],
)
def test_pixels_refuse(call, error, words) -> None:
    with pytest.raises(error, match=words):
        call()
