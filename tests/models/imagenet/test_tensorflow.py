"""The networks that Keras has not, written once more with TensorFlow's functions from the papers.

The weights are taken in the order in which the layers are named; so a layer at another place, or
a pooling before a normalization, gives other logits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from pdl import models

from .networks import image_shape

tf: Any = pytest.importorskip("tensorflow")


class Layers:
    """TensorFlow's functions, each of which takes the next weights of a network in PyTorch."""

    def __init__(self, model: torch.nn.Module) -> None:
        names = [name for name in model.state_dict() if "num_batches" not in name]
        self.left: Iterator[np.ndarray] = (model.state_dict()[name].numpy() for name in names)

    def conv(
        self, x: Any, stride: int = 1, pad: int = 0, groups: int = 1, bias: bool = True
    ) -> Any:
        kernel = next(self.left).transpose(2, 3, 1, 0)
        x = tf.pad(x, [[0, 0], [pad, pad], [pad, pad], [0, 0]])
        halves = zip(tf.split(x, groups, 3), tf.split(kernel, groups, 3), strict=True)
        y = tf.concat([tf.nn.conv2d(*each, stride, "VALID") for each in halves], 3)
        return y + next(self.left) if bias else y

    def norm(self, x: Any) -> Any:
        gamma, beta, mean, variance = (next(self.left) for _ in range(4))
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-5)

    def conv_norm(self, x: Any, stride: int = 1, pad: int = 0) -> Any:
        return self.norm(self.conv(x, stride, pad, bias=False))

    def linear(self, x: Any) -> Any:
        return x @ next(self.left).T + next(self.left)

    def hidden(self, x: Any) -> Any:
        """The three layers at the end of AlexNet, for maps in PyTorch's order."""
        x = tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [len(x), -1])
        return self.linear(tf.nn.relu(self.linear(tf.nn.relu(self.linear(x)))))


def pool(x: Any, padding: str = "VALID") -> Any:
    """3×3 at stride 2; with SAME a last, incomplete window counts, as all sides are even."""
    return tf.nn.max_pool2d(x, 3, 2, padding)


def response_norm(x: Any) -> Any:
    return tf.nn.local_response_normalization(x, 2, 2.0, 1e-4, 0.75)


def alexnet(layers: Layers, x: Any) -> Any:
    relu = tf.nn.relu
    x = pool(response_norm(relu(layers.conv(x, stride=4))))
    x = pool(response_norm(relu(layers.conv(x, pad=2, groups=2))))
    x = relu(layers.conv(x, pad=1))
    x = relu(layers.conv(x, pad=1, groups=2))
    return layers.hidden(pool(relu(layers.conv(x, pad=1, groups=2))))


def zfnet(layers: Layers, x: Any) -> Any:
    relu = tf.nn.relu
    x = response_norm(pool(relu(layers.conv(x, stride=2, pad=1)), "SAME"))
    x = response_norm(pool(relu(layers.conv(x, stride=2)), "SAME"))
    for _ in range(3):
        x = relu(layers.conv(x, pad=1))
    return layers.hidden(pool(x))


def googlenet(layers: Layers, x: Any) -> Any:
    def conv(x: Any, pad: int = 0, stride: int = 1) -> Any:
        return tf.nn.relu(layers.conv(x, stride, pad))

    def inception(x: Any) -> Any:
        branches = [conv(x), conv(conv(x), pad=1), conv(conv(x), pad=2)]
        return tf.concat([*branches, conv(tf.nn.max_pool2d(x, 3, 1, "SAME"))], 3)

    x = response_norm(pool(conv(x, pad=3, stride=2), "SAME"))
    x = pool(response_norm(conv(conv(x), pad=1)), "SAME")
    for count in (2, 5, 2):
        for _ in range(count):
            x = inception(x)
        x = pool(x, "SAME") if x.shape[1] > 7 else x
    return layers.linear(tf.reduce_mean(x, [1, 2]))


def resnet18(layers: Layers, x: Any) -> Any:
    relu = tf.nn.relu
    x = tf.pad(relu(layers.conv_norm(x, 2, 3)), [[0, 0], [1, 1], [1, 1], [0, 0]])
    x = pool(x)
    for stage in range(4):
        for block in range(2):
            first = stage > 0 and block == 0
            stride = 2 if first else 1
            shortcut = layers.conv_norm(x, stride) if first else x
            y = layers.conv_norm(relu(layers.conv_norm(x, stride, 1)), 1, 1)
            x = relu(y + shortcut)
    return layers.linear(tf.reduce_mean(x, [1, 2]))


def darknet19(layers: Layers, x: Any) -> Any:
    # Table 6: how many convolutions there are between two poolings.
    for count in (1, 1, 3, 3, 5, 5):
        for number in range(count):
            x = tf.nn.leaky_relu(layers.conv_norm(x, pad=1 - number % 2), 0.1)
        x = tf.nn.max_pool2d(x, 2, 2, "VALID") if x.shape[3] < 1024 else x
    return tf.reduce_mean(layers.conv(x), [1, 2])


@pytest.mark.parametrize(
    "network", [alexnet, zfnet, googlenet, resnet18, darknet19], ids=lambda each: each.__name__
)
def test_equal_logits(network: Callable[[Layers, Any], Any]) -> None:
    torch.manual_seed(3)
    name = network.__name__
    model = getattr(models, name)().eval()
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.2)
            torch.nn.init.normal_(module.bias, std=0.3)
            module.running_mean.normal_(std=0.3)
            module.running_var.uniform_(0.5, 2)
    images = torch.randn(1, *image_shape(name))
    with torch.no_grad():
        expected = model(images).numpy()
    layers = Layers(model)
    found = np.asarray(network(layers, tf.constant(images.permute(0, 2, 3, 1).numpy())))
    scale = np.abs(expected).max()
    assert expected.std() > 0.05 * scale
    np.testing.assert_allclose(found / scale, expected / scale, rtol=0, atol=1e-4)
    assert name == "googlenet" or next(layers.left, None) is None
