"""VGG16 and VGG19: blocks of 3×3 convolutions, each followed by one pooling."""

from __future__ import annotations

from torch import nn

from pdl.models.imagenet.blocks import ConvReLU, FeaturesAndClassifier, three_layer_classifier
from pdl.models.imagenet.pretrained import with_weights


class Block(nn.Sequential):
    """Some 3×3 convolutions with as many maps each, and the largest of each 2×2.

    Parameters
    ----------
    inputs, outputs : int
        Feature maps that come in and that go out.
    convolutions : int
        How many.
    """

    def __init__(self, inputs: int, outputs: int, convolutions: int) -> None:
        layers = [ConvReLU(inputs, outputs, 3)]
        layers += [ConvReLU(outputs, outputs, 3) for _ in range(convolutions - 1)]
        super().__init__(*layers, nn.MaxPool2d(2))


def _vgg(convolutions: tuple[int, ...], classes: int) -> FeaturesAndClassifier:
    """A column of table 1; ``convolutions`` in each of the five blocks."""
    widths = (3, 64, 128, 256, 512, 512)
    blocks = [
        Block(inputs, outputs, count)
        for inputs, outputs, count in zip(widths[:-1], widths[1:], convolutions, strict=True)
    ]
    return FeaturesAndClassifier(
        nn.Sequential(*blocks), three_layer_classifier((512, 7, 7), classes)
    )


def vgg16(classes: int = 1000, weights: str | None = None) -> FeaturesAndClassifier:
    """VGG16 [1]_: 13 convolutions in five blocks, three fully connected layers.

    Parameters
    ----------
    classes : int
        Logits that come out.
    weights : {None, "imagenet"}
        First weights at random; or Keras's, trained on ImageNet, which are fetched if need be (553
        MB, set ``keras_vgg16`` of the registry). They expect images that
        :func:`pdl.models.imagenet_input` prepared in the mode ``"caffe"``.

    Returns
    -------
    torch.nn.Module
        From images (N, 3, 224, 224) to logits (N, classes).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or ``classes`` is not 1000 with ImageNet's weights.
    DataError
        If the weights are not to be had, or are not the right ones.

    Notes
    -----
    Two 3×3 see what one 5×5 sees, with 18 C² weights instead of 25 C². All but 14.7 million of the
    138 357 544 parameters are in the three fully connected layers.

    References
    ----------
    .. [1] K. Simonyan and A. Zisserman, "Very deep convolutional networks for large-scale image
       recognition", ICLR, 2015; table 1, column D. arXiv:1409.1556

    Examples
    --------
    >>> sum(each.numel() for each in vgg16().parameters())
    138357544
    """
    return with_weights(_vgg((2, 2, 3, 3, 3), classes), "vgg16", weights, classes)


def vgg19(classes: int = 1000, weights: str | None = None) -> FeaturesAndClassifier:
    """VGG19: a fourth convolution in each of the last three blocks; table 1, column E.

    Parameters
    ----------
    classes, weights
        As for :func:`vgg16`, with the set ``keras_vgg19``.

    Returns
    -------
    torch.nn.Module
        From images (N, 3, 224, 224) to logits (N, classes).

    Raises
    ------
    TypeError, ValueError, DataError
        As :func:`vgg16`.

    Examples
    --------
    >>> sum(each.numel() for each in vgg19().parameters())
    143667240
    """
    return with_weights(_vgg((2, 2, 4, 4, 4), classes), "vgg19", weights, classes)
