"""Moving an image and everything that is drawn on it: label masks, points, boxes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_fraction, check_image, check_labels
from pdl.augmentation.boxes import box_areas, check_boxes, check_rows
from pdl.augmentation.geometry import check_matrix, check_shape
from pdl.augmentation.interpolation import interpolate


def warp_image(
    image: ArrayLike,
    matrix: ArrayLike,
    shape: tuple[int, int] | None = None,
    boundary: str = "zero",
    order: int = 1,
) -> NDArray[Any]:
    """Move the content of an image.

    The matrix says where each point goes. To fill the target image one asks the other way round,
    where each of its pixels comes from, so that none stays empty: the inverse of the matrix takes
    each target pixel to a point of the source, between whose pixels one interpolates.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, C)
    matrix : array_like, shape (3, 3)
        From source to target, (x, y, 1) to (x', y', 1); see :mod:`pdl.augmentation.geometry`.
    shape : tuple of two int, optional
        Height and width of the target; by default those of the image.
    boundary : {"zero", "nearest", "reflect", "wrap"}
        What lies outside the source, see :func:`pdl.signals.pad`.
    order : {0, 1}
        0 takes the nearest pixel, 1 interpolates bilinearly; see
        :func:`~pdl.augmentation.interpolation.interpolate`.

    Returns
    -------
    ndarray, shape ``shape`` or ``shape`` + (C,), dtype of ``image``
        An integer image is rounded.

    Raises
    ------
    TypeError
        If the image or the matrix holds something else than real numbers.
    ValueError
        If the matrix has no inverse or another last row than 0, 0, 1, or a shape, the boundary or
        the order is not one of those above.

    Notes
    -----
    Equal to ``skimage.transform.warp(image, np.linalg.inv(matrix))``, which asks for the way back.
    :func:`cv2.warpAffine` takes the same matrix as here, without its last row, and inverts it.
    Neither smooths before it shrinks, nor does this function: blur first to shrink by much.

    Examples
    --------
    >>> from pdl.augmentation import translation
    >>> warp_image([[1, 2, 3]], translation(1, 0))
    array([[0, 1, 2]])
    """
    checked = check_image(image)
    source_of_target = np.linalg.inv(check_matrix(matrix))
    height, width = check_shape(checked.shape[:2] if shape is None else shape, "shape")
    (a, b, c), (d, e, f), _ = source_of_target
    target_x, target_y = np.arange(width), np.arange(height)[:, np.newaxis]
    x = a * target_x + b * target_y + c
    y = d * target_x + e * target_y + f
    return interpolate(checked, x, y, boundary, order)


def warp_labels(
    labels: ArrayLike,
    matrix: ArrayLike,
    shape: tuple[int, int] | None = None,
    boundary: str = "zero",
) -> NDArray[Any]:
    """Move a label mask; each pixel takes the label nearest to where it comes from.

    Labels are names, not amounts: halfway between the objects 1 and 3 lies no object 2. So nothing
    is interpolated, and no label occurs that was not there (besides the background, 0).

    Parameters
    ----------
    labels : array_like of int or bool, shape (H, W)
        0 for the background.
    matrix : array_like, shape (3, 3)
        From source to target, as in :func:`warp_image`.
    shape : tuple of two int, optional
        Height and width of the target; by default those of the labels.
    boundary : {"zero", "nearest", "reflect", "wrap"}
        By default everything outside the source is background. Where the image is continued
        otherwise, a mask for segmentation has to be continued likewise.

    Returns
    -------
    ndarray, shape ``shape``, dtype of ``labels``

    Raises
    ------
    TypeError, ValueError
        If the labels are not integers of 0 or more, or as in :func:`warp_image`.

    Examples
    --------
    >>> from pdl.augmentation import scaling
    >>> warp_labels([[1, 3]], scaling(2, centre=(-0.5, -0.5)), shape=(1, 4))
    array([[1, 1, 3, 3]])
    """
    return warp_image(check_labels(labels), matrix, shape, boundary, order=0)


def warp_points(points: ArrayLike, matrix: ArrayLike) -> NDArray[np.float64]:
    """Move points.

    Parameters
    ----------
    points : array_like, shape (N, 2)
        x and y of each point. N may be 0.
    matrix : array_like, shape (3, 3)
        From source to target, as in :func:`warp_image`.

    Returns
    -------
    ndarray of float64, shape (N, 2)

    Raises
    ------
    TypeError, ValueError
        If the points or the matrix are not as above.

    Examples
    --------
    >>> from pdl.augmentation import rotation
    >>> warp_points([[7, 5], [5, 5]], rotation(90, centre=(5, 5)))
    array([[5., 3.],
           [5., 5.]])
    """
    checked = check_rows(points, 2, "points")
    homogeneous = np.column_stack([checked, np.ones(len(checked))])
    moved: NDArray[np.float64] = homogeneous @ check_matrix(matrix).T
    return moved[:, :2]


class MovedBoxes(NamedTuple):
    """The boxes that are still to be seen after a move.

    Attributes
    ----------
    boxes : ndarray of float64, shape (K, 4)
        x_min, y_min, x_max, y_max, clipped to the image: *only* the boxes that were kept.
    kept : ndarray of int64, shape (K,)
        Which of the boxes put in each one is, ascending: ``classes[kept]`` are their classes.
    """

    boxes: NDArray[np.float64]
    kept: NDArray[np.int64]


def warp_boxes(
    boxes: ArrayLike, matrix: ArrayLike, shape: tuple[int, ...], min_visible: float = 0.0
) -> MovedBoxes:
    """Move upright boxes; each becomes the smallest upright box around its four moved corners.

    A turned box is no longer upright, and the upright box around it is larger than the object in
    it needs: by up to a factor of 2 for a square, at 45°. Turned back, it does not shrink again.

    Parameters
    ----------
    boxes : array_like, shape (N, 4)
        x_min, y_min, x_max, y_max. The maxima are pixel *edges*, not pixel centres: a box around
        the columns c₀ … c₁ runs from c₀ − 0.5 to c₁ + 0.5, as
        :func:`~pdl.augmentation.boxes.boxes_of_labels` gives it, and its area is its number of
        pixels. N may be 0.
    matrix : array_like, shape (3, 3)
        From source to target, as in :func:`warp_image`.
    shape : tuple of int
        Shape of the target image, (H, W) or (H, W, C): the boxes are clipped to
        (−0.5, −0.5, W − 0.5, H − 0.5).
    min_visible : float
        In [0, 1). A box is kept if more than this part of its moved area lies inside the image.
        A box of no area is never kept.

    Returns
    -------
    MovedBoxes
        boxes, only those that were kept, and kept, their places among the boxes put in.

    Raises
    ------
    TypeError, ValueError
        If the boxes (a maximum below its minimum), the matrix, the shape or the part is not as
        above.

    Examples
    --------
    The first box goes half out of the image, the second one altogether:

    >>> from pdl.augmentation import translation
    >>> boxes = [[-0.5, -0.5, 1.5, 1.5], [7.5, 2.5, 9.5, 5.5]]
    >>> warp_boxes(boxes, translation(9, 0), shape=(10, 10))
    MovedBoxes(boxes=array([[ 8.5, -0.5,  9.5,  1.5]]), kept=array([0]))
    """
    x_min, y_min, x_max, y_max = check_boxes(boxes).T
    height, width = check_shape(shape, "shape")
    if check_fraction(min_visible, "min_visible") == 1:
        raise ValueError("min_visible must be below 1: no box shows more than all of its area")
    corner_x = np.stack([x_min, x_max, x_max, x_min], axis=1)
    corner_y = np.stack([y_min, y_min, y_max, y_max], axis=1)
    corners = np.column_stack([corner_x.ravel(), corner_y.ravel()])
    moved = warp_points(corners, matrix).reshape(-1, 4, 2)
    upright = np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1)
    low, high = (-0.5, -0.5, -0.5, -0.5), (width - 0.5, height - 0.5, width - 0.5, height - 0.5)
    clipped = np.clip(upright, low, high)
    kept = np.flatnonzero(box_areas(clipped) > min_visible * box_areas(upright))
    return MovedBoxes(clipped[kept], kept)
