"""Wrong answers to the exercises of chapter 1, and what the reader is told about each."""

from __future__ import annotations

from typing import Any

import numpy as np


def _quantized(image: Any, bits: int) -> Any:
    steps = 2**bits - 1
    return np.rint(np.clip(image, 0, 1) * steps) / steps


def _crop_mirrored(image: Any, left: int, top: int, width: int, height: int) -> Any:
    return image[left : left + width, top : top + height]


def _crop_origin_mirrored(image: Any, left: int, top: int, width: int, height: int) -> Any:
    return image[left : left + height, top : top + width]


def _crop_to_corner(image: Any, left: int, top: int, width: int, height: int) -> Any:
    return image[top:height, left:width]


def _crop_end_included(image: Any, left: int, top: int, width: int, height: int) -> Any:
    return image[top : top + height + 1, left : left + width + 1]


def _crop_end_taken_off(image: Any, left: int, top: int, width: int, height: int) -> Any:
    return image[top : top + height - 1, left : left + width - 1]


def _crop_colour_only(image: Any, left: int, top: int, width: int, height: int) -> Any:
    return image[top : top + height, left : left + width, :]


def _crop_without_last_row(image: Any, left: int, top: int, width: int, height: int) -> Any:
    bottom, right = min(top + height, len(image) - 1), min(left + width, image.shape[1] - 1)
    return image[top:bottom, left:right]


def _brighten_in_place(image: Any, amount: int) -> Any:
    image[:] = np.clip(image.astype(int) + amount, 0, 255)
    return image


def _brighten_wrapping(image: Any, amount: int) -> Any:
    return image + np.array(amount % 256, dtype=np.uint8)


def _brighten_clipped_late(image: Any, amount: int) -> Any:
    return np.clip(image + np.uint8(amount % 256), 0, 255).astype(np.uint8)


def _brighten_float(image: Any, amount: int) -> Any:
    return np.clip(image.astype(float) + amount, 0, 255)


def _brighten_to_254(image: Any, amount: int) -> Any:
    return np.clip(np.minimum(image, 254).astype(int) + amount, 0, 254).astype(np.uint8)


def _brighten_upper_end_only(image: Any, amount: int) -> Any:
    return np.minimum(image.astype(int) + amount, 255).astype(np.uint8)


def _brighten_unsigned(image: Any, amount: int) -> Any:
    return np.clip(image + np.uint16(amount % 65536), 0, 255).astype(np.uint8)


def _brighten_in_int16(image: Any, amount: int) -> Any:
    amounts = np.array([amount]).astype(np.int16)
    return np.clip(image.astype(np.int16) + amounts, 0, 255).astype(np.uint8)


def _brighten_rescaled(image: Any, amount: int) -> Any:
    sums = np.clip(image.astype(int) + amount, 0, None)
    return (sums / sums.max() * 255).astype(np.uint8)


def _stretched(image: Any) -> Any:
    span = image.max() - image.min()
    return np.rint(255 * (image - image.min()) / (span or 1)).astype(np.uint8)


def _by_maximum(image: Any) -> Any:
    return np.rint(255 * np.clip(image / min(image.max(), 1), 0, 1)).astype(np.uint8)


def _mask_mirrored(shape: Any, centre: Any, radius: float) -> Any:
    rows, columns = np.indices(shape)
    return (rows - centre[1]) ** 2 + (columns - centre[0]) ** 2 <= radius**2


