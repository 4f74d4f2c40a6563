"""Dropout's mask and expectation; batch normalization against PyTorch and TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pdl.layers import BatchNorm2d, Dropout

from .peers import (
    assert_close,
    assert_same,
    both_dtypes,
    channels_last,
    draw,
    gradient_for,
    in_tensorflow,
    in_torch,
    ours,
    tensorflow,
    with_random_parameters,
)


def test_normalization_worked_by_hand() -> None:
    layer = BatchNorm2d(1, epsilon=3.0)
    x = np.array([[[[1.0, 3.0]]]])  # mean 2, variance 1: divided by √(1 + 3)
    np.testing.assert_array_equal(layer.forward(x), [[[[-0.5, 0.5]]]])
    # A tenth of what is new; the variance over n - 1 = 1, that is 2.
    np.testing.assert_allclose(layer.buffers["running_mean"], [0.2])
    np.testing.assert_allclose(layer.buffers["running_variance"], [0.9 + 0.2])
    # y = (x - m) / √(v + 3): ∂y/∂x = (δ - 1/2 - x̂ x̂ᵀ / 2) / 2, with x̂ = (-0.5, 0.5).
    grad = layer.backward(np.array([[[[1.0, 0.0]]]]))
    np.testing.assert_allclose(grad, [[[[0.1875, -0.1875]]]])
    np.testing.assert_allclose(layer.gradients["gamma"], [-0.5])
    np.testing.assert_allclose(layer.gradients["beta"], [1.0])


# --- Dropout ---


@both_dtypes
@pytest.mark.parametrize("probability", [0.25, 0.5, 0.9])
def test_dropout_keeps_the_expectation(dtype, probability) -> None:
    layer = Dropout(probability, rng=np.random.default_rng(0))
    y = layer.forward(np.ones((200, 500), dtype=dtype))
    assert y.dtype == dtype
    # What is kept is divided by the probability to keep it, as in both peers.
    np.testing.assert_allclose(np.unique(y), [0, 1 / (1 - probability)], rtol=1e-6)
    # Four standard errors of a mean of 100 000.
    deviation = np.sqrt(probability / (1 - probability) / y.size)
    assert abs(y.mean() - 1) < 4 * deviation
    # No row and no column is dropped or kept as a whole.
    for axis in (0, 1):
        assert ((y == 0).mean(axis) > 0).all() and ((y == 0).mean(axis) < 1).all()


@both_dtypes
def test_dropout_backward_uses_the_mask_of_its_forward(dtype) -> None:
    layer = Dropout(0.3, rng=np.random.default_rng(1))
    x = 1 + np.abs(draw((20, 3, 4, 4), dtype))
    for _ in range(2):
        found = ours(layer, x)
        assert_close(found["x"], gradient_for(x) * (found["y"] / x), "x")
        assert 0 < (found["x"] == 0).mean() < 1


def test_dropout_draws_a_new_mask_each_time_and_the_same_ones_again_from_one_seed() -> None:
    layer = Dropout(0.5, rng=np.random.default_rng(2))
    x = np.ones((20, 20))
    first, second = layer.forward(x), layer.forward(x)
    assert not np.array_equal(first, second)
    again = Dropout(0.5, rng=np.random.default_rng(2))
    np.testing.assert_array_equal(again.forward(x), first)
    np.testing.assert_array_equal(again.forward(x), second)


def test_dropout_does_nothing_in_evaluation_and_at_probability_zero() -> None:
    x = draw((3, 4))
    layer = Dropout(0.5, rng=np.random.default_rng(0))
    layer.forward(x)
    layer.eval()
    assert layer.training is False
    found = ours(layer, x)
    np.testing.assert_array_equal(found["y"], x)
    np.testing.assert_array_equal(found["x"], gradient_for(x))
    layer.train()
    assert layer.training is True
    assert (layer.forward(np.ones((20, 20))) == 0).any()
    found = ours(Dropout(0.0), x)
    np.testing.assert_array_equal(found["y"], x)
    np.testing.assert_array_equal(found["x"], gradient_for(x))


@pytest.mark.parametrize("make", [lambda: Dropout(0.5), lambda: BatchNorm2d(2)])
@pytest.mark.parametrize("training", [True, False])
def test_backward_belongs_to_the_mode_of_its_forward(make, training) -> None:
    x = draw((2, 2, 4, 4))
    gradients = []
    for switched in (False, True):
        layer = make()
        layer.train() if training else layer.eval()
        layer.forward(x)
        if switched:
            layer.eval() if training else layer.train()
        gradients.append(layer.backward(gradient_for(x)))
    np.testing.assert_array_equal(*gradients)


def test_dropout_drops_half_unless_told() -> None:
    y = Dropout(rng=np.random.default_rng(0)).forward(np.ones((100, 100)))
    assert set(np.unique(y)) == {0.0, 2.0}
    assert 0.45 < (y == 0).mean() < 0.55


@pytest.mark.parametrize("probability", [1.5, 1.0, -0.1, np.nan, "half", None])
def test_dropout_refuses_what_is_no_probability(probability) -> None:
    with pytest.raises((ValueError, TypeError), match="probability"):
        Dropout(probability)


def test_dropout_refuses_a_seed_for_a_generator() -> None:
    with pytest.raises(TypeError, match="rng"):
        Dropout(0.5, rng=3)


def test_dropout_backward_before_forward_and_wrong_gradients_are_refused() -> None:
    layer = Dropout(0.5, rng=np.random.default_rng(0))
    with pytest.raises((ValueError, RuntimeError), match="forward"):
        layer.backward(np.zeros((2, 2)))
    layer.forward(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="grad"):
        layer.backward(np.zeros((2, 2)))


# --- Batch normalization ---

NAMES = {"gamma": "weight", "beta": "bias"}
BUFFERS = {"running_mean": "running_mean", "running_variance": "running_var"}
# At least two numbers a channel: with one there is no variance to speak of (PyTorch refuses it).
SHAPES = st.tuples(
    st.integers(1, 4), st.integers(1, 3), st.integers(1, 5), st.integers(1, 5)
).filter(lambda shape: shape[0] * shape[2] * shape[3] > 2)


def pair_of_layers(channels, dtype, momentum=0.1, epsilon=1e-5):
    """Ours and PyTorch's, with the same parameters."""
    layer = with_random_parameters(
        BatchNorm2d(channels, epsilon=epsilon, momentum=momentum, dtype=dtype)
    )
    peer = torch.nn.BatchNorm2d(
        channels, eps=epsilon, momentum=momentum, dtype=getattr(torch, np.dtype(dtype).name)
    )
    with torch.no_grad():
        for name, theirs in NAMES.items():
            getattr(peer, theirs).copy_(torch.from_numpy(layer.parameters[name]))
    return layer, peer


