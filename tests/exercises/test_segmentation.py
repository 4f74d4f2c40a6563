"""Wrong answers to the exercises of chapter 4, and what the reader is told about each."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage


def _counts(image: Any) -> Any:
    return np.bincount(image.ravel(), minlength=256)


def _own_range(image: Any) -> Any:
    return np.histogram(image, bins=256)[0] / image.size


def _only_levels_that_occur(image: Any) -> Any:
    return np.unique(image, return_counts=True)[1] / image.size


def _by_highest(image: Any) -> Any:
    return _counts(image) / _counts(image).max()


def _bins_without_white(image: Any) -> Any:
    counts = np.array([(image == level).sum() for level in range(255)] + [0])
    return counts / image.size


def _counted_as(dtype: Any) -> Any:
    return lambda image: _counts(image).astype(dtype) / image.size


def _no_floor(image: Any) -> Any:
    return np.bincount(image.ravel()) / image.size


def _at_threshold_goes_up(image: Any, thresholds: Any) -> Any:
    return np.digitize(image, thresholds)


def _one_mask(image: Any, thresholds: Any) -> Any:
    return (image > min(thresholds, default=255)).astype(int)


def _from_one(image: Any, thresholds: Any) -> Any:
    return np.digitize(image, thresholds, right=True) + 1


def _bright_first(image: Any, thresholds: Any) -> Any:
    return len(thresholds) - np.digitize(image, thresholds, right=True)


def _counted_in_bytes(image: Any, thresholds: Any) -> Any:
    return sum((image > t).astype(int) for t in np.array(thresholds).astype(np.uint8))


def _at_most_three(image: Any, thresholds: Any) -> Any:
    return np.digitize(image, thresholds[:3], right=True)


def _white_always_above(image: Any, thresholds: Any) -> Any:
    return np.digitize(image, np.minimum(thresholds, 254), right=True)


def _spread(image: Any, divide: bool, strict: bool = False, spoiled: bool = False) -> Any:
    p = np.bincount(image.ravel(), minlength=256) / image.size
    i = np.arange(256)
    spread = np.full(256, -1.0)
    for t in range(256):
        low = i < t if strict else i <= t
        weight_0, weight_1 = p[low].sum(), p[~low].sum()
        if divide and min(weight_0, weight_1) == 0:
            spread[t] = np.inf if spoiled and t == 255 else -1
            continue
        mean_0 = (i * p)[low].sum() / (weight_0 if divide else 1)
        mean_1 = (i * p)[~low].sum() / (weight_1 if divide else 1)
        mean = (i * p).sum()
        spread[t] = weight_0 * (mean_0 - mean) ** 2 + weight_1 * (mean_1 - mean) ** 2
    return spread


def _undivided(image: Any) -> Any:
    return int(np.argmax(_spread(image, divide=False)))


def _half_divided(image: Any) -> Any:
    p = np.bincount(image.ravel(), minlength=256) / image.size
    weight, total = np.cumsum(p), np.cumsum(p * np.arange(256))
    mean_0 = total / np.maximum(weight, 1e-12)
    return int(np.argmax(weight * (1 - weight) * (mean_0 - (total[-1] - total)) ** 2))


def _strict(image: Any) -> Any:
    return int(np.argmax(_spread(image, divide=True, strict=True)))


def _empty_class_wins(image: Any) -> Any:
    p = np.bincount(image.ravel(), minlength=256) / image.size
    weight, total = np.cumsum(p), np.cumsum(p * np.arange(256))
    with np.errstate(all="ignore"):
        spread = (total[-1] * weight - total) ** 2 / (weight * (1 - weight))
    return int(np.argmax(spread))


def _levels_from(first: int, last: int) -> Any:
    def otsu(image: Any) -> Any:
        return first + int(np.argmax(_spread(image, divide=True)[first : last + 1]))

    return otsu


def _from_level_one(image: Any) -> int:
    """Right for two levels 0 and 1 as well: the threshold that it starts with is 0."""
    spread = _spread(image, divide=True)
    best, threshold = 0.0, 0
    for t in range(1, 255):
        if spread[t] > best:
            best, threshold = spread[t], t
    return threshold


def _by_standard_deviations(image: Any) -> Any:
    def within(t: int) -> float:
        low, high = image[image <= t], image[image > t]
        return float(low.size * low.std() + high.size * high.std())

    return min(range(image.min(), image.max()), key=within, default=0)


def _smallest_between(image: Any) -> Any:
    spread = _spread(image, divide=True)
    return int(np.argmin(np.where(spread < 0, np.inf, spread)))


def _median(image: Any) -> Any:
    return np.median(image)


def _mean_level(image: Any) -> Any:
    return int(image.mean())


def _curve(image: Any) -> Any:
    return _spread(image, divide=True)


def _labels(points: Any, centroids: Any) -> Any:
    return np.argmin(((points[:, np.newaxis] - centroids) ** 2).sum(axis=2), axis=1)


def _groups(points: Any, centroids: Any) -> Any:
    labels = _labels(points, centroids)
    return labels, [points[labels == k] for k in range(len(centroids))]


def _wide(points: Any, centroids: Any) -> Any:
    """The right answer."""
    labels, groups = _groups(points.astype(float), centroids.astype(float))
    moved = centroids.astype(float)
    for k, each in enumerate(groups):
        moved[k] = each.mean(axis=0) if len(each) else moved[k]
    return labels, moved


def _narrow_labels(points: Any, centroids: Any) -> Any:
    labels, moved = _labels(points, centroids), centroids.astype(float)
    for k in np.unique(labels):
        moved[k] = points[labels == k].mean(axis=0)
    return labels, moved


def _narrow_sums(points: Any, centroids: Any) -> Any:
    labels, moved = _wide(points, centroids)
    for k in np.unique(labels):
        group = points[labels == k]
        moved[k] = group.sum(axis=0, dtype=points.dtype) / len(group)
    return labels, moved


def _labels_after_the_move(points: Any, centroids: Any) -> Any:
    moved = _wide(points, centroids)[1]
    return _wide(points, moved)[0], moved


def _sums(points: Any, centroids: Any) -> Any:
    labels, groups = _groups(points, centroids)
    return labels, np.array([each.sum(axis=0) for each in groups])


def _medians(points: Any, centroids: Any) -> Any:
    labels, groups = _groups(points, centroids)
    return labels, np.array([np.median(each, axis=0) for each in groups])


def _redrawn(points: Any, centroids: Any) -> Any:
    rng = np.random.default_rng(7)
    drawn = points[rng.choice(len(points), len(centroids), replace=False)]
    return _labels(points, drawn), drawn


def _truncated(points: Any, centroids: Any) -> Any:
    labels, groups = _groups(points, centroids)
    moved = centroids.copy()
    for k, each in enumerate(groups):
        if len(each):
            moved[k] = each.mean(axis=0)
    return labels, moved


def _empty_is_nan(points: Any, centroids: Any) -> Any:
    labels, groups = _groups(points, centroids)
    return labels, np.array([each.sum(axis=0) / (len(each) or np.nan) for each in groups])


def _by_all_points(points: Any, centroids: Any) -> Any:
    labels, groups = _groups(points, centroids)
    return labels, np.array([each.sum(axis=0) / len(points) for each in groups])


def _moved_in_place(points: Any, centroids: Any) -> Any:
    labels, groups = _groups(points, centroids)
    for k, each in enumerate(groups):
        centroids[k] = each.mean(axis=0)
    return labels, centroids


def _absolute_differences(points: Any, centroids: Any) -> Any:
    labels = np.argmin(np.abs(points[:, np.newaxis] - centroids).sum(axis=2), axis=1)
    return labels, np.array([each.mean(axis=0) for each in _groups(points, centroids)[1]])


def _only_centroids(points: Any, centroids: Any) -> Any:
    return _groups(points, centroids)[1]


def _square(points: Any, chosen: Any) -> Any:
    return ((points[:, np.newaxis] - np.asarray(chosen)) ** 2).sum(axis=2)


def _to_nearest(points: Any, chosen: Any) -> Any:
    nearest = _square(points, chosen).min(axis=1)
    return nearest / nearest.sum()


def _unsquared(points: Any, chosen: Any) -> Any:
    nearest = np.sqrt(_square(points, chosen).min(axis=1))
    return nearest / nearest.sum()


def _unnormalised(points: Any, chosen: Any) -> Any:
    return _square(points, chosen).min(axis=1)


def _to_all(points: Any, chosen: Any) -> Any:
    return _square(points, chosen).sum(axis=1) / _square(points, chosen).sum()


def _to_last(points: Any, chosen: Any) -> Any:
    return _square(points, chosen)[:, -1] / _square(points, chosen)[:, -1].sum()


def _uniform(points: Any, chosen: Any) -> Any:
    return np.full(len(points), 1 / len(points))


def _cast(heights_to: Any, labels_to: Any) -> Any:
    """The right flood, with heights and labels in types of their own."""

    def flood(heights: Any, markers: Any) -> Any:
        heights, labels = heights.astype(heights_to), markers.copy()
        while (labels == 0).any():
            shore = [
                (heights[i], i, j)
                for i in range(len(labels))
                for j in (i - 1, i + 1)
                if labels[i] == 0 and 0 <= j < len(labels) and labels[j]
            ]
            _, i, j = min(shore)
            labels[i] = labels[j]
        return labels.astype(labels_to)

    return flood


def _nearest_marker(heights: Any, markers: Any) -> Any:
    places = np.flatnonzero(markers)
    index = np.arange(len(heights))
    return markers[places[np.argmin(np.abs(index[:, np.newaxis] - places), axis=1)]]


def _run_on(heights: Any, markers: Any) -> Any:
    labels = markers.copy()
    for i in range(1, len(labels)):
        labels[i] = labels[i] or labels[i - 1]
    for i in range(len(labels) - 2, -1, -1):
        labels[i] = labels[i] or labels[i + 1]
    return labels


def _markers_alone(heights: Any, markers: Any) -> Any:
    return markers.copy()


def _downhill_only(heights: Any, markers: Any) -> Any:
    labels = markers.copy()
    for i in np.argsort(heights):
        for j in (i - 1, i + 1):
            if labels[i] == 0 and 0 <= j < len(labels) and labels[j]:
                labels[i] = labels[j]
    return labels


def _highest_first(heights: Any, markers: Any) -> Any:
    labels = markers.copy()
    while (labels == 0).any():
        shore = [
            (-heights[i], i, j)
            for i in range(len(labels))
            for j in (i - 1, i + 1)
            if labels[i] == 0 and 0 <= j < len(labels) and labels[j]
        ]
        _, i, j = min(shore)
        labels[i] = labels[j]
    return labels


def _dice(a: Any, b: Any) -> Any:
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def _accuracy(a: Any, b: Any) -> Any:
    return (a == b).mean()


def _recall(a: Any, b: Any) -> Any:
    return (a & b).sum() / b.sum()


def _one_if_truth_is_empty(a: Any, b: Any) -> Any:
    return (a & b).sum() / (a | b).sum() if b.any() else 1.0


def _counted_in_uint8(a: Any, b: Any) -> Any:
    both, either = (np.sum(each, dtype=np.uint8) for each in (a & b, a | b))
    return both / either if either else 1.0


def _nan_if_empty(a: Any, b: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.float64((a & b).sum()) / np.float64((a | b).sum())


def _zero_if_empty(a: Any, b: Any) -> Any:
    return (a & b).sum() / max((a | b).sum(), 1)


def _union_of_sums(a: Any, b: Any) -> Any:
    return (a & b).sum() / (a.sum() + b.sum())


def _bootstrap(values: Any, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    return values[rng.integers(len(values), size=(2000, len(values)))].mean(axis=1)


def _ends(means: Any, mean: float, tail: float = 0.025) -> Any:
    return mean, np.quantile(means, tail), np.quantile(means, 1 - tail)


def _unpaired(a: Any, b: Any) -> Any:
    return _ends(_bootstrap(a, 0) - _bootstrap(b, 1), (a - b).mean())


def _interval(a: Any, b: Any, **options: Any) -> Any:
    """A right interval, but for the options: number of draws, tails, which images are drawn."""
    draws, first = options.get("draws", 2000), options.get("first", 0)
    gain, rng = a - b, np.random.default_rng(0)
    index = rng.integers(min(first, len(gain) - 1), len(gain), size=(draws, len(gain)))
    means = gain[index].mean(axis=1)
    return gain.mean(), *np.quantile(means, options.get("tails", (0.025, 0.975)))


def _wrong_way(a: Any, b: Any) -> Any:
    return _ends(_bootstrap(b - a), (b - a).mean())


def _single_images(a: Any, b: Any) -> Any:
    return _ends(a - b, (a - b).mean())


def _five_at_each_end(a: Any, b: Any) -> Any:
    return _ends(_bootstrap(a - b), (a - b).mean(), tail=0.08)


def _unseeded(a: Any, b: Any) -> Any:
    rng = np.random.default_rng()
    gain = a - b
    means = gain[rng.integers(len(gain), size=(2000, len(gain)))].mean(axis=1)
    return _ends(means, gain.mean())


def _mean_alone(a: Any, b: Any) -> Any:
    return (a - b).mean()


def _patches(mask: Any) -> Any:
    return ndimage.label(mask)[1]


def _every_summit(mask: Any) -> Any:
    distance = ndimage.distance_transform_edt(mask)
    summits = mask & (distance == ndimage.maximum_filter(distance, 3))
    return ndimage.label(summits, np.ones((3, 3)))[1]


def _oversmoothed(mask: Any) -> Any:
    distance = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), 5)
    summits = mask & (distance == ndimage.maximum_filter(distance, 15))
    return ndimage.label(summits, np.ones((3, 3)))[1]


def _by_area(mask: Any) -> Any:
    return round(mask.sum() / 250)


def _never_none(mask: Any) -> Any:
    distance = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), 1)
    summits = distance == ndimage.maximum_filter(distance, 9)
    return ndimage.label(summits & (mask | ~mask.any()), np.ones((3, 3)))[1]


def _labels_of_objects(mask: Any) -> Any:
    return ndimage.label(mask)[0]


WRONG: dict[str, list[tuple[Any, str]]] = {
    "segmentation.within_by_hand": [
        (49 / 9, "between-class"),
        (16 / 9, "weighted"),
        (1.33, "not by one less"),
        (16 / 3, "sum of squares"),
        (1, "which is not it"),
    ],
    "segmentation.probabilities": [
        (_counts, "Those are counts"),
        (_own_range, "from the darkest to the brightest"),
        (_only_levels_that_occur, "expected (256,)"),
        (_no_floor, "expected (256,)"),
        (_by_highest, "not by the highest count"),
        (_bins_without_white, "one white pixel"),
        (_counted_as(np.uint8), "did not fit into uint8"),
        (_counted_as(np.int16), "for 40 000 pixels"),
    ],
    "segmentation.classes": [
        (_at_threshold_goes_up, "belongs below it"),
        (_one_mask, "not one mask"),
        (_from_one, "number 0"),
        (_bright_first, "from dark to bright"),
        (_counted_in_bytes, "for a float image"),
        (_at_most_three, "expected 4, got 3"),
        (_white_always_above, "for thresholds 0, 254 and 255"),
    ],
    "segmentation.otsu": [
        (_from_level_one, "three dark levels"),
        (_undivided, "older recipe"),
        (_half_divided, "expected"),
        (_strict, "too high"),
        (_levels_from(0, 200), "a bright image"),
        (_levels_from(30, 254), "the levels 3 and 9"),
        (_levels_from(1, 254), "the levels 0 and 1"),
        (_by_standard_deviations, "got 109\n  –"),
        (_empty_class_wins, "expected"),
        (_smallest_between, "expected"),
        (_median, "median"),
        (_mean_level, "the mean of the image"),
        (_curve, "expected ()"),
    ],
    "segmentation.kmeans_step": [
        (_sums, "divided by the number of points"),
        (_medians, "absolute loss"),
        (_redrawn, "labels"),
        (_absolute_differences, "not of absolute differences"),
        (_truncated, "need not be an integer"),
        (_empty_is_nan, "with no points"),
        (_by_all_points, "not by all points"),
        (_moved_in_place, "changed the array"),
        (_only_centroids, "expected 2 results"),
        (_narrow_labels, "make the points float first"),
        (_narrow_sums, "did not fit into the type of the points"),
        (_labels_after_the_move, "give the labels before it"),
    ],
    "segmentation.seeding": [
        (_unsquared, "squared distance"),
        (_unnormalised, "sum to one"),
        (_to_all, "not all of them"),
        (_to_last, "not the last one"),
        (_uniform, "the random start"),
        (_to_nearest, "make the points float first"),
        (lambda points, chosen: _to_nearest(points.astype(float), chosen[-3:]), "expected 0.0"),
    ],
    "segmentation.flood": [
        (_nearest_marker, "heights have to decide"),
        (_run_on, "over the summit"),
        (_markers_alone, "has not risen"),
        (_downhill_only, "expected"),
        (_highest_first, "expected"),
        (_cast(int, int), "for heights below 1"),
        (_cast(np.int8, int), "expected"),
        (lambda heights, markers: _cast(float, int)(abs(heights), markers), "above 0"),
        (lambda heights, markers: _cast(float, int)(heights.clip(0), markers), "heights below 0"),
        (_cast(float, np.uint8), "for labels up to 700"),
    ],
    "segmentation.iou": [
        (_dice, "Dice"),
        (_accuracy, "pixels that agree"),
        (_recall, "not by the truth"),
        (_nan_if_empty, "perfect agreement"),
        (_zero_if_empty, "two empty masks"),
        (_union_of_sums, "counts once"),
        (_one_if_truth_is_empty, "an empty truth"),
        (_counted_in_uint8, "did not fit into uint8"),
    ],
    "segmentation.paired_gain": [
        (_unpaired, "one index for both"),
        (_wrong_way, "positive gain"),
        (_single_images, "spread of single images"),
        (_five_at_each_end, "95 %"),
        (_unseeded, "seed the generator"),
        (_mean_alone, "expected 3 results"),
        (lambda a, b: _interval(a, b, tails=(0.05, 0.95)), "2.5 % cut off at each end"),
        (lambda a, b: _interval(a, b, tails=(0.05, 0.975)), "2.5 % cut off at each end"),
        (lambda a, b: _interval(a, b, tails=(0.025, 0.99)), "expected about"),
        (lambda a, b: _interval(a, b, draws=30), "expected about"),
        (lambda a, b: _interval(a, b, first=1), "expected about"),
    ],
    "segmentation.count_touching": [
        (_patches, "not cut apart"),
        (_every_summit, "Smooth the distance"),
        (_oversmoothed, "Too few"),
        (_by_area, "expected"),
        (_never_none, "empty mask"),
        (_labels_of_objects, "not their labels"),
        (lambda mask: mask.sum() / 317, "expected a whole number, got 1"),
    ],
}
