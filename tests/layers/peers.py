"""What the tests of the layers share: the peers' answers, and how close ours must come.

Every answer is a dictionary: ``"y"``, what comes out, ``"x"``, the gradient with respect to
what went in, and that with respect to each parameter under its name. The gradient that goes in at
the back is drawn from the shape of the output alone, so that it is the same for us and for each
peer.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from pdl.layers import Conv2d

Array = np.ndarray
Answers = dict[str, Array]

# The largest difference allowed, as a part of the largest number in the peer's answer.
CLOSE = {np.dtype(np.float64): 1e-8, np.dtype(np.float32): 1e-5}
DTYPES = [np.float64, np.float32]
both_dtypes = pytest.mark.parametrize("dtype", DTYPES, ids=["float64", "float32"])


def draw(shape: tuple[int, ...], dtype: Any = np.float64, seed: int = 0) -> Array:
    """Numbers of the normal distribution."""
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def gradient_for(y: Array) -> Array:
    """The gradient that goes in at the back, for an output like ``y``."""
    return draw(y.shape, y.dtype, seed=77)


def ours(layer: Any, x: Array) -> Answers:
    """Forward and backward through one of our layers; its inputs must stay as they were."""
    before = x.copy()
    y = layer.forward(x)
    assert y.dtype == x.dtype
    grad = gradient_for(y)
    grad_before, y_before = grad.copy(), y.copy()
    grad_x = layer.backward(grad)
    np.testing.assert_array_equal(x, before, err_msg="the layer changed its input")
    np.testing.assert_array_equal(grad, grad_before, err_msg="the layer changed the gradient")
    np.testing.assert_array_equal(y, y_before, err_msg="backward changed the output")
    assert grad_x.shape == x.shape
    assert grad_x.dtype == x.dtype
    assert layer.gradients.keys() == layer.parameters.keys()
    for name, parameter in layer.parameters.items():
        assert layer.gradients[name].shape == parameter.shape, name
        assert layer.gradients[name].dtype == parameter.dtype, name
    return {"y": y_before, "x": grad_x, **{k: g.copy() for k, g in layer.gradients.items()}}


def in_torch(function: Callable[..., torch.Tensor], **arrays: Array) -> Answers:
    """Forward and backward of ``function`` in PyTorch, by each of ``arrays``."""
    leaves = {name: torch.tensor(array, requires_grad=True) for name, array in arrays.items()}
    y = function(**leaves)
    y.backward(torch.from_numpy(gradient_for(y.detach().numpy())))
    gradients = {name: leaf.grad for name, leaf in leaves.items()}
    return {"y": y.detach().numpy(), **{k: g.numpy() for k, g in gradients.items()}}


@cache
def tensorflow() -> ModuleType:
    """TensorFlow, imported when it is first needed, without the messages of its start."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with warnings.catch_warnings():
        # What the import says about its own dependencies is not ours to judge.
        warnings.simplefilter("ignore")
        import tensorflow

    tensorflow.get_logger().setLevel("ERROR")
    return tensorflow


def in_tensorflow(function: Callable[..., Any], compiled: bool = False, **arrays: Array) -> Answers:
    """Forward and backward of ``function`` in TensorFlow; ``compiled`` for what only XLA can do."""
    tf = tensorflow()
    leaves = {name: tf.constant(array) for name, array in arrays.items()}

    def both_ways(leaves: dict[str, Any]) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(leaves)
            y = function(**leaves)
        grad = gradient_for(np.empty(y.shape, y.dtype.as_numpy_dtype))
        return y, tape.gradient(y, leaves, output_gradients=tf.constant(grad))

    y, gradients = (tf.function(both_ways, jit_compile=True) if compiled else both_ways)(leaves)
    return {"y": y.numpy(), **{name: each.numpy() for name, each in gradients.items()}}


def assert_close(
    found: Array, expected: Array, what: str = "", tolerance: float = 0.0, least: float = 0.0
) -> None:
    """The same shape, and equal to 1e-8 (float64) or 1e-5 (float32) of the largest number.

    ``least`` is the least scale, for small rests of larger terms: their rounding is that of the
    terms. In float32 it is at least 1, for what goes in is of that size.
    """
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, f"{what}: {found.shape} instead of {expected.shape}"
    assert np.isfinite(found).all(), f"{what} is not finite"
    if found.size == 0:
        return
    least = max(least, 1.0) if expected.dtype == np.float32 else least
    scale = max(float(np.abs(expected).max()), least) or 1.0
    error = float(np.abs(found - expected).max()) / scale
    allowed = tolerance or CLOSE[expected.dtype]
    assert error <= allowed, f"{what} differs by {error:.3g} of its scale ({allowed:.0e} allowed)"


def assert_same(
    found: Answers, expected: Answers, tolerance: float = 0.0, least: float = 0.0
) -> None:
    """Each of ``expected`` is among ``found`` and close to it, and nothing else is there."""
    assert found.keys() == expected.keys()
    for name in expected:
        assert_close(found[name], expected[name], name, tolerance, least)


def two(value: Any) -> tuple[Any, Any]:
    """A pair as it is, one number twice."""
    return tuple(value) if isinstance(value, tuple) else (value, value)


def explicit_padding(
    padding: Any, shape: tuple[int, ...], kernel: Any, stride: Any = 1, dilation: Any = 1
) -> list[tuple[int, int]]:
    """The zeros (before, after) rows and columns, for each way to write ``padding``.

    ``"same"`` follows TensorFlow's guide: ceil(L / S) outputs, half of the zeros before, and the
    odd one after.
    """
    if padding == "valid":
        return [(0, 0), (0, 0)]
    if padding != "same":
        return [two(each) for each in two(padding)]
    found = []
    sizes = zip(shape[-2:], two(kernel), two(stride), two(dilation), strict=True)
    for length, side, step, spacing in sizes:
        outputs = -(-length // step)
        total = max((outputs - 1) * step + (side - 1) * spacing + 1 - length, 0)
        found.append((total // 2, total - total // 2))
    return found


def pad_torch(x: torch.Tensor, pads: list[tuple[int, int]], value: float = 0.0) -> torch.Tensor:
    """Pad the last two axes."""
    (top, bottom), (left, right) = pads
    return functional.pad(x, (left, right, top, bottom), value=value)


def channels_last(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give ``function`` an N×H×W×C input and turn what comes out back to N×C×H×W."""

    def turned(x: Any, **others: Any) -> Any:
        tf = tensorflow()
        y = function(tf.transpose(x, (0, 2, 3, 1)), **others)
        return tf.transpose(y, (0, 3, 1, 2))

    return turned


def with_random_parameters(layer: Any, seed: int = 5) -> Any:
    """Fill the parameters with random numbers: zeros and ones would hide mistakes."""
    rng = np.random.default_rng(seed)
    for parameter in layer.parameters.values():
        parameter[...] = rng.standard_normal(parameter.shape)
    return layer


def conv_layer(channels: int, outputs: int, kernel: Any, dtype: Any, **options: Any) -> Conv2d:
    """A Conv2d with random weights and bias."""
    rng = np.random.default_rng(3)
    return with_random_parameters(
        Conv2d(channels, outputs, kernel, rng=rng, dtype=dtype, **options)
    )
