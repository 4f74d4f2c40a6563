"""The three-block network for small colour images with few examples."""

from __future__ import annotations

from collections.abc import Sequence

from pdl.models.keras._tensorflow import keras
from pdl.models.keras.blocks import block_cnn


def three_block_cnn(
    channels: Sequence[int] = (64, 128, 256),
    hidden: Sequence[int] = (512, 512),
    dropout: float = 0.5,
    *,
    kernel_size: int = 3,
    image_shape: Sequence[int] = (64, 64, 3),
    classes: int = 3,
) -> keras.Sequential:
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
        Height, width, channels of an image.
    classes : int
        Logits that come out.

    Returns
    -------
    keras.Sequential
        From images (N, H, W, C) to logits (N, classes).

    Examples
    --------
    >>> three_block_cnn().count_params()
    9024131
    """
    return block_cnn(channels, hidden, dropout, kernel_size, image_shape, classes)
