"""What several of the networks are made of, and the check of their sizes."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from pdl._validation import check_fraction, check_integer, check_odd


class FlattenMaps(nn.Flatten):
    """Flatten feature maps, and refuse those of another shape than the next layer was made for.

    Parameters
    ----------
    channels, height, width : int
        Of the maps.
    """

    def __init__(self, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.maps = (channels, height, width)

    def forward(self, x: Tensor) -> Tensor:
        """From (N, channels, height, width) to (N, channels · height · width)."""
        if tuple(x.shape[1:]) != self.maps:
            raise ValueError(
                f"images: give maps of {tuple(x.shape[1:])} before the fully connected layers, "
                f"expected {self.maps}: are they of the size that the network is made for?"
            )
        return super().forward(x)


def convolution_block(inputs: int, channels: int, kernel_size: int) -> list[nn.Module]:
    """Convolution that keeps height and width, ReLU, and the largest of each 2×2.

    Parameters
    ----------
    inputs, channels : int
        Feature maps that come in and that go out.
    kernel_size : int
        Odd.

    Returns
    -------
    list of torch.nn.Module
        From (N, inputs, H, W) to (N, channels, ⌊H/2⌋, ⌊W/2⌋).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    check_integer(channels, "channels", minimum=1)
    padding = check_odd(kernel_size, "kernel_size") // 2
    return [nn.Conv2d(inputs, channels, kernel_size, padding=padding), nn.ReLU(), nn.MaxPool2d(2)]


def hidden_layer(inputs: int, units: int, dropout: float) -> list[nn.Module]:
    """A fully connected layer with ReLU, and dropout unless its probability is 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    check_integer(units, "hidden", minimum=1)
    if check_fraction(dropout, "dropout") == 1:
        raise ValueError("dropout must be below 1, or nothing is left")
    layers = [nn.Linear(inputs, units), nn.ReLU()]
    return [*layers, nn.Dropout(dropout)] if dropout > 0 else layers


def block_cnn(
    channels: Sequence[int],
    hidden: Sequence[int],
    dropout: float,
    kernel_size: int,
    image_shape: Sequence[int],
    classes: int,
) -> nn.Sequential:
    """Convolution blocks, hidden layers with dropout, logits; the arguments are its callers'."""
    check_integer(classes, "classes", minimum=1)
    height, width = side_after(image_shape, len(channels))
    layers: list[nn.Module] = []
    inputs = image_shape[0]
    for each in channels:
        layers += convolution_block(inputs, each, kernel_size)
        inputs = each
    layers.append(nn.Flatten())
    inputs *= height * width
    for units in hidden:
        layers += hidden_layer(inputs, units, dropout)
        inputs = units
    return nn.Sequential(*layers, nn.Linear(inputs, classes))


def side_after(image_shape: Sequence[int], halvings: int) -> tuple[int, int]:
    """Height and width of the feature maps after so many halvings.

    Parameters
    ----------
    image_shape : (int, int, int)
        Channels, height, width.
    halvings : int
        How often 2×2 become one.

    Raises
    ------
    TypeError, ValueError
        If the shape is not that of an image, or nothing is left of it.
    """
    if len(image_shape) != 3:
        raise ValueError(f"image_shape must be (channels, height, width), got {tuple(image_shape)}")
    for each in image_shape:
        check_integer(each, "image_shape", minimum=1)
    height, width = (side >> halvings for side in image_shape[1:])
    if min(height, width) == 0:
        raise ValueError(
            f"image_shape must leave a pixel after {halvings} halvings, got {tuple(image_shape)}"
        )
    return height, width
