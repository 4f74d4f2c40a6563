"""Functions of each number by itself: ReLU, sigmoid, hyperbolic tangent."""

from __future__ import annotations

import numpy as np

from pdl._arrays import Array
from pdl._validation import as_floats
from pdl.layers.base import Layer, check_grad


class ReLU(Layer):
    """max(x, 0), for an input of any shape.

    At 0 there is no derivative; 0 is taken, as PyTorch and TensorFlow do.
    """

    def forward(self, x: Array) -> Array:
        x = as_floats(x, "ReLU: x")
        self._kept = x > 0
        return np.maximum(x, 0)

    def backward(self, grad: Array) -> Array:
        return check_grad(grad, self._recall().shape, "ReLU") * self._recall()


class Sigmoid(Layer):
    r"""1 / (1 + exp(−x)), for an input of any shape.

    Its derivative is y (1 − y), which is at most ¼ and vanishes where the output is near 0 or 1.
    """

    def forward(self, x: Array) -> Array:
        x = as_floats(x, "Sigmoid: x")
        # exp of a number that is never positive: no overflow on either side.
        small = np.exp(-np.abs(x))
        self._kept = np.where(x >= 0, 1, small) / (1 + small)
        return self._kept

    def backward(self, grad: Array) -> Array:
        y = self._recall()
        return check_grad(grad, y.shape, "Sigmoid") * y * (1 - y)


class Tanh(Layer):
    """The hyperbolic tangent, for an input of any shape; its derivative is 1 − y²."""

    def forward(self, x: Array) -> Array:
        self._kept = np.tanh(as_floats(x, "Tanh: x"))
        return self._kept

    def backward(self, grad: Array) -> Array:
        y = self._recall()
        return check_grad(grad, y.shape, "Tanh") * (1 - y**2)
