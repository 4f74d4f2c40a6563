"""The two-convolution network that most texts train on MNIST first."""

from __future__ import annotations

from collections.abc import Sequence

from pdl.models.keras._tensorflow import keras
from pdl.models.keras.blocks import block_cnn


def small_cnn(
    channels: Sequence[int] = (32, 64),
    hidden: int = 1000,
    dropout: float = 0.5,
    *,
    image_shape: Sequence[int] = (28, 28, 1),
    classes: int = 10,
) -> keras.Sequential:
    """5×5 convolution, ReLU and 2×2 maximum, twice; one hidden layer with dropout; logits.

    Parameters
    ----------
    channels : sequence of int
        Feature maps of the convolutions.
    hidden : int
        Units of the fully connected layer.
    dropout : float
        The part of them that is dropped in training, 0 ≤ dropout < 1.
    image_shape : (int, int, int)
        Height, width, channels of an image.
    classes : int
        Logits that come out.

    Returns
    -------
    keras.Sequential
        From images (N, H, W, C) to logits (N, classes).

    Notes
    -----
    ``small_cnn((64, 128), 1024, 0.25)`` is the network of chapter 7's TensorFlow recipe.

    Examples
    --------
    >>> small_cnn().count_params()
    3199106
    """
    return block_cnn(channels, (hidden,), dropout, 5, image_shape, classes)
