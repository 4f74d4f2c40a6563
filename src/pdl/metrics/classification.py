"""How good the probabilities of a classifier are."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._validation import check_vector


def log_loss(
    log_probabilities: NDArray[np.floating],
    labels: NDArray[np.int64],
    shares: ArrayLike | None = None,
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
