"""The package's own layers, handed in as answers: a fault in a layer fails its exercise too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pdl import layers
from pdl.exercises import grade
from pdl.layers import BatchNorm2d, MaxPool2d, SoftmaxCrossEntropy

Answer = Callable[..., Any]


def my_conv2d(x, weight, bias, stride, padding):
    return layers.conv2d(x, weight, bias, stride=stride, padding=padding)


def max_pool(x, size, stride, padding):
    return MaxPool2d(size, stride=stride, padding=padding).forward(x)


def kernel_gradient(grad, x):
    kernel = [1 + length - after for length, after in zip(x.shape[2:], grad.shape[2:], strict=True)]
    return layers.conv2d_backward(grad, x, np.zeros((grad.shape[1], x.shape[1], *kernel)))[1]


def input_gradient(grad, weight, size, stride):
    x = np.zeros((len(grad), weight.shape[1], *size))
    return layers.conv2d_backward(grad, x, weight, stride=stride)[0]


def cross_entropy_gradient(logits, labels):
    loss = SoftmaxCrossEntropy()
    loss.forward(logits, labels)
    return loss.backward()


def max_pool_backward(grad, x, size, stride):
    pool = MaxPool2d(size, stride=stride)
    pool.forward(x)
    return pool.backward(grad)


def batch_norm_backward(grad, x, gamma, epsilon):
    norm = BatchNorm2d(len(gamma), epsilon=epsilon)
    norm.parameters["gamma"][...] = gamma
    norm.forward(x)
    return norm.backward(grad), norm.gradients["gamma"], norm.gradients["beta"]


@pytest.fixture(autouse=True)
def _no_forked_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The layers end: they need no copy of the process to be tried in first."""
    monkeypatch.setenv("PDL_EXERCISE_TRIAL", "off")


ANSWERS: dict[str, Answer] = {
    "layers.conv2d": my_conv2d,
    "layers.max_pool": max_pool,
    "backpropagation.kernel_gradient": kernel_gradient,
    "backpropagation.input_gradient": input_gradient,
    "backpropagation.cross_entropy_gradient": cross_entropy_gradient,
    "backpropagation.max_pool_backward": max_pool_backward,
    "backpropagation.batch_norm_backward": batch_norm_backward,
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_layer_passes_its_exercise(name: str) -> None:
    outcome = grade(name, ANSWERS[name])
    assert outcome.status == "passed", str(outcome)


def with_sign_error(by_x, by_weight, by_bias):
    return -by_x, -by_weight, by_bias


def with_turned_kernel(by_x, by_weight, by_bias):
    return by_x[..., ::-1, ::-1], by_weight[..., ::-1, ::-1], by_bias


@pytest.mark.parametrize("fault", [with_sign_error, with_turned_kernel])
@pytest.mark.parametrize("name", ["kernel_gradient", "input_gradient"])
def test_a_faulty_convolution_fails_its_exercise(
    name: str, fault: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = layers.conv2d_backward
    monkeypatch.setattr(
        layers, "conv2d_backward", lambda *a, **options: fault(*right(*a, **options))
    )
    outcome = grade(f"backpropagation.{name}", ANSWERS[f"backpropagation.{name}"])
    assert outcome.status == "failed"
    assert outcome.failed == "values"


def test_a_batch_norm_without_the_mean_fails_its_exercise(monkeypatch: pytest.MonkeyPatch) -> None:
    right = BatchNorm2d.backward

    def without_mean(self, grad):
        by_x = right(self, grad)
        spread = self._kept[1]
        gamma = self.parameters["gamma"][:, np.newaxis, np.newaxis]
        return by_x + gamma * grad.mean((0, 2, 3), keepdims=True) / spread

    monkeypatch.setattr(BatchNorm2d, "backward", without_mean)
    outcome = grade("backpropagation.batch_norm_backward", batch_norm_backward)
    assert outcome.status == "failed"
    assert "mean" in outcome.hint
