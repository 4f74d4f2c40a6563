"""How many outputs a layer has, and where its zeros lie."""

from __future__ import annotations

from typing import Any

from ..checking.attempts import attempt, expect_refusal
from ..checking.compare import Mismatch
from ..checking.engine import Exercise
from ..checking.rules import Case, Rule, expect_rule, pair_of

Pair = tuple[int, int]

output_size = Exercise(
    "layers.output_size",
    unlocks="You can now follow the size of an image through any network.",
)
SIZES: list[Case] = [
    (28, 5, 1, (2, 2), 1),
    (20, 4, 1, (1, 3), 1),
    (28, 3, 2, (1, 1), 1),
    (28, 3, 2, (0, 1), 1),
    (17, 3, 1, (0, 0), 4),
    (31, 4, 3, (1, 2), 2),
]
EDGES: list[Case] = [(12, 3, 2, (0, 0), 1), (7, 7, 3, (0, 0), 1), (1, 1, 5, (0, 0), 3)]


def _room(length: int, kernel: int, padding: Pair, dilation: int) -> int:
    """How far the first position can move."""
    return length + sum(padding) - dilation * (kernel - 1) - 1


def _outputs(length: int, kernel: int, stride: int, padding: Pair, dilation: int) -> int:
    return _room(length, kernel, padding, dilation) // stride + 1


