"""Gradients by the tests' own finite differences, of which `pdl.layers` knows nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .peers import Array, gradient_for


def finite_differences(
    loss: Callable[[], float], array: Array, step: float = 1e-4
) -> Iterator[float]:
    """The derivatives by each element, from four values each (an error of the order of step⁴)."""
    for index in np.ndindex(array.shape):
        kept = array[index]
        values = {}
        for steps in (-2, -1, 1, 2):
            array[index] = kept + steps * step
            values[steps] = loss()
        array[index] = kept
        yield (8 * (values[1] - values[-1]) - (values[2] - values[-2])) / (12 * step)


def differences_by_hand(make: Callable[[], Any], x: Array) -> dict[str, float]:
    """Relative errors of a layer's gradients, by the tests' own finite differences.

    ``make`` makes the same layer each time, so that nothing is carried from one pass to the next:
    no running statistics, no state of a random generator.
    """
    layer = make()
    weights = gradient_for(layer.forward(x))
    found = {"x": layer.backward(weights), **layer.gradients}
    arrays = {"x": x.copy(), **{name: p.copy() for name, p in layer.parameters.items()}}

    def loss() -> float:
        fresh = make()
        for name, parameter in fresh.parameters.items():
            parameter[...] = arrays[name]
        return float((fresh.forward(arrays["x"]) * weights).sum())

    expected = {
        name: np.reshape(list(finite_differences(loss, array)), array.shape)
        for name, array in arrays.items()
    }
    # Some gradients are 0, as that of a bias before a batch norm: they are compared with others.
    least = 1e-3 * max(float(np.abs(each).max()) for each in expected.values())
    return {
        name: float(np.abs(found[name] - each).max()) / max(float(np.abs(each).max()), least)
        for name, each in expected.items()
    }
