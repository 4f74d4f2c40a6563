"""Fast convolution: with a kernel split into two, and with the Fourier transform."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdl._arrays import Array

from ..checking.compare import Mismatch, as_array, expect_close, expect_parts, expect_shape
from ..checking.engine import Exercise
from ..checking.samples import random
from .support import NOT_FLIPPED, ROUND_AGAIN

split = Exercise("convolution.split", unlocks="You can now make a separable filter cheap.")


_BINOMIAL = np.outer([1.0, 2, 1], [1.0, 4, 6, 4, 1])


def _pair(got: Any) -> tuple[Array, Array]:
    column, row = expect_parts(got, ["column", "row"])
    return as_array(column, "a column"), as_array(row, "a row")


@split.group("shape")
def _(answer: Any) -> str:
    column, row = _pair(answer(_BINOMIAL))
    hint = "Keep both axes: a column has shape (K, 1), a row (1, L)."
    return f"{expect_shape(column, (3, 1), hint)} and {expect_shape(row, (1, 5), hint)}"


def _expect_split(answer: Any, kernel: Array, what: str) -> None:
    try:
        column, row = _pair(answer(kernel))
    except ValueError:
        words = "Divide by the entry that is largest in size, and compare with a tolerance."
        raise Mismatch(f"{what}: expected column and row, got a ValueError", words) from None
    first = kernel[:, :1] * kernel[:1]
    mistakes = [
        (first, "First column times first row: the corner, in which they meet, was counted twice."),
        (
            kernel.sum(axis=1, keepdims=True) * kernel.sum(axis=0, keepdims=True),
            "The product of the sums has to be divided by the kernel's sum.",
        ),
        (-kernel, "The sign is lost: a singular vector may come out negative, but then both must."),
    ]
    s = np.linalg.svd(kernel)[1][0]
    mistakes.append((kernel / s, "The singular value is missing: scale column or row by it."))
    mistakes.append(
        (kernel * s, "The singular value was used twice: give √s to each, or s to one.")
    )
    with np.errstate(invalid="ignore"):  # a division by zero in the answer is shown as nan
        product = column.astype(float) @ row.astype(float)
    if not np.isfinite(product).all():
        raise Mismatch(
            f"{what}: column @ row holds values that are no numbers",
            "Was something divided by 0? Divide by an entry that is not, such as the largest.",
        )
    expect_close(product, kernel, what=f"{what}: column @ row", mistakes=mistakes)


@split.group("values")
def _(answer: Any) -> None:
    _expect_split(answer, _BINOMIAL, "a binomial kernel")
    for seed, (rows, columns) in enumerate(((3, 3), (5, 4), (2, 7))):
        kernel = np.outer(random(seed, rows), random(seed + 9, columns))
        _expect_split(answer, kernel, f"a {rows}×{columns} kernel")


@split.group("edge cases")
def _(answer: Any) -> None:
    sobel = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
    _expect_split(answer, sobel, "a kernel that sums to zero")
    _expect_split(answer, sobel[1:], "a first row of zeros")
    _expect_split(answer, sobel.T[1:], "a corner of zero")
    _expect_split(answer, np.array([[4.0]]), "a 1×1 kernel")
    _expect_split(answer, np.array([[0, 1, 2], [0, 2, 4]]), "a first column of zeros")
    _expect_split(answer, np.array([[0, -1, -2], [0, -2, -4]]), "no positive entry")
    _expect_split(answer, 1e-5 * _BINOMIAL, "a faint kernel")
    _expect_split(answer, np.outer([1, 2, 1], [30, 60, 30]).astype(np.uint8), "a uint8 kernel")
    for kernel, what in (
        (np.array([[-1.0, 1, -1], [-2, 3, 1], [2, -4, 0]]), "the kernel of the 7×7 example"),
        (np.eye(4), "a diagonal"),
        (np.array([[1.0, 2, 1], [2, 4, 3]]), "a 2×3 kernel with one wrong entry"),
        (_BINOMIAL + 0.02 * np.eye(3, 5), "a binomial kernel with a small fault"),
        (np.array([[1, -1, 0], [0, 1, -1]]), "a kernel whose rows sum to zero"),
        (np.array([[1, 2, 1], [2, 4, 2], [1, 3, 1]]), "a kernel with a fault in its last row"),
    ):
        try:
            answer(kernel)
        except ValueError:
            continue
        hint = "Multiply column and row again, and see whether the kernel comes back."
        raise Mismatch(f"{what} is not separable: expected a ValueError", hint)


convolve_fft = Exercise(
    "convolution.convolve_fft", unlocks="You can now convolve with kernels of any size quickly."
)


@convolve_fft.group("shape")
def _(answer: Any) -> str:
    hint = "Transform with N + K − 1 samples, as np.fft.fft(x, size) does, so that nothing wraps."
    got = answer(np.array([1.0, 2, 2]), np.array([3.0, 2, 1]))
    if np.shape(got) == (4,):
        hint = (
            "Transform with N + K − 1 samples, and tell irfft this length as its second argument; "
            "else it assumes an even one."
        )
    note = expect_shape(got, (5,), hint)
    if np.iscomplexobj(as_array(got)):
        hint = "Take the real part, or use rfft and irfft."
        raise Mismatch("expected real numbers, got complex ones", hint)
    return note


def _expect_fft(answer: Any, x: Array, h: Array, what: str) -> None:
    truth = np.convolve(x, h)
    size = len(truth)
    longest = max(len(x), len(h))
    circular = np.fft.ifft(np.fft.fft(x, longest) * np.fft.fft(h, longest)).real
    spectra = np.fft.fft(x, size), np.fft.fft(h, size)
    mistakes = [
        (np.pad(circular, (0, size - longest)), "What ran out at the end came in at the start."),
        (np.fft.ifft(spectra[0] * spectra[1].conj()).real, "conj() makes it a correlation."),
        (np.fft.ifft(spectra[0].conj() * spectra[1]).real, "conj() makes it a correlation."),
        (np.convolve(x, h[::-1]), NOT_FLIPPED),
        (np.fft.ifft(spectra[0] + spectra[1]).real, "The transforms are multiplied, not added."),
        (truth * size, "Divide by N, or use np.fft.ifft, which does."),
    ]
    expect_close(answer(x, h), truth, what=what, mistakes=mistakes)


@convolve_fft.group("values")
def _(answer: Any) -> None:
    for n, k in ((3, 3), (16, 5), (11, 20)):
        _expect_fft(answer, random(n, n), random(k + 1, k), f"{n} and {k} samples")


@convolve_fft.group("edge cases")
def _(answer: Any) -> None:
    for n, k in ((4, 3), (5, 4), (1, 1), (1, 6)):
        parity = "even" if (n + k - 1) % 2 == 0 else "odd"
        what = f"{n} and {k} samples, an {parity} total"
        _expect_fft(answer, random(n, n), random(k + 1, k), what)
    _expect_fft(answer, np.array([1, 2, 2]), np.array([3, 2, 1]), "whole numbers")
    _expect_fft(answer, random(5, 150), random(6, 200), "150 and 200 samples")
    levels, taps = np.array([200, 250, 180], np.uint8), np.array([3, 2], np.uint8)
    truth = np.convolve(levels.astype(float), taps)
    expect_close(answer(levels, taps), truth, what="uint8", mistakes=[(truth % 256, ROUND_AGAIN)])
