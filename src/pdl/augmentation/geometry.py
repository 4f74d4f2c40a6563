"""Moves of the plane as 3×3 matrices: shift, rotation, scaling, flips.

A point is (x, y): x is the column, y the row, which grows downwards, and pixel centres lie at whole
numbers. A matrix says *where a point goes*: it takes (x, y, 1) of the source to (x', y', 1) of the
target. ``B @ A`` moves by A first, then by B.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_array, check_integer, check_number, check_positive

SMALLEST_DETERMINANT = 1e-12  # below this part of the matrix's own size squared, it is singular


def translation(dx: float, dy: float) -> NDArray[np.float64]:
    """Return the matrix that moves each point by dx to the right and dy down.

    Parameters
    ----------
    dx, dy : float
        In pixels; negative moves to the left and up.

    Returns
    -------
    ndarray of float64, shape (3, 3)

    Raises
    ------
    TypeError, ValueError
        If one is not a finite number.

    Notes
    -----
    :func:`skimage.transform.warp` wants the way back, from target to source: with the same matrix
    it moves the content by (−dx, −dy).

    Examples
    --------
    >>> translation(25, 10) @ [3, 4, 1]
    array([28., 14.,  1.])
    """
    dx, dy = check_number(dx, "dx"), check_number(dy, "dy")
    return np.array([[1.0, 0.0, dx], [0.0, 1.0, dy], [0.0, 0.0, 1.0]])


def rotation(degrees: float, centre: tuple[float, float]) -> NDArray[np.float64]:
    """Return the matrix that turns the plane about a point, counter-clockwise on the screen.

    As y points down, the signs of the sine are those of a clockwise turn in a textbook of
    mathematics.

    Parameters
    ----------
    degrees : float
        The angle; negative turns clockwise. Whole quarter turns are exact.
    centre : tuple of two float
        The point (x, y) that stays, e.g. :func:`image_centre`.

    Returns
    -------
    ndarray of float64, shape (3, 3)

    Raises
    ------
    TypeError, ValueError
        If the angle or the centre is not made of finite numbers.

    Examples
    --------
    A point to the right of the centre moves up, towards row 0:

    >>> rotation(90, centre=(5, 5)) @ [7, 5, 1]
    array([5., 3., 1.])
    """
    degrees, (x, y) = check_number(degrees, "degrees"), check_point(centre, "centre")
    quarter_turns, rest = divmod(degrees, 90)
    if rest == 0:  # math.cos(math.pi / 2) is 6e-17 instead of 0
        cosine, sine = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(quarter_turns) % 4]
    else:
        cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    return translation(x, y) @ turn @ translation(-x, -y)


def scaling(factor: float, centre: tuple[float, float]) -> NDArray[np.float64]:
    """Return the matrix that moves each point away from a centre, or towards it.

    Parameters
    ----------
    factor : float
        Greater than 0; 2 doubles the distances, 0.5 halves them.
    centre : tuple of two float
        The point (x, y) that stays.

    Returns
    -------
    ndarray of float64, shape (3, 3)

    Raises
    ------
    TypeError, ValueError
        If the factor is not greater than 0, or a number is not finite.

    Examples
    --------
    >>> scaling(2, centre=(5, 5)) @ [6, 3, 1]
    array([7., 1., 1.])
    """
    factor, (x, y) = check_positive(factor, "factor"), check_point(centre, "centre")
    return translation(x, y) @ np.diag([factor, factor, 1.0]) @ translation(-x, -y)


def flip_horizontal(width: int) -> NDArray[np.float64]:
    """Return the matrix that mirrors an image left to right: column x becomes width − 1 − x.

    Parameters
    ----------
    width : int
        Columns of the image, 1 or more.

    Returns
    -------
    ndarray of float64, shape (3, 3)

    Raises
    ------
    TypeError, ValueError
        If the width is not an integer of 1 or more.

    Examples
    --------
    >>> flip_horizontal(10) @ [0, 4, 1]
    array([9., 4., 1.])
    """
    width = check_integer(width, "width", minimum=1)
    return np.array([[-1.0, 0.0, width - 1], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])


def flip_vertical(height: int) -> NDArray[np.float64]:
    """Return the matrix that turns an image upside down: row y becomes height − 1 − y.

    Parameters
    ----------
    height : int
        Rows of the image, 1 or more.

    Returns
    -------
    ndarray of float64, shape (3, 3)

    Raises
    ------
    TypeError, ValueError
        If the height is not an integer of 1 or more.

    Examples
    --------
    >>> flip_vertical(10) @ [4, 0, 1]
    array([4., 9., 1.])
    """
    height = check_integer(height, "height", minimum=1)
    return np.array([[1.0, 0.0, 0.0], [0.0, -1.0, height - 1], [0.0, 0.0, 1.0]])


def image_centre(shape: tuple[int, ...]) -> tuple[float, float]:
    """Return the middle (x, y) of an image: ((W − 1) / 2, (H − 1) / 2).

    Not (W / 2, H / 2): pixel centres run from 0 to W − 1. About that other point a half turn moves
    the image by one pixel.

    Parameters
    ----------
    shape : tuple of int
        (H, W) or (H, W, C).

    Raises
    ------
    TypeError, ValueError
        If the shape does not begin with two integers of 1 or more.

    Examples
    --------
    >>> image_centre((3, 4))
    (1.5, 1.0)
    """
    height, width = check_shape(shape, "shape")
    return (width - 1) / 2, (height - 1) / 2


def check_matrix(matrix: ArrayLike, name: str = "matrix") -> NDArray[np.float64]:
    """Return ``matrix`` as float64 of shape (3, 3); its last row is 0, 0, 1, and it has an inverse.

    Raises
    ------
    TypeError, ValueError
        If it is anything else.
    """
    checked = check_array(matrix, name).astype(np.float64)
    if checked.shape != (3, 3):
        raise ValueError(f"{name} must have shape (3, 3), got shape {checked.shape}")
    if not np.array_equal(checked[2], [0, 0, 1]):
        raise ValueError(f"the last row of {name} must be 0, 0, 1, got {checked[2].tolist()}")
    (a, b), (c, d) = checked[:2, :2]
    if abs(a * d - b * c) <= SMALLEST_DETERMINANT * (a * a + b * b + c * c + d * d):
        raise ValueError(
            f"{name} must have an inverse, but it flattens the plane: its upper left part is "
            f"{checked[:2, :2].tolist()}"
        )
    return checked


def check_point(point: tuple[float, float], name: str) -> tuple[float, float]:
    """Return ``point`` as two floats, x and y; raise ValueError if it is something else."""
    checked = check_array(point, name)
    if checked.shape != (2,):
        raise ValueError(f"{name} must be two numbers (x, y), got shape {checked.shape}")
    return float(checked[0]), float(checked[1])


def check_shape(shape: tuple[int, ...], name: str) -> tuple[int, int]:
    """Return the height and the width of an image of this shape, each 1 or more."""
    if not isinstance(shape, tuple) or len(shape) not in (2, 3):
        raise ValueError(f"{name} must be (H, W) or (H, W, C), got {shape!r}")
    height, width = (check_integer(side, name, minimum=1) for side in shape[:2])
    return height, width
