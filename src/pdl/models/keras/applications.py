"""The weights of `keras.applications`, as PyTorch's networks of the same name take them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pdl._validation import check_choice
from pdl.data.errors import DataError
from pdl.models.keras._tensorflow import keras
from pdl.models.keras.weights import maps_before

NAMES = {
    "vgg16": "VGG16",
    "vgg19": "VGG19",
    "resnet50": "ResNet50",
    "inception_v3": "InceptionV3",
    "mobilenet_v2": "MobileNetV2",
}
"""By the name of our function, the name of Keras's."""

Array = NDArray[Any]
Item = TypeVar("Item")


def application(architecture: str, **arguments: Any) -> keras.Model:
    """Build a network of `keras.applications` with first weights, and with logits.

    Parameters
    ----------
    architecture : str
        One of `NAMES`, for instance ``"resnet50"``.
    **arguments
        For Keras's function, for instance ``input_shape``.
    """
    check_choice(architecture, "architecture", tuple(NAMES))
    function = getattr(keras.applications, NAMES[architecture])
    return function(weights=None, classifier_activation=None, **arguments)


def published_state(path: Path, architecture: str, model: nn.Module) -> dict[str, Tensor]:
    """Read a file of weights that Keras publishes, for a network in PyTorch.

    Parameters
    ----------
    path : Path
        The ``.h5`` file.
    architecture : str
        One of `NAMES`.
    model : torch.nn.Module
        The network that the weights are for; it stays as it is.

    Returns
    -------
    dict of str to torch.Tensor
        What ``model.load_state_dict`` takes.

    Raises
    ------
    DataError
        If the file does not hold the weights of this network.
    """
    theirs = application(architecture)
    try:
        theirs.load_weights(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: does not hold Keras's {NAMES[architecture]}: {error}") from error
    return state_from_keras(theirs, architecture, model)


def state_from_keras(theirs: keras.Model, architecture: str, model: nn.Module) -> dict[str, Tensor]:
    """Turn the weights of a network of `keras.applications` to those of ours.

    Three things are otherwise in Keras, and the outputs are the same:

    - In ResNet-50, convolutions have a bias b. It is taken off the running mean that the following
      normalization takes away: (x + b) - μ = x - (μ - b).
    - Its normalization has an ε of 1.001e-5, here 1e-5: the difference is added to the variance.
    - In Inception v3, normalization has no γ: here it is 1.

    Parameters
    ----------
    theirs : keras.Model
        From :func:`application`.
    architecture : str
        One of `NAMES`.
    model : torch.nn.Module
        Ours; it stays as it is. An auxiliary classifier, which Keras has not, keeps its weights.

    Returns
    -------
    dict of str to torch.Tensor
        What ``model.load_state_dict`` takes.

    Raises
    ------
    ValueError
        If the two have not as many layers of a kind.
    """
    layers = [layer for layer in theirs.layers if layer.weights]
    if architecture != "mobilenet_v2":
        # Keras sorts by depth. MobileNetV2 is a chain, so its order is the one of its making; the
        # names of the others count up in that order, branch after branch.
        layers.sort(key=lambda layer: _natural(layer.name))
    kinds = keras.layers
    convolutions = _of_kind(layers, (kinds.Conv2D, kinds.DepthwiseConv2D))
    norms = _of_kind(layers, kinds.BatchNormalization)
    modules = [each for each in model.named_modules() if not each[0].startswith("auxiliary")]
    found = dict(model.state_dict())
    biases: list[Array] = []
    for (name, module), layer in _pairs(modules, nn.Conv2d, convolutions):
        kernel, *bias = _arrays(layer)
        # (row, column, in, out); (row, column, out, 1) in a depthwise convolution.
        axes = (2, 3, 0, 1) if module.groups > 1 else (3, 2, 0, 1)
        found[f"{name}.weight"] = _tensor(kernel.transpose(axes))
        if module.bias is not None:
            found[f"{name}.bias"] = _tensor(bias[0])
        else:
            biases += bias or [np.zeros(module.out_channels)]
    for index, ((name, module), layer) in enumerate(_pairs(modules, nn.BatchNorm2d, norms)):
        beta, mean, variance = _arrays(layer)[-3:]
        gamma = _arrays(layer)[0] if layer.scale else np.ones_like(beta)
        mean = mean - biases[index]
        variance = variance + (layer.epsilon - module.eps)
        arrays = {"weight": gamma, "bias": beta, "running_mean": mean, "running_var": variance}
        found |= {f"{name}.{key}": _tensor(each) for key, each in arrays.items()}
    maps = maps_before(theirs)
    for (name, _), layer in _pairs(modules, nn.Linear, _of_kind(layers, kinds.Dense)):
        kernel, offset = _arrays(layer)
        if layer.name in maps:
            # Flattened by row, column and channel there; by channel, row and column here.
            by_map = kernel.reshape(*maps[layer.name], -1)
            kernel = by_map.transpose(2, 0, 1, 3).reshape(len(kernel), -1)
        found |= {f"{name}.weight": _tensor(kernel.T), f"{name}.bias": _tensor(offset)}
    return found


def _natural(name: str) -> list[tuple[str, int]]:
    """As a key: ``conv2d_10`` after ``conv2d_9``, and both after ``conv2d``."""
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D+)(\d*)", name)]


def _of_kind(layers: Sequence[keras.Layer], kind: Any) -> list[keras.Layer]:
    return [layer for layer in layers if isinstance(layer, kind)]


def _pairs(
    modules: Sequence[tuple[str, nn.Module]], kind: type[nn.Module], layers: Sequence[keras.Layer]
) -> list[tuple[tuple[str, Any], keras.Layer]]:
    """Modules of a kind, with their names, each beside the layer of the same place."""
    ours = [each for each in modules if isinstance(each[1], kind)]
    if len(ours) != len(layers):
        raise ValueError(
            f"theirs: has {len(layers)} layers where model has {len(ours)} of {kind.__name__}"
        )
    return list(zip(ours, layers, strict=True))


def _arrays(layer: keras.Layer) -> list[Array]:
    return [np.asarray(each) for each in layer.get_weights()]


def _tensor(array: Array) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))
