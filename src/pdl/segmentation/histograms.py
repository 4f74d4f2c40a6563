"""The histogram: how many pixels an image has at each gray level."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_image, check_integer
from pdl.segmentation.scaling import binary_exponent

MAX_LEVELS = 2**16
NARROWEST = 4  # a bin, in the steps of the floating-point numbers near 1


class Histogram(NamedTuple):
    """How many pixels an image has at each level.

    Attributes
    ----------
    levels : ndarray, shape (L,)
        The gray levels in ascending order: every integer from the darkest to the brightest pixel
        of an integer image, the centres of the bins of a floating-point one (or its values, if
        they lie as close together as floating-point numbers can).
    counts : ndarray of int64, shape (L,)
        The number of pixels at each level; the sum is the number of pixels.
    """

    levels: NDArray[Any]
    counts: NDArray[np.int64]


def histogram(image: ArrayLike, bins: int = 256) -> Histogram:
    """Count the pixels at each gray level.

    Parameters
    ----------
    image : array_like, shape (H, W)
        A grayscale image. Take the channels of a colour image one at a time.
    bins : int
        The number of equal bins between the darkest and the brightest pixel of a floating-point
        image. An integer image is counted level by level, whatever ``bins`` is.

    Returns
    -------
    Histogram
        ``levels`` and ``counts``, both of shape (L,).

    Raises
    ------
    TypeError, ValueError
        If the image is not a grayscale image of finite numbers, or spans more than 65 536 integer
        levels.

    Examples
    --------
    >>> import numpy as np
    >>> levels, counts = histogram(np.array([[3, 5], [5, 5]], dtype=np.uint8))
    >>> levels.tolist(), counts.tolist()
    ([3, 4, 5], [1, 0, 3])
    """
    image = check_image(image, allow_color=False)
    bins = check_integer(bins, "bins", minimum=2)
    if image.dtype.kind == "f":
        return _of_floats(image, bins)
    darkest, brightest = int(image.min()), int(image.max())
    if brightest - darkest >= MAX_LEVELS:
        raise ValueError(
            f"image must span at most {MAX_LEVELS} integer levels, got {darkest} to {brightest}; "
            "convert it to float to have it binned"
        )
    # Unsigned, a difference is right for every dtype, as it is taken modulo 2**bits.
    unsigned = np.dtype(f"u{image.itemsize}")
    above_darkest = image.astype(unsigned) - image.min().astype(unsigned)
    counts = np.bincount(above_darkest.ravel().astype(np.intp))
    dtype = np.uint64 if brightest > np.iinfo(np.int64).max else np.int64
    return Histogram(dtype(darkest) + np.arange(len(counts), dtype=dtype), counts.astype(np.int64))


def _of_floats(image: NDArray[np.floating], bins: int) -> Histogram:
    """Count the pixels in bins of one width."""
    exponent = binary_exponent(image)
    scaled = np.ldexp(image, -exponent)
    if scaled.max() - scaled.min() <= bins * NARROWEST * np.finfo(image.dtype).eps:
        scaled_levels, counts = np.unique(scaled, return_counts=True)
    else:
        counts, edges = np.histogram(scaled.astype(np.float64), bins=bins)
        scaled_levels = (edges[:-1] + edges[1:]) / 2
    levels = np.ldexp(scaled_levels.astype(np.float64), exponent)
    return Histogram(levels, counts.astype(np.int64))


def plain_number(level: np.integer | np.floating) -> int | float:
    """Return a level as a plain Python number, which compares with an image of any dtype."""
    number: int | float = level.item()
    return number
