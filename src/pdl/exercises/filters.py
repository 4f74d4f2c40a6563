"""The checks of chapter 3, image filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pdl.filters import (
    SOBEL_X,
    add_gaussian_noise,
    add_salt_and_pepper,
    frequency_response,
    gaussian_kernel,
    hysteresis,
    identity_kernel,
    mean_kernel,
    median_filter,
    psnr,
    sobel,
)
from pdl.signals import convolve2d

from .cases import Case, expect_cases
from .compare import (
    Mismatch,
    Picture,
    as_array,
    expect_close,
    expect_dtype,
    expect_shape,
)
from .engine import Exercise

Array = NDArray[Any]


# How much noise a kernel lets through.

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


# A kernel written down by hand, flip and upward axis included.

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
            ([[0], [1], [-1]], "The sign is turned round: above minus here, not here minus above."),
            (
                [[-1], [1], [0]],
                "That is here minus the pixel below; asked is the pixel above minus here.",
            ),
            ([[-1], [0], [1]], "This is a central difference: above minus below."),
            ([[-0.5], [0.0], [0.5]], "This is a central difference: above minus below."),
        ],
        secret=True,
    )


# The autopsy: brightness and displacement of any kernel.

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
            (shifted_by(-truth[1:]), "The sign of the shift is turned round."),
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


# A median that touches only what is hurt.

despeckle = Exercise(
    "filters.despeckle", unlocks="You can now remove speckles without touching healthy pixels."
)


def _speckled(shape: tuple[int, int], seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    smooth = np.add.outer(np.arange(shape[0]) * 6, np.arange(shape[1]) * 4) + 40
    image = np.clip(smooth + rng.integers(-5, 6, shape), 1, 254).astype(np.uint8)
    return add_salt_and_pepper(image, 0.2, rng)


def _replaced(image: Array, where: Array, by: Array) -> Array:
    return np.where(where, by, image).astype(np.uint8)


def _despeckled(image: Array) -> Array:
    return _replaced(image, (image == 0) | (image == 255), median_filter(image))


def _repaired_one_by_one(image: Array) -> Array:
    """The mistake of taking medians from the image that is being repaired."""
    result = image.copy()
    for row, column in np.argwhere((image == 0) | (image == 255)):
        padded = np.pad(result, 1, mode="symmetric")
        result[row, column] = np.median(padded[row : row + 3, column : column + 3])
    return result


def _median_over_zeros(image: Array) -> Array:
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, 1), (3, 3))
    middle: Array = np.median(windows, axis=(2, 3))
    return middle


@despeckle.group("shape")
def _(answer: Any) -> str:
    image = _speckled((5, 7))
    expect_shape(answer(image), (5, 7))
    return "(5, 7), " + expect_dtype(answer(image), np.uint8, "The image that came was uint8.")


@despeckle.group("values")
def _(answer: Any) -> None:
    image = _speckled((16, 20))
    white, black = image == 255, image == 0
    median = median_filter(image)
    mean = convolve2d(image, mean_kernel(3), boundary="reflect")
    expect_close(
        answer(image),
        _despeckled(image),
        mistakes=[
            (median, "Every pixel was replaced; leave those that are neither 0 nor 255."),
            (_replaced(image, white, median), "The black dots are still there."),
            (_replaced(image, black, median), "The white dots are still there."),
            (_replaced(image, white | black, mean), "That is the mean of the window."),
            (
                _repaired_one_by_one(image),
                "Medians were taken from the image that is being repaired; use the one that came.",
            ),
            (
                _replaced(image, white | black, _median_over_zeros(image)),
                "The border was padded with zeros; reflect it instead.",
            ),
        ],
        image=image,
    )


@despeckle.group("edge cases")
def _(answer: Any) -> None:
    for what, image in [
        ("an image without dots", np.full((4, 4), 90, np.uint8)),
        ("one white pixel alone", np.array([[255]], np.uint8)),
        ("a single row", np.array([[7, 255, 9, 0, 0, 8]], np.uint8)),
        ("dots alone", np.array([[0, 255, 255], [255, 0, 255], [0, 255, 255]], np.uint8)),
        ("levels next to 0 and 255", np.array([[1, 254, 2], [253, 40, 3], [1, 252, 9]], np.uint8)),
        ("a healthy pixel unlike its neighbours", np.array([[9, 9, 9], [9, 200, 9]], np.uint8)),
        ("a black dot in the dark", np.array([[9, 10, 11], [8, 0, 12]], np.uint8)),
    ]:
        expect_close(answer(image), _despeckled(image), what=what)


# The direction of the edge itself.

edge_angle = Exercise(
    "filters.edge_angle", unlocks="You can now measure the slant of a line in a picture."
)


def _half_plane(angle: float, contrast: float = 100.0) -> Array:
    """A soft edge at an angle in degrees, counter-clockwise from the right; bright on its left."""
    row, column = np.mgrid[-12:13, -12:13]
    radians = np.radians(angle)
    beyond = -np.sin(radians) * column + np.cos(radians) * -row
    image: Array = contrast / (1 + np.exp(-beyond / 1.5))
    return image


def _same_line(one: float, other: float, within: float = 1e-3) -> bool:
    """Whether two lines without a sense of direction have the same angle, in degrees."""
    return abs((one - other + 90) % 180 - 90) < within


def _edges_at_the_strongest(image: Array) -> list[float]:
    """The edge's angle at each pixel whose magnitude is the largest, up to rounding."""
    g = sobel(image)
    strongest = g.magnitude > (1 - 1e-6) * g.magnitude.max()
    return [float(each) for each in (np.degrees(g.direction[strongest]) + 90) % 180]


