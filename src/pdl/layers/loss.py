"""Softmax, and the cross-entropy of what it gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pdl._arrays import Array
from pdl._validation import as_floats, as_real_array, check_integer


def log_softmax(logits: ArrayLike) -> Array:
    """The logarithms of the probabilities that the logits stand for.

    The largest logit is subtracted first: the probabilities stay the same, and no exponential
    overflows.

    Parameters
    ----------
    logits : array_like, shape (N, K)
        One row an image, one number a class; −∞ for a class that cannot be.

    Returns
    -------
    ndarray, shape (N, K)
        At most 0. Integers become float64.

    Raises
    ------
    TypeError
        If the logits are not real numbers.
    ValueError
        If the logits do not have two axes.
    """
    logits = as_floats(logits, "logits")
    if logits.ndim != 2 or logits.size == 0:
        raise ValueError(f"logits must be a non-empty array of shape N×K, got {logits.shape}")
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def softmax(logits: ArrayLike) -> Array:
    """The probabilities that the logits stand for: positive, each row adds up to 1.

    Parameters
    ----------
    logits : array_like, shape (N, K)
        One row an image, one number a class.

    Returns
    -------
    ndarray, shape (N, K)

    Raises
    ------
    TypeError, ValueError
        As in :func:`log_softmax`.

    Examples
    --------
    >>> softmax([[1000.0, 1000.0]])
    array([[0.5, 0.5]])
    """
    return np.exp(log_softmax(logits))


def one_hot(labels: ArrayLike, classes: int) -> Array:
    """Row n has a 1 in column ``labels[n]`` and 0 elsewhere.

    Parameters
    ----------
    labels : array_like of int, shape (N,)
        From 0 to ``classes`` − 1.
    classes : int
        K.

    Returns
    -------
    ndarray of float64, shape (N, K)

    Raises
    ------
    TypeError, ValueError
        If the labels are not as described.
    """
    check_integer(classes, "classes", minimum=1)
    labels = _check_classes(labels, classes)
    rows = np.zeros((len(labels), classes))
    np.put_along_axis(rows, labels[:, np.newaxis], 1, axis=1)
    return rows


def _check_classes(labels: ArrayLike, classes: int) -> NDArray[np.intp]:
    """Return the labels of shape (N,), each from 0 to ``classes`` − 1."""
    labels = as_real_array(labels, "labels")
    if labels.dtype.kind not in "ui":
        raise TypeError(f"labels must be integers, got dtype {labels.dtype}")
    if labels.ndim != 1:
        raise ValueError(f"labels must have the shape (N,), got {labels.shape}")
    if labels.size and not (labels.min() >= 0 and labels.max() < classes):
        raise ValueError(
            f"labels must be from 0 to {classes - 1}, got {labels.min()} to {labels.max()}"
        )
    return labels.astype(np.intp)


class SoftmaxCrossEntropy:
    """The mean over the images of −log p, where p is the probability given to the true class.

    Softmax and logarithm are one function here: taken one after the other, a probability that is
    rounded to 0 has an infinite loss and no gradient.

    Examples
    --------
    >>> loss = SoftmaxCrossEntropy()
    >>> bool(np.isclose(loss.forward(np.zeros((4, 10)), np.array([3, 1, 4, 1])), np.log(10)))
    True
    """

    def __init__(self) -> None:
        self._kept: tuple[Array, Array] | None = None

    def forward(self, logits: ArrayLike, labels: ArrayLike) -> float:
        """Return the mean loss.

        Parameters
        ----------
        logits : array_like, shape (N, K)
            One row an image, one number a class.
        labels : array_like of int, shape (N,)
            The true classes, from 0 to K − 1.

        Raises
        ------
        TypeError, ValueError
            If an argument is not as described.
        """
        log_probabilities = log_softmax(logits)
        images, classes = log_probabilities.shape
        truth = _check_classes(labels, classes)
        if len(truth) != images:
            raise ValueError(f"labels must have the shape ({images},), got ({len(truth)},)")
        self._kept = np.exp(log_probabilities), truth
        # Picked, not multiplied by zeros and a one: 0 · log 0 is not a number.
        picked = log_probabilities[np.arange(images), truth]
        return float(-picked.sum(dtype=np.float64) / images)

    __call__ = forward

    def backward(self) -> Array:
        """Return the gradient with respect to the logits, (p − one-hot truth) / N: (N, K)."""
        if self._kept is None:
            raise RuntimeError("SoftmaxCrossEntropy.backward was called before forward")
        probabilities, truth = self._kept
        grad = probabilities.copy()
        grad[np.arange(len(truth)), truth] -= 1
        return grad / len(truth)
