"""Restoring an image: unsharp masking and the Wiener filter."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_array, check_image, check_number
from pdl.filters.frequency import frequency_response
from pdl.filters.smoothing import gaussian_filter


def unsharp_mask(image: ArrayLike, sigma: float, amount: float) -> NDArray[np.float64]:
    """Sharpen: image + amount · (image − blurred image).

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, C)
        Any real dtype.
    sigma : float
        Standard deviation of the Gaussian blur in pixels, greater than 0.
    amount : float
        How much of the difference is added; 0 returns the image.

    Returns
    -------
    ndarray of float64, shape of ``image``
        In the image's units and *not clipped*: edges overshoot. To get a uint8 image,
        ``np.rint(np.clip(result, 0, 255)).astype(np.uint8)``.

    Raises
    ------
    ValueError
        If ``sigma`` is not positive or the image has not the shape of one.

    Notes
    -----
    Equal to ``skimage.filters.unsharp_mask(image, sigma, amount, preserve_range=True)``; without
    ``preserve_range`` that function rescales to [0, 1] and clips.

    Examples
    --------
    >>> unsharp_mask([[0, 0, 8, 8]], sigma=0.5, amount=1)[0, 1:3].round(1)
    array([-0.9,  8.9])
    """
    original = check_image(image).astype(np.float64)
    amount = check_number(amount, "amount")
    return original + amount * (original - gaussian_filter(original, sigma))


def wiener(
    image: ArrayLike, kernel: ArrayLike, noise_to_signal: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Undo a known blur by the Wiener filter.

    Where the blur left a frequency strong, dividing by its transfer function H undoes it; where it
    left next to nothing, dividing would amplify noise. The filter

        G = H* / (|H|² + N/S)

    weighs the two: of all linear shift-invariant filters it has the smallest expected squared
    error, if N/S is the ratio of the power spectra of the noise and of the unblurred image.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, C)
        The blurred image; channels are treated one by one. The border is taken to wrap round, so
        an image that was blurred otherwise shows ripples near it.
    kernel : array_like, shape (K, L)
        The blur, no larger than the image.
    noise_to_signal : float or ndarray of shape (H, W)
        N/S, 0 or greater: one number for all frequencies, or one for each in the order of
        :func:`numpy.fft.fft2`. With 0 it is the inverse filter 1/H, which exists only if H has no
        zeros and is swamped by the least noise.

    Returns
    -------
    ndarray of float64, shape of ``image``
        In the image's units, not clipped.

    Raises
    ------
    ValueError
        If the kernel is larger than the image, N/S is negative or has another shape, or a
        frequency has neither signal (H = 0) nor noise (N/S = 0).

    Notes
    -----
    Equal to ``skimage.restoration.wiener(image, kernel, balance, reg=np.ones((1, 1)),
    clip=False)`` for odd kernels; its default penalises high frequencies more, by a Laplacian.

    References
    ----------
    N. Wiener, *Extrapolation, Interpolation, and Smoothing of Stationary Time Series*,
    Technology Press of MIT, 1949.

    C. W. Helstrom, "Image restoration by the method of least squares", Journal of the Optical
    Society of America 57 (3), 297, 1967.

    Examples
    --------
    >>> from pdl.signals import convolve2d
    >>> sharp = np.arange(16.0).reshape(4, 4)
    >>> blurred = convolve2d(sharp, [[0.2, 0.6, 0.2]], boundary="wrap")
    >>> bool(np.allclose(wiener(blurred, [[0.2, 0.6, 0.2]], 0.0), sharp))
    True
    """
    checked = check_image(image)
    response = frequency_response(kernel, checked.shape[:2])
    ratio = check_array(noise_to_signal, "noise_to_signal").astype(np.float64)
    if ratio.ndim != 0 and ratio.shape != response.shape:
        raise ValueError(
            f"noise_to_signal must be a number or have shape {response.shape}, got {ratio.shape}"
        )
    if ratio.min() < 0:
        raise ValueError(f"noise_to_signal must be 0 or greater, got {ratio.min():g}")
    power = np.abs(response) ** 2 + ratio
    if power.min() <= np.finfo(np.float64).eps ** 2 * power.max():
        raise ValueError(
            "noise_to_signal must be greater than 0 for this kernel: it removes some frequencies "
            "altogether, and 0 would divide by zero there"
        )
    restoring = response.conj() / power
    if checked.ndim == 3:
        restoring = restoring[..., np.newaxis]
    # NumPy transforms float32 in single precision.
    spectrum = np.fft.fft2(checked.astype(np.float64), axes=(0, 1))
    return np.asarray(np.fft.ifft2(restoring * spectrum, axes=(0, 1)).real)
