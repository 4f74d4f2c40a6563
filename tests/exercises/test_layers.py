"""Plausible wrong answers to the exercises of chapter 5, and a part of what the check says."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def size(
    length: int,
    kernel: int,
    stride: int,
    padding: Any,
    dilation: int,
    *,
    first: int = 1,
    spread: bool = True,
    taps: int = 1,
    sides: Any = sum,
    check: bool = True,
) -> Any:
    """The solution with one of its steps done wrong."""
    span = dilation * (kernel - taps) + taps if spread else kernel
    room = length + sides(padding) - span
    if check and room < 0:
        raise ValueError("does not fit")
    return room // stride + first


def size_without_padding(length: int, kernel: int, *others: Any) -> Any:
    if kernel > length:
        raise ValueError("does not fit")
    return size(length, kernel, *others)


def same(length: int, kernel: int, stride: int, *, up: bool = True) -> tuple[int, int]:
    outputs = -(-length // stride) if up else length // stride
    zeros = max((outputs - 1) * stride + kernel - length, 0)
    return zeros // 2, zeros - zeros // 2


def halves(zeros: int) -> tuple[int, int]:
    return zeros // 2, zeros - zeros // 2


def same_negative(length: int, kernel: int, stride: int) -> tuple[int, int]:
    zeros = (-(-length // stride) - 1) * stride + kernel - length
    return zeros // 2, zeros - zeros // 2


def field_stride_first(layers: Any) -> Any:
    r = j = 1
    for kernel, stride, dilation in layers:
        j *= stride
        r += dilation * (kernel - 1) * j
    return r, j


def field_without(layers: Any, *, jump: bool = True, dilated: bool = True, taps: int = 1) -> Any:
    r = j = 1
    for kernel, stride, dilation in layers:
        r += (dilation if dilated else 1) * (kernel - taps) * (j if jump else 1)
        j *= stride
    return r, j


def conv(
    x: Any, weight: Any, bias: Any, stride: int, padding: int, *, flip: bool = False
) -> np.ndarray:
    """A right convolution: what several wrong answers below start from."""
    around = [(0, 0), (0, 0), (padding, padding), (padding, padding)]
    weight = weight[:, :, ::-1, ::-1] if flip else weight
    seen = sliding_window_view(np.pad(x, around), weight.shape[2:], axis=(2, 3))
    seen = seen[:, :, ::stride, ::stride]
    return np.einsum("ncijuv,ocuv->noij", seen, weight) + bias[:, None, None]


def conv_replaces_channels(x: Any, w: Any, b: Any, stride: int, padding: int) -> Any:
    for c in range(x.shape[1]):
        y = conv(x[:, c : c + 1], w[:, c : c + 1], b, stride, padding)
    return y


def conv_bias_for_each_channel(x: Any, w: Any, b: Any, stride: int, padding: int) -> Any:
    channels = range(x.shape[1])
    return sum(conv(x[:, c : c + 1], w[:, c : c + 1], b, stride, padding) for c in channels)


def conv_forgets_stride(x: Any, w: Any, b: Any, stride: int, padding: int) -> Any:
    right = conv(x, w, b, stride, padding)
    return conv(x, w, b, 1, padding)[:, :, : right.shape[2], : right.shape[3]]


def conv_square_kernels(x: Any, w: Any, b: Any, stride: int, padding: int) -> Any:
    x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    K = w.shape[2]
    rows, columns = (x.shape[2] - K) // stride + 1, (x.shape[3] - K) // stride + 1
    y = np.zeros((len(x), len(w), rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = x[:, :, i * stride : i * stride + K, j * stride : j * stride + K]
            part = w[:, :, : window.shape[2], : window.shape[3]]
            y[:, :, i, j] = np.einsum("ncuv,ocuv->no", window[..., : part.shape[3]], part) + b
    return y


def conv_bias_along(x: Any, w: Any, b: Any, stride: int, padding: int, *, axis: int) -> Any:
    """Right unless the bias happens to be as long as a side of the maps."""
    y = conv(x, w, 0 * b, stride, padding)
    return y + b.reshape((-1,) + (1,) * (3 - (axis if y.shape[axis] == len(b) else 1)))


def conv_by_products(x: Any, w: Any, b: Any, stride: int, padding: int) -> Any:
    around = [(0, 0), (0, 0), (padding, padding), (padding, padding)]
    seen = sliding_window_view(np.pad(x, around), w.shape[2:], axis=(2, 3))
    seen = seen[:, :, ::stride, ::stride].transpose(0, 2, 3, 1, 4, 5)
    maps = [(seen * kernel).sum(axis=(3, 4, 5)) + one for kernel, one in zip(w, b, strict=True)]
    return np.stack(maps, axis=1)


def conv_pads_all_axes(x: Any, w: Any, b: Any, stride: int, padding: int) -> Any:
    return conv(np.pad(x, padding)[:, : x.shape[1]], w, b, stride, 0)


def mix_by_reshape(x: Any, weight: Any) -> Any:
    n, c, h, w = x.shape
    return (x.reshape(n, h * w, c) @ weight.T).reshape(n, len(weight), h, w)


def mix_without_moving_back(x: Any, weight: Any) -> Any:
    n, _, h, w = x.shape
    return (x.transpose(0, 2, 3, 1) @ weight.T).reshape(n, len(weight), h, w)


def pool(
    x: Any, size: int, stride: int, padding: int, value: float = -np.inf, reduce: Any = np.max
) -> Any:
    around = [(0, 0), (0, 0), (padding, padding), (padding, padding)]
    x = np.pad(x.astype(float), around, constant_values=value)
    seen = sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    return reduce(seen, axis=(-2, -1))


def pool_without_overlap(x: Any, size: int, stride: int, padding: int) -> Any:
    return pool(x, size, size, padding)


def pool_reflecting(x: Any, size: int, stride: int, padding: int) -> Any:
    around = [(0, 0), (0, 0), (padding, padding), (padding, padding)]
    return pool(np.pad(x, around, mode="reflect") if padding else x, size, stride, 0)


def pool_by_negatives(x: Any, size: int, stride: int, padding: int) -> Any:
    return -pool(-x, size, stride, padding, np.inf, np.min)


def as_int8(x: Any) -> Any:
    return x.astype(np.int8) if x.dtype.kind in "iu" else x


def pool_starts_at_zero(x: Any, size: int, stride: int, padding: int) -> Any:
    return np.maximum(pool(x, size, stride, padding), 0)


def pool_over_channels(x: Any, size: int, stride: int, padding: int) -> Any:
    y = pool(x, size, stride, padding)
    return np.broadcast_to(y.max(axis=1, keepdims=True), y.shape)


def probabilities(logits: Any, *, shift: bool = True, axis: int = 1) -> Any:
    logits = np.asarray(logits, dtype=float)
    if shift:
        logits = logits - logits.max(axis=axis, keepdims=True)
    e = np.exp(logits)
    return e / e.sum(axis=axis, keepdims=True)


def loss_as_printed(logits: Any, labels: Any) -> Any:
    p = probabilities(logits, shift=False)
    return -np.log(p[np.arange(len(labels)), labels]).mean()


def loss_through_probabilities(logits: Any, labels: Any) -> Any:
    return -np.log(probabilities(logits)[np.arange(len(labels)), labels]).mean()


def loss_one_hot(logits: Any, labels: Any) -> Any:
    p = probabilities(logits)
    return -(np.eye(p.shape[1])[labels] * np.log(p)).sum(axis=1).mean()


def loss_with_one_maximum(logits: Any, labels: Any) -> Any:
    shifted = logits - logits.max()
    taken = shifted[np.arange(len(labels)), labels]
    return (np.log(np.exp(shifted).sum(axis=1)) - taken).mean()


def loss_stable(logits: Any, labels: Any) -> Any:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]


def loss_over_images(logits: Any, labels: Any) -> Any:
    shifted = logits - logits.max(axis=0)
    each = np.log(np.exp(shifted).sum(axis=0)) - shifted
    return each[np.arange(len(labels)), labels].mean()


def loss_of_all_classes(logits: Any, labels: Any) -> Any:
    return -np.log(probabilities(logits)).mean()


def loss_clipped(logits: Any, labels: Any) -> Any:
    p = np.clip(probabilities(logits), 1e-12, 1)
    return -np.log(p[np.arange(len(labels)), labels]).mean()


def count(
    shape: Any,
    layers: Any,
    *,
    bias: int = 1,
    slices: bool = True,
    shrink: bool = True,
    pad: int = 2,
    everywhere: bool = False,
    up: bool = False,
    strides: bool = True,
) -> int:
    """The solution with one of its steps done wrong."""

    def positions(room: int, stride: int) -> int:
        room, stride = -room if up else room, stride if strides else 1
        return abs(room // stride) + 1

    total, (C, H, W) = 0, shape
    for kind, *numbers in layers:
        if kind == "conv":
            outputs, kernel, stride, padding = numbers
            H, W = (positions(each + pad * padding - kernel, stride) for each in (H, W))
            weights = outputs * ((C if slices else 1) * kernel**2 + bias)
            total += weights * (H * W if everywhere else 1)
            C = outputs
        elif kind == "pool" and shrink:
            H, W = (positions(each - numbers[0], numbers[1]) for each in (H, W))
        elif kind == "linear":
            total += numbers[0] * (C * H * W + bias)
            C, H, W = numbers[0], 1, 1
    return total


def keras(
    x: Any,
    kernel: Any,
    bias: Any,
    dense: Any,
    dense_bias: Any,
    *,
    axes: tuple[int, ...] = (3, 2, 0, 1),
    order: tuple[int, ...] = (0, 1, 2, 3),
    flip: bool = False,
) -> Any:
    """The function of the exercise, with its fault and with others."""
    maps = np.maximum(conv(x, kernel.transpose(axes), bias, 1, 0, flip=flip), 0)
    pooled = pool(maps, 2, 2, 0)
    return probabilities(pooled.transpose(order).reshape(len(x), -1) @ dense + dense_bias)


PIXEL_BY_PIXEL = (0, 2, 3, 1)


def refuses_what_is_not_whole(n: int, k: int, s: int, p: Any, d: int) -> int:
    """The rule of chapter 2's exercise, where a remainder is an error."""
    if (n + sum(p) - d * (k - 1) - 1) % s:
        raise ValueError("not whole")
    return size(n, k, s, p, d)


