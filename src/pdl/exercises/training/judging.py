"""Checks: the confusion matrix, and how many test images a claim needs."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from ..backpropagation.support import Array
from ..compare import Mismatch, as_array, expect_close, expect_equal, expect_shape
from ..engine import Exercise

confusion_matrix = Exercise(
    "training.confusion_matrix",
    unlocks="You can now see which class a network takes for which.",
)


def _count(truth: Array, answers: Array, classes: int) -> Array:
    matrix = np.zeros((classes, classes), dtype=int)
    for row, column in zip(truth.tolist(), answers.tolist(), strict=True):
        matrix[row, column] += 1
    return matrix


def _wrapped(truth: Array, answers: Array, classes: int) -> Array:
    """What row · classes + column gives where the labels' type is too small for it."""
    cells = (truth.astype(int) * classes + answers) % 256
    return np.bincount(cells, minlength=classes**2)[: classes**2].reshape(classes, classes)


def _expect_matrix(answer: Any, truth: Array, answers: Array, classes: int, what: str) -> None:
    matrix = _count(truth, answers, classes)
    with np.errstate(all="ignore"):
        by_row = np.nan_to_num(matrix / matrix.sum(axis=1, keepdims=True))
        by_column = np.nan_to_num(matrix / matrix.sum(axis=0, keepdims=True))
        by_all = np.nan_to_num(matrix / matrix.sum())
    mistakes: list[tuple[Any, str]] = [
        (matrix.T, "Transposed: the row is the truth, the column the network's answer."),
        (
            np.minimum(matrix, 1),
            "Each pair was counted once: matrix[truth, answers] += 1 does not add up repeated "
            "indices; np.add.at does.",
        ),
        (by_row, "Those are shares of a row: count, and divide nothing."),
        (by_column, "Those are shares of a column: count, and divide nothing."),
        (by_all, "Those are shares of all images: count, and divide nothing."),
        (np.diag(np.diag(matrix)), "Only right answers were counted: the others are the point."),
        (matrix - np.diag(np.diag(matrix)), "Right answers are counted too, on the diagonal."),
        (matrix[::-1, ::-1], "The classes run backwards: class 0 comes first."),
        (
            _wrapped(truth, answers, classes),
            f"row · {classes} + column does not fit into uint8: convert the labels to int first.",
        ),
    ]
    got = as_array(answer(truth, answers, classes), f"an array of shape {matrix.shape}")
    if got.shape != matrix.shape:
        hint = f"The size is `classes`, {classes}, whether or not each class occurs."
        raise Mismatch(
            f"{what}: expected {matrix.shape}, got {got.shape}",
            hint if got.ndim == 2 and len(got) < classes else "",
        )
    expect_close(got, matrix, what=what, mistakes=mistakes)
    if got.dtype.kind not in "iu":
        raise Mismatch(
            f"{what}: expected whole numbers, got {got.dtype}",
            "Counts are whole numbers: np.zeros((classes, classes), dtype=int).",
        )


