"""GoogLeNet: inception modules, and two auxiliary classifiers for training."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from pdl._validation import check_integer
from pdl.models.blocks import FlattenMaps
from pdl.models.imagenet.alexnet import local_response_norm
from pdl.models.imagenet.blocks import ConvReLU, global_average_classifier


class Inception(nn.Module):
    """Figure 2b: 1×1, 3×3, 5×5 and pooling side by side, with 1×1 reductions in front.

    Parameters
    ----------
    inputs : int
        Feature maps that come in.
    one : int
        Maps of the 1×1 branch (#1×1 of table 1).
    three : (int, int)
        Maps after the reduction and after the 3×3 (#3×3 reduce, #3×3).
    five : (int, int)
        The same for the 5×5 (#5×5 reduce, #5×5).
    pool : int
        Maps of the 1×1 after the pooling (pool proj).
    """

    def __init__(
        self, inputs: int, one: int, three: tuple[int, int], five: tuple[int, int], pool: int
    ) -> None:
        super().__init__()
        self.one = ConvReLU(inputs, one, 1)
        self.three = nn.Sequential(ConvReLU(inputs, three[0], 1), ConvReLU(*three, 3))
        self.five = nn.Sequential(ConvReLU(inputs, five[0], 1), ConvReLU(*five, 5))
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, padding=1), ConvReLU(inputs, pool, 1))

    def forward(self, x: Tensor) -> Tensor:
        """From (N, inputs, H, W) to (N, one + three[1] + five[1] + pool, H, W)."""
        return torch.cat([self.one(x), self.three(x), self.five(x), self.pool(x)], dim=1)


class Auxiliary(nn.Sequential):
    """Section 5: a classifier on the maps in the middle; it is thrown away after training.

    Parameters
    ----------
    inputs : int
        Feature maps, 14×14 each.
    classes : int
        Logits that come out.
    """

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__(
            nn.AvgPool2d(5, stride=3),
            ConvReLU(inputs, 128, 1),
            FlattenMaps(128, 4, 4),
            nn.Linear(128 * 4 * 4, 1024),
            nn.ReLU(),
            nn.Dropout(0.7),
            nn.Linear(1024, classes),
        )


def _halved() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, stride=2, ceil_mode=True)


class GoogLeNet(nn.Module):
    """The rows of table 1; :func:`googlenet` makes one."""

    def __init__(self, classes: int, auxiliary: bool) -> None:
        super().__init__()
        check_integer(classes, "classes", minimum=1)
        # In three parts: an auxiliary classifier sees what the first and the second give.
        self.features = nn.Sequential(
            OrderedDict(
                to_4a=nn.Sequential(
                    ConvReLU(3, 64, 7, stride=2),
                    _halved(),
                    local_response_norm(),
                    ConvReLU(64, 64, 1),
                    ConvReLU(64, 192, 3),
                    local_response_norm(),
                    _halved(),
                    Inception(192, 64, (96, 128), (16, 32), 32),  # 3a
                    Inception(256, 128, (128, 192), (32, 96), 64),  # 3b
                    _halved(),
                    Inception(480, 192, (96, 208), (16, 48), 64),  # 4a
                ),
                to_4d=nn.Sequential(
                    Inception(512, 160, (112, 224), (24, 64), 64),  # 4b
                    Inception(512, 128, (128, 256), (24, 64), 64),  # 4c
                    Inception(512, 112, (144, 288), (32, 64), 64),  # 4d
                ),
                to_5b=nn.Sequential(
                    Inception(528, 256, (160, 320), (32, 128), 128),  # 4e
                    _halved(),
                    Inception(832, 256, (160, 320), (32, 128), 128),  # 5a
                    Inception(832, 384, (192, 384), (48, 128), 128),  # 5b
                ),
            )
        )
        self.classifier = global_average_classifier(1024, classes, dropout=0.4)
        self.auxiliary = nn.ModuleList(
            [Auxiliary(512, classes), Auxiliary(528, classes)] if auxiliary else []
        )

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """From images (N, 3, 224, 224) to logits; in training also the auxiliary ones."""
        if not (self.training and self.auxiliary):
            return self.classifier(self.features(x))
        middle = []
        for part, classifier in zip(self.features, [*self.auxiliary, None], strict=True):
            x = part(x)
            if classifier is not None:
                middle.append(classifier(x))
        return self.classifier(x), *middle


def googlenet(classes: int = 1000, auxiliary: bool = True) -> GoogLeNet:
    """GoogLeNet [1]_: 22 layers with weights, nine inception modules, 6 998 552 parameters.

    Parameters
    ----------
    classes : int
        Logits that come out.
    auxiliary : bool
        Whether it has the two auxiliary classifiers, of 6 379 728 parameters more.

    Returns
    -------
    torch.nn.Module
        From images (N, 3, 224, 224) to logits (N, classes). In training mode with auxiliary
        classifiers it gives three tensors of logits: its own, that after 4a and that after 4d; the
        paper adds 0.3 of the loss of each of the latter.

    Raises
    ------
    TypeError, ValueError
        If ``classes`` is not a positive integer.

    Notes
    -----
    The poolings between the parts count a last, incomplete window, which gives table 1's sides of
    56, 28, 14 and 7. Of the local normalization the paper gives no numbers; these are AlexNet's.
    torchvision's ``googlenet`` is another network, with batch normalization and 3×3 in
    the place of 5×5.

    References
    ----------
    .. [1] C. Szegedy et al., "Going deeper with convolutions", CVPR, 1-9, 2015; table 1, figures 2
       and 3. arXiv:1409.4842

    Examples
    --------
    >>> sum(each.numel() for each in googlenet(auxiliary=False).parameters())
    6998552
    """
    return GoogLeNet(classes, auxiliary)
