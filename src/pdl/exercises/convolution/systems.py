"""Systems: whether they treat all places alike, and what an impulse tells of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdl._arrays import Array

from ..checking.compare import Mismatch, as_array, expect_close, expect_equal, expect_shape
from ..checking.engine import Exercise
from ..checking.samples import random
from .support import NOT_FLIPPED

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
    got = answer(_mean, random(0, 12), 2)
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
    x = random(1, 12)
    if answer(np.square, np.tile(x[:6], 2), 3):  # there +3 and −3 are the same
        return "Input and output were shifted in opposite directions."
    if answer(_total, x, 3):
        return "Compare system(shifted x) with the *shifted* system(x), not with system(x)."
    return ""


def _why_not_on_a_ring(answer: Any) -> str:
    x = np.pad(random(3, 4), 4)
    if not answer(_mean, x, 2):
        return ""
    return "Shift on a ring, as np.roll does: what leaves at one end comes in at the other."


@shift_invariant.group("values")
def _(answer: Any) -> None:
    x = random(1, 12)
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
    x = random(2, 12)
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
                "the box was asked about x or a multiple of it",
                "Ask about an impulse, and compute the rest.",
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
    got = _ask(answer, random(0, 9), random(1, 4))
    hint = "A long impulse appends zeros to the kernel; cut off what they append to the answer."
    if np.size(got) < 12:
        hint = "The full answer has N + K − 1 samples: the tail counts too."
    return expect_shape(got, (12,), hint)


@predict.group("values")
def _(answer: Any) -> None:
    for n, k in ((9, 4), (5, 7), (20, 3)):
        x, kernel = random(n, n), random(k, k)
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
    expect_close(_ask(answer, x, random(3, 5)), 2 * random(3, 5), what="one sample in x")
    x = np.arange(6)
    expect_close(
        _ask(answer, x, np.array([0.25])), 0.25 * x, what="whole numbers and a box that only scales"
    )
