"""Checks: the three gradients of a convolution."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pdl._arrays import Array

from ..checking.compare import expect_close, expect_shape
from ..checking.engine import Exercise
from ..checking.parts import SIGN, cut_off
from ..checking.samples import random

TURNED = "Rotated by 180°: the forward pass reads the kernel forwards, so no flip belongs here."
UNTURNED = (
    "Read the wrong way: stamp the kernel as it is, or slide it rotated by 180° ([::-1, ::-1])."
)

kernel_gradient = Exercise(
    "backpropagation.kernel_gradient",
    unlocks="You can now train the kernels of a convolution.",
)


def _kernel_gradient(grad: Array, x: Array) -> Array:
    seen = sliding_window_view(x, grad.shape[2:], axis=(2, 3))  # N×C×K×K×H'×W'
    return np.asarray(np.einsum("noij,ncabij->ocab", grad, seen))


def _expect_kernel_gradient(answer: Any, n: int, c: int, o: int, h: int, k: int, what: str) -> None:
    x, grad = random(n + c, n, c, h, h + 2), random(o + h, n, o, h - k + 1, h - k + 3)
    _expect_kernel_gradient_of(answer, grad, x, what)


def _expect_kernel_gradient_of(answer: Any, grad: Array, x: Array, what: str) -> None:
    truth = _kernel_gradient(grad, x)
    n, c, o = len(x), x.shape[1], grad.shape[1]
    mistakes: list[tuple[Any, str]] = [
        (-truth, SIGN),
        (truth[..., ::-1, ::-1], TURNED),
        (
            _kernel_gradient(grad[..., ::-1, ::-1], x),
            "The output gradient was turned: this is a correlation, nothing is flipped.",
        ),
        (truth.swapaxes(2, 3), "Rows and columns of the kernel are exchanged."),
        (truth / n, "No mean over the images: the loss has divided already."),
        (truth / grad[0, 0].size, "Add over the places, do not average: each use of w counts."),
        (_kernel_gradient(grad[:1], x[:1]), "Only the first image was used: add over all."),
    ]
    if c == o:
        channels = "Channels are swapped: entry (o, c) joins output map o and input channel c."
        mistakes.append((truth.swapaxes(0, 1), channels))
    got = answer(grad, x)
    expect_close(got, truth, what=what, mistakes=[*cut_off(got), *mistakes])


@kernel_gradient.group("shape")
def _(answer: Any) -> str:
    got = answer(random(0, 2, 4, 3, 5), random(1, 2, 3, 5, 7))
    hint = "The gradient has the weight's shape, O×C×K×K, and K = H − H' + 1."
    return expect_shape(got, (4, 3, 3, 3), hint)


@kernel_gradient.group("values")
def _(answer: Any) -> None:
    _expect_kernel_gradient(answer, 1, 1, 1, 3, 2, "one channel, one map")
    _expect_kernel_gradient(answer, 2, 3, 4, 6, 3, "3 channels, 4 maps")


@kernel_gradient.group("edge cases")
def _(answer: Any) -> None:
    _expect_kernel_gradient(answer, 2, 3, 3, 6, 3, "as many maps as channels")
    _expect_kernel_gradient(answer, 3, 2, 3, 5, 1, "a 1×1 kernel")
    _expect_kernel_gradient(answer, 2, 2, 1, 4, 4, "one row of places")
    levels = np.random.default_rng(9).integers(0, 256, (2, 1, 4, 5)).astype(np.uint8)
    _expect_kernel_gradient_of(answer, random(9, 2, 2, 2, 3), levels, "images of uint8")


input_gradient = Exercise(
    "backpropagation.input_gradient",
    unlocks="You can now put one convolution behind another and train both.",
)


def _input_gradient(grad: Array, weight: Array, size: tuple[int, int], stride: int) -> Array:
    rows, columns = grad.shape[2:]
    k, m = weight.shape[2:]
    result = np.zeros((len(grad), weight.shape[1], *size))
    for i in range(rows):
        for j in range(columns):
            top, left = stride * i, stride * j
            stamp = np.einsum("no,ocab->ncab", grad[:, :, i, j], weight)
            result[:, :, top : top + k, left : left + m] += stamp
    return result


def _last_stamp_wins(grad: Array, weight: Array, size: tuple[int, int], stride: int) -> Array:
    result = np.zeros((len(grad), weight.shape[1], *size))
    k, m = weight.shape[2:]
    for i in range(grad.shape[2]):
        for j in range(grad.shape[3]):
            stamp = np.einsum("no,ocab->ncab", grad[:, :, i, j], weight)
            result[:, :, stride * i : stride * i + k, stride * j : stride * j + m] = stamp
    return result


def _expect_input_gradient(
    answer: Any, n: int, c: int, o: int, size: tuple[int, int], k: int, stride: int, what: str
) -> None:
    places = [(side - k) // stride + 1 for side in size]
    grad, weight = random(n + o, n, o, *places), random(c + k, o, c, k, k)
    truth = _input_gradient(grad, weight, size, stride)
    turned = _input_gradient(grad, weight[..., ::-1, ::-1], size, stride)
    mistakes: list[tuple[Any, str]] = [
        (-truth, SIGN),
        (turned, UNTURNED),
        (
            _input_gradient(grad, weight.swapaxes(2, 3), size, stride),
            "Rows and columns of the kernel are exchanged: rotate by 180°, do not transpose.",
        ),
        (
            _last_stamp_wins(grad, weight, size, stride),
            "Where stamps overlap the last one wins: an input used twice collects both (+=).",
        ),
        (
            _input_gradient(grad[..., ::-1, ::-1], weight, size, stride),
            "The output gradient was turned instead of the kernel.",
        ),
    ]
    if c == o:
        swapped = _input_gradient(grad, weight.swapaxes(0, 1), size, stride)
        channels = (
            "Channels are swapped: weight[o, c] carries the gradient from map o back to channel c."
        )
        mistakes.append((swapped, channels))
    expect_close(answer(grad, weight, size, stride), truth, what=what, mistakes=mistakes)


@input_gradient.group("shape")
def _(answer: Any) -> str:
    got = answer(random(0, 2, 4, 3, 5), random(1, 4, 3, 3, 3), (5, 7), 1)
    hint = "The gradient has the input's shape, N×C×H×W."
    return expect_shape(got, (2, 3, 5, 7), hint)


@input_gradient.group("values")
def _(answer: Any) -> None:
    _expect_input_gradient(answer, 1, 1, 1, (3, 3), 2, 1, "3×3 input, 2×2 kernel")
    _expect_input_gradient(answer, 2, 3, 4, (6, 7), 3, 1, "3 channels, 4 maps")
    _expect_input_gradient(answer, 2, 3, 3, (6, 6), 3, 1, "as many maps as channels")


@input_gradient.group("edge cases")
def _(answer: Any) -> None:
    _expect_input_gradient(answer, 2, 2, 3, (7, 9), 3, 2, "stride 2")
    _expect_input_gradient(answer, 2, 2, 3, (8, 6), 3, 2, "stride 2 with a row left over")
    _expect_input_gradient(answer, 1, 2, 2, (7, 7), 2, 3, "stride 3, pixels between the windows")
    _expect_input_gradient(answer, 2, 2, 3, (4, 4), 1, 1, "a 1×1 kernel")


bias_gradient = Exercise(
    "backpropagation.bias_gradient",
    unlocks="You can now train the third part of a convolution.",
)


def _expect_bias_gradient(answer: Any, grad: Array, what: str) -> None:
    truth = grad.sum(axis=(0, 2, 3))
    places = grad[0, 0].size
    mistakes: list[tuple[Any, str]] = [
        (-truth, SIGN),
        (truth / (len(grad) * places), "Add, do not average: every use of the bias counts."),
        (truth / places, "Add over the places, do not average: every use of the bias counts."),
        (truth / len(grad), "Add over the images: the loss has divided already."),
        (grad[0].sum(axis=(1, 2)), "Only the first image was used."),
    ]
    for axis, kept in ((0, "images"), (2, "rows"), (3, "columns")):
        if grad.shape[axis] == grad.shape[1]:
            others = tuple({0, 1, 2, 3} - {axis})
            wrong = f"Added over the maps and kept the {kept}; it is the other way round."
            mistakes.append((grad.sum(axis=others), wrong))
    expect_close(answer(grad), truth, what=what, mistakes=mistakes)


@bias_gradient.group("shape")
def _(answer: Any) -> str:
    hint = "One bias per output map: add over the images and over both directions."
    return expect_shape(answer(random(0, 2, 4, 3, 5)), (4,), hint)


@bias_gradient.group("values")
def _(answer: Any) -> None:
    _expect_bias_gradient(answer, random(1, 2, 4, 3, 5), "2 images, 4 maps")
    _expect_bias_gradient(answer, random(2, 3, 3, 2, 2), "as many maps as images")


@bias_gradient.group("edge cases")
def _(answer: Any) -> None:
    _expect_bias_gradient(answer, random(3, 1, 1, 4, 4), "one image, one map")
    _expect_bias_gradient(answer, random(4, 5, 2, 1, 1), "1×1 maps")
    _expect_bias_gradient(answer, random(5, 2, 3, 4, 3), "as many maps as columns")
    _expect_bias_gradient(answer, random(6, 2, 3, 3, 4), "as many maps as rows")
