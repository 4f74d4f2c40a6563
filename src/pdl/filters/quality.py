"""How near an image is to a reference: PSNR and SSIM."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_image, check_positive, check_same_shape
from pdl.filters.smoothing import gaussian_filter


def _prepare(
    reference: ArrayLike, image: ArrayLike, data_range: float | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Check the arguments of both measures; in float64, as differences of uint8 wrap round."""
    first, second = check_image(reference, "reference"), check_image(image)
    check_same_shape(first, second, "reference", "image")
    if data_range is None:
        if first.dtype != np.uint8 or second.dtype != np.uint8:
            raise ValueError(
                "data_range must be given (e.g. 255, or 1.0) unless both images are uint8, got "
                f"dtypes {first.dtype} and {second.dtype}"
            )
        data_range = 255
    return (
        first.astype(np.float64),
        second.astype(np.float64),
        check_positive(data_range, "data_range"),
    )


def psnr(reference: ArrayLike, image: ArrayLike, data_range: float | None = None) -> float:
    """Return the peak signal-to-noise ratio in decibels, 10 log₁₀(range² / mean squared error).

    Parameters
    ----------
    reference, image : array_like, shape (H, W) or (H, W, C)
        Two images of one shape.
    data_range : float, optional
        The distance from black to white. May be left out if both images are uint8: 255.

    Returns
    -------
    float
        In dB; infinite for equal images. Halving the root-mean-square error adds 6 dB.

    Raises
    ------
    ValueError
        If the shapes differ, or ``data_range`` is missing for other dtypes or not positive.

    Notes
    -----
    Equal to :func:`skimage.metrics.peak_signal_noise_ratio`.

    Examples
    --------
    >>> round(psnr([[0.0, 1.0]], [[0.1, 0.9]], data_range=1.0), 6)
    20.0
    """
    first, second, peak = _prepare(reference, image, data_range)
    mean_squared_error = np.mean((first - second) ** 2)
    if mean_squared_error == 0:
        return float("inf")
    return float(10 * np.log10(peak**2 / mean_squared_error))


def ssim(reference: ArrayLike, image: ArrayLike, data_range: float | None = None) -> float:
    """Return the mean structural similarity of two images.

    Mean, variance and covariance are taken under an 11×11 Gaussian window (σ = 1.5) at each pixel
    that is 5 or more from the border; similarity is their agreement in brightness times that in
    contrast and structure, averaged over pixels and channels.

    Parameters
    ----------
    reference, image : array_like, shape (H, W) or (H, W, C)
        Two images of one shape, 11×11 or larger.
    data_range : float, optional
        The distance from black to white. May be left out if both images are uint8: 255.

    Returns
    -------
    float
        At most 1, which equal images have.

    Raises
    ------
    ValueError
        As :func:`psnr`, and if an image is smaller than 11×11.

    Notes
    -----
    Equal to :func:`skimage.metrics.structural_similarity` with ``gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False``, the settings of the paper.

    References
    ----------
    Z. Wang, A. C. Bovik, H. R. Sheikh and E. P. Simoncelli, "Image quality assessment: from error
    visibility to structural similarity", IEEE Trans. Image Processing 13(4), 2004, eq. 13.
    """
    x, y, peak = _prepare(reference, image, data_range)
    if min(x.shape[:2]) < 11:
        raise ValueError(f"reference and image must be 11×11 or larger, got shape {x.shape}")

    def local_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return gaussian_filter(values, sigma=1.5, size=11)[5:-5, 5:-5]

    mean_x, mean_y = local_mean(x), local_mean(y)
    variance_x = local_mean(x * x) - mean_x**2
    variance_y = local_mean(y * y) - mean_y**2
    covariance = local_mean(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    brightness = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * covariance + c2) / (variance_x + variance_y + c2)
    return float(np.mean(brightness * structure))
