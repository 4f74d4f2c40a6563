"""Checks: images made ready for a network."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdl._arrays import Array

from ..checking.attempts import attempt, expect_refusal
from ..checking.compare import Mismatch, as_array, expect_close, expect_dtype, expect_shape
from ..checking.engine import Exercise
from .support import Answer, Mistakes

to_network = Exercise(
    "augmentation.to_network",
    unlocks="You can now rule out the blank input, which no error message reports.",
)


def _pixels(seed: int, *shape: int, top: int = 200) -> Array:
    """Images as uint8 that do not reach 255: a division by the maximum shows."""
    return np.random.default_rng(seed).integers(0, top + 1, size=shape).astype(np.uint8)


def _expect_bytes(answer: Answer, images: Array, what: str) -> None:
    exact = images.astype(float)
    truth = exact / 255
    axes = tuple(range(1, images.ndim))
    with np.errstate(all="ignore"):  # a mistake may divide by zero
        own = exact / exact.max(axis=axes, keepdims=True)
        stretched = (exact - exact.min()) / (exact.max() - exact.min())
        standard = (exact - exact.mean()) / exact.std()
        relative = exact / exact.max()
    maximum = "Not by the largest value that happens to be there: 255 is white in every image."
    mistakes: Mistakes = [
        (exact, "Still from 0 to 255: divide by 255. The dtype tells when, not the maximum."),
        (
            images // 255,
            "Cut off to whole numbers almost every pixel is 0: divide with /, keep the fractions.",
        ),
        (exact / 256, "Divide by 255, so that white, 255, becomes 1."),
        (truth / 255, "Divided by 255 twice."),
        (relative, maximum),
        (own, maximum),
        (stretched, maximum),
        (2 * truth - 1, "That is from −1 to 1: from 0 to 1 was asked."),
        (standard, "That is mean 0 and deviation 1: from 0 to 1 was asked."),
        (1 - truth, "Black and white are exchanged."),
    ]
    # Float32 is what was asked for: it is not to be blamed for what differs.
    got = as_array(answer(images)).astype(float)
    expect_close(got, truth, what=what, mistakes=mistakes, rtol=1e-5, atol=1e-7)


def _expect_floats(answer: Answer, images: Array, what: str) -> None:
    mistakes: Mistakes = [
        (images / 255, "These are in [0, 1] already: divided by 255 they are all but black."),
        (
            0 * images,
            "Cast to uint8, all below 1 becomes 0: the network would see blank images.",
        ),
        (images / images.max(), "Leave them as they are: a dark image is not to be stretched."),
        (2 * images - 1, "That is from −1 to 1: from 0 to 1 was asked."),
    ]
    hint = "Floats in [0, 1], both ends included, are to be taken."
    got = attempt(answer, images, what=what, hint=hint)
    try:
        expect_dtype(got, np.float32)
    except Mismatch as mismatch:
        raise Mismatch(
            f"{what}: {mismatch.message}", "Floats of every kind come back as float32."
        ) from None
    wide = as_array(got).astype(float)
    expect_close(wide, images.astype(float), what=what, mistakes=mistakes, rtol=1e-5, atol=1e-7)


@to_network.group("shape")
def _(answer: Any) -> str:
    got = answer(_pixels(0, 3, 4, 5, 3))
    note = expect_shape(got, (3, 4, 5, 3), "The shape stays: pixels change, not their places.")
    hint = "A network's weights are float32: `.astype(np.float32)`."
    return f"{note} {expect_dtype(got, np.float32, hint)}"


@to_network.group("values")
def _(answer: Any) -> None:
    _expect_bytes(answer, _pixels(1, 4, 6, 5, 3), "uint8, colour")
    _expect_bytes(answer, _pixels(2, 3, 7, 7, top=120), "uint8, grayscale")
    floats = np.random.default_rng(3).uniform(0.05, 0.9, size=(3, 5, 4, 3))
    _expect_floats(answer, floats, "floats in [0, 1]")


@to_network.group("edge cases")
def _(answer: Any) -> None:
    _expect_bytes(answer, np.array([[[0, 1], [254, 255]]], dtype=np.uint8), "black and white")
    dark = np.array([[[0, 1], [1, 0]], [[1, 1], [0, 1]]], dtype=np.uint8)
    _expect_bytes(answer, dark, "uint8 images of 0 and 1, almost black")
    rng = np.random.default_rng(4)
    _expect_floats(answer, rng.uniform(0.1, 0.8, size=(2, 3, 3)).astype(np.float32), "float32")
    half = rng.uniform(0.1, 0.8, size=(2, 3, 3)).astype(np.float16)
    _expect_floats(answer, half, "float16")
    ends = np.array([[[0.0, 1.0], [0.5, 0.25]]])
    _expect_floats(answer, ends, "floats with 0 and 1 among them")
    good = rng.uniform(0.1, 0.9, size=(3, 4, 4))

    def with_last(value: float) -> Array:
        images = good.copy()
        images[-1, -1, -1] = value
        return images

    outside = "One value outside [0, 1] in one image is a fault: refuse, do not mend it silently."
    expect_refusal(
        answer,
        255 * good,
        what="floats up to 255",
        hint=("Floats up to 255 may be anything: refuse them, do not guess."),
    )
    expect_refusal(answer, with_last(1.5), what="a value of 1.5", hint=outside)
    expect_refusal(answer, with_last(-0.2), what="a value of −0.2", hint=outside)
    expect_refusal(answer, with_last(1 + 1e-6), what="a value of 1.000001", hint=outside)
    expect_refusal(answer, with_last(-1e-6), what="a value of −0.000001", hint=outside)
    expect_refusal(answer, with_last(np.inf), what="an infinite value", hint=outside)
    nan = "Every comparison with NaN is False: raise unless all values are ≥ 0 and ≤ 1."
    expect_refusal(answer, with_last(np.nan), what="a NaN", hint=nan)
    kinds = "Of whole numbers only uint8 is asked for: refuse the others, whose white is not known."
    expect_refusal(answer, _pixels(5, 2, 3, 3).astype(np.int64), what="int64", hint=kinds)
    expect_refusal(answer, dark.astype(np.int64), what="int64 of 0 and 1", hint=kinds)
    expect_refusal(answer, _pixels(5, 2, 3, 3, top=127).astype(np.int8), what="int8", hint=kinds)
    expect_refusal(answer, 200 * _pixels(6, 2, 3, 3).astype(np.uint16), what="uint16", hint=kinds)
    mask = "A mask is no image: refuse booleans, which become 0 and 1 without a word."
    expect_refusal(answer, _pixels(7, 2, 3, 3) > 90, what="booleans", hint=mask)
