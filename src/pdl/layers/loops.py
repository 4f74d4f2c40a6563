"""The convolution of a layer as its formula says it: one loop an index.

Slow, and the measure of the fast one in `convolution`: both are tested equal.
"""

from __future__ import annotations

import numpy as np

from pdl._arrays import Array
from pdl.layers.sizes import Geometry
from pdl.layers.windows import crop, pad


def conv2d_loops(
    x: Array,
    weight: Array,
    how: Geometry,
) -> Array:
    """Lay each kernel on each window of each image, multiply and add.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
        The images.
    weight : ndarray, shape (O, C / groups, K_1, K_2)
        One kernel an output channel.
    how : Geometry
        Stride and dilation (rows, columns), zeros ((top, bottom), (left, right)), groups: output
        channel o sees only the input channels of its group.

    Returns
    -------
    ndarray, shape (N, O, H', W')
    """
    stride, padding, dilation, groups = how
    x = pad(x, padding)
    outputs, depth, kernel_rows, kernel_columns = weight.shape
    span = (dilation[0] * (kernel_rows - 1) + 1, dilation[1] * (kernel_columns - 1) + 1)
    rows = (x.shape[2] - span[0]) // stride[0] + 1
    columns = (x.shape[3] - span[1]) // stride[1] + 1
    y = np.zeros((len(x), outputs, rows, columns), np.result_type(x, weight))
    for n in range(len(x)):
        for o in range(outputs):
            first = o // (outputs // groups) * depth
            for i in range(rows):
                for j in range(columns):
                    top, left = i * stride[0], j * stride[1]
                    window = x[
                        n,
                        first : first + depth,
                        top : top + span[0] : dilation[0],
                        left : left + span[1] : dilation[1],
                    ]
                    y[n, o, i, j] = (window * weight[o]).sum()
    return y


def conv2d_loops_backward(
    grad: Array,
    x: Array,
    weight: Array,
    how: Geometry,
) -> tuple[Array, Array]:
    """Walk through the same windows, and give each factor of each product its share.

    The output y[n, o, i, j] is a sum of products window · weight. So each time it is wanted
    larger by grad[n, o, i, j], the weights are wanted larger by that much times the window, and
    the window by that much times the weights. A weight is shared by all windows and a pixel by
    all windows that cover it: the shares add up.

    Parameters
    ----------
    grad : ndarray, shape (N, O, H', W')
        The gradient with respect to the output.
    x, weight, how
        As in :func:`conv2d_loops`.

    Returns
    -------
    grad_x : ndarray, shape (N, C, H, W)
    grad_weight : ndarray, shape (O, C / groups, K_1, K_2)
    """
    stride, padding, dilation, groups = how
    x = pad(x, padding)
    outputs, depth, kernel_rows, kernel_columns = weight.shape
    span = (dilation[0] * (kernel_rows - 1) + 1, dilation[1] * (kernel_columns - 1) + 1)
    grad_x = np.zeros_like(x)
    grad_weight = np.zeros_like(weight)
    for n in range(len(x)):
        for o in range(outputs):
            first = o // (outputs // groups) * depth
            for i in range(grad.shape[2]):
                for j in range(grad.shape[3]):
                    top, left = i * stride[0], j * stride[1]
                    at = (
                        n,
                        slice(first, first + depth),
                        slice(top, top + span[0], dilation[0]),
                        slice(left, left + span[1], dilation[1]),
                    )
                    grad_weight[o] += grad[n, o, i, j] * x[at]
                    grad_x[at] += grad[n, o, i, j] * weight[o]
    return crop(grad_x, padding), grad_weight
