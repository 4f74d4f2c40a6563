"""Weights that were trained on ImageNet, from the registry into the networks."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from pdl._validation import check_choice
from pdl.data.errors import DataError
from pdl.data.store.cache import locate
from pdl.data.store.registry import data_set

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
    path = registered_file(known[architecture, weights], 0)
    if (architecture, weights) in FROM_TFLITE:
        model.load_state_dict(state_from_tflite(path, model))
    else:
        # Here, since TensorFlow takes seconds to import and the other weights do without.
        from pdl.models.keras.applications import published_state

        model.load_state_dict(published_state(path, architecture, model))
    return model


def registered_file(name: str, number: int) -> Path:
    """Find a file of the registry on this machine, or fetch it; check it in either case.

    Parameters
    ----------
    name : str
        The set.
    number : int
        Which of its files, from 0.

    Raises
    ------
    DataError
        If it cannot be fetched, or is not the one that the registry describes.
    """
    file = data_set(name).files[number]
    folder = locate(name)
    if folder is None or not (folder / file.path).is_file():
        from pdl.data.store.fetch import fetch

        print(
            f"{name}: fetching {file.path}" + (f", {file.size / 1e6:.0f} MB" if file.size else "")
        )
        folder = fetch(name)
    file.check(folder / file.path)
    return folder / file.path


def state_from_tflite(path: Path, model: nn.Module) -> dict[str, Tensor]:
    """Turn the 8-bit weights of MobileNetV2 to those of our network.

    In the file, batch normalization is folded into the convolutions: γ(w∗x - μ)/σ + β is one
    convolution with the kernel γw/σ and the bias β - γμ/σ. Our normalization is left with the bias
    as its β, with γ = 1, μ = 0 and σ² + ε = 1.

    Parameters
    ----------
    path : Path
        The ``.tflite`` file.
    model : torch.nn.Module
        From :func:`pdl.models.mobilenet_v2`, with 1000 classes; it stays as it is.

    Returns
    -------
    dict of str to torch.Tensor
        What ``model.load_state_dict`` takes. The file's first class, the background, is left out,
        so that the others have the numbers that Keras and torchvision give them.

    Raises
    ------
    DataError
        If the file does not hold the weights of this network.
    """
    from pdl.models.imagenet.tflite import read_layers

    *layers, last = read_layers(path)
    state = dict(model.state_dict())
    modules = list(model.named_modules())
    convolutions = [each for each in modules if isinstance(each[1], nn.Conv2d)]
    norms = [each for each in modules if isinstance(each[1], nn.BatchNorm2d)]
    ((linear, _),) = [each for each in modules if isinstance(each[1], nn.Linear)]
    if not len(layers) == len(convolutions) == len(norms):
        raise DataError(f"{path}: has {len(layers)} convolutions, expected {len(convolutions)}")
    for layer, (name, convolution), (norm_name, norm) in zip(
        layers, convolutions, norms, strict=True
    ):
        axes = (3, 0, 1, 2) if convolution.groups > 1 else (0, 3, 1, 2)
        bias = torch.from_numpy(layer.bias)
        state[f"{name}.weight"] = torch.from_numpy(layer.weight.transpose(axes).copy())
        state[f"{norm_name}.weight"] = torch.ones_like(bias)
        state[f"{norm_name}.bias"] = bias
        state[f"{norm_name}.running_mean"] = torch.zeros_like(bias)
        state[f"{norm_name}.running_var"] = torch.full_like(bias, 1 - norm.eps)
    state[f"{linear}.weight"] = torch.from_numpy(last.weight[1:, 0, 0])
    state[f"{linear}.bias"] = torch.from_numpy(last.bias[1:])
    for key, expected in model.state_dict().items():
        if state[key].shape != expected.shape:
            raise DataError(
                f"{path}: has {tuple(state[key].shape)} where the network has {key!r} of "
                f"{tuple(expected.shape)}"
            )
    return state


def imagenet_classes() -> list[str]:
    """Return the names of ImageNet's 1000 classes, in the order of the logits.

    They are those that come with the registry's set ``mobilenet_v2``, without its background.

    Raises
    ------
    DataError
        If the set cannot be fetched, or is not the right one.
    """
    names = registered_file("mobilenet_v2", 1).read_text("utf8").splitlines()
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
