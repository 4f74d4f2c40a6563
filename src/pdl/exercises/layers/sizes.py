"""How many outputs a layer has, where its zeros lie, and how far a unit sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..compare import Mismatch, as_array, expect_equal
from ..engine import Exercise

Pair = tuple[int, int]
NOT_WHOLE = "A size is an int: use // in the place of /."


def _whole(got: Any, what: str, expected: int, wrong: list[tuple[Any, str]]) -> None:
    """Demand a whole number, and name the mistake that would give another one."""
    as_array(got, "a whole number")
    if isinstance(got, bool) or not isinstance(got, (int, np.integer)):
        raise Mismatch(f"{what}: expected an int, got {got!r}", NOT_WHOLE)
    hint = next((words for value, words in wrong if value == got and got != expected), "")
    expect_equal(got, expected, what=what, hint=hint)


def _pair(got: Any, what: str, expected: Pair, wrong: list[tuple[Any, str]], names: str) -> None:
    """Demand a pair of whole numbers, and name the mistake that would give another one."""
    if not isinstance(got, (tuple, list)) or len(got) != 2:
        raise Mismatch(f"{what}: expected a pair {names}, got {got!r}")
    for each in got:
        if isinstance(each, bool) or not isinstance(each, (int, np.integer)):
            raise Mismatch(f"{what}: expected whole numbers, got {each!r}", NOT_WHOLE)
    pair = (int(got[0]), int(got[1]))
    hint = next((words for value, words in wrong if value == pair), "")
    expect_equal(pair, expected, what=what, hint=hint)


output_size = Exercise(
    "layers.output_size",
    unlocks="You can now follow the size of an image through any network.",
)
SIZES: list[tuple[int, int, int, Pair, int]] = [
    (28, 5, 1, (2, 2), 1),
    (20, 4, 1, (1, 3), 1),
    (28, 3, 2, (1, 1), 1),
    (28, 3, 2, (0, 1), 1),
    (17, 3, 1, (0, 0), 4),
    (31, 4, 3, (1, 2), 2),
]


def _expect_size(answer: Callable[..., Any], case: tuple[int, int, int, Pair, int]) -> None:
    length, kernel, stride, (before, after), dilation = case
    room = length + before + after - dilation * (kernel - 1) - 1
    expected = room // stride + 1
    undilated = length + before + after - kernel
    wrong: list[tuple[Any, str]] = [
        (room // stride, "The first position counts too: add 1."),
        (-(-room // stride) + 1, "Where the stride does not divide, round down, not up."),
        (undilated // stride + 1, "The dilation spreads the taps: they span D(K − 1) + 1 pixels."),
        (
            (length + before + after - dilation * kernel) // stride + 1,
            "K taps have K − 1 gaps between them: the span is D(K − 1) + 1.",
        ),
        ((room - after + before) // stride + 1, "The pair is (before, after): add both numbers."),
        ((room - after) // stride + 1, "Only the zeros before were counted."),
    ]
    what = f"L = {length}, K = {kernel}, S = {stride}, padding {(before, after)}, D = {dilation}"
    got = answer(length, kernel, stride, (before, after), dilation)
    _whole(got, what, expected, wrong)


@output_size.group("shape")
def _(answer: Any) -> str:
    _expect_size(answer, (5, 3, 1, (0, 0), 1))
    return "an int"


@output_size.group("values")
def _(answer: Any) -> None:
    for case in SIZES:
        _expect_size(answer, case)


@output_size.group("edge cases")
def _(answer: Any) -> None:
    for case in [(12, 3, 2, (0, 0), 1), (7, 7, 3, (0, 0), 1), (1, 1, 5, (0, 0), 3)]:
        _expect_size(answer, case)
    for length, kernel, padding, dilation in [(5, 7, (0, 0), 1), (5, 3, (1, 0), 3)]:
        try:
            got = answer(length, kernel, 4, padding, dilation)
        except ValueError:
            continue
        raise Mismatch(
            f"L = {length}, K = {kernel}, padding {padding}, D = {dilation}: expected a "
            f"ValueError, got {got!r}",
            "The kernel does not fit in at all, but the formula still gives a number.",
        )


same_padding = Exercise(
    "layers.same_padding",
    unlocks="You can now carry a strided network from TensorFlow to PyTorch.",
)


def _expect_zeros(answer: Callable[..., Any], length: int, kernel: int, stride: int) -> None:
    outputs = -(-length // stride)
    signed = (outputs - 1) * stride + kernel - length
    zeros = max(signed, 0)
    expected = (zeros // 2, zeros - zeros // 2)
    floored = max((length // stride - 1) * stride + kernel - length, 0)
    wrong: list[tuple[Any, str]] = [
        ((expected[1], expected[0]), "The odd zero goes after: below and to the right."),
        (
            ((kernel - 1) // 2, (kernel - 1) // 2),
            "(K − 1)/2 on both sides is PyTorch's habit; SAME also looks at stride and length.",
        ),
        ((signed // 2, signed - signed // 2), "There are never fewer than no zeros: use max."),
        (
            ((kernel - 1) // 2, kernel - 1 - (kernel - 1) // 2),
            "That is the rule for stride 1; count the zeros that ⌈L/S⌉ windows need.",
        ),
        ((zeros, zeros), "These are all the zeros on each side; share them out."),
        ((floored // 2, floored - floored // 2), "The number of outputs is L/S rounded up."),
    ]
    what = f"L = {length}, K = {kernel}, S = {stride}"
    _pair(answer(length, kernel, stride), what, expected, wrong, "(before, after)")


@same_padding.group("shape")
def _(answer: Any) -> str:
    _expect_zeros(answer, 7, 3, 1)
    return "(before, after)"


@same_padding.group("values")
def _(answer: Any) -> None:
    for length, kernel, stride in [
        (28, 5, 1),
        (10, 4, 2),
        (6, 3, 2),
        (224, 7, 2),
        (7, 3, 2),
        (9, 4, 1),
        (13, 5, 3),
    ]:
        _expect_zeros(answer, length, kernel, stride)


@same_padding.group("edge cases")
def _(answer: Any) -> None:
    for length, kernel, stride in [(8, 1, 2), (8, 2, 4), (1, 3, 1), (2, 7, 5)]:
        _expect_zeros(answer, length, kernel, stride)


receptive_field = Exercise(
    "layers.receptive_field", unlocks="You can now say which pixels a decision can depend on."
)
Stack = list[tuple[int, int, int]]


def _field(layers: Stack, *, stride_first: bool = False, taps: int = 1) -> Pair:
    size = jump = 1
    for kernel, stride, dilation in layers:
        jump *= stride if stride_first else 1
        size += dilation * (kernel - taps) * jump
        jump *= 1 if stride_first else stride
    return size, jump


def _expect_field(answer: Callable[..., Any], layers: Stack, what: str) -> None:
    expected = _field(layers)
    product = int(np.prod([kernel for kernel, _, _ in layers]))
    wrong: list[tuple[Any, str]] = [
        (
            _field(layers, stride_first=True),
            "A layer's stride widens the fields of later layers, not its own: size first.",
        ),
        (
            (_field([(k, 1, d) for k, _, d in layers])[0], expected[1]),
            "Each layer adds D(K − 1) *jumps*, and a jump is several pixels behind a stride.",
        ),
        (
            _field([(k, s, 1) for k, s, _ in layers]),
            "The dilation spreads the taps: K of them span D(K − 1) + 1.",
        ),
        (_field(layers, taps=0), "K taps widen the field by K − 1 steps, not by K."),
        ((product, expected[1]), "Fields do not multiply: each layer adds to the one before."),
        ((expected[1], expected[0]), "The pair is (receptive field, jump), in this order."),
    ]
    _pair(answer(list(layers)), what, expected, wrong, "(receptive field, jump)")


@receptive_field.group("shape")
def _(answer: Any) -> str:
    _expect_field(answer, [(3, 1, 1)], "one 3×3 layer")
    return "(receptive field, jump)"


@receptive_field.group("values")
def _(answer: Any) -> None:
    _expect_field(answer, [(3, 1, 1), (3, 1, 1)], "two 3×3 layers")
    _expect_field(answer, [(3, 1, 1), (2, 2, 1), (3, 1, 1), (2, 2, 1), (3, 1, 1)], "the chapter's")
    _expect_field(answer, [(11, 4, 1), (3, 2, 1), (5, 1, 1), (3, 2, 1)], "AlexNet's first layers")
    _expect_field(answer, [(3, 1, 1), (3, 1, 2), (3, 1, 4)], "dilations 1, 2, 4")


@receptive_field.group("edge cases")
def _(answer: Any) -> None:
    _expect_field(answer, [], "no layer at all")
    _expect_field(answer, [(1, 1, 1), (1, 1, 1)], "1×1 layers")
    _expect_field(answer, [(1, 3, 1), (2, 1, 1)], "a 1×1 layer of stride 3")
