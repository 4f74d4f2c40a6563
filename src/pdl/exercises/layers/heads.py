"""The end of a network: a loss, one unit in the place of two, and a fault to find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pdl._arrays import Array

from ..checking.attempts import NARROW_LOGITS, explain
from ..checking.compare import Mismatch, as_array, expect_close, expect_parts, expect_shape
from ..checking.engine import Exercise
from ..checking.samples import random
from .sliding import correlate


def log_softmax(logits: Array) -> Array:
    """The truth for the logarithms of the probabilities."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


cross_entropy = Exercise(
    "layers.cross_entropy", unlocks="You can now write a loss that no logit can break."
)


def _expect_loss(
    answer: Callable[..., Any], logits: Array, labels: Array, what: str, *, named: bool = True
) -> None:
    with np.errstate(all="ignore"):
        got = answer(logits, labels)
    if np.ndim(as_array(got, "a number")):
        raise Mismatch(
            f"{what}: expected one number, got shape {np.shape(got)}",
            "The loss of a batch is the mean over its images.",
        )
    exact = logits.astype(float)
    each = log_softmax(exact)
    taken = each[np.arange(len(labels)), labels]
    truth = -taken.mean()
    if not np.isfinite(got):
        hint = "Subtract the largest logit of each row before np.exp."
        with np.errstate(all="ignore"):
            shifted = np.exp(exact - exact.max(axis=1, keepdims=True))
            p = shifted / shifted.sum(axis=1, keepdims=True)
            lost = bool((p == 0).any()) and bool(np.isfinite(p).all())
        if lost and np.isinf(got):
            hint = (
                "A probability became exactly 0, or all of a row did: take the largest logit of "
                "each row, and log Σ exp instead of the logarithm of a quotient."
            )
        if lost and np.isnan(got):
            hint += " And 0 · log 0 is not a number: pick the true class by its index."
        raise Mismatch(f"{what}: expected {truth:.6g}, got {float(got)}", hint)
    if not named:
        with explain("Clip nothing: take the largest logit of each row off, then log Σ exp."):
            expect_close(got, truth, what=what)
        return
    mistakes = [
        (-taken.sum(), "That is the sum over the batch; take the mean."),
        (taken.mean(), "The sign: a logarithm of a probability is negative, a loss positive."),
        (-np.exp(taken).mean(), "The logarithm is missing."),
        (1 - np.exp(taken).mean(), "The logarithm is missing."),
        (-taken.mean() / np.log(2), "That is in bits: take the natural logarithm."),
        (-each.mean(), "Only the true class counts, not the mean over all classes."),
        (-taken.sum() / each.size, "Divide by the number of images N, not by N·K."),
        (
            -log_softmax(each.T).T[np.arange(len(labels)), labels].mean(),
            "The sum runs over the classes of an image (axis 1), not over the images.",
        ),
        (
            -log_softmax(exact.T).T[np.arange(len(labels)), labels].mean(),
            "The sum runs over the classes of an image (axis 1), not over the images.",
        ),
    ]
    expect_close(got, truth, what=what, mistakes=mistakes)


@cross_entropy.group("shape")
def _(answer: Any) -> str:
    _expect_loss(answer, np.zeros((4, 10)), np.array([3, 1, 4, 1]), "ten equal logits")
    return "one number"


@cross_entropy.group("values")
def _(answer: Any) -> None:
    rng = np.random.default_rng(0)
    for images, classes in ((1, 3), (7, 10), (20, 2)):
        logits, labels = 3 * rng.normal(size=(images, classes)), rng.integers(0, classes, images)
        _expect_loss(answer, logits, labels, f"{images} images, {classes} classes")


@cross_entropy.group("edge cases")
def _(answer: Any) -> None:
    large = np.array([[1e4, 0.0, -1e4], [1e4, 9999.0, 0.0]])
    apart = np.array([[0.0, 1.0], [-1e4, -1e4 + 1]])
    # At such sizes many mistakes come to the same round numbers; they were named before.
    for logits, labels, what in (
        (large, [0, 1], "logits of ±10 000, true class ahead"),
        (large, [2, 0], "logits of ±10 000, true class last"),
        (apart, [1, 0], "one row far below the other"),
    ):
        _expect_loss(answer, logits, np.array(labels), what, named=False)
    whole = np.array([[90, -90, 89], [-100, 100, 98]], dtype=np.int8)
    with explain(NARROW_LOGITS):
        _expect_loss(answer, whole, np.array([2, 2]), "whole numbers of 8 bits")


one_unit = Exercise(
    "layers.one_unit", unlocks="You can now say why two classes need one output only."
)


