"""Checks: max pooling and batch normalization, whose gradients depend on the input."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdl._arrays import Array

from ..checking.compare import expect_close, expect_shape
from ..checking.engine import Exercise
from ..checking.parts import SIGN, cut_off, expect_part_shapes, expect_part_values
from ..checking.samples import random

max_pool_backward = Exercise(
    "backpropagation.max_pool_backward",
    unlocks="You can now route a gradient through max pooling, ties and overlaps included.",
)


def _pool(grad: Array, x: Array, size: int, stride: int, rule: str) -> Array:
    """Hand each gradient back to its window: by the right rule "first", or by a wrong one."""
    result = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(grad.shape):
        top, left = stride * i, stride * j
        window = x[n, c, top : top + size, left : left + size]
        part = result[n, c, top : top + size, left : left + size]
        winners = window == window.max()
        if rule == "shared":
            part += grad[n, c, i, j] * winners / winners.sum()
        elif rule == "all":
            part += grad[n, c, i, j] * winners
        elif rule == "average":
            part += grad[n, c, i, j] / size**2
        else:
            places = np.argwhere(winners)
            row, column = places[-1 if rule == "last" else 0]
            kept = 0.0 if rule == "overwritten" else part[row, column]
            part[row, column] = kept + grad[n, c, i, j]
    return result


def _expect_max_pool(answer: Any, grad: Array, x: Array, size: int, stride: int, what: str) -> None:
    truth = _pool(grad, x, size, stride, "first")
    mistakes: list[tuple[Any, str]] = [
        (-truth, SIGN),
        (
            _pool(grad, x, size, stride, "average"),
            "That is average pooling; the winner gets it all.",
        ),
        (
            _pool(grad, x, size, stride, "overwritten"),
            "A pixel that wins in two windows collects both gradients: add (+=).",
        ),
        (_pool(grad, x, size, stride, "all"), "In a tie only the first of the winners gets it."),
        (
            _pool(grad, x, size, stride, "shared"),
            "In a tie the first of the winners gets it whole; nothing is shared out.",
        ),
        (_pool(grad, x, size, stride, "last"), "In a tie the first of the winners gets it."),
    ]
    got = answer(grad, x, size, stride)
    expect_close(got, truth, what=what, mistakes=[*cut_off(got), *mistakes])


@max_pool_backward.group("shape")
def _(answer: Any) -> str:
    got = answer(random(0, 2, 3, 2, 3), random(1, 2, 3, 4, 6), 2, 2)
    return expect_shape(got, (2, 3, 4, 6), "The gradient has the input's shape.")


@max_pool_backward.group("values")
def _(answer: Any) -> None:
    _expect_max_pool(answer, random(2, 1, 1, 2, 2), random(3, 1, 1, 4, 4), 2, 2, "4×4 input")
    _expect_max_pool(answer, random(4, 2, 3, 3, 2), random(5, 2, 3, 6, 4), 2, 2, "3 channels")


@max_pool_backward.group("edge cases")
def _(answer: Any) -> None:
    overlapping = random(7, 2, 2, 5, 5)
    _expect_max_pool(answer, random(6, 2, 2, 2, 2), overlapping, 3, 2, "overlapping windows")
    ties = np.ones((1, 2, 4, 4))
    ties[0, 1] = np.tile([[0, 2], [2, 2]], (2, 2))
    _expect_max_pool(answer, random(8, 1, 2, 2, 2), ties, 2, 2, "ties")
    below = -np.abs(random(9, 1, 1, 5, 5)) - 1
    _expect_max_pool(answer, random(10, 1, 1, 2, 2), below, 2, 2, "negative numbers, a row left")
    _expect_max_pool(answer, random(13, 1, 2, 2, 2), random(14, 1, 2, 5, 7), 2, 3, "stride 3")
    _expect_max_pool(answer, random(11, 1, 2, 3, 4), random(12, 1, 2, 5, 6), 3, 1, "stride 1")
    levels = np.random.default_rng(15).integers(1, 256, (1, 2, 4, 6)).astype(np.uint8)
    levels[..., ::2, ::2] = 0  # the smallest level, whose negative is no larger than any other's
    grad = 1.5 + np.abs(random(16, 1, 2, 2, 3))
    _expect_max_pool(answer, grad, levels, 2, 2, "images of uint8")


batch_norm_backward = Exercise(
    "backpropagation.batch_norm_backward",
    unlocks="You can now differentiate through the statistics of a batch.",
)

AXES = (0, 2, 3)


def _batch_norm(
    grad: Array,
    x: Array,
    gamma: Array,
    epsilon: float | Array,
    mean_term: bool,
    variance_term: bool,
) -> Array:
    with np.errstate(all="ignore"):  # a mistake may divide by zero
        scale = np.sqrt(x.var(axis=AXES, keepdims=True) + epsilon)
        normalized = (x - x.mean(axis=AXES, keepdims=True)) / scale
        inner = grad.copy()
        if mean_term:
            inner -= grad.mean(axis=AXES, keepdims=True)
        if variance_term:
            inner -= normalized * (grad * normalized).mean(axis=AXES, keepdims=True)
        return np.asarray(gamma.reshape(1, -1, 1, 1) / scale * inner)


def _outside(x: Array, epsilon: float) -> Array:
    """What stands under the root if epsilon is added to the standard deviation instead."""
    variance = x.var(axis=AXES, keepdims=True)
    return np.asarray((np.sqrt(variance) + epsilon) ** 2 - variance)


def _expect_batch_norm(answer: Any, x: Array, gamma: Array, epsilon: float, what: str) -> None:
    grad = random(x.size, *x.shape)
    scale = np.sqrt(x.var(axis=AXES, keepdims=True) + epsilon)
    normalized = (x - x.mean(axis=AXES, keepdims=True)) / scale
    truth = _batch_norm(grad, x, gamma, epsilon, True, True)
    grad_gamma = (grad * normalized).sum(axis=AXES)
    grad_beta = grad.sum(axis=AXES)
    m = x[:, 0].size
    mistakes: dict[str, list[tuple[Any, str]]] = {
        "grad_x": [
            (
                _batch_norm(grad, x, gamma, epsilon, False, True),
                "The batch mean is missing: the mean of the gradient has to be taken off.",
            ),
            (
                _batch_norm(grad, x, gamma, epsilon, True, False),
                "The variance is missing: the spread of the batch depends on x as well.",
            ),
            (
                _batch_norm(grad, x, gamma, epsilon, False, False),
                "Mean and variance were taken for constants: gradients flow through both.",
            ),
            (
                truth / gamma.reshape(1, -1, 1, 1),
                "The factor gamma is missing.",
            ),
            (_batch_norm(grad, x, gamma, 0.0, True, True), "Epsilon is missing."),
            (
                _batch_norm(grad, x, gamma, _outside(x, epsilon), True, True),
                "Epsilon is added to the variance, under the root.",
            ),
        ],
        "grad_gamma": [
            (grad_gamma / m, "Add over the batch, do not average."),
            ((grad * x).sum(axis=AXES), "gamma multiplies the normalized x, not x itself."),
            (grad_gamma * gamma, "gamma itself has no place in its own gradient."),
        ],
        "grad_beta": [
            (grad_beta / m, "Add over the batch, do not average."),
        ],
    }
    truths = {"grad_x": truth, "grad_gamma": grad_gamma, "grad_beta": grad_beta}
    expect_part_values(answer(grad, x, gamma, epsilon), truths, mistakes, what)


@batch_norm_backward.group("shape")
def _(answer: Any) -> str:
    got = answer(random(0, 4, 3, 2, 5), random(1, 4, 3, 2, 5), random(2, 3), 1e-5)
    hints = {
        "grad_gamma": "One number per channel: add over images, rows and columns.",
        "grad_beta": "One number per channel: add over images, rows and columns.",
    }
    shapes = {"grad_x": (4, 3, 2, 5), "grad_gamma": (3,), "grad_beta": (3,)}
    return expect_part_shapes(got, shapes, hints)


@batch_norm_backward.group("values")
def _(answer: Any) -> None:
    _expect_batch_norm(answer, random(3, 4, 3, 2, 5), 1 + random(4, 3) ** 2, 1e-5, "3 channels")
    x = 3 + 2 * random(5, 2, 2, 3, 3)
    _expect_batch_norm(answer, x, np.array([0.5, -2.0]), 1e-5, "a mean of 3")


@batch_norm_backward.group("edge cases")
def _(answer: Any) -> None:
    _expect_batch_norm(answer, random(6, 4, 2, 2, 2), np.array([1.0, 2.0]), 0.5, "epsilon 0.5")
    _expect_batch_norm(answer, random(7, 6, 2, 1, 1), np.array([1.0, 2.0]), 1e-5, "1×1 maps")
    alike = np.full((2, 1, 2, 2), 3.0)
    _expect_batch_norm(answer, alike, np.array([1.5]), 1e-3, "a constant batch")
    levels = np.random.default_rng(8).integers(0, 256, (3, 2, 3, 4)).astype(np.uint8)
    _expect_batch_norm(answer, levels, np.array([1.5, -40.0]), 1e-3, "images of uint8")
