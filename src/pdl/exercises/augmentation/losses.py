"""Checks: the log-loss, that of the class shares, and weights that balance classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdl._arrays import Array

from ..checking.attempts import attempt, explain
from ..checking.compare import Mismatch, as_array, expect_close, expect_shape
from ..checking.engine import Exercise
from .support import Answer, Mistakes

log_loss = Exercise(
    "augmentation.log_loss",
    unlocks="You can now compare forecasts by how much they believed the truth.",
)

CLIP = 1e-15
COLUMNS = (
    "Not every class has to be among the labels: label k belongs to column k, and the number of "
    "classes is probabilities.shape[1]."
)
SIGN = "The sign is reversed: the logarithm of a probability is negative, a loss is not."


def _forecasts(seed: int, count: int, classes: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(classes), size=count), rng.integers(classes, size=count)


def _expect_log_loss(
    answer: Answer, probabilities: Array, labels: Array, what: str, rtol: float = 1e-7
) -> None:
    n, classes = probabilities.shape
    p = np.clip(probabilities.astype(float), CLIP, 1 - CLIP)
    y = np.eye(classes)[labels]
    of_truth = probabilities.astype(float)[np.arange(n), labels]
    losses = -np.log(of_truth.clip(CLIP))
    truth = losses.mean()
    renamed = np.unique(labels, return_inverse=True)[1]
    binary = -(y * np.log(p) + (1 - y) * np.log(1 - p))
    base = "That is another base: the log-loss takes the natural logarithm, np.log."
    others = "The other classes add nothing: only the probability of the true class counts."
    mistakes: Mistakes = [
        (-np.log(p[np.arange(n), renamed]).mean(), COLUMNS),
        (-truth, SIGN),
        (truth / np.log(2), base),
        (truth / np.log(10), base),
        (losses.sum(), "That is the sum: take the mean over the images."),
        (truth / classes, "Divided by images · classes: each image adds one term, divide by N."),
        (-np.log(of_truth.mean()), "First the logarithm of each image, then the mean."),
        (
            -np.log(p.max(axis=1)).mean(),
            "That is the probability of the class predicted: take that of the true class.",
        ),
        (
            -np.log(p).mean(),
            "That is the mean over all classes: take the probability of the true class.",
        ),
        (-np.log(p).sum(axis=1).mean(), "Take the probability of the true class only."),
        (binary.sum(axis=1).mean(), others),
        (binary.mean(), others),
        (-(p * np.log(p)).sum(axis=1).mean(), "That is the forecasts' entropy: use the labels."),
        (1 - of_truth.mean(), "The logarithm is missing."),
        (-of_truth.mean(), "The logarithm is missing."),
    ]
    if (of_truth < CLIP).any():
        seen = of_truth[of_truth > 0]
        mistakes.append((-np.log(seen).mean(), "The image with probability 0 counts too."))
        mistakes += [
            (-np.log(of_truth.clip(clip)).mean(), "Clipped at another number: clip at 1e-15.")
            for clip in (*10.0 ** -np.arange(2, 25), np.finfo(float).eps, np.finfo(np.float32).eps)
            if clip != CLIP
        ]
    got = as_array(attempt(answer, probabilities, labels, what=what, hint=COLUMNS), "a number")
    if got.shape == () and not np.isfinite(got):
        raise Mismatch(
            f"{what}: expected {truth:.6g}, got {got}",
            "The logarithm of 0: clip the probabilities at 1e-15 before taking it.",
        )
    expect_close(got, truth, what=what, mistakes=mistakes, rtol=rtol)


def _works(answer: Answer, *arguments: Array) -> bool:
    try:
        return as_array(answer(*arguments)).shape == ()
    except Exception:
        return False


@log_loss.group("shape")
def _(answer: Any) -> str:
    hint = "One number: the mean over the images."
    forecasts, labels = _forecasts(0, 5, 3)
    try:
        got = as_array(answer(forecasts, labels), "a number")
    except (IndexError, TypeError, ValueError) as error:
        if _works(answer, labels, forecasts):
            words = "The probabilities come first, then the labels."
            raise Mismatch(f"{type(error).__name__}: {error}", words) from None
        raise
    return expect_shape(got, (), hint) and "one number"


@log_loss.group("values")
def _(answer: Any) -> None:
    for count, classes in ((4, 3), (9, 5), (30, 10)):
        what = f"{count} images, {classes} classes"
        _expect_log_loss(answer, *_forecasts(count, count, classes), what)


@log_loss.group("edge cases")
def _(answer: Any) -> None:
    forecasts, labels = _forecasts(1, 6, 4)
    _expect_log_loss(answer, forecasts, np.array([0, 2, 2, 0, 0, 2]), "classes that are absent")
    _expect_log_loss(answer, forecasts[:1], labels[:1], "one image")
    refuted = np.array([[0.0, 1.0], [0.25, 0.75], [0.5, 0.5]])
    _expect_log_loss(answer, refuted, np.array([0, 1, 1]), "probability 0 for the truth")
    faint = np.array([[1e-20, 1.0], [1e-3, 0.999], [0.5, 0.5]])
    with explain("Probabilities between 0 and 1e-15 are clipped too, not 0 alone.", keep="1e-15."):
        _expect_log_loss(answer, faint, np.array([0, 0, 1]), "probability 1e-20 for the truth")
    _expect_log_loss(answer, np.eye(3), np.array([0, 1, 2]), "sure and right")
    single = forecasts.astype(np.float32)
    _expect_log_loss(answer, single, labels, "probabilities in float32", rtol=1e-5)


prior_loss = Exercise(
    "augmentation.prior_loss",
    unlocks="You can now tell a classifier that has learned from one that has not.",
)


def _expect_prior(answer: Answer, counts: Array, what: str) -> None:
    present = counts[counts > 0].astype(float)
    share = present / present.sum()
    truth = -(share * np.log(share)).sum()
    smooth = (counts + 1.0) / (counts + 1.0).sum()
    mistakes: Mistakes = [
        (-truth, SIGN),
        (
            np.log(len(counts)),
            "That is the loss of equal probabilities: predict the classes' shares.",
        ),
        (-np.log(share.max()), "That is the loss on the most frequent class: average over all."),
        (
            -np.log(share).sum(),
            "Each class counts as often as it comes: weigh its loss with its share.",
        ),
        (
            -np.log(share).mean(),
            "Each class counts as often as it comes: weigh its loss with its share.",
        ),
        (
            -(present * np.log(share)).sum(),
            "That is the sum over the images: divide by their number.",
        ),
        (truth / len(counts), "The shares are the weights already: add up, do not average."),
        (
            -(present * np.log(present)).sum(),
            "Those are counts: divide by their sum to get probabilities.",
        ),
        (truth / np.log(2), "That is in bits: take the natural logarithm, np.log."),
        (truth / np.log(10), "That is another base: take the natural logarithm, np.log."),
        (
            truth / np.log(max(len(counts), 2)),
            "That is the part of the largest possible loss: do not divide by log of the classes.",
        ),
        (share.max(), "That is the accuracy of the most frequent class, not a loss."),
        (1 - share.max(), "That is the error rate of the most frequent class, not the log-loss."),
        (1 - (share**2).sum(), "The logarithm is missing: that is how often two draws differ."),
        (-(smooth * np.log(smooth)).sum(), "Nothing is added to the counts."),
    ]
    if len(present) < len(counts):
        # At one class alone 0 is the truth, and the loss of equal probabilities is not.
        mistakes.insert(
            0, (np.log(len(present)), "Predict the shares of the classes, not equal probabilities.")
        )
    got = as_array(answer(counts), "a number")
    if got.shape == () and not np.isfinite(got):
        raise Mismatch(
            f"{what}: expected {truth:.6g}, got {got}",
            "0 · log 0 counts as 0: leave out the classes that do not occur.",
        )
    expect_close(got, truth, what=what, mistakes=mistakes)


@prior_loss.group("shape")
def _(answer: Any) -> str:
    got = as_array(answer(np.array([5, 3, 2])), "a number")
    return expect_shape(got, (), "One number for all classes together.") and "one number"


@prior_loss.group("values")
def _(answer: Any) -> None:
    for counts in ([252, 780, 449], [10, 20, 30, 41], [3, 97]):
        _expect_prior(answer, np.array(counts), f"counts {', '.join(map(str, counts))}")


@prior_loss.group("edge cases")
def _(answer: Any) -> None:
    _expect_prior(answer, np.array([30, 0, 50, 25]), "a class that is absent")
    _expect_prior(answer, np.array([0, 12]), "one class alone")
    _expect_prior(answer, np.full(10, 600), "ten classes of one size")
    narrow = np.array([200, 100, 55], dtype=np.uint8)
    words = "Sums and products of whole numbers of 8 bits wrap around: counts.astype(float) first."
    with explain(words):
        _expect_prior(answer, narrow, "counts in 8 bits")


class_weights = Exercise(
    "augmentation.class_weights",
    unlocks="You can now make a rare class count as much as a frequent one.",
)


def _expect_weights(answer: Answer, labels: Array, classes: int, what: str) -> None:
    counts = np.array([(labels == each).sum() for each in range(classes)])
    occurs = counts > 0
    inverse = np.where(occurs, 1 / counts.clip(1), 0.0)
    n, k = len(labels), int(occurs.sum())
    truth = n * inverse / k
    mean = "The mean over the *images* is to be 1, so that the loss keeps its size: "
    mistakes: Mistakes = [
        (n * inverse, f"{mean}divide by the number of classes."),
        (inverse, f"{mean}N / (classes · count)."),
        (inverse / inverse.sum(), f"{mean}here the weights add up to 1."),
        (inverse * k / inverse.sum(), f"{mean}here that over the classes is 1."),
        (inverse * counts.max(), f"{mean}here the most frequent class has weight 1."),
        (inverse * counts[occurs].min(), f"{mean}here the rarest class has weight 1."),
        (inverse / k, f"{mean}multiply by the number of images."),
        (1.0 * counts / n, "Those are the shares: a rare class needs a large weight."),
        (1.0 * counts * classes / n, "Upside down: a rare class needs a large weight."),
        (1.0 * counts, "Those are the counts: a rare class needs a large weight."),
        (1 - counts / n, "Not inversely proportional: half as many images, twice the weight."),
        (
            np.sqrt(truth),
            "A root too much: half as many images, twice the weight.",
        ),
    ]
    got = as_array(answer(labels, classes))
    hint = "One weight for each class, those that do not occur included (minlength=classes)."
    try:
        expect_shape(got, (classes,), hint)
    except Mismatch as mismatch:
        raise Mismatch(f"{what}: {mismatch.message}", mismatch.hint) from None
    if not occurs.all():
        absent = int(np.flatnonzero(~occurs)[0])
        if got[absent] != 0:
            raise Mismatch(
                f"{what}: at index {absent}: expected 0.0, got {float(got[absent]):.6g}",
                "A class that does not occur has no images to weigh: give it 0, and divide by "
                "the counts of the others only.",
            )
        few = f"{mean}divide by the number of classes that occur, {k}, not by all {classes}."
        mistakes.insert(0, (n * inverse / classes, few))
    expect_close(got, truth, what=what, mistakes=mistakes)


def _labels(counts: list[int], seed: int) -> Array:
    labels = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(seed).permutation(labels)


@class_weights.group("shape")
def _(answer: Any) -> str:
    hint = "One weight for each class: not one for each image."
    return expect_shape(answer(_labels([4, 2, 1], 0), 3), (3,), hint)


@class_weights.group("values")
def _(answer: Any) -> None:
    for seed, counts in enumerate(([6, 2, 4], [3, 9], [30, 7, 11, 2, 5])):
        what = f"counts {', '.join(map(str, counts))}"
        _expect_weights(answer, _labels(counts, seed), len(counts), what)


@class_weights.group("edge cases")
def _(answer: Any) -> None:
    _expect_weights(answer, _labels([5, 5, 5], 4), 3, "classes of one size")
    _expect_weights(answer, _labels([4, 0, 8], 5), 3, "a class that is absent")
    _expect_weights(answer, _labels([4, 6, 0], 6), 3, "the last class absent")
    _expect_weights(answer, np.array([1]), 2, "one image")
    labels = _labels([40_000, 300, 90], 7).astype(np.uint8)
    words = "The labels are in 8 bits here, the counts are not: give them a type of their own, int."
    with explain(words):
        _expect_weights(answer, labels, 3, "40 390 labels in 8 bits")
