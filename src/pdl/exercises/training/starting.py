"""Checks: the scale of the images, of the first weights, and of the first loss."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pdl._arrays import Array

from ..checking.compare import Mismatch, as_array, expect_close, expect_parts, expect_shape
from ..checking.engine import Exercise
from ..checking.parts import expect_part_shapes

normalise = Exercise(
    "training.normalise",
    unlocks="You can now bring images to a common scale without looking at the test images.",
)

CHANNEL = (0, 2, 3)


def _scaled(images: Array, source: Array, axes: tuple[int, ...], ddof: int = 0) -> Array:
    mean = source.mean(axis=axes, keepdims=True)
    with np.errstate(all="ignore"):
        return np.asarray((images - mean) / source.std(axis=axes, keepdims=True, ddof=ddof))


def _expect_normalised(answer: Any, train: Array, test: Array, what: str) -> None:
    exact = train.astype(float)
    rows = [np.moveaxis(each, 1, 0).reshape(each.shape[1], -1) for each in (train, test)]
    together = np.concatenate(rows, axis=1, dtype=float)[np.newaxis, :, np.newaxis]
    mean, std = exact.mean(axis=CHANNEL, keepdims=True), exact.std(axis=CHANNEL, keepdims=True)

    def known(given: Array) -> list[tuple[Any, str]]:
        images = given.astype(float)
        wrong = [
            (_scaled(images, together, CHANNEL), "Train and test were joined: use train alone."),
            (_scaled(images, exact, (0, 1, 2, 3)), "One mean for all channels: take one for each."),
            (_scaled(images, images, (2, 3)), "Each image was taken by itself: use all of train."),
            (_scaled(images, images, (1, 2, 3)), "Each image was taken by itself, channels mixed."),
            (
                _scaled(images, exact, CHANNEL, 1),
                "Divide by n in the standard deviation, as np.std does, not by n − 1.",
            ),
            ((images - mean) / std**2, "Divide by the standard deviation, not by the variance."),
            ((mean - images) / std, "The sign is reversed: the image minus the mean."),
            (images - mean, "The division by the standard deviation is missing."),
            (images / std, "The mean was not subtracted."),
        ]
        if given.dtype == np.uint8:
            words = "Numbers of 8 bits wrap around below 0: subtract the mean as a float."
            wrong.append(((given - mean.astype(np.uint8)) / std, words))
        if train.shape[2:] == images.shape[2:]:
            places = "A mean for each pixel: take one for each channel, over all rows and columns."
            wrong.append((_scaled(images, exact, (0,)), places))
        return wrong

    unchanged = "The test images are as they came: they get the scale of train too."
    mistakes = {
        "train": known(train),
        "test": [
            (
                _scaled(test.astype(float), test.astype(float), CHANNEL),
                "Test was scaled by its own statistics: use those of train.",
            ),
            (test, unchanged),
            *known(test),
        ],
    }
    truths = {"train": (exact - mean) / std, "test": (test - mean) / std}
    got = expect_parts(answer(train, test), list(truths))
    for part, (name, truth) in zip(got, truths.items(), strict=True):
        # Wide enough for an answer in float32; a factor n/(n − 1) is a hundred times larger.
        expect_close(
            part, truth, what=f"{name}, {what}", mistakes=mistakes[name], rtol=1e-5, atol=1e-5
        )


def _pictures(seed: int, *shape: int) -> Array:
    """Images in 0…255 whose channels differ in brightness and contrast."""
    rng = np.random.default_rng(seed)
    channels = shape[1]
    centre = rng.uniform(60, 180, size=(1, channels, 1, 1))
    spread = rng.uniform(10, 40, size=(1, channels, 1, 1))
    return np.clip(centre + spread * rng.normal(size=shape), 0, 255).astype(np.uint8)


@normalise.group("shape")
def _(answer: Any) -> str:
    got = answer(_pictures(0, 5, 3, 4, 6) / 255, _pictures(1, 2, 3, 4, 6) / 255)
    return expect_part_shapes(got, {"train": (5, 3, 4, 6), "test": (2, 3, 4, 6)})


@normalise.group("values")
def _(answer: Any) -> None:
    for channels in (3, 1):
        train, test = _pictures(2, 8, channels, 5, 4) / 255, _pictures(3, 4, channels, 5, 4) / 255
        _expect_normalised(answer, train, test, f"{channels} channel{'s' * (channels > 1)}")


@normalise.group("edge cases")
def _(answer: Any) -> None:
    _expect_normalised(answer, _pictures(4, 7, 2, 9, 3), _pictures(5, 3, 2, 9, 3), "uint8, tall")
    train, test = _pictures(6, 6, 3, 4, 4) / 255, _pictures(7, 1, 3, 4, 4) / 255
    _expect_normalised(answer, train, test, "one test image")
    _expect_normalised(answer, train, _pictures(8, 2, 3, 6, 5) / 255, "test images of another size")


he_std = Exercise(
    "training.he_std",
    unlocks="You can now choose first weights under which a deep stack of ReLUs keeps its scale.",
)


def _expect_std(answer: Any, shape: tuple[int, ...], what: str) -> None:
    outputs, inputs = shape[:2]
    area = math.prod(shape[2:])
    fan_in, fan_out = inputs * area, outputs * area
    mistakes: list[tuple[Any, str]] = [
        (2 / fan_in, "That is the variance: the standard deviation is its root."),
        (
            math.sqrt(1 / fan_in),
            "The 2 is missing: a ReLU halves the mean square, and the 2 makes up for it.",
        ),
        (
            math.sqrt(2 / inputs),
            "The kernel's size is missing: an output adds up in · kh · kw numbers.",
        ),
        (
            math.sqrt(2 / fan_out),
            "Outputs stand first in the shape: their count keeps the gradients' scale (fan out); "
            "what an output adds up is the rest.",
        ),
        (math.sqrt(2 / (fan_in + fan_out)), "That is Glorot's rule: He counts the inputs only."),
        (
            math.sqrt(2 / math.prod(shape)),
            "The number of outputs does not matter: an output adds up its own inputs only.",
        ),
        (
            math.sqrt(6 / fan_in),
            "That is the limit of a uniform distribution; its standard deviation is asked.",
        ),
        (math.sqrt(fan_in / 2), "Upside down: more inputs need smaller weights."),
    ]
    if len(shape) == 4:
        square = math.sqrt(2 / (inputs * shape[2] ** 2))
        mistakes.append((square, "A kernel need not be square: kh · kw."))
        square = math.sqrt(2 / (inputs * shape[3] ** 2))
        mistakes.append((square, "A kernel need not be square: kh · kw."))
    expect_close(answer(shape), math.sqrt(2 / fan_in), what=what, mistakes=mistakes)


@he_std.group("shape")
def _(answer: Any) -> str:
    one = as_array(answer((10, 50)), "a number")
    expect_shape(one, (), "One number: the standard deviation, not the weights.")
    return "a number"


@he_std.group("values")
def _(answer: Any) -> None:
    _expect_std(answer, (10, 1024), "(10, 1024)")
    _expect_std(answer, (64, 32, 5, 5), "(64, 32, 5, 5)")
    _expect_std(answer, (16, 24, 3, 3), "(16, 24, 3, 3)")


@he_std.group("edge cases")
def _(answer: Any) -> None:
    _expect_std(answer, (8, 3, 3, 5), "a kernel of 3×5")
    _expect_std(answer, (12, 1, 5, 5), "one input channel")
    _expect_std(answer, (4, 6, 1, 1), "a 1×1 kernel")
    _expect_std(answer, (7, 1), "one input")


first_loss = Exercise(
    "training.first_loss", unlocks="You can now tell a bad start from the first number printed."
)


@first_loss.group("shape")
def _(answer: Any) -> str:
    expect_shape(as_array(answer, "a number"), ())
    return "a number"


@first_loss.group("values")
def _(answer: Any) -> None:
    value = float(as_array(answer))
    known = {
        math.log2(10): "That is in bits; in nats the logarithm is the natural one.",
        1.0: "That is the logarithm to base 10; in nats it is the natural one.",
        -math.log(10): "The loss is the *negative* logarithm of the true class's probability.",
        0.1: "That is the probability of the true class; its loss is the negative logarithm.",
        0.9: "That is the share of wrong answers; the loss is about the probability.",
        math.log(2): "That would be for two classes.",
        10 * math.log(10): "One class is the true one: the ten logarithms are not added.",
        math.log(10) / 10: "One class is the true one: there is nothing to divide by 10.",
        0.0: "A loss of 0 needs a probability of 1 for the true class.",
    }
    if not abs(value - math.log(10)) < 0.003:
        hint = next((words for wrong, words in known.items() if abs(value - wrong) < 0.006), "")
        raise Mismatch(
            f"{value:g} is not the loss of equal probabilities",
            hint or "Which probability does each of ten classes get? Take its negative logarithm.",
        )
