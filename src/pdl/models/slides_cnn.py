"""The two-convolution network of a set of course slides, as printed."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from pdl._validation import check_integer
from pdl.models.blocks import convolution_block


def slides_cnn(channels: Sequence[int] = (32, 64), hidden: int = 1000) -> nn.Sequential:
    """Two 5×5 convolution blocks; dropout ½ on the features; two linear layers.

    Parameters
    ----------
    channels : (int, int)
        Feature maps of the convolutions.
    hidden : int
        Outputs of the first linear layer.

    Returns
    -------
    torch.nn.Sequential
        From images (N, 1, 28, 28) to logits (N, 10).

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive integer, or there are not two ``channels``.

    Notes
    -----
    With nothing between them the two linear layers are one map, whatever ``hidden`` is.
    :func:`pdl.models.small_cnn` differs in two ways: a ReLU stands between the two, and dropout
    acts on the hidden units instead of on the features.

    Examples
    --------
    >>> [type(layer).__name__ for layer in slides_cnn()][-4:]
    ['Flatten', 'Dropout', 'Linear', 'Linear']
    """
    if len(channels) != 2:
        raise ValueError(f"channels must be two numbers, got {tuple(channels)}")
    first, second = channels
    check_integer(hidden, "hidden", minimum=1)
    return nn.Sequential(
        *convolution_block(1, first, 5),
        *convolution_block(first, second, 5),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(7 * 7 * second, hidden),
        nn.Linear(hidden, 10),
    )