def refuses_a_perfect_fit(n: int, k: int, s: int, p: Any, d: int) -> int:
    if n + sum(p) <= d * (k - 1) + 1:
        raise ValueError("does not fit")
    return size(n, k, s, p, d)


def pools_by(shape: Any, layers: Any, side: Callable[[int, int, int], int]) -> int:
    """Counts rightly but for the side of a pooled map."""
    c, h, w = shape
    count = 0
    for kind, *numbers in layers:
        if kind == "conv":
            outputs, k, stride, padding = numbers
            count += outputs * (c * k * k + 1)
            c, h, w = outputs, *((each + 2 * padding - k) // stride + 1 for each in (h, w))
        elif kind == "pool":
            h, w = (side(each, *numbers) for each in (h, w))
        elif kind == "linear":
            count += numbers[0] * (c * h * w + 1)
            c, h, w = numbers[0], 1, 1
    return count


WRONG: dict[str, list[tuple[Any, str]]] = {
    "layers.output_size": [
        (refuses_what_is_not_whole, "D = 1: expected 14, got a ValueError"),
        (refuses_what_is_not_whole, "round down"),
        (refuses_a_perfect_fit, "expected 1, got a ValueError"),
        (lambda *a: size(*a, first=0), "add 1"),
        (lambda *a: size(*a, spread=False), "spreads the taps"),
        (lambda *a: size(*a, taps=0), "K − 1 gaps"),
        (lambda *a: size(*a, sides=lambda pair: 2 * pair[0]), "add both numbers"),
        (lambda *a: size(*a, sides=lambda pair: pair[0]), "Only the zeros before"),
        (lambda *a: size(*a, check=False), "does not fit in at all"),
        (lambda n, k, s, p, d: (n + sum(p) - d * (k - 1) - 1) / s + 1, "//"),
        (lambda n, k, s, p, d: -(-(n + sum(p) - d * (k - 1) - 1) // s) + 1, "round down"),
        (lambda n, k, s, p, d: round((n + sum(p) - d * (k - 1) - 1) / s) + 1, "to the nearest"),
        (size_without_padding, "Padding makes room"),
    ],
    "layers.same_padding": [
        (lambda *a: same(*a)[::-1], "goes after"),
        (lambda n, k, s: ((k - 1) // 2, (k - 1) // 2), "PyTorch's habit"),
        (lambda n, k, s: ((k - 1) // 2, k // 2), "rule for stride 1"),
        (same_negative, "never negative"),
        (lambda *a: same(*a, up=False), "rounded up"),
        (lambda *a: (sum(same(*a)),) * 2, "share them out"),
        (lambda *a: sum(same(*a)), "expected 2 results (before, after)"),
        (lambda *a: (sum(same(*a)) / 2,) * 2, "use // instead of /"),
        (lambda n, k, s: (k // 2, k // 2), "for odd kernels at stride 1"),
        (lambda n, k, s: (k // 2, (k - 1) // 2), "And the odd zero goes after"),
        (lambda *a: (same(*a)[0],) * 2, "An odd zero was lost"),
        (lambda *a: (same(*a)[1],) * 2, "One zero too many"),
        (lambda n, k, s: halves(max(k - s, 0)), "divides the length"),
        (lambda n, k, s: halves(max(-(-n // s) * s + k - n, 0)), "first one starts at 0"),
        (lambda n, k, s: halves((n - 1) * s + k - n), "keeps all L outputs"),
        (lambda n, k, s: halves(abs((-(-n // s) - 1) * s + k - n)), "not abs"),
        (lambda n, k, s: halves(max((round(n / s) - 1) * s + k - n, 0)), "rounded up"),
    ],
    "layers.receptive_field": [
        (field_stride_first, "size first"),
        (lambda layers: field_without(layers, jump=False), "*jumps*"),
        (lambda layers: field_without(layers, dilated=False), "spreads the taps"),
        (lambda layers: field_without(layers, taps=0), "not by K"),
        (lambda layers: field_without(layers)[::-1], "in this order"),
        (lambda layers: field_without(layers)[0], "expected 2 results (receptive field, jump)"),
        (lambda layers: field_without(layers[::-1]), "The first layer comes first"),
        (
            lambda layers: (field_without(layers)[0], math.prod(s * d for _, s, d in layers)),
            "product of the strides",
        ),
        (
            lambda layers: (field_without(layers)[0], math.prod(s for _, s, _ in layers[:-1])),
            "The last layer's stride",
        ),
        (lambda layers: (field_without(layers)[0] - 1, field_without(layers)[1]), "begin at 1"),
    ],
    "layers.conv2d": [
        (lambda *a: conv(*a, flip=True), "flipped"),
        (conv_replaces_channels, "last input channel"),
        (conv_bias_for_each_channel, "once for each input channel"),
        (conv_forgets_stride, "not by the stride"),
        (conv_square_kernels, "expected"),
        (conv_pads_all_axes, "expected"),
        (lambda x, w, b, s, p: conv(x, w, 0 * b, s, p), "biases are missing"),
        (lambda x, w, b, s, p: conv(x[:, :1], w[:, :1], b, s, p), "first input channel"),
        (lambda *a: conv_bias_along(*a, axis=3), "along the columns"),
        (lambda *a: conv_bias_along(*a, axis=2), "along the rows"),
        (conv, "an image and kernels of uint8"),
        (conv, "wrap around"),
        (conv_by_products, "wrap around"),
        (lambda x, w, b, s, p: conv(x, w, b, s, p).astype(x.dtype), "an image of uint8"),
    ],
    "layers.mix_channels": [
        (mix_without_moving_back, "transpose"),
        (mix_by_reshape, "does not move axes"),
        (lambda x, w: x.transpose(0, 2, 3, 1) @ w.T, "expected (2, 6, 5, 4)"),
        (lambda x, w: np.einsum("oc,nchw->nohw", w, x) / len(w[0]), "do not divide"),
        (lambda x, w: np.repeat(x.mean(1, keepdims=True), len(w), 1), "not used"),
        (
            lambda x, w: np.einsum("oc,nchw->nohw", w.T if len(w) == len(w[0]) else w, x),
            "transposed",
        ),
        (lambda x, w: np.einsum("oc,nchw->nohw", w, x), "an image and weights of uint8"),
        (lambda x, w: np.einsum("oc,nchw->nohw", w, x), "wrap around"),
        (lambda x, w: np.einsum("oc,nchw->nohw", w, x).astype(x.dtype), "cut to whole numbers"),
    ],
    "layers.max_pool": [
        (lambda x, k, s, p: pool(x, k, s, p, 0.0), "minus infinity"),
        (pool_starts_at_zero, "began at 0"),
        (pool_without_overlap, "Overlapping windows"),
        (lambda x, k, s, p: pool(x, k, s, p, 0.0, np.mean), "average pooling"),
        (pool_over_channels, "by itself"),
        *(
            (lambda x, k, s, p, low=low: pool(x, k, s, p, low), f"A padding of {low:g} wins")
            for low in (-255.0, -1000.0, -1e6, -1e9)
        ),
        (lambda x, k, s, p: pool(x, k, s, min(p, 1)), "5×5, stride 3, padding 2"),
        (pool_reflecting, "2×2, stride 2, padding 1"),
        (pool_by_negatives, "whole numbers of 8 bits"),
        (lambda x, k, s, p: pool(as_int8(x), k, s, p), "an image of uint8"),
    ],
    "layers.cross_entropy": [
        (loss_as_printed, "largest logit of each row before np.exp"),
        (loss_through_probabilities, "became exactly 0"),
        (loss_one_hot, "0 · log 0"),
        (loss_with_one_maximum, "each row"),
        (loss_clipped, "Clip nothing"),
        (lambda z, t: loss_stable(np.clip(z, -700, 700), t).mean(), "Clip nothing"),
        (lambda z, t: loss_stable(z, t).sum(), "take the mean"),
        (lambda z, t: -loss_stable(z, t).mean(), "The sign"),
        (loss_stable, "mean over its images"),
        (lambda z, t: np.exp(-loss_stable(z, t)).mean(), "expected"),
        (lambda z, t: loss_stable(z, t).mean() / np.log(2), "in bits"),
        (loss_over_images, "axis 1"),
        (loss_of_all_classes, "Only the true class"),
        (lambda z, t: loss_stable(z, t).mean(), "wrap around"),
    ],
    "layers.one_unit": [
        (lambda w, b: (w[0] - w[1], b[0] - b[1]), "class 1 minus class 0"),
        (lambda w, b: (w[1], b[1]), "forgets z₀"),
        (lambda w, b: (w[1] - w[0], b[1]), "bias is a difference"),
        (lambda w, b: (w[0] + w[1], b[0] + b[1]), "not added"),
        (lambda w, b: ((w[1] - w[0]) / 2, (b[1] - b[0]) / 2), "No half"),
        (lambda w, b: w[1] - w[0], "expected 2 results (weight, bias)"),
    ],
    "layers.parameters": [
        (lambda *a: pools_by(*a, lambda n, size, stride: n // 2), "its own size and stride"),
        (lambda *a: pools_by(*a, lambda n, size, stride: n // size), "its own size and stride"),
        (lambda *a: count(*a, bias=0), "biases are missing"),
        (lambda *a: count(*a, slices=False), "slice for each input channel"),
        (lambda *a: count(*a, shrink=False), "Pooling makes"),
        (lambda *a: count(*a, pad=0), "H + 2P"),
        (lambda *a: count(*a, pad=1), "expected"),
        (lambda *a: count(*a, up=True), "sizes are rounded down"),
        (lambda *a: count(*a, strides=False), "divide by it"),
        (lambda *a: count(*a, everywhere=True), "shared"),
    ],
    "layers.merge": [
        (lambda W1, b1, W2, b2: (W2 @ W1, b2), "passes through"),
        (lambda W1, b1, W2, b2: (W2 @ W1, W2 @ b1), "second bias is missing"),
        (lambda W1, b1, W2, b2: ((W2 @ W1).T, W2 @ b1 + b2), "outputs first"),
        (
            lambda W1, b1, W2, b2: (
                W1 @ W2 if W1.shape == W2.shape else W2 @ W1,
                W2 @ b1 + b2,
            ),
            "stands on the left",
        ),
        (lambda W1, b1, W2, b2: W2 @ W1, "expected 2 results (W, b)"),
    ],
    "layers.mended": [
        (keras, "channel by channel"),
        (lambda *a: keras(*a, order=(0, 3, 2, 1)), "changed places"),
        (
            lambda *a: keras(*a, order=PIXEL_BY_PIXEL, axes=(3, 2, 1, 0)),
            "about their diagonal",
        ),
        (lambda *a: keras(*a, order=PIXEL_BY_PIXEL, flip=True), "flipped"),
        (lambda *a: keras(*a, flip=True), "expected"),
    ],
}
