"""Transfer functions: one by hand, and an inverse filter that stops in time."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdl._arrays import Array
from pdl.filters import frequency_response

from ..checking.attempts import attempt
from ..checking.cases import Case, expect_cases
from ..checking.compare import Mismatch, as_array, expect_close, expect_shape
from ..checking.engine import Exercise

response = Exercise(
    "filters.response", unlocks="You can now draw the second portrait of any kernel in a row."
)


@response.group("shape")
def _(answer: Any) -> str:
    return expect_shape(answer(np.array([1.0, 2.0, 1.0]), np.linspace(0, np.pi, 9)), (9,))


@response.group("values")
def _(answer: Any) -> None:
    rng = np.random.default_rng(0)
    omega = np.linspace(-np.pi, np.pi, 11)[1:-1]
    named = [
        ("[3, −1, 0]", np.array([3.0, -1.0, 0.0])),
        ("five random weights", rng.normal(size=5)),
    ]
    cases = []
    for what, weights in named:
        radius = len(weights) // 2
        k = np.arange(-radius, radius + 1)
        truth = np.exp(-1j * np.outer(omega, k)) @ weights
        from_first = np.exp(-1j * np.outer(omega, k + radius)) @ weights
        mistakes = [
            (
                from_first,
                "Index 0 is the middle weight; counted from the first, the filter also shifts.",
            ),
            (
                truth.conj(),
                "The exponent has a minus: exp(−iωk), with the first weight at k = −r.",
            ),
            (np.abs(truth), "That is the magnitude |H|; asked is H, which is complex."),
            (truth.real, "The imaginary part is missing: cosines alone do not do it."),
            (truth / weights.sum(), "Do not divide by the sum of the weights."),
        ]
        cases.append(Case(what, (weights, omega), truth, mistakes))
    expect_cases(answer, cases)


@response.group("edge cases")
def _(answer: Any) -> None:
    expect_close(answer(np.array([4]), np.array([0.0, 2.0])), [4, 4], what="a single weight")
    expect_close(answer(np.array([1, 2, 3]), np.array([0.0])), [6], what="frequency 0")
    levels = np.array([200, 100, 150], dtype=np.uint8)
    truth = 100 + 350 * np.cos(1.0) + 50j * np.sin(1.0)
    expect_close(answer(levels, np.array([1.0])), [truth], what="weights of uint8")


pseudo_inverse = Exercise(
    "filters.pseudo_inverse",
    unlocks="You can now undo a blur, and know which frequencies are lost for good.",
)


def _pseudo_inverse(image: Array, kernel: Array, threshold: float) -> Array:
    transfer = frequency_response(kernel, (image.shape[0], image.shape[1]))
    strong = np.abs(transfer) > threshold
    gain = np.where(strong, 1 / np.where(strong, transfer, 1), 0)
    return np.fft.ifft2(gain * np.fft.fft2(image)).real


@pseudo_inverse.group("shape")
def _(answer: Any) -> str:
    got = as_array(answer(np.eye(8), np.array([[0.25, 0.5, 0.25]]), 0.1))
    if got.dtype.kind == "c":
        raise Mismatch("expected real numbers, got complex ones", "Take `.real` of the result.")
    return expect_shape(got, (8, 8))


@pseudo_inverse.group("values")
def _(answer: Any) -> None:
    rng = np.random.default_rng(0)
    cases = []
    for what, kernel in [
        ("a movement of five pixels", np.full((1, 5), 0.2)),
        ("a random 3×3 kernel", rng.random((3, 3))),
        ("a random 4×2 kernel", rng.random((4, 2))),
    ]:
        image, threshold = rng.normal(size=(15, 21)), 0.3 * kernel.sum()
        shape = (image.shape[0], image.shape[1])
        transfer = frequency_response(kernel, shape)
        strong, spectrum = np.abs(transfer) > threshold, np.fft.fft2(image)
        unanchored = np.fft.fft2(kernel, s=shape)
        safe, safe_unanchored = np.where(strong, transfer, 1), np.where(strong, unanchored, 1)

        def back(values: Array) -> Array:
            return np.fft.ifft2(values).real

        undone = spectrum / np.where(transfer == 0, 1, transfer)
        mistakes = [
            (back(spectrum / transfer), "Frequencies below the threshold must become 0."),
            (back(spectrum / safe), "Weak frequencies were left as they are; make them 0."),
            (
                back(np.where(strong, spectrum / safe_unanchored, 0)),
                "The result is shifted: take `frequency_response`, which centres the kernel.",
            ),
            (back(np.where(strong, spectrum * transfer, 0)), "This blurs once more: divide."),
            (
                back(np.where(strong, spectrum * transfer.conj(), 0)),
                "Multiplying by the conjugate undoes the phase only: divide by H.",
            ),
            (
                back(np.where(strong, 0, undone)),
                "The condition is reversed: keep where |H| is above the threshold.",
            ),
        ]
        truth = _pseudo_inverse(image, kernel, threshold)
        cases.append(Case(what, (image, kernel, threshold), truth, mistakes))
    expect_cases(answer, cases, rtol=1e-6)


@pseudo_inverse.group("edge cases")
def _(answer: Any) -> None:
    image = np.arange(12.0).reshape(3, 4)
    expect_close(answer(image, np.ones((1, 1)), 0.5), image, what="a kernel that does nothing")
    expect_close(answer(image, np.ones((1, 1)), 2.0), 0 * image, what="a threshold above all")
    expect_close(
        answer(image, np.ones((1, 1)), 1.0),
        0 * image,
        what="|H| equal to the threshold everywhere",
        mistakes=[(image, "Greater than the threshold is asked for, and 1 is not greater than 1.")],
    )
    levels = np.random.default_rng(1).integers(0, 256, (6, 5), dtype=np.uint8)
    sharp = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], dtype=np.int8)
    truth = _pseudo_inverse(levels, sharp, 0.5)
    expect_close(answer(levels, sharp, 0.5), truth, what="a uint8 image, an int8 kernel")
    pair = np.array([[0.5, 0.5]])  # its transfer function is 0 at half a cycle a pixel
    what = "a zero of H"
    words = "np.where computes both of its sides first: divide only where |H| is large enough."
    with np.errstate(divide="raise", invalid="raise"):
        got = attempt(answer, image, pair, 0.1, what=what, hint=words)
    expect_close(got, _pseudo_inverse(image, pair, 0.1), what=what)
