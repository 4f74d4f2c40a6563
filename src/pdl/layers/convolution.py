"""The convolution layer: a sliding kernel as one matrix product, and its three gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from pdl._arrays import Array
from pdl._validation import as_floats, as_real_array, check_choice, check_integer
from pdl.layers.base import Layer, check_grad, check_input, he_normal
from pdl.layers.loops import conv2d_loops, conv2d_loops_backward
from pdl.layers.sizes import Geometry, Padding, Pair, check_pair, output_size, resolve_padding
from pdl.layers.windows import add_windows, crop, pad, padded_shape, windows

METHODS = ("fast", "loops")


def conv2d(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: int | Pair = 1,
    padding: Padding = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
    method: str = "fast",
) -> Array:
    r"""Slide kernels over images: the cross-correlation that networks call convolution.

    .. math:: y[n, o, i, j] = b[o] + \sum_{c, a, b} x[n, c, iS + aD, jS + bD] \, w[o, c, a, b]

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
        The images.
    weight : array_like, shape (O, C / groups, K_1, K_2)
        One kernel an output channel.
    bias : array_like, shape (O,), optional
        Added to each output channel.
    stride, dilation : int or (int, int)
        The step of the kernel, and the distance of its taps, in pixels.
    padding : int, "valid", "same", (rows, columns) or ((top, bottom), (left, right))
        Zeros around the input. Numbers for rows and columns go on both sides (PyTorch's way);
        "same" is TensorFlow's: ceil(H / stride) outputs, an odd zero at the bottom and right.
    groups : int
        The channels are cut into so many groups that do not see each other.
    method : {"fast", "loops"}
        One matrix product, or the loops of the formula.

    Returns
    -------
    ndarray, shape (N, O, H', W')

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or the kernel does not fit.

    Examples
    --------
    >>> conv2d(np.ones((1, 1, 5, 5)), np.ones((1, 1, 3, 3))).shape
    (1, 1, 3, 3)
    """
    x, weight, how = _check(x, weight, stride, padding, dilation, groups, method)
    forward = conv2d_loops if method == "loops" else _as_matrix_product
    y = forward(x, weight, how)
    if bias is not None:
        bias = as_floats(bias, "bias")
        if bias.shape != (len(weight),):
            raise ValueError(f"bias must have the shape ({len(weight)},), got {bias.shape}")
        y += bias[:, np.newaxis, np.newaxis]
    return y


def conv2d_backward(
    grad: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike,
    *,
    stride: int | Pair = 1,
    padding: Padding = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
    method: str = "fast",
) -> tuple[Array, Array, Array]:
    """The gradients of :func:`conv2d` by its input, its weights and its bias.

    Parameters
    ----------
    grad : array_like, shape (N, O, H', W')
        The gradient of the loss by the output.
    x, weight, stride, padding, dilation, groups, method
        As they were in :func:`conv2d`.

    Returns
    -------
    grad_x : ndarray, shape (N, C, H, W)
    grad_weight : ndarray, shape (O, C / groups, K_1, K_2)
    grad_bias : ndarray, shape (O,)

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.
    """
    x, weight, how = _check(x, weight, stride, padding, dilation, groups, method)
    grad = check_grad(grad, _output_shape(x, weight, how), "conv2d_backward")
    backward = conv2d_loops_backward if method == "loops" else _gradients_as_matrix_products
    grad_x, grad_weight = backward(grad, x, weight, how)
    return grad_x, grad_weight, grad.sum(axis=(0, 2, 3))


def _im2col(x: Array, weight: Array, how: Geometry) -> Array:
    """*im2col*: the windows as the columns of a matrix, one matrix for each image and group."""
    seen = windows(pad(x, how.padding), weight.shape[2:], how.stride, how.dilation)
    images, _, rows, columns = seen.shape[:4]
    # N×C×H'×W'×K×K → N×C×K×K×H'×W' → N×G×(C/G·K·K)×(H'·W')
    return seen.transpose(0, 1, 4, 5, 2, 3).reshape(
        images, how.groups, weight[0].size, rows * columns
    )


def _col2im(columns: Array, x: Array, weight: Array, how: Geometry) -> Array:
    """*col2im*: each column added back to the pixels of its window, the adjoint of *im2col*."""
    rows_and_columns = _output_shape(x, weight, how)[2:]
    # N×G×(C/G·K·K)×(H'·W') → N×C×K×K×H'×W' → N×C×H'×W'×K×K
    parts = columns.reshape(*x.shape[:2], *weight.shape[2:], *rows_and_columns)
    parts = parts.transpose(0, 1, 4, 5, 2, 3)
    padded = add_windows(parts, padded_shape(x.shape, how.padding), how.stride, how.dilation)
    return crop(padded, how.padding)


def _as_matrix_product(x: Array, weight: Array, how: Geometry) -> Array:
    """Each kernel is a row, each window a column: their matrix product holds all outputs."""
    rows = weight.reshape(how.groups, len(weight) // how.groups, -1)  # G×(O/G)×(C/G·K·K)
    y = rows @ _im2col(x, weight, how)  # N×G×(O/G)×(H'·W')
    return y.reshape(_output_shape(x, weight, how))  # N×O×H'×W'


def _gradients_as_matrix_products(
    grad: Array, x: Array, weight: Array, how: Geometry
) -> tuple[Array, Array]:
    """For y = w·c the gradients are ∂L/∂w = ∂L/∂y·cᵀ and ∂L/∂c = wᵀ·∂L/∂y."""
    rows = weight.reshape(how.groups, len(weight) // how.groups, -1)
    grad_y = grad.reshape(len(x), how.groups, len(weight) // how.groups, -1)
    grad_weight = (grad_y @ _im2col(x, weight, how).swapaxes(-1, -2)).sum(axis=0)
    grad_columns = rows.swapaxes(-1, -2) @ grad_y
    return _col2im(grad_columns, x, weight, how), grad_weight.reshape(weight.shape)


def _output_shape(x: Array, weight: Array, how: Geometry) -> tuple[int, int, int, int]:
    """N×O×H'×W'."""
    size = zip(x.shape[2:], weight.shape[2:], how.stride, how.padding, how.dilation, strict=True)
    rows, columns = (output_size(*each) for each in size)
    return len(x), len(weight), rows, columns


def _check(
    x: ArrayLike,
    weight: ArrayLike,
    stride: int | Pair,
    padding: Padding,
    dilation: int | Pair,
    groups: int,
    method: str,
) -> tuple[Array, Array, Geometry]:
    """Refuse what does not fit together, and spell out the options."""
    check_choice(method, "method", METHODS)
    x = check_input(x, "conv2d", "NCHW")
    weight = as_real_array(weight, "weight")
    if weight.ndim != 4 or weight.size == 0:
        raise ValueError(
            "weight must be an array of numbers of shape O×C×K×K (C of one group), got "
            f"{weight.dtype} of shape {weight.shape}"
        )
    weight = weight if weight.dtype.kind == "f" else weight.astype(np.result_type(weight, x))
    check_integer(groups, "groups", minimum=1)
    if len(weight) % groups or x.shape[1] != groups * weight.shape[1]:
        raise ValueError(
            f"groups: {groups} group(s) of kernels of shape {weight.shape} do not fit the "
            f"{x.shape[1]} channels of x, of shape {x.shape}: the second axis of weight must be "
            "the channels of one group, and the first a multiple of groups"
        )
    kernel = check_pair(weight.shape[2:], "weight")
    stride, dilation = check_pair(stride, "stride"), check_pair(dilation, "dilation")
    zeros = resolve_padding(padding, check_pair(x.shape[2:], "x"), kernel, stride, dilation)
    how = Geometry(stride, zeros, dilation, groups)
    _output_shape(x, weight, how)  # raises an error where the kernel does not fit
    return x, weight, how


class Conv2d(Layer):
    """A layer of kernels that slide over all input channels.

    Parameters
    ----------
    in_channels, out_channels : int
        C and O.
    kernel_size : int or (int, int)
        In pixels.
    stride, padding, dilation, groups
        As in :func:`conv2d`.
    bias : bool
        Whether each output channel has a number added.
    rng : numpy.random.Generator, optional
        Draws the weights; by default always the same ones.
    dtype : dtype
        Of the weights, and so of the output for an input of that dtype.
    method : {"fast", "loops"}
        As in :func:`conv2d`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Notes
    -----
    ``parameters["weight"]`` has the shape (O, C / groups, K_1, K_2) and starts as He's normal
    weights, ``parameters["bias"]`` the shape (O,) and starts at zero.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Pair,
        *,
        stride: int | Pair = 1,
        padding: Padding = 0,
        dilation: int | Pair = 1,
        groups: int = 1,
        bias: bool = True,
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = np.float64,
        method: str = "fast",
    ) -> None:
        super().__init__()
        check_integer(in_channels, "in_channels", minimum=1)
        check_integer(out_channels, "out_channels", minimum=1)
        check_integer(groups, "groups", minimum=1)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"groups must divide in_channels={in_channels} and out_channels={out_channels}, "
                f"got {groups}"
            )
        check_choice(method, "method", METHODS)
        self.kernel_size = check_pair(kernel_size, "kernel_size")
        self.stride = check_pair(stride, "stride")
        self.dilation = check_pair(dilation, "dilation")
        resolve_padding(padding, (1, 1), self.kernel_size, self.stride, self.dilation)
        self.padding = padding
        self.groups = groups
        self.method = method
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.parameters["weight"] = he_normal(shape, int(np.prod(shape[1:])), rng, dtype)
        if bias:
            self.parameters["bias"] = np.zeros(out_channels, dtype)

    def _options(self) -> dict[str, Any]:
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
            "method": self.method,
        }

    def forward(self, x: Array) -> Array:
        weight, bias = self.parameters["weight"], self.parameters.get("bias")
        self._kept = check_input(x, "Conv2d", "NCHW", weight.shape[1] * self.groups)
        return conv2d(self._kept, weight, bias, **self._options())

    def backward(self, grad: Array) -> Array:
        grad_x, grad_weight, grad_bias = conv2d_backward(
            grad, self._recall(), self.parameters["weight"], **self._options()
        )
        self.gradients["weight"] = grad_weight
        if "bias" in self.parameters:
            self.gradients["bias"] = grad_bias
        return grad_x