SIZE_MISTAKES: list[tuple[Rule, str]] = [
    (
        lambda length, k, stride, padding, d: _room(length, k, padding, d) // stride,
        "The first position counts too: add 1.",
    ),
    (
        lambda length, k, stride, padding, d: -(-_room(length, k, padding, d) // stride) + 1,
        "Where the stride does not divide, round down, not up.",
    ),
    (
        lambda length, k, stride, padding, d: round(_room(length, k, padding, d) / stride) + 1,
        "Where the stride does not divide, round down, not to the nearest.",
    ),
    (
        lambda length, k, stride, padding, _: _outputs(length, k, stride, padding, 1),
        "The dilation spreads the taps: they span D(K − 1) + 1 pixels.",
    ),
    (
        lambda length, k, stride, padding, d: (length + sum(padding) - d * k) // stride + 1,
        "K taps have K − 1 gaps between them: the span is D(K − 1) + 1.",
    ),
    (
        lambda length, k, stride, padding, d: _outputs(length, k, stride, (padding[0],) * 2, d),
        "The pair is (before, after): add both numbers.",
    ),
    (
        lambda length, k, stride, padding, d: _outputs(length, k, stride, (padding[1],) * 2, d),
        "The pair is (before, after): add both numbers.",
    ),
    (
        lambda length, k, stride, padding, d: _outputs(length, k, stride, (padding[0], 0), d),
        "Only the zeros before were counted.",
    ),
]


def _say_size(length: int, kernel: int, stride: int, padding: Pair, dilation: int) -> str:
    return f"L = {length}, K = {kernel}, S = {stride}, padding {padding}, D = {dilation}"


FITS = "It fits: refuse only a kernel with no position, and round down where S does not divide."


def _expect_sizes(answer: Rule, cases: list[Case]) -> None:
    for case in cases:
        try:
            answer(*case)
        except ValueError:
            words = f"{_say_size(*case)}: expected {_outputs(*case)}, got a ValueError"
            raise Mismatch(words, FITS) from None
    evidence = [*SIZES, *EDGES]
    expect_rule(answer, cases, _outputs, SIZE_MISTAKES, say=_say_size, evidence=evidence)


@output_size.group("shape")
def _(answer: Any) -> str:
    _expect_sizes(answer, [(5, 3, 1, (0, 0), 1)])
    return "an int"


@output_size.group("values")
def _(answer: Any) -> None:
    _expect_sizes(answer, SIZES)


@output_size.group("edge cases")
def _(answer: Any) -> None:
    _expect_sizes(answer, EDGES)
    padded = (3, 5, 1, (1, 1), 1)
    fits = "Padding makes room: compare the span of the kernel with L + before + after."
    attempt(answer, *padded, what=_say_size(*padded), hint=fits)
    _expect_sizes(answer, [padded])
    for length, kernel, padding, dilation in [(5, 7, (0, 0), 1), (5, 3, (1, 0), 3)]:
        case = (length, kernel, 4, padding, dilation)
        hint = "The kernel does not fit in at all, but the formula still gives a number."
        expect_refusal(answer, *case, what=_say_size(*case), hint=hint)


same_padding = Exercise(
    "layers.same_padding",
    unlocks="You can now carry a strided network from TensorFlow to PyTorch.",
)
SAME: list[Case] = [
    (28, 5, 1),
    (10, 4, 2),
    (6, 3, 2),
    (224, 7, 2),
    (7, 3, 2),
    (9, 4, 1),
    (13, 5, 3),
]
SAME_EDGES: list[Case] = [(8, 1, 2), (8, 2, 4), (1, 3, 1), (2, 7, 5)]


def _missing(length: int, kernel: int, stride: int, outputs: int | None = None) -> int:
    """Zeros that so many windows need; below 0 where they do not reach the end."""
    outputs = -(-length // stride) if outputs is None else outputs
    return (outputs - 1) * stride + kernel - length


def _shared(zeros: int) -> Pair:
    return zeros // 2, zeros - zeros // 2


def _same(length: int, kernel: int, stride: int) -> Pair:
    return _shared(max(_missing(length, kernel, stride), 0))


STRIDE_ONE = "That is the rule for stride 1; count the zeros that ⌈L/S⌉ windows need."
ROUNDED_UP = "The number of outputs is L/S rounded up."
SAME_MISTAKES: list[tuple[Rule, str]] = [
    (
        lambda length, k, stride: _same(length, k, stride)[::-1],
        "The odd zero goes after: below and to the right.",
    ),
    (
        lambda _, k, __: (k // 2, k // 2),
        "K // 2 on both sides keeps the size for odd kernels at stride 1; SAME also looks at "
        "stride and length: count the zeros that ⌈L/S⌉ windows need.",
    ),
    (
        lambda _, k, __: ((k - 1) // 2, (k - 1) // 2),
        "(K − 1)/2 on both sides is PyTorch's habit; SAME also looks at stride and length.",
    ),
    (lambda _, k, __: _shared(k - 1), STRIDE_ONE),
    (lambda _, k, __: _shared(k - 1)[::-1], f"{STRIDE_ONE} And the odd zero goes after."),
    (
        lambda length, k, stride: _shared(_missing(length, k, stride)),
        "The number of zeros is never negative: use max.",
    ),
    (
        lambda length, k, stride: _shared(abs(_missing(length, k, stride))),
        "Where nothing is missing there are no zeros: use max, not abs.",
    ),
    (
        lambda length, k, stride: (sum(_same(length, k, stride)),) * 2,
        "These are all the zeros on each side; share them out.",
    ),
    (
        lambda length, k, stride: (_same(length, k, stride)[0],) * 2,
        "An odd zero was lost: what the half leaves over goes after.",
    ),
    (
        lambda length, k, stride: (_same(length, k, stride)[1],) * 2,
        "One zero too many where their number is odd: the larger half goes after only.",
    ),
    (
        lambda length, k, stride: _shared(max(_missing(length, k, stride, length // stride), 0)),
        ROUNDED_UP,
    ),
    (
        lambda length, k, stride: _shared(
            max(_missing(length, k, stride, round(length / stride)), 0)
        ),
        ROUNDED_UP,
    ),
    (
        lambda length, k, stride: _shared(max(_missing(length, k, stride) + stride, 0)),
        "The last window starts at (⌈L/S⌉ − 1) · S: the first one starts at 0.",
    ),
    (
        lambda _, k, stride: _shared(max(k - stride, 0)),
        "K − S is right only where the stride divides the length.",
    ),
    (
        lambda length, k, stride: _shared(_missing(length, k, stride, length)),
        "That keeps all L outputs: with a stride, SAME keeps ⌈L/S⌉ of them.",
    ),
]


def _expect_zeros(answer: Rule, cases: list[Case]) -> None:
    expect_rule(
        answer,
        cases,
        _same,
        SAME_MISTAKES,
        say=lambda length, k, stride: f"L = {length}, K = {k}, S = {stride}",
        whole=pair_of("before", "after"),
        evidence=[*SAME, *SAME_EDGES],
    )


@same_padding.group("shape")
def _(answer: Any) -> str:
    _expect_zeros(answer, [(7, 3, 1)])
    return "(before, after)"


@same_padding.group("values")
def _(answer: Any) -> None:
    _expect_zeros(answer, SAME)


@same_padding.group("edge cases")
def _(answer: Any) -> None:
    _expect_zeros(answer, SAME_EDGES)
