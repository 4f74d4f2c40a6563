"""The median filter, which no kernel can express."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_image, check_odd
from pdl.signals import pad

MOST_VALUES = 2**20  # of a channel's windows that are in memory at a time


def median_filter(image: ArrayLike, size: int = 3) -> NDArray[Any]:
    """Replace each value by the median of the size×size window round it.

    The median of a sum is not the sum of the medians, so this filter is not linear: it has no
    kernel, no impulse response (a single bright pixel vanishes) and no transfer function.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, C)
        Channels are filtered one by one. The border is reflected.
    size : int
        Rows and columns of the window, odd.

    Returns
    -------
    ndarray, shape and dtype of ``image``
        Each value is one that occurs in the window, so the dtype stays.

    Raises
    ------
    ValueError
        If ``size`` is not an odd positive number, or the image has not the shape of one.

    Notes
    -----
    Equal to :func:`scipy.ndimage.median_filter`.

    References
    ----------
    J. W. Tukey, *Exploratory Data Analysis*, Addison-Wesley, 1977, chapter 7 (running medians).

    Examples
    --------
    >>> median_filter(np.array([[10, 10, 255, 10, 10]], dtype=np.uint8))
    array([[10, 10, 10, 10, 10]], dtype=uint8)
    """
    checked = check_image(image)
    radius = check_odd(size, "size") // 2
    padded = pad(checked, (radius, radius), (radius, radius), boundary="reflect")
    windows = sliding_window_view(padded, (size, size), axis=(0, 1))
    middle = size * size // 2
    result = np.empty_like(checked)
    # Piece by piece: the windows of a whole image would take size² times its memory.
    columns = max(1, MOST_VALUES // (size * size))
    for row, row_windows in enumerate(windows):
        for first in range(0, len(row_windows), columns):
            piece = row_windows[first : first + columns]
            values = piece.reshape(*piece.shape[:-2], size * size)
            medians = np.partition(values, middle, axis=-1)[..., middle]
            result[row, first : first + columns] = medians
    return result
