"""Convolution and correlation of one-dimensional signals."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_choice, check_vector


def convolve1d(x: ArrayLike, h: ArrayLike, mode: str = "full") -> NDArray[np.float64]:
    """Convolve the signal ``x`` with the impulse response ``h``.

    y[n] = Σ_k h[k] x[n − k], with x zero outside its samples. It is computed as a superposition:
    for each k a copy of x, delayed by k samples and scaled by h[k], is added.

    Parameters
    ----------
    x : array_like, shape (N,)
        The signal.
    h : array_like, shape (K,)
        The impulse response.
    mode : {"full", "same", "valid"}
        ``"full"``: all N + K − 1 samples that can differ from zero.
        ``"same"``: the N samples from index (K − 1) // 2 of the full result.
        ``"valid"``: the N − K + 1 samples for which h lies wholly inside x.

    Returns
    -------
    ndarray of float64

    Raises
    ------
    ValueError
        If an array is empty, has not one dimension or is not finite, if the mode is unknown, or
        if ``h`` is longer than ``x`` in mode ``"valid"``.

    Notes
    -----
    Equal to :func:`scipy.signal.convolve`. :func:`numpy.convolve` swaps its arguments when the
    second is the longer, and its ``"same"`` then has K samples.

    Examples
    --------
    >>> convolve1d([1, 2, 2], [3, 2, 1])
    array([ 3.,  8., 11.,  6.,  2.])
    """
    signal = check_vector(x, "x").astype(np.float64)
    response = check_vector(h, "h").astype(np.float64)
    check_choice(mode, "mode", ("full", "same", "valid"))
    length, taps = len(signal), len(response)
    y = np.zeros(length + taps - 1)
    for k in range(taps):
        y[k : k + length] += response[k] * signal
    if mode == "full":
        return y
    if mode == "same":
        start = (taps - 1) // 2
        return y[start : start + length]
    if taps > length:
        raise ValueError(
            f"h must not be longer than x in mode 'valid', got {taps} and {length} samples"
        )
    return y[taps - 1 : length]


def correlate1d(x: ArrayLike, h: ArrayLike, mode: str = "full") -> NDArray[np.float64]:
    """Cross-correlate ``x`` with ``h``: slide h along x without flipping it.

    r[n] = Σ_k h[k] x[n + k], which is the convolution of x with h reversed. In mode ``"full"``
    the first sample returned is r[−(K − 1)], in mode ``"valid"`` it is r[0].

    Parameters
    ----------
    x : array_like, shape (N,)
        The signal.
    h : array_like, shape (K,)
        The kernel.
    mode : {"full", "same", "valid"}
        As in :func:`convolve1d`.

    Returns
    -------
    ndarray of float64

    Raises
    ------
    ValueError
        As :func:`convolve1d`.

    Notes
    -----
    Equal to :func:`scipy.signal.correlate`, and in mode ``"valid"`` to
    :func:`torch.nn.functional.conv1d`, whose name says convolution.

    Examples
    --------
    >>> correlate1d([3, 1, 4, 1, 5], [0, 0, 1], mode="valid")
    array([4., 1., 5.])
    """
    return convolve1d(x, check_vector(h, "h")[::-1], mode)
