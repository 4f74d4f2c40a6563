"""The exercises of chapter 4, Classical segmentation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pdl import segmentation
from pdl.data import load_cells
from pdl.metrics import dice as dice_coefficient
from pdl.metrics import iou as intersection_over_union

from .compare import Mismatch, as_array, expect_close, expect_equal, expect_parts, expect_shape
from .engine import Exercise

Image = NDArray[np.uint8]

within_by_hand = Exercise(
    "segmentation.within_by_hand",
    unlocks="You can now check any program for Otsu's threshold on six pixels.",
)
probabilities = Exercise(
    "segmentation.probabilities",
    unlocks="You can now start any method that works on the histogram alone.",
)
classes = Exercise(
    "segmentation.classes", unlocks="You can now cut an image at as many thresholds as you like."
)
otsu = Exercise(
    "segmentation.otsu",
    unlocks="You can now find the threshold that needs no peaks, and know the test that it passes.",
)
kmeans_step = Exercise(
    "segmentation.kmeans_step",
    unlocks="You can now group points in any number of dimensions: repeat the step until it rests.",
)
seeding = Exercise(
    "segmentation.seeding", unlocks="You can now start k-means where it rarely gets stuck."
)
flood = Exercise(
    "segmentation.flood", unlocks="You can now cut a landscape into basins, one for each marker."
)
iou = Exercise("segmentation.iou", unlocks="You can now score any mask, the empty ones included.")
paired_gain = Exercise(
    "segmentation.paired_gain",
    unlocks="You can now say that one method beats another, or that nothing was seen.",
)
count_touching = Exercise(
    "segmentation.count_touching",
    unlocks="You can now count what touches, which no threshold can.",
)


@within_by_hand.group("value")
def _(answer: Any) -> str:
    got = as_array(answer, "a number")
    if got.shape != ():
        raise Mismatch(f"expected one number, got shape {got.shape}")
    mistakes = {
        49 / 9: "That is the between-class variance; what is within the classes is asked for.",
        16 / 9: "The variances of the two classes are weighted by the classes' probabilities.",
        4 / 3: "Divide by the number of pixels of a class, not by one less: nothing is estimated.",
        19 / 3: "That is the variance of all six pixels, before they are split.",
        16 / 3: "That is a sum of squares; a variance is their mean.",
    }
    hint = next((words for value, words in mistakes.items() if np.isclose(got, value, 5e-3)), "")
    if not np.isclose(float(got), 8 / 9, rtol=2e-3):
        raise Mismatch(f"got {float(got):.4g}, which is not it", hint)
    return "8/9"


def _random_image(seed: int, shape: tuple[int, int], low: int = 20, high: int = 180) -> Image:
    return np.random.default_rng(seed).integers(low, high, size=shape, dtype=np.uint8)


def _probabilities(image: Image) -> NDArray[np.float64]:
    return np.bincount(image.ravel(), minlength=256) / image.size


@probabilities.group("shape")
def _(answer: Any) -> str:
    return expect_shape(
        answer(_random_image(0, (5, 7))),
        (256,),
        hint="All 256 levels have a place, those that do not occur as well.",
    )


@probabilities.group("values")
def _(answer: Any) -> None:
    image = _random_image(1, (9, 12))
    counts = np.bincount(image.ravel(), minlength=256)
    stretched = np.histogram(image, bins=256)[0]
    hint = "The bins reach from the darkest to the brightest pixel; they must be the levels 0…255."
    expect_close(
        answer(image),
        counts / image.size,
        mistakes=[
            (counts, "Those are counts: divide by the number of pixels."),
            (counts / len(image), "Divide by the number of pixels, not by the number of rows."),
            (counts / counts.max(), "Divide by the number of pixels, not by the highest count."),
            (stretched / image.size, hint),
            (stretched, hint),
        ],
    )


@probabilities.group("edge cases")
def _(answer: Any) -> None:
    many = np.full((200, 200), 7, dtype=np.uint8)
    many[0] = 255
    for what, image in {
        "for one white pixel": np.array([[255]], dtype=np.uint8),
        "for a black image": np.zeros((3, 4), dtype=np.uint8),
        "for every level once": np.arange(256, dtype=np.uint8).reshape(16, 16),
        "for 40 000 pixels": many,
    }.items():
        truth = _probabilities(image)
        in_uint8 = np.uint32(truth * image.size).astype(np.uint8) / image.size
        hint = "The counts did not fit into uint8: count in a wider type."
        expect_close(answer(image), truth, what=what, mistakes=[(in_uint8, hint)])


_STEPS = np.array([[10, 50, 51], [100, 101, 200]], dtype=np.uint8)


@classes.group("shape")
def _(answer: Any) -> str:
    return expect_shape(answer(_STEPS, [50, 100]), (2, 3))


@classes.group("values")
def _(answer: Any) -> None:
    cases = [(_STEPS, [50, 100]), (_random_image(2, (8, 9)), [60, 61, 120])]
    cases.append((_random_image(3, (8, 9)), [30, 60, 61, 120, 150, 170]))
    for image, thresholds in cases:
        above = np.array(image)[..., np.newaxis] > np.array(thresholds)
        at_or_above = np.array(image)[..., np.newaxis] >= np.array(thresholds)
        expect_close(
            answer(image, thresholds),
            above.sum(axis=-1),
            mistakes=[
                (at_or_above.sum(axis=-1), "A pixel equal to a threshold belongs below it."),
                (above.sum(axis=-1) + 1, "The darkest class is number 0."),
                (above.any(axis=-1), "Each threshold makes one class more, not one mask."),
                (
                    len(thresholds) - above.sum(axis=-1),
                    "The numbers run from dark to bright, 0 for the darkest class.",
                ),
            ],
            image=image,
        )


@classes.group("edge cases")
def _(answer: Any) -> None:
    expect_close(answer(_STEPS, [201]), np.zeros((2, 3)), what="for a threshold above all pixels")
    white = np.array([[0, 254, 255]], dtype=np.uint8)
    expect_close(answer(white, [0, 254, 255]), [[0, 1, 2]], what="for thresholds 0, 254 and 255")
    halves = np.array([[0.25, 0.5, 0.75]])
    expect_close(answer(halves, [0.5]), [[0, 0, 1]], what="for a float image")
    expect_close(answer(_STEPS, []), np.zeros((2, 3)), what="for no threshold at all")


def _undivided(image: NDArray[Any]) -> int:
    """The threshold of the older recipe, which takes class sums for means."""
    counts = np.bincount(image.ravel(), minlength=256)
    p = counts / counts.sum()
    weight, total = np.cumsum(p), np.cumsum(p * np.arange(len(p)))
    mean = total[-1]
    spread = weight * (total - mean) ** 2 + (1 - weight) * total**2
    return int(np.argmax(spread))


def _two_humps(seed: int, share: float) -> Image:
    rng = np.random.default_rng(seed)
    bright = rng.random((40, 50)) < share
    levels = np.where(bright, 150, 70) + rng.normal(0, 15, bright.shape)
    return np.clip(levels.round(), 0, 255).astype(np.uint8)


def _otsu_mistakes(image: NDArray[Any], truth: float) -> dict[str, tuple[float, ...]]:
    """For each known mistake the thresholds that it may give."""
    mean = image.mean()
    # All levels from `first` to `last` part the image like the right one.
    first, last = int(image[image <= truth].max()), int(image[image > truth].min()) - 1
    at = "the pixels at the threshold are background."
    return {
        "Looks like the older recipe: a mean is a class sum divided.": (_undivided(image),),
        "That is the median of the image.": (float(np.median(image)),),
        "That is the mean of the image, which also comes out if the difference is not squared.": (
            mean,
            int(mean),
            round(mean),
        ),
        f"One level too low: {at}": (first - 1, last - 1),
        f"One level too high: {at}": (first + 1, last + 1),
    }


def _expect_thresholds(answer: Any, images: Mapping[str, NDArray[Any]]) -> None:
    wrong, explained = "", []
    for what, image in images.items():
        got = as_array(answer(image), "a threshold")
        if got.shape != ():
            raise Mismatch(f"expected one number, got shape {got.shape}")
        truth, above = segmentation.otsu(image), image > got
        explained.append(
            [
                hint
                for hint, values in _otsu_mistakes(image, truth).items()
                if any(np.array_equal(above, image > each) for each in values)
            ]
        )
        if np.array_equal(above, image > truth):
            continue
        wrong = wrong or f"{what}: expected {truth}, got {got:g}"
        if above.all() or not above.any():
            hint = (
                "It leaves a class empty: try all levels from 0 to 254, and skip such thresholds."
            )
            raise Mismatch(wrong, hint)
    if wrong:
        in_all = (hint for hint in explained[0] if all(hint in hints for hints in explained))
        raise Mismatch(wrong, next(in_all, ""))


@otsu.group("shape")
def _(answer: Any) -> str:
    expect_shape(answer(_two_humps(0, 0.4)), ())
    return "one number"


@otsu.group("values")
def _(answer: Any) -> None:
    images = {
        f"two humps, {share:.0%} bright": _two_humps(seed, share)
        for seed, share in enumerate([0.4, 0.3, 0.05])
    }
    images["a random image"] = _random_image(3, (30, 30), 0, 256)
    _expect_thresholds(answer, images)


@otsu.group("edge cases")
def _(answer: Any) -> None:
    image = _two_humps(4, 0.3)
    images = {
        "40 levels more brightness": np.where(image < 215, image + np.uint8(40), np.uint8(255)),
        "an image of two levels": np.array([[10, 10, 200], [10, 200, 200]], dtype=np.uint8),
        "the negative": 255 - image,
        "an image of the levels 3 and 9": np.array([[3, 3, 9], [3, 9, 9]], dtype=np.uint8),
        "an image of the levels 0 and 1": np.array([[0, 0, 1], [0, 1, 1]], dtype=np.uint8),
        "a bright image": np.array([[254, 255, 254], [255, 254, 254]], dtype=np.uint8),
        "black and white": np.array([[0, 255, 0], [0, 255, 0]], dtype=np.uint8),
    }
    for what, each in images.items():
        _expect_thresholds(answer, {what: each})
    constant = np.full((4, 4), 90, dtype=np.uint8)
    got = as_array(answer(constant), "a threshold")
    if got.shape != () or not np.isfinite(got):
        raise Mismatch(f"for a constant image: expected a number, got {got}")


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
        mistakes=[([[1], [7]], "The mean of integers is no integer: make the array float.")],
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


def _check_flood(answer: Any, heights: list[float], markers: list[int], what: str = "") -> None:
    landscape, springs = np.array(heights), np.array(markers)
    truth = segmentation.watershed(landscape, springs)
    got = as_array(answer(landscape, springs), f"an array of shape {truth.shape}")
    # The summit between two basins may go to either.
    places = np.flatnonzero(springs)
    expected = truth.copy()
    for left, right in pairwise(places):
        between = np.arange(left + 1, right)
        if len(between):
            summit = between[np.argmax(landscape[between])]
            if got.shape == truth.shape and got[summit] in (springs[left], springs[right]):
                expected[summit] = got[summit]
    index = np.arange(len(landscape))
    nearest = springs[places[np.argmin(np.abs(index[:, np.newaxis] - places), axis=1)]]
    nearest_right = springs[
        places[::-1][np.argmin(np.abs(index[:, np.newaxis] - places[::-1]), axis=1)]
    ]
    by_distance = "Each pixel got the nearest marker; the heights have to decide."
    filled_from_left = springs[places[np.maximum(np.searchsorted(places, index, "right") - 1, 0)]]
    mistakes = [
        (nearest, by_distance),
        (nearest_right, by_distance),
        (springs, "Those are the markers alone: the water has not risen."),
        (filled_from_left, "Each label ran on to the next marker, over the summit between."),
    ]
    # Where a case is tried for another reason, a mistake would be named by chance.
    expect_close(got, expected, what=what, mistakes=() if what else mistakes)


@flood.group("shape")
def _(answer: Any) -> str:
    return expect_shape(answer(np.array([3, 1, 4, 0, 5]), np.array([0, 1, 0, 2, 0])), (5,))


def _random_landscape(rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """A permutation of 0…23 as heights, and markers at the bottoms of three valleys."""
    heights = rng.permutation(24)
    walled = np.pad(heights, 1, constant_values=24)
    bottoms = np.flatnonzero((heights < walled[:-2]) & (heights < walled[2:]))
    markers = np.zeros(24, dtype=int)
    markers[rng.choice(bottoms, size=3, replace=False)] = [4, 1, 7]
    return heights, markers


@flood.group("values")
def _(answer: Any) -> None:
    _check_flood(answer, [5, 1, 2, 3, 4, 6, 9, 0, 7], [0, 1, 0, 0, 0, 0, 0, 2, 0])
    _check_flood(answer, [2, 9, 3, 4, 5, 6, 1, 8, 0, 7], [1, 0, 0, 0, 0, 0, 2, 0, 3, 0])
    rng = np.random.default_rng(0)
    for _ in range(4):
        heights, markers = _random_landscape(rng)
        _check_flood(answer, heights.tolist(), markers.tolist())


@flood.group("edge cases")
def _(answer: Any) -> None:
    _check_flood(answer, [3, 1, 5, 2], [0, 0, 6, 0], "for one marker, on a summit")
    _check_flood(answer, [1, 5, 2], [1, 0, 2], "for markers at both ends")
    _check_flood(answer, [4], [3], "for one pixel")
    rng = np.random.default_rng(1)
    for what, step, lowest, label in (
        ("for heights below 1", 0.04, 0, 1),
        ("for heights below and above 0", 7, -80, 1),
        ("for heights below 0", 7, -300, 1),
        ("for heights up to 70 000", 3000, 1000, 1),
        ("for labels up to 700", 1, 0, 100),
    ):
        heights, markers = _random_landscape(rng)
        _check_flood(answer, (step * heights + lowest).tolist(), (label * markers).tolist(), what)


def _masks(seed: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    return rng.random((7, 9)) < 0.4, rng.random((7, 9)) < 0.6


@iou.group("shape")
def _(answer: Any) -> str:
    expect_shape(answer(*_masks(0)), ())
    return "one number"


@iou.group("values")
def _(answer: Any) -> None:
    for seed in (1, 2, 3):
        prediction, truth = _masks(seed)
        both, either = (prediction & truth).sum(), (prediction | truth).sum()
        expect_close(
            answer(prediction, truth),
            intersection_over_union(prediction, truth),
            mistakes=[
                (dice_coefficient(prediction, truth), "That is the Dice coefficient."),
                ((prediction == truth).mean(), "That is the part of the pixels that agree."),
                (both / truth.sum(), "Divide by the union, not by the truth."),
                (both / prediction.sum(), "Divide by the union, not by the prediction."),
                (both / prediction.size, "Divide by the union, not by all pixels."),
                (
                    both / (prediction.sum() + truth.sum()),
                    "What both have is counted twice in the sum; in the union it counts once.",
                ),
                (either / max(both, 1), "Upside down: intersection over union."),
            ],
        )


@iou.group("edge cases")
def _(answer: Any) -> None:
    empty, full = np.zeros((3, 4), dtype=bool), np.ones((3, 4), dtype=bool)
    got = answer(empty, empty)
    if got is not None and np.isnan(as_array(got)).any():
        raise Mismatch(
            "for two empty masks: expected 1.0, got nan",
            hint="0/0 where nothing is there and nothing was found: that is perfect agreement.",
        )
    expect_close(got, 1.0, what="for two empty masks, which agree")
    expect_close(answer(empty, full), 0.0, what="for an empty mask and a full truth")
    expect_close(answer(full, empty), 0.0, what="for a full mask and an empty truth")
    prediction, truth = _masks(4)
    expect_close(
        answer(prediction.astype(np.uint8), truth.astype(np.uint8)),
        intersection_over_union(prediction, truth),
        what="for masks of 0 and 1 as uint8",
    )
    rng = np.random.default_rng(5)
    large, other = (rng.random((2, 300, 300)) < 0.7).astype(np.uint8)
    both, either = (large & other).sum(), (large | other).sum()
    hint = "The number of pixels did not fit into uint8: make the masks boolean, or count wider."
    expect_close(
        answer(large, other),
        both / either,
        what="for large masks as uint8",
        mistakes=[(np.uint8(both % 256) / np.uint8(either % 256), hint)],
    )


_Interval = tuple[float, float, float]


def _scores(seed: int, number: int = 50) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scores of two methods: images differ a lot, methods little, save on the first and last."""
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(0.5, 0.2, number)
    first = difficulty + 0.03 + rng.normal(0, 0.02, number)
    first[[0, -1]] += [-0.1, 0.1]
    return first, difficulty + rng.normal(0, 0.02, number)


