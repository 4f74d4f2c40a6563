"""Weights as files: safetensors, which holds arrays with their names and no code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from pdl.data.results import RESULTS
from pdl.layers import Layer

WEIGHTS = RESULTS.parent / "weights"


def weights_bytes(model: Layer) -> bytes:
    """Everything that a model has learned and remembered, as a file in float32.

    Parameters
    ----------
    model : Layer
        Its parameters and buffers are saved under their names.

    Returns
    -------
    bytes
        The same for the same numbers.
    """
    arrays = {**model.parameters, **model.buffers}
    return save({name: arrays[name].astype(np.float32) for name in sorted(arrays)})


def load_weights(model: Layer, path: Path) -> None:
    """Put saved weights into a model, in place.

    Parameters
    ----------
    model : Layer
        Of the same layers as the one that was saved.
    path : Path
        What :func:`weights_bytes` gave, as a file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, or its names or shapes are not those of the model.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there are no such weights")
    try:
        saved = load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path} is not a whole safetensors file ({error})") from None
    arrays = {**model.parameters, **model.buffers}
    expected = {name: array.shape for name, array in arrays.items()}
    found = {name: array.shape for name, array in saved.items()}
    if found != expected:
        differing = sorted(set(found.items()) ^ set(expected.items()))
        name = differing[0][0]
        raise ValueError(
            f"{path} holds other weights: {name} has the shape {found.get(name)} there and "
            f"{expected.get(name)} in the model"
        )
    for name, array in arrays.items():
        array[...] = saved[name]
