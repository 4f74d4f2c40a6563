"""Plausible wrong answers to the exercises of chapter 2, and a part of what the check says."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import signal


def never_returns(x: Any, h: Any) -> Any:
    y = np.zeros(len(x) + len(h) - 1)
    n = k = 0
    while n < len(y):
        while k < len(h):
            if 0 <= n - k < len(x):
                y[n] += x[n - k] * h[k]
            k += 1
        # n += 1 was forgotten
    return y


def reads_from_the_end(x: Any, h: Any) -> Any:
    y = np.zeros(len(x) + len(h) - 1)
    for n in range(len(y)):
        for k in range(len(x)):
            if n - k < len(h):
                y[n] += x[k] * h[n - k]
    return y


def collects_integers(x: Any, h: Any) -> Any:
    y = np.zeros_like(x, shape=len(x) + len(h) - 1)
    for k in range(len(h)):
        y[k : k + len(x)] += (h[k] * x).astype(y.dtype)
    return y


def multiplies_in_its_type(x: Any, h: Any) -> Any:
    products, y = np.outer(x, h), np.zeros(len(x) + len(h) - 1)
    for k in range(len(h)):
        y[k : k + len(x)] += products[:, k]
    return y


def forgets_the_tail(x: Any, h: Any) -> Any:
    return np.convolve(x, h)[: len(x)]


def slides(image: Any, kernel: Any, origin: tuple[int, int] | None = None) -> Any:
    """Correlate, same size: what several wrong answers below start from."""
    rows, columns = kernel.shape
    top, left = origin or (rows // 2, columns // 2)
    padded = np.pad(image.astype(float), [(top, rows), (left, columns)])
    result = np.zeros(image.shape)
    for r in range(image.shape[0]):
        for c in range(image.shape[1]):
            result[r, c] = (padded[r : r + rows, c : c + columns] * kernel).sum()
    return result


def origin_one_later(image: Any, kernel: Any) -> Any:
    rows, columns = kernel.shape
    return slides(image, kernel[::-1, ::-1], ((rows - 1) // 2, (columns - 1) // 2))


def wraps_at_256(image: Any, kernel: Any) -> Any:
    return signal.convolve2d(image, kernel, mode="same").astype(image.dtype)


def adds_into_its_argument(image: Any, kernel: Any) -> Any:
    image += 0 * image + 1
    return signal.convolve2d(image, kernel, mode="same")


def square_border(image: Any, kernel: Any) -> Any:
    border = kernel.shape[0] // 2
    padded = np.pad(image.astype(float), border)
    flipped = kernel[::-1, ::-1]
    result = np.zeros(image.shape)
    for r in range(image.shape[0]):
        for c in range(image.shape[1]):
            window = padded[r : r + kernel.shape[0], c : c + kernel.shape[1]]
            result[r, c] = (window * flipped).sum()
    return result


def tall_border_everywhere(image: Any, kernel: Any) -> Any:
    border = max(kernel.shape) // 2
    padded = np.pad(image.astype(float), border)
    return signal.convolve2d(padded, kernel, mode="valid")[: image.shape[0], : image.shape[1]]


def asks_twice(system: Any, x: Any) -> Any:
    return np.convolve(x, (system([1.0]) + system([1.0])) / 2)


def asks_a_long_impulse(system: Any, x: Any) -> Any:
    return np.convolve(x, system(np.eye(len(x))[0]))


def asks_a_step(system: Any, x: Any) -> Any:
    response = system(np.ones(len(x)))
    return np.convolve(x, response)[: len(response)]


def asks_a_tall_impulse(system: Any, x: Any) -> Any:
    return np.convolve(x, system(np.array([2.0])))


def asks_for_a_multiple(system: Any, x: Any) -> Any:
    return -system(-x)


def asks_for_a_longer_one(system: Any, x: Any) -> Any:
    return system(np.append(x, 0))[:-1]


def shifts_with_zeros(x: Any, shift: int) -> Any:
    return np.pad(x, (max(shift, 0), max(-shift, 0)))[max(-shift, 0) :][: len(x)]


def compares(close: Any, move: Any = np.roll) -> Any:
    """An answer to shift_invariant with a comparison, or a shift, of its own."""

    def shift_invariant(system: Any, x: Any, shift: int) -> bool:
        return bool(close(system(move(x, shift)), move(system(x), shift)))

    return shift_invariant


def svd_without_its_value(kernel: Any) -> Any:
    u, _, vt = np.linalg.svd(kernel)
    return u[:, :1], vt[:1]


def svd_with_its_value_twice(kernel: Any) -> Any:
    u, s, vt = np.linalg.svd(kernel)
    return s[0] * u[:, :1], s[0] * vt[:1]


def splits_anything(kernel: Any) -> Any:
    u, s, vt = np.linalg.svd(kernel)
    return s[0] * u[:, :1], vt[:1]


def first_column_and_row(kernel: Any) -> Any:
    return kernel[:, :1], kernel[:1]


def divides_by_the_corner(kernel: Any) -> Any:
    if not np.isclose(np.linalg.svd(kernel)[1][1:], 0).all():
        raise ValueError("not separable")
    with np.errstate(all="ignore"):
        return kernel[:, :1] / kernel[0, 0], kernel[:1]


def flat_parts(kernel: Any) -> Any:
    u, s, vt = np.linalg.svd(kernel)
    return s[0] * u[:, 0], vt[0]


def splits_where(separable: Any) -> Any:
    """An answer to split with a test of its own."""

    def split(kernel: Any) -> Any:
        if not separable(kernel):
            raise ValueError("not separable")
        return splits_anything(kernel)

    return split


def from_first_column(kernel: Any) -> Any:
    if np.linalg.matrix_rank(kernel) != 1:
        raise ValueError("not separable")
    row = kernel[np.argmax(kernel[:, 0] != 0)]
    with np.errstate(all="ignore"):
        return kernel[:, :1] / row[0], row[np.newaxis]


def fft_of_64(x: Any, h: Any) -> Any:
    spectrum = np.fft.rfft(x, 64) * np.fft.rfft(h, 64)
    return np.fft.irfft(spectrum, 64)[: len(x) + len(h) - 1]


def fft_in_its_type(x: Any, h: Any) -> Any:
    y = fft_complex(x, h).real
    return y if x.dtype.kind == "f" else np.rint(y).astype(int).astype(x.dtype)


def fft_without_zeros(x: Any, h: Any) -> Any:
    size = max(len(x), len(h))
    return np.fft.ifft(np.fft.fft(x, size) * np.fft.fft(h, size)).real


def fft_zeros_too_late(x: Any, h: Any) -> Any:
    return np.pad(fft_without_zeros(x, h), (0, min(len(x), len(h)) - 1))


def fft_complex(x: Any, h: Any) -> Any:
    size = len(x) + len(h) - 1
    return np.fft.ifft(np.fft.fft(x, size) * np.fft.fft(h, size))


def fft_correlates(x: Any, h: Any) -> Any:
    size = len(x) + len(h) - 1
    return np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(h, size).conj(), size)


def fft_guesses_the_length(x: Any, h: Any) -> Any:
    size = len(x) + len(h) - 1
    return np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(h, size))


def rounds_down(length: int, kernel: int, padding: int, stride: int) -> int:
    return (length - kernel + 2 * padding) // stride + 1


def pads_one_side(length: int, kernel: int, padding: int, stride: int) -> int:
    return (length - kernel + padding) // stride + 1


def forgets_the_first(length: int, kernel: int, padding: int, stride: int) -> int:
    return (length - kernel + 2 * padding) // stride


def divides_to_float(length: int, kernel: int, padding: int, stride: int) -> float:
    return (length - kernel + 2 * padding) / stride + 1


def lets_large_kernels_pass(length: int, kernel: int, padding: int, stride: int) -> int:
    if (length - kernel + 2 * padding) % stride:
        raise ValueError("does not fit")
    return (length - kernel + 2 * padding) // stride + 1


def fits_where(allowed: Any) -> Any:
    """An answer to output_size that refuses by a rule of its own."""

    def output_size(length: int, kernel: int, padding: int, stride: int) -> int:
        room = length + 2 * padding - kernel
        if not allowed(length, kernel, padding, stride, room):
            raise ValueError("does not fit")
        return room // stride + 1

    return output_size


def restores(
    photograph: Any,
    corner: Any,
    size: int,
    *,
    scale: Any = np.sum,
    crop: bool = True,
    end: bool = False,
    divide: Any = np.divide,
    centre: bool = False,
) -> Any:
    """The solution with one of its steps done wrong."""
    row, column = corner
    trace = photograph[row : row + size, column : column + size]
    kernel = np.zeros(photograph.shape)
    kernel[:size, :size] = trace / scale(trace)
    if centre:
        kernel = np.roll(kernel, (-(size // 2), -(size // 2)), axis=(0, 1))
    H = np.fft.fft2(kernel)
    scene = np.fft.ifft2(divide(np.fft.fft2(photograph), H)).real
    if not crop:
        return scene
    if end:
        return scene[size - 1 :, size - 1 :]
    return scene[: photograph.shape[0] - size + 1, : photograph.shape[1] - size + 1]


def splits_at_the_maximum(kernel: Any) -> Any:
    """Finds no entry to divide by where the largest is 0 and the others are negative."""
    i, j = np.unravel_index(np.argmax(kernel), kernel.shape)
    with np.errstate(all="ignore"):
        column, row = kernel[:, j : j + 1] / kernel[i, j], kernel[i : i + 1]
        if not np.allclose(column * row, kernel):
            raise ValueError("not separable")
    return column, row


WRONG: dict[str, list[tuple[Any, str]]] = {
    "convolution.by_hand": [
        ([2, 6, -1], "tail counts"),
        ([-2, 6, 1, 3, 1], "not flipped"),
        ([2, 6, 1, 3, -1], "overlap"),
        ([2, 6, -2, 3, -1], "overlap"),
        ([[2], [6], [-1], [3], [-1]], "One list of numbers"),
    ],
    "convolution.shift_invariant": [
        (
            lambda system, x, shift: np.allclose(system(np.roll(x, shift)), system(x)),
            "with the *shifted*",
        ),
        (
            lambda system, x, shift: np.array_equal(
                system(np.roll(x, shift)), np.roll(system(x), shift)
            ),
            "np.allclose",
        ),
        (lambda system, x, shift: system(np.roll(x, shift)) == np.roll(system(x), shift), "wholes"),
        (
            lambda system, x, shift: np.allclose(
                system(np.roll(x, shift)), np.roll(system(x), -shift)
            ),
            "opposite directions",
        ),
        (lambda system, x, shift: True, "fading out"),
        (
            lambda system, x, shift: bool(
                np.allclose(system(np.roll(x, 1)), np.roll(system(x), 1))
            ),
            "`shift`",
        ),
        (lambda system, x, shift: False, "squaring: expected True, got False\n  –"),
        (compares(np.allclose, shifts_with_zeros), "Shift on a ring"),
        (compares(np.allclose, lambda x, shift: np.roll(x, abs(shift))), "shift −3"),
        (compares(np.allclose, lambda x, shift: np.roll(x, shift % 2)), "shift −3"),
        (compares(lambda a, b: (a - b).max() < 1e-9), "shift −3"),
        (compares(lambda a, b: abs((a - b).sum()) < 1e-9), "Compare sample by sample"),
        (compares(lambda a, b: np.allclose(np.sort(a), np.sort(b))), "Compare sample by sample"),
        (compares(lambda a, b: np.isclose(a, b).any()), "expected False"),
        (compares(lambda a, b: np.allclose(a, b, atol=0.1)), "a faint signal"),
        (compares(lambda a, b: np.allclose(a, b, rtol=0.1)), "a faint signal"),
        (
            lambda system, x, shift: compares(np.allclose)(system, np.eye(len(x))[0], shift),
            "a pulse at 3",
        ),
    ],
    "convolution.convolve1d": [
        (never_returns, "never ends"),
        (lambda x, h: np.correlate(x, h, "full"), "not flipped"),
        (forgets_the_tail, "expected (5,)"),
        (reads_from_the_end, "negative index"),
        (collects_integers, "integers"),
        (np.convolve, "did not fit into the small integer type"),
        (multiplies_in_its_type, "did not fit into the small integer type"),
    ],
    "convolution.predict": [
        (lambda system, x: system(x), "about x or a multiple"),
        (asks_twice, "twice"),
        (asks_a_long_impulse, "cut off"),
        (asks_a_step, "step"),
        (asks_a_tall_impulse, "height 1"),
        (asks_for_a_multiple, "about x or a multiple"),
        (asks_for_a_longer_one, "about x or a multiple"),
        (lambda system, x: np.convolve(x, system([1.0]))[: len(x)], "the tail counts too"),
        (lambda system, x: np.convolve(x, np.ones(4) / 4), "never asked"),
    ],
    "convolution.second_forward": [
        ([0, 0, 1, -2, 1], "looks back"),
        ([0, 1, -2, 1, 0], "centred"),
        ([1, -2, 1], "Five entries"),
        ([0, 1, -1, 0, 0], "first difference"),
        ([-1, 2, -1, 0, 0], "sign"),
    ],
    "convolution.convolve2d": [
        (slides, "not flipped"),
        (lambda image, kernel: slides(image, kernel[::-1]), "upside down only"),
        (lambda image, kernel: slides(image, kernel[:, ::-1]), "left to right only"),
        (lambda image, kernel: signal.convolve2d(image, kernel), "expected (6, 9)"),
        (origin_one_later, "one later"),
        (wraps_at_256, "started again at 0"),
        (adds_into_its_argument, "changed the array"),
        (
            lambda image, kernel: signal.convolve2d(image, kernel, "same", boundary="symm"),
            "mirrored or repeated",
        ),
        (
            lambda image, kernel: signal.convolve2d(np.pad(image, 8, "edge"), kernel, "same")[
                8:-8, 8:-8
            ],
            "mirrored or repeated",
        ),
    ],
    "convolution.repaired": [
        (lambda image, kernel: slides(image, kernel[::-1]), "upside down only"),
        (square_border, "width from its columns"),
        (tall_border_everywhere, "width from its columns"),
        (slides, "not flipped"),
    ],
    "convolution.convolve_with": [
        (lambda correlate, image, kernel: correlate(image, kernel), "not flipped"),
        (
            lambda correlate, image, kernel: correlate(image, kernel)[::-1, ::-1],
            "turn the kernel instead",
        ),
        (lambda correlate, image, kernel: correlate(image, kernel[::-1]), "upside down only"),
        (lambda correlate, image, kernel: correlate(kernel, image), "turn the kernel instead"),
        (lambda correlate, image, kernel: correlate(image[::-1, ::-1], kernel), "comes out turned"),
        (
            lambda correlate, image, kernel: correlate(image[::-1, ::-1], kernel[::-1, ::-1]),
            "or both arrays",
        ),
        (lambda correlate, image, kernel: signal.convolve2d(image, kernel), "was not called"),
    ],
    "convolution.output_size": [
        (rounds_down, "remainder"),
        (pads_one_side, "both sides"),
        (forgets_the_first, "add 1"),
        (divides_to_float, "//"),
        (lets_large_kernels_pass, "does not fit in at all"),
        (fits_where(lambda n, k, p, s, room: k <= n and room % s == 0), "with its padding"),
        (fits_where(lambda n, k, p, s, room: k <= n + p and room % s == 0), "with its padding"),
        (fits_where(lambda n, k, p, s, room: room > 0 and room % s == 0), "as large as the input"),
        (fits_where(lambda n, k, p, s, room: room >= 0 and (s != 2 or room % 2 == 0)), "It rounds"),
        (fits_where(lambda n, k, p, s, room: room >= 0 and room / s % 1 < 0.3), "It rounds"),
        (
            lambda n, k, p, s: n + 2 * p >= k and (n + 2 * p - k) % s == 0 and 1 + (n - k) // s,
            "expected",
        ),
    ],
    "convolution.split": [
        (splits_at_the_maximum, "no positive entry: expected column and row, got a ValueError"),
        (first_column_and_row, "counted twice"),
        (svd_without_its_value, "singular value is missing"),
        (svd_with_its_value_twice, "used twice"),
        (splits_anything, "comes back"),
        (divides_by_the_corner, "a first row of zeros"),
        (flat_parts, "expected (3, 1)"),
        (divides_by_the_corner, "divided by 0"),
        (from_first_column, "a first column of zeros"),
        (
            splits_where(lambda k: len(k) != len(k.T) or np.linalg.matrix_rank(k) == 1),
            "with one wrong entry",
        ),
        (splits_where(lambda k: (np.linalg.svd(k)[1][1:] < 0.05).all()), "with a small fault"),
        (splits_where(lambda k: np.linalg.matrix_rank(k[:2]) == 1), "its last row"),
        (
            splits_where(lambda k: np.allclose(np.outer(k.sum(1), k.sum(0)), k * np.sum(k))),
            "whose rows sum to zero",
        ),
        (splits_where(lambda k: (np.linalg.svd(k)[1] > 1e-2).sum() == 1), "ValueError"),
    ],
    "convolution.convolve_fft": [
        (fft_without_zeros, "expected (5,)"),
        (lambda x, h: fft_complex(x, h).real[:-1], "Transform with N + K − 1 samples"),
        (fft_zeros_too_late, "came in at the start"),
        (fft_complex, "complex"),
        (fft_correlates, "conj()"),
        (fft_guesses_the_length, "irfft"),
        (fft_of_64, "150 and 200 samples"),
        (fft_in_its_type, "small integer type"),
    ],
    "convolution.restore": [
        (
            lambda photograph, corner, size: restores(
                photograph, corner, size, scale=lambda trace: 1.0
            ),
            "lamp's brightness",
        ),
        (
            lambda photograph, corner, size: restores(
                photograph, corner, size, scale=lambda trace: 5000.0
            ),
            "expected 4000",
        ),
        (
            lambda photograph, corner, size: restores(photograph, (2, corner[1]), size),
            "a lamp somewhere else",
        ),
        (
            lambda photograph, corner, size: restores(photograph, corner, size, scale=np.max),
            "divided by its maximum",
        ),
        (
            lambda photograph, corner, size: restores(photograph, corner, size, crop=False),
            "cut that off",
        ),
        (
            lambda photograph, corner, size: restores(photograph, corner, size, end=True),
            "wrong end",
        ),
        (
            lambda photograph, corner, size: restores(photograph, corner, size, divide=np.multiply),
            "divide by H",
        ),
        (
            lambda photograph, corner, size: restores(photograph, corner, size, centre=True),
            "displaced",
        ),
        (
            lambda photograph, corner, size: photograph[: 1 - size or None, : 1 - size or None],
            "still the photograph",
        ),
    ],
}
