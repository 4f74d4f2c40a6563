"""The Sobel gradient."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl.signals import pad


class Gradient(NamedTuple):
    """The gradient of an image, four arrays of the image's shape.

    Attributes
    ----------
    gradient_x : ndarray of float64
        Positive where brightness grows to the right: strong at vertical edges.
    gradient_y : ndarray of float64
        Positive where brightness grows upwards: strong at horizontal edges.
    magnitude : ndarray of float64
        √(gradient_x² + gradient_y²).
    direction : ndarray of float64
        Where brightness grows fastest: radians in [−π, π], counter-clockwise from the right as
        one sees it on the page; 0 where the magnitude is 0. The edge runs across it.
    """

    gradient_x: NDArray[np.float64]
    gradient_y: NDArray[np.float64]
    magnitude: NDArray[np.float64]
    direction: NDArray[np.float64]


def sobel(image: ArrayLike) -> Gradient:
    """Return the gradient of an image by the two Sobel kernels.

    Each takes a central difference across the edge and smooths by [1, 2, 1] along it, one after
    the other, as the kernels are separable. They are not normalised: a ramp that rises by 1 a
    pixel has magnitude 8, and a sharp step of height a reaches 4a.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, C)
        Any real dtype; channels are treated one by one. The border is reflected.

    Returns
    -------
    Gradient
        gradient_x, gradient_y, magnitude, direction.

    Raises
    ------
    ValueError
        If the image has not the shape of one.

    Notes
    -----
    ``gradient_x`` equals ``scipy.ndimage.sobel(image, axis=1)`` on floats, ``gradient_y`` equals
    ``-scipy.ndimage.sobel(image, axis=0)``: there the second axis points down.
    :func:`skimage.filters.sobel` divides by 4 and its magnitude by √2 as well.

    References
    ----------
    I. Sobel and G. Feldman, "A 3×3 isotropic gradient operator for image processing", talk at the
    Stanford Artificial Intelligence Project, 1968.

    Examples
    --------
    >>> step = np.tile([0, 0, 10, 10], (3, 1))
    >>> sobel(step).magnitude[1]
    array([ 0., 40., 40.,  0.])
    """
    # In float64; adding 0 turns -0.0 into 0.0, as the angle of (-0.0, 0.0) would be π.
    padded = np.add(pad(image, (1, 1), (1, 1), "reflect"), 0, dtype=np.float64)
    rise = padded[:, 2:] - padded[:, :-2]  # the row [1, 0, -1]
    gradient_x = 2 * rise[1:-1] + (rise[:-2] + rise[2:])  # the column [1, 2, 1]
    rise = padded[:-2] - padded[2:]
    gradient_y = 2 * rise[:, 1:-1] + (rise[:, :-2] + rise[:, 2:])
    magnitude = np.sqrt(gradient_x**2 + gradient_y**2)
    direction = np.arctan2(gradient_y, gradient_x)
    return Gradient(gradient_x, gradient_y, magnitude, direction)
