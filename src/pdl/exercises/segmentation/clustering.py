"""The start of k-means, and one step of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pdl import segmentation

from ..checking.compare import expect_close, expect_parts, expect_shape
from ..checking.engine import Exercise

kmeans_step = Exercise(
    "segmentation.kmeans_step",
    unlocks="You can now group points in any number of dimensions: repeat the step until it rests.",
)


def _step(points: NDArray[Any], centroids: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    points, centroids = points.astype(float), centroids.astype(float)
    labels = np.argmin(segmentation.squared_distances(points, centroids), axis=1)
    moved = np.array(centroids, dtype=float)
    for cluster in np.unique(labels):
        moved[cluster] = points[labels == cluster].mean(axis=0)
    return labels, moved


def _points(seed: int, number: int = 40, dimensions: int = 3) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(number, dimensions)) * [9, 5, 2][:dimensions]


_PARTS = ("labels", "moved")
_ROUND_AGAIN = "Differences or squares did not fit into the integers: make the points float first."


@kmeans_step.group("shape")
def _(answer: Any) -> str:
    points = _points(0)
    labels, centroids = expect_parts(answer(points, points[:4]), _PARTS)
    expect_shape(labels, (40,), hint="The first thing to return is one label for each point.")
    return "(40,) and " + expect_shape(centroids, (4, 3))


@kmeans_step.group("values")
def _(answer: Any) -> None:
    for seed in (1, 2):
        points = _points(seed)
        start = points[5:9].copy()
        labels, moved = _step(points, start)
        got_labels, got = expect_parts(answer(points, start), _PARTS)
        farthest = np.argmax(segmentation.squared_distances(points, start), axis=1)
        by_streets = np.argmin(np.abs(points[:, np.newaxis] - start).sum(axis=2), axis=1)
        expect_close(
            got_labels,
            labels,
            what="labels",
            mistakes=[
                (farthest, "Each point got the centroid that is farthest away."),
                (labels + 1, "The first cluster is number 0."),
                (by_streets, "Nearest by the sum of squares, not of absolute differences."),
                (
                    _step(points, moved)[0],
                    "Those belong to the centroids after the move; give the labels before it.",
                ),
            ],
        )
        groups = [points[labels == cluster] for cluster in range(4)]
        expect_close(
            got,
            moved,
            what="centroids",
            mistakes=[
                (
                    [each.sum(axis=0) for each in groups],
                    "A mean is a sum divided by the number of points in the cluster.",
                ),
                (
                    [each.sum(axis=0) / len(points) for each in groups],
                    "Divide by the points in the cluster, not by all points.",
                ),
                (
                    [np.median(each, axis=0) for each in groups],
                    "Those are medians, which belong to the absolute loss, not to the squared one.",
                ),
                (start, "The centroids have not moved."),
            ],
        )
        _, again = expect_parts(answer(points, start), _PARTS)
        expect_close(
            again,
            moved,
            what="the same call again",
        )


@kmeans_step.group("edge cases")
def _(answer: Any) -> None:
    line = np.array([[0], [1], [2], [7], [8]])
    start = np.array([[1], [8]])
    labels, got = expect_parts(answer(line, start), _PARTS)
    expect_close(labels, [0, 0, 0, 1, 1], what="for one coordinate")
    expect_close(
        got,
        [[1.0], [7.5]],
        what="for integers",
        mistakes=[
            ([[1], [7]], "The mean of integers need not be an integer: make the array float.")
        ],
    )
    far = np.array([[1.0], [8.0], [99.0]])
    _, got = expect_parts(answer(line, far), _PARTS)
    expect_close(got, [[1.0], [7.5], [99.0]], what="for a centroid with no points, which stays")
    for dtype in (np.uint8, np.int8, np.int16):
        points = _whole_points(dtype)
        labels, moved = _step(points, points[:3])
        got_labels, got = expect_parts(answer(points, points[:3]), _PARTS)
        what = f"points of {np.dtype(dtype).name}"
        wrapped = ((points[:, np.newaxis] - points[:3]) ** 2).sum(axis=2).argmin(axis=1)
        mistakes = [(wrapped, _ROUND_AGAIN)]
        expect_close(got_labels, labels, what=f"{what}: labels", mistakes=mistakes)
        sums = [points[labels == each].sum(axis=0, dtype=dtype) for each in range(3)]
        means = np.array(sums) / np.bincount(labels)[:, np.newaxis]
        mistakes = [(means, "The sum of a cluster did not fit into the type of the points.")]
        expect_close(got, moved, what=f"{what}: centroids", mistakes=mistakes)


def _whole_points(dtype: Any) -> NDArray[Any]:
    """Thirty points over the whole range of an integer type."""
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    return np.random.default_rng(7).integers(low, high, (30, 2), dtype=dtype, endpoint=True)


seeding = Exercise(
    "segmentation.seeding", unlocks="You can now start k-means where it rarely gets stuck."
)


def _chances(points: NDArray[Any], chosen: NDArray[Any], power: int = 2) -> NDArray[np.float64]:
    points, chosen = points.astype(float), chosen.astype(float)
    nearest = segmentation.squared_distances(points, chosen).min(axis=1) ** (power / 2)
    return np.asarray(nearest / nearest.sum())


@seeding.group("shape")
def _(answer: Any) -> str:
    points = _points(3)
    return expect_shape(answer(points, points[:2]), (40,))


@seeding.group("values")
def _(answer: Any) -> None:
    for seed in (4, 5):
        points = _points(seed)
        chosen = points[[0, 3, 9, 20, 31][: 2 * seed - 5]]
        squared = segmentation.squared_distances(points, chosen)
        expect_close(
            answer(points, chosen),
            _chances(points, chosen),
            mistakes=[
                (_chances(points, chosen, power=1), "Use the squared distance."),
                (
                    np.full(len(points), 1 / len(points)),
                    "The same chance for all is the random start; count the distances.",
                ),
                (squared.min(axis=1), "Probabilities sum to one: divide by their sum."),
                (
                    squared.sum(axis=1) / squared.sum(),
                    "What counts is the nearest of the chosen points, not all of them.",
                ),
                (
                    squared.max(axis=1) / squared.max(axis=1).sum(),
                    "What counts is the nearest of the chosen points, not the farthest.",
                ),
                (
                    squared[:, -1] / squared[:, -1].sum(),
                    "What counts is the nearest of all chosen points, not the last one.",
                ),
                (
                    squared[:, 0] / squared[:, 0].sum(),
                    "What counts is the nearest of all chosen points, not the first one.",
                ),
            ],
        )


@seeding.group("edge cases")
def _(answer: Any) -> None:
    line = np.array([[0], [1], [3]])
    expect_close(answer(line, line[:1]), [0, 0.1, 0.9], what="for one chosen point, integers")
    twins = np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 4.0]])
    expect_close(answer(twins, twins[:1]), [0, 0, 1], what="for a twin of a chosen point")
    for dtype in (np.uint8, np.int8, np.int16):
        points = _whole_points(dtype)
        wrapped = ((points[:, np.newaxis] - points[:2]) ** 2).sum(axis=2).min(axis=1)
        expect_close(
            answer(points, points[:2]),
            _chances(points, points[:2]),
            what=f"for points of {np.dtype(dtype).name}",
            mistakes=[(wrapped / wrapped.sum(), _ROUND_AGAIN)],
        )
