"""Time the convolution layer, forward and backward, against loops, SciPy and PyTorch.

Every method takes the same float32 images, weights and gradient to the output and the gradients
by images, weights and bias, on one thread. All are compared with PyTorch before anything is
timed. Then all methods and sizes take turns, round after round, and the best round of each
counts. Processor time is taken, not the time on the wall, so that whatever else the machine does
disturbs little.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from _common import best_times, rounded, speed_parser, write_speeds
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy import signal
from threadpoolctl import threadpool_limits

from pdl.layers import Conv2d

NAME = "layers-speed"

Array = NDArray[np.float32]


class Size(NamedTuple):
    """A batch and the layer that it goes through."""

    images: int
    channels: int
    side: int
    outputs: int
    kernel: int
    stride: int
    padding: int

    def __str__(self) -> str:
        shape = f"{self.images}×{self.channels}×{self.side}×{self.side}→{self.outputs}"
        return f"{shape}, kernel {self.kernel}, stride {self.stride}, padding {self.padding}"


SIZES = {
    "small": Size(8, 3, 16, 8, 3, 1, 0),
    "middle": Size(32, 16, 28, 32, 3, 1, 1),
    "strided": Size(16, 32, 14, 64, 3, 2, 1),
}
# SciPy and the loops are slow enough to be timed well in a few rounds.
MOST_ROUNDS = {"loops": 3, "scipy": 3}


class Case(NamedTuple):
    """The arrays that go in: images, parameters, and the gradient by the output."""

    x: Array
    weight: Array
    bias: Array
    grad: Array
    size: Size


class Answers(NamedTuple):
    """What comes out."""

    y: Array
    grad_x: Array
    grad_weight: Array
    grad_bias: Array


def draw(size: Size, seed: int) -> Case:
    """Draw a batch, the layer's parameters and the gradient by its output."""
    rng = np.random.default_rng(seed)
    side = (size.side + 2 * size.padding - size.kernel) // size.stride + 1
    weights = (size.outputs, size.channels, size.kernel, size.kernel)
    return Case(
        x=rng.standard_normal((size.images, size.channels, size.side, size.side), np.float32),
        weight=rng.standard_normal(weights, np.float32),
        bias=rng.standard_normal(size.outputs, np.float32),
        grad=rng.standard_normal((size.images, size.outputs, side, side), np.float32),
        size=size,
    )


def ours(method: str) -> Callable[[Case], Callable[[], Answers]]:
    """Make a call of our layer with one of its methods."""

    def prepare(case: Case) -> Callable[[], Answers]:
        size = case.size
        layer = Conv2d(
            size.channels,
            size.outputs,
            size.kernel,
            stride=size.stride,
            padding=size.padding,
            dtype=np.float32,
            method=method,
        )
        layer.parameters["weight"][...] = case.weight
        layer.parameters["bias"][...] = case.bias

        def call() -> Answers:
            y = layer.forward(case.x)
            grad_x = layer.backward(case.grad)
            return Answers(y, grad_x, layer.gradients["weight"], layer.gradients["bias"])

        return call

    return prepare


def in_scipy(case: Case) -> Callable[[], Answers]:
    """Make a call that gives each pair of channels to SciPy.

    SciPy has no stride: of the dense output every second row and column is kept, and on the way
    back zeros stand where none were.
    """
    size = case.size
    edge = (size.padding, size.padding)

    def call() -> Answers:
        x = np.pad(case.x, ((0, 0), (0, 0), edge, edge))
        dense = x.shape[2] - size.kernel + 1
        y = np.empty_like(case.grad)
        grad = np.zeros((size.images, size.outputs, dense, dense), np.float32)
        grad[:, :, :: size.stride, :: size.stride] = case.grad
        grad_x, grad_weight = np.zeros_like(x), np.zeros_like(case.weight)
        for n in range(size.images):
            for o in range(size.outputs):
                total = np.zeros((dense, dense), np.float32)
                for c in range(size.channels):
                    total += signal.correlate2d(x[n, c], case.weight[o, c], "valid")
                    grad_weight[o, c] += signal.correlate2d(x[n, c], grad[n, o], "valid")
                    grad_x[n, c] += signal.convolve2d(grad[n, o], case.weight[o, c], "full")
                y[n, o] = total[:: size.stride, :: size.stride] + case.bias[o]
        end = x.shape[2] - size.padding
        inside = grad_x[:, :, size.padding : end, size.padding : end]
        return Answers(y, inside, grad_weight, case.grad.sum(axis=(0, 2, 3)))

    return call


