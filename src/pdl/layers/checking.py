"""Is a gradient right? Wiggle each number and look at what the loss does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pdl._arrays import Array
from pdl._validation import as_floats, check_positive
from pdl.layers.base import Layer


def numerical_gradient(
    function: Callable[[], float], array: Array, step: float = 1e-5
) -> NDArray[np.float64]:
    """The gradient of a function by central differences: slow, and needs no derivation.

    Parameters
    ----------
    function : callable
        Takes nothing and returns a number that depends on `array`.
    array : ndarray of float64
        Each of its numbers is moved by `step` up and down, in place, and put back.
    step : float
        The error of the formula falls with its square, that of rounding grows as it shrinks:
        1e-5 is near the best for float64.

    Returns
    -------
    ndarray of float64, shape of ``array``

    Raises
    ------
    TypeError
        If the array is not of float64: in float32 the differences drown in rounding.
    ValueError
        If the step is not positive.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0])
    >>> numerical_gradient(lambda: float((x**2).sum()), x).round(6)
    array([2., 4., 6.])
    """
    check_positive(step, "step")
    if not isinstance(array, np.ndarray) or array.dtype != np.float64:
        raise TypeError(
            f"array must be an ndarray of float64, got {getattr(array, 'dtype', type(array))}"
        )
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + step
        above = function()
        array[index] = kept - step
        below = function()
        array[index] = kept
        gradient[index] = (above - below) / (2 * step)
    return gradient


def relative_error(first: Array, second: Array, least: float = 1e-8) -> float:
    """The largest difference, as a part of the largest number in either array (or of `least`)."""
    size = max(np.abs(first).max(initial=0), np.abs(second).max(initial=0), least)
    return float(np.abs(first - second).max(initial=0) / size)


def gradient_check(
    layer: Layer,
    x: Array,
    rng: np.random.Generator | None = None,
    step: float = 1e-5,
) -> dict[str, float]:
    """Compare a layer's gradients with numerical ones.

    The loss is the sum of the outputs times fixed random weights, so that no error can hide in a
    gradient that is the same everywhere.

    Parameters
    ----------
    layer : Layer
        With parameters of float64. What it does must not depend on chance: a `Dropout` in
        training is refused unless its generator is put back before each forward pass, so check
        it with ``eval()`` or with `probability` 0.
    x : ndarray
        An input for the layer. Keep it small: each number costs two forward passes.
    rng : numpy.random.Generator, optional
        Draws the weights of the loss; by default with seed 0.
    step : float
        See :func:`numerical_gradient`.

    Returns
    -------
    dict of str to float
        For ``"x"`` and each parameter the relative error: the largest difference as a part of
        the largest gradient with respect to it, or of a ten thousandth of the largest gradient of
        all if that is more. About 1e-9 is right in float64, 1e-2 is a mistake; near a kink, as of
        ReLU at 0, the numerical gradient itself is wrong.

    Raises
    ------
    TypeError
        If the parameters are not of float64.
    ValueError
        If two forward passes of one input differ, or a gradient has another shape than that by
        which it is one.

    Examples
    --------
    >>> from pdl.layers import Linear
    >>> errors = gradient_check(Linear(3, 2), np.random.default_rng(0).normal(size=(4, 3)))
    >>> sorted(errors), max(errors.values()) < 1e-6
    (['bias', 'weight', 'x'], True)
    """
    rng = np.random.default_rng(0) if rng is None else rng
    x = as_floats(x, "x").astype(np.float64)
    buffers = {name: buffer.copy() for name, buffer in layer.buffers.items()}
    y = layer.forward(x)
    if not np.array_equal(y, layer.forward(x)):
        raise ValueError("layer: two forward passes of one input differ; call eval() first")
    weights = rng.normal(size=y.shape)

    def loss() -> float:
        return float((layer.forward(x) * weights).sum())

    grad_x = layer.backward(weights)
    found = {"x": (grad_x, x)} | {
        name: (np.array(layer.gradients[name]), parameter)
        for name, parameter in layer.parameters.items()
    }
    for name, (gradient, array) in found.items():
        if gradient.shape != array.shape:
            raise ValueError(
                f"layer: the gradient with respect to {name} has shape {gradient.shape}, but "
                f"{name} has shape {array.shape}"
            )
    expected = {name: numerical_gradient(loss, array, step) for name, (_, array) in found.items()}
    for name, buffer in layer.buffers.items():
        buffer[...] = buffers[name]
    # Where the gradient is 0, as of a bias before a batch norm, both numbers are rounding alone.
    least = max(1e-8, *(1e-4 * np.abs(each).max(initial=0) for each in expected.values()))
    return {
        name: relative_error(gradient, expected[name], least)
        for name, (gradient, _) in found.items()
    }