@cache
def _careful_interval(seed: int, number: int) -> _Interval:
    """The interval that a careful bootstrap of `_scores` finds: mean, low, high."""
    first, second = _scores(seed, number)
    gain, rng = first - second, np.random.default_rng(0)
    means = gain[rng.integers(number, size=(20_000, number))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(gain.mean()), float(low), float(high)


def _interval(answer: Any, a: NDArray[np.float64], b: NDArray[np.float64]) -> _Interval:
    parts = expect_parts(answer(a, b), ("mean", "low", "high"))
    mean, low, high = (float(as_array(each, "a number")) for each in parts)
    return mean, low, high


@paired_gain.group("shape")
def _(answer: Any) -> str:
    _interval(answer, *_scores(0))
    return "mean, low, high"


@paired_gain.group("values")
def _(answer: Any) -> None:
    cases = [(seed, (40, 25, 30, 20)[seed % 4]) for seed in range(1, 9)]
    found = []
    for case in cases:
        mean, low, high = _interval(answer, *_scores(*case))
        truth = _careful_interval(*case)[0]
        hint = "The sign: a positive gain says that the first method is better." if mean < 0 else ""
        if not np.isclose(mean, truth, atol=1e-9):
            raise Mismatch(f"mean: expected {truth:.4f}, got {mean:.4f}", hint)
        if not low < mean < high:
            raise Mismatch(f"expected low < mean < high, got {low:.4f}, {mean:.4f}, {high:.4f}")
        found.append((low, high))
    _expect_ends(np.array(found), cases)


def _expect_ends(found: NDArray[np.float64], cases: list[tuple[int, int]]) -> None:
    """Compare intervals with careful ones, by their widths and then end by end.

    An end that 2000 draws find is wrong by 0.06 standard errors of the mean, or a little more.
    """
    careful = np.array([_careful_interval(*case)[1:] for case in cases])
    widths, expected = np.ptp(found, axis=1), np.ptp(careful, axis=1)
    ratio = float(np.mean(widths / expected))
    if abs(ratio - 1) > 0.06:
        message = f"width: expected about {expected[0]:.4f}, got {widths[0]:.4f}"
        raise Mismatch(message, _width_hint(ratio, cases, expected))
    errors = (found - careful) / (expected[:, np.newaxis] / 3.92)
    for end, error in enumerate(np.abs(errors.mean(axis=0))):
        if error > 0.13:
            raise Mismatch(
                f"{('low', 'high')[end]}: expected about {careful[0, end]:.4f}, "
                f"got {found[0, end]:.4f}",
                "Of 95 %, 2.5 % are cut off at each end.",
            )
    worst = np.unravel_index(np.argmax(np.abs(errors)), errors.shape)
    if np.abs(errors[worst]) > 0.4:
        raise Mismatch(
            f"{('low', 'high')[worst[1]]}: expected about {careful[worst]:.4f}, "
            f"got {found[worst]:.4f}",
            "Are there 2000 draws, and can each image be drawn?",
        )


def _width_hint(ratio: float, cases: list[tuple[int, int]], expected: NDArray[np.float64]) -> str:
    def similar(widths: list[float]) -> bool:
        return bool(0.8 < ratio / np.mean(widths / expected) < 1.25)

    pairs = [_scores(*case) for case in cases]
    if similar([3.92 * np.sqrt((a.var() + b.var()) / len(a)) for a, b in pairs]):
        return "The two methods were drawn apart. Draw images: one index for both scores."
    if similar([float(np.ptp(np.quantile(a - b, [0.025, 0.975]))) for a, b in pairs]):
        return "That is the spread of single images; asked is that of their mean."
    if 0.6 < ratio < 1.5:
        return "Is it 95 %, with 2.5 % cut off at each end, of 2000 draws of N images?"
    return ""


@paired_gain.group("edge cases")
def _(answer: Any) -> None:
    a, b = _scores(3)
    same = "the same call twice: seed the generator"
    expect_close(_interval(answer, a, b), _interval(answer, a, b), what=same)
    expect_close(_interval(answer, a, a), [0, 0, 0], what="for a method against itself")
    single = np.full(3, (a - b)[0])
    expect_close(_interval(answer, a[:1], b[:1]), single, what="for a single image")


def _discs(centres: list[tuple[int, int]], radius: int = 10) -> NDArray[np.bool_]:
    rows, columns = np.indices((60, 80))
    mask = np.zeros((60, 80), dtype=bool)
    for row, column in centres:
        mask |= (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return mask


@cache
def _cell_masks() -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    labels = load_cells("train", count=10).labels
    return labels > 0, labels.max(axis=(1, 2)).astype(np.int64)


@count_touching.group("shape")
def _(answer: Any) -> str:
    got = as_array(answer(_discs([(30, 40)])), "a whole number")
    if got.shape != ():
        raise Mismatch(
            f"expected a whole number, got an array of shape {got.shape}",
            hint="Return how many objects there are, not their labels.",
        )
    expect_equal(_whole(got), 1, what="for one disc")
    return "one number"


def _whole(got: Any) -> int:
    value = float(as_array(got, "a whole number"))
    if not value.is_integer():
        raise Mismatch(f"expected a whole number, got {value:g}", "Count, do not estimate.")
    return int(value)


@count_touching.group("values")
def _(answer: Any) -> str:
    patches = "Those are the patches of the mask: touching objects were not cut apart."
    cases = {
        "two discs that touch": [(30, 25), (30, 43)],
        "one above the other": [(20, 40), (38, 40)],
        "three in a row": [(30, 20), (30, 38), (30, 56)],
        "a pair and a single one": [(18, 20), (18, 38), (46, 64)],
    }
    for what, centres in cases.items():
        mask = _discs(centres)
        found = segmentation.connected_components(mask).number
        got = _whole(answer(mask))
        expect_equal(got, len(centres), what=f"for {what}", hint=patches if got == found else "")
    masks, numbers = _cell_masks()
    counts = np.array([_whole(answer(mask)) for mask in masks])
    error = np.abs(counts - numbers).mean()
    if error > 1.5:
        hint = ""
        if (counts - numbers).mean() > 1:
            hint = "Too many: do ragged outlines raise small summits? Smooth the distance first."
        elif (counts - numbers).mean() < -1:
            hint = "Too few: are cells merged, by too much smoothing or too large a distance?"
        raise Mismatch(f"ten images of cells: wrong by {error:.1f} on average, allowed 1.5", hint)
    return f"ten images of cells: wrong by {error:.1f} on average"


@count_touching.group("edge cases")
def _(answer: Any) -> None:
    expect_equal(_whole(answer(np.zeros((30, 30), dtype=bool))), 0, what="for an empty mask")
    corner = _discs([(0, 0), (59, 79)])
    expect_equal(_whole(answer(corner)), 2, what="for two discs cut off by the image's edge")
    small = _discs([(30, 40)], radius=5)
    expect_equal(_whole(answer(small)), 1, what="for a small disc")
