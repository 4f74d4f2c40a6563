"""Weights that were trained on ImageNet, from the registry into the networks."""

from __future__ import annotations

from typing import TypeVar

from torch import nn

Network = TypeVar("Network", bound=nn.Module)


def with_weights(model: Network, architecture: str, weights: str | None, classes: int) -> Network:
    """Return the model, with the weights that are asked for."""
    if weights is None:
        return model
    raise NotImplementedError