_ANGLE_RULES: tuple[tuple[Callable[[float, float], bool], str], ...] = (
    (
        _same_line,
        "The right line, but give its angle in [0, 180): the remainder after 180.",
    ),
    (lambda got, truth: _same_line(np.degrees(got), truth), "That is in radians."),
    (
        lambda got, truth: _same_line(got, truth + 90),
        "That is where the gradient points; the edge runs across it.",
    ),
    (
        lambda got, truth: _same_line(got, -truth),
        "Mirrored: does your y grow upwards, and does arctan2 get y first?",
    ),
    (
        lambda got, truth: _same_line(got, 90 - truth),
        "Mirrored, or the arguments of arctan2 are exchanged: it takes y first.",
    ),
    (
        lambda got, truth: got.is_integer() and _same_line(got, truth, 1),
        "The angle was rounded: give it as it is.",
    ),
)
"""What an answer says of an edge, if it makes a known mistake; the first that fits is named."""


def _expect_angles(answer: Any, cases: Sequence[tuple[str, Array]]) -> None:
    wrong, pairs = "", []
    for what, image in cases:
        got = as_array(answer(image), "a number")
        if got.shape != ():
            raise Mismatch(f"{what}: expected a number, got shape {got.shape}")
        value, angles = float(got), _edges_at_the_strongest(image)
        truth = next((each for each in angles if _same_line(value, each)), angles[0])
        pairs.append((value, truth))
        if not (wrong or (0 <= value < 180 and _same_line(value, truth))):
            wrong = f"{what}: expected {truth:.2f}, got {value:.2f}"
    if wrong:
        fits = (hint for rule, hint in _ANGLE_RULES if all(rule(*pair) for pair in pairs))
        raise Mismatch(wrong, next(fits, ""))


@edge_angle.group("shape")
def _(answer: Any) -> str:
    expect_shape(answer(_half_plane(30.0)), ())
    return "one number"


@edge_angle.group("values")
def _(answer: Any) -> None:
    angles = (30, 75, 110, 160)
    _expect_angles(answer, [(f"an edge at about {a} degrees", _half_plane(a)) for a in angles])


