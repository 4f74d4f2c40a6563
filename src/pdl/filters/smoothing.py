"""Gaussian smoothing in two passes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl.filters.kernels import gaussian_weights
from pdl.signals import convolve2d


def gaussian_filter(image: ArrayLike, sigma: float, size: int | None = None) -> NDArray[np.float64]:
    """Smooth an image with a Gaussian: down the columns, then along the rows.

    The Gaussian kernel is separable, so two passes with ``size`` weights each give what one pass
    with size² weights gives. The border is reflected.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, C)
        Any real dtype; channels are smoothed one by one.
    sigma : float
        Standard deviation in pixels, greater than 0.
    size : int, optional
        Number of weights, odd; by default up to 4σ from the centre.

    Returns
    -------
    ndarray of float64, shape of ``image``
        In the image's own units.

    Raises
    ------
    ValueError
        If ``sigma``, ``size`` or the image's shape is not as above.

    Notes
    -----
    Equal to :func:`scipy.ndimage.gaussian_filter` with its default mode and truncation.

    Examples
    --------
    >>> gaussian_filter([[0, 0, 9, 0, 0]], sigma=1, size=3).round(2)
    array([[0.  , 2.47, 4.07, 2.47, 0.  ]])
    """
    weights = gaussian_weights(sigma, size)
    smoothed = convolve2d(image, weights[:, np.newaxis], boundary="reflect")
    return convolve2d(smoothed, weights[np.newaxis, :], boundary="reflect")
