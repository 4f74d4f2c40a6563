"""What a kernel does to each spatial frequency."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_integer, check_kernel


def frequency_response(kernel: ArrayLike, shape: tuple[int, int]) -> NDArray[np.complex128]:
    """Return a kernel's transfer function in the order of :func:`numpy.fft.fft2`.

    H[u, v] = Σ_i Σ_j kernel[i, j] exp(−2πi (u (i − a) / rows + v (j − b) / columns)), where (a, b)
    is the anchor of :func:`pdl.signals.convolve2d`. Multiplying the transform of an image by it is
    ``convolve2d(image, kernel, boundary="wrap")``.

    Parameters
    ----------
    kernel : array_like, shape (K, L)
    shape : tuple of two int
        (rows, columns) of the image, at least those of the kernel.

    Returns
    -------
    ndarray of complex128, shape ``shape``
        Element [0, 0] belongs to frequency zero: the sum of the kernel.

    Raises
    ------
    ValueError
        If the kernel is larger than ``shape``.

    Examples
    --------
    >>> frequency_response([[1, -1]], (1, 2)).real
    array([[0., 2.]])
    """
    weights = check_kernel(kernel)
    if len(shape) != 2:
        raise ValueError(f"shape must be (rows, columns), got {shape!r}")
    for size, kernel_size in zip(shape, weights.shape, strict=True):
        check_integer(size, "shape", minimum=1)
        if size < kernel_size:
            raise ValueError(
                f"shape must be at least the kernel's, {weights.shape}, got {tuple(shape)}"
            )
    extended = np.zeros(shape)
    extended[: weights.shape[0], : weights.shape[1]] = weights
    anchor = ((weights.shape[0] - 1) // 2, (weights.shape[1] - 1) // 2)
    # The anchor goes to index [0, 0], or the filter would also shift the image.
    extended = np.roll(extended, (-anchor[0], -anchor[1]), axis=(0, 1))
    return np.fft.fft2(extended)


def transfer_function(kernel: ArrayLike, shape: tuple[int, int]) -> NDArray[np.complex128]:
    """Return a kernel's transfer function with frequency zero in the middle, for a picture.

    Parameters
    ----------
    kernel : array_like, shape (K, L)
    shape : tuple of two int
        How many frequencies (down, across), at least the kernel's shape.

    Returns
    -------
    ndarray of complex128, shape ``shape``
        Frequency zero is element [rows // 2, columns // 2]. The frequencies along an axis of n
        elements are ``np.fft.fftshift(np.fft.fftfreq(n))`` in cycles a pixel, −½ to ½. Real if
        the kernel is the same upside down and left to right, imaginary for a derivative.

    Raises
    ------
    ValueError
        If the kernel is larger than ``shape``.

    Examples
    --------
    >>> transfer_function([[0.25, 0.5, 0.25]], (1, 4)).real
    array([[0. , 0.5, 1. , 0.5]])
    """
    return np.fft.fftshift(frequency_response(kernel, shape))
