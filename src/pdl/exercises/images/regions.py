"""A part of an image: in a box, in a mask, under a label."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checking.compare import expect_close, expect_dtype, expect_shape
from ..checking.engine import Exercise
from .support import photograph

crop_box = Exercise(
    "images.crop_box", unlocks="You can now cut any annotated object out of its photograph."
)


def _box_hint(answer: Any, box: tuple[int, int, int, int], channels: int) -> str:
    left, top, width, height = box
    got = np.shape(answer)[:2]
    if got == (width, height):
        return "Width and height are exchanged: rows come first, and rows belong to y."
    if got == (max(height - top, 0), max(width - left, 0)):
        return "The box's width and height were taken for its other corner."
    if got == (height + 1, width + 1):
        return "A slice stops before its end: top:top + height is `height` rows already."
    if got == (height - 1, width - 1):
        return "One row and one column are missing: a slice leaves its end out by itself."
    return ""


@crop_box.group("shape")
def _(answer: Any) -> str:
    box = (12, 5, 9, 20)
    crop = answer(photograph(np.random.default_rng(0), (40, 50, 3)), *box)
    return expect_shape(crop, (20, 9, 3), _box_hint(crop, box, 3))


@crop_box.group("values")
def _(answer: Any) -> None:
    image = photograph(np.random.default_rng(1), (64, 64, 3))
    expect_close(
        answer(image, 30, 8, 16, 16),
        image[8:24, 30:46],
        what="a square box in a square image",
        mistakes=[
            (image[30:46, 8:24], "Row and column are exchanged: `left` is an x, a column."),
        ],
    )


@crop_box.group("edge cases")
def _(answer: Any) -> None:
    image = photograph(np.random.default_rng(2), (10, 12))
    expect_close(answer(image, 0, 0, 12, 10), image, what="the whole of a gray image")
    expect_close(answer(image, 11, 9, 1, 1), image[9:, 11:], what="the last pixel alone")


circular_mask = Exercise(
    "images.circular_mask",
    unlocks="You can now measure inside any region that a formula describes.",
)


def _disc(shape: tuple[int, int], centre: tuple[float, float], radius: float) -> NDArray[np.bool_]:
    rows, columns = np.indices(shape)
    inside: NDArray[np.bool_] = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2
    return inside


@circular_mask.group("shape")
def _(answer: Any) -> str:
    mask = answer((9, 14), (4, 6), 3)
    hint = "The first number of `shape` is the height." if np.shape(mask) == (14, 9) else ""
    note = expect_shape(mask, (9, 14), hint)
    return note + " " + expect_dtype(mask, bool, "A mask is boolean: return the comparison itself.")


@circular_mask.group("values")
def _(answer: Any) -> None:
    shape, centre, radius = (20, 20), (6, 12), 6
    truth = _disc(shape, centre, radius)
    rows, columns = np.indices(shape)
    squared = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2
    expect_close(
        answer(shape, centre, radius),
        truth,
        mistakes=[
            (_disc(shape, centre[::-1], radius), "Row and column of the centre are exchanged."),
            (squared < radius**2, "Pixels at exactly the radius belong to the disc: use <=."),
            (squared <= radius, "The squared distance was compared with the radius itself."),
            (
                (abs(rows - centre[0]) <= radius) & (abs(columns - centre[1]) <= radius),
                "That is a square: add the squares of the two distances.",
            ),
            (~truth, "Inside and outside are exchanged."),
        ],
    )


@circular_mask.group("edge cases")
def _(answer: Any) -> None:
    expect_close(answer((7, 7), (3, 3), 0), _disc((7, 7), (3, 3), 0), what="radius 0")
    case = (5, 8), (0, 7), 3
    expect_close(answer(*case), _disc(*case), what="a centre in the corner")
    for radius in (1.5, 1.6):
        half = (6, 6), (2.5, 2.5), radius
        expect_close(answer(*half), _disc(*half), what=f"a centre between pixels, radius {radius}")
    outside = (9, 8), (-2, 9.5), 5.5
    expect_close(answer(*outside), _disc(*outside), what="a centre outside the image")
    wide = (3, 700), (1, 350), 320
    expect_close(answer(*wide), _disc(*wide), what="a radius of 320")


paint = Exercise("images.paint", unlocks="You can now colour any label image with one index.")


@paint.group("shape")
def _(answer: Any) -> str:
    labels = np.random.default_rng(0).integers(0, 4, size=(6, 5))
    palette = photograph(np.random.default_rng(1), (4, 3))
    return expect_shape(
        answer(labels, palette),
        (6, 5, 3),
        "Each label is to become one row of the palette: three numbers a pixel.",
    )


@paint.group("values")
def _(answer: Any) -> None:
    labels = np.random.default_rng(2).integers(0, 6, size=(8, 8))
    palette = photograph(np.random.default_rng(3), (6, 3))
    truth = palette[labels]
    shifted = palette[np.maximum(labels - 1, 0)]
    expect_close(
        answer(labels, palette),
        truth,
        mistakes=[
            (truth[..., ::-1], "The colours are BGR: keep the palette's order."),
            (palette[labels - 1], "Label 0 has the palette's row 0: nothing is to be subtracted."),
            (shifted, "Label 0 has the palette's row 0: nothing is to be subtracted."),
            (palette[labels.T], "Rows and columns of the label image are exchanged."),
        ],
    )


@paint.group("edge cases")
def _(answer: Any) -> None:
    palette = np.array([[0.0, 0.0, 0.0], [1.0, 0.5, 0.25], [0.2, 0.4, 0.6]])
    labels = np.array([[2]], dtype=np.int32)
    expect_close(answer(labels, palette), [[[0.2, 0.4, 0.6]]], what="one pixel, colours in [0, 1]")
    empty = np.zeros((3, 4), dtype=np.int32)
    expect_close(answer(empty, palette), np.zeros((3, 4, 3)), what="background alone")
    many = np.arange(600).reshape(20, 30)
    palette = photograph(np.random.default_rng(4), (600, 3))
    expect_close(answer(many, palette), palette[many], what="600 labels")
