"""A small network with batch normalization that is good on MNIST within a minute."""

from __future__ import annotations

from collections.abc import Sequence

from pdl.models.keras._tensorflow import keras
from pdl.models.keras.blocks import ORDER


def fast_cnn(
    channels: Sequence[int] = (16, 32, 64, 64),
    *,
    image_shape: Sequence[int] = (28, 28, 1),
    classes: int = 10,
) -> keras.Sequential:
    """3×3 convolutions with batch normalization; all but the third halve the image.

    Parameters
    ----------
    channels : (int, int, int, int)
        Feature maps of the four convolutions.
    image_shape : (int, int, int)
        Height, width, channels of an image; 8×8 or larger.
    classes : int
        Logits that come out.

    Returns
    -------
    keras.Sequential
        From images (N, H, W, C) to logits (N, classes).

    Raises
    ------
    ValueError
        If channels are not four.

    Notes
    -----
    See :func:`pdl.models.fast_cnn`. ε and momentum of the batch normalization are PyTorch's:
    its momentum of 0.1 is 0.9 here, since Keras counts what stays. Keras's own defaults are an ε
    of 0.001 and a momentum of 0.99.

    Examples
    --------
    >>> fast_cnn().count_params()  # 352 of them are running means and variances
    66522
    """
    if len(channels) != 4:
        raise ValueError(f"channels must be four numbers, got {tuple(channels)}")
    layers = [keras.Input(tuple(image_shape))]
    for each, halve in zip(channels, (True, True, False, True), strict=True):
        layers.append(
            keras.layers.Conv2D(each, 3, padding="same", use_bias=False, data_format=ORDER)
        )
        layers += [keras.layers.MaxPooling2D(2, data_format=ORDER)] if halve else []
        layers += [keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5), keras.layers.ReLU()]
    layers.append(keras.layers.Flatten(data_format=ORDER))
    return keras.Sequential([*layers, keras.layers.Dense(classes)])