def torch_answers(peer, x):
    """Forward and backward of PyTorch's layer, under our names."""
    peer.zero_grad()
    answers = in_torch(lambda x: peer(x), x=x)
    for name, theirs in NAMES.items():
        answers[name] = getattr(peer, theirs).grad.numpy().copy()
    return answers


def terms(layer, x) -> float:
    """How large the terms are, of which the gradients in float32 are what is left."""
    if x.dtype == np.float64:
        return 0.0
    numbers = x.size / x.shape[1]
    deviation = np.sqrt(x.var((0, 2, 3)).min() + layer.epsilon)
    return float(max(np.sqrt(numbers), np.abs(layer.parameters["gamma"]).max() / deviation))


@both_dtypes
@settings(deadline=None, max_examples=40)
@given(
    shape=SHAPES, momentum=st.sampled_from([0.1, 0.5, 1.0]), epsilon=st.sampled_from([1e-5, 0.1])
)
def test_normalization_equal_to_pytorch(dtype, shape, momentum, epsilon) -> None:
    layer, peer = pair_of_layers(shape[1], dtype, momentum, epsilon)
    for step in range(3):
        x = (draw(shape, seed=step) * (1 + step) + step).astype(dtype)
        assert_same(ours(layer, x), torch_answers(peer, x), least=terms(layer, x))
        for name, theirs in BUFFERS.items():
            assert layer.buffers[name].dtype == dtype
            assert_close(layer.buffers[name], getattr(peer, theirs).numpy(), name)
    layer.eval()
    peer.eval()
    kept = {name: buffer.copy() for name, buffer in layer.buffers.items()}
    assert_same(ours(layer, x), torch_answers(peer, x), least=terms(layer, x))
    for name, buffer in layer.buffers.items():
        np.testing.assert_array_equal(buffer, kept[name], err_msg=name)
    layer.train()
    peer.train()
    assert_same(ours(layer, x), torch_answers(peer, x), least=terms(layer, x))


