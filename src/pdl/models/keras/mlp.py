"""The multi-layer perceptron: the baseline that sees no neighbourhood."""

from __future__ import annotations

from collections.abc import Sequence

from pdl.models.keras._tensorflow import keras
from pdl.models.keras.blocks import ORDER, hidden_layer


def mlp(
    image_shape: Sequence[int] = (28, 28, 1), hidden: Sequence[int] = (256,), classes: int = 10
) -> keras.Sequential:
    """Fully connected layers with ReLU between them; see :func:`pdl.models.mlp`.

    Parameters
    ----------
    image_shape : sequence of int
        Height, width, channels of an image; or one number, of a vector.
    hidden : sequence of int
        Units of the hidden layers; none for softmax regression.
    classes : int
        Logits that come out.

    Returns
    -------
    keras.Sequential
        From images (N, H, W, C) to logits (N, classes).

    Examples
    --------
    >>> mlp(hidden=()).count_params()
    7850
    """
    layers = [keras.Input(tuple(image_shape)), keras.layers.Flatten(data_format=ORDER)]
    for units in hidden:
        layers += hidden_layer(units, dropout=0.0)
    return keras.Sequential([*layers, keras.layers.Dense(classes)])
