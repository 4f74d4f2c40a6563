"""Overlap of two masks, and agreement of their outlines."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from pdl._validation import check_array, check_labels, check_nonnegative, check_same_shape


def iou(prediction: ArrayLike, truth: ArrayLike) -> float:
    r"""Intersection over union of two masks, :math:`|P \cap T| / |P \cup T|`.

    Also called the Jaccard index [1]_.

    Parameters
    ----------
    prediction, truth : array_like of bool, same shape
        The two masks; the values 0 and 1 are taken as booleans.

    Returns
    -------
    float
        Between 0 (disjoint) and 1 (equal). Two empty masks are equal: 1.

    Raises
    ------
    TypeError
        If a mask does not hold numbers.
    ValueError
        If a mask holds other values than 0 and 1, or the shapes differ.

    References
    ----------
    .. [1] P. Jaccard, "The distribution of the flora in the alpine zone", New Phytologist 11 (2),
       37-50, 1912. doi:10.1111/j.1469-8137.1912.tb05611.x

    Examples
    --------
    >>> iou([True, True, False], [False, True, True])
    0.3333333333333333
    """
    prediction, truth = _check_masks(prediction, truth)
    union = int(np.count_nonzero(prediction | truth))
    if union == 0:
        return 1.0
    return int(np.count_nonzero(prediction & truth)) / union


def dice(prediction: ArrayLike, truth: ArrayLike) -> float:
    r"""Dice coefficient of two masks, :math:`2 |P \cap T| / (|P| + |T|)`.

    It is the F1 score of the pixels [1]_, and orders masks as the intersection over union does:
    ``dice = 2 * iou / (1 + iou)``.

    Parameters
    ----------
    prediction, truth : array_like of bool, same shape
        The two masks; the values 0 and 1 are taken as booleans.

    Returns
    -------
    float
        Between 0 (disjoint) and 1 (equal). Two empty masks are equal: 1.

    Raises
    ------
    TypeError
        If a mask does not hold numbers.
    ValueError
        If a mask holds other values than 0 and 1, or the shapes differ.

    References
    ----------
    .. [1] L. R. Dice, "Measures of the amount of ecologic association between species", Ecology
       26 (3), 297-302, 1945. doi:10.2307/1932409

    Examples
    --------
    >>> dice([True, True, False], [False, True, True])
    0.5
    """
    prediction, truth = _check_masks(prediction, truth)
    total = int(np.count_nonzero(prediction)) + int(np.count_nonzero(truth))
    if total == 0:
        return 1.0
    return 2 * int(np.count_nonzero(prediction & truth)) / total


def boundaries(labels: ArrayLike) -> NDArray[np.bool_]:
    """Find the pixels on the outline of each object.

    A foreground pixel is on the outline if one of its four neighbours has another label: of a
    mask, what one erosion takes away. The image's edge is not an outline: the object is taken to
    go on beyond it.

    Parameters
    ----------
    labels : array_like of bool or int, shape (H, W)
        A mask, or a label image; then a border between two touching objects counts as well, on
        both of its sides.

    Returns
    -------
    ndarray of bool, shape (H, W)
        True on the outlines.

    Raises
    ------
    TypeError, ValueError
        If the array is not two-dimensional or does not hold booleans or labels from 0.

    Examples
    --------
    >>> boundaries([[0, 0, 0, 0], [0, 1, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1]]).astype(int)
    array([[0, 0, 0, 0],
           [0, 1, 1, 1],
           [0, 1, 0, 0],
           [0, 1, 0, 0]])
    """
    checked = check_labels(labels, "labels").astype(np.int64)
    cross = ndimage.generate_binary_structure(2, 1)
    smallest = ndimage.minimum_filter(checked, footprint=cross, mode="nearest")
    largest = ndimage.maximum_filter(checked, footprint=cross, mode="nearest")
    outline: NDArray[np.bool_] = (checked > 0) & (smallest != largest)
    return outline


def boundary_f1(prediction: ArrayLike, truth: ArrayLike, tolerance: float = 2.0) -> float:
    """F1 score of the outlines: how much of each lies close to the other.

    Precision is the part of the predicted outline that is at most ``tolerance`` pixels away from
    the true one, recall the part of the true outline that is as close to the predicted one; the
    score is their harmonic mean [1]_.

    Parameters
    ----------
    prediction, truth : array_like of bool or int, shape (H, W)
        Two masks or two label images; see :func:`boundaries`.
    tolerance : float
        The greatest Euclidean distance in pixels that counts as a hit.

    Returns
    -------
    float
        Between 0 and 1. 1 if neither has an outline, 0 if only one has.

    Raises
    ------
    TypeError, ValueError
        If an array is not two-dimensional, does not hold booleans or labels from 0, the shapes
        differ, or the tolerance is negative.

    References
    ----------
    .. [1] G. Csurka, D. Larlus and F. Perronnin, "What is a good evaluation measure for semantic
       segmentation?", British Machine Vision Conference, 2013. doi:10.5244/C.27.32
    """
    tolerance = check_nonnegative(tolerance, "tolerance")
    predicted, true = boundaries(prediction), boundaries(truth)
    check_same_shape(predicted, true, "prediction", "truth")
    if not predicted.any() and not true.any():
        return 1.0
    if not predicted.any() or not true.any():
        return 0.0
    precision = np.mean(ndimage.distance_transform_edt(~true)[predicted] <= tolerance)
    recall = np.mean(ndimage.distance_transform_edt(~predicted)[true] <= tolerance)
    if precision + recall == 0:
        return 0.0
    return float(2 * precision * recall / (precision + recall))


def _check_masks(
    prediction: ArrayLike, truth: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return both masks as booleans of one shape."""
    masks = []
    for mask, name in ((prediction, "prediction"), (truth, "truth")):
        checked = check_array(mask, name)
        if checked.dtype.kind != "b" and not np.isin(checked, (0, 1)).all():
            raise ValueError(
                f"{name} must be a mask (booleans, or only 0 and 1), got values from "
                f"{checked.min()} to {checked.max()}; threshold it first"
            )
        masks.append(checked.astype(bool))
    check_same_shape(masks[0], masks[1], "prediction", "truth")
    return masks[0], masks[1]
