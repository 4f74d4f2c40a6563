"""The three-block network for small colour images with few examples."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from pdl._validation import check_integer
from pdl.models.blocks import convolution_block, hidden_layer, side_after


def three_block_cnn(
    channels: Sequence[int] = (64, 128, 256),
    hidden: Sequence[int] = (512, 512),
    dropout: float = 0.5,
    *,
    kernel_size: int = 3,
    image_shape: Sequence[int] = (3, 64, 64),
    classes: int = 3,
) -> nn.Sequential:
    """Convolution, ReLU and 2×2 maximum, three times; two hidden layers with dropout; logits.

    Parameters
    ----------
    channels : sequence of int
        Feature maps of the convolutions.
    hidden : sequence of int
        Units of the fully connected layers.
    dropout : float
        The part of them that is dropped in training, 0 ≤ dropout < 1.
    kernel_size : int
        Of the convolutions, odd.
    image_shape : (int, int, int)
        Channels, height, width of an image.
    classes : int
        Logits that come out.

    Returns
    -------
    torch.nn.Sequential
        From images (N, C, H, W) to logits (N, classes).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> sum(each.numel() for each in three_block_cnn().parameters())
    9024131
    """
    check_integer(classes, "classes", minimum=1)
    height, width = side_after(image_shape, len(channels))
    layers: list[nn.Module] = []
    inputs = image_shape[0]
    for each in channels:
        layers += convolution_block(inputs, each, kernel_size)
        inputs = each
    layers.append(nn.Flatten())
    inputs *= height * width
    for units in hidden:
        layers += hidden_layer(inputs, units, dropout)
        inputs = units
    return nn.Sequential(*layers, nn.Linear(inputs, classes))
