"""MobileNetV2's 8-bit weights out of a TensorFlow Lite file.

The format is a flatbuffer: tables whose fields are found by their number in the schema [1]_.

References
----------
.. [1] tensorflow/lite/schema/schema.fbs (``compiler/mlir/lite/schema`` in newer versions),
   github.com/tensorflow/tensorflow. Quantization: B. Jacob et al., "Quantization and training of
   neural networks for efficient integer-arithmetic-only inference", CVPR, 2704-2713, 2018.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from flatbuffers import number_types
from flatbuffers.table import Table
from numpy.typing import NDArray
from torch import Tensor, nn

from pdl.data.errors import DataError

IDENTIFIER = b"TFL3"
TYPES: dict[int, np.dtype[Any]] = {2: np.dtype("<i4"), 3: np.dtype("u1"), 9: np.dtype("i1")}
"""Those of the schema's TensorType that quantized numbers have."""

# The numbers of the fields that are read, by table.
SUBGRAPHS, BUFFERS = 2, 4  # Model
TENSORS, OPERATORS = 0, 3  # SubGraph
SHAPE, TYPE, BUFFER, NAME, QUANTIZATION = range(5)  # Tensor
SCALE, ZERO_POINT = 2, 3  # QuantizationParameters
INPUTS = 1  # Operator
DATA = 0  # Buffer


@dataclass(frozen=True)
class Layer:
    """A layer with weights, as real numbers.

    Attributes
    ----------
    name : str
        The name of its weights in the file.
    weight : ndarray of float32, shape (out, row, column, in) or (1, row, column, out)
        Of a convolution, or of a depthwise one.
    bias : ndarray of float32, shape (out,)
        What is added.
    """

    name: str
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


def read_layers(path: Path) -> list[Layer]:
    """Read the layers with weights and biases, in the order in which they are computed.

    A number is stored as an integer q and stands for scale · (q - zero point).

    Parameters
    ----------
    path : Path
        The ``.tflite`` file.

    Returns
    -------
    list of Layer
        One for each operator that takes weights and biases beside its input.

    Raises
    ------
    DataError
        If the file is of another format, or is damaged.
    """
    content = path.read_bytes()
    if content[4:8] != IDENTIFIER:
        raise DataError(
            f"{path}: is no TensorFlow Lite file: it has {content[4:8]!r} at byte 4, expected "
            f"{IDENTIFIER!r}"
        )
    try:
        model = _Reader(Table(content, struct.unpack_from("<I", content)[0]))
        graph = model.tables(SUBGRAPHS)[0]
        tensors, buffers = graph.tables(TENSORS), model.tables(BUFFERS)
        layers = []
        for operator in graph.tables(OPERATORS):
            inputs = operator.numbers(INPUTS, np.dtype("<i4"))
            if len(inputs) >= 3:
                weight, bias = (tensors[index] for index in inputs[1:3])
                arrays = (_real(each, buffers) for each in (weight, bias))
                layers.append(Layer(weight.text(NAME), *arrays))
    except (IndexError, KeyError, ValueError, struct.error) as error:
        raise DataError(f"{path}: is damaged, or not of the expected form: {error!r}") from error
    return layers


def mobilenet_state(path: Path, model: nn.Module) -> dict[str, Tensor]:
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
        If the file has another number of convolutions.
    """
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
    return state


def _real(tensor: _Reader, buffers: list[_Reader]) -> NDArray[np.float32]:
    """The numbers that a tensor stands for."""
    dtype = TYPES[tensor.number(TYPE, number_types.Int8Flags)]
    stored = buffers[tensor.number(BUFFER, number_types.Uint32Flags)].numbers(DATA, np.dtype("u1"))
    values = stored.view(dtype).reshape(tensor.numbers(SHAPE, np.dtype("<i4")))
    quantization = tensor.table(QUANTIZATION)
    scale = quantization.numbers(SCALE, np.dtype("<f4"))
    zero_point = quantization.numbers(ZERO_POINT, np.dtype("<i8"))
    if len(scale) != 1:
        raise ValueError(f"{tensor.text(NAME)} has {len(scale)} scales, expected one")
    # In doubles: the biases have 32 bits.
    return (np.float64(scale[0]) * (values - np.int64(zero_point[0]))).astype(np.float32)


class _Reader:
    """A table, and its fields by their numbers."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def _start(self, field: int) -> int:
        offset: int = self._table.Offset(4 + 2 * field)
        return offset

    def number(self, field: int, flags: Any) -> int:
        """An integer; 0 where it is left out."""
        start = self._start(field)
        return int(self._table.Get(flags, self._table.Pos + start)) if start else 0

    def text(self, field: int) -> str:
        found: bytes = self._table.String(self._table.Pos + self._start(field))
        return found.decode()

    def numbers(self, field: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        """A vector of numbers; an empty one where it is left out."""
        start = self._start(field)
        if not start:
            return np.empty(0, dtype)
        count, where = self._table.VectorLen(start), self._table.Vector(start)
        return np.frombuffer(self._table.Bytes, dtype, count, where)

    def table(self, field: int) -> _Reader:
        start = self._start(field)
        if not start:
            raise ValueError(f"field {field} is missing")
        return _Reader(Table(self._table.Bytes, self._table.Indirect(self._table.Pos + start)))

    def tables(self, field: int) -> list[_Reader]:
        """A vector of tables."""
        start = self._start(field)
        if not start:
            return []
        where = self._table.Vector(start)
        places = (where + 4 * index for index in range(self._table.VectorLen(start)))
        return [_Reader(Table(self._table.Bytes, self._table.Indirect(at))) for at in places]
