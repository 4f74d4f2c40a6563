"""Thresholds: from the histogram to Otsu's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pdl import segmentation

from ..checking.compare import Mismatch, as_array, expect_close, expect_shape
from ..checking.engine import Exercise

Image = NDArray[np.uint8]


within_by_hand = Exercise(
    "segmentation.within_by_hand",
    unlocks="You can now check any program for Otsu's threshold on six pixels.",
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


probabilities = Exercise(
    "segmentation.probabilities",
    unlocks="You can now start any method that works on the histogram alone.",
)


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


classes = Exercise(
    "segmentation.classes", unlocks="You can now cut an image at as many thresholds as you like."
)


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


otsu = Exercise(
    "segmentation.otsu",
    unlocks="You can now find the threshold that needs no peaks, and know the test that it passes.",
)


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
        "three dark levels": np.array([[0] * 5, [0, 1, 1, 2, 2]], dtype=np.uint8),
        "black and white": np.array([[0, 255, 0], [0, 255, 0]], dtype=np.uint8),
    }
    for what, each in images.items():
        _expect_thresholds(answer, {what: each})
    constant = np.full((4, 4), 90, dtype=np.uint8)
    got = as_array(answer(constant), "a threshold")
    if got.shape != () or not np.isfinite(got):
        raise Mismatch(f"for a constant image: expected a number, got {got}")
