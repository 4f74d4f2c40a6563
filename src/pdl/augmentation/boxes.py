"""Upright boxes around objects.

A box is (x_min, y_min, x_max, y_max), in the coordinates of the geometry: pixel centres lie at
whole numbers, and a pixel reaches half a pixel to each side. The box around the columns c₀ … c₁
runs from c₀ − 0.5 to c₁ + 0.5: from edge to edge, so that its width is the number of columns and
its area the number of pixels. The image itself is the box (−0.5, −0.5, W − 0.5, H − 0.5).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import as_real_array, check_labels


def boxes_of_labels(labels: ArrayLike) -> NDArray[np.float64]:
    """Return the smallest upright box around each labelled object.

    Parameters
    ----------
    labels : array_like of int, shape (H, W)
        0 for the background, a positive number for each object.

    Returns
    -------
    ndarray of float64, shape (N, 4)
        x_min, y_min, x_max, y_max of each object, pixel *edges*; one row for each label that
        occurs, in ascending order (the labels themselves: ``np.unique(labels)`` without the 0).

    Raises
    ------
    TypeError, ValueError
        If the labels are not integers of 0 or more in an array (H, W).

    Examples
    --------
    One pixel, in row 1 and column 3, and two pixels below each other in column 0:

    >>> boxes_of_labels([[7, 0, 0, 0], [7, 0, 0, 2]])
    array([[ 2.5,  0.5,  3.5,  1.5],
           [-0.5, -0.5,  0.5,  1.5]])
    """
    checked = check_labels(labels)
    rows, columns = np.nonzero(checked)
    values, which = np.unique(checked[rows, columns], return_inverse=True)
    boxes = np.empty((len(values), 4))
    boxes[:, :2], boxes[:, 2:] = np.inf, -np.inf
    np.minimum.at(boxes[:, 0], which, columns - 0.5)
    np.minimum.at(boxes[:, 1], which, rows - 0.5)
    np.maximum.at(boxes[:, 2], which, columns + 0.5)
    np.maximum.at(boxes[:, 3], which, rows + 0.5)
    return boxes


def box_areas(boxes: ArrayLike) -> NDArray[np.float64]:
    """Return the area of each box, in pixels.

    Parameters
    ----------
    boxes : array_like, shape (N, 4)
        x_min, y_min, x_max, y_max.

    Returns
    -------
    ndarray of float64, shape (N,)

    Raises
    ------
    TypeError, ValueError
        If the boxes are not as :func:`check_boxes` asks.

    Examples
    --------
    >>> box_areas([[-0.5, -0.5, 3.5, 1.5]])
    array([8.])
    """
    x_min, y_min, x_max, y_max = check_boxes(boxes).T
    areas: NDArray[np.float64] = (x_max - x_min) * (y_max - y_min)
    return areas


def check_boxes(boxes: ArrayLike, name: str = "boxes") -> NDArray[np.float64]:
    """Return ``boxes`` as float64 of shape (N, 4), N ≥ 0, no maximum below its minimum.

    Raises
    ------
    TypeError, ValueError
        If it is anything else.
    """
    checked = check_rows(boxes, 4, name)
    reversed_boxes = np.flatnonzero((checked[:, :2] > checked[:, 2:]).any(axis=1))
    if reversed_boxes.size:
        first = reversed_boxes[0]
        raise ValueError(
            f"{name} must be x_min, y_min, x_max, y_max with no maximum below its minimum, but "
            f"box {first} is {checked[first].tolist()}"
        )
    return checked


def check_rows(array: ArrayLike, columns: int, name: str) -> NDArray[np.float64]:
    """Return ``array`` as finite float64 of shape (N, columns); N may be 0, as in ``[]``."""
    checked = as_real_array(array, name)
    if checked.dtype.kind == "b":
        raise TypeError(f"{name} must hold real numbers, got dtype bool")
    if checked.shape == (0,):
        checked = checked.reshape(0, columns)
    if checked.ndim != 2 or checked.shape[1] != columns:
        raise ValueError(f"{name} must have shape (N, {columns}), got shape {checked.shape}")
    if not np.isfinite(checked).all():
        raise ValueError(f"{name} must be finite, but it holds NaN or infinite values")
    return checked.astype(np.float64)
