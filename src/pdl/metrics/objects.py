"""Scores that ask for objects, not pixels: are they all there, and is each one found once?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from pdl._validation import check_fraction, check_positive, check_same_shape
from pdl.metrics.masks import check_labels


class Matching(NamedTuple):
    """Which predicted object stands for which true one.

    Attributes
    ----------
    pairs : ndarray of int64, shape (M, 2)
        The matched labels, predicted and true, in ascending order of the predicted label.
    ious : ndarray of float64, shape (M,)
        The intersection over union of each pair.
    false_positives : int
        The number of predicted objects without a partner.
    false_negatives : int
        The number of true objects without a partner.
    """

    pairs: NDArray[np.int64]
    ious: NDArray[np.float64]
    false_positives: int
    false_negatives: int

    @property
    def true_positives(self) -> int:
        """The number of matched pairs, M."""
        return len(self.pairs)


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
    return len(_object_labels(check_labels(labels, "labels")))


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


def iou_table(prediction: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """Compute the intersection over union of every predicted with every true object.

    Parameters
    ----------
    prediction, truth : array_like of int, shape (H, W)
        Two label images with P and T objects.

    Returns
    -------
    ndarray of float64, shape (P, T)
        Rows and columns in ascending order of the labels.

    Raises
    ------
    TypeError, ValueError
        If an array is not a label image, or the shapes differ.
    """
    predicted, true = check_labels(prediction, "prediction"), check_labels(truth, "truth")
    check_same_shape(predicted, true, "prediction", "truth")
    predicted_labels, row = np.unique(predicted, return_inverse=True)
    true_labels, column = np.unique(true, return_inverse=True)
    # overlap[i, j]: the pixels that have the i-th predicted and the j-th true label.
    shape = (len(predicted_labels), len(true_labels))
    pixel_pairs = np.ravel_multi_index((row.ravel(), column.ravel()), shape)
    overlap = np.bincount(pixel_pairs, minlength=shape[0] * shape[1]).reshape(shape)
    union = overlap.sum(axis=1, keepdims=True) + overlap.sum(axis=0, keepdims=True) - overlap
    table: NDArray[np.float64] = (overlap / union)[predicted_labels > 0][:, true_labels > 0]
    return table


def matched_objects(prediction: ArrayLike, truth: ArrayLike, threshold: float = 0.5) -> Matching:
    """Pair predicted with true objects, each at most once.

    A pair needs an intersection over union of ``threshold`` or more. Above one half an object can
    have only one such partner; at or below it, the pairing with the most pairs is taken, and of
    those the one with the highest sum of intersections over union (an assignment problem [1]_).

    Parameters
    ----------
    prediction, truth : array_like of int, shape (H, W)
        Two label images: 0 for the background, another number for each object.
    threshold : float
        The smallest intersection over union of a pair, above 0 and at most 1.

    Returns
    -------
    Matching
        ``pairs``, ``ious``, ``false_positives``, ``false_negatives`` (and ``true_positives``).

    Raises
    ------
    TypeError, ValueError
        If an array is not a label image, the shapes differ, or the threshold is out of range.

    References
    ----------
    .. [1] H. W. Kuhn, "The Hungarian method for the assignment problem", Naval Research Logistics
       Quarterly 2, 83-97, 1955. doi:10.1002/nav.3800020109

    Examples
    --------
    >>> matching = matched_objects([[1, 1, 1, 0, 2]], [[7, 7, 0, 0, 0]])
    >>> matching.pairs.tolist(), matching.false_positives, matching.false_negatives
    ([[1, 7]], 1, 0)
    """
    threshold = check_positive(check_fraction(threshold, "threshold"), "threshold")
    table = iou_table(prediction, truth)
    is_candidate = table >= threshold
    # One more pair outweighs any gain in overlap, as each overlap is at most 1.
    gain = np.where(is_candidate, 1 + table / (1 + min(table.shape)), 0)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    matched = is_candidate[rows, columns]
    rows, columns = rows[matched], columns[matched]

    predicted_labels = _object_labels(np.asarray(prediction))
    true_labels = _object_labels(np.asarray(truth))
    pairs = np.stack([predicted_labels[rows], true_labels[columns]], axis=1)
    return Matching(
        pairs,
        table[rows, columns],
        false_positives=len(predicted_labels) - len(pairs),
        false_negatives=len(true_labels) - len(pairs),
    )


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


def _object_labels(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the labels above 0 in ascending order."""
    values = np.unique(labels).astype(np.int64)
    return values[values > 0]
