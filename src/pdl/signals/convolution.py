"""Convolution and correlation of images.

The three ``convolve_…`` functions compute one thing, the samples for which the kernel lies wholly
inside the image, in three ways. :func:`convolve2d` surrounds the image with what the mode and the
boundary ask for, then calls one of them on each channel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from scipy.fft import next_fast_len

from pdl._validation import check_choice, check_image, check_integer, check_kernel

MODES = ("full", "same", "valid")

# Our name (as in scipy.ndimage, save for "zero") and NumPy's name of the same extension.
BOUNDARIES = {"zero": "constant", "reflect": "symmetric", "nearest": "edge", "wrap": "wrap"}


def convolve_loops(image: NDArray[Any], kernel: NDArray[Any]) -> NDArray[np.float64]:
    """Convolve by four nested loops, as the formula reads; mode ``"valid"``, one channel.

    y[m, n] = Σ_i Σ_j kernel[i, j] · image[m + K − 1 − i, n + L − 1 − j]

    Parameters
    ----------
    image : ndarray, shape (H, W)
        At least as large as the kernel.
    kernel : ndarray, shape (K, L)

    Returns
    -------
    ndarray of float64, shape (H − K + 1, W − L + 1)
    """
    image, kernel = image.astype(np.float64), kernel.astype(np.float64)
    (height, width), (rows, columns) = image.shape, kernel.shape
    result = np.zeros((height - rows + 1, width - columns + 1))
    for m in range(result.shape[0]):
        for n in range(result.shape[1]):
            total = 0.0
            for i in range(rows):
                for j in range(columns):
                    total += kernel[i, j] * image[m + rows - 1 - i, n + columns - 1 - j]
            result[m, n] = total
    return result


def convolve_windows(image: NDArray[Any], kernel: NDArray[Any]) -> NDArray[np.float64]:
    """Convolve by a view of all windows of the image; mode ``"valid"``, one channel.

    ``windows[m, n]`` is the K×L part of the image whose upper left pixel is (m, n): a view, which
    copies nothing. Each window is multiplied by the flipped kernel and summed.

    Parameters
    ----------
    image : ndarray, shape (H, W)
        At least as large as the kernel.
    kernel : ndarray, shape (K, L)

    Returns
    -------
    ndarray of float64, shape (H − K + 1, W − L + 1)
    """
    windows = sliding_window_view(image.astype(np.float64), kernel.shape)
    flipped = kernel[::-1, ::-1]
    result: NDArray[np.float64] = np.einsum("mnij,ij->mn", windows, flipped)
    return result


def convolve_fft(image: NDArray[Any], kernel: NDArray[Any]) -> NDArray[np.float64]:
    """Convolve by multiplying Fourier transforms; mode ``"valid"``, one channel.

    The product of two discrete Fourier transforms is the transform of a *circular* convolution.
    What wraps round reaches only the first K − 1 rows and L − 1 columns; the rest is the valid
    part, correct to rounding (about 1e-15 of the largest value). Zeros are appended up to the
    next size that the transform is quick for: a prime size can take several times as long.

    Parameters
    ----------
    image : ndarray, shape (H, W)
        At least as large as the kernel.
    kernel : ndarray, shape (K, L)

    Returns
    -------
    ndarray of float64, shape (H − K + 1, W − L + 1)
    """
    # NumPy transforms float32 in single precision.
    image, kernel = image.astype(np.float64), kernel.astype(np.float64)
    (height, width), (rows, columns) = image.shape, kernel.shape
    sizes = [next_fast_len(size, real=True) for size in image.shape]
    spectrum = np.fft.rfft2(image, s=sizes) * np.fft.rfft2(kernel, s=sizes)
    circular = np.fft.irfft2(spectrum, s=sizes)
    return circular[rows - 1 : height, columns - 1 : width]


METHODS: dict[str, Callable[[NDArray[Any], NDArray[Any]], NDArray[np.float64]]] = {
    "loops": convolve_loops,
    "windows": convolve_windows,
    "fft": convolve_fft,
}


def pad(
    image: ArrayLike, before: tuple[int, int], after: tuple[int, int], boundary: str = "zero"
) -> NDArray[Any]:
    """Surround an image by rows and columns made up according to ``boundary``.

    ===========  ====================  =============  ====================  =============
    boundary     a b c d continues as  scipy.ndimage  OpenCV                numpy.pad
    ===========  ====================  =============  ====================  =============
    ``zero``     0 0 [a b c d] 0 0     ``constant``   ``BORDER_CONSTANT``   ``constant``
    ``reflect``  b a [a b c d] d c     ``reflect``    ``BORDER_REFLECT``    ``symmetric``
    ``nearest``  a a [a b c d] d d     ``nearest``    ``BORDER_REPLICATE``  ``edge``
    ``wrap``     c d [a b c d] a b     ``grid-wrap``  ``BORDER_WRAP``       ``wrap``
    ===========  ====================  =============  ====================  =============

    Names differ between libraries: what NumPy and PyTorch call *reflect* (c b [a b c d] c b,
    the edge pixel not repeated) is ``mirror`` in scipy.ndimage and ``BORDER_REFLECT_101``,
    OpenCV's default; it is not offered here.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, C)
    before, after : tuple of two int
        Rows and columns to add above and left, and below and right.
    boundary : {"zero", "reflect", "nearest", "wrap"}

    Returns
    -------
    ndarray, dtype of ``image``

    Raises
    ------
    ValueError
        If the boundary is unknown, a width is negative or the image has not the shape of one.

    Examples
    --------
    >>> pad([[1, 2, 3]], (0, 2), (0, 2), boundary="reflect")
    array([[2, 1, 1, 2, 3, 3, 2]])
    """
    checked = check_image(image)
    check_choice(boundary, "boundary", BOUNDARIES)
    for width in (*before, *after):
        check_integer(width, "before and after", minimum=0)
    widths = [(before[0], after[0]), (before[1], after[1])] + [(0, 0)] * (checked.ndim - 2)
    numpy_mode: Any = BOUNDARIES[boundary]
    return np.pad(checked, widths, mode=numpy_mode)


def convolve2d(
    image: ArrayLike,
    kernel: ArrayLike,
    mode: str = "same",
    boundary: str = "zero",
    method: str = "windows",
) -> NDArray[np.float64]:
    """Convolve an image with a kernel, channel by channel.

    y[m, n] = Σ_i Σ_j kernel[i, j] · image[m + a − i, n + b − j], where (a, b) is the kernel's
    anchor, ((K − 1) // 2, (L − 1) // 2) in mode ``"same"``: its centre if both sizes are odd. The
    kernel is read backwards; :func:`correlate2d` reads it forwards.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, C)
        Booleans, integers or floats; computed in float64, so uint8 neither wraps nor saturates.
    kernel : array_like, shape (K, L)
        Odd or even sizes; it may be larger than the image except in mode ``"valid"``.
    mode : {"same", "full", "valid"}
        ``"same"``: as large as the image. ``"full"``: (H + K − 1)×(W + L − 1), every position in
        which kernel and image overlap. ``"valid"``: (H − K + 1)×(W − L + 1), every position in
        which the kernel lies wholly inside.
    boundary : {"zero", "reflect", "nearest", "wrap"}
        What lies outside the image, see :func:`pad`. Modes ``"full"`` and ``"valid"`` take
        ``"zero"`` only.
    method : {"windows", "loops", "fft"}
        How it is computed; the results agree to rounding. ``"loops"`` is for reading, ``"fft"``
        is the quickest for large kernels.

    Returns
    -------
    ndarray of float64
        With the channels of the image, if it has any, as the last axis.

    Raises
    ------
    TypeError
        If an array holds something else than real numbers.
    ValueError
        If a shape, the mode, the boundary or the method is not one of those above.

    Notes
    -----
    Equal to :func:`scipy.signal.convolve2d`. :func:`scipy.ndimage.convolve` anchors a kernel of
    even size one pixel later, at K // 2.

    Examples
    --------
    >>> convolve2d([[4, 5]], [[1, 2]], mode="full")
    array([[ 4., 13., 10.]])
    """
    weights = check_kernel(kernel)
    rows, columns = weights.shape
    return _convolve(image, weights, ((rows - 1) // 2, (columns - 1) // 2), mode, boundary, method)


def correlate2d(
    image: ArrayLike,
    kernel: ArrayLike,
    mode: str = "same",
    boundary: str = "zero",
    method: str = "windows",
) -> NDArray[np.float64]:
    """Cross-correlate an image with a kernel: slide it without flipping, channel by channel.

    y[m, n] = Σ_i Σ_j kernel[i, j] · image[m − a + i, n − b + j], with the anchor (a, b) of
    :func:`convolve2d`. Deep-learning libraries compute this and call it convolution.

    Parameters
    ----------
    image, kernel, mode, boundary, method
        As in :func:`convolve2d`.

    Returns
    -------
    ndarray of float64
        With the channels of the image, if it has any, as the last axis.

    Raises
    ------
    TypeError, ValueError
        As :func:`convolve2d`.

    Notes
    -----
    Equal to :func:`scipy.signal.correlate2d`, and in mode ``"valid"`` to
    :func:`torch.nn.functional.conv2d`.

    Examples
    --------
    >>> correlate2d([[4, 5, 6]], [[1, 2]], mode="valid")
    array([[14., 17.]])
    """
    weights = check_kernel(kernel)
    rows, columns = weights.shape
    # Flipping carries the anchor from (K − 1) // 2 to K − 1 − (K − 1) // 2, which is K // 2.
    return _convolve(image, weights[::-1, ::-1], (rows // 2, columns // 2), mode, boundary, method)


def _convolve(
    image: ArrayLike,
    kernel: NDArray[np.float64],
    anchor: tuple[int, int],
    mode: str,
    boundary: str,
    method: str,
) -> NDArray[np.float64]:
    """Pad the image as mode and boundary ask, then convolve each channel."""
    checked = check_image(image)
    check_choice(mode, "mode", MODES)
    check_choice(boundary, "boundary", BOUNDARIES)
    convolve = METHODS[check_choice(method, "method", METHODS)]
    if mode != "same" and boundary != "zero":
        raise ValueError(
            f"boundary must be 'zero' in mode {mode!r}, got {boundary!r}: other boundaries are "
            "defined for mode 'same' only"
        )
    (rows, columns), (height, width) = kernel.shape, checked.shape[:2]
    if mode == "full":
        before = after = (rows - 1, columns - 1)
    elif mode == "same":
        before, after = (rows - 1 - anchor[0], columns - 1 - anchor[1]), anchor
    else:
        before = after = (0, 0)
        if rows > height or columns > width:
            raise ValueError(
                f"kernel of shape {kernel.shape} does not fit into the image of shape "
                f"{(height, width)}, as mode 'valid' needs"
            )
    padded = pad(checked, before, after, boundary)
    if padded.ndim == 2:
        return convolve(padded, kernel)
    channels = [convolve(padded[..., c], kernel) for c in range(padded.shape[2])]
    return np.stack(channels, axis=-1)
