"""The value of an image between its pixels and beyond its border."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_array, check_choice, check_image, check_same_shape
from pdl.signals.convolution import BOUNDARIES

EXACT = 2**53  # up to here float64 holds every integer
FARTHEST = 2.0**31  # pixels; far beyond any image, and near enough for exact whole numbers


def interpolate(
    image: ArrayLike, x: ArrayLike, y: ArrayLike, boundary: str = "zero", order: int = 1
) -> NDArray[Any]:
    """Read an image at points that need not be pixel centres.

    With order 1 (bilinear), the point lies between the columns a = ⌊x⌋ and a + 1 and between the
    rows b = ⌊y⌋ and b + 1. With u = x − a and v = y − b, the value is

        (1 − v) · [(1 − u) · image[b, a] + u · image[b, a + 1]]
            + v · [(1 − u) · image[b + 1, a] + u · image[b + 1, a + 1]].

    With order 0 it is the value of the nearest pixel.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, C)
        Booleans, integers or floats.
    x, y : array_like, of one shape S
        Column and row of each point; pixel centres lie at whole numbers.
    boundary : {"zero", "nearest", "reflect", "wrap"}
        What lies outside the image, see :func:`pdl.signals.pad`. With ``"zero"`` the image fades
        to 0 over one pixel beyond its outermost pixel centres.
    order : {0, 1}

    Returns
    -------
    ndarray, shape S or S + (C,), dtype of ``image``
        Whole numbers are rounded, halves to the even neighbour.
        Images of up to 16 bits and float32 are computed in float32, all others in float64.

    Raises
    ------
    TypeError
        If the image or the points are not real numbers.
    ValueError
        If a shape, the boundary or the order is not one of those above, a point lies 2³¹ or
        more pixels away, or integers beyond 2⁵³ are to be averaged.

    Examples
    --------
    >>> interpolate([[0.0, 10.0], [20.0, 30.0]], x=[0.5], y=[0.25])
    array([10.])
    """
    checked = check_image(image)
    x, y = check_array(x, "x").astype(np.float64), check_array(y, "y").astype(np.float64)
    check_same_shape(x, y, "x", "y")
    for name, positions in (("x", x), ("y", y)):
        if not -FARTHEST < positions.min() <= positions.max() < FARTHEST:
            raise ValueError(f"{name} must lie within 2**31 pixels of the image")
    if check_choice(boundary, "boundary", BOUNDARIES) == "zero":
        checked = with_zero_ring(checked)
        x, y, boundary = x + 1, y + 1, "nearest"
    height, width, *channels = checked.shape
    flat = checked.reshape(height * width, *channels)

    def pixels(row: NDArray[np.intp], column: NDArray[np.intp]) -> NDArray[Any]:
        """Return image[row, column]; one running number for both is quicker to look up."""
        return flat.take(row * width + column, axis=0)

    if order == 0:
        row, column = np.floor(y + 0.5), np.floor(x + 0.5)
        return pixels(inside(row, height, boundary), inside(column, width, boundary))
    if order != 1:
        raise ValueError(f"order must be 0 (nearest) or 1 (bilinear), got {order!r}")
    if checked.dtype.kind in "iu" and checked.dtype.itemsize == 8:
        _check_exact(checked)
    a, b = np.floor(x), np.floor(y)
    precision = np.result_type(checked.dtype, np.float32)
    u, v = (x - a).astype(precision), (y - b).astype(precision)
    if channels:
        u, v = (np.repeat(part[..., np.newaxis], channels[0], axis=-1) for part in (u, v))
    left, right = inside(a, width, boundary), inside(a + 1, width, boundary)
    top, bottom = inside(b, height, boundary), inside(b + 1, height, boundary)
    above = (1 - u) * pixels(top, left) + u * pixels(top, right)
    below = (1 - u) * pixels(bottom, left) + u * pixels(bottom, right)
    result = (1 - v) * above + v * below
    if checked.dtype.kind != "f":
        result = np.rint(result)
    return result.astype(checked.dtype)


def _check_exact(image: NDArray[np.integer]) -> None:
    """Raise ValueError if an integer is too large to be averaged in float64."""
    lowest, highest = int(image.min()), int(image.max())
    if max(-lowest, highest) > EXACT:
        raise ValueError(
            f"image must hold integers from -2**53 to 2**53 to be interpolated bilinearly, got "
            f"{lowest} to {highest}: labels take order=0, measurements float64"
        )


def inside(index: NDArray[Any], size: int, boundary: str) -> NDArray[np.intp]:
    """Return, for each row or column number, the one of 0 … size − 1 that stands for it.

    Parameters
    ----------
    index : ndarray of whole numbers
        Negative ones and those of ``size`` and beyond lie outside the image.
    size : int
        Rows or columns of the image.
    boundary : {"nearest", "reflect", "wrap"}

    Examples
    --------
    >>> inside(np.array([-2, -1, 0, 1, 2, 3, 4]), 3, "reflect")
    array([1, 0, 0, 1, 2, 2, 1])
    """
    if boundary == "nearest":
        return np.clip(index, 0, size - 1).astype(np.intp)
    # There and back again: 0 … size − 1, then size − 1 … 0.
    period = size if boundary == "wrap" else 2 * size
    position = index - period * np.floor(index / period)  # np.mod, several times as quick
    if boundary == "reflect":
        position = np.minimum(position, period - 1 - position)
    return position.astype(np.intp)


def with_zero_ring(image: NDArray[Any]) -> NDArray[Any]:
    """Return the image with one row and one column of zeros on each side."""
    height, width, *channels = image.shape
    ringed = np.zeros((height + 2, width + 2, *channels), image.dtype)
    ringed[1:-1, 1:-1] = image
    return ringed
