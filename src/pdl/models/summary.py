"""What a network is made of: shape, parameters and multiply-adds, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode

from pdl._validation import check_integer

COLUMNS = ("output", "parameters", "multiply-adds, million")


@dataclass(frozen=True)
class Layer:
    """One line of a summary.

    Attributes
    ----------
    name : str
        Where it is in the network, as in its ``state_dict``.
    kind : str
        The name of its class.
    shape : tuple of int
        Of its output for one image, without the batch's axis.
    parameters : int
        How many it has.
    multiply_adds : int
        How many it takes for one image.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Summary:
    """The layers of a network; a table where it is shown.

    Attributes
    ----------
    layers : tuple of Layer
        In the order in which they are computed.
    parameters : int
        Of all that takes part in inference.
    multiply_adds : int
        For one image.
    unused : int
        Parameters of what does not take part in inference, as an auxiliary classifier.
    """

    layers: tuple[Layer, ...]
    parameters: int
    multiply_adds: int
    unused: int

    def _table(self) -> Any:
        from pdl.viz import show_table  # here, since it imports Matplotlib

        rows = {
            f"{each.name} [{each.kind}]".lstrip(): [
                " × ".join(map(str, each.shape)),
                _spaced(each.parameters),
                _millions(each.multiply_adds),
            ]
            for each in self.layers
        }
        rows["in all"] = ["", _spaced(self.parameters), _millions(self.multiply_adds)]
        if self.unused:
            rows["not used in inference"] = ["", _spaced(self.unused), ""]
        return show_table(COLUMNS, rows, label="Layers of the network")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        bundle: dict[str, str] = self._table()._repr_mimebundle_(include, exclude)
        return bundle

    def __str__(self) -> str:
        return str(self._table())

    __repr__ = __str__


def summary(model: nn.Module, input_shape: Sequence[int], depth: int | None = None) -> Summary:
    """Compute shape, parameters and multiply-adds of each layer, without computing the layers.

    The network runs on device ``meta``, where tensors have a shape and no numbers. It stays as it
    is, wherever it is.

    Parameters
    ----------
    model : torch.nn.Module
        The network; it is looked at as in inference.
    input_shape : sequence of int
        Of one image: channels, height, width.
    depth : int, optional
        How many levels of modules within modules are told apart; by default all.

    Returns
    -------
    Summary
        A multiply-add is one product that is added to a sum, in a convolution or in a matrix
        product; it is counted once, as in the papers on ResNet and MobileNet. Counted as two
        operations, they are twice as many FLOPs. Pooling, activation, normalization, biases and
        sums of maps are not counted.

    Raises
    ------
    TypeError, ValueError
        If ``input_shape`` or ``depth`` are not positive integers, or the network does not take
        images of this shape.

    Examples
    --------
    >>> from torch import nn
    >>> summary(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 5)), (1, 4, 4))
                    output  parameters  multiply-adds, million
    0 [Conv2d]   2 × 2 × 2          20                0.000072
    1 [Flatten]          8           0                       0
    2 [Linear]           5          45                 0.00004
    in all                          65                0.000112
    """
    for each in input_shape:
        check_integer(each, "input_shape", minimum=1)
    if depth is not None:
        check_integer(depth, "depth", minimum=1)
    shapes: dict[nn.Module, tuple[int, ...]] = {}

    def note(module: nn.Module, inputs: Any, output: Any) -> None:
        shapes[module] = tuple(output.shape[1:]) if isinstance(output, Tensor) else ()

    modes = {module: module.training for module in model.modules()}
    hooks = [module.register_forward_hook(note) for module in model.modules()]
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            functional_call(model.eval(), _on_meta(model), _image(model, input_shape))
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"input_shape: the network takes no image of {tuple(input_shape)}: {error}"
        ) from error
    finally:
        for hook in hooks:
            hook.remove()
        for module, mode in modes.items():
            module.training = mode
    # By the module's name with the class of the whole in front; of each operation in it.
    operations = counter.get_flop_counts()

    def multiply_adds(name: str) -> int:
        key = ".".join([type(model).__name__, *([name] if name else [])])
        return sum(operations.get(key, {}).values()) // 2  # PyTorch counts two operations

    layers = tuple(
        Layer(name, type(module).__name__, shapes[module], _parameters(module), multiply_adds(name))
        for name, module in _rows("", model, shapes, depth)
    )
    used = sum(_own(module) for module in shapes)
    return Summary(layers, used, multiply_adds(""), _parameters(model) - used)


def _on_meta(model: nn.Module) -> dict[str, Tensor]:
    """All parameters and buffers, without their numbers."""
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return {name: torch.empty_like(each, device="meta") for name, each in tensors.items()}


def _image(model: nn.Module, input_shape: Sequence[int]) -> Tensor:
    dtype = next((each.dtype for each in model.parameters()), torch.float32)
    return torch.empty(1, *input_shape, dtype=dtype, device="meta")


def _rows(
    name: str, module: nn.Module, shapes: dict[nn.Module, tuple[int, ...]], depth: int | None
) -> Iterator[tuple[str, nn.Module]]:
    """The modules that make a line: the innermost, or those ``depth`` levels down."""
    below = list(_called(name, module, shapes))
    if not below or depth == 0:
        yield name, module
    for each in below if depth != 0 else ():
        yield from _rows(*each, shapes, None if depth is None else depth - 1)


def _called(
    name: str, module: nn.Module, shapes: dict[nn.Module, tuple[int, ...]]
) -> Iterator[tuple[str, nn.Module]]:
    """The modules in another one that were called; a list of modules never is, its items are."""
    for key, child in module.named_children():
        inner = f"{name}.{key}".lstrip(".")
        if child in shapes:
            yield inner, child
        else:
            yield from _called(inner, child, shapes)


def _parameters(module: nn.Module) -> int:
    return sum(each.numel() for each in module.parameters())


def _own(module: nn.Module) -> int:
    """Parameters of the module itself, not of those in it."""
    return sum(each.numel() for each in module.parameters(recurse=False))


def _spaced(number: int) -> str:
    """As in 138 357 544."""
    return f"{number:,}".replace(",", " ")


def _millions(number: int) -> str:
    """As in 0.000072, 86.7 and 1 850: three digits, or all before the point."""
    millions = number / 1e6
    if millions >= 1000:
        return _spaced(round(millions))
    return np.format_float_positional(millions, precision=3, fractional=False, trim="-")
