"""From PyTorch's weights to Keras's: the same numbers in another order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pdl._arrays import Array
from pdl.models.keras._tensorflow import keras


def copy_weights(state: Mapping[str, Any], model: keras.Model) -> None:
    """Give a Keras model the weights of the same network in PyTorch.

    Parameters
    ----------
    state : mapping of str to tensor
        The ``state_dict()`` of the PyTorch model, on the CPU.
    model : keras.Model
        Convolutions, fully connected layers and batch normalization in the same order.

    Raises
    ------
    TypeError
        If the model has another layer with weights.
    ValueError
        If the two are not the same network; the model stays as it was.
    """
    arrays = in_keras_layout(state, model)
    for name, each in arrays.items():
        model.get_layer(name).set_weights(each)


def in_keras_layout(state: Mapping[str, Any], model: keras.Model) -> dict[str, list[Array]]:
    """Turn PyTorch's arrays, of weights or of gradients, to how Keras lays them out.

    ===================  ========================  ================================
    layer                PyTorch                   Keras
    ===================  ========================  ================================
    convolution          (out, in, row, column)    (row, column, in, out)
    fully connected      (out, in)                 (in, out)
    … after the maps     in: channel, row, column  in: row, column, channel
    batch normalization  γ, β, mean, variance      the same
    ===================  ========================  ================================

    Parameters
    ----------
    state, model
        As for :func:`copy_weights`.

    Returns
    -------
    dict of str to list of ndarray
        For each of Keras's layers that has weights, what ``set_weights`` takes.

    Raises
    ------
    TypeError, ValueError
        As for :func:`copy_weights`.
    """
    groups: dict[str, dict[str, Array]] = {}
    for name, tensor in state.items():
        layer_name, _, kind = name.rpartition(".")
        if kind != "num_batches_tracked":
            groups.setdefault(layer_name, {})[kind] = np.asarray(tensor)
    layers = [layer for layer in model.layers if layer.weights]
    if len(groups) != len(layers):
        raise ValueError(
            f"state must have as many layers with weights as model, got {len(groups)} and "
            f"{len(layers)}"
        )
    maps = maps_before(model)
    found = {}
    for (source, group), layer in zip(groups.items(), layers, strict=True):
        arrays = _turned(group, layer, maps.get(layer.name))
        shapes = [each.shape for each in arrays]
        expected = [tuple(each.shape) for each in layer.weights]
        if shapes != expected:
            raise ValueError(
                f"state: {source!r} gives {shapes} where Keras's {layer.name!r} has {expected}"
            )
        found[layer.name] = arrays
    return found


def _turned(
    group: dict[str, Array], layer: keras.Layer, maps: tuple[int, ...] | None
) -> list[Array]:
    """The arrays of one layer, in Keras's order and layout."""
    if isinstance(layer, keras.layers.BatchNormalization):
        order = ("weight", "bias", "running_mean", "running_var")
        return [group[kind] for kind in order if kind in group]
    weight = group["weight"]
    if isinstance(layer, keras.layers.Conv2D) and weight.ndim == 4:
        kernel = weight.transpose(2, 3, 1, 0)
    elif isinstance(layer, keras.layers.Dense) and weight.ndim == 2:
        if maps is not None and weight.shape[1] == np.prod(maps):
            height, width, channels = maps
            weight = weight.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)
        kernel = weight.reshape(len(weight), -1).T
    else:
        raise TypeError(f"model: cannot give {layer!r} a weight of shape {weight.shape}")
    return [kernel, *([group["bias"]] if "bias" in group else [])]


def maps_before(model: keras.Model) -> dict[str, tuple[int, ...]]:
    """By the first fully connected layer after a Flatten: the (H, W, C) that was flattened."""
    found: dict[str, tuple[int, ...]] = {}
    shape: tuple[int, ...] | None = None
    for layer in model.layers:
        if isinstance(layer, keras.layers.Flatten):
            shape = tuple(layer.input.shape[1:])
        elif isinstance(layer, keras.layers.Dense) and shape is not None:
            if len(shape) == 3:
                found[layer.name] = shape
            shape = None
    return found
