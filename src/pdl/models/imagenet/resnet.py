"""ResNet of 18, 34, 50, 101 and 152 layers."""

from __future__ import annotations

from torch import Tensor, nn

from pdl.models.imagenet.blocks import ConvNorm, FeaturesAndClassifier, global_average_classifier
from pdl.models.imagenet.pretrained import with_weights


class Residual(nn.Module):
    """Figure 2: y = ReLU(F(x) + x), where ``branch`` is F.

    Parameters
    ----------
    inputs, outputs : int
        Feature maps that come in and that go out.
    stride : int
        By which F makes the maps smaller.
    branch : torch.nn.Module
        F, whose last layer has no activation.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, branch: nn.Module) -> None:
        super().__init__()
        # Option B of section 3.3: a 1×1 convolution where x is not of F's shape.
        self.shortcut = (
            nn.Identity()
            if inputs == outputs and stride == 1
            else ConvNorm(inputs, outputs, 1, stride, activation=None)
        )
        self.branch = branch
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """From (N, inputs, H, W) to (N, outputs, H/stride, W/stride)."""
        return self.relu(self.branch(x) + self.shortcut(x))


class BasicBlock(Residual):
    """Figure 5, left: two 3×3 convolutions."""

    expansion = 1

    def __init__(self, inputs: int, maps: int, stride: int) -> None:
        branch = nn.Sequential(
            ConvNorm(inputs, maps, 3, stride), ConvNorm(maps, maps, 3, activation=None)
        )
        super().__init__(inputs, maps, stride, branch)


class Bottleneck(Residual):
    """Figure 5, right: 1×1 reduces the maps to a quarter, 3×3 works on those, 1×1 restores.

    The stride is in the first 1×1, as in the authors' program and in Keras. torchvision has it in
    the 3×3, under the name ResNet v1.5, with as many parameters and more multiply-adds.
    """

    expansion = 4

    def __init__(self, inputs: int, maps: int, stride: int) -> None:
        outputs = self.expansion * maps
        branch = nn.Sequential(
            ConvNorm(inputs, maps, 1, stride),
            ConvNorm(maps, maps, 3),
            ConvNorm(maps, outputs, 1, activation=None),
        )
        super().__init__(inputs, outputs, stride, branch)


class Stage(nn.Sequential):
    """conv2_x to conv5_x of table 1: some blocks; the first makes the maps smaller.

    Parameters
    ----------
    block : type
        `BasicBlock` or `Bottleneck`.
    inputs, maps : int
        Feature maps that come in, and those of the block's 3×3.
    blocks : int
        How many.
    stride : int
        Of the first block.
    """

    def __init__(
        self,
        block: type[BasicBlock] | type[Bottleneck],
        inputs: int,
        maps: int,
        blocks: int,
        stride: int,
    ) -> None:
        rest = [block(block.expansion * maps, maps, 1) for _ in range(blocks - 1)]
        super().__init__(block(inputs, maps, stride), *rest)


def _resnet(
    block: type[BasicBlock] | type[Bottleneck], blocks: tuple[int, ...], classes: int
) -> FeaturesAndClassifier:
    """A column of table 1; ``blocks`` in each of the four stages."""
    layers: list[nn.Module] = [ConvNorm(3, 64, 7, stride=2), nn.MaxPool2d(3, 2, padding=1)]
    inputs = 64
    for number, count in enumerate(blocks):
        maps = 64 * 2**number
        layers.append(Stage(block, inputs, maps, count, stride=1 if number == 0 else 2))
        inputs = block.expansion * maps
    return FeaturesAndClassifier(nn.Sequential(*layers), global_average_classifier(inputs, classes))


def resnet18(classes: int = 1000) -> FeaturesAndClassifier:
    """ResNet-18 [1]_: the first column of table 1.

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

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition",
       CVPR, 770-778, 2016; table 1, figures 2 and 5. arXiv:1512.03385

    Examples
    --------
    >>> sum(each.numel() for each in resnet18().parameters())
    11689512
    """
    return _resnet(BasicBlock, (2, 2, 2, 2), classes)


def resnet34(classes: int = 1000) -> FeaturesAndClassifier:
    """ResNet-34: the second column of table 1; otherwise as :func:`resnet18`.

    Examples
    --------
    >>> sum(each.numel() for each in resnet34().parameters())
    21797672
    """
    return _resnet(BasicBlock, (3, 4, 6, 3), classes)


def resnet50(classes: int = 1000, weights: str | None = None) -> FeaturesAndClassifier:
    """ResNet-50: bottlenecks in the place of the basic blocks; the third column of table 1.

    Parameters
    ----------
    classes : int
        Logits that come out.
    weights : {None, "imagenet"}
        First weights at random; or Keras's, trained on ImageNet, which are fetched if need be (103
        MB, set ``keras_resnet50`` of the registry). They expect images that
        :func:`pdl.models.imagenet_input` prepared in the mode ``"caffe"``.

    Returns
    -------
    torch.nn.Module
        From images (N, 3, H, W), 224×224 in the paper, to logits (N, classes).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or ``classes`` is not 1000 with ImageNet's weights.
    DataError
        If the weights are not to be had, or are not the right ones.

    Notes
    -----
    Keras counts 25 636 712 parameters: its convolutions have 26 560 biases, which the following
    normalization takes away again, and it counts the 53 120 running means and variances.

    Examples
    --------
    >>> sum(each.numel() for each in resnet50().parameters())
    25557032
    """
    return with_weights(_resnet(Bottleneck, (3, 4, 6, 3), classes), "resnet50", weights, classes)


def resnet101(classes: int = 1000) -> FeaturesAndClassifier:
    """ResNet-101: the fourth column of table 1; otherwise as :func:`resnet18`.

    Examples
    --------
    >>> sum(each.numel() for each in resnet101().parameters())
    44549160
    """
    return _resnet(Bottleneck, (3, 4, 23, 3), classes)


def resnet152(classes: int = 1000) -> FeaturesAndClassifier:
    """ResNet-152: the last column of table 1; otherwise as :func:`resnet18`.

    Examples
    --------
    >>> sum(each.numel() for each in resnet152().parameters())
    60192808
    """
    return _resnet(Bottleneck, (3, 8, 36, 3), classes)
