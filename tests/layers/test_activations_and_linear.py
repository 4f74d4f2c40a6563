"""Activations, Linear and Flatten against PyTorch and TensorFlow, forward and backward."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pdl.layers import Flatten, Linear, ReLU, Sigmoid, Tanh

from .peers import (
    assert_close,
    assert_same,
    both_dtypes,
    draw,
    gradient_for,
    in_tensorflow,
    in_torch,
    ours,
    tensorflow,
    with_random_parameters,
)


def test_relu_gives_no_gradient_at_zero_like_both_peers() -> None:
    x = np.array([[-1.0, 0.0, -0.0, 2.0]])
    layer = ReLU()
    np.testing.assert_array_equal(layer.forward(x), [[0, 0, 0, 2]])
    np.testing.assert_array_equal(layer.backward(np.full((1, 4), 7.0)), [[0, 0, 0, 7]])


def test_linear_worked_by_hand() -> None:
    layer = Linear(2, 3)
    layer.parameters["weight"][...] = [[1, 2], [3, 4], [5, 6]]
    layer.parameters["bias"][...] = [0.5, 0, -0.5]
    np.testing.assert_array_equal(layer.forward(np.array([[1.0, 10.0]])), [[21.5, 43, 64.5]])
    np.testing.assert_array_equal(layer.backward(np.array([[1.0, 0, 2]])), [[11, 14]])
    np.testing.assert_array_equal(layer.gradients["weight"], [[1, 10], [0, 0], [2, 20]])
    np.testing.assert_array_equal(layer.gradients["bias"], [1, 0, 2])


ACTIVATIONS = {"relu": ReLU, "sigmoid": Sigmoid, "tanh": Tanh}
SHAPES = hnp.array_shapes(min_dims=1, max_dims=4, max_side=4)


@both_dtypes
@pytest.mark.parametrize("name", ACTIVATIONS)
@settings(deadline=None, max_examples=25)
@given(shape=SHAPES, scale=st.sampled_from([1e-3, 1.0, 30.0]))
def test_activations_equal_both_peers(dtype, name, shape, scale) -> None:
    x = (draw(shape) * scale).astype(dtype)
    found = ours(ACTIVATIONS[name](), x)
    # Where y is nearly 1, 1 - y is a small rest: the rounding is that of the 1.
    assert_same(found, in_torch(lambda x: getattr(torch, name)(x), x=x), least=1)
    tf = tensorflow()
    assert_same(found, in_tensorflow(lambda x: getattr(tf.nn, name)(x), x=x), least=1)


@both_dtypes
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_large_numbers_neither_overflow_nor_warn(dtype, name) -> None:
    x = np.array([[-3e38, -1e4, -750, -90, -20, 20, 90, 750, 1e4, 3e38]], dtype=dtype)
    expected = in_torch(lambda x: getattr(torch, name)(x), x=x)
    assert_same(ours(ACTIVATIONS[name](), x), expected)


@both_dtypes
def test_sigmoid_keeps_its_small_values(dtype) -> None:
    # 1 - 1 / (1 + e^-x) and the like lose these to rounding.
    x = np.array([-30.0, -60.0, -80.0], dtype=dtype)
    expected = torch.sigmoid(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(Sigmoid().forward(x), expected, rtol=1e-5)


@pytest.mark.parametrize("layer", [ReLU, Sigmoid, Tanh])
def test_of_whole_numbers_it_is_what_it_is_of_floats(layer) -> None:
    """In uint8 −2 is 254."""
    numbers = np.array([[0, 1, 2]])
    for dtype in (np.uint8, bool):
        found = layer().forward(numbers.astype(dtype))
        expected = layer().forward(numbers.astype(dtype).astype(float))
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == np.float64


@pytest.mark.parametrize("layer", [ReLU, Sigmoid, Tanh, Flatten, lambda: Linear(4, 3)])
def test_backward_before_forward_and_wrong_gradients_are_refused(layer) -> None:
    made = layer()
    with pytest.raises((ValueError, RuntimeError), match="forward"):
        made.backward(np.zeros((2, 4)))
    made.forward(np.ones((2, 4)))
    with pytest.raises(ValueError, match="grad"):
        made.backward(np.zeros((2, 5)))


@both_dtypes
@settings(deadline=None, max_examples=40)
@given(
    rows=st.integers(1, 5),
    features=st.integers(1, 6),
    outputs=st.integers(1, 6),
    bias=st.booleans(),
)
def test_linear_equal_to_both_peers(dtype, rows, features, outputs, bias) -> None:
    layer = with_random_parameters(Linear(features, outputs, bias=bias, dtype=dtype))
    assert list(layer.parameters) == (["weight", "bias"] if bias else ["weight"])
    assert layer.parameters["weight"].shape == (outputs, features)
    x = draw((rows, features), dtype)
    found = ours(layer, x)
    assert_same(found, in_torch(torch.nn.functional.linear, x=x, **layer.parameters))

    def linear(x, weight, bias=0):
        return tensorflow().linalg.matmul(x, weight, transpose_b=True) + bias

    assert_same(found, in_tensorflow(linear, x=x, **layer.parameters))


def test_linear_gradients_are_overwritten_and_not_summed() -> None:
    layer = with_random_parameters(Linear(4, 3))
    first = ours(layer, draw((5, 4)))
    assert_same(ours(layer, draw((5, 4))), first, tolerance=1e-15)


def test_linear_weights_come_from_the_generator() -> None:
    def weights(seed: int) -> np.ndarray:
        return Linear(4, 5, rng=np.random.default_rng(seed)).parameters["weight"]

    np.testing.assert_array_equal(weights(1), weights(1))
    assert not np.array_equal(weights(1), weights(2))
    assert Linear(4, 5, dtype=np.float32).parameters["weight"].dtype == np.float32
    assert Linear(4, 5).parameters["weight"].dtype == np.float64


def test_initial_weights_keep_the_variance_through_a_relu() -> None:
    layer = Linear(50, 100, rng=np.random.default_rng(0))
    assert layer.parameters["weight"].std() == pytest.approx(np.sqrt(2 / 50), rel=0.05)
    np.testing.assert_array_equal(layer.parameters["bias"], np.zeros(100))


@both_dtypes
@settings(deadline=None, max_examples=20)
@given(shape=hnp.array_shapes(min_dims=2, max_dims=4, max_side=4))
def test_flatten_equal_to_pytorch(dtype, shape) -> None:
    x = draw(shape, dtype)
    assert_same(ours(Flatten(), x), in_torch(lambda x: torch.flatten(x, 1), x=x))


def test_flatten_reads_channels_then_rows_whatever_lies_in_memory() -> None:
    layer = Flatten()
    for x in (draw((2, 4, 5, 3)).transpose(0, 3, 1, 2), np.asfortranarray(draw((2, 3, 4, 5)))):
        y = layer.forward(x)
        np.testing.assert_array_equal(y, np.ascontiguousarray(x).reshape(2, -1))
        np.testing.assert_array_equal(layer.backward(np.asfortranarray(y)), x)


@pytest.mark.parametrize("shape", [(2, 5), (2, 3), (4,), (2, 4, 1)])
def test_linear_refuses_another_number_of_features(shape) -> None:
    with pytest.raises(ValueError, match=r"\bx\b"):
        Linear(4, 3).forward(np.zeros(shape))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"in_features": 0}, "in_features"),
        ({"in_features": 2.0}, "in_features"),
        ({"out_features": -3}, "out_features"),
        ({"rng": 3}, "rng"),
        ({"dtype": np.int64}, "dtype"),
    ],
)
def test_linear_refuses_bad_options_by_name(options, name) -> None:
    with pytest.raises((ValueError, TypeError), match=name):
        Linear(**{"in_features": 4, "out_features": 3, **options})


def test_an_activation_backward_belongs_to_the_last_forward() -> None:
    for make in ACTIVATIONS.values():
        layer = make()
        x = draw((3, 4))
        expected = ours(layer, x)
        layer.forward(draw((2, 2), seed=4))
        assert_same(ours(layer, x), expected, tolerance=1e-15)
        assert_close(layer.backward(gradient_for(x)), expected["x"], "x")
