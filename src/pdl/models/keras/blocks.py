"""What several of the networks are made of."""

from __future__ import annotations

from collections.abc import Sequence

from pdl.models.keras._tensorflow import keras

# Said to each layer: the reader's keras.json may name another order for those not told.
ORDER = "channels_last"


def convolution_block(channels: int, kernel_size: int) -> list[keras.Layer]:
    """Convolution that keeps height and width, ReLU, and the largest of each 2×2.

    Parameters
    ----------
    channels : int
        Feature maps that go out.
    kernel_size : int
        Odd.

    Returns
    -------
    list of keras.Layer
        From (N, H, W, C) to (N, ⌊H/2⌋, ⌊W/2⌋, channels).
    """
    return [
        keras.layers.Conv2D(channels, kernel_size, padding="same", data_format=ORDER),
        keras.layers.ReLU(),
        keras.layers.MaxPooling2D(2, data_format=ORDER),
    ]


def hidden_layer(units: int, dropout: float) -> list[keras.Layer]:
    """A fully connected layer with ReLU, and dropout unless its probability is 0."""
    layers = [keras.layers.Dense(units), keras.layers.ReLU()]
    return [*layers, keras.layers.Dropout(dropout)] if dropout > 0 else layers


def block_cnn(
    channels: Sequence[int],
    hidden: Sequence[int],
    dropout: float,
    kernel_size: int,
    image_shape: Sequence[int],
    classes: int,
) -> keras.Sequential:
    """Convolution blocks, hidden layers with dropout, logits; the arguments are its callers'."""
    layers = [keras.Input(tuple(image_shape))]
    for each in channels:
        layers += convolution_block(each, kernel_size)
    layers.append(keras.layers.Flatten(data_format=ORDER))
    for units in hidden:
        layers += hidden_layer(units, dropout)
    return keras.Sequential([*layers, keras.layers.Dense(classes)])
