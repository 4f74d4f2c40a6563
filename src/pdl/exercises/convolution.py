"""Checks for the exercises of chapter 2, convolution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from .cases import Case, expect_cases
from .compare import Mismatch, as_array, expect_close, expect_equal, expect_parts, expect_shape
from .engine import Exercise

Array = NDArray[Any]
NOT_FLIPPED = "Looks like a correlation: the kernel was not flipped."
UPSIDE_DOWN = "The kernel was turned upside down only; flip both axes: kernel[::-1, ::-1]."
ROUND_AGAIN = "Sums or products did not fit into the small integer type: make both arrays float."
LEFT_RIGHT = "The kernel was flipped from left to right only; flip both axes: kernel[::-1, ::-1]."


def _random(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


by_hand = Exercise(
    "convolution.by_hand", unlocks="You can now convolve short sequences without a computer."
)


@by_hand.group("shape")
def _(answer: Any) -> str:
    hint = "Three samples and three samples give 3 + 3 − 1 values: the tail counts too."
    return expect_shape(answer, (5,), hint if np.ndim(answer) == 1 else "One list of numbers.")


@by_hand.group("values")
def _(answer: Any) -> None:
    mistakes = [
        ([-2, 6, 1, 3, 1], NOT_FLIPPED),
        ([2, 6, 1, 3, -1], "At n = 2 two copies overlap, and their values add: −2 and 1."),
        ([2, 6, -2, 3, -1], "At n = 2 two copies overlap, and their values add: −2 and 1."),
    ]
    expect_close(answer, [2, 6, -1, 3, -1], mistakes=mistakes, secret=True)


shift_invariant = Exercise(
    "convolution.shift_invariant",
    unlocks="You can now find out whether a system treats all places alike.",
)


def _mean(x: Array) -> Array:
    return (np.roll(x, 1) + x + np.roll(x, -1)) / 3


def _fade(x: Array) -> Array:
    return x * np.linspace(1, 0, len(x))


def _drop_odd(x: Array) -> Array:
    return np.where(np.arange(len(x)) % 2, 0, x)


@shift_invariant.group("shape")
def _(answer: Any) -> str:
    got = answer(_mean, _random(0, 12), 2)
    if not isinstance(got, (bool, np.bool_)):
        as_array(got, "True or False")
        raise Mismatch(
            f"expected True or False, got {type(got).__name__}",
            "Two arrays have to be compared as wholes: np.allclose gives one truth value.",
        )
    return "True or False"


def _total(x: Array) -> Array:
    return np.full(len(x), x.sum())


def _swap_middle(x: Array) -> Array:
    swapped: Array = x.copy()
    swapped[[5, 6]] = x[[6, 5]]
    return swapped


def _fade_a_little(x: Array) -> Array:
    return x * np.linspace(1, 0.99, len(x))


def _double_first(x: Array) -> Array:
    return np.where(np.arange(len(x)) == 0, 2 * x, x)


def _why_not_invariant(answer: Any) -> str:
    """What an answer compares, that calls squaring no shift-invariant system."""
    x = _random(1, 12)
    if answer(np.square, np.tile(x[:6], 2), 3):  # there +3 and −3 are the same
        return "Input and output were shifted in opposite directions."
    if answer(_total, x, 3):
        return "Compare system(shifted x) with the *shifted* system(x), not with system(x)."
    return ""


def _why_not_on_a_ring(answer: Any) -> str:
    x = np.pad(_random(3, 4), 4)
    if not answer(_mean, x, 2):
        return ""
    return "Shift on a ring, as np.roll does: what leaves at one end comes in at the other."


@shift_invariant.group("values")
def _(answer: Any) -> None:
    x = _random(1, 12)
    rounding = "Rounding makes == too strict, and so does array_equal: use np.allclose."
    squared = answer(np.square, x, 3)
    hint = "" if squared else _why_not_invariant(answer)
    expect_equal(squared, True, what="squaring", hint=hint)
    mean = answer(_mean, x, 2)
    hint = "" if mean else _why_not_on_a_ring(answer)
    expect_equal(mean, True, what="a running mean on a ring", hint=hint)
    expect_equal(
        answer(lambda v: np.diff(np.cumsum(v), prepend=0), x, 3),
        True,
        what="a system that rounds",
        hint=rounding,
    )
    expect_equal(answer(_fade, x, 3), False, what="fading out")


@shift_invariant.group("edge cases")
def _(answer: Any) -> None:
    x = _random(2, 12)
    used = "Is `shift` used, whatever its sign and size?"
    expect_equal(answer(_drop_odd, x, 2), True, what="dropping odd samples, shift 2", hint=used)
    expect_equal(answer(_drop_odd, x, 3), False, what="dropping odd samples, shift 3", hint=used)
    expect_equal(answer(_mean, x, -5), True, what="shift −5", hint=used)
    expect_equal(answer(_fade, x, 0), True, what="shift 0", hint=used)
    for height in (1.0, -1.0):  # only this signal and this shift meet the odd sample
        pulse = height * (np.arange(12) == 3)
        what = "doubling the first sample, a pulse at 3, shift"
        hint = "Are `x` and `shift` used as they come?"
        expect_equal(answer(_double_first, pulse, 4), True, what=f"{what} 4", hint=hint)
        expect_equal(answer(_double_first, pulse, -3), False, what=f"{what} −3", hint=hint)
    hint = "Compare sample by sample: sums, or some of the samples, may agree by chance."
    expect_equal(answer(_swap_middle, x, 4), False, what="two samples exchanged", hint=hint)
    expect_equal(answer(np.flip, x, 4), False, what="playing backwards", hint=hint)
    hint = "A tolerance as wide as that hides what happens to a faint signal."
    what = "fading by 1 %, a faint signal"
    expect_equal(answer(_fade_a_little, 0.01 * x, 3), False, what=what, hint=hint)


convolve1d = Exercise("convolution.convolve1d", unlocks="You can now convolve any two sequences.")


@convolve1d.group("shape")
def _(answer: Any) -> str:
    hint = "The full output has N + K − 1 samples."
    return expect_shape(answer(np.array([1.0, 2, 2]), np.array([3.0, 2, 1])), (5,), hint)


@convolve1d.group("values")
def _(answer: Any) -> None:
    pairs = [(np.array([1.0, 2, 2]), np.array([3.0, 2, 1]))]
    pairs += [(_random(n, n), _random(n + k, k)) for n, k in ((7, 3), (12, 4), (5, 5))]
    for x, h in pairs:
        _expect_convolution1d(answer(x, h), x, h, f"{len(x)} and {len(h)} samples")


@convolve1d.group("edge cases")
def _(answer: Any) -> None:
    for n, k in ((1, 1), (1, 4), (6, 1), (3, 8)):
        x, h = _random(n, n), _random(k + 9, k)
        _expect_convolution1d(answer(x, h), x, h, f"{n} and {k} samples")
    whole, half = np.array([1, 2, 3]), np.array([0.5, 0.25])
    cut = "An array of integers cuts off what follows the point: collect the sums in floats."
    expect_close(
        answer(whole, half),
        np.convolve(whole, half),
        what="whole numbers in x",
        mistakes=[([0, 1, 2, 0], cut), ([0, 1, 1, 0], cut)],
    )
    for dtype in (np.uint8, np.int8):
        x, h = np.array([100, 90, 120], dtype), np.array([3, 7], dtype)
        products = np.outer(x, h)
        sums = np.append(products[:, 0], 0.0) + np.append(0.0, products[:, 1])
        expect_close(
            answer(x, h),
            np.convolve(x.astype(float), h.astype(float)),
            what=np.dtype(dtype).name,
            mistakes=[(sums, ROUND_AGAIN), (np.convolve(x, h), ROUND_AGAIN)],
        )


def _expect_convolution1d(got: Any, x: Array, h: Array, what: str) -> None:
    truth = np.convolve(x, h)
    wrapped = np.zeros(len(truth))
    for n in range(len(truth)):
        for k in range(len(x)):
            if -len(h) <= n - k < len(h):
                wrapped[n] += x[k] * h[n - k]
    mistakes = [
        (np.convolve(x, h[::-1]), NOT_FLIPPED),
        (np.convolve(x, h[::-1])[::-1], NOT_FLIPPED),
        (wrapped, "h[n − k] with a negative index reads from the end of h; leave those terms out."),
    ]
    expect_close(got, truth, what=what, mistakes=mistakes)


predict = Exercise(
    "convolution.predict",
    unlocks="You can now predict any answer of an LSI system from one measurement.",
)


class _Box:
    """An LSI system that counts its calls and refuses the question that it must not be asked."""

    def __init__(self, kernel: Array, forbidden: Array) -> None:
        self.kernel, self.forbidden, self.calls = kernel, forbidden, 0

    def __call__(self, x: Any) -> Array:
        asked = np.atleast_1d(np.asarray(x, dtype=float))
        self.calls += 1
        if self._holds_x(asked):
            raise Mismatch(
                "the box was asked about x itself", "Ask about an impulse, and compute the rest."
            )
        if self.calls > 1:
            raise Mismatch("the box was asked twice", "One question is enough: the impulse.")
        return np.convolve(asked, self.kernel)

    def _holds_x(self, asked: Array) -> bool:
        """Whether a question is x times some number, with or without zeros around it."""
        one, other = np.trim_zeros(asked), np.trim_zeros(self.forbidden)
        if len(self.forbidden) < 2 or len(one) != len(other):
            return False
        return np.allclose(one * other[0], other * one[0])

    # The box remembers its calls, so it must not be copied with the other arguments.
    def __deepcopy__(self, memo: dict[int, Any]) -> _Box:
        return self


def _ask(answer: Any, x: Array, kernel: Array) -> Any:
    box = _Box(kernel, x)
    got = answer(box, x)
    if box.calls == 0:
        as_array(got)
        raise Mismatch("the box was never asked", "Its answer to an impulse is its kernel.")
    return got


@predict.group("shape")
def _(answer: Any) -> str:
    got = _ask(answer, _random(0, 9), _random(1, 4))
    hint = "A long impulse appends zeros to the kernel; cut off what they append to the answer."
    if np.size(got) < 12:
        hint = "The full answer has N + K − 1 samples: the tail counts too."
    return expect_shape(got, (12,), hint)


@predict.group("values")
def _(answer: Any) -> None:
    for n, k in ((9, 4), (5, 7), (20, 3)):
        x, kernel = _random(n, n), _random(k, k)
        mistakes = [
            (
                np.convolve(x, np.convolve(np.ones(n), kernel))[: n + k - 1],
                "The box was asked about a step, not an impulse.",
            ),
            (np.convolve(x, kernel[::-1]), NOT_FLIPPED),
            (2 * np.convolve(x, kernel), "An impulse has the height 1."),
        ]
        what = f"{n} samples, a kernel of {k}"
        expect_close(_ask(answer, x, kernel), np.convolve(x, kernel), what=what, mistakes=mistakes)


@predict.group("edge cases")
def _(answer: Any) -> None:
    x = np.array([2.0])
    expect_close(_ask(answer, x, _random(3, 5)), 2 * _random(3, 5), what="one sample in x")
    x = np.arange(6)
    expect_close(
        _ask(answer, x, np.array([0.25])), 0.25 * x, what="whole numbers and a box that only scales"
    )


second_forward = Exercise(
    "convolution.second_forward",
    unlocks="You can now write down a difference kernel that looks the way you mean.",
)


@second_forward.group("shape")
def _(answer: Any) -> str:
    return expect_shape(answer, (5,), "Five entries, the middle one being the origin.")


@second_forward.group("values")
def _(answer: Any) -> None:
    mistakes = [
        ([0, 0, 1, -2, 1], "This one looks back to x[n−1] and x[n−2]: h is read backwards."),
        ([0, 1, -2, 1, 0], "This one is centred: x[n+1] − 2 x[n] + x[n−1]."),
        ([-1, 2, -1, 0, 0], "The sign is reversed."),
        ([0, 1, -1, 0, 0], "That is the first difference."),
    ]
    expect_close(answer, [1, -2, 1, 0, 0], mistakes=mistakes, secret=True)


convolve2d = Exercise(
    "convolution.convolve2d", unlocks="You can now apply any kernel to any grayscale image."
)


def _same(image: Array, kernel: Array, top: int, left: int) -> Array:
    full = signal.convolve2d(image, kernel)
    return full[top : top + image.shape[0], left : left + image.shape[1]]


def _expect_convolution2d(got: Any, image: Array, kernel: Array, what: str) -> None:
    rows, columns = kernel.shape
    image = image.astype(float)
    truth = signal.convolve2d(image, kernel, mode="same")
    mistakes = [
        (signal.correlate2d(image, kernel, mode="same"), NOT_FLIPPED),
        (signal.convolve2d(image, kernel[::-1, ::-1], mode="same"), NOT_FLIPPED),
        (signal.convolve2d(image, kernel[:, ::-1], mode="same"), UPSIDE_DOWN),
        (signal.convolve2d(image, kernel[::-1], mode="same"), LEFT_RIGHT),
        (
            _same(image, kernel, rows // 2, columns // 2),
            "The origin of an even kernel is entry (K − 1) // 2 here; yours is one later.",
        ),
        (_same(image, kernel, 0, 0), "This is the upper left part of the full output, off centre."),
        (
            signal.convolve2d(image, kernel, mode="same", boundary="symm"),
            "The image goes on at its border, mirrored or repeated; here it is zero outside.",
        ),
        (
            signal.convolve2d(image, kernel, mode="same", boundary="wrap"),
            "What runs out on one side comes in on the other; here it is zero outside.",
        ),
    ]
    expect_close(got, truth, what=what, mistakes=mistakes, image=image)


@convolve2d.group("shape")
def _(answer: Any) -> str:
    hint = "The mode is 'same': the output is as large as the image."
    return expect_shape(answer(_random(0, 6, 9), _random(1, 3, 3)), (6, 9), hint)


@convolve2d.group("values")
def _(answer: Any) -> None:
    image = np.arange(1.0, 50).reshape(7, 7)
    kernel = np.array([[-1.0, 1, -1], [-2, 3, 1], [2, -4, 0]])
    _expect_convolution2d(answer(image, kernel), image, kernel, "the 7×7 example")
    for number, size in enumerate([(3, 3), (5, 3), (1, 5)]):
        image, kernel = _random(number, 8, 11), _random(number + 9, *size)
        what = f"a {size[0]}×{size[1]} kernel"
        _expect_convolution2d(answer(image, kernel), image, kernel, what)


@convolve2d.group("edge cases")
def _(answer: Any) -> None:
    image = _random(4, 7, 8)
    for size in ((2, 2), (4, 3)):
        kernel = _random(5, *size)
        _expect_convolution2d(answer(image, kernel), image, kernel, f"a {size[0]}×{size[1]} kernel")
    pixel, kernel = np.array([[2.0]]), _random(6, 3, 3)
    _expect_convolution2d(answer(pixel, kernel), pixel, kernel, "one pixel")
    levels = np.array([[200, 100, 250], [90, 255, 180], [70, 160, 240]], dtype=np.uint8)
    kernel = np.array([[0, 1, 0], [1, 3, 1], [0, 2, 0]], dtype=np.uint8)
    wrapped = signal.convolve2d(levels, kernel, mode="same").astype(np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(levels, 1), (3, 3))
    products = (windows * kernel[::-1, ::-1]).sum(axis=(2, 3))
    expect_close(
        answer(levels, kernel),
        signal.convolve2d(levels.astype(int), kernel.astype(int), mode="same"),
        what="uint8",
        mistakes=[
            (wrapped, "Sums above 255 started again at 0: convert to float first."),
            (products, "Products above 255 started again at 0: convert to float first."),
        ],
    )


repaired = Exercise(
    "convolution.repaired", unlocks="You can now tell a wrong flip from a wrong border."
)


@repaired.group("shape")
def _(answer: Any) -> str:
    return expect_shape(answer(_random(0, 7, 7), _random(1, 3, 3)), (7, 7))


@repaired.group("values")
def _(answer: Any) -> None:
    for seed, size in enumerate(((3, 3), (5, 5), (7, 7))):
        image, kernel = _random(seed, 9, 10), _random(seed + 5, *size)
        _expect_convolution2d(answer(image, kernel), image, kernel, f"a {size[0]}×{size[1]} kernel")


@repaired.group("edge cases")
def _(answer: Any) -> None:
    image = _random(2, 9, 10)
    for size in ((3, 7), (5, 1), (1, 5)):
        kernel, what = _random(3, *size), f"a {size[0]}×{size[1]} kernel"
        border = "Take the border's height from the kernel's rows and its width from its columns."
        try:
            got = answer(image, kernel)
        except (ValueError, IndexError) as error:
            raise Mismatch(f"{what}: {error}", border) from None
        expected = signal.convolve2d(image, kernel, mode="same")
        if np.shape(got) == expected.shape and not np.allclose(got, expected):
            raise Mismatch(f"{what}: the values differ from SciPy's", border)
        _expect_convolution2d(got, image, kernel, what)
    impulse = np.zeros((5, 5), dtype=int)
    impulse[2, 2] = 1
    kernel = _random(4, 5, 5)
    expect_close(answer(impulse, kernel), kernel, what="an impulse of whole numbers")
    levels = np.array([[200, 100, 250], [90, 255, 180]], dtype=np.uint8)
    kernel = np.array([[1, 2, 3]], dtype=np.uint8)
    _expect_convolution2d(answer(levels, kernel), levels, kernel, "uint8")


convolve_with = Exercise(
    "convolution.convolve_with",
    unlocks="You can now carry a kernel between signal processing and deep learning.",
)


class _Correlate:
    """The library's only function, which counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, image: Any, kernel: Any) -> Array:
        self.calls += 1
        return np.asarray(signal.correlate2d(np.asarray(image), np.asarray(kernel)))

    # It remembers its calls, so it must not be copied with the other arguments.
    def __deepcopy__(self, memo: dict[int, Any]) -> _Correlate:
        return self


