"""Checks: batch normalization forwards and backwards, and the statistics that it keeps."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdl._arrays import Array

from ..checking.attempts import explain
from ..checking.compare import expect_close, expect_shape
from ..checking.engine import Exercise
from ..checking.parts import CUT, cut_off, expect_part_shapes, expect_part_values
from ..checking.samples import random

MAP = (0, 2, 3)

batch_norm = Exercise(
    "training.batch_norm", unlocks="You can now normalise the maps of a batch, each by itself."
)


FAR = 1e6
CANCELLED = (
    "The mean of the squares minus the square of the mean loses its digits where the mean is "
    "large: take the mean first, then the squares of the differences."
)
NARROW = "Squares and sums of whole numbers of 8 bits wrap around: x.astype(float) first."


def _column(numbers: Array) -> Array:
    return numbers.reshape(1, -1, 1, 1)


def _hat(x: Array, eps: float, axes: tuple[int, ...] = MAP, ddof: int = 0) -> Array:
    with np.errstate(all="ignore"):  # a mistake may divide by zero
        var = x.var(axis=axes, keepdims=True, ddof=ddof)
        return np.asarray((x - x.mean(axis=axes, keepdims=True)) / np.sqrt(var + eps))


def _expect_norm(answer: Any, x: Array, gamma: Array, beta: Array, eps: float, what: str) -> None:
    scale, shift = _column(gamma), _column(beta)
    mean, var = x.mean(axis=MAP, keepdims=True), x.var(axis=MAP, keepdims=True)
    with np.errstate(all="ignore"):
        outside = (x - mean) / (np.sqrt(var) + eps)
        by_variance = (x - mean) / (var + eps)
    mistakes: list[tuple[Any, str]] = [
        (scale * _hat(x, 0.0) + shift, "eps is missing."),
        (scale * outside + shift, "eps is added to the variance, under the root."),
        (scale * _hat(x, 1e-5) + shift, "eps is an argument: use it, whatever its size."),
        (scale * by_variance + shift, "Divide by the root of the variance."),
        (scale * (x - mean) + shift, "The division by the standard deviation is missing."),
        (_hat(x, eps), "gamma and beta are missing."),
        (scale * _hat(x, eps), "beta is missing."),
        (_hat(x, eps) + shift, "gamma is missing."),
        (scale * (_hat(x, eps) + shift), "beta comes after gamma and is not multiplied by it."),
        (
            scale * _hat(x, eps, (2, 3)) + shift,
            "Each image was normalised by itself: the mean goes over the images too.",
        ),
        (
            scale * _hat(x, eps, (1, 2, 3)) + shift,
            "That mixes the maps of an image; batch norm takes one map over all images.",
        ),
        (
            scale * _hat(x, eps, (0,)) + shift,
            "A mean for each place: batch norm takes one map with all its places.",
        ),
        (scale * _hat(x, eps, (0, 1, 2, 3)) + shift, "One mean for all maps: take one for each."),
        (
            scale * _hat(x, eps, ddof=1) + shift,
            "The batch is normalised with the plain variance: m/(m − 1) is for the running one.",
        ),
    ]
    truth = scale * _hat(x, eps) + shift
    for axis, words in ((3, "columns"), (2, "rows"), (0, "images")):
        if x.shape[axis] == x.shape[1]:
            along = [1, 1, 1, 1]
            along[axis] = -1
            wrong = gamma.reshape(along) * _hat(x, eps) + beta.reshape(along)
            mistakes.append((wrong, f"gamma and beta run along the {words}, not along the maps."))
    got = answer(x, gamma, beta, eps)
    expect_close(got, truth, what=what, mistakes=[*cut_off(got), *mistakes])


@batch_norm.group("shape")
def _(answer: Any) -> str:
    got = answer(random(0, 4, 3, 2, 5), 1 + random(1, 3), random(2, 3), 1e-5)
    return expect_shape(got, (4, 3, 2, 5), "The shape of x: gamma and beta are (C,), one per map.")


@batch_norm.group("values")
def _(answer: Any) -> None:
    x = 3 + 2 * random(3, 5, 3, 4, 2)
    _expect_norm(answer, x, 1 + random(4, 3) ** 2, random(5, 3), 1e-5, "3 maps")
    x = random(6, 2, 4, 3, 6)
    _expect_norm(answer, x, random(7, 4), random(8, 4), 0.5, "eps of 0.5")


@batch_norm.group("edge cases")
def _(answer: Any) -> None:
    gamma, beta = np.array([0.5, -2.0, 3.0]), np.array([1.0, 0.0, -4.0])
    _expect_norm(answer, random(9, 2, 3, 4, 3), gamma, beta, 1e-3, "as many maps as columns")
    _expect_norm(answer, random(10, 1, 3, 3, 4), gamma, beta, 1e-3, "one image")
    _expect_norm(answer, random(11, 6, 3, 1, 1), gamma, beta, 1e-3, "1×1 maps")
    _expect_norm(answer, random(14, 3, 3, 2, 4), gamma, beta, 1e-3, "as many maps as images")
    alike = np.full((2, 3, 2, 2), 7.0)
    _expect_norm(answer, alike, gamma, beta, 1e-3, "a constant batch")
    levels = np.random.default_rng(12).integers(0, 256, size=(2, 3, 4, 5)).astype(np.uint8)
    with explain(NARROW, keep=CUT):
        _expect_norm(answer, levels, gamma, beta, 1e-3, "images of uint8")
    far = FAR + random(13, 2, 3, 4, 5)
    with explain(CANCELLED, keep="single precision is too coarse"):
        _expect_norm(answer, far, gamma, beta, 1e-3, "a mean of a million")


batch_norm_backward = Exercise(
    "training.batch_norm_backward",
    unlocks="You can now train through batch norm with nothing but NumPy.",
)


def _through(
    grad: Array,
    x: Array,
    gamma: Array,
    eps: float | Array,
    mean: bool = True,
    variance: bool = True,
) -> Array:
    """Map by map, by the matrix of all derivatives of the outputs by the inputs."""
    result = np.zeros(x.shape)
    added = np.broadcast_to(np.ravel(eps), x.shape[1])
    for c in range(x.shape[1]):
        values = x[:, c].ravel()
        m = values.size
        with np.errstate(all="ignore"):
            std = np.sqrt(values.var() + added[c])
            hat = (values - values.mean()) / std
            slopes = np.eye(m) - mean * np.ones((m, m)) / m - variance * np.outer(hat, hat) / m
            by_x = gamma[c] / std * slopes.T @ grad[:, c].ravel()
        result[:, c] = by_x.reshape(x[:, c].shape)
    return result


def _expect_backward(answer: Any, x: Array, gamma: Array, eps: float, what: str) -> None:
    grad = 1 + random(x.size, *x.shape)
    hat = _hat(x, eps)
    truth = _through(grad, x, gamma, eps)
    by_gamma, by_beta = (grad * hat).sum(axis=MAP), grad.sum(axis=MAP)
    m = x[:, 0].size
    variance = x.var(axis=MAP, keepdims=True)
    constants = _column(gamma) * grad / np.sqrt(variance + eps)
    outside = (np.sqrt(variance) + eps) ** 2 - variance  # as if added to the deviation
    with np.errstate(all="ignore"):
        without_gamma = truth / _column(gamma)
    per_image = np.concatenate(
        [_through(g[None], i[None], gamma, eps) for g, i in zip(grad, x, strict=True)]
    )
    mistakes: dict[str, list[tuple[Any, str]]] = {
        "grad_x": [
            (constants, "Mean and variance were taken for constants: gradients flow through both."),
            (
                _through(grad, x, gamma, eps, mean=False),
                "The way through the mean is missing: subtract the mean of the gradient.",
            ),
            (
                _through(grad, x, gamma, eps, variance=False),
                "The way through the variance is missing: the batch's spread depends on x too.",
            ),
            (without_gamma, "The factor gamma is missing."),
            (_through(grad, x, gamma, 0.0), "eps is missing: it is in the forward pass."),
            (
                _through(grad, x, gamma, outside),
                "eps is added to the variance, under the root.",
            ),
            (_through(grad, x, gamma, 1e-5), "eps is an argument: use it, whatever its size."),
            (per_image, "Each image was taken by itself: the means go over the images too."),
        ],
        "grad_gamma": [
            (by_gamma / m, "Add over the batch, do not average."),
            ((grad * x).sum(axis=MAP), "gamma multiplies the normalised x, not x itself."),
            (by_gamma * gamma, "gamma itself has no place in its own gradient."),
            (by_beta, "That is beta's gradient: gamma multiplies the normalised x."),
        ],
        "grad_beta": [
            (by_beta / m, "Add over the batch, do not average."),
            (by_gamma, "beta is only added: the normalised x has no place in its gradient."),
        ],
    }
    truths = {"grad_x": truth, "grad_gamma": by_gamma, "grad_beta": by_beta}
    expect_part_values(answer(grad, x, gamma, eps), truths, mistakes, what)


@batch_norm_backward.group("shape")
def _(answer: Any) -> str:
    got = answer(random(0, 4, 3, 2, 5), random(1, 4, 3, 2, 5), 1 + random(2, 3), 1e-5)
    per_map = "One number per map: add over images, rows and columns."
    shapes = {"grad_x": (4, 3, 2, 5), "grad_gamma": (3,), "grad_beta": (3,)}
    return expect_part_shapes(got, shapes, {"grad_gamma": per_map, "grad_beta": per_map})


@batch_norm_backward.group("values")
def _(answer: Any) -> None:
    _expect_backward(answer, random(3, 4, 3, 2, 5), 1 + random(4, 3) ** 2, 1e-5, "3 maps")
    _expect_backward(answer, random(5, 3, 2, 4, 3), np.array([0.5, -2.0]), 0.5, "eps of 0.5")


@batch_norm_backward.group("edge cases")
def _(answer: Any) -> None:
    gamma = np.array([1.5, -0.5])
    _expect_backward(answer, random(7, 1, 2, 4, 3), gamma, 1e-3, "one image")
    _expect_backward(answer, random(8, 6, 2, 1, 1), gamma, 1e-3, "1×1 maps")
    _expect_backward(answer, np.full((2, 2, 2, 2), 3.0), gamma, 1e-3, "a constant batch")
    levels = np.random.default_rng(9).integers(0, 256, size=(2, 2, 3, 4)).astype(np.uint8)
    with explain(NARROW, keep=CUT):
        _expect_backward(answer, levels, 60 * gamma, 1e-3, "images of uint8")
    far = FAR + random(6, 2, 2, 3, 2)
    with explain(CANCELLED, keep="single precision is too coarse"):
        _expect_backward(answer, far, gamma, 1e-3, "a mean of a million")


running_statistics = Exercise(
    "training.running_statistics",
    unlocks="You can now say what a framework's batch norm does in use, and why two differ.",
)


def _expect_running(answer: Any, batch: Array, momentum: float, what: str) -> None:
    channels = batch.shape[1]
    old_mean, old_var = random(90, channels), 0.5 + random(91, channels) ** 2
    new_mean, plain = batch.mean(axis=MAP), batch.var(axis=MAP)
    m, n = batch[:, 0].size, len(batch)
    new_var = plain * m / (m - 1)

    def mixed(old: Array, new: Array) -> Array:
        return (1 - momentum) * old + momentum * new

    truths = {"mean": mixed(old_mean, new_mean), "var": mixed(old_var, new_var)}
    reversed_ = "momentum weighs the new value here; in Keras it weighs the old one."
    added = "The old value weighs 1 − momentum, not 1."
    only_new = "The old value is missing: that is the batch's own."
    mistakes: dict[str, list[tuple[Any, str]]] = {
        "mean": [
            (mixed(new_mean, old_mean), reversed_),
            (old_mean + momentum * new_mean, added),
            (new_mean, only_new),
            (old_mean, "The mean has not moved."),
        ],
        "var": [
            (mixed(old_var, plain), "The factor m/(m − 1) is missing."),
            (mixed(old_var, plain * (m - 1) / m), "Upside down: the factor is m/(m − 1)."),
            (mixed(old_var, np.sqrt(new_var)), "A standard deviation: the variance is kept."),
            (mixed(old_var, np.sqrt(plain)), "A standard deviation: the variance is kept."),
            (mixed(old_var, plain) * m / (m - 1), "Only the batch's variance gets m/(m − 1)."),
            (mixed(new_var, old_var), reversed_),
            (mixed(plain, old_var), reversed_),
            (old_var + momentum * new_var, added),
            (new_var, only_new),
            (old_var, "The variance has not moved."),
        ],
    }
    if n > 1:
        wrong = mixed(old_var, plain * n / (n - 1))
        words = "m counts all numbers of a map, N · H · W, not the images only."
        mistakes["var"].append((wrong, words))
    moved = ((batch - _column(truths["mean"])) ** 2).sum(axis=MAP) / (m - 1)
    words = "The variance is about the batch's own mean, not about the running one."
    mistakes["var"].append((mixed(old_var, moved), words))
    expect_part_values(answer(old_mean, old_var, batch, momentum), truths, mistakes, what)


@running_statistics.group("shape")
def _(answer: Any) -> str:
    got = answer(np.zeros(3), np.ones(3), random(0, 4, 3, 2, 5), 0.1)
    hints = dict.fromkeys(("mean", "var"), "One number per map: over images, rows and columns.")
    return expect_part_shapes(got, {"mean": (3,), "var": (3,)}, hints)


@running_statistics.group("values")
def _(answer: Any) -> None:
    _expect_running(answer, 3 + 2 * random(1, 4, 3, 2, 3), 0.1, "3 maps, momentum 0.1")
    _expect_running(answer, random(2, 3, 2, 4, 5), 0.3, "2 maps, momentum 0.3")


@running_statistics.group("edge cases")
def _(answer: Any) -> None:
    _expect_running(answer, random(3, 2, 3, 1, 1), 0.1, "two numbers a map")
    _expect_running(answer, random(4, 1, 2, 3, 2), 0.1, "one image")
    _expect_running(answer, random(5, 2, 2, 2, 2), 1.0, "momentum 1")
    _expect_running(answer, random(6, 2, 2, 2, 2), 0.0, "momentum 0")
    levels = np.random.default_rng(7).integers(0, 256, size=(2, 3, 2, 3)).astype(np.uint8)
    with explain(NARROW, keep=CUT):
        _expect_running(answer, levels, 0.1, "images of uint8")
    far = FAR + random(8, 2, 3, 4, 2)
    with explain(CANCELLED, keep="single precision is too coarse"):
        _expect_running(answer, far, 0.1, "a mean of a million")
