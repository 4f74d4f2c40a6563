"""Checks: the confusion matrix, and how many test images a claim needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from pdl._arrays import Array

from ..checking.attempts import explain
from ..checking.compare import Mismatch, as_array, expect_close, expect_shape
from ..checking.engine import Exercise
from ..checking.rules import Case, Rule, count_of, expect_rule

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


BINCOUNT = (
    "np.bincount stops at the largest number that occurs, and classes may be absent: give it "
    "minlength=classes**2."
)
NARROW_COUNTS = (
    "The counts do not fit into a type so small: np.zeros((classes, classes), dtype=int)."
)


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
        *((matrix.astype(kind), NARROW_COUNTS) for kind in ("u1", "i1", "u2", "i2")),
    ]
    try:
        came = answer(truth, answers, classes)
    except ValueError as error:
        if "reshape" not in str(error):
            raise
        raise Mismatch(f"{what}: ValueError: {error}", BINCOUNT) from None
    got = as_array(came, f"an array of shape {matrix.shape}")
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
    truth, answers = (each.astype(np.uint8) for each in _labels(3, 200, 20))
    _expect_matrix(answer, truth, answers, 20, "labels in uint8, 20 classes")
    truth, answers = np.repeat([[0, 1, 0], [1, 1, 0]], [70_000, 300, 200], axis=1).astype(np.uint8)
    _expect_matrix(answer, truth, answers, 2, "70 500 images of two classes")


images_needed = Exercise(
    "training.images_needed",
    unlocks="You can now say how many test images a claimed accuracy rests on, and should.",
)


TOO_MANY = "One image too many: the smallest number is asked, math.ceil gives it."


def _ceiling(accuracy: str, half_width: str) -> int:
    p, h = Fraction(accuracy), Fraction(half_width)
    return math.ceil(Fraction("1.96") ** 2 * p * (1 - p) / h**2)


def _by_variance(variance: Callable[[float], float], z: float = 1.96) -> Rule:
    """A rule for n that takes another variance of one answer, or another factor."""
    return lambda accuracy, h: math.ceil(z**2 * variance(float(accuracy)) / float(h) ** 2)


def _by_root(power: float, factor: float = 1.0) -> Rule:
    """A rule for n that takes the half width to another power, or a multiple of it."""

    def rule(accuracy: str, half_width: str) -> int:
        p, h = float(accuracy), factor * float(half_width)
        return math.ceil(1.96**2 * p * (1 - p) / h**power)

    return rule


def _variance(p: float) -> float:
    return p * (1 - p)


NEEDED: list[Case] = [("0.9766", "0.01"), ("0.9", "0.02"), ("0.99", "0.002")]
NEEDED_EDGES: list[Case] = [
    ("0.5", "0.3"),
    ("0.999", "0.05"),
    ("0.02", "0.01"),
    ("0.99", "0.001"),
]
# Exactly 40 000, in floats too: the integer part plus one is one too many.
EXACT: Case = ("0.5", "0.0049")
NEEDED_MISTAKES: list[tuple[Rule, str]] = [
    (
        lambda accuracy, h: math.floor(1.96**2 * _variance(float(accuracy)) / float(h) ** 2),
        "Round up: with one image fewer the interval is too wide.",
    ),
    (
        lambda accuracy, h: round(1.96**2 * _variance(float(accuracy)) / float(h) ** 2),
        "Round up, not to the nearest: with one image fewer the interval may be too wide.",
    ),
    (lambda accuracy, h: _ceiling(accuracy, h) + 1, TOO_MANY),
    (_by_root(2, 0.5), "half_width is half of the interval already: do not halve it."),
    (_by_root(2, 2.0), "half_width is the distance to each side: do not double it."),
    (_by_root(1), "The half width has to be squared."),
    (
        lambda accuracy, h: math.ceil(1.96 * math.sqrt(_variance(float(accuracy))) / float(h)),
        "Square it: n stands under the root.",
    ),
    (_by_variance(_variance, 2), "Use 1.96, not 2."),
    (_by_variance(_variance, 1.959964), "Use 1.96 as it is written, not more digits."),
    (_by_variance(_variance, 1.645), "1.645 leaves 5 % on one side; two sides need 1.96."),
    (_by_variance(_variance, 2.576), "2.576 is for an interval of 99 %; 95 % need 1.96."),
    (_by_variance(_variance, 1), "The factor 1.96, squared, is missing."),
    (_by_variance(_variance, math.sqrt(1.96)), "1.96 is squared too, as it stood before the root."),
    (_by_variance(lambda p: p), "The variance of one answer is p(1 − p), not p."),
    (_by_variance(lambda p: 1 - p), "The variance of one answer is p(1 − p), not 1 − p."),
    (_by_variance(lambda _: 0.25), "That is for p = ½, the worst case; use the accuracy given."),
    (_by_variance(lambda p: _variance(p) ** 2), "p(1 − p) is the variance already: no square."),
]


def _expect_needed(answer: Any, cases: list[Case]) -> None:
    expect_rule(
        lambda accuracy, half_width: answer(float(accuracy), float(half_width)),
        cases,
        _ceiling,
        NEEDED_MISTAKES,
        say=lambda accuracy, half_width: f"accuracy {accuracy}, half width {half_width}",
        whole=count_of("Images come whole: round up."),
        evidence=[*NEEDED, *NEEDED_EDGES],
    )


@images_needed.group("shape")
def _(answer: Any) -> str:
    number = as_array(answer(0.9, 0.05), "a whole number")
    expect_shape(number, ())
    count_of("Images come whole: round up.")(number, "accuracy 0.9, half width 0.05")
    return "a whole number"


@images_needed.group("values")
def _(answer: Any) -> None:
    _expect_needed(answer, NEEDED)


@images_needed.group("edge cases")
def _(answer: Any) -> None:
    _expect_needed(answer, NEEDED_EDGES)
    with explain(TOO_MANY):
        _expect_needed(answer, [EXACT])
