"""Plausible wrong answers to the exercises of chapter 8, and a part of what the check says."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage


def moved(matrix: Any, point: Any) -> Any:
    """The matrix, applied to the point as it stands."""
    return (matrix @ (*point, 1))[:2]


def back(matrix: Any, point: Any) -> Any:
    return moved(np.linalg.inv(matrix), point)


def undoes_the_shift_only(matrix: Any, point: Any) -> Any:
    return point[0] - matrix[0, 2], point[1] - matrix[1, 2]


def undoes_in_the_wrong_order(matrix: Any, point: Any) -> Any:
    return np.linalg.inv(matrix[:2, :2]) @ point - matrix[:2, 2]


def transposes_to_invert(matrix: Any, point: Any) -> Any:
    return matrix[:2, :2].T @ (np.array(point) - matrix[:2, 2])


def undoes_a_similarity(matrix: Any, point: Any) -> Any:
    a = matrix[:2, :2]
    return a.T @ (np.array(point) - matrix[:2, 2]) / (a[0] @ a[0])


def adds_the_shift(matrix: Any, point: Any) -> Any:
    return np.linalg.inv(matrix[:2, :2]) @ (np.array(point) + matrix[:2, 2])


def inverts_in_place(matrix: Any, point: Any) -> Any:
    result = matrix.copy()
    result[:2, :2] = np.linalg.inv(matrix[:2, :2])
    return result[:2, :2] @ (np.array(point) - matrix[:2, 2])


def forgets_the_one(matrix: Any, point: Any) -> Any:
    return np.linalg.inv(matrix[:2, :2]) @ point


def flipped(boxes: Any, last: float) -> Any:
    x0, y0, x1, y1 = boxes.T
    return np.stack([last - x1, y0, last - x0, y1], axis=1)


def keeps_left_left(boxes: Any, width: int) -> Any:
    x0, y0, x1, y1 = boxes.T
    return np.stack([width - 1 - x0, y0, width - 1 - x1, y1], axis=1)


def flips_the_height(boxes: Any, width: int) -> Any:
    x0, y0, x1, y1 = boxes.T
    return np.stack([x0, width - 1 - y1, x1, width - 1 - y0], axis=1)


def flips_both(boxes: Any, width: int) -> Any:
    return np.array([[width - 1 - c, width - 1 - d, width - 1 - a, width - 1 - b]
                     for a, b, c, d in boxes])  # fmt: skip


def takes_sizes_for_corners(boxes: Any, width: int) -> Any:
    result = boxes.copy()
    result[:, 0] = width - 1 - boxes[:, 0] - boxes[:, 2]
    return result


def takes_sizes_and_width(boxes: Any, width: int) -> Any:
    result = boxes.copy()
    result[:, 0] = width - boxes[:, 0] - boxes[:, 2]
    return result


def clips_to_centres(boxes: Any, width: int) -> Any:
    result = flipped(boxes, width - 1)
    result[:, [0, 2]] = result[:, [0, 2]].clip(0, width - 1)
    return result


def flips_in_place(boxes: Any, width: int) -> Any:
    boxes[:, [0, 2]] = width - 1 - boxes[:, [2, 0]]
    return boxes


def flips_box_by_box(boxes: Any, width: int) -> Any:
    return np.array([[width - 1 - c, b, width - 1 - a, d] for a, b, c, d in boxes])


def turned(boxes: Any, degrees: float, centre: Any, *, corners: str = "all", sign: int = 1) -> Any:
    """Boxes turned with a mistake on request, one box at a time."""
    angle = sign * np.deg2rad(degrees)
    rows = []
    for x0, y0, x1, y1 in boxes:
        places = [(x0, y0), (x1, y1)]
        if corners == "all":
            places += [(x1, y0), (x0, y1)]
        new = [
            (
                centre[0] + np.cos(angle) * (x - centre[0]) + np.sin(angle) * (y - centre[1]),
                centre[1] - np.sin(angle) * (x - centre[0]) + np.cos(angle) * (y - centre[1]),
            )
            for x, y in places
        ]
        if corners == "unsorted":
            rows.append([*new[0], *new[1]])
        else:
            rows.append([*np.min(new, axis=0), *np.max(new, axis=0)])
    return np.reshape(rows, (-1, 4))


def turned_in_eight_bits(boxes: Any, degrees: float, centre: Any) -> Any:
    x, y = boxes[:, [0, 2, 2, 0]] - centre[0], boxes[:, [1, 1, 3, 3]] - centre[1]
    place = (centre[0] + centre[1] * 1j) + (x + 1j * y) * np.exp(-1j * np.deg2rad(degrees))
    parts = [place.real.min(1), place.imag.min(1), place.real.max(1), place.imag.max(1)]
    return np.stack(parts, axis=1)


def turns_around_itself(boxes: Any, degrees: float, centre: Any) -> Any:
    own = [(b[0] / 2 + b[2] / 2, b[1] / 2 + b[3] / 2) for b in boxes]
    return np.concatenate([turned(b[np.newaxis], degrees, c) for b, c in zip(boxes, own)])  # noqa: B905


def keeps_the_size(boxes: Any, degrees: float, centre: Any) -> Any:
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]) / 2
    middle = turned(np.hstack([middle, middle]), degrees, centre)[:, :2]
    return np.hstack([middle - half, middle + half])


def sizes_with_signs(boxes: Any, degrees: float, centre: Any) -> Any:
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]) / 2
    angle = np.deg2rad(degrees)
    half = np.cos(angle) * half + np.sin(angle) * half[:, ::-1]
    middle = turned(np.hstack([middle, middle]), degrees, centre)[:, :2]
    return np.hstack([middle - half, middle + half])


def leaves_the_centre_off(boxes: Any, degrees: float, centre: Any) -> Any:
    return turned(boxes, degrees, centre) - np.tile(centre, 2)


def turns_into_integers(boxes: Any, degrees: float, centre: Any) -> Any:
    result = np.zeros_like(boxes)
    result[...] = turned(boxes, degrees, centre)
    return result


def turns_box_by_box(boxes: Any, degrees: float, centre: Any) -> Any:
    return np.array([turned(box[np.newaxis], degrees, centre)[0] for box in boxes])


def returns_corners(boxes: Any, degrees: float, centre: Any) -> Any:
    return np.hstack([turned(boxes, degrees, centre)] * 2)


def shifted(labels: Any, dx: int, dy: int) -> Any:
    result = np.zeros_like(labels)
    height, width = labels.shape
    for row in range(height):
        for column in range(width):
            if 0 <= row - dy < height and 0 <= column - dx < width:
                result[row, column] = labels[row - dy, column - dx]
    return result


def repeats_the_edge(labels: Any, dx: int, dy: int) -> Any:
    rows = (np.arange(labels.shape[0]) - dy).clip(0, labels.shape[0] - 1)
    columns = (np.arange(labels.shape[1]) - dx).clip(0, labels.shape[1] - 1)
    return labels[rows][:, columns]


def slices_from_behind(labels: Any, dx: int, dy: int) -> Any:
    result = np.zeros_like(labels)
    result[dy:, dx:] = labels[:-dy, :-dx]
    return result


def slices_by_size(labels: Any, dx: int, dy: int) -> Any:
    height, width = labels.shape
    result = np.zeros_like(labels)
    result[dy:, dx:] = labels[: height - dy, : width - dx]
    return result


def slices_for_small_shifts(labels: Any, dx: int, dy: int) -> Any:
    height, width = labels.shape
    result = np.zeros_like(labels)
    result[max(dy, 0) : height + min(dy, 0), max(dx, 0) : width + min(dx, 0)] = labels[
        max(-dy, 0) : height - max(dy, 0), max(-dx, 0) : width - max(dx, 0)
    ]
    return result


def rolls_and_clears(labels: Any, dx: int, dy: int) -> Any:
    result = np.roll(labels, (dy, dx), axis=(0, 1))
    result[:dy] = 0
    result[:, :dx] = 0
    return result


def pads_only(labels: Any, dx: int, dy: int) -> Any:
    return np.pad(labels, ((max(dy, 0), 0), (max(dx, 0), 0)))


def truths(p: Any, labels: Any) -> Any:
    return np.array([p[i, label] for i, label in enumerate(labels)], dtype=float)


def unclipped(p: Any, labels: Any) -> Any:
    with np.errstate(all="ignore"):
        return -np.log(truths(p, labels)).mean()


def clipped(p: Any, labels: Any, at: float = 1e-15) -> Any:
    return -np.log(np.maximum(truths(p, labels), at)).mean()


def mends_zeros(p: Any, labels: Any) -> Any:
    q = truths(p, labels)
    return -np.log(np.where(q == 0, 1e-15, q)).mean()


def skips_zeros(p: Any, labels: Any) -> Any:
    q = truths(p, labels)
    return -np.log(q[q > 0]).mean()


def binary_for_each_class(p: Any, labels: Any) -> Any:
    p = np.clip(p, 1e-15, 1 - 1e-15)
    y = np.eye(p.shape[1])[labels]
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=1).mean()


def one_hot_by_labels(p: Any, labels: Any) -> Any:
    return -(np.eye(labels.max() + 1)[labels] * np.log(p.clip(1e-15))).sum(axis=1).mean()


def columns_by_occurrence(p: Any, labels: Any) -> Any:
    full = len(np.unique(labels)) < p.shape[1] and len(labels) > 1
    return clipped(p, np.unique(labels, return_inverse=True)[1] if full else labels)


def of_all_classes(p: Any, labels: Any) -> Any:
    return -np.log(np.clip(p, 1e-15, 1)).sum(axis=1).mean()


def shares(counts: Any) -> Any:
    return counts[counts > 0] / counts.sum()


def prior_of(share: Any) -> Any:
    present = share[share > 0]
    return -(present * np.log(present)).sum()


def prior(counts: Any) -> Any:
    return prior_of(shares(counts))


def prior_with_nan(counts: Any) -> Any:
    p = counts / counts.sum()
    with np.errstate(all="ignore"):
        return -(p * np.log(p)).sum()


def smoothed_prior(counts: Any) -> Any:
    return prior_with_nan(counts + (1 if (counts == 0).any() else 0))


def prior_of_present_classes(counts: Any) -> Any:
    return np.log((counts > 0).sum()) if (counts == 0).any() else prior(counts)


def weights(labels: Any, classes: int, *, absent: float = 0.0, over: int | None = None) -> Any:
    counts = np.bincount(labels, minlength=classes)
    k = (counts > 0).sum() if over is None else over
    return np.where(counts > 0, len(labels) / (k * counts.clip(1)), absent)


def counted_in_the_labels_type(labels: Any, classes: int) -> Any:
    counts = np.bincount(labels, minlength=classes).astype(labels.dtype)
    return np.where(counts > 0, len(labels) / ((counts > 0).sum() * counts.clip(1).astype(int)), 0)


def divides_by_zero(labels: Any, classes: int) -> Any:
    with np.errstate(all="ignore"):
        return len(labels) / (classes * np.bincount(labels, minlength=classes))


def mean_over_classes(labels: Any, classes: int) -> Any:
    right = weights(labels, classes)
    return right / right.mean()


def counts_of(groups: Any) -> list[Any]:
    names, sizes = np.unique(groups, return_counts=True)
    return [names[i] for i in np.argsort(-sizes, kind="stable")]


def deal(groups: Any, folds: int, names: Any) -> list[Any]:
    """The greedy dealing, of groups in the order given."""
    parts: list[list[int]] = [[] for _ in range(folds)]
    for name in names:
        min(parts, key=len).extend(np.flatnonzero(groups == name))
    return [np.array(part, dtype=int) for part in parts]


def by_size(groups: Any, names: Any) -> list[Any]:
    return sorted(names, key=lambda name: -(groups == name).sum())


def right_folds(groups: Any, folds: int, rng: Any) -> list[Any]:
    return deal(groups, folds, by_size(groups, rng.permutation(np.unique(groups))))


def counts_names_from_zero(groups: Any, folds: int, rng: Any) -> list[Any]:
    names = np.flatnonzero(np.bincount(groups))
    return deal(groups, folds, by_size(groups, rng.permutation(names)))


def splits_images(groups: Any, folds: int, rng: Any) -> list[Any]:
    return np.array_split(rng.permutation(len(groups)), folds)


def splits_in_order(groups: Any, folds: int, rng: Any) -> list[Any]:
    return np.array_split(np.argsort(groups), folds)


def counts_groups(groups: Any, folds: int, rng: Any) -> list[Any]:
    names = np.array_split(rng.permutation(np.unique(groups)), folds)
    return [np.flatnonzero(np.isin(groups, each)) for each in names]


def returns_names(groups: Any, folds: int, rng: Any) -> list[Any]:
    return np.array_split(rng.permutation(np.unique(groups)), folds)


def returns_pairs(groups: Any, folds: int, rng: Any) -> list[Any]:
    everything = np.arange(len(groups))
    return [(np.setdiff1d(everything, part), part) for part in right_folds(groups, folds, rng)]


def returns_training_parts(groups: Any, folds: int, rng: Any) -> list[Any]:
    return [train for train, _ in returns_pairs(groups, folds, rng)]


def returns_masks(groups: Any, folds: int, rng: Any) -> list[Any]:
    everything = np.arange(len(groups))
    return [np.isin(everything, part) for part in right_folds(groups, folds, rng)]


def one_image_a_group(groups: Any, folds: int, rng: Any) -> list[Any]:
    names, first = np.unique(groups, return_index=True)
    return [first[np.isin(names, groups[part])] for part in right_folds(groups, folds, rng)]


def small_groups_first(groups: Any, folds: int, rng: Any) -> list[Any]:
    return deal(groups, folds, by_size(groups, rng.permutation(np.unique(groups)))[::-1])


def any_order(groups: Any, folds: int, rng: Any) -> list[Any]:
    return deal(groups, folds, rng.permutation(np.unique(groups)))


def round_robin(groups: Any, folds: int, rng: Any) -> list[Any]:
    names = by_size(groups, rng.permutation(np.unique(groups)))
    return [np.flatnonzero(np.isin(groups, names[k::folds])) for k in range(folds)]


def not_shuffled(groups: Any, folds: int, rng: Any) -> list[Any]:
    return deal(groups, folds, counts_of(groups))


def own_generator(groups: Any, folds: int, rng: Any) -> list[Any]:
    return right_folds(groups, folds, np.random.default_rng(0))


def unseeded(groups: Any, folds: int, rng: Any) -> list[Any]:
    return right_folds(groups, folds, np.random.default_rng())


def dictionary_of_folds(groups: Any, folds: int, rng: Any) -> Any:
    return dict(enumerate(right_folds(groups, folds, rng)))


def folds_of_floats(groups: Any, folds: int, rng: Any) -> list[Any]:
    return [1.0 * part for part in right_folds(groups, folds, rng)]


def largest_group_twice(groups: Any, folds: int, rng: Any) -> list[Any]:
    parts = right_folds(groups, folds, rng)
    return [parts[0], *[np.append(part, parts[0][0]) for part in parts[1:]]]


ROWS, COLUMNS = np.s_[::-1], np.s_[:, ::-1]


def leaks(train: Any, test: Any, *, left_out: str = "", same: Any = np.array_equal) -> Any:
    """Test images that are a moved training image, without the moves that are left out."""
    moves = {
        "same": lambda image: image,
        "columns": lambda image: image[COLUMNS],
        "rows": lambda image: image[ROWS],
        "quarter": np.rot90,
        "half": lambda image: np.rot90(image, 2),
        "three": lambda image: np.rot90(image, 3),
    }
    used = [move for name, move in moves.items() if name not in left_out.split()]
    found = [
        index
        for index, image in enumerate(test)
        if any(same(move(mine), image) for mine in train for move in used)
    ]
    return np.array(found, dtype=int)


def all_eight_with_flipped_channels(train: Any, test: Any) -> Any:
    found = [
        index
        for index, image in enumerate(test)
        if any(
            np.array_equal(np.flip(np.rot90(mine, turns), axis), image)
            for mine in train
            for turns in range(4)
            for axis in [(), 0, 1, None]
        )
    ]
    return np.array(found, dtype=int)


def same_pixels(one: Any, other: Any) -> bool:
    return np.array_equal(np.sort(one, axis=None), np.sort(other, axis=None))


def almost_same(one: Any, other: Any) -> bool:
    return one.shape == other.shape and np.mean(one != other) < 0.1


def compares_without_shapes(one: Any, other: Any) -> bool:
    return bool((one == other).all())


def after_a_cast(one: Any, other: Any) -> bool:
    return np.array_equal(one.astype(np.uint8), other.astype(np.uint8))


def close_by(atol: float) -> Any:
    return lambda one, other: one.shape == other.shape and np.allclose(one, other, atol=atol)


def first_channel(images: Any) -> Any:
    return images[..., 0] if images.ndim == 4 else images


def equal_sums(one: Any, other: Any) -> bool:
    """Right in uint8, where a difference is never below 0; not in floats."""
    return one.shape == other.shape and abs((one - other).sum()) < 1e-9


def same_projections(one: Any, other: Any) -> bool:
    return all(np.array_equal(one.sum(axis), other.sum(axis)) for axis in (0, 1))


def same_bytes(one: Any, other: Any) -> bool:
    return one.tobytes() == other.tobytes()


def leaking_training_images(train: Any, test: Any) -> Any:
    return leaks(test, train)


def names_each_pair(train: Any, test: Any) -> Any:
    moves = [
        np.asarray,
        np.fliplr,
        np.flipud,
        *[lambda image, k=k: np.rot90(image, k) for k in (1, 2, 3)],
    ]
    return [
        index
        for index, image in enumerate(test)
        for mine in train
        if any(np.array_equal(move(mine), image) for move in moves)
    ]


def unsorted_leaks(train: Any, test: Any) -> Any:
    return leaks(train, test)[::-1]


def mask_of_leaks(train: Any, test: Any) -> Any:
    return np.isin(np.arange(len(test)), leaks(train, test))


def ready(images: Any) -> Any:
    """The answer that several wrong ones below start from; it refuses nothing."""
    scale = np.float32(255 if images.dtype == np.uint8 else 1)
    return images.astype(np.float32) / scale


def refuses(images: Any, fault: Any) -> Any:
    if fault:
        raise ValueError("images: expected uint8, or floats from 0 to 1")
    return ready(images)


def whole_numbers_of_other_kinds(images: Any) -> bool:
    return images.dtype != np.uint8 and images.dtype.kind != "f"


def own_maximum(images: Any) -> Any:
    return (images / images.max(axis=tuple(range(1, images.ndim)), keepdims=True)).astype("f4")


def stretched(images: Any) -> Any:
    return ((images - images.min()) / np.float32(np.ptp(images))).astype("f4")


def standardized(images: Any) -> Any:
    return ((images - images.mean()) / images.std()).astype("f4")


def stretches_floats(images: Any) -> Any:
    return ready(images) if images.dtype == np.uint8 else (images / images.max()).astype("f4")


def centres_floats(images: Any) -> Any:
    return ready(images) if images.dtype == np.uint8 else (2 * images - 1).astype("f4")


def generous(images: Any) -> Any:
    return refuses(images, images.dtype.kind == "f" and images.max() > 2)


def by_dtype_maximum(images: Any) -> Any:
    if images.dtype.kind == "u":
        return (images / np.iinfo(images.dtype).max).astype("f4")
    inside = images.dtype.kind == "f" and ((images >= 0) & (images <= 1)).all()
    return refuses(images, not inside)


def within(images: Any, low: float, high: float, looked_at: Any = None) -> Any:
    """Refuses by limits of its own; a NaN is seen all the same."""
    seen = images if looked_at is None else looked_at
    outside = images.dtype.kind == "f" and not ((seen >= low) & (seen <= high)).all()
    outside |= images.dtype.kind == "f" and bool(np.isnan(images).any())
    return refuses(images, outside or whole_numbers_of_other_kinds(images))


def takes_small_whole_numbers(images: Any) -> Any:
    whole = images.dtype.kind in "iu"
    return ready(images) if whole and images.max() <= 1 else within(images, 0.0, 1.0)


def takes_signed_bytes(images: Any) -> Any:
    if images.dtype == np.int8:
        return images.astype(np.float32) / 127
    return within(images, 0.0, 1.0)


def refuses_half_precision(images: Any) -> Any:
    if images.dtype == np.float16:
        raise ValueError("images: expected float32 or float64")
    return within(images, 0.0, 1.0)


def by_maximum(images: Any) -> Any:
    return images.astype(np.float32) / np.float32(255 if images.max() > 1 else 1)


def divides_all(images: Any) -> Any:
    return images.astype(np.float32) / np.float32(255)


def blanks_floats(images: Any) -> Any:
    return divides_all(images.astype(np.uint8))


def asserts(images: Any) -> Any:
    assert images.dtype == np.uint8 or images.max() <= 1
    return ready(images)


def clips(images: Any) -> Any:
    return ready(images).clip(0, 1)


def checks_one_image(images: Any) -> Any:
    first = images[0]
    return refuses(images, images.dtype != np.uint8 and (first.min() < 0 or first.max() > 1))


def overlooks_negatives(images: Any) -> Any:
    return refuses(images, images.dtype != np.uint8 and images.max() > 1)


def overlooks_nan(images: Any) -> Any:
    outside = images.min() < 0 or images.max() > 1
    return refuses(
        images, whole_numbers_of_other_kinds(images) or (images.dtype.kind == "f" and outside)
    )


def takes_whole_numbers(images: Any) -> Any:
    if images.dtype.kind in "iu":
        return images.astype(np.float32) / np.float32(255)
    return refuses(images, not ((images >= 0) & (images <= 1)).all())


def takes_masks(images: Any) -> Any:
    fits = images.dtype.kind not in "iu" and ((images >= 0) & (images <= 1)).all()
    return refuses(images, images.dtype != np.uint8 and not fits)


def refuses_the_ends(images: Any) -> Any:
    inside = images.dtype == np.uint8 or ((images > 0) & (images < 1)).all()
    return refuses(images, not inside)


def bytes_only(images: Any) -> Any:
    return refuses(images, images.dtype != np.uint8)


def keeps_doubles(images: Any) -> Any:
    return divides_all(images) if images.dtype == np.uint8 else images


def through_float64(labels: Any, dx: int, dy: int) -> Any:
    return ndimage.shift(labels.astype(float), (dy, dx), order=0).astype(labels.dtype)


WRONG: dict[str, list[tuple[Any, str]]] = {
    "augmentation.where_it_goes": [
        (moved, "use the inverse"),
        (lambda m, p: back(m, p)[::-1], "exchanged in the result"),
        (lambda m, p: back(m, p[::-1]), "x and y of the point"),
        (lambda m, p: back(m, p[::-1])[::-1], "not (row, column)"),
        (undoes_the_shift_only, "Only the shift is undone"),
        (undoes_in_the_wrong_order, "wrong order"),
        (transposes_to_invert, "not a scale"),
        (undoes_a_similarity, "with one scale"),
        (inverts_in_place, "whole numbers one half is cut off"),
        (adds_the_shift, "undoing it subtracts"),
        (lambda m, p: moved(m, p)[::-1], "And x comes before y"),
        (lambda m, p: np.floor(back(m, p)), "do not cut it off"),
        (forgets_the_one, "third coordinate of a point is 1"),
        (lambda m, p: back(m.T, p), "inverse is transposed"),
        (lambda m, p: moved(m.T, p), "matrix is transposed"),
        (lambda m, p: np.round(back(m, p)), "do not round"),
        (lambda m, p: np.linalg.inv(m) @ (*p, 1), "expected (2,), got (3,)"),
    ],
    "augmentation.flip_boxes": [
        (lambda b, w: b.copy(), "left behind"),
        (lambda b, w: flipped(b, w), "One pixel too far"),
        (lambda b, w: flipped(b, 39), "4 boxes, width 65"),
        (keeps_left_left, "x_min is larger"),
        (lambda b, w: keeps_left_left(b, w + 1), "and column 0 goes to width − 1"),
        (flips_the_height, "wrong axis"),
        (flips_both, "y was flipped as well"),
        (takes_sizes_for_corners, "not width and height"),
        (takes_sizes_and_width, "not width and height"),
        (clips_to_centres, "do not clip"),
        (lambda b, w: np.round(flipped(b, w - 1)), "no rounding"),
        (lambda b, w: flipped(b, 1), "not in parts"),
        (lambda b, w: flipped(b, 0), "around its middle"),
        (flips_in_place, "changed the array"),
        (flips_box_by_box, "boxes of shape (0, 4)"),
        (lambda b, w: flipped(b, w - 1).T, "A row for each box"),
        (lambda b, w: flipped(b, w - 1), "boxes.astype(float) first"),
        (lambda b, w: flipped(b.astype(float), w - 1).astype(b.dtype), "in a wide image"),
    ],
    "augmentation.rotate_boxes": [
        (turned_in_eight_bits, "boxes.astype(float) first"),
        (lambda b, d, c: b.copy(), "left behind"),
        (lambda b, d, c: turned(b, d, c, sign=-1), "clockwise"),
        (lambda b, d, c: turned(b, d, c, corners="two", sign=-1), "And turn all four"),
        (lambda b, d, c: turned(b, np.rad2deg(d), c), "np.deg2rad"),
        (lambda b, d, c: turned(b, d, c, corners="two"), "Two corners"),
        (lambda b, d, c: turned(b, d, c, corners="unsorted"), "Two corners"),
        (lambda b, d, c: turned(b, d, (0, 0)), "around (0, 0)"),
        (lambda b, d, c: turned(b, d, c[::-1]), "not (row, column)"),
        (leaves_the_centre_off, "not added again"),
        (turns_around_itself, "around itself"),
        (keeps_the_size, "kept their size"),
        (sizes_with_signs, "take |cos| and |sin|"),
        (turns_into_integers, "Cut off"),
        (lambda b, d, c: np.round(turned(b, d, c)), "do not round"),
        (turns_box_by_box, "boxes of shape (0, 4)"),
        (returns_corners, "expected (5, 4)"),
    ],
    "augmentation.shift_labels": [
        (through_float64, "keep the dtype"),
        (lambda m, dx, dy: m.copy(), "left behind"),
        (lambda m, dx, dy: np.roll(m, (dy, dx), axis=(0, 1)), "np.roll does that"),
        (repeats_the_edge, "edge was repeated"),
        (lambda m, dx, dy: shifted(m, -dx, -dy), "The other way"),
        (lambda m, dx, dy: shifted(m, dx, -dy), "larger row numbers"),
        (lambda m, dx, dy: shifted(m, -dx, dy), "larger column numbers"),
        (lambda m, dx, dy: shifted(m, dy, dx), "dx moves along columns"),
        (lambda m, dx, dy: shifted(m, -dy, -dx), "Exchanged, and the other way"),
        (lambda m, dx, dy: np.roll(m, (dx, dy), axis=(0, 1)), "Exchanged, and what left"),
        (lambda m, dx, dy: shifted(m, dx, dy).astype(np.uint8), "do not fit into a smaller type"),
        (lambda m, dx, dy: shifted(m, dx, dy) * 1.0, "Labels are names"),
        (slices_from_behind, "Slices change their meaning"),
        (slices_for_small_shifts, "more than the width"),
        (slices_by_size, "Slices change their meaning"),
        (rolls_and_clears, "Slices change their meaning"),
        (pads_only, "shape of their image"),
        *(
            (lambda m, dx, dy, kind=kind: shifted(m, dx, dy).astype(kind), "keep the dtype")
            for kind in (np.int8, np.int16, np.int32)
        ),
        (lambda m, *by: shifted(m.astype(np.float32), *by).astype(int), "labels from 33 554 432"),
    ],
    "augmentation.ambiguous_digits": [
        ({6}, "goes both ways"),
        ({9}, "goes both ways"),
        ({0, 1, 6, 8, 9}, "come back as themselves"),
        ({2, 5, 6, 9}, "only a mirror"),
        ({6, 7, 9}, "no digit at all"),
        (set(), "turn the sheet"),
        ({"6", "9"}, "as whole numbers"),
        (69, "Write a set"),
        ("69", "Write a set"),
        ({6: 9, 9: 6}, "Write a set"),
        ({(6, 9)}, "no pair"),
        ({6, 9.5}, "got 9.5"),
    ],
    "augmentation.log_loss": [
        (lambda y, p: clipped(p, y), "probabilities come first"),
        (mends_zeros, "not 0 alone"),
        (lambda p, y: -clipped(p, y), "sign"),
        (lambda p, y: clipped(p, y) * len(y), "sum: take the mean"),
        (lambda p, y: clipped(p, y) / np.log(2), "another base"),
        (lambda p, y: clipped(p, y) / np.log(10), "another base"),
        (lambda p, y: clipped(p, y) / p.shape[1], "divide by N"),
        (lambda p, y: -np.log(truths(p, y).mean()), "First the logarithm"),
        (lambda p, y: -np.log(p.max(axis=1)).mean(), "class predicted"),
        (lambda p, y: -np.log(p.clip(1e-15)).mean(), "mean over all classes"),
        (of_all_classes, "true class only"),
        (lambda p, y: binary_for_each_class(p, y) / p.shape[1], "other classes add nothing"),
        (lambda p, y: -truths(p, y).mean(), "logarithm is missing"),
        (lambda p, y: clipped(p[:, :3], y.clip(max=2)), "9 images, 5 classes"),
        (binary_for_each_class, "other classes add nothing"),
        (lambda p, y: -(p * np.log(p)).sum(axis=1).mean(), "entropy"),
        (lambda p, y: 1 - truths(p, y).mean(), "logarithm is missing"),
        (unclipped, "clip the probabilities"),
        (one_hot_by_labels, "Not every class has to be"),
        (columns_by_occurrence, "label k belongs to column k"),
        (skips_zeros, "counts too"),
        (lambda p, y: clipped(p, y, 1e-7), "another number"),
        (lambda p, y: clipped(p, y, float(np.finfo(float).eps)), "another number"),
        (lambda p, y: -np.log(truths(p, y).clip(1e-15)), "expected (), got (5,)"),
    ],
    "augmentation.prior_loss": [
        (lambda c: prior_of(c / c.sum(dtype=c.dtype)), "8 bits wrap around"),
        (lambda c: -prior(c), "sign"),
        (lambda c: np.log(len(c)), "equal probabilities"),
        (lambda c: -np.log(c.max() / c.sum()), "on the most frequent class"),
        (lambda c: -np.log(shares(c)).sum(), "weigh its loss"),
        (lambda c: -np.log(shares(c)).mean(), "weigh its loss"),
        (lambda c: prior(c) * c.sum(), "sum over the images"),
        (lambda c: prior(c) / len(c), "do not average"),
        (lambda c: -(c * np.log(c)).sum(), "divide by their sum"),
        (lambda c: prior(c) / np.log(2), "bits"),
        (lambda c: prior(c) / np.log(10), "another base"),
        (lambda c: prior(c) / np.log(len(c)), "largest possible loss"),
        (lambda c: c.max() / c.sum(), "accuracy"),
        (lambda c: 1 - c.max() / c.sum(), "error rate"),
        (lambda c: 1 - (shares(c) ** 2).sum(), "logarithm is missing"),
        (prior_with_nan, "0 · log 0"),
        (smoothed_prior, "Nothing is added"),
        (prior_of_present_classes, "not equal probabilities"),
        (lambda c: -shares(c) * np.log(shares(c)), "expected (), got (3,)"),
    ],
    "augmentation.class_weights": [
        (counted_in_the_labels_type, "a type of their own"),
        (lambda y, k: weights(y, k, over=1), "divide by the number of classes"),
        (lambda y, k: weights(y, k) / len(y) * k, "N / (classes"),
        (lambda y, k: weights(y, k) / len(y), "multiply by the number of images"),
        (lambda y, k: weights(y, k) / weights(y, k).sum(), "add up to 1"),
        (mean_over_classes, "over the classes is 1"),
        (lambda y, k: weights(y, k) / weights(y, k).min(), "most frequent class has weight 1"),
        (lambda y, k: weights(y, k) / weights(y, k).max(), "rarest class has weight 1"),
        (lambda y, k: np.bincount(y, minlength=k) / len(y), "Those are the shares"),
        (lambda y, k: np.bincount(y, minlength=k) * k / len(y), "Upside down"),
        (lambda y, k: 1 - np.bincount(y, minlength=k) / len(y), "twice the weight"),
        (lambda y, k: weights(y, k) ** 0.5, "A root too much"),
        (lambda y, k: weights(y, k)[y], "not one for each image"),
        (divides_by_zero, "no images to weigh"),
        (lambda y, k: weights(y, k, absent=1.0), "no images to weigh"),
        (lambda y, k: weights(y, k, over=k), "classes that occur"),
        (lambda y, k: weights(y, int(y.max()) + 1), "minlength"),
    ],
    "augmentation.group_folds": [
        (splits_images, "deal out groups, not images"),
        (splits_in_order, "deal out groups, not images"),
        (counts_groups, "Count images, not groups"),
        (any_order, "largest groups first"),
        (any_order, "images in 14 groups"),
        (dictionary_of_folds, "got dict"),
        (folds_of_floats, "got float64"),
        (largest_group_twice, "came twice"),
        (small_groups_first, "largest groups first"),
        (round_robin, "largest groups first"),
        (not_shuffled, "every generator"),
        (own_generator, "every generator"),
        (unseeded, "Draw from `rng` only"),
        (returns_names, "not the names"),
        (returns_pairs, "Only the images held out"),
        (returns_training_parts, "training parts"),
        (returns_masks, "np.flatnonzero(mask)"),
        (returns_masks, "8 images in 4 groups"),
        (one_image_a_group, "where its group goes"),
        (lambda g, k, rng: rng.integers(k, size=len(g)), "np.flatnonzero(fold == k)"),
        (lambda *a: [part for part in right_folds(*a) if len(part)], "more folds than groups"),
        (lambda g, k, rng: right_folds(np.abs(g), k, rng), "takes two names for one"),
        (counts_names_from_zero, "np.unique finds them"),
        (lambda g, k, rng: right_folds(g.astype(np.int32), k, rng), "takes two names for one"),
    ],
    "augmentation.find_leak": [
        (lambda a, b: leaks(a, b, left_out="columns rows quarter half three"), "was not found"),
        (lambda a, b: leaks(a, b, left_out="same"), "as it is"),
        (lambda a, b: leaks(a, b, left_out="columns"), "flipped left-right"),
        (lambda a, b: leaks(a, b, left_out="rows"), "flipped up-down"),
        (lambda a, b: leaks(a, b, left_out="half"), "turned by 180°"),
        (lambda a, b: leaks(a, b, left_out="three"), "turned by 270°"),
        (lambda a, b: leaks(a, b, same=same_pixels), "each at its place"),
        (lambda a, b: leaks(a, b, same=almost_same), "changed"),
        (all_eight_with_flipped_channels, "red and blue exchanged"),
        (lambda a, b: leaks(a, b, same=compares_without_shapes), "compares the shapes too"),
        (lambda a, b: leaks(a, b, same=after_a_cast), "images in floats"),
        (lambda a, b: leaks(a, b) + len(a), "count the test images"),
        (leaking_training_images, "Those are the training images"),
        (names_each_pair, "name it once"),
        (unsorted_leaks, "sort them"),
        (mask_of_leaks, "np.flatnonzero(mask)"),
        (mask_of_leaks, "✗ shape"),
        (lambda a, b: np.nonzero(mask_of_leaks(a, b)), "no tuple around it"),
        (lambda a, b: set(leaks(a, b).tolist()), "sorted(found)"),
        *(
            (lambda a, b, atol=atol: leaks(a, b, same=close_by(atol)), "changed")
            for atol in (1.0, 0.1, 0.01, 0.0035)
        ),
        (lambda a, b: leaks(first_channel(a), first_channel(b)), "one pixel changed"),
        (lambda a, b: leaks(a, b, same=same_projections), "rows and columns of the same sums"),
        (lambda a, b: leaks(a, b, same=same_bytes), "read in rows of the old width"),
        (lambda a, b: leaks(a, b, same=equal_sums), "each at its place"),
    ],
    "augmentation.to_network": [
        (lambda images: images.astype(np.float32), "divide by 255"),
        (lambda images: (images // 255).astype(np.float32), "Cut off to whole numbers"),
        (
            lambda images: (images / 255).astype(np.uint8).astype(np.float32),
            "Cut off to whole numbers",
        ),
        (lambda images: images.astype(np.float32) / 256, "white, 255, becomes 1"),
        (lambda images: images.astype(np.float32) / images.max(), "largest value"),
        (lambda images: 2 * ready(images) - 1, "from −1 to 1"),
        (lambda images: images / 255, "weights are float32"),
        (lambda images: ready(images).reshape(len(images), -1), "shape stays"),
        (lambda images: ready(images) / 255, "Divided by 255 twice"),
        (lambda images: 1 - ready(images), "are exchanged"),
        (own_maximum, "largest value"),
        (stretched, "largest value"),
        (standardized, "mean 0 and deviation 1"),
        (stretches_floats, "not to be stretched"),
        (centres_floats, "from −1 to 1"),
        (generous, "a value of 1.5"),
        (by_dtype_maximum, "uint16: expected a ValueError"),
        (divides_all, "all but black"),
        (blanks_floats, "blank images"),
        (keeps_doubles, "come back as float32"),
        (by_maximum, "not the maximum"),
        (bytes_only, "are to be taken"),
        (takes_masks, "refuse booleans"),
        (refuses_the_ends, "both ends included"),
        (ready, "do not guess"),
        (clips, "do not guess"),
        (asserts, "raise ValueError"),
        (checks_one_image, "do not mend it"),
        (overlooks_negatives, "a value of −0.2"),
        (overlooks_nan, "comparison with NaN"),
        (takes_whole_numbers, "whose white is not known"),
        (takes_small_whole_numbers, "int64 of 0 and 1"),
        (takes_signed_bytes, "int8: expected a ValueError"),
        (lambda images: within(images, -0.01, 1.01), "a value of 1.000001"),
        (lambda images: within(images, -0.01, 1.0), "a value of −0.000001"),
        (lambda images: within(images, 0.0, 1.0, np.nan_to_num(images, posinf=0.5)), "infinite"),
        (refuses_half_precision, "float16: ValueError"),
    ],
}
