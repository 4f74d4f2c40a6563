"""The median filter, which no kernel can express."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_image, check_odd
from pdl.signals import pad


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
    # Row by row: the windows of a whole image would take size² times its memory.
    for row, row_windows in enumerate(windows):
        values = row_windows.reshape(*checked.shape[1:], size * size)
        result[row] = np.partition(values, middle, axis=-1)[..., middle]
    return result
