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

LARGEST_FLOAT = np.finfo(np.float64).max
LARGEST_LABEL = np.iinfo(np.int64).max


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
        If the array is empty, ragged, has masked values, or holds NaN, an infinity or a number
        beyond the range of float64.
    """
    checked = as_real_array(array, name)
    if checked.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {checked.shape}")
    if checked.dtype.kind == "f" and not np.isfinite(checked).all():
        raise ValueError(f"{name} must be finite, but it holds NaN or infinite values")
    if checked.dtype.itemsize > 8 and np.abs(checked).max() > LARGEST_FLOAT:
        raise ValueError(f"{name} must lie within the range of float64, got {checked.dtype}")
    return checked


def as_real_array(array: ArrayLike, name: str) -> NDArray[Any]:
    """Return ``array`` as an ndarray of real numbers of any kind and shape; it may be empty.

    Raises
    ------
    TypeError
        If the dtype is not boolean, integer or floating-point.
    ValueError
        If the array is ragged or has masked values, which an ndarray would show as numbers.
    """
    rows = array if isinstance(array, (list, tuple)) else [array]
    if any(isinstance(row, np.ma.MaskedArray) and np.ma.is_masked(row) for row in rows):
        raise ValueError(
            f"{name} must not have masked values: give what is left, {name}.compressed(), or fill "
            f"them, {name}.filled(value)"
        )
    try:
        checked = np.asarray(array)
    except ValueError as error:
        raise ValueError(f"{name} must be a rectangular array of numbers: {error}") from None
    if checked.dtype.kind not in "buif":
        raise TypeError(
            f"{name} must hold real numbers (bool, integer or float dtype), got dtype "
            f"{checked.dtype}"
        )
    return checked


def as_floats(array: ArrayLike, name: str) -> NDArray[Any]:
    """Return ``array`` in its own floating-point dtype, integers and booleans as float64.

    In uint8 even 1 - 5 is 252: whoever subtracts, negates or sums begins here.
    """
    checked = as_real_array(array, name)
    return checked if checked.dtype.kind == "f" else checked.astype(np.float64)


def check_labels(labels: ArrayLike, name: str = "labels") -> NDArray[Any]:
    """Return a mask or a label image as an array (H, W) of booleans or of integers from 0.

    Raises
    ------
    TypeError
        If the dtype is neither boolean nor integer.
    ValueError
        If the shape is not (H, W), or a label is below 0 or beyond the range of int64.
    """
    checked = check_image(labels, name, allow_color=False)
    if checked.dtype.kind not in "bui":
        raise TypeError(f"{name} must hold booleans or integers, got dtype {checked.dtype}")
    if checked.min() < 0:
        raise ValueError(f"{name} must be 0 or greater, got {checked.min()}")
    if checked.max() > LARGEST_LABEL:
        raise ValueError(
            f"{name} must be {LARGEST_LABEL} or less, got {checked.max()}: number the objects anew"
        )
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
