"""Dropout: in training, some numbers are set to zero by chance."""

from __future__ import annotations

import numpy as np

from pdl._arrays import Array
from pdl._validation import as_floats, check_fraction, check_generator
from pdl.layers.base import Layer, check_grad


class Dropout(Layer):
    """Set each number to zero with a probability, and enlarge the others to make up for it.

    What stays is divided by 1 − probability, so that the expected output is the input and
    nothing needs to be done in use ("inverted dropout").

    Parameters
    ----------
    probability : float
        Of a number to be dropped, 0 ≤ probability < 1.
    rng : numpy.random.Generator, optional
        Draws what is dropped; by default a generator with seed 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    References
    ----------
    Srivastava and others, "Dropout: a simple way to prevent neural networks from overfitting",
    JMLR 15, 2014. There the weights are scaled in use instead; the expectation is the same.
    """

    def __init__(self, probability: float = 0.5, rng: np.random.Generator | None = None) -> None:
        super().__init__()
        if check_fraction(probability, "probability") == 1:
            raise ValueError("probability must be less than 1, or nothing is left; got 1")
        self.probability = probability
        self.rng = np.random.default_rng(0) if rng is None else check_generator(rng)

    def forward(self, x: Array) -> Array:
        x = as_floats(x, "Dropout: x")
        self._kept = np.ones_like(x)
        if self.training:
            stays = self.rng.random(x.shape) >= self.probability
            self._kept = stays.astype(x.dtype) / x.dtype.type(1 - self.probability)
        return x * self._kept

    def backward(self, grad: Array) -> Array:
        return check_grad(grad, self._recall().shape, "Dropout") * self._recall()
