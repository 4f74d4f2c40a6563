"""What several of the networks for ImageNet are made of."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

from torch import Tensor, nn

from pdl._validation import check_integer
from pdl.models.blocks import FlattenMaps

Size = int | tuple[int, int]


class FeaturesAndClassifier(nn.Module):
    """A network in two parts, so that the second can be exchanged.

    Parameters
    ----------
    features : torch.nn.Module
        From images (N, 3, H, W) to feature maps.
    classifier : torch.nn.Module
        From those to logits (N, classes).
    """

    def __init__(self, features: nn.Module, classifier: nn.Module) -> None:
        super().__init__()
        self.features = features
        self.classifier = classifier

    def forward(self, x: Tensor) -> Tensor:
        """From images (N, 3, H, W) to logits (N, classes)."""
        return self.classifier(self.features(x))


class ConvReLU(nn.Sequential):
    """Convolution with bias, and ReLU.

    Parameters
    ----------
    inputs, outputs : int
        Feature maps that come in and that go out.
    kernel_size : int
        Odd; height and width stay, unless there is a stride.
    stride : int
        Of the convolution.
    """

    def __init__(self, inputs: int, outputs: int, kernel_size: int, stride: int = 1) -> None:
        convolution = nn.Conv2d(inputs, outputs, kernel_size, stride, padding=kernel_size // 2)
        super().__init__(OrderedDict(convolution=convolution, relu=nn.ReLU()))


class ConvNorm(nn.Sequential):
    """Convolution without bias, batch normalization, and an activation.

    The convolution has no bias, since normalization takes the mean away and adds a β of its own.

    Parameters
    ----------
    inputs, outputs : int
        Feature maps that come in and that go out.
    kernel_size : int or (int, int)
        Odd.
    stride : int
        Of the convolution.
    padding : int or (int, int), optional
        Zeros on each side; by default as many as keep height and width at stride 1.
    groups : int
        Of the convolution.
    eps : float
        Of the normalization.
    activation : callable or None
        Makes what follows the normalization; ReLU by default.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel_size: Size,
        stride: int = 1,
        *,
        padding: Size | None = None,
        groups: int = 1,
        eps: float = 1e-5,
        activation: Callable[[], nn.Module] | None = nn.ReLU,
    ) -> None:
        rows, columns = kernel_size if isinstance(kernel_size, tuple) else (kernel_size,) * 2
        if padding is None:
            padding = (rows // 2, columns // 2)
        convolution = nn.Conv2d(
            inputs, outputs, (rows, columns), stride, padding, groups=groups, bias=False
        )
        parts: OrderedDict[str, nn.Module] = OrderedDict(convolution=convolution)
        parts["norm"] = nn.BatchNorm2d(outputs, eps=eps)
        if activation is not None:
            parts["activation"] = activation()
        super().__init__(parts)


def global_average_classifier(inputs: int, classes: int, dropout: float = 0.0) -> nn.Sequential:
    """The mean of each feature map, dropout if wanted, and one linear layer.

    Parameters
    ----------
    inputs : int
        Feature maps, of any height and width.
    classes : int
        Logits that come out.
    dropout : float
        The part of the means that is dropped in training.
    """
    check_integer(classes, "classes", minimum=1)
    dropped = [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), *dropped, nn.Linear(inputs, classes)
    )


def three_layer_classifier(maps: Sequence[int], classes: int) -> nn.Sequential:
    """Two hidden layers of 4096 units with ReLU and dropout ½, and one linear layer.

    Parameters
    ----------
    maps : (int, int, int)
        Channels, height and width of the feature maps that come in.
    classes : int
        Logits that come out.
    """
    check_integer(classes, "classes", minimum=1)
    channels, height, width = maps
    return nn.Sequential(
        FlattenMaps(channels, height, width),
        nn.Linear(channels * height * width, 4096),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(4096, 4096),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(4096, classes),
    )
