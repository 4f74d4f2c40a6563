"""Batch normalization of feature maps."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from pdl._arrays import Array
from pdl._validation import check_fraction, check_integer, check_positive
from pdl.layers.base import Layer, check_dtype, check_grad, check_input

AXES = (0, 2, 3)  # a map's statistics are taken over images, rows and columns


class BatchNorm2d(Layer):
    r"""Give each map the mean β and the standard deviation γ over the batch.

    .. math:: \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad y = \gamma \hat x + \beta

    In training μ and σ² are the batch's own, per channel; in use they are the running ones.

    Parameters
    ----------
    channels : int
        C, the number of maps.
    epsilon : float
        Added to the variance.
    momentum : float
        The weight of the new batch in the running statistics, 0…1.
    dtype : dtype
        Of the parameters and buffers.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or a batch in training has one number a channel.

    Notes
    -----
    The conventions are PyTorch's: the batch's variance divides by m, what goes into the running
    variance by m − 1. ``parameters``: "gamma", "beta"; ``buffers``: "running_mean",
    "running_variance"; all of shape (C,).

    References
    ----------
    Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing
    internal covariate shift", ICML 2015, algorithm 1.
    """

    def __init__(
        self,
        channels: int,
        *,
        epsilon: float = 1e-5,
        momentum: float = 0.1,
        dtype: DTypeLike = np.float64,
    ) -> None:
        super().__init__()
        check_integer(channels, "channels", minimum=1)
        self.epsilon = check_positive(epsilon, "epsilon")
        self.momentum = check_fraction(momentum, "momentum")
        dtype = check_dtype(dtype)
        self.parameters = {"gamma": np.ones(channels, dtype), "beta": np.zeros(channels, dtype)}
        self.buffers = {
            "running_mean": np.zeros(channels, dtype),
            "running_variance": np.ones(channels, dtype),
        }

    def forward(self, x: Array) -> Array:
        x = check_input(x, "BatchNorm2d", "NCHW", len(self.parameters["gamma"]))
        if self.training:
            mean, variance = x.mean(AXES), x.var(AXES)
            self._remember(mean, variance, x.size // x.shape[1])
        else:
            mean, variance = self.buffers["running_mean"], self.buffers["running_variance"]
        spread = _per_map(np.sqrt(variance + self.epsilon))
        normalized = (x - _per_map(mean)) / spread
        self._kept = normalized, spread, self.training
        return _per_map(self.parameters["gamma"]) * normalized + _per_map(self.parameters["beta"])

    def backward(self, grad: Array) -> Array:
        """Each pixel also moves the mean and the variance of all: two terms are taken off."""
        normalized, spread, training = self._recall()
        grad = check_grad(grad, normalized.shape, "BatchNorm2d")
        self.gradients["gamma"] = (grad * normalized).sum(AXES)
        self.gradients["beta"] = grad.sum(AXES)
        grad = grad * _per_map(self.parameters["gamma"])
        if training:
            through_mean = grad.mean(AXES, keepdims=True)
            through_variance = normalized * (grad * normalized).mean(AXES, keepdims=True)
            grad = grad - through_mean - through_variance
        return grad / spread

    def _remember(self, mean: Array, variance: Array, numbers: int) -> None:
        if numbers == 1:
            raise ValueError(
                "BatchNorm2d: x must hold more than one number a channel in training, got 1: "
                "their variance would be 0"
            )
        new = {"running_mean": mean, "running_variance": variance * numbers / (numbers - 1)}
        for name, value in new.items():
            self.buffers[name] += self.momentum * (value - self.buffers[name])


def _per_map(values: Array) -> Array:
    """Let C values stand beside N×C×H×W numbers."""
    return values[:, np.newaxis, np.newaxis]
