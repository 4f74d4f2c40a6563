"""ZFNet: AlexNet with a smaller first kernel and a smaller first stride."""

from __future__ import annotations

from torch import nn

from pdl.models.imagenet.alexnet import local_response_norm
from pdl.models.imagenet.blocks import FeaturesAndClassifier, three_layer_classifier


def zfnet(classes: int = 1000) -> FeaturesAndClassifier:
    """ZFNet [1]_: 7×7 kernels at stride 2 where AlexNet has 11×11 at stride 4.

    Parameters
    ----------
    classes : int
        Logits that come out.

    Returns
    -------
    torch.nn.Module
        From images (N, 3, 224, 224) to logits (N, classes).

    Raises
    ------
    TypeError, ValueError
        If ``classes`` is not a positive integer.

    Notes
    -----
    Figure 3 gives the side of the maps: 110, 55, 26, 13 and 6. They come out with one zero around
    the image and with poolings that count a last, incomplete window. Of its "contrast
    normalization across feature maps" the paper gives no numbers; these are AlexNet's.

    References
    ----------
    .. [1] M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks",
       ECCV, 818-833, 2014; figure 3. arXiv:1311.2901

    Examples
    --------
    >>> sum(each.numel() for each in zfnet().parameters())
    62357608
    """
    features = nn.Sequential(
        nn.Conv2d(3, 96, 7, stride=2, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),
        local_response_norm(),
        nn.Conv2d(96, 256, 5, stride=2),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),
        local_response_norm(),
        nn.Conv2d(256, 384, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
    )
    return FeaturesAndClassifier(features, three_layer_classifier((256, 6, 6), classes))
