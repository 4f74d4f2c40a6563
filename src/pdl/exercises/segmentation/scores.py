"""Scores of masks, and whether one method beats another."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pdl.metrics import dice as dice_coefficient
from pdl.metrics import iou as intersection_over_union

from ..checking.compare import Mismatch, as_array, expect_close, expect_parts, expect_shape
from ..checking.engine import Exercise

iou = Exercise("segmentation.iou", unlocks="You can now score any mask, the empty ones included.")


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


paired_gain = Exercise(
    "segmentation.paired_gain",
    unlocks="You can now say that one method beats another, or that nothing was seen.",
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
