"""Damaged photographs: speckles alone, and then noise as well."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from pdl._arrays import Array
from pdl.filters import add_gaussian_noise, add_salt_and_pepper, mean_kernel, median_filter, psnr
from pdl.signals import convolve2d

from ..checking.compare import Mismatch, Picture, as_array, expect_close, expect_dtype, expect_shape
from ..checking.engine import Exercise

despeckle = Exercise(
    "filters.despeckle", unlocks="You can now remove speckles without touching healthy pixels."
)


def _speckled(shape: tuple[int, int], seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    smooth = np.add.outer(np.arange(shape[0]) * 6, np.arange(shape[1]) * 4) + 40
    image = np.clip(smooth + rng.integers(-5, 6, shape), 1, 254).astype(np.uint8)
    return add_salt_and_pepper(image, 0.2, rng)


def _replaced(image: Array, where: Array, by: Array) -> Array:
    return np.where(where, by, image).astype(np.uint8)


def _despeckled(image: Array) -> Array:
    return _replaced(image, (image == 0) | (image == 255), median_filter(image))


def _repaired_one_by_one(image: Array) -> Array:
    """The mistake of taking medians from the image that is being repaired."""
    result = image.copy()
    for row, column in np.argwhere((image == 0) | (image == 255)):
        padded = np.pad(result, 1, mode="symmetric")
        result[row, column] = np.median(padded[row : row + 3, column : column + 3])
    return result


def _median_over(image: Array, mode: Literal["constant", "reflect"]) -> Array:
    """The 3×3 median where `np.pad` continues the image otherwise than `median_filter`."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, 1, mode=mode), (3, 3))
    middle: Array = np.median(windows, axis=(2, 3))
    return middle


@despeckle.group("shape")
def _(answer: Any) -> str:
    image = _speckled((5, 7))
    expect_shape(answer(image), (5, 7))
    return "(5, 7), " + expect_dtype(answer(image), np.uint8, "The image that came was uint8.")


@despeckle.group("values")
def _(answer: Any) -> None:
    image = _speckled((16, 20))
    white, black = image == 255, image == 0
    median = median_filter(image)
    mean = convolve2d(image, mean_kernel(3), boundary="reflect")
    expect_close(
        answer(image),
        _despeckled(image),
        mistakes=[
            (median, "Every pixel was replaced; leave those that are neither 0 nor 255."),
            (_replaced(image, white, median), "The black dots are still there."),
            (_replaced(image, black, median), "The white dots are still there."),
            (_replaced(image, white | black, mean), "That is the mean of the window."),
            (
                _repaired_one_by_one(image),
                "Medians were taken from the image that is being repaired; use the one that came.",
            ),
            (
                _replaced(image, white | black, _median_over(image, "constant")),
                "The border was padded with zeros; reflect it instead.",
            ),
            (
                _replaced(image, white | black, _median_over(image, "reflect")),
                "np.pad's 'reflect' does not repeat the border pixels; 'symmetric' does.",
            ),
        ],
        image=image,
    )


@despeckle.group("edge cases")
def _(answer: Any) -> None:
    for what, image in [
        ("an image without dots", np.full((4, 4), 90, np.uint8)),
        ("one white pixel alone", np.array([[255]], np.uint8)),
        ("a single row", np.array([[7, 255, 9, 0, 0, 8]], np.uint8)),
        ("dots alone", np.array([[0, 255, 255], [255, 0, 255], [0, 255, 255]], np.uint8)),
        ("levels next to 0 and 255", np.array([[1, 254, 2], [253, 40, 3], [1, 252, 9]], np.uint8)),
        ("a healthy pixel unlike its neighbours", np.array([[9, 9, 9], [9, 200, 9]], np.uint8)),
        ("a black dot in the dark", np.array([[9, 10, 11], [8, 0, 12]], np.uint8)),
    ]:
        expect_close(answer(image), _despeckled(image), what=what)


restore = Exercise(
    "filters.restore",
    unlocks="You can now take a damaged photograph apart, fault by fault, and say what you gained.",
)


RESTORE_GOAL = 28.8
"""Mean PSNR in dB that `restore` has to reach; a 3×3 median alone gets about 27.0."""


def _damaged_photographs() -> list[tuple[Array, Array, Array]]:
    """Photograph, damaged copy, and where the speckles are."""
    from skimage import color, data

    cases = []
    for seed, image in enumerate((data.astronaut(), data.camera(), data.coins())):
        if image.ndim == 3:
            image = np.rint(255 * color.rgb2gray(image)).astype(np.uint8)
        top, left = (image.shape[0] - 192) // 2, (image.shape[1] - 192) // 2
        image = image[top : top + 192, left : left + 192]
        rng = np.random.default_rng(100 + seed)
        grainy = add_gaussian_noise(image, 100, rng)
        damaged = add_salt_and_pepper(grainy, 0.095, rng)
        cases.append((image, damaged, damaged != grainy))
    return cases


def _restoration_hint(errors: Array, dots: Array) -> str:
    def size(where: Array) -> float:
        return float(np.sqrt(np.mean(errors[where] ** 2)))

    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(dots, ((0, 0), (1, 1), (1, 1))), (3, 3), axis=(1, 2)
    )
    beside = windows.any(axis=(3, 4)) & ~dots
    far = ~beside & ~dots
    if size(dots) > 25:
        return "The speckles are still there, or smeared: remove them before anything averages."
    if size(beside) > 1.25 * size(far):
        return (
            "Pixels beside a speckle came out worse than others: were the speckles still there "
            "when you averaged?"
        )
    if size(far) > 9.5:
        return (
            "The speckles are gone, but healthy pixels are no nearer to the photograph than they "
            "were: do you blur too much, or not at all?"
        )
    return "Nearly there: change what you do to healthy pixels, a little at a time."


@restore.group("shape")
def _(answer: Any) -> str:
    image = np.full((24, 30), 100, np.uint8)
    expect_shape(answer(image), (24, 30))
    return "(24, 30), " + expect_dtype(
        answer(image), np.uint8, "Round and clip to 0…255, then `.astype(np.uint8)`."
    )


@restore.group("values")
def _(answer: Any) -> str:
    cases = _damaged_photographs()
    results = [as_array(answer(damaged)) for _, damaged, _ in cases]
    reached = float(np.mean([psnr(c[0], r) for c, r in zip(cases, results, strict=True)]))
    if reached < RESTORE_GOAL:
        errors = np.stack([r - c[0].astype(float) for c, r in zip(cases, results, strict=True)])
        image, damaged, _ = cases[1]
        raise Mismatch(
            f"expected {RESTORE_GOAL} dB or more over three photographs, got {reached:.2f} dB",
            _restoration_hint(errors, np.stack([dots for _, _, dots in cases])),
            Picture({"damaged": damaged, "photograph": image, "yours": results[1]}),
        )
    return f"{reached:.1f} dB, the goal was {RESTORE_GOAL} dB"


@restore.group("edge cases")
def _(answer: Any) -> None:
    flat = np.full((20, 20), 77, np.uint8)
    expect_close(answer(flat), flat, what="a flat picture without damage")
    step = np.repeat(np.array([[60] * 16 + [180] * 16], np.uint8), 32, axis=0)
    middle = np.asarray(answer(step), dtype=float)[:, 8:24].mean()
    expect_close(middle, 120.0, what="a step must not move, so the mean around it", atol=1.0)
