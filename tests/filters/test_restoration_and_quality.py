"""Unsharp masking, the Wiener filter, PSNR and SSIM, against scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import data, metrics, restoration
from skimage import filters as skimage_filters

from pdl.filters import (
    add_gaussian_noise,
    frequency_response,
    gaussian_filter,
    gaussian_kernel,
    mean_kernel,
    psnr,
    ssim,
    unsharp_mask,
    wiener,
)
from pdl.signals import convolve2d

QUICK = settings(deadline=None, max_examples=40)


@pytest.mark.parametrize("sigma", [0.5, 2.0])
@pytest.mark.parametrize("amount", [0.0, 0.7, 3.0, -0.5])
def test_unsharp_mask_equals_scikit_image(sigma: float, amount: float) -> None:
    gray, color = data.camera()[:80, :90], data.astronaut()[:50, :60]
    theirs = skimage_filters.unsharp_mask(gray.astype(float), sigma, amount, preserve_range=True)
    np.testing.assert_allclose(unsharp_mask(gray, sigma, amount), theirs, atol=1e-9)
    # With channel_axis=-1 scikit-image 0.26 takes rows 0 to 2 for the channels.
    theirs = skimage_filters.unsharp_mask(
        color.astype(float), sigma, amount, preserve_range=True, channel_axis=2
    )
    np.testing.assert_allclose(unsharp_mask(color, sigma, amount), theirs, atol=1e-9)
    in_unit_range = skimage_filters.unsharp_mask(gray, sigma, amount)
    clipped = np.clip(unsharp_mask(gray / 255, sigma, amount), 0, 1)
    np.testing.assert_allclose(clipped, in_unit_range, atol=1e-12)


def test_unsharp_mask_keeps_the_mean_and_steepens_an_edge() -> None:
    photo = data.camera()
    sharp = unsharp_mask(photo, 2, 1)
    # Smoothing with a reflected border keeps the sum, so sharpening keeps the mean brightness.
    assert sharp.mean() == pytest.approx(photo.mean(), rel=1e-9)
    step = np.repeat([[0.0, 1.0]], 8, axis=1)
    sharp = unsharp_mask(step, 1, 1)
    assert sharp[0, 8] - sharp[0, 7] > 1 and sharp.min() < 0 and sharp.max() > 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (5, 4, 3)])
def test_unsharp_mask_of_a_constant_is_the_constant(shape: tuple[int, ...]) -> None:
    np.testing.assert_allclose(unsharp_mask(np.full(shape, 200, np.uint8), 1, 5), 200)


def test_unsharp_mask_refuses() -> None:
    with pytest.raises(ValueError, match="sigma must be greater than 0"):
        unsharp_mask(np.ones((3, 3)), 0, 1)
    with pytest.raises(TypeError, match="amount must be a number"):
        unsharp_mask(np.ones((3, 3)), 1, "1")  # type: ignore[arg-type]


@QUICK
@given(
    kernel_shape=st.tuples(st.sampled_from([1, 3, 5]), st.sampled_from([1, 3, 5])),
    shape=st.tuples(st.integers(6, 12), st.integers(6, 12)),
    ratio=st.floats(0.01, 2),
    seed=st.integers(0, 99),
)
def test_wiener_equals_scikit_image(kernel_shape, shape, ratio, seed) -> None:
    rng = np.random.default_rng(seed)
    image, kernel = rng.random(shape), rng.random(kernel_shape)
    theirs = restoration.wiener(image, kernel, ratio, reg=np.ones((1, 1)), clip=False)
    np.testing.assert_allclose(wiener(image, kernel, ratio), theirs, atol=1e-10)


@QUICK
@given(
    kernel_shape=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    color=st.booleans(),
    seed=st.integers(0, 99),
)
def test_wiener_without_noise_undoes_the_blur(kernel_shape, color, seed) -> None:
    rng = np.random.default_rng(seed)
    # The peak outweighs the rest, so the transfer function has no zeros.
    kernel = rng.random(kernel_shape) / kernel_shape[0] / kernel_shape[1]
    kernel[(kernel_shape[0] - 1) // 2, (kernel_shape[1] - 1) // 2] += 1.5
    image = rng.random((7, 8, 3) if color else (7, 8))
    blurred = convolve2d(image, kernel, boundary="wrap")
    np.testing.assert_allclose(wiener(blurred, kernel, 0), image, atol=1e-10)


def test_wiener_by_its_formula_with_a_ratio_for_each_frequency() -> None:
    rng = np.random.default_rng(0)
    image, kernel, ratio = rng.random((6, 7)), rng.random((3, 3)), rng.random((6, 7))
    ratio = (ratio + np.roll(ratio[::-1, ::-1], (1, 1), axis=(0, 1))) / 2
    response = frequency_response(kernel, (6, 7))
    spectrum = np.conj(response) / (np.abs(response) ** 2 + ratio) * np.fft.fft2(image)
    np.testing.assert_allclose(
        wiener(image, kernel, ratio), np.fft.ifft2(spectrum).real, atol=1e-12
    )


def test_wiener_restores_a_blurred_noisy_photograph() -> None:
    photo = data.camera()[::2, ::2]
    kernel = gaussian_kernel(2.0)
    blurred = np.rint(convolve2d(photo, kernel, boundary="wrap")).astype(np.uint8)
    noisy = add_gaussian_noise(blurred, 4, np.random.default_rng(0))
    restored = np.clip(wiener(noisy, kernel, 0.002), 0, 255)
    assert psnr(photo, restored, 255) > psnr(photo, noisy, 255) + 1
    inverse = wiener(noisy, kernel, 1e-12)
    assert psnr(photo, inverse, 255) < psnr(photo, noisy, 255) - 10


def test_the_true_spectra_give_the_smallest_error() -> None:
    rng = np.random.default_rng(1)
    photo, kernel = data.camera()[::4, ::4].astype(float), gaussian_kernel(1.0)
    noise = rng.normal(0, 5, photo.shape)
    noisy = convolve2d(photo, kernel, boundary="wrap") + noise
    ratio = 25 * photo.size / np.abs(np.fft.fft2(photo)) ** 2
    error = [
        np.mean((wiener(noisy, kernel, factor * ratio) - photo) ** 2) for factor in (0.1, 1, 10)
    ]
    assert error[1] < min(error[0], error[2])


def test_wiener_refuses() -> None:
    image = np.ones((4, 4))
    with pytest.raises(ValueError, match=r"shape must be at least the kernel's, \(5, 5\)"):
        wiener(image, np.ones((5, 5)), 0.1)
    with pytest.raises(ValueError, match="noise_to_signal must be 0 or greater"):
        wiener(image, [[1]], -0.1)
    with pytest.raises(
        ValueError, match=r"noise_to_signal must be a number or have shape \(4, 4\)"
    ):
        wiener(image, [[1]], np.ones((3, 3)))
    for kernel in (mean_kernel(2), np.zeros((2, 2))):
        with pytest.raises(ValueError, match="noise_to_signal must be greater than 0"):
            wiener(image, kernel, 0)
    assert wiener([[5.0]], [[2.0]], 0) == pytest.approx(2.5)


@QUICK
@given(
    images=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=3, max_side=5)),
    seed=st.integers(0, 99),
)
def test_psnr_equals_scikit_image(images: np.ndarray, seed: int) -> None:
    other = np.random.default_rng(seed).integers(0, 256, images.shape, dtype=np.uint8)
    if np.array_equal(images, other):
        return
    expected = metrics.peak_signal_noise_ratio(images, other)
    assert psnr(images, other) == pytest.approx(expected)
    scaled = psnr(images / 255, other / 255, data_range=1)
    assert scaled == pytest.approx(expected)


def test_psnr_does_not_wrap_bytes_and_is_infinite_for_equal_images() -> None:
    dark, bright = np.zeros((2, 2), np.uint8), np.full((2, 2), 255, np.uint8)
    assert psnr(dark, bright) == psnr(bright, dark) == 0
    assert psnr(dark, dark) == float("inf")


@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_ssim_equals_scikit_image(sigma: float) -> None:
    settings_of_the_paper = {
        "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False,
    }  # fmt: skip
    gray, color = data.camera()[:90, :80], data.astronaut()[:40, :50]
    blurred = np.rint(gaussian_filter(gray, sigma)).astype(np.uint8)
    theirs = metrics.structural_similarity(gray, blurred, **settings_of_the_paper)
    assert ssim(gray, blurred) == pytest.approx(theirs, abs=1e-10)
    first, second = color / 255, gaussian_filter(color, sigma) / 255
    theirs = metrics.structural_similarity(
        first, second, data_range=1, channel_axis=-1, **settings_of_the_paper
    )
    assert ssim(first, second, data_range=1) == pytest.approx(theirs, abs=1e-10)
    smallest = metrics.structural_similarity(gray[:11, :11], blurred[:11, :11],
                                             **settings_of_the_paper)  # fmt: skip
    assert ssim(gray[:11, :11], blurred[:11, :11]) == pytest.approx(smallest, abs=1e-10)


def test_ssim_is_one_for_equal_images() -> None:
    assert ssim(data.camera()[:50, :50], data.camera()[:50, :50]) == pytest.approx(1)
    assert ssim(np.full((12, 12), 9, np.uint8), np.full((12, 12), 9, np.uint8)) == pytest.approx(1)


@pytest.mark.parametrize("measure", [psnr, ssim])
def test_quality_measures_refuse(measure) -> None:
    with pytest.raises(ValueError, match="reference and image must have the same shape"):
        measure(np.ones((12, 12)), np.ones((12, 13)), 1)
    with pytest.raises(ValueError, match=r"data_range must be given.*float64"):
        measure(np.ones((12, 12)), np.ones((12, 12)))
    with pytest.raises(ValueError, match="data_range must be greater than 0"):
        measure(np.ones((12, 12)), np.ones((12, 12)), 0)
    with pytest.raises(ValueError, match="11×11 or larger"):
        ssim(np.ones((10, 12)), np.ones((10, 12)), 1)


def test_wiener_of_single_precision_is_computed_in_double():
    """NumPy transforms float32 in single precision, of which restoring takes digits away."""
    image = np.random.default_rng(0).random((32, 32)).astype(np.float32)
    blur = gaussian_kernel(1.0)
    ours = wiener(image, blur, 1e-6)
    np.testing.assert_allclose(ours, wiener(image.astype(np.float64), blur, 1e-6), rtol=1e-10)
