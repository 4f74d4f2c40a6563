"""How good the answers of a classifier are when the classes are not equally frequent."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from pdl._validation import check_integer, check_vector
from pdl.metrics import Interval

Numbers = NDArray[np.int64]
Values = NDArray[np.float64]


def class_shares(labels: Numbers, classes: int) -> Values:
    """The class prior: the part of the labels that each class has, shape (classes,)."""
    return np.bincount(labels, minlength=classes) / len(labels)


def log_loss(
    log_probabilities: NDArray[np.floating], labels: Numbers, shares: ArrayLike | None = None
) -> float:
    """The mean of −log(probability given to the true class), in nats.

    Parameters
    ----------
    log_probabilities : ndarray, shape (N, K)
        The logarithms of the probabilities: a probability may be too small for a number.
    labels : ndarray of int64, shape (N,)
        The true classes.
    shares : array_like, shape (K,), optional
        What the mean would be if the classes had these shares: the mean of each class by itself,
        times its share. Otherwise each image counts as much as any other.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shares are given and a class has no image.

    Examples
    --------
    >>> round(log_loss(np.log([[0.5, 0.5], [0.2, 0.8]]), np.array([0, 1])), 3)
    0.458
    """
    losses = -log_probabilities[np.arange(len(labels)), labels].astype(np.float64)
    if shares is None:
        return float(losses.mean())
    wanted = check_vector(shares, "shares")
    counts = np.bincount(labels, minlength=len(wanted))
    if len(counts) != len(wanted) or not counts.all():
        raise ValueError(f"shares has {len(wanted)} classes, but the images are {counts.tolist()}")
    means = np.bincount(labels, weights=losses) / counts
    return float(wanted @ means / wanted.sum())


def prior_log_loss(counts: ArrayLike) -> float:
    """The log-loss of answering the class prior, on images of the same shares: their entropy.

    Parameters
    ----------
    counts : array_like, shape (K,)
        Images a class; none may be 0.

    Examples
    --------
    >>> round(prior_log_loss([1, 1, 1]), 4)  # log 3
    1.0986
    """
    shares = check_vector(counts, "counts") / np.sum(counts)
    return float(-(shares * np.log(shares)).sum())


def count_answers(labels: Numbers, answers: Numbers, classes: int) -> Numbers:
    """The confusion matrix: how often truth (row) met answer (column), shape (K, K)."""
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (labels, answers), 1)
    return counts


def balanced_accuracy(confusion: Numbers) -> float:
    """The mean over the classes of the part of its images that is answered rightly.

    Who always gives the same answer gets 1/K, however frequent that class is.

    Examples
    --------
    >>> balanced_accuracy(np.array([[90, 0], [10, 0]]))
    0.5
    """
    return float((np.diag(confusion) / confusion.sum(axis=1)).mean())


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """The mean of a few values with Student's interval, for instance one value a fold.

    Parameters
    ----------
    values : sequence of float
        Two or more; for "A beats B" the differences, fold by fold.
    confidence : float
        Between 0 and 1.

    Notes
    -----
    The interval takes the values for independent. Two folds of a cross-validation share most of
    their training images, so it is somewhat too short.
    """
    scores = check_vector(values, "values").astype(np.float64)
    if len(scores) < 2:
        raise ValueError(f"values must be two or more, got {len(scores)}")
    error = scores.std(ddof=1) / math.sqrt(len(scores))
    half = float(student.ppf((1 + confidence) / 2, len(scores) - 1) * error)
    mean = float(scores.mean())
    return Interval(mean, mean - half, mean + half)


def chance_all_right(right: int, total: int, drawn: int) -> float:
    """The part of all sets of ``drawn`` answers in which every one is right.

    Of ``total`` answers ``right`` are right; a set is drawn from them without replacement.

    Examples
    --------
    >>> chance_all_right(right=3, total=4, drawn=2)
    0.5
    """
    check_integer(drawn, "drawn", minimum=0, maximum=total)
    return math.comb(right, drawn) / math.comb(total, drawn)
