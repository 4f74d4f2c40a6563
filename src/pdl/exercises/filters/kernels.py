"""What a kernel does to noise and brightness, and kernels written down by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdl._arrays import Array
from pdl.filters import SOBEL_X, gaussian_kernel, identity_kernel, mean_kernel

from ..checking.cases import Case, expect_cases
from ..checking.compare import expect_close, expect_shape
from ..checking.engine import Exercise

noise_gain = Exercise(
    "filters.noise_gain", unlocks="You can now say what any kernel does to noise before you use it."
)


@noise_gain.group("shape")
def _(answer: Any) -> str:
    expect_shape(answer(np.full((3, 3), 1 / 9)), ())
    return "one number"


def _noise_case(what: str, kernel: Array) -> Case:
    weights = kernel.astype(float)
    total = np.sum(weights**2)
    squares = np.square(kernel)
    mistakes = [
        (np.sum(weights), "That is the sum of the weights; variances take their squares."),
        (np.sum(np.abs(weights)), "A weight h multiplies a variance by h², not by |h|."),
        (np.sum(weights) ** 2, "Square each weight first, then add."),
        (np.sqrt(total), "That is the factor for the standard deviation; asked is the variance."),
        (np.mean(weights**2), "Variances add: sum the squares, do not average them."),
    ]
    if kernel.dtype.kind != "f":
        around = "The squares did not fit into the kernel's integer type: make it float first."
        values = (np.sum(squares), np.sum(squares, dtype=kernel.dtype))
        mistakes = [(value, around) for value in values]
    return Case(what, (kernel,), total, mistakes)


@noise_gain.group("values")
def _(answer: Any) -> None:
    random = np.random.default_rng(0).normal(size=(4, 5))
    cases = [
        ("a random kernel", random),
        ("the 3×3 mean", mean_kernel(3)),
        ("Sobel", SOBEL_X * 1.0),
    ]
    expect_cases(answer, [_noise_case(*case) for case in cases])


@noise_gain.group("edge cases")
def _(answer: Any) -> None:
    expect_close(answer(np.array([1, -1, 0])), 2.0, what="a kernel of one dimension")
    expect_close(answer(np.array([[-3]])), 9.0, what="a single negative weight")
    expect_close(answer(np.full((2, 3, 2), 0.5)), 3.0, what="a kernel of three dimensions")
    for dtype, largest in ((np.uint8, 250), (np.int8, 120), (np.int16, 30_000)):
        kernel = (largest * SOBEL_X / 2).astype(dtype)
        expect_cases(answer, [_noise_case(f"a kernel of {np.dtype(dtype).name}", kernel)])


upward_difference = Exercise(
    "filters.upward_difference",
    unlocks="You can now write a kernel down so that its sign is right the first time.",
)


@upward_difference.group("shape")
def _(answer: Any) -> str:
    return expect_shape(answer, (3, 1), "A column: three rows of one number each.")


@upward_difference.group("values")
def _(answer: Any) -> None:
    expect_close(
        answer,
        [[0], [-1], [1]],
        mistakes=[
            (
                [[1], [-1], [0]],
                "Looks like a correlation: the kernel is flipped, so its lowest weight meets the "
                "pixel above.",
            ),
            ([[0], [1], [-1]], "The sign is reversed: above minus here, not here minus above."),
            (
                [[-1], [1], [0]],
                "That is here minus the pixel below; asked is the pixel above minus here.",
            ),
            ([[-1], [0], [1]], "This is a central difference: above minus below."),
            ([[-0.5], [0.0], [0.5]], "This is a central difference: above minus below."),
        ],
        secret=True,
    )


diagnose = Exercise(
    "filters.diagnose",
    unlocks="You can now find a kernel that darkens, brightens or moves an image before it does.",
)


def _autopsy_kernel() -> Array:
    index = np.arange(20)
    kernel: Array = np.exp(-((index[:, None] - 10) ** 2 + (index[None, :] - 10) ** 2) / 10)
    return kernel


def _center_of_mass(kernel: Array) -> Array:
    row, column = np.indices(kernel.shape)
    return np.array([np.sum(row * kernel), np.sum(column * kernel)]) / kernel.sum()


def _diagnosis(kernel: Array) -> Array:
    rows, columns = kernel.shape
    anchor = np.array([(rows - 1) // 2, (columns - 1) // 2])
    return np.concatenate([[kernel.sum()], _center_of_mass(kernel) - anchor])


def _diagnosis_case(what: str, kernel: Array) -> Case:
    kernel_given, kernel = kernel, kernel.astype(float)
    truth = _diagnosis(kernel)
    size = np.array(kernel.shape)
    gain, center = truth[0], _center_of_mass(kernel)
    peak = np.array(np.unravel_index(np.argmax(kernel), kernel.shape))

    def shifted_by(shift: Array) -> Array:
        return np.concatenate([[gain], shift])

    return Case(
        what,
        (kernel_given,),
        truth,
        [
            (
                shifted_by(center - (size - 1) / 2),
                "Measured from the middle of the array; mode 'same' anchors at (K − 1) // 2.",
            ),
            (
                shifted_by(center - size // 2),
                "Anchored at K // 2, as SciPy's ndimage does; mode 'same' anchors at (K − 1) // 2.",
            ),
            (
                shifted_by(peak - (size - 1) // 2),
                "Only the largest weight was looked at; all weights pull, each by its size.",
            ),
            (truth[[0, 2, 1]], "Rows and columns are exchanged: down comes first, then right."),
            (
                shifted_by(center * gain - (size - 1) // 2),
                "Divide the weighted sum of the indices by the sum of the weights.",
            ),
            (shifted_by(-truth[1:]), "The sign of the shift is reversed."),
        ],
    )


@diagnose.group("shape")
def _(answer: Any) -> str:
    return expect_shape(answer(mean_kernel(3)), (3,), "Return (gain, down, right).")


@diagnose.group("values")
def _(answer: Any) -> None:
    rng = np.random.default_rng(0)
    cases = []
    for rows, columns in [(3, 5), (4, 7), (6, 2)]:
        kernel = rng.random((rows, columns))
        cases.append(_diagnosis_case(f"a random {rows}×{columns} kernel", kernel))
    cases.append(_diagnosis_case("the kernel of the autopsy", _autopsy_kernel()))
    expect_cases(answer, cases, rtol=1e-6)


@diagnose.group("edge cases")
def _(answer: Any) -> None:
    sharpening = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    negative = np.array([[0.5, -2.0, 1.0], [-1.0, -3.0, 0.25]])
    levels = np.random.default_rng(1).integers(0, 256, (5, 200), dtype=np.uint8)
    cases = [
        _diagnosis_case("the 2×2 mean, which moves by half a pixel", mean_kernel(2)),
        _diagnosis_case("a single weight", np.array([[3.0]])),
        _diagnosis_case("whole numbers", sharpening),
        _diagnosis_case("weights of both signs, with a negative sum", negative),
        _diagnosis_case("a 5×200 kernel of uint8", levels),
    ]
    expect_cases(answer, cases, rtol=1e-6)


sharpening_kernel = Exercise(
    "filters.sharpening_kernel",
    unlocks="You can now fold several linear filters into a single kernel.",
)


@sharpening_kernel.group("shape")
def _(answer: Any) -> str:
    return expect_shape(answer(1.0, 1.5, 7), (7, 7))


@sharpening_kernel.group("values")
def _(answer: Any) -> None:
    for sigma, amount, size in [(1.0, 1.5, 7), (0.7, 0.4, 5), (2.0, 3.0, 13)]:
        delta, blur = identity_kernel(size), gaussian_kernel(sigma, size)
        corner = np.zeros((size, size))
        corner[0, 0] = 1
        peaked = blur / blur.max()
        expect_close(
            answer(sigma, amount, size),
            (1 + amount) * delta - amount * blur,
            what=f"σ = {sigma:g}, amount {amount:g}",
            mistakes=[
                (
                    delta - amount * blur,
                    "This sums to 1 − amount: the image itself must be in it 1 + amount times.",
                ),
                ((1 + amount) * delta - blur, "The blurred image is to be taken amount times."),
                (delta + amount * blur, "This adds the blurred image; that blurs, and brightens."),
                (amount * (delta - blur), "This is the difference alone; add it to the image."),
                ((1 + amount) * corner - amount * blur, "The identity has its 1 in the centre."),
                (
                    (1 + amount) * delta - amount * peaked,
                    "The Gaussian does not sum to 1: this is the fault of the autopsy.",
                ),
            ],
        )


@sharpening_kernel.group("edge cases")
def _(answer: Any) -> None:
    expect_close(answer(1.0, 0.0, 5), identity_kernel(5), what="amount 0 leaves the image")
    expect_close(answer(1.0, 2.0, 1), np.ones((1, 1)), what="size 1")
    expect_close(
        answer(1.3, -1.0, 9), gaussian_kernel(1.3, 9), what="amount −1 leaves the Gaussian"
    )
