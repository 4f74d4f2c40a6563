"""The fully connected layer, and the flattening before it."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from pdl._arrays import Array
from pdl._validation import as_real_array, check_integer
from pdl.layers.base import Layer, check_grad, check_input, he_normal


class Flatten(Layer):
    """N×C×H×W becomes N×(C·H·W), in the order of memory: the last axis runs fastest."""

    def forward(self, x: Array) -> Array:
        x = as_real_array(x, "Flatten: x")
        if x.ndim < 2:
            raise ValueError(f"Flatten: x must have an axis of images first, got shape {x.shape}")
        self._kept = x.shape
        return x.reshape(len(x), -1)

    def backward(self, grad: Array) -> Array:
        shape = self._recall()
        return check_grad(grad, (shape[0], int(np.prod(shape[1:]))), "Flatten").reshape(shape)


class Linear(Layer):
    """Each output is a weighted sum of all inputs: y = x Wᵀ + b.

    Parameters
    ----------
    in_features, out_features : int
        How many numbers come in and go out for each image.
    bias : bool
        Whether each output has a number added.
    rng : numpy.random.Generator, optional
        Draws the weights; by default always the same ones.
    dtype : dtype
        Of the weights.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    ``parameters["weight"]`` has the shape (out_features, in_features) and starts as He's normal
    weights, ``parameters["bias"]`` the shape (out_features,) and starts at zero.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        bias: bool = True,
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        super().__init__()
        check_integer(in_features, "in_features", minimum=1)
        check_integer(out_features, "out_features", minimum=1)
        shape = (out_features, in_features)
        self.parameters["weight"] = he_normal(shape, in_features, rng, dtype)
        if bias:
            self.parameters["bias"] = np.zeros(out_features, dtype)

    def forward(self, x: Array) -> Array:
        weight = self.parameters["weight"]
        self._kept = check_input(x, "Linear", "NF", weight.shape[1])
        y = self._kept @ weight.T
        return y + self.parameters["bias"] if "bias" in self.parameters else y

    def backward(self, grad: Array) -> Array:
        x, weight = self._recall(), self.parameters["weight"]
        grad = check_grad(grad, (len(x), len(weight)), "Linear")
        self.gradients["weight"] = grad.T @ x
        if "bias" in self.parameters:
            self.gradients["bias"] = grad.sum(axis=0)
        return grad @ weight
