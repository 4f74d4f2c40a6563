"""Checks: which way a warp moves its content, and boxes that are flipped and turned."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdl._arrays import Array

from ..checking.attempts import attempt, explain
from ..checking.compare import expect_close, expect_shape
from ..checking.engine import Exercise
from .support import Answer, Mistakes, boxes_at

where_it_goes = Exercise(
    "augmentation.where_it_goes",
    unlocks="You can now tell which way any library's warp will move your image.",
)

INVERSE = (
    "The matrix says where an output pixel is read from; the content goes the other way: "
    "use the inverse."
)


def _affine(degrees: float, factor: float, dx: float, dy: float) -> Array:
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[factor * c, factor * s, dx], [-factor * s, factor * c, dy], [0, 0, 1]])


def _expect_place(answer: Answer, matrix: Array, point: tuple[float, float], what: str) -> None:
    a, t = matrix[:2, :2], matrix[:2, 2]
    back, p = np.linalg.inv(a), np.array(point, dtype=float)
    truth = back @ (p - t)
    mistakes: Mistakes = [
        (a @ p + t, INVERSE),
        ((a @ p + t)[::-1], f"{INVERSE} And x comes before y."),
        (truth[::-1], "x and y are exchanged in the result: x, the column, comes first."),
        (back @ (p[::-1] - t), "x and y of the point are exchanged: x, the column, comes first."),
        ((back @ (p[::-1] - t))[::-1], "Points are (x, y) here, not (row, column)."),
        (p - t, "Only the shift is undone: turn and scale are in the matrix too."),
        (back @ p, "The shift is lost: the third coordinate of a point is 1."),
        (back @ p - t, "Undone in the wrong order: the shift came last, so it is undone first."),
        (back @ (p + t), "The shift has the wrong sign: undoing it subtracts it."),
        (
            a.T @ (p - t) / (a[0] @ a[0]),
            "That undoes a turn with one scale; for any other matrix use np.linalg.inv.",
        ),
        (
            np.trunc(back) @ (p - t),
            "In an array of whole numbers one half is cut off to 0: work in floats.",
        ),
        (a.T @ (p - t), "A transpose undoes a turn, but not a scale: use the inverse."),
        ((matrix.T @ (*p, 1))[:2], "The matrix is transposed: points are columns, matrix @ point."),
        (
            (np.linalg.inv(matrix).T @ (*p, 1))[:2],
            "The inverse is transposed: points are columns, inverse @ point.",
        ),
        (np.round(truth), "A place between two pixels is a place: do not round."),
        (np.floor(truth), "A place between two pixels is a place: do not cut it off."),
    ]
    expect_close(answer(matrix, point), truth, what=what, mistakes=mistakes)


@where_it_goes.group("shape")
def _(answer: Any) -> str:
    hint = "Two numbers, x and y: leave out the third coordinate."
    return expect_shape(answer(_affine(20, 1.5, 4, -3), (2.0, 5.0)), (2,), hint)


@where_it_goes.group("values")
def _(answer: Any) -> None:
    rng = np.random.default_rng(0)
    for degrees, factor in ((30, 1.5), (-110, 0.7), (200, 2.5)):
        dx, dy, x, y = rng.uniform(3, 20, size=4)
        what = f"a turn by {degrees}°, a scale of {factor:g} and a shift"
        _expect_place(answer, _affine(degrees, factor, dx, dy), (x, y), what)


@where_it_goes.group("edge cases")
def _(answer: Any) -> None:
    _expect_place(answer, np.array([[2, 0, 25], [0, 2, 10], [0, 0, 1]]), (40, 60), "whole numbers")
    _expect_place(answer, _affine(0, 1, 25, 25), (40.0, 60.0), "a shift alone")
    _expect_place(answer, np.eye(3), (7.0, 2.0), "the identity")
    flip = np.array([[-1.0, 0.0, 63.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    _expect_place(answer, flip, (3.0, 9.0), "a flip")
    squeeze = np.array([[2.0, 0.5, 1.0], [0.0, 0.25, -2.0], [0.0, 0.0, 1.0]])
    _expect_place(answer, squeeze, (4.5, 8.0), "other scales for x and y, sheared")


flip_boxes = Exercise(
    "augmentation.flip_boxes",
    unlocks="You can now flip a picture of cells and keep every box around its cell.",
)


WRAPPED = "Differences of whole numbers of 8 bits wrap around: boxes.astype(float) first."


def _expect_flipped(answer: Answer, boxes: Array, width: int, what: str) -> None:
    x0, y0, x1, y1 = boxes.T.astype(float)
    last = width - 1

    def stack(*columns: Array) -> Array:
        return np.stack(columns, axis=1)

    mistakes: Mistakes = [
        (boxes, "The boxes were left behind: the image flipped, they did not."),
        (
            stack(width - x1, y0, width - x0, y1),
            "One pixel too far: column 0 goes to width − 1, not to width.",
        ),
        (
            stack(last - x0, y0, last - x1, y1),
            "x_min is larger than x_max now: the right edge becomes the left one.",
        ),
        (
            stack(width - x0, y0, width - x1, y1),
            "x_min is larger than x_max now, and column 0 goes to width − 1, not to width.",
        ),
        (
            stack(x0, last - y1, x1, last - y0),
            "The wrong axis: flipping left and right changes x, places 0 and 2 of a box.",
        ),
        (
            stack(last - x1, last - y1, last - x0, last - y0),
            "y was flipped as well: flipping left and right leaves it.",
        ),
        (
            stack(last - x0 - x1, y0, x1, y1),
            "Places 2 and 3 are the other corner, not width and height of the box.",
        ),
        (
            stack(width - x0 - x1, y0, x1, y1),
            "Places 2 and 3 are the other corner, not width and height of the box.",
        ),
        (stack(1 - x1, y0, 1 - x0, y1), "Boxes are in pixels here, not in parts of the width."),
        (
            stack((last - x1).clip(0), y0, (last - x0).clip(max=last), y1),
            "Edges may lie half a pixel beyond the outer pixel centres: do not clip.",
        ),
        (
            np.round(stack(last - x1, y0, last - x0, y1)),
            "Edges between pixels are fine: no rounding.",
        ),
        (stack(-x1, y0, -x0, y1), "The image flips around its middle: add width − 1."),
    ]
    expect_close(
        answer(boxes, width), stack(last - x1, y0, last - x0, y1), what=what, mistakes=mistakes
    )


@flip_boxes.group("shape")
def _(answer: Any) -> str:
    hint = "A row for each box: x_min, y_min, x_max, y_max."
    return expect_shape(answer(boxes_at(0, 5), 40), (5, 4), hint)


@flip_boxes.group("values")
def _(answer: Any) -> None:
    _expect_flipped(answer, boxes_at(1, 3), 40, "3 boxes, width 40")
    _expect_flipped(answer, boxes_at(2, 4), 65, "4 boxes, width 65")


@flip_boxes.group("edge cases")
def _(answer: Any) -> None:
    _expect_flipped(answer, boxes_at(3, 1), 31, "one box")
    _expect_flipped(answer, np.array([[2, 3, 9, 5], [0, 0, 4, 7]]), 20, "whole numbers")
    _expect_flipped(answer, np.array([[-0.5, -0.5, 19.5, 9.5]]), 20, "a box around the whole image")
    what = "no boxes"
    hint = "An image without cells has boxes of shape (0, 4), and so has its flip."
    expect_shape(attempt(answer, np.zeros((0, 4)), 20, what=what, hint=hint), (0, 4), hint)
    narrow = np.array([[2, 3, 9, 5], [0, 0, 40, 7]], dtype=np.uint8)
    with explain(WRAPPED):
        what = "whole numbers of 8 bits in a wide image"
        got = attempt(answer, narrow, 300, what=what, hint=WRAPPED)
        _expect_flipped(lambda *_: got, narrow, 300, what)


rotate_boxes = Exercise(
    "augmentation.rotate_boxes",
    unlocks="You can now turn an image by any angle and say what it does to its boxes.",
)

# The corners, as the places of their x and y in a box.
CORNERS = ((0, 1), (2, 1), (2, 3), (0, 3))


def _turned(
    boxes: Array,
    degrees: float,
    centre: tuple[float, float] | Array,
    *,
    corners: tuple[tuple[int, int], ...] = CORNERS,
    ordered: bool = True,
    put_back: bool = True,
) -> Array:
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    middle = np.broadcast_to(np.asarray(centre, dtype=float), (len(boxes), 2))
    places = []
    for i, j in corners:
        x, y = boxes[:, i] - middle[:, 0], boxes[:, j] - middle[:, 1]
        place = np.stack([c * x + s * y, c * y - s * x], axis=1)
        places.append(place + middle if put_back else place)
    if not ordered:
        return np.hstack(places)
    return np.hstack([np.min(places, axis=0), np.max(places, axis=0)])


def _expect_turned(
    answer: Answer, boxes: Array, degrees: float, centre: tuple[float, float], what: str
) -> None:
    boxes, given = boxes.astype(float), boxes
    truth = _turned(boxes, degrees, centre)
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]) / 2
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    signed = half * c + half[:, ::-1] * s
    moved = _turned(np.hstack([middles, middles]), degrees, centre)[:, :2]
    two = (CORNERS[0], CORNERS[2])
    clockwise = "That is clockwise: y points down on the screen, which turns the usual signs round."
    mistakes: Mistakes = [
        (boxes, "The boxes were left behind: the image turned, they did not."),
        (_turned(boxes, -degrees, centre), clockwise),
        (_turned(boxes, -degrees, centre, corners=two), f"{clockwise} And turn all four corners."),
        (
            _turned(boxes, np.rad2deg(degrees), centre),
            "The angle comes in degrees, and np.cos takes radians: np.deg2rad.",
        ),
        (
            _turned(boxes, degrees, centre, corners=two),
            "Two corners are not enough: turn all four, then take smallest and largest.",
        ),
        (
            _turned(boxes, degrees, centre, corners=two, ordered=False),
            "Two corners are not enough: turn all four, then take smallest and largest.",
        ),
        (_turned(boxes, degrees, (0, 0)), "Turned around (0, 0), not around the centre."),
        (
            _turned(boxes, degrees, centre, put_back=False),
            "The centre was subtracted and not added again.",
        ),
        (_turned(boxes, degrees, centre[::-1]), "The centre is (x, y), not (row, column)."),
        (
            _turned(boxes, degrees, middles),
            "Each box turned around itself: all turn around the one centre, as the image does.",
        ),
        (
            np.hstack([moved - half, moved + half]),
            "The boxes kept their size: the smallest upright box around turned corners grows.",
        ),
        (
            np.hstack([moved - signed, moved + signed]),
            "Sizes cannot shrink below zero: take |cos| and |sin|, or turn all four corners.",
        ),
        (np.round(truth), "Edges between two pixels are fine: do not round."),
        (np.trunc(truth), "Cut off to whole numbers: the result has to be in floats."),
    ]
    expect_close(answer(given, degrees, centre), truth, what=what, mistakes=mistakes)


@rotate_boxes.group("shape")
def _(answer: Any) -> str:
    hint = "A row for each box: x_min, y_min, x_max, y_max of its four turned corners."
    return expect_shape(answer(boxes_at(4, 5), 30.0, (20.0, 30.0)), (5, 4), hint)


@rotate_boxes.group("values")
def _(answer: Any) -> None:
    _expect_turned(answer, boxes_at(5, 3), 30.0, (20.0, 31.5), "3 boxes, 30°")
    _expect_turned(answer, boxes_at(6, 4), -50.0, (18.0, 25.0), "4 boxes, −50°")
    _expect_turned(answer, boxes_at(7, 2), 130.0, (5.0, 44.0), "2 boxes, 130°")


@rotate_boxes.group("edge cases")
def _(answer: Any) -> None:
    _expect_turned(answer, boxes_at(8, 1), 90.0, (15.5, 20.0), "one box, a quarter turn")
    _expect_turned(answer, boxes_at(9, 2), 0.0, (15.5, 20.0), "0°")
    square = np.array([[10.0, 10.0, 12.0, 12.0]])
    _expect_turned(answer, square, 45.0, (11.0, 11.0), "a square around the centre, 45°")
    whole = np.array([[2, 3, 9, 5], [0, 0, 4, 7]])
    _expect_turned(answer, whole, 25.0, (10.0, 6.0), "boxes of whole numbers")
    what = "no boxes"
    hint = "An image without cells has boxes of shape (0, 4), and so has the turned one."
    got = attempt(answer, np.zeros((0, 4)), 30.0, (9.0, 9.0), what=what, hint=hint)
    expect_shape(got, (0, 4), hint)
    with explain(WRAPPED):
        narrow = whole.astype(np.uint8)
        _expect_turned(answer, narrow, 25.0, (10, 6), "whole numbers of 8 bits")
