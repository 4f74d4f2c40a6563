"""A small network for MNIST of which each setting can be varied, first weights included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from torch import nn

from pdl.models import small_cnn

FIRST_WEIGHTS = ("N(0, 1)", "N(0, 0.01²)", "zeros", "Glorot", "He", "PyTorch's own")


def network(
    channels: Sequence[int] = (8, 16),
    hidden: int = 64,
    dropout: float = 0.0,
    batch_norm: bool = False,
    first_weights: str = FIRST_WEIGHTS[-1],
) -> nn.Sequential:
    """The small network, with batch normalization after each convolution if wished."""
    model = small_cnn(channels, hidden, dropout)
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            set_first_weights(layer, first_weights)
    if not batch_norm:
        return model
    layers: list[nn.Module] = []
    for layer in model:
        layers.append(layer)
        if isinstance(layer, nn.Conv2d):
            layers.append(nn.BatchNorm2d(layer.out_channels))
    return nn.Sequential(*layers)


def set_first_weights(layer: nn.Conv2d | nn.Linear, kind: str) -> None:
    """Draw the weights anew in one of the ways; biases become 0, except for PyTorch's own."""
    draw: dict[str, Callable[[Any], Any]] = {
        "N(0, 1)": nn.init.normal_,
        "N(0, 0.01²)": partial(nn.init.normal_, std=0.01),
        "zeros": nn.init.zeros_,
        "Glorot": nn.init.xavier_normal_,
        "He": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
    }
    if kind in draw:
        draw[kind](layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
