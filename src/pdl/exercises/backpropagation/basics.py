"""Checks: a gradient by hand and by differences, the linear layer, softmax and cross-entropy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pdl._arrays import Array

from ..checking.attempts import NARROW_LOGITS, attempt, explain
from ..checking.compare import Mismatch, as_array, expect_close, expect_shape
from ..checking.engine import Exercise
from ..checking.parts import SIGN, cut_off, expect_part_shapes, expect_part_values
from ..checking.samples import random

by_hand = Exercise(
    "backpropagation.by_hand",
    unlocks="You can now find the gradient of a shared weight with pencil and paper.",
)


@by_hand.group("shape")
def _(answer: Any) -> str:
    return expect_shape(answer, (2, 2), "A list of two lists, as the kernel has two rows.")


@by_hand.group("values")
def _(answer: Any) -> None:
    truth = np.array([[3, -2], [6, 5]])
    mistakes: list[tuple[Any, str]] = [
        (truth[::-1, ::-1], "Right, but rotated by 180°: w00 reads the upper left windows."),
        (truth.T, "Rows and columns are exchanged."),
        (-truth, SIGN),
        (truth / 4, "The four contributions are added, not averaged."),
        (
            [[0, 6], [2, 5]],
            "The output gradient was turned: lay it on the input as it is written.",
        ),
    ]
    expect_close(answer, truth, mistakes=mistakes, secret=True)


numerical_gradient = Exercise(
    "backpropagation.numerical_gradient",
    unlocks="You can now check any gradient that anybody hands you, frameworks included.",
)


def _cubes(x: Array) -> float:
    return float((np.arange(1, x.size + 1).reshape(x.shape) * x**3).sum())


def _expect_differences(
    answer: Any, function: Callable[[Array], float], x: Array, step: float, what: str
) -> None:
    def differences(ahead: float, behind: float) -> Array:
        result = np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            unit = np.zeros(x.shape)
            unit[index] = step
            result[index] = function(x + ahead * unit) - function(x - behind * unit)
        return result / step

    def left_moved() -> Array:
        """What comes if no entry is put back before the next is moved."""
        moving, result = x.astype(float), np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            moving[index] += step
            above = function(moving)
            moving[index] -= 2 * step
            result[index] = (above - function(moving)) / (2 * step)
        return result

    truth = differences(1, 1) / 2
    mistakes: list[tuple[Any, str]] = [
        (2 * truth, "Between x + step and x − step lie two steps: divide by 2 · step."),
        (differences(1, 0), "That is the forward difference: its error is as large as the step."),
        (
            differences(0, 1),
            "That is the backward difference: its error is as large as the step.",
        ),
        (differences(1, 0) / 2, "The second value must be taken at x − step, not at x."),
        (-truth, SIGN),
        (left_moved(), "Each entry has to be put back before the next is moved."),
        (
            np.full(x.shape, truth.sum()),
            "All entries were moved together: move one, and put it back before the next.",
        ),
    ]
    expect_close(
        answer(function, x, step), truth, what=what, mistakes=mistakes, rtol=1e-6, atol=1e-8
    )


@numerical_gradient.group("shape")
def _(answer: Any) -> str:
    hint = "The gradient has the shape of the array, whatever that is."
    return expect_shape(answer(_cubes, random(0, 2, 3), 1e-5), (2, 3), hint)


@numerical_gradient.group("values")
def _(answer: Any) -> None:
    _expect_differences(answer, _cubes, random(1, 4), 0.1, "x³ with a step of 0.1")
    _expect_differences(answer, _cubes, random(2, 3, 2), 0.25, "x³ with a step of 0.25")
    _expect_differences(answer, lambda x: float(np.sin(x).prod()), random(3, 2, 3), 1e-3, "sines")


@numerical_gradient.group("edge cases")
def _(answer: Any) -> None:
    _expect_differences(answer, _cubes, random(4, 2, 2, 3, 2), 0.1, "four axes")
    _expect_differences(answer, _cubes, random(5, 1), 0.1, "one number")
    whole = np.array([[1, -2], [50, 100]], dtype=np.int8)
    what = "whole numbers of 8 bits"
    no_room = "Integers have no room for a step of 0.01: x.astype(float), and np.zeros(x.shape)."

    def squares(x: Array) -> float:
        return float((x.astype(float) ** 2).sum())

    got = as_array(attempt(answer, squares, whole, 0.01, what=what, hint=no_room))
    cut = "In an array of integers a step of 0.01 is cut off: work on a copy in floats."
    exact = whole.astype(float)
    moved = np.trunc(exact + 0.01) ** 2 - np.trunc(exact - 0.01) ** 2
    mistakes = [(0 * exact, cut), (moved / 0.02, cut), *cut_off(got)]
    expect_close(got, 2 * exact, what=what, mistakes=mistakes, rtol=1e-6)


linear_backward = Exercise(
    "backpropagation.linear_backward",
    unlocks="You can now send a gradient back through any fully connected layer.",
)


@linear_backward.group("shape")
def _(answer: Any) -> str:
    got = answer(random(0, 5, 3), random(1, 5, 4), random(2, 3, 4))
    hints = {
        "grad_x": "One number for each input of each sample: (N, I).",
        "grad_weight": "The gradient has the shape of the weight, (O, I).",
        "grad_bias": "All N samples share one bias per output: (O,).",
    }
    shapes = {"grad_x": (5, 4), "grad_weight": (3, 4), "grad_bias": (3,)}
    return expect_part_shapes(got, shapes, hints)


@linear_backward.group("values")
def _(answer: Any) -> None:
    _expect_linear(answer, 5, 4, 3)
    _expect_linear(answer, 2, 3, 6)


@linear_backward.group("edge cases")
def _(answer: Any) -> None:
    _expect_linear(answer, 4, 4, 4)  # all square: shapes cannot help
    _expect_linear(answer, 1, 3, 2)


def _expect_linear(answer: Any, n: int, inputs: int, outputs: int) -> None:
    grad, x = random(n, n, outputs), random(n + 1, n, inputs)
    weight = random(n + 2, outputs, inputs)
    truths = {"grad_x": grad @ weight, "grad_weight": grad.T @ x, "grad_bias": grad.sum(axis=0)}
    known: dict[str, list[tuple[Any, str]]] = {
        "grad_x": [],
        "grad_weight": [
            ((grad.T @ x) / n, "No mean over the samples: the loss has divided already."),
        ],
        "grad_bias": [
            (grad.mean(axis=0), "No mean over the samples: the loss has divided already."),
        ],
    }
    if n == inputs == outputs:
        known["grad_x"].append((grad @ weight.T, "The weight is transposed: x is g times weight."))
        known["grad_weight"].append(
            (x.T @ grad, "Transposed: entry (o, i) belongs to output o and input i.")
        )
        known["grad_bias"].append((grad.sum(axis=1), "Add over the samples, not over the outputs."))
    what = f"{n} samples, {inputs} inputs, {outputs} outputs"
    expect_part_values(answer(grad, x, weight), truths, known, what)


cross_entropy_gradient = Exercise(
    "backpropagation.cross_entropy_gradient",
    unlocks="You can now start the backward pass of every classifier.",
)


def _probabilities(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _expect_cross_entropy(answer: Any, logits: Array, labels: Array, what: str) -> None:
    p = _probabilities(logits.astype(float))
    y = np.eye(logits.shape[1])[labels]
    n = len(logits)
    mistakes: list[tuple[Any, str]] = [
        ((y - p) / n, "The sign is reversed: p − y, so that a step against it raises the truth."),
        (p - y, "The loss is the mean over the samples: divide by N."),
        (y - p, "The sign is reversed, and the division by N is missing."),
        (-y / p / n, "The gradient stops at the probabilities: go on through the softmax."),
        (-y * (1 - p) / n, "The other classes get a gradient too: raising one lowers the truth."),
        (p / n, "One-hot labels are missing: p − y."),
    ]
    got = as_array(answer(logits, labels))
    if got.dtype.kind == "f" and np.isnan(got).any():
        raise Mismatch(
            f"{what}: there is a NaN in the result",
            "exp overflows, or all of a row becomes 0: subtract each row's own maximum first.",
        )
    expect_close(got, (p - y) / n, what=what, mistakes=mistakes)


@cross_entropy_gradient.group("shape")
def _(answer: Any) -> str:
    got = answer(random(0, 4, 3), np.array([0, 2, 1, 1]))
    return expect_shape(got, (4, 3), "One number for each logit.")


@cross_entropy_gradient.group("values")
def _(answer: Any) -> None:
    for n, classes in ((4, 3), (7, 10)):
        labels = np.random.default_rng(n).integers(classes, size=n)
        what = f"{n} samples, {classes} classes"
        _expect_cross_entropy(answer, random(n, n, classes), labels, what)


@cross_entropy_gradient.group("edge cases")
def _(answer: Any) -> None:
    _expect_cross_entropy(answer, random(8, 1, 5), np.array([4]), "one sample")
    huge = np.array([[1000.0, 0.0, -1000.0], [0.0, 900.0, 901.0]])
    with np.errstate(all="ignore"):
        _expect_cross_entropy(answer, huge, np.array([1, 1]), "logits of 1000")
        apart = np.array([[1000.0, 999.0, 0.0], [-1000.0, -1002.0, -1001.0]])
        _expect_cross_entropy(answer, apart, np.array([1, 2]), "rows at different heights")
    whole = np.array([[90, -90, 89], [-100, 100, 98]], dtype=np.int8)
    with explain(NARROW_LOGITS), np.errstate(all="ignore"):
        labels = np.array([2, 2], dtype=np.uint8)
        _expect_cross_entropy(answer, whole, labels, "whole numbers of 8 bits")
