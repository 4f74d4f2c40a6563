"""The multi-layer perceptron: the baseline that sees no neighbourhood."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from pdl._validation import check_integer
from pdl.models.blocks import hidden_layer


def mlp(inputs: int = 784, hidden: Sequence[int] = (256,), classes: int = 10) -> nn.Sequential:
    """Fully connected layers with ReLU between them.

    Parameters
    ----------
    inputs : int
        Numbers in an image: 28·28.
    hidden : sequence of int
        Units of the hidden layers; none for softmax regression.
    classes : int
        Logits that come out.

    Returns
    -------
    torch.nn.Sequential
        From images (N, ...) to logits (N, classes).

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive integer.

    Examples
    --------
    >>> sum(each.numel() for each in mlp(hidden=()).parameters())
    7850
    """
    check_integer(inputs, "inputs", minimum=1)
    check_integer(classes, "classes", minimum=1)
    layers: list[nn.Module] = [nn.Flatten()]
    for units in hidden:
        layers += hidden_layer(inputs, units, dropout=0.0)
        inputs = units
    return nn.Sequential(*layers, nn.Linear(inputs, classes))