@edge_angle.group("edge cases")
def _(answer: Any) -> None:
    # The window keeps both edges off the border; of |x| + |y| the slanted one has more.
    window = np.outer(np.hanning(25), np.hanning(25))
    strong = np.vstack([window * _half_plane(45.0, 85.0), window * _half_plane(95.0)])
    cases = [
        ("an edge at about 30 degrees, dark side exchanged", _half_plane(210.0)),
        ("a vertical edge", _half_plane(90.0)),
        ("a horizontal edge", _half_plane(0.0)),
        ("a horizontal edge, dark side exchanged", _half_plane(0.0)[::-1].copy()),
        ("a uint8 image", np.rint(_half_plane(120.0, 250.0)).astype(np.uint8)),
        ("two edges, of which the stronger counts", strong),
    ]
    for case in cases:
        _expect_angles(answer, [case])


# Unsharp masking as one kernel.

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


# A transfer function by hand.

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


# Hysteresis along a line.

link = Exercise(
    "filters.link", unlocks="You can now keep a faint line whole without keeping the noise."
)


def _linked(strength: Array, low: float, high: float) -> Array:
    return hysteresis(strength[None].astype(np.float64), low, high)[0]


def _grown_once(strength: Array, low: float, high: float) -> Array:
    strong = np.pad(strength >= high, 1)
    return (strength >= low) & (strong[:-2] | strong[1:-1] | strong[2:])


@link.group("shape")
def _(answer: Any) -> str:
    strength = np.array([0.0, 3.0, 8.0, 3.0, 0.0, 3.0])
    expect_shape(answer(strength, 2, 6), (6,))
    return "(6,), " + expect_dtype(answer(strength, 2, 6), np.bool_, "Return True and False.")


def _link_case(strength: Array, low: float, high: float) -> Case:
    left_to_right = np.zeros(len(strength), dtype=bool)
    for i, value in enumerate(strength):
        before = i > 0 and left_to_right[i - 1]
        left_to_right[i] = value >= high or (value >= low and before)
    mistakes = [
        (strength >= high, "Only the high threshold was used."),
        (strength >= low, "Only the low one was used: runs that never reach high stay."),
        (_grown_once(strength, low, high), "It grew by one step; go on until it stops."),
        (left_to_right, "It grew to the right only; an edge goes on in both directions."),
    ]
    # The strengths are whole numbers: strictly above a threshold is half a number above it.
    for more_low, more_high in ((0.5, 0.5), (0.5, 0), (0, 0.5)):
        above = _linked(strength, low + more_low, high + more_high)
        mistakes.append((above, "The thresholds themselves count."))
    what = f"strength {strength.astype(int).tolist()}, low {low:g}, high {high:g}"
    return Case(what, (strength, low, high), _linked(strength, low, high), mistakes)


@link.group("values")
def _(answer: Any) -> None:
    rng = np.random.default_rng(0)
    thresholds = [(3.0, 8.0)] * 10 + [(2.0, 9.0), (5.0, 7.0)] * 3
    cases = [
        _link_case(rng.integers(0, 10, 40).astype(float), low, high) for low, high in thresholds
    ]
    expect_cases(answer, cases)


@link.group("edge cases")
def _(answer: Any) -> None:
    for what, strength in [
        ("nothing reaches the high threshold", [5.0, 5, 5]),
        ("values that equal the thresholds", [3.0, 9, 3, 2]),
        ("a run that ends with the array", [0.0, 9, 3, 4, 5]),
        ("one value", [9.0]),
    ]:
        line = np.array(strength)
        expect_close(answer(line, 3.0, 9.0), _linked(line, 3.0, 9.0), what=what)
    small = np.array([0.1, 0.35, 0.75, 0.3, 0.2, 0.4])
    expect_close(answer(small, 0.3, 0.7), _linked(small, 0.3, 0.7), what="strengths below 1")
    large = np.array([40.0, 260, 300, 500, 20, 300])
    expect_close(answer(large, 250.0, 480.0), _linked(large, 250.0, 480.0), what="large strengths")
    long = np.full(400, 5.0)
    for end in (0, -1):
        long[end] = 9.0
        expect_close(answer(long, 3.0, 9.0), long > 0, what="a run of 400 places")
        long[end] = 5.0


