"""Checks: folds that keep groups together, and test images that are training images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pdl._arrays import Array

from ..checking.attempts import attempt, explain
from ..checking.compare import Mismatch, as_array
from ..checking.engine import Exercise
from .support import Answer

group_folds = Exercise(
    "augmentation.group_folds",
    unlocks="You can now cross-validate on images that come in families.",
)


def _groups(sizes: Sequence[int], seed: int) -> Array:
    """Group names that are no indices, in a random order of the images."""
    rng = np.random.default_rng(seed)
    names = rng.choice(np.arange(100, 1000), size=len(sizes), replace=False)
    return rng.permutation(np.repeat(names, sizes))


def _as_folds(got: Any, count: int, folds: int, what: str) -> list[Array]:
    if got is None:
        as_array(got, f"a list of {folds} arrays of indices")
    if not isinstance(got, (list, tuple, np.ndarray)):
        raise Mismatch(f"{what}: expected a list of {folds} arrays, got {type(got).__name__}")
    if len(got) != folds:
        hint = "A list with the indices of each fold, an empty one included."
        if isinstance(got, np.ndarray) and got.shape == (count,):
            hint = "That is the fold of each image; np.flatnonzero(fold == k) gives its images."
        raise Mismatch(f"{what}: expected {folds} folds, got {len(got)}", hint)
    result = []
    for fold in got:
        if isinstance(fold, tuple) and len(fold) == 2 and np.ndim(fold[0]) == 1:
            raise Mismatch(
                f"{what}: expected an array of indices in each fold, got a pair",
                "Only the images held out: the training part is all the others.",
            )
        indices = as_array(fold, "an array of indices in each fold")
        if indices.size == 0:
            indices = indices.astype(int).ravel()
        if indices.dtype.kind == "b":
            hint = "np.flatnonzero(mask) gives the indices of a mask."
            raise Mismatch(f"{what}: expected indices, got a mask", hint)
        if indices.dtype.kind not in "iu" or indices.ndim != 1:
            raise Mismatch(
                f"{what}: expected whole numbers in one row, got {indices.dtype} of shape "
                f"{indices.shape}"
            )
        if indices.size and (indices.min() < 0 or indices.max() >= count):
            worst = int(indices.max() if indices.max() >= count else indices.min())
            raise Mismatch(
                f"{what}: {worst} is no index: the images are 0 to {count - 1}",
                "The folds hold places in `groups`, not the names of groups.",
            )
        result.append(indices)
    return result


def _expect_folds(answer: Answer, groups: Array, folds: int, seed: int, what: str) -> None:
    got = answer(groups, folds, np.random.default_rng(seed))
    parts = _as_folds(got, len(groups), folds, what)
    times = np.bincount(np.concatenate(parts), minlength=len(groups))
    if folds > 2 and (times == folds - 1).all():
        hint = "Those are the training parts: return the images held out."
        raise Mismatch(f"{what}: each image is in {folds - 1} folds, expected 1", hint)
    if (times != 1).any():
        image = int(np.flatnonzero(times != 1)[0])
        hint = (
            "An image is missing: every image of a group goes where its group goes."
            if times[image] == 0
            else "An image came twice: each is held out once."
        )
        raise Mismatch(f"{what}: image {image} comes {times[image]} times, expected 1", hint)
    homes: dict[int, int] = {}
    for number, part in enumerate(parts):
        for group in sorted({int(name) for name in groups[part]}):
            if group in homes:
                raise Mismatch(
                    f"{what}: group {group} is in fold {homes[group]} and in fold {number}",
                    "Images of one group are alike, so that leaks: deal out groups, not images.",
                )
            homes[group] = number
    sizes = [len(part) for part in parts]
    size_of = Counter(groups.tolist())
    for part in parts:
        inside = {int(name) for name in groups[part]}
        # Greedy dealing leaves no group whose move to the smallest fold would even them out.
        if len(inside) > 1 and len(part) - min(size_of[name] for name in inside) > min(sizes):
            raise Mismatch(
                f"{what}: folds of {', '.join(map(str, sizes))} images could be more even",
                "Count images, not groups: the largest groups first, each into the fold that has "
                "the fewest images so far.",
            )


@group_folds.group("shape")
def _(answer: Any) -> str:
    groups = _groups([3, 2, 2, 1], 0)
    got = answer(groups, 3, np.random.default_rng(0))
    _as_folds(got, len(groups), 3, "8 images in 4 groups")
    return "3 arrays of indices"


@group_folds.group("values")
def _(answer: Any) -> None:
    for seed, folds in enumerate((2, 3, 5, 4, 3, 5)):
        sizes = np.random.default_rng(seed).geometric(0.12, size=14)
        what = f"{sizes.sum()} images in 14 groups, {folds} folds"
        _expect_folds(answer, _groups(sizes.tolist(), seed), folds, seed, what)


@group_folds.group("edge cases")
def _(answer: Any) -> None:
    _expect_folds(answer, _groups([40, 3, 3, 2, 2, 1, 1], 7), 3, 7, "one very large group")
    _expect_folds(answer, _groups([6, 1, 4], 8), 3, 8, "as many folds as groups")
    _expect_folds(answer, _groups([2, 3, 4], 9), 1, 9, "one fold")
    _expect_folds(answer, _groups([1] * 11, 10), 4, 10, "groups of one image")
    _expect_folds(answer, _groups([3, 2], 12), 4, 12, "more folds than groups")
    names = np.array([-7, 0, 256, 2**32, 7, -(2**33)])
    strange = np.random.default_rng(13).permutation(np.repeat(names, [8, 5, 1, 4, 8, 1]))
    what = "names of groups below 0 and far above"
    words = (
        "Any integers may name a group: np.unique finds them; np.bincount counts from 0 only, and "
        "a smaller type takes two names for one."
    )
    attempt(answer, strange, 3, np.random.default_rng(13), what=what, hint=words)
    with explain(words):
        _expect_folds(answer, strange, 3, 13, what)
    groups = _groups([2] * 12, 11)
    dealt = set()
    for seed in range(5):
        parts = [_deal(answer, groups, seed) for _ in range(2)]
        if parts[0] != parts[1]:
            raise Mismatch(
                "the same generator gives other folds the second time",
                "Draw from `rng` only: np.random and generators of your own are not repeatable.",
            )
        dealt.add(frozenset(parts[0]))
    if len(dealt) == 1:
        raise Mismatch(
            "every generator gives the same folds",
            "Deal the groups out in an order drawn from `rng`, before sorting them by size.",
        )


def _deal(answer: Answer, groups: Array, seed: int) -> list[frozenset[int]]:
    got = answer(groups, 4, np.random.default_rng(seed))
    parts = _as_folds(got, len(groups), 4, "12 groups of two images")
    return [frozenset(part.tolist()) for part in parts]


find_leak = Exercise(
    "augmentation.find_leak",
    unlocks="You can now look for a leak before you believe a score.",
)

LEAKS: dict[str, Callable[[Array], Array]] = {
    "as it is": lambda image: image,
    "flipped left-right": lambda image: image[:, ::-1],
    "flipped up-down": lambda image: image[::-1],
    "turned by 90°": lambda image: np.rot90(image),
    "turned by 180°": lambda image: image[::-1, ::-1],
    "turned by 270°": lambda image: np.rot90(image, -1),
}


def _one_pixel(image: Array) -> Array:
    """The smallest change: one gray level in one channel of one pixel, and never the first."""
    changed = image.copy()
    changed[-1, -1] = image[-1, -1]
    changed.reshape(-1)[-1] -= 1
    return changed


def _same_sums(image: Array) -> Array:
    changed = image.astype(int)
    corners = np.array([[1, -1], [-1, 1]])
    changed[:2, :2] += corners.reshape(2, 2, *[1] * (image.ndim - 2))
    return np.asarray(changed.astype(image.dtype))


DECOYS: dict[str, Callable[[Array], Array]] = {
    "with one pixel changed": _one_pixel,
    "with its pixels in other places": lambda image: np.roll(image, (1, 2), axis=(0, 1)),
    "with four pixels changed, rows and columns of the same sums": _same_sums,
    "with its rows sorted": lambda image: np.sort(image, axis=0),
}


TALL: dict[str, Callable[[Array], Array]] = {
    "turned by 90° and read in rows of the old width": lambda image: np.rot90(image).reshape(
        image.shape
    ),
}
COLOUR: dict[str, Callable[[Array], Array]] = {
    "with red and blue exchanged": lambda image: image[..., ::-1],
}


def _as_indices(got: Any, what: str) -> Array:
    if isinstance(got, (set, frozenset)):
        raise Mismatch(f"{what}: expected indices in order, got a set", "Sort them: sorted(found).")
    indices = as_array(got, "an array of indices")
    if indices.dtype.kind == "b":
        words = "np.flatnonzero(mask) gives the indices of a mask."
        raise Mismatch(f"{what}: expected indices, got a mask", words)
    if indices.ndim != 1:
        words = "One row with the indices of test images: no pairs, no tuple around it."
        raise Mismatch(f"{what}: expected one row of indices, got shape {indices.shape}", words)
    return indices


def _expect_leaks(
    answer: Answer, train: Array, test: Array, tags: list[str], what: str, hint: str = ""
) -> None:
    """Demand the indices of the tagged test images; a tag in `LEAKS` is a leak."""
    truth = [index for index, tag in enumerate(tags) if tag in LEAKS]
    got = _as_indices(attempt(answer, train, test, what=what, hint=hint), what)
    found = [int(index) for index in got]
    if found != truth and set(found) == _origins(train, test, tags):
        words = "Those are the training images: return the indices of the test images."
        raise Mismatch(f"{what}: expected {truth}, got {found}", words)
    for index in found:
        if not 0 <= index < len(test):
            words = "The indices count the test images, from 0."
            raise Mismatch(f"{what}: there is no test image {index}", words)
    for index, tag in enumerate(tags):
        if index in truth and index not in found:
            raise Mismatch(
                f"{what}: test image {index} was not found",
                f"It is a training image {tag}.",
            )
        if index not in truth and index in found:
            reason = f"a training image {tag}, and that is another image" if tag else "a new image"
            raise Mismatch(
                f"{what}: test image {index} is no leak",
                f"It is {reason}: compare all pixels, each at its place.",
            )
    if len(set(found)) < len(found):
        words = "Several training images, or several moves, may give it: name it once."
        raise Mismatch(f"{what}: a test image comes twice", words)
    if found != truth:
        raise Mismatch(f"{what}: expected {truth}, got {found}", "The right images: sort them.")


def _origins(train: Array, test: Array, tags: list[str]) -> set[int]:
    """The training images that came back among the test images."""
    leaks = [(LEAKS[tag], image) for tag, image in zip(tags, test, strict=True) if tag in LEAKS]
    return {
        index
        for index, mine in enumerate(train)
        if any(np.array_equal(move(mine), image) for move, image in leaks)
    }


def _mixture(seed: int, shape: tuple[int, ...], moves: list[str]) -> tuple[Array, Array, list[str]]:
    """Training and test images; each move is used on one training image, and others are new."""
    rng = np.random.default_rng(seed)
    decoys = DECOYS | (COLOUR if len(shape) == 3 else {}) | (TALL if shape[0] != shape[1] else {})
    known = LEAKS | decoys
    tags = [*moves, *decoys, "", "", ""]
    train = rng.integers(40, 255, size=(len(tags) + 2, *shape)).astype(np.uint8)
    test = rng.integers(40, 255, size=(len(tags), *shape)).astype(np.uint8)
    tags = [tags[place] for place in rng.permutation(len(tags))]
    for place, tag in enumerate(tags):
        if tag:
            test[place] = known[tag](train[len(train) - 1 - place])
    return train, test, tags


@find_leak.group("shape")
def _(answer: Any) -> str:
    train, test, _ = _mixture(0, (6, 6), list(LEAKS))
    _as_indices(answer(train, test), "grayscale images")
    return "one row of indices"


@find_leak.group("values")
def _(answer: Any) -> None:
    _expect_leaks(answer, *_mixture(1, (7, 7), list(LEAKS)), "grayscale images")
    _expect_leaks(answer, *_mixture(2, (6, 6, 3), list(LEAKS)), "colour images")


@find_leak.group("edge cases")
def _(answer: Any) -> None:
    train, test, tags = _mixture(3, (5, 5), [])
    _expect_leaks(answer, train, test, tags, "no leak")
    _expect_leaks(answer, train[:1], train[:1, ::-1], ["flipped up-down"], "one image")
    sides = "A tall image turned by a quarter is wide: np.array_equal compares the shapes too."
    straight = [tag for tag in LEAKS if tag not in ("turned by 90°", "turned by 270°")]
    _expect_leaks(answer, *_mixture(4, (7, 4), straight), "tall images", sides)
    plain = np.full((2, 4, 4), 90, dtype=np.uint8)
    both = np.concatenate([train[:2, :4, :4], plain])
    asked = np.concatenate([plain[:1], test[:1, :4, :4], plain[:1]])
    _expect_leaks(answer, both, asked, ["as it is", "", "as it is"], "images of one gray value")
    train, test, tags = _mixture(5, (5, 5), list(LEAKS))
    floats = test / 255
    floats[tags.index("with one pixel changed"), -1, -1] += 0.75 / 255  # less than a gray level
    _expect_leaks(answer, train / 255, floats, tags, "images in floats")
