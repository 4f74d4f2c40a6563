"""What to do with a gradient: stochastic gradient descent with momentum, and Adam."""

from __future__ import annotations

import numpy as np

from pdl._arrays import Array
from pdl._validation import check_fraction, check_nonnegative, check_positive
from pdl.layers.base import Layer


class _Optimizer:
    """Changes a model's parameters in place, once a step."""

    def __init__(self, model: Layer, learning_rate: float, weight_decay: float) -> None:
        if not isinstance(model, Layer):
            raise TypeError(f"model must be a layer or a Sequential, got {type(model).__name__}")
        self.model = model
        self.learning_rate = check_positive(learning_rate, "learning_rate")
        self.weight_decay = check_nonnegative(weight_decay, "weight_decay")

    def _gradients(self) -> dict[str, Array]:
        """The gradients by name, with that of ½ · weight_decay · ‖parameter‖² added."""
        parameters, gradients = self.model.parameters, self.model.gradients
        missing = sorted(parameters.keys() - gradients.keys())
        if missing:
            raise RuntimeError(f"step was called before backward: no gradient of {missing[0]}")
        if not self.weight_decay:
            return gradients
        return {name: gradients[name] + self.weight_decay * parameters[name] for name in gradients}


class SGD(_Optimizer):
    r"""Stochastic gradient descent with momentum: :math:`v ← m v + g, \; θ ← θ − η v`.

    Parameters
    ----------
    model : Layer
        Whose parameters are changed, in place.
    learning_rate : float
        η, greater than 0. It may be changed between steps.
    momentum : float
        m, from 0 to 1: how much of the last velocity is kept.
    weight_decay : float
        Adds this much of each parameter to its gradient.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    References
    ----------
    Polyak, "Some methods of speeding up the convergence of iteration methods", 1964; in the form
    that PyTorch uses.
    """

    def __init__(
        self,
        model: Layer,
        learning_rate: float,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(model, learning_rate, weight_decay)
        self.momentum = check_fraction(momentum, "momentum")
        self.velocity = {name: np.zeros_like(each) for name, each in model.parameters.items()}

    def step(self) -> None:
        """Take one step against the gradient of the last `backward`."""
        gradients = self._gradients()
        for name, parameter in self.model.parameters.items():
            self.velocity[name] = self.momentum * self.velocity[name] + gradients[name]
            parameter -= self.learning_rate * self.velocity[name]


class Adam(_Optimizer):
    r"""Steps of about the learning rate, whatever the gradient's size.

    With the running means m of the gradient and s of its square,

    .. math:: θ ← θ − η \, \frac{m / (1 - β_1^t)}{\sqrt{s / (1 - β_2^t)} + ε}

    where the divisions make up for the start of both means at zero.

    Parameters
    ----------
    model : Layer
        Whose parameters are changed, in place.
    learning_rate : float
        η, greater than 0. It may be changed between steps.
    betas : (float, float)
        β₁ and β₂, each from 0 to 1: how much of the running means is kept.
    epsilon : float
        ε, greater than 0.
    weight_decay : float
        Adds this much of each parameter to its gradient.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.
    """

    def __init__(
        self,
        model: Layer,
        learning_rate: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(model, learning_rate, weight_decay)
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise ValueError(f"betas must be two numbers, got {betas!r}")
        self.betas = tuple(check_fraction(beta, "betas") for beta in betas)
        if max(self.betas) == 1:
            raise ValueError(f"betas must be less than 1, got {betas}")
        self.epsilon = check_positive(epsilon, "epsilon")
        self.steps = 0
        self.mean = {name: np.zeros_like(each) for name, each in model.parameters.items()}
        self.square = {name: np.zeros_like(each) for name, each in model.parameters.items()}

    def step(self) -> None:
        """Take one step against the gradient of the last `backward`."""
        gradients = self._gradients()
        first, second = self.betas
        self.steps += 1
        for name, parameter in self.model.parameters.items():
            g = gradients[name]
            self.mean[name] = first * self.mean[name] + (1 - first) * g
            self.square[name] = second * self.square[name] + (1 - second) * g**2
            mean = self.mean[name] / (1 - first**self.steps)
            square = self.square[name] / (1 - second**self.steps)
            parameter -= self.learning_rate * mean / (np.sqrt(square) + self.epsilon)
