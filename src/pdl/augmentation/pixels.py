"""Changes of the pixels' values that leave everything in its place: brightness, colour, noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_generator, check_image, check_nonnegative, check_number
from pdl.filters import add_gaussian_noise, gaussian_filter

# Red, green and blue in the gray level: those of scikit-image's rgb2gray, as in chapter 1.
LUMINANCE = np.array([0.2125, 0.7154, 0.0721])

ROUNDING = 1e-5  # how far interpolation may carry a float32 image out of [0, 1]


def adjust_colour(
    image: ArrayLike, brightness: float = 0.0, contrast: float = 1.0, saturation: float = 1.0
) -> NDArray[Any]:
    """Change brightness, contrast and saturation of an image.

    With l = 0.2125 R + 0.7154 G + 0.0721 B, the luminance of a pixel, m the mean luminance of the
    image and w white (255 or 1), each value p becomes, one after the other,

        p ← l + saturation · (p − l),
        p ← m + contrast · (p − m) + brightness · w,

    and is clipped to 0 … w.

    Parameters
    ----------
    image : array_like, shape (H, W), (H, W, 1) or (H, W, 3)
        uint8, 0…255, or float in [0, 1]. Three channels are red, green, blue.
    brightness : float
        Added, as a part of white: 0 leaves the image, 0.1 adds 25.5 levels to uint8.
    contrast : float
        0 or greater: 1 leaves the image, 0 makes it uniformly gray.
    saturation : float
        0 or greater: 1 leaves the image, 0 takes its colour away.

    Returns
    -------
    ndarray, shape and dtype of ``image``
        uint8 is rounded, once.

    Raises
    ------
    TypeError
        If the image is neither uint8 nor float.
    ValueError
        If a float image leaves [0, 1], contrast or saturation is negative, or the saturation of
        an image of other than three channels is to be changed.

    Examples
    --------
    >>> adjust_colour(np.array([[40, 80]], np.uint8), brightness=0.2, contrast=0.5)
    array([[101, 121]], dtype=uint8)
    """
    checked, white = check_pixels(image)
    brightness = check_number(brightness, "brightness")
    contrast = check_nonnegative(contrast, "contrast")
    saturation = check_nonnegative(saturation, "saturation")
    coloured = checked.ndim == 3 and checked.shape[2] == 3
    if not coloured and ((checked.ndim == 3 and checked.shape[2] != 1) or saturation != 1):
        raise ValueError(
            "image must have three channels, red, green, blue, or be gray with saturation 1; got "
            f"shape {checked.shape} and saturation {saturation}"
        )
    pixels = checked.astype(np.result_type(checked.dtype, np.float32))
    luminance = pixels
    if coloured:
        luminance = (pixels @ LUMINANCE.astype(pixels.dtype))[..., np.newaxis]
    saturated = luminance + saturation * (pixels - luminance)
    mean = luminance.mean()
    adjusted = mean + contrast * (saturated - mean) + brightness * white
    return to_dtype(adjusted, checked.dtype)


def add_noise(image: ArrayLike, deviation: float, rng: np.random.Generator) -> NDArray[Any]:
    """Add normal noise to a uint8 image, 0…255, or a float image in [0, 1]; the dtype is kept.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, C)
    deviation : float
        Standard deviation as a part of white, 0 or greater: 0.1 is 25.5 levels of uint8.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape and dtype of ``image``
        Clipped to 0…255 or [0, 1]. On uint8 it is :func:`pdl.filters.add_gaussian_noise` with
        the variance (255 · deviation)².

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above.
    """
    checked, white = check_pixels(image)
    deviation = check_nonnegative(deviation, "deviation")
    if checked.dtype == np.uint8:
        return add_gaussian_noise(checked, (white * deviation) ** 2, rng)
    noise = check_generator(rng).normal(0.0, deviation, checked.shape)
    return to_dtype(checked + noise, checked.dtype)


def blur(image: ArrayLike, sigma: float) -> NDArray[Any]:
    """Smooth by :func:`pdl.filters.gaussian_filter` and return the image's own dtype.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, C)
        uint8, 0…255, or float in [0, 1].
    sigma : float
        Standard deviation in pixels, greater than 0.

    Returns
    -------
    ndarray, shape and dtype of ``image``

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above.
    """
    checked, _ = check_pixels(image)
    return to_dtype(gaussian_filter(checked, sigma), checked.dtype)


def check_pixels(image: ArrayLike) -> tuple[NDArray[Any], float]:
    """Return the image and its white: 255 for uint8, 1 for floats; refuse anything else."""
    checked = check_image(image)
    if checked.dtype == np.uint8:
        return checked, 255.0
    if checked.dtype.kind != "f":
        raise TypeError(f"image must be uint8, or float in [0, 1], got dtype {checked.dtype}")
    if checked.min() < -ROUNDING or checked.max() > 1 + ROUNDING:
        raise ValueError(
            "an image of floats must lie in [0, 1], got values from "
            f"{checked.min():g} to {checked.max():g}"
        )
    return checked, 1.0


def to_dtype(pixels: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Clip to 0…255, round and return uint8; or clip to [0, 1] and return the float dtype."""
    if dtype == np.uint8:
        return np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)
    return np.clip(pixels, 0, 1).astype(dtype)