def _mask_shape_mirrored(shape: Any, centre: Any, radius: float) -> Any:
    rows, columns = np.indices(shape[::-1])
    return (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2


def _mask_open(shape: Any, centre: Any, radius: float) -> Any:
    rows, columns = np.indices(shape)
    return np.hypot(rows - centre[0], columns - centre[1]) < radius


def _mask_square(shape: Any, centre: Any, radius: float) -> Any:
    rows, columns = np.indices(shape)
    return (abs(rows - centre[0]) <= radius) & (abs(columns - centre[1]) <= radius)


def _mask_unsquared(shape: Any, centre: Any, radius: float) -> Any:
    rows, columns = np.indices(shape)
    return (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius


def _mask_integers(shape: Any, centre: Any, radius: float) -> Any:
    rows, columns = np.indices(shape)
    return ((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2).astype(int)


def _mask_whole_centre(shape: Any, centre: Any, radius: float) -> Any:
    rows, columns = np.indices(shape)
    return (rows - int(centre[0])) ** 2 + (columns - int(centre[1])) ** 2 <= radius**2


def _disc(shape: Any, centre: Any, radius: float) -> Any:
    rows, columns = np.indices(shape)
    return (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2


def _mask_clamped_centre(shape: Any, centre: Any, radius: float) -> Any:
    return _disc(shape, np.clip(centre, 0, np.array(shape) - 1), radius)


def _mask_in_int16(shape: Any, centre: Any, radius: float) -> Any:
    rows, columns = np.indices(shape)
    apart = [(each - at).astype(np.int16) for each, at in zip((rows, columns), centre, strict=True)]
    return apart[0] ** 2 + apart[1] ** 2 <= radius**2


def _folded_twice(frequency: float, rate: float) -> float:
    return min(abs(frequency - times * rate) for times in range(3))


def _shrink_odd(image: Any, factor: int) -> Any:
    height, width = image.shape[0] // factor, image.shape[1] // factor
    return image.reshape(height, factor, width, factor, *image.shape[2:]).mean(axis=(1, 3))


def _shrink_wrong_axes(image: Any, factor: int) -> Any:
    height, width = image.shape[0] // factor, image.shape[1] // factor
    return image.reshape(height, width, factor, factor).mean(axis=(2, 3))


def _shrink_overflow(image: Any, factor: int) -> Any:
    total = np.zeros((image.shape[0] // factor, image.shape[1] // factor), dtype=np.uint8)
    for row in range(factor):
        for column in range(factor):
            total += image[row::factor, column::factor]
    return total / factor**2


def _shrink_to_uint8(image: Any, factor: int) -> Any:
    return _shrink_odd(image, factor).astype(np.uint8)


def _shrink_gray_only(image: Any, factor: int) -> Any:
    height, width = image.shape[0] // factor, image.shape[1] // factor
    whole = image[: height * factor, : width * factor]
    small = whole.reshape(height, factor, width, factor, -1).mean(axis=(1, 3, 4))
    return small if image.ndim == 2 else np.repeat(small[..., np.newaxis], 3, axis=2)


def _shrink_whole(image: Any, factor: int, dtype: Any = float) -> Any:
    height, width = image.shape[0] // factor, image.shape[1] // factor
    whole = image[: height * factor, : width * factor]
    blocks = whole.reshape(height, factor, width, factor, *image.shape[2:])
    return blocks.sum(axis=(1, 3), dtype=dtype) / factor**2


def _dither(image: Any, bits: int, rng: Any, shape: Any) -> Any:
    """The solution, with noise of a shape that may be wrong."""
    step = 1 / (2**bits - 1)
    return _quantized(image + rng.uniform(-step / 2, step / 2, shape), bits)


def _dither_by_row(image: Any, bits: int, rng: Any) -> Any:
    return _dither(image, bits, rng, (len(image), 1))


def _dither_always(bits: int) -> Any:
    return lambda image, _bits, rng: _dither(image, bits, rng, image.shape)


def _dither_one_bit_more(image: Any, bits: int, rng: Any) -> Any:
    return np.rint(_dither_by_steps(image, 2**bits, rng)) / 2**bits


def _dither_whole_levels(image: Any, bits: int, rng: Any) -> Any:
    return np.rint(_dither_by_steps(image, 2**bits - 1, rng))


def _dither_cut_off(image: Any, bits: int, rng: Any) -> Any:
    return np.floor(_dither_by_steps(image, 2**bits - 1, rng)) / (2**bits - 1)


def _dither_by_steps(image: Any, steps: int, rng: Any) -> Any:
    noisy = image + rng.uniform(-0.5 / steps, 0.5 / steps, image.shape)
    return steps * np.clip(noisy, 0, 1)


def _dither_own_generator(image: Any, bits: int, rng: Any) -> Any:
    return _dither(image, bits, np.random.default_rng(0), image.shape)


def _dither_one_bit_only(image: Any, bits: int, rng: Any) -> Any:
    return (rng.random(image.shape) < image).astype(float)


def _dither_afterwards(image: Any, bits: int, rng: Any) -> Any:
    step = 1 / (2**bits - 1)
    return np.clip(_quantized(image, bits) + rng.uniform(-step / 2, step / 2, image.shape), 0, 1)


def _dither_unclipped(image: Any, bits: int, rng: Any) -> Any:
    steps = 2**bits - 1
    return np.rint((image + rng.uniform(-1.2 / steps, 1.2 / steps, image.shape)) * steps) / steps


def _dither_whole_range(image: Any, bits: int, rng: Any) -> Any:
    return _quantized(image + rng.uniform(-0.5, 0.5, image.shape), bits)


def _dither_one_sided(image: Any, bits: int, rng: Any) -> Any:
    return _quantized(image + rng.uniform(0, 1 / (2**bits - 1), image.shape), bits)


def _dither_half(image: Any, bits: int, rng: Any) -> Any:
    step = 1 / (2**bits - 1)
    return _quantized(image + rng.uniform(-step / 4, step / 4, image.shape), bits)


def _dither_by_column(image: Any, bits: int, rng: Any) -> Any:
    step = 1 / (2**bits - 1)
    return _quantized(image + rng.uniform(-step / 2, step / 2, image.shape[1]), bits)


def _middles(video: Any) -> Any:
    return np.array([np.argwhere(frame > 0).mean(axis=0) for frame in video])


def _velocity_weighted_in_uint8(video: Any) -> Any:
    rows, columns = np.indices(video.shape[1:], dtype=np.uint8)
    middles = []
    for frame in video:
        total = frame.astype(float).sum()
        middles.append([(frame * rows).sum() / total, (frame * columns).sum() / total])
    return np.polyfit(np.arange(len(video)), np.array(middles), 1)[0]


def _velocity_above(threshold: int) -> Any:
    def velocity(video: Any) -> Any:
        places = [np.argwhere(frame > threshold) for frame in video[[0, -1]]]
        first, last = (each.sum(axis=0) / max(len(each), 1) for each in places)
        return (last - first) / (len(video) - 1)

    return velocity


def _velocity_by_int8_index(video: Any) -> Any:
    middles = [np.argwhere(frame > 0).astype(np.int8).mean(axis=0) for frame in video]
    return (middles[-1] - middles[0]) / (len(video) - 1)


def _velocity_unsigned(video: Any) -> Any:
    middles = _middles(video)
    return abs(middles[-1] - middles[0]) / (len(video) - 1)


WRONG: dict[str, list[tuple[Any, str]]] = {
    "images.crop_box": [
        (_crop_mirrored, "Width and height are exchanged"),
        (_crop_to_corner, "taken for its other corner"),
        (_crop_end_included, "A slice stops before its end"),
        (_crop_end_taken_off, "One row and one column are missing"),
        (_crop_origin_mirrored, "Row and column are exchanged"),
        (_crop_colour_only, "IndexError"),
        (_crop_without_last_row, "the whole of a gray image"),
    ],
    "images.video_values": [
        (562 * 960 * 100, "holds three values"),
        (562 * 960 * 3 * 25, "That is one second"),
        (562 * 960 * 3 * 100 * 8, "Those are bits"),
        (562 * 960 * 3, "a single frame"),
        (562 * 960 * 3 * 4, "not four frames"),
        (562 * 960 * 3 * 100 * 4, "the bytes of float32"),
        (100, "100 is too small"),
    ],
    "images.brighten": [
        (_brighten_wrapping, "The sum went round at 256"),
        (_brighten_clipped_late, "The sum went round at 256"),
        (_brighten_float, "expected dtype uint8"),
        (_brighten_to_254, "White is 255"),
        (_brighten_rescaled, "cut off, not the whole image scaled"),
        (_brighten_upper_end_only, "clip at 0 as well"),
        (_brighten_unsigned, "in an unsigned type"),
        (_brighten_in_int16, "amount 32700"),
        (_brighten_in_place, "changed the array that it was given"),
    ],
    "images.to_uint8": [
        (lambda image: image.astype(np.uint8), "Cast without scaling"),
        (lambda image: (255 * np.clip(image, 0, 1)).astype(np.uint8), "round before it"),
        (lambda image: (256 * image).astype(int).astype(np.uint8), "256 does not fit"),
        (lambda image: np.rint(image).astype(np.uint8), "only black and white are left"),
        (lambda image: np.rint(255 * image), "expected dtype uint8"),
        (lambda image: np.rint(255 * image).astype(int).astype(np.uint8), "clip before the cast"),
        (_stretched, "stretched to its own range"),
        (_by_maximum, "is to stay dark"),
    ],
    "images.circular_mask": [
        (_mask_mirrored, "Row and column of the centre are exchanged"),
        (_mask_shape_mirrored, "The first number of `shape` is the height"),
        (_mask_open, "use <="),
        (_mask_square, "That is a square"),
        (_mask_unsquared, "compared with the radius itself"),
        (_mask_integers, "A mask is boolean"),
        (lambda shape, at, radius: _disc(shape, at, radius / 2), "expected True, got False\n  –"),
        (_mask_whole_centre, "a centre between pixels"),
        (lambda shape, at, radius: _disc(shape, at, int(radius)), "radius 1.6"),
        (lambda shape, at, radius: _disc(shape, at, np.sqrt(radius**2 + 0.5)), "radius 1.5"),
        (_mask_clamped_centre, "a centre outside the image"),
        (_mask_in_int16, "expected"),
        (lambda *case: ~_mask_mirrored(case[0], case[1][::-1], case[2]), "Inside and outside"),
    ],
    "images.paint": [
        (lambda labels, palette: palette[labels][..., ::-1], "keep the palette's order"),
        (lambda labels, palette: palette[labels - 1], "nothing is to be subtracted"),
        (lambda labels, palette: palette[:, 0][labels], "three numbers a pixel"),
        (lambda labels, palette: palette[labels.ravel()], "expected (6, 5, 3), got (30, 3)"),
        (lambda labels, palette: palette[labels].astype(np.uint8), "colours in [0, 1]"),
        (lambda labels, palette: palette[labels.astype(np.uint8)], "600 labels"),
        (lambda labels, palette: palette[labels.astype(np.int8)], "600 labels"),
    ],
    "images.alias": [
        (lambda frequency, rate: frequency % rate, "Fold as well"),
        (lambda frequency, rate: frequency - rate * round(frequency / rate), "not negative"),
        (lambda frequency, rate: abs(frequency - rate), "the nearest multiple of the rate"),
        (lambda frequency, rate: min(frequency, rate / 2), "it folds back"),
        (lambda frequency, rate: np.array([frequency]), "expected (), got (1,)"),
        (_folded_twice, "1000 Hz"),
        (lambda *pair: round(_folded_twice(*pair), 2), "7.2468 Hz"),
    ],
    "images.shrink": [
        (lambda image, factor: image[::factor, ::factor], "Every fourth pixel was kept"),
        (_shrink_overflow, "does not fit into uint8"),
        (_shrink_wrong_axes, "The blocks are not contiguous"),
        (_shrink_to_uint8, "lost its decimals"),
        (_shrink_odd, "ValueError: cannot reshape"),
        (_shrink_gray_only, "The channels were averaged too"),
        (lambda image, factor: _shrink_whole(image.astype(int), factor), "whole numbers"),
        (lambda image, factor: _shrink_whole(image, factor, np.int16), "large white blocks"),
        (lambda image, factor: _shrink_whole(image, factor, np.uint16), "large white blocks"),
        (lambda image, factor: image[:factor, :factor], "Divide each side by the factor"),
    ],
    "images.dither": [
        (lambda image, bits, rng: _quantized(image, bits), "Without noise"),
        (_dither_afterwards, "Noise after rounding"),
        (_dither_unclipped, "clip"),
        (_dither_whole_range, "Too much noise"),
        (_dither_one_sided, "does not have the mean 0"),
        (_dither_half, "Too little noise"),
        (_dither_by_column, "One noise for all rows"),
        (_dither_by_row, "a draw of its own"),
        (_dither_one_bit_more, "1 / (2**b − 1) apart"),
        (_dither_whole_levels, "divide by 2**bits − 1"),
        (_dither_cut_off, "cut off instead of rounded"),
        (_dither_always(1), "Is `bits` used?"),
        (_dither_always(2), "Is `bits` used?"),
        (_dither_one_bit_only, "the levels next to it"),
        (_dither_own_generator, "the generator that is given"),
    ],
    "images.velocity": [
        (lambda video: np.diff(_middles(video), axis=0).mean(axis=0)[::-1], "rows first"),
        (lambda video: _middles(video)[-1] - _middles(video)[0], "That is the whole way"),
        (lambda video: (_middles(video)[-1] - _middles(video)[0]) / len(video), "are 11 steps"),
        (lambda video: -np.diff(_middles(video), axis=0).mean(axis=0), "later minus earlier"),
        (_velocity_unsigned, "up and left are negative"),
        (lambda video: np.hypot(*np.diff(_middles(video), axis=0).mean(axis=0)), "two numbers"),
        (_velocity_weighted_in_uint8, "expected 1.0"),
        (lambda video: _middles(video)[1] - _middles(video)[0], "use all the frames"),
        (lambda video: np.diff(_middles(video), axis=0).mean(axis=0).round(), "do not round"),
        (_velocity_above(128), "a dim square"),
        (_velocity_by_int8_index, "a dim square"),
    ],
}
