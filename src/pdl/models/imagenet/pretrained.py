"""Weights that were trained on ImageNet, from the registry into the networks."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from pdl._validation import check_choice

# What reads files is imported where it is used: a network without such weights does without.

CLASSES = 1000
FROM_KERAS = {
    ("vgg16", "imagenet"): "keras_vgg16",
    ("vgg19", "imagenet"): "keras_vgg19",
    ("resnet50", "imagenet"): "keras_resnet50",
    ("inception_v3", "imagenet"): "keras_inception_v3",
    ("mobilenet_v2", "imagenet-float"): "keras_mobilenet_v2",
}
"""By architecture and weights: the set of the registry."""
FROM_TFLITE = {("mobilenet_v2", "imagenet"): "mobilenet_v2"}

CAFFE_MEANS = (103.939, 116.779, 123.68)
"""Of ImageNet's blue, green and red, as the first networks in Caffe had them."""

Network = TypeVar("Network", bound=nn.Module)


def with_weights(model: Network, architecture: str, weights: str | None, classes: int) -> Network:
    """Give a model the weights that are asked for.

    Parameters
    ----------
    model : torch.nn.Module
        With ``classes`` logits.
    architecture : str
        The name of its function.
    weights : str or None
        Which ones; None leaves the model as it is.
    classes : int
        1000, unless ``weights`` is None.

    Returns
    -------
    torch.nn.Module
        The model.

    Raises
    ------
    ValueError
        If there are no such weights, or ``classes`` is not 1000.
    DataError
        If they cannot be fetched, or are not the right ones.
    """
    if weights is None:
        return model
    known = FROM_KERAS | FROM_TFLITE
    check_choice(weights, "weights", [each for name, each in known if name == architecture])
    if classes != CLASSES:
        raise ValueError(
            f"classes must be {CLASSES} with ImageNet's weights, got {classes}: give the network "
            "another classifier afterwards"
        )
    from pdl.data.store.fetch import checked_file

    path = checked_file(known[architecture, weights])
    if (architecture, weights) in FROM_TFLITE:
        from pdl.models.imagenet.tflite import mobilenet_state

        model.load_state_dict(mobilenet_state(path, model))
    else:
        from pdl.models.keras.applications import published_state

        model.load_state_dict(published_state(path, architecture, model))
    return model


def imagenet_classes() -> list[str]:
    """Return the names of ImageNet's 1000 classes, in the order of the logits.

    They are those that come with the registry's set ``mobilenet_v2``, without its background.

    Raises
    ------
    DataError
        If the set cannot be fetched, or is not the right one.
    """
    from pdl.data.store.fetch import checked_file

    names = checked_file("mobilenet_v2", 1).read_text("utf8").splitlines()
    return names[1:]


def imagenet_input(photos: ArrayLike, mode: str = "symmetric") -> Tensor:
    """Turn photos to what the networks with ImageNet's weights expect.

    Parameters
    ----------
    photos : array_like of uint8, shape (N, H, W, 3)
        Red, green, blue; of the network's size already.
    mode : {"symmetric", "caffe"}
        ``"symmetric"``: from -1 to 1, for Inception v3 and MobileNetV2. ``"caffe"``: blue, green,
        red, less the means of ImageNet, for VGG and ResNet.

    Returns
    -------
    torch.Tensor of float32, shape (N, 3, H, W)
        The networks' input.

    Raises
    ------
    TypeError, ValueError
        If the photos are not of this kind, or the mode is none of the two.
    """
    check_choice(mode, "mode", ("symmetric", "caffe"))
    array = np.asarray(photos)
    if array.dtype != np.uint8:
        raise TypeError(f"photos must be uint8, from 0 to 255, got {array.dtype}")
    if array.ndim != 4 or array.shape[3] != 3:
        raise ValueError(f"photos must have the shape (N, H, W, 3), got {array.shape}")
    x = torch.tensor(array.transpose(0, 3, 1, 2), dtype=torch.float32)
    if mode == "symmetric":
        return x / 127.5 - 1
    return x.flip(1) - torch.tensor(CAFFE_MEANS)[:, None, None]