def _labels(seed: int, n: int, classes: int) -> tuple[Array, Array]:
    """Labels, and answers of which more than half are right."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=n)
    guessed = rng.integers(classes, size=n)
    return truth, np.where(rng.random(n) < 0.6, truth, guessed)


@confusion_matrix.group("shape")
def _(answer: Any) -> str:
    got = answer(np.array([0, 1, 2, 2]), np.array([0, 2, 2, 1]), 3)
    return expect_shape(got, (3, 3), "A row for each true class, a column for each answer.")


@confusion_matrix.group("values")
def _(answer: Any) -> None:
    _expect_matrix(answer, *_labels(1, 40, 3), 3, "40 images, 3 classes")
    _expect_matrix(answer, *_labels(2, 300, 10), 10, "300 images, 10 classes")


@confusion_matrix.group("edge cases")
def _(answer: Any) -> None:
    absent = np.array([0, 3, 3, 1]), np.array([0, 1, 3, 1])
    _expect_matrix(answer, *absent, 4, "a class that is absent")
    _expect_matrix(answer, *absent, 6, "the last classes absent")
    _expect_matrix(answer, np.array([2]), np.array([0]), 3, "one image")
    none = np.array([], dtype=int)
    _expect_matrix(answer, none, none, 2, "no image")
    truth, answers = (each.astype(np.uint8) for each in _labels(3, 200, 20))
    _expect_matrix(answer, truth, answers, 20, "labels in uint8, 20 classes")


images_needed = Exercise(
    "training.images_needed",
    unlocks="You can now say how many test images a claimed accuracy rests on, and should.",
)


def _ceiling(accuracy: str, half_width: str, z: str = "1.96") -> int:
    p, h = Fraction(accuracy), Fraction(half_width)
    return math.ceil(Fraction(z) ** 2 * p * (1 - p) / h**2)


def _expect_needed(answer: Any, accuracy: str, half_width: str) -> None:
    p, h, z = float(accuracy), float(half_width), 1.96
    what = f"accuracy {accuracy}, half width {half_width}"
    got = answer(p, h)
    number = as_array(got, "a whole number")
    if number.ndim or number.dtype.kind not in "iuf":
        raise Mismatch(f"{what}: expected a whole number, got {got!r}")
    truth = _ceiling(accuracy, half_width)
    exact = z**2 * p * (1 - p) / h**2
    value = float(number)
    known: list[tuple[float, str]] = [
        (math.floor(exact), "Round up: with one image fewer the interval is too wide."),
        (truth + 1, "One image too many: the smallest number is asked."),
        (
            z**2 * p * (1 - p) / (h / 2) ** 2,
            "half_width is half of the interval already: do not halve it.",
        ),
        (
            z**2 * p * (1 - p) / (2 * h) ** 2,
            "half_width is the distance to each side: do not double it.",
        ),
        (_ceiling(accuracy, half_width, "2"), "Use 1.96, not 2."),
        (4 * p * (1 - p) / h**2, "Use 1.96, not 2."),
        (1.645**2 * p * (1 - p) / h**2, "1.645 leaves 5 % on one side; two sides need 1.96."),
        (p * (1 - p) / h**2, "The factor 1.96, squared, is missing."),
        (z * p * (1 - p) / h**2, "1.96 is squared too, as it stood before the root."),
        (z**2 * p * (1 - p) / h, "The half width has to be squared."),
        (z * math.sqrt(p * (1 - p)) / h, "Square it: n stands under the root."),
        (z**2 * p / h**2, "The variance of one answer is p(1 − p), not p."),
        (z**2 * (1 - p) / h**2, "The variance of one answer is p(1 − p), not 1 − p."),
        (z**2 * 0.25 / h**2, "That is for p = ½, the worst case; use the accuracy given."),
        (z**2 * (p * (1 - p)) ** 2 / h**2, "p(1 − p) is the variance already: no square."),
    ]
    hint = ""
    if value != truth:
        near = (words for wrong, words in known if value in (wrong, math.ceil(wrong)))
        hint = next(near, "")
    expect_equal(number.item(), truth, what=what, hint=hint)


@images_needed.group("shape")
def _(answer: Any) -> str:
    number = as_array(answer(0.9, 0.05), "a whole number")
    expect_shape(number, ())
    if not float(number).is_integer():
        raise Mismatch(
            f"expected a whole number, got {float(number):g}", "Images come whole: round up."
        )
    return "a whole number"


@images_needed.group("values")
def _(answer: Any) -> None:
    for accuracy, half_width in (("0.9766", "0.01"), ("0.9", "0.02"), ("0.99", "0.002")):
        _expect_needed(answer, accuracy, half_width)


@images_needed.group("edge cases")
def _(answer: Any) -> None:
    for accuracy, half_width in (("0.5", "0.3"), ("0.999", "0.05"), ("0.02", "0.01")):
        _expect_needed(answer, accuracy, half_width)
