"""Time the ways to convolve an image against each other, on one thread.

Each method convolves the same image with the same kernel ("same" size, zeros outside), and the
results are compared before anything is timed. All methods and sizes take turns, round after
round, and the best round of each counts. Processor time is taken, not the time on the wall, so
that whatever else the machine does disturbs little. Chapter 2 plots the file that this writes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from _common import best_times, positive, rounded, speed_parser, write_speeds
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy import signal
from threadpoolctl import threadpool_limits

from pdl.signals import convolve2d

NAME = "convolution-speed"

Array = NDArray[np.float64]
Method = Callable[[Array, Array, Array], Array]


def in_two_passes(image: Array, weights: Array) -> Array:
    """Convolve with the separable kernel ``np.outer(weights, weights)``: a column, then a row."""
    return convolve2d(convolve2d(image, weights[:, np.newaxis]), weights[np.newaxis, :])


# Each takes the image, the kernel and the weights whose outer product the kernel is.
METHODS: dict[str, Method] = {
    "loops": lambda image, kernel, weights: convolve2d(image, kernel, method="loops"),
    "windows": lambda image, kernel, weights: convolve2d(image, kernel, method="windows"),
    "separable": lambda image, kernel, weights: in_two_passes(image, weights),
    "fft": lambda image, kernel, weights: convolve2d(image, kernel, method="fft"),
    "scipy_convolve2d": lambda image, kernel, weights: signal.convolve2d(image, kernel, "same"),
    "scipy_fftconvolve": lambda image, kernel, weights: signal.fftconvolve(image, kernel, "same"),
}
# Nested Python loops take about 0.2 µs a multiplication: beyond this they are left out.
MOST_LOOP_MULTIPLICATIONS = 2_000_000
LOOP_ROUNDS = 3


def prepare(image_size: int, kernel_size: int, seed: int) -> dict[str, Callable[[], Array]]:
    """Draw an image and a separable kernel, and check that all methods agree on them.

    Parameters
    ----------
    image_size, kernel_size : int
        Sides of the square image and of the square kernel, in pixels.
    seed : int
        Of the random image and kernel.

    Returns
    -------
    dict of str to callable
        For each method a call without arguments, ready to be timed.

    Raises
    ------
    AssertionError
        If a method differs from SciPy by more than 1e-9.
    """
    rng = np.random.default_rng(seed)
    image = rng.random((image_size, image_size))
    weights = rng.random(kernel_size)
    weights /= weights.sum()
    kernel = np.outer(weights, weights)
    calls: dict[str, Callable[[], Array]] = {
        name: partial(method, image, kernel, weights) for name, method in METHODS.items()
    }
    if (image_size * kernel_size) ** 2 > MOST_LOOP_MULTIPLICATIONS:
        del calls["loops"]
    expected = signal.convolve2d(image, kernel, "same")
    for call in calls.values():
        np.testing.assert_allclose(call(), expected, rtol=0, atol=1e-9)
    return calls


def measure(
    image_sizes: list[int], kernel_sizes: list[int], rounds: int, seed: int
) -> list[dict[str, Any]]:
    """Time every method on every size of image and kernel.

    Parameters
    ----------
    image_sizes, kernel_sizes : list of int
        Sides in pixels.
    rounds : int
        How often each is run; the quickest counts. The loops run in the first three rounds only.
    seed : int
        Of the random images and kernels.

    Returns
    -------
    list of dict
        One row each: ``image_size``, ``kernel_size``, ``method``, ``seconds`` (processor
        time, best round) and ``ratio_to_fft``, its time over that of our own FFT method.
    """
    cases = {
        (image_size, kernel_size): prepare(image_size, kernel_size, seed)
        for image_size in image_sizes
        for kernel_size in kernel_sizes
    }
    best = best_times(
        {(case, name): call for case, calls in cases.items() for name, call in calls.items()},
        rounds,
        most_rounds=lambda key: LOOP_ROUNDS if key[1] == "loops" else None,
    )
    return [
        {
            "image_size": case[0],
            "kernel_size": case[1],
            "method": name,
            "seconds": rounded(seconds),
            "ratio_to_fft": rounded(seconds / best[case, "fft"]),
        }
        for (case, name), seconds in best.items()
    ]


def crossover(rows: list[dict[str, Any]], image_size: int, slow: str, fast: str) -> int | None:
    """The smallest kernel size from which on ``fast`` is always quicker than ``slow``, if any."""
    seconds = {
        (row["kernel_size"], row["method"]): row["seconds"]
        for row in rows
        if row["image_size"] == image_size
    }
    sizes = sorted({size for size, _ in seconds})
    for number, size in enumerate(sizes):
        if all(seconds[later, fast] < seconds[later, slow] for later in sizes[number:]):
            return size
    return None


def summarise(rows: list[dict[str, Any]]) -> dict[str, float]:
    """The figures that the book quotes: crossovers in pixels, and ratios of times."""
    ratio = {
        (row["image_size"], row["kernel_size"], row["method"]): row["ratio_to_fft"] for row in rows
    }
    kernel_sizes = sorted({row["kernel_size"] for row in rows})
    smallest, largest = kernel_sizes[0], kernel_sizes[-1]
    metrics: dict[str, float] = {}
    for size in sorted({row["image_size"] for row in rows}):
        pairs = {"": ("windows", "fft"), "_scipy": ("scipy_convolve2d", "scipy_fftconvolve")}
        for suffix, (slow, fast) in pairs.items():
            found = crossover(rows, size, slow, fast)
            if found is not None:
                metrics[f"crossover_kernel_size_{size}{suffix}"] = found
        if (size, smallest, "loops") in ratio:
            loops = ratio[size, smallest, "loops"] / ratio[size, smallest, "windows"]
            metrics[f"loops_over_windows_{size}_{smallest}"] = round(loops, 1)
        metrics[f"windows_over_fft_{size}_{largest}"] = round(ratio[size, largest, "windows"], 1)
        metrics[f"fft_over_windows_{size}_{smallest}"] = round(
            1 / ratio[size, smallest, "windows"], 1
        )
    return metrics


def show(rows: list[dict[str, Any]]) -> None:
    """Print the times in milliseconds, a line for each size and a column for each method."""
    table = Table(title="Milliseconds of processor time, best round, one thread")
    for heading in ("image", "kernel", *(name.removeprefix("scipy_") for name in METHODS)):
        table.add_column(heading, justify="right")
    times = {(row["image_size"], row["kernel_size"], row["method"]): row["seconds"] for row in rows}
    for image_size, kernel_size in sorted({key[:2] for key in times}):
        cells = [times.get((image_size, kernel_size, name)) for name in METHODS]
        shown = ["–" if cell is None else f"{1000 * cell:.3g}" for cell in cells]
        table.add_row(str(image_size), str(kernel_size), *shown)
    Console().print(table)


def main() -> None:
    """Measure, print a table and write the record."""
    parser = speed_parser(__doc__, NAME, rounds=20)
    parser.add_argument("--images", type=positive, nargs="+", default=[64, 256], metavar="SIZE")
    parser.add_argument(
        "--kernels", type=positive, nargs="+", default=[3, 5, 7, 9, 15, 31, 63], metavar="SIZE"
    )
    arguments = parser.parse_args()

    start = time.perf_counter()
    with threadpool_limits(limits=1):
        rows = measure(arguments.images, arguments.kernels, arguments.rounds, arguments.seed)
    show(rows)
    write_speeds(NAME, summarise(rows), rows, arguments, ("numpy", "scipy"), start)


if __name__ == "__main__":
    main()
