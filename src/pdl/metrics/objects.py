"""Scores that ask for objects, not pixels: are they all there, and is each one found once?"""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike

from pdl._validation import check_labels, check_same_shape
from pdl.metrics.matching import (
    check_threshold,
    find_overlaps,
    match,
    matched_objects,
    object_labels,
)

AP_THRESHOLDS = tuple(percent / 100 for percent in range(50, 100, 5))
"""Intersections over union from which on an object counts as found: 0.50, 0.55, …, 0.95."""


def count_objects(labels: ArrayLike) -> int:
    """Return the number of different labels above 0.

    Parameters
    ----------
    labels : array_like of int, shape (H, W)
        A label image. The numbers need not be consecutive.

    Raises
    ------
    TypeError, ValueError
        If it is not a label image.
    """
    return len(object_labels(check_labels(labels, "labels")))


def count_error(prediction: ArrayLike, truth: ArrayLike) -> int:
    """Return how many objects too many (positive) or too few (negative) were found.

    Parameters
    ----------
    prediction, truth : array_like of int, shape (H, W)
        Two label images.

    Returns
    -------
    int
        The number of predicted objects less the number of true ones. Average its absolute value
        over images: the signs would cancel.

    Raises
    ------
    TypeError, ValueError
        If an array is not a label image, or the shapes differ.

    Examples
    --------
    >>> count_error([[1, 1, 1]], [[1, 0, 2]])
    -1
    """
    predicted, true = check_labels(prediction, "prediction"), check_labels(truth, "truth")
    check_same_shape(predicted, true, "prediction", "truth")
    return count_objects(predicted) - count_objects(true)


def object_f1(prediction: ArrayLike, truth: ArrayLike, threshold: float = 0.5) -> float:
    """F1 score of the objects: 2 TP / (2 TP + FP + FN), after one-to-one matching.

    Parameters
    ----------
    prediction, truth : array_like of int, shape (H, W)
        Two label images: 0 for the background, another number for each object.
    threshold : float
        The smallest intersection over union of a match, above 0 and at most 1.

    Returns
    -------
    float
        Between 0 and 1; 1 where neither image has an object.

    Raises
    ------
    TypeError, ValueError
        If an array is not a label image, the shapes differ, or the threshold is out of range.

    See Also
    --------
    matched_objects
    """
    matching = matched_objects(prediction, truth, threshold)
    errors = matching.false_positives + matching.false_negatives
    if matching.true_positives + errors == 0:
        return 1.0
    return 2 * matching.true_positives / (2 * matching.true_positives + errors)


def object_ap(
    prediction: ArrayLike, truth: ArrayLike, thresholds: Sequence[float] = AP_THRESHOLDS
) -> float:
    """Average precision of the objects: the mean of TP / (TP + FP + FN) over IoU thresholds.

    This is the score of the 2018 Data Science Bowl [1]_, also used for StarDist [2]_. A label
    image says of no object how sure it is of it, so there is no curve of precision against recall
    to average over, as there is for detectors; missed objects are counted in the denominator
    instead.

    Parameters
    ----------
    prediction, truth : array_like of int, shape (H, W)
        Two label images: 0 for the background, another number for each object.
    thresholds : sequence of float
        The smallest intersection over union of a match, each above 0 and at most 1; by default
        0.50, 0.55, …, 0.95.

    Returns
    -------
    float
        Between 0 and 1; 1 where neither image has an object.

    Raises
    ------
    TypeError, ValueError
        If an array is not a label image, the shapes differ, there is no threshold, or one is out
        of range.

    See Also
    --------
    matched_objects, object_f1

    References
    ----------
    .. [1] J. C. Caicedo et al., "Nucleus segmentation across imaging experiments: the 2018 Data
       Science Bowl", Nature Methods 16, 1247-1253, 2019. doi:10.1038/s41592-019-0612-7
    .. [2] U. Schmidt, M. Weigert, C. Broaddus and G. Myers, "Cell detection with star-convex
       polygons", MICCAI, 265-273, 2018. doi:10.1007/978-3-030-00934-2_30

    Examples
    --------
    One object of two is found, with an intersection over union of 3/4: at the six thresholds up
    to 0.75 there is one hit and one miss, at the other four no hit.

    >>> object_ap([[1, 1, 1, 0, 0]], [[1, 1, 1, 1, 2]])
    0.3
    """
    if not len(thresholds):
        raise ValueError("thresholds: expected one threshold or more, got none")
    found = find_overlaps(prediction, truth)
    scores = []
    for each in thresholds:
        matching = match(found, check_threshold(each, "thresholds"))
        objects = matching.true_positives + matching.false_positives + matching.false_negatives
        scores.append(matching.true_positives / objects if objects else 1.0)
    return sum(scores) / len(scores)
