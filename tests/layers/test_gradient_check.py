"""Every gradient by finite differences, and the check itself against planted mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdl.layers import (
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
    conv2d_backward,
    gradient_check,
    numerical_gradient,
)

from .differences import differences_by_hand
from .peers import conv_layer, with_random_parameters


def test_numerical_gradient_of_known_functions() -> None:
    x = np.array([[0.5, -1.0], [2.0, 3.0]])
    kept = x.copy()
    found = numerical_gradient(lambda: float((x**3).sum()), x)
    np.testing.assert_allclose(found, 3 * x**2, rtol=1e-8)
    np.testing.assert_array_equal(x, kept)
    # Central differences of a square are exact, of any step; one-sided ones are not.
    found = numerical_gradient(lambda: float((x**2).sum()), x, step=0.5)
    np.testing.assert_allclose(found, 2 * x, rtol=1e-12)


def spread(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Numbers of which no two are closer than 0.05, and none is that close to 0.

    So no finite difference steps over the kink of a ReLU or changes which pixel is the maximum.
    """
    values = (np.arange(int(np.prod(shape))) + 0.5) * 0.1
    values -= values.mean() + 0.025
    return np.random.default_rng(seed).permutation(values).reshape(shape)


def in_evaluation(layer: Any) -> Any:
    layer.eval()
    return layer


def with_statistics(layer: BatchNorm2d) -> BatchNorm2d:
    """With running statistics that are not 0 and 1."""
    layer.buffers["running_mean"][...] = [0.5, -1]
    layer.buffers["running_variance"][...] = [0.3, 4]
    return in_evaluation(layer)


IMAGES = (2, 2, 5, 6)
LAYERS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "Conv2d": (lambda: conv_layer(2, 3, 3, np.float64), IMAGES),
    "Conv2d loops": (lambda: conv_layer(2, 3, 2, np.float64, method="loops"), (1, 2, 3, 3)),
    "Conv2d strided": (
        lambda: conv_layer(2, 4, (3, 2), np.float64, stride=2, padding="same", groups=2),
        IMAGES,
    ),
    "Conv2d dilated": (
        lambda: conv_layer(2, 2, 2, np.float64, dilation=(2, 3), padding=((0, 1), (2, 0))),
        IMAGES,
    ),
    "Conv2d without bias": (lambda: conv_layer(2, 3, 1, np.float64, bias=False), IMAGES),
    "MaxPool2d": (lambda: MaxPool2d(2), IMAGES),
    "MaxPool2d overlapping": (lambda: MaxPool2d(3, stride=2, padding=1), IMAGES),
    "MaxPool2d same": (lambda: MaxPool2d(2, stride=2, padding="same"), IMAGES),
    "AvgPool2d": (lambda: AvgPool2d(2), IMAGES),
    "AvgPool2d padded": (lambda: AvgPool2d(3, stride=1, padding=1), IMAGES),
    "AvgPool2d same": (
        lambda: AvgPool2d(3, stride=2, padding="same", count_include_pad=False),
        IMAGES,
    ),
    "ReLU": (ReLU, IMAGES),
    "Sigmoid": (Sigmoid, IMAGES),
    "Tanh": (Tanh, IMAGES),
    "Flatten": (Flatten, IMAGES),
    "Linear": (lambda: with_random_parameters(Linear(5, 4)), (3, 5)),
    "Linear without bias": (lambda: with_random_parameters(Linear(5, 4, bias=False)), (3, 5)),
    "BatchNorm2d": (lambda: with_random_parameters(BatchNorm2d(2)), IMAGES),
    "BatchNorm2d in evaluation": (
        lambda: with_statistics(with_random_parameters(BatchNorm2d(2))),
        IMAGES,
    ),
    "Dropout in evaluation": (lambda: in_evaluation(Dropout(0.5)), IMAGES),
    "Sequential": (
        lambda: Sequential(
            conv_layer(2, 3, 3, np.float64, padding=1),
            with_random_parameters(BatchNorm2d(3)),
            Tanh(),
            AvgPool2d(2),
            Flatten(),
            with_random_parameters(Linear(18, 2)),
        ),
        IMAGES,
    ),
}
EVERY = pytest.mark.parametrize(("make", "shape"), LAYERS.values(), ids=LAYERS)


@EVERY
def test_every_layer_passes_the_check(make, shape) -> None:
    layer = make()
    errors = gradient_check(layer, spread(shape))
    assert errors.keys() == {"x", *layer.parameters}
    assert max(errors.values()) <= 1e-6, errors


@EVERY
def test_every_layer_passes_finite_differences_of_our_own(make, shape) -> None:
    errors = differences_by_hand(make, spread(shape))
    assert max(errors.values()) <= 1e-6, errors


