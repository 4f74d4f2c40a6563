"""The convolutional network in NumPy: layers that go forward and backward, and what trains them.

Arrays are N×C×H×W: image, channel, row, column. Each layer stands with its derivative in one
file, and all are tested equal to PyTorch and TensorFlow, forward and backward.
"""

from __future__ import annotations

from pdl.layers.activations import ReLU, Sigmoid, Tanh
from pdl.layers.base import Layer
from pdl.layers.checking import gradient_check, numerical_gradient
from pdl.layers.convolution import Conv2d, conv2d, conv2d_backward
from pdl.layers.dropout import Dropout
from pdl.layers.linear import Flatten, Linear
from pdl.layers.loss import SoftmaxCrossEntropy, log_softmax, one_hot, softmax
from pdl.layers.normalization import BatchNorm2d
from pdl.layers.optimizers import SGD, Adam
from pdl.layers.pooling import AvgPool2d, MaxPool2d
from pdl.layers.receptive import ReceptiveField, receptive_field
from pdl.layers.sequential import Sequential
from pdl.layers.sizes import output_size, same_padding
from pdl.layers.windows import add_windows, windows

__all__ = [
    "SGD",
    "Adam",
    "AvgPool2d",
    "BatchNorm2d",
    "Conv2d",
    "Dropout",
    "Flatten",
    "Layer",
    "Linear",
    "MaxPool2d",
    "ReLU",
    "ReceptiveField",
    "Sequential",
    "Sigmoid",
    "SoftmaxCrossEntropy",
    "Tanh",
    "add_windows",
    "conv2d",
    "conv2d_backward",
    "gradient_check",
    "log_softmax",
    "numerical_gradient",
    "one_hot",
    "output_size",
    "receptive_field",
    "same_padding",
    "softmax",
    "windows",
]
