"""Windows that slide: convolution over several channels, 1×1, and overlapping maxima."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pdl._arrays import Array

from ..checking.compare import Mismatch, as_array, expect_close, expect_shape
from ..checking.engine import Exercise
from ..checking.samples import random


def padded(x: Array, padding: int, value: float = 0.0) -> Array:
    """Put ``value`` around rows and columns."""
    around = [(0, 0), (0, 0), (padding, padding), (padding, padding)]
    return np.pad(x.astype(float), around, constant_values=value)


def correlate(x: Array, weight: Array, stride: int = 1, padding: int = 0) -> Array:
    """The truth for a convolution layer without bias."""
    seen = sliding_window_view(padded(x, padding), weight.shape[2:], axis=(2, 3))
    return np.einsum("ncijuv,ocuv->noij", seen[:, :, ::stride, ::stride], weight.astype(float))


WRAPPED = "Products of whole numbers of 8 bits wrap around: x.astype(float) before multiplying."


def _levels(seed: int, *shape: int) -> Array:
    """Gray levels, which reach so far that products of two overflow."""
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


conv2d = Exercise(
    "layers.conv2d",
    unlocks="You can now compute the layer that convolutional networks are made of.",
)


def _expect_layer(
    answer: Callable[..., Any], x: Array, w: Array, b: Array, stride: int, padding: int, what: str
) -> None:
    bias = b[:, np.newaxis, np.newaxis]
    truth = correlate(x, w, stride, padding) + bias
    got = answer(x, w, b, stride, padding)
    if np.shape(got) != truth.shape and np.ndim(got) == 4:
        hint = "The size is (H + 2P − K) // S + 1, for rows and columns each with its own K."
        raise Mismatch(f"{what}: expected shape {truth.shape}, got {np.shape(got)}", hint)
    mistakes = [
        (truth - bias, "The biases are missing: one number for each output map."),
        (truth + bias * (x.shape[1] - 1), "The bias was added once for each input channel."),
        (
            truth + bias * (w[0].size - 1),
            "The bias was added to each product: it is added once to the sum.",
        ),
        (
            correlate(x, w[:, :, ::-1, ::-1], stride, padding) + bias,
            "The kernel was flipped: a layer computes the cross-correlation.",
        ),
        (
            correlate(x[:, :1], w[:, :1], stride, padding) + bias,
            "Only the first input channel was used: add up the products of all channels.",
        ),
        (
            correlate(x[:, -1:], w[:, -1:], stride, padding) + bias,
            "Only the last input channel is left: add to the sum, do not replace it.",
        ),
        (
            truth - bias + bias.mean(),
            "Each map has a bias of its own: b[o] belongs to output channel o.",
        ),
    ]
    if truth.shape[3] == len(b):
        words = "The biases lie along the columns: b[:, np.newaxis, np.newaxis] is one per map."
        mistakes.append((truth - bias + b, words))
    if truth.shape[2] == len(b):
        words = "The biases lie along the rows: b[:, np.newaxis, np.newaxis] is one per map."
        mistakes.append((truth - bias + b[:, np.newaxis], words))
    if x.dtype == w.dtype == np.uint8:
        # Sums of products taken in 8 bits; or products in 8 bits, which np.sum then adds up wide.
        seen = sliding_window_view(padded(x, padding), w.shape[2:], axis=(2, 3))
        products = np.einsum(
            "ncijuv,ocuv->noijcuv", seen[:, :, ::stride, ::stride], w.astype(float)
        )
        mistakes.append(((truth - bias) % 256 + bias, WRAPPED))
        mistakes.append(((products % 256).sum(axis=(-3, -2, -1)) + bias, WRAPPED))
    if stride > 1:
        full = correlate(x, w, 1, padding) + bias
        cut = full[:, :, : truth.shape[2], : truth.shape[3]]
        mistakes.append((cut, "The windows move by 1, not by the stride: start at i·S and j·S."))
    expect_close(got, truth, what=what, mistakes=mistakes)


@conv2d.group("shape")
def _(answer: Any) -> str:
    hint = "N×O×H′×W′ with H′ = (H + 2P − K) // S + 1."
    got = answer(random(0, 2, 3, 9, 8), random(1, 5, 3, 3, 3), random(2, 5), 2, 1)
    return expect_shape(got, (2, 5, 5, 4), hint)


@conv2d.group("values")
def _(answer: Any) -> None:
    for number, (c, o, k, stride, padding) in enumerate(
        [(1, 1, 3, 1, 0), (3, 1, 3, 1, 0), (2, 4, 3, 1, 1), (3, 2, 5, 2, 2), (2, 3, 2, 3, 0)]
    ):
        x, w, b = random(number, 2, c, 9, 11), random(number + 9, o, c, k, k), random(number, o)
        what = f"{c} to {o} channels, {k}×{k}, stride {stride}, padding {padding}"
        _expect_layer(answer, x, w, b, stride, padding, what)


@conv2d.group("edge cases")
def _(answer: Any) -> None:
    b = np.array([0.5, -0.25])
    wide = random(3, 2, 3, 2, 5)
    _expect_layer(answer, random(2, 1, 3, 6, 7), wide, b, 1, 0, "a 2×5 kernel")
    one = random(4, 2, 2, 1, 1)
    _expect_layer(answer, random(5, 3, 2, 4, 4), one, b, 1, 0, "a 1×1 kernel")
    _expect_layer(answer, random(6, 1, 2, 1, 1), random(7, 2, 2, 3, 3), b, 1, 1, "one pixel")
    sides = random(9, 2, 2, 3, 3)
    _expect_layer(answer, random(10, 2, 2, 4, 6), sides, b, 1, 0, "two maps with two rows")
    _expect_layer(answer, random(10, 2, 2, 6, 4), sides, b, 1, 0, "two maps with two columns")
    levels = _levels(8, 1, 2, 4, 5)
    _expect_layer(answer, levels, one, b, 2, 1, "an image of uint8")
    whole = _levels(11, 2, 2, 2, 3)
    _expect_layer(answer, levels, whole, b, 1, 1, "an image and kernels of uint8")


mix_channels = Exercise(
    "layers.mix_channels",
    unlocks="You can now read a 1×1 convolution as a matrix at each pixel.",
)


def _expect_mixed(got: Any, x: Array, weight: Array, what: str) -> None:
    truth = np.einsum("oc,nchw->nohw", weight.astype(float), x)
    rows = x.transpose(0, 2, 3, 1)
    n, _, h, w = x.shape
    mistakes = [
        (
            (rows @ weight.T).reshape(n, len(weight), h, w),
            "The channels have to come back to axis 1 by transpose; reshape scrambles them.",
        ),
        (
            (x.reshape(n, h * w, -1) @ weight.T).reshape(n, len(weight), h, w),
            "reshape does not move axes: pixels were read across channels.",
        ),
        (
            (x.reshape(n, h * w, -1) @ weight.T).transpose(0, 2, 1).reshape(n, len(weight), h, w),
            "reshape does not move axes: pixels were read across channels.",
        ),
        (
            np.repeat(x.mean(axis=1, keepdims=True), len(weight), axis=1),
            "That is the plain mean of the channels: the weights are not used.",
        ),
        (truth / x.shape[1], "A weighted sum, not a weighted mean: do not divide by C."),
    ]
    if x.dtype.kind == "u":
        mistakes.append((np.floor(truth), "The result was cut to whole numbers: it needs floats."))
    if x.dtype == weight.dtype == np.uint8:
        mistakes.append((truth % 256, WRAPPED))
        parts = np.einsum("oc,nchw->nohwc", weight.astype(float), x)
        mistakes.append(((parts % 256).sum(axis=-1), WRAPPED))
    if weight.shape[0] == weight.shape[1]:
        turned = np.einsum("co,nchw->nohw", weight, x)
        mistakes.append((turned, "The matrix was transposed: its rows belong to the outputs."))
    expect_close(got, truth, what=what, mistakes=mistakes)


@mix_channels.group("shape")
def _(answer: Any) -> str:
    hint = "Rows and columns stay; the C channels become O."
    return expect_shape(answer(random(0, 2, 3, 5, 4), random(1, 6, 3)), (2, 6, 5, 4), hint)


@mix_channels.group("values")
def _(answer: Any) -> None:
    for seed, (c, o) in enumerate([(3, 3), (4, 2), (2, 5)]):
        x, weight = random(seed, 2, c, 5, 4), random(seed + 5, o, c)
        _expect_mixed(answer(x, weight), x, weight, f"{c} to {o} channels")


@mix_channels.group("edge cases")
def _(answer: Any) -> None:
    x, weight = random(3, 1, 4, 4, 4), random(4, 4, 4)
    _expect_mixed(answer(x, weight), x, weight, "as many rows and columns as channels")
    x, weight = random(5, 3, 1, 1, 1), random(6, 2, 1)
    _expect_mixed(answer(x, weight), x, weight, "one channel, one pixel")
    levels, weight = _levels(7, 1, 3, 2, 2), np.array([[0.5, 0.3, 0.15]])
    _expect_mixed(answer(levels, weight), levels, weight, "an image of uint8")
    weight = np.array([[3, 1, 2], [0, 9, 4]], dtype=np.uint8)
    _expect_mixed(answer(levels, weight), levels, weight, "an image and weights of uint8")


max_pool = Exercise(
    "layers.max_pool", unlocks="You can now pool with windows that overlap, at any border."
)


def _pool(x: Array, size: int, stride: int, padding: int, value: float, reduce: Any) -> Array:
    seen = sliding_window_view(padded(x, padding, value), (size, size), axis=(2, 3))
    return np.asarray(reduce(seen[:, :, ::stride, ::stride], axis=(-2, -1)))


def _expect_pooled(
    answer: Callable[..., Any], x: Array, size: int, stride: int, padding: int, what: str
) -> None:
    truth = _pool(x, size, stride, padding, -np.inf, np.max)
    mistakes = [
        (
            _pool(x, size, stride, padding, 0.0, np.max),
            "Zeros win where all pixels are negative: pad with minus infinity.",
        ),
        (np.maximum(truth, 0), "The search for the largest began at 0: begin at minus infinity."),
        (_pool(x, size, stride, padding, 0.0, np.mean), "That is average pooling."),
        (_pool(x, size, stride, padding, np.inf, np.min), "That is the smallest value."),
        (
            np.broadcast_to(truth.max(1, keepdims=True), truth.shape),
            "Each map is pooled by itself.",
        ),
    ]
    got = answer(x, size, stride, padding)
    if np.shape(got) == truth.shape and padding:
        largest = np.max(as_array(got))
        words = f"A padding of {largest:g} wins against smaller numbers: pad with minus infinity."
        mistakes.append((_pool(x, size, stride, padding, float(largest), np.max), words))
    if np.shape(got) != truth.shape and np.ndim(got) == 4:
        hint = "Overlapping windows start S pixels apart: (H + 2P − size) // S + 1 of them."
        raise Mismatch(f"{what}: expected shape {truth.shape}, got {np.shape(got)}", hint)
    expect_close(got, truth, what=what, mistakes=mistakes)


@max_pool.group("shape")
def _(answer: Any) -> str:
    return expect_shape(answer(random(0, 2, 3, 8, 6), 2, 2, 0), (2, 3, 4, 3))


@max_pool.group("values")
def _(answer: Any) -> None:
    for seed, (size, stride, padding) in enumerate(
        [(2, 2, 0), (3, 2, 0), (3, 1, 0), (3, 2, 1), (2, 2, 1), (5, 3, 2)]
    ):
        what = f"{size}×{size}, stride {stride}, padding {padding}"
        _expect_pooled(answer, random(seed, 2, 3, 9, 8), size, stride, padding, what)


@max_pool.group("edge cases")
def _(answer: Any) -> None:
    negative = -1 - np.abs(random(5, 1, 2, 6, 6))
    _expect_pooled(answer, negative, 3, 2, 1, "negative numbers everywhere")
    far = -1e30 * (1 + np.abs(random(8, 1, 2, 6, 6)))
    _expect_pooled(answer, far, 3, 2, 1, "numbers far below zero")
    _expect_pooled(answer, random(6, 1, 1, 7, 7), 2, 3, 0, "gaps between the windows")
    _expect_pooled(answer, random(7, 1, 2, 1, 1), 1, 1, 0, "one pixel")
    whole = np.random.default_rng(9).integers(-127, 128, (1, 2, 5, 5)).astype(np.int8)
    whole[..., 2, 2] = -128  # whose negative does not fit into 8 bits
    _expect_pooled(answer, whole - (whole > 0) * whole, 3, 1, 1, "whole numbers of 8 bits")
    _expect_pooled(answer, _levels(10, 2, 1, 4, 5), 3, 2, 1, "an image of uint8")