def _expect_from_correlation(
    answer: Callable[[Any, Array, Array], Any], image: Array, kernel: Array, what: str
) -> None:
    turned = np.rot90(signal.correlate2d(image, kernel), 2)
    mistakes = [
        (signal.correlate2d(image, kernel), NOT_FLIPPED),
        (
            turned,
            "Image and kernel are exchanged, as by turning the output or both arrays; turn the "
            "kernel instead.",
        ),
        (signal.correlate2d(image, kernel[::-1]), UPSIDE_DOWN),
        (signal.correlate2d(image, kernel[:, ::-1]), LEFT_RIGHT),
        (
            np.rot90(signal.convolve2d(image, kernel), 2),
            "The image was turned in the place of the kernel: the output comes out turned.",
        ),
    ]
    truth, correlate = signal.convolve2d(image, kernel), _Correlate()
    expect_close(answer(correlate, image, kernel), truth, what=what, mistakes=mistakes)
    if not correlate.calls:
        raise Mismatch(f"{what}: `correlate` was not called", "Get along with what is given.")


@convolve_with.group("shape")
def _(answer: Any) -> str:
    return expect_shape(answer(_Correlate(), _random(0, 5, 6), _random(1, 3, 2)), (7, 7))


@convolve_with.group("values")
def _(answer: Any) -> None:
    _expect_from_correlation(answer, _random(0, 6, 7), _random(1, 3, 3), "a 3×3 kernel")
    _expect_from_correlation(answer, _random(2, 6, 7), _random(3, 2, 4), "a 2×4 kernel")