@both_dtypes
@settings(deadline=None, max_examples=25)
@given(shape=SHAPES)
def test_normalization_equal_to_tensorflow(dtype, shape) -> None:
    layer = with_random_parameters(BatchNorm2d(shape[1], dtype=dtype))
    x = (draw(shape) + 1).astype(dtype)

    def normalized(x, gamma, beta):
        tf = tensorflow()
        mean, variance = tf.nn.moments(x, [0, 1, 2])
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-5)

    expected = in_tensorflow(channels_last(normalized), x=x, **layer.parameters)
    assert_same(ours(layer, x), expected, least=terms(layer, x))


@both_dtypes
def test_a_batch_of_one_and_an_image_of_its_usual_size(dtype) -> None:
    layer, peer = pair_of_layers(3, dtype)
    for shape in ((1, 3, 9, 8), (32, 3, 1, 1), (8, 3, 17, 12)):
        x = draw(shape, dtype) * 3 + 100
        # The mean is 30 times the deviation: a one-pass variance would lose it in float32.
        assert_same(ours(layer, x), torch_answers(peer, x), 1e-8 if dtype is np.float64 else 1e-4)


def test_normalization_starts_like_pytorch() -> None:
    layer, peer = BatchNorm2d(3), torch.nn.BatchNorm2d(3)
    for name, theirs in NAMES.items():
        np.testing.assert_array_equal(layer.parameters[name], getattr(peer, theirs).detach())
    for name, theirs in BUFFERS.items():
        np.testing.assert_array_equal(layer.buffers[name], getattr(peer, theirs))
    assert list(layer.parameters) == ["gamma", "beta"]
    assert layer.parameters.keys().isdisjoint(layer.buffers)
    assert layer.training is True
    assert peer.eps == 1e-5
    assert peer.momentum == 0.1
    x = draw((2, 3, 4, 4))
    assert_close(layer.forward(x), peer(torch.from_numpy(x).float()).detach().numpy(), "y", 1e-5)
    for name, theirs in BUFFERS.items():
        assert_close(layer.buffers[name], getattr(peer, theirs).numpy(), name, 1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_a_constant_image_is_normalized_to_beta(training) -> None:
    layer = with_random_parameters(BatchNorm2d(2))
    layer.train() if training else layer.eval()
    y = layer.forward(np.full((2, 2, 3, 3), 0.0))
    beta = layer.parameters["beta"].reshape(1, 2, 1, 1)
    np.testing.assert_allclose(y, np.broadcast_to(beta, y.shape), atol=1e-12)


def test_normalization_refuses_a_single_number_a_channel_only_in_training() -> None:
    layer = BatchNorm2d(2)
    x = np.ones((1, 2, 1, 1))
    with pytest.raises(ValueError, match=r"\bx\b"):
        layer.forward(x)
    layer.eval()
    assert layer.forward(x).shape == x.shape


@pytest.mark.parametrize("shape", [(2, 2, 4, 4), (2, 4, 4, 4), (3, 4, 4), (2, 3)])
def test_normalization_refuses_other_shapes(shape) -> None:
    with pytest.raises(ValueError, match=r"\bx\b"):
        BatchNorm2d(3).forward(np.zeros(shape))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"channels": 0}, "channels"),
        ({"channels": 2.0}, "channels"),
        ({"epsilon": -1e-5}, "epsilon"),
        ({"epsilon": "small"}, "epsilon"),
        ({"momentum": 1.5}, "momentum"),
        ({"momentum": -0.1}, "momentum"),
        ({"dtype": np.int64}, "dtype"),
    ],
)
def test_normalization_refuses_bad_options_by_name(options, name) -> None:
    with pytest.raises((ValueError, TypeError), match=name):
        BatchNorm2d(**{"channels": 3, **options})


def test_normalization_backward_before_forward_and_wrong_gradients_are_refused() -> None:
    layer = BatchNorm2d(2)
    with pytest.raises((ValueError, RuntimeError), match="forward"):
        layer.backward(np.zeros((2, 2, 3, 3)))
    layer.forward(draw((2, 2, 3, 3)))
    with pytest.raises(ValueError, match="grad"):
        layer.backward(np.zeros((2, 2, 3, 2)))
