"""Convolution of images: written, repaired, and made of a correlation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import signal

from pdl._arrays import Array

from ..checking.compare import Mismatch, expect_close, expect_shape
from ..checking.engine import Exercise
from ..checking.samples import random
from .support import LEFT_RIGHT, NOT_FLIPPED, UPSIDE_DOWN

convolve2d = Exercise(
    "convolution.convolve2d", unlocks="You can now apply any kernel to any grayscale image."
)


def _same(image: Array, kernel: Array, top: int, left: int) -> Array:
    full = signal.convolve2d(image, kernel)
    return full[top : top + image.shape[0], left : left + image.shape[1]]


def _expect_convolution2d(got: Any, image: Array, kernel: Array, what: str) -> None:
    rows, columns = kernel.shape
    image = image.astype(float)
    truth = signal.convolve2d(image, kernel, mode="same")
    mistakes = [
        (signal.correlate2d(image, kernel, mode="same"), NOT_FLIPPED),
        (signal.convolve2d(image, kernel[::-1, ::-1], mode="same"), NOT_FLIPPED),
        (signal.convolve2d(image, kernel[:, ::-1], mode="same"), UPSIDE_DOWN),
        (signal.convolve2d(image, kernel[::-1], mode="same"), LEFT_RIGHT),
        (
            _same(image, kernel, rows // 2, columns // 2),
            "The origin of an even kernel is entry (K − 1) // 2 here; yours is one later.",
        ),
        (_same(image, kernel, 0, 0), "This is the upper left part of the full output, off centre."),
        (
            signal.convolve2d(image, kernel, mode="same", boundary="symm"),
            "The image goes on at its border, mirrored or repeated; here it is zero outside.",
        ),
        (
            signal.convolve2d(image, kernel, mode="same", boundary="wrap"),
            "What runs out on one side comes in on the other; here it is zero outside.",
        ),
    ]
    expect_close(got, truth, what=what, mistakes=mistakes, image=image)


@convolve2d.group("shape")
def _(answer: Any) -> str:
    hint = "The mode is 'same': the output is as large as the image."
    return expect_shape(answer(random(0, 6, 9), random(1, 3, 3)), (6, 9), hint)


@convolve2d.group("values")
def _(answer: Any) -> None:
    image = np.arange(1.0, 50).reshape(7, 7)
    kernel = np.array([[-1.0, 1, -1], [-2, 3, 1], [2, -4, 0]])
    _expect_convolution2d(answer(image, kernel), image, kernel, "the 7×7 example")
    for number, size in enumerate([(3, 3), (5, 3), (1, 5)]):
        image, kernel = random(number, 8, 11), random(number + 9, *size)
        what = f"a {size[0]}×{size[1]} kernel"
        _expect_convolution2d(answer(image, kernel), image, kernel, what)


@convolve2d.group("edge cases")
def _(answer: Any) -> None:
    image = random(4, 7, 8)
    for size in ((2, 2), (4, 3)):
        kernel = random(5, *size)
        _expect_convolution2d(answer(image, kernel), image, kernel, f"a {size[0]}×{size[1]} kernel")
    pixel, kernel = np.array([[2.0]]), random(6, 3, 3)
    _expect_convolution2d(answer(pixel, kernel), pixel, kernel, "one pixel")
    levels = np.array([[200, 100, 250], [90, 255, 180], [70, 160, 240]], dtype=np.uint8)
    kernel = np.array([[0, 1, 0], [1, 3, 1], [0, 2, 0]], dtype=np.uint8)
    wrapped = signal.convolve2d(levels, kernel, mode="same").astype(np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(levels, 1), (3, 3))
    products = (windows * kernel[::-1, ::-1]).sum(axis=(2, 3))
    expect_close(
        answer(levels, kernel),
        signal.convolve2d(levels.astype(int), kernel.astype(int), mode="same"),
        what="uint8",
        mistakes=[
            (wrapped, "Sums above 255 started again at 0: convert to float first."),
            (products, "Products above 255 started again at 0: convert to float first."),
        ],
    )


repaired = Exercise(
    "convolution.repaired", unlocks="You can now tell a wrong flip from a wrong border."
)


@repaired.group("shape")
def _(answer: Any) -> str:
    return expect_shape(answer(random(0, 7, 7), random(1, 3, 3)), (7, 7))


@repaired.group("values")
def _(answer: Any) -> None:
    for seed, size in enumerate(((3, 3), (5, 5), (7, 7))):
        image, kernel = random(seed, 9, 10), random(seed + 5, *size)
        _expect_convolution2d(answer(image, kernel), image, kernel, f"a {size[0]}×{size[1]} kernel")


@repaired.group("edge cases")
def _(answer: Any) -> None:
    image = random(2, 9, 10)
    for size in ((3, 7), (5, 1), (1, 5)):
        kernel, what = random(3, *size), f"a {size[0]}×{size[1]} kernel"
        border = "Take the border's height from the kernel's rows and its width from its columns."
        try:
            got = answer(image, kernel)
        except (ValueError, IndexError) as error:
            raise Mismatch(f"{what}: {error}", border) from None
        expected = signal.convolve2d(image, kernel, mode="same")
        if np.shape(got) == expected.shape and not np.allclose(got, expected):
            raise Mismatch(f"{what}: the values differ from SciPy's", border)
        _expect_convolution2d(got, image, kernel, what)
    impulse = np.zeros((5, 5), dtype=int)
    impulse[2, 2] = 1
    kernel = random(4, 5, 5)
    expect_close(answer(impulse, kernel), kernel, what="an impulse of whole numbers")
    levels = np.array([[200, 100, 250], [90, 255, 180]], dtype=np.uint8)
    kernel = np.array([[1, 2, 3]], dtype=np.uint8)
    _expect_convolution2d(answer(levels, kernel), levels, kernel, "uint8")


convolve_with = Exercise(
    "convolution.convolve_with",
    unlocks="You can now carry a kernel between signal processing and deep learning.",
)


class _Correlate:
    """The library's only function, which counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, image: Any, kernel: Any) -> Array:
        self.calls += 1
        return np.asarray(signal.correlate2d(np.asarray(image), np.asarray(kernel)))

    # It remembers its calls, so it must not be copied with the other arguments.
    def __deepcopy__(self, memo: dict[int, Any]) -> _Correlate:
        return self


