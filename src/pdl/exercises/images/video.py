"""Videos: how many values they hold, and how fast something moves in them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checking.compare import expect_close, expect_equal, expect_shape
from ..checking.engine import Exercise

video_values = Exercise(
    "images.video_values",
    unlocks="You can now tell what a batch or a video costs before you load it.",
)


@video_values.group("value")
def _(answer: Any) -> str:
    frame, frames = 562 * 960, 4 * 25
    mistakes = {
        frame * frames: "Each pixel of a colour video holds three values.",
        frame * 3 * 25: "That is one second; the video lasts four.",
        frame * 3 * frames * 8: "Those are bits; a value of 8 bits counts once.",
        frame * 3: "That is a single frame.",
        frame * 3 * 4: "Four seconds are not four frames: there are 25 frames in each.",
        frame * 3 * frames * 4: "Those are the bytes of float32; count the values.",
    }
    hint = mistakes.get(int(answer), "") if isinstance(answer, (int, np.integer)) else ""
    expect_equal(answer, frame * 3 * frames, hint=hint, secret=True)
    return "frames × height × width × channels"


velocity = Exercise(
    "images.velocity", unlocks="You can now measure how fast something moves in a video."
)


def _moving_square(
    start: tuple[int, int],
    speed: tuple[float, float],
    side: int,
    shape: tuple[int, int, int],
    brightness: int = 200,
) -> NDArray[np.uint8]:
    video = np.zeros(shape, dtype=np.uint8)
    for time in range(shape[0]):
        row, column = (round(at + time * step) for at, step in zip(start, speed, strict=True))
        video[time, row : row + side, column : column + side] = brightness
    return video


@velocity.group("shape")
def _(answer: Any) -> str:
    return expect_shape(
        answer(_moving_square((2, 3), (1, 2), 5, (10, 30, 40))),
        (2,),
        "Return two numbers: rows a frame, columns a frame.",
    )


@velocity.group("values")
def _(answer: Any) -> None:
    video = _moving_square((2, 3), (1, 3), 6, (12, 40, 60))
    expect_close(
        answer(video),
        (1.0, 3.0),
        atol=1e-6,
        mistakes=[
            ((3, 1), "Rows and columns are exchanged: rows first."),
            ((11, 33), "That is the whole way: divide by the number of steps."),
            ((11 / 12, 33 / 12), "12 frames are 11 steps."),
            ((-1, -3), "The sign is turned: later minus earlier."),
        ],
    )


@velocity.group("edge cases")
def _(answer: Any) -> None:
    up = _moving_square((30, 40), (-2, -3), 5, (9, 40, 60))
    expect_close(
        answer(up),
        (-2.0, -3.0),
        atol=1e-6,
        what="a square moving up and left",
        mistakes=[((2, 3), "The direction counts: up and left are negative.")],
    )
    expect_close(
        answer(_moving_square((4, 4), (0, 0), 3, (6, 16, 16))), (0, 0), atol=1e-6, what="no motion"
    )
    big = _moving_square((0, 0), (2, 1), 30, (8, 50, 50))
    expect_close(answer(big), (2, 1), atol=1e-6, what="a large square")
    dim = _moving_square((124, 262), (1, -2), 5, (8, 140, 270), brightness=30)
    expect_close(answer(dim), (1, -2), atol=1e-6, what="a dim square in a wide picture")
    two = _moving_square((2, 3), (4, 5), 6, (2, 20, 20))
    expect_close(answer(two), (4, 5), atol=1e-6, what="two frames")
    slow, speed = _moving_square((10, 2), (-0.25, 0.5), 4, (21, 20, 30)), (-0.25, 0.5)
    cut = "A velocity need not be a whole number: use all the frames, and do not round."
    mistakes = [([0, 0], cut), ([0, 1], cut), ([-1, 0], cut), ([-1, 1], cut)]
    what = "a quarter of a row up and half a column a frame"
    expect_close(answer(slow), speed, atol=0.03, what=what, mistakes=mistakes)
