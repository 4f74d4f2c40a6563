"""The distances of points to centroids, and the nearest one of each point."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

EPSILON = np.finfo(np.float64).eps
MOST_SCORES = 2**16  # at a time: 512 KiB stay near the processor


class Groups(NamedTuple):
    """The cluster of each point, and the size and the sum of the points of each cluster."""

    labels: NDArray[np.int64]
    sizes: NDArray[np.float64]
    sums: NDArray[np.float64]


def assign(points: NDArray[np.float64], centroids: NDArray[np.float64]) -> Groups:
    """Give each point to the nearest centroid, of two at the same distance to the first.

    ‖x − c‖² = ‖x‖² − 2 (x·c − ‖c‖²/2), where ‖x‖² is one for all centroids: the nearest has the
    highest score x·c − ‖c‖²/2, and all scores are one matrix product. Scores cancel digits that
    distances keep: where two come closer than rounding reaches, the distances decide. Some points
    at a time, as a table of all scores would take N times K numbers.
    """
    clusters, dimensions = centroids.shape
    half_squares = (centroids**2).sum(axis=1) / 2
    # No coordinate is beyond 1. Sums of D products err by at most D/2 eps of their magnitude.
    rounding = 8 * (dimensions + 2) * EPSILON * max(dimensions, 2 * half_squares.max())
    labels = np.empty(len(points), dtype=np.int64)
    sizes, sums = np.zeros(clusters), np.zeros(centroids.shape)
    at_a_time = max(1, MOST_SCORES // clusters)
    for start in range(0, len(points), at_a_time):
        some = points[start : start + at_a_time]
        scores = centroids @ some.T - half_squares[:, np.newaxis]
        nearest = ~(scores < scores.max(axis=0) - rounding)  # where they overflow, all
        if np.count_nonzero(nearest) > len(some):
            close = np.flatnonzero(nearest.sum(axis=0) > 1)
            first = squared_distances(some[close], centroids).argmin(axis=1)
            nearest[:, close] = first == np.arange(clusters)[:, np.newaxis]
        member = nearest.astype(np.float64)
        labels[start : start + at_a_time] = np.arange(clusters) @ member
        sizes += member.sum(axis=1)
        sums += member @ some
    return Groups(labels, sizes, sums)


def squared_distances(
    points: NDArray[np.float64], centroids: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the squared Euclidean distance of each of N points to each of K centroids.

    Parameters
    ----------
    points : ndarray, shape (N, D)
    centroids : ndarray, shape (K, D)

    Returns
    -------
    ndarray of float64, shape (N, K)
    """
    distances = np.zeros((len(points), len(centroids)))
    for x, c in zip(points.T, centroids.T, strict=True):  # one coordinate of all
        distances += (x[:, np.newaxis] - c) ** 2
    return distances


def own_distances(
    points: NDArray[np.float64], centroids: NDArray[np.float64], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the squared distance of each of N points to the centroid of its cluster."""
    distances = np.zeros(len(points))
    for x, c in zip(points.T, centroids.T, strict=True):
        distances += (x - c[labels]) ** 2
    return distances
