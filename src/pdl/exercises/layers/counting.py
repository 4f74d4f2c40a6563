"""What a network costs, and two layers that are one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..checking.compare import expect_close, expect_parts, expect_shape
from ..checking.engine import Exercise
from ..checking.rules import Case, Rule, count_of, expect_rule
from ..checking.samples import random

Layers = list[tuple[Any, ...]]
Shape = tuple[int, int, int]

parameters = Exercise(
    "layers.parameters", unlocks="You can now tell where a network's parameters sit."
)


def _count(
    shape: Shape,
    layers: Layers,
    *,
    bias: int = 1,
    channels: bool = True,
    pooling: bool = True,
    padding_used: bool = True,
    per_position: bool = False,
    strides: bool = True,
    up: bool = False,
    pooled: Callable[[int, int, int], int] | None = None,
) -> int:
    """The truth, and with one of the switches turned the count that a mistake would give."""

    def positions(room: int, stride: int) -> int:
        stride = stride if strides else 1
        return (-(-room // stride) if up else room // stride) + 1

    count, (c, h, w) = 0, shape
    for kind, *numbers in layers:
        if kind == "conv":
            outputs, kernel, stride, padding = numbers
            around = 2 * padding if padding_used else 0
            h, w = (positions(each + around - kernel, stride) for each in (h, w))
            weights = outputs * ((c if channels else 1) * kernel * kernel + bias)
            count += weights * (h * w if per_position else 1)
            c = outputs
        elif kind == "pool" and pooling:
            size, stride = numbers
            side = pooled or (lambda each, size, stride: positions(each - size, stride))
            h, w = (side(each, size, stride) for each in (h, w))
        elif kind == "linear":
            count += numbers[0] * (c * h * w + bias)
            c, h, w = numbers[0], 1, 1
    return count


POOLED = "Pooling has its own size and stride: (H − size) // stride + 1."
MISTAKES: list[tuple[Rule, str]] = [
    (partial(_count, bias=0), "The biases are missing: one for each map or output."),
    (
        partial(_count, channels=False),
        "A kernel has a slice for each input channel: K·K·C weights.",
    ),
    (
        partial(_count, pooling=False),
        "Pooling makes the maps smaller, and the linear layer with them.",
    ),
    (
        partial(_count, padding_used=False),
        "Padding on both sides keeps the maps larger: H + 2P − K.",
    ),
    (
        partial(_count, per_position=True),
        "Weights are shared: each kernel counts once, not at every position.",
    ),
    (partial(_count, pooled=lambda side, size, stride: side // 2), POOLED),
    (partial(_count, pooled=lambda side, size, stride: side // size), POOLED),
    (partial(_count, up=True), "Where the stride does not divide, sizes are rounded down."),
    (partial(_count, strides=False), "A stride makes the maps smaller: divide by it."),
]

SMALL: Layers = [("conv", 6, 5, 1, 0), ("relu",), ("pool", 2, 2), ("flatten",), ("linear", 10)]
DEEP: Layers = [
    ("conv", 32, 5, 1, 2),
    ("relu",),
    ("pool", 2, 2),
    ("conv", 64, 5, 1, 2),
    ("relu",),
    ("pool", 2, 2),
    ("flatten",),
    ("linear", 1000),
    ("relu",),
    ("linear", 10),
]


SHAPE: list[Case] = [((1, 8, 8), [("conv", 4, 3, 1, 1)], "one convolution")]
VALUES: list[Case] = [
    ((3, 9, 9), [("conv", 5, 3, 1, 0)], "one convolution of a colour image"),
    ((1, 28, 28), SMALL, "convolution, pooling, linear"),
    ((1, 28, 28), DEEP, "two convolutions, two linear layers"),
]
EDGES: list[Case] = [
    ((2, 8, 12), [("flatten",), ("linear", 3)], "a linear layer alone"),
    ((3, 8, 8), [("relu",), ("pool", 2, 2)], "nothing to learn"),
    (
        (2, 12, 17),
        [("conv", 4, 3, 2, 1), ("pool", 3, 2), ("flatten",), ("linear", 2)],
        "sizes that are rounded down",
    ),
    ((1, 9, 11), [("pool", 3, 1), ("flatten",), ("linear", 2)], "windows that overlap"),
]


def _expect_counts(answer: Rule, cases: list[Case]) -> None:
    def without_words(rule: Rule) -> Rule:
        return lambda shape, layers, _: rule(shape, list(layers))

    expect_rule(
        without_words(answer),
        cases,
        without_words(_count),
        [(without_words(rule), words) for rule, words in MISTAKES],
        say=lambda _, __, what: what,
        whole=count_of(),
        evidence=[*SHAPE, *VALUES, *EDGES],
    )


@parameters.group("shape")
def _(answer: Any) -> str:
    _expect_counts(answer, SHAPE)
    return "a whole number"


@parameters.group("values")
def _(answer: Any) -> None:
    _expect_counts(answer, VALUES)


@parameters.group("edge cases")
def _(answer: Any) -> None:
    _expect_counts(answer, EDGES)


merge = Exercise("layers.merge", unlocks="You can now remove layers that add nothing.")


def _expect_merged(answer: Callable[..., Any], f: int, h: int, o: int, bias: bool = True) -> None:
    W1, W2 = random(f, h, f), random(h + 20, o, h)
    b1, b2 = random(f + 40, h) * bias, random(o + 60, o) * bias
    what = f"{f} to {h} to {o} numbers"
    got = expect_parts(answer(W1, b1, W2, b2), ["W", "b"], what)
    mistakes = [(W1.T @ W2.T, "This is the transpose: W has the shape (O, F).")]
    if h == f == o:
        mistakes.append((W1 @ W2, "The second layer comes after: its matrix stands on the left."))
        mistakes.append((W2 + W1, "Layers in a row multiply; they do not add."))
    expect_close(got[0], W2 @ W1, what=f"{what}, weights", mistakes=mistakes)
    through = "The first bias passes through the second layer: W₂ b₁ + b₂."
    biases: list[tuple[Any, str]] = [
        (b2, through),
        (W2 @ b1, "The second bias is missing: W₂ b₁ + b₂."),
        (W2 @ (b1 + 1) + b2, through),
    ]
    if h == o:
        biases.append((b1 + b2, through))
        biases.append((W2 @ (b1 + b2), "Only the first bias passes through the second layer."))
    expect_close(got[1], W2 @ b1 + b2, what=f"{what}, bias", mistakes=biases)


@merge.group("shape")
def _(answer: Any) -> str:
    got = answer(random(0, 4, 7), random(1, 4), random(2, 3, 4), random(3, 3))
    got = expect_parts(got, ["W", "b"])
    shape = expect_shape(got[0], (3, 7), "The shape is (O, F): outputs first, as in W₁ and W₂.")
    return f"{shape} and {expect_shape(got[1], (3,))}"


@merge.group("values")
def _(answer: Any) -> None:
    for f, h, o in [(7, 4, 3), (3, 9, 2), (5, 5, 5)]:
        _expect_merged(answer, f, h, o)


@merge.group("edge cases")
def _(answer: Any) -> None:
    _expect_merged(answer, 1, 6, 1)
    _expect_merged(answer, 6, 1, 4)
    _expect_merged(answer, 3, 4, 2, bias=False)
