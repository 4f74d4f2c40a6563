"""The known networks: the side of their images, and their numbers of parameters as published."""

from __future__ import annotations

from typing import Any, NamedTuple


class Published(NamedTuple):
    """A network, with the arguments that it is counted with."""

    name: str
    parameters: int
    arguments: dict[str, Any] = {}  # noqa: RUF012


# Sources: [torchvision] num_params on docs.pytorch.org/vision/stable/models/generated/
# torchvision.models.NAME.html; [dlbs] docs/models/models.md of HewlettPackard/dlcookbook-dlbs,
# which counts the prototxt files of Caffe; [pytorchcv] the assertions in
# pytorch/pytorchcv/models/NAME.py of osmr/imgclsmob.
PUBLISHED = (
    # LeCun et al. 1998, section II.B: "only 60,000 trainable free parameters".
    Published("lenet5", 60_000),
    Published("alexnet", 60_965_224),  # [dlbs], in the table of 2017 (convolutions in groups)
    Published("one_column_alexnet", 61_100_840),  # [torchvision] alexnet, [dlbs] alexnet_owt
    Published("zfnet", 62_357_608),  # [pytorchcv]
    Published("vgg16", 138_357_544),  # [torchvision], [dlbs], keras.io/api/applications
    Published("vgg19", 143_667_240),  # the same
    Published("googlenet", 6_998_552, {"auxiliary": False}),  # [dlbs]
    Published("inception_v3", 27_161_264, {"auxiliary": True}),  # [torchvision]
    Published("resnet18", 11_689_512),  # [torchvision], as all ResNets
    Published("resnet34", 21_797_672),
    Published("resnet50", 25_557_032),
    Published("resnet101", 44_549_160),
    Published("resnet152", 60_192_808),
    Published("darknet19", 20_842_376),  # [pytorchcv]
    Published("mobilenet_v2", 3_504_872),  # [torchvision]
)

SIDES = {"lenet5": 32, "modern_lenet5": 32, "alexnet": 227, "one_column_alexnet": 227}
SIDES |= {"inception_v3": 299}
NAMES = ("modern_lenet5", *(each.name for each in PUBLISHED))


def image_shape(name: str) -> tuple[int, int, int]:
    """Channels, height and width of the images that a network was made for."""
    side = SIDES.get(name, 224)
    return (1 if "lenet5" in name else 3, side, side)
