"""Noise to test filters with, on images of 8 bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_fraction, check_generator, check_image, check_nonnegative


def _check_uint8(image: ArrayLike) -> NDArray[np.uint8]:
    checked = check_image(image)
    if checked.dtype != np.uint8:
        raise TypeError(
            f"image must be uint8, 0 to 255, got dtype {checked.dtype}; an image of floats in "
            "[0, 1] becomes one by np.rint(255 * image).astype(np.uint8)"
        )
    return checked


def add_gaussian_noise(
    image: ArrayLike, variance: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Add independent normal noise of mean 0 to each value, then round and clip to 0 … 255.

    Parameters
    ----------
    image : array_like of uint8, shape (H, W) or (H, W, C)
    variance : float
        In squared gray levels, 0 or greater; 100 is a standard deviation of 10 levels. Clipping
        takes some of it away where the image is nearly black or white.
    rng : numpy.random.Generator
        The source of randomness, e.g. ``np.random.default_rng(0)``.

    Returns
    -------
    ndarray of uint8, shape of ``image``

    Raises
    ------
    TypeError
        If the image is not uint8 or ``rng`` not a Generator.
    ValueError
        If ``variance`` is negative.

    Examples
    --------
    >>> gray = np.full((2, 3), 128, dtype=np.uint8)
    >>> add_gaussian_noise(gray, 100, np.random.default_rng(0))
    array([[129, 127, 134],
           [129, 123, 132]], dtype=uint8)
    """
    checked = _check_uint8(image)
    variance = check_nonnegative(variance, "variance")
    noise = check_generator(rng).normal(0.0, np.sqrt(variance), checked.shape)
    return np.clip(np.rint(checked + noise), 0, 255).astype(np.uint8)


def add_salt_and_pepper(
    image: ArrayLike, fraction: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Replace a fraction of the pixels, half of them by white and half by black.

    Parameters
    ----------
    image : array_like of uint8, shape (H, W) or (H, W, C)
    fraction : float
        Which part of the H·W pixels is replaced, 0 to 1. Exactly round(fraction·H·W) different
        pixels are drawn; of an odd number, the one over becomes black. In a colour image a pixel
        is replaced in all channels.
    rng : numpy.random.Generator
        The source of randomness, e.g. ``np.random.default_rng(0)``.

    Returns
    -------
    ndarray of uint8, shape of ``image``

    Raises
    ------
    TypeError
        If the image is not uint8 or ``rng`` not a Generator.
    ValueError
        If ``fraction`` does not lie in [0, 1].

    Examples
    --------
    >>> gray = np.full((2, 4), 128, dtype=np.uint8)
    >>> noisy = add_salt_and_pepper(gray, 0.5, np.random.default_rng(0))
    >>> sorted(noisy.ravel().tolist())
    [0, 0, 128, 128, 128, 128, 255, 255]
    """
    noisy = _check_uint8(image).copy()
    height, width = noisy.shape[:2]
    count = round(check_fraction(fraction, "fraction") * height * width)
    chosen = check_generator(rng).choice(height * width, size=count, replace=False)
    rows, columns = np.divmod(chosen, width)
    salt = count // 2
    noisy[rows[:salt], columns[:salt]] = 255
    noisy[rows[salt:], columns[salt:]] = 0
    return noisy
