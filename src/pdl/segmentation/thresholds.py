"""Thresholds between the two peaks of a histogram."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl.segmentation.histograms import histogram, plain_number

MAX_SMOOTHINGS = 10_000


class Peaks(NamedTuple):
    """A histogram smoothed until it has two peaks.

    Attributes
    ----------
    levels : ndarray, shape (L,)
        The gray levels.
    smoothed : ndarray of float64, shape (L,)
        The smoothed number of pixels at each level.
    low, high : int
        The indices of the two peaks, so that ``levels[low]`` is the darker one.
    """

    levels: NDArray[Any]
    smoothed: NDArray[np.float64]
    low: int
    high: int


def histogram_peaks(image: ArrayLike, bins: int = 256) -> Peaks:
    """Smooth the histogram with a running mean of three levels until two peaks are left.

    Thresholds between the two peaks are of Prewitt and Mendelsohn [1]_, the smoothing of
    Glasbey [2]_. It suits images with two populations of
    pixels; with a single one, or with three equal ones, no amount of smoothing leaves two peaks.

    Parameters
    ----------
    image : array_like, shape (H, W)
        A grayscale image.
    bins : int
        The bins of a floating-point image; integer images use every level.

    Returns
    -------
    Peaks
        The smoothed histogram and the indices of its two peaks.

    Raises
    ------
    TypeError, ValueError
        If the image is not a grayscale image of finite numbers, or its histogram is not bimodal.

    Notes
    -----
    A peak has a fall behind it: the brightest level of all is none, as in
    ``skimage.filters.threshold_minimum``. An image of only two levels is therefore refused.

    References
    ----------
    .. [1] J. M. S. Prewitt and M. L. Mendelsohn, "The analysis of cell images", Annals of the New
       York Academy of Sciences 128 (3), 1035-1053, 1966. doi:10.1111/j.1749-6632.1965.tb11715.x
    .. [2] C. A. Glasbey, "An analysis of histogram-based thresholding algorithms", CVGIP:
       Graphical Models and Image Processing 55 (6), 532-537, 1993. doi:10.1006/cgip.1993.1040
    """
    levels, counts = histogram(image, bins)
    smoothed = counts.astype(np.float64)
    peaks = _peak_indices(smoothed)
    for _ in range(MAX_SMOOTHINGS):
        padded = np.pad(smoothed, 1, mode="edge")
        smoothed = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
        peaks = _peak_indices(smoothed)
        if len(peaks) <= 2:
            break
    if len(peaks) != 2:
        raise ValueError(
            f"image must have a bimodal histogram (two peaks after smoothing), got {len(peaks)}"
        )
    return Peaks(levels, smoothed, peaks[0], peaks[1])


def _peak_indices(counts: NDArray[np.float64]) -> list[int]:
    """Return where the counts stop rising and fall; a plateau is one peak, at its last level."""
    peaks = []
    rising = True
    for index in range(len(counts) - 1):
        if rising and counts[index + 1] < counts[index]:
            peaks.append(index)
            rising = False
        elif counts[index + 1] > counts[index]:
            rising = True
    return peaks


def threshold_peaks(image: ArrayLike, bins: int = 256) -> float:
    """Return the mean of the two peaks of the smoothed histogram.

    Parameters
    ----------
    image : array_like, shape (H, W)
        A grayscale image with a bimodal histogram.
    bins : int
        The bins of a floating-point image; integer images use every level.

    Returns
    -------
    float
        The threshold, in the image's own units: ``image > threshold`` is the foreground.

    Raises
    ------
    TypeError, ValueError
        If the image is not a grayscale image of finite numbers, or its histogram is not bimodal.

    See Also
    --------
    threshold_valley, histogram_peaks

    Examples
    --------
    >>> import numpy as np
    >>> levels, counts = [2, 3, 4, 5, 6, 9, 10, 11, 12, 13], [1, 3, 6, 3, 1, 1, 3, 6, 3, 1]
    >>> threshold_peaks(np.repeat([levels], counts, axis=1))
    7.5
    """
    levels, _, low, high = histogram_peaks(image, bins)
    return float(levels[low] / 2 + levels[high] / 2)  # the sum could overflow


def threshold_valley(image: ArrayLike, bins: int = 256) -> int | float:
    """Return the level of the lowest point between the two peaks of the smoothed histogram.

    Parameters
    ----------
    image : array_like, shape (H, W)
        A grayscale image with a bimodal histogram.
    bins : int
        The bins of a floating-point image; integer images use every level.

    Returns
    -------
    int or float
        The threshold, in the image's own units: ``image > threshold`` is the foreground. Where
        several levels are equally low, the lowest of them.

    Raises
    ------
    TypeError, ValueError
        If the image is not a grayscale image of finite numbers, or its histogram is not bimodal.

    See Also
    --------
    threshold_peaks, histogram_peaks

    Examples
    --------
    >>> import numpy as np
    >>> levels, counts = [2, 3, 4, 5, 6, 9, 10, 11, 12, 13], [1, 3, 6, 3, 1, 1, 3, 6, 3, 1]
    >>> threshold_valley(np.repeat([levels], counts, axis=1))
    7
    """
    levels, smoothed, low, high = histogram_peaks(image, bins)
    return plain_number(levels[low + np.argmin(smoothed[low : high + 1])])
