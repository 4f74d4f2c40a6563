"""AlexNet: in two groups as published, and in one column."""

from __future__ import annotations

from torch import nn

from pdl.models.imagenet.blocks import FeaturesAndClassifier, three_layer_classifier


def local_response_norm() -> nn.LocalResponseNorm:
    """Section 3.3: each number is divided by (2 + 1e-4 Σ a²)^0.75, over five neighbouring maps.

    PyTorch divides its α by the five, so it is given five times the paper's.
    """
    return nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)


def _alexnet(channels: tuple[int, ...], groups: int, classes: int) -> FeaturesAndClassifier:
    """The layers of figure 2; ``groups`` for the second, fourth and fifth convolution."""
    first, second, third, fourth, fifth = channels
    features = nn.Sequential(
        nn.Conv2d(3, first, 11, stride=4),
        nn.ReLU(),
        local_response_norm(),
        nn.MaxPool2d(3, stride=2),  # overlapping: windows of 3 at every second place
        nn.Conv2d(first, second, 5, padding=2, groups=groups),
        nn.ReLU(),
        local_response_norm(),
        nn.MaxPool2d(3, stride=2),
        nn.Conv2d(second, third, 3, padding=1),  # sees the maps of both GPUs
        nn.ReLU(),
        nn.Conv2d(third, fourth, 3, padding=1, groups=groups),
        nn.ReLU(),
        nn.Conv2d(fourth, fifth, 3, padding=1, groups=groups),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
    )
    return FeaturesAndClassifier(features, three_layer_classifier((fifth, 6, 6), classes))


def alexnet(classes: int = 1000) -> FeaturesAndClassifier:
    """AlexNet [1]_: five convolutions, three fully connected layers, 60 965 224 parameters.

    Its two halves ran on two GPUs. The second, fourth and fifth convolution see the maps of their
    own GPU alone, which is what ``groups=2`` means: each of the 256 kernels of the second is
    5×5×48. The third sees all maps.

    Parameters
    ----------
    classes : int
        Logits that come out.

    Returns
    -------
    torch.nn.Module
        From images (N, 3, 227, 227) to logits (N, classes).

    Raises
    ------
    TypeError, ValueError
        If ``classes`` is not a positive integer.

    Notes
    -----
    The paper says 224×224, from which an 11×11 kernel at stride 4 does not come out at the paper's
    55×55 maps: (224 - 11)/4 + 1 = 54.25. From 227 it does, without any padding.

    Local normalization is across all maps here; on the two GPUs it was across the maps of one.

    References
    ----------
    .. [1] A. Krizhevsky, I. Sutskever and G. E. Hinton, "ImageNet classification with deep
       convolutional neural networks", NIPS 25, 2012; section 3.5, figure 2.

    Examples
    --------
    >>> sum(each.numel() for each in alexnet().parameters())
    60965224
    """
    return _alexnet((96, 256, 384, 384, 256), 2, classes)


def one_column_alexnet(classes: int = 1000) -> FeaturesAndClassifier:
    """AlexNet for one GPU [1]_: no groups, and fewer kernels instead; 61 100 840 parameters.

    Parameters
    ----------
    classes : int
        Logits that come out.

    Returns
    -------
    torch.nn.Module
        From images (N, 3, 227, 227) to logits (N, classes).

    Raises
    ------
    TypeError, ValueError
        If ``classes`` is not a positive integer.

    Notes
    -----
    torchvision's ``alexnet`` is this network, but for the local normalization, which it leaves
    out, and the padding with which it takes 224×224.

    References
    ----------
    .. [1] A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks",
       arXiv:1404.5997, 2014; section 5.

    Examples
    --------
    >>> sum(each.numel() for each in one_column_alexnet().parameters())
    61100840
    """
    return _alexnet((64, 192, 384, 256, 256), 1, classes)
