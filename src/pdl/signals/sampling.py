"""From an analogue signal to a digital one: sampling in time, quantization in amplitude."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_array, check_integer, check_positive


def sample(
    function: Callable[[NDArray[np.float64]], ArrayLike], duration: float, rate: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sample a function of time at fixed intervals of 1 / ``rate``.

    Parameters
    ----------
    function : callable
        Takes an array of times in seconds and returns one value for each.
    duration : float
        Length of the recording in seconds, greater than 0.
    rate : float
        Samples per second (hertz), greater than 0. A frequency of ``rate`` / 2 or more cannot be
        told from a lower one afterwards: it is aliased.

    Returns
    -------
    times : ndarray of float64, shape (N,)
        0, 1/rate, 2/rate, … : all those below ``duration``, so that a whole number of periods
        can be repeated without a doubled sample.
    values : ndarray of float64, shape (N,)
        The function at those times.

    Raises
    ------
    ValueError
        If ``duration`` or ``rate`` is not positive, or the function does not return one finite
        value for each time.

    References
    ----------
    C. E. Shannon, "Communication in the presence of noise", Proc. IRE 37(1), 1949, pp. 10-21.

    Examples
    --------
    >>> times, values = sample(lambda t: 2 * t, duration=1, rate=4)
    >>> times
    array([0.  , 0.25, 0.5 , 0.75])
    >>> values
    array([0. , 0.5, 1. , 1.5])
    """
    duration, rate = check_positive(duration, "duration"), check_positive(rate, "rate")
    # Rounded first: 0.1 s at 30 Hz is 3.0000000000000004 in floating point, and three samples.
    count = math.ceil(round(duration * rate, 9))
    times = np.arange(count) / rate
    values = check_array(function(times), "the function's result").astype(np.float64)
    if values.shape != times.shape:
        raise ValueError(
            f"function must return one value per time: {times.shape} expected, got shape "
            f"{values.shape}"
        )
    return times, values


def quantize(image: ArrayLike, bits: int) -> NDArray[Any]:
    """Round each amplitude to the nearest of 2**``bits`` evenly spaced levels.

    The first level is the lowest amplitude and the last the highest, so black and white stay as
    they are. The levels are 1 / (2**bits − 1) of the range apart, which bounds the error:

    * float in [0, 1]: at most ½ / (2**bits − 1);
    * uint8: at most ½ · 255 / (2**bits − 1) + ½; the last ½ because levels are rounded to whole
      numbers, and it vanishes for 1, 2, 4 and 8 bits, whose levels are whole.

    Where all amplitudes within a step are equally likely, the root-mean-square error is
    step / √12.

    Parameters
    ----------
    image : array_like, any shape
        uint8 values, or floating-point values in [0, 1].
    bits : int
        1 to 8 for uint8, 1 to 16 for float.

    Returns
    -------
    ndarray, shape of ``image``
        uint8 for uint8, otherwise float64.

    Raises
    ------
    TypeError
        If the dtype is neither uint8 nor floating-point, or ``bits`` is not an integer.
    ValueError
        If a float lies outside [0, 1], or ``bits`` outside its range.

    Examples
    --------
    >>> quantize(np.array([0, 40, 130, 255], dtype=np.uint8), bits=2)
    array([  0,   0, 170, 255], dtype=uint8)
    >>> quantize([0.0, 0.4, 0.6], bits=1)
    array([0., 0., 1.])
    """
    amplitudes = check_array(image, "image")
    if amplitudes.dtype == np.uint8:
        steps = 2 ** check_integer(bits, "bits", minimum=1, maximum=8) - 1
        levels = np.rint(amplitudes / 255 * steps) / steps
        return np.asarray(np.rint(255 * levels), dtype=np.uint8)
    if amplitudes.dtype.kind != "f":
        raise TypeError(f"image must be uint8 or float in [0, 1], got dtype {amplitudes.dtype}")
    if amplitudes.min() < 0 or amplitudes.max() > 1:
        raise ValueError(
            "image of floating-point values must lie in [0, 1], got values from "
            f"{amplitudes.min():g} to {amplitudes.max():g}"
        )
    steps = 2 ** check_integer(bits, "bits", minimum=1, maximum=16) - 1
    return np.asarray(np.rint(amplitudes.astype(np.float64) * steps) / steps)
