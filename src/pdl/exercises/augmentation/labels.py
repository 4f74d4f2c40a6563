"""Checks: labels that are moved with their image, and digits that a turn makes into others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from pdl._arrays import Array

from ..checking.arrays import plain
from ..checking.attempts import attempt
from ..checking.compare import Mismatch, as_array, expect_close, expect_shape, shown
from ..checking.engine import Exercise
from .support import Answer, Mistakes

shift_labels = Exercise(
    "augmentation.shift_labels",
    unlocks="You can now move an image and keep each pixel's name with it.",
)


def _labels(seed: int, height: int, width: int) -> Array:
    """Labels without a zero, so that every pixel tells where it came from."""
    count = height * width
    return np.random.default_rng(seed).permutation(np.arange(1, count + 1)).reshape(height, width)


def _shifted(labels: Array, dx: int, dy: int, boundary: str = "zero") -> Array:
    rows = np.arange(labels.shape[0])[:, np.newaxis] - dy
    columns = np.arange(labels.shape[1]) - dx
    if boundary == "wrap":
        return np.asarray(labels[rows % labels.shape[0], columns % labels.shape[1]])
    row, column = rows.clip(0, labels.shape[0] - 1), columns.clip(0, labels.shape[1] - 1)
    repeated = labels[row, column]
    if boundary == "nearest":
        return np.asarray(repeated)
    return np.where((row == rows) & (column == columns), repeated, 0)


def _from_behind(labels: Array, dx: int, dy: int) -> Array | None:
    """What ``moved[dy:, dx:] = labels[:-dy, :-dx]`` gives, where it gives anything."""
    moved = np.zeros_like(labels)
    try:
        moved[dy:, dx:] = labels[:-dy, :-dx]
    except ValueError:
        return None
    return moved


SLICES = (
    "Slices change their meaning at zero and below ([:-0] is empty, [-2:] counts from the end): "
    "work out for each pixel where it came from."
)


NARROW_KINDS = (np.uint8, np.int8, np.int16, np.int32, np.float32)
NARROW = "Labels so large do not fit into a smaller type: keep the dtype of `labels`."


def _expect_shifted(answer: Answer, labels: Array, dx: int, dy: int, what: str) -> None:
    truth = _shifted(labels, dx, dy)
    mistakes: Mistakes = [
        (labels, "The labels were left behind: the image moved, they did not."),
        (
            _shifted(labels, dx, dy, "wrap"),
            "What left on one side came in on the other (np.roll does that): zeros come in.",
        ),
        (_shifted(labels, dx, dy, "nearest"), "The edge was repeated: zeros come in."),
        (_shifted(labels, -dx, -dy), "The other way: dx moves right, dy moves down."),
        (_shifted(labels, dx, -dy), "dy moves down, and that is to larger row numbers."),
        (_shifted(labels, -dx, dy), "dx moves right, and that is to larger column numbers."),
        (_shifted(labels, dy, dx), "Exchanged: dx moves along columns, dy along rows."),
        (_shifted(labels, -dy, -dx), "Exchanged, and the other way."),
        (_shifted(labels, dy, dx, "wrap"), "Exchanged, and what left came in on the other side."),
        *((truth.astype(kind), NARROW) for kind in NARROW_KINDS),
    ]
    behind = _from_behind(labels, dx, dy)
    if behind is not None:
        mistakes.append((behind, SLICES))
    got = attempt(answer, labels, dx, dy, what=what, hint=SLICES)
    expect_close(got, truth, what=what, mistakes=mistakes, rtol=0, atol=0)
    if not np.array_equal(got, truth):  # whole numbers: `expect_close` compares as float64
        raise Mismatch(f"{what}: some labels were rounded", f"As float64? {NARROW}")


@shift_labels.group("shape")
def _(answer: Any) -> str:
    got = as_array(answer(_labels(0, 4, 6), 2, 1), "an array of shape (4, 6)")
    hint = "The labels keep the shape of their image: what leaves is lost, zeros come in."
    note = expect_shape(got, (4, 6), hint)
    if got.dtype.kind not in "iu":
        raise Mismatch(
            f"expected whole numbers, got {got.dtype}",
            "Labels are names, not amounts: np.zeros makes floats, np.zeros_like(labels) does not.",
        )
    return note


@shift_labels.group("values")
def _(answer: Any) -> None:
    _expect_shifted(answer, _labels(1, 5, 7), 2, 1, "dx = 2, dy = 1")
    _expect_shifted(answer, _labels(2, 20, 18), 3, 4, "labels up to 360, dx = 3, dy = 4")


@shift_labels.group("edge cases")
def _(answer: Any) -> None:
    _expect_shifted(answer, _labels(3, 9, 4), 0, 3, "a tall image, dx = 0")
    _expect_shifted(answer, _labels(4, 5, 6), 2, 0, "dy = 0")
    _expect_shifted(answer, _labels(5, 5, 6), 0, 0, "no shift")
    _expect_shifted(answer, _labels(6, 6, 7), -2, -1, "dx = −2, dy = −1")
    _expect_shifted(answer, _labels(7, 6, 7), 2, -3, "dx = 2, dy = −3")
    _expect_shifted(answer, _labels(8, 4, 5), 7, 1, "a shift by more than the width")
    _expect_shifted(answer, _labels(9, 4, 5), -1, -4, "a shift by the height")
    _expect_shifted(answer, _labels(10, 1, 1), 1, 0, "one pixel")
    for start in (70_000, 2**25, 2**33, 2**53):
        what = f"labels from {start:,} on".replace(",", " ")
        _expect_shifted(answer, start + _labels(11, 5, 6), 1, 2, what)


ambiguous_digits = Exercise(
    "augmentation.ambiguous_digits",
    unlocks="You can now say which turns a set of digits bears, and which change its labels.",
)

TWIN = "Half a turn goes both ways: if one digit becomes another, that one becomes the first."
SAME = "0, 1 and 8 come back as themselves: their label stays true."
MIRROR = "2 rotated by 180° is a 2 again, and 5 a 5: only a mirror confuses them."
NONE = "3, 4 and 7 rotated by 180° are no digit at all: unusable, but not another digit."


def _digits(answer: Any) -> set[int]:
    """Take a set of digits, or anything that lists some."""
    values = plain(answer)
    if isinstance(values, (str, bytes, dict)) or not isinstance(values, Iterable):
        raise Mismatch(
            f"expected a set of digits, got {type(answer).__name__}",
            "Write a set: {…}, with a comma between the digits.",
        )
    digits = set()
    for value in map(plain, values):
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if not number or value not in range(10):
            raise Mismatch(
                f"expected digits from 0 to 9, got {shown(value)}",
                "Digits as whole numbers: 4, not '4' and no pair.",
            )
        digits.add(int(value))
    return digits


@ambiguous_digits.group("shape")
def _(answer: Any) -> str:
    _digits(answer)
    return "a set of digits"


@ambiguous_digits.group("values")
def _(answer: Any) -> None:
    digits = _digits(answer)
    if digits == {6, 9}:
        return
    # The message does not say what was expected: that would be the solution.
    shown = ", ".join(map(str, sorted(digits))) or "an empty set"
    wrong = (
        (not digits, "Draw the ten digits on paper, and turn the sheet by half."),
        (digits & {0, 1, 8}, SAME),
        (digits & {2, 5}, MIRROR),
        (digits & {3, 4, 7}, NONE),
    )
    hint = next((words for found, words in wrong if found), TWIN)
    raise Mismatch(f"not these: {shown}", hint)