@convolve_with.group("edge cases")
def _(answer: Any) -> None:
    _expect_from_correlation(answer, _random(4, 2, 2), _random(5, 5, 3), "a 5×3 kernel, 2×2 image")
    _expect_from_correlation(answer, _random(6, 1, 1), _random(7, 3, 3), "one pixel")


output_size = Exercise(
    "convolution.output_size",
    unlocks="You can now see before you run a layer whether its sizes fit.",
)


@output_size.group("shape")
def _(answer: Any) -> str:
    got = answer(7, 3, 0, 1)
    if isinstance(got, bool) or not isinstance(got, (int, np.integer)):
        as_array(got, "an int")
        raise Mismatch(
            f"expected an int, got {type(got).__name__}", "Divide with //, which keeps integers."
        )
    return "int"


def _size_case(arguments: tuple[int, int, int, int], size: int) -> Case:
    length, kernel, padding, stride = arguments
    one_side = (length - kernel + padding) // stride + 1
    mistakes = [
        (one_side, "Padding is added on both sides: 2 · padding."),
        (size - 1, "The first position counts too: add 1."),
    ]
    return Case(_layer(arguments), arguments, size, mistakes)


def _layer(arguments: tuple[int, int, int, int]) -> str:
    length, kernel, padding, stride = arguments
    return f"length {length}, kernel {kernel}, padding {padding}, stride {stride}"


