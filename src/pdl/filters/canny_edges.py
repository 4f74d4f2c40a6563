"""Canny's edge detector: smooth, differentiate, thin, link."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from pdl._validation import check_image, check_nonnegative
from pdl.filters.edges import Gradient, sobel
from pdl.filters.smoothing import gaussian_filter


def suppress_non_maxima(gradient: Gradient) -> NDArray[np.float64]:
    """Keep the magnitude where it is the largest along the gradient, and set the rest to zero.

    One step ahead along the gradient, the line leaves the pixel's ring of eight neighbours between
    a straight neighbour and a diagonal one; the magnitude there is interpolated linearly between
    the two, and likewise one step behind. A pixel stays if neither is larger than its own.

    Parameters
    ----------
    gradient : Gradient
        Of a gray image, each array of shape (H, W); see :func:`sobel`.

    Returns
    -------
    ndarray of float64, shape (H, W)
        The magnitude or 0. The outermost pixels, which have no ring, are 0.
    """
    magnitude = gradient.magnitude
    height, width = magnitude.shape
    thin = np.zeros_like(magnitude)
    if height < 3 or width < 3:
        return thin
    inner = (slice(1, -1), slice(1, -1))
    rows, columns = np.indices(magnitude.shape)[:, 1:-1, 1:-1]
    across, down = gradient.gradient_x[inner], -gradient.gradient_y[inner]
    row_step, column_step = np.sign(down).astype(int), np.sign(across).astype(int)
    steep = np.abs(down) > np.abs(across)
    longer = np.maximum(np.abs(down), np.abs(across))
    shorter = np.minimum(np.abs(down), np.abs(across))
    weight = np.divide(shorter, longer, out=np.zeros_like(longer), where=longer > 0)
    is_maximum = magnitude[inner] > 0
    for sense in (1, -1):
        straight = magnitude[
            rows + sense * np.where(steep, row_step, 0),
            columns + sense * np.where(steep, 0, column_step),
        ]
        diagonal = magnitude[rows + sense * row_step, columns + sense * column_step]
        is_maximum &= (1 - weight) * straight + weight * diagonal <= magnitude[inner]
    thin[inner] = np.where(is_maximum, magnitude[inner], 0.0)
    return thin


def hysteresis(strength: NDArray[np.float64], low: float, high: float) -> NDArray[np.bool_]:
    """Threshold twice: keep what reaches ``low`` and is connected to what reaches ``high``.

    Parameters
    ----------
    strength : ndarray, shape (H, W)
        0 where there is no candidate.
    low, high : float
        Thresholds in the units of ``strength``, both inclusive, ``low`` ≤ ``high``.

    Returns
    -------
    ndarray of bool, shape (H, W)
        Pixels connect to their eight neighbours.
    """
    weak = (strength > 0) & (strength >= low)
    labels, count = ndimage.label(weak, structure=np.ones((3, 3)))
    holds_strong = np.zeros(count + 1, dtype=bool)
    holds_strong[labels[weak & (strength >= high)]] = True
    return np.asarray(holds_strong[labels])


def canny(image: ArrayLike, sigma: float, low: float, high: float) -> NDArray[np.bool_]:
    """Find edges that are thin, and unbroken where they grow faint.

    Four steps: smooth by a Gaussian; take the Sobel gradient; keep only ridges of its magnitude
    (:func:`suppress_non_maxima`); keep of these the ones that somewhere reach ``high``
    (:func:`hysteresis`).

    Parameters
    ----------
    image : array_like, shape (H, W)
        A gray image of any real dtype.
    sigma : float
        Standard deviation of the smoothing in pixels, greater than 0.
    low, high : float
        Thresholds for the Sobel magnitude of the smoothed image, in its units, with
        0 ≤ low ≤ high. A sharp step of height a gives less than 4a, a gentle one 8 times its
        slope; for uint8, 20 and 50 are a start.

    Returns
    -------
    ndarray of bool, shape (H, W)
        True on edges. The outermost pixels are always False, so an image with fewer than three
        rows or columns has no edges.

    Raises
    ------
    ValueError
        If the image is not gray, ``sigma`` not positive, or the thresholds not in order.

    Notes
    -----
    Equal to ``skimage.feature.canny(image, sigma, low, high, mode="reflect")``, save where two
    magnitudes are the same and rounding decides which is larger. OpenCV's ``Canny`` does not
    smooth, does not interpolate and reads its thresholds on the sum |gradient_x| + |gradient_y|
    unless told otherwise.

    References
    ----------
    J. Canny, "A computational approach to edge detection", IEEE Trans. Pattern Analysis and
    Machine Intelligence 8(6), 1986, pp. 679-698.

    Examples
    --------
    >>> square = np.zeros((32, 32))
    >>> square[8:24, 8:24] = 1
    >>> edges = canny(square, sigma=1, low=0.5, high=1)
    >>> bool(edges[7:9, 16].any()), bool(edges[16, 16])
    (True, False)
    """
    checked = check_image(image, allow_color=False)
    low, high = check_nonnegative(low, "low"), check_nonnegative(high, "high")
    if low > high:
        raise ValueError(f"low must not be greater than high, got {low:g} and {high:g}")
    gradient = sobel(gaussian_filter(checked, sigma))
    return hysteresis(suppress_non_maxima(gradient), low, high)