def in_pytorch(case: Case) -> Callable[[], Answers]:
    """Make a call of PyTorch's convolution and its automatic derivative."""
    x, weight, bias = (
        torch.tensor(each, requires_grad=True) for each in (case.x, case.weight, case.bias)
    )
    grad = torch.from_numpy(case.grad)

    def call() -> Answers:
        y = torch.nn.functional.conv2d(x, weight, bias, case.size.stride, case.size.padding)
        gradients = torch.autograd.grad(y, (x, weight, bias), grad)
        return Answers(y.detach().numpy(), *(each.numpy() for each in gradients))

    return call


METHODS: dict[str, Callable[[Case], Callable[[], Answers]]] = {
    "loops": ours("loops"),
    "scipy": in_scipy,
    "fast": ours("fast"),
    "pytorch": in_pytorch,
}


def prepare(size: Size, methods: list[str], seed: int) -> dict[str, Callable[[], Answers]]:
    """Draw the arrays of one size, and check that all methods agree on them.

    Returns
    -------
    dict of str to callable
        For each method a call without arguments, ready to be timed.

    Raises
    ------
    AssertionError
        If an answer differs from PyTorch's by more than 1e-4 of its largest number.
    """
    case = draw(size, seed)
    calls = {name: METHODS[name](case) for name in methods}
    expected = in_pytorch(case)()
    for name, call in calls.items():
        for what, found, right in zip(Answers._fields, call(), expected, strict=True):
            bound = 1e-4 * float(np.abs(right).max())
            message = f"{name}: {what} of {size}"
            np.testing.assert_allclose(found, right, rtol=0, atol=bound, err_msg=message)
    return calls


def measure(sizes: list[str], methods: list[str], rounds: int, seed: int) -> list[dict[str, Any]]:
    """Time every method on every size.

    Parameters
    ----------
    sizes, methods : list of str
        Names in ``SIZES`` and ``METHODS``; "fast" must be among the methods.
    rounds : int
        How often each is run; the quickest counts. Loops and SciPy run in the first few only.
    seed : int
        Of the random arrays.

    Returns
    -------
    list of dict
        One row each: ``size``, ``shape``, ``method``, ``seconds`` (processor time of forward and
        backward together, best round) and ``ratio_to_fast``, its time over our fast method's.
    """
    cases = {size: prepare(SIZES[size], methods, seed) for size in sizes}
    best = best_times(
        {(size, name): call for size, calls in cases.items() for name, call in calls.items()},
        rounds,
        most_rounds=lambda key: MOST_ROUNDS.get(key[1]),
    )
    return [
        {
            "size": size,
            "shape": str(SIZES[size]),
            "method": name,
            "seconds": rounded(seconds),
            "ratio_to_fast": rounded(seconds / best[size, "fast"]),
        }
        for (size, name), seconds in best.items()
    ]


def summarise(rows: list[dict[str, Any]]) -> dict[str, float]:
    """The figures that the book quotes: how many times as long one takes as the other."""
    metrics: dict[str, float] = {}
    for row in rows:
        size, method, ratio = row["size"], row["method"], row["ratio_to_fast"]
        if method == "pytorch":
            metrics[f"fast_over_pytorch_{size}"] = rounded(1 / ratio)
        elif method != "fast":
            metrics[f"{method}_over_fast_{size}"] = ratio
    return metrics


def show(rows: list[dict[str, Any]]) -> None:
    """Print the times in milliseconds, a line for each size and a column for each method."""
    table = Table(title="Milliseconds of processor time, forward and backward, one thread")
    methods = list(dict.fromkeys(row["method"] for row in rows))
    for heading in ("layer", *methods):
        table.add_column(heading, justify="left" if heading == "layer" else "right")
    times = {(row["shape"], row["method"]): row["seconds"] for row in rows}
    for shape in dict.fromkeys(row["shape"] for row in rows):
        table.add_row(shape, *(f"{1000 * times[shape, method]:.3g}" for method in methods))
    Console().print(table)


def main() -> None:
    """Measure, print a table and write the record."""
    parser = speed_parser(__doc__, NAME, rounds=30)
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    arguments = parser.parse_args()
    if "fast" not in arguments.methods:
        parser.error("methods must hold 'fast', with which the others are compared")

    start = time.perf_counter()
    torch.set_num_threads(1)
    with threadpool_limits(limits=1):
        rows = measure(arguments.sizes, arguments.methods, arguments.rounds, arguments.seed)
    show(rows)
    write_speeds(NAME, summarise(rows), rows, arguments, ("numpy", "scipy", "torch"), start)


if __name__ == "__main__":
    main()
