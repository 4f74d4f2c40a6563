"""What too few samples make of a signal, and how an image is made smaller."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checking.cases import Case, expect_cases
from ..checking.compare import expect_close, expect_shape
from ..checking.engine import Exercise
from .support import photograph

alias = Exercise(
    "images.alias", unlocks="You can now say what a sampled signal will be mistaken for."
)


@alias.group("shape")
def _(answer: Any) -> str:
    return "a number" if expect_shape(answer(9.0, 12.0), ()) else ""


@alias.group("values")
def _(answer: Any) -> None:
    pairs = [(9.0, 12.0), (9.0, 40.0), (25.0, 10.5), (7.2468, 3.0), (1000.0, 3.3)]
    expect_cases(answer, [_alias_case(*pair) for pair in pairs])


def _alias_case(frequency: float, rate: float) -> Case:
    signed = frequency - rate * round(frequency / rate)
    mistakes = [
        (frequency % rate, "Fold as well: nothing above half the rate can be told apart."),
        (signed, "A frequency is not negative here."),
        (-signed, "A frequency is not negative here."),
        (abs(frequency - rate), "Take away the nearest multiple of the rate, not the rate."),
        (
            frequency if frequency <= rate / 2 else abs(frequency - rate),
            "Take away the nearest multiple of the rate, not the rate.",
        ),
        (min(frequency, rate / 2), "The frequency is not cut off at rate/2: it folds back."),
    ]
    what = f"{frequency:g} Hz sampled at {rate:g} per second"
    return Case(what, (frequency, rate), abs(signed), mistakes)


@alias.group("edge cases")
def _(answer: Any) -> None:
    for frequency, rate, truth, what in [
        (12.0, 12.0, 0.0, "a frequency equal to the rate"),
        (6.0, 12.0, 6.0, "exactly half the rate"),
        (18.0, 12.0, 6.0, "one and a half times the rate"),
        (0.0, 5.0, 0.0, "a constant"),
    ]:
        expect_close(answer(frequency, rate), truth, what=what)


shrink = Exercise(
    "images.shrink", unlocks="You can now make an image smaller without ghosts in it."
)


def _block_mean(image: NDArray[Any], factor: int) -> NDArray[np.float64]:
    height, width = image.shape[0] // factor, image.shape[1] // factor
    cut = image[: height * factor, : width * factor].astype(np.float64)
    blocks = cut.reshape(height, factor, width, factor, *image.shape[2:])
    return np.asarray(blocks.mean(axis=(1, 3)))


@shrink.group("shape")
def _(answer: Any) -> str:
    image = photograph(np.random.default_rng(0), (12, 20))
    small = answer(image, 4)
    hint = "Divide each side by the factor." if np.shape(small) != (3, 5) else ""
    return expect_shape(small, (3, 5), hint)


@shrink.group("values")
def _(answer: Any) -> None:
    image = photograph(np.random.default_rng(1), (24, 36))
    truth = _block_mean(image, 4)
    wrong_axes = image.astype(np.float64).reshape(6, 9, 4, 4).mean(axis=(2, 3))
    blocks = image.reshape(6, 4, 9, 4)
    overflow = blocks.sum(axis=(1, 3), dtype=np.uint8) / 16
    expect_close(
        answer(image, 4),
        truth,
        mistakes=[
            (image[::4, ::4], "Every fourth pixel was kept: average the block, or it aliases."),
            (overflow, "The sum of a block does not fit into uint8: widen the type first."),
            (wrong_axes, "The blocks are not contiguous: reshape to (h, factor, w, factor)."),
            (np.floor(truth), "The mean lost its decimals: return float64."),
            (np.rint(truth), "The mean was rounded: return float64."),
        ],
    )


@shrink.group("edge cases")
def _(answer: Any) -> None:
    image = photograph(np.random.default_rng(2), (11, 14))
    expect_close(answer(image, 3), _block_mean(image, 3), what="sides that are no multiple")
    colour = photograph(np.random.default_rng(3), (8, 6, 3))
    grayed = _block_mean(colour, 2).mean(axis=2, keepdims=True).repeat(3, axis=2)
    expect_close(
        answer(colour, 2),
        _block_mean(colour, 2),
        what="a colour image",
        mistakes=[(grayed, "The channels were averaged too: each is to be shrunk by itself.")],
    )
    expect_close(answer(image, 1), image, what="factor 1")
    white = np.full((36, 38), 255, dtype=np.uint8)
    expect_close(answer(white, 18), np.full((2, 2), 255.0), what="large white blocks")
    floats = np.random.default_rng(4).random((6, 8))
    expect_close(
        answer(floats, 2),
        _block_mean(floats, 2),
        what="a float image",
        mistakes=[(np.zeros((3, 4)), "The values were cut to whole numbers: keep them as floats.")],
    )
