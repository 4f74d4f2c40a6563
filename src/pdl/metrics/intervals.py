"""How far a mean over a handful of images can be trusted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pdl._validation import check_fraction, check_integer, check_vector


class Interval(NamedTuple):
    """A mean with its confidence interval.

    Attributes
    ----------
    mean : float
        The mean of the values.
    low, high : float
        The ends of the interval.
    """

    mean: float
    low: float
    high: float


def bootstrap_interval(
    values: ArrayLike,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int | np.random.Generator = 0,
) -> Interval:
    """Mean of one value an image, with the interval that other images would plausibly give.

    The images at hand stand for all images: as many are drawn from them, with replacement, again
    and again; the interval holds the middle part of the means that result (the percentile
    bootstrap [1]_). For "A beats B" pass the differences between the two on the same images.

    Parameters
    ----------
    values : array_like, shape (N,)
        One score an image.
    confidence : float
        The part of the resampled means that the interval holds, between 0 and 1.
    resamples : int
        How many times the images are drawn.
    seed : int or numpy.random.Generator
        The source of the draws.

    Returns
    -------
    Interval
        ``mean``, ``low`` and ``high``, in the units of the values.

    Raises
    ------
    TypeError, ValueError
        If the values are not a vector of finite numbers, or a parameter is out of range.

    Notes
    -----
    With few values the interval is too short: for normally distributed scores, 95 % intervals
    hold the true mean in some 85 % of cases with 5 values and 90 % with 10.

    References
    ----------
    .. [1] B. Efron, "Bootstrap methods: another look at the jackknife", The Annals of Statistics
       7 (1), 1-26, 1979. doi:10.1214/aos/1176344552

    Examples
    --------
    >>> interval = bootstrap_interval([0.7, 0.8, 0.9, 0.8])
    >>> interval.low < interval.mean < interval.high
    True
    """
    scores = check_vector(values, "values").astype(np.float64)
    confidence = check_fraction(confidence, "confidence")
    resamples = check_integer(resamples, "resamples", minimum=1)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(scores), size=(resamples, len(scores)))
    means = scores[drawn].mean(axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(scores.mean()), float(low), float(high))
