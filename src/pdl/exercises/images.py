"""The exercises of chapter 1, Images as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cases import Case, expect_cases
from .compare import (
    Mismatch,
    as_array,
    expect_close,
    expect_dtype,
    expect_equal,
    expect_rounded,
    expect_shape,
)
from .engine import Exercise

video_values = Exercise(
    "images.video_values",
    unlocks="You can now tell what a batch or a video costs before you load it.",
)
crop_box = Exercise(
    "images.crop_box", unlocks="You can now cut any annotated object out of its photograph."
)
brighten = Exercise(
    "images.brighten", unlocks="You can now do arithmetic on photographs without holes in them."
)
to_uint8 = Exercise(
    "images.to_uint8", unlocks="You can now store what a filter or a network returns as a picture."
)
circular_mask = Exercise(
    "images.circular_mask",
    unlocks="You can now measure inside any region that a formula describes.",
)
paint = Exercise("images.paint", unlocks="You can now colour any label image with one index.")
alias = Exercise(
    "images.alias", unlocks="You can now say what a sampled signal will be mistaken for."
)
shrink = Exercise(
    "images.shrink", unlocks="You can now make an image smaller without ghosts in it."
)
dither = Exercise(
    "images.dither", unlocks="You can now trade false contours for noise, which the eye forgives."
)
velocity = Exercise(
    "images.velocity", unlocks="You can now measure how fast something moves in a video."
)


def _photograph(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    return rng.integers(0, 256, size=shape, dtype=np.uint8)


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
    crop = answer(_photograph(np.random.default_rng(0), (40, 50, 3)), *box)
    return expect_shape(crop, (20, 9, 3), _box_hint(crop, box, 3))


@crop_box.group("values")
def _(answer: Any) -> None:
    image = _photograph(np.random.default_rng(1), (64, 64, 3))
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
    image = _photograph(np.random.default_rng(2), (10, 12))
    expect_close(answer(image, 0, 0, 12, 10), image, what="the whole of a gray image")
    expect_close(answer(image, 11, 9, 1, 1), image[9:, 11:], what="the last pixel alone")


def _brighter(image: NDArray[np.uint8], amount: int) -> NDArray[np.uint8]:
    return np.clip(image.astype(np.int64) + amount, 0, 255).astype(np.uint8)


@brighten.group("shape")
def _(answer: Any) -> str:
    image = _photograph(np.random.default_rng(0), (7, 9, 3))
    brighter = answer(image, 40)
    shape = expect_shape(brighter, (7, 9, 3))
    return shape + " " + expect_dtype(brighter, np.uint8, "Go back to uint8 after clipping.")


@brighten.group("values")
def _(answer: Any) -> None:
    image = _photograph(np.random.default_rng(1), (16, 16))
    wrapped = (image.astype(np.int64) + 60) % 256
    largest = (np.minimum(image, 254).astype(np.int64) + 60).clip(0, 254)
    stretched = np.clip(image.astype(np.int64) + 60, 0, None)
    stretched = (stretched / stretched.max() * 255).astype(np.uint8)
    expect_close(
        answer(image, 60),
        _brighter(image, 60),
        mistakes=[
            (wrapped, "The sum went round at 256: widen the type before you add."),
            (largest, "White is 255: the largest uint8 is 2**8 − 1."),
            (stretched, "Values above 255 are to be cut off, not the whole image scaled down."),
        ],
    )


@brighten.group("edge cases")
def _(answer: Any) -> None:
    image = np.array([[0, 10, 100, 255]], dtype=np.uint8)
    wrapped = (image.astype(np.int64) - 40) % 256
    below = "Below zero the values went round: clip at 0 as well, in a signed type."
    unsigned = np.where(image < 40, 255, wrapped)
    signed = "A negative sum went round in an unsigned type and came out white: use a signed one."
    expect_close(
        answer(image, -40),
        _brighter(image, -40),
        what="amount −40",
        mistakes=[(wrapped, below), (unsigned, signed)],
    )
    for amount in (300, 0, 32_700, -(10**9)):
        expect_close(answer(image, amount), _brighter(image, amount), what=f"amount {amount}")
    colour = _photograph(np.random.default_rng(2), (4, 5, 3))
    expect_close(answer(colour, 40), _brighter(colour, 40), what="a colour image")


@to_uint8.group("shape")
def _(answer: Any) -> str:
    image = np.random.default_rng(0).random((6, 5, 3))
    converted = answer(image)
    shape = expect_shape(converted, (6, 5, 3))
    return shape + " " + expect_dtype(converted, np.uint8, "The result is to be uint8.")


@to_uint8.group("values")
def _(answer: Any) -> None:
    image = np.random.default_rng(1).random((12, 12))
    image[0, 0], image[0, 1] = 0.0, 1.0
    expect_rounded(
        answer(image),
        255 * image,
        mistakes=[
            (image.astype(np.uint8), "Cast without scaling: all of [0, 1) becomes 0."),
            (np.floor(255 * image), "A cast cuts the decimals off: round before it."),
            (
                (256 * image).astype(np.int64) % 256,
                "256 does not fit into uint8: white became black. Scale by 255.",
            ),
            (np.rint(image), "Rounded before scaling: only black and white are left."),
        ],
    )


@to_uint8.group("edge cases")
def _(answer: Any) -> None:
    outside = np.array([[-0.2, 0.0, 0.5, 1.0, 1.3]])
    expect_rounded(
        answer(outside),
        [[0, 0, 127.5, 255, 255]],
        what="values outside [0, 1]",
        mistakes=[
            (
                np.rint(255 * outside).astype(np.int64) % 256,
                "Values outside [0, 1] went round: clip before the cast.",
            ),
            (
                np.rint(255 * (outside + 0.2) / 1.5),
                "The image was stretched to its own range: 0 stays black and 1 white.",
            ),
        ],
    )
    dark = np.full((3, 3), 0.1, dtype=np.float32)
    stretched = "A constant dark image is to stay dark: scale by 255, not by the image's maximum."
    expect_close(
        answer(dark),
        np.full((3, 3), 26),
        what="a dark image",
        mistakes=[(np.full((3, 3), 255), stretched)],
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


@paint.group("shape")
def _(answer: Any) -> str:
    labels = np.random.default_rng(0).integers(0, 4, size=(6, 5))
    palette = _photograph(np.random.default_rng(1), (4, 3))
    return expect_shape(
        answer(labels, palette),
        (6, 5, 3),
        "Each label is to become one row of the palette: three numbers a pixel.",
    )


@paint.group("values")
def _(answer: Any) -> None:
    labels = np.random.default_rng(2).integers(0, 6, size=(8, 8))
    palette = _photograph(np.random.default_rng(3), (6, 3))
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
    palette = _photograph(np.random.default_rng(4), (600, 3))
    expect_close(answer(many, palette), palette[many], what="600 labels")


@alias.group("shape")
def _(answer: Any) -> str:
    return "a number" if expect_shape(answer(9.0, 12.0), ()) else ""


@alias.group("values")
def _(answer: Any) -> None:
    pairs = [(9.0, 12.0), (9.0, 40.0), (25.0, 10.5), (7.2468, 3.0), (1000.0, 3.3)]
    expect_cases(answer, [_alias_case(*pair) for pair in pairs])


def _alias_case(frequency: float, rate: float) -> Case:
    signed = frequency - rate * round(frequency / rate)
    mistakes = [
        (frequency % rate, "Fold as well: nothing above half the rate can be told apart."),
        (signed, "A frequency is not negative here."),
        (-signed, "A frequency is not negative here."),
        (abs(frequency - rate), "Take away the nearest multiple of the rate, not the rate."),
        (
            frequency if frequency <= rate / 2 else abs(frequency - rate),
            "Take away the nearest multiple of the rate, not the rate.",
        ),
        (min(frequency, rate / 2), "The frequency is not cut off at rate/2: it folds back."),
    ]
    what = f"{frequency:g} Hz sampled at {rate:g} per second"
    return Case(what, (frequency, rate), abs(signed), mistakes)


@alias.group("edge cases")
def _(answer: Any) -> None:
    for frequency, rate, truth, what in [
        (12.0, 12.0, 0.0, "a frequency equal to the rate"),
        (6.0, 12.0, 6.0, "exactly half the rate"),
        (18.0, 12.0, 6.0, "one and a half times the rate"),
        (0.0, 5.0, 0.0, "a constant"),
    ]:
        expect_close(answer(frequency, rate), truth, what=what)


def _block_mean(image: NDArray[Any], factor: int) -> NDArray[np.float64]:
    height, width = image.shape[0] // factor, image.shape[1] // factor
    cut = image[: height * factor, : width * factor].astype(np.float64)
    blocks = cut.reshape(height, factor, width, factor, *image.shape[2:])
    return np.asarray(blocks.mean(axis=(1, 3)))


@shrink.group("shape")
def _(answer: Any) -> str:
    image = _photograph(np.random.default_rng(0), (12, 20))
    small = answer(image, 4)
    hint = "Divide each side by the factor." if np.shape(small) != (3, 5) else ""
    return expect_shape(small, (3, 5), hint)


@shrink.group("values")
def _(answer: Any) -> None:
    image = _photograph(np.random.default_rng(1), (24, 36))
    truth = _block_mean(image, 4)
    wrong_axes = image.astype(np.float64).reshape(6, 9, 4, 4).mean(axis=(2, 3))
    blocks = image.reshape(6, 4, 9, 4)
    overflow = blocks.sum(axis=(1, 3), dtype=np.uint8) / 16
    expect_close(
        answer(image, 4),
        truth,
        mistakes=[
            (image[::4, ::4], "Every fourth pixel was kept: average the block, or it aliases."),
            (overflow, "The sum of a block does not fit into uint8: widen the type first."),
            (wrong_axes, "The blocks are not contiguous: reshape to (h, factor, w, factor)."),
            (np.floor(truth), "The mean lost its decimals: return float64."),
            (np.rint(truth), "The mean was rounded: return float64."),
        ],
    )


@shrink.group("edge cases")
def _(answer: Any) -> None:
    image = _photograph(np.random.default_rng(2), (11, 14))
    expect_close(answer(image, 3), _block_mean(image, 3), what="sides that are no multiple")
    colour = _photograph(np.random.default_rng(3), (8, 6, 3))
    grayed = _block_mean(colour, 2).mean(axis=2, keepdims=True).repeat(3, axis=2)
    expect_close(
        answer(colour, 2),
        _block_mean(colour, 2),
        what="a colour image",
        mistakes=[(grayed, "The channels were averaged too: each is to be shrunk by itself.")],
    )
    expect_close(answer(image, 1), image, what="factor 1")
    white = np.full((36, 38), 255, dtype=np.uint8)
    expect_close(answer(white, 18), np.full((2, 2), 255.0), what="large white blocks")
    floats = np.random.default_rng(4).random((6, 8))
    expect_close(
        answer(floats, 2),
        _block_mean(floats, 2),
        what="a float image",
        mistakes=[(np.zeros((3, 4)), "The values were cut to whole numbers: keep them as floats.")],
    )


@dither.group("shape")
def _(answer: Any) -> str:
    image = np.random.default_rng(0).random((5, 8))
    return expect_shape(answer(image, 2, np.random.default_rng(1)), (5, 8))


@dither.group("values")
def _(answer: Any) -> None:
    image = np.tile(np.linspace(0, 1, 61), (4000, 1))
    steps = 3
    got = as_array(answer(image, 2, np.random.default_rng(2)), "an array").astype(np.float64)
    levels = np.rint(got * steps)
    if not np.allclose(got * steps, levels, atol=1e-9):
        hint = "Noise after rounding leaves no levels at all: add it before."
        if len(np.unique(got)) < 100:
            hint = "The levels for b bits are 1 / (2**b − 1) apart, from 0 to 1."
        raise Mismatch("expected the levels 0, 1/3, 2/3 and 1 alone", hint)
    if got.min() < 0 or got.max() > 1:
        hint = "Noise pushed the values past black or white: clip."
        if got.max() > 1.5:
            hint = "Return the levels in [0, 1]: divide by 2**bits − 1 after rounding."
        raise Mismatch(f"expected values in [0, 1], got {got.min():.3g} to {got.max():.3g}", hint)
    mean = got.mean(axis=0)
    plain = np.rint(image[0] * steps) / steps
    worst = int(np.argmax(abs(mean - image[0])))
    if abs(mean - image[0])[worst] > 0.03:
        hint = ""
        if np.allclose(mean, plain, atol=1e-9):
            hint = "Without noise: every pixel of one gray is rounded the same way."
        elif np.all(got == got[:1]):
            hint = "One noise for all rows: every pixel needs a draw of its own."
        elif np.count_nonzero(np.ptp(got, axis=0) == 0) > 20:
            hint = "Too little noise: it is to span a whole step, 1 / (2**bits − 1)."
        elif mean[0] > 0.03 and mean[-1] < 0.97:
            hint = "Too much noise: it is to span one step, 1 / (2**bits − 1), around 0."
        elif abs((mean - image[0]).mean()) > 0.03:
            hint = (
                "The noise does not have the mean 0 (draw it from −step/2 to step/2), or the sum "
                "is cut off instead of rounded."
            )
        raise Mismatch(
            f"expected the mean of many pixels of gray {image[0, worst]:.2f} to be that gray, "
            f"got {mean[worst]:.2f}",
            hint,
        )


@dither.group("edge cases")
def _(answer: Any) -> None:
    _expect_own_noise(answer)
    for bits in (1, 3):
        _expect_dither_levels(answer, bits)
    rng = np.random.default_rng(3)
    expect_close(answer(np.zeros((9, 9)), 1, rng), np.zeros((9, 9)), what="a black image, 1 bit")
    expect_close(answer(np.ones((9, 9)), 1, rng), np.ones((9, 9)), what="a white image, 1 bit")


def _expect_dither_levels(answer: Any, bits: int) -> None:
    """Of a gray wall, the mean and the two levels next to it."""
    steps, gray, what = 2**bits - 1, 0.3, f"gray 0.30, bits = {bits}"
    got = as_array(answer(np.full((200, 200), gray), bits, np.random.default_rng(4)))
    levels = np.unique(np.rint(got * steps))
    expected = [np.floor(gray * steps), np.ceil(gray * steps)]
    if not np.allclose(got * steps, np.rint(got * steps), atol=1e-4):
        raise Mismatch(f"{what}: expected multiples of {1 / steps:.3g} alone", "Is `bits` used?")
    if levels.tolist() != expected:
        low, high = (f"{level / steps:.2f}" for level in expected)
        came = ", ".join(f"{level / steps:.2f}" for level in levels)
        raise Mismatch(
            f"{what}: expected the levels next to it, {low} and {high}, got {came}",
            "Noise that spans one step reaches the next level on each side. Is `bits` used?",
        )
    if abs(got.mean() - gray) > 0.02:
        raise Mismatch(f"{what}: expected a mean of about 0.30, got {got.mean():.2f}")


def _expect_own_noise(answer: Any) -> None:
    gray = np.full((60, 60), 0.5)
    got, again, other = (
        as_array(answer(gray, 1, np.random.default_rng(seed))) for seed in (5, 5, 6)
    )
    alike = [float(np.mean(np.diff(got, axis=axis) == 0)) for axis in (0, 1)]
    if max(abs(share - 0.5) for share in alike) > 0.06:
        raise Mismatch(
            f"gray 0.5, 1 bit: {alike[0]:.0%} of the pixels are like the one below, "
            f"{alike[1]:.0%} like the one beside; expected half of them",
            "Every pixel needs a draw of its own: size=image.shape.",
        )
    if not np.array_equal(got, again) or np.array_equal(got, other):
        raise Mismatch("the noise does not follow `rng`", "Draw with the generator that is given.")


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
