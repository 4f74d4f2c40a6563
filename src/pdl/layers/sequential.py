"""Layers one after the other: the chain rule as a loop."""

from __future__ import annotations

from pdl._arrays import Array
from pdl.layers.base import Layer


class Sequential(Layer):
    """Layers of which each takes the output of the one before.

    Parameters
    ----------
    *layers : Layer
        In the order in which an image passes through them.

    Raises
    ------
    TypeError
        If something is not a layer.
    ValueError
        If a layer stands there twice: it would forget what its first place needs to go back.

    Notes
    -----
    ``parameters``, ``gradients`` and ``buffers`` are those of all layers, with the layer's number
    before the name: "0.weight", "0.bias", "2.weight", …

    Examples
    --------
    >>> from pdl.layers import Linear, ReLU
    >>> model = Sequential(Linear(4, 3), ReLU(), Linear(3, 2))
    >>> list(model.parameters)
    ['0.weight', '0.bias', '2.weight', '2.bias']
    """

    def __init__(self, *layers: Layer) -> None:
        for number, layer in enumerate(layers):
            if not isinstance(layer, Layer):
                raise TypeError(f"layers[{number}] must be a layer, got {layer!r}")
        if len(set(map(id, layers))) < len(layers):
            raise ValueError("layers must be different objects, but one of them stands there twice")
        self.layers = layers
        self.training = True

    def forward(self, x: Array) -> Array:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad: Array) -> Array:
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad

    def train(self) -> None:
        """Let all layers behave as in training."""
        self.training = True
        for layer in self.layers:
            layer.train()

    def eval(self) -> None:
        """Let all layers behave as in use."""
        self.training = False
        for layer in self.layers:
            layer.eval()

    def __getitem__(self, index: int) -> Layer:
        return self.layers[index]

    def __len__(self) -> int:
        return len(self.layers)

    def _collect(self, kind: str) -> dict[str, Array]:
        return {
            f"{number}.{name}": array
            for number, layer in enumerate(self.layers)
            for name, array in getattr(layer, kind).items()
        }

    @property
    def parameters(self) -> dict[str, Array]:  # type: ignore[override]
        return self._collect("parameters")

    @property
    def gradients(self) -> dict[str, Array]:  # type: ignore[override]
        return self._collect("gradients")

    @property
    def buffers(self) -> dict[str, Array]:  # type: ignore[override]
        return self._collect("buffers")