def _expect_unit(answer: Callable[..., Any], weight: Array, bias: Array, what: str) -> None:
    got = expect_parts(answer(weight, bias), ["weight", "bias"], what)
    w, b = as_array(got[0], "weights"), as_array(got[1], "a bias")
    if w.shape != weight[0].shape:
        raise Mismatch(f"{what}: expected weights of shape {weight[0].shape}, got {w.shape}")
    if b.size != 1:
        raise Mismatch(f"{what}: expected one bias, got shape {b.shape}")
    mistakes = [
        (weight[0] - weight[1], "That is the probability of class 0: class 1 minus class 0."),
        (weight[1], "p₁ depends on both rows: σ(z₁) alone forgets z₀."),
        (weight.sum(axis=0), "The logits are subtracted, not added."),
        ((weight[1] - weight[0]) / 2, "No half: the whole difference goes into the sigmoid."),
    ]
    expect_close(w, weight[1] - weight[0], what=f"{what}, weights", mistakes=mistakes)
    biases = [
        (bias[1], "The bias is a difference too."),
        (bias[0] - bias[1], "The bias is a difference too: class 1 minus class 0."),
        (0.0, "The bias is a difference too: class 1 minus class 0."),
        (bias.sum(), "The bias is a difference too: class 1 minus class 0."),
    ]
    expect_close(b.reshape(()), bias[1] - bias[0], what=f"{what}, bias", mistakes=biases)


@one_unit.group("shape")
def _(answer: Any) -> str:
    got = expect_parts(answer(random(0, 2, 5), random(1, 2)), ["weight", "bias"])
    return expect_shape(got[0], (5,)) + " and a number"


@one_unit.group("values")
def _(answer: Any) -> None:
    _expect_unit(answer, random(2, 2, 6), random(3, 2), "6 inputs")
    _expect_unit(answer, random(4, 2, 30), random(5, 2), "30 inputs")


@one_unit.group("edge cases")
def _(answer: Any) -> None:
    _expect_unit(answer, random(6, 2, 1), random(7, 2), "one input")
    _expect_unit(answer, np.ones((2, 3)), np.array([2.0, 2.0]), "two equal rows")


mended = Exercise(
    "layers.mended", unlocks="You can now carry a whole network over, and prove that it arrived."
)


def _network(
    x: Array, kernel: Array, bias: Array, dense: Array, dense_bias: Array, order: str = "hwc"
) -> Array:
    """What Keras gives, or what another order of flattening would give."""
    maps = correlate(x, kernel.transpose(3, 2, 0, 1)) + bias[:, np.newaxis, np.newaxis]
    maps = np.maximum(maps, 0)
    n, c, h, w = maps.shape
    maps = maps[:, :, : h // 2 * 2, : w // 2 * 2].reshape(n, c, h // 2, 2, w // 2, 2)
    pooled = maps.max(axis=(3, 5))
    flat = pooled.transpose(0, *("nchw".index(axis) for axis in order)).reshape(n, -1)
    return np.exp(log_softmax(flat @ dense + dense_bias))


def _expect_keras(answer: Callable[..., Any], n: int, c: int, size: Any, what: str) -> None:
    height, width = size
    o, k, classes = 4, 3, 5
    rows, columns = (height - k + 1) // 2, (width - k + 1) // 2
    given = (
        random(n, n, c, height, width),
        random(n + 1, k, k, c, o),
        random(n + 2, o),
        random(n + 3, rows * columns * o, classes),
        random(n + 4, classes),
    )
    hints = {
        "chw": "Still flattened channel by channel; Dense expects pixel by pixel.",
        "whc": "Rows and columns changed places: Keras flattens in the order H, W, C.",
        "cwh": "Still flattened channel by channel, and rows and columns changed places.",
    }
    mistakes = [(_network(*given, order=order), words) for order, words in hints.items()]
    turned = given[1].transpose(1, 0, 2, 3)
    mistakes.append(
        (
            _network(given[0], turned, *given[2:]),
            "The kernels are turned about their diagonal: that transpose was right.",
        )
    )
    mistakes.append(
        (
            _network(given[0], given[1][::-1, ::-1], *given[2:]),
            "The kernels were flipped: Keras does not flip either.",
        )
    )
    expect_close(answer(*given), _network(*given), what=what, mistakes=mistakes)


@mended.group("shape")
def _(answer: Any) -> str:
    got = answer(
        random(0, 2, 1, 8, 6), random(1, 3, 3, 1, 4), random(2, 4), random(3, 24, 5), random(4, 5)
    )
    return expect_shape(got, (2, 5))


@mended.group("values")
def _(answer: Any) -> None:
    _expect_keras(answer, 3, 1, (8, 8), "gray images")
    _expect_keras(answer, 2, 3, (10, 8), "colour images, higher than wide")


@mended.group("edge cases")
def _(answer: Any) -> None:
    _expect_keras(answer, 1, 2, (9, 7), "an odd size")
    _expect_keras(answer, 4, 1, (4, 4), "maps of one pixel")