@output_size.group("values")
def _(answer: Any) -> None:
    cases = [((7, 3, 0, 1), 5), ((7, 3, 1, 1), 7), ((7, 3, 2, 1), 9), ((7, 3, 0, 2), 3)]
    cases += [((5, 3, 1, 2), 3), ((227, 11, 0, 4), 55), ((9, 4, 1, 7), 2)]
    expect_cases(answer, [_size_case(*case) for case in cases])


@output_size.group("edge cases")
def _(answer: Any) -> None:
    for arguments, what in (
        ((5, 5, 0, 3), "a kernel as large as the input"),
        ((3, 5, 1, 1), "a kernel that fits in with its padding"),
        ((1, 5, 2, 1), "a kernel that fits in with its padding"),
        ((4, 2, 0, 2), "an even kernel"),
    ):
        what = f"{what}: {_layer(arguments)}"
        length, kernel, padding, stride = arguments
        expected = (length + 2 * padding - kernel) // stride + 1
        try:
            got = answer(*arguments)
        except ValueError:
            raise Mismatch(f"{what}: expected {expected}, got a ValueError") from None
        expect_equal(got, expected, what=what)
    refused = ((5, 4, 1, 2), (12, 3, 0, 2), (10, 3, 0, 4), (13, 3, 0, 3), (22, 3, 0, 9))
    for arguments in (*refused, (3, 5, 0, 1), (3, 5, 0, 2), (1, 5, 1, 1), (1, 7, 1, 4)):
        length, kernel, padding, _stride = arguments
        try:
            got = answer(*arguments)
        except ValueError:
            continue
        hint = "It rounds: raise ValueError if the division leaves a remainder."
        if kernel > length + 2 * padding:
            hint = "The kernel does not fit in at all: test that before you divide."
        if got is None:
            hint = "`raise ValueError(…)` is asked for, not a value that says so."
        raise Mismatch(f"{_layer(arguments)}: expected a ValueError, got {got!r}", hint)


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
    column, row = _pair(answer(kernel))
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
        kernel = np.outer(_random(seed, rows), _random(seed + 9, columns))
        _expect_split(answer, kernel, f"a {rows}×{columns} kernel")


