"""The two-convolution network that most texts train on MNIST first."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from pdl.models.blocks import block_cnn


def small_cnn(
    channels: Sequence[int] = (32, 64),
    hidden: int = 1000,
    dropout: float = 0.5,
    *,
    image_shape: Sequence[int] = (1, 28, 28),
    classes: int = 10,
) -> nn.Sequential:
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

    Notes
    -----
    ``small_cnn((64, 128), 1024, 0.25)``, which keeps 0.75 of the units, is the network of chapter
    7's TensorFlow recipe. That of its PyTorch recipe is :func:`pdl.models.slides_cnn`.

    Examples
    --------
    >>> sum(each.numel() for each in small_cnn().parameters())
    3199106
    """
    return block_cnn(channels, (hidden,), dropout, 5, image_shape, classes)
