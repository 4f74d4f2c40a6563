"""The windows over which a kernel slides, and the way back from windows to the image."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pdl._arrays import Array
from pdl.layers.sizes import Pair, output_size


def pad(x: Array, padding: tuple[Pair, Pair], value: float = 0.0) -> Array:
    """Put ``value`` around the last two axes: (top, bottom), (left, right)."""
    if padding == ((0, 0), (0, 0)):
        return x
    (top, _), (left, _) = padding
    height, width = x.shape[-2:]
    padded = np.full(padded_shape(x.shape, padding), value, x.dtype)
    padded[..., top : top + height, left : left + width] = x
    return padded


def padded_shape(shape: tuple[int, ...], padding: tuple[Pair, Pair]) -> tuple[int, ...]:
    """The shape of :func:`pad`'s result."""
    *others, height, width = shape
    return *others, height + sum(padding[0]), width + sum(padding[1])


def crop(x: Array, padding: tuple[Pair, Pair]) -> Array:
    """Take off the last two axes what :func:`pad` put around them."""
    (top, bottom), (left, right) = padding
    return x[..., top : x.shape[-2] - bottom, left : x.shape[-1] - right]


def windows(x: Array, kernel: Pair, stride: Pair = (1, 1), dilation: Pair = (1, 1)) -> Array:
    """All windows of an image, as a view: nothing is copied.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
        The (padded) images.
    kernel, stride, dilation : (int, int)
        Of rows and columns.

    Returns
    -------
    ndarray, shape (N, C, H', W', K_1, K_2)
        ``result[n, c, i, j, a, b]`` is ``x[n, c, i * stride + a * dilation,
        j * stride + b * dilation]``. It cannot be written to.

    Raises
    ------
    ValueError
        If the kernel does not fit.

    Examples
    --------
    >>> windows(np.arange(9.0).reshape(1, 1, 3, 3), (2, 2))[0, 0, 1, 0]
    array([[3., 4.],
           [6., 7.]])
    """
    for length, taps, step, gap in zip(x.shape[2:], kernel, stride, dilation, strict=True):
        output_size(length, taps, step, 0, gap)
    span_rows, span_columns = (d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    every = sliding_window_view(x, (span_rows, span_columns), axis=(2, 3))
    return every[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def add_windows(
    parts: Array,
    shape: tuple[int, ...],
    stride: Pair = (1, 1),
    dilation: Pair = (1, 1),
) -> Array:
    """Add windows back to where they were taken: the adjoint of :func:`windows`.

    A pixel that several windows had seen gets the sum of what they bring back. That is the whole
    of backpropagation through a sliding window.

    Parameters
    ----------
    parts : ndarray, shape (N, C, H', W', K_1, K_2)
        One array a window.
    shape : (N, C, H, W)
        Of the images from which the windows were taken.
    stride, dilation : (int, int)
        As they were in :func:`windows`.

    Returns
    -------
    ndarray, shape (N, C, H, W)
        The sums.

    Examples
    --------
    >>> ones = np.ones((1, 1, 2, 2, 2, 2))
    >>> add_windows(ones, (1, 1, 3, 3))[0, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    rows, columns, kernel_rows, kernel_columns = parts.shape[2:]
    total = np.zeros(shape, parts.dtype)
    for a in range(kernel_rows):
        for b in range(kernel_columns):
            top, left = a * dilation[0], b * dilation[1]
            total[
                :,
                :,
                top : top + rows * stride[0] : stride[0],
                left : left + columns * stride[1] : stride[1],
            ] += parts[..., a, b]
    return total
