"""The values of pixels: more of them than eight bits hold, and fewer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checking.compare import (
    Mismatch,
    as_array,
    expect_close,
    expect_dtype,
    expect_rounded,
    expect_shape,
)
from ..checking.engine import Exercise
from .support import photograph

brighten = Exercise(
    "images.brighten", unlocks="You can now do arithmetic on photographs without holes in them."
)


def _brighter(image: NDArray[np.uint8], amount: int) -> NDArray[np.uint8]:
    return np.clip(image.astype(np.int64) + amount, 0, 255).astype(np.uint8)


@brighten.group("shape")
def _(answer: Any) -> str:
    image = photograph(np.random.default_rng(0), (7, 9, 3))
    brighter = answer(image, 40)
    shape = expect_shape(brighter, (7, 9, 3))
    return shape + " " + expect_dtype(brighter, np.uint8, "Go back to uint8 after clipping.")


@brighten.group("values")
def _(answer: Any) -> None:
    image = photograph(np.random.default_rng(1), (16, 16))
    wrapped = (image.astype(np.int64) + 60) % 256
    largest = (np.minimum(image, 254).astype(np.int64) + 60).clip(0, 254)
    stretched = np.clip(image.astype(np.int64) + 60, 0, None)
    stretched = (stretched / stretched.max() * 255).astype(np.uint8)
    expect_close(
        answer(image, 60),
        _brighter(image, 60),
        mistakes=[
            (wrapped, "The sum went round at 256: widen the type before you add."),
            (largest, "White is 255: the largest uint8 is 2**8 − 1."),
            (stretched, "Values above 255 are to be cut off, not the whole image scaled down."),
        ],
    )


@brighten.group("edge cases")
def _(answer: Any) -> None:
    image = np.array([[0, 10, 100, 255]], dtype=np.uint8)
    wrapped = (image.astype(np.int64) - 40) % 256
    below = "Below zero the values went round: clip at 0 as well, in a signed type."
    unsigned = np.where(image < 40, 255, wrapped)
    signed = "A negative sum went round in an unsigned type and came out white: use a signed one."
    expect_close(
        answer(image, -40),
        _brighter(image, -40),
        what="amount −40",
        mistakes=[(wrapped, below), (unsigned, signed)],
    )
    for amount in (300, 0, 32_700, -(10**9)):
        expect_close(answer(image, amount), _brighter(image, amount), what=f"amount {amount}")
    colour = photograph(np.random.default_rng(2), (4, 5, 3))
    expect_close(answer(colour, 40), _brighter(colour, 40), what="a colour image")


to_uint8 = Exercise(
    "images.to_uint8", unlocks="You can now store what a filter or a network returns as a picture."
)


@to_uint8.group("shape")
def _(answer: Any) -> str:
    image = np.random.default_rng(0).random((6, 5, 3))
    converted = answer(image)
    shape = expect_shape(converted, (6, 5, 3))
    return shape + " " + expect_dtype(converted, np.uint8, "The result is to be uint8.")


@to_uint8.group("values")
def _(answer: Any) -> None:
    image = np.random.default_rng(1).random((12, 12))
    image[0, 0], image[0, 1] = 0.0, 1.0
    expect_rounded(
        answer(image),
        255 * image,
        mistakes=[
            (image.astype(np.uint8), "Cast without scaling: all of [0, 1) becomes 0."),
            (np.floor(255 * image), "A cast cuts the decimals off: round before it."),
            (
                (256 * image).astype(np.int64) % 256,
                "256 does not fit into uint8: white became black. Scale by 255.",
            ),
            (np.rint(image), "Rounded before scaling: only black and white are left."),
        ],
    )


@to_uint8.group("edge cases")
def _(answer: Any) -> None:
    outside = np.array([[-0.2, 0.0, 0.5, 1.0, 1.3]])
    expect_rounded(
        answer(outside),
        [[0, 0, 127.5, 255, 255]],
        what="values outside [0, 1]",
        mistakes=[
            (
                np.rint(255 * outside).astype(np.int64) % 256,
                "Values outside [0, 1] went round: clip before the cast.",
            ),
            (
                np.rint(255 * (outside + 0.2) / 1.5),
                "The image was stretched to its own range: 0 stays black and 1 white.",
            ),
        ],
    )
    dark = np.full((3, 3), 0.1, dtype=np.float32)
    stretched = "A constant dark image is to stay dark: scale by 255, not by the image's maximum."
    expect_close(
        answer(dark),
        np.full((3, 3), 26),
        what="a dark image",
        mistakes=[(np.full((3, 3), 255), stretched)],
    )


dither = Exercise(
    "images.dither", unlocks="You can now trade false contours for noise, which the eye forgives."
)


@dither.group("shape")
def _(answer: Any) -> str:
    image = np.random.default_rng(0).random((5, 8))
    return expect_shape(answer(image, 2, np.random.default_rng(1)), (5, 8))


@dither.group("values")
def _(answer: Any) -> None:
    image = np.tile(np.linspace(0, 1, 61), (4000, 1))
    steps = 3
    got = as_array(answer(image, 2, np.random.default_rng(2)), "an array").astype(np.float64)
    levels = np.rint(got * steps)
    if not np.allclose(got * steps, levels, atol=1e-9):
        hint = "Noise after rounding leaves no levels at all: add it before."
        if len(np.unique(got)) < 100:
            hint = "The levels for b bits are 1 / (2**b − 1) apart, from 0 to 1."
        raise Mismatch("expected the levels 0, 1/3, 2/3 and 1 alone", hint)
    if got.min() < 0 or got.max() > 1:
        hint = "Noise pushed the values past black or white: clip."
        if got.max() > 1.5:
            hint = "Return the levels in [0, 1]: divide by 2**bits − 1 after rounding."
        raise Mismatch(f"expected values in [0, 1], got {got.min():.3g} to {got.max():.3g}", hint)
    mean = got.mean(axis=0)
    plain = np.rint(image[0] * steps) / steps
    worst = int(np.argmax(abs(mean - image[0])))
    if abs(mean - image[0])[worst] > 0.03:
        hint = ""
        if np.allclose(mean, plain, atol=1e-9):
            hint = "Without noise: every pixel of one gray is rounded the same way."
        elif np.all(got == got[:1]):
            hint = "One noise for all rows: every pixel needs a draw of its own."
        elif np.count_nonzero(np.ptp(got, axis=0) == 0) > 20:
            hint = "Too little noise: it is to span a whole step, 1 / (2**bits − 1)."
        elif mean[0] > 0.03 and mean[-1] < 0.97:
            hint = "Too much noise: it is to span one step, 1 / (2**bits − 1), around 0."
        elif abs((mean - image[0]).mean()) > 0.03:
            hint = (
                "The noise does not have the mean 0 (draw it from −step/2 to step/2), or the sum "
                "is cut off instead of rounded."
            )
        raise Mismatch(
            f"expected the mean of many pixels of gray {image[0, worst]:.2f} to be that gray, "
            f"got {mean[worst]:.2f}",
            hint,
        )


@dither.group("edge cases")
def _(answer: Any) -> None:
    _expect_own_noise(answer)
    for bits in (1, 3):
        _expect_dither_levels(answer, bits)
    rng = np.random.default_rng(3)
    expect_close(answer(np.zeros((9, 9)), 1, rng), np.zeros((9, 9)), what="a black image, 1 bit")
    expect_close(answer(np.ones((9, 9)), 1, rng), np.ones((9, 9)), what="a white image, 1 bit")


def _expect_dither_levels(answer: Any, bits: int) -> None:
    """Of a gray wall, the mean and the two levels next to it."""
    steps, gray, what = 2**bits - 1, 0.3, f"gray 0.30, bits = {bits}"
    got = as_array(answer(np.full((200, 200), gray), bits, np.random.default_rng(4)))
    levels = np.unique(np.rint(got * steps))
    expected = [np.floor(gray * steps), np.ceil(gray * steps)]
    if not np.allclose(got * steps, np.rint(got * steps), atol=1e-4):
        raise Mismatch(f"{what}: expected multiples of {1 / steps:.3g} alone", "Is `bits` used?")
    if levels.tolist() != expected:
        low, high = (f"{level / steps:.2f}" for level in expected)
        came = ", ".join(f"{level / steps:.2f}" for level in levels)
        raise Mismatch(
            f"{what}: expected the levels next to it, {low} and {high}, got {came}",
            "Noise that spans one step reaches the next level on each side. Is `bits` used?",
        )
    if abs(got.mean() - gray) > 0.02:
        raise Mismatch(f"{what}: expected a mean of about 0.30, got {got.mean():.2f}")


def _expect_own_noise(answer: Any) -> None:
    gray = np.full((60, 60), 0.5)
    got, again, other = (
        as_array(answer(gray, 1, np.random.default_rng(seed))) for seed in (5, 5, 6)
    )
    alike = [float(np.mean(np.diff(got, axis=axis) == 0)) for axis in (0, 1)]
    if max(abs(share - 0.5) for share in alike) > 0.06:
        raise Mismatch(
            f"gray 0.5, 1 bit: {alike[0]:.0%} of the pixels are like the one below, "
            f"{alike[1]:.0%} like the one beside; expected half of them",
            "Every pixel needs a draw of its own: size=image.shape.",
        )
    if not np.array_equal(got, again) or np.array_equal(got, other):
        raise Mismatch("the noise does not follow `rng`", "Draw with the generator that is given.")
