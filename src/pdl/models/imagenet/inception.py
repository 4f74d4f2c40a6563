"""Inception v3: GoogLeNet with its 5×5 and 7×7 factorized into smaller convolutions."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from pdl._validation import check_integer
from pdl.models.imagenet.blocks import ConvNorm, global_average_classifier
from pdl.models.imagenet.pretrained import with_weights

# The authors' ε, and Keras's default.
Conv = partial(ConvNorm, eps=1e-3)


class Pooled(nn.Sequential):
    """The branch with a pooling: the mean of each 3×3, then 1×1.

    At the border the mean is over the numbers that are there, as in TensorFlow; torchvision
    counts the zeros around them too.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.AvgPool2d(3, 1, padding=1, count_include_pad=False), Conv(inputs, outputs, 1)
        )


class Branches(nn.Module):
    """Branches side by side; their maps are stacked.

    Parameters
    ----------
    *branches : torch.nn.Module
        Each from (N, C, H, W) to maps of the same height and width.
    """

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        """From (N, C, H, W) to the maps of all branches."""
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class Figure5(Branches):
    """Two 3×3 in the place of a 5×5; at 35×35.

    One 5×5 is left in the authors' program, as in Keras and torchvision.
    """

    def __init__(self, inputs: int, pool: int) -> None:
        super().__init__(
            Conv(inputs, 64, 1),
            nn.Sequential(Conv(inputs, 48, 1), Conv(48, 64, 5)),
            nn.Sequential(Conv(inputs, 64, 1), Conv(64, 96, 3), Conv(96, 96, 3)),
            Pooled(inputs, pool),
        )


class Figure6(Branches):
    """n×n as 1×n and n×1, with n = 7; at 17×17.

    Parameters
    ----------
    maps : int
        Between the reduction and the last convolution of the branches.
    """

    def __init__(self, maps: int) -> None:
        super().__init__(
            Conv(768, 192, 1),
            nn.Sequential(Conv(768, maps, 1), Conv(maps, maps, (1, 7)), Conv(maps, 192, (7, 1))),
            nn.Sequential(
                Conv(768, maps, 1),
                Conv(maps, maps, (7, 1)),
                Conv(maps, maps, (1, 7)),
                Conv(maps, maps, (7, 1)),
                Conv(maps, 192, (1, 7)),
            ),
            Pooled(768, 192),
        )


class Figure7(Branches):
    """1×3 and 3×1 side by side, for many maps at the coarsest grid; at 8×8."""

    def __init__(self, inputs: int) -> None:
        super().__init__(
            Conv(inputs, 320, 1),
            nn.Sequential(Conv(inputs, 384, 1), self._side_by_side()),
            nn.Sequential(Conv(inputs, 448, 1), Conv(448, 384, 3), self._side_by_side()),
            Pooled(inputs, 192),
        )

    @staticmethod
    def _side_by_side() -> Branches:
        return Branches(Conv(384, 384, (1, 3)), Conv(384, 384, (3, 1)))


class Halved35(Branches):
    """Figure 10: convolution and pooling of stride 2 side by side, from 35×35 to 17×17."""

    def __init__(self) -> None:
        super().__init__(
            Conv(288, 384, 3, stride=2, padding=0),
            nn.Sequential(Conv(288, 64, 1), Conv(64, 96, 3), Conv(96, 96, 3, stride=2, padding=0)),
            nn.MaxPool2d(3, stride=2),
        )


class Halved17(Branches):
    """Figure 10 again, from 17×17 to 8×8."""

    def __init__(self) -> None:
        super().__init__(
            nn.Sequential(Conv(768, 192, 1), Conv(192, 320, 3, stride=2, padding=0)),
            nn.Sequential(
                Conv(768, 192, 1),
                Conv(192, 192, (1, 7)),
                Conv(192, 192, (7, 1)),
                Conv(192, 192, 3, stride=2, padding=0),
            ),
            nn.MaxPool2d(3, stride=2),
        )


class InceptionV3(nn.Module):
    """The rows of table 1; :func:`inception_v3` makes one."""

    def __init__(self, classes: int, auxiliary: bool) -> None:
        super().__init__()
        check_integer(classes, "classes", minimum=1)
        to_17 = nn.Sequential(
            Conv(3, 32, 3, stride=2, padding=0),
            Conv(32, 32, 3, padding=0),
            Conv(32, 64, 3),
            nn.MaxPool2d(3, stride=2),
            Conv(64, 80, 1),
            Conv(80, 192, 3, padding=0),
            nn.MaxPool2d(3, stride=2),
            Figure5(192, 32),
            Figure5(256, 64),
            Figure5(288, 64),
            Halved35(),
            Figure6(128),
            Figure6(160),
            Figure6(160),
            Figure6(192),
        )
        to_8 = nn.Sequential(Halved17(), Figure7(1280), Figure7(2048))
        self.features = nn.Sequential(to_17, to_8)
        # The dropout is that of the authors' program; the paper names none.
        self.classifier = global_average_classifier(2048, classes, dropout=0.2)
        # Section 4: the side head, here with batch normalization, on the last 17×17 maps.
        self.auxiliary = (
            nn.Sequential(
                nn.AvgPool2d(5, stride=3),
                Conv(768, 128, 1),
                Conv(128, 768, 5, padding=0),
                global_average_classifier(768, classes),
            )
            if auxiliary
            else None
        )

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """From images (N, 3, 299, 299) to logits; in training also the auxiliary ones."""
        if not self.training or self.auxiliary is None:
            return self.classifier(self.features(x))
        to_17, to_8 = self.features
        middle = to_17(x)
        return self.classifier(to_8(middle)), self.auxiliary(middle)


def inception_v3(
    classes: int = 1000, auxiliary: bool = False, weights: str | None = None
) -> InceptionV3:
    """Inception v3 [1]_: 23 834 568 parameters, and 3 326 696 in its auxiliary classifier.

    Parameters
    ----------
    classes : int
        Logits that come out.
    auxiliary : bool
        Whether it has the auxiliary classifier.
    weights : {None, "imagenet"}
        First weights at random; or Keras's, trained on ImageNet, which are fetched if need be (96
        MB, set ``keras_inception_v3`` of the registry), with no auxiliary classifier among them.
        They expect images that :func:`pdl.models.imagenet_input` prepared in the mode
        ``"symmetric"``.

    Returns
    -------
    torch.nn.Module
        From images (N, 3, 299, 299) to logits (N, classes). In training mode with the auxiliary
        classifier it gives two tensors of logits: its own and the auxiliary ones.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or ``classes`` is not 1000 with ImageNet's weights.
    DataError
        If the weights are not to be had, or are not the right ones.

    Notes
    -----
    Table 1 of the paper is an outline; widths and branches are those of the authors' program,
    which Keras and torchvision follow. Keras counts 23 851 784 parameters: it has no γ in its
    normalization (17 216 fewer), and counts the 34 432 running means and variances. torchvision's
    27 161 264 are those here with the auxiliary classifier.

    References
    ----------
    .. [1] C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens and Z. Wojna, "Rethinking the inception
       architecture for computer vision", CVPR, 2818-2826, 2016; table 1, figures 5, 6, 7, 8 and 10.
       arXiv:1512.00567

    Examples
    --------
    >>> sum(each.numel() for each in inception_v3().parameters())
    23834568
    """
    return with_weights(InceptionV3(classes, auxiliary), "inception_v3", weights, classes)