def _expect_from_correlation(
    answer: Callable[[Any, Array, Array], Any], image: Array, kernel: Array, what: str
) -> None:
    turned = np.rot90(signal.correlate2d(image, kernel), 2)
    mistakes = [
        (signal.correlate2d(image, kernel), NOT_FLIPPED),
        (
            turned,
            "Image and kernel are exchanged, as by turning the output or both arrays; turn the "
            "kernel instead.",
        ),
        (signal.correlate2d(image, kernel[::-1]), UPSIDE_DOWN),
        (signal.correlate2d(image, kernel[:, ::-1]), LEFT_RIGHT),
        (
            np.rot90(signal.convolve2d(image, kernel), 2),
            "The image was turned in the place of the kernel: the output comes out turned.",
        ),
    ]
    truth, correlate = signal.convolve2d(image, kernel), _Correlate()
    expect_close(answer(correlate, image, kernel), truth, what=what, mistakes=mistakes)
    if not correlate.calls:
        raise Mismatch(f"{what}: `correlate` was not called", "Get along with what is given.")


@convolve_with.group("shape")
def _(answer: Any) -> str:
    return expect_shape(answer(_Correlate(), random(0, 5, 6), random(1, 3, 2)), (7, 7))


@convolve_with.group("values")
def _(answer: Any) -> None:
    _expect_from_correlation(answer, random(0, 6, 7), random(1, 3, 3), "a 3×3 kernel")
    _expect_from_correlation(answer, random(2, 6, 7), random(3, 2, 4), "a 2×4 kernel")


@convolve_with.group("edge cases")
def _(answer: Any) -> None:
    _expect_from_correlation(answer, random(4, 2, 2), random(5, 5, 3), "a 5×3 kernel, 2×2 image")
    _expect_from_correlation(answer, random(6, 1, 1), random(7, 3, 3), "one pixel")
