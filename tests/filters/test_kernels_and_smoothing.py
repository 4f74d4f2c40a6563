"""Kernels, Gaussian smoothing and transfer functions, against SciPy and OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import data

from pdl import filters
from pdl.filters import (
    BACKWARD_DIFFERENCE,
    CENTRAL_DIFFERENCE,
    FORWARD_DIFFERENCE,
    LAPLACIAN,
    SOBEL_X,
    SOBEL_Y,
    frequency_response,
    gaussian_filter,
    gaussian_kernel,
    gaussian_weights,
    identity_kernel,
    mean_kernel,
    transfer_function,
)
from pdl.signals import convolve1d, convolve2d, separable

QUICK = settings(deadline=None, max_examples=40)
CONSTANTS = ["FORWARD_DIFFERENCE", "BACKWARD_DIFFERENCE", "CENTRAL_DIFFERENCE", "SOBEL_X",
             "SOBEL_Y", "LAPLACIAN"]  # fmt: skip


def test_every_public_name_exists() -> None:
    assert all(hasattr(filters, name) for name in filters.__all__)


@pytest.mark.parametrize("name", CONSTANTS)
def test_shared_kernels_cannot_be_written_to_and_ignore_constant_images(name: str) -> None:
    kernel = getattr(filters, name)
    with pytest.raises(ValueError, match="read-only"):
        kernel[0, 0] = 9
    np.testing.assert_array_equal(convolve2d(np.full((4, 5), 7), kernel, boundary="reflect"), 0)


def test_differences_have_the_sign_and_place_of_their_names() -> None:
    x = np.array([[3.0, 4, 9, 2, 5]])
    inside = slice(1, -1)
    for kernel, expected in [
        (FORWARD_DIFFERENCE, x[0, 2:] - x[0, 1:-1]),
        (BACKWARD_DIFFERENCE, x[0, 1:-1] - x[0, :-2]),
        (CENTRAL_DIFFERENCE, (x[0, 2:] - x[0, :-2]) / 2),
    ]:
        np.testing.assert_array_equal(convolve2d(x, kernel)[0, inside], expected)
        np.testing.assert_array_equal(convolve1d(x[0], kernel[0], "valid"), expected)
    # The kernel that older texts call the forward difference is the backward one.
    np.testing.assert_array_equal(BACKWARD_DIFFERENCE, [[0, 1, -1]])


def test_sobel_kernels_are_positive_to_the_right_and_upwards() -> None:
    rows, columns = np.mgrid[:5, :6].astype(float)
    inside = (slice(1, -1), slice(1, -1))
    assert (convolve2d(columns, SOBEL_X)[inside] == 8).all()
    assert (convolve2d(rows, SOBEL_X)[inside] == 0).all()
    assert (convolve2d(-rows, SOBEL_Y)[inside] == 8).all()
    assert (convolve2d(columns, SOBEL_Y)[inside] == 0).all()
    np.testing.assert_array_equal(SOBEL_X, [[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    np.testing.assert_array_equal(SOBEL_Y, [[-1, -2, -1], [0, 0, 0], [1, 2, 1]])


def test_laplacian_equals_scipy() -> None:
    image = data.coins().astype(float)
    ours = convolve2d(image, LAPLACIAN, boundary="reflect")
    np.testing.assert_array_equal(ours, ndimage.laplace(image))


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_identity_and_mean(size: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (7, 8)).astype(float)
    np.testing.assert_array_equal(convolve2d(image, identity_kernel(size)), image)
    assert mean_kernel(size).shape == (size, size)
    assert mean_kernel(size).sum() == pytest.approx(1)
    expected = ndimage.uniform_filter(image, size)
    ours = convolve2d(image, mean_kernel(size), boundary="reflect")
    np.testing.assert_allclose(ours, expected, atol=1e-10)


@QUICK
@given(sigma=st.floats(0.05, 5), half=st.none() | st.integers(0, 9))
def test_gaussian_kernels_are_normalised_symmetric_and_separable(
    sigma: float, half: int | None
) -> None:
    size = None if half is None else 2 * half + 1
    kernel, weights = gaussian_kernel(sigma, size), gaussian_weights(sigma, size)
    expected = 2 * int(4 * sigma + 0.5) + 1 if size is None else size
    assert kernel.shape == (expected, expected) and len(weights) == expected
    assert weights.sum() == pytest.approx(1) and kernel.sum() == pytest.approx(1)
    np.testing.assert_array_equal(kernel, kernel[::-1, ::-1])
    np.testing.assert_array_equal(kernel, kernel.T)
    column, row = separable(kernel)
    np.testing.assert_allclose(column[:, 0], weights, atol=1e-12)
    np.testing.assert_allclose(row[0], weights, atol=1e-12)


def test_gaussian_weights_are_samples_of_the_gaussian() -> None:
    weights = gaussian_weights(2.0)
    t = np.arange(-8, 9)
    np.testing.assert_allclose(weights / weights[8], np.exp(-(t**2) / 8), rtol=1e-12)
    opencv = cv2.getGaussianKernel(11, 1.5)[:, 0]
    np.testing.assert_allclose(gaussian_weights(1.5, 11), opencv, rtol=1e-9)


@QUICK
@given(
    image=hnp.arrays(float, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
                     elements=st.integers(0, 255)),
    sigma=st.floats(0.2, 3),
)  # fmt: skip
def test_gaussian_filter_equals_scipy_and_one_pass(image: np.ndarray, sigma: float) -> None:
    ours = gaussian_filter(image, sigma)
    np.testing.assert_allclose(ours, ndimage.gaussian_filter(image, sigma), atol=1e-10)
    one_pass = convolve2d(image, gaussian_kernel(sigma), boundary="reflect")
    np.testing.assert_allclose(ours, one_pass, atol=1e-10)


def test_gaussian_filter_on_colour_bytes_and_constants() -> None:
    photo = data.astronaut()[:60, :70]
    expected = ndimage.gaussian_filter(photo.astype(float), (2, 2, 0))
    np.testing.assert_allclose(gaussian_filter(photo, 2), expected, atol=1e-10)
    np.testing.assert_allclose(gaussian_filter(np.full((1, 1), 9, np.uint8), 3), 9)


def test_unnormalised_gaussian_of_even_size_brightens_and_shifts() -> None:
    # The recipe of older texts: exp(−r²/10) on a 20×20 grid with its peak at index 10.
    r = np.arange(20) - 10
    recipe = np.exp(-(r[:, None] ** 2 + r[None, :] ** 2) / 10)
    assert recipe.sum() == pytest.approx(31.4, abs=0.05)
    dot = np.zeros((41, 41))
    dot[20, 20] = 1
    shifted = convolve2d(dot, recipe)
    assert np.unravel_index(shifted.argmax(), shifted.shape) == (21, 21)
    repaired = convolve2d(dot, gaussian_kernel(np.sqrt(5)))
    assert np.unravel_index(repaired.argmax(), repaired.shape) == (20, 20)
    assert repaired.sum() == pytest.approx(1)


@pytest.mark.parametrize("call", [gaussian_kernel, gaussian_weights])
def test_gaussian_kernel_refuses(call) -> None:
    with pytest.raises(ValueError, match="sigma must be greater than 0"):
        call(0)
    with pytest.raises(ValueError, match=r"size must be odd.*got 20"):
        call(1.0, 20)


@pytest.mark.parametrize("call", [mean_kernel, identity_kernel])
def test_sizes_are_checked(call) -> None:
    with pytest.raises(ValueError, match="size must be 1 or greater"):
        call(0)
    with pytest.raises(TypeError, match="size must be an integer"):
        call(3.0)


@QUICK
@given(
    kernel=hnp.arrays(float, hnp.array_shapes(min_dims=2, max_dims=2, max_side=5),
                      elements=st.integers(-9, 9)),
    extra=st.tuples(st.integers(0, 5), st.integers(0, 5)),
)  # fmt: skip
def test_multiplying_spectra_is_convolving_with_wrap(
    kernel: np.ndarray, extra: tuple[int, int]
) -> None:
    shape = (kernel.shape[0] + extra[0], kernel.shape[1] + extra[1])
    image = np.random.default_rng(3).random(shape)
    response = frequency_response(kernel, shape)
    by_spectra = np.fft.ifft2(response * np.fft.fft2(image)).real
    np.testing.assert_allclose(by_spectra, convolve2d(image, kernel, boundary="wrap"), atol=1e-10)
    centred = transfer_function(kernel, shape)
    np.testing.assert_array_equal(np.fft.ifftshift(centred), response)
    assert centred[shape[0] // 2, shape[1] // 2] == pytest.approx(kernel.sum(), abs=1e-10)


def test_transfer_functions_of_known_kernels() -> None:
    shape = (31, 64)
    omega = 2 * np.pi * np.fft.fftshift(np.fft.fftfreq(64))
    middle = transfer_function(SOBEL_X, shape)[15]
    np.testing.assert_allclose(np.abs(middle) / 4, np.abs(2 * np.sin(omega)), atol=1e-12)
    np.testing.assert_allclose(middle.real, 0, atol=1e-12)
    mean = transfer_function(mean_kernel(3), shape)[15]
    np.testing.assert_allclose(mean, (1 + 2 * np.cos(omega)) / 3, atol=1e-12)
    forward = transfer_function(FORWARD_DIFFERENCE, shape)[15]
    np.testing.assert_allclose(forward, np.exp(1j * omega) - 1, atol=1e-12)
    np.testing.assert_allclose(transfer_function(identity_kernel(), shape), 1)
    # A Gaussian lets low frequencies through, by exp(−σ²ω²/2).
    gaussian = transfer_function(gaussian_kernel(2.0), shape)[15]
    np.testing.assert_allclose(gaussian, np.exp(-2 * omega**2), atol=1e-3)


def test_transfer_function_refuses() -> None:
    for call in (transfer_function, frequency_response):
        with pytest.raises(ValueError, match=r"shape must be at least the kernel's, \(5, 5\)"):
            call(np.ones((5, 5)), (8, 4))
        with pytest.raises(ValueError, match=r"shape must be .rows, columns."):
            call(np.ones((2, 2)), (8,))
        with pytest.raises(TypeError, match="shape must be an integer"):
            call(np.ones((2, 2)), (8.0, 8))
