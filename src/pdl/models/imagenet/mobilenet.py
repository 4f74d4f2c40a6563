"""MobileNetV2: residual blocks that are wide inside and narrow outside."""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn

from pdl._validation import check_positive
from pdl.models.imagenet.blocks import ConvNorm, FeaturesAndClassifier, global_average_classifier
from pdl.models.imagenet.pretrained import with_weights

# The authors' ε, which Keras has too.
Conv = partial(ConvNorm, eps=1e-3)

BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Table 2: expansion t, maps c, repeats n, stride s of the first."""


class SamePadding(nn.Module):
    """TensorFlow's ``SAME`` for a 3×3 at stride 2: as many zeros as it takes, one more after.

    With an even side there is one zero, at the bottom and on the right; with an odd side there is
    one at each end, which is what ``padding=1`` always does. The weights were trained with this.
    """

    def forward(self, x: Tensor) -> Tensor:
        """From (N, C, H, W) to (N, C, H + 1 or 2, W + 1 or 2)."""
        top, left = (side % 2 for side in x.shape[2:])
        return nn.functional.pad(x, (left, 1, top, 1))


def _three_by_three(inputs: int, outputs: int, stride: int, groups: int = 1) -> list[nn.Module]:
    if stride == 1:
        return [Conv(inputs, outputs, 3, groups=groups, activation=nn.ReLU6)]
    convolution = Conv(inputs, outputs, 3, stride, padding=0, groups=groups, activation=nn.ReLU6)
    return [SamePadding(), convolution]


class InvertedResidual(nn.Module):
    """Table 1: 1×1 expands the maps, 3×3 works on each alone, 1×1 projects without activation.

    Parameters
    ----------
    inputs, outputs : int
        Feature maps that come in and that go out.
    stride : int
        Of the 3×3.
    expansion : int
        How many times as many maps there are inside; with 1, the first 1×1 is left out.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        maps = expansion * inputs
        expand = [Conv(inputs, maps, 1, activation=nn.ReLU6)] if expansion > 1 else []
        depthwise = _three_by_three(maps, maps, stride, groups=maps)
        self.branch = nn.Sequential(*expand, *depthwise, Conv(maps, outputs, 1, activation=None))
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """From (N, inputs, H, W) to (N, outputs, ⌈H/stride⌉, ⌈W/stride⌉)."""
        return x + self.branch(x) if self.adds else self.branch(x)


def _multiple_of_eight(maps: float) -> int:
    """The nearest multiple of 8, but not less than 90 %; as in the authors' program."""
    nearest = max(8, int(maps + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * maps else nearest + 8


def mobilenet_v2(
    classes: int = 1000, width: float = 1.0, weights: str | None = None
) -> FeaturesAndClassifier:
    """MobileNetV2 [1]_: 3 504 872 parameters, 300 million multiply-adds.

    Parameters
    ----------
    classes : int
        Logits that come out.
    width : float
        By which the numbers of maps are multiplied.
    weights : {None, "imagenet", "imagenet-float"}
        First weights at random; or trained on ImageNet, fetched if need be. ``"imagenet"``: the 8
        bits of the registry's set ``mobilenet_v2`` (3.6 MB), turned to floats.
        ``"imagenet-float"``: Keras's (14.5 MB, set ``keras_mobilenet_v2``), for which their
        publisher gives no hash: of them the size alone is checked. Both expect images that
        :func:`pdl.models.imagenet_input` prepared in the mode ``"symmetric"``.

    Returns
    -------
    torch.nn.Module
        From images (N, 3, H, W), 224×224 in the paper, to logits (N, classes).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or ``classes`` is not 1000 or ``width`` not 1 with
        ImageNet's weights.
    DataError
        If the weights are not to be had, or are not the right ones.

    Notes
    -----
    Keras counts 3 538 984 parameters, with the 34 112 running means and variances.

    With the 8-bit weights each layer gives what TensorFlow Lite's interpreter gives from the same
    input, within one step of its 256. From end to end the interpreter's roundings add up: on
    photographs its logits differ from these by 0.1 in the mean and 0.7 at most.

    In the 8-bit file, batch normalization is folded into the convolutions, so that with
    ``"imagenet"`` the normalization of this network changes nothing but adds β. Leave it in
    evaluation mode when you go on training: the running means and variances are not those of any
    images.

    References
    ----------
    .. [1] M. Sandler, A. Howard, M. Zhu, A. Zhmoginov and L.-C. Chen, "MobileNetV2: inverted
       residuals and linear bottlenecks", CVPR, 4510-4520, 2018; tables 1 and 2. arXiv:1801.04381

    Examples
    --------
    >>> sum(each.numel() for each in mobilenet_v2().parameters())
    3504872
    """
    check_positive(width, "width")
    if weights is not None and width != 1:
        raise ValueError(f"width must be 1 with ImageNet's weights, got {width}")
    inputs = _multiple_of_eight(32 * width)
    layers = _three_by_three(3, inputs, stride=2)
    for expansion, maps, repeats, stride in BLOCKS:
        outputs = _multiple_of_eight(maps * width)
        for number in range(repeats):
            first = number == 0
            layers.append(InvertedResidual(inputs, outputs, stride if first else 1, expansion))
            inputs = outputs
    last = _multiple_of_eight(1280 * max(1.0, width))  # not narrowed: section 5
    layers.append(Conv(inputs, last, 1, activation=nn.ReLU6))
    model = FeaturesAndClassifier(
        nn.Sequential(*layers), global_average_classifier(last, classes, dropout=0.2)
    )
    return with_weights(model, "mobilenet_v2", weights, classes)
