"""Darknet-19, the classifier on which YOLO's second version rests."""

from __future__ import annotations

from functools import partial

from torch import nn

from pdl._validation import check_integer
from pdl.models.imagenet.blocks import ConvNorm, FeaturesAndClassifier

leaky_relu = partial(nn.LeakyReLU, 0.1)


class Block(nn.Sequential):
    """3×3 and 1×1 convolutions in turn; the 1×1 halve the number of maps between two 3×3.

    Parameters
    ----------
    inputs, outputs : int
        Feature maps that come in and that go out.
    convolutions : int
        How many, odd: the first and the last are 3×3.
    """

    def __init__(self, inputs: int, outputs: int, convolutions: int) -> None:
        layers = []
        for number in range(convolutions):
            reduces = number % 2 == 1
            maps = outputs // 2 if reduces else outputs
            kernel_size = 1 if reduces else 3
            layers.append(ConvNorm(inputs, maps, kernel_size, activation=leaky_relu))
            inputs = maps
        super().__init__(*layers)


def darknet19(classes: int = 1000) -> FeaturesAndClassifier:
    """Darknet-19 [1]_: 19 convolutions, five poolings, and no fully connected layer.

    Parameters
    ----------
    classes : int
        Logits that come out.

    Returns
    -------
    torch.nn.Module
        From images (N, 3, H, W), 224×224 in the paper, to logits (N, classes).

    Raises
    ------
    TypeError, ValueError
        If ``classes`` is not a positive integer.

    Notes
    -----
    Table 6, with the batch normalization and the leaky ReLU of slope 0.1 of the authors' program.
    The paper counts 5.58 billion operations: twice the multiply-adds of the convolutions.

    References
    ----------
    .. [1] J. Redmon and A. Farhadi, "YOLO9000: better, faster, stronger", CVPR, 6517-6525, 2017;
       table 6. arXiv:1612.08242

    Examples
    --------
    >>> sum(each.numel() for each in darknet19().parameters())
    20842376
    """
    check_integer(classes, "classes", minimum=1)
    features = nn.Sequential(
        Block(3, 32, 1),
        nn.MaxPool2d(2),
        Block(32, 64, 1),
        nn.MaxPool2d(2),
        Block(64, 128, 3),
        nn.MaxPool2d(2),
        Block(128, 256, 3),
        nn.MaxPool2d(2),
        Block(256, 512, 5),
        nn.MaxPool2d(2),
        Block(512, 1024, 5),
    )
    classifier = nn.Sequential(nn.Conv2d(1024, classes, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return FeaturesAndClassifier(features, classifier)
