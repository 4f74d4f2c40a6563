"""What every layer has: a forward pass, a backward pass, parameters and their gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from pdl._arrays import Array
from pdl._validation import as_floats, check_generator


class Layer(ABC):
    """A function of an array that can say how a loss changes with its input and its parameters.

    Attributes
    ----------
    parameters : dict of str to ndarray
        What training changes, by name; optimizers change the arrays in place.
    gradients : dict of str to ndarray
        The gradient of the loss by each parameter, written by the last `backward`.
    buffers : dict of str to ndarray
        What is remembered but not trained, for instance running means.
    training : bool
        Whether the layer behaves as in training; see `train` and `eval`.
    """

    def __init__(self) -> None:
        self.parameters: dict[str, Array] = {}
        self.gradients: dict[str, Array] = {}
        self.buffers: dict[str, Array] = {}
        self.training = True
        self._kept: Any = None

    @abstractmethod
    def forward(self, x: Array) -> Array:
        """Return the output for the input ``x``, and keep what `backward` will need."""

    @abstractmethod
    def backward(self, grad: Array) -> Array:
        """Return the gradient with respect to the input of the last `forward`, and set `gradients`.

        Parameters
        ----------
        grad : ndarray
            The gradient of the loss by the layer's output, of the output's shape.

        Returns
        -------
        ndarray
            The gradient of the loss by the layer's input, of the input's shape.

        Raises
        ------
        RuntimeError
            If there was no `forward` before.
        ValueError
            If ``grad`` does not have the shape of the output.
        """

    def __call__(self, x: Array) -> Array:
        return self.forward(x)

    def train(self) -> None:
        """Behave as in training: dropout drops, batch norm uses the batch's statistics."""
        self.training = True

    def eval(self) -> None:
        """Behave as in use: dropout passes everything, batch norm uses the running statistics."""
        self.training = False

    def _recall(self) -> Any:
        """What the last forward pass kept."""
        if self._kept is None:
            raise RuntimeError(f"{type(self).__name__}.backward was called before forward")
        return self._kept


def check_input(x: ArrayLike, name: str, axes: str, channels: int | None = None) -> Array:
    """Return ``x`` as an array of floating-point numbers with the axes that are named.

    Parameters
    ----------
    x : array_like
        Integers become float64.
    name : str
        Who asks, for the message.
    axes : str
        One letter an axis, for instance ``"NCHW"``.
    channels : int, optional
        The length that the second axis must have.

    Raises
    ------
    TypeError
        If the dtype is not boolean, integer or floating-point.
    ValueError
        If the number of axes or of channels is another one.
    """
    array = as_floats(x, f"{name}: x")
    if array.ndim != len(axes) or array.size == 0:
        raise ValueError(
            f"{name}: x must be a non-empty array of shape {'×'.join(axes)}, got {array.shape}"
        )
    if channels is not None and array.shape[1] != channels:
        raise ValueError(
            f"{name}: x must have {channels} channels or features in axis 1, got shape "
            f"{array.shape}"
        )
    return array


def check_grad(grad: ArrayLike, shape: tuple[int, ...], name: str) -> Array:
    """Return ``grad`` in floating point; raise ValueError unless it has the output's shape."""
    array = as_floats(grad, f"{name}: grad")
    if array.shape != shape:
        raise ValueError(
            f"{name}: grad must have the shape of the output, {shape}, got {array.shape}"
        )
    return array


def check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Return the dtype; raise TypeError unless it is one of floating-point numbers."""
    checked = np.dtype(dtype)
    if checked.kind != "f":
        raise TypeError(f"dtype must be a floating-point one, got {checked}")
    return checked


def he_normal(
    shape: tuple[int, ...], inputs: int, rng: np.random.Generator | None, dtype: DTypeLike
) -> Array:
    """Draw weights whose outputs keep the variance of the inputs through a ReLU.

    Parameters
    ----------
    shape : tuple of int
        Of the weights.
    inputs : int
        How many inputs feed one output ("fan in"); the standard deviation is √(2 / inputs).
    rng : numpy.random.Generator or None
        None stands for ``numpy.random.default_rng(0)``.
    dtype : dtype
        Of the weights.

    Raises
    ------
    TypeError
        If ``rng`` is not a generator, or the dtype not a floating-point one.

    References
    ----------
    He and others, "Delving deep into rectifiers", ICCV 2015, equation 10.
    """
    rng = np.random.default_rng(0) if rng is None else check_generator(rng)
    dtype = check_dtype(dtype)
    return (rng.standard_normal(shape) * np.sqrt(2 / inputs)).astype(dtype)
