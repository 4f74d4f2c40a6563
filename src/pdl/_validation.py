"""Checks of arguments that several parts of the package share.

Each check returns the value that it accepted, as an array or a plain Python number, so that a
function can check and convert in one line. What it refuses it names: the argument, what came
and what was expected.
"""

from __future__ import annotations

from collections.abc import Collection
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def check_array(array: ArrayLike, name: str) -> NDArray[Any]:
    """Return ``array`` as a non-empty NumPy array of real, finite numbers or booleans.

    Parameters
    ----------
    array : array_like
        Booleans, integers or floating-point numbers, any shape.
    name : str
        The argument's name, for the message.

    Returns
    -------
    ndarray
        The same numbers in the same dtype; not a copy where it was an array already.

    Raises
    ------
    TypeError
        If the dtype is not boolean, integer or floating-point.
    ValueError
        If the array is empty, ragged, or holds NaN or an infinity.
    """
    try:
        checked = np.asarray(array)
    except ValueError as error:
        raise ValueError(f"{name} must be a rectangular array of numbers: {error}") from None
    if checked.dtype.kind not in "buif":
        raise TypeError(
            f"{name} must hold real numbers (bool, integer or float dtype), got dtype "
            f"{checked.dtype}"
        )
    if checked.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {checked.shape}")
    if checked.dtype.kind == "f" and not np.isfinite(checked).all():
        raise ValueError(f"{name} must be finite, but it holds NaN or infinite values")
    return checked


def check_vector(vector: ArrayLike, name: str) -> NDArray[Any]:
    """Return ``vector`` as a non-empty one-dimensional array; see :func:`check_array`."""
    checked = check_array(vector, name)
    if checked.ndim != 1:
        raise ValueError(f"{name} must have one dimension, got shape {checked.shape}")
    return checked


def check_image(image: ArrayLike, name: str = "image", allow_color: bool = True) -> NDArray[Any]:
    """Return ``image`` as an array of shape (H, W) or, if colour is allowed, (H, W, C).

    Parameters
    ----------
    image : array_like
        The image: row first, then column, then channel. At least one pixel and one channel.
    name : str
        The argument's name, for the message.
    allow_color : bool
        Whether an H×W×C array is accepted as well.

    Returns
    -------
    ndarray, shape (H, W) or (H, W, C)
        The same numbers in the same dtype.

    Raises
    ------
    TypeError
        If the dtype is not boolean, integer or floating-point.
    ValueError
        If the shape is not that of an image, or a value is not finite.

    Examples
    --------
    >>> check_image([[0, 255]]).shape
    (1, 2)
    >>> check_image([1, 2, 3])
    Traceback (most recent call last):
    ...
    ValueError: image must have shape (H, W) or (H, W, C), got shape (3,)
    """
    checked = check_array(image, name)
    if checked.ndim == 2 or (allow_color and checked.ndim == 3):
        return checked
    expected = "(H, W) or (H, W, C)" if allow_color else "(H, W), one channel"
    raise ValueError(f"{name} must have shape {expected}, got shape {checked.shape}")


def check_kernel(kernel: ArrayLike, name: str = "kernel") -> NDArray[np.float64]:
    """Return ``kernel`` as a float64 array of shape (K, L), of odd or even size.

    Raises
    ------
    TypeError
        If the dtype is not boolean, integer or floating-point.
    ValueError
        If the kernel has not two dimensions, is empty, or holds a value that is not finite.
    """
    checked = check_array(kernel, name)
    if checked.ndim != 2:
        raise ValueError(
            f"{name} must have two dimensions (rows, columns), got shape {checked.shape}"
        )
    return checked.astype(np.float64)


def check_number(value: float, name: str) -> float:
    """Return ``value`` as a finite float; booleans and arrays are refused."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r} of type {type(value).__name__}")
    if not np.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value!r}")
    return float(value)


def check_positive(value: float, name: str) -> float:
    """Return ``value`` as a float; raise ValueError unless it is greater than zero."""
    number = check_number(value, name)
    if number <= 0:
        raise ValueError(f"{name} must be greater than 0, got {value!r}")
    return number


def check_nonnegative(value: float, name: str) -> float:
    """Return ``value`` as a float; raise ValueError if it is below zero."""
    number = check_number(value, name)
    if number < 0:
        raise ValueError(f"{name} must be 0 or greater, got {value!r}")
    return number


def check_fraction(value: float, name: str) -> float:
    """Return ``value`` as a float; raise ValueError unless it lies in [0, 1]."""
    number = check_number(value, name)
    if not 0 <= number <= 1:
        raise ValueError(f"{name} must lie between 0 and 1, got {value!r}")
    return number


def check_integer(
    value: int, name: str, minimum: int | None = None, maximum: int | None = None
) -> int:
    """Return ``value`` as an int within the given bounds, both inclusive.

    Raises
    ------
    TypeError
        If the value is not an integer: 3.0 and True are refused as well.
    ValueError
        If it lies outside the bounds.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, got {value!r} of type {type(value).__name__}")
    if minimum is not None and value < minimum:
        raise ValueError(f"{name} must be {minimum} or greater, got {value!r}")
    if maximum is not None and value > maximum:
        raise ValueError(f"{name} must be {maximum} or less, got {value!r}")
    return int(value)


def check_odd(value: int, name: str) -> int:
    """Return ``value`` as an int; raise ValueError unless it is odd and positive."""
    number = check_integer(value, name, minimum=1)
    if number % 2 == 0:
        raise ValueError(f"{name} must be odd, so that there is a central pixel; got {value!r}")
    return number


def check_choice(value: str, name: str, choices: Collection[str]) -> str:
    """Return ``value``; raise ValueError unless it is one of ``choices``."""
    if value not in choices:
        allowed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name} must be one of {allowed}, got {value!r}")
    return value


def check_same_shape(
    first: NDArray[Any], second: NDArray[Any], first_name: str, second_name: str
) -> None:
    """Raise ValueError unless the two arrays have one shape."""
    if first.shape != second.shape:
        raise ValueError(
            f"{first_name} and {second_name} must have the same shape, got {first.shape} and "
            f"{second.shape}"
        )


def check_generator(rng: np.random.Generator, name: str = "rng") -> np.random.Generator:
    """Return ``rng``; raise TypeError unless it is a :class:`numpy.random.Generator`."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"{name} must be a numpy.random.Generator (make one with numpy.random.default_rng(0)),"
            f" got {type(rng).__name__}"
        )
    return rng
