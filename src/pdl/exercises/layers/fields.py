"""How far a unit sees, and how far apart two neighbours look."""

from __future__ import annotations

import math
from typing import Any

from ..checking.engine import Exercise
from ..checking.rules import Case, Rule, expect_rule, pair_of

Pair = tuple[int, int]

receptive_field = Exercise(
    "layers.receptive_field", unlocks="You can now say which pixels a decision can depend on."
)
Stack = list[tuple[int, int, int]]
FIELDS: list[Case] = [
    ([(3, 1, 1), (3, 1, 1)], "two 3×3 layers"),
    ([(3, 1, 1), (2, 2, 1), (3, 1, 1), (2, 2, 1), (3, 1, 1)], "the chapter's"),
    ([(11, 4, 1), (3, 2, 1), (5, 1, 1), (3, 2, 1)], "AlexNet's first layers"),
    ([(3, 1, 1), (3, 1, 2), (3, 1, 4)], "dilations 1, 2, 4"),
]
FIELD_EDGES: list[Case] = [
    ([], "no layer at all"),
    ([(1, 1, 1), (1, 1, 1)], "1×1 layers"),
    ([(1, 3, 1), (2, 1, 1)], "a 1×1 layer of stride 3"),
]


def _field(layers: Stack, *, stride_first: bool = False, taps: int = 1) -> Pair:
    size = jump = 1
    for kernel, stride, dilation in layers:
        jump *= stride if stride_first else 1
        size += dilation * (kernel - taps) * jump
        jump *= 1 if stride_first else stride
    return size, jump


FIELD_MISTAKES: list[tuple[Rule, str]] = [
    (
        lambda layers: _field(layers, stride_first=True),
        "A layer's stride widens the fields of later layers, not its own: size first.",
    ),
    (
        lambda layers: (_field([(k, 1, d) for k, _, d in layers])[0], _field(layers)[1]),
        "Each layer adds D(K − 1) *jumps*, and a jump is several pixels behind a stride.",
    ),
    (
        lambda layers: _field([(k, s, 1) for k, s, _ in layers]),
        "The dilation spreads the taps: K of them span D(K − 1) + 1.",
    ),
    (
        lambda layers: _field(layers, taps=0),
        "K taps widen the field by K − 1 steps, not by K.",
    ),
    (
        lambda layers: (math.prod(kernel for kernel, _, _ in layers), _field(layers)[1]),
        "Fields do not multiply: each layer adds to the one before.",
    ),
    (
        lambda layers: _field(layers)[::-1],
        "The pair is (receptive field, jump), in this order.",
    ),
    (
        lambda layers: _field(layers[::-1]),
        "The first layer comes first: the jump grows from the input on.",
    ),
    (
        lambda layers: (_field(layers)[0] - 1, _field(layers)[1]),
        "Without any layer a unit sees one pixel: begin at 1.",
    ),
    (
        lambda layers: (_field(layers)[0], math.prod(s * d for _, s, d in layers)),
        "A dilation spreads the taps and moves nothing: the jump is the product of the strides.",
    ),
    (
        lambda layers: (_field(layers)[0], math.prod(s for _, s, _ in layers[:-1])),
        "The last layer's stride belongs to the jump of its units too.",
    ),
    (
        lambda layers: (_field(layers)[0], sum(s for _, s, _ in layers)),
        "Strides multiply: behind two strides of 2 a step is 4 pixels.",
    ),
]


def _without_words(rule: Rule) -> Rule:
    return lambda layers, _: rule(layers)


def _expect_fields(answer: Rule, cases: list[Case]) -> None:
    expect_rule(
        _without_words(lambda layers: answer(list(layers))),
        cases,
        _without_words(_field),
        [(_without_words(rule), words) for rule, words in FIELD_MISTAKES],
        say=lambda _, what: what,
        whole=pair_of("receptive field", "jump"),
        evidence=[*FIELDS, *FIELD_EDGES],
    )


@receptive_field.group("shape")
def _(answer: Any) -> str:
    _expect_fields(answer, [([(3, 1, 1)], "one 3×3 layer")])
    return "(receptive field, jump)"


@receptive_field.group("values")
def _(answer: Any) -> None:
    _expect_fields(answer, FIELDS)


@receptive_field.group("edge cases")
def _(answer: Any) -> None:
    _expect_fields(answer, FIELD_EDGES)
