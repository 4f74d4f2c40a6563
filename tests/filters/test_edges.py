"""Sobel and Canny, against SciPy, scikit-image and OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import data, feature
from skimage import filters as skimage_filters

from pdl.filters import Gradient, canny, gaussian_filter, hysteresis, sobel, suppress_non_maxima

QUICK = settings(deadline=None, max_examples=60)
PHOTOS = {name: getattr(data, name)() for name in ("camera", "coins", "page", "moon", "text")}


@QUICK
@given(
    image=hnp.arrays(float, hnp.array_shapes(min_dims=2, max_dims=2, max_side=8),
                     elements=st.integers(-999, 999).map(lambda k: k / 7) | st.just(-0.0)),
)  # fmt: skip
def test_sobel_equals_scipy(image: np.ndarray) -> None:
    gradient = sobel(image)
    across, down = ndimage.sobel(image, axis=1), ndimage.sobel(image, axis=0)
    np.testing.assert_array_equal(gradient.gradient_x, across)
    np.testing.assert_array_equal(gradient.gradient_y, -down)
    np.testing.assert_allclose(gradient.magnitude, np.hypot(across, down), rtol=1e-12)
    expected = np.where(gradient.magnitude > 0, np.arctan2(-down + 0.0, across + 0.0), 0)
    np.testing.assert_allclose(gradient.direction, expected)


def test_sobel_equals_scikit_image_and_opencv_up_to_their_scales() -> None:
    photo = data.camera().astype(float)
    gradient = sobel(photo)
    theirs = skimage_filters.sobel(photo)
    np.testing.assert_allclose(gradient.magnitude / (4 * np.sqrt(2)), theirs, atol=1e-9)
    across = cv2.Sobel(photo, cv2.CV_64F, 1, 0, borderType=cv2.BORDER_REFLECT)
    np.testing.assert_array_equal(gradient.gradient_x, across)
    down = cv2.Sobel(photo, cv2.CV_64F, 0, 1, borderType=cv2.BORDER_REFLECT)
    np.testing.assert_array_equal(gradient.gradient_y, -down)


@pytest.mark.parametrize("degrees", [-135, -90, -60, 0, 30, 45, 90, 120])
def test_direction_is_counter_clockwise_with_y_upwards(degrees: float) -> None:
    rows, columns = np.mgrid[:7, :7]
    angle = np.deg2rad(degrees)
    ramp = np.cos(angle) * columns + np.sin(angle) * -rows
    gradient = sobel(ramp)
    assert gradient.direction[3, 3] == pytest.approx(angle)
    assert gradient.magnitude[3, 3] == pytest.approx(8)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (5, 5), (4, 4, 3)])
def test_sobel_of_a_constant_is_zero_with_direction_zero(shape: tuple[int, ...]) -> None:
    for part in sobel(np.full(shape, 200, np.uint8)):
        assert part.shape == shape and part.dtype == np.float64
        np.testing.assert_array_equal(part, 0)


def test_the_direction_is_zero_between_zeros_of_either_sign() -> None:
    """-0.0 - 0.0 is -0.0, and the angle of (-0.0, 0.0) is π."""
    image = np.tile([0.0, 0.0, -0.0, -0.0], (4, 1))
    for each in (image, -image, image.T, -image.T):
        np.testing.assert_array_equal(sobel(each).direction, 0)


def test_sobel_of_colour_is_taken_by_channel() -> None:
    photo = data.astronaut()[:30, :30]
    np.testing.assert_array_equal(sobel(photo).magnitude[..., 1], sobel(photo[..., 1]).magnitude)


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize(("sigma", "low", "high"), [(1, 20, 50), (2, 10, 30), (0.7, 40, 120)])
def test_canny_equals_scikit_image_on_photographs(
    name: str, sigma: float, low: float, high: float
) -> None:
    photo = PHOTOS[name][:256, :256]
    ours = canny(photo, sigma, low, high)
    assert 0 < ours.sum() < ours.size / 2
    theirs = feature.canny(photo.astype(float), sigma, low, high, mode="reflect")
    np.testing.assert_array_equal(ours, theirs)
    of_bytes = feature.canny(photo, sigma, low, high, mode="reflect")
    np.testing.assert_array_equal(ours, of_bytes)


@QUICK
@given(
    shape=st.tuples(st.integers(1, 16), st.integers(1, 16)),
    seed=st.integers(0, 10_000),
    sigma=st.floats(0.3, 2),
    low=st.floats(0, 1),
    above=st.floats(0, 1),
)
def test_canny_equals_scikit_image_on_noise(
    shape: tuple[int, int], seed: int, sigma: float, low: float, above: float
) -> None:
    image = np.random.default_rng(seed).random(shape)
    ours = canny(image, sigma, low, low + above)
    theirs = feature.canny(image, sigma, low, low + above, mode="reflect")
    np.testing.assert_array_equal(ours, theirs)


def test_canny_is_near_opencv_which_does_not_interpolate() -> None:
    smoothed = np.rint(gaussian_filter(data.coins(), 1)).astype(np.uint8)
    theirs = cv2.Canny(smoothed, 20, 50, L2gradient=True) > 0
    ours = canny(data.coins(), 1, 20, 50)
    assert (ours & theirs).sum() / (ours | theirs).sum() > 0.8
    near = ndimage.binary_dilation(theirs, np.ones((3, 3)))
    assert (ours & near).sum() / ours.sum() > 0.97


def gradient_of(gradient_x: np.ndarray, gradient_y: np.ndarray) -> Gradient:
    magnitude = np.sqrt(gradient_x**2 + gradient_y**2)
    return Gradient(gradient_x, gradient_y, magnitude, np.arctan2(gradient_y, gradient_x))


def test_suppression_thins_a_ridge_across_the_gradient_only() -> None:
    across = np.tile([0.0, 1, 3, 2, 0], (5, 1))
    kept = suppress_non_maxima(gradient_of(across, np.zeros((5, 5))))
    expected = np.zeros((5, 5))
    expected[1:-1, 2] = 3
    np.testing.assert_array_equal(kept, expected)
    # The same magnitudes with the gradient along the ridge: nothing is larger ahead or behind.
    kept = suppress_non_maxima(gradient_of(np.zeros((5, 5)), across))
    np.testing.assert_array_equal(kept[1:-1, 1:-1], across[1:-1, 1:-1])


def test_suppression_interpolates_between_neighbours() -> None:
    gradient_x, gradient_y = np.zeros((3, 3)), np.zeros((3, 3))
    gradient_x[1, 1], gradient_y[1, 1] = 2.0, 1.0  # 26.6 degrees: right and a little up
    magnitude = np.zeros((3, 3))
    magnitude[1, 1] = np.sqrt(5)
    for straight, diagonal, kept in ((3.0, 0.0, True), (0.0, 5.0, False), (3.0, 3.0, False)):
        magnitude[1, 2], magnitude[0, 2] = straight, diagonal
        gradient = Gradient(gradient_x, gradient_y, magnitude, np.zeros((3, 3)))
        assert (suppress_non_maxima(gradient)[1, 1] > 0) == kept
    magnitude[0, 2], magnitude[1, 2], magnitude[2, 2] = 0.0, 0.0, 99.0  # below right: not on it
    assert suppress_non_maxima(Gradient(gradient_x, gradient_y, magnitude, magnitude))[1, 1] > 0


def test_hysteresis_keeps_weak_pixels_that_touch_strong_ones() -> None:
    strength = np.array([[5.0, 0, 0, 2], [0, 2, 0, 0], [0, 0, 1, 0]])
    expected = [[True, False, False, False], [False, True, False, False], [False] * 4]
    np.testing.assert_array_equal(hysteresis(strength, low=2, high=5), expected)
    assert not hysteresis(strength, low=2, high=6).any()
    assert not hysteresis(np.zeros((2, 2)), low=0, high=0).any()


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (9, 1), (8, 8)])
@pytest.mark.parametrize("dtype", [np.uint8, float])
def test_canny_of_small_and_constant_images_finds_nothing(shape, dtype) -> None:
    edges = canny(np.full(shape, 100, dtype), 1.0, 0.1, 0.2)
    assert edges.shape == shape and edges.dtype == bool and not edges.any()


def test_canny_refuses() -> None:
    image = np.ones((5, 5))
    with pytest.raises(ValueError, match=r"image must have shape .* one channel"):
        canny(np.ones((5, 5, 3)), 1, 1, 2)
    with pytest.raises(ValueError, match="low must not be greater than high, got 3 and 2"):
        canny(image, 1, 3, 2)
    with pytest.raises(ValueError, match="low must be 0 or greater"):
        canny(image, 1, -3, 2)
    with pytest.raises(ValueError, match="sigma must be greater than 0"):
        canny(image, 0, 1, 2)
