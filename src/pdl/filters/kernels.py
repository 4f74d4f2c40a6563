"""Kernels for :func:`pdl.signals.convolve2d`.

Signs are those of a true convolution, which reads the kernel backwards. x grows to the right and
y *upwards*, as in a plot, though the row index of an image grows downwards.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_integer, check_odd, check_positive
from pdl.signals import impulse


def _constant(values: ArrayLike) -> NDArray[np.float64]:
    """Return a read-only array: a kernel that everybody shares must not be written to."""
    kernel = np.array(values, dtype=np.float64)
    kernel.setflags(write=False)
    return kernel


#: x[n + 1] − x[n]; transposed, the difference to the row below.
FORWARD_DIFFERENCE = _constant([[1, -1, 0]])

#: x[n] − x[n − 1].
BACKWARD_DIFFERENCE = _constant([[0, 1, -1]])

#: ½ (x[n + 1] − x[n − 1]).
CENTRAL_DIFFERENCE = _constant([[0.5, 0, -0.5]])

#: Positive where brightness grows to the right: responds to vertical edges.
SOBEL_X = _constant([[1, 0, -1], [2, 0, -2], [1, 0, -1]])

#: Positive where brightness grows upwards: responds to horizontal edges.
SOBEL_Y = _constant([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])

#: The sum of the second differences along x and y.
LAPLACIAN = _constant([[0, 1, 0], [1, -4, 1], [0, 1, 0]])


def identity_kernel(size: int = 3) -> NDArray[np.float64]:
    """Return the size×size kernel that leaves every image as it is.

    Parameters
    ----------
    size : int
        1 or greater.

    Returns
    -------
    ndarray of float64, shape (size, size)

    Examples
    --------
    >>> identity_kernel(3)
    array([[0., 0., 0.],
           [0., 1., 0.],
           [0., 0., 0.]])
    """
    size = check_integer(size, "size", minimum=1)
    return impulse((size, size))


def mean_kernel(size: int = 3) -> NDArray[np.float64]:
    """Return the size×size kernel of the mean filter, each entry 1 / size².

    Parameters
    ----------
    size : int
        1 or greater. An even size moves the image by half a pixel.

    Returns
    -------
    ndarray of float64, shape (size, size)
        Its sum is 1, so the mean brightness stays.

    Examples
    --------
    >>> mean_kernel(2)
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    size = check_integer(size, "size", minimum=1)
    return np.full((size, size), 1.0 / size**2)


def gaussian_weights(sigma: float, size: int | None = None) -> NDArray[np.float64]:
    """Return samples of exp(−t² / (2σ²)) at t = −r … r, divided by their sum.

    Parameters
    ----------
    sigma : float
        Standard deviation σ in pixels, greater than 0.
    size : int, optional
        Number of samples 2r + 1, odd: with an even number none would lie at the peak, and the
        filter would move the image by half a pixel. By default r is 4σ rounded to the nearest
        whole number, as in :func:`scipy.ndimage.gaussian_filter`.

    Returns
    -------
    ndarray of float64, shape (size,)
        Their sum is 1, so the mean brightness stays.

    Raises
    ------
    ValueError
        If ``sigma`` is not positive or ``size`` is not an odd positive number.

    Examples
    --------
    >>> gaussian_weights(1.0, size=3).round(4)
    array([0.2741, 0.4519, 0.2741])
    """
    sigma = check_positive(sigma, "sigma")
    radius = int(4 * sigma + 0.5) if size is None else check_odd(size, "size") // 2
    t = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (t / sigma) ** 2)
    return np.asarray(weights / weights.sum())


def gaussian_kernel(sigma: float, size: int | None = None) -> NDArray[np.float64]:
    """Return a Gaussian kernel, the outer product of :func:`gaussian_weights` with itself.

    Parameters
    ----------
    sigma : float
        Standard deviation in pixels, greater than 0.
    size : int, optional
        Rows and columns, odd; by default large enough to reach 4σ from the centre.

    Returns
    -------
    ndarray of float64, shape (size, size)
        Its sum is 1.

    Raises
    ------
    ValueError
        If ``sigma`` is not positive or ``size`` is not an odd positive number.

    Examples
    --------
    >>> gaussian_kernel(1.0).shape
    (9, 9)
    """
    weights = gaussian_weights(sigma, size)
    return np.outer(weights, weights)
