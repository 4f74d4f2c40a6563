"""Which input pixels an output can see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pdl.layers.base import Layer
from pdl.layers.convolution import Conv2d
from pdl.layers.pooling import AvgPool2d, MaxPool2d
from pdl.layers.sequential import Sequential


class ReceptiveField(NamedTuple):
    """What one output of a layer sees of the image, along one axis.

    Attributes
    ----------
    name : str
        The layer's class.
    size : int
        How many pixels from the first to the last that can change the output.
    jump : int
        How many pixels lie between the fields of neighbouring outputs.
    """

    name: str
    size: int
    jump: int


def receptive_field(model: Sequential, axis: int = 0) -> list[ReceptiveField]:
    """Follow the receptive field through the layers.

    A kernel of K taps that are D apart adds D (K − 1) jumps to the field, and a stride of S makes
    the jump S times as long.

    Parameters
    ----------
    model : Sequential
        Convolutions and pooling; layers that look at each number by itself change nothing.
        The list ends before the first layer that joins all pixels (`Flatten`).
    axis : {0, 1}
        Rows or columns.

    Returns
    -------
    list of ReceptiveField
        One for each layer, also of a `Sequential` in the model.

    Raises
    ------
    TypeError
        If the model is not a `Sequential`.
    ValueError
        If the axis is not 0 or 1.

    Examples
    --------
    >>> from pdl.layers import Conv2d, MaxPool2d, Sequential
    >>> receptive_field(Sequential(Conv2d(1, 4, 3), MaxPool2d(2), Conv2d(4, 4, 3)))[-1]
    ReceptiveField(name='Conv2d', size=8, jump=2)
    """
    if not isinstance(model, Sequential):
        raise TypeError(f"model must be a Sequential, got {type(model).__name__}")
    if axis not in (0, 1):
        raise ValueError(f"axis must be 0 (rows) or 1 (columns), got {axis!r}")
    fields = []
    size = jump = 1
    for layer in _in_order(model):
        name = type(layer).__name__
        if name == "Flatten":
            break
        if isinstance(layer, (Conv2d, MaxPool2d, AvgPool2d)):
            size += layer.dilation[axis] * (layer.kernel_size[axis] - 1) * jump
            jump *= layer.stride[axis]
        fields.append(ReceptiveField(name, size, jump))
    return fields


def _in_order(model: Sequential) -> Iterator[Layer]:
    """The layers of a model, and of the models in it."""
    for layer in model.layers:
        if isinstance(layer, Sequential):
            yield from _in_order(layer)
        else:
            yield layer