@split.group("edge cases")
def _(answer: Any) -> None:
    sobel = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
    _expect_split(answer, sobel, "a kernel that sums to zero")
    _expect_split(answer, sobel[1:], "a first row of zeros")
    _expect_split(answer, sobel.T[1:], "a corner of zero")
    _expect_split(answer, np.array([[4.0]]), "a 1×1 kernel")
    _expect_split(answer, np.array([[0, 1, 2], [0, 2, 4]]), "a first column of zeros")
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
        _expect_fft(answer, _random(n, n), _random(k + 1, k), f"{n} and {k} samples")


@convolve_fft.group("edge cases")
def _(answer: Any) -> None:
    for n, k in ((4, 3), (5, 4), (1, 1), (1, 6)):
        parity = "even" if (n + k - 1) % 2 == 0 else "odd"
        what = f"{n} and {k} samples, an {parity} total"
        _expect_fft(answer, _random(n, n), _random(k + 1, k), what)
    _expect_fft(answer, np.array([1, 2, 2]), np.array([3, 2, 1]), "whole numbers")
    _expect_fft(answer, _random(5, 150), _random(6, 200), "150 and 200 samples")
    levels, taps = np.array([200, 250, 180], np.uint8), np.array([3, 2], np.uint8)
    truth = np.convolve(levels.astype(float), taps)
    expect_close(answer(levels, taps), truth, what="uint8", mistakes=[(truth % 256, ROUND_AGAIN)])