def test_dropout_passes_finite_differences_with_its_mask_held() -> None:
    def make() -> Dropout:
        return Dropout(0.4, rng=np.random.default_rng(5))

    assert differences_by_hand(make, spread(IMAGES))["x"] <= 1e-9


def test_a_layer_that_depends_on_chance_is_refused() -> None:
    with pytest.raises(ValueError, match="eval"):
        gradient_check(Dropout(0.5, rng=np.random.default_rng(0)), spread(IMAGES))


@settings(deadline=None, max_examples=15)
@given(
    kernel=st.integers(1, 3),
    stride=st.integers(1, 2),
    dilation=st.integers(1, 2),
    padding=st.sampled_from([0, 1, "same"]),
    groups=st.integers(1, 2),
)
def test_convolutions_of_every_kind_pass(kernel, stride, dilation, padding, groups) -> None:
    layer = conv_layer(
        2, 2, kernel, np.float64, stride=stride, dilation=dilation, padding=padding, groups=groups
    )
    errors = gradient_check(layer, spread((1, 2, 5, 5)))
    assert max(errors.values()) <= 1e-6, errors


# --- Planted mistakes ---


class WrongSign(Linear):
    def backward(self, grad):
        return -super().backward(grad)


class WrongSignOfWeights(Conv2d):
    def backward(self, grad):
        grad_x = super().backward(grad)
        self.gradients["weight"] = -self.gradients["weight"]
        return grad_x


class Remembering(Conv2d):
    """Keeps its input, for the mistakes below."""

    def forward(self, x):
        self.seen = x
        return super().forward(x)


class FlippedKernel(Remembering):
    def backward(self, grad):
        super().backward(grad)
        weight = self.parameters["weight"][:, :, ::-1, ::-1]
        return conv2d_backward(grad, self.seen, weight)[0]


class TransposedKernel(Remembering):
    def backward(self, grad):
        super().backward(grad)
        return conv2d_backward(grad, self.seen, self.parameters["weight"].swapaxes(2, 3))[0]


class FlippedGradient(Conv2d):
    def backward(self, grad):
        grad_x = super().backward(grad)
        self.gradients["weight"] = self.gradients["weight"][:, :, ::-1, ::-1]
        return grad_x


class BiasOfOneImage(Conv2d):
    def backward(self, grad):
        grad_x = super().backward(grad)
        self.gradients["bias"] = grad[0].sum(axis=(1, 2))
        return grad_x


class NormWithoutMean(BatchNorm2d):
    """Forgets that the mean (or the deviation) of the batch depends on the input too."""

    forgotten = "mean"

    def forward(self, x):
        axes = (0, 2, 3)
        mean = x.mean(axes, keepdims=True)
        self.inverse = 1 / np.sqrt(x.var(axes, keepdims=True) + 1e-5)
        self.normalized = (x - mean) * self.inverse
        return super().forward(x)

    def backward(self, grad):
        super().backward(grad)
        by_normalized = grad * self.parameters["gamma"].reshape(1, -1, 1, 1)
        axes = {"axis": (0, 2, 3), "keepdims": True}
        terms = by_normalized.copy()
        if self.forgotten != "mean":
            terms -= by_normalized.mean(**axes)
        if self.forgotten != "deviation":
            terms -= self.normalized * (by_normalized * self.normalized).mean(**axes)
        return terms * self.inverse


class NormWithoutDeviation(NormWithoutMean):
    forgotten = "deviation"


class NormWithNothingForgotten(NormWithoutMean):
    forgotten = "nothing"


class MaximumForAll(MaxPool2d):
    """Gives the gradient to every pixel of the window."""

    def backward(self, grad):
        super().backward(grad)
        return grad.repeat(2, axis=2).repeat(2, axis=3)


class ScaledReLU(ReLU):
    def backward(self, grad):
        return 1.01 * super().backward(grad)


class ForgetsAll(Tanh):
    def backward(self, grad):
        return np.zeros_like(super().backward(grad))


MISTAKES: dict[str, tuple[Callable[[], Any], tuple[int, ...], str]] = {
    "a wrong sign": (lambda: WrongSign(4, 3), (3, 4), "x"),
    "a wrong sign of the weights": (lambda: WrongSignOfWeights(2, 3, 3), IMAGES, "weight"),
    "a flipped kernel": (lambda: FlippedKernel(2, 3, 3), IMAGES, "x"),
    "a transposed kernel": (lambda: TransposedKernel(2, 3, 3), IMAGES, "x"),
    "a flipped gradient of the kernel": (lambda: FlippedGradient(2, 3, 3), IMAGES, "weight"),
    "a bias of the first image alone": (lambda: BiasOfOneImage(2, 3, 3), IMAGES, "bias"),
    "a norm without the mean": (lambda: NormWithoutMean(2), IMAGES, "x"),
    "a norm without the deviation": (lambda: NormWithoutDeviation(2), IMAGES, "x"),
    "a maximum that gives to all": (lambda: MaximumForAll(2), (2, 2, 4, 6), "x"),
    "one part in a hundred": (ScaledReLU, IMAGES, "x"),
    "no gradient at all": (ForgetsAll, IMAGES, "x"),
    "a wrong sign deep in a model": (
        lambda: Sequential(Linear(4, 4), Tanh(), WrongSign(4, 3)),
        (3, 4),
        "0.weight",
    ),
}


