"""What a network costs, and two layers that are one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compare import Mismatch, as_array, expect_close, expect_equal, expect_shape
from ..engine import Exercise
from .sliding import random

Array = NDArray[Any]
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
) -> int:
    """The truth, and with one of the switches turned the count that a mistake would give."""
    count, (c, h, w) = 0, shape
    for kind, *numbers in layers:
        if kind == "conv":
            outputs, kernel, stride, padding = numbers
            around = 2 * padding if padding_used else 0
            h, w = (h + around - kernel) // stride + 1, (w + around - kernel) // stride + 1
            weights = outputs * ((c if channels else 1) * kernel * kernel + bias)
            count += weights * (h * w if per_position else 1)
            c = outputs
        elif kind == "pool" and pooling:
            size, stride = numbers
            h, w = (h - size) // stride + 1, (w - size) // stride + 1
        elif kind == "linear":
            count += numbers[0] * (c * h * w + bias)
            c, h, w = numbers[0], 1, 1
    return count


def _expect_count(answer: Callable[..., Any], shape: Shape, layers: Layers, what: str) -> None:
    got = answer(shape, list(layers))
    if got is None or isinstance(got, bool) or not isinstance(got, (int, float, np.number)):
        as_array(got, "a whole number")
        raise Mismatch(f"{what}: expected a whole number, got {got!r}")
    truth = _count(shape, layers)
    wrong = [
        (_count(shape, layers, bias=0), "The biases are missing: one for each map or output."),
        (
            _count(shape, layers, channels=False),
            "A kernel has a slice for each input channel: K·K·C weights.",
        ),
        (
            _count(shape, layers, pooling=False),
            "Pooling makes the maps smaller, and the linear layer with them.",
        ),
        (
            _count(shape, layers, padding_used=False),
            "Padding on both sides keeps the maps larger: H + 2P − K.",
        ),
        (
            _count(shape, layers, per_position=True),
            "Weights are shared: each kernel counts once, not at every position.",
        ),
    ]
    hint = next((words for value, words in wrong if value == got and value != truth), "")
    expect_equal(got, truth, what=what, hint=hint)


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


@parameters.group("shape")
def _(answer: Any) -> str:
    _expect_count(answer, (1, 8, 8), [("conv", 4, 3, 1, 1)], "one convolution")
    return "a whole number"


@parameters.group("values")
def _(answer: Any) -> None:
    _expect_count(answer, (3, 9, 9), [("conv", 5, 3, 1, 0)], "one convolution of a colour image")
    _expect_count(answer, (1, 28, 28), SMALL, "convolution, pooling, linear")
    _expect_count(answer, (1, 28, 28), DEEP, "two convolutions, two linear layers")


@parameters.group("edge cases")
def _(answer: Any) -> None:
    _expect_count(answer, (2, 8, 12), [("flatten",), ("linear", 3)], "a linear layer alone")
    _expect_count(answer, (3, 8, 8), [("relu",), ("pool", 2, 2)], "nothing to learn")
    uneven: Layers = [("conv", 4, 3, 2, 1), ("pool", 3, 2), ("flatten",), ("linear", 2)]
    _expect_count(answer, (2, 12, 17), uneven, "sizes that are rounded down")


merge = Exercise("layers.merge", unlocks="You can now remove layers that add nothing.")


def _expect_merged(answer: Callable[..., Any], f: int, h: int, o: int, bias: bool = True) -> None:
    W1, W2 = random(f, h, f), random(h + 20, o, h)
    b1, b2 = random(f + 40, h) * bias, random(o + 60, o) * bias
    what = f"{f} to {h} to {o} numbers"
    got = answer(W1, b1, W2, b2)
    if not isinstance(got, (tuple, list)) or len(got) != 2:
        raise Mismatch(f"{what}: expected a pair of weights and bias, got {type(got).__name__}")
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
    if not isinstance(got, (tuple, list)) or len(got) != 2:
        raise Mismatch(f"expected a pair of weights and bias, got {type(got).__name__}")
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