restore = Exercise(
    "convolution.restore",
    unlocks="You can now undo a blur that one point of light has recorded.",
)


_LAMP = (2, 3)


def _night(
    seed: int, height: int, width: int, size: int, lamp: tuple[int, int] = _LAMP
) -> tuple[Array, Array, Array]:
    """A scene with a lamp and black around it, its photograph, and the kernel."""
    rng = np.random.default_rng(seed)
    scene = np.zeros((height, width))
    scene[lamp[0] + size + 2 :] = rng.uniform(20, 200, (height - lamp[0] - size - 2, width))
    scene[lamp] = 5000.0 - 1000 * seed
    kernel = 0.05 * rng.random((size, size))
    kernel[rng.integers(size), rng.integers(size)] = size**2 / 10  # a peak: no frequency is lost
    kernel /= kernel.sum()
    return scene, signal.convolve2d(scene, kernel), kernel


def _expect_scene(
    answer: Any,
    seed: int,
    height: int,
    width: int,
    size: int,
    what: str,
    lamp: tuple[int, int] = _LAMP,
) -> None:
    scene, photograph, kernel = _night(seed, height, width, size, lamp)
    spectrum = np.fft.fft2(photograph)
    H = np.fft.fft2(kernel, s=photograph.shape)

    def cut(values: Array) -> Array:
        return np.fft.ifft2(values).real[:height, :width]

    centred = np.fft.fft2(
        np.roll(np.pad(kernel, [(0, height - 1), (0, width - 1)]), (-(size // 2),) * 2, (0, 1))
    )
    mistakes = [
        (
            scene / scene[lamp],
            "The lamp's brightness is in the kernel: divide the trace by its sum.",
        ),
        (scene * kernel.max(), "The kernel was divided by its maximum; it has to *sum* to 1."),
        (cut(spectrum * H), "That blurs once more: divide by H."),
        (cut(spectrum / H.conj()), "conj() turns the kernel by half: divide by H itself."),
        (
            cut(spectrum / centred),
            "The scene is displaced: in a full convolution the origin is the kernel's first entry.",
        ),
        (
            np.fft.ifft2(spectrum / H).real[size - 1 :, size - 1 :],
            "The scene was cut out at the wrong end: it starts at row 0 and column 0.",
        ),
        (photograph[:height, :width], "This is still the photograph."),
    ]
    got = answer(photograph, lamp, size)
    expect_close(got, scene, what=what, mistakes=mistakes, rtol=1e-6, atol=1e-6, image=photograph)


@restore.group("shape")
def _(answer: Any) -> str:
    _, photograph, _ = _night(0, 24, 30, 5)
    hint = "A full convolution is larger than the scene by size − 1: cut that off again."
    return expect_shape(answer(photograph, _LAMP, 5), (24, 30), hint)


@restore.group("values")
def _(answer: Any) -> None:
    _expect_scene(answer, 1, 24, 30, 5, "a 5×5 kernel")
    _expect_scene(answer, 2, 31, 27, 8, "an 8×8 kernel")
    _expect_scene(answer, 3, 30, 26, 4, "a lamp somewhere else", lamp=(5, 17))


@restore.group("edge cases")
def _(answer: Any) -> None:
    _expect_scene(answer, 3, 20, 20, 1, "a camera that did not move")
    _, photograph, _ = _night(4, 24, 30, 5)
    black = photograph.copy()
    black[9:] = 0.0  # the lamp alone
    got = as_array(answer(black, _LAMP, 5))
    lamp = np.zeros((24, 30))
    lamp[_LAMP] = 1000.0
    expect_close(got, lamp, what="a lamp in the dark", rtol=1e-6, atol=1e-6)