# An inverse filter that stops in time.

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
                "The condition is turned round: keep where |H| is above the threshold.",
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
    expect_close(answer(image, pair, 0.1), _pseudo_inverse(image, pair, 0.1), what="a zero of H")


# The project: both damages at once.

restore = Exercise(
    "filters.restore",
    unlocks="You can now take a damaged photograph apart, fault by fault, and say what you gained.",
)

RESTORE_GOAL = 28.8
"""Mean PSNR in dB that `restore` has to reach; a 3×3 median alone gets about 27.0."""


def _damaged_photographs() -> list[tuple[Array, Array, Array]]:
    """Photograph, damaged copy, and where the speckles are."""
    from skimage import color, data

    cases = []
    for seed, image in enumerate((data.astronaut(), data.camera(), data.coins())):
        if image.ndim == 3:
            image = np.rint(255 * color.rgb2gray(image)).astype(np.uint8)
        top, left = (image.shape[0] - 192) // 2, (image.shape[1] - 192) // 2
        image = image[top : top + 192, left : left + 192]
        rng = np.random.default_rng(100 + seed)
        grainy = add_gaussian_noise(image, 100, rng)
        damaged = add_salt_and_pepper(grainy, 0.095, rng)
        cases.append((image, damaged, damaged != grainy))
    return cases


def _restoration_hint(errors: Array, dots: Array) -> str:
    def size(where: Array) -> float:
        return float(np.sqrt(np.mean(errors[where] ** 2)))

    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(dots, ((0, 0), (1, 1), (1, 1))), (3, 3), axis=(1, 2)
    )
    beside = windows.any(axis=(3, 4)) & ~dots
    far = ~beside & ~dots
    if size(dots) > 25:
        return "The speckles are still there, or smeared: remove them before anything averages."
    if size(beside) > 1.25 * size(far):
        return (
            "Pixels beside a speckle came out worse than others: were the speckles still there "
            "when you averaged?"
        )
    if size(far) > 9.5:
        return (
            "The speckles are gone, but healthy pixels are no nearer to the photograph than they "
            "were: do you blur too much, or not at all?"
        )
    return "Nearly there: change what you do to healthy pixels, a little at a time."


@restore.group("shape")
def _(answer: Any) -> str:
    image = np.full((24, 30), 100, np.uint8)
    expect_shape(answer(image), (24, 30))
    return "(24, 30), " + expect_dtype(
        answer(image), np.uint8, "Round and clip to 0…255, then `.astype(np.uint8)`."
    )


@restore.group("values")
def _(answer: Any) -> str:
    cases = _damaged_photographs()
    results = [as_array(answer(damaged)) for _, damaged, _ in cases]
    reached = float(np.mean([psnr(c[0], r) for c, r in zip(cases, results, strict=True)]))
    if reached < RESTORE_GOAL:
        errors = np.stack([r - c[0].astype(float) for c, r in zip(cases, results, strict=True)])
        image, damaged, _ = cases[1]
        raise Mismatch(
            f"expected {RESTORE_GOAL} dB or more over three photographs, got {reached:.2f} dB",
            _restoration_hint(errors, np.stack([dots for _, _, dots in cases])),
            Picture({"damaged": damaged, "photograph": image, "yours": results[1]}),
        )
    return f"{reached:.1f} dB, the goal was {RESTORE_GOAL} dB"


@restore.group("edge cases")
def _(answer: Any) -> None:
    flat = np.full((20, 20), 77, np.uint8)
    expect_close(answer(flat), flat, what="a flat picture without damage")
    step = np.repeat(np.array([[60] * 16 + [180] * 16], np.uint8), 32, axis=0)
    middle = np.asarray(answer(step), dtype=float)[:, 8:24].mean()
    expect_close(middle, 120.0, what="a step must not move, so the mean around it", atol=1.0)
