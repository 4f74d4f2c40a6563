"""k-means: group points so that each is near the mean of its group."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_array, check_choice, check_image, check_integer, check_nonnegative
from pdl.segmentation.assignment import Groups, assign, own_distances, squared_distances
from pdl.segmentation.scaling import binary_exponent

INITIALISATIONS = ("k-means++", "random")


class Clustering(NamedTuple):
    """What :func:`kmeans` found.

    Attributes
    ----------
    labels : ndarray of int64, shape (N,)
        The cluster of each point, from 0 to K - 1.
    centroids : ndarray of float64, shape (K, D)
        The mean of each cluster.
    loss : float
        The sum of the squared distances between the points and their centroids; infinity where
        it is beyond the range of floating point.
    iterations : int
        The number of times that the centroids were moved, in the best start.
    losses : ndarray of float64, shape (iterations + 1,)
        The loss after each assignment of the points, in the best start: it never rises.
    """

    labels: NDArray[np.int64]
    centroids: NDArray[np.float64]
    loss: float
    iterations: int
    losses: NDArray[np.float64]


def kmeans(
    points: ArrayLike,
    clusters: int,
    starts: int = 10,
    seed: int | np.random.Generator = 0,
    init: str | ArrayLike = "k-means++",
    max_iterations: int = 300,
) -> Clustering:
    r"""Group points around ``clusters`` centroids with Lloyd's algorithm.

    The loss is :math:`\sum_n \lVert x_n - c_{l(n)} \rVert^2`: squared distances, and so the best
    centroid of a group is its mean [1]_. Two steps alternate, and neither can raise the loss:
    each point takes the label of its nearest centroid, then each centroid moves to the mean of
    its points. The end is a local minimum, which depends on the start; of several starts the one
    with the lowest loss is returned.

    Parameters
    ----------
    points : array_like, shape (N, D) or (N,)
        One point a row; a vector is taken as points with one coordinate.
    clusters : int
        The number K of clusters, at most N.
    starts : int
        How many sets of initial centroids are tried. Ignored where ``init`` is an array.
    seed : int or numpy.random.Generator
        The source of the initial centroids.
    init : {"k-means++", "random"} or array_like of shape (K, D)
        How the first centroids are found: points far from each other [2]_, points drawn with
        equal probability, or those given.
    max_iterations : int
        The most moves of the centroids in each start.

    Returns
    -------
    Clustering
        ``labels``, ``centroids``, ``loss``, ``iterations`` and ``losses``.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or there are fewer points than clusters.

    Notes
    -----
    Of two centroids at the same distance a point takes the first. A centroid that no point is
    near moves to the point that is farthest from its own centroid.

    References
    ----------
    .. [1] S. P. Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information
       Theory 28 (2), 129-137, 1982. doi:10.1109/TIT.1982.1056489
    .. [2] D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding",
       Proceedings of the 18th ACM-SIAM Symposium on Discrete Algorithms, 1027-1035, 2007.

    Examples
    --------
    >>> result = kmeans([0.0, 1.0, 10.0, 11.0], clusters=2)
    >>> sorted(result.centroids.ravel().tolist()), result.loss
    ([0.5, 10.5], 1.0)
    """
    points = _check_points(points)
    clusters = check_integer(clusters, "clusters", minimum=1)
    starts = check_integer(starts, "starts", minimum=1)
    max_iterations = check_integer(max_iterations, "max_iterations", minimum=1)
    if len(points) < clusters:
        raise ValueError(f"points must be at least as many as clusters, {clusters}: {len(points)}")
    # Near 1 no square overflows or vanishes; a power of two changes no digit.
    exponent = binary_exponent(points)
    # In memory one coordinate after the other, as they are multiplied and summed.
    points = np.asfortranarray(np.ldexp(points, -exponent))
    if isinstance(init, str):
        rng = np.random.default_rng(seed)
        first = (initial_centroids(points, clusters, rng, init) for _ in range(starts))
    else:
        given = _check_centroids(init, clusters, points.shape[1])
        first = (np.ldexp(given, -exponent) for _ in range(1))
    runs = (_lloyd(points, centroids, max_iterations) for centroids in first)
    best = min(runs, key=lambda run: run.loss)
    losses = np.array(
        [own_distances(points, each, assign(points, each).labels).sum() for each in best.path]
    )
    with np.errstate(over="ignore", under="ignore"):
        losses = np.ldexp(losses, 2 * exponent)
        centroids = np.ldexp(best.path[-1], exponent)
    return Clustering(best.labels, centroids, float(losses[-1]), len(losses) - 1, losses)


class _Run(NamedTuple):
    """One start: the centroids of each iteration, with the labels and the loss of the last."""

    path: list[NDArray[np.float64]]
    labels: NDArray[np.int64]
    loss: float


def _lloyd(
    points: NDArray[np.float64], centroids: NDArray[np.float64], max_iterations: int
) -> _Run:
    """Alternate between assignment and means until no point changes its cluster."""
    path = [centroids]
    groups = assign(points, centroids)
    for _ in range(max_iterations):
        path.append(_cluster_means(points, path[-1], groups))
        previous, groups = groups, assign(points, path[-1])
        if np.array_equal(groups.labels, previous.labels):
            break
    loss = own_distances(points, path[-1], groups.labels).sum()
    return _Run(path, groups.labels, float(loss))


def _cluster_means(
    points: NDArray[np.float64], centroids: NDArray[np.float64], groups: Groups
) -> NDArray[np.float64]:
    """Return the mean of each cluster; an empty one takes over a point far from its centroid."""
    means = groups.sums / np.maximum(groups.sizes, 1)[:, np.newaxis]
    empty = np.flatnonzero(groups.sizes == 0)
    if len(empty):
        distances = own_distances(points, centroids, groups.labels)
        means[empty] = points[np.argsort(-distances, kind="stable")[: len(empty)]]
    return means


def initial_centroids(
    points: NDArray[np.float64],
    clusters: int,
    seed: int | np.random.Generator = 0,
    init: str = "k-means++",
) -> NDArray[np.float64]:
    """Choose ``clusters`` of the points to start from.

    With ``"k-means++"`` the first is drawn with equal probability and each further one with a
    probability proportional to its squared distance to the nearest one chosen so far.

    Parameters
    ----------
    points : ndarray of float64, shape (N, D)
        One point a row.
    clusters : int
        The number K of centroids, at most N.
    seed : int or numpy.random.Generator
        The source of the draws.
    init : {"k-means++", "random"}
        The rule.

    Returns
    -------
    ndarray of float64, shape (K, D)
        K rows of ``points``.
    """
    check_choice(init, "init", INITIALISATIONS)
    rng = np.random.default_rng(seed)
    if init == "random":
        return points[rng.choice(len(points), size=clusters, replace=False)]
    scaled = np.ldexp(points, -binary_exponent(points))
    chosen = [int(rng.integers(len(points)))]
    nearest = np.full(len(points), np.inf)
    while len(chosen) < clusters:
        nearest = np.minimum(nearest, squared_distances(scaled, scaled[chosen[-1:]])[:, 0])
        # Every point may coincide with a chosen one: then all are as good.
        weights = nearest if nearest.sum() > 0 else np.ones(len(points))
        chosen.append(int(rng.choice(len(points), p=weights / weights.sum())))
    return points[chosen]


def pixel_features(image: ArrayLike, position_weight: float = 0.0) -> NDArray[np.float64]:
    """Turn an image into one point a pixel: its colour, and where asked its position.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, C)
        The image, in any range.
    position_weight : float
        How many units of colour a distance of one pixel is worth; 0 leaves the position out.

    Returns
    -------
    ndarray of float64, shape (H * W, C) or (H * W, C + 2)
        The channels, followed by ``position_weight`` times row and column.

    Raises
    ------
    TypeError, ValueError
        If the image is not an image of finite numbers, or the weight is negative.
    """
    image = check_image(image)
    weight = check_nonnegative(position_weight, "position_weight")
    colors = image.reshape(image.shape[0] * image.shape[1], -1).astype(np.float64)
    if weight == 0:
        return colors
    rows, columns = np.indices(image.shape[:2])
    positions = np.stack([rows.ravel(), columns.ravel()], axis=1)
    return np.hstack([colors, weight * positions])


def _check_points(points: ArrayLike) -> NDArray[np.float64]:
    """Return the points as float64 of shape (N, D)."""
    checked = check_array(points, "points").astype(np.float64)
    if checked.ndim == 1:
        return checked[:, np.newaxis]
    if checked.ndim != 2:
        raise ValueError(f"points must have shape (N, D) or (N,), got shape {checked.shape}")
    return checked


def _check_centroids(init: Any, clusters: int, dimensions: int) -> NDArray[np.float64]:
    """Return the given first centroids as float64 of shape (K, D)."""
    centroids = check_array(init, "init").astype(np.float64)
    if centroids.ndim == 1 and dimensions == 1:
        centroids = centroids[:, np.newaxis]
    if centroids.shape != (clusters, dimensions):
        raise ValueError(
            f"init must have shape {(clusters, dimensions)} (clusters, coordinates), "
            f"got {centroids.shape}"
        )
    return centroids
