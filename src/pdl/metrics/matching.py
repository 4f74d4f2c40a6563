"""Which predicted object stands for which true one: an assignment by overlap."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pdl._validation import check_fraction, check_labels, check_positive, check_same_shape


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
    found = find_overlaps(prediction, truth)
    table = np.zeros((len(found.predicted_labels), len(found.true_labels)))
    table[found.rows, found.columns] = found.ious
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
    threshold = check_threshold(threshold, "threshold")
    return match(find_overlaps(prediction, truth), threshold)


def match(found: Overlaps, threshold: float) -> Matching:
    """Pair objects that overlap by the threshold or more, see :func:`matched_objects`."""
    is_candidate = found.ious >= threshold
    chosen = _best_pairs(
        found.rows[is_candidate], found.columns[is_candidate], found.ious[is_candidate]
    )
    rows, columns = found.rows[is_candidate][chosen], found.columns[is_candidate][chosen]
    pairs = np.stack([found.predicted_labels[rows], found.true_labels[columns]], axis=1)
    return Matching(
        pairs,
        found.ious[is_candidate][chosen],
        false_positives=len(found.predicted_labels) - len(pairs),
        false_negatives=len(found.true_labels) - len(pairs),
    )


def check_threshold(threshold: float, name: str) -> float:
    """Return the threshold; raise if it is not above 0 and at most 1."""
    return check_positive(check_fraction(threshold, name), name)


class Overlaps(NamedTuple):
    """The objects of two label images, and the pairs of them that share a pixel, row by row."""

    predicted_labels: NDArray[np.int64]
    true_labels: NDArray[np.int64]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    ious: NDArray[np.float64]


def find_overlaps(prediction: ArrayLike, truth: ArrayLike) -> Overlaps:
    """Find the pairs that overlap: no more than pixels, where all pairs would be P times T."""
    predicted, true = check_labels(prediction, "prediction"), check_labels(truth, "truth")
    check_same_shape(predicted, true, "prediction", "truth")
    predicted_labels, row = np.unique(predicted, return_inverse=True)
    true_labels, column = np.unique(true, return_inverse=True)
    # overlap[i, j]: the pixels that have the i-th predicted and the j-th true label.
    ones = np.ones(predicted.size, dtype=np.int64)
    shape = (len(predicted_labels), len(true_labels))
    overlap = coo_array((ones, (row.ravel(), column.ravel())), shape).tocsr().tocoo()
    rows, columns = overlap.row, overlap.col
    union = np.bincount(row.ravel())[rows] + np.bincount(column.ravel())[columns] - overlap.data
    are_objects = (predicted_labels[rows] > 0) & (true_labels[columns] > 0)
    return Overlaps(
        object_labels(predicted_labels),
        object_labels(true_labels),
        rows[are_objects] - np.count_nonzero(predicted_labels == 0),
        columns[are_objects] - np.count_nonzero(true_labels == 0),
        (overlap.data / union)[are_objects],
    )


def _best_pairs(
    rows: NDArray[np.intp], columns: NDArray[np.intp], ious: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Return which of the candidate pairs are taken, each row and each column at most once.

    Candidates that share no object, directly or over others, do not compete: each group of those
    that do is an assignment problem of its own.
    """
    if not len(rows):
        return np.empty(0, dtype=np.intp)
    nodes = rows.max() + columns.max() + 2
    graph = coo_array((np.ones(len(rows)), (rows, rows.max() + 1 + columns)), (nodes, nodes))
    group = connected_components(graph, directed=False)[1][rows]
    order, sizes = np.argsort(group, kind="stable"), np.bincount(group)
    taken = []
    for members in np.split(order, np.cumsum(sizes)[:-1]):
        if len(members) > 1:
            row = np.unique(rows[members], return_inverse=True)[1]
            column = np.unique(columns[members], return_inverse=True)[1]
            candidate = np.full((row.max() + 1, column.max() + 1), -1)
            candidate[row, column] = members
            # One more pair outweighs any gain in overlap, as each overlap is at most 1.
            gain = np.where(candidate < 0, 0, 1 + ious[candidate] / (1 + min(candidate.shape)))
            members = candidate[linear_sum_assignment(gain, maximize=True)]
        taken.append(members[members >= 0])
    return np.sort(np.concatenate(taken))


def object_labels(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the labels above 0 in ascending order."""
    values = np.unique(labels).astype(np.int64)
    return values[values > 0]
