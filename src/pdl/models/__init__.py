"""The book's networks in PyTorch: those that it trains, and the known ones of the field."""

from __future__ import annotations

from pdl.models.fast_cnn import fast_cnn
from pdl.models.imagenet.alexnet import alexnet, one_column_alexnet
from pdl.models.imagenet.darknet import darknet19
from pdl.models.imagenet.googlenet import googlenet
from pdl.models.imagenet.inception import inception_v3
from pdl.models.imagenet.mobilenet import mobilenet_v2
from pdl.models.imagenet.pretrained import imagenet_classes, imagenet_input
from pdl.models.imagenet.resnet import resnet18, resnet34, resnet50, resnet101, resnet152
from pdl.models.imagenet.vgg import vgg16, vgg19
from pdl.models.imagenet.zfnet import zfnet
from pdl.models.lenet import lenet5, modern_lenet5
from pdl.models.mlp import mlp
from pdl.models.slides_cnn import slides_cnn
from pdl.models.small_cnn import small_cnn
from pdl.models.summary import summary
from pdl.models.three_block_cnn import three_block_cnn

__all__ = [
    "alexnet",
    "darknet19",
    "fast_cnn",
    "googlenet",
    "imagenet_classes",
    "imagenet_input",
    "inception_v3",
    "lenet5",
    "mlp",
    "mobilenet_v2",
    "modern_lenet5",
    "one_column_alexnet",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "slides_cnn",
    "small_cnn",
    "summary",
    "three_block_cnn",
    "vgg16",
    "vgg19",
    "zfnet",
]