@pytest.mark.parametrize(("make", "shape", "name"), MISTAKES.values(), ids=MISTAKES)
def test_the_check_finds_planted_mistakes(make, shape, name) -> None:
    errors = gradient_check(make(), spread(shape))
    assert errors[name] > 1e-3, errors
    # Names that the mistake does not touch stay right, so that the report points at it.
    if "." not in name:
        assert all(error <= 1e-6 for other, error in errors.items() if other != name), errors


class NormWithoutEpsilon(BatchNorm2d):
    """Divides by sigma instead of the root of the variance plus epsilon."""

    def backward(self, grad):
        s = self._recall()[1]
        return super().backward(grad) * s / np.sqrt(s**2 - self.epsilon)


def test_a_forgotten_epsilon_shows_only_where_the_variance_is_small() -> None:
    x = spread(IMAGES)
    x /= x.std()
    # Too long by 1 + ε/2σ²: 5e-8 at a variance of 100, 5e-2 at 1e-4.
    assert gradient_check(NormWithoutEpsilon(2), 10 * x)["x"] < 1e-6
    assert gradient_check(NormWithoutEpsilon(2), x / 100)["x"] > 1e-2
    assert max(gradient_check(BatchNorm2d(2), x / 100).values()) <= 1e-6


def test_the_planted_norm_is_right_where_nothing_is_forgotten() -> None:
    assert max(gradient_check(NormWithNothingForgotten(2), spread(IMAGES)).values()) <= 1e-6


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_the_error_is_relative_to_the_gradient(scale) -> None:
    layer = WrongSign(4, 3)
    layer.parameters["weight"] *= scale
    errors = gradient_check(layer, spread((3, 4)) * scale)
    # The difference is twice the gradient, however small that is.
    assert errors["x"] == pytest.approx(2, rel=1e-4)
    assert max(errors["weight"], errors["bias"]) <= 1e-6


def test_a_gradient_of_nan_is_not_called_right() -> None:
    class Broken(Tanh):
        def backward(self, grad):
            found = super().backward(grad)
            found.flat[0] = np.nan
            return found

    assert not gradient_check(Broken(), spread((2, 3)))["x"] <= 1e-3


def test_a_gradient_of_the_wrong_shape_is_not_called_right() -> None:
    class Row(Linear):
        def backward(self, grad):
            found = super().backward(grad)
            self.gradients["bias"] = self.gradients["bias"][np.newaxis]
            return found

    with pytest.raises(ValueError, match=r"bias.*shape"):
        gradient_check(Row(4, 3), spread((3, 4)))


# --- The check as a tool ---


def test_the_check_leaves_everything_as_it_was() -> None:
    layer = LAYERS["Sequential"][0]()
    x = spread(IMAGES)
    kept = {name: array.copy() for name, array in {**layer.parameters, **layer.buffers}.items()}
    held = dict(layer.parameters)
    gradient_check(layer, x)
    np.testing.assert_array_equal(x, spread(IMAGES))
    for name, array in {**layer.parameters, **layer.buffers}.items():
        np.testing.assert_array_equal(array, kept[name], err_msg=name)
    for name, array in layer.parameters.items():
        assert array is held[name], name


def test_the_check_draws_from_the_generator_given() -> None:
    layer, x = with_random_parameters(Linear(4, 3)), spread((3, 4))
    default = gradient_check(layer, x)
    assert gradient_check(layer, x) == default
    assert gradient_check(layer, x, rng=np.random.default_rng(12)) != default


def test_the_check_refuses_float32() -> None:
    with pytest.raises(TypeError, match="float64"):
        gradient_check(Linear(3, 2, dtype=np.float32), spread((2, 3)))


@pytest.mark.parametrize(
    ("array", "step", "name"),
    [
        (np.ones(2, dtype=np.float32), 1e-5, "array"),
        (np.array([1, 2]), 1e-5, "array"),
        ([1.0, 2.0], 1e-5, "array"),
        (np.ones(2), 0.0, "step"),
        (np.ones(2), -1e-5, "step"),
    ],
)
def test_numerical_gradient_refuses_what_it_cannot_move(array, step, name) -> None:
    with pytest.raises((ValueError, TypeError), match=name):
        numerical_gradient(lambda: 0.0, array, step)
