"""Checks: dropout, and two networks asked together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pdl._arrays import Array

from ..checking.attempts import NARROW_LOGITS, explain
from ..checking.compare import Mismatch, as_array, expect_close, expect_shape
from ..checking.engine import Exercise
from ..checking.parts import cut_off
from ..checking.samples import random

dropout = Exercise(
    "training.dropout", unlocks="You can now drop numbers in training and leave use as it is."
)


def _expect_spread(dropped: Array, what: str) -> None:
    """Demand that each number was drawn for itself: the numbers are N×C×H×W."""
    if dropped.all() or not dropped.any():
        raise Mismatch(
            f"{what}: {'all' if dropped.all() else 'none'} of {dropped.size} numbers are zero",
            "Nothing was drawn, or one draw decided for all: rng.random(x.shape) draws for each.",
        )
    sames = {
        (1, 2, 3): "Whole images were dropped: draw for each number, rng.random(x.shape).",
        (2, 3): "Whole maps were dropped: draw for each number, rng.random(x.shape).",
        (0,): "The same numbers were dropped in each image: draw with the shape of x.",
        (1,): "The same places were dropped in each map: draw with the shape of x.",
        (2,): "Whole columns were dropped: draw for each number, rng.random(x.shape).",
        (3,): "Whole rows were dropped: draw for each number, rng.random(x.shape).",
    }
    for axes, words in sames.items():
        if (dropped == dropped.all(axis=axes, keepdims=True)).all():
            raise Mismatch(f"{what}: numbers are dropped together", words)


def _expect_dropout(answer: Any, x: Array, p: float, what: str) -> None:
    got = as_array(answer(x, p, np.random.default_rng(x.size)))
    if got.shape != x.shape:
        raise Mismatch(f"{what}: expected shape {x.shape}, got {got.shape}")
    dropped = got == 0
    if x.size > 1000:
        _expect_spread(dropped, what)
        share, margin = dropped.mean(), 6 * math.sqrt(p * (1 - p) / x.size)
        if abs(share - p) > margin:
            close = abs(share - (1 - p)) < margin
            hint = "p is the probability of being dropped, not of being kept." if close else ""
            raise Mismatch(f"{what}: expected about {p:.2f} dropped, got {share:.2f}", hint)
    exact = np.where(dropped, 0, x)
    truth = exact / (1 - p)
    mistakes: list[tuple[Any, str]] = [
        (exact, "Kept numbers are as they were: divide by 1 − p, so that the mean stays."),
        (exact * (1 - p), "Multiplied by 1 − p: divide, so that the mean stays."),
        (exact / p, "Divided by p: the share that is kept is 1 − p."),
        (exact * (1 + p), "Multiplied by 1 + p: divide by 1 − p, which is more."),
        *cut_off(got),
    ]
    if not dropped.all():
        by_chance = exact / (1 - dropped.mean())
        mistakes.append((by_chance, "Divide by 1 − p, not by the share that chance has kept."))
        with np.errstate(all="ignore"):
            by_mean = exact * x.mean() / exact.mean()
        mistakes.append((by_mean, "Divide by 1 − p: the mean stays on average, not in each draw."))
    expect_close(got, truth, what=what, mistakes=mistakes)


@dropout.group("shape")
def _(answer: Any) -> str:
    return expect_shape(answer(random(0, 2, 3, 4, 5), 0.5, np.random.default_rng(0)), (2, 3, 4, 5))


@dropout.group("values")
def _(answer: Any) -> None:
    for p in (0.2, 0.75):
        _expect_dropout(answer, 2 + random(1, 40, 5, 10, 8) ** 2, p, f"p = {p}")
    x = np.ones(64)
    draws = [as_array(answer(x, 0.5, np.random.default_rng(seed))) for seed in (1, 1, 2)]
    if not np.array_equal(draws[0], draws[1]):
        raise Mismatch(
            "equal generators dropped different numbers",
            "Draw from the `rng` that is passed, or no run can be repeated.",
        )
    if np.array_equal(draws[0], draws[2]):
        raise Mismatch(
            "two generators dropped the same numbers",
            "Draw from the `rng` that is passed: a generator made inside starts anew each time.",
        )


@dropout.group("edge cases")
def _(answer: Any) -> None:
    x = random(2, 3, 4)
    got = answer(x, 0.0, np.random.default_rng(3))
    expect_close(got, x, what="p = 0")
    whole = np.arange(-120, 120, 6).reshape(8, 5).astype(np.int8)
    _expect_dropout(answer, whole, 0.3, "whole numbers of 8 bits")
    rng = np.random.default_rng(4)
    counts = {int((as_array(answer(np.ones(10), 0.5, rng)) == 0).sum()) for _ in range(60)}
    if len(counts) == 1:
        raise Mismatch(
            f"of ten numbers always {counts.pop()} were dropped",
            "Draw for each number by itself: how many are dropped is chance too.",
        )


two_opinions = Exercise(
    "training.two_opinions",
    unlocks="You can now ask two networks at once, as dropout's scaling asks all of them.",
)


def _softmax(logits: Array, axis: int | None = 1) -> Array:
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True))


CLIPPED = "Clip nothing: the mean of the logits needs no logarithm of a probability."


def _expect_opinions(answer: Any, given_a: Array, given_b: Array, what: str) -> None:
    a, b = given_a.astype(float), given_b.astype(float)
    middle = (a + b) / 2
    p, q = _softmax(a), _softmax(b)
    truth = _softmax(middle)
    powers = np.exp(middle - middle.max(axis=1, keepdims=True))
    over_images = "Normalised over the images: each row has to add up to 1."
    over_all = "Normalised over all images at once: each row has to add up to 1."
    mistakes: list[tuple[Any, str]] = [
        ((p + q) / 2, "That is the arithmetic mean; the geometric one is the root of p · q."),
        (_softmax(a + b), "The root is missing: halve the sum of the logits."),
        (np.sqrt(p * q), "Not normalised: divide by the sum over the classes."),
        (p * q, "The root is missing, and the sum over the classes is not 1."),
        (middle, "These are logits still: the softmax is missing."),
        (_softmax(middle, 0), over_images),
        (powers / powers.sum(axis=0), over_images),
        (_softmax(middle, None), over_all),
        (powers / powers.sum(), over_all),
        (np.log(np.maximum(truth, 1e-300)), "That is the logarithm of the answer."),
        (_softmax((a + b) // 2), "Halved to whole numbers: divide by 2 with /, not //."),
        (_softmax((p + q) / 2), "Average the logits, not the probabilities, before the softmax."),
        (_softmax(np.sqrt(p * q)), "Already probabilities: divide by their sum, no softmax."),
    ]
    for smallest in 10.0 ** -np.arange(3, 17):
        root = np.sqrt(p.clip(smallest) * q.clip(smallest))
        mistakes.append((root / root.sum(axis=1, keepdims=True), CLIPPED))
    with np.errstate(all="ignore"):
        got = as_array(answer(given_a, given_b), f"an array of shape {truth.shape}")
    if got.dtype.kind == "f" and np.isnan(got).any():
        raise Mismatch(
            f"{what}: there is a NaN in the result",
            "exp overflowed, or all classes of a row became 0: average the logits first, then "
            "subtract each row's own maximum.",
        )
    expect_close(got, truth, what=what, mistakes=mistakes)


@two_opinions.group("shape")
def _(answer: Any) -> str:
    return expect_shape(answer(random(0, 4, 3), random(1, 4, 3)), (4, 3), "N×C, as the logits.")


@two_opinions.group("values")
def _(answer: Any) -> None:
    for n, classes in ((4, 3), (7, 10)):
        a, b = 2 * random(n, n, classes), 1 + 2 * random(n + 1, n, classes)
        _expect_opinions(answer, a, b, f"{n} images, {classes} classes")


@two_opinions.group("edge cases")
def _(answer: Any) -> None:
    _expect_opinions(answer, random(8, 1, 5), random(9, 1, 5), "one image")
    small = np.array([[1, 0, 3], [2, 2, 0]])
    _expect_opinions(answer, small, np.array([[0, 3, 3], [1, 0, 0]]), "whole numbers")
    large = np.array([[1000.0, 999.0, 0.0], [0.0, 901.0, 900.0]])
    _expect_opinions(answer, large, large[:, ::-1].copy(), "logits of 1000")
    apart = np.array([[1.0, 2.0, 0.0], [-2000.0, -2001.0, -2003.0]])
    _expect_opinions(answer, apart, apart, "rows at different heights")
    for low in (0.0, -1000.0):
        sure = np.array([[1000.0, low, low], [3.0, 1.0, 0.0]])
        surer = np.array([[low, 1002.0, low], [1.0, 3.0, 0.0]])
        what = f"two networks that are sure and disagree, logits of 1000 and {low:g}"
        _expect_opinions(answer, sure, surer, what)
    wide = np.array([[100, 99, 3], [-90, -91, 37]], dtype=np.int8)
    with explain(NARROW_LOGITS):
        _expect_opinions(answer, wide, wide, "whole numbers of 8 bits")
