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


WRONG: dict[str, list[tuple[Any, str]]] = {
    "convolution.by_hand": [
        ([2, 6, -1], "tail counts"),
        ([-2, 6, 1, 3, 1], "not flipped"),
        ([2, 6, 1, 3, -1], "overlap"),
        ([2, 6, -2, 3, -1], "overlap"),
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
    ],
    "convolution.convolve1d": [
        (never_returns, "never ends"),
        (lambda x, h: np.correlate(x, h, "full"), "not flipped"),
        (forgets_the_tail, "expected (5,)"),
        (reads_from_the_end, "negative index"),
        (collects_integers, "integers"),
    ],
    "convolution.predict": [
        (lambda system, x: system(x), "about x itself"),
        (asks_twice, "twice"),
        (asks_a_long_impulse, "cut off"),
        (asks_a_step, "step"),
        (asks_a_tall_impulse, "height 1"),
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
            "mirror image",
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
    ],
    "convolution.output_size": [
        (rounds_down, "remainder"),
        (pads_one_side, "both sides"),
        (forgets_the_first, "add 1"),
        (divides_to_float, "//"),
        (lets_large_kernels_pass, "does not fit in at all"),
    ],
    "convolution.split": [
        (first_column_and_row, "counted twice"),
        (svd_without_its_value, "singular value is missing"),
        (svd_with_its_value_twice, "used twice"),
        (splits_anything, "comes back"),
        (divides_by_the_corner, "a first row of zeros"),
        (flat_parts, "expected (3, 1)"),
    ],
    "convolution.convolve_fft": [
        (fft_without_zeros, "expected (5,)"),
        (fft_zeros_too_late, "came in at the start"),
        (fft_complex, "complex"),
        (fft_correlates, "conj()"),
        (fft_guesses_the_length, "irfft"),
    ],
    "convolution.restore": [
        (
            lambda photograph, corner, size: restores(
                photograph, corner, size, scale=lambda trace: 1.0
            ),
            "lamp's brightness",
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
