"""Pooling: a window of each map becomes one number, its largest or its mean."""

from __future__ import annotations

import numpy as np

from pdl._arrays import Array
from pdl.layers.base import Layer, check_grad, check_input
from pdl.layers.sizes import Padding, Pair, check_pair, resolve_padding
from pdl.layers.windows import add_windows, crop, pad, padded_shape, windows


class _Pool2d(Layer):
    """A window that slides over each map by itself."""

    def __init__(
        self,
        kernel_size: int | Pair,
        *,
        stride: int | Pair | None = None,
        padding: Padding = 0,
    ) -> None:
        super().__init__()
        self.kernel_size = check_pair(kernel_size, "kernel_size")
        self.stride = self.kernel_size if stride is None else check_pair(stride, "stride")
        self.dilation = (1, 1)
        self.padding = padding
        zeros = resolve_padding(padding, (1, 1), self.kernel_size, self.stride, self.dilation)
        for size, (before, after) in zip(self.kernel_size, zeros, strict=True):
            if max(before, after) >= size:
                raise ValueError(
                    f"padding must be smaller than the window, got {padding!r} for a window of "
                    f"{self.kernel_size}"
                )

    def _padding(self, x: Array) -> tuple[Pair, Pair]:
        size = check_pair(x.shape[2:], "x")
        return resolve_padding(self.padding, size, self.kernel_size, self.stride, self.dilation)

    def _spread(self, parts: Array, x: Array) -> Array:
        """Add what each window brings back to the pixels that it had seen."""
        padding = self._padding(x)
        padded = add_windows(parts, padded_shape(x.shape, padding), self.stride)
        return crop(padded, padding)


class MaxPool2d(_Pool2d):
    """The largest number of each window.

    Around the image lies minus infinity: what is added never wins. In a window with several
    largest numbers the first one in reading order is the winner.

    Parameters
    ----------
    kernel_size : int or (int, int)
        The window, in pixels.
    stride : int or (int, int), optional
        Its step; by default the window's own size, so that windows touch but do not overlap.
    padding : int, "valid", "same", (rows, columns) or ((top, bottom), (left, right))
        As in :func:`pdl.layers.conv2d`; less than the window, so that each window holds a pixel.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """

    def forward(self, x: Array) -> Array:
        x = check_input(x, "MaxPool2d", "NCHW")
        seen = windows(pad(x, self._padding(x), -np.inf), self.kernel_size, self.stride)
        flat = seen.reshape(*seen.shape[:4], -1)
        winner = flat.argmax(axis=-1)
        self._kept = x, winner
        return np.take_along_axis(flat, winner[..., np.newaxis], axis=-1)[..., 0]

    def backward(self, grad: Array) -> Array:
        """Only the winner can change the output: it gets the whole gradient of its window."""
        x, winner = self._recall()
        grad = check_grad(grad, winner.shape, "MaxPool2d")
        parts = np.zeros((*winner.shape, int(np.prod(self.kernel_size))), grad.dtype)
        np.put_along_axis(parts, winner[..., np.newaxis], grad[..., np.newaxis], axis=-1)
        return self._spread(parts.reshape(*winner.shape, *self.kernel_size), x)


class AvgPool2d(_Pool2d):
    """The mean of each window.

    Parameters
    ----------
    kernel_size : int or (int, int)
        The window, in pixels.
    stride : int or (int, int), optional
        Its step; by default the window's own size, so that windows touch but do not overlap.
    padding : int, "valid", "same", (rows, columns) or ((top, bottom), (left, right))
        As in :func:`pdl.layers.conv2d`; less than the window, so that each window holds a pixel.
    count_include_pad : bool
        Whether the zeros of the padding count in the mean (PyTorch's default) or not
        (TensorFlow's rule).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """

    def __init__(
        self,
        kernel_size: int | Pair,
        *,
        stride: int | Pair | None = None,
        padding: Padding = 0,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride=stride, padding=padding)
        self.count_include_pad = count_include_pad

    def forward(self, x: Array) -> Array:
        x = check_input(x, "AvgPool2d", "NCHW")
        padding = self._padding(x)
        total = windows(pad(x, padding), self.kernel_size, self.stride).sum(axis=(-2, -1))
        inside = np.ones((1, 1, *x.shape[2:]), x.dtype)
        inside = pad(inside, padding, value=float(self.count_include_pad))
        count = windows(inside, self.kernel_size, self.stride).sum(axis=(-2, -1))
        self._kept = x, count
        return total / count

    def backward(self, grad: Array) -> Array:
        """A mean of k pixels changes by 1/k of what each changes: all get the same share."""
        x, count = self._recall()
        grad = check_grad(grad, (*x.shape[:2], *count.shape[2:]), "AvgPool2d")
        share = (grad / count)[..., np.newaxis, np.newaxis]
        return self._spread(np.broadcast_to(share, (*grad.shape, *self.kernel_size)), x)
