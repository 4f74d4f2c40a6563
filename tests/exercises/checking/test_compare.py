"""What counts as equal: precision, types, ties, pairs, and answers that are not to be printed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from pdl.exercises.checking.arrays import plain
from pdl.exercises.checking.compare import (
    Mismatch,
    as_array,
    expect_close,
    expect_equal,
    expect_parts,
    expect_rounded,
    is_close,
)

# After pdl, which sees to the order of TensorFlow and triton.
tf = import_module("tensorflow")


def mismatch_of(check: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(Mismatch) as caught:
        check()
    return caught.value.message, caught.value.hint


# Precision


@pytest.mark.parametrize(
    ("dtype", "relative", "right"),
    [
        (np.float64, 1e-8, True),
        (np.float64, 1e-6, False),
        (np.float32, 5e-6, True),  # (2 ** −23) ** 0.75 = 6.4e−6
        (np.float32, 1e-5, False),
        (np.float16, 4e-3, True),  # (2 ** −10) ** 0.75 = 5.5e−3
        (np.float16, 1e-2, False),
        (np.complex64, 5e-6, True),
        (np.complex64, 1e-5, False),
    ],
)
def test_three_quarters_of_the_digits_of_a_type_are_asked_for(
    dtype: type, relative: float, right: bool
) -> None:
    answer = np.array([1000 * (1 + relative), 2.0])
    assert is_close(answer.astype(dtype), [1000.0, 2.0]) is right


def test_a_small_number_beside_a_large_one_may_be_wrong_by_the_rounding_of_the_large_one() -> None:
    truth = np.array([1e4, 0.0])
    assert is_close(np.array([1e4, 0.02], np.float32), truth)
    assert not is_close(np.array([1e4, 0.2], np.float32), truth)
    assert not is_close(np.array([1e4, 0.02]), truth)
    assert not is_close([1.0, 2.0], [1.0]), "a shape is no matter of precision"


def test_a_mistake_within_rounding_of_the_truth_is_not_named() -> None:
    truth = np.array([1.0, 2.0])
    mistakes = [(truth * (1 + 1e-9), "a mistake that makes no difference here")]
    near = truth * (1 + 3e-6)
    message, hint = mismatch_of(lambda: expect_close(near, truth, mistakes=mistakes))
    assert hint.startswith("Right to 5 digits. Was it computed in single precision (float32)")
    assert "expected 1.0, got 1.000003" in message


def test_a_mistake_made_in_single_precision_is_named_too() -> None:
    truth, wrong = np.array([1.0, 200.0]), np.array([1 / 3, 300.0])
    hint = mismatch_of(
        lambda: expect_close(wrong.astype(np.float32), truth, mistakes=[(wrong, "This one.")])
    )[1]
    assert hint == "This one."


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (np.array([1.001, 2.0], np.float32), "Right to 3 digits. If your method is right, single"),
        (np.array([1.1, 2.0], np.float32), "Right to 1 digit. If"),
        (np.array([5.0, 2.0], np.float32), ""),
        (np.array([5.0, 2.0]), ""),
        (np.array([1.001, 2.0]), ""),
        (np.array([np.nan, 2.0]), ""),
        (np.array([2, 2]), ""),
    ],
)
def test_what_is_said_of_digits(answer: Any, words: str) -> None:
    hint = mismatch_of(lambda: expect_close(answer, [1.0, 2.0]))[1]
    assert hint.startswith(words) and bool(hint) is bool(words)


@pytest.mark.parametrize("answer", [[0, 128, 3], [0, 127, 3], np.array([0, 128, 3], np.uint8)])
def test_a_tie_may_be_rounded_up_or_down(answer: Any) -> None:
    expect_rounded(answer, [0.4, 127.5, 2.6])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([1, 127, 3], "at index 0: expected 0.0, got 1"),
        ([0, 126, 3], "at index 1: expected 128.0, got 126"),
        ([0, 127, 2], "at index 2: expected 3.0, got 2"),
        ([0, 127.5, 3], "at index 1: expected 128.0, got 127.5"),
        ([0, 127], "expected shape (3,), got (2,)"),
    ],
)
def test_what_is_no_tie_is_rounded_to_the_nearest(answer: Any, message: str) -> None:
    assert mismatch_of(lambda: expect_rounded(answer, [0.4, 127.5, 2.6]))[0] == message


# Types


class Both(NamedTuple):
    mean: Any
    var: Any


@pytest.mark.parametrize(
    "answer",
    [
        [0.5, 2],
        (Fraction(1, 2), 2),
        [Decimal("0.5"), 2],
        np.array([Fraction(1, 2), 2], dtype=object),
        torch.tensor([0.5, 2.0], requires_grad=True),
        [torch.tensor(0.5, requires_grad=True), torch.tensor(2)],
        torch.tensor([0.5, 2.0], dtype=torch.bfloat16),
        tf.constant([0.5, 2.0]),
        tf.constant([0.5, 2.0], dtype=tf.bfloat16),
        tf.Variable([0.5, 2.0]),
        [tf.constant(0.5), np.array(2)],
        np.matrix([0.5, 2]).A1,
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_numbers_of_every_kind_are_an_array(answer: Any) -> None:
    expect_close(answer, [0.5, 2.0])


def test_a_result_keeps_its_form() -> None:
    made = plain({"a": [torch.ones(2)], "b": Both(np.array(3), tf.constant([1]))})
    assert isinstance(made["a"][0], np.ndarray)
    assert isinstance(made["b"], Both) and isinstance(made["b"].mean, np.int64)
    assert plain(Fraction(6, 2)) == 3 and isinstance(plain(Fraction(6, 2)), int)
    assert plain(np.array(True)) is np.True_
    for kept in (np.zeros(2, np.float32), [1, 2.5], (None, "word"), ..., len, {1, 2}):
        assert plain(kept) is kept


@pytest.mark.parametrize(
    ("answer", "message", "hint"),
    [
        ((each for each in [1, 2]), "expected an array, got generator", "`list(…)`"),
        (lambda: 3, "expected an array, got function", "call it"),
        (np.array([None]), "expected an array, got ndarray of dtype object", ""),
        ("8/9", "expected an array, got str", "without quotation marks"),
        ({1, 2}, "expected an array, got set", "no order"),
    ],
)
def test_what_is_no_array_gets_a_remedy(answer: Any, message: str, hint: str) -> None:
    came = mismatch_of(lambda: as_array(answer))
    assert came[0] == message and hint in came[1]


@pytest.mark.parametrize(
    "pair",
    [(3, 1), [3, 1], np.array([3, 1]), torch.tensor([3, 1]), iter([3, 1]), Both(3, 1)],
    ids=lambda pair: type(pair).__name__,
)
def test_a_pair_may_come_in_anything_that_holds_two(pair: Any) -> None:
    assert expect_parts(pair, ["mean", "var"]) == [3, 1]


@pytest.mark.parametrize(
    ("answer", "came"),
    [
        (3.0, "float"),
        ((1, 2, 3), "3"),
        ({"mean": 1, "var": 2}, "dict"),
        ("ab", "str"),
        (None, "None"),
    ],
)
def test_other_than_a_pair_is_refused(answer: Any, came: str) -> None:
    message = mismatch_of(lambda: expect_parts(answer, ["mean", "var"], "one map"))[0]
    assert message.endswith(f"expected 2 results (mean, var), got {came}")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([2, 2], (2, 2)),
        (np.array([2, 2]), (2, 2)),
        (np.array(3), 3),
        (torch.tensor(3), 3),
        (Fraction(3), 3),
        (3.0, 3),
    ],
)
def test_equal_is_equal_in_any_form(answer: Any, expected: Any) -> None:
    expect_equal(answer, expected)


class Odd:
    """Equal to nothing, and not to be printed."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("cannot be compared")

    def __repr__(self) -> str:
        raise RuntimeError("cannot be printed")

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("answer", "expected", "message"),
    [
        (True, 1, "expected 1, got True"),
        ([True, 2], (1, 2), "expected (1, 2), got [True, 2]"),
        (Odd(), 3, "expected 3, got a Odd that cannot be printed"),
        ("x" * 10**6, 3, "expected 3, got '" + "x" * 79 + "…"),
        ([np.zeros(2)], (2,), "expected (2,), got [array([0., 0.])]"),
    ],
    ids=["bool", "bool in a list", "odd", "long", "array"],
)
def test_unequal_is_said_in_a_few_words(answer: Any, expected: Any, message: str) -> None:
    assert mismatch_of(lambda: expect_equal(answer, expected))[0] == message


# Answers that are not to be printed


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (lambda: expect_equal(5, 7, secret=True), "5 is too small"),
        (lambda: expect_equal(9.5, 7, secret=True), "9.5 is too large"),
        (lambda: expect_equal("left", "right", secret=True), "'left' is not right"),
        (lambda: expect_close(0.5, 0.7, secret=True), "0.5 is too small"),
        (lambda: expect_close([1, 9], [1, 7], secret=True), "at index 1: 9 is too large"),
        (lambda: expect_close(np.nan, 0.7, secret=True), "nan is not right"),
        (lambda: expect_equal(None, 7, secret=True), "expected another answer, got None"),
        (lambda: expect_equal([7], 7, secret=True), "expected (), got (1,)"),
        (lambda: expect_equal("7", 7, secret=True), "expected a number, got str"),
        (lambda: expect_equal(len, 7, secret=True), "expected another answer, got a function"),
    ],
)
def test_a_secret_is_kept(check: Callable[[], object], message: str) -> None:
    assert mismatch_of(check)[0] == message
