"""What several of the networks are made of."""

from __future__ import annotations

from pdl.keras_models._tensorflow import keras


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
        keras.layers.Conv2D(channels, kernel_size, padding="same"),
        keras.layers.ReLU(),
        keras.layers.MaxPooling2D(2),
    ]


def hidden_layer(units: int, dropout: float) -> list[keras.Layer]:
    """A fully connected layer with ReLU, and dropout unless its probability is 0."""
    layers = [keras.layers.Dense(units), keras.layers.ReLU()]
    return [*layers, keras.layers.Dropout(dropout)] if dropout > 0 else layers
