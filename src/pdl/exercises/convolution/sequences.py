"""Convolution of sequences, and how long its result is."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdl._arrays import Array

from ..checking.cases import Case, expect_cases
from ..checking.compare import Mismatch, as_array, expect_close, expect_equal, expect_shape
from ..checking.engine import Exercise
from ..checking.samples import random
from .support import NOT_FLIPPED, ROUND_AGAIN

by_hand = Exercise(
    "convolution.by_hand", unlocks="You can now convolve short sequences without a computer."
)


@by_hand.group("shape")
def _(answer: Any) -> str:
    hint = "Three samples and three samples give 3 + 3 − 1 values: the tail counts too."
    return expect_shape(answer, (5,), hint if np.ndim(answer) == 1 else "One list of numbers.")


@by_hand.group("values")
def _(answer: Any) -> None:
    mistakes = [
        ([-2, 6, 1, 3, 1], NOT_FLIPPED),
        ([2, 6, 1, 3, -1], "At n = 2 two copies overlap, and their values add: −2 and 1."),
        ([2, 6, -2, 3, -1], "At n = 2 two copies overlap, and their values add: −2 and 1."),
    ]
    expect_close(answer, [2, 6, -1, 3, -1], mistakes=mistakes, secret=True)


convolve1d = Exercise("convolution.convolve1d", unlocks="You can now convolve any two sequences.")


@convolve1d.group("shape")
def _(answer: Any) -> str:
    hint = "The full output has N + K − 1 samples."
    return expect_shape(answer(np.array([1.0, 2, 2]), np.array([3.0, 2, 1])), (5,), hint)


@convolve1d.group("values")
def _(answer: Any) -> None:
    pairs = [(np.array([1.0, 2, 2]), np.array([3.0, 2, 1]))]
    pairs += [(random(n, n), random(n + k, k)) for n, k in ((7, 3), (12, 4), (5, 5))]
    for x, h in pairs:
        _expect_convolution1d(answer(x, h), x, h, f"{len(x)} and {len(h)} samples")


@convolve1d.group("edge cases")
def _(answer: Any) -> None:
    for n, k in ((1, 1), (1, 4), (6, 1), (3, 8)):
        x, h = random(n, n), random(k + 9, k)
        _expect_convolution1d(answer(x, h), x, h, f"{n} and {k} samples")
    whole, half = np.array([1, 2, 3]), np.array([0.5, 0.25])
    cut = "An array of integers cuts off what follows the point: collect the sums in floats."
    expect_close(
        answer(whole, half),
        np.convolve(whole, half),
        what="whole numbers in x",
        mistakes=[([0, 1, 2, 0], cut), ([0, 1, 1, 0], cut)],
    )
    for dtype in (np.uint8, np.int8):
        x, h = np.array([100, 90, 120], dtype), np.array([3, 7], dtype)
        products = np.outer(x, h)
        sums = np.append(products[:, 0], 0.0) + np.append(0.0, products[:, 1])
        expect_close(
            answer(x, h),
            np.convolve(x.astype(float), h.astype(float)),
            what=np.dtype(dtype).name,
            mistakes=[(sums, ROUND_AGAIN), (np.convolve(x, h), ROUND_AGAIN)],
        )


def _expect_convolution1d(got: Any, x: Array, h: Array, what: str) -> None:
    truth = np.convolve(x, h)
    wrapped = np.zeros(len(truth))
    for n in range(len(truth)):
        for k in range(len(x)):
            if -len(h) <= n - k < len(h):
                wrapped[n] += x[k] * h[n - k]
    mistakes = [
        (np.convolve(x, h[::-1]), NOT_FLIPPED),
        (np.convolve(x, h[::-1])[::-1], NOT_FLIPPED),
        (wrapped, "h[n − k] with a negative index reads from the end of h; leave those terms out."),
    ]
    expect_close(got, truth, what=what, mistakes=mistakes)


second_forward = Exercise(
    "convolution.second_forward",
    unlocks="You can now write down a difference kernel that looks the way you mean.",
)


@second_forward.group("shape")
def _(answer: Any) -> str:
    return expect_shape(answer, (5,), "Five entries, the middle one being the origin.")


@second_forward.group("values")
def _(answer: Any) -> None:
    mistakes = [
        ([0, 0, 1, -2, 1], "This one looks back to x[n−1] and x[n−2]: h is read backwards."),
        ([0, 1, -2, 1, 0], "This one is centred: x[n+1] − 2 x[n] + x[n−1]."),
        ([-1, 2, -1, 0, 0], "The sign is reversed."),
        ([0, 1, -1, 0, 0], "That is the first difference."),
    ]
    expect_close(answer, [1, -2, 1, 0, 0], mistakes=mistakes, secret=True)


output_size = Exercise(
    "convolution.output_size",
    unlocks="You can now see before you run a layer whether its sizes fit.",
)


@output_size.group("shape")
def _(answer: Any) -> str:
    got = answer(7, 3, 0, 1)
    if isinstance(got, bool) or not isinstance(got, (int, np.integer)):
        as_array(got, "an int")
        raise Mismatch(
            f"expected an int, got {type(got).__name__}", "Divide with //, which keeps integers."
        )
    return "int"


def _size_case(arguments: tuple[int, int, int, int], size: int) -> Case:
    length, kernel, padding, stride = arguments
    one_side = (length - kernel + padding) // stride + 1
    mistakes = [
        (one_side, "Padding is added on both sides: 2 · padding."),
        (size - 1, "The first position counts too: add 1."),
    ]
    return Case(_layer(arguments), arguments, size, mistakes)


def _layer(arguments: tuple[int, int, int, int]) -> str:
    length, kernel, padding, stride = arguments
    return f"length {length}, kernel {kernel}, padding {padding}, stride {stride}"


@output_size.group("values")
def _(answer: Any) -> None:
    cases = [((7, 3, 0, 1), 5), ((7, 3, 1, 1), 7), ((7, 3, 2, 1), 9), ((7, 3, 0, 2), 3)]
    cases += [((5, 3, 1, 2), 3), ((227, 11, 0, 4), 55), ((9, 4, 1, 7), 2)]
    expect_cases(answer, [_size_case(*case) for case in cases])


@output_size.group("edge cases")
def _(answer: Any) -> None:
    for arguments, what in (
        ((5, 5, 0, 3), "a kernel as large as the input"),
        ((3, 5, 1, 1), "a kernel that fits in with its padding"),
        ((1, 5, 2, 1), "a kernel that fits in with its padding"),
        ((4, 2, 0, 2), "an even kernel"),
    ):
        what = f"{what}: {_layer(arguments)}"
        length, kernel, padding, stride = arguments
        expected = (length + 2 * padding - kernel) // stride + 1
        try:
            got = answer(*arguments)
        except ValueError:
            raise Mismatch(f"{what}: expected {expected}, got a ValueError") from None
        expect_equal(got, expected, what=what)
    refused = ((5, 4, 1, 2), (12, 3, 0, 2), (10, 3, 0, 4), (13, 3, 0, 3), (22, 3, 0, 9))
    for arguments in (*refused, (3, 5, 0, 1), (3, 5, 0, 2), (1, 5, 1, 1), (1, 7, 1, 4)):
        length, kernel, padding, _stride = arguments
        try:
            got = answer(*arguments)
        except ValueError:
            continue
        hint = "It rounds: raise ValueError if the division leaves a remainder."
        if kernel > length + 2 * padding:
            hint = "The kernel does not fit in at all: test that before you divide."
        if got is None:
            hint = "`raise ValueError(…)` is asked for, not a value that says so."
        raise Mismatch(f"{_layer(arguments)}: expected a ValueError, got {got!r}", hint)
